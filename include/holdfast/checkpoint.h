/* checkpoint.h -- tree heads of a Sigsum v1 log and what is signed about them, rebuilt from numbers, so
 * that a device needs no text parser: leaf, checkpoint body, cosignature/v1 message.
 * Promise: pure; every message has one spelling; the largest needs HF_CHECKPOINT_CAP bytes.
 * Sources: Sigsum v1 log protocol; C2SP tlog-checkpoint, tlog-cosignature. Format: doc/protocol/proof.md.
 * Thread rule: any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CHECKPOINT_H
#define HOLDFAST_CHECKPOINT_H
#include <holdfast/merkle.h>

enum {
	HF_LEAF_LEN = 128,             /* checksum 32, signature 64, SHA-256 of the publisher's key 32 */
	HF_LEAF_MESSAGE_LEN = 56,      /* what the publisher signs */
	HF_CHECKPOINT_ORIGIN_LEN = 83, /* sigsum.org/v1/tree/ and 64 hex digits */
	HF_CHECKPOINT_BODY_MAX = 149,
	HF_COSIGNATURE_MESSAGE_MAX = 189,
	HF_CHECKPOINT_CAP = 192, /* room for either */
};
/* Sizes and times end here, so that a decimal has at most 19 digits. */
#define HF_CHECKPOINT_MAX_NUMBER ((uint64_t)INT64_MAX)

struct hf_tree_head {
	uint64_t size;
	struct hf_merkle_hash root;
};

/* ---- Leaf ---- */

/* checksum = SHA-256(D); D is SHA-256 of a manifest's wire bytes or of a statement's payload. */
HF_MUST_CHECK hf_err hf_leaf_checksum(const uint8_t d[static HF_SHA256_LEN],
				      uint8_t checksum[static HF_SHA256_LEN]);
/* The publisher's message: "sigsum.org/v1/tree-leaf", 0, checksum. */
void hf_leaf_message(const uint8_t checksum[static HF_SHA256_LEN], uint8_t out[static HF_LEAF_MESSAGE_LEN]);
/* Signature of `publisher` over the checksum. Errors: HF_ERR_PROOF_LEAF; crypto's. */
HF_MUST_CHECK hf_err hf_leaf_verify(const uint8_t checksum[static HF_SHA256_LEN],
				    const uint8_t publisher[static HF_ED25519_PUB_LEN],
				    const uint8_t sig[static HF_ED25519_SIG_LEN]);
/* The 128 bytes that stand in the log. */
HF_MUST_CHECK hf_err hf_leaf_write(const uint8_t checksum[static HF_SHA256_LEN],
				   const uint8_t sig[static HF_ED25519_SIG_LEN],
				   const uint8_t publisher[static HF_ED25519_PUB_LEN],
				   uint8_t out[static HF_LEAF_LEN]);

/* ---- Head ---- */

/* Append "sigsum.org/v1/tree/<hex SHA-256(log key)>", no line feed. */
HF_MUST_CHECK hf_err hf_checkpoint_origin(const uint8_t log[static HF_ED25519_PUB_LEN], struct hf_out *out);
/* Append the three lines the log signs. Errors: HF_ERR_BASE_NO_ROOM, HF_ERR_PROOF_LOG (size over 2^63-1). */
HF_MUST_CHECK hf_err hf_checkpoint_body(const uint8_t log[static HF_ED25519_PUB_LEN],
					const struct hf_tree_head *head, struct hf_out *out);
/* Append what a witness signs: two lines, then the body. Errors: HF_ERR_PROOF_WITNESS (time over 2^63-1),
 * and the above. */
HF_MUST_CHECK hf_err hf_cosignature_message(const uint8_t log[static HF_ED25519_PUB_LEN],
					    const struct hf_tree_head *head, uint64_t time,
					    struct hf_out *out);
/* Errors: HF_ERR_PROOF_LOG; crypto's. */
HF_MUST_CHECK hf_err hf_checkpoint_verify(const uint8_t log[static HF_ED25519_PUB_LEN],
					  const struct hf_tree_head *head,
					  const uint8_t sig[static HF_ED25519_SIG_LEN]);
/* Errors: HF_ERR_PROOF_WITNESS; crypto's. */
HF_MUST_CHECK hf_err hf_cosignature_verify(const uint8_t log[static HF_ED25519_PUB_LEN],
					   const struct hf_tree_head *head, uint64_t time,
					   const uint8_t witness[static HF_ED25519_PUB_LEN],
					   const uint8_t sig[static HF_ED25519_SIG_LEN]);
#endif
