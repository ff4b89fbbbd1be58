/* cose_encrypt.c -- COSE_Encrypt (RFC 9052 s5.1) to exactly one recipient by direct key agreement,
 * ECDH-ES + HKDF-256 (RFC 9053 s6.3.1). COSE allows no second recipient with this method.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

enum {
	EPK_KTY = 1, /* labels of a COSE_Key (RFC 9053 s7.1.1) and the two values we know */
	EPK_CRV = -1,
	EPK_X = -2,
	EPK_Y = -3,
	KTY_EC2 = 2,
	CRV_P256 = 1,
	COORDINATE_LEN = 32,
};

/* An ephemeral key pair lives for one message; its secret never leaves this function. */
static hf_err agree(const uint8_t peer[static HF_P256_POINT_LEN], struct hf_key *x,
		    uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_key secret HF_AUTO(hf_key_wipe) = { 0 };

	HF_TRY(hf_crypto_p256_check(peer));
	HF_TRY(hf_crypto_p256_generate(&secret, pub));
	return hf_crypto_p256_ecdh(&secret, peer, x);
}

static void put_recipient(struct hf_cborw *w, hf_bytes header, hf_bytes kid,
			  const uint8_t pub[static HF_P256_POINT_LEN])
{
	hf_cbor_put_array(w, 3);
	hf_cbor_put_bytes(w, header);
	hf_cbor_put_map(w, 2);
	hf_cbor_put_key(w, HF__COSE_HEADER_KID);
	hf_cbor_put_bytes(w, kid);
	hf_cbor_put_key(w, HF__COSE_HEADER_EPK);
	hf_cbor_put_map(w, 4);
	hf_cbor_put_key(w, EPK_KTY);
	hf_cbor_put_uint(w, KTY_EC2);
	hf_cbor_put_key(w, EPK_CRV);
	hf_cbor_put_uint(w, CRV_P256);
	hf_cbor_put_key(w, EPK_X);
	hf_cbor_put_bytes(w, (hf_bytes){ pub + 1, COORDINATE_LEN });
	hf_cbor_put_key(w, EPK_Y);
	hf_cbor_put_bool(w, pub[HF_P256_POINT_LEN - 1] & 1);
	hf_cbor_put_bytes(w, (hf_bytes){ 0 });
}

struct envelope {
	struct hf__cose_seal seal;
	hf_bytes recipient_header;
	hf_bytes kid;
	uint8_t pub[HF_P256_POINT_LEN];
};

static hf_err put_envelope(const struct envelope *e, hf_bytes plain, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_ENCRYPT);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, e->seal.header);
	hf_cbor_put_map(&w, 1);
	hf_cbor_put_key(&w, HF__COSE_HEADER_IV);
	hf_cbor_put_bytes(&w, HF_ARR(e->seal.iv));
	hf__cose_put_ciphertext(&w, &e->seal, plain);
	hf_cbor_put_array(&w, 1);
	put_recipient(&w, e->recipient_header, e->kid, e->pub);
	return hf_cbor_finish(&w);
}

hf_err hf_cose_encrypt_write(struct hf_port *port, const uint8_t peer[static HF_P256_POINT_LEN], hf_bytes kid,
			     hf_bytes aad, hf_bytes plain, struct hf_out *out)
{
	static const uint8_t header[] = { 0xa1, 0x01, 0x03 };                 /* {1: A256GCM} */
	static const uint8_t recipient_header[] = { 0xa1, 0x01, 0x38, 0x18 }; /* {1: ECDH-ES + HKDF-256} */
	struct hf_key x HF_AUTO(hf_key_wipe) = { 0 };
	struct hf_key key HF_AUTO(hf_key_wipe) = { 0 };
	struct envelope e = { .recipient_header = HF_ARR(recipient_header), .kid = kid };

	if (kid.len == 0 || kid.len > HF_COSE_MAX_KID_LEN)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__cose_from_crypto(agree(peer, &x, e.pub)));
	HF_TRY(hf__cose_content_key(HF_COSE_A256GCM, e.recipient_header, &x, &key));
	e.seal = (struct hf__cose_seal){ HF_STR("Encrypt"), HF_ARR(header), aad, &key, { 0 } };
	HF_TRY(hf_port_random(port, e.seal.iv, sizeof(e.seal.iv)));
	return put_envelope(&e, plain, out);
}

static void read_coordinate(struct hf_cborr *r, hf_bytes *c)
{
	hf_cbor_read_bytes_max(r, COORDINATE_LEN, c);
	if (c->len != COORDINATE_LEN)
		hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
}

void hf__cose_read_epk(struct hf_cborr *r, struct hf_cose_encrypt *e)
{
	hf_cbor_expect_map(r, 4);
	hf_cbor_expect_key(r, EPK_KTY);
	hf_cbor_expect_uint(r, KTY_EC2);
	hf_cbor_expect_key(r, EPK_CRV);
	hf_cbor_expect_uint(r, CRV_P256);
	hf_cbor_expect_key(r, EPK_X);
	read_coordinate(r, &e->x);
	hf_cbor_expect_key(r, EPK_Y);
	if (hf_cbor_peek(r) == HF_CBOR_SIMPLE)
		hf_cbor_read_bool(r, &e->y_is_odd);
	else
		read_coordinate(r, &e->y);
	hf_cbor_end(r);
}

static void read_recipient(struct hf_cborr *r, struct hf_cose_encrypt *e)
{
	hf_bytes none;

	hf_cbor_expect_array(r, 1);
	hf_cbor_expect_array(r, 3);
	hf_cbor_read_bytes(r, &e->recipient_header);
	hf_cbor_expect_map(r, 2);
	hf_cbor_expect_key(r, HF__COSE_HEADER_KID);
	hf_cbor_read_bytes_max(r, HF_COSE_MAX_KID_LEN, &e->kid);
	hf_cbor_expect_key(r, HF__COSE_HEADER_EPK);
	hf__cose_read_epk(r, e);
	hf_cbor_end(r);
	hf_cbor_read_bytes_max(r, 0, &none); /* direct key agreement carries no wrapped key */
}

static hf_err read(hf_bytes in, struct hf_cose_encrypt *e)
{
	hf_bytes no_kid;
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf__cose_expect(&r, HF_COSE_TAG_ENCRYPT, 4);
	hf_cbor_read_bytes(&r, &e->protected_header);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_key(&r, HF__COSE_HEADER_IV);
	hf_cbor_read_bytes_max(&r, HF_AEAD_NONCE_LEN, &e->iv);
	hf_cbor_end(&r);
	hf_cbor_read_bytes(&r, &e->ciphertext);
	read_recipient(&r, e);
	HF_TRY(hf_cbor_done(&r));
	HF_TRY(hf__cose_read_protected(e->recipient_header, &e->recipient_alg, &no_kid));
	if (no_kid.len > 0 || e->kid.len == 0)
		return HF_ERR_COSE_SHAPE;
	HF_TRY(hf__cose_read_protected(e->protected_header, &e->alg, &no_kid));
	if (no_kid.len > 0 || e->iv.len != HF_AEAD_NONCE_LEN || e->ciphertext.len < HF_AEAD_TAG_LEN)
		return HF_ERR_COSE_SHAPE;
	if (e->alg != HF_COSE_A256GCM || e->recipient_alg != HF_COSE_ECDH_ES_HKDF_256)
		return HF_ERR_COSE_ALG;
	return HF_OK;
}

hf_err hf_cose_encrypt_read(hf_bytes in, struct hf_cose_encrypt *e)
{
	hf_err err;

	*e = (struct hf_cose_encrypt){ 0 };
	err = hf__cose_from_cbor(read(in, e));
	if (err != HF_OK)
		*e = (struct hf_cose_encrypt){ 0 };
	return err;
}

static hf_err ephemeral_point(const struct hf_cose_encrypt *e, uint8_t pub[static HF_P256_POINT_LEN])
{
	uint8_t compressed[HF_P256_COMPRESSED_LEN];

	if (e->x.len != COORDINATE_LEN || (e->y.len != 0 && e->y.len != COORDINATE_LEN))
		return HF_ERR_BASE_MISUSE;
	if (e->y.len == 0) {
		compressed[0] = e->y_is_odd ? 3 : 2;
		memcpy(compressed + 1, e->x.ptr, COORDINATE_LEN);
		return hf_crypto_p256_decompress(compressed, pub);
	}
	pub[0] = 4;
	memcpy(pub + 1, e->x.ptr, COORDINATE_LEN);
	memcpy(pub + 1 + COORDINATE_LEN, e->y.ptr, COORDINATE_LEN);
	/* A point off the curve would leak the device's key piece by piece, so it never reaches derive(),
	 * whatever stands behind it. */
	return hf_crypto_p256_check(pub);
}

hf_err hf__cose_recipient_secret(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *key,
				 struct hf_key *x)
{
	uint8_t pub[HF_P256_POINT_LEN];

	HF_TRY(hf__cose_from_crypto(ephemeral_point(e, pub)));
	return hf__cose_from_crypto(key->derive(key->ctx, pub, x));
}

hf_err hf_cose_encrypt_open(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *key, hf_bytes aad,
			    struct hf_out *out)
{
	struct hf_key x HF_AUTO(hf_key_wipe) = { 0 };
	struct hf_key content HF_AUTO(hf_key_wipe) = { 0 };
	struct hf__cose_seal seal = { HF_STR("Encrypt"), e->protected_header, aad, &content, { 0 } };

	HF_TRY(hf__cose_recipient_secret(e, key, &x));
	HF_TRY(hf__cose_content_key(e->alg, e->recipient_header, &x, &content));
	HF_TRY(hf__cose_iv(e->iv, (hf_bytes){ 0 }, NULL, seal.iv));
	return hf__cose_open_ciphertext(&seal, e->ciphertext, out);
}
