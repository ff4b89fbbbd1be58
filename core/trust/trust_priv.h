/* trust_priv.h -- shared by the files of this room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_PRIV_H
#define TRUST_PRIV_H
#include <holdfast/policy.h>
#include <holdfast/statement.h>

/* Is `quorum` well-formed over keys of `role` (0: any role)? HF_ERR_POLICY_QUORUM otherwise. */
HF_MUST_CHECK hf_err hf__quorum_check(const struct hf_policy *policy, hf_bytes quorum, int role);
#endif
