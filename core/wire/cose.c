/* cose.c -- what the signing shapes share: protected headers and Sig_structure.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

hf_err hf__cose_from_crypto(hf_err err)
{
	switch (err) {
	case HF_ERR_CRYPTO_SIGNATURE:
		return HF_ERR_COSE_SIGNATURE;
	case HF_ERR_CRYPTO_POINT:
		return HF_ERR_COSE_POINT;
	case HF_ERR_CRYPTO_TAG:
		return HF_ERR_COSE_DECRYPT;
	default:
		return err;
	}
}

hf_err hf__cose_from_cbor(hf_err err)
{
	switch (err) {
	case HF_ERR_CBOR_TYPE:
	case HF_ERR_CBOR_RANGE:
	case HF_ERR_CBOR_COUNT:
	case HF_ERR_CBOR_KEY:
		return HF_ERR_COSE_SHAPE;
	default:
		return err;
	}
}

hf_err hf__cose_build_protected(int64_t alg, hf_bytes kid, struct hf_out *out)
{
	struct hf_cborw w;

	if (kid.len > HF_COSE_MAX_KID_LEN)
		return HF_ERR_COSE_LIMIT;
	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, kid.len > 0 ? 2 : 1);
	hf_cbor_put_key(&w, HF__COSE_HEADER_ALG);
	hf_cbor_put_int(&w, alg);
	if (kid.len > 0) {
		hf_cbor_put_key(&w, HF__COSE_HEADER_KID);
		hf_cbor_put_bytes(&w, kid);
	}
	return hf_cbor_finish(&w);
}

hf_err hf__cose_read_protected(hf_bytes header, int64_t *alg, hf_bytes *kid)
{
	struct hf_cborr r;
	size_t n;

	*kid = (hf_bytes){ 0 };
	hf_cbor_reader(&r, header);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, HF__COSE_HEADER_ALG);
	hf_cbor_read_int(&r, alg);
	if (hf_cbor_try_key(&r, HF__COSE_HEADER_KID)) {
		hf_cbor_read_bytes_max(&r, HF_COSE_MAX_KID_LEN, kid);
		if (kid->len == 0)
			hf_cbor_reader_fail(&r, HF_ERR_COSE_SHAPE);
	}
	return hf_cbor_done(&r);
}

void hf__cose_expect(struct hf_cborr *r, uint64_t tag, size_t n)
{
	hf_cbor_expect_tag(r, tag);
	hf_cbor_expect_array(r, n);
}

static void add_head(struct hf__cose_tbs *t, hf_bytes head)
{
	t->part[t->n++] = (hf_bytes){ t->heads_out.ptr + t->heads_out.len, head.len };
	memcpy(t->heads_out.ptr + t->heads_out.len, head.ptr, head.len);
	t->heads_out.len += head.len;
}

static void add_string(struct hf__cose_tbs *t, hf_bytes content)
{
	uint8_t head[HF__CBOR_HEAD_CAP];

	add_head(t, (hf_bytes){ head, hf__cbor_head(head, HF_CBOR_BYTES, content.len) });
	t->part[t->n++] = content;
}

void hf__cose_tbs(struct hf__cose_tbs *t, const struct hf__cose_tbs_input *in)
{
	/* Encodings of the array head and the context text. */
	static const uint8_t sign1[] = { 0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1' };
	static const uint8_t sign[] = { 0x85, 0x69, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e' };

	t->n = 0;
	t->heads_out = HF_OUT(t->heads);
	add_head(t, in->sign_header == NULL ? HF_ARR(sign1) : HF_ARR(sign));
	add_string(t, in->body_header);
	if (in->sign_header != NULL)
		add_string(t, *in->sign_header);
	add_string(t, in->aad);
	add_string(t, in->payload);
}

hf_err hf__cose_tbs_join(const struct hf__cose_tbs *t, struct hf_out *out)
{
	out->len = 0;
	for (size_t i = 0; i < t->n; i++)
		HF_TRY(hf_out_put(out, t->part[i]));
	return HF_OK;
}

static hf_err sign_es256(const struct hf_hwkey *hw, const struct hf__cose_tbs *t,
			 uint8_t sig[static HF__COSE_SIG_LEN])
{
	uint8_t digest[HF_SHA256_LEN];

	if (hw == NULL || hw->curve != HF_CURVE_P256)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_crypto_sha256(t->part, t->n, digest));
	return hw->sign(hw->ctx, digest, sizeof(digest), sig);
}

static hf_err sign_ed25519(const struct hf_cose_signer *signer, const struct hf__cose_tbs *t,
			   struct hf_out *scratch, uint8_t sig[static HF__COSE_SIG_LEN])
{
	const struct hf_hwkey *hw = signer->hw;
	bool outside = hw != NULL && hw->curve == HF_CURVE_ED25519;

	if (scratch == NULL || (signer->seed == NULL && !outside))
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__cose_tbs_join(t, scratch));
	if (signer->seed != NULL)
		return hf_crypto_ed25519_sign(signer->seed, hf_out_bytes(scratch), sig);
	return hw->sign(hw->ctx, scratch->ptr, scratch->len, sig);
}

hf_err hf__cose_make_signature(const struct hf_cose_signer *signer, const struct hf__cose_tbs *t,
			       struct hf_out *scratch, uint8_t sig[static HF__COSE_SIG_LEN])
{
	if (signer->alg == HF_COSE_ES256)
		return sign_es256(signer->hw, t, sig);
	if (signer->alg == HF_COSE_ED25519)
		return sign_ed25519(signer, t, scratch, sig);
	return HF_ERR_BASE_MISUSE;
}

static hf_err verify_es256(hf_bytes signature, hf_bytes point, const struct hf__cose_tbs *t)
{
	uint8_t digest[HF_SHA256_LEN];

	if (point.len != HF_P256_POINT_LEN)
		return HF_ERR_COSE_POINT;
	HF_TRY(hf_crypto_sha256(t->part, t->n, digest));
	return hf_crypto_p256_verify(point.ptr, digest, signature.ptr);
}

static hf_err verify_ed25519(hf_bytes signature, hf_bytes key, const struct hf__cose_tbs *t,
			     struct hf_out *scratch)
{
	if (key.len != HF_ED25519_PUB_LEN)
		return HF_ERR_COSE_POINT;
	if (scratch == NULL)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_crypto_ed25519_check(key.ptr));
	HF_TRY(hf__cose_tbs_join(t, scratch));
	return hf_crypto_ed25519_verify(key.ptr, hf_out_bytes(scratch), signature.ptr);
}

hf_err hf__cose_check_signature(int64_t alg, hf_bytes signature, const struct hf_cose_pub *key,
				const struct hf__cose_tbs *t, struct hf_out *scratch)
{
	if (alg != key->alg)
		return HF_ERR_COSE_ALG;
	if (alg != HF_COSE_ES256 && alg != HF_COSE_ED25519)
		return HF_ERR_COSE_ALG;
	if (signature.len != HF__COSE_SIG_LEN)
		return HF_ERR_COSE_SIGNATURE;
	if (alg == HF_COSE_ES256)
		return hf__cose_from_crypto(verify_es256(signature, key->key, t));
	return hf__cose_from_crypto(verify_ed25519(signature, key->key, t, scratch));
}
