/* logfsck.c -- the bundles are the truth, all else follows from them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/file.h>
#include <hf/logfsck.h>
#include <hf/lognote.h>
#include "log_priv.h"

struct check {
	const char *dir;
	const uint8_t *log;
	const struct hf_policy *policy;
	struct hf_logstore *store;
	uint64_t size;
	struct hf_logfsck *found;
	struct hf_merkle_hash tile[HF__LOG_LEVELS][HF_LOG_TILE];
};

static hf_err read_tile(const struct check *c, int level, uint64_t n, unsigned width, struct hf_buf *data,
			struct hf_why *why)
{
	char name[96], path[HF_LOG_PATH_MAX];

	hf_buf_reset(data);
	HF_TRY(hf_log_tile_name(level, n, width, name));
	HF_TRY(hf_path_join(path, sizeof(path), c->dir, name));
	return hf_file_read(path, data, why);
}

static hf_err compare_tile(struct check *c, unsigned level, uint64_t n, unsigned width, struct hf_why *why)
{
	struct hf_buf data HF_AUTO(hf_buf_free) = HF_BUF(HF_LOG_TILE * HF_MERKLE_LEN + 1);

	HF_TRY(read_tile(c, (int)level, n, width, &data, why));
	c->found->tiles++;
	if (hf_bytes_equal(hf_buf_bytes(&data), (hf_bytes){ c->tile[level][0].b, width * HF_MERKLE_LEN }))
		return HF_OK;
	return hf_why_set(why, HF_ERR_LOG_DIFFERS, "tile %u/%llu differs from what its leaves give", level,
			  (unsigned long long)n);
}

/* One more hash at a level; complete tiles are compared and go up. */
static hf_err push(struct check *c, uint64_t at, struct hf_merkle_hash hash, struct hf_why *why)
{
	for (unsigned level = 0; level < HF__LOG_LEVELS; level++, at /= HF_LOG_TILE) {
		struct hf_merkle_hash *tile = c->tile[level];

		tile[at % HF_LOG_TILE] = hash;
		if (at % HF_LOG_TILE + 1 < HF_LOG_TILE)
			return HF_OK;
		HF_TRY(compare_tile(c, level, at / HF_LOG_TILE, HF_LOG_TILE, why));
		for (size_t n = HF_LOG_TILE; n > 1; n /= 2)
			for (size_t i = 0; i < n / 2; i++)
				HF_TRY(hf_merkle_node(&tile[2 * i], &tile[2 * i + 1], &tile[i]));
		hash = tile[0];
	}
	return HF_ERR_MERKLE_RANGE;
}

static hf_err check_bundle(struct check *c, uint64_t n, unsigned width, struct hf_why *why)
{
	struct hf_buf data HF_AUTO(hf_buf_free) = HF_BUF(HF_LOG_TILE * HF_LOG_ENTRY_LEN + 1);
	struct hf_merkle_hash hash;

	HF_TRY(read_tile(c, -1, n, width, &data, why));
	if (data.len != (size_t)width * HF_LOG_ENTRY_LEN)
		return hf_why_set(why, HF_ERR_LOG_DIFFERS, "entries %llu: wrong length",
				  (unsigned long long)n);
	for (unsigned i = 0; i < width; i++) {
		const uint8_t *entry = data.ptr + i * HF_LOG_ENTRY_LEN;

		if (hf_get_be16(entry) != HF_LEAF_LEN)
			return hf_why_set(why, HF_ERR_LOG_DIFFERS, "entries %llu: wrong entry",
					  (unsigned long long)n);
		HF_TRY(hf_merkle_leaf((hf_bytes){ entry + 2, HF_LEAF_LEN }, &hash));
		HF_TRY(push(c, n * HF_LOG_TILE + i, hash, why));
		c->found->leaves++;
	}
	return HF_OK;
}

static hf_err check_tree(struct check *c, struct hf_why *why)
{
	uint64_t full = c->size / HF_LOG_TILE;
	unsigned rest = (unsigned)(c->size % HF_LOG_TILE);

	for (uint64_t n = 0; n < full; n++)
		HF_TRY(check_bundle(c, n, HF_LOG_TILE, why));
	if (rest > 0)
		HF_TRY(check_bundle(c, full, rest, why));
	for (unsigned level = 0; level < HF__LOG_LEVELS; level++) {
		uint64_t count = c->size >> (8 * level);

		if (count % HF_LOG_TILE != 0)
			HF_TRY(compare_tile(c, level, count / HF_LOG_TILE, (unsigned)(count % HF_LOG_TILE),
					    why));
	}
	return HF_OK;
}

static hf_err read_head(const struct check *c, hf_bytes text, struct hf_loghead *h)
{
	struct hf_note note;
	const struct hf_note_line *line;

	if (c->policy != NULL)
		return hf_loghead_read(text, c->log, c->policy, h);
	HF_TRY(hf_note_read(text, &note));
	line = hf_note_find(&note, HF_NOTE_LOG, c->log);
	h->head = note.head;
	return line == NULL ? HF_ERR_PROOF_LOG : hf_checkpoint_verify(c->log, &h->head, line->payload);
}

static hf_err check_head(struct check *c, const char *name, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	char path[HF_LOG_PATH_MAX];
	struct hf_loghead h = { 0 };
	struct hf_merkle_hash root;
	hf_err err;

	HF_TRY(hf_path_join(path, sizeof(path), c->dir, name));
	HF_TRY(hf_file_read(path, &text, why));
	err = read_head(c, hf_buf_bytes(&text), &h);
	if (err == HF_OK)
		err = hf_logstore_root(c->store, h.head.size, &root);
	if (err == HF_OK && memcmp(root.b, h.head.root.b, HF_MERKLE_LEN) != 0)
		err = HF_ERR_LOG_DIFFERS;
	if (err != HF_OK)
		return hf_why_set(why, err, "%s: %s", name, hf_err_text(err));
	c->found->heads++;
	c->found->cosignatures += h.n;
	return HF_OK;
}

static hf_err check_heads(struct check *c, struct hf_why *why)
{
	char path[HF_LOG_PATH_MAX], name[300];
	struct dirent *e;
	hf_err err = HF_OK;
	DIR *d;

	HF_TRY(hf_path_join(path, sizeof(path), c->dir, "heads"));
	d = opendir(path);
	if (d == NULL)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
	while (err == HF_OK && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		/* A file that was being written when the power went is no head. */
		if (e->d_name[0] == '.' || (len > 4 && strcmp(e->d_name + len - 4, ".new") == 0))
			continue;
		(void)snprintf(name, sizeof(name), "heads/%s", e->d_name);
		err = check_head(c, name, why);
	}
	(void)closedir(d);
	HF_TRY(err);
	HF_TRY(hf_path_join(path, sizeof(path), c->dir, "checkpoint"));
	return hf_file_exists(path) ? check_head(c, "checkpoint", why) : HF_OK;
}

hf_err hf_logfsck(const char *dir, const uint8_t log[static HF_ED25519_PUB_LEN],
		  const struct hf_policy *policy, struct hf_logfsck *found, struct hf_why *why)
{
	struct check *c = calloc(1, sizeof(*c));
	struct hf_tree_head head;
	hf_err err;

	*found = (struct hf_logfsck){ 0 };
	if (c == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	*c = (struct check){ .dir = dir, .log = log, .policy = policy, .found = found };
	err = hf_logstore_open(dir, true, &c->store, why);
	if (err == HF_OK) {
		hf_logstore_head(c->store, &head);
		c->size = head.size;
		err = check_tree(c, why);
	}
	if (err == HF_OK)
		err = check_heads(c, why);
	hf_logstore_close(c->store);
	free(c);
	return err;
}
