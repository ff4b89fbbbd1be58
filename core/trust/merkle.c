/* merkle.c -- RFC 6962 trees: append, roots, proofs. The checks of proofs are in merkle_check.c: a
 * device needs those and nothing of this file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/merkle.h>

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
