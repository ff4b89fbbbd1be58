/* SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/endorse.h>
#include "identity_priv.h"

enum { PAYLOAD_CAP = 192 }; /* 5 items: 8 + 17 + 5 + 67 + 67 and heads */

static const char format[] = "hf-end1";
static const char aad[] = "hf/endorse/1";
#define FORMAT ((hf_bytes){ (const uint8_t *)format, sizeof(format) - 1 })
#define AAD ((hf_bytes){ (const uint8_t *)aad, sizeof(aad) - 1 })

static hf_bytes dev_text(const struct hf_endorse *e)
{
	return (hf_bytes){ (const uint8_t *)e->dev, HF_DEV_LEN };
}

static hf_err write_payload(const struct hf_endorse *e, struct hf_out *out)
{
	struct hf_cborw w;

	if (hf_identity_check_dev(dev_text(e)) != HF_OK || e->dev[HF_DEV_LEN] != '\0' ||
	    e->gen > HF_ENDORSE_MAX_GEN)
		return HF_ERR_BASE_MISUSE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 5);
	hf_cbor_put_text(&w, FORMAT);
	hf_cbor_put_text(&w, dev_text(e));
	hf_cbor_put_uint(&w, e->gen);
	hf_cbor_put_bytes(&w, HF_ARR(e->signing));
	hf_cbor_put_bytes(&w, HF_ARR(e->encryption));
	return hf_cbor_finish(&w);
}

static hf_err read_payload(hf_bytes payload, struct hf_endorse *e)
{
	struct hf_cborr r;
	hf_bytes dev = { NULL, 0 };
	uint64_t gen = 0;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_array(&r, 5);
	hf_cbor_expect_text(&r, FORMAT);
	hf_cbor_read_text_max(&r, HF_DEV_LEN, &dev);
	hf_cbor_read_uint_max(&r, HF_ENDORSE_MAX_GEN, &gen);
	hf_cbor_read_fixed(&r, e->signing, sizeof(e->signing));
	hf_cbor_read_fixed(&r, e->encryption, sizeof(e->encryption));
	if (hf_cbor_done(&r) != HF_OK || hf_identity_check_dev(dev) != HF_OK)
		return HF_ERR_ENDORSE_SHAPE;
	memcpy(e->dev, dev.ptr, HF_DEV_LEN);
	e->dev[HF_DEV_LEN] = '\0';
	e->gen = (uint32_t)gen;
	return HF_OK;
}

static hf_err payload_mac(const struct hf_key *ko, hf_bytes payload, uint8_t mac[static HF_SHA256_LEN])
{
	return hf_crypto_hmac((hf_bytes){ ko->b, ko->len }, &payload, 1, mac);
}

hf_err hf_endorse_write_claim(const struct hf_endorse *e, const struct hf_key *ko, struct hf_out *out)
{
	uint8_t mem[PAYLOAD_CAP], mac[HF_SHA256_LEN];
	struct hf_out payload = HF_OUT(mem);
	struct hf_cborw w;

	if (e->gen != 0)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(write_payload(e, &payload));
	HF_TRY(payload_mac(ko, hf_out_bytes(&payload), mac));
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_bytes(&w, hf_out_bytes(&payload));
	hf_cbor_put_bytes(&w, HF_ARR(mac));
	return hf_cbor_finish(&w);
}

hf_err hf_endorse_write_signed(const struct hf_endorse *e, const struct hf_hwkey *signer, struct hf_out *out)
{
	const struct hf_cose_signer s = { HF_COSE_ES256, { NULL, 0 }, signer, NULL };
	uint8_t mem[PAYLOAD_CAP];
	struct hf_out payload = HF_OUT(mem);

	HF_TRY(write_payload(e, &payload));
	return hf_cose_sign1_write(&s, AAD, hf_out_bytes(&payload), false, NULL, out);
}

/* The claim form: an array of payload and MAC. */
static hf_err read_claim(hf_bytes object, hf_bytes *payload, uint8_t mac[static HF_SHA256_LEN])
{
	struct hf_cborr r;

	hf_cbor_reader(&r, object);
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_bytes_max(&r, PAYLOAD_CAP, payload);
	hf_cbor_read_fixed(&r, mac, HF_SHA256_LEN);
	return hf_cbor_done(&r) == HF_OK ? HF_OK : HF_ERR_ENDORSE_SHAPE;
}

static hf_err read_signed(hf_bytes object, struct hf_cose_sign1 *s, struct hf_endorse *e)
{
	if (hf_cose_sign1_read(object, s) != HF_OK || s->detached)
		return HF_ERR_ENDORSE_SHAPE;
	return read_payload(s->payload, e);
}

hf_err hf_endorse_peek(hf_bytes object, struct hf_endorse *e)
{
	uint8_t mac[HF_SHA256_LEN];
	struct hf_cose_sign1 s;
	hf_bytes payload = { NULL, 0 };

	memset(e, 0, sizeof(*e));
	if (read_claim(object, &payload, mac) == HF_OK) {
		HF_TRY(read_payload(payload, e));
		return e->gen == 0 ? HF_OK : HF_ERR_ENDORSE_SHAPE;
	}
	return read_signed(object, &s, e);
}

/* What holds for every first endorsement. */
static hf_err check_first(const struct hf_endorse *e, hf_bytes dev)
{
	if (!hf_bytes_equal(dev_text(e), dev))
		return HF_ERR_ENDORSE_DEV;
	return e->gen == 0 ? HF_OK : HF_ERR_ENDORSE_GENERATION;
}

static hf_err check_points(const struct hf_endorse *e)
{
	HF_TRY(hf_crypto_p256_check(e->signing));
	return hf_crypto_p256_check(e->encryption);
}

static hf_err check_signature(const struct hf_cose_sign1 *s, const uint8_t signer[static HF_P256_POINT_LEN])
{
	const struct hf_cose_pub pub = { HF_COSE_ES256, { signer, HF_P256_POINT_LEN } };
	hf_err err = hf_cose_sign1_verify(s, &pub, AAD, NULL);

	return err == HF_ERR_COSE_SIGNATURE || err == HF_ERR_COSE_ALG ? HF_ERR_ENDORSE_PROOF : err;
}

hf_err hf_endorse_open_claim(hf_bytes object, hf_bytes dev, const struct hf_key *ko, struct hf_endorse *e)
{
	uint8_t mac[HF_SHA256_LEN], own[HF_SHA256_LEN];
	hf_bytes payload = { NULL, 0 };
	struct hf_endorse found;

	memset(e, 0, sizeof(*e));
	HF_TRY(read_claim(object, &payload, mac));
	HF_TRY(payload_mac(ko, payload, own));
	if (!hf_ct_equal(HF_ARR(mac), HF_ARR(own)))
		return HF_ERR_ENDORSE_PROOF;
	HF_TRY(read_payload(payload, &found));
	HF_TRY(check_first(&found, dev));
	HF_TRY(check_points(&found));
	*e = found;
	return HF_OK;
}

hf_err hf_endorse_open_factory(hf_bytes object, hf_bytes dev, const uint8_t factory[static HF_P256_POINT_LEN],
			       struct hf_endorse *e)
{
	struct hf_cose_sign1 s;
	struct hf_endorse found;

	memset(e, 0, sizeof(*e));
	HF_TRY(read_signed(object, &s, &found));
	HF_TRY(check_signature(&s, factory));
	HF_TRY(check_first(&found, dev));
	HF_TRY(check_points(&found));
	*e = found;
	return HF_OK;
}

static bool same(const struct hf_endorse *a, const struct hf_endorse *b)
{
	return a->gen == b->gen && memcmp(a->dev, b->dev, HF_DEV_LEN) == 0 &&
	       memcmp(a->signing, b->signing, sizeof(a->signing)) == 0 &&
	       memcmp(a->encryption, b->encryption, sizeof(a->encryption)) == 0;
}

hf_err hf_endorse_open_next(hf_bytes object, const struct hf_endorse *have, struct hf_endorse *e)
{
	struct hf_cose_sign1 s;
	struct hf_endorse found;

	memset(e, 0, sizeof(*e));
	HF_TRY(hf_endorse_peek(object, &found));
	if (same(&found, have)) { /* nothing new, so nothing to prove */
		*e = *have;
		return HF_OK;
	}
	if (memcmp(found.dev, have->dev, HF_DEV_LEN) != 0)
		return HF_ERR_ENDORSE_DEV;
	if (found.gen != have->gen + 1)
		return HF_ERR_ENDORSE_GENERATION;
	HF_TRY(read_signed(object, &s, &found));
	HF_TRY(check_signature(&s, have->signing));
	HF_TRY(check_points(&found));
	*e = found;
	return HF_OK;
}

hf_err hf_endorse_check_key(const struct hf_endorse *e, const uint8_t spki[static HF_P256_POINT_LEN])
{
	return memcmp(e->signing, spki, HF_P256_POINT_LEN) == 0 ? HF_OK : HF_ERR_ENDORSE_KEY;
}
