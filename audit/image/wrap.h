/* wrap.h -- containers of a few named parts: partitions, images in a FIT, payloads behind a header.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__WRAP_H
#define HF__WRAP_H
#include "codec.h"
#include "walk_priv.h"

enum { HF__GAPS_MAX = 256 };

/* Give bytes [begin, begin + len) of the container as a file. Errors: hf__give's; HF_ERR_IMAGE_SHORT. */
HF_MUST_CHECK hf_err hf__give_range(struct hf__box *box, const char *name, uint64_t begin, uint64_t len);

/* Give what a stream at `begin` unpacks to. */
HF_MUST_CHECK hf_err hf__give_unpacked(struct hf__box *box, const struct hf__codec *codec, uint64_t begin,
				       const char *name);

/* What the parts of a container cover; what they leave is looked into as "/gap", "/gap-2". Zero but `box` and
 * `covered`, the end of the container's own head. */
struct hf__gaps {
	struct hf__box *box;
	uint64_t covered;
	unsigned n;
	struct {
		uint64_t begin, end;
	} part[HF__GAPS_MAX];
};
void hf__gaps_cover(struct hf__gaps *g, uint64_t begin, uint64_t len);
HF_MUST_CHECK hf_err hf__gaps_give(struct hf__gaps *g);
#endif
