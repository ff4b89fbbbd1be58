/* source.h -- connect buckets per source network: /32 of IPv4, /64 of IPv6.
 * A fixed table of sets; when a set is full the source that used least is forgotten, so an attacker with
 * many addresses can only make us forget the innocent, whose buckets were full anyway.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_SOURCE_H
#define HF_PLUGIN_SOURCE_H
#include "budget.h"

enum { HF_SOURCE_SETS = 4096, HF_SOURCE_WAYS = 4, HF_NET_LEN = 9 };

struct hf_net {
	uint8_t b[HF_NET_LEN]; /* family, then 4 or 8 bytes of the network */
};
struct hf_source {
	struct hf_net net; /* b[0] == 0: free */
	struct hf_bucket bucket;
};
struct hf_sources {
	uint64_t seed; /* random, so that nobody can aim at one set */
	struct hf_source set[HF_SOURCE_SETS][HF_SOURCE_WAYS];
};

/* Network of a printed address; anything unreadable is one network of its own. */
struct hf_net hf__net_of(const char *address);
bool hf__net_equal(const struct hf_net *a, const struct hf_net *b);
/* One connect from `net`: false = too many. */
bool hf__sources_take(struct hf_sources *s, const struct hf_net *net, int64_t now_ms);
#endif
