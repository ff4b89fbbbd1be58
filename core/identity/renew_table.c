/* The renewal machine: states, edges, and what always holds.
 *
 *   EMPTY --due: make key--> KEYED --due: ask--> REQUESTED --cert: store--> HAVE --due--> PROVE
 *                             ^  ^                  |                        ^             |  |
 *                             |  +--later, refused, +                        |   refused   |  | session:
 *                             |      no answer                               |   3 times   |  | endorse, flip
 *                             |                                              v             |  v
 *                             |<---asked again (same key)---------------- FALLBACK <-------+ PROMOTED
 *                             |                                              |---due---> PROVE |
 *                             |                                                                | answered:
 *                             +---due or refused: make key------------- STABLE <--------------+ wipe old
 *
 * Invariants (each has a test; the power-cut simulation asserts them at every durable write):
 *  1. A key is durable before any request for it leaves; the same key is asked for until it has a
 *     certificate, so a lost answer costs nothing.
 *  2. The slot that leads is never written, except for its own endorsement and retry time, and never wiped.
 *  3. The leader changes only after a session with the new certificate was accepted.
 *  4. hello{promoted} leaves only after the change is durable; from then on the old certificate is never
 *     used again, not even after a power cut: a superseded certificate at any door looks like a clone.
 *  5. The old key is wiped only after the answer to hello{promoted}, or when the new one must itself be
 *     replaced.
 *  6. A request renews with the leader's certificate; it enrols anew only without a leader, or when renewal
 *     was refused and the leader has run out by our own clock (or we have no clock).
 *  7. No wait is longer than 24 h in seconds of any clock; a clock that jumps can only make us ask sooner.
 *
 * What may be trusted in each state: KEYED.. HAVE, FALLBACK, STABLE: the leader's certificate; PROVE: the new
 * one first, the leader when it fails; PROMOTED: the new one alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_priv.h"

struct row {
	uint8_t state, event;
	hf_err (*action)(struct hf_renew *r, const struct hf_renew_event *ev);
	uint8_t next;
};

static const struct row rows[] = {
	{ HF_RENEW_EMPTY, HF_RENEW_DUE, hf__renew_make_key, HF_RENEW_KEYED },

	{ HF_RENEW_KEYED, HF_RENEW_DUE, hf__renew_ask, HF_RENEW_REQUESTED },
	{ HF_RENEW_KEYED, HF_RENEW_SESSION, hf__renew_nothing, HF_RENEW_KEYED },
	{ HF_RENEW_KEYED, HF_RENEW_SESSION_REFUSED, hf__renew_hasten, HF_RENEW_KEYED },
	{ HF_RENEW_KEYED, HF_RENEW_ACK, hf__renew_nothing, HF_RENEW_KEYED },

	{ HF_RENEW_REQUESTED, HF_RENEW_CERT, hf__renew_keep_cert, HF_RENEW_HAVE },
	{ HF_RENEW_REQUESTED, HF_RENEW_WAIT, hf__renew_later, HF_RENEW_KEYED },
	{ HF_RENEW_REQUESTED, HF_RENEW_REFUSED, hf__renew_later, HF_RENEW_KEYED },
	{ HF_RENEW_REQUESTED, HF_RENEW_FAILED, hf__renew_later, HF_RENEW_KEYED },
	{ HF_RENEW_REQUESTED, HF_RENEW_SESSION, hf__renew_nothing, HF_RENEW_REQUESTED },
	{ HF_RENEW_REQUESTED, HF_RENEW_SESSION_REFUSED, hf__renew_nothing, HF_RENEW_REQUESTED },
	{ HF_RENEW_REQUESTED, HF_RENEW_ACK, hf__renew_nothing, HF_RENEW_REQUESTED },

	{ HF_RENEW_HAVE, HF_RENEW_DUE, hf__renew_use_new, HF_RENEW_PROVE },

	{ HF_RENEW_PROVE, HF_RENEW_SESSION, hf__renew_promote, HF_RENEW_PROMOTED },
	{ HF_RENEW_PROVE, HF_RENEW_DUE, hf__renew_promote, HF_RENEW_PROMOTED },
	{ HF_RENEW_PROVE, HF_RENEW_PROOF_FAILED, hf__renew_fall_back, HF_RENEW_FALLBACK },
	{ HF_RENEW_PROVE, HF_RENEW_ACK, hf__renew_nothing, HF_RENEW_PROVE },

	{ HF_RENEW_FALLBACK, HF_RENEW_DUE, hf__renew_use_new, HF_RENEW_PROVE },
	{ HF_RENEW_FALLBACK, HF_RENEW_ASK_AGAIN, hf__renew_drop_cert, HF_RENEW_KEYED },
	{ HF_RENEW_FALLBACK, HF_RENEW_SESSION, hf__renew_nothing, HF_RENEW_FALLBACK },
	{ HF_RENEW_FALLBACK, HF_RENEW_SESSION_REFUSED, hf__renew_nothing, HF_RENEW_FALLBACK },
	{ HF_RENEW_FALLBACK, HF_RENEW_ACK, hf__renew_nothing, HF_RENEW_FALLBACK },

	{ HF_RENEW_PROMOTED, HF_RENEW_ACK, hf__renew_wipe_old, HF_RENEW_STABLE },
	{ HF_RENEW_PROMOTED, HF_RENEW_DUE, hf__renew_wipe_old, HF_RENEW_STABLE },
	{ HF_RENEW_PROMOTED, HF_RENEW_SESSION, hf__renew_nothing, HF_RENEW_PROMOTED },
	{ HF_RENEW_PROMOTED, HF_RENEW_SESSION_REFUSED, hf__renew_hasten, HF_RENEW_PROMOTED },

	{ HF_RENEW_STABLE, HF_RENEW_DUE, hf__renew_make_key, HF_RENEW_KEYED },
	{ HF_RENEW_STABLE, HF_RENEW_ACK, hf__renew_nothing, HF_RENEW_STABLE },
	{ HF_RENEW_STABLE, HF_RENEW_SESSION, hf__renew_nothing, HF_RENEW_STABLE },
	{ HF_RENEW_STABLE, HF_RENEW_SESSION_REFUSED, hf__renew_hasten, HF_RENEW_STABLE },
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]), MAX_CHAIN = 4, REASK_ROUNDS = 3 };

static hf_err run(struct hf_renew *r, const struct hf_renew_event *ev)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].state != (unsigned)r->state || rows[i].event != (unsigned)ev->kind)
			continue;
		HF_TRY(rows[i].action(r, ev));
		r->state = (enum hf_renew_state)rows[i].next;
		return HF_OK;
	}
	return HF_ERR_RENEW_EVENT;
}

/* Has the wait ended? One that lies further ahead than any wait we make comes from a clock that jumped. */
static bool waited(const struct hf_renew *r, int64_t now_s)
{
	return now_s >= r->next_try_s || r->next_try_s - now_s > 86400;
}

static hf_err renewal_is_due(const struct hf_renew *r, int64_t now_s, bool settled, bool *due)
{
	const struct hf_leaf *leaf = &r->slot[r->active].leaf;
	int64_t due_s = r->window_s;

	if (due_s == 0)
		HF_TRY(hf_renew_due(leaf, &due_s));
	/* A live session first brings the commands that wait, sealed to the key that is about to go. Without
	 * a session the renewal does not wait for ever. */
	*due = now_s >= due_s && (settled || now_s >= due_s + (leaf->not_after - leaf->not_before) / 20);
	return HF_OK;
}

/* Every state but STABLE: is something to be done now? */
static bool wait_is_over(const struct hf_renew *r, int64_t now_s)
{
	switch (r->state) {
	case HF_RENEW_EMPTY:
	case HF_RENEW_FALLBACK:
		return waited(r, now_s);
	case HF_RENEW_KEYED:
		return r->hasten || waited(r, now_s);
	case HF_RENEW_HAVE:
		return true;
	case HF_RENEW_PROVE: /* a promotion that a full disk stopped */
		return r->proven && waited(r, now_s);
	case HF_RENEW_PROMOTED: /* never answered: let go of the old key to make room for the next */
		return r->hasten || now_s >= r->slot[r->active].leaf.not_after;
	default:
		return false;
	}
}

/* The event that time itself makes in this state, or HF_RENEW_TICK for none. */
static hf_err by_time(const struct hf_renew *r, int64_t now_s, bool settled, enum hf_renew_kind *kind)
{
	bool due = wait_is_over(r, now_s);

	*kind = HF_RENEW_TICK;
	if (r->state == HF_RENEW_STABLE) {
		HF_TRY(renewal_is_due(r, now_s, settled, &due));
		due = due || r->hasten;
	}
	if (!due)
		return HF_OK;
	*kind = HF_RENEW_DUE;
	if (r->state == HF_RENEW_FALLBACK && (r->active < 0 || r->rounds >= REASK_ROUNDS))
		*kind = HF_RENEW_ASK_AGAIN;
	return HF_OK;
}

/* Follow what time makes due; a chain is EMPTY-KEYED-REQUESTED or HAVE-PROVE. */
static hf_err follow_time(struct hf_renew *r, bool settled)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_TICK };
	int64_t now_s = 0;

	for (int i = 0; i < MAX_CHAIN; i++) {
		HF_TRY(hf__renew_now(r, &now_s));
		HF_TRY(by_time(r, now_s, settled, &ev.kind));
		if (ev.kind == HF_RENEW_TICK)
			return HF_OK;
		HF_TRY(run(r, &ev));
	}
	return HF_OK;
}

static hf_err forget_previous_key(struct hf_renew *r)
{
	int64_t now_s = 0;

	HF_TRY(hf__renew_now(r, &now_s));
	if (r->prev_until_s == 0 || (now_s < r->prev_until_s && r->prev_until_s - now_s <= 86400))
		return HF_OK;
	HF_TRY(hf_port_destroy(r->port, HF_REC_PREV_ENC));
	r->prev_until_s = 0;
	return HF_OK;
}

static bool is_about_a_session(enum hf_renew_kind kind)
{
	return kind == HF_RENEW_SESSION || kind == HF_RENEW_SESSION_REFUSED;
}

/* Sessions in PROVE are counted before the table sees them. */
static hf_err session_refused_in_prove(struct hf_renew *r)
{
	struct hf_renew_event failed = { .kind = HF_RENEW_PROOF_FAILED };

	r->refusals++;
	return r->refusals < HF_RENEW_PROOFS ? HF_OK : run(r, &failed);
}

hf_err hf_renew_step(struct hf_renew *r, const struct hf_renew_event *event)
{
	if (event->kind >= HF_RENEW_DUE || (int)event->kind < 0)
		return HF_ERR_RENEW_EVENT;
	if (event->kind == HF_RENEW_TICK) {
		HF_TRY(forget_previous_key(r));
		return follow_time(r, event->settled);
	}
	if (is_about_a_session(event->kind)) {
		if (hf__renew_session(r) != (int)event->slot)
			return HF_OK; /* news of a session that we have left meanwhile */
		if (event->kind == HF_RENEW_SESSION)
			r->backoff = (struct hf_backoff){ 0, 0, 0 };
		if (event->kind == HF_RENEW_SESSION_REFUSED && r->state == HF_RENEW_PROVE)
			return session_refused_in_prove(r);
	}
	HF_TRY(run(r, event));
	return follow_time(r, false);
}
