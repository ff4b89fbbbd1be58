/* base64.c -- the padded code by way of base64url: two characters differ, and the padding is judged here.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/base64.h>

static uint8_t swap(uint8_t c, const char *from, const char *to)
{
	return (uint8_t)(c == (uint8_t)from[0] ? to[0] : c == (uint8_t)from[1] ? to[1] : c);
}

hf_err hf_base64_encode(hf_bytes in, struct hf_out *out)
{
	size_t start = out->len, need = (in.len + 2) / 3 * 4;

	if (in.len > SIZE_MAX / 2 || need > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	HF_TRY(hf_base64url_encode(in, out));
	for (size_t i = start; i < out->len; i++)
		out->ptr[i] = swap(out->ptr[i], "-_", "+/");
	while (out->len - start < need)
		out->ptr[out->len++] = '=';
	return HF_OK;
}

/* Four characters give up to three bytes; only the last four may be padded. */
static hf_err decode_four(const uint8_t *four, size_t n, struct hf_out *out)
{
	uint8_t url[4];

	for (size_t i = 0; i < n; i++) {
		if (four[i] == '-' || four[i] == '_')
			return HF_ERR_BASE_TEXT;
		url[i] = swap(four[i], "+/", "-_");
	}
	return hf_base64url_decode((hf_bytes){ url, n }, out);
}

hf_err hf_base64_decode(hf_bytes text, struct hf_out *out)
{
	size_t start = out->len;
	hf_err err = text.len % 4 == 0 ? HF_OK : HF_ERR_BASE_TEXT;

	for (size_t at = 0; at < text.len && err == HF_OK; at += 4) {
		size_t n = 4;

		if (at + 4 == text.len && text.ptr[at + 3] == '=')
			n = text.ptr[at + 2] == '=' ? 2 : 3;
		err = decode_four(text.ptr + at, n, out);
	}
	if (err != HF_OK)
		out->len = start;
	return err;
}
