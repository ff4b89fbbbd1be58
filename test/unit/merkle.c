/* merkle.c -- trees of RFC 6962: built, proved and checked at every size up to 40, and lies refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/merkle.h>

enum { LEAVES = 40, LEVELS = 8 };

struct rig {
	struct hf_merkle_hash node[LEVELS][LEAVES];
	struct hf_merkle_hash leaf[LEAVES], root[LEAVES + 1];
};

static hf_err get(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out)
{
	*out = ((struct rig *)ctx)->node[level][index];
	return HF_OK;
}

static hf_err put(void *ctx, unsigned level, uint64_t index, const struct hf_merkle_hash *hash)
{
	((struct rig *)ctx)->node[level][index] = *hash;
	return HF_OK;
}

static struct hf_merkle_nodes new_rig(struct rig *r)
{
	struct hf_merkle_nodes nodes = { r, get, put };

	assert_int_equal(hf_merkle_root(&nodes, 0, &r->root[0]), HF_OK);
	for (uint64_t i = 0; i < LEAVES; i++) {
		uint8_t b = (uint8_t)i;
		assert_int_equal(hf_merkle_leaf((hf_bytes){ &b, 1 }, &r->leaf[i]), HF_OK);
		assert_int_equal(hf_merkle_append(&nodes, i, &r->leaf[i]), HF_OK);
		assert_int_equal(hf_merkle_root(&nodes, i + 1, &r->root[i + 1]), HF_OK);
	}
	return nodes;
}

/* RFC 6962's reference leaves, root over the first eight: the vector every log implementation carries. */
static void roots_are_those_of_other_implementations(void **unused)
{
	static const char *const entry[8] = { "",
					      "00",
					      "10",
					      "2021",
					      "3031",
					      "40414243",
					      "5051525354555657",
					      "606162636465666768696a6b6c6d6e6f" };
	struct rig r;
	struct hf_merkle_nodes nodes = { &r, get, put };
	struct hf_merkle_hash leaf, root;
	uint8_t mem[16], hex[64];
	struct hf_out text = HF_OUT(hex);

	(void)unused;
	for (uint64_t i = 0; i < 8; i++) {
		struct hf_out b = HF_OUT(mem);
		assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)entry[i], strlen(entry[i]) }, &b),
				 HF_OK);
		assert_int_equal(hf_merkle_leaf(hf_out_bytes(&b), &leaf), HF_OK);
		assert_int_equal(hf_merkle_append(&nodes, i, &leaf), HF_OK);
	}
	assert_int_equal(hf_merkle_root(&nodes, 8, &root), HF_OK);
	assert_int_equal(hf_hex_encode(HF_ARR(root.b), &text), HF_OK);
	assert_memory_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", 64);
}

static void every_leaf_is_proved_in_every_tree(void **unused)
{
	struct rig r;
	struct hf_merkle_nodes nodes = new_rig(&r);
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	size_t n = 0;

	(void)unused;
	for (uint64_t size = 1; size <= LEAVES; size++)
		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(hf_merkle_inclusion(&nodes, i, size, proof, &n), HF_OK);
			assert_int_equal(
				hf_merkle_check_inclusion(&r.leaf[i], i, size, proof, n, &r.root[size]),
				HF_OK);
			assert_int_equal(hf_merkle_check_inclusion(&r.leaf[(i + 1) % LEAVES], i, size, proof,
								   n, &r.root[size]),
					 HF_ERR_MERKLE_PROOF);
			proof[n] = r.leaf[0];
			assert_int_equal(
				hf_merkle_check_inclusion(&r.leaf[i], i, size, proof, n + 1, &r.root[size]),
				HF_ERR_MERKLE_PROOF);
		}
	assert_int_equal(hf_merkle_inclusion(&nodes, 5, 5, proof, &n), HF_ERR_MERKLE_RANGE);
}

static void every_tree_is_proved_to_contain_its_past(void **unused)
{
	struct rig r;
	struct hf_merkle_nodes nodes = new_rig(&r);
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	size_t n = 0;

	(void)unused;
	for (uint64_t size = 1; size <= LEAVES; size++)
		for (uint64_t old = 1; old <= size; old++) {
			assert_int_equal(hf_merkle_consistency(&nodes, old, size, proof, &n), HF_OK);
			assert_int_equal(
				hf_merkle_check_consistency(old, &r.root[old], size, &r.root[size], proof, n),
				HF_OK);
			assert_int_equal(hf_merkle_check_consistency(old, &r.root[old - 1], size,
								     &r.root[size], proof, n),
					 HF_ERR_MERKLE_PROOF);
			if (n == 0)
				continue;
			proof[n] = r.leaf[0];
			assert_int_equal(hf_merkle_check_consistency(old, &r.root[old], size, &r.root[size],
								     proof, n + 1),
					 HF_ERR_MERKLE_PROOF);
			proof[n - 1].b[3] ^= 1;
			assert_int_equal(
				hf_merkle_check_consistency(old, &r.root[old], size, &r.root[size], proof, n),
				HF_ERR_MERKLE_PROOF);
		}
	assert_int_equal(hf_merkle_consistency(&nodes, 6, 5, proof, &n), HF_ERR_MERKLE_RANGE);
}

static void about_the_empty_tree_a_proof_says_nothing(void **unused)
{
	struct rig r;
	struct hf_merkle_nodes nodes = new_rig(&r);
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	size_t n = 0;
	(void)unused;

	assert_int_equal(hf_merkle_check_consistency(3, &r.root[3], 7, &r.root[7], proof, 0),
			 HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_check_consistency(0, &r.root[0], 7, &r.root[7], proof, 0),
			 HF_ERR_MERKLE_RANGE);
	assert_int_equal(hf_merkle_check_consistency(0, &r.root[0], 0, &r.root[0], proof, 0),
			 HF_ERR_MERKLE_RANGE);
	/* but it is what everybody begins with */
	assert_int_equal(hf_merkle_check_growth(0, &r.root[0], 7, &r.root[7], proof, 0), HF_OK);
	assert_int_equal(hf_merkle_check_growth(0, &r.root[0], 0, &r.root[0], proof, 0), HF_OK);
	assert_int_equal(hf_merkle_check_growth(0, &r.root[0], 0, &r.root[7], proof, 0), HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_check_growth(0, &r.root[0], 7, &r.root[7], r.leaf, 1),
			 HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_consistency(&nodes, 3, 7, proof, &n), HF_OK);
	assert_int_equal(hf_merkle_check_growth(3, &r.root[3], 7, &r.root[7], proof, n), HF_OK);
	assert_int_equal(hf_merkle_check_growth(3, &r.root[2], 7, &r.root[7], proof, n), HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_check_growth(7, &r.root[7], 3, &r.root[3], proof, n), HF_ERR_MERKLE_RANGE);
}

static void a_range_gives_the_root_of_every_size(void **unused)
{
	struct rig r;
	struct hf_merkle_hash node[HF_MERKLE_MAX_LEVELS], root;
	struct hf_merkle_range range = { 0, node, HF_MERKLE_MAX_LEVELS };
	(void)unused;

	(void)new_rig(&r);
	for (size_t size = 0; size < LEAVES; size++) {
		assert_int_equal(hf_merkle_range_root(&range, &root), HF_OK);
		assert_memory_equal(root.b, r.root[size].b, HF_MERKLE_LEN);
		assert_int_equal(range.size, size);
		assert_int_equal(hf_merkle_range_add(&range, &r.leaf[size]), HF_OK);
	}
}

static void a_range_without_room_stays_as_it_was(void **unused)
{
	struct rig r;
	struct hf_merkle_hash node[1], root;
	struct hf_merkle_range range = { 0, node, 1 };
	(void)unused;

	(void)new_rig(&r);
	assert_int_equal(hf_merkle_range_add(&range, &r.leaf[0]), HF_OK);
	assert_int_equal(hf_merkle_range_add(&range, &r.leaf[1]), HF_OK);
	assert_int_equal(hf_merkle_range_add(&range, &r.leaf[2]), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(hf_merkle_range_root(&range, &root), HF_OK);
	assert_memory_equal(root.b, r.root[2].b, HF_MERKLE_LEN);
	assert_int_equal(hf_merkle_range_len(UINT64_MAX), 64);
	assert_int_equal(hf_merkle_range_len(6), 2);
}

static void a_path_leads_to_the_root_only_with_its_exact_length(void **unused)
{
	struct rig r;
	struct hf_merkle_nodes nodes = new_rig(&r);
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX], root;
	size_t n = 0;
	(void)unused;

	assert_int_equal(hf_merkle_inclusion(&nodes, 4, 7, proof, &n), HF_OK);
	assert_int_equal(hf_merkle_climb(&r.leaf[4], 4, 7, proof->b, n, &root), HF_OK);
	assert_memory_equal(root.b, r.root[7].b, HF_MERKLE_LEN);
	assert_int_equal(hf_merkle_climb(&r.leaf[4], 4, 7, proof->b, n - 1, &root), HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_climb(&r.leaf[4], 4, 7, proof->b, n + 1, &root), HF_ERR_MERKLE_PROOF);
	assert_int_equal(hf_merkle_climb(&r.leaf[4], 7, 7, proof->b, n, &root), HF_ERR_MERKLE_RANGE);
	assert_int_equal(hf_merkle_climb(&r.leaf[4], 0, 0, proof->b, 0, &root), HF_ERR_MERKLE_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_other_implementations),
		cmocka_unit_test(every_leaf_is_proved_in_every_tree),
		cmocka_unit_test(every_tree_is_proved_to_contain_its_past),
		cmocka_unit_test(about_the_empty_tree_a_proof_says_nothing),
		cmocka_unit_test(a_range_gives_the_root_of_every_size),
		cmocka_unit_test(a_range_without_room_stays_as_it_was),
		cmocka_unit_test(a_path_leads_to_the_root_only_with_its_exact_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
