/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/vpath.h>
#include <hf/span.h>
#include "delta.h"

static int compare_at(const struct hf_fact *a, const struct hf_fact *b, unsigned by)
{
	int order = hf_span_order(hf_vpath_without_input(a->path), hf_vpath_without_input(b->path));

	return order != 0 || by >= HF_FACT_TEXTS ? order : hf_span_order(a->text[by], b->text[by]);
}

static int compare(const void *a, const void *b, void *by)
{
	const struct hf_fact *const *x = a, *const *y = b;

	return compare_at(*x, *y, *(const unsigned *)by);
}

hf_err hf__side_new(const struct hf_model *m, unsigned kind, unsigned by, struct hf__side *out)
{
	*out = (struct hf__side){ .n = hf_model_n(m, kind), .by = by };
	out->at = calloc(out->n + 1, sizeof(out->at[0]));
	if (out->at == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < out->n; i++)
		out->at[i] = hf_model_at(m, kind, i);
	if (out->n > 0)
		qsort_r(out->at, out->n, sizeof(out->at[0]), compare, &out->by);
	return HF_OK;
}

void hf__side_free(struct hf__side *s)
{
	free(s->at);
	*s = (struct hf__side){ 0 };
}

const struct hf_fact *hf__side_find(const struct hf__side *side, const struct hf_fact *fact)
{
	size_t lo = 0, hi = side->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = compare_at(side->at[mid], fact, side->by);

		if (order == 0)
			return side->at[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void hf__delta(struct hf_case *c, unsigned kind, unsigned by,
	       void (*each)(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			    const struct hf_fact *now),
	       const struct hf_rule *rule)
{
	struct hf__side side = { 0 };

	if (c->opts.before == NULL || c->err != HF_OK)
		return;
	c->err = hf__side_new(c->opts.before, kind, by, &side);
	for (size_t i = 0; i < hf_model_n(c->opts.model, kind) && c->err == HF_OK; i++) {
		const struct hf_fact *now = hf_model_at(c->opts.model, kind, i);

		each(c, rule, hf__side_find(&side, now), now);
	}
	hf__side_free(&side);
	hf_pass(c, rule);
}

bool hf__list_has(hf_bytes list, hf_bytes item)
{
	hf_bytes one;

	while (hf_span_part(&list, 0, &one))
		if (hf_bytes_equal(one, item))
			return true;
	return false;
}
