/* carve.c -- containers inside unknown bytes, in one pass over all magics at once.
 * The magics are few and fixed, so the automaton is flat: the first two bytes of each are a bit in a set, and
 * only where that bit is on are the magics compared. A magic is a hint; a chunk is taken only when its header
 * and its end or checksum prove it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>
#include "walk_priv.h"

enum { CARVE_WINDOW = 1 << 20, MAGIC_MAX = 16, SET_WORDS = 65536 / 64 };

struct search {
	const struct hf_src *src;
	uint64_t from;
	struct hf__chunk *chunk;
	uint64_t set[SET_WORDS];
};

static void set_up(struct search *s)
{
	for (size_t i = 0; i < hf__n_formats; i++)
		for (size_t m = 0; m < 6 && hf__formats[i]->magic[m].len > 0; m++) {
			const uint8_t *b = (const uint8_t *)hf__formats[i]->magic[m].bytes;
			size_t pair = (size_t)b[0] | (size_t)b[1] << 8;

			if (hf__formats[i]->measure != NULL && hf__formats[i]->magic[m].len > 1)
				s->set[pair / 64] |= (uint64_t)1 << pair % 64;
		}
}

/* Does format `f` stand at `begin`, whole? */
static hf_err try_format(struct search *s, const struct hf__format *f, uint64_t begin, bool *found)
{
	struct hf_src_slice slice;
	struct hf_src src;
	uint64_t len = 0;
	hf_err err;

	HF_TRY(hf_src_cut(&slice, s->src, begin, s->src->size - begin, &src));
	if (!f->probe(&src))
		return HF_OK;
	err = f->measure(&src, &len);
	if (err == HF_ERR_HOST_MEMORY)
		return err;
	*found = err == HF_OK && len > 0 && len <= src.size;
	if (*found)
		*s->chunk = (struct hf__chunk){ f, begin, len };
	return HF_OK;
}

static hf_err try_magics(struct search *s, uint64_t at, const uint8_t *bytes, size_t left, bool *found)
{
	for (size_t i = 0; i < hf__n_formats && !*found; i++) {
		const struct hf__format *f = hf__formats[i];

		for (size_t m = 0; m < 6 && f->magic[m].len > 0 && !*found; m++) {
			const struct hf__magic *magic = &f->magic[m];

			if (f->measure == NULL || magic->len > left || magic->at > at - s->from ||
			    memcmp(bytes, magic->bytes, magic->len) != 0)
				continue;
			HF_TRY(try_format(s, f, at - magic->at, found));
		}
	}
	return HF_OK;
}

/* `n` positions from `at` on; `len` bytes of it are there. */
static hf_err search_window(struct search *s, uint64_t at, const uint8_t *bytes, size_t n, size_t len,
			    bool *found)
{
	for (size_t i = 0; i < n && i + 1 < len; i++) {
		size_t pair = (size_t)bytes[i] | (size_t)bytes[i + 1] << 8;

		if ((s->set[pair / 64] >> pair % 64 & 1) == 0)
			continue;
		HF_TRY(try_magics(s, at + i, bytes + i, len - i, found));
		if (*found)
			return HF_OK;
	}
	return HF_OK;
}

static hf_err search_file(struct search *s, bool *found)
{
	uint8_t *window HF_AUTO(hf_auto_free) = malloc(CARVE_WINDOW + MAGIC_MAX);

	if (window == NULL)
		return HF_ERR_HOST_MEMORY;
	for (uint64_t at = s->from; at < s->src->size && !*found; at += CARVE_WINDOW) {
		uint64_t left = s->src->size - at;
		size_t len = left < CARVE_WINDOW + MAGIC_MAX ? (size_t)left : CARVE_WINDOW + MAGIC_MAX;

		HF_TRY(hf_src_read(s->src, at, window, len));
		HF_TRY(search_window(s, at, window, len < CARVE_WINDOW ? len : CARVE_WINDOW, len, found));
	}
	return HF_OK;
}

hf_err hf__carve(const struct hf_src *src, uint64_t from, struct hf__chunk *chunk)
{
	struct search s = { .src = src, .from = from, .chunk = chunk };
	bool found = false;

	*chunk = (struct hf__chunk){ NULL, 0, 0 };
	if (from >= src->size)
		return HF_OK;
	set_up(&s);
	if (src->mem == NULL)
		return search_file(&s, &found);
	return search_window(&s, from, src->mem + from, (size_t)(src->size - from),
			     (size_t)(src->size - from), &found);
}

/* ---- padding and density ---- */

static hf_err same_bytes(const struct hf_src *src, uint8_t pad, uint64_t from, uint64_t *at)
{
	uint8_t block[4096];

	for (*at = from; *at < src->size;) {
		size_t n = src->size - *at < sizeof(block) ? (size_t)(src->size - *at) : sizeof(block);

		HF_TRY(hf_src_read(src, *at, block, n));
		for (size_t i = 0; i < n; i++)
			if (block[i] != pad) {
				*at += i;
				return HF_OK;
			}
		*at += n;
	}
	return HF_OK;
}

hf_err hf__skip_padding(const struct hf_src *src, uint64_t from, uint64_t *at)
{
	uint8_t pad;

	*at = from;
	if (from >= src->size)
		return HF_OK;
	HF_TRY(hf_src_read(src, from, &pad, 1));
	return pad == 0 || pad == 0xff ? same_bytes(src, pad, from, at) : HF_OK;
}

hf_err hf__is_dense(const struct hf_src *src, uint64_t begin, uint64_t len, bool *dense)
{
	uint64_t count[256] = { 0 };
	uint8_t block[4096];
	double bits = 0;

	for (uint64_t at = 0; at < len; at += sizeof(block)) {
		size_t n = len - at < sizeof(block) ? (size_t)(len - at) : sizeof(block);

		HF_TRY(hf_src_read(src, begin + at, block, n));
		for (size_t i = 0; i < n; i++)
			count[block[i]]++;
	}
	for (size_t i = 0; i < 256; i++)
		if (count[i] > 0)
			bits -= (double)count[i] * log2((double)count[i] / (double)len);
	*dense = bits >= 7.5 * (double)len;
	return HF_OK;
}
