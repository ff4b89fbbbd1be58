/* trust_priv.h -- shared by the files of this room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_PRIV_H
#define TRUST_PRIV_H
#include <holdfast/proof.h>
#include <holdfast/policy.h>
#include <holdfast/statement.h>

/* Given by the C library, or by the port of a chip without one. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);

/* Is `quorum` well-formed over keys of `role` (0: any role)? HF_ERR_POLICY_QUORUM otherwise. */
HF_MUST_CHECK hf_err hf__quorum_check(const struct hf_policy *policy, hf_bytes quorum, int role);
/* Is `list` a list of delegations, each to keys of `role`, no class twice? HF_ERR_POLICY_FORMAT, _QUORUM. */
HF_MUST_CHECK hf_err hf__policy_check_delegations(const struct hf_policy *p, hf_bytes list, int role);
/* Log signature, witness quorum and the log key's end, for the head in `result`. */
HF_MUST_CHECK hf_err hf__proof_check_head(const struct hf_policy *policy, uint8_t log, hf_bytes sig,
					  hf_bytes cosigs, uint64_t now, struct hf_proof_result *result);
#endif
