/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "judge_priv.h"

enum { BLOCK_LEN = 256 << 10, ALIGN = 8 };

struct hf__arena_block {
	struct hf__arena_block *before;
	size_t used, cap;
};

static hf_err add_block(struct hf__arena *a, size_t want)
{
	size_t cap = want > BLOCK_LEN ? want : BLOCK_LEN;
	struct hf__arena_block *b = malloc(sizeof(*b) + cap);

	if (b == NULL)
		return HF_ERR_HOST_MEMORY;
	*b = (struct hf__arena_block){ a->last, 0, cap };
	a->last = b;
	return HF_OK;
}

hf_err hf__arena_take(struct hf__arena *a, size_t len, void **out)
{
	size_t want;

	*out = NULL;
	if (a->bytes > a->ceiling || len > a->ceiling - a->bytes)
		return HF_ERR_MODEL_LIMIT;
	want = (len + ALIGN - 1) / ALIGN * ALIGN;
	if (a->last == NULL || want > a->last->cap - a->last->used)
		HF_TRY(add_block(a, want));
	*out = (uint8_t *)(a->last + 1) + a->last->used;
	a->last->used += want;
	a->bytes += want;
	return HF_OK;
}

hf_err hf__arena_copy(struct hf__arena *a, hf_bytes from, hf_bytes *to)
{
	void *p;

	*to = (hf_bytes){ NULL, 0 };
	if (from.len == 0)
		return HF_OK;
	HF_TRY(hf__arena_take(a, from.len, &p));
	memcpy(p, from.ptr, from.len);
	*to = (hf_bytes){ p, from.len };
	return HF_OK;
}

hf_err hf__arena_text(struct hf__arena *a, hf_bytes from, const char **to)
{
	void *p;

	*to = "";
	HF_TRY(hf__arena_take(a, from.len + 1, &p));
	if (from.len > 0)
		memcpy(p, from.ptr, from.len);
	((char *)p)[from.len] = 0;
	*to = p;
	return HF_OK;
}

void hf__arena_free(struct hf__arena *a)
{
	while (a->last != NULL) {
		struct hf__arena_block *b = a->last;

		a->last = b->before;
		free(b);
	}
	a->bytes = 0;
}
