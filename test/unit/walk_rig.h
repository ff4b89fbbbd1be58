/* walk_rig.h -- walks bytes in memory and writes down what was given, one line each, so that tests can
 * compare text: "F path size", "D path", "L path target", "BOX path format begin len depth",
 * "PROBLEM rule path why".
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_TEST_WALK_RIG_H
#define HOLDFAST_TEST_WALK_RIG_H
#include <hf/walk.h>

enum { WALK_RIG_TEXT = 1 << 16 };

struct walk_rig {
	struct hf_walk_caps caps;
	struct hf_walk_share share;
	uint64_t now, step; /* the clock, and what each look at it adds */
	hf_err node_err;    /* what the visitor answers */
	unsigned n_files;
	size_t len;
	char text[WALK_RIG_TEXT];
};

/* Default caps, one share, a clock that stands. */
void walk_rig_init(struct walk_rig *r);
/* Walk `bytes` as an input called "in"; r->text is what was said. */
hf_err walk_rig_run(struct walk_rig *r, hf_bytes bytes);
/* As above, through a source that is not in memory. */
hf_err walk_rig_run_read(struct walk_rig *r, hf_bytes bytes);
bool walk_rig_has(const struct walk_rig *r, const char *line);

/* Writers of small archives, for tests: append to `out`. */
void put_tar(struct hf_out *out, const char *name, char type, hf_bytes content);
void put_tar_end(struct hf_out *out);
/* A whole tar of etc/, etc/passwd (10 bytes) and bin/sh (2 bytes). */
struct hf_out put_small_tar(struct hf_out out);
void put_cpio(struct hf_out *out, const char *name, unsigned mode, hf_bytes content);
void put_gzip(struct hf_out *out, hf_bytes content);
void put_zeros(struct hf_out *out, size_t n);
#endif
