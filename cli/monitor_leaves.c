/* monitor_leaves.c -- from what was read to what the head covers: each batch is proved to belong to the head
 * before a leaf of it is believed, judged leaf by leaf, and only then counted as read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include "monitor.h"

struct batch {
	size_t n;
	uint8_t leaf[LOG_LEAVES_MAX][HF_LEAF_LEN];
	struct hf_merkle_hash node[HF_MERKLE_MAX_LEVELS];
	struct hf_merkle_range range;
};

static hf_err refused(struct monitor *m, const char *path, int status)
{
	return hf_why_set(&m->why, HF_ERR_LOG_REFUSED, "%s: the log answered %d", path, status);
}

static hf_err fetch_leaves(struct monitor *m, const struct hf_tree_head *head, struct batch *b)
{
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	uint64_t end = head->size - m->s.size > LOG_LEAVES_MAX ? m->s.size + LOG_LEAVES_MAX : head->size;
	char path[80];
	int status = 0;

	(void)snprintf(path, sizeof(path), "get-leaves/%llu/%llu", (unsigned long long)m->s.size,
		       (unsigned long long)end);
	HF_TRY(log_client_ask(&m->log, path, (hf_bytes){ 0 }, &status, &answer));
	if (status != 200)
		return refused(m, path, status);
	HF_TRY(log_text_leaves(hf_buf_bytes(&answer), b->leaf, &b->n));
	return b->n <= end - m->s.size ? HF_OK : hf_why_set(&m->why, HF_ERR_LOG_TEXT, "too many leaves");
}

static hf_err grow(const struct monitor *m, struct batch *b)
{
	memcpy(b->node, m->s.node, sizeof(b->node));
	b->range = (struct hf_merkle_range){ m->s.size, b->node, HF_MERKLE_MAX_LEVELS };
	for (size_t i = 0; i < b->n; i++) {
		struct hf_merkle_hash leaf;

		HF_TRY(hf_merkle_leaf(HF_ARR(b->leaf[i]), &leaf));
		HF_TRY(hf_merkle_range_add(&b->range, &leaf));
	}
	return HF_OK;
}

/* Does the tree so far lie inside the head's? HF_ERR_MERKLE_PROOF: the log contradicts itself. */
static hf_err check(struct monitor *m, const struct hf_merkle_range *range, const struct hf_tree_head *head)
{
	struct hf_buf answer HF_AUTO(hf_buf_free) = HF_BUF(LOG_ANSWER_MAX);
	struct hf_merkle_hash root, proof[HF_PROOF_MAX_PATH];
	static struct log_path path; /* one log a program */
	char name[80];
	int status = 0;

	HF_TRY(hf_merkle_range_root(range, &root));
	if (range->size == head->size)
		return hf_merkle_check_consistency(head->size, &root, head->size, &head->root, NULL, 0);
	(void)snprintf(name, sizeof(name), "get-consistency-proof/%llu/%llu", (unsigned long long)range->size,
		       (unsigned long long)head->size);
	HF_TRY(log_client_ask(&m->log, name, (hf_bytes){ 0 }, &status, &answer));
	if (status != 200)
		return refused(m, name, status);
	HF_TRY(log_text_consistency(hf_buf_bytes(&answer), &path));
	memcpy(proof, path.hash, path.n * HF_MERKLE_LEN);
	return hf_merkle_check_consistency(range->size, &root, head->size, &head->root, proof, path.n);
}

/* The new head stands beside the last good one in the folder: two statements of one log that cannot both
 * be true, each with its signatures. */
static hf_err contradiction(struct monitor *m)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LOG_TEXT_MAX);
	char path[MONITOR_PATH_MAX];

	HF_TRY(monitor_stand(m, MONITOR_FORK, true,
			     "the log's tree does not contain what it showed before; both heads are kept"));
	HF_TRY(hf_path_join(path, sizeof(path), m->dir, "head.new"));
	HF_TRY(hf_file_read(path, &text, &m->why));
	HF_TRY(monitor_keep(m, "contradiction", hf_buf_bytes(&text)));
	return hf_why_set(&m->why, HF_ERR_MONITOR_FORK, "%s", "");
}

hf_err monitor_save(struct monitor *m)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(MONITOR_STATE_MAX);
	char path[MONITOR_PATH_MAX];

	HF_TRY(monitor_state_write(&m->s, &text));
	HF_TRY(hf_path_join(path, sizeof(path), m->dir, "state"));
	return hf_file_replace(path, hf_buf_bytes(&text), 0600, &m->why);
}

static hf_err copy_policies(struct hf_buf to[static 2], const struct hf_buf from[static 2])
{
	for (int i = 0; i < 2; i++) {
		hf_buf_reset(&to[i]);
		HF_TRY(hf_buf_put(&to[i], hf_buf_bytes(&from[i])));
	}
	return HF_OK;
}

static hf_err judge_each(struct monitor *m, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		HF_TRY(monitor_leaf(m, m->s.size + i, b->leaf[i]));
	return HF_OK;
}

/* A leaf that could not be judged to its end comes again, with those of its batch, under the same policy. */
static hf_err judge_leaves(struct monitor *m, const struct batch *b)
{
	struct hf_buf before[2] = { HF_BUF(HF_STATEMENT_MAX_LEN), HF_BUF(HF_STATEMENT_MAX_LEN) };
	size_t n_releases = m->s.n_releases;
	uint64_t number = m->p[0].number;
	hf_err err = copy_policies(before, m->s.policy), back = HF_OK;

	if (err == HF_OK)
		err = judge_each(m, b);
	if (err != HF_OK)
		m->s.n_releases = n_releases;
	if (err != HF_OK && m->p[0].number != number)
		back = copy_policies(m->s.policy, before);
	if (err != HF_OK && m->p[0].number != number && back == HF_OK)
		back = monitor_use_policies(m);
	hf_buf_free(&before[0]);
	hf_buf_free(&before[1]);
	return back != HF_OK ? back : err;
}

static hf_err take_batch(struct monitor *m, const struct hf_tree_head *head)
{
	static struct batch b; /* 130 KiB */
	hf_err err = HF_OK;

	b.n = 0;
	if (m->s.size < head->size)
		HF_TRY(fetch_leaves(m, head, &b));
	HF_TRY(grow(m, &b));
	if (b.range.size > 0)
		err = check(m, &b.range, head);
	if (err == HF_ERR_MERKLE_PROOF)
		return contradiction(m);
	HF_TRY(err);
	HF_TRY(judge_leaves(m, &b));
	m->s.size = b.range.size;
	memcpy(m->s.node, b.node, sizeof(b.node));
	return monitor_save(m);
}

hf_err monitor_leaves(struct monitor *m, const struct hf_tree_head *head)
{
	char from[MONITOR_PATH_MAX], to[MONITOR_PATH_MAX];

	do
		HF_TRY(take_batch(m, head));
	while (m->s.size < head->size);
	HF_TRY(monitor_stand(m, MONITOR_FORK, false, ""));
	HF_TRY(hf_path_join(from, sizeof(from), m->dir, "head.new"));
	HF_TRY(hf_path_join(to, sizeof(to), m->dir, "head"));
	return rename(from, to) == 0 ? HF_OK : hf_why_errno(&m->why, HF_ERR_FILE_IO, "%s", to);
}
