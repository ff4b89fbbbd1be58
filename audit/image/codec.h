/* codec.h -- compressed streams, read as they come: every end and checksum is verified, and the place behind
 * the last byte is exact, so that what follows a stream can be accounted for.
 * Members that follow each other directly (gzip, xz, bzip2, zstd, lz4) are one stream.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__CODEC_H
#define HF__CODEC_H
#include <hf/src.h>

struct hf__step {
	const uint8_t *in;
	size_t in_len; /* step() takes from the front of both and shortens them */
	uint8_t *out;
	size_t out_len;
	bool last;  /* no input follows */
	bool ended; /* set by step(): the member is complete */
};

struct hf__codec {
	const char *name;
	bool (*probe)(const struct hf_src *src);
	hf_err (*begin)(void **state);
	hf_err (*step)(void *state, struct hf__step *s);
	void (*end)(void *state);
	uint8_t align; /* zero bytes between members come in such groups; 0 = none are allowed */
};

struct hf__stream {
	const struct hf__codec *codec;
	const struct hf_src *src;
	void *state;
	uint8_t *window; /* NULL when src is in memory */
	const uint8_t *in;
	size_t in_len;
	uint64_t at; /* of the byte behind the window */
	bool ended;
};

extern const struct hf__codec hf__codec_gzip, hf__codec_bzip2, hf__codec_xz, hf__codec_lzma, hf__codec_zstd,
	hf__codec_lz4, hf__codec_lz4_legacy, hf__codec_lzop;

bool hf__lzma_probe(const struct hf_src *src);

/* `s` must be closed even after an error. Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__stream_open(struct hf__stream *s, const struct hf__codec *codec,
				     const struct hf_src *src);
/* Up to `cap` bytes; 0 only at the end. Errors: HF_ERR_IMAGE_FORMAT, _SHORT, _CAP (dictionary too large),
 * the source's. */
HF_MUST_CHECK hf_err hf__stream_read(struct hf__stream *s, uint8_t *out, size_t cap, size_t *got);
/* Bytes of the source that were used so far. */
uint64_t hf__stream_used(const struct hf__stream *s);
void hf__stream_close(struct hf__stream *s);
/* Run to the end without keeping anything; `max` bytes of content at most (HF_ERR_IMAGE_CAP). */
HF_MUST_CHECK hf_err hf__stream_measure(const struct hf__codec *codec, const struct hf_src *src, uint64_t max,
					uint64_t *used);

/* LZO1X, as kernels, squashfs, UBIFS, JFFS2 and lzop use it. `out_len` is room at first, then bytes written.
 * Errors: HF_ERR_IMAGE_FORMAT: input ends early, room is too small, a match reaches before the output. */
HF_MUST_CHECK hf_err hf__lzo_decode(hf_bytes in, uint8_t *out, size_t *out_len);
#endif
