/* case.h -- one judgement: a model, a policy and a day go in, an outcome comes out.
 *   hf_case_new, hf_case_run for all groups or for one, hf_case_outcome, hf_case_free.
 * The outcome depends on the four inputs only. Limits: HF_CASE_MAX findings and as many unknowns.
 * Thread rule: one thread per case.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_CASE_H
#define HF_CASE_H
#include <hf/outcome.h>

enum { HF_CASE_MAX = 1 << 20 };

struct hf_feed; /* <hf/feed.h> */
struct hf_case_opts {
	const struct hf_model *model;        /* sealed; borrowed */
	const struct hf_auditpolicy *policy; /* borrowed */
	struct hf_feed *feed;                /* NULL: none; borrowed */
	/* A comparison with an earlier state; borrowed, NULL: none. */
	const struct hf_model *before;           /* its facts, sealed */
	const struct hf_outcome *before_outcome; /* what VULN found there ... */
	const struct hf_outcome *after_outcome;  /* ... and here */
	uint64_t today;                      /* days since 1970, real clock */
};
/* How a byte of foreign text is shown: itself when it is printable ASCII, else \xNN, a backslash as two; the
 * count of characters in `out`, no NUL promised. */
size_t hf_escape_byte(uint8_t c, char out[static 5]);
HF_MUST_CHECK hf_err hf_case_new(const struct hf_case_opts *opts, struct hf_case **out);
/* Run the checks of one group ("CRED"), or of all that the policy names when `group` is NULL.
 * Errors: HF_ERR_MODEL_LIMIT, HF_ERR_HOST_MEMORY, HF_ERR_BASE_MISUSE (no such group). */
HF_MUST_CHECK hf_err hf_case_run(struct hf_case *c, const char *group);
/* Sorted. Borrowed until hf_case_free. */
struct hf_outcome *hf_case_outcome(struct hf_case *c);
struct hf_feed *hf_case_feed(const struct hf_case *c);
const struct hf_auditpolicy *hf_case_policy(const struct hf_case *c);
void hf_case_free(struct hf_case *c);
#endif
