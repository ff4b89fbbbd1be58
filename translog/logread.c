/* logread.c -- questions to the log's storage, and the clearing away of what a cut append left.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include "log_priv.h"

const char *hf_logstore_dir(const struct hf_logstore *s)
{
	return s->dir;
}

void hf_logstore_head(struct hf_logstore *s, struct hf_tree_head *head)
{
	(void)pthread_mutex_lock(&s->mutex);
	*head = (struct hf_tree_head){ s->edge.size, s->root };
	(void)pthread_mutex_unlock(&s->mutex);
}

hf_err hf_logstore_find(struct hf_logstore *s, const struct hf_merkle_hash *leaf, uint64_t *index)
{
	hf_err err;

	(void)pthread_mutex_lock(&s->mutex);
	err = hf__log_index_find(s->index, leaf, index);
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

static hf_err read_leaf(struct hf_logstore *s, uint64_t index, uint8_t out[static HF_LEAF_LEN])
{
	char name[96], path[HF_LOG_PATH_MAX];
	size_t place = (size_t)(index % HF_LOG_TILE) * HF_LOG_ENTRY_LEN + 2;
	int fd HF_AUTO(hf_fd_close) = -1;

	if (index >= s->edge.size)
		return HF_ERR_LOG_ABSENT;
	if (index / HF_LOG_TILE == s->edge.size / HF_LOG_TILE) {
		memcpy(out, s->entries + place, HF_LEAF_LEN);
		return HF_OK;
	}
	HF_TRY(hf_log_tile_name(-1, index / HF_LOG_TILE, HF_LOG_TILE, name));
	HF_TRY(hf_path_join(path, sizeof(path), s->dir, name));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && pread(fd, out, HF_LEAF_LEN, (off_t)place) == HF_LEAF_LEN ? HF_OK : HF_ERR_FILE_IO;
}

hf_err hf_logstore_leaf(struct hf_logstore *s, uint64_t index, uint8_t out[static HF_LEAF_LEN])
{
	hf_err err;

	(void)pthread_mutex_lock(&s->mutex);
	err = read_leaf(s, index, out);
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

hf_err hf_logstore_root(struct hf_logstore *s, uint64_t size, struct hf_merkle_hash *root)
{
	const struct hf_merkle_nodes nodes = { s, hf__log_node, NULL };
	hf_err err = HF_ERR_LOG_ABSENT;

	(void)pthread_mutex_lock(&s->mutex);
	if (size <= s->edge.size)
		err = hf_merkle_root(&nodes, size, root);
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

hf_err hf_logstore_inclusion(struct hf_logstore *s, uint64_t index, uint64_t size,
			     struct hf_merkle_hash *proof, size_t *n)
{
	const struct hf_merkle_nodes nodes = { s, hf__log_node, NULL };
	hf_err err = HF_ERR_LOG_ABSENT;

	*n = 0;
	(void)pthread_mutex_lock(&s->mutex);
	if (size <= s->edge.size)
		err = hf_merkle_inclusion(&nodes, index, size, proof, n);
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

hf_err hf_logstore_consistency(struct hf_logstore *s, uint64_t old_size, uint64_t size,
			       struct hf_merkle_hash *proof, size_t *n)
{
	const struct hf_merkle_nodes nodes = { s, hf__log_node, NULL };
	hf_err err = HF_ERR_LOG_ABSENT;

	*n = 0;
	(void)pthread_mutex_lock(&s->mutex);
	if (size <= s->edge.size)
		err = hf_merkle_consistency(&nodes, old_size, size, proof, n);
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

/* ---- what lies beyond the state ---- */

static hf_err drop(const struct hf_logstore *s, const char *name, struct hf_why *why)
{
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), s->dir, name));
	if (unlink(path) != 0 && errno != ENOENT)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
	return HF_OK;
}

/* Everything an append can have begun in one tile, except what belongs to this tree. */
static hf_err tidy_tile(const struct hf_logstore *s, int level, uint64_t n, struct hf_why *why)
{
	char name[96], fresh[104];

	for (unsigned width = 1; width <= HF_LOG_TILE; width++) {
		if (hf_log_tile_exists(s->edge.size, level, n, width))
			continue;
		HF_TRY(hf_log_tile_name(level, n, width, name));
		(void)snprintf(fresh, sizeof(fresh), "%s.new", name);
		HF_TRY(drop(s, name, why));
		HF_TRY(drop(s, fresh, why));
	}
	return HF_OK;
}

hf_err hf_logstore_tidy(struct hf_logstore *s, struct hf_why *why)
{
	for (int level = -1; level < HF__LOG_LEVELS; level++) {
		uint64_t n = (level < 0 ? s->edge.size : s->edge.size >> (8 * level)) / HF_LOG_TILE;

		/* A batch is no longer than a tile, so it reaches into the next one at most. */
		HF_TRY(tidy_tile(s, level, n, why));
		HF_TRY(tidy_tile(s, level, n + 1, why));
	}
	return drop(s, "tree-state.new", why);
}
