/* The log's storage and its signer: what is durable, what is refused, what a cut leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/file.h>
#include <hf/logfsck.h>
#include <hf/logsign.h>

struct rig {
	char dir[64], data[80], sign[80];
	struct hf_logstore *store;
};

static struct rig new_rig(void)
{
	struct rig r = { .dir = "/tmp/hf-log-XXXXXX" };

	assert_non_null(mkdtemp(r.dir));
	(void)snprintf(r.data, sizeof(r.data), "%s/data", r.dir);
	(void)snprintf(r.sign, sizeof(r.sign), "%s/sign-state", r.dir);
	assert_int_equal(hf_logstore_create(r.data, NULL), HF_OK);
	assert_int_equal(hf_logstore_open(r.data, false, &r.store, NULL), HF_OK);
	return r;
}

static void drop_rig(struct rig *r)
{
	char command[128];

	hf_logstore_close(r->store);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	assert_int_equal(system(command), 0);
}

static void leaf_of(uint64_t i, uint8_t leaf[static HF_LEAF_LEN])
{
	memset(leaf, 0x5a, HF_LEAF_LEN);
	hf_put_be64(leaf, i);
}

static void add(struct rig *r, uint64_t n)
{
	static uint8_t leaves[HF_LOG_BATCH * HF_LEAF_LEN];
	struct hf_tree_head head;

	hf_logstore_head(r->store, &head);
	while (n > 0) {
		size_t batch = n < HF_LOG_BATCH ? (size_t)n : HF_LOG_BATCH;

		for (size_t i = 0; i < batch; i++)
			leaf_of(head.size++, leaves + i * HF_LEAF_LEN);
		assert_int_equal(hf_logstore_append(r->store, leaves, batch, NULL), HF_OK);
		n -= batch;
	}
}

static void reopen(struct rig *r)
{
	hf_logstore_close(r->store);
	assert_int_equal(hf_logstore_open(r->data, false, &r->store, NULL), HF_OK);
}

static void every_size_has_the_root_that_its_leaves_give(void **unused)
{
	struct rig r = new_rig();
	struct hf_merkle_hash node[HF_MERKLE_MAX_LEVELS], leaf, want, root;
	struct hf_merkle_range range = { 0, node, HF_MERKLE_MAX_LEVELS };
	static const unsigned steps[] = { 1, 1, 253, 1, 1, 300, 7 };
	uint8_t bytes[HF_LEAF_LEN];

	(void)unused;
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		struct hf_tree_head head;

		add(&r, steps[s]);
		hf_logstore_head(r.store, &head);
		while (range.size < head.size) {
			leaf_of(range.size, bytes);
			assert_int_equal(hf_merkle_leaf(HF_ARR(bytes), &leaf), HF_OK);
			assert_int_equal(hf_merkle_range_add(&range, &leaf), HF_OK);
		}
		assert_int_equal(hf_merkle_range_root(&range, &want), HF_OK);
		assert_memory_equal(head.root.b, want.b, HF_MERKLE_LEN);
		reopen(&r);
		assert_int_equal(hf_logstore_root(r.store, head.size, &root), HF_OK);
		assert_memory_equal(root.b, want.b, HF_MERKLE_LEN);
	}
	drop_rig(&r);
}

static void leaves_are_found_by_hash_and_proved(void **unused)
{
	struct rig r = new_rig();
	struct hf_merkle_hash hash, proof[HF_MERKLE_PROOF_MAX];
	struct hf_tree_head head;
	uint8_t leaf[HF_LEAF_LEN], got[HF_LEAF_LEN];
	uint64_t index;
	size_t n;

	(void)unused;
	add(&r, 600);
	hf_logstore_head(r.store, &head);
	for (uint64_t i = 0; i < 600; i += 37) {
		leaf_of(i, leaf);
		assert_int_equal(hf_merkle_leaf(HF_ARR(leaf), &hash), HF_OK);
		assert_int_equal(hf_logstore_find(r.store, &hash, &index), HF_OK);
		assert_int_equal(index, i);
		assert_int_equal(hf_logstore_leaf(r.store, i, got), HF_OK);
		assert_memory_equal(got, leaf, HF_LEAF_LEN);
		assert_int_equal(hf_logstore_inclusion(r.store, i, 600, proof, &n), HF_OK);
		assert_int_equal(hf_merkle_check_inclusion(&hash, i, 600, proof, n, &head.root), HF_OK);
	}
	hash.b[0] ^= 1;
	assert_int_equal(hf_logstore_find(r.store, &hash, &index), HF_ERR_LOG_ABSENT);
	assert_int_equal(hf_logstore_leaf(r.store, 600, got), HF_ERR_LOG_ABSENT);
	assert_int_equal(hf_logstore_root(r.store, 601, &hash), HF_ERR_LOG_ABSENT);
	drop_rig(&r);
}

static void the_index_goes_over_into_files_and_comes_back(void **unused)
{
	struct rig r = new_rig();
	struct hf_merkle_hash hash;
	uint8_t leaf[HF_LEAF_LEN];
	uint64_t index;

	(void)unused;
	add(&r, 65536 + 300);
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 65536 + 300; i += 997) {
			leaf_of(i, leaf);
			assert_int_equal(hf_merkle_leaf(HF_ARR(leaf), &hash), HF_OK);
			assert_int_equal(hf_logstore_find(r.store, &hash, &index), HF_OK);
			assert_int_equal(index, i);
		}
		reopen(&r);
	}
	drop_rig(&r);
}

static void a_second_writer_is_refused_and_a_reader_is_not(void **unused)
{
	struct rig r = new_rig();
	struct hf_logstore *other = NULL;

	(void)unused;
	assert_int_equal(hf_logstore_open(r.data, false, &other, NULL), HF_ERR_LOG_LOCKED);
	assert_int_equal(hf_logstore_open(r.data, true, &other, NULL), HF_OK);
	hf_logstore_close(other);
	drop_rig(&r);
}

static void spoil(const struct rig *r, const char *name, const char *text)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", r->data, name);
	assert_int_equal(hf_file_replace(path, (hf_bytes){ (const uint8_t *)text, strlen(text) }, 0644, NULL),
			 HF_OK);
}

static void a_file_that_exists_is_never_given_other_bytes(void **unused)
{
	struct rig r = new_rig();
	uint8_t leaf[HF_LEAF_LEN] = { 1 };
	struct hf_why why = { 0 };

	(void)unused;
	add(&r, 3);
	spoil(&r, "tile/0/000.p/4", "somebody else's");
	assert_int_equal(hf_logstore_append(r.store, leaf, 1, &why), HF_ERR_LOG_DIFFERS);
	/* And it does not go on as if nothing had happened. */
	assert_int_not_equal(hf_logstore_append(r.store, leaf, 1, &why), HF_OK);
	drop_rig(&r);
}

static void what_a_cut_append_left_is_cleared_away(void **unused)
{
	struct rig r = new_rig();
	uint8_t leaf[HF_LEAF_LEN] = { 2 };

	(void)unused;
	add(&r, 255);
	spoil(&r, "tile/0/000", "of leaves that were never durable");
	spoil(&r, "tile/entries/000", "the same");
	assert_int_equal(hf_logstore_tidy(r.store, NULL), HF_OK);
	assert_int_equal(hf_logstore_append(r.store, leaf, 1, NULL), HF_OK);
	drop_rig(&r);
}

static const struct {
	const char *name, *text;
	hf_err err;
} damages[] = {
	{ "tree-state", "", HF_ERR_LOG_STATE },
	{ "tree-state", "size=07\nroot_hash=00\n", HF_ERR_LOG_STATE },
	{ "tree-state",
	  "size=3\nroot_hash=00000000000000000000000000000000000000000000000000000000000000000\n",
	  HF_ERR_LOG_STATE },
	{ "tree-state",
	  "size=3\nroot_hash=0000000000000000000000000000000000000000000000000000000000000000\n",
	  HF_ERR_LOG_DIFFERS },
	{ "tile/0/000.p/3", "short", HF_ERR_LOG_DIFFERS },
};

static void a_damaged_log_does_not_open(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct rig r = new_rig();
		struct hf_logstore *again = NULL;

		add(&r, 3);
		spoil(&r, damages[i].name, damages[i].text);
		assert_int_equal(hf_logstore_open(r.data, true, &again, NULL), damages[i].err);
		drop_rig(&r);
	}
}

static void fsck_finds_a_changed_entry_and_a_changed_tile(void **unused)
{
	static const char *const names[] = { "tile/entries/000", "tile/0/000", "tile/1/000.p/1" };
	const uint8_t log[HF_ED25519_PUB_LEN] = { 0 };
	struct hf_logfsck found;

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct rig r = new_rig();
		char path[160];
		FILE *f;

		add(&r, 300);
		assert_int_equal(hf_logfsck(r.data, log, NULL, &found, NULL), HF_OK);
		assert_int_equal(found.leaves, 300);
		(void)snprintf(path, sizeof(path), "%s/%s", r.data, names[i]);
		f = fopen(path, "r+b");
		assert_non_null(f);
		(void)fseek(f, 20, SEEK_SET);
		(void)fputc('x', f);
		(void)fclose(f);
		assert_int_equal(hf_logfsck(r.data, log, NULL, &found, NULL), HF_ERR_LOG_DIFFERS);
		drop_rig(&r);
	}
}

static const struct {
	const char *text;
	int level;
	uint64_t n;
	unsigned width;
} names[] = {
	{ "0/000", 0, 0, 256 },
	{ "1/x001/234", 1, 1234, 256 },
	{ "entries/x001/x234/067.p/8", -1, 1234067, 8 },
	{ "63/999.p/255", 63, 999, 255 },
};
static const char *const bad_names[] = {
	"",           "0",          "0/",          "0/0",         "0/0000",   "0/x000/001",
	"64/000",     "00/000",     "0/000.p/0",   "0/000.p/256", "0/000.p/", "0/000.p",
	"0/000.p/01", "0/000/",     "0/x001",      "x/000",       "-1/000",   "entries",
	"entries/00", "0/000.p/1/", "0/x001/x002", "0/../000"
};

static void names_of_tiles_have_one_spelling(void **unused)
{
	int level;
	uint64_t n;
	unsigned width;

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(hf_log_tile_read_name(
					 (hf_bytes){ (const uint8_t *)names[i].text, strlen(names[i].text) },
					 &level, &n, &width),
				 HF_OK);
		assert_true(level == names[i].level && n == names[i].n && width == names[i].width);
	}
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		assert_int_equal(hf_log_tile_read_name(
					 (hf_bytes){ (const uint8_t *)bad_names[i], strlen(bad_names[i]) },
					 &level, &n, &width),
				 HF_ERR_LOG_NAME);
}

static struct hf_logsign new_signer(const struct rig *r)
{
	struct hf_logsign s = { .last = { 0 } };
	struct hf_tree_head empty = { 0 };

	assert_int_equal(hf_merkle_empty(&empty.root), HF_OK);
	assert_int_equal(hf_log_state_write(r->sign, &empty, NULL), HF_OK);
	memset(s.seed.b, 7, 32);
	s.seed.len = 32;
	(void)snprintf(s.path, sizeof(s.path), "%s", r->sign);
	assert_int_equal(hf_logsign_open(&s, NULL), HF_OK);
	return s;
}

static hf_err sign_now(struct rig *r, struct hf_logsign *s, uint8_t sig[static 64])
{
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	struct hf_tree_head head;
	size_t n = 0;

	hf_logstore_head(r->store, &head);
	assert_int_equal(hf_logstore_consistency(r->store, s->last.size, head.size, proof, &n), HF_OK);
	return hf_logsign_sign(s, &head, proof, n, sig);
}

static void the_signer_signs_only_what_extends_the_last_tree(void **unused)
{
	struct rig r = new_rig();
	struct hf_logsign s = new_signer(&r);
	struct hf_tree_head head, other, smaller = { .size = 2 };
	uint8_t sig[64], again[64];

	(void)unused;
	assert_int_equal(sign_now(&r, &s, sig), HF_OK); /* size 0 */
	add(&r, 5);
	assert_int_equal(sign_now(&r, &s, sig), HF_OK);
	hf_logstore_head(r.store, &head);
	assert_int_equal(hf_checkpoint_verify(s.pub, &head, sig), HF_OK);
	assert_int_equal(hf_logsign_sign(&s, &head, NULL, 0, again), HF_OK);
	assert_memory_equal(sig, again, 64);
	other = head;
	other.root.b[0] ^= 1;
	assert_int_equal(hf_logsign_sign(&s, &other, NULL, 0, sig), HF_ERR_LOG_FORK);
	assert_int_equal(hf_logsign_sign(&s, &smaller, NULL, 0, sig), HF_ERR_LOG_BACK);
	other.size = 9; /* larger, without a proof that it extends */
	assert_int_equal(hf_logsign_sign(&s, &other, NULL, 0, sig), HF_ERR_LOG_FORK);
	assert_int_equal(hf_checkpoint_verify(s.pub, &other, again), HF_ERR_PROOF_LOG);
	drop_rig(&r);
}

static void a_signer_without_its_state_does_not_start(void **unused)
{
	struct rig r = new_rig();
	struct hf_logsign s = new_signer(&r);

	(void)unused;
	assert_int_equal(unlink(r.sign), 0);
	assert_int_equal(hf_logsign_open(&s, NULL), HF_ERR_FILE_ABSENT);
	drop_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_the_root_that_its_leaves_give),
		cmocka_unit_test(leaves_are_found_by_hash_and_proved),
		cmocka_unit_test(the_index_goes_over_into_files_and_comes_back),
		cmocka_unit_test(a_second_writer_is_refused_and_a_reader_is_not),
		cmocka_unit_test(a_file_that_exists_is_never_given_other_bytes),
		cmocka_unit_test(what_a_cut_append_left_is_cleared_away),
		cmocka_unit_test(a_damaged_log_does_not_open),
		cmocka_unit_test(fsck_finds_a_changed_entry_and_a_changed_tile),
		cmocka_unit_test(names_of_tiles_have_one_spelling),
		cmocka_unit_test(the_signer_signs_only_what_extends_the_last_tree),
		cmocka_unit_test(a_signer_without_its_state_does_not_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
