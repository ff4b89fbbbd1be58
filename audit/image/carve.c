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

enum {
	CARVE_WINDOW = 1 << 20,
	MAGIC_MAX = 16,
	MAGICS_MAX = 128,
	MAGICS_PER_FORMAT = 6,
	SET_WORDS = 65536 / 64,
};

struct magic {
	const struct hf__format *format;
	const struct hf__magic *magic;
};

struct hf__carver {
	uint64_t set[SET_WORDS]; /* a bit for each pair of bytes that begins a magic */
	struct magic list[MAGICS_MAX];
	size_t n;
	uint8_t first[257]; /* list[first[b]] to list[first[b + 1]] begin with byte b */
};

struct search {
	const struct hf__carver *c;
	struct hf__walk *walk;
	const struct hf_src *src;
	uint64_t from, began_s;
	struct hf__chunk *chunk;
	bool found;
};

static uint8_t byte_of(const struct hf__magic *m, size_t i)
{
	return (uint8_t)m->bytes[i];
}

static void add_format(struct hf__carver *c, const struct hf__format *f, unsigned first)
{
	for (size_t m = 0; m < MAGICS_PER_FORMAT && f->magic[m].len > 1; m++) {
		size_t pair = (size_t)byte_of(&f->magic[m], 0) | (size_t)byte_of(&f->magic[m], 1) << 8;

		if (f->measure == NULL || byte_of(&f->magic[m], 0) != first || c->n == MAGICS_MAX)
			continue;
		c->set[pair / 64] |= (uint64_t)1 << pair % 64;
		c->list[c->n++] = (struct magic){ f, &f->magic[m] };
	}
}

hf_err hf__carver_new(struct hf__carver **out)
{
	struct hf__carver *c = calloc(1, sizeof(*c));

	*out = c;
	if (c == NULL)
		return HF_ERR_HOST_MEMORY;
	for (unsigned b = 0; b < 256; b++) {
		c->first[b] = (uint8_t)c->n;
		for (size_t i = 0; i < hf__n_formats; i++)
			add_format(c, hf__formats[i], b);
	}
	c->first[256] = (uint8_t)c->n;
	return HF_OK;
}

/* Does format `f` stand at `begin`, whole? One that is too large to be measured is taken: opening it will say
 * which cap it hits. */
static hf_err try_format(struct search *s, const struct hf__format *f, uint64_t begin)
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
	if (err == HF_ERR_IMAGE_CAP)
		len = src.size;
	s->found = (err == HF_OK && len > 0 && len <= src.size) || err == HF_ERR_IMAGE_CAP;
	if (s->found)
		*s->chunk = (struct hf__chunk){ f, begin, len };
	/* Many false beginnings, each of which takes long to refute, are an attack. */
	if (s->walk->visitor->now_s(s->walk->visitor->ctx) - s->began_s > s->walk->caps->file_seconds)
		return HF_ERR_IMAGE_CAP;
	return HF_OK;
}

static hf_err try_magics(struct search *s, uint64_t at, const uint8_t *bytes, size_t left)
{
	for (size_t i = s->c->first[bytes[0]]; i < s->c->first[bytes[0] + 1] && !s->found; i++) {
		const struct hf__magic *m = s->c->list[i].magic;

		if (m->len <= left && m->at <= at - s->from && memcmp(bytes, m->bytes, m->len) == 0)
			HF_TRY(try_format(s, s->c->list[i].format, at - m->at));
	}
	return HF_OK;
}

static bool in_set(const struct hf__carver *c, const uint8_t *p)
{
	size_t pair = (size_t)p[0] | (size_t)p[1] << 8;

	return (c->set[pair / 64] >> pair % 64 & 1) != 0;
}

/* `n` positions from `at` on; `len` bytes of it are there. Four positions are asked about at once. */
static hf_err search_window(struct search *s, uint64_t at, const uint8_t *bytes, size_t n, size_t len)
{
	const struct hf__carver *c = s->c;

	for (size_t i = 0; i < n && i + 1 < len; i++) {
		while (i + 5 < len && i + 4 <= n &&
		       ((unsigned)in_set(c, bytes + i) | (unsigned)in_set(c, bytes + i + 1) |
			(unsigned)in_set(c, bytes + i + 2) | (unsigned)in_set(c, bytes + i + 3)) == 0)
			i += 4;
		if (i >= n || i + 1 >= len || !in_set(c, bytes + i))
			continue;
		HF_TRY(try_magics(s, at + i, bytes + i, len - i));
		if (s->found)
			return HF_OK;
	}
	return HF_OK;
}

static hf_err search_file(struct search *s)
{
	uint8_t *window HF_AUTO(hf_auto_free) = malloc(CARVE_WINDOW + MAGIC_MAX);

	if (window == NULL)
		return HF_ERR_HOST_MEMORY;
	for (uint64_t at = s->from; at < s->src->size && !s->found; at += CARVE_WINDOW) {
		uint64_t left = s->src->size - at;
		size_t len = left < CARVE_WINDOW + MAGIC_MAX ? (size_t)left : CARVE_WINDOW + MAGIC_MAX;

		HF_TRY(hf_src_read(s->src, at, window, len));
		HF_TRY(search_window(s, at, window, len < CARVE_WINDOW ? len : CARVE_WINDOW, len));
	}
	return HF_OK;
}

hf_err hf__carve(const struct hf__place *place, uint64_t from, struct hf__chunk *chunk)
{
	struct hf__walk *w = place->walk;
	const struct hf_src *src = place->src;
	struct search s = { .c = w->carver, .walk = w, .src = src, .from = from, .chunk = chunk };

	*chunk = (struct hf__chunk){ NULL, 0, 0 };
	if (from >= src->size)
		return HF_OK;
	s.began_s = w->visitor->now_s(w->visitor->ctx);
	if (src->mem == NULL)
		return search_file(&s);
	return search_window(&s, from, src->mem + from, (size_t)(src->size - from),
			     (size_t)(src->size - from));
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

/* Files of kinds that are dense by nature, and programs, which are not. */
bool hf__is_known_data(const struct hf_src *src)
{
	static const struct hf__magic kinds[] = {
		{ "\x7f"
		  "ELF",
		  4, 0 },
		{ "\x89PNG\r\n", 6, 0 },
		{ "\xff\xd8\xff", 3, 0 },
		{ "GIF8", 4, 0 },
		{ "%PDF-", 5, 0 },
		{ "OggS", 4, 0 },
		{ "ID3", 3, 0 },
		{ "RIFF", 4, 0 },
		{ "wOFF", 4, 0 },
		{ "wOF2", 4, 0 },
		{ "fLaC", 4, 0 },
		{ "ftyp", 4, 4 },
	};
	uint8_t head[8];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (hf_src_read(src, kinds[i].at, head, kinds[i].len) == HF_OK &&
		    memcmp(head, kinds[i].bytes, kinds[i].len) == 0)
			return true;
	return false;
}

hf_err hf__is_dense(const struct hf_src *src, uint64_t begin, uint64_t len, bool *dense)
{
	uint64_t count[2][256] = { { 0 } };
	uint8_t block[4096];
	double bits = 0;

	for (uint64_t at = 0; at < len; at += sizeof(block)) {
		size_t n = len - at < sizeof(block) ? (size_t)(len - at) : sizeof(block);

		HF_TRY(hf_src_read(src, begin + at, block, n));
		for (size_t i = 0; i < n; i++)
			count[i & 1]
			     [block[i]]++; /* two tables: runs of one byte do not wait for each other */
	}
	for (size_t i = 0; i < 256; i++) {
		double c = (double)(count[0][i] + count[1][i]);

		if (c > 0)
			bits -= c * log2(c / (double)len);
	}
	*dense = bits >= 7.5 * (double)len;
	return HF_OK;
}
