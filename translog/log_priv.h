/* log_priv.h -- shared by the files of the log's storage.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOG_PRIV_H
#define LOG_PRIV_H
#include <pthread.h>
#include <hf/logstore.h>

enum { HF__LOG_LEVELS = 8 };

/* Write once: temp, fsync, rename, fsync of the folder. Equal bytes that exist are fine, others are
 * HF_ERR_LOG_DIFFERS. */
HF_MUST_CHECK hf_err hf__log_put(const char *dir, const char *name, hf_bytes data, struct hf_why *why);

/* The last, incomplete tile of every level: with the full tiles it is the whole tree. */
struct hf__log_edge {
	uint64_t size;
	struct hf_merkle_hash tile[HF__LOG_LEVELS][HF_LOG_TILE];
};

/* Leaf hash -> index. Sorted files of 65,536 leaves, built when they are complete, and a table in memory
 * for those after the last one. Only a hint: whoever asks compares with the tree. */
struct hf__log_index;
HF_MUST_CHECK hf_err hf__log_index_open(struct hf_logstore *s, struct hf__log_index **out,
					struct hf_why *why);
void hf__log_index_close(struct hf__log_index *x);
HF_MUST_CHECK hf_err hf__log_index_add(struct hf__log_index *x, uint64_t index,
				       const struct hf_merkle_hash *leaf, struct hf_why *why);
HF_MUST_CHECK hf_err hf__log_index_find(struct hf__log_index *x, const struct hf_merkle_hash *leaf,
					uint64_t *index);

struct hf_logstore {
	char dir[HF_LOG_PATH_MAX];
	int lock;
	pthread_mutex_t mutex;
	struct hf__log_edge edge;
	struct hf_merkle_hash root;
	struct hf__log_index *index;
	uint8_t entries[HF_LOG_TILE * HF_LOG_ENTRY_LEN]; /* of the last, incomplete bundle */
	bool broken;                                     /* an append failed half way */
};
/* `n` hashes of a level from position `first`, all within one tile. The caller holds the mutex. */
HF_MUST_CHECK hf_err hf__log_hashes(const struct hf_logstore *s, unsigned level, uint64_t first, size_t n,
				    struct hf_merkle_hash *out);
/* For hf_merkle_*; ctx is the store. */
HF_MUST_CHECK hf_err hf__log_node(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out);
#endif
