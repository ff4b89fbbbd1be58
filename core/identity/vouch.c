/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/vouch.h>
#include "identity_priv.h"

enum { AAD_CAP = 32, N_VOUCH = 7 };
#define FORMAT HF_STR("hf-vouch1")
#define AAD HF_STR("hf/vouch/1/")

struct aad {
	uint8_t b[AAD_CAP];
	struct hf_out out;
};

/* The device is also in the additional data: nobody can show a vouch as one for another device. */
static hf_err make_aad(struct aad *a, const char *dev)
{
	a->out = HF_OUT(a->b);
	HF_TRY(hf_out_put(&a->out, AAD));
	return hf_out_put(&a->out, (hf_bytes){ (const uint8_t *)dev, HF_DEV_LEN });
}

static hf_err write_payload(const struct hf_vouch *v, struct hf_out *out)
{
	hf_bytes dev = { (const uint8_t *)v->e.dev, HF_DEV_LEN };
	struct hf_cborw w;

	if (hf_identity_check_dev(dev) != HF_OK || v->e.gen > HF_ENDORSE_MAX_GEN ||
	    v->n_earlier > HF_VOUCH_MAX_EARLIER)
		return HF_ERR_BASE_MISUSE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, N_VOUCH);
	hf_cbor_put_text(&w, FORMAT);
	hf_cbor_put_text(&w, dev);
	hf_cbor_put_uint(&w, v->e.gen);
	hf_cbor_put_bytes(&w, HF_ARR(v->e.signing));
	hf_cbor_put_bytes(&w, HF_ARR(v->e.encryption));
	hf_cbor_put_uint(&w, v->time);
	hf_cbor_put_array(&w, v->n_earlier);
	for (size_t i = 0; i < v->n_earlier; i++)
		hf_cbor_put_bytes(&w, HF_ARR(v->earlier[i]));
	return hf_cbor_finish(&w);
}

hf_err hf_vouch_write(const struct hf_vouch *v, const struct hf_hwkey *signer, struct hf_out *out)
{
	uint8_t mem[HF_VOUCH_MAX_LEN], kid[HF_KID_LEN];
	struct hf_cose_signer s = { HF_COSE_ES256, HF_ARR(kid), signer, NULL };
	struct hf_out payload = HF_OUT(mem);
	struct aad aad;

	HF_TRY(write_payload(v, &payload));
	HF_TRY(make_aad(&aad, v->e.dev));
	HF_TRY(hf_crypto_kid((hf_bytes){ signer->pub, HF_P256_POINT_LEN }, kid));
	return hf_cose_sign1_write(&s, hf_out_bytes(&aad.out), hf_out_bytes(&payload), false, NULL, out);
}

static hf_err read_payload(hf_bytes payload, struct hf_vouch *v)
{
	hf_bytes dev = { NULL, 0 };
	struct hf_cborr r;
	uint64_t gen = 0;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_array(&r, N_VOUCH);
	hf_cbor_expect_text(&r, FORMAT);
	hf_cbor_read_text_max(&r, HF_DEV_LEN, &dev);
	hf_cbor_read_uint_max(&r, HF_ENDORSE_MAX_GEN, &gen);
	hf_cbor_read_fixed(&r, v->e.signing, sizeof(v->e.signing));
	hf_cbor_read_fixed(&r, v->e.encryption, sizeof(v->e.encryption));
	hf_cbor_read_uint(&r, &v->time);
	hf_cbor_read_array(&r, &v->n_earlier);
	if (v->n_earlier > HF_VOUCH_MAX_EARLIER)
		return HF_ERR_VOUCH_SHAPE;
	for (size_t i = 0; i < v->n_earlier; i++)
		hf_cbor_read_fixed(&r, v->earlier[i], sizeof(v->earlier[i]));
	if (hf_cbor_done(&r) != HF_OK || hf_identity_check_dev(dev) != HF_OK)
		return HF_ERR_VOUCH_SHAPE;
	memcpy(v->e.dev, dev.ptr, HF_DEV_LEN);
	v->e.gen = (uint32_t)gen;
	return HF_OK;
}

static hf_err check_signer(const struct hf_cose_sign1 *s, const struct hf_policy *policy, uint64_t now,
			   struct hf_vouch *v)
{
	const struct hf_policy_key *key;
	struct hf_cose_pub pub;
	struct aad aad;
	hf_err err;

	v->signer = hf_policy_find(policy, s->kid);
	if (v->signer < 0)
		return HF_ERR_VOUCH_SIGNER;
	key = &policy->key[v->signer];
	if (key->role != HF_ROLE_NAMED || key->alg != HF_COSE_ES256 ||
	    (key->not_after != 0 && (uint64_t)key->not_after < now))
		return HF_ERR_VOUCH_SIGNER;
	HF_TRY(make_aad(&aad, v->e.dev));
	pub = (struct hf_cose_pub){ HF_COSE_ES256, key->pub };
	err = hf_cose_sign1_verify(s, &pub, hf_out_bytes(&aad.out), NULL);
	return err == HF_ERR_COSE_SIGNATURE || err == HF_ERR_COSE_ALG ? HF_ERR_VOUCH_SIGNATURE : err;
}

static hf_err check_points(const struct hf_vouch *v)
{
	HF_TRY(hf_crypto_p256_check(v->e.signing));
	HF_TRY(hf_crypto_p256_check(v->e.encryption));
	for (size_t i = 0; i < v->n_earlier; i++)
		HF_TRY(hf_crypto_p256_check(v->earlier[i]));
	return HF_OK;
}

static hf_err open_vouch(hf_bytes object, const struct hf_policy *policy, uint64_t now, struct hf_vouch *v)
{
	struct hf_cose_sign1 s;

	if (object.len > HF_VOUCH_MAX_LEN || hf_cose_sign1_read(object, &s) != HF_OK || s.detached)
		return HF_ERR_VOUCH_SHAPE;
	HF_TRY(read_payload(s.payload, v));
	HF_TRY(check_signer(&s, policy, now, v));
	return check_points(v);
}

hf_err hf_vouch_open(hf_bytes object, const struct hf_policy *policy, uint64_t now, struct hf_vouch *v)
{
	hf_err err;

	memset(v, 0, sizeof(*v));
	err = open_vouch(object, policy, now, v);
	if (err != HF_OK)
		memset(v, 0, sizeof(*v));
	return err;
}
