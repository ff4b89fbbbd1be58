/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/hello.h>
#include "identity_priv.h"

enum { KEY_SERIAL = 1, KEY_BOOT = 2, KEY_PROMOTED = 3, PAYLOAD_CAP = 48 };

static const char aad[] = "hf/hello/1";
#define AAD ((hf_bytes){ (const uint8_t *)aad, sizeof(aad) - 1 })

hf_err hf_hello_write(const struct hf_hello *h, const struct hf_hwkey *key, struct hf_out *out)
{
	const struct hf_cose_signer s = { HF_COSE_ES256, { NULL, 0 }, key, NULL };
	uint8_t mem[PAYLOAD_CAP];
	struct hf_out payload = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &payload);
	hf_cbor_put_map(&w, 3);
	hf_cbor_put_key(&w, KEY_SERIAL);
	hf_cbor_put_bytes(&w, HF_ARR(h->serial));
	hf_cbor_put_key(&w, KEY_BOOT);
	hf_cbor_put_uint(&w, h->boot_count);
	hf_cbor_put_key(&w, KEY_PROMOTED);
	hf_cbor_put_bool(&w, h->promoted);
	HF_TRY(hf_cbor_finish(&w));
	return hf_cose_sign1_write(&s, AAD, hf_out_bytes(&payload), false, NULL, out);
}

static hf_err read_payload(hf_bytes payload, struct hf_hello *h)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 3);
	hf_cbor_expect_key(&r, KEY_SERIAL);
	hf_cbor_read_fixed(&r, h->serial, sizeof(h->serial));
	hf_cbor_expect_key(&r, KEY_BOOT);
	hf_cbor_read_uint(&r, &h->boot_count);
	hf_cbor_expect_key(&r, KEY_PROMOTED);
	hf_cbor_read_bool(&r, &h->promoted);
	return hf_cbor_done(&r) == HF_OK ? HF_OK : HF_ERR_HELLO_SHAPE;
}

hf_err hf_hello_open(hf_bytes object, const uint8_t spki[static HF_P256_POINT_LEN], struct hf_hello *h)
{
	const struct hf_cose_pub pub = { HF_COSE_ES256, { spki, HF_P256_POINT_LEN } };
	struct hf_cose_sign1 s;
	struct hf_hello found;

	memset(h, 0, sizeof(*h));
	if (hf_cose_sign1_read(object, &s) != HF_OK || s.detached)
		return HF_ERR_HELLO_SHAPE;
	HF_TRY(hf_cose_sign1_verify(&s, &pub, AAD, NULL));
	HF_TRY(read_payload(s.payload, &found));
	*h = found;
	return HF_OK;
}

hf_err hf_hello_ack_write(hf_bytes hello, uint64_t now_s, struct hf_out *out)
{
	uint8_t hash[HF_SHA256_LEN];
	struct hf_cborw w;

	HF_TRY(hf_crypto_sha256(&hello, 1, hash));
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_bytes(&w, HF_ARR(hash));
	hf_cbor_put_uint(&w, now_s);
	return hf_cbor_finish(&w);
}

hf_err hf_hello_ack_read(hf_bytes ack, hf_bytes hello, uint64_t *now_s)
{
	uint8_t hash[HF_SHA256_LEN], own[HF_SHA256_LEN];
	struct hf_cborr r;
	uint64_t time_s = 0;

	*now_s = 0;
	hf_cbor_reader(&r, ack);
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_fixed(&r, hash, sizeof(hash));
	hf_cbor_read_uint_max(&r, INT64_MAX, &time_s);
	if (hf_cbor_done(&r) != HF_OK)
		return HF_ERR_HELLO_SHAPE;
	HF_TRY(hf_crypto_sha256(&hello, 1, own));
	if (!hf_bytes_equal(HF_ARR(hash), HF_ARR(own)))
		return HF_ERR_HELLO_OTHER;
	*now_s = time_s;
	return HF_OK;
}
