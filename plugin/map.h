/* map.h -- an intrusive hash map: the node lies inside what it finds, so nothing is allocated per entry.
 * Chains, grown by doubling. Walking goes slot by slot, so a sweep can stop and go on later; growth
 * between two steps may show an entry twice or late, never lose it for good. One thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_MAP_H
#define HF_PLUGIN_MAP_H
#include <holdfast/base.h>

struct hf_node {
	struct hf_node *next;
	uint64_t hash;
};
struct hf_map {
	struct hf_node **slots;
	size_t cap; /* power of two, or 0 */
	size_t n;
};

void hf__map_free(struct hf_map *m); /* the slots, not the entries */
HF_MUST_CHECK hf_err hf__map_put(struct hf_map *m, struct hf_node *node,
				 uint64_t hash); /* HF_ERR_PLUGIN_ROOM */
void hf__map_remove(struct hf_map *m, struct hf_node *node);
/* First node of that hash, then the next ones; the caller compares the keys. */
struct hf_node *hf__map_first(const struct hf_map *m, uint64_t hash);
struct hf_node *hf__map_next(const struct hf_node *node);
/* Spread the bits of a number or of bytes. */
uint64_t hf__map_mix(uint64_t v);
uint64_t hf__map_hash(hf_bytes b, uint64_t seed);
#endif
