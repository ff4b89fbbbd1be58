/* obey_boot.c -- a device comes up: its table, what a power cut left in it, and what it tells the signers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

/* What was under way when the power went must not run again; what became of it only the caller may know. */
static hf_err recover_jobs(struct hf_obey *o, struct hf_out *work)
{
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++) {
		struct hf_obey_job *job = &o->job[i];
		unsigned status = HF_STATUS_UNKNOWN;
		struct hf__answer a;

		if (job->phase == HF_JOB_FREE)
			continue;
		if (o->cfg.recover != NULL)
			status = o->cfg.recover(o->cfg.ctx, job);
		if (status == HF_STATUS_ACCEPTED)
			continue;
		a = hf__obey_answer_for(job, status,
					status == HF_STATUS_FAILED ? HF_REASON_FAILED : HF_REASON_NONE);
		HF_TRY(hf__obey_finish_job(o, job, &a, work));
	}
	return HF_OK;
}

/* What waits for a signature must be the receipt that the table counts last. */
static bool is_next(const struct hf_obey *o, hf_bytes payload)
{
	struct hf_receipt r;

	return hf_receipt_read(payload, &r) == HF_OK && r.n == o->count &&
	       hf_bytes_equal(HF_ARR(r.rep), HF_ARR(o->rep)) && hf_bytes_equal(r.dev, o->cfg.dev);
}

static hf_err load(struct hf_obey *o)
{
	hf_bytes payload = { 0 };
	hf_err err = HF_ERR_PORT_ABSENT;

	if (!o->cfg.no_storage)
		err = hf_port_read(o->cfg.port, HF_REC_REPLAY, o->cfg.scratch);
	if (err == HF_OK)
		err = hf__obey_decode(o, hf_out_bytes(o->cfg.scratch), &payload);
	if (err == HF_OK && payload.len > 0 && !is_next(o, payload))
		err = HF_ERR_PORT_CORRUPT;
	if (err == HF_OK) {
		o->pending = payload.len > 0;
		hf__obey_prune(o);
		return HF_OK;
	}
	/* Gone or damaged: counters cannot be guessed, so a new epoch makes every old command worthless. */
	if (err != HF_ERR_PORT_ABSENT && err != HF_ERR_PORT_CORRUPT && err != HF_ERR_BASE_NO_ROOM)
		return err;
	HF_TRY(hf__obey_fresh(o));
	return hf__obey_persist(o, (hf_bytes){ 0 });
}

hf_err hf_obey_boot(struct hf_obey *o, const struct hf_obey_config *cfg, struct hf_out *work)
{
	hf_err err;

	memset(o, 0, sizeof(*o)); /* a literal of this size would lie on the stack first */
	o->cfg = *cfg;
	o->refusals = HF_OBEY_REFUSALS;
	if (cfg->dev.len != HF_COMMAND_DEV_LEN || cfg->scratch->cap < HF_OBEY_SCRATCH_LEN ||
	    work->cap < HF_RECEIPT_MAX_LEN)
		return HF_ERR_BASE_MISUSE;
	if (cfg->last != NULL)
		cfg->last->len = 0;
	err = load(o);
	if (err == HF_OK)
		err = hf__obey_settle(o, work);
	if (err == HF_OK)
		err = recover_jobs(o, work);
	work->len = 0;
	return err;
}

hf_err hf_obey_state(struct hf_obey *o, struct hf_out *out)
{
	struct hf_state s = { .dev = o->cfg.dev,
			      .n_rows = o->n_rows,
			      .policy = o->cfg.policy->number,
			      .version = o->cfg.version,
			      .receipts = o->count };
	struct hf_clock clock;

	HF_TRY(hf_port_clock(o->cfg.port, &clock));
	s.clock = (uint8_t)clock.quality;
	s.has_time = clock.quality == HF_CLOCK_TRUSTED && clock.unix_s >= 0;
	s.time = s.has_time ? (uint64_t)clock.unix_s : 0;
	s.boot = clock.boot_count;
	s.uptime_s = clock.boot_ms / 1000;
	memcpy(s.rep, o->rep, sizeof(s.rep));
	for (size_t i = 0; i < o->n_rows; i++) {
		memcpy(s.row[i].kid, o->row[i].kid, HF_KID_LEN);
		s.row[i].high = o->row[i].high;
	}
	return hf_state_write(&s, o->cfg.sign, out);
}

hf_err hf_obey_reset(struct hf_obey *o)
{
	HF_TRY(hf__obey_fresh(o));
	return hf__obey_persist(o, (hf_bytes){ 0 });
}
