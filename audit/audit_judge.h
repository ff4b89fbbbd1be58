/* audit_judge.h -- main's and the judge's side of the judge.
 * Facts go in as frames; HF_FACT_DONE ends the facts of one side of a comparison. Answers are frames too: a
 * tag byte and bytes of that output, then HF__TAG_END with the status.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDIT_JUDGE_H
#define HF_AUDIT_JUDGE_H
#include "audit_priv.h"

enum { HF__TAG_REPORT = 0, HF__TAG_COMPANION = 1, HF__TAG_END = 2, HF__TAG_ERROR = 3 };
enum { HF__CHUNK = 1 << 16 };

struct hf__judge {
	pid_t pid;
	int to, from;
	struct hf_buf batch; /* facts that wait to be sent */
};
/* Fork it. It opens feed and trust policy, seals itself, then reads. */
HF_MUST_CHECK hf_err hf__judge_start(const struct hf_audit_opts *opts, struct hf__judge *j,
				     struct hf_why *why);
/* One fact more. Errors: HF_ERR_FILE_IO: the judge is gone. */
HF_MUST_CHECK hf_err hf__judge_put(void *judge, const struct hf_fact *fact);
/* One side is complete. */
HF_MUST_CHECK hf_err hf__judge_side_done(struct hf__judge *j);
/* Wait for the report. */
HF_MUST_CHECK hf_err hf__judge_result(struct hf__judge *j, struct hf_audit_result *out, struct hf_why *why);
void hf__judge_end(struct hf__judge *j);

/* The child's side. */
void hf__judge_run(const struct hf_audit_opts *opts, int from_main, int to_main);
#endif
