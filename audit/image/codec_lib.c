/* codec_lib.c -- gzip, bzip2, xz, lzma, zstd and lz4, by their own libraries, which verify their checksums.
 * SPDX-License-Identifier: Apache-2.0 */
#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "codec.h"
#include "walk_priv.h"

enum {
	DICTIONARY_MAX = 128 << 20, /* memory an xz or lzma stream may ask for; `xz -9` needs 65 MiB */
	ZSTD_WINDOW_LOG_MAX = 27,   /* 128 MiB; `zstd -19` needs 8 MiB, --ultra -22 needs 128 MiB */
	STEP_MAX = 1 << 30,         /* the counters of zlib and bzip2 have 32 bits */
};

static unsigned step_len(size_t n)
{
	return n > STEP_MAX ? STEP_MAX : (unsigned)n;
}

static void advance(struct hf__step *s, size_t in, size_t out)
{
	s->in += in;
	s->in_len -= in;
	s->out += out;
	s->out_len -= out;
}

static bool head_is(const struct hf_src *src, const char *bytes, size_t len)
{
	uint8_t head[8];

	return hf_src_read(src, 0, head, len) == HF_OK && memcmp(head, bytes, len) == 0;
}

/* ---- gzip (RFC 1952) ---- */

static bool gzip_probe(const struct hf_src *src)
{
	uint8_t head[4];

	return hf_src_read(src, 0, head, 4) == HF_OK && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8 &&
	       (head[3] & 0xe0) == 0;
}

static hf_err gzip_begin(void **state)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return HF_ERR_HOST_MEMORY;
	if (inflateInit2(z, 15 + 16) != Z_OK) {
		free(z);
		return HF_ERR_HOST_MEMORY;
	}
	*state = z;
	return HF_OK;
}

static hf_err gzip_step(void *state, struct hf__step *s)
{
	z_stream *z = state;
	unsigned in = step_len(s->in_len), out = step_len(s->out_len);
	union {
		const uint8_t *c;
		uint8_t *v;
	} bytes = { s->in }; /* zlib reads only */
	int rc;

	z->next_in = bytes.v;
	z->avail_in = in;
	z->next_out = s->out;
	z->avail_out = out;
	rc = inflate(z, Z_NO_FLUSH);
	advance(s, in - z->avail_in, out - z->avail_out);
	s->ended = rc == Z_STREAM_END;
	if (rc == Z_MEM_ERROR)
		return HF_ERR_HOST_MEMORY;
	return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static void gzip_end(void *state)
{
	(void)inflateEnd(state);
	free(state);
}

const struct hf__codec hf__codec_gzip = { "gzip", gzip_probe, gzip_begin, gzip_step, gzip_end, 0 };

/* ---- bzip2 ---- */

static bool bzip2_probe(const struct hf_src *src)
{
	uint8_t head[10];

	return hf_src_read(src, 0, head, 10) == HF_OK && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' &&
	       head[3] <= '9' &&
	       (memcmp(head + 4, "1AY&SY", 6) == 0 || memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static hf_err bzip2_begin(void **state)
{
	bz_stream *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return HF_ERR_HOST_MEMORY;
	if (BZ2_bzDecompressInit(b, 0, 0) != BZ_OK) {
		free(b);
		return HF_ERR_HOST_MEMORY;
	}
	*state = b;
	return HF_OK;
}

static hf_err bzip2_step(void *state, struct hf__step *s)
{
	bz_stream *b = state;
	unsigned in = step_len(s->in_len), out = step_len(s->out_len);
	union {
		const uint8_t *c;
		char *v;
	} bytes = { s->in }; /* bzip2 reads only */
	union {
		uint8_t *u;
		char *c;
	} room = { s->out };
	int rc;

	b->next_in = bytes.v;
	b->avail_in = in;
	b->next_out = room.c;
	b->avail_out = out;
	rc = BZ2_bzDecompress(b);
	advance(s, in - b->avail_in, out - b->avail_out);
	s->ended = rc == BZ_STREAM_END;
	if (rc == BZ_MEM_ERROR)
		return HF_ERR_HOST_MEMORY;
	return rc == BZ_OK || rc == BZ_STREAM_END ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static void bzip2_end(void *state)
{
	(void)BZ2_bzDecompressEnd(state);
	free(state);
}

const struct hf__codec hf__codec_bzip2 = { "bzip2", bzip2_probe, bzip2_begin, bzip2_step, bzip2_end, 0 };

/* ---- xz and lzma ---- */

static bool xz_probe(const struct hf_src *src)
{
	return head_is(src,
		       "\xfd"
		       "7zXZ\0",
		       6);
}

static bool is_usual_dictionary(uint32_t size)
{
	if (size < 4096 || size > DICTIONARY_MAX)
		return false;
	while (size % 2 == 0)
		size /= 2;
	return size == 1 || size == 3;
}

/* 13 bytes: properties, dictionary size, content size or all ones. There is no magic, so only what encoders
 * write in practice is taken: lc/lp/pb of 3/0/2 and 1/2/2 (and the next ones), 2^n or 2^n + 2^(n-1). */
bool hf__lzma_probe(const struct hf_src *src)
{
	uint8_t head[14];
	uint64_t size;

	if (hf_src_read(src, 0, head, sizeof(head)) != HF_OK || head[13] != 0)
		return false;
	size = hf__le64(head + 5);
	return (head[0] == 0x5d || head[0] == 0x5e || head[0] == 0x6d || head[0] == 0x6e) &&
	       is_usual_dictionary(hf__le32(head + 1)) &&
	       (size == UINT64_MAX || (size > 0 && size < (uint64_t)1 << 38));
}

static hf_err lzma_state(void **state, bool alone)
{
	lzma_stream *l = calloc(1, sizeof(*l));
	lzma_ret rc;

	if (l == NULL)
		return HF_ERR_HOST_MEMORY;
	rc = alone ? lzma_alone_decoder(l, DICTIONARY_MAX) : lzma_stream_decoder(l, DICTIONARY_MAX, 0);
	if (rc != LZMA_OK) {
		free(l);
		return HF_ERR_HOST_MEMORY;
	}
	*state = l;
	return HF_OK;
}

static hf_err xz_begin(void **state)
{
	return lzma_state(state, false);
}

static hf_err lzma_begin(void **state)
{
	return lzma_state(state, true);
}

static hf_err xz_step(void *state, struct hf__step *s)
{
	lzma_stream *l = state;
	lzma_ret rc;

	l->next_in = s->in;
	l->avail_in = s->in_len;
	l->next_out = s->out;
	l->avail_out = s->out_len;
	rc = lzma_code(l, LZMA_RUN);
	advance(s, s->in_len - l->avail_in, s->out_len - l->avail_out);
	s->ended = rc == LZMA_STREAM_END;
	if (rc == LZMA_MEM_ERROR)
		return HF_ERR_HOST_MEMORY;
	if (rc == LZMA_MEMLIMIT_ERROR)
		return HF_ERR_IMAGE_CAP;
	return rc == LZMA_OK || rc == LZMA_STREAM_END || rc == LZMA_BUF_ERROR ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static void xz_end(void *state)
{
	lzma_end(state);
	free(state);
}

const struct hf__codec hf__codec_xz = { "xz", xz_probe, xz_begin, xz_step, xz_end, 4 };
/* Never joined: there is no magic to see the next member by. */
static bool lzma_single(const struct hf_src *src)
{
	(void)src;
	return false;
}

const struct hf__codec hf__codec_lzma = { "lzma", lzma_single, lzma_begin, xz_step, xz_end, 0 };

/* ---- zstd (RFC 8878), with its skippable frames ---- */

static bool zstd_probe(const struct hf_src *src)
{
	return head_is(src, "\x28\xb5\x2f\xfd", 4) || head_is(src, "\x50\x2a\x4d\x18", 4);
}

static hf_err zstd_begin(void **state)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();

	if (z == NULL)
		return HF_ERR_HOST_MEMORY;
	(void)ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	*state = z;
	return HF_OK;
}

static hf_err zstd_step(void *state, struct hf__step *s)
{
	ZSTD_inBuffer in = { s->in, s->in_len, 0 };
	ZSTD_outBuffer out = { s->out, s->out_len, 0 };
	size_t rc = ZSTD_decompressStream(state, &out, &in);

	if (ZSTD_isError(rc))
		return strstr(ZSTD_getErrorName(rc), "memory") != NULL ? HF_ERR_IMAGE_CAP
								       : HF_ERR_IMAGE_FORMAT;
	advance(s, in.pos, out.pos);
	s->ended = rc == 0 && in.pos > 0;
	return HF_OK;
}

static void zstd_end(void *state)
{
	(void)ZSTD_freeDCtx(state);
}

const struct hf__codec hf__codec_zstd = { "zstd", zstd_probe, zstd_begin, zstd_step, zstd_end, 0 };

/* ---- lz4 frames ---- */

static bool lz4_probe(const struct hf_src *src)
{
	return head_is(src, "\x04\x22\x4d\x18", 4);
}

static hf_err lz4_begin(void **state)
{
	LZ4F_dctx *l = NULL;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&l, LZ4F_VERSION)))
		return HF_ERR_HOST_MEMORY;
	*state = l;
	return HF_OK;
}

static hf_err lz4_step(void *state, struct hf__step *s)
{
	size_t in = s->in_len, out = s->out_len;
	size_t rc = LZ4F_decompress(state, s->out, &out, s->in, &in, NULL);

	if (LZ4F_isError(rc))
		return HF_ERR_IMAGE_FORMAT;
	advance(s, in, out);
	s->ended = rc == 0;
	return HF_OK;
}

static void lz4_end(void *state)
{
	(void)LZ4F_freeDecompressionContext(state);
}

const struct hf__codec hf__codec_lz4 = { "lz4", lz4_probe, lz4_begin, lz4_step, lz4_end, 0 };
