/* claims.c -- what signers sign: a CBOR web token (RFC 8392) with one private claim.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { N_CLAIMS = 6, N_BODY = 7 };

static bool is_sound(const struct hf_claims *c)
{
	return c->aud.len == HF_COMMAND_DEV_LEN && c->cls >= HF_COMMAND_READ && c->cls <= HF_COMMAND_ERASE &&
	       c->op.len > 0 && c->op.len <= HF_COMMAND_MAX_OP_LEN && c->args.len > 0 &&
	       c->args.ptr[0] >> 5 == HF_CBOR_MAP;
}

static void put_iss(struct hf_cborw *w, const uint8_t kid[static HF_KID_LEN])
{
	uint8_t text[HF_COMMAND_ISS_LEN];
	struct hf_out out = HF_OUT(text);

	hf_cbor_writer_fail(w, hf_base32_encode((hf_bytes){ kid, HF_KID_LEN }, &out));
	hf_cbor_put_text(w, hf_out_bytes(&out));
}

static void put_body(struct hf_cborw *w, const struct hf_claims *c)
{
	hf_cbor_put_key(w, HF__CLAIM_BODY);
	hf_cbor_put_array(w, N_BODY);
	hf_cbor_put_uint(w, c->cls);
	hf_cbor_put_bytes(w, HF_ARR(c->rep));
	hf_cbor_put_uint(w, c->seq);
	if (c->has_deadline) {
		hf_cbor_put_array(w, 2);
		hf_cbor_put_uint(w, c->deadline_boot);
		hf_cbor_put_uint(w, c->deadline_s);
	} else {
		hf_cbor_put_null(w);
	}
	hf_cbor_put_text(w, c->op);
	hf_cbor_put_raw(w, c->args);
	if (c->has_reply)
		hf_cbor_put_bytes(w, HF_ARR(c->reply));
	else
		hf_cbor_put_null(w);
}

hf_err hf_claims_write(const struct hf_claims *c, struct hf_out *out)
{
	struct hf_cborw w;
	hf_err err;

	if (!is_sound(c))
		return HF_ERR_COMMAND_CLAIMS;
	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, N_CLAIMS);
	hf_cbor_put_key(&w, HF__CLAIM_ISS);
	put_iss(&w, c->iss);
	hf_cbor_put_key(&w, HF__CLAIM_AUD);
	hf_cbor_put_text(&w, c->aud);
	hf_cbor_put_key(&w, HF__CLAIM_EXP);
	hf_cbor_put_uint(&w, c->exp);
	hf_cbor_put_key(&w, HF__CLAIM_IAT);
	hf_cbor_put_uint(&w, c->iat);
	hf_cbor_put_key(&w, HF__CLAIM_CTI);
	hf_cbor_put_bytes(&w, HF_ARR(c->cti));
	put_body(&w, c);
	err = hf_cbor_finish(&w);
	return err == HF_OK || err == HF_ERR_BASE_NO_ROOM ? err : HF_ERR_COMMAND_CLAIMS;
}

/* One kid, one text: upper case would be a second encoding of the same signer. */
static void read_iss(struct hf_cborr *r, uint8_t kid[static HF_KID_LEN])
{
	struct hf_out out = { kid, HF_KID_LEN, 0 };
	hf_bytes iss = { 0 };

	hf_cbor_read_text_max(r, HF_COMMAND_ISS_LEN, &iss);
	if (hf_base32_decode(iss, &out) != HF_OK || out.len != HF_KID_LEN)
		hf_cbor_reader_fail(r, HF_ERR_COMMAND_CLAIMS);
	for (size_t i = 0; i < iss.len; i++)
		if (iss.ptr[i] >= 'A' && iss.ptr[i] <= 'Z')
			hf_cbor_reader_fail(r, HF_ERR_COMMAND_CLAIMS);
}

static void read_body(struct hf_cborr *r, struct hf_claims *c)
{
	uint64_t cls = 0;

	hf_cbor_expect_key(r, HF__CLAIM_BODY);
	hf_cbor_expect_array(r, N_BODY);
	hf_cbor_read_uint_max(r, HF_COMMAND_ERASE, &cls);
	c->cls = (uint8_t)cls;
	hf_cbor_read_fixed(r, c->rep, sizeof(c->rep));
	hf_cbor_read_uint(r, &c->seq);
	c->has_deadline = !hf_cbor_try_null(r);
	if (c->has_deadline) {
		hf_cbor_expect_array(r, 2);
		hf_cbor_read_uint(r, &c->deadline_boot);
		hf_cbor_read_uint(r, &c->deadline_s);
		hf_cbor_end(r);
	}
	hf_cbor_read_text_max(r, HF_COMMAND_MAX_OP_LEN, &c->op);
	hf_cbor_capture(r, &c->args);
	c->has_reply = !hf_cbor_try_null(r);
	if (c->has_reply)
		hf_cbor_read_fixed(r, c->reply, sizeof(c->reply));
	hf_cbor_end(r);
}

hf_err hf_claims_read(hf_bytes in, struct hf_claims *c)
{
	struct hf_cborr r;

	*c = (struct hf_claims){ 0 };
	hf_cbor_reader(&r, in);
	hf_cbor_expect_map(&r, N_CLAIMS);
	hf_cbor_expect_key(&r, HF__CLAIM_ISS);
	read_iss(&r, c->iss);
	hf_cbor_expect_key(&r, HF__CLAIM_AUD);
	hf_cbor_read_text_max(&r, HF_COMMAND_DEV_LEN, &c->aud);
	hf_cbor_expect_key(&r, HF__CLAIM_EXP);
	hf_cbor_read_uint(&r, &c->exp);
	hf_cbor_expect_key(&r, HF__CLAIM_IAT);
	hf_cbor_read_uint(&r, &c->iat);
	hf_cbor_expect_key(&r, HF__CLAIM_CTI);
	hf_cbor_read_fixed(&r, c->cti, sizeof(c->cti));
	read_body(&r, c);
	if (hf_cbor_done(&r) == HF_OK && is_sound(c))
		return HF_OK;
	*c = (struct hf_claims){ 0 };
	return HF_ERR_COMMAND_CLAIMS;
}
