/* merkle.c -- RFC 6962 trees: append, roots, proofs, checks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/merkle.h>

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

hf_err hf_merkle_append(const struct hf_merkle_nodes *nodes, uint64_t size, const struct hf_merkle_hash *leaf)
{
	struct hf_merkle_hash hash = *leaf, left, up;
	uint64_t at = size;

	HF_TRY(nodes->put(nodes->ctx, 0, at, &hash));
	for (unsigned level = 0; at & 1; level++) {
		HF_TRY(nodes->get(nodes->ctx, level, at - 1, &left));
		HF_TRY(hf_merkle_node(&left, &hash, &up));
		hash = up;
		at >>= 1;
		HF_TRY(nodes->put(nodes->ctx, level + 1, at, &hash));
	}
	return HF_OK;
}

/* Largest power of two smaller than n (n >= 2), as its exponent. */
static unsigned split_level(uint64_t n)
{
	unsigned level = 0;

	while ((UINT64_C(1) << (level + 1)) < n)
		level++;
	return level;
}

/* Root over leaves [begin, begin + n); begin is a multiple of the largest full subtree in it. Works from
 * the right: the last, smallest subtrees first. */
static hf_err range_root(const struct hf_merkle_nodes *nodes, uint64_t begin, uint64_t n,
			 struct hf_merkle_hash *out)
{
	struct hf_merkle_hash right, left;
	uint64_t end = begin + n;
	bool first = true;

	if (n == 0)
		return hf_merkle_empty(out);
	while (end > begin) {
		unsigned level = 0;
		while (!((end - begin) >> level & 1))
			level++;
		HF_TRY(nodes->get(nodes->ctx, level, (end >> level) - 1, &left));
		if (first)
			*out = left;
		else {
			right = *out;
			HF_TRY(hf_merkle_node(&left, &right, out));
		}
		first = false;
		end -= UINT64_C(1) << level;
	}
	return HF_OK;
}

hf_err hf_merkle_root(const struct hf_merkle_nodes *nodes, uint64_t size, struct hf_merkle_hash *out)
{
	return range_root(nodes, 0, size, out);
}

static void reverse(struct hf_merkle_hash *proof, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct hf_merkle_hash swap = proof[i];
		proof[i] = proof[n - 1 - i];
		proof[n - 1 - i] = swap;
	}
}

hf_err hf_merkle_inclusion(const struct hf_merkle_nodes *nodes, uint64_t index, uint64_t size,
			   struct hf_merkle_hash *proof, size_t *n)
{
	uint64_t begin = 0;

	*n = 0;
	if (index >= size || size >> 62)
		return HF_ERR_MERKLE_RANGE;
	while (size > 1) { /* from the root down; the other side of each split is the proof, bottom first */
		uint64_t k = UINT64_C(1) << split_level(size);
		if (index - begin < k) {
			HF_TRY(range_root(nodes, begin + k, size - k, &proof[(*n)++]));
			size = k;
		} else {
			HF_TRY(range_root(nodes, begin, k, &proof[(*n)++]));
			begin += k;
			size -= k;
		}
	}
	reverse(proof, *n);
	return HF_OK;
}

hf_err hf_merkle_consistency(const struct hf_merkle_nodes *nodes, uint64_t old_size, uint64_t size,
			     struct hf_merkle_hash *proof, size_t *n)
{
	uint64_t begin = 0, m = old_size;
	bool whole = true; /* the old tree's own root is known to the asker */

	*n = 0;
	if (old_size > size || size >> 62)
		return HF_ERR_MERKLE_RANGE;
	if (old_size == 0 || old_size == size)
		return HF_OK;
	while (m != size) {
		uint64_t k = UINT64_C(1) << split_level(size);
		if (m <= k) {
			HF_TRY(range_root(nodes, begin + k, size - k, &proof[(*n)++]));
			size = k;
		} else {
			HF_TRY(range_root(nodes, begin, k, &proof[(*n)++]));
			begin += k;
			m -= k;
			size -= k;
			whole = false;
		}
	}
	if (!whole)
		HF_TRY(range_root(nodes, begin, m, &proof[(*n)++]));
	reverse(proof, *n);
	return HF_OK;
}

static bool same(const struct hf_merkle_hash *a, const struct hf_merkle_hash *b)
{
	return memcmp(a->b, b->b, HF_MERKLE_LEN) == 0;
}

hf_err hf_merkle_check_inclusion(const struct hf_merkle_hash *leaf, uint64_t index, uint64_t size,
				 const struct hf_merkle_hash *proof, size_t n,
				 const struct hf_merkle_hash *root)
{
	struct hf_merkle_hash r = *leaf, up;

	if (index >= size)
		return HF_ERR_MERKLE_RANGE;
	uint64_t fn = index, sn = size - 1; /* RFC 9162 s2.1.3.2 */
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return HF_ERR_MERKLE_PROOF;
		if ((fn & 1) || fn == sn) {
			HF_TRY(hf_merkle_node(&proof[i], &r, &up));
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			HF_TRY(hf_merkle_node(&r, &proof[i], &up));
		}
		r = up;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&r, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
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

	if (old_size > size || n > HF_MERKLE_PROOF_MAX)
		return HF_ERR_MERKLE_RANGE;
	if (old_size == size)
		return n == 0 && same(old_root, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
	if (old_size == 0)
		return n == 0 ? HF_OK : HF_ERR_MERKLE_PROOF;
	if (n == 0)
		return HF_ERR_MERKLE_PROOF;
	bool power = (old_size & (old_size - 1)) == 0; /* then the old root itself starts the proof */
	if (power)
		path[0] = *old_root;
	memcpy(path + power, proof, n * sizeof(path[0]));
	HF_TRY(walk_consistency(old_size, size, path, n + power, &fr, &sr));
	return same(&fr, old_root) && same(&sr, root) ? HF_OK : HF_ERR_MERKLE_PROOF;
}
