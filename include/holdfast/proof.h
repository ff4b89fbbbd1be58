/* proof.h -- proof that D stands in a log the policy trusts, cosigned by a quorum of its witnesses; offline.
 * Promise: HF_OK of hf_proof_verify means: the publisher signed the leaf, the leaf is in the tree whose head
 * the log signed, and enough distinct witnesses cosigned that head. The root is computed, never read.
 * Format: doc/protocol/proof.md. No allocation; what is read borrows from its input. Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_PROOF_H
#define HOLDFAST_PROOF_H
#include <holdfast/checkpoint.h>
#include <holdfast/policy.h>

enum {
	HF_PROOF_FIXED_LEN = 156,
	HF_PROOF_MAX_PATH = 63,
	HF_PROOF_MAX_COSIGS = 16,
	HF_COSIG_LEN = 73, /* u8 witness index, u64 time, signature 64 */
	HF_PROOF_MAX_LEN =
		HF_PROOF_FIXED_LEN + HF_PROOF_MAX_PATH * HF_MERKLE_LEN + HF_PROOF_MAX_COSIGS * HF_COSIG_LEN,
	HF_PROOF_CLOCK_SLACK_S = 86400, /* a trusted clock does not count a cosignature further ahead */
};

/* Indices are those of the policy's key array. */
struct hf_proof {
	hf_bytes policy_ref; /* 8 bytes */
	uint8_t log, publisher;
	uint64_t size, index;
	hf_bytes leaf_sig, log_sig; /* 64 bytes each */
	hf_bytes path;              /* hashes one after another, sibling of the leaf first; at most 63 */
	hf_bytes cosigs;            /* cosignature records of HF_COSIG_LEN bytes; at most 16 */
};

struct hf_proof_result {
	struct hf_tree_head head; /* the root that was computed */
	hf_key_set witnesses;     /* whose cosignature verified and counted */
	uint64_t quorum_time;     /* largest t such that those with time >= t satisfy the quorum */
};

/* Take one proof from the front of `in`; `used` is its length. Errors: HF_ERR_BUNDLE_FORMAT (short, or a
 * count above its limit). */
HF_MUST_CHECK hf_err hf_proof_read(hf_bytes in, struct hf_proof *p, size_t *used);
/* Append. Errors: HF_ERR_BUNDLE_FORMAT (lengths not as above), HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_proof_write(const struct hf_proof *p, struct hf_out *out);
/* Append one cosignature record, for the writer of `cosigs`. */
HF_MUST_CHECK hf_err hf_cosig_put(uint8_t witness, uint64_t time,
				  const uint8_t sig[static HF_ED25519_SIG_LEN], struct hf_out *out);

/* Verify for D under `policy`. `now`: Unix seconds of a trusted clock, 0 without one. First failure ends:
 * HF_ERR_PROOF_NONE (policy_ref is another policy's), _LEAF (publisher, its signature), _INCLUSION, _LOG,
 * _WITNESS, _EXPIRED (publisher or log key ended before quorum time); crypto's. *result is zero on error. */
HF_MUST_CHECK hf_err hf_proof_verify(const struct hf_proof *p, const struct hf_policy *policy,
				     const uint8_t d[static HF_SHA256_LEN], uint64_t now,
				     struct hf_proof_result *result);

/* The witness part alone, for heads that come without a leaf: which witnesses cosigned `head`, and the
 * time they vouch for. Errors: HF_ERR_PROOF_WITNESS (index no witness, a witness twice, a bad signature,
 * quorum not met, policy has no quorum). A cosignature past the not-after of its key does not count. */
HF_MUST_CHECK hf_err hf_witness_verify(const struct hf_policy *policy, hf_bytes quorum, uint8_t log,
				       hf_bytes cosigs, uint64_t now, struct hf_proof_result *result);
#endif
