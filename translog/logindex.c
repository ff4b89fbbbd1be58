/* logindex.c -- leaf hash -> index, rebuildable at any time and never the truth (ADR 20). A segment is a
 * sorted file over 65,536 leaves: 8 bytes of the hash and the place within the segment, 10 bytes each. Hashes
 * are spread evenly, so a record lies near its share of the file and few are looked at.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include "log_priv.h"

enum { SEGMENT = 65536, RECORD = 10, SLOTS = 2 * SEGMENT };

struct slot {
	uint64_t key;
	uint32_t place; /* 1 + place within the tail; 0 is empty */
};
struct hf__log_index {
	struct hf_logstore *store;
	const uint8_t **segment;
	size_t n_segments;
	uint64_t tail_at; /* index of the tail's first leaf */
	struct slot *slot;
};

static uint64_t key_of(const struct hf_merkle_hash *h)
{
	return hf_get_be64(h->b);
}

static int by_record(const void *a, const void *b)
{
	return memcmp(a, b, RECORD);
}

static void segment_name(uint64_t n, char out[static 32])
{
	(void)snprintf(out, 32, "index/%08llu", (unsigned long long)n);
}

/* The records of a segment, from the tree. */
static hf_err make_records(struct hf_logstore *s, uint64_t n, uint8_t *records)
{
	struct hf_merkle_hash hash[HF_LOG_TILE];

	for (uint32_t i = 0; i < SEGMENT; i += HF_LOG_TILE) {
		HF_TRY(hf__log_hashes(s, 0, n * SEGMENT + i, HF_LOG_TILE, hash));
		for (uint32_t k = 0; k < HF_LOG_TILE; k++) {
			memcpy(records + (i + k) * RECORD, hash[k].b, 8);
			hf_put_be16(records + (i + k) * RECORD + 8, (uint16_t)(i + k));
		}
	}
	qsort(records, SEGMENT, RECORD, by_record);
	return HF_OK;
}

static hf_err build_segment(struct hf_logstore *s, uint64_t n, const char *path, struct hf_why *why)
{
	uint8_t *records = malloc((size_t)SEGMENT * RECORD);
	hf_err err = records == NULL ? HF_ERR_HOST_MEMORY : make_records(s, n, records);

	if (err == HF_OK)
		err = hf_file_replace(path, (hf_bytes){ records, (size_t)SEGMENT * RECORD }, 0644, why);
	free(records);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "index");
}

static hf_err map_segment(struct hf__log_index *x, uint64_t n, struct hf_why *why)
{
	char name[32], path[HF_LOG_PATH_MAX];
	struct stat st;
	int fd HF_AUTO(hf_fd_close) = -1;
	const uint8_t **grown = realloc(x->segment, (x->n_segments + 1) * sizeof(*grown));
	void *map;

	if (grown == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "index");
	x->segment = grown;
	segment_name(n, name);
	HF_TRY(hf_path_join(path, sizeof(path), x->store->dir, name));
	if (stat(path, &st) != 0 || st.st_size != (off_t)SEGMENT * RECORD)
		HF_TRY(build_segment(x->store, n, path, why));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	map = fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)SEGMENT * RECORD, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return hf_why_errno(why, HF_ERR_FILE_IO, "%s", path);
	x->segment[x->n_segments++] = map;
	return HF_OK;
}

static void tail_add(struct hf__log_index *x, uint64_t key, uint32_t place)
{
	size_t at = (size_t)(key % SLOTS);

	while (x->slot[at].place != 0)
		at = (at + 1) % SLOTS;
	x->slot[at] = (struct slot){ key, place + 1 };
}

hf_err hf__log_index_add(struct hf__log_index *x, uint64_t index, const struct hf_merkle_hash *leaf,
			 struct hf_why *why)
{
	if (index - x->tail_at == SEGMENT) { /* the tail is complete, and all of it is in the tree */
		HF_TRY(map_segment(x, x->n_segments, why));
		memset(x->slot, 0, SLOTS * sizeof(*x->slot));
		x->tail_at = index;
	}
	tail_add(x, key_of(leaf), (uint32_t)(index - x->tail_at));
	return HF_OK;
}

static hf_err load(struct hf__log_index *x, struct hf_why *why)
{
	uint64_t size = x->store->edge.size;
	struct hf_merkle_hash hash[HF_LOG_TILE];

	while ((x->n_segments + 1) * SEGMENT <= size)
		HF_TRY(map_segment(x, x->n_segments, why));
	x->tail_at = x->n_segments * SEGMENT;
	for (uint64_t at = x->tail_at; at < size; at += HF_LOG_TILE) {
		size_t n = size - at < HF_LOG_TILE ? (size_t)(size - at) : HF_LOG_TILE;

		HF_TRY(hf__log_hashes(x->store, 0, at, n, hash));
		for (size_t i = 0; i < n; i++)
			tail_add(x, key_of(&hash[i]), (uint32_t)(at + i - x->tail_at));
	}
	return HF_OK;
}

hf_err hf__log_index_open(struct hf_logstore *s, struct hf__log_index **out, struct hf_why *why)
{
	struct hf__log_index *x = calloc(1, sizeof(*x));
	hf_err err;

	*out = NULL;
	if (x == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	x->store = s;
	x->slot = calloc(SLOTS, sizeof(*x->slot));
	err = x->slot == NULL ? hf_why_set(why, HF_ERR_HOST_MEMORY, "") : load(x, why);
	if (err != HF_OK) {
		hf__log_index_close(x);
		return err;
	}
	*out = x;
	return HF_OK;
}

void hf__log_index_close(struct hf__log_index *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->n_segments; i++)
		(void)munmap((void *)(uintptr_t)x->segment[i], (size_t)SEGMENT * RECORD);
	free(x->segment);
	free(x->slot);
	free(x);
}

static hf_err is_it(struct hf__log_index *x, uint64_t at, const struct hf_merkle_hash *leaf, uint64_t *index)
{
	struct hf_merkle_hash there;

	HF_TRY(hf__log_hashes(x->store, 0, at, 1, &there));
	if (memcmp(there.b, leaf->b, HF_MERKLE_LEN) != 0)
		return HF_ERR_LOG_ABSENT;
	*index = at;
	return HF_OK;
}

/* Place of the first record that is not below `key`. */
static size_t lower_bound(const uint8_t *segment, uint64_t key)
{
	size_t low = 0, high = SEGMENT, at = (size_t)(key >> 48), step = 64;

	/* Around the expected place first: with even spread it is within a few hundred records. */
	if (at > step && hf_get_be64(segment + (at - step) * RECORD) < key)
		low = at - step;
	if (at + step < SEGMENT && hf_get_be64(segment + (at + step) * RECORD) >= key)
		high = at + step;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (hf_get_be64(segment + middle * RECORD) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static hf_err find_in_segment(struct hf__log_index *x, size_t n, const struct hf_merkle_hash *leaf,
			      uint64_t *index)
{
	uint64_t key = key_of(leaf);

	for (size_t i = lower_bound(x->segment[n], key); i < SEGMENT; i++) {
		const uint8_t *r = x->segment[n] + i * RECORD;

		if (hf_get_be64(r) != key)
			break;
		if (is_it(x, (uint64_t)n * SEGMENT + hf_get_be16(r + 8), leaf, index) == HF_OK)
			return HF_OK;
	}
	return HF_ERR_LOG_ABSENT;
}

hf_err hf__log_index_find(struct hf__log_index *x, const struct hf_merkle_hash *leaf, uint64_t *index)
{
	uint64_t key = key_of(leaf);

	*index = 0;
	for (size_t at = (size_t)(key % SLOTS); x->slot[at].place != 0; at = (at + 1) % SLOTS)
		if (x->slot[at].key == key &&
		    is_it(x, x->tail_at + x->slot[at].place - 1, leaf, index) == HF_OK)
			return HF_OK;
	for (size_t n = x->n_segments; n > 0; n--)
		if (find_in_segment(x, n - 1, leaf, index) == HF_OK)
			return HF_OK;
	return HF_ERR_LOG_ABSENT;
}
