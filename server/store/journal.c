/* journal.c -- issuance journals: entries in one table, full subtrees in another.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/merkle.h>
#include "store_priv.h"

struct tree {
	struct hf_db *db;
	const uint8_t *id;
};

static hf_err get_node(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out)
{
	struct tree *t = ctx;
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(t->db, &s, "SELECT hash FROM journal_node WHERE tree = ? AND level = ? AND pos = ?",
			"bii", HF__FIXED(t->id, HF_STORE_ORDER_LEN), (int64_t)level, (int64_t)index));
	HF_TRY(hf__step(&s));
	hf__col_blob(&s, 0, out->b, sizeof(out->b));
	return s.err;
}

static hf_err put_node(void *ctx, unsigned level, uint64_t index, const struct hf_merkle_hash *hash)
{
	struct tree *t = ctx;

	return hf__run(t->db, NULL, "INSERT INTO journal_node VALUES(?,?,?,?)", "biib",
		       HF__FIXED(t->id, HF_STORE_ORDER_LEN), (int64_t)level, (int64_t)index, HF_ARR(hash->b));
}

hf_err hf_journal_size(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN], uint64_t *size)
{
	int64_t n = 0;

	HF_TRY(hf__int(db, &n, "SELECT coalesce(max(pos) + 1, 0) FROM journal WHERE tree = ?", "b",
		       HF__FIXED(tree, HF_STORE_ORDER_LEN)));
	*size = (uint64_t)n;
	return HF_OK;
}

hf_err hf_journal_append(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN], hf_bytes entry,
			 uint64_t *index)
{
	struct tree t = { db, tree };
	struct hf_merkle_nodes nodes = { &t, get_node, put_node };
	struct hf_merkle_hash leaf;

	HF_TRY(hf_journal_size(db, tree, index));
	HF_TRY(hf__run(db, NULL, "INSERT INTO journal VALUES(?,?,?)", "bib",
		       HF__FIXED(tree, HF_STORE_ORDER_LEN), (int64_t)*index, entry));
	HF_TRY(hf_merkle_leaf(entry, &leaf));
	return hf_merkle_append(&nodes, *index, &leaf);
}

hf_err hf_journal_root(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN], uint64_t size,
		       uint8_t root[static HF_SHA256_LEN])
{
	struct tree t = { db, tree };
	struct hf_merkle_nodes nodes = { &t, get_node, put_node };
	struct hf_merkle_hash out;

	HF_TRY(hf_merkle_root(&nodes, size, &out));
	memcpy(root, out.b, sizeof(out.b));
	return HF_OK;
}

hf_err hf_journal_entry(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN], uint64_t index,
			struct hf_buf *entry)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT entry FROM journal WHERE tree = ? AND pos = ?", "bi",
			HF__FIXED(tree, HF_STORE_ORDER_LEN), (int64_t)index));
	HF_TRY(hf__step(&s));
	return hf_buf_put(entry, hf__col_bytes(&s, 0));
}
