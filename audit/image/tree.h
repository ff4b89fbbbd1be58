/* tree.h -- a file system's tree, gathered first and given afterwards, so that files can be read in the order
 * of their data. Readers add entries parents first; loops are theirs to stop (hf__marks).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__TREE_H
#define HF__TREE_H
#include "walk_priv.h"

struct hf__item {
	struct hf_node node; /* meta data only: no texts */
	uint32_t parent;     /* index; the root is its own */
	uint32_t name_len;
	size_t name_at;
	uint32_t first; /* regular files: index of the first name of this inode, itself unless a hard link */
	uint64_t id;    /* inode; equal for hard links. UINT64_MAX: one of its own */
	uint64_t at;    /* regular files are given in this order */
	uint64_t own;   /* the reader's */
};

struct hf__tree {
	struct hf__box *box;
	struct hf__item *item;
	size_t n, cap;
	uint8_t *names;
	size_t names_len, names_cap;
};

/* Add an entry; `item` is copied, parent and own fields set by the caller. Errors: HF_ERR_IMAGE_CAP,
 * HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__tree_add(struct hf__tree *t, const struct hf__item *item, hf_bytes name);
void hf__tree_free(struct hf__tree *t);

struct hf__tree_ops {
	void *ctx;
	hf_err (*load)(void *ctx, const struct hf__item *item, struct hf__box *box, struct hf_src *out);
	/* Target of a symbolic link and security.capability, into `mem`; empty when there is none. */
	hf_bytes (*link)(void *ctx, const struct hf__item *item, uint8_t mem[static HF_WALK_NAME_MAX]);
	hf_bytes (*caps)(void *ctx, const struct hf__item *item, uint8_t mem[static 64]); /* or NULL */
};
/* Give everything: what is no regular file first, then files by `at`. */
HF_MUST_CHECK hf_err hf__tree_give(struct hf__tree *t, const struct hf__tree_ops *ops);

/* A set of small numbers: which directories were seen. */
struct hf__marks {
	uint8_t *bits;
	uint64_t n;
};
HF_MUST_CHECK hf_err hf__marks_new(struct hf__marks *m, uint64_t n);
/* True the first time; false for numbers outside. */
bool hf__marks_first(struct hf__marks *m, uint64_t number);
void hf__marks_free(struct hf__marks *m);
#endif
