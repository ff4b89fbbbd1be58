/* cose_sign1.c -- COSE_Sign1 (RFC 9052 s4.2): writer and reader of one message together.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

static hf_err sign(const struct hf_cose_signer *signer, hf_bytes header, hf_bytes aad, hf_bytes payload,
		   struct hf_out *scratch, uint8_t sig[static HF__COSE_SIG_LEN])
{
	struct hf__cose_tbs t;

	hf__cose_tbs(&t, &(struct hf__cose_tbs_input){ header, NULL, aad, payload });
	return hf__cose_make_signature(signer, &t, scratch, sig);
}

hf_err hf_cose_sign1_write(const struct hf_cose_signer *signer, hf_bytes aad, hf_bytes payload, bool detached,
			   struct hf_out *scratch, struct hf_out *out)
{
	uint8_t mem[HF__COSE_PROTECTED_CAP], sig[HF__COSE_SIG_LEN];
	struct hf_out header = HF_OUT(mem);
	struct hf_cborw w;

	HF_TRY(hf__cose_build_protected(signer->alg, signer->kid, &header));
	HF_TRY(sign(signer, hf_out_bytes(&header), aad, payload, scratch, sig));
	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN1);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, hf_out_bytes(&header));
	hf_cbor_put_map(&w, 0);
	if (detached)
		hf_cbor_put_null(&w);
	else
		hf_cbor_put_bytes(&w, payload);
	hf_cbor_put_bytes(&w, HF_ARR(sig));
	return hf_cbor_finish(&w);
}

static hf_err read(hf_bytes in, struct hf_cose_sign1 *s)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, in);
	hf__cose_expect(&r, HF_COSE_TAG_SIGN1, 4);
	hf_cbor_read_bytes(&r, &s->protected_header);
	hf_cbor_expect_map(&r, 0);
	hf_cbor_end(&r);
	s->detached = hf_cbor_try_null(&r);
	if (!s->detached)
		hf_cbor_read_bytes(&r, &s->payload);
	hf_cbor_read_bytes_max(&r, HF_COSE_MAX_SIGNATURE_LEN, &s->signature);
	HF_TRY(hf_cbor_done(&r));
	return hf__cose_read_protected(s->protected_header, &s->alg, &s->kid);
}

hf_err hf_cose_sign1_read(hf_bytes in, struct hf_cose_sign1 *s)
{
	hf_err err;

	*s = (struct hf_cose_sign1){ 0 };
	err = hf__cose_from_cbor(read(in, s));
	if (err != HF_OK)
		*s = (struct hf_cose_sign1){ 0 };
	return err;
}

hf_err hf_cose_sign1_verify(const struct hf_cose_sign1 *s, const struct hf_cose_pub *key, hf_bytes aad,
			    struct hf_out *scratch)
{
	struct hf__cose_tbs t;

	hf__cose_tbs(&t, &(struct hf__cose_tbs_input){ s->protected_header, NULL, aad, s->payload });
	return hf__cose_check_signature(s->alg, s->signature, key, &t, scratch);
}

hf_err hf_cose_sign1_open(hf_bytes in, const struct hf_cose_pub *key, hf_bytes aad, struct hf_out *scratch,
			  hf_bytes *payload)
{
	struct hf_cose_sign1 s;

	*payload = (hf_bytes){ 0 };
	HF_TRY(hf_cose_sign1_read(in, &s));
	if (s.detached)
		return HF_ERR_COSE_SHAPE;
	HF_TRY(hf_cose_sign1_verify(&s, key, aad, scratch));
	*payload = s.payload;
	return HF_OK;
}
