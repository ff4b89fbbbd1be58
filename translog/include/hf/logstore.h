/* logstore.h -- the log on disk: entry bundles, tiles and the tree's state, written so that a cut at any
 * moment leaves a log that opens (doc/protocol/log-storage.md).
 * Promise: after hf_logstore_append the leaves are durable; a file that exists is never given other bytes;
 * one process at a time has a log open for writing. Nothing here signs.
 * Limits: HF_LOG_BATCH leaves at once. Thread rule: any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGSTORE_H
#define HF_LOGSTORE_H
#include <holdfast/checkpoint.h>
#include <hf/buf.h>
#include <hf/why.h>

enum {
	HF_LOG_BATCH = 256,
	HF_LOG_PATH_MAX = 1024,
	HF_LOG_TILE = 256,
	HF_LOG_ENTRY_LEN = 2 + HF_LEAF_LEN,
};

struct hf_logstore;
/* Make the folders and the state of an empty tree. Errors: file.h's; HF_ERR_FILE_EXISTS. */
HF_MUST_CHECK hf_err hf_logstore_create(const char *dir, struct hf_why *why);
/* Open: lock (unless `reader`), state, right edge of the tree, root recomputed. Errors: HF_ERR_LOG_LOCKED,
 * HF_ERR_LOG_STATE, HF_ERR_LOG_DIFFERS (tiles do not give the root of the state), file.h's. */
HF_MUST_CHECK hf_err hf_logstore_open(const char *dir, bool reader, struct hf_logstore **out,
				      struct hf_why *why);
void hf_logstore_close(struct hf_logstore *s); /* NULL is allowed */
/* Remove what a cut append left beyond the state. Never before the sign state was compared. */
HF_MUST_CHECK hf_err hf_logstore_tidy(struct hf_logstore *s, struct hf_why *why);

const char *hf_logstore_dir(const struct hf_logstore *s);
void hf_logstore_head(struct hf_logstore *s, struct hf_tree_head *head);
/* Add `n` leaves of HF_LEAF_LEN bytes, n <= HF_LOG_BATCH. On error nothing was added, and the log must be
 * opened anew. Errors: HF_ERR_LOG_DIFFERS, file.h's. */
HF_MUST_CHECK hf_err hf_logstore_append(struct hf_logstore *s, const uint8_t *leaves, size_t n,
					struct hf_why *why);
/* Index of the leaf with this hash. Errors: HF_ERR_LOG_ABSENT. */
HF_MUST_CHECK hf_err hf_logstore_find(struct hf_logstore *s, const struct hf_merkle_hash *leaf,
				      uint64_t *index);
/* Errors of these: HF_ERR_MERKLE_RANGE, HF_ERR_LOG_ABSENT (index or size beyond the tree), file.h's. */
HF_MUST_CHECK hf_err hf_logstore_leaf(struct hf_logstore *s, uint64_t index, uint8_t out[static HF_LEAF_LEN]);
HF_MUST_CHECK hf_err hf_logstore_root(struct hf_logstore *s, uint64_t size, struct hf_merkle_hash *root);
HF_MUST_CHECK hf_err hf_logstore_inclusion(struct hf_logstore *s, uint64_t index, uint64_t size,
					   struct hf_merkle_hash *proof, size_t *n);
HF_MUST_CHECK hf_err hf_logstore_consistency(struct hf_logstore *s, uint64_t old_size, uint64_t size,
					     struct hf_merkle_hash *proof, size_t *n);

/* "tile/0/x001/234.p/7", relative to the folder; level -1 is "entries"; width 256 is the full tile. */
HF_MUST_CHECK hf_err hf_log_tile_name(int level, uint64_t n, unsigned width, char out[static 96]);
/* The reverse, of what follows "tile/". Errors: HF_ERR_LOG_NAME (not exactly one of the above). */
HF_MUST_CHECK hf_err hf_log_tile_read_name(hf_bytes text, int *level, uint64_t *n, unsigned *width);
/* Does a tree of this size have that tile? */
bool hf_log_tile_exists(uint64_t size, int level, uint64_t n, unsigned width);

/* A size and a root as two lines of text: tree-state, sign-state. Errors: HF_ERR_LOG_STATE, file.h's. */
HF_MUST_CHECK hf_err hf_log_state_read(const char *path, struct hf_tree_head *head, struct hf_why *why);
HF_MUST_CHECK hf_err hf_log_state_write(const char *path, const struct hf_tree_head *head,
					struct hf_why *why);
#endif
