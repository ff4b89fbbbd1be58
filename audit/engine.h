/* engine.h -- what looks into files; made once, before the first fork, and shared by all readers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AUDIT_ENGINE_H
#define HF_AUDIT_ENGINE_H
#include <hf/comp.h>
#include <hf/scan.h>
#include "audit_priv.h"

struct hf__engine {
	struct hf_scan *scan;
	struct hf_comp *comp;
	struct hf_scan_content *contents;
	bool sboms; /* inputs are bills of materials */
};
/* Errors, with words: HF_ERR_AUDITPOLICY_VALUE (a pattern of the policy); HF_ERR_HOST_MEMORY; setup of the
 * scanners. hf__engine_free also after an error. */
HF_MUST_CHECK hf_err hf__engine_new(const struct hf_auditpolicy *policy, bool sboms, struct hf__engine *out,
				    struct hf_why *why);
void hf__engine_free(struct hf__engine *e);
#endif
