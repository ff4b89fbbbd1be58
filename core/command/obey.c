/* obey.c -- one command from the wire to its receipt.
 *
 *	receive ─┬─ not ours, not signed ─────────────► counted only
 *	         ├─ signers, epoch, counter say no ───► loose receipt, nothing stored
 *	         ├─ same command again ───────────────► its receipt again
 *	         ├─ time, state, arguments say no ────► counter burnt, chained receipt
 *	         └─ STARTED stored ──► verdict yes ──► finish ──► DONE and receipt stored
 *
 * A read takes the same way without storing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

/* One message on its way through. */
struct passage {
	struct hf_command c;
	hf_key_set signers;
	uint8_t hash[HF_SHA256_LEN];
	struct hf_clock clock;
	uint64_t floor_s;
	const struct hf_op *op;
};

static bool is_durable(const struct hf_obey *o, unsigned cls)
{
	return cls != HF_COMMAND_READ && !o->cfg.no_storage;
}

/* Machine failures are worth another try; everything else about foreign bytes is counted and forgotten. */
static hf_err drop(struct hf_obey *o, struct hf_task *task, hf_err err)
{
	if (hf_err_class(err) == HF_CLASS_MACHINE)
		return err;
	o->n_dropped++;
	task->dropped = err;
	task->inner = (hf_bytes){ 0 };
	return HF_OK;
}

static hf_err unseal_in_place(const struct hf_obey *o, uint8_t *msg, size_t len, hf_bytes *inner)
{
	struct hf_cose_encrypt e;
	struct hf_out plain;

	if (len > HF_COMMAND_MAX_LEN)
		return HF_ERR_COMMAND_LIMIT;
	if (hf_cose_encrypt_read((hf_bytes){ msg, len }, &e) != HF_OK)
		return HF_ERR_COMMAND_SHAPE;
	plain = (struct hf_out){ msg + (e.ciphertext.ptr - msg), e.ciphertext.len, 0 };
	return hf__command_open(&e, o->cfg.open, o->cfg.dev, &plain, inner);
}

static struct hf__answer answer_to(const struct passage *p, uint64_t high, unsigned reason)
{
	return (struct hf__answer){ .cti = p->c.claims.cti,
				    .cls = p->c.claims.cls,
				    .hash = p->hash,
				    .high = high,
				    .status = HF_STATUS_REFUSED,
				    .reason = reason };
}

static bool take_refusal(struct hf_obey *o, uint64_t now_ms)
{
	uint64_t more = (now_ms - o->refusal_ms) / HF_OBEY_REFUSAL_MS;

	if (o->refusals + more >= HF_OBEY_REFUSALS) {
		o->refusals = HF_OBEY_REFUSALS;
		o->refusal_ms = now_ms;
	} else {
		o->refusals += (unsigned)more;
		o->refusal_ms += more * HF_OBEY_REFUSAL_MS;
	}
	if (o->refusals == 0)
		return false;
	o->refusals--;
	return true;
}

/* The counter was not touched, so nothing is stored: a relay that repeats old commands wears no flash. */
static hf_err refuse(struct hf_obey *o, const struct passage *p, unsigned reason, struct hf_task *task,
		     struct hf_out *receipt)
{
	const struct hf_obey_row *row = hf__obey_row(o, p->c.claims.iss);
	struct hf__answer a = answer_to(p, row == NULL ? 0 : row->high, reason);

	task->reason = reason;
	if (!take_refusal(o, p->clock.boot_ms))
		return drop(o, task, HF_ERR_OBEY_BUSY);
	return hf__obey_answer_loose(o, &a, receipt);
}

/* Move the signer's counter to this command. */
static void advance(struct hf_obey_row *row, const struct passage *p)
{
	row->high = p->c.claims.seq;
	row->n = 0;
	memcpy(row->hash, p->hash, sizeof(row->hash));
}

/* The counter is spent although nothing ran: else a relay could keep the command for a better moment. */
static hf_err burn(struct hf_obey *o, struct hf_obey_row *row, const struct passage *p, unsigned reason,
		   struct hf_out *receipt)
{
	struct hf__answer a = answer_to(p, p->c.claims.seq, reason);
	struct hf_obey_row before = *row;
	hf_err err;

	advance(row, p);
	if (!is_durable(o, p->c.claims.cls)) {
		err = hf__obey_answer_loose(o, &a, receipt);
		if (err == HF_OK)
			hf__obey_remember(o, p->hash, hf_out_bytes(receipt));
	} else {
		row->n = o->count + 1;
		err = hf__obey_answer_chained(o, &a, receipt);
	}
	if (err != HF_OK && !o->pending)
		*row = before;
	return err;
}

static void fill_job(struct hf_obey_job *j, const struct passage *p)
{
	const struct hf_claims *c = &p->c.claims;

	*j = (struct hf_obey_job){ .high = c->seq,
				   .cls = c->cls,
				   .phase = HF_JOB_STARTED,
				   .op_len = (uint8_t)c->op.len,
				   .has_reply = c->has_reply };
	memcpy(j->kid, c->iss, sizeof(j->kid));
	memcpy(j->hash, p->hash, sizeof(j->hash));
	memcpy(j->cti, c->cti, sizeof(j->cti));
	memcpy(j->op, c->op.ptr, c->op.len);
	memcpy(j->reply, c->reply, sizeof(j->reply));
}

static hf_err start(struct hf_obey *o, struct hf_obey_row *row, const struct passage *p, struct hf_task *task,
		    struct hf_out *receipt)
{
	struct hf_obey_job *job = hf__obey_job(o, NULL);
	hf_err err = HF_OK;

	if (job == NULL)
		return HF_ERR_BASE_MISUSE; /* hf__obey_judge_moment has seen a free one */
	advance(row, p);
	fill_job(job, p);
	if (is_durable(o, p->c.claims.cls))
		err = hf__obey_persist(o, (hf_bytes){ 0 });
	if (err != HF_OK) {
		/* The counter stays spent in RAM: what was refused must not run when storage is back. */
		job->phase = HF_JOB_FREE;
		return refuse(o, p, HF_REASON_STORAGE, task, receipt);
	}
	task->claims = p->c.claims;
	task->op = p->op;
	task->verdict = HF_VERDICT_YES;
	return HF_OK;
}

static bool is_repeat(struct hf_obey *o, const struct passage *p)
{
	const struct hf_obey_row *row = hf__obey_row(o, p->c.claims.iss);

	return row != NULL && row->high == p->c.claims.seq &&
	       hf_bytes_equal(HF_ARR(row->hash), HF_ARR(p->hash)) &&
	       hf_bytes_equal(HF_ARR(p->c.claims.rep), HF_ARR(o->rep));
}

/* The same command once more: its answer again. A read whose answer is lost may run again. */
static hf_err repeat(struct hf_obey *o, const struct passage *p, struct hf_task *task, struct hf_out *receipt)
{
	struct hf_obey_row *row = hf__obey_row(o, p->c.claims.iss);
	hf_err err;

	if (row->n > 0) {
		err = hf_obey_receipt(o, row->n, receipt);
		return err == HF_ERR_OBEY_NO_RECEIPT ? refuse(o, p, HF_REASON_REPLAY, task, receipt) : err;
	}
	if (hf__obey_job(o, p->c.claims.cti) != NULL)
		return drop(o, task, HF_ERR_OBEY_BUSY); /* under way: the answer comes when it is done */
	if (o->cfg.last != NULL && o->cfg.last->len > 0 &&
	    hf_bytes_equal(HF_ARR(o->last_hash), HF_ARR(p->hash)))
		return hf_out_put(receipt, hf_out_bytes(o->cfg.last));
	if (p->c.claims.cls != HF_COMMAND_READ)
		return refuse(o, p, HF_REASON_REPLAY, task, receipt);
	task->reason = hf__obey_judge_moment(o, p->op, &p->c.claims, &p->clock, p->floor_s);
	if (task->reason != HF_REASON_NONE)
		return burn(o, row, p, task->reason, receipt);
	return start(o, row, p, task, receipt);
}

static hf_err decide(struct hf_obey *o, const struct passage *p, struct hf_task *task, struct hf_out *receipt)
{
	const struct hf_claims *c = &p->c.claims;
	struct hf_obey_row *row;
	unsigned reason;

	reason = hf__obey_judge_signers(o->cfg.policy, o->cfg.dev, p->op, c, p->signers, p->floor_s);
	if (reason != HF_REASON_NONE)
		return refuse(o, p, reason, task, receipt);
	if (is_repeat(o, p))
		return repeat(o, p, task, receipt);
	reason = hf__obey_judge_counter(o, c);
	if (reason != HF_REASON_NONE)
		return refuse(o, p, reason, task, receipt);
	row = hf__obey_take_row(o, c->iss);
	if (row == NULL)
		return refuse(o, p, HF_REASON_STORAGE, task, receipt);
	task->reason = hf__obey_judge_moment(o, p->op, c, &p->clock, p->floor_s);
	if (task->reason != HF_REASON_NONE)
		return burn(o, row, p, task->reason, receipt);
	return start(o, row, p, task, receipt);
}

hf_err hf_obey_receive(struct hf_obey *o, uint8_t *msg, size_t len, uint64_t floor_s, struct hf_task *task,
		       struct hf_out *receipt)
{
	struct passage p = { .floor_s = floor_s };
	hf_err err;

	*task = (struct hf_task){ .verdict = HF_VERDICT_NO };
	HF_TRY(hf__obey_settle(o, receipt));
	receipt->len = 0;
	HF_TRY(hf_port_clock(o->cfg.port, &p.clock));
	err = unseal_in_place(o, msg, len, &task->inner);
	if (err == HF_OK)
		err = hf_command_verify(task->inner, o->cfg.policy, o->cfg.dev, &p.c, &p.signers);
	if (err != HF_OK)
		return drop(o, task, err);
	HF_TRY(hf_command_hash(task->inner, p.hash));
	p.op = hf__obey_op(o, p.c.claims.op);
	return decide(o, &p, task, receipt);
}

static hf_err finish_durable(struct hf_obey *o, struct hf_obey_job *job, const struct hf__answer *a,
			     struct hf_out *receipt)
{
	struct hf_obey_row *row = hf__obey_row(o, job->kid);
	uint64_t n_before = row == NULL ? 0 : row->n;
	uint8_t phase_before = job->phase;
	hf_err err;

	if (row != NULL && !hf_bytes_equal(HF_ARR(row->hash), HF_ARR(job->hash)))
		row = NULL; /* the signer has gone on; the row belongs to a later command */
	if (row != NULL)
		row->n = o->count + 1;
	job->phase = a->status == HF_STATUS_ACCEPTED ? HF_JOB_ACCEPTED : HF_JOB_FREE;
	err = hf__obey_answer_chained(o, a, receipt);
	if (err != HF_OK && !o->pending) {
		job->phase = phase_before;
		if (row != NULL)
			row->n = n_before;
	}
	return err;
}

hf_err hf__obey_finish_job(struct hf_obey *o, struct hf_obey_job *job, const struct hf__answer *a,
			   struct hf_out *receipt)
{
	if (is_durable(o, job->cls))
		return finish_durable(o, job, a, receipt);
	HF_TRY(hf__obey_answer_loose(o, a, receipt));
	hf__obey_remember(o, job->hash, hf_out_bytes(receipt));
	if (a->status != HF_STATUS_ACCEPTED)
		job->phase = HF_JOB_FREE;
	return HF_OK;
}

struct hf__answer hf__obey_answer_for(const struct hf_obey_job *job, unsigned status, unsigned reason)
{
	return (struct hf__answer){ .cti = job->cti,
				    .reply = job->has_reply ? job->reply : NULL,
				    .cls = job->cls,
				    .hash = job->hash,
				    .high = job->high,
				    .status = status,
				    .reason = reason };
}

static bool answers(const struct hf_out *receipt, const uint8_t cti[static HF_COMMAND_CTI_LEN],
		    unsigned status)
{
	struct hf_receipt r;

	return receipt->len > 0 && hf_receipt_peek(hf_out_bytes(receipt), &r) == HF_OK &&
	       r.status == status && hf_bytes_equal(HF_ARR(r.cti), (hf_bytes){ cti, HF_COMMAND_CTI_LEN });
}

hf_err hf_obey_finish(struct hf_obey *o, const uint8_t cti[static HF_COMMAND_CTI_LEN], unsigned status,
		      unsigned reason, hf_bytes result, struct hf_out *receipt)
{
	struct hf_obey_job *job;
	struct hf__answer a;

	HF_TRY(hf__obey_settle(o, receipt));
	job = hf__obey_job(o, cti);
	if (answers(receipt, cti, status))
		return HF_OK; /* called again after its signature or storing failed: it is settled now */
	receipt->len = 0;
	if (job == NULL)
		return HF_ERR_OBEY_NO_JOB;
	if (status > HF_STATUS_UNKNOWN || reason > UINT8_MAX)
		return HF_ERR_BASE_MISUSE;
	a = hf__obey_answer_for(job, status, reason);
	a.result = result;
	return hf__obey_finish_job(o, job, &a, receipt);
}
