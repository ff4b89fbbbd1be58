/* cose_seal.c -- what the encrypting shapes share: Enc_structure, key derivation, the AES-GCM call.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

uint8_t hf__cose_key_len(int64_t alg)
{
	if (alg == HF_COSE_A256GCM)
		return 32;
	return alg == HF_COSE_A128GCM ? 16 : 0;
}

hf_err hf__cose_enc_structure(hf_bytes context, hf_bytes header, hf_bytes aad, struct hf_out *out)
{
	struct hf_cborw w;

	if (aad.len > HF_COSE_MAX_SEAL_AAD_LEN)
		return HF_ERR_COSE_LIMIT;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_text(&w, context);
	hf_cbor_put_bytes(&w, header);
	hf_cbor_put_bytes(&w, aad);
	return hf_cbor_finish(&w);
}

static void put_unnamed_party(struct hf_cborw *w)
{
	hf_cbor_put_array(w, 3);
	for (int i = 0; i < 3; i++)
		hf_cbor_put_null(w);
}

hf_err hf__cose_kdf_context(int64_t alg, hf_bytes recipient_header, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_int(&w, alg);
	put_unnamed_party(&w);
	put_unnamed_party(&w);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_uint(&w, hf__cose_key_len(alg) * 8u);
	hf_cbor_put_bytes(&w, recipient_header);
	return hf_cbor_finish(&w);
}

hf_err hf__cose_content_key(int64_t alg, hf_bytes recipient_header, const struct hf_key *secret,
			    struct hf_key *key)
{
	uint8_t mem[HF__COSE_KDF_CONTEXT_CAP];
	struct hf_out context = HF_OUT(mem);
	hf_bytes x = { secret->b, secret->len };

	key->len = hf__cose_key_len(alg);
	if (key->len == 0)
		return HF_ERR_COSE_ALG;
	HF_TRY(hf__cose_kdf_context(alg, recipient_header, &context));
	return hf_crypto_hkdf((hf_bytes){ 0 }, x, hf_out_bytes(&context), key->b, key->len);
}

hf_err hf__cose_iv(hf_bytes iv, hf_bytes partial_iv, const uint8_t *base_iv,
		   uint8_t out[static HF_AEAD_NONCE_LEN])
{
	size_t skip;

	if (iv.len == HF_AEAD_NONCE_LEN && partial_iv.len == 0) {
		memcpy(out, iv.ptr, HF_AEAD_NONCE_LEN);
		return HF_OK;
	}
	if (base_iv == NULL || iv.len != 0 || partial_iv.len == 0 || partial_iv.len > HF_AEAD_NONCE_LEN)
		return HF_ERR_COSE_SHAPE;
	memcpy(out, base_iv, HF_AEAD_NONCE_LEN);
	skip = HF_AEAD_NONCE_LEN - partial_iv.len;
	for (size_t i = 0; i < partial_iv.len; i++)
		out[skip + i] ^= partial_iv.ptr[i];
	return HF_OK;
}

void hf__cose_put_ciphertext(struct hf_cborw *w, const struct hf__cose_seal *s, hf_bytes plain)
{
	uint8_t mem[HF__COSE_ENC_STRUCTURE_CAP];
	struct hf_out aad = HF_OUT(mem);
	uint8_t *space = NULL;

	hf_cbor_writer_fail(w, hf__cose_enc_structure(s->context, s->header, s->aad, &aad));
	if (plain.len > SIZE_MAX - HF_AEAD_TAG_LEN)
		hf_cbor_writer_fail(w, HF_ERR_COSE_LIMIT);
	else
		space = hf__cbor_put_space(w, plain.len + HF_AEAD_TAG_LEN);
	if (space != NULL)
		hf_cbor_writer_fail(w, hf_crypto_aead_seal(s->key, s->iv, hf_out_bytes(&aad), plain, space));
}

hf_err hf__cose_open_ciphertext(const struct hf__cose_seal *s, hf_bytes ciphertext, struct hf_out *out)
{
	uint8_t mem[HF__COSE_ENC_STRUCTURE_CAP];
	struct hf_out aad = HF_OUT(mem);

	if (ciphertext.len < HF_AEAD_TAG_LEN)
		return HF_ERR_COSE_SHAPE;
	if (ciphertext.len - HF_AEAD_TAG_LEN > out->cap - out->len)
		return HF_ERR_BASE_NO_ROOM;
	HF_TRY(hf__cose_enc_structure(s->context, s->header, s->aad, &aad));
	HF_TRY(hf__cose_from_crypto(
		hf_crypto_aead_open(s->key, s->iv, hf_out_bytes(&aad), ciphertext, out->ptr + out->len)));
	out->len += ciphertext.len - HF_AEAD_TAG_LEN;
	return HF_OK;
}
