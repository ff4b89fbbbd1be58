/* Facts lie in an arena, an array of pointers per kind beside it. Facts come file by file, so
 * a path equal to the one before is stored once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/factscan.h>
#include <hf/model.h>
#include <hf/span.h>
#include "judge_priv.h"

enum { FIRST_FACTS = 64 };

struct list {
	const struct hf_fact **at;
	size_t n, cap;
};
struct hf_model {
	struct hf__arena arena;
	struct list kind[HF_FACT_KINDS];
	hf_bytes path; /* of the fact added last */
	bool sealed;
};

hf_err hf_model_new(struct hf_model **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return HF_ERR_HOST_MEMORY;
	(*out)->arena.ceiling = HF_MODEL_MAX_BYTES;
	return HF_OK;
}

void hf_model_free(struct hf_model *m)
{
	if (m == NULL)
		return;
	for (size_t k = 0; k < HF_FACT_KINDS; k++)
		free(m->kind[k].at);
	hf__arena_free(&m->arena);
	free(m);
}

static hf_err append(struct hf_model *m, struct list *list, const struct hf_fact *fact)
{
	size_t cap = list->cap == 0 ? FIRST_FACTS : list->cap * 2;
	const struct hf_fact **at;

	if (list->n == list->cap) {
		if ((cap - list->cap) * sizeof(*at) > m->arena.ceiling - m->arena.bytes)
			return HF_ERR_MODEL_LIMIT;
		at = reallocarray(list->at, cap, sizeof(*at));
		if (at == NULL)
			return HF_ERR_HOST_MEMORY;
		m->arena.bytes += (cap - list->cap) * sizeof(*at);
		list->at = at;
		list->cap = cap;
	}
	list->at[list->n++] = fact;
	return HF_OK;
}

hf_err hf_model_add(struct hf_model *m, const struct hf_fact *fact)
{
	struct hf_fact *kept;
	void *p;

	if (m->sealed || fact->kind == 0 || fact->kind >= HF_FACT_KINDS)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__arena_take(&m->arena, sizeof(*kept), &p));
	kept = p;
	*kept = *fact;
	if (hf_bytes_equal(fact->path, m->path))
		kept->path = m->path;
	else
		HF_TRY(hf__arena_copy(&m->arena, fact->path, &kept->path));
	m->path = kept->path;
	for (size_t i = 0; i < HF_FACT_TEXTS; i++)
		HF_TRY(hf__arena_copy(&m->arena, fact->text[i], &kept->text[i]));
	return append(m, &m->kind[fact->kind], kept);
}

static int compare_facts(const struct hf_fact *a, const struct hf_fact *b)
{
	int order = hf_span_order(a->path, b->path);

	for (size_t i = 0; i < HF_FACT_NUMS && order == 0; i++)
		order = (a->num[i] > b->num[i]) - (a->num[i] < b->num[i]);
	for (size_t i = 0; i < HF_FACT_TEXTS && order == 0; i++)
		order = hf_span_order(a->text[i], b->text[i]);
	return order;
}

static int compare(const void *a, const void *b)
{
	return compare_facts(*(const struct hf_fact *const *)a, *(const struct hf_fact *const *)b);
}

static void sort(struct list *list)
{
	size_t kept = 0;

	if (list->n == 0)
		return;
	qsort(list->at, list->n, sizeof(list->at[0]), compare);
	for (size_t i = 1; i < list->n; i++)
		if (compare_facts(list->at[kept], list->at[i]) != 0)
			list->at[++kept] = list->at[i];
	list->n = kept + 1;
}

/* Is this file, from its first byte to nearly its last, a container that was opened? */
static bool is_opened(const struct hf_model *m, hf_bytes path)
{
	const struct hf_fact *file = hf_model_file(m, path);
	size_t first, n = hf_model_of(m, HF_FACT_CONTAINER, path, &first);

	for (size_t i = 0; i < n && file != NULL; i++) {
		const struct hf_fact *c = hf_model_at(m, HF_FACT_CONTAINER, first + i);

		if (c->num[HF_CONTAINER_BEGIN] == 0 &&
		    c->num[HF_CONTAINER_LEN] / 9 >= file->num[HF_FILE_SIZE] / 10)
			return true;
	}
	return false;
}

/* What the bytes of a container say is said again, and better, by the files in it; only where they are not
 * compressed would it be said twice. */
static void drop_echoes(struct hf_model *m, unsigned kind)
{
	struct list *list = &m->kind[kind];
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!is_opened(m, list->at[i]->path))
			list->at[kept++] = list->at[i];
	list->n = kept;
}

hf_err hf_model_seal(struct hf_model *m)
{
	if (m->sealed)
		return HF_ERR_BASE_MISUSE;
	for (size_t k = 0; k < HF_FACT_KINDS; k++)
		sort(&m->kind[k]);
	drop_echoes(m, HF_FACT_HIT);
	drop_echoes(m, HF_FACT_KEY);
	m->sealed = true;
	return HF_OK;
}

size_t hf_model_n(const struct hf_model *m, unsigned kind)
{
	return kind < HF_FACT_KINDS ? m->kind[kind].n : 0;
}

const struct hf_fact *hf_model_at(const struct hf_model *m, unsigned kind, size_t i)
{
	return i < hf_model_n(m, kind) ? m->kind[kind].at[i] : NULL;
}

/* First index whose path is not below `path`. */
static size_t lower_bound(const struct list *list, hf_bytes path)
{
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (hf_span_order(list->at[mid]->path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t hf_model_of(const struct hf_model *m, unsigned kind, hf_bytes path, size_t *first)
{
	size_t n = 0;

	*first = 0;
	if (kind >= HF_FACT_KINDS)
		return 0;
	*first = lower_bound(&m->kind[kind], path);
	while (*first + n < m->kind[kind].n && hf_bytes_equal(m->kind[kind].at[*first + n]->path, path))
		n++;
	return n;
}

const struct hf_fact *hf_model_file(const struct hf_model *m, hf_bytes path)
{
	size_t first;

	return hf_model_of(m, HF_FACT_FILE, path, &first) > 0 ? m->kind[HF_FACT_FILE].at[first] : NULL;
}
