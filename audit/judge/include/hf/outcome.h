/* outcome.h -- what a judged scan says; reports are written from this and from the model.
 * Thread rule: read only once the case has run.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_OUTCOME_H
#define HF_OUTCOME_H
#include <hf/auditpolicy.h>
#include <hf/judge.h>

enum { HF_EVIDENCE_MAX = 256, HF_FINGERPRINT_LEN = 32 };
enum {
	HF_STATE_OPEN = 0,
	HF_STATE_WAIVED = 1, /* see `waiver` */
	HF_STATE_KNOWN = 2,  /* stands in the baseline */
};
struct hf_finding {
	const struct hf_rule *rule;
	uint8_t severity; /* HF_SEV_* */
	uint8_t state;    /* HF_STATE_* */
	bool tree_level;
	bool gates; /* open, and at or above what the policy lets pass */
	bool waiver_signed;
	hf_bytes path; /* escaped */
	uint64_t offset, length;
	hf_bytes sha256;      /* of the file, 32 bytes or empty */
	const char *evidence; /* printable ASCII; other bytes as \xNN, a backslash as two */
	hf_bytes key;
	char fingerprint[HF_FINGERPRINT_LEN + 1];
	const struct hf_waiver *waiver;
};
struct hf_unknown {
	const struct hf_rule *rule;
	hf_bytes path;
	const char *why; /* printable ASCII */
};
struct hf_outcome {
	struct hf_finding *findings; /* sorted: severity, id, path, offset, fingerprint */
	size_t n_findings;
	struct hf_unknown *unknowns; /* sorted: id, path, why */
	size_t n_unknowns;
	uint64_t *passes; /* by hf_rule_number */
};

/* Rules in the order of the table. */
size_t hf_n_rules(void);
const struct hf_rule *hf_rule_at(size_t number);
/* NULL when there is no such rule. */
const struct hf_rule *hf_rule_find(const char *id);
size_t hf_rule_number(const struct hf_rule *rule);
const char *hf_severity_name(unsigned severity); /* "critical" ... "info" */
#endif
