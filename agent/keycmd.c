/* Sealed commands. core/command judges and remembers; this file brings it keys, messages and time, and
 * carries its receipts up. They lie in core/command's own records, so the outbox need not store them again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <hf/log.h>
#include <stdio.h>
#include <string.h>

hf_err key_cmd_open(struct keyproc *k, struct hf_why *why)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct key_cmd *c = &k->cmd;
	struct hf_out scratch = HF_OUT(mem);
	hf_err err = hf_policy_open_first(k->provision.policy, &scratch, &c->policy);

	if (err != HF_OK)
		return hf_why_set(why, err, "provision.hfp: policy: %s", hf_err_text(err));
	c->scratch = HF_OUT(c->scratch_mem);
	c->last = HF_OUT(c->last_mem);
	HF_TRY(hf_timer_init(&c->reboot, k->loop, key_on_reboot_timer, k));
	HF_TRY(hf_timer_init(&k->leave, k->loop, key_on_leave, k));
	key_ops_fill(k);
	return key_settings_open(k);
}

/* ---- keys of the identity that leads ----------------------------------------------------------- */

static void take_previous_key(struct keyproc *k)
{
	struct key_cmd *c = &k->cmd;
	uint8_t pub[HF_P256_POINT_LEN];

	c->obey.cfg.open[1] = NULL;
	if (hf_renew_previous_key(&k->renew, &c->secret[1], pub) == HF_OK &&
	    hf_crypto_p256_ecdhkey(&c->secret[1], &c->ecdh[1]) == HF_OK)
		c->obey.cfg.open[1] = &c->ecdh[1];
}

static hf_err take_keys(struct keyproc *k)
{
	struct key_cmd *c = &k->cmd;

	if (k->renew.active < 0)
		return HF_ERR_PORT_ABSENT;
	HF_TRY(key_signer(k, &c->sign));
	HF_TRY(hf_renew_decryption_key(&k->renew, (unsigned)k->renew.active, &c->secret[0]));
	HF_TRY(hf_crypto_p256_ecdhkey(&c->secret[0], &c->ecdh[0]));
	take_previous_key(k);
	return HF_OK;
}

static hf_err boot(struct keyproc *k)
{
	const char *dev = k->renew.slot[k->renew.active].leaf.dev;
	static uint8_t mem[HF_RECEIPT_MAX_LEN];
	struct hf_out work = HF_OUT(mem);
	struct key_cmd *c = &k->cmd;
	const struct hf_obey_config cfg = {
		.port = &k->port,
		.policy = &c->policy,
		.dev = { (const uint8_t *)c->dev, HF_DEV_LEN },
		.version = HF_STR(AGENT_VERSION),
		.sign = &c->sign,
		.open = { &c->ecdh[0], c->obey.cfg.open[1] },
		.ops = c->op,
		.n_ops = c->n_ops,
		.ctx = k,
		.recover = key_op_recover,
		.scratch = &c->scratch,
		.last = &c->last,
	};

	memcpy(c->dev, dev, sizeof(c->dev));
	HF_TRY(hf_obey_boot(&c->obey, &cfg, &work));
	c->open = true;
	return HF_OK;
}

/* A device that was bound anew has another name: counters and receipts of the old one end. */
static hf_err ready(struct keyproc *k)
{
	struct key_cmd *c = &k->cmd;

	HF_TRY(take_keys(k));
	if (!c->open)
		return boot(k);
	if (memcmp(c->dev, k->renew.slot[k->renew.active].leaf.dev, HF_DEV_LEN) == 0)
		return HF_OK;
	memcpy(c->dev, k->renew.slot[k->renew.active].leaf.dev, sizeof(c->dev));
	return hf_obey_reset(&c->obey);
}

/* ---- receipts ---------------------------------------------------------------------------------- */

static hf_err publish(struct keyproc *k, hf_bytes receipt)
{
	char topic[AGENT_TOPIC_CAP];
	uint8_t id_mem[24];
	struct hf_out id = HF_OUT(id_mem);
	struct hf_receipt r;

	if (receipt.len == 0)
		return HF_OK;
	HF_TRY(hf_receipt_peek(receipt, &r));
	HF_TRY(hf_base64url_encode(HF_ARR(r.cti), &id));
	hf_log(HF_LOG_INFO, "command", "receipt", "n=%llu status=%s reason=%s", (unsigned long long)r.n,
	       hf_receipt_status_word(r.status), hf_receipt_reason_word(r.reason));
	(void)snprintf(topic, sizeof(topic), "rcpt/%.*s", (int)id.len, (const char *)id_mem);
	return key_up_put(k, topic, receipt, KEY_UP_ACK);
}

static void publish_or_log(struct keyproc *k, hf_bytes receipt)
{
	hf_err err = publish(k, receipt);

	if (err != HF_OK) /* a chained receipt goes again at the next start, see hf_obey_next_unacked */
		hf_log_why(HF_LOG_WARN, "command", "receipt waits", err, NULL);
}

static bool is_queued(const struct keyproc *k, hf_bytes receipt)
{
	for (size_t i = 0; i < KEY_UP_MAX; i++)
		if (k->up[i].token != 0 && hf_bytes_equal((hf_bytes){ k->up[i].data, k->up[i].len }, receipt))
			return true;
	return false;
}

hf_err key_cmd_publish(struct keyproc *k, uint64_t n)
{
	static uint8_t mem[HF_RECEIPT_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	HF_TRY(hf_obey_receipt(&k->cmd.obey, n, &out));
	return is_queued(k, hf_out_bytes(&out)) ? HF_OK : publish(k, hf_out_bytes(&out));
}

static void publish_unacked(struct keyproc *k)
{
	uint64_t n = 0;

	while (hf_obey_next_unacked(&k->cmd.obey, &n)) {
		hf_err err = key_cmd_publish(k, n);

		if (err != HF_OK)
			hf_log_why(HF_LOG_WARN, "command", "receipt waits", err, NULL);
	}
}

void key_cmd_acked(struct keyproc *k, hf_bytes receipt)
{
	struct hf_receipt r;

	if (!k->cmd.open || hf_receipt_peek(receipt, &r) != HF_OK || r.n == 0)
		return;
	hf_obey_acked(&k->cmd.obey, r.n);
	key_release_acked(k, r.n);
}

void key_cmd_session(struct keyproc *k)
{
	uint8_t mem[HF_STATE_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	hf_err err = ready(k);

	if (err == HF_OK)
		err = hf_obey_state(&k->cmd.obey, &out);
	if (err == HF_OK) {
		key_up_forget(k, "state/");
		err = key_up_put(k, "state/now", hf_out_bytes(&out), 0);
	}
	if (err != HF_OK) {
		hf_log_why(HF_LOG_WARN, "command", "not ready", err, NULL);
		return;
	}
	publish_unacked(k);
}

/* ---- one command ------------------------------------------------------------------------------- */

hf_err key_cmd_finish(struct keyproc *k, const uint8_t cti[static HF_COMMAND_CTI_LEN], unsigned status,
		      hf_bytes result)
{
	static uint8_t mem[HF_RECEIPT_MAX_LEN];
	unsigned reason = status == HF_STATUS_FAILED ? HF_REASON_FAILED : HF_REASON_NONE;
	struct hf_out receipt = HF_OUT(mem);

	if (!k->cmd.open)
		return HF_ERR_OBEY_NO_JOB;
	if (result.len > HF_RECEIPT_MAX_RESULT_LEN)
		return HF_ERR_RECEIPT_LIMIT;
	HF_TRY(take_keys(k));
	HF_TRY(hf_obey_finish(&k->cmd.obey, cti, status, reason, result, &receipt));
	publish_or_log(k, hf_out_bytes(&receipt));
	return HF_OK;
}

static void act(struct keyproc *k, const struct hf_task *task)
{
	static uint8_t mem[HF_RECEIPT_MAX_RESULT_LEN];
	size_t row = (size_t)(task->op - k->cmd.op);
	struct hf_out result = HF_OUT(mem);
	unsigned status;
	hf_err err;

	hf_log(HF_LOG_INFO, "command", "run", "op=%s class=%u", task->op->name, (unsigned)task->claims.cls);
	if (row >= k->cmd.n_own_ops) {
		err = key_app_deliver(k, &task->claims);
		if (err == HF_OK)
			return; /* the application's result ends it */
		status = HF_STATUS_FAILED;
	} else {
		status = key_op_run(k, task, &result);
	}
	err = key_cmd_finish(k, task->claims.cti, status, hf_out_bytes(&result));
	if (err != HF_OK) /* the job is stored as started: the next start answers for it */
		hf_log_why(HF_LOG_ERR, "command", "no receipt", err, NULL);
}

void key_cmd_received(struct keyproc *k, hf_bytes payload)
{
	static uint8_t mem[HF_RECEIPT_MAX_LEN];
	struct hf_task task = { .verdict = HF_VERDICT_NO };
	struct hf_out receipt = HF_OUT(mem);
	int64_t floor_s = k->renew.floor.floor_s;
	hf_err err = ready(k);

	if (payload.len > sizeof(k->cmd.msg) || k->leaving) /* nobody commands a device that was given away */
		return;
	memcpy(k->cmd.msg, payload.ptr, payload.len);
	if (err == HF_OK)
		err = hf_obey_receive(&k->cmd.obey, k->cmd.msg, payload.len,
				      floor_s > 0 ? (uint64_t)floor_s : 0, &task, &receipt);
	if (err != HF_OK) { /* undecided: the server gives it again at the next session */
		hf_log_why(HF_LOG_WARN, "command", "not judged", err, NULL);
		return;
	}
	if (task.dropped != HF_OK)
		hf_log_why(HF_LOG_INFO, "command", "dropped", task.dropped, NULL);
	publish_or_log(k, hf_out_bytes(&receipt));
	if (hf_verdict_is_yes(task.verdict))
		act(k, &task);
}
