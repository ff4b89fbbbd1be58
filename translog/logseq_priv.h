/* logseq_priv.h -- shared by the threads of a log.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGSEQ_PRIV_H
#define LOGSEQ_PRIV_H
#include <pthread.h>
#include <hf/logseq.h>

struct hf__logseq_wait {
	struct hf__logseq_wait *next;
	uint8_t leaf[HF_LEAF_LEN];
	struct hf_merkle_hash hash;
	uint64_t index; /* once it is in the tree */
	uint64_t deadline_ms;
	void (*done)(void *arg, int status);
	void *arg;
};
struct hf__logseq_peer {
	struct hf_logseq *q;
	struct hf_log_witness w;
	pthread_t thread;
	bool running;
	uint64_t old_size, asked_round, tried_ms, backoff_ms;
	uint64_t failing_since_ms; /* 0: the last answer was good */
};
struct hf_logseq {
	struct hf_logseq_conf conf;
	pthread_mutex_t mutex; /* all below */
	pthread_cond_t change;
	bool stop, fatal;
	struct hf__logseq_wait *queue, **queue_end; /* not in the tree yet */
	struct hf__logseq_wait *held;               /* in the tree, not in a published head */
	size_t n_waiting, n_queued;
	/* The head that is being cosigned. */
	uint64_t round;
	struct hf_loghead pending;
	uint64_t round_ms; /* begin of it */
	bool has_published;
	struct hf_loghead published;
	uint64_t published_ms;
	struct hf_tree_head last; /* signed */
	pthread_t appender, publisher;
	bool appending, publishing;
	struct hf__logseq_peer peer[HF_LOGSEQ_COSIGS];
	size_t n_peers;
};
/* logtimes.c: when to do what, without a clock of its own. */
enum hf__logseq_step { HF__STEP_WAIT, HF__STEP_BEGIN, HF__STEP_PUBLISH };
struct hf__logseq_view {
	uint64_t round;   /* 0: nothing was signed since the start */
	bool met, shown;  /* pending head has its quorum; all of it is published */
	bool grown;       /* the tree is larger than the pending head's */
	uint64_t age_ms;  /* of the round */
};
enum hf__logseq_step hf__logseq_next(const struct hf__logseq_view *v);
/* How long to wait before a witness that failed is asked again, after a wait of `before_ms`. */
uint64_t hf__logseq_backoff(uint64_t before_ms);
/* Is this failure more than a passing one? */
bool hf__logseq_is_alarm(hf_err err, uint64_t failing_since_ms, uint64_t now_ms);

void *hf__logseq_append(void *q);
void *hf__logseq_publish(void *q);
void *hf__logseq_ask(void *peer);
/* Answer those that are confirmed, and those that waited long enough. Locks. */
void hf__logseq_answer(struct hf_logseq *q);
/* Wait on `change`, at most `ms`; locked. */
void hf__logseq_wait(struct hf_logseq *q, uint64_t ms);
/* Stop for ever. */
void hf__logseq_fatal(struct hf_logseq *q, const char *why);
#endif
