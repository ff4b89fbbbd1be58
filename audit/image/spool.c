/* spool.c -- content that came as a stream, held in anonymous memory so that it can be read at any place.
 * The address range grows as needed and its pages are zero until written, so a sparse image of gigabytes
 * costs what it holds. The sum over one walk is HF__HELD_MAX.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mman.h>
#include "walk_priv.h"

enum { SPOOL_FIRST = 1 << 16, SPOOL_KEEP = 64 << 20 };

void hf__spool_free(struct hf__spool *s)
{
	if (s->ptr != NULL)
		(void)munmap(s->ptr, s->cap);
	if (s->walk != NULL)
		s->walk->held -= s->held;
	*s = (struct hf__spool){ .walk = s->walk };
}

void hf__spool_reset(struct hf__spool *s)
{
	if (s->cap > SPOOL_KEEP)
		hf__spool_free(s);
	s->len = 0;
}

static hf_err grow(struct hf__spool *s, size_t need)
{
	size_t cap = s->cap == 0 ? SPOOL_FIRST : s->cap;
	void *grown;

	while (cap < need)
		cap *= 2;
	if (cap == s->cap)
		return HF_OK;
	if (s->ptr == NULL)
		grown = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			     -1, 0);
	else
		grown = mremap(s->ptr, s->cap, cap, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED)
		return HF_ERR_HOST_MEMORY;
	s->ptr = grown;
	s->cap = cap;
	return HF_OK;
}

static hf_err hold(struct hf__spool *s, uint64_t n)
{
	if (n > HF__HELD_MAX - s->walk->held)
		return HF_ERR_IMAGE_CAP;
	s->held += n;
	s->walk->held += n;
	return HF_OK;
}

hf_err hf__spool_room(struct hf__spool *s, uint64_t at, size_t n, uint8_t **where)
{
	uint64_t end = at + n;

	*where = NULL;
	if (at > SIZE_MAX / 4 || n > SIZE_MAX / 4 || end > s->walk->caps->file_bytes + HF__WINDOW)
		return HF_ERR_IMAGE_CAP;
	HF_TRY(grow(s, (size_t)end + 1));
	if (end > s->dirty) /* at least the pages that are written anew */
		HF_TRY(hold(s, at > s->dirty ? n : end - s->dirty));
	if (at > s->len && s->len < s->dirty)
		memset(s->ptr + s->len, 0, (at < s->dirty ? (size_t)at : s->dirty) - s->len);
	s->dirty = end > s->dirty ? (size_t)end : s->dirty;
	s->len = end > s->len ? (size_t)end : s->len;
	*where = s->ptr + at;
	return HF_OK;
}

static bool is_zero(hf_bytes data)
{
	return data.len == 0 || (data.ptr[0] == 0 && memcmp(data.ptr, data.ptr + 1, data.len - 1) == 0);
}

hf_err hf__spool_put(struct hf__spool *s, uint64_t at, hf_bytes data)
{
	uint8_t *where = NULL;

	if (at >= s->dirty && is_zero(data)) { /* a hole: only the length grows */
		if (at + data.len > s->walk->caps->file_bytes + HF__WINDOW)
			return HF_ERR_IMAGE_CAP;
		HF_TRY(grow(s, (size_t)at + data.len + 1));
		if (s->len < s->dirty)
			memset(s->ptr + s->len, 0, s->dirty - s->len);
		s->len = (size_t)at + data.len;
		return HF_OK;
	}
	HF_TRY(hf__spool_room(s, at, data.len, &where));
	if (data.len > 0)
		memcpy(where, data.ptr, data.len);
	return HF_OK;
}

struct hf_src hf__spool_src(const struct hf__spool *s)
{
	return hf_src_memory((hf_bytes){ s->ptr, s->len });
}
