/* merkle.h -- the one Merkle tree of the project (RFC 6962 s2, RFC 9162 s2.1): the public log, private
 * issuance journals, and the chunks of an image.
 * Promise: pure functions; the tree's nodes stay wherever the caller keeps them. Node (level, index) is
 * the root of the full subtree over leaves [index * 2^level, (index + 1) * 2^level).
 * Limits: 2^62 leaves, proofs of HF_MERKLE_PROOF_MAX hashes. Thread rule: none needed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_MERKLE_H
#define HOLDFAST_MERKLE_H
#include <holdfast/crypto.h>

enum { HF_MERKLE_LEN = HF_SHA256_LEN, HF_MERKLE_PROOF_MAX = 64, HF_MERKLE_MAX_LEVELS = 62 };
struct hf_merkle_hash {
	uint8_t b[HF_MERKLE_LEN];
};

/* SHA-256(0x00 | entry), SHA-256(0x01 | left | right), SHA-256(""). Errors: crypto's. */
HF_MUST_CHECK hf_err hf_merkle_leaf(hf_bytes entry, struct hf_merkle_hash *out);
HF_MUST_CHECK hf_err hf_merkle_node(const struct hf_merkle_hash *left, const struct hf_merkle_hash *right,
				    struct hf_merkle_hash *out);
HF_MUST_CHECK hf_err hf_merkle_empty(struct hf_merkle_hash *out);

/* Where full nodes are kept. get() must know every node that put() was given. */
struct hf_merkle_nodes {
	void *ctx;
	hf_err (*get)(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out);
	hf_err (*put)(void *ctx, unsigned level, uint64_t index, const struct hf_merkle_hash *hash);
};
/* Add leaf number `size` to a tree of `size` leaves: puts it and every subtree it completes. */
HF_MUST_CHECK hf_err hf_merkle_append(const struct hf_merkle_nodes *nodes, uint64_t size,
				      const struct hf_merkle_hash *leaf);
HF_MUST_CHECK hf_err hf_merkle_root(const struct hf_merkle_nodes *nodes, uint64_t size,
				    struct hf_merkle_hash *out);
/* Proofs; `proof` has room for HF_MERKLE_PROOF_MAX. Errors: HF_ERR_MERKLE_RANGE (index or sizes). */
HF_MUST_CHECK hf_err hf_merkle_inclusion(const struct hf_merkle_nodes *nodes, uint64_t index, uint64_t size,
					 struct hf_merkle_hash *proof, size_t *n);
HF_MUST_CHECK hf_err hf_merkle_consistency(const struct hf_merkle_nodes *nodes, uint64_t old_size,
					   uint64_t size, struct hf_merkle_hash *proof, size_t *n);

/* The root that an inclusion path of `n` concatenated hashes leads to; without a root to compare with, so
 * whoever calls must hold the answer against a signature. Errors: HF_ERR_MERKLE_RANGE (index >= size),
 * HF_ERR_MERKLE_PROOF (not exactly the number of hashes that RFC 6962 asks for), crypto's. */
HF_MUST_CHECK hf_err hf_merkle_climb(const struct hf_merkle_hash *leaf, uint64_t index, uint64_t size,
				     const uint8_t *path, size_t n, struct hf_merkle_hash *root);
/* Errors: HF_ERR_MERKLE_RANGE, HF_ERR_MERKLE_PROOF. */
HF_MUST_CHECK hf_err hf_merkle_check_inclusion(const struct hf_merkle_hash *leaf, uint64_t index,
					       uint64_t size, const struct hf_merkle_hash *proof, size_t n,
					       const struct hf_merkle_hash *root);
/* 0 < old_size <= size, as in RFC 9162 s2.1.4.2: about the empty tree a proof says nothing. Errors as
 * above. */
HF_MUST_CHECK hf_err hf_merkle_check_consistency(uint64_t old_size, const struct hf_merkle_hash *old_root,
						 uint64_t size, const struct hf_merkle_hash *root,
						 const struct hf_merkle_hash *proof, size_t n);
/* The same for whoever remembers the last tree and begins with none: every tree extends the empty one. */
HF_MUST_CHECK hf_err hf_merkle_check_growth(uint64_t old_size, const struct hf_merkle_hash *old_root,
					    uint64_t size, const struct hf_merkle_hash *root,
					    const struct hf_merkle_hash *proof, size_t n);

/* ---- Compact range: a tree that only grows, kept as the roots of its full subtrees ---------------- */

/* What a monitor stores of a log, and what an image's chunk root is made of while it streams by. `node`
 * is caller's memory of `cap` hashes, largest subtree first; popcount(size) of them are filled. Start
 * with size 0; to go on from stored state set size and fill node. */
struct hf_merkle_range {
	uint64_t size;
	struct hf_merkle_hash *node;
	size_t cap; /* HF_MERKLE_MAX_LEVELS is always enough */
};
/* Hashes a range of this size holds. */
size_t hf_merkle_range_len(uint64_t size);
/* Add a leaf hash. Errors: HF_ERR_BASE_NO_ROOM; crypto's. On error the range is as it was. */
HF_MUST_CHECK hf_err hf_merkle_range_add(struct hf_merkle_range *range, const struct hf_merkle_hash *leaf);
HF_MUST_CHECK hf_err hf_merkle_range_root(const struct hf_merkle_range *range, struct hf_merkle_hash *root);
#endif
