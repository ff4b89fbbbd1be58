/* merkle_range.c -- a growing tree as the roots of its full subtrees, one for each bit of its size.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/merkle.h>

size_t hf_merkle_range_len(uint64_t size)
{
	size_t n = 0;

	for (; size != 0; size &= size - 1)
		n++;
	return n;
}

hf_err hf_merkle_range_add(struct hf_merkle_range *range, const struct hf_merkle_hash *leaf)
{
	size_t n = hf_merkle_range_len(range->size);
	struct hf_merkle_hash hash = *leaf, up;

	/* Two subtrees of one size become one, as in a binary counter. */
	for (uint64_t bits = range->size; bits & 1; bits >>= 1) {
		HF_TRY(hf_merkle_node(&range->node[--n], &hash, &up));
		hash = up;
	}
	if (n >= range->cap)
		return HF_ERR_BASE_NO_ROOM;
	range->node[n] = hash;
	range->size++;
	return HF_OK;
}

hf_err hf_merkle_range_root(const struct hf_merkle_range *range, struct hf_merkle_hash *root)
{
	size_t n = hf_merkle_range_len(range->size);
	struct hf_merkle_hash up;

	if (n == 0)
		return hf_merkle_empty(root);
	*root = range->node[--n];
	while (n > 0) {
		HF_TRY(hf_merkle_node(&range->node[--n], root, &up));
		*root = up;
	}
	return HF_OK;
}
