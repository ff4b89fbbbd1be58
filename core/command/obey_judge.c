/* obey_judge.c -- the questions of channel.md s7, in its order. Nothing here changes anything.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

enum { EMPTY_MAP = 0xa0 };

static bool has_name(const struct hf_op *op, hf_bytes name)
{
	size_t n = 0;

	while (op->name[n] != '\0')
		n++;
	return hf_bytes_equal((hf_bytes){ (const uint8_t *)op->name, n }, name);
}

const struct hf_op *hf__obey_op(const struct hf_obey *o, hf_bytes name)
{
	for (size_t i = 0; i < o->cfg.n_ops; i++)
		if (has_name(&o->cfg.ops[i], name))
			return &o->cfg.ops[i];
	return NULL;
}

/* An operation we do not know has no class to compare; it is refused later, after its counter is burnt. */
unsigned hf__obey_judge_signers(const struct hf_policy *policy, hf_bytes dev, const struct hf_op *op,
				const struct hf_claims *c, hf_key_set signers, uint64_t floor_s)
{
	if (!hf_bytes_equal(c->aud, dev))
		return HF_REASON_AUDIENCE;
	if (hf__command_lead(policy, c, signers, floor_s) != HF_OK)
		return HF_REASON_SIGNER;
	if (op != NULL && op->cls != c->cls)
		return HF_REASON_CLASS;
	if (!hf_verdict_is_yes(hf_command_quorum_met(policy, c->cls, signers, floor_s)))
		return HF_REASON_QUORUM;
	return HF_REASON_NONE;
}

unsigned hf__obey_judge_counter(struct hf_obey *o, const struct hf_claims *c)
{
	const struct hf_obey_row *row = hf__obey_row(o, c->iss);
	uint64_t high = row == NULL ? 0 : row->high;

	if (!hf_bytes_equal(HF_ARR(c->rep), HF_ARR(o->rep)))
		return HF_REASON_EPOCH;
	if (c->seq <= high)
		return HF_REASON_REPLAY;
	/* A jump to the end would lock the signer out for ever; this way a mistake burns one counter only. */
	return c->seq - high > HF_COMMAND_MAX_JUMP ? HF_REASON_JUMP : HF_REASON_NONE;
}

static bool needs_deadline(const struct hf_claims *c)
{
	return c->cls == HF_COMMAND_ACT || c->cls == HF_COMMAND_DANGER;
}

static unsigned judge_deadline(const struct hf_claims *c, const struct hf_clock *clock)
{
	if (!c->has_deadline)
		return HF_REASON_NO_CLOCK;
	if (c->deadline_boot != clock->boot_count || clock->boot_ms / 1000 > c->deadline_s)
		return HF_REASON_EXPIRED;
	return HF_REASON_NONE;
}

static unsigned judge_time(const struct hf_claims *c, const struct hf_clock *clock, uint64_t floor_s)
{
	uint64_t life = c->cls == HF_COMMAND_ERASE ? HF_COMMAND_MAX_ERASE_LIFE_S : HF_COMMAND_MAX_LIFE_S;
	bool trusted = clock->quality == HF_CLOCK_TRUSTED && clock->unix_s >= 0;
	uint64_t now = floor_s;

	if (c->exp < c->iat || c->exp - c->iat > life)
		return HF_REASON_EXPIRED;
	if (trusted && (uint64_t)clock->unix_s > now)
		now = (uint64_t)clock->unix_s;
	if (now > c->exp)
		return HF_REASON_EXPIRED;
	if (trusted)
		return c->iat > now + HF_COMMAND_MAX_SKEW_S ? HF_REASON_EXPIRED : HF_REASON_NONE;
	return needs_deadline(c) ? judge_deadline(c, clock) : HF_REASON_NONE;
}

static unsigned judge_op(const struct hf_obey *o, const struct hf_op *op, const struct hf_claims *c)
{
	if (op == NULL)
		return HF_REASON_UNKNOWN;
	if (op->check != NULL)
		return op->check(o->cfg.ctx, c);
	return c->args.len == 1 && c->args.ptr[0] == EMPTY_MAP ? HF_REASON_NONE : HF_REASON_UNKNOWN;
}

unsigned hf__obey_judge_moment(struct hf_obey *o, const struct hf_op *op, const struct hf_claims *c,
			       const struct hf_clock *clock, uint64_t floor_s)
{
	unsigned reason = judge_time(c, clock, floor_s);

	if (reason == HF_REASON_NONE)
		reason = judge_op(o, op, c);
	if (reason != HF_REASON_NONE)
		return reason;
	/* Without storage a restart forgets the counter, and a danger could run twice. */
	if (o->cfg.no_storage && c->cls == HF_COMMAND_DANGER)
		return HF_REASON_STATE;
	if (hf__obey_job(o, NULL) == NULL || hf__obey_job(o, c->cti) != NULL)
		return HF_REASON_STATE; /* busy, or a command of this name is under way */
	return HF_REASON_NONE;
}

struct hf_verdict hf_obey_recheck(hf_bytes inner, const struct hf_policy *policy, hf_bytes dev,
				  const struct hf_op *op, uint64_t floor_s)
{
	struct hf_verdict verdict = HF_VERDICT_NO;
	struct hf_command c;
	hf_key_set signers = 0;

	if (op == NULL || hf_command_verify(inner, policy, dev, &c, &signers) != HF_OK)
		return verdict;
	if (has_name(op, c.claims.op) &&
	    hf__obey_judge_signers(policy, dev, op, &c.claims, signers, floor_s) == HF_REASON_NONE)
		verdict = HF_VERDICT_YES;
	return verdict;
}
