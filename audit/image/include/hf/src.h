/* src.h -- bytes at offsets: a file on disk, a file inside an image, or memory.
 * Promise: a read gives exactly the bytes asked for, or an error; nobody reads outside `size`.
 * Thread rule: one reader per source; copies of the struct share the same state.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SRC_H
#define HF_SRC_H
#include <holdfast/base.h>

struct hf_src {
	uint64_t size;
	const uint8_t *mem; /* the whole content when it lies in memory, else NULL */
	void *ctx;
	hf_err (*read)(void *ctx, uint64_t offset, uint8_t *out, size_t len); /* unused when mem is set */
};

/* Errors: HF_ERR_IMAGE_SHORT when offset + len lies outside; what the source says. */
HF_MUST_CHECK hf_err hf_src_read(const struct hf_src *src, uint64_t offset, uint8_t *out, size_t len);
/* A source over memory, and one over an open descriptor (pread; the descriptor stays the caller's). */
struct hf_src hf_src_memory(hf_bytes bytes);
struct hf_src hf_src_file(const int *fd, uint64_t size);
/* Part of a source. `slice` must stay where it is while the result is used. Errors: HF_ERR_IMAGE_SHORT. */
struct hf_src_slice {
	const struct hf_src *of;
	uint64_t begin;
};
HF_MUST_CHECK hf_err hf_src_cut(struct hf_src_slice *slice, const struct hf_src *of, uint64_t begin,
				uint64_t len, struct hf_src *out);
#endif
