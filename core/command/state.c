/* state.c -- the signed replay state: what a signer must know before the next command.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { N_BODY = 8, MAX_PAYLOAD_LEN = 448 };

static void put_rows(struct hf_cborw *w, const struct hf_state *s)
{
	hf_cbor_put_array(w, s->n_rows);
	for (size_t i = 0; i < s->n_rows; i++) {
		hf_cbor_put_array(w, 2);
		hf_cbor_put_bytes(w, HF_ARR(s->row[i].kid));
		hf_cbor_put_uint(w, s->row[i].high);
	}
}

static hf_err put_state(const struct hf_state *s, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, s->has_time ? 3 : 2);
	hf_cbor_put_key(&w, HF__CLAIM_ISS);
	hf_cbor_put_text(&w, s->dev);
	if (s->has_time) {
		hf_cbor_put_key(&w, HF__CLAIM_IAT);
		hf_cbor_put_uint(&w, s->time);
	}
	hf_cbor_put_key(&w, HF__CLAIM_BODY);
	hf_cbor_put_array(&w, N_BODY);
	hf_cbor_put_uint(&w, s->boot);
	hf_cbor_put_uint(&w, s->uptime_s);
	hf_cbor_put_uint(&w, s->clock);
	hf_cbor_put_bytes(&w, HF_ARR(s->rep));
	put_rows(&w, s);
	hf_cbor_put_uint(&w, s->policy);
	hf_cbor_put_text(&w, s->version);
	hf_cbor_put_uint(&w, s->receipts);
	return hf_cbor_finish(&w);
}

hf_err hf_state_write(const struct hf_state *s, const struct hf_hwkey *key, struct hf_out *out)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/state/1/"), s->dev);
	uint8_t mem[MAX_PAYLOAD_LEN];
	struct hf_out payload = HF_OUT(mem);

	if (s->n_rows > HF_STATE_MAX_ROWS || s->version.len > HF_STATE_MAX_VERSION_LEN ||
	    s->dev.len != HF_COMMAND_DEV_LEN || s->clock > HF_CLOCK_TRUSTED)
		return HF_ERR_RECEIPT_SHAPE;
	HF_TRY(put_state(s, &payload));
	return hf__command_sign1(hf_out_bytes(&payload), hf__aad_bytes(&aad), key, out);
}

static void read_rows(struct hf_cborr *r, struct hf_state *s)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	if (n > HF_STATE_MAX_ROWS)
		hf_cbor_reader_fail(r, HF_ERR_RECEIPT_SHAPE);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++) {
		hf_cbor_expect_array(r, 2);
		hf_cbor_read_fixed(r, s->row[i].kid, HF_KID_LEN);
		hf_cbor_read_uint(r, &s->row[i].high);
		hf_cbor_end(r);
		s->n_rows = i + 1;
	}
	hf_cbor_end(r);
}

static hf_err read_state(hf_bytes payload, struct hf_state *s)
{
	struct hf_cborr r;
	uint64_t clock = 0;
	size_t n = 0;

	hf_cbor_reader(&r, payload);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, HF__CLAIM_ISS);
	hf_cbor_read_text_max(&r, HF_COMMAND_DEV_LEN, &s->dev);
	s->has_time = hf_cbor_try_key(&r, HF__CLAIM_IAT);
	if (s->has_time)
		hf_cbor_read_uint(&r, &s->time);
	hf_cbor_expect_key(&r, HF__CLAIM_BODY);
	hf_cbor_expect_array(&r, N_BODY);
	hf_cbor_read_uint(&r, &s->boot);
	hf_cbor_read_uint(&r, &s->uptime_s);
	hf_cbor_read_uint_max(&r, HF_CLOCK_TRUSTED, &clock);
	s->clock = (uint8_t)clock;
	hf_cbor_read_fixed(&r, s->rep, sizeof(s->rep));
	read_rows(&r, s);
	hf_cbor_read_uint(&r, &s->policy);
	hf_cbor_read_text_max(&r, HF_STATE_MAX_VERSION_LEN, &s->version);
	hf_cbor_read_uint(&r, &s->receipts);
	if (hf_cbor_done(&r) == HF_OK && s->dev.len == HF_COMMAND_DEV_LEN)
		return HF_OK;
	*s = (struct hf_state){ 0 };
	return HF_ERR_RECEIPT_SHAPE;
}

hf_err hf_state_peek(hf_bytes object, struct hf_state *s)
{
	struct hf_cose_sign1 sign1;

	*s = (struct hf_state){ 0 };
	if (hf_cose_sign1_read(object, &sign1) != HF_OK || sign1.detached)
		return HF_ERR_RECEIPT_SHAPE;
	return read_state(sign1.payload, s);
}

hf_err hf_state_open(hf_bytes object, const uint8_t signing[static HF_P256_POINT_LEN], hf_bytes dev,
		     struct hf_state *s)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/state/1/"), dev);
	hf_bytes payload = { 0 };

	*s = (struct hf_state){ 0 };
	HF_TRY(hf__receipt_open1(object, signing, hf__aad_bytes(&aad), &payload));
	HF_TRY(read_state(payload, s));
	if (hf_bytes_equal(s->dev, dev))
		return HF_OK;
	*s = (struct hf_state){ 0 };
	return HF_ERR_RECEIPT_DEV;
}

uint64_t hf_state_high(const struct hf_state *s, const uint8_t kid[static HF_KID_LEN])
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (hf_bytes_equal(HF_ARR(s->row[i].kid), (hf_bytes){ kid, HF_KID_LEN }))
			return s->row[i].high;
	return 0;
}
