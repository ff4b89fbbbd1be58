/* statement.h -- the one container for what several people must sign: a COSE_Sign (tag 98) whose payload
 * is a map with its type text under key 0; that text is the external_aad, so a signature for one type
 * never counts for another. Orders, CA-key changes, policies, approvals are all this.
 * Promise: hf_statement_check answers HF_OK only when the quorum is met by distinct, known, unexpired keys
 * and not one signature by a known key is wrong.
 * Format: doc/protocol/statement.md. Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_STATEMENT_H
#define HOLDFAST_STATEMENT_H
#include <holdfast/cose.h>
#include <holdfast/policy.h>

enum {
	HF_STATEMENT_MAX_LEN = 4096,
	HF_STATEMENT_MAX_TYPE_LEN = 32,
	HF_STATEMENT_SCRATCH = HF_STATEMENT_MAX_LEN + HF_STATEMENT_MAX_TYPE_LEN + HF_COSE_SCRATCH_OVERHEAD,
};

struct hf_statement {
	struct hf_cose_sign sign; /* payload and signatures, borrowed */
	hf_bytes type;
};

/* Parse: size, sorted distinct kids, payload a map whose key 0 is the type. Nothing is verified.
 * Errors: HF_ERR_STATEMENT_FORMAT, COSE's, CBOR's. */
HF_MUST_CHECK hf_err hf_statement_read(hf_bytes in, struct hf_statement *s);

/* Which keys of the policy signed validly, in `signers`. A key past its not-after at `now` does not count
 * (now = 0: not asked). Errors: HF_ERR_STATEMENT_SIGNATURE: one by a known key is wrong; crypto's. */
HF_MUST_CHECK hf_err hf_statement_signers(const struct hf_statement *s, const struct hf_policy *policy,
					  int64_t now, struct hf_out *scratch, hf_key_set *signers);

/* All at once: `in` is a statement of this type, and `quorum` (encoded, of `policy`) is met.
 * `payload` is empty on error. Errors: the above, HF_ERR_STATEMENT_TYPE, HF_ERR_STATEMENT_QUORUM. */
HF_MUST_CHECK hf_err hf_statement_check(hf_bytes in, hf_bytes type, const struct hf_policy *policy,
					hf_bytes quorum, int64_t now, struct hf_out *scratch,
					hf_bytes *payload);

/* Append a statement over `payload` by `n` signers; the type is read from the payload. */
HF_MUST_CHECK hf_err hf_statement_write(hf_bytes payload, const struct hf_cose_signer *signers, size_t n,
					struct hf_out *scratch, struct hf_out *out);
/* Append a copy with one more signature. */
HF_MUST_CHECK hf_err hf_statement_add(hf_bytes in, const struct hf_cose_signer *signer,
				      struct hf_out *scratch, struct hf_out *out);

/* First policy, pinned: type and its own root quorum. */
HF_MUST_CHECK hf_err hf_policy_open_first(hf_bytes statement, struct hf_out *scratch,
					  struct hf_policy *policy);
/* Policy N+1: number, previous hash and vendor fit, and the root quorums of N and of N+1 both signed.
 * Whoever calls this must also have the proof that it was logged. Errors: HF_ERR_POLICY_ORDER, the above. */
HF_MUST_CHECK hf_err hf_policy_open_next(hf_bytes statement, const struct hf_policy *current,
					 struct hf_out *scratch, struct hf_policy *next);
#endif
