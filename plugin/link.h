/* link.h -- the way to the bus: one non-blocking Unix stream socket, bytes in, bytes out.
 * Never blocks and never reads more than HF_LINK_READ_MAX per call, so the broker's thread goes on.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_LINK_H
#define HF_PLUGIN_LINK_H
#include "frame.h"

enum {
	HF_LINK_READ_MAX = 1 << 20, /* bytes per tick */
	HF_LINK_IN_CAP = 1 << 16,
	HF_LINK_RETRY_MS = 500,
	HF_LINK_PATH_MAX = 107,
};

struct hf_link {
	char path[HF_LINK_PATH_MAX + 1];
	int fd; /* -1: down */
	int64_t tried_ms;
	size_t in_len;
	uint8_t in[HF_LINK_IN_CAP];
};

/* False: the path does not fit a Unix address. */
bool hf__link_init(struct hf_link *l, const char *path);
/* Try to connect if it is time; true when the link came up in this call. */
bool hf__link_open(struct hf_link *l, int64_t now_ms);
void hf__link_close(struct hf_link *l);
/* Read what is there and hand each whole frame's body to `take`. False: the link is lost or `take`
 * refused; it is closed then. */
bool hf__link_read(struct hf_link *l, bool (*take)(void *ctx, hf_bytes body), void *ctx);
/* Write what goes of `out` and keep the rest in it. False: lost and closed. */
bool hf__link_write(struct hf_link *l, struct hf_out *out);
#endif
