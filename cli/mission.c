/* mission.c -- from claims to receipt.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <hf/linux.h>
#include "mission.h"
#include "print.h"

enum { POLL_MS = 200, TAIL_MS = 2000, SEALED_MAX = HF_COMMAND_MAX_LEN + 256 };

void mission_cti_text(const uint8_t cti[static HF_COMMAND_CTI_LEN], char out[static MISSION_CTI_TEXT])
{
	struct hf_out text = { (uint8_t *)out, MISSION_CTI_TEXT - 1, 0 };

	out[0] = '\0';
	if (hf_base64url_encode((hf_bytes){ cti, HF_COMMAND_CTI_LEN }, &text) == HF_OK)
		out[text.len] = '\0';
}

static void take_seq(struct mission *m, uint64_t high)
{
	if (memcmp(m->t.seq_rep, m->rep, HF_COMMAND_REP_LEN) == 0 && m->t.seq > high)
		high = m->t.seq;
	m->high = high;
}

bool mission_begin(struct session *s, const char *dev, struct mission *m)
{
	struct hf_json *j HF_AUTO(session_json_drop) = NULL;
	uint8_t mem[HF_STATE_MAX_LEN];
	struct hf_out object = HF_OUT(mem);
	struct hf_state state;
	char path[64];
	hf_err err;

	*m = (struct mission){ .s = s };
	m->inner = HF_OUT(m->inner_mem);
	if (!session_connect(s) || !trust_update(s, dev, &m->t) || !ledger_load(s, dev, &m->book))
		return false;
	snprintf(path, sizeof(path), "/v1/devices/%s/state", dev);
	if (!session_find(s, path, &j))
		return false;
	if (j == NULL)
		return cli_fail("%s has not reported its state yet; it does so when it connects", dev) ==
		       CLI_DONE;
	if (hf_base64url_decode(session_text(hf_json_text(hf_json_get(j, "bytes"), "")), &object) != HF_OK)
		return cli_fail("%s: its state does not parse", dev) == CLI_DONE;
	err = hf_state_open(hf_out_bytes(&object), m->t.e.signing, session_text(dev), &state);
	if (err != HF_OK)
		return cli_fail("%s: its state: %s", dev, hf_err_text(err)) == CLI_DONE;
	m->boot = state.boot;
	m->uptime_s = state.uptime_s;
	m->clock = state.clock;
	m->told = state.receipts;
	memcpy(m->told_rep, state.rep, sizeof(m->told_rep));
	memcpy(m->rep, state.rep, sizeof(m->rep));
	take_seq(m, hf_state_high(&state, s->kid));
	return true;
}

void mission_end(struct mission *m)
{
	hf_key_wipe(&m->reply);
	ledger_drop(&m->book);
}

bool mission_alone(const struct session *s, unsigned cls)
{
	int i = hf_policy_find(&s->policy, HF_ARR(s->kid));

	return i >= 0 && hf_verdict_is_yes(hf_command_quorum_met(&s->policy, cls, (hf_key_set)1 << i,
								 (uint64_t)time(NULL)));
}

static bool fill_claims(struct mission *m, const char *op, hf_bytes args, long life_s, struct hf_claims *c)
{
	uint8_t pub[HF_P256_POINT_LEN];

	*c = (struct hf_claims){ .aud = session_text(m->t.dev),
				 .iat = (uint64_t)time(NULL),
				 .cls = (uint8_t)m->cls,
				 .seq = m->high + 1,
				 .op = session_text(op),
				 .args = args,
				 .has_reply = true,
				 .has_deadline = m->has_deadline,
				 .deadline_boot = m->deadline_boot,
				 .deadline_s = m->deadline_s };
	c->exp = c->iat + (uint64_t)life_s;
	memcpy(c->iss, m->s->kid, sizeof(c->iss));
	memcpy(c->rep, m->rep, sizeof(c->rep));
	hf_key_wipe(&m->reply);
	if (getrandom(m->cti, sizeof(m->cti), 0) != (ssize_t)sizeof(m->cti) ||
	    hf_crypto_p256_generate(&m->reply, pub) != HF_OK)
		return cli_fail("no randomness") == CLI_DONE;
	memcpy(c->cti, m->cti, sizeof(c->cti));
	c->reply[0] = (uint8_t)(2 + (pub[HF_P256_POINT_LEN - 1] & 1));
	memcpy(c->reply + 1, pub + 1, 32);
	return true;
}

bool mission_sign(struct mission *m, const char *op, unsigned cls, hf_bytes args, long life_s, bool single)
{
	uint8_t mem[MISSION_INNER_MAX];
	struct hf_out claims = HF_OUT(mem);
	struct hf_claims c;
	hf_err err;

	m->cls = cls;
	if (!fill_claims(m, op, args, life_s, &c))
		return false;
	/* On disk before the signature exists, so that no number is ever signed twice. */
	m->t.seq = c.seq;
	memcpy(m->t.seq_rep, c.rep, sizeof(m->t.seq_rep));
	m->high = c.seq;
	if (!trust_save(m->s, &m->t))
		return false;
	m->inner.len = 0;
	err = hf_claims_write(&c, &claims);
	if (err == HF_OK)
		err = hf_command_sign(hf_out_bytes(&claims), &m->s->key.key, single, &m->inner);
	return err == HF_OK || cli_fail("sign: %s", hf_err_text(err)) == CLI_DONE;
}

bool mission_send(struct mission *m)
{
	static uint8_t sealed_mem[SEALED_MAX], scratch_mem[MISSION_INNER_MAX + 1200];
	struct hf_out sealed = HF_OUT(sealed_mem), scratch = HF_OUT(scratch_mem);
	struct hf_port machine = HF_LINUX_PORT_NONE;
	char cti[MISSION_CTI_TEXT], path[96];
	hf_err err = hf_command_seal(&machine, hf_out_bytes(&m->inner), m->t.e.encryption,
				     session_text(m->t.dev), &scratch, &sealed);

	if (err != HF_OK)
		return cli_fail("seal: %s", hf_err_text(err)) == CLI_DONE;
	mission_cti_text(m->cti, cti);
	snprintf(path, sizeof(path), "/v1/devices/%s/commands/%s", m->t.dev, cti);
	return session_put(m->s, path, "application/cose; cose-type=\"cose-encrypt\"", hf_out_bytes(&sealed),
			   NULL);
}

/* ---- receipts ------------------------------------------------------------------------------------ */

static void open_result(const struct mission *m, struct mission_outcome *out)
{
	uint8_t mem[HF_RECEIPT_MAX_RESULT_LEN];
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(sizeof(out->result) - 1);
	struct hf_out plain = HF_OUT(mem);
	struct hf_ecdhkey reply;

	out->result[0] = '\0';
	if (out->r.result.len == 0 || m->reply.len == 0 ||
	    hf_crypto_p256_ecdhkey(&m->reply, &reply) != HF_OK ||
	    hf_receipt_open_result(&out->r, &reply, &plain) != HF_OK)
		return;
	if (print_cbor(hf_out_bytes(&plain), &text) == HF_OK)
		snprintf(out->result, sizeof(out->result), "%s", hf_buf_text(&text));
}

/* A receipt counts when the device's endorsed key signed it for this very command. */
static bool take_receipt(struct mission *m, hf_bytes object, struct mission_outcome *out)
{
	uint8_t hash[HF_SHA256_LEN];
	struct hf_receipt r;

	if (object.len > sizeof(out->mem) || hf_command_hash(hf_out_bytes(&m->inner), hash) != HF_OK)
		return false;
	if (hf_receipt_open(object, m->t.e.signing, session_text(m->t.dev), &r) != HF_OK ||
	    hf_receipt_check(&r, m->cti, hash) != HF_OK)
		return false;
	memcpy(out->mem, object.ptr, object.len);
	if (hf_receipt_open((hf_bytes){ out->mem, object.len }, m->t.e.signing, session_text(m->t.dev),
			    &out->r) != HF_OK)
		return false;
	out->found = true;
	open_result(m, out);
	if (memcmp(out->r.rep, m->t.seq_rep, sizeof(m->t.seq_rep)) == 0 && out->r.high > m->t.seq)
		m->t.seq = out->r.high;
	return true;
}

struct look {
	struct mission *m;
	struct mission_outcome *out;
};

static void on_receipt(void *ctx, hf_bytes object)
{
	struct look *look = ctx;

	if (look->out != NULL)
		(void)take_receipt(look->m, object, look->out);
}

/* Does the device speak of receipts that nobody shows? By its signed state, or by an answer to a read. */
static bool has_tail(const struct mission *m, const struct mission_outcome *out)
{
	bool same = memcmp(m->told_rep, m->book.chain.rep, sizeof(m->told_rep)) == 0;

	if (m->told > (same ? m->book.chain.n : 0) && (same || m->book.chain.n == 0))
		return true;
	return out != NULL && out->found && out->r.n == 0 && !ledger_knows(&m->book, out->r.prev);
}

bool mission_look(struct mission *m, struct mission_outcome *out)
{
	struct look look = { m, out };

	if (!ledger_read(m->s, &m->book, on_receipt, &look))
		return false;
	m->book.tail = has_tail(m, out);
	if (m->book.foreign == 0 || m->renewed)
		return true;
	/* The device may have taken a new key a moment ago: learn it, and look again. */
	m->renewed = true;
	if (!trust_refresh(m->s, m->book.dev, &m->t))
		return false;
	m->book.n_signers = trust_signers(m->s, m->book.dev, m->book.signer);
	return mission_look(m, out);
}

/* An answer has come; one that is older may be a moment behind it. "Accepted" promises a second one. */
static bool is_settled(const struct mission *m, const struct mission_outcome *out, uint64_t found_ms)
{
	if (!out->found || out->r.status == HF_STATUS_ACCEPTED)
		return false;
	return !m->book.tail || hf_now_ms() - found_ms >= TAIL_MS;
}

bool mission_wait(struct mission *m, long wait_s, struct mission_outcome *out)
{
	uint64_t start = hf_now_ms(), until = start + (uint64_t)wait_s * 1000, found_ms = 0;
	bool said = false;

	out->found = false;
	for (;;) {
		if (!mission_look(m, out))
			return false;
		if (out->found && found_ms == 0)
			found_ms = hf_now_ms();
		if (is_settled(m, out, found_ms) || hf_now_ms() >= until)
			return !out->found || trust_save(m->s, &m->t);
		if (!said && hf_now_ms() - start > 1000) {
			cli_say(m->s->args, "%s; waiting (at most %ld s) ...",
				out->found ? "Answered" : "Queued", wait_s);
			said = true;
		}
		(void)usleep(POLL_MS * 1000);
	}
}

static void print_outcome_json(const struct mission *m, const struct mission_outcome *out)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(65536);
	struct hf_json_out j = { .buf = &text };
	char cti[MISSION_CTI_TEXT];

	mission_cti_text(m->cti, cti);
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "dev", m->t.dev);
	hf_json_put_text(&j, "cti", cti);
	hf_json_put_text(&j, "status", out->found ? hf_receipt_status_word(out->r.status) : NULL);
	if (out->found) {
		hf_json_put_text(&j, "reason", hf_receipt_reason_word(out->r.reason));
		hf_json_put_uint(&j, "n", out->r.n);
		hf_json_put_uint(&j, "boot", out->r.boot);
		hf_json_put_uint(&j, "uptime", out->r.uptime_s);
	}
	if (out->result[0] != '\0')
		hf_json_put_raw(&j, "result", session_text(out->result));
	ledger_put_json(&j, "receipts", &m->book);
	hf_json_close(&j);
	if (hf_json_end(&j) == HF_OK)
		puts(hf_buf_text(&text));
}

int mission_report(const struct mission *m, const struct mission_outcome *out, long wait_s)
{
	bool good = out->found && (out->r.status == HF_STATUS_DONE || out->r.status == HF_STATUS_ACCEPTED);
	char cti[MISSION_CTI_TEXT];

	mission_cti_text(m->cti, cti);
	if (m->s->args->json)
		print_outcome_json(m, out);
	ledger_warn(&m->book);
	if (!out->found)
		return cli_fail("no receipt for %s within %ld s; that does not mean that it was not executed",
				cti, wait_s);
	if (!m->s->args->json) {
		printf("%s%s%s (receipt verified, number %llu)\n", hf_receipt_status_word(out->r.status),
		       out->r.reason != HF_REASON_NONE ? ": " : "",
		       out->r.reason != HF_REASON_NONE ? hf_receipt_reason_word(out->r.reason) : "",
		       (unsigned long long)out->r.n);
		if (out->result[0] != '\0')
			puts(out->result);
	}
	return good ? CLI_DONE : CLI_FAILED;
}

static bool should_repeat(struct mission *m, unsigned cls, const struct mission_outcome *out)
{
	if (!out->found || out->r.status != HF_STATUS_REFUSED || cls >= HF_COMMAND_DANGER)
		return false;
	if (out->r.reason != HF_REASON_REPLAY && out->r.reason != HF_REASON_EPOCH)
		return false;
	memcpy(m->rep, out->r.rep, sizeof(m->rep));
	m->high = out->r.high;
	return true;
}

bool mission_order(struct mission *m, const char *op, unsigned cls, hf_bytes args, long life_s, long wait_s,
		   struct mission_outcome *out)
{
	for (int i = 0; i < 2; i++) {
		if (!mission_sign(m, op, cls, args, life_s, true) || !mission_send(m) ||
		    !mission_wait(m, wait_s, out))
			return false;
		if (!should_repeat(m, cls, out))
			break;
	}
	return true;
}

bool mission_deadline(struct mission *m, unsigned cls, long life_s, long wait_s)
{
	static const uint8_t no_args[] = { 0xa0 };
	static struct mission_outcome out;

	m->has_deadline = false;
	if ((cls != HF_COMMAND_ACT && cls != HF_COMMAND_DANGER) || m->clock == HF_CLOCK_TRUSTED)
		return true;
	if (!mission_alone(m->s, HF_COMMAND_READ))
		return cli_fail("%s has no trusted clock, and you alone may not ask it for its time",
				m->t.dev) == CLI_DONE;
	if (!mission_order(m, "ping", HF_COMMAND_READ, HF_ARR(no_args), life_s < 600 ? life_s : 600, wait_s,
			   &out))
		return false;
	if (!out.found || out.r.status != HF_STATUS_DONE)
		return cli_fail("%s has no trusted clock and did not answer a ping; nothing was sent",
				m->t.dev) == CLI_DONE;
	m->has_deadline = true;
	m->deadline_boot = out.r.boot;
	m->deadline_s = out.r.uptime_s + (uint64_t)life_s;
	return true;
}
