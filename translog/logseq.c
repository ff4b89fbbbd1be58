/* logseq.c -- life of the threads, the queue, and the thread that appends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include <hf/log.h>
#include "logseq_priv.h"

enum { GATHER_MS = 100, TICK_MS = 100 };

void hf__logseq_wait(struct hf_logseq *q, uint64_t ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_clockwait(&q->change, &q->mutex, CLOCK_MONOTONIC, &t);
}

void hf__logseq_fatal(struct hf_logseq *q, const char *why)
{
	bool first;

	(void)pthread_mutex_lock(&q->mutex);
	first = !q->fatal;
	q->fatal = true;
	q->stop = true;
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
	if (first && q->conf.on_fatal != NULL)
		q->conf.on_fatal(q->conf.ctx, why);
}

/* ---- waiting leaves ---- */

hf_err hf_logseq_submit(struct hf_logseq *q, const uint8_t leaf[static HF_LEAF_LEN],
			void (*done)(void *arg, int status), void *arg)
{
	struct hf__logseq_wait *w = calloc(1, sizeof(*w));
	hf_err err = HF_ERR_POOL_FULL;

	if (w == NULL)
		return HF_ERR_HOST_MEMORY;
	memcpy(w->leaf, leaf, HF_LEAF_LEN);
	w->done = done;
	w->arg = arg;
	w->deadline_ms = hf_now_ms() + HF_LOGSEQ_HOLD_MS;
	if (hf_merkle_leaf(HF_ARR(w->leaf), &w->hash) != HF_OK) {
		free(w);
		return HF_ERR_CRYPTO_FAILED;
	}
	(void)pthread_mutex_lock(&q->mutex);
	if (q->n_waiting < HF_LOGSEQ_WAITING && !q->stop) {
		*q->queue_end = w;
		q->queue_end = &w->next;
		q->n_waiting++;
		q->n_queued++;
		err = HF_OK;
		if (q->n_queued == 1 || q->n_queued >= HF_LOG_BATCH)
			(void)pthread_cond_broadcast(&q->change);
	}
	(void)pthread_mutex_unlock(&q->mutex);
	if (err != HF_OK)
		free(w);
	return err;
}

static void finish(struct hf__logseq_wait *list, int status)
{
	while (list != NULL) {
		struct hf__logseq_wait *w = list;

		list = w->next;
		w->done(w->arg, status);
		free(w);
	}
}

void hf__logseq_answer(struct hf_logseq *q)
{
	struct hf__logseq_wait *good = NULL, *late = NULL, **at;
	uint64_t now = hf_now_ms();

	(void)pthread_mutex_lock(&q->mutex);
	for (at = &q->held; *at != NULL;) {
		struct hf__logseq_wait *w = *at;
		bool in = q->has_published && w->index < q->published.head.size;

		if (!in && now < w->deadline_ms && !q->stop) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = in ? good : late;
		*(in ? &good : &late) = w;
		q->n_waiting--;
	}
	(void)pthread_mutex_unlock(&q->mutex);
	finish(good, 200);
	finish(late, 202);
}

/* ---- appending ---- */

/* Locked. Wait for the first leaf, then at most 100 ms for others; less when somebody may have waited long
 * enough for an answer. */
static void await_batch(struct hf_logseq *q)
{
	uint64_t until = 0, now = hf_now_ms();

	while (!q->stop && q->n_queued < HF_LOG_BATCH && (until == 0 || now < until)) {
		if (q->queue != NULL && until == 0)
			until = now + GATHER_MS;
		if (q->queue == NULL && q->held != NULL) {
			hf__logseq_wait(q, TICK_MS);
			return;
		}
		hf__logseq_wait(q, until != 0 ? until - now : 60000);
		now = hf_now_ms();
	}
}

/* Up to a batch from the queue. */
static size_t gather(struct hf_logseq *q, struct hf__logseq_wait **batch)
{
	size_t n = 0;

	*batch = NULL;
	(void)pthread_mutex_lock(&q->mutex);
	await_batch(q);
	for (; n < HF_LOG_BATCH && q->queue != NULL; n++) {
		struct hf__logseq_wait *w = q->queue;

		q->queue = w->next;
		if (q->queue == NULL)
			q->queue_end = &q->queue;
		w->next = *batch;
		*batch = w;
	}
	q->n_queued -= n;
	(void)pthread_mutex_unlock(&q->mutex);
	return n;
}

/* Submitters repeat themselves: a leaf that is in the tree, or earlier in this batch, is not added again. */
static bool is_new(struct hf_logseq *q, struct hf__logseq_wait *w, const struct hf__logseq_wait *batch,
		   uint64_t next)
{
	if (hf_logstore_find(q->conf.store, &w->hash, &w->index) == HF_OK)
		return false;
	for (const struct hf__logseq_wait *o = batch; o != w; o = o->next)
		if (memcmp(o->hash.b, w->hash.b, HF_MERKLE_LEN) == 0) {
			w->index = o->index;
			return false;
		}
	w->index = next;
	return true;
}

static hf_err append_batch(struct hf_logseq *q, struct hf__logseq_wait *batch, struct hf_why *why)
{
	uint8_t leaves[HF_LOG_BATCH * HF_LEAF_LEN];
	struct hf_tree_head head;
	size_t n = 0;

	hf_logstore_head(q->conf.store, &head);
	for (struct hf__logseq_wait *w = batch; w != NULL; w = w->next)
		if (is_new(q, w, batch, head.size + n)) {
			memcpy(leaves + n * HF_LEAF_LEN, w->leaf, HF_LEAF_LEN);
			n++;
		}
	return hf_logstore_append(q->conf.store, leaves, n, why);
}

static void hold(struct hf_logseq *q, struct hf__logseq_wait *batch)
{
	struct hf__logseq_wait **end = &batch;

	(void)pthread_mutex_lock(&q->mutex);
	while (*end != NULL)
		end = &(*end)->next;
	*end = q->held;
	q->held = batch;
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
}

void *hf__logseq_append(void *arg)
{
	struct hf_logseq *q = arg;
	struct hf_why why = { 0 };

	while (!q->stop) {
		struct hf__logseq_wait *batch = NULL;
		size_t n = gather(q, &batch);
		hf_err err = n == 0 ? HF_OK : append_batch(q, batch, &why);

		if (err != HF_OK) {
			hf_log_why(HF_LOG_ERR, "log", "append failed", err, &why);
			(void)pthread_mutex_lock(&q->mutex);
			q->n_waiting -= n;
			(void)pthread_mutex_unlock(&q->mutex);
			finish(batch, 500);
			hf__logseq_fatal(q, hf_why_text(&why));
			break;
		}
		if (n > 0)
			hold(q, batch);
		hf__logseq_answer(q);
	}
	return NULL;
}

/* ---- life ---- */

static hf_err load_published(struct hf_logseq *q)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_LOG_PATH_MAX * 16);
	char path[HF_LOG_PATH_MAX];
	struct hf_merkle_hash root;

	HF_TRY(hf_path_join(path, sizeof(path), hf_logstore_dir(q->conf.store), "checkpoint"));
	HF_TRY(hf_file_read(path, &text, NULL));
	HF_TRY(hf_loghead_read(hf_buf_bytes(&text), q->conf.pub, q->conf.policy, &q->published));
	HF_TRY(hf_logstore_root(q->conf.store, q->published.head.size, &root));
	return memcmp(root.b, q->published.head.root.b, HF_MERKLE_LEN) == 0 ? HF_OK : HF_ERR_LOG_DIFFERS;
}

hf_err hf_logseq_new(const struct hf_logseq_conf *c, struct hf_logseq **out, struct hf_why *why)
{
	struct hf_logseq *q = calloc(1, sizeof(*q));

	*out = NULL;
	if (q == NULL || c->n_witnesses > HF_LOGSEQ_COSIGS) {
		free(q);
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	}
	q->conf = *c;
	q->last = c->last;
	q->queue_end = &q->queue;
	(void)pthread_mutex_init(&q->mutex, NULL);
	(void)pthread_cond_init(&q->change, NULL);
	for (; q->n_peers < c->n_witnesses; q->n_peers++)
		q->peer[q->n_peers] = (struct hf__logseq_peer){ .q = q, .w = c->witness[q->n_peers] };
	q->has_published = load_published(q) == HF_OK;
	*out = q;
	return HF_OK;
}

hf_err hf_logseq_start(struct hf_logseq *q, struct hf_why *why)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&q->appender, NULL, hf__logseq_append, q);
	q->appending = rc == 0;
	if (rc == 0)
		rc = pthread_create(&q->publisher, NULL, hf__logseq_publish, q);
	q->publishing = rc == 0 && q->appending;
	for (size_t i = 0; i < q->n_peers && rc == 0; i++) {
		rc = pthread_create(&q->peer[i].thread, NULL, hf__logseq_ask, &q->peer[i]);
		q->peer[i].running = rc == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? HF_OK : hf_why_set(why, HF_ERR_HOST_MEMORY, "thread");
}

void hf_logseq_free(struct hf_logseq *q)
{
	if (q == NULL)
		return;
	(void)pthread_mutex_lock(&q->mutex);
	q->stop = true;
	(void)pthread_cond_broadcast(&q->change);
	(void)pthread_mutex_unlock(&q->mutex);
	if (q->appending)
		(void)pthread_join(q->appender, NULL);
	if (q->publishing)
		(void)pthread_join(q->publisher, NULL);
	for (size_t i = 0; i < q->n_peers; i++)
		if (q->peer[i].running)
			(void)pthread_join(q->peer[i].thread, NULL);
	hf__logseq_answer(q);
	finish(q->queue, 202);
	(void)pthread_cond_destroy(&q->change);
	(void)pthread_mutex_destroy(&q->mutex);
	free(q);
}

bool hf_logseq_published(struct hf_logseq *q, struct hf_loghead *out)
{
	bool has;

	(void)pthread_mutex_lock(&q->mutex);
	has = q->has_published;
	*out = q->published;
	(void)pthread_mutex_unlock(&q->mutex);
	return has;
}
