/* digest.c -- how SUIT names bytes: SHA-256 of a byte string with its head, written [-16, digest].
 * SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

enum { HEAD_CAP = 3, ALG_SHA256 = -16, PREFIX_LEN = 4 };

/* Head of a byte string (RFC 8949 s3), shortest form. */
static size_t put_head(size_t len, uint8_t head[static HEAD_CAP])
{
	if (len < 24) {
		head[0] = (uint8_t)(0x40 | len);
		return 1;
	}
	if (len < 256) {
		head[0] = 0x58;
		head[1] = (uint8_t)len;
		return 2;
	}
	head[0] = 0x59;
	hf_put_be16(head + 1, (uint16_t)len);
	return 3;
}

hf_err hf__suit_digest(hf_bytes content, uint8_t digest[static HF_SHA256_LEN])
{
	uint8_t head[HEAD_CAP];
	hf_bytes part[2] = { { head, 0 }, content };

	if (content.len > UINT16_MAX)
		return HF_ERR_SUIT_LIMIT;
	part[0].len = put_head(content.len, head);
	return hf_crypto_sha256(part, 2, digest);
}

hf_bytes hf__suit_digest_value(hf_bytes encoded)
{
	static const uint8_t prefix[PREFIX_LEN] = { 0x82, 0x2f, 0x58, 0x20 };

	if (encoded.len != HF__DIGEST_LEN ||
	    !hf_bytes_equal((hf_bytes){ encoded.ptr, PREFIX_LEN }, HF_ARR(prefix)))
		return (hf_bytes){ 0 };
	return (hf_bytes){ encoded.ptr + PREFIX_LEN, HF_SHA256_LEN };
}

void hf__suit_put_digest(struct hf_cborw *w, hf_bytes value)
{
	hf_cbor_put_array(w, 2);
	hf_cbor_put_int(w, ALG_SHA256);
	hf_cbor_put_bytes(w, value);
}

hf_err hf_manifest_digest(hf_bytes manifest, uint8_t d[static HF_SHA256_LEN])
{
	return hf__suit_digest(manifest, d);
}

hf_err hf_text_digest(hf_bytes text, uint8_t digest[static HF_SHA256_LEN])
{
	return hf__suit_digest(text, digest);
}
