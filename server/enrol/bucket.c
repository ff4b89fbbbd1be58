/* bucket.c -- a fixed table; sources that share a slot share its tokens, so memory cannot be filled up.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <holdfast/crypto.h>
#include "bucket.h"

enum { SLOTS = 4096, UNIT = 1000 };

struct slot {
	uint64_t at_ms;
	uint64_t milli; /* tokens x 1000 */
};
struct hf__buckets {
	pthread_mutex_t lock;
	uint8_t seed[16]; /* so that nobody can choose whose slot to share */
	struct slot slot[SLOTS];
};

hf_err hf__buckets_new(struct hf__buckets **out)
{
	struct hf__buckets *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return HF_ERR_HOST_MEMORY;
	if (getrandom(b->seed, sizeof(b->seed), 0) != sizeof(b->seed)) {
		free(b);
		*out = NULL;
		return HF_ERR_PORT_RANDOM;
	}
	pthread_mutex_init(&b->lock, NULL);
	return HF_OK;
}

void hf__buckets_free(struct hf__buckets *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* IPv4 sources count whole, IPv6 ones by /64, never finer: a site has 2^64 addresses of its own. What is no
 * address counts by its text. */
static hf_bytes source_of(const char *addr, uint8_t room[static 16])
{
	if (inet_pton(AF_INET, addr, room) == 1)
		return (hf_bytes){ room, 4 };
	if (inet_pton(AF_INET6, addr, room) != 1)
		return (hf_bytes){ (const uint8_t *)addr, strlen(addr) };
	if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)room))
		return (hf_bytes){ room + 12, 4 };
	return (hf_bytes){ room, 8 };
}

/* Neighbours differ in their last bits only; each of those must move the slot. */
static struct slot *slot_of(struct hf__buckets *b, const char *addr)
{
	_Alignas(struct in6_addr) uint8_t room[16];
	const hf_bytes parts[] = { HF_ARR(b->seed), source_of(addr, room) };
	uint8_t hash[HF_SHA256_LEN] = { 0 };

	if (hf_crypto_sha256(parts, 2, hash) != HF_OK)
		return &b->slot[0];
	return &b->slot[hf_get_be32(hash) % SLOTS];
}

static struct slot *find(struct hf__buckets *b, const char *addr, uint64_t now_ms)
{
	struct slot *s = slot_of(b, addr);
	uint64_t full = (uint64_t)HF__BUCKET_BURST * UNIT;
	if (!s->at_ms)
		s->milli = full;
	else if (now_ms > s->at_ms)
		s->milli += (now_ms - s->at_ms) * HF__BUCKET_PER_S;
	if (s->milli > full)
		s->milli = full;
	s->at_ms = now_ms;
	return s;
}

bool hf__bucket_open(struct hf__buckets *b, const char *addr, uint64_t now_ms)
{
	pthread_mutex_lock(&b->lock);
	bool open = find(b, addr, now_ms)->milli >= UNIT;
	pthread_mutex_unlock(&b->lock);
	return open;
}

void hf__bucket_take(struct hf__buckets *b, const char *addr, uint64_t now_ms)
{
	pthread_mutex_lock(&b->lock);
	struct slot *s = find(b, addr, now_ms);
	s->milli = s->milli > UNIT ? s->milli - UNIT : 0;
	pthread_mutex_unlock(&b->lock);
}
