/* feeder.h -- listens for the broker plugin and feeds its table.
 * One plugin at a time: a new connection replaces the old one, because a broker that starts again may
 * come before we see that the old one is gone.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_FEEDER_H
#define HF_FEEDER_H
#include <hf/loop.h>
#include "busframe.h"

enum {
	HF_FEEDER_OUT_MAX = 64 << 20, /* a snapshot of half a million rows that the plugin has not read yet */
	HF_FEEDER_BEAT_MS = 1000,
};

struct hf_feeder {
	struct hf_loop *loop;
	struct hf_bus_handler handler;
	char path[108]; /* "" when the listening socket came from outside */
	int listen_fd, fd;
	struct hf_watch listen_watch, watch;
	bool watching;
	struct hf_timer beat;
	struct hf_buf out;
	uint64_t epoch;
	bool in_snapshot;
	uint64_t rows;
	size_t in_len;
	uint8_t in[HF_BUSFRAME_HEAD + HF_BUSFRAME_MAX];
	size_t n_counters; /* last heard */
	uint64_t counter[HF_BUSFRAME_COUNTERS];
};

/* Errors: HF_ERR_BUS_SOCKET, loop's. */
HF_MUST_CHECK hf_err hf__feeder_open(struct hf_feeder *f, struct hf_loop *loop,
				     const struct hf_bus_conf *conf, const struct hf_bus_handler *handler);
void hf__feeder_close(struct hf_feeder *f);
void hf__feeder_begin(struct hf_feeder *f);
void hf__feeder_end(struct hf_feeder *f);
void hf__feeder_row(struct hf_feeder *f, const struct hf_bus_row *row);
void hf__feeder_kick(struct hf_feeder *f, const char *dev);
#endif
