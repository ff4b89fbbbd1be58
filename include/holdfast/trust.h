/* trust.h -- what a device believes, and keeps over power cuts: the policy in force, the quorum time (a
 * lower bound for now, only ever raised), and the newest head it has seen. One record (HF_REC_POLICY),
 * replaced whole, so these three never disagree.
 * Promise: nothing here goes back: not the policy's number, not the time, not the head.
 * Limits: HF_TRUST_POLICY_MAX bytes of policy. Thread rule: one thread per struct hf_trust.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_TRUST_H
#define HOLDFAST_TRUST_H
#include <holdfast/head.h>
#include <holdfast/port.h>
#include <holdfast/statement.h>

enum {
	HF_TRUST_POLICY_MAX = HF_STATEMENT_MAX_LEN,
	HF_TRUST_RECORD_FIXED = 100,
	HF_TRUST_RECORD_MAX = HF_TRUST_RECORD_FIXED + HF_TRUST_POLICY_MAX,
};

/* Newest head, of one log: the one that was heard last. */
struct hf_trust_head {
	uint8_t log[HF_SHA256_LEN]; /* SHA-256 of the log's key; zero: none seen */
	struct hf_tree_head head;
	uint64_t time; /* quorum time of that head */
};

/* Caller's memory; about 14 KiB. `policy` borrows from `record`, so the struct must not be copied. */
struct hf_trust {
	struct hf_port *port;    /* NULL: nothing is stored (verifier of an operator) */
	struct hf_policy policy; /* in force */
	uint64_t quorum_time;
	struct hf_trust_head newest;
	/* Private: the record in use and the one being made, and the policy that may come next. */
	struct hf_policy next;
	uint8_t record[2][HF_TRUST_RECORD_MAX];
	uint8_t in_use;
};

/* Come up: the stored record, or, when there is none, the pinned policy 1 (a statement, judged by its own
 * root quorum), which is then stored. With port NULL the pinned statement may be any policy number: the
 * caller vouches for it. `scratch`: HF_STATEMENT_SCRATCH. Errors: HF_ERR_TRUST_RECORD (damaged: nothing
 * may be installed until somebody decides); port's; hf_policy_open_first's. */
HF_MUST_CHECK hf_err hf_trust_start(struct hf_trust *t, struct hf_port *port, hf_bytes pinned,
				    struct hf_out *scratch);

/* One atomic record: `payload` (empty: keep the policy) becomes the policy in force and quorum time rises
 * to `time` if that is later. Nothing changes on error. `payload` must be that of a verified next policy. */
HF_MUST_CHECK hf_err hf_trust_commit(struct hf_trust *t, hf_bytes payload, uint64_t time);

/* A head message came: verify, and remember if it is newer. Errors: hf_head_read's, hf_head_verify's;
 * HF_ERR_HEAD_OLD: smaller or older than the newest one, ignored, to be reported;
 * HF_ERR_HEAD_SPLIT: same size, other root: the log shows two views, to be reported. */
HF_MUST_CHECK hf_err hf_trust_hear(struct hf_trust *t, hf_bytes message, uint64_t now);
/* Has the newest head (none: the newest proof) passed the policy's stale-after at `now`? A device then
 * reports it and goes on. Never under a policy that names no log. */
bool hf_trust_is_stale(const struct hf_trust *t, uint64_t now);
#endif
