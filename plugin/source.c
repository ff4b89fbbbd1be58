/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>
#include "map.h"
#include "source.h"

enum { NET_ODD = 1, NET_V4 = 4, NET_V6 = 6 };

struct hf_net hf__net_of(const char *address)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct hf_net net = { { NET_ODD } };
	uint8_t ip[16];

	if (address == NULL)
		return net;
	if (inet_pton(AF_INET, address, ip) == 1) {
		net.b[0] = NET_V4;
		memcpy(net.b + 1, ip, 4);
	} else if (inet_pton(AF_INET6, address, ip) == 1 && memcmp(ip, mapped, sizeof(mapped)) == 0) {
		net.b[0] = NET_V4;
		memcpy(net.b + 1, ip + 12, 4);
	} else if (inet_pton(AF_INET6, address, ip) == 1) {
		net.b[0] = NET_V6;
		memcpy(net.b + 1, ip, 8);
	}
	return net;
}

bool hf__net_equal(const struct hf_net *a, const struct hf_net *b)
{
	return memcmp(a->b, b->b, HF_NET_LEN) == 0;
}

/* Order of victims: free ones first, then who used least. */
static int64_t worth(struct hf_source *s, int64_t now_ms)
{
	if (s->net.b[0] == 0)
		return -1;
	return hf__bucket_is_full(&s->bucket, &hf__connect_source, now_ms) ? 0 : s->bucket.used;
}

static struct hf_source *place(struct hf_source *set, const struct hf_net *net, int64_t now_ms)
{
	struct hf_source *victim = &set[0];

	for (size_t i = 0; i < HF_SOURCE_WAYS; i++) {
		if (hf__net_equal(&set[i].net, net))
			return &set[i];
		if (worth(&set[i], now_ms) < worth(victim, now_ms))
			victim = &set[i];
	}
	*victim = (struct hf_source){ .net = *net };
	return victim;
}

bool hf__sources_take(struct hf_sources *s, const struct hf_net *net, int64_t now_ms)
{
	uint64_t h = hf__map_hash((hf_bytes){ net->b, HF_NET_LEN }, s->seed);
	struct hf_source *source = place(s->set[h % HF_SOURCE_SETS], net, now_ms);

	return hf__bucket_take(&source->bucket, &hf__connect_source, 1, now_ms);
}
