/* open.c -- the owner's side of a stream: nothing of a key or frame is believed before its signature or
 * tag is right.
 * SPDX-License-Identifier: Apache-2.0 */
#include "seal_priv.h"

void hf_seal_key_wipe(struct hf_seal_key *key)
{
	hf_wipe(key, sizeof(*key));
}

static void read_cose_key(struct hf_cborr *r, struct hf_seal_key *key)
{
	hf_cbor_expect_map(r, 5);
	hf_cbor_expect_key(r, HF__SEAL_KEY_KTY);
	hf_cbor_expect_uint(r, HF__SEAL_KTY_SYMMETRIC);
	hf_cbor_expect_key(r, HF__SEAL_KEY_KID);
	hf_cbor_read_fixed(r, key->kid, sizeof(key->kid));
	hf_cbor_expect_key(r, HF__SEAL_KEY_ALG);
	hf_cbor_expect_uint(r, HF_COSE_A256GCM);
	hf_cbor_expect_key(r, HF__SEAL_KEY_BASE_IV);
	hf_cbor_read_fixed(r, key->base_iv, sizeof(key->base_iv));
	hf_cbor_expect_key(r, HF__SEAL_KEY_K);
	hf_cbor_read_fixed(r, key->key.b, HF_KEY_CAP);
	key->key.len = HF_KEY_CAP;
}

static void read_stream(struct hf_cborr *r, struct hf_seal_key *key)
{
	hf_bytes stream;

	hf_cbor_read_text_max(r, HF_SEAL_MAX_STREAM_LEN, &stream);
	if (stream.len == 0) {
		hf_cbor_reader_fail(r, HF_ERR_SEAL_SHAPE);
		return;
	}
	memcpy(key->stream, stream.ptr, stream.len);
	key->stream_len = (uint8_t)stream.len;
}

static hf_err read_claims(hf_bytes claims, hf_bytes dev, struct hf_seal_key *key)
{
	struct hf_cborr r;
	uint64_t iat = 0;
	hf_bytes named;
	size_t n;

	hf_cbor_reader(&r, claims);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, HF__SEAL_CLAIM_DEV);
	hf_cbor_read_text(&r, &named);
	key->has_time = hf_cbor_try_key(&r, HF__SEAL_CLAIM_IAT);
	if (key->has_time)
		hf_cbor_read_uint_max(&r, INT64_MAX, &iat);
	key->unix_s = (int64_t)iat;
	hf_cbor_expect_key(&r, HF__SEAL_CLAIM_HOLDFAST);
	hf_cbor_expect_array(&r, 2);
	read_stream(&r, key);
	read_cose_key(&r, key);
	if (hf_cbor_done(&r) != HF_OK)
		return HF_ERR_SEAL_SHAPE;
	return hf_bytes_equal(named, dev) ? HF_OK : HF_ERR_SEAL_DEV;
}

struct opened {
	uint8_t mem[HF_SEAL_KEY_CAP];
};

static void opened_wipe(struct opened *o)
{
	hf_wipe(o, sizeof(*o));
}

static hf_err open_key(hf_bytes object, const struct hf_ecdhkey *owner, const struct hf_cose_pub *device,
		       hf_bytes dev, struct hf_seal_key *key)
{
	struct opened opened HF_AUTO(opened_wipe) = { { 0 } };
	struct hf_out signed_key = HF_OUT(opened.mem);
	uint8_t aad_mem[HF__SEAL_AAD_CAP];
	hf_bytes external = hf__seal_key_aad(dev, aad_mem), claims;
	struct hf_cose_encrypt e;

	HF_TRY(hf_cose_encrypt_read(object, &e));
	if (e.ciphertext.len > sizeof(opened.mem))
		return HF_ERR_SEAL_SHAPE;
	HF_TRY(hf_cose_encrypt_open(&e, owner, external, &signed_key));
	HF_TRY(hf_cose_sign1_open(hf_out_bytes(&signed_key), device, external, NULL, &claims));
	return read_claims(claims, dev, key);
}

hf_err hf_seal_key_open(hf_bytes object, const struct hf_ecdhkey *owner, const struct hf_cose_pub *device,
			hf_bytes dev, struct hf_seal_key *key)
{
	hf_err err;

	*key = (struct hf_seal_key){ 0 };
	if (dev.len != HF_SEAL_DEV_LEN || device->alg != HF_COSE_ES256)
		return HF_ERR_BASE_MISUSE;
	err = open_key(object, owner, device, dev, key);
	if (err != HF_OK)
		hf_seal_key_wipe(key);
	return err;
}

hf_err hf_seal_key_find(hf_bytes message, const uint8_t kid[static HF_KID_LEN], hf_bytes *object)
{
	hf_bytes mine = { kid, HF_KID_LEN };
	struct hf_cose_encrypt e;
	struct hf_cborr r;

	*object = (hf_bytes){ 0 };
	hf_cbor_reader(&r, message);
	for (int n = 0; n < HF_SEAL_MAX_OWNERS && r.at < message.len; n++) {
		hf_bytes item;

		hf_cbor_capture(&r, &item);
		HF_TRY(hf_cbor_error(&r));
		HF_TRY(hf_cose_encrypt_read(item, &e));
		if (hf_bytes_equal(e.kid, mine)) {
			*object = item;
			return HF_OK;
		}
	}
	return r.at < message.len ? HF_ERR_SEAL_SHAPE : HF_ERR_SEAL_KEY;
}

static hf_err read_frame(hf_bytes frame, struct hf_cose_encrypt0 *e, uint32_t *counter)
{
	*counter = 0;
	if (frame.len > HF_SEAL_MAX_FRAME_LEN)
		return HF_ERR_SEAL_SHAPE;
	HF_TRY(hf_cose_encrypt0_read(frame, e));
	if (e->kid.len != HF_KID_LEN || e->partial_iv.len != HF__SEAL_COUNTER_LEN)
		return HF_ERR_SEAL_SHAPE;
	*counter = hf_get_be32(e->partial_iv.ptr);
	return HF_OK;
}

hf_err hf_seal_frame_peek(hf_bytes frame, uint8_t kid[static HF_KID_LEN], uint32_t *counter)
{
	struct hf_cose_encrypt0 e;

	memset(kid, 0, HF_KID_LEN);
	HF_TRY(read_frame(frame, &e, counter));
	memcpy(kid, e.kid.ptr, HF_KID_LEN);
	return HF_OK;
}

hf_err hf_seal_frame_open(hf_bytes frame, const struct hf_seal_key *key, hf_bytes dev, uint32_t *counter,
			  struct hf_out *plain)
{
	uint8_t aad_mem[HF__SEAL_AAD_CAP];
	struct hf_cose_encrypt0 e;
	uint32_t claimed;

	*counter = 0;
	if (dev.len != HF_SEAL_DEV_LEN || key->key.len == 0)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(read_frame(frame, &e, &claimed));
	if (!hf_bytes_equal(e.kid, HF_ARR(key->kid)))
		return HF_ERR_SEAL_KEY;
	HF_TRY(hf_cose_encrypt0_open(&e, &key->key, key->base_iv, hf__seal_frame_aad(dev, aad_mem), plain));
	*counter = claimed;
	return HF_OK;
}
