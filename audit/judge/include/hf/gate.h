/* gate.h -- from findings to a verdict: waivers, baseline, what gates, exit status.
 * Order: waivers are applied, then the baseline, then the policy's bars; what the gate itself has to say of
 * waivers (GATE-001..003) becomes findings like any other. SCAN-* makes a run incomplete and is hidden by
 * nothing but a waiver for those very bytes.
 * Thread rule: one thread per case.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_GATE_H
#define HF_GATE_H
#include <hf/case.h>

enum { HF_BASELINE_CEILING = 256 << 20 };

/* Fingerprints of an earlier report. */
struct hf_baseline {
	char (*at)[HF_FINGERPRINT_LEN + 1]; /* sorted */
	size_t n;
};
/* Errors: HF_ERR_AUDIT_REPORT: not a whole holdfast-audit/1 report; memory. */
HF_MUST_CHECK hf_err hf_baseline_read(hf_bytes json, struct hf_baseline *out);
void hf_baseline_free(struct hf_baseline *b);

/* Did enough people sign this policy file? `statement` is holdfast.audit.toml.cose, `trust` the trust policy
 * (its statement); its named quorum `audit-waiver` must be met, or, without one, a release quorum by at least
 * two keys. Errors: HF_ERR_STATEMENT_*, HF_ERR_POLICY_*, COSE's, CBOR's: not signed, and why. */
HF_MUST_CHECK hf_err hf_waivers_signed(hf_bytes statement, hf_bytes trust, const uint8_t policy_sha256[32],
				       int64_t now);

enum { HF_GATE_PASS = 0, HF_GATE_FINDINGS = 1, HF_GATE_INCOMPLETE = 2 };
struct hf_gate_opts {
	const struct hf_baseline *baseline; /* NULL: none */
	bool waivers_signed;
	bool feed_stale; /* missing, or a source older than the policy allows */
};
struct hf_gate {
	int status;                       /* HF_GATE_* */
	size_t open[HF_SEV_CRITICAL + 1]; /* open findings by severity */
	size_t gating, waived, known;
	bool incomplete;   /* an open SCAN-* finding */
	bool feed_missing; /* the policy demands a fresh feed and there is none */
	bool too_many_medium;
	bool has_baseline;
};
/* Once, after hf_case_run. Errors: the case's. */
HF_MUST_CHECK hf_err hf_gate_judge(struct hf_case *c, const struct hf_gate_opts *opts, struct hf_gate *out);
#endif
