/* logpublish.c -- sign the durable tree, gather cosignatures, publish once the quorum is met.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <hf/log.h>
#include <hf/lognote.h>
#include "logseq_priv.h"

static bool quorum(const struct hf_logseq *q, const struct hf_loghead *h)
{
	hf_key_set set = 0;

	for (size_t i = 0; i < h->n; i++)
		set |= (hf_key_set)1 << h->cosig[i].key;
	return hf_verdict_is_yes(hf_quorum_met(q->conf.policy, q->conf.policy->witness, set));
}

/* ---- one thread per witness ---- */

static void add_cosig(struct hf_loghead *h, const struct hf_log_cosig *c)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->cosig[i].key == c->key) {
			h->cosig[i] = *c;
			return;
		}
	if (h->n < HF_LOGSEQ_COSIGS)
		h->cosig[h->n++] = *c;
}

static void note_failure(struct hf__logseq_peer *p, hf_err err, const struct hf_why *why)
{
	uint64_t now = hf_now_ms();

	if (p->failing_since_ms == 0)
		p->failing_since_ms = now;
	p->backoff_ms = hf__logseq_backoff(p->backoff_ms);
	hf_log_why(hf__logseq_is_alarm(err, p->failing_since_ms, now) ? HF_LOG_ERR : HF_LOG_WARN, "witness",
		   "no cosignature", err, why);
}

static void ask_once(struct hf__logseq_peer *p, const struct hf_loghead *head, uint64_t round)
{
	struct hf_logseq *q = p->q;
	struct hf_log_cosig cosig;
	struct hf_why why = { 0 };
	hf_err err = hf_log_witness_ask(&p->w, q->conf.store, q->conf.pub, head, &p->old_size, &cosig, &why);

	p->tried_ms = hf_now_ms();
	if (err == HF_ERR_LOG_ROLLBACK) {
		hf__logseq_fatal(q, hf_why_text(&why));
		return;
	}
	if (err != HF_OK) {
		note_failure(p, err, &why);
		return;
	}
	p->backoff_ms = p->failing_since_ms = 0;
	p->asked_round = round;
	(void)pthread_mutex_lock(&q->mutex);
	if (q->round == round)
		add_cosig(&q->pending, &cosig);
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
}

void *hf__logseq_ask(void *arg)
{
	struct hf__logseq_peer *p = arg;
	struct hf_logseq *q = p->q;

	(void)pthread_mutex_lock(&q->mutex);
	while (!q->stop) {
		struct hf_loghead head = q->pending;
		uint64_t round = q->round, now = hf_now_ms(), due = p->tried_ms + p->backoff_ms;

		if (round == 0 || round == p->asked_round) {
			hf__logseq_wait(q, 60000);
		} else if (p->backoff_ms != 0 && now < due) {
			hf__logseq_wait(q, due - now);
		} else {
			(void)pthread_mutex_unlock(&q->mutex);
			ask_once(p, &head, round);
			(void)pthread_mutex_lock(&q->mutex);
		}
	}
	(void)pthread_mutex_unlock(&q->mutex);
	return NULL;
}

/* ---- the publisher ---- */

static hf_err sign(struct hf_logseq *q, const struct hf_tree_head *head,
		   uint8_t sig[static HF_ED25519_SIG_LEN], struct hf_why *why)
{
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	size_t n = 0;
	hf_err err = hf_logstore_consistency(q->conf.store, q->last.size, head->size, proof, &n);

	if (err == HF_OK)
		err = hf_logsign_ask(q->conf.signer, head, proof, n, sig);
	if (err != HF_OK)
		return hf_why_add(why, err, "sign size %llu", (unsigned long long)head->size);
	q->last = *head;
	return HF_OK;
}

static hf_err write_head(struct hf_logseq *q, const struct hf_loghead *h, struct hf_why *why)
{
	struct hf_buf note HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	char name[40], path[HF_LOG_PATH_MAX];

	HF_TRY(hf_loghead_write(h, q->conf.pub, q->conf.policy, &note));
	(void)snprintf(name, sizeof(name), "heads/%llu", (unsigned long long)h->head.size);
	HF_TRY(hf_path_join(path, sizeof(path), hf_logstore_dir(q->conf.store), name));
	HF_TRY(hf_file_replace(path, hf_buf_bytes(&note), 0644, why));
	HF_TRY(hf_path_join(path, sizeof(path), hf_logstore_dir(q->conf.store), "checkpoint"));
	return hf_file_replace(path, hf_buf_bytes(&note), 0644, why);
}

static hf_err publish(struct hf_logseq *q, const struct hf_loghead *h, struct hf_why *why)
{
	HF_TRY(write_head(q, h, why));
	(void)pthread_mutex_lock(&q->mutex);
	q->published = *h;
	q->has_published = true;
	q->published_ms = hf_now_ms();
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
	hf__logseq_answer(q);
	return HF_OK;
}

/* Begin a round: the durable tree of this moment, signed. */
static hf_err begin(struct hf_logseq *q, struct hf_why *why)
{
	struct hf_loghead h = { 0 };

	hf_logstore_head(q->conf.store, &h.head);
	HF_TRY(sign(q, &h.head, h.sig, why));
	(void)pthread_mutex_lock(&q->mutex);
	q->pending = h;
	q->round++;
	q->round_ms = hf_now_ms();
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
	return HF_OK;
}

static bool same_cosig(const struct hf_log_cosig *a, const struct hf_log_cosig *b)
{
	return a->key == b->key && a->time == b->time && memcmp(a->sig, b->sig, sizeof(a->sig)) == 0;
}

/* Is all that was gathered in the head that is served? */
static bool is_shown(const struct hf_logseq *q)
{
	if (!q->has_published || q->published.head.size != q->pending.head.size ||
	    q->published.n != q->pending.n)
		return false;
	for (size_t i = 0; i < q->pending.n; i++)
		if (!same_cosig(&q->published.cosig[i], &q->pending.cosig[i]))
			return false;
	return true;
}

/* Locked. What there is to do now. */
static enum hf__logseq_step next_step(const struct hf_logseq *q, uint64_t tree_size)
{
	const struct hf__logseq_view v = { .round = q->round,
					   .met = q->round > 0 && quorum(q, &q->pending),
					   .shown = is_shown(q),
					   .grown = tree_size != q->pending.head.size,
					   .age_ms = hf_now_ms() - q->round_ms };

	return hf__logseq_next(&v);
}

void *hf__logseq_publish(void *arg)
{
	struct hf_logseq *q = arg;
	struct hf_why why = { 0 };
	hf_err err = HF_OK;

	while (!q->stop && err == HF_OK) {
		struct hf_tree_head tree;
		struct hf_loghead pending;
		enum hf__logseq_step step;

		hf_logstore_head(q->conf.store, &tree);
		(void)pthread_mutex_lock(&q->mutex);
		step = next_step(q, tree.size);
		if (step == HF__STEP_WAIT && !q->stop)
			hf__logseq_wait(q, 1000);
		pending = q->pending;
		(void)pthread_mutex_unlock(&q->mutex);
		if (step == HF__STEP_BEGIN)
			err = begin(q, &why);
		else if (step == HF__STEP_PUBLISH)
			err = publish(q, &pending, &why);
	}
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "log", "publish failed", err, &why);
		hf__logseq_fatal(q, hf_why_text(&why));
	}
	return NULL;
}
