/* ops.c -- what the ca process answers. Every body is a CBOR array of known length; every refusal is a code.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/random.h>
#include <holdfast/cbor.h>
#include <holdfast/claim.h>
#include <holdfast/cose.h>
#include <holdfast/order.h>
#include "ca_priv.h"

hf_err hf__bad(hf_err err)
{
	return err == HF_OK ? HF_OK : HF_ERR_CA_REQUEST;
}

hf_err hf__seal(struct hf_caproc *p, hf_bytes cid, hf_bytes plain, struct hf_out *out)
{
	if (out->cap - out->len < HF_AEAD_NONCE_LEN + plain.len + HF_AEAD_TAG_LEN)
		return HF_ERR_BASE_NO_ROOM;
	uint8_t *at = out->ptr + out->len;
	if (getrandom(at, HF_AEAD_NONCE_LEN, 0) != HF_AEAD_NONCE_LEN)
		return HF_ERR_PORT_RANDOM;
	HF_TRY(hf_crypto_aead_seal(&p->seal, at, cid, plain, at + HF_AEAD_NONCE_LEN));
	out->len += HF_AEAD_NONCE_LEN + plain.len + HF_AEAD_TAG_LEN;
	return HF_OK;
}

hf_err hf__unseal(struct hf_caproc *p, hf_bytes cid, hf_bytes sealed, struct hf_key *kc)
{
	if (sealed.len != HF_CA_SEALED_LEN)
		return HF_ERR_CA_REQUEST;
	hf_bytes body = { sealed.ptr + HF_AEAD_NONCE_LEN, sealed.len - HF_AEAD_NONCE_LEN };
	HF_TRY(hf_crypto_aead_open(&p->seal, sealed.ptr, cid, body, kc->b));
	kc->len = HF_KEY_CAP;
	return HF_OK;
}

/* Unknown claims are checked against a random key: the same work, and never a yes. */
static hf_err open_or_dummy(struct hf_caproc *p, hf_bytes cid, hf_bytes sealed, struct hf_key *kc)
{
	uint8_t plain[HF_KEY_CAP] = { 0 }, mem[HF_CA_SEALED_LEN];
	struct hf_out dummy = HF_OUT(mem);

	if (sealed.len)
		return hf__unseal(p, cid, sealed, kc);
	if (getrandom(plain, sizeof(plain), 0) != sizeof(plain))
		return HF_ERR_PORT_RANDOM;
	HF_TRY(hf__seal(p, cid, HF_ARR(plain), &dummy));
	return hf__unseal(p, cid, hf_out_bytes(&dummy), kc);
}

static hf_err claim_check(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_key kc HF_AUTO(hf_key_wipe) = { .len = 0 };
	uint8_t x[HF_CLAIM_BINDING_LEN], hash[HF_SHA256_LEN], cid[HF_CLAIM_ID_LEN], mac[HF_SHA256_LEN];
	hf_bytes sealed = { NULL, 0 };
	struct hf_cborr r;

	(void)reply;
	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 5);
	hf_cbor_read_bytes_max(&r, HF_CA_SEALED_LEN, &sealed);
	hf_cbor_read_fixed(&r, cid, sizeof(cid));
	hf_cbor_read_fixed(&r, x, sizeof(x));
	hf_cbor_read_fixed(&r, hash, sizeof(hash));
	hf_cbor_read_fixed(&r, mac, sizeof(mac));
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	HF_TRY(open_or_dummy(ctx, HF_ARR(cid), sealed, &kc));
	return hf_claim_check(&kc, HF_CLAIM_DEVICE, x, hash, HF_ARR(mac));
}

static hf_err claim_answer(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_key kc HF_AUTO(hf_key_wipe) = { .len = 0 };
	uint8_t x[HF_CLAIM_BINDING_LEN], hash[HF_SHA256_LEN], cid[HF_CLAIM_ID_LEN], mac[HF_SHA256_LEN];
	hf_bytes sealed = { NULL, 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 4);
	hf_cbor_read_bytes_max(&r, HF_CA_SEALED_LEN, &sealed);
	hf_cbor_read_fixed(&r, cid, sizeof(cid));
	hf_cbor_read_fixed(&r, x, sizeof(x));
	hf_cbor_read_fixed(&r, hash, sizeof(hash));
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	HF_TRY(hf__unseal(ctx, HF_ARR(cid), sealed, &kc));
	HF_TRY(hf_claim_mac(&kc, HF_CLAIM_SERVER, x, hash, mac));
	return hf_out_put(reply, HF_ARR(mac));
}

static hf_err seal_kc(void *ctx, hf_bytes body, struct hf_out *reply)
{
	uint8_t cid[HF_CLAIM_ID_LEN];
	struct hf_key kc HF_AUTO(hf_key_wipe) = { .len = 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_fixed(&r, cid, sizeof(cid));
	hf_cbor_read_fixed(&r, kc.b, sizeof(kc.b));
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	return hf__seal(ctx, HF_ARR(cid), HF_ARR(kc.b), reply);
}

static hf_err same_kc(void *ctx, hf_bytes body, struct hf_out *reply)
{
	uint8_t cid[HF_CLAIM_ID_LEN];
	struct hf_key kc HF_AUTO(hf_key_wipe) = { .len = 0 }, have HF_AUTO(hf_key_wipe) = { .len = 0 };
	hf_bytes sealed = { NULL, 0 };
	struct hf_cborr r;

	(void)reply;
	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 3);
	hf_cbor_read_bytes_max(&r, HF_CA_SEALED_LEN, &sealed);
	hf_cbor_read_fixed(&r, cid, sizeof(cid));
	hf_cbor_read_fixed(&r, kc.b, sizeof(kc.b));
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	HF_TRY(hf__unseal(ctx, HF_ARR(cid), sealed, &have));
	return hf_ct_equal(HF_ARR(have.b), HF_ARR(kc.b)) ? HF_OK : HF_ERR_CLAIM_MAC;
}

static hf_err intake_kc(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_caproc *p = ctx;
	uint8_t cid[HF_UNIT_CID_LEN];
	struct hf_key kc HF_AUTO(hf_key_wipe) = { .len = 0 };
	hf_bytes object = { NULL, 0 };
	struct hf_ecdhkey intake;
	struct hf_cborr r;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_bytes_max(&r, HF_UNIT_MAX_SEALED_LEN, &object);
	hf_cbor_read_fixed(&r, cid, sizeof(cid));
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	HF_TRY(hf_crypto_p256_ecdhkey(&p->intake, &intake));
	HF_TRY(hf_unit_open_kc(object, &intake, cid, &kc));
	return hf__seal(p, HF_ARR(cid), HF_ARR(kc.b), reply);
}

static hf_err sign_crl(void *ctx, hf_bytes body, struct hf_out *reply)
{
	static struct hf_pki_revoked list[HF_CA_REVOKED_MAX]; /* one thread, too large for its stack */
	struct hf_caproc *p = ctx;
	uint64_t number = 0;
	int64_t now = 0, next = 0;
	hf_bytes rows = { NULL, 0 };
	struct hf_cborr r;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 4);
	hf_cbor_read_uint(&r, &number);
	hf_cbor_read_int(&r, &now);
	hf_cbor_read_int(&r, &next);
	hf_cbor_read_bytes_max(&r, HF_CA_REVOKED_MAX * 24, &rows);
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	if (rows.len % 24 != 0)
		return HF_ERR_CA_REQUEST;
	size_t n = rows.len / 24;
	for (size_t i = 0; i < n; i++) {
		memcpy(list[i].serial, rows.ptr + i * 24, 16);
		list[i].when = (int64_t)hf_get_be64(rows.ptr + i * 24 + 16);
	}
	return hf_pki_crl_write((hf_bytes){ p->op.der, p->op.der_len }, hf_keyuri_hwkey(p->op.key), number,
				now, next, list, n, reply);
}

static hf_err mac_key(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_caproc *p = ctx;
	hf_bytes purpose = { NULL, 0 };
	uint8_t key[32], info[64];
	struct hf_out label = HF_OUT(info);
	struct hf_cborr r;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 1);
	hf_cbor_read_text_max(&r, 32, &purpose);
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	HF_TRY(hf_out_put(&label, HF_STR("hf/mac/1/")));
	HF_TRY(hf_out_put(&label, purpose));
	HF_TRY(hf_crypto_hkdf((hf_bytes){ NULL, 0 }, HF_ARR(p->intake.b), hf_out_bytes(&label), key,
			      sizeof(key)));
	hf_err err = hf_out_put(reply, HF_ARR(key));
	hf_wipe(key, sizeof(key));
	return err;
}

static hf_err write_head(struct hf_caproc *p, hf_bytes payload, struct hf_out *out)
{
	uint8_t kid[HF_KID_LEN], mem[1024];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_hwkey hw;

	HF_TRY(hf_crypto_p256_hwkey(&p->head, &hw));
	HF_TRY(hf_crypto_kid(HF_ARR(p->head_pub), kid));
	struct hf_cose_signer signer = { .alg = HF_COSE_ES256, .kid = HF_ARR(kid), .hw = &hw };
	return hf_cose_sign1_write(&signer, HF_STR("holdfast/journal/v1"), payload, false, &scratch, out);
}

static hf_err sign_head(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_caproc *p = ctx;
	uint8_t tree[16], root[HF_SHA256_LEN], payload[256], object[512];
	struct hf_out out = HF_OUT(payload), head = HF_OUT(object);
	uint64_t size = 0;
	int64_t now = 0;
	struct hf_cborr r;
	struct hf_cborw w;

	hf_cbor_reader(&r, body);
	hf_cbor_expect_array(&r, 4);
	hf_cbor_read_fixed(&r, tree, sizeof(tree));
	hf_cbor_read_uint(&r, &size);
	hf_cbor_read_fixed(&r, root, sizeof(root));
	hf_cbor_read_int(&r, &now);
	HF_TRY(hf__bad(hf_cbor_done(&r)));
	hf_cbor_writer(&w, &out);
	hf_cbor_put_map(&w, 5);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR("holdfast/journal/v1"));
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, HF_ARR(tree));
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_uint(&w, size);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, HF_ARR(root));
	hf_cbor_put_key(&w, 4);
	hf_cbor_put_int(&w, now);
	HF_TRY(hf_cbor_finish(&w));
	HF_TRY(write_head(p, hf_out_bytes(&out), &head));
	hf_cbor_writer(&w, reply);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_bytes(&w, hf_out_bytes(&head));
	hf_cbor_put_bytes(&w, HF_ARR(p->head_pub));
	return hf_cbor_finish(&w);
}

static hf_err intake_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_caproc *p = ctx;

	(void)body;
	return hf_out_put(reply, HF_ARR(p->intake_pub));
}

static const struct hf_hwkey *find_enrol_key(void *ctx, uint8_t number)
{
	struct hf_caproc *p = ctx;
	return number == HF_CA_TLS_ENROL ? hf_keyuri_hwkey(p->tls[number]) : NULL;
}

static const struct hf_hwkey *find_api_key(void *ctx, uint8_t number)
{
	struct hf_caproc *p = ctx;
	return number == HF_CA_TLS_API ? hf_keyuri_hwkey(p->tls[number]) : NULL;
}

static hf_err enrol_key_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_pub(body, find_enrol_key, ctx, reply);
}

static hf_err enrol_key_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_sign(body, find_enrol_key, ctx, reply);
}

static hf_err api_key_pub(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_pub(body, find_api_key, ctx, reply);
}

static hf_err api_key_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	return hf_ipc_key_sign(body, find_api_key, ctx, reply);
}

const struct hf_ipc_op hf__enrol_ops[] = {
	{ HF_CA_ISSUE, 70, 512, hf__issue_device },
	{ HF_CA_CLAIM_CHECK, 100, 512, claim_check },
	{ HF_CA_CLAIM_ANSWER, 100, 512, claim_answer },
	{ HF_CA_INTAKE_KC, 20, 1024, intake_kc },
	{ HF_CA_CRL, 4, HF_IPC_BODY_MAX, sign_crl },
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, enrol_key_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, enrol_key_sign },
};
const size_t hf__n_enrol_ops = sizeof(hf__enrol_ops) / sizeof(hf__enrol_ops[0]);

const struct hf_ipc_op hf__api_ops[] = {
	{ HF_CA_ISSUE, 70, 512, hf__issue_person },
	{ HF_CA_SEAL_KC, 40, 256, seal_kc },
	{ HF_CA_SAME_KC, 40, 256, same_kc },
	{ HF_CA_INTAKE_KC, 20, 1024, intake_kc },
	{ HF_CA_CRL, 4, HF_IPC_BODY_MAX, sign_crl },
	{ HF_CA_MAC_KEY, 2, 64, mac_key },
	{ HF_CA_SIGN_HEAD, 40, 256, sign_head },
	{ HF_CA_INTAKE_PUB, 1, 1, intake_pub },
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, api_key_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, api_key_sign },
};
const size_t hf__n_api_ops = sizeof(hf__api_ops) / sizeof(hf__api_ops[0]);

const struct hf_ipc_op hf__device_ops[] = {
	{ HF_IPC_KEY_PUB, HF_IPC_KEY_PUB_LEN, HF_IPC_KEY_PUB_LEN, enrol_key_pub },
	{ HF_IPC_KEY_SIGN, HF_IPC_KEY_SIGN_MIN, HF_IPC_KEY_SIGN_MAX, enrol_key_sign },
};
const size_t hf__n_device_ops = sizeof(hf__device_ops) / sizeof(hf__device_ops[0]);
