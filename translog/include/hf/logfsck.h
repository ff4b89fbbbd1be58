/* logfsck.h -- derive everything again from the entry bundles: every tile, the root of tree-state, every head
 * with all its signatures. Thread rule: nobody may write the log meanwhile.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGFSCK_H
#define HF_LOGFSCK_H
#include <hf/logseq.h>

struct hf_logfsck {
	uint64_t leaves, tiles, heads, cosignatures;
};
/* `policy` may be NULL: then heads are compared with the tree, and only the log's signature is checked.
 * Errors: HF_ERR_LOG_DIFFERS, HF_ERR_PROOF_LOG, HF_ERR_PROOF_WITNESS, file.h's, with the file in `why`. */
HF_MUST_CHECK hf_err hf_logfsck(const char *dir, const uint8_t log[static HF_ED25519_PUB_LEN],
				const struct hf_policy *policy, struct hf_logfsck *found, struct hf_why *why);
#endif
