/* feed.h -- plays the bus for the broker plugin: the swarm's certificates as a snapshot, beats, and
 * revocations that are timed. doc/protocol/plugin-socket.md.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_FEED_H
#define HF_SWARM_FEED_H
#include "device.h"

struct feed {
	const struct swarm_opts *o;
	struct device *devices;
	int listen_fd, fd;
	uint64_t epoch;
	int64_t beat_us;
};

/* Does nothing without --plugin-socket. False after a line on stderr. */
bool feed_open(struct feed *f, const struct swarm_opts *o, struct device *devices);
/* Accept, answer hello, beat; waits at most `wait_ms`. */
void feed_turn(struct feed *f, int wait_ms);
/* Has the plugin asked for its snapshot? */
bool feed_is_ready(const struct feed *f);
/* Push one row with state 7 (revoked) or 3 (confirmed). */
void feed_state(struct feed *f, uint32_t index, uint8_t state);
#endif
