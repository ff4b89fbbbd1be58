/* walk.h -- from one image to every file in it, at any depth; nothing is extracted to disk.
 * Promise: every byte of the input is container, file, padding, or reported: what cannot be read, and every
 * limit that was hit, reaches `problem`. Hostile images end in problems, never in a crash or endless work.
 * The order of visits depends on the image only, so a walk can be cut into shares and taken up again.
 * Memory: files up to HF_WALK_WHOLE_MAX are given in memory (src->mem is set), larger ones by read().
 * Thread rule: one walk per thread; nothing global.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_WALK_H
#define HF_WALK_H
#include <hf/fact.h>
#include <hf/src.h>

enum { HF_WALK_WHOLE_MAX = 32 << 20, HF_WALK_NAME_MAX = 4096 };

struct hf_node {
	hf_bytes path; /* escaped, complete */
	hf_bytes tree; /* escaped path of the container; empty for an input */
	hf_bytes name; /* raw, from "/" */
	hf_bytes link; /* raw target */
	hf_bytes caps; /* security.capability, raw */
	uint8_t type;  /* HF_NODE_* */
	uint8_t known; /* HF_KNOWN_* */
	uint8_t depth; /* 0 = the input itself */
	uint32_t mode, uid, gid;
	uint64_t size, mtime, offset; /* offset in the container when it is stored there plainly, else 0 */
};

/* Callbacks get borrowed values, valid during the call. An error returned ends the walk with it. */
struct hf_visitor {
	void *ctx;
	/* Each entry once. `src` is NULL unless it is a regular file that could be opened. Called before the
	 * walk looks for a container inside. */
	hf_err (*node)(void *ctx, const struct hf_node *node, const struct hf_src *src);
	/* Containers; and problems, with the SCAN rule: 1 cap hit, 2 unreadable, 3 died, timed out. */
	hf_err (*container)(void *ctx, hf_bytes path, const char *format, uint64_t begin, uint64_t len,
			    unsigned depth);
	hf_err (*problem)(void *ctx, unsigned rule, hf_bytes path, uint64_t begin, uint64_t len,
			  const char *why);
	/* Seconds on a monotonic clock, for the time caps; the walk itself reads no clock. */
	uint64_t (*now_s)(void *ctx);
};

/* The policy may lower them; raising one is recorded in the report. */
struct hf_walk_caps {
	unsigned depth;                                    /* 10 */
	uint64_t files;                                    /* 1,000,000 */
	uint64_t bytes;                                    /* 16 GiB of content in total */
	uint64_t file_bytes;                               /* 4 GiB */
	unsigned ratio;                                    /* 1,000, counted after 64 MiB */
	unsigned seconds, container_seconds, file_seconds; /* 600, 120, 10 */
};
extern const struct hf_walk_caps hf_walk_caps_default;

/* Share `k` of `n`. Trees that can be read at any place are dealt out by file; everything else, and nodes
 * that are no regular files, belong to share 0. `after` is the way on after a reader was lost: the escaped
 * path of the last file it began. All up to that file and everything inside it is passed over in silence.
 * When a reader dies again without having begun another file, cut `after` at its last '!': then the whole
 * container is passed over. Empty: from the beginning. Caps are told by each share that hits them, so the
 * same problem may come more than once. */
struct hf_walk_share {
	unsigned k, n;
	hf_bytes after;
};

/* Before a process gives up its powers: what libraries load from disk at first use is loaded now. The
 * thread's character set becomes UTF-8 and the process's time zone UTC: a report is the same everywhere.
 * Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_walk_prepare(void);
/* Walk one input. `name` is what the input is called (its base name, raw).
 * Errors: only the visitor's and HF_ERR_HOST_MEMORY; all else is a problem. */
HF_MUST_CHECK hf_err hf_walk_image(const struct hf_src *src, hf_bytes name, const struct hf_walk_caps *caps,
				   const struct hf_walk_share *share, const struct hf_visitor *visitor);
#endif
