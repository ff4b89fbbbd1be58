/* stats.h -- sums over the workers, per second and per phase, and what watched processes cost.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_STATS_H
#define HF_SWARM_STATS_H
#include <stdio.h>
#include "swarm.h"

struct stats {
	int64_t at_us;
	int64_t up;
	uint64_t count[SWARM_COUNTS];
	uint64_t latency[SWARM_BUCKETS];
	double cpu_s[SWARM_WATCH_MAX]; /* user and system, since the process began */
	uint64_t rss_kib[SWARM_WATCH_MAX];
};

void stats_take(const struct swarm_opts *o, const struct swarm_shared *shared, struct stats *s);
void stats_csv_head(const struct swarm_opts *o, FILE *out);
/* One line: what happened between the two. */
void stats_csv(const struct swarm_opts *o, FILE *out, const char *phase, const struct stats *from,
	       const struct stats *to);
/* "summary phase=... key=value ..." on stderr. */
void stats_summary(const struct swarm_opts *o, const char *phase, const struct stats *from,
		   const struct stats *to);
/* Value below which `part` (0 to 1) of the samples lie, microseconds. */
uint64_t stats_percentile(const struct stats *from, const struct stats *to, double part);
#endif
