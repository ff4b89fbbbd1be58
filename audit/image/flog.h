/* flog.h -- flash file systems that are logs: nodes lie anywhere, and of two that speak about the same thing
 * the one with the higher version counts. A reader scans all nodes, which works on damaged dumps and pending
 * journals too, and adds what it found; then the log is put in order and its tree is given.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__FLOG_H
#define HF__FLOG_H
#include "tree.h"

/* Something that happened to an inode. */
struct hf__event {
	uint64_t ino, version;
	uint64_t size;                  /* of the whole file after it; UINT64_MAX: does not say */
	uint64_t offset;                /* in the file, of the data it carries */
	uint64_t at;                    /* in the image, of the stored data */
	uint32_t stored, plain, span;   /* bytes stored, decoded, covered (the rest is zero); 0 = no data */
	uint32_t mode, uid, gid, mtime; /* when `size` is known */
	uint32_t order;                 /* of adding: breaks ties */
	uint8_t codec;                  /* the reader's */
};

struct hf__dirent {
	uint64_t parent, ino, version; /* ino 0: the name was removed */
	size_t name_at;
	uint32_t name_len, order;
	uint8_t type; /* HF_NODE_* */
};

/* Extended attributes: a dirent of HF__FLOG_XATTR + inode leads to an inode with the value. */
#define HF__FLOG_XATTR ((uint64_t)1 << 63)

struct hf__flog {
	struct hf__box *box;
	uint64_t root;
	/* Decode `in` to exactly out_len bytes. */
	hf_err (*decode)(struct hf__box *box, uint8_t codec, hf_bytes in, uint8_t *out, size_t out_len);
	struct hf__event *event;
	size_t n_events, events_cap;
	struct hf__dirent *dirent;
	size_t n_dirents, dirents_cap;
	uint8_t *names;
	size_t names_len, names_cap;
	struct hf__tree tree;
	uint8_t *stored, *plain; /* one block each */
};

HF_MUST_CHECK hf_err hf__flog_event(struct hf__flog *l, const struct hf__event *e);
HF_MUST_CHECK hf_err hf__flog_dirent(struct hf__flog *l, const struct hf__dirent *d, hf_bytes name);
HF_MUST_CHECK hf_err hf__flog_give(struct hf__flog *l);
void hf__flog_free(struct hf__flog *l);

enum { HF__FLOG_BLOCK_MAX = 1 << 20 };
#endif
