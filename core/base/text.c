/* text.c -- base32, base64url and hexadecimal by one engine: a code is an alphabet and its bits per
 * character. Unused bits must be zero, so every value has exactly one spelling.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/base.h>

struct code {
	unsigned bits;
	char alphabet[65];
};

static const struct code base32 = { 5, "abcdefghijklmnopqrstuvwxyz234567" };
static const struct code base64url = { 6,
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" };
static const struct code hex = { 4, "0123456789abcdef" };

static hf_err encode(const struct code *code, hf_bytes in, struct hf_out *out)
{
	size_t need = (in.len * 8 + code->bits - 1) / code->bits;
	uint32_t acc = 0;
	unsigned held = 0;

	if (in.len > SIZE_MAX / 8 - 8 || need > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	for (size_t i = 0; i < in.len; i++) {
		acc = (acc << 8 | in.ptr[i]) & 0xffff;
		for (held += 8; held >= code->bits; held -= code->bits)
			out->ptr[out->len++] =
				(uint8_t)
					code->alphabet[acc >> (held - code->bits) & ((1u << code->bits) - 1)];
	}
	if (held > 0)
		out->ptr[out->len++] =
			(uint8_t)code->alphabet[acc << (code->bits - held) & ((1u << code->bits) - 1)];
	return HF_OK;
}

/* Value of a character, or -1; every row of the alphabet is visited, so secrets in text do not show
 * in the time it takes. */
static int value_of(const struct code *code, uint8_t c)
{
	int found = -1;

	if (code->bits < 6 && c >= 'A' && c <= 'Z')
		c = (uint8_t)(c - 'A' + 'a');
	for (int i = 0; i < 1 << code->bits; i++) {
		int same = (uint8_t)code->alphabet[i] == c;
		found = (found & -(1 - same)) | (i & -same);
	}
	return found;
}

static hf_err decode(const struct code *code, hf_bytes text, struct hf_out *out)
{
	size_t start = out->len;
	uint32_t acc = 0;
	unsigned held = 0;

	if (text.len > SIZE_MAX / 8 || text.len * code->bits / 8 > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	for (size_t i = 0; i < text.len; i++) {
		int v = value_of(code, text.ptr[i]);

		if (v < 0) {
			out->len = start;
			return HF_ERR_BASE_TEXT;
		}
		acc = (acc << code->bits | (uint32_t)v) & 0xffff;
		held += code->bits;
		if (held >= 8) {
			held -= 8;
			out->ptr[out->len++] = (uint8_t)(acc >> held);
		}
	}
	/* A whole unused character, or a set unused bit, would give one value two spellings. */
	if (held >= code->bits || (acc & ((1u << held) - 1)) != 0) {
		out->len = start;
		return HF_ERR_BASE_TEXT;
	}
	return HF_OK;
}

hf_err hf_base32_encode(hf_bytes in, struct hf_out *out)
{
	return encode(&base32, in, out);
}

hf_err hf_base32_decode(hf_bytes text, struct hf_out *out)
{
	return decode(&base32, text, out);
}

hf_err hf_base64url_encode(hf_bytes in, struct hf_out *out)
{
	return encode(&base64url, in, out);
}

hf_err hf_base64url_decode(hf_bytes text, struct hf_out *out)
{
	return decode(&base64url, text, out);
}

hf_err hf_hex_encode(hf_bytes in, struct hf_out *out)
{
	return encode(&hex, in, out);
}

hf_err hf_hex_decode(hf_bytes text, struct hf_out *out)
{
	return decode(&hex, text, out);
}
