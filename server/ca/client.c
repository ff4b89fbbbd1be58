/* client.c -- the asking side of the ca process: one CBOR array per question.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/cbor.h>
#include <hf/ca.h>

enum { TIMEOUT_MS = 10000, BODY_CAP = 4096 };

struct ask {
	uint8_t mem[BODY_CAP];
	struct hf_out out;
	struct hf_cborw w;
};

static void ask_begin(struct ask *a, size_t n)
{
	a->out = HF_OUT(a->mem);
	hf_cbor_writer(&a->w, &a->out);
	hf_cbor_put_array(&a->w, n);
}

static void put_text(struct ask *a, const char *text)
{
	const char *t = text ? text : "";
	hf_cbor_put_text(&a->w, (hf_bytes){ (const uint8_t *)t, strlen(t) });
}

static hf_err ask_send(struct hf_ca *ca, struct ask *a, uint16_t type, struct hf_out *reply)
{
	HF_TRY(hf_cbor_finish(&a->w));
	return hf_ipc_call(ca->ipc, type, hf_out_bytes(&a->out), ca->timeout_ms ? ca->timeout_ms : TIMEOUT_MS,
			   reply);
}

static hf_err ask_bytes(struct hf_ca *ca, uint16_t type, const hf_bytes *parts, size_t n,
			struct hf_out *reply)
{
	struct ask a;

	ask_begin(&a, n);
	for (size_t i = 0; i < n; i++)
		hf_cbor_put_bytes(&a.w, parts[i]);
	hf_err err = ask_send(ca, &a, type, reply);
	hf_wipe(a.mem, sizeof(a.mem)); /* some questions hold Kc */
	return err;
}

static hf_err fixed(hf_err err, struct hf_out *reply, size_t n)
{
	if (err == HF_OK && reply->len != n)
		return HF_ERR_IPC_FRAME;
	return err;
}

static hf_err read_issued(hf_bytes reply, struct hf_ca_issued *issued, struct hf_out *der)
{
	hf_bytes cert = { NULL, 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, reply);
	hf_cbor_expect_array(&r, 4);
	hf_cbor_read_fixed(&r, issued->serial, sizeof(issued->serial));
	hf_cbor_read_int(&r, &issued->not_before);
	hf_cbor_read_int(&r, &issued->not_after);
	hf_cbor_read_bytes(&r, &cert);
	HF_TRY(hf_cbor_done(&r));
	return hf_out_put(der, cert);
}

hf_err hf_ca_issue(struct hf_ca *ca, const struct hf_ca_order *o, struct hf_ca_issued *issued,
		   struct hf_out *der)
{
	uint8_t mem[BODY_CAP];
	struct hf_out reply = HF_OUT(mem);
	struct ask a;

	ask_begin(&a, 5);
	hf_cbor_put_uint(&a.w, (uint64_t)o->profile);
	hf_cbor_put_bytes(&a.w, (hf_bytes){ o->pub, HF_P256_POINT_LEN });
	put_text(&a, o->name);
	put_text(&a, o->line);
	hf_cbor_put_uint(&a.w, o->life_s > 0 ? (uint64_t)o->life_s : 0);
	HF_TRY(ask_send(ca, &a, HF_CA_ISSUE, &reply));
	return read_issued(hf_out_bytes(&reply), issued, der);
}

hf_err hf_ca_claim_check(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes x, hf_bytes hash,
			 hf_bytes mac)
{
	hf_bytes parts[] = { sealed, cid, x, hash, mac };
	struct hf_out none = { NULL, 0, 0 };
	return ask_bytes(ca, HF_CA_CLAIM_CHECK, parts, 5, &none);
}

hf_err hf_ca_claim_answer(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes x, hf_bytes hash,
			  uint8_t mac[static HF_SHA256_LEN])
{
	hf_bytes parts[] = { sealed, cid, x, hash };
	struct hf_out out = { mac, HF_SHA256_LEN, 0 };
	return fixed(ask_bytes(ca, HF_CA_CLAIM_ANSWER, parts, 4, &out), &out, HF_SHA256_LEN);
}

hf_err hf_ca_seal_kc(struct hf_ca *ca, hf_bytes cid, hf_bytes kc, struct hf_out *sealed)
{
	hf_bytes parts[] = { cid, kc };
	return fixed(ask_bytes(ca, HF_CA_SEAL_KC, parts, 2, sealed), sealed, HF_CA_SEALED_LEN);
}

hf_err hf_ca_same_kc(struct hf_ca *ca, hf_bytes sealed, hf_bytes cid, hf_bytes kc)
{
	hf_bytes parts[] = { sealed, cid, kc };
	struct hf_out none = { NULL, 0, 0 };
	return ask_bytes(ca, HF_CA_SAME_KC, parts, 3, &none);
}

hf_err hf_ca_intake_kc(struct hf_ca *ca, hf_bytes object, hf_bytes cid, struct hf_out *sealed)
{
	hf_bytes parts[] = { object, cid };
	return fixed(ask_bytes(ca, HF_CA_INTAKE_KC, parts, 2, sealed), sealed, HF_CA_SEALED_LEN);
}

hf_err hf_ca_crl(struct hf_ca *ca, uint64_t number, int64_t now, int64_t next, hf_bytes revoked,
		 struct hf_out *der)
{
	static const size_t head = 64;
	uint8_t mem[HF_CA_REVOKED_MAX * 24 + 64];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	if (revoked.len > sizeof(mem) - head)
		return HF_ERR_BASE_NO_ROOM;
	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_uint(&w, number);
	hf_cbor_put_int(&w, now);
	hf_cbor_put_int(&w, next);
	hf_cbor_put_bytes(&w, revoked);
	HF_TRY(hf_cbor_finish(&w));
	return hf_ipc_call(ca->ipc, HF_CA_CRL, hf_out_bytes(&out),
			   ca->timeout_ms ? ca->timeout_ms : TIMEOUT_MS, der);
}

hf_err hf_ca_mac_key(struct hf_ca *ca, const char *purpose, struct hf_key *key)
{
	struct hf_out out = { key->b, 32, 0 };
	struct ask a;

	ask_begin(&a, 1);
	put_text(&a, purpose);
	key->len = 32;
	return fixed(ask_send(ca, &a, HF_CA_MAC_KEY, &out), &out, 32);
}

hf_err hf_ca_sign_head(struct hf_ca *ca, hf_bytes tree, uint64_t size, hf_bytes root, int64_t now,
		       struct hf_out *object, uint8_t pub[static HF_P256_POINT_LEN])
{
	uint8_t mem[1024];
	struct hf_out reply = HF_OUT(mem);
	struct hf_cborr r;
	hf_bytes signed_head;
	struct ask a;

	ask_begin(&a, 4);
	hf_cbor_put_bytes(&a.w, tree);
	hf_cbor_put_uint(&a.w, size);
	hf_cbor_put_bytes(&a.w, root);
	hf_cbor_put_int(&a.w, now);
	HF_TRY(ask_send(ca, &a, HF_CA_SIGN_HEAD, &reply));
	hf_cbor_reader(&r, hf_out_bytes(&reply));
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_bytes(&r, &signed_head);
	hf_cbor_read_fixed(&r, pub, HF_P256_POINT_LEN);
	HF_TRY(hf_cbor_done(&r));
	return hf_out_put(object, signed_head);
}

hf_err hf_ca_intake_pub(struct hf_ca *ca, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_out out = { pub, HF_P256_POINT_LEN, 0 };
	struct ask a;

	ask_begin(&a, 0);
	return fixed(ask_send(ca, &a, HF_CA_INTAKE_PUB, &out), &out, HF_P256_POINT_LEN);
}
