/* codec_block.c -- formats of whole blocks: lz4 as kernels carry it ("legacy"), and lzop.
 * A block is gathered, decoded, then handed out; so memory is two blocks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "codec.h"
#include "walk_priv.h"

enum {
	LEGACY_BLOCK = 8 << 20,
	LEGACY_IN_MAX = LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16,
	LZOP_BLOCK = 256 << 10, /* what lzop and the kernel's build write; the format allows 64 MiB */
	LZOP_IN_MAX = LZOP_BLOCK + LZOP_BLOCK / 16 + 67,
	LZOP_HEAD_MAX = 512,
};

enum { WANT_HEAD, WANT_SIZE, WANT_BLOCK, WANT_NOTHING };

struct blocks {
	uint8_t *in, *out;
	size_t in_max, out_max;
	size_t in_len, in_want;
	size_t out_len, out_at;
	int want;
	uint32_t flags; /* lzop */
	size_t usize, csize;
	hf_err (*take)(struct blocks *b); /* in_want bytes are there */
};

static void blocks_free(void *state)
{
	struct blocks *b = state;

	free(b->in);
	free(b->out);
	free(b);
}

static hf_err blocks_new(void **state, size_t in_max, size_t out_max)
{
	struct blocks *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return HF_ERR_HOST_MEMORY;
	b->in = malloc(in_max);
	b->out = malloc(out_max);
	if (b->in == NULL || b->out == NULL) {
		blocks_free(b);
		return HF_ERR_HOST_MEMORY;
	}
	b->in_max = in_max;
	b->out_max = out_max;
	*state = b;
	return HF_OK;
}

static void gather(struct blocks *b, struct hf__step *s)
{
	size_t n = b->in_want - b->in_len;

	n = n < s->in_len ? n : s->in_len;
	memcpy(b->in + b->in_len, s->in, n);
	b->in_len += n;
	s->in += n;
	s->in_len -= n;
}

static void hand_out(struct blocks *b, struct hf__step *s)
{
	size_t n = b->out_len - b->out_at;

	n = n < s->out_len ? n : s->out_len;
	memcpy(s->out, b->out + b->out_at, n);
	b->out_at += n;
	s->out += n;
	s->out_len -= n;
}

static hf_err want(struct blocks *b, int what, size_t n)
{
	if (n > b->in_max)
		return HF_ERR_IMAGE_FORMAT;
	b->want = what;
	b->in_want = n;
	b->in_len = 0;
	return HF_OK;
}

static hf_err blocks_step(void *state, struct hf__step *s)
{
	struct blocks *b = state;

	while (s->out_len > 0) {
		hand_out(b, s);
		if (b->out_at < b->out_len)
			return HF_OK;
		s->ended = b->want == WANT_NOTHING;
		if (s->ended)
			return HF_OK;
		gather(b, s);
		if (b->in_len < b->in_want)
			return HF_OK;
		HF_TRY(b->take(b));
	}
	return HF_OK;
}

/* ---- lz4 legacy: magic, then blocks of {size, bytes}, each 8 MiB of content but the last ---- */

static bool legacy_probe(const struct hf_src *src)
{
	uint8_t head[8];

	return hf_src_read(src, 0, head, 8) == HF_OK && hf__le32(head) == 0x184c2102 &&
	       hf__le32(head + 4) > 0 && hf__le32(head + 4) <= LEGACY_IN_MAX;
}

static hf_err legacy_take(struct blocks *b)
{
	int n;

	if (b->want == WANT_HEAD)
		return want(b, WANT_SIZE, 4);
	if (b->want == WANT_SIZE)
		return want(b, WANT_BLOCK, hf__le32(b->in));
	n = LZ4_decompress_safe((const char *)b->in, (char *)b->out, (int)b->in_want, (int)b->out_max);
	if (n < 0)
		return HF_ERR_IMAGE_FORMAT;
	b->out_len = (size_t)n;
	b->out_at = 0;
	return n < LEGACY_BLOCK ? want(b, WANT_NOTHING, 0) : want(b, WANT_SIZE, 4);
}

static hf_err legacy_begin(void **state)
{
	struct blocks *b;

	HF_TRY(blocks_new(state, LEGACY_IN_MAX, LEGACY_BLOCK));
	b = *state;
	b->take = legacy_take;
	return want(b, WANT_HEAD, 4);
}

const struct hf__codec hf__codec_lz4_legacy = { "lz4-legacy", legacy_probe, legacy_begin,
						blocks_step,  blocks_free,  0 };

/* ---- lzop: a head with a checksum, blocks of {size, stored size, checksums, bytes}, a size of 0 ---- */

enum {
	LZOP_ADLER_OUT = 0x1,
	LZOP_ADLER_IN = 0x2,
	LZOP_EXTRA = 0x40,
	LZOP_CRC_OUT = 0x100,
	LZOP_CRC_IN = 0x200,
	LZOP_FILTER = 0x800,
};
static const uint8_t lzop_magic[9] = { 0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a };

static bool lzop_probe(const struct hf_src *src)
{
	uint8_t head[9];

	return hf_src_read(src, 0, head, 9) == HF_OK && memcmp(head, lzop_magic, 9) == 0;
}

/* Versions of 0x940 and later have two more fields: "needed" and level. Bytes of the head before the name. */
static size_t lzop_fixed(const struct blocks *b)
{
	return hf_get_be16(b->in + 9) >= 0x940 ? 34 : 25;
}

static size_t n_sums(const struct blocks *b, uint32_t adler, uint32_t crc)
{
	return ((b->flags & adler) != 0 ? 4u : 0u) + ((b->flags & crc) != 0 ? 4u : 0u);
}

/* The head is gathered in three goes: up to its version, up to its name's length, to its checksum. */
static hf_err lzop_head(struct blocks *b)
{
	size_t fixed, flags_at;

	if (memcmp(b->in, lzop_magic, 9) != 0)
		return HF_ERR_IMAGE_FORMAT;
	fixed = lzop_fixed(b);
	if (b->in_want == 11) {
		b->in_want = fixed;
		return HF_OK;
	}
	if (b->in_want == fixed) {
		b->in_want += b->in[fixed - 1] + 4u;
		return HF_OK;
	}
	flags_at = fixed == 34 ? 17 : 14;
	b->flags = hf_get_be32(b->in + flags_at);
	if ((b->flags & (LZOP_EXTRA | LZOP_FILTER)) != 0)
		return HF_ERR_IMAGE_KIND;
	if (hf_get_be32(b->in + b->in_want - 4) != adler32(1, b->in + 9, (unsigned)b->in_want - 13))
		return HF_ERR_IMAGE_FORMAT;
	return want(b, WANT_SIZE, 4);
}

static hf_err lzop_size(struct blocks *b)
{
	if (b->in_want == 4) {
		b->usize = hf_get_be32(b->in);
		if (b->usize == 0)
			return want(b, WANT_NOTHING, 0);
		b->in_want = 8 + n_sums(b, LZOP_ADLER_OUT, LZOP_CRC_OUT);
		return HF_OK;
	}
	b->csize = hf_get_be32(b->in + 4);
	if (b->usize > b->out_max || b->csize > b->usize || b->csize == 0)
		return HF_ERR_IMAGE_FORMAT;
	return want(b, WANT_BLOCK,
		    b->csize + (b->csize < b->usize ? n_sums(b, LZOP_ADLER_IN, LZOP_CRC_IN) : 0));
}

static hf_err lzop_take(struct blocks *b)
{
	size_t sums = b->in_want - b->csize, n = b->out_max;

	if (b->want == WANT_HEAD)
		return lzop_head(b);
	if (b->want == WANT_SIZE)
		return lzop_size(b);
	if (b->csize == b->usize) {
		n = b->csize;
		memcpy(b->out, b->in, n);
	} else {
		HF_TRY(hf__lzo_decode((hf_bytes){ b->in + sums, b->csize }, b->out, &n));
	}
	if (n != b->usize)
		return HF_ERR_IMAGE_FORMAT;
	b->out_len = n;
	b->out_at = 0;
	return want(b, WANT_SIZE, 4);
}

static hf_err lzop_begin(void **state)
{
	struct blocks *b;

	HF_TRY(blocks_new(state, LZOP_IN_MAX, LZOP_BLOCK));
	b = *state;
	b->take = lzop_take;
	return want(b, WANT_HEAD, 11);
}

const struct hf__codec hf__codec_lzop = { "lzop", lzop_probe, lzop_begin, blocks_step, blocks_free, 0 };
