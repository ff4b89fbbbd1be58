/* receipt.c -- what a device answers to one command; writer and reader together.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { N_BODY = 11 };

const char *hf_receipt_reason_word(unsigned reason)
{
	static const char *const words[] = { "none",     "failed", "audience", "signer", "class",
					     "quorum",   "epoch",  "replay",   "jump",   "expired",
					     "no-clock", "state",  "unknown",  "storage" };

	return reason < sizeof(words) / sizeof(words[0]) ? words[reason] : "other";
}

const char *hf_receipt_status_word(unsigned status)
{
	static const char *const words[] = { "done", "accepted", "refused", "failed", "unknown" };

	return status < sizeof(words) / sizeof(words[0]) ? words[status] : "other";
}

static bool is_sound(const struct hf_receipt *r)
{
	return r->dev.len == HF_COMMAND_DEV_LEN && r->cls >= HF_COMMAND_READ && r->cls <= HF_COMMAND_ERASE &&
	       r->status <= HF_STATUS_UNKNOWN && r->result.len <= HF_RECEIPT_MAX_SEALED_LEN;
}

static void put_body(struct hf_cborw *w, const struct hf_receipt *r)
{
	hf_cbor_put_key(w, HF__CLAIM_BODY);
	hf_cbor_put_array(w, N_BODY);
	hf_cbor_put_uint(w, r->n);
	hf_cbor_put_bytes(w, HF_ARR(r->prev));
	hf_cbor_put_bytes(w, HF_ARR(r->cmd_hash));
	hf_cbor_put_uint(w, r->cls);
	hf_cbor_put_uint(w, r->status);
	hf_cbor_put_uint(w, r->reason);
	hf_cbor_put_bytes(w, HF_ARR(r->rep));
	hf_cbor_put_uint(w, r->high);
	hf_cbor_put_uint(w, r->boot);
	hf_cbor_put_uint(w, r->uptime_s);
	if (r->result.len > 0)
		hf_cbor_put_raw(w, r->result);
	else
		hf_cbor_put_null(w);
}

hf_err hf_receipt_write(const struct hf_receipt *r, struct hf_out *out)
{
	struct hf_cborw w;

	if (!is_sound(r))
		return HF_ERR_RECEIPT_SHAPE;
	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, r->has_iat ? 4 : 3);
	hf_cbor_put_key(&w, HF__CLAIM_ISS);
	hf_cbor_put_text(&w, r->dev);
	if (r->has_iat) {
		hf_cbor_put_key(&w, HF__CLAIM_IAT);
		hf_cbor_put_uint(&w, r->iat);
	}
	hf_cbor_put_key(&w, HF__CLAIM_CTI);
	hf_cbor_put_bytes(&w, HF_ARR(r->cti));
	put_body(&w, r);
	return hf_cbor_finish(&w);
}

static uint8_t read_small(struct hf_cborr *r, uint64_t max)
{
	uint64_t v = 0;

	hf_cbor_read_uint_max(r, max, &v);
	return (uint8_t)v;
}

static void read_body(struct hf_cborr *r, struct hf_receipt *out)
{
	hf_cbor_expect_key(r, HF__CLAIM_BODY);
	hf_cbor_expect_array(r, N_BODY);
	hf_cbor_read_uint(r, &out->n);
	hf_cbor_read_fixed(r, out->prev, sizeof(out->prev));
	hf_cbor_read_fixed(r, out->cmd_hash, sizeof(out->cmd_hash));
	out->cls = read_small(r, HF_COMMAND_ERASE);
	out->status = read_small(r, HF_STATUS_UNKNOWN);
	out->reason = read_small(r, UINT8_MAX);
	hf_cbor_read_fixed(r, out->rep, sizeof(out->rep));
	hf_cbor_read_uint(r, &out->high);
	hf_cbor_read_uint(r, &out->boot);
	hf_cbor_read_uint(r, &out->uptime_s);
	if (!hf_cbor_try_null(r))
		hf_cbor_capture(r, &out->result);
	hf_cbor_end(r);
}

hf_err hf_receipt_read(hf_bytes payload, struct hf_receipt *out)
{
	struct hf_cborr r;
	size_t n = 0;

	*out = (struct hf_receipt){ 0 };
	hf_cbor_reader(&r, payload);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, HF__CLAIM_ISS);
	hf_cbor_read_text_max(&r, HF_COMMAND_DEV_LEN, &out->dev);
	out->has_iat = hf_cbor_try_key(&r, HF__CLAIM_IAT);
	if (out->has_iat)
		hf_cbor_read_uint(&r, &out->iat);
	hf_cbor_expect_key(&r, HF__CLAIM_CTI);
	hf_cbor_read_fixed(&r, out->cti, sizeof(out->cti));
	read_body(&r, out);
	if (hf_cbor_done(&r) == HF_OK && is_sound(out))
		return HF_OK;
	*out = (struct hf_receipt){ 0 };
	return HF_ERR_RECEIPT_SHAPE;
}

hf_err hf_receipt_sign(hf_bytes payload, hf_bytes dev, const struct hf_hwkey *key, struct hf_out *out)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/rcpt/1/"), dev);

	return hf__command_sign1(payload, hf__aad_bytes(&aad), key, out);
}

hf_err hf_receipt_peek(hf_bytes object, struct hf_receipt *r)
{
	struct hf_cose_sign1 s;

	*r = (struct hf_receipt){ 0 };
	if (object.len > HF_RECEIPT_MAX_LEN || hf_cose_sign1_read(object, &s) != HF_OK || s.detached)
		return HF_ERR_RECEIPT_SHAPE;
	return hf_receipt_read(s.payload, r);
}

hf_err hf__receipt_open1(hf_bytes object, const uint8_t pub[static HF_P256_POINT_LEN], hf_bytes aad,
			 hf_bytes *payload)
{
	struct hf_cose_pub key = { HF_COSE_ES256, { pub, HF_P256_POINT_LEN } };
	uint8_t kid[HF_KID_LEN];
	struct hf_cose_sign1 s;
	hf_err err;

	if (hf_cose_sign1_read(object, &s) != HF_OK || s.detached)
		return HF_ERR_RECEIPT_SHAPE;
	HF_TRY(hf__command_kid(pub, kid));
	if (!hf_bytes_equal(s.kid, HF_ARR(kid)))
		return HF_ERR_RECEIPT_SIGNATURE;
	err = hf_cose_sign1_verify(&s, &key, aad, NULL);
	if (err == HF_ERR_COSE_SIGNATURE || err == HF_ERR_COSE_ALG)
		return HF_ERR_RECEIPT_SIGNATURE;
	*payload = s.payload;
	return err;
}

hf_err hf_receipt_open(hf_bytes object, const uint8_t signing[static HF_P256_POINT_LEN], hf_bytes dev,
		       struct hf_receipt *r)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/rcpt/1/"), dev);
	hf_bytes payload = { 0 };

	*r = (struct hf_receipt){ 0 };
	if (object.len > HF_RECEIPT_MAX_LEN)
		return HF_ERR_RECEIPT_SHAPE;
	HF_TRY(hf__receipt_open1(object, signing, hf__aad_bytes(&aad), &payload));
	HF_TRY(hf_receipt_read(payload, r));
	if (hf_bytes_equal(r->dev, dev))
		return HF_OK;
	*r = (struct hf_receipt){ 0 };
	return HF_ERR_RECEIPT_DEV;
}

hf_err hf_receipt_check(const struct hf_receipt *r, const uint8_t cti[static HF_COMMAND_CTI_LEN],
			const uint8_t cmd_hash[static HF_SHA256_LEN])
{
	if (!hf_bytes_equal(HF_ARR(r->cti), (hf_bytes){ cti, HF_COMMAND_CTI_LEN }) ||
	    !hf_bytes_equal(HF_ARR(r->cmd_hash), (hf_bytes){ cmd_hash, HF_SHA256_LEN }))
		return HF_ERR_RECEIPT_FOREIGN;
	return HF_OK;
}

/* "hf/result/1/{dev}" then cti: a result cannot be shown as the answer to another command. */
static struct hf__aad result_aad(hf_bytes dev, const uint8_t cti[static HF_COMMAND_CTI_LEN])
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/result/1/"), dev);

	memcpy(aad.b + aad.len, cti, HF_COMMAND_CTI_LEN);
	aad.len += HF_COMMAND_CTI_LEN;
	return aad;
}

hf_err hf_receipt_seal_result(struct hf_port *port, hf_bytes result, hf_bytes dev,
			      const uint8_t cti[static HF_COMMAND_CTI_LEN],
			      const uint8_t reply[static HF_P256_COMPRESSED_LEN], struct hf_out *out)
{
	struct hf__aad aad = result_aad(dev, cti);
	uint8_t point[HF_P256_POINT_LEN], kid[HF_KID_LEN];

	if (result.len > HF_RECEIPT_MAX_RESULT_LEN)
		return HF_ERR_RECEIPT_LIMIT;
	HF_TRY(hf_crypto_p256_decompress(reply, point));
	HF_TRY(hf__command_kid(point, kid));
	return hf_cose_encrypt_write(port, point, HF_ARR(kid), hf__aad_bytes(&aad), result, out);
}

hf_err hf_receipt_open_result(const struct hf_receipt *r, const struct hf_ecdhkey *reply, struct hf_out *out)
{
	struct hf__aad aad = result_aad(r->dev, r->cti);
	struct hf_cose_encrypt e;

	if (r->result.len == 0)
		return HF_ERR_RECEIPT_NO_RESULT;
	HF_TRY(hf_cose_encrypt_read(r->result, &e));
	return hf_cose_encrypt_open(&e, reply, hf__aad_bytes(&aad), out);
}

hf_err hf_receipt_chain_add(struct hf_receipt_chain *chain, const struct hf_receipt *r, hf_bytes object)
{
	hf_err answer = HF_OK;
	uint8_t hash[HF_SHA256_LEN];

	if (r->n == 0)
		return HF_OK;
	HF_TRY(hf_crypto_sha256(&object, 1, hash));
	if (!hf_bytes_equal(HF_ARR(chain->rep), HF_ARR(r->rep))) {
		*chain = (struct hf_receipt_chain){ .n = 0 };
		memcpy(chain->rep, r->rep, sizeof(chain->rep));
	}
	if (r->n <= chain->n)
		return HF_ERR_RECEIPT_REPEAT;
	if (r->n > chain->n + 1)
		answer = HF_ERR_RECEIPT_GAP;
	else if (!hf_bytes_equal(HF_ARR(r->prev), HF_ARR(chain->head)))
		return HF_ERR_RECEIPT_CHAIN;
	chain->n = r->n;
	memcpy(chain->head, hash, sizeof(hash));
	return answer;
}
