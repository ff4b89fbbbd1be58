/* compliance.h -- what an image says about clauses of EN 303 645 and its relatives, in four words: PASS,
 * FAIL, NOT-APPLICABLE(why), NEEDS-STATEMENT(by whom). Nobody is called compliant here: a clause that also
 * speaks of device, backend or people needs their word too, however clean the image is.
 * Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_COMPLIANCE_H
#define HF_COMPLIANCE_H
#include <hf/outcome.h>

enum { HF_BY_IMAGE = 1, HF_BY_DEVICE = 2, HF_BY_BACKEND = 4, HF_BY_HUMAN = 8 };
enum { HF_VERDICT_PASS = 1, HF_VERDICT_FAIL, HF_VERDICT_NOT_APPLICABLE, HF_VERDICT_NEEDS_STATEMENT };

struct hf_clause {
	const char *clause; /* "EN303645:5.1-1 EN303645:5.1-2 PSTI:1 CRA:I.1" */
	uint8_t by;         /* HF_BY_* */
	const char *ids;    /* rules that speak of it: "CRED-* KEY-003"; "" = none: no image can tell */
};
extern const struct hf_clause hf_clauses[];
extern const size_t hf_n_clauses;

/* Verdict of one row. `words` is what stands in the report: "NEEDS-STATEMENT(device, backend)". */
unsigned hf_clause_verdict(const struct hf_clause *clause, const struct hf_outcome *outcome, bool complete,
			   char words[static 64]);
/* Does this finding speak of the clause, and is it in force? */
bool hf_clause_concerns(const struct hf_clause *clause, const struct hf_finding *finding);
#endif
