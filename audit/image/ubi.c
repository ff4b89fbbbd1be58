/* ubi.c -- UBI: erase blocks with two headers each, put together to volumes.
 * For each logical block of a volume the highest sequence number with a good data checksum counts (a block
 * has such a checksum when it is of a static volume or was being copied). CRC-32 begins with all ones and is
 * not inverted at the end. Numbers are big endian.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "wrap.h"

enum {
	EC_LEN = 64,
	VID_LEN = 64,
	PEB_STEP = 512,
	PEB_MAX = 16 << 20,
	PEBS_MAX = 1 << 20,
	RECORD_LEN = 172,
	VOLUMES_MAX = 128,
	STATIC = 2,
};
#define LAYOUT_VOLUME 0x7fffefffu
#define INTERNAL_VOLUMES 0x7fffefffu

struct leb {
	uint32_t vol, lnum;
	uint64_t sqnum;
	uint64_t at; /* of the data, in the image */
	uint32_t data_size, data_crc, pad;
	uint8_t type, copied;
};

struct ubi {
	struct hf__box *box;
	const struct hf_src *src;
	uint64_t peb; /* bytes */
	uint32_t vid_at, data_at;
	uint64_t len; /* of the image: whole erase blocks */
	struct leb *leb;
	size_t n, cap;
	uint64_t damaged;
	/* the volume that is open */
	size_t first, count;
	uint64_t leb_len, vol_len;
};

static uint32_t crc_of(const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32(0, p, (unsigned)n);
}

/* ---- headers ---- */

static bool read_ec(const struct hf_src *src, uint64_t at, uint32_t *vid_at, uint32_t *data_at)
{
	uint8_t h[EC_LEN];

	if (hf_src_read(src, at, h, sizeof(h)) != HF_OK || memcmp(h, "UBI#", 4) != 0 ||
	    hf_get_be32(h + 60) != crc_of(h, 60))
		return false;
	*vid_at = hf_get_be32(h + 16);
	*data_at = hf_get_be32(h + 20);
	return *vid_at >= EC_LEN && *data_at >= *vid_at + VID_LEN && *data_at < PEB_MAX;
}

/* The smallest distance at which an equal header stands again; an image of one block has none. */
static uint64_t find_peb(const struct hf_src *src, uint32_t vid_at, uint32_t data_at)
{
	for (uint64_t at = PEB_STEP; at <= PEB_MAX && at < src->size; at += PEB_STEP) {
		uint32_t v = 0, d = 0;

		if (at > data_at && read_ec(src, at, &v, &d) && v == vid_at && d == data_at)
			return at;
	}
	return src->size;
}

static bool ubi_probe(const struct hf_src *src)
{
	uint32_t v, d;

	return read_ec(src, 0, &v, &d);
}

static hf_err is_erased(const struct hf_src *src, uint64_t at, uint64_t len, bool *erased)
{
	uint64_t end = at;

	HF_TRY(hf__skip_padding(src, at, &end));
	*erased = end >= at + len;
	return HF_OK;
}

/* Blocks with a header, and erased ones between such. */
static hf_err find_len(struct ubi *u)
{
	uint64_t at = 0;

	while (at < u->src->size) {
		uint32_t v = 0, d = 0;
		bool erased = false;

		if (read_ec(u->src, at, &v, &d)) {
			at += u->peb;
			u->len = at < u->src->size ? at : u->src->size;
			continue;
		}
		if (u->src->size - at < u->peb)
			break;
		HF_TRY(is_erased(u->src, at, u->peb, &erased));
		if (!erased)
			break;
		at += u->peb;
	}
	return HF_OK;
}

static hf_err find_geometry(struct ubi *u)
{
	if (!read_ec(u->src, 0, &u->vid_at, &u->data_at))
		return HF_ERR_IMAGE_FORMAT;
	u->peb = find_peb(u->src, u->vid_at, u->data_at);
	if (u->peb <= u->data_at || u->peb > PEB_MAX || u->src->size / u->peb > PEBS_MAX)
		return HF_ERR_IMAGE_FORMAT;
	return find_len(u);
}

static hf_err ubi_measure(const struct hf_src *src, uint64_t *len)
{
	struct ubi u = { .src = src };

	HF_TRY(find_geometry(&u));
	*len = u.len;
	return HF_OK;
}

/* ---- blocks ---- */

static hf_err add_leb(struct ubi *u, const struct leb *leb)
{
	size_t cap = u->cap == 0 ? 256 : u->cap * 2;
	struct leb *grown;

	if (u->n == u->cap) {
		grown = realloc(u->leb, cap * sizeof(*grown));
		if (grown == NULL)
			return HF_ERR_HOST_MEMORY;
		u->leb = grown;
		u->cap = cap;
	}
	u->leb[u->n++] = *leb;
	return HF_OK;
}

static bool has_good_data(const struct ubi *u, const struct leb *leb)
{
	uint8_t block[4096];
	uLong crc = 0;

	if (leb->type != STATIC && leb->copied == 0)
		return true;
	if (leb->data_size > u->peb - u->data_at)
		return false;
	for (uint32_t i = 0; i < leb->data_size; i += sizeof(block)) {
		uint32_t n =
			leb->data_size - i < sizeof(block) ? leb->data_size - i : (uint32_t)sizeof(block);

		if (hf_src_read(u->src, leb->at + i, block, n) != HF_OK)
			return false;
		crc = crc32(crc, block, n);
	}
	return (uint32_t)~crc == leb->data_crc;
}

static hf_err read_block(struct ubi *u, uint64_t at)
{
	uint8_t h[VID_LEN];
	struct leb leb;

	HF_TRY(hf_src_read(u->src, at + u->vid_at, h, sizeof(h)));
	if (hf_get_be32(h) == 0xffffffff)
		return HF_OK; /* free */
	if (memcmp(h, "UBI!", 4) != 0 || hf_get_be32(h + 60) != crc_of(h, 60)) {
		u->damaged++;
		return HF_OK;
	}
	leb = (struct leb){ .vol = hf_get_be32(h + 8),
			    .lnum = hf_get_be32(h + 12),
			    .sqnum = hf_get_be64(h + 40),
			    .at = at + u->data_at,
			    .data_size = hf_get_be32(h + 20),
			    .data_crc = hf_get_be32(h + 32),
			    .pad = hf_get_be32(h + 28),
			    .type = h[5],
			    .copied = h[6] };
	if (leb.lnum > PEBS_MAX || leb.pad >= u->peb - u->data_at || !has_good_data(u, &leb)) {
		u->damaged++;
		return HF_OK;
	}
	return add_leb(u, &leb);
}

static int by_place(const void *a, const void *b)
{
	const struct leb *x = a, *y = b;

	if (x->vol != y->vol)
		return x->vol < y->vol ? -1 : 1;
	if (x->lnum != y->lnum)
		return x->lnum < y->lnum ? -1 : 1;
	if (x->sqnum != y->sqnum)
		return x->sqnum > y->sqnum ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Sort, then keep the first of each (volume, number). */
static hf_err choose(struct ubi *u)
{
	size_t n = 0;
	bool twins = false;

	if (u->n > 0)
		qsort(u->leb, u->n, sizeof(*u->leb), by_place);
	for (size_t i = 0; i < u->n; i++) {
		const struct leb *last = n > 0 ? &u->leb[n - 1] : NULL;

		if (last == NULL || last->vol != u->leb[i].vol || last->lnum != u->leb[i].lnum)
			u->leb[n++] = u->leb[i];
		else
			twins = twins || last->sqnum == u->leb[i].sqnum;
	}
	u->n = n;
	if (!twins)
		return HF_OK;
	return hf__problem(u->box->place, u->box->path, 2, u->box->begin, u->box->in,
			   "ubi: two blocks claim the same place with the same number");
}

static hf_err read_blocks(struct ubi *u)
{
	for (uint64_t at = 0; at < u->len; at += u->peb) {
		uint32_t v = 0, d = 0;

		HF_TRY(hf__tick(u->box));
		if (u->len - at >= u->data_at && read_ec(u->src, at, &v, &d) && v == u->vid_at &&
		    d == u->data_at)
			HF_TRY(read_block(u, at));
	}
	HF_TRY(choose(u));
	if (u->damaged == 0)
		return HF_OK;
	return hf__problem(u->box->place, u->box->path, 2, u->box->begin, u->box->in,
			   "ubi: blocks with wrong checksums are left out");
}

/* ---- volumes ---- */

static const struct leb *find_leb(const struct ubi *u, uint64_t lnum)
{
	size_t low = u->first, high = u->first + u->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->leb[mid].lnum == lnum)
			return &u->leb[mid];
		if (u->leb[mid].lnum < lnum)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Blocks that were never written read as erased flash. */
static hf_err read_volume(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	const struct ubi *u = ctx;

	while (len > 0) {
		const struct leb *leb = find_leb(u, offset / u->leb_len);
		uint64_t skip = offset % u->leb_len;
		size_t n = u->leb_len - skip < len ? (size_t)(u->leb_len - skip) : len;

		memset(out, 0xff, n);
		if (leb != NULL && leb->at + skip < u->src->size) {
			uint64_t there = u->src->size - leb->at - skip;

			HF_TRY(hf_src_read(u->src, leb->at + skip, out, there < n ? (size_t)there : n));
		}
		out += n;
		offset += n;
		len -= n;
	}
	return HF_OK;
}

static hf_err load(void *ctx, struct hf__box *box, struct hf_src *out)
{
	struct ubi *u = ctx;
	uint8_t *room;

	*out = (struct hf_src){ .size = u->vol_len, .ctx = u, .read = read_volume };
	if (u->vol_len > HF_WALK_WHOLE_MAX)
		return HF_OK;
	hf__spool_reset(&box->content);
	HF_TRY(hf__spool_room(&box->content, 0, (size_t)u->vol_len, &room));
	HF_TRY(read_volume(u, 0, room, (size_t)u->vol_len));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

static size_t end_of(const struct ubi *u, size_t first)
{
	size_t i = first;

	while (i < u->n && u->leb[i].vol == u->leb[first].vol)
		i++;
	return i;
}

/* "/" and the name from the volume table, or "/volume-N". */
static void name_volume(const struct ubi *u, uint32_t vol, char name[static 144])
{
	uint8_t r[RECORD_LEN];
	size_t i = 0, len;

	(void)snprintf(name, 144, "/volume-%u", vol);
	while (i < u->n && u->leb[i].vol != LAYOUT_VOLUME)
		i++;
	if (i == u->n || vol >= VOLUMES_MAX ||
	    hf_src_read(u->src, u->leb[i].at + (uint64_t)vol * RECORD_LEN, r, sizeof(r)) != HF_OK ||
	    hf_get_be32(r + 168) != crc_of(r, 168))
		return;
	len = hf_get_be16(r + 14);
	if (len == 0 || len > 127 || memchr(r + 16, 0, len) != NULL)
		return;
	name[0] = '/';
	memcpy(name + 1, r + 16, len);
	name[len + 1] = '\0';
}

/* A static volume ends with the data of its last block. */
static void measure_volume(struct ubi *u)
{
	const struct leb *last = &u->leb[u->first + u->count - 1];

	u->leb_len = u->peb - u->data_at - last->pad;
	u->vol_len = (last->lnum + (uint64_t)1) * u->leb_len;
	if (last->type == STATIC && last->data_size <= u->leb_len)
		u->vol_len = last->lnum * u->leb_len + last->data_size;
}

static hf_err give_volume(struct ubi *u)
{
	struct hf__entry entry = { .ctx = u, .load = load };
	char name[144];

	measure_volume(u);
	name_volume(u, u->leb[u->first].vol, name);
	entry.node = (struct hf_node){ .name = { (const uint8_t *)name, strlen(name) },
				       .type = HF_NODE_FILE,
				       .size = u->vol_len };
	return hf__give(u->box, &entry);
}

static hf_err give_volumes(struct ubi *u, uint64_t *used)
{
	HF_TRY(find_geometry(u));
	*used = u->box->in = u->len;
	HF_TRY(read_blocks(u));
	for (size_t i = 0; i < u->n; i = end_of(u, i)) {
		u->first = i;
		u->count = end_of(u, i) - i;
		if (u->leb[i].vol < INTERNAL_VOLUMES)
			HF_TRY(give_volume(u));
	}
	return HF_OK;
}

static hf_err ubi_open(struct hf__box *box, uint64_t *used)
{
	struct ubi u = { .box = box, .src = &box->src };
	hf_err err = give_volumes(&u, used);

	free(u.leb);
	return err;
}

const struct hf__format hf__format_ubi = { "ubi",     HF__WRAPPER, { { "UBI#", 4, 0 } },
					   ubi_probe, ubi_measure, ubi_open };
