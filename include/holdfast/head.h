/* head.h -- the log's newest cosigned head as a device gets it at check-in, so that it notices when it is
 * kept from new releases (freeze). Promise: a head never stops a device; it only raises what it knows.
 * Format: doc/protocol/head.md. Thread rule: pure; what is read borrows from its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_HEAD_H
#define HOLDFAST_HEAD_H
#include <holdfast/proof.h>

enum {
	HF_HEAD_FIXED_LEN = 120,
	HF_HEAD_MAX_LEN = HF_HEAD_FIXED_LEN + HF_PROOF_MAX_COSIGS * HF_COSIG_LEN,
};

/* "HFH1", u8 log, u8 n_cosig, u16 0, policy_ref 8, u64 size, root 32, log signature 64, cosignatures. */
struct hf_head {
	hf_bytes policy_ref;
	uint8_t log;
	struct hf_tree_head head;
	hf_bytes log_sig;
	hf_bytes cosigs;
};

/* Exactly one head. Errors: HF_ERR_HEAD_FORMAT. */
HF_MUST_CHECK hf_err hf_head_read(hf_bytes in, struct hf_head *h);
/* Append. Errors: HF_ERR_HEAD_FORMAT (lengths), HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_head_write(const struct hf_head *h, struct hf_out *out);
/* Errors: HF_ERR_PROOF_NONE (another policy's), HF_ERR_PROOF_LOG, _WITNESS, _EXPIRED; crypto's. */
HF_MUST_CHECK hf_err hf_head_verify(const struct hf_head *h, const struct hf_policy *policy, uint64_t now,
				    struct hf_proof_result *result);
#endif
