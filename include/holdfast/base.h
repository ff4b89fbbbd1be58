/* base.h -- the words every room speaks: bytes, errors, wiping, constant time, text codes.
 * Promise: nothing here allocates, blocks, keeps state or knows an operating system.
 * Thread rule: every function is pure; objects belong to their caller.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_BASE_H
#define HOLDFAST_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <holdfast/errors.h>

#define HF_MUST_CHECK __attribute__((warn_unused_result))
/* Run `fn(&variable)` on every way out of the scope; the variable must be initialised where declared. */
#define HF_AUTO(fn) __attribute__((cleanup(fn)))
/* Return the error of `call` upward; the only flow macro of the project. */
#define HF_TRY(call) \
	do { \
		hf_err hf_try_err_ = (call); \
		if (hf_try_err_ != HF_OK) \
			return hf_try_err_; \
	} while (0)

/* Borrowed input bytes; `ptr` may be NULL only when len is 0. */
typedef struct hf_bytes {
	const uint8_t *ptr;
	size_t len;
} hf_bytes;

/* Caller-owned room for output: `cap` bytes at `ptr`, of which `len` are filled. */
struct hf_out {
	uint8_t *ptr;
	size_t cap;
	size_t len;
};

/* Bytes of a string literal, without its NUL. */
#define HF_STR(literal) ((hf_bytes){ (const uint8_t *)("" literal), sizeof(literal) - 1 })
/* Bytes of a fixed-size array. */
#define HF_ARR(array) ((hf_bytes){ (array), sizeof(array) })
/* An empty hf_out over a fixed-size array. */
#define HF_OUT(array) ((struct hf_out){ (array), sizeof(array), 0 })

static inline hf_bytes hf_out_bytes(const struct hf_out *out)
{
	return (hf_bytes){ out->ptr, out->len };
}

/* The three great decisions (boot this, obey this, un-tamper) are never a bool: both values have 16
 * bits set and are complements, so stuck memory or a few flipped bits cannot make a yes.
 * Start at HF_VERDICT_NO, compare by hf_verdict_is_yes only. */
enum { HF_VERDICT_YES_V = 0x3CA5965A };
#define HF_VERDICT_NO_V 0xC35A69A5u
struct hf_verdict {
	uint32_t v;
};
#define HF_VERDICT_NO ((struct hf_verdict){ HF_VERDICT_NO_V })
#define HF_VERDICT_YES ((struct hf_verdict){ HF_VERDICT_YES_V })
static inline bool hf_verdict_is_yes(struct hf_verdict d)
{
	return d.v == HF_VERDICT_YES_V;
}

/* Append `b` to `out`. Errors: HF_ERR_BASE_NO_ROOM, and then nothing was appended. */
HF_MUST_CHECK hf_err hf_out_put(struct hf_out *out, hf_bytes b);

/* Overwrite `n` bytes so that no optimiser removes it. */
void hf_wipe(void *p, size_t n);

/* Compare without a data-dependent branch or early exit. Lengths are public. */
bool hf_ct_equal(hf_bytes a, hf_bytes b);
/* Ordinary comparison for public bytes. */
bool hf_bytes_equal(hf_bytes a, hf_bytes b);

/* Name and text of a code: "VT3", "root key was erased". Unknown codes give "??0" and a fixed text.
 * `name` receives at most 6 characters and a NUL. */
void hf_err_name(hf_err err, char name[static 8]);
const char *hf_err_text(hf_err err);
/* Class of a code, one of HF_CLASS_*; 0 for HF_OK. */
unsigned hf_err_class(hf_err err);

/* Base32 (RFC 4648 s6, lower-case alphabet on output, no padding). Output is text without NUL.
 * Encoding needs (len * 8 + 4) / 5 bytes of room. Decoding reads either case, refuses padding, foreign
 * characters and non-zero unused bits. Errors: HF_ERR_BASE_NO_ROOM, HF_ERR_BASE_TEXT. */
HF_MUST_CHECK hf_err hf_base32_encode(hf_bytes in, struct hf_out *out);
HF_MUST_CHECK hf_err hf_base32_decode(hf_bytes text, struct hf_out *out);
/* Base64url without padding (RFC 4648 s5); decoding refuses padding, foreign characters and non-zero
 * unused bits. Errors as above. */
HF_MUST_CHECK hf_err hf_base64url_encode(hf_bytes in, struct hf_out *out);
HF_MUST_CHECK hf_err hf_base64url_decode(hf_bytes text, struct hf_out *out);
/* Lower-case hexadecimal; reads either case. Errors as above. */
HF_MUST_CHECK hf_err hf_hex_encode(hf_bytes in, struct hf_out *out);
HF_MUST_CHECK hf_err hf_hex_decode(hf_bytes text, struct hf_out *out);

/* Big-endian integers at `p`. */
uint16_t hf_get_be16(const uint8_t p[static 2]);
uint32_t hf_get_be32(const uint8_t p[static 4]);
uint64_t hf_get_be64(const uint8_t p[static 8]);
void hf_put_be16(uint8_t p[static 2], uint16_t v);
void hf_put_be32(uint8_t p[static 4], uint32_t v);
void hf_put_be64(uint8_t p[static 8], uint64_t v);
/* CRC-32C (Castagnoli, RFC 3720 s12.1), for torn-write detection, never for authenticity. */
uint32_t hf_crc32c(hf_bytes data);
#endif
