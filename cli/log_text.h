/* log_text.h -- the answers of a Sigsum v1 log, as the log and others print them: key=value lines.
 * Promise: pure and strict: known keys in their order, hexadecimal of the right length, integers without
 * leading zeros up to 2^63-1, every line ended, nothing after the last. What is read is copied.
 * Limits: LOG_TEXT_MAX bytes, 16 cosignatures, 63 hashes. Thread rule: none needed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOG_TEXT_H
#define LOG_TEXT_H
#include <holdfast/proof.h>

enum { LOG_TEXT_MAX = 16384 };

struct log_cosignature {
	uint8_t witness[HF_SHA256_LEN]; /* SHA-256 of its key */
	uint64_t time;
	uint8_t sig[HF_ED25519_SIG_LEN];
};
struct log_head {
	struct hf_tree_head head;
	uint8_t sig[HF_ED25519_SIG_LEN];
	size_t n;
	struct log_cosignature cosignature[HF_PROOF_MAX_COSIGS];
};
struct log_path {
	uint64_t index;
	size_t n;
	uint8_t hash[HF_PROOF_MAX_PATH * HF_MERKLE_LEN];
};
/* Answer of get-tree-head, of get-inclusion-proof. Errors: HF_ERR_LOG_TEXT. */
HF_MUST_CHECK hf_err log_text_head(hf_bytes text, struct log_head *h);
HF_MUST_CHECK hf_err log_text_path(hf_bytes text, struct log_path *p);

enum { LOG_LEAVES_MAX = 1024 };
/* Answer of get-leaves: 1 to LOG_LEAVES_MAX leaves of HF_LEAF_LEN bytes; of get-consistency-proof: 1 to 63
 * hashes, in `p->hash`. Errors: HF_ERR_LOG_TEXT; *n is then 0. */
HF_MUST_CHECK hf_err log_text_leaves(hf_bytes text, uint8_t leaf[static LOG_LEAVES_MAX][HF_LEAF_LEN],
				     size_t *n);
HF_MUST_CHECK hf_err log_text_consistency(hf_bytes text, struct log_path *p);

/* Sigsum proof, version 1 or 2, whole file. */
struct log_proof {
	uint8_t log[HF_SHA256_LEN];       /* SHA-256 of the log's key */
	uint8_t publisher[HF_SHA256_LEN]; /* of the publisher's key */
	uint8_t leaf_sig[HF_ED25519_SIG_LEN];
	uint8_t checksum_start[2]; /* version 1 only */
	bool has_checksum_start;
	struct log_head head;
	struct log_path path;
};
HF_MUST_CHECK hf_err log_text_proof(hf_bytes text, struct log_proof *p);

/* Append one proof of ours from the parts, as the policy numbers the keys; cosignatures of witnesses it does
 * not know, and wrong ones, are left out. Errors: HF_ERR_PROOF_LOG (no log of the policy signed the head),
 * _LEAF (publisher unknown); HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err log_text_convert(const struct log_proof *p, const struct hf_policy *policy,
				      struct hf_out *proof);
#endif
