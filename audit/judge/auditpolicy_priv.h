/* auditpolicy_priv.h -- shared by the two files that read a policy.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDITPOLICY_PRIV_H
#define HF_AUDITPOLICY_PRIV_H
#include "toml.h"

struct hf_auditpolicy_memory {
	struct hf__arena arena;
	struct hf_waiver *waivers;
	struct hf_want *wants;
};
/* What no single key shows: six keys in a waiver, known rules, sensible scopes. */
HF_MUST_CHECK hf_err hf__auditpolicy_check(const struct hf_auditpolicy *p, uint64_t today,
					   struct hf_why *why);
#endif
