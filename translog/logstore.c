/* logstore.c -- order of an append: entry bundle, tiles from the bottom up, tree-state; each file is durable
 * before the next is begun. So tree-state never names a leaf that is not there, and what lies beyond it was
 * never served and may go.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <hf/file.h>
#include "log_priv.h"

static hf_err make_parents(const char *dir, const char *name, struct hf_why *why)
{
	char path[HF_LOG_PATH_MAX];

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		int n = snprintf(path, sizeof(path), "%s/%.*s", dir, (int)(slash - name), name);

		if (n < 0 || (size_t)n >= sizeof(path))
			return hf_why_set(why, HF_ERR_FILE_PATH, "");
		if (!hf_file_exists(path))
			HF_TRY(hf_dir_create(path, 0755, why));
	}
	return HF_OK;
}

hf_err hf__log_put(const char *dir, const char *name, hf_bytes data, struct hf_why *why)
{
	struct hf_buf there HF_AUTO(hf_buf_free) = HF_BUF(HF_LOG_TILE * HF_LOG_ENTRY_LEN + 1);
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), dir, name));
	if (!hf_file_exists(path)) {
		HF_TRY(make_parents(dir, name, why));
		return hf_file_replace(path, data, 0644, why);
	}
	HF_TRY(hf_file_read(path, &there, why));
	if (hf_bytes_equal(hf_buf_bytes(&there), data))
		return HF_OK;
	return hf_why_set(why, HF_ERR_LOG_DIFFERS, "%s holds other bytes than this log's tree gives", path);
}

/* ---- the edge ---- */

/* Node over all `n` hashes (a power of two); they are used up. */
static hf_err fold(struct hf_merkle_hash *hash, size_t n, struct hf_merkle_hash *out)
{
	for (; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			HF_TRY(hf_merkle_node(&hash[2 * i], &hash[2 * i + 1], &hash[i]));
	*out = hash[0];
	return HF_OK;
}

static uint64_t hashes_at(const struct hf__log_edge *e, unsigned level)
{
	return level >= HF__LOG_LEVELS ? 0 : e->size >> (8 * level);
}

static hf_err read_tile_part(const struct hf_logstore *s, unsigned level, uint64_t first, size_t n,
			     struct hf_merkle_hash *out)
{
	char name[96], path[HF_LOG_PATH_MAX];
	int fd HF_AUTO(hf_fd_close) = -1;
	size_t want = n * HF_MERKLE_LEN;

	HF_TRY(hf_log_tile_name((int)level, first / HF_LOG_TILE, HF_LOG_TILE, name));
	HF_TRY(hf_path_join(path, sizeof(path), s->dir, name));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return HF_ERR_LOG_ABSENT;
	return pread(fd, out, want, (off_t)(first % HF_LOG_TILE * HF_MERKLE_LEN)) == (ssize_t)want
		       ? HF_OK
		       : HF_ERR_FILE_IO;
}

hf_err hf__log_hashes(const struct hf_logstore *s, unsigned level, uint64_t first, size_t n,
		      struct hf_merkle_hash *out)
{
	uint64_t count = hashes_at(&s->edge, level);

	if (first > count || n > count - first || first % HF_LOG_TILE + n > HF_LOG_TILE)
		return HF_ERR_LOG_ABSENT;
	if (first / HF_LOG_TILE < count / HF_LOG_TILE)
		return read_tile_part(s, level, first, n, out);
	memcpy(out, &s->edge.tile[level][first % HF_LOG_TILE], n * HF_MERKLE_LEN);
	return HF_OK;
}

hf_err hf__log_node(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out)
{
	struct hf_merkle_hash hash[HF_LOG_TILE / 2];
	unsigned within = level % 8;

	HF_TRY(hf__log_hashes(ctx, level / 8, index << within, (size_t)1 << within, hash));
	return fold(hash, (size_t)1 << within, out);
}

static hf_err edge_root(struct hf_logstore *s, struct hf_merkle_hash *root)
{
	const struct hf_merkle_nodes nodes = { s, hf__log_node, NULL };

	return hf_merkle_root(&nodes, s->edge.size, root);
}

/* ---- append ---- */

static hf_err put_tile(struct hf_logstore *s, int level, uint64_t n, unsigned width, hf_bytes data,
		       struct hf_why *why)
{
	char name[96];

	HF_TRY(hf_log_tile_name(level, n, width, name));
	return hf__log_put(s->dir, name, data, why);
}

static hf_err put_entries(struct hf_logstore *s, const uint8_t *leaves, size_t n, struct hf_why *why)
{
	uint64_t at = s->edge.size;

	for (size_t i = 0; i < n; i++, at++) {
		unsigned place = (unsigned)(at % HF_LOG_TILE);
		uint8_t *entry = s->entries + place * HF_LOG_ENTRY_LEN;

		hf_put_be16(entry, HF_LEAF_LEN);
		memcpy(entry + 2, leaves + i * HF_LEAF_LEN, HF_LEAF_LEN);
		if (i + 1 == n || place + 1 == HF_LOG_TILE)
			HF_TRY(put_tile(s, -1, at / HF_LOG_TILE, place + 1,
					(hf_bytes){ s->entries, (place + 1) * HF_LOG_ENTRY_LEN }, why));
	}
	return HF_OK;
}

/* Add hash number `at` to a level of the edge; a tile that is complete is written and gives one hash to the
 * level above. `dirty` collects the levels that have a new partial tile. */
static hf_err push(struct hf_logstore *s, uint64_t at, struct hf_merkle_hash hash, unsigned *dirty,
		   struct hf_why *why)
{
	for (unsigned level = 0; level < HF__LOG_LEVELS; level++, at /= HF_LOG_TILE) {
		struct hf_merkle_hash *tile = s->edge.tile[level], copy[HF_LOG_TILE];

		tile[at % HF_LOG_TILE] = hash;
		*dirty |= 1u << level;
		if (at % HF_LOG_TILE + 1 < HF_LOG_TILE)
			return HF_OK;
		HF_TRY(put_tile(s, (int)level, at / HF_LOG_TILE, HF_LOG_TILE,
				(hf_bytes){ tile[0].b, HF_LOG_TILE * HF_MERKLE_LEN }, why));
		*dirty &= ~(1u << level);
		memcpy(copy, tile, sizeof(copy));
		HF_TRY(fold(copy, HF_LOG_TILE, &hash));
	}
	return HF_ERR_MERKLE_RANGE;
}

static hf_err put_partials(struct hf_logstore *s, uint64_t size, unsigned dirty, struct hf_why *why)
{
	for (unsigned level = 0; level < HF__LOG_LEVELS; level++) {
		uint64_t count = size >> (8 * level);
		unsigned width = (unsigned)(count % HF_LOG_TILE);

		if ((dirty >> level & 1) != 0 && width > 0)
			HF_TRY(put_tile(s, (int)level, count / HF_LOG_TILE, width,
					(hf_bytes){ s->edge.tile[level][0].b, width * HF_MERKLE_LEN }, why));
	}
	return HF_OK;
}

static hf_err put_state(struct hf_logstore *s, struct hf_why *why)
{
	const struct hf_tree_head head = { s->edge.size, s->root };
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), s->dir, "tree-state"));
	return hf_log_state_write(path, &head, why);
}

static hf_err append(struct hf_logstore *s, const uint8_t *leaves, size_t n, struct hf_why *why)
{
	struct hf_merkle_hash hash[HF_LOG_BATCH];
	uint64_t at = s->edge.size;
	unsigned dirty = 0;

	HF_TRY(put_entries(s, leaves, n, why));
	for (size_t i = 0; i < n; i++) {
		HF_TRY(hf_merkle_leaf((hf_bytes){ leaves + i * HF_LEAF_LEN, HF_LEAF_LEN }, &hash[i]));
		HF_TRY(push(s, at + i, hash[i], &dirty, why));
	}
	HF_TRY(put_partials(s, at + n, dirty, why));
	s->edge.size = at + n;
	HF_TRY(edge_root(s, &s->root));
	HF_TRY(put_state(s, why));
	for (size_t i = 0; i < n; i++)
		HF_TRY(hf__log_index_add(s->index, at + i, &hash[i], why));
	return HF_OK;
}

hf_err hf_logstore_append(struct hf_logstore *s, const uint8_t *leaves, size_t n, struct hf_why *why)
{
	hf_err err = HF_ERR_BASE_MISUSE;

	(void)pthread_mutex_lock(&s->mutex);
	if (n <= HF_LOG_BATCH && !s->broken && s->lock >= 0)
		err = n == 0 ? HF_OK : append(s, leaves, n, why);
	/* Memory is ahead of the disk now; only opening anew tells what is true. */
	s->broken |= err != HF_OK;
	(void)pthread_mutex_unlock(&s->mutex);
	return err;
}

/* ---- life ---- */

hf_err hf_logstore_create(const char *dir, struct hf_why *why)
{
	static const char *const folders[] = { "tile",   "tile/entries", "heads",   "index",
					       "object", "leafobj",      "evidence" };
	struct hf_tree_head empty = { 0 };
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_dir_create(dir, 0755, why));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		HF_TRY(hf_path_join(path, sizeof(path), dir, folders[i]));
		HF_TRY(hf_dir_create(path, 0755, why));
	}
	HF_TRY(hf_path_join(path, sizeof(path), dir, "tree-state"));
	if (hf_file_exists(path))
		return hf_why_set(why, HF_ERR_FILE_EXISTS, "%s", path);
	HF_TRY(hf_merkle_empty(&empty.root));
	return hf_log_state_write(path, &empty, why);
}

static hf_err take_lock(struct hf_logstore *s, struct hf_why *why)
{
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), s->dir, "lock"));
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (s->lock < 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
	if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
		return hf_why_set(why, HF_ERR_LOG_LOCKED, "%s: another process serves this log", s->dir);
	return HF_OK;
}

static hf_err read_exactly(struct hf_logstore *s, int level, uint64_t n, unsigned width, void *to, size_t len,
			   struct hf_why *why)
{
	struct hf_buf data HF_AUTO(hf_buf_free) = HF_BUF(len);
	char name[96], path[HF_LOG_PATH_MAX];

	HF_TRY(hf_log_tile_name(level, n, width, name));
	HF_TRY(hf_path_join(path, sizeof(path), s->dir, name));
	HF_TRY(hf_file_read(path, &data, why));
	if (data.len != len)
		return hf_why_set(why, HF_ERR_LOG_DIFFERS, "%s has another length", path);
	memcpy(to, data.ptr, len);
	return HF_OK;
}

static hf_err load_edge(struct hf_logstore *s, struct hf_why *why)
{
	for (unsigned level = 0; level < HF__LOG_LEVELS; level++) {
		uint64_t count = hashes_at(&s->edge, level);
		unsigned width = (unsigned)(count % HF_LOG_TILE);

		if (width == 0)
			continue;
		HF_TRY(read_exactly(s, (int)level, count / HF_LOG_TILE, width, s->edge.tile[level],
				    width * HF_MERKLE_LEN, why));
		if (level == 0)
			HF_TRY(read_exactly(s, -1, count / HF_LOG_TILE, width, s->entries,
					    width * HF_LOG_ENTRY_LEN, why));
	}
	return HF_OK;
}

static hf_err load(struct hf_logstore *s, struct hf_why *why)
{
	struct hf_tree_head state = { 0 };
	char path[HF_LOG_PATH_MAX];

	HF_TRY(hf_path_join(path, sizeof(path), s->dir, "tree-state"));
	HF_TRY(hf_log_state_read(path, &state, why));
	s->edge.size = state.size;
	HF_TRY(load_edge(s, why));
	HF_TRY(edge_root(s, &s->root));
	if (memcmp(s->root.b, state.root.b, HF_MERKLE_LEN) != 0)
		return hf_why_set(why, HF_ERR_LOG_DIFFERS,
				  "the tiles do not give the root of tree-state; run 'holdfast log fsck'");
	return hf__log_index_open(s, &s->index, why);
}

hf_err hf_logstore_open(const char *dir, bool reader, struct hf_logstore **out, struct hf_why *why)
{
	struct hf_logstore *s = calloc(1, sizeof(*s));
	hf_err err = HF_OK;

	*out = NULL;
	if (s == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	s->lock = -1;
	(void)pthread_mutex_init(&s->mutex, NULL);
	if (snprintf(s->dir, sizeof(s->dir), "%s", dir) >= HF_LOG_PATH_MAX - 200)
		err = hf_why_set(why, HF_ERR_FILE_PATH, "");
	if (err == HF_OK && !reader)
		err = take_lock(s, why);
	if (err == HF_OK)
		err = load(s, why);
	if (err != HF_OK) {
		hf_logstore_close(s);
		return err;
	}
	*out = s;
	return HF_OK;
}

void hf_logstore_close(struct hf_logstore *s)
{
	if (s == NULL)
		return;
	hf__log_index_close(s->index);
	hf_fd_close(&s->lock);
	(void)pthread_mutex_destroy(&s->mutex);
	free(s);
}
