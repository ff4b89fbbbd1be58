/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "map.h"

enum { FIRST_CAP = 256 };

void hf__map_free(struct hf_map *m)
{
	free(m->slots);
	*m = (struct hf_map){ 0 };
}

static void link_in(struct hf_node **slots, size_t cap, struct hf_node *node)
{
	struct hf_node **to = &slots[node->hash & (cap - 1)];

	node->next = *to;
	*to = node;
}

static hf_err grow(struct hf_map *m)
{
	size_t cap = m->cap == 0 ? FIRST_CAP : m->cap * 2;
	struct hf_node **slots = calloc(cap, sizeof(*slots));

	if (slots == NULL)
		return HF_ERR_PLUGIN_ROOM;
	for (size_t i = 0; i < m->cap; i++) {
		struct hf_node *node = m->slots[i];

		while (node != NULL) {
			struct hf_node *next = node->next;

			link_in(slots, cap, node);
			node = next;
		}
	}
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	return HF_OK;
}

hf_err hf__map_put(struct hf_map *m, struct hf_node *node, uint64_t hash)
{
	if (m->n >= m->cap)
		HF_TRY(grow(m));
	node->hash = hash;
	link_in(m->slots, m->cap, node);
	m->n++;
	return HF_OK;
}

void hf__map_remove(struct hf_map *m, struct hf_node *node)
{
	struct hf_node **at = &m->slots[node->hash & (m->cap - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	m->n--;
}

struct hf_node *hf__map_first(const struct hf_map *m, uint64_t hash)
{
	struct hf_node *node = m->cap == 0 ? NULL : m->slots[hash & (m->cap - 1)];

	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct hf_node *hf__map_next(const struct hf_node *node)
{
	uint64_t hash = node->hash;
	struct hf_node *next = node->next;

	while (next != NULL && next->hash != hash)
		next = next->next;
	return next;
}

/* Finaliser of MurmurHash3: every input bit reaches every output bit. */
uint64_t hf__map_mix(uint64_t v)
{
	v ^= v >> 33;
	v *= 0xff51afd7ed558ccdULL;
	v ^= v >> 33;
	v *= 0xc4ceb9fe1a85ec53ULL;
	return v ^ (v >> 33);
}

uint64_t hf__map_hash(hf_bytes b, uint64_t seed)
{
	uint64_t h = seed ^ 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.ptr[i]) * 0x100000001b3ULL;
	return hf__map_mix(h);
}
