/* The order of a report, and what policies ask by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/crypto.h>
#include <hf/span.h>
#include "judge_priv.h"

static int compare_findings(const void *left, const void *right)
{
	const struct hf_finding *a = left, *b = right;
	int order = (b->severity > a->severity) - (b->severity < a->severity);

	if (order == 0)
		order = strcmp(a->rule->id, b->rule->id);
	if (order == 0)
		order = hf_span_order(a->path, b->path);
	if (order == 0)
		order = (a->offset > b->offset) - (a->offset < b->offset);
	if (order == 0)
		order = strcmp(a->fingerprint, b->fingerprint);
	return order != 0 ? order : strcmp(a->evidence, b->evidence);
}

static int compare_unknowns(const void *left, const void *right)
{
	const struct hf_unknown *a = left, *b = right;
	int order = strcmp(a->rule->id, b->rule->id);

	if (order == 0)
		order = hf_span_order(a->path, b->path);
	return order != 0 ? order : strcmp(a->why, b->why);
}

static size_t sort_once(void *array, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	char *at = array;
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(array, n, size, compare);
	for (size_t i = 1; i < n; i++)
		if (compare(at + kept * size, at + i * size) != 0)
			memmove(at + ++kept * size, at + i * size, size);
	return kept + 1;
}

void hf__case_sort(struct hf_case *c)
{
	struct hf_outcome *o = &c->outcome;

	o->n_findings = sort_once(o->findings, o->n_findings, sizeof(*o->findings), compare_findings);
	o->n_unknowns = sort_once(o->unknowns, o->n_unknowns, sizeof(*o->unknowns), compare_unknowns);
}

bool hf__glob(hf_bytes pattern, hf_bytes text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

bool hf_allow_listed(const struct hf_case *c, unsigned list)
{
	return list < HF_ALLOW_LISTS && c->opts.policy->allow[list].listed;
}

bool hf_allows(const struct hf_case *c, unsigned list, hf_bytes what)
{
	const struct hf_texts *texts;

	if (!hf_allow_listed(c, list))
		return false;
	texts = &c->opts.policy->allow[list];
	for (size_t i = 0; i < texts->n; i++)
		if (hf__glob((hf_bytes){ (const uint8_t *)texts->at[i], strlen(texts->at[i]) }, what))
			return true;
	return false;
}

hf_err hf_redact(hf_bytes secret, struct hf_out *out)
{
	uint8_t digest[HF_SHA256_LEN], hex_room[8];
	struct hf_out hex = HF_OUT(hex_room);
	size_t begin = out->len;
	hf_err err = hf_crypto_sha256(&secret, 1, digest);

	if (err == HF_OK)
		err = hf_out_put(out, (hf_bytes){ secret.ptr, secret.len < 8 ? secret.len / 2 : 4 });
	if (err == HF_OK)
		err = hf_hex_encode((hf_bytes){ digest, 4 }, &hex);
	if (err == HF_OK)
		err = hf_out_put(out, HF_STR("...sha256:"));
	if (err == HF_OK)
		err = hf_out_put(out, hf_out_bytes(&hex));
	if (err != HF_OK)
		out->len = begin;
	return err;
}
