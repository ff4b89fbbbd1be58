/* logseq.h -- from a submitted leaf to a cosigned head: one thread appends in batches, one signs, asks the
 * witnesses and publishes, one asks each witness.
 * Promise: a head is published only when the log and a witness quorum of the policy signed it; a leaf is
 * confirmed only when it is in such a head. When a witness or the sign state shows that this log was rolled
 * back, it stops for ever (on_fatal).
 * Limits: HF_LOGSEQ_WAITING leaves wait. Thread rule: any thread; `done` is called on the log's own.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGSEQ_H
#define HF_LOGSEQ_H
#include <holdfast/policy.h>
#include <hf/logsign.h>

enum { HF_LOGSEQ_WAITING = 8192, HF_LOGSEQ_COSIGS = 16, HF_LOGSEQ_HOLD_MS = 5000 };

struct hf_log_witness {
	uint8_t pub[HF_ED25519_PUB_LEN];
	int key; /* index in the policy */
	char host[256];
	uint16_t port;
	char prefix[128]; /* path, "" or "/x" */
};
struct hf_log_cosig {
	int key; /* index in the policy */
	uint64_t time;
	uint8_t sig[HF_ED25519_SIG_LEN];
};
struct hf_loghead {
	struct hf_tree_head head;
	uint8_t sig[HF_ED25519_SIG_LEN];
	size_t n;
	struct hf_log_cosig cosig[HF_LOGSEQ_COSIGS];
};
struct hf_logseq_conf {
	struct hf_logstore *store; /* borrowed, tidied */
	struct hf_ipc *signer;     /* borrowed */
	const struct hf_policy *policy;
	uint8_t pub[HF_ED25519_PUB_LEN]; /* of the log */
	struct hf_tree_head last;        /* what the signer signed last */
	const struct hf_log_witness *witness;
	size_t n_witnesses;
	void *ctx;
	void (*on_fatal)(void *ctx, const char *why);
};
struct hf_logseq;
HF_MUST_CHECK hf_err hf_logseq_new(const struct hf_logseq_conf *c, struct hf_logseq **out,
				   struct hf_why *why);
HF_MUST_CHECK hf_err hf_logseq_start(struct hf_logseq *q, struct hf_why *why);
void hf_logseq_free(struct hf_logseq *q); /* stops; leaves that wait are answered 202 */

/* Hand in a leaf whose signature was checked. `done(arg, status)`: 200 in a published head, 202 not yet,
 * 500. Errors: HF_ERR_POOL_FULL; then done is not called. */
HF_MUST_CHECK hf_err hf_logseq_submit(struct hf_logseq *q, const uint8_t leaf[static HF_LEAF_LEN],
				      void (*done)(void *arg, int status), void *arg);
/* The published head; false while there is none. */
bool hf_logseq_published(struct hf_logseq *q, struct hf_loghead *out);

/* The note of a head with its cosignatures, and the reverse: every known signature is verified, and the
 * quorum is asked. Errors: HF_ERR_LOG_NOTE, HF_ERR_PROOF_LOG, HF_ERR_PROOF_WITNESS (quorum not met). */
HF_MUST_CHECK hf_err hf_loghead_write(const struct hf_loghead *h,
				      const uint8_t log[static HF_ED25519_PUB_LEN],
				      const struct hf_policy *policy, struct hf_buf *out);
HF_MUST_CHECK hf_err hf_loghead_read(hf_bytes text, const uint8_t log[static HF_ED25519_PUB_LEN],
				     const struct hf_policy *policy, struct hf_loghead *h);

/* One question to a witness. `old_size`: what it cosigned last as far as we know, updated. `evidence` (or
 * NULL): folder for what it refused. Errors: HF_ERR_LOG_WITNESS (answer of another kind, alarm),
 * HF_ERR_LOG_ROLLBACK (it knows a larger tree than `tree`), HF_ERR_HTTPC_*, HF_ERR_PROOF_WITNESS. */
HF_MUST_CHECK hf_err hf_log_witness_ask(const struct hf_log_witness *w, struct hf_logstore *store,
					const uint8_t log[static HF_ED25519_PUB_LEN],
					const struct hf_loghead *head, uint64_t *old_size,
					struct hf_log_cosig *cosig, struct hf_why *why);
#endif
