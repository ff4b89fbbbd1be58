/* Identity inside keyproc: the renewal machine meets requests and sessions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <stdio.h>
#include <string.h>

static const char *const state_names[HF_RENEW_STATES] = {
	"empty", "keyed", "requested", "have", "prove", "fallback", "promoted", "stable",
};

static int64_t now_s(struct keyproc *k)
{
	struct hf_clock clock = { 0 };

	if (hf_port_clock(&k->port, &clock) != HF_OK)
		return k->renew.floor.floor_s;
	return hf_floor_now(&k->renew.floor, &clock);
}

const char *key_dev(const struct keyproc *k)
{
	if (k->session_up)
		return k->renew.slot[k->session_slot].leaf.dev;
	return k->renew.active >= 0 ? k->renew.slot[k->renew.active].leaf.dev : "";
}

hf_err key_signer(struct keyproc *k, struct hf_hwkey *key)
{
	if (k->renew.active < 0)
		return HF_ERR_PORT_ABSENT;
	return hf_renew_signing_key(&k->renew, (unsigned)k->renew.active, key);
}

/* Take in what the machine wants now. */
static void refresh(struct keyproc *k)
{
	struct hf_renew_want was = k->want;
	uint64_t now = hf_now_ms();

	hf_renew_want(&k->renew, &k->want);
	if (k->want.alarm) {
		hf_log(HF_LOG_WARN, "identity", "new certificate refused", "");
		(void)!key_alarm(k, "renewal", HF_STR("new certificate refused"));
	}
	if (hf_timer_start(&k->timer, k->want.wake_ms > now ? k->want.wake_ms - now : 1000) != HF_OK)
		hf_log(HF_LOG_ERR, "identity", "timer", "");
	if (was.request != k->want.request || was.session != k->want.session ||
	    was.promoted != k->want.promoted)
		key_look(k);
}

/* An operator can act on "no space left on device", not on "storage failed". */
static void log_failure(const struct keyproc *k, enum hf_renew_state state, hf_err err)
{
	struct hf_why why = { HF_OK, "" };

	if (err == HF_ERR_PORT_STORAGE && k->port.reason != 0)
		(void)!hf_why_set(&why, err, "records: %s", strerror(k->port.reason));
	hf_log_why(HF_LOG_WARN, "identity", state_names[state], err, why.err != HF_OK ? &why : NULL);
}

static hf_err step(struct keyproc *k, const struct hf_renew_event *ev)
{
	enum hf_renew_state was = k->renew.state;
	hf_err err = hf_renew_step(&k->renew, ev);

	if (err != HF_OK)
		log_failure(k, was, err);
	if (was != k->renew.state)
		hf_log(HF_LOG_INFO, "identity", "step", "from=%s to=%s", state_names[was],
		       state_names[k->renew.state]);
	refresh(k);
	return err;
}

void key_identity_tick(struct keyproc *k)
{
	const struct hf_renew_event ev = {
		.kind = HF_RENEW_TICK,
		.settled = k->session_up && hf_now_ms() - k->session_since_ms >= KEY_SETTLE_MS,
	};

	(void)!step(k, &ev);
}

static hf_err open_claim(struct keyproc *k)
{
	struct hf_claim_secret s HF_AUTO(hf_claim_wipe) = { { 0 } };
	struct hf_out out = HF_OUT(s.b);
	hf_err err = hf_port_read(&k->port, HF_REC_CLAIM, &out);

	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	HF_TRY(err);
	if (out.len != sizeof(s.b))
		return HF_ERR_PORT_CORRUPT;
	k->has_claim = true;
	return hf_claim_derive(&s, &k->claim);
}

hf_err key_identity_open(struct keyproc *k, struct hf_why *why)
{
	struct hf_renew_setup setup = { &k->port, &k->keys, AGENT_BUILD_S };
	hf_err err;

	k->keys = key_backend(k);
	err = key_release_open(k);
	if (err == HF_OK)
		err = open_claim(k);
	if (err == HF_OK)
		err = key_backend_idevid(k);
	if (err != HF_OK)
		return hf_why_set(why, err, "identity: factory records");
	err = hf_renew_init(&k->renew, &setup);
	if (err != HF_OK)
		return hf_why_set(why, err, "identity: records");
	hf_log(HF_LOG_INFO, "identity", "open", "state=%s boot=%llu", state_names[k->renew.state],
	       (unsigned long long)k->port.boot_count);
	return HF_OK;
}

/* ---- requests ------------------------------------------------------------------------------------ */

hf_err key_on_want(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;
	struct agent_want w = { .request_key = -1, .session = -1 };

	(void)body;
	key_identity_tick(k);
	w.now_s = (uint64_t)now_s(k);
	w.boot_count = k->port.boot_count;
	w.request = k->want.request;
	if (k->want.request_auth >= 0) {
		w.renew = true;
		w.request_key = k->want.request_auth;
		w.request_cert = k->renew.slot[k->want.request_auth].leaf.der;
	} else if (k->has_idevid && k->idevid_cert_len > 0) {
		w.request_key = AGENT_KEY_IDEVID;
		w.request_cert = (hf_bytes){ k->idevid_cert, k->idevid_cert_len };
	}
	w.keepalive_s = key_setting_number(k, "keepalive", k->agent->conf.keepalive_s);
	w.heartbeat_s = key_setting_number(k, "heartbeat", k->agent->conf.heartbeat_s);
	w.in_session = k->session_up;
	w.session = k->want.session;
	if (w.session >= 0) {
		const struct hf_leaf *leaf = &k->renew.slot[w.session].leaf;

		memcpy(w.dev, leaf->dev, sizeof(w.dev));
		w.session_cert = leaf->der;
	}
	return msg_want_write(&w, reply);
}

/* base64 (RFC 4648 s4) of X, as challengePassword carries it. */
static void base64_x(const uint8_t x[static HF_CLAIM_BINDING_LEN], char text[static 45])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t in[33] = { 0 };

	memcpy(in, x, HF_CLAIM_BINDING_LEN);
	for (size_t i = 0; i < 11; i++) {
		uint32_t v = (uint32_t)in[3 * i] << 16 | (uint32_t)in[3 * i + 1] << 8 | in[3 * i + 2];

		for (size_t j = 0; j < 4; j++)
			text[4 * i + j] = alphabet[v >> (18 - 6 * j) & 63];
	}
	text[43] = '=';
	text[44] = '\0';
}

/* Does this enrolment carry a proof of the label's secret? Renewals do not. */
static bool proof_wanted(struct keyproc *k)
{
	return k->want.request_auth < 0 && key_claim_counts(k) && k->provision.enrol != HF_ENROL_IDEVID + 1;
}

static hf_err write_proof(struct keyproc *k, hf_bytes csr, struct hf_out *header)
{
	uint8_t hash[HF_SHA256_LEN], mac[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&csr, 1, hash));
	HF_TRY(hf_claim_mac(&k->claim.kc, HF_CLAIM_DEVICE, k->x, hash, mac));
	return hf_claim_write_authorization(k->claim.cid, mac, header);
}

hf_err key_on_csr(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;
	uint8_t csr_mem[HF_PKI_CSR_MAX], header_mem[HF_CLAIM_HEADER_CAP];
	struct hf_out csr = HF_OUT(csr_mem), header = HF_OUT(header_mem);
	struct hf_hwkey key = { 0 };
	char challenge[45];

	if (!k->want.request)
		return HF_ERR_RENEW_EVENT;
	memcpy(k->x, body.ptr, sizeof(k->x)); /* length checked by the table */
	base64_x(k->x, challenge);
	HF_TRY(hf_renew_signing_key(&k->renew, k->want.request_slot, &key));
	HF_TRY(hf_pki_csr_write(&(struct hf_pki_csr_spec){ .challenge = challenge }, &key, &csr));
	k->proof_sent = proof_wanted(k);
	if (k->proof_sent)
		HF_TRY(write_proof(k, hf_out_bytes(&csr), &header));
	k->asked = true;
	return msg_pair_write(hf_out_bytes(&csr), hf_out_bytes(&header), reply);
}

/* spiffe://<domain>/d/<dev> */
static bool is_our_uri(const struct keyproc *k, const char *uri, const char *dev)
{
	const hf_bytes parts[] = {
		HF_STR("spiffe://"),
		k->provision.domain,
		HF_STR("/d/"),
		{ (const uint8_t *)dev, HF_DEV_LEN },
	};

	for (size_t i = 0; i < 4; i++) {
		if (strncmp(uri, (const char *)parts[i].ptr, parts[i].len) != 0)
			return false;
		uri += parts[i].len;
	}
	return *uri == '\0';
}

/* The facts of an LDevID: CN "hf-" dev, SAN spiffe://<domain>/d/<dev>. */
static hf_err read_leaf(const struct keyproc *k, hf_bytes der, struct hf_leaf *leaf)
{
	struct hf_pki_cert cert;

	HF_TRY(hf_pki_cert_read(der, &cert));
	if (strncmp(cert.cn, "hf-", 3) != 0 || strlen(cert.cn) != 3 + HF_DEV_LEN ||
	    cert.curve != HF_CURVE_P256 || cert.usage != HF_PKI_USE_CLIENT)
		return HF_ERR_RENEW_NAME;
	if (!is_our_uri(k, cert.uri, cert.cn + 3))
		return HF_ERR_RENEW_NAME;
	memcpy(leaf->serial, cert.serial, sizeof(leaf->serial));
	memcpy(leaf->dev, cert.cn + 3, HF_DEV_LEN + 1);
	memcpy(leaf->pub, cert.pub, sizeof(leaf->pub));
	leaf->not_before = cert.not_before;
	leaf->not_after = cert.not_after;
	leaf->der = der;
	return HF_OK;
}

/* The server must know the secret as well, or the certificate is dropped. */
static hf_err check_server_proof(const struct keyproc *k, hf_bytes der, hf_bytes mac)
{
	uint8_t hash[HF_SHA256_LEN];

	if (!k->proof_sent)
		return HF_OK;
	HF_TRY(hf_crypto_sha256(&der, 1, hash));
	return hf_claim_check(&k->claim.kc, HF_CLAIM_SERVER, k->x, hash, mac);
}

static hf_err take_cert(struct keyproc *k, hf_bytes body)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_CERT };
	hf_bytes der = { NULL, 0 }, mac = { NULL, 0 };
	struct hf_leaf leaf = { .not_before = 0 };

	HF_TRY(msg_pair_read(body, &der, &mac));
	HF_TRY(check_server_proof(k, der, mac));
	HF_TRY(read_leaf(k, der, &leaf));
	ev.leaf = &leaf;
	return step(k, &ev);
}

hf_err key_on_cert(void *ctx, hf_bytes body, struct hf_out *reply)
{
	const struct hf_renew_event failed = { .kind = HF_RENEW_FAILED };
	struct keyproc *k = ctx;
	hf_err err;

	reply->len = 0;
	if (!k->want.request || !k->asked)
		return HF_ERR_RENEW_EVENT;
	k->asked = false;
	err = take_cert(k, body);
	if (err == HF_OK)
		return HF_OK;
	hf_log_why(HF_LOG_WARN, "identity", "certificate dropped", err, NULL);
	if (k->renew.state == HF_RENEW_REQUESTED)
		(void)!step(k, &failed);
	return err;
}

hf_err key_on_est_end(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_FAILED };
	struct keyproc *k = ctx;
	uint64_t v[2] = { 0, 0 };

	reply->len = 0;
	HF_TRY(msg_numbers_read(body, v, 2));
	if (v[0] != HF_RENEW_WAIT && v[0] != HF_RENEW_REFUSED && v[0] != HF_RENEW_FAILED)
		return HF_ERR_BASE_MISUSE;
	k->asked = false;
	ev.kind = (enum hf_renew_kind)v[0];
	ev.retry_after_s = v[1];
	return k->want.request ? step(k, &ev) : HF_OK;
}

/* ---- sessions ------------------------------------------------------------------------------------ */

static hf_err put_endorsement(struct keyproc *k, unsigned slot)
{
	const struct hf_renew_slot *s = &k->renew.slot[slot];

	if (!s->has_cert || s->endorsement_len == 0)
		return HF_OK;
	return key_up_put(k, "id/endorse", (hf_bytes){ s->endorsement, s->endorsement_len }, 0);
}

static hf_err put_hello(struct keyproc *k)
{
	struct hf_hello h = { .boot_count = k->port.boot_count, .promoted = k->want.promoted };
	struct hf_out out = HF_OUT(k->hello);
	struct hf_hwkey key = { 0 };

	memcpy(h.serial, k->renew.slot[k->session_slot].leaf.serial, sizeof(h.serial));
	HF_TRY(hf_renew_signing_key(&k->renew, k->session_slot, &key));
	HF_TRY(hf_hello_write(&h, &key, &out));
	k->hello_len = out.len;
	k->hello_promoted = h.promoted;
	return key_up_put(k, "id/hello", hf_out_bytes(&out), 0);
}

/* First words of a session, in this order: endorsements, hello. */
static hf_err greet(struct keyproc *k)
{
	key_up_forget(k, "id/");
	if (k->want.endorse) {
		HF_TRY(put_endorsement(k, 1 - k->session_slot));
		HF_TRY(put_endorsement(k, k->session_slot));
	}
	return put_hello(k);
}

hf_err key_on_session(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_SESSION };
	struct keyproc *k = ctx;
	uint64_t v[3] = { 0, 0, 0 };

	reply->len = 0;
	HF_TRY(msg_numbers_read(body, v, 3));
	if (v[0] > 1 || v[2] > INT64_MAX)
		return HF_ERR_BASE_MISUSE;
	ev.slot = (unsigned)v[0];
	if (v[1] == 0)
		ev.kind = HF_RENEW_SESSION_REFUSED;
	if (k->want.session != (int)ev.slot)
		return HF_ERR_RENEW_EVENT; /* the want has changed: net must leave that session */
	HF_TRY(step(k, &ev));
	if (v[1] == 0)
		return HF_OK;
	k->session_up = true;
	k->session_slot = ev.slot;
	k->session_since_ms = hf_now_ms();
	k->session_cap_s = (int64_t)v[2];
	HF_TRY(greet(k));
	key_up_session(k, true);
	key_cmd_session(k);
	key_look(k);
	return HF_OK;
}

hf_err key_on_session_end(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct keyproc *k = ctx;

	(void)body;
	reply->len = 0;
	k->session_up = false;
	k->hello_len = 0;
	key_up_session(k, false);
	return HF_OK;
}

void key_hello_answered(struct keyproc *k, hf_bytes payload)
{
	const struct hf_renew_event ack = { .kind = HF_RENEW_ACK };
	uint64_t heard_s = 0;
	hf_err err = hf_hello_ack_read(payload, (hf_bytes){ k->hello, k->hello_len }, &heard_s);

	if (err != HF_OK || k->hello_len == 0) {
		hf_log_why(HF_LOG_WARN, "identity", "hello answer", err, NULL);
		return;
	}
	if (hf_floor_raise(&k->renew.floor, &k->port, (int64_t)heard_s, k->session_cap_s) != HF_OK)
		hf_log(HF_LOG_WARN, "identity", "time floor not stored", "");
	if (k->hello_promoted)
		(void)!step(k, &ack);
}
