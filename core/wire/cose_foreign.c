/* cose_foreign.c -- a tolerant reader for the vectors of others; it shares no code path with the strict
 * readers' acceptance, only their steps.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/cose_foreign.h>
#include "wire_priv.h"

enum { ALG_DIRECT = -6 };

/* What we take from the two headers of one layer. */
struct headers {
	hf_bytes protected_header;
	hf_bytes kid, iv, partial_iv;
	int64_t alg;
	bool has_alg;
	struct hf_cose_encrypt *epk; /* where an ephemeral key goes, or NULL */
};

static void read_alg(struct hf_cborr *r, struct headers *h)
{
	if (h->has_alg)
		hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
	h->has_alg = true;
	hf_cbor_read_int(r, &h->alg);
}

static void read_once(struct hf_cborr *r, hf_bytes *value)
{
	if (value->ptr != NULL)
		hf_cbor_reader_fail(r, HF_ERR_COSE_SHAPE);
	hf_cbor_read_bytes(r, value);
}

static void read_member(struct hf_cborr *r, struct headers *h)
{
	int64_t label;

	hf_cbor_read_key(r, &label);
	switch (label) {
	case HF__COSE_HEADER_ALG:
		read_alg(r, h);
		break;
	case HF__COSE_HEADER_KID:
		read_once(r, &h->kid);
		break;
	case HF__COSE_HEADER_IV:
		read_once(r, &h->iv);
		break;
	case HF__COSE_HEADER_PARTIAL_IV:
		read_once(r, &h->partial_iv);
		break;
	case HF__COSE_HEADER_EPK:
		if (h->epk != NULL)
			hf__cose_read_epk(r, h->epk);
		else
			hf_cbor_skip(r);
		break;
	default:
		hf_cbor_skip(r);
	}
}

static void read_map(struct hf_cborr *r, struct headers *h)
{
	size_t n;

	hf_cbor_read_map(r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++)
		read_member(r, h);
	hf_cbor_end(r);
}

static hf_err read_protected(struct headers *h)
{
	struct hf_cborr r;

	if (h->protected_header.len == 0)
		return HF_OK;
	hf_cbor_reader(&r, h->protected_header);
	r.any_order = true;
	read_map(&r, h);
	HF_TRY(hf_cbor_done(&r));
	/* RFC 9052 s3: an empty map enters the signed structure as an empty byte string. */
	if (h->protected_header.len == 1)
		h->protected_header = (hf_bytes){ 0 };
	return HF_OK;
}

static void read_headers(struct hf_cborr *r, struct headers *h)
{
	hf_cbor_read_bytes(r, &h->protected_header);
	if (hf_cbor_error(r) == HF_OK)
		hf_cbor_reader_fail(r, read_protected(h));
	read_map(r, h);
}

static void begin(struct hf_cborr *r, hf_bytes in, uint64_t tag, size_t n)
{
	hf_cbor_reader(r, in);
	r->any_order = true;
	if (hf_cbor_peek(r) == HF_CBOR_TAG)
		hf_cbor_expect_tag(r, tag);
	hf_cbor_expect_array(r, n);
}

hf_err hf_cose_foreign_sign1_read(hf_bytes in, struct hf_cose_sign1 *s)
{
	struct headers h = { 0 };
	struct hf_cborr r;

	*s = (struct hf_cose_sign1){ 0 };
	begin(&r, in, HF_COSE_TAG_SIGN1, 4);
	read_headers(&r, &h);
	s->detached = hf_cbor_try_null(&r);
	if (!s->detached)
		hf_cbor_read_bytes(&r, &s->payload);
	hf_cbor_read_bytes(&r, &s->signature);
	s->protected_header = h.protected_header;
	s->alg = h.alg;
	s->kid = h.kid;
	return hf__cose_from_cbor(hf_cbor_done(&r));
}

static void read_signature(struct hf_cborr *r, struct hf_cose_signature *sig)
{
	struct headers h = { 0 };

	hf_cbor_expect_array(r, 3);
	read_headers(r, &h);
	hf_cbor_read_bytes(r, &sig->signature);
	hf_cbor_end(r);
	sig->protected_header = h.protected_header;
	sig->alg = h.alg;
	sig->kid = h.kid;
}

hf_err hf_cose_foreign_sign_read(hf_bytes in, struct hf_cose_sign *s)
{
	struct headers h = { 0 };
	struct hf_cborr r;

	*s = (struct hf_cose_sign){ 0 };
	begin(&r, in, HF_COSE_TAG_SIGN, 4);
	read_headers(&r, &h);
	s->body_header = h.protected_header;
	hf_cbor_read_bytes(&r, &s->payload);
	hf_cbor_read_array(&r, &s->n);
	if (s->n > HF_COSE_MAX_SIGNATURES) {
		s->n = 0;
		return HF_ERR_COSE_LIMIT;
	}
	for (size_t i = 0; i < s->n; i++)
		read_signature(&r, &s->signature[i]);
	return hf__cose_from_cbor(hf_cbor_done(&r));
}

static void take_encrypt0(const struct headers *h, struct hf_cose_encrypt0 *e)
{
	e->protected_header = h->protected_header;
	e->alg = h->alg;
	e->kid = h->kid;
	e->iv = h->iv;
	e->partial_iv = h->partial_iv;
}

hf_err hf_cose_foreign_encrypt0_read(hf_bytes in, struct hf_cose_encrypt0 *e)
{
	struct headers h = { 0 };
	struct hf_cborr r;

	*e = (struct hf_cose_encrypt0){ 0 };
	begin(&r, in, HF_COSE_TAG_ENCRYPT0, 3);
	read_headers(&r, &h);
	take_encrypt0(&h, e);
	hf_cbor_read_bytes(&r, &e->ciphertext);
	return hf__cose_from_cbor(hf_cbor_done(&r));
}

/* The one recipient of both COSE_Encrypt readers below; it carries no wrapped key. */
static void read_recipient(struct hf_cborr *r, struct headers *h)
{
	hf_bytes none;

	hf_cbor_expect_array(r, 1);
	hf_cbor_expect_array(r, 3);
	read_headers(r, h);
	hf_cbor_read_bytes_max(r, 0, &none);
}

hf_err hf_cose_foreign_direct_read(hf_bytes in, struct hf_cose_encrypt0 *e)
{
	struct headers body = { 0 }, recipient = { 0 };
	struct hf_cborr r;

	*e = (struct hf_cose_encrypt0){ 0 };
	begin(&r, in, HF_COSE_TAG_ENCRYPT, 4);
	read_headers(&r, &body);
	hf_cbor_read_bytes(&r, &e->ciphertext);
	read_recipient(&r, &recipient);
	take_encrypt0(&body, e);
	e->kid = recipient.kid;
	HF_TRY(hf__cose_from_cbor(hf_cbor_done(&r)));
	return recipient.alg == ALG_DIRECT ? HF_OK : HF_ERR_COSE_ALG;
}

hf_err hf_cose_foreign_direct_open(const struct hf_cose_encrypt0 *e, const struct hf_key *key,
				   const uint8_t *base_iv, hf_bytes aad, struct hf_out *out)
{
	struct hf__cose_seal seal = {
		.context = HF_STR("Encrypt"),
		.header = e->protected_header,
		.aad = aad,
		.key = key,
	};

	if (key->len == 0 || key->len != hf__cose_key_len(e->alg))
		return HF_ERR_COSE_ALG;
	HF_TRY(hf__cose_iv(e->iv, e->partial_iv, base_iv, seal.iv));
	return hf__cose_open_ciphertext(&seal, e->ciphertext, out);
}

hf_err hf_cose_foreign_encrypt_read(hf_bytes in, struct hf_cose_encrypt *e)
{
	struct headers body = { 0 }, recipient = { .epk = e };
	struct hf_cborr r;

	*e = (struct hf_cose_encrypt){ 0 };
	begin(&r, in, HF_COSE_TAG_ENCRYPT, 4);
	read_headers(&r, &body);
	hf_cbor_read_bytes(&r, &e->ciphertext);
	read_recipient(&r, &recipient);
	HF_TRY(hf__cose_from_cbor(hf_cbor_done(&r)));
	e->protected_header = body.protected_header;
	e->alg = body.alg;
	e->iv = body.iv;
	e->recipient_header = recipient.protected_header;
	e->recipient_alg = recipient.alg;
	e->kid = recipient.kid;
	if (recipient.alg != HF_COSE_ECDH_ES_HKDF_256 || hf__cose_key_len(e->alg) == 0)
		return HF_ERR_COSE_ALG;
	return e->x.len == 0 ? HF_ERR_COSE_SHAPE : HF_OK;
}

hf_err hf_cose_foreign_sign1_tbs(const struct hf_cose_sign1 *s, hf_bytes aad, struct hf_out *out)
{
	struct hf__cose_tbs t;

	hf__cose_tbs(&t, &(struct hf__cose_tbs_input){ s->protected_header, NULL, aad, s->payload });
	return hf__cose_tbs_join(&t, out);
}

hf_err hf_cose_foreign_sign_tbs(const struct hf_cose_sign *s, size_t i, hf_bytes aad, struct hf_out *out)
{
	struct hf__cose_tbs t;

	if (i >= s->n)
		return HF_ERR_BASE_MISUSE;
	hf__cose_tbs(&t, &(struct hf__cose_tbs_input){ s->body_header, &s->signature[i].protected_header, aad,
						       s->payload });
	return hf__cose_tbs_join(&t, out);
}

hf_err hf_cose_foreign_enc_structure(hf_bytes context, hf_bytes protected_header, hf_bytes aad,
				     struct hf_out *out)
{
	out->len = 0;
	return hf__cose_enc_structure(context, protected_header, aad, out);
}

hf_err hf_cose_foreign_kdf_context(const struct hf_cose_encrypt *e, struct hf_out *out)
{
	out->len = 0;
	return hf__cose_kdf_context(e->alg, e->recipient_header, out);
}

hf_err hf_cose_foreign_content_key(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *key,
				   struct hf_key *secret, struct hf_key *content)
{
	HF_TRY(hf__cose_recipient_secret(e, key, secret));
	return hf__cose_content_key(e->alg, e->recipient_header, secret, content);
}
