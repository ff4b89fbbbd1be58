/* check_gate.c -- what the gate says of waivers; gate.c reports these after all other checks have run.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/judge.h>

extern const struct hf_rule hf_rules_gate[];
extern const size_t hf_n_rules_gate;

const struct hf_rule hf_rules_gate[] = {
	{ "GATE-001", HF_SEV_HIGH, 0, "a waiver has expired",
	  "mend the finding; or let its owner decide anew, with a new ticket and date", "", NULL },
	{ "GATE-002", HF_SEV_LOW, 0, "a waiver matches nothing", "delete it: what it excused is gone", "",
	  NULL },
	{ "GATE-003", HF_SEV_MEDIUM, 0, "a waiver of a critical or high finding is not signed",
	  "let the people of the quorum audit-waiver sign holdfast.audit.toml; a release will demand it", "",
	  NULL },
};
const size_t hf_n_rules_gate = sizeof(hf_rules_gate) / sizeof(hf_rules_gate[0]);
