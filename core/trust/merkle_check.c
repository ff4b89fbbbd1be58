/* merkle_check.c -- RFC 6962 trees: the hashes, and the checks of proofs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

hf_err hf_merkle_leaf(hf_bytes entry, struct hf_merkle_hash *out)
{
	hf_bytes parts[2] = { HF_STR("\0"), entry };
	return hf_crypto_sha256(parts, 2, out->b);
}

hf_err hf_merkle_node(const struct hf_merkle_hash *left, const struct hf_merkle_hash *right,
		      struct hf_merkle_hash *out)
{
	hf_bytes parts[3] = { HF_STR("\1"), HF_ARR(left->b), HF_ARR(right->b) };
	return hf_crypto_sha256(parts, 3, out->b);
}

hf_err hf_merkle_empty(struct hf_merkle_hash *out)
{
	return hf_crypto_sha256(NULL, 0, out->b);
}

static bool same(const struct hf_merkle_hash *a, const struct hf_merkle_hash *b)
{
	return hf_bytes_equal(HF_ARR(a->b), HF_ARR(b->b));
}

/* RFC 9162 s2.1.3.2; fn and sn are the names there. */
hf_err hf_merkle_climb(const struct hf_merkle_hash *leaf, uint64_t index, uint64_t size, const uint8_t *path,
		       size_t n, struct hf_merkle_hash *root)
{
	uint64_t fn = index, sn = size - 1;
	struct hf_merkle_hash sibling, up;

	*root = *leaf;
	if (index >= size)
		return HF_ERR_MERKLE_RANGE;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return HF_ERR_MERKLE_PROOF;
		memcpy(sibling.b, path + i * HF_MERKLE_LEN, HF_MERKLE_LEN);
		if ((fn & 1) || fn == sn) {
			HF_TRY(hf_merkle_node(&sibling, root, &up));
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			HF_TRY(hf_merkle_node(root, &sibling, &up));
		}
		*root = up;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? HF_OK : HF_ERR_MERKLE_PROOF;
}

hf_err hf_merkle_check_inclusion(const struct hf_merkle_hash *leaf, uint64_t index, uint64_t size,
				 const struct hf_merkle_hash *proof, size_t n,
				 const struct hf_merkle_hash *root)
{
	struct hf_merkle_hash found;

	HF_TRY(hf_merkle_climb(leaf, index, size, n > 0 ? proof->b : NULL, n, &found));
	return same(&found, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
}

/* The loop of RFC 9162 s2.1.4.2 for 0 < old_size < size. */
static hf_err walk_consistency(uint64_t old_size, uint64_t size, const struct hf_merkle_hash *proof, size_t n,
			       struct hf_merkle_hash *fr, struct hf_merkle_hash *sr)
{
	uint64_t fn = old_size - 1, sn = size - 1;
	struct hf_merkle_hash up;

	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	*fr = *sr = proof[0];
	for (size_t i = 1; i < n; i++) {
		if (sn == 0)
			return HF_ERR_MERKLE_PROOF;
		if ((fn & 1) || fn == sn) {
			HF_TRY(hf_merkle_node(&proof[i], fr, &up));
			*fr = up;
			HF_TRY(hf_merkle_node(&proof[i], sr, &up));
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			HF_TRY(hf_merkle_node(sr, &proof[i], &up));
		}
		*sr = up;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 ? HF_OK : HF_ERR_MERKLE_PROOF;
}

hf_err hf_merkle_check_consistency(uint64_t old_size, const struct hf_merkle_hash *old_root, uint64_t size,
				   const struct hf_merkle_hash *root, const struct hf_merkle_hash *proof,
				   size_t n)
{
	struct hf_merkle_hash path[HF_MERKLE_PROOF_MAX + 1], fr, sr;

	if (old_size == 0 || old_size > size || n > HF_MERKLE_PROOF_MAX)
		return HF_ERR_MERKLE_RANGE;
	if (old_size == size)
		return n == 0 && same(old_root, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
	if (n == 0)
		return HF_ERR_MERKLE_PROOF;
	bool power = (old_size & (old_size - 1)) == 0; /* then the old root itself starts the proof */
	if (power)
		path[0] = *old_root;
	memcpy(path + power, proof, n * sizeof(path[0]));
	HF_TRY(walk_consistency(old_size, size, path, n + power, &fr, &sr));
	return same(&fr, old_root) && same(&sr, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
}

hf_err hf_merkle_check_growth(uint64_t old_size, const struct hf_merkle_hash *old_root, uint64_t size,
			      const struct hf_merkle_hash *root, const struct hf_merkle_hash *proof, size_t n)
{
	if (old_size > 0)
		return hf_merkle_check_consistency(old_size, old_root, size, root, proof, n);
	return n == 0 && (size > 0 || same(old_root, root)) ? HF_OK : HF_ERR_MERKLE_PROOF;
}
