/* part.c -- partition tables: MBR with its chain of logical partitions, and GPT.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "wrap.h"

enum { SECTOR = 512, MBR_TABLE = 446, LOGICAL_MAX = 60, GPT_ENTRIES_MAX = 256 };

struct range {
	uint64_t begin, len;
};

/* ---- MBR ---- */

static bool mbr_range(const uint8_t e[static 16], uint64_t base, uint64_t size, struct range *r)
{
	r->begin = base + (uint64_t)hf__le32(e + 8) * SECTOR;
	r->len = (uint64_t)hf__le32(e + 12) * SECTOR;
	return e[4] != 0 && r->len > 0 && r->begin < size;
}

static bool is_extended(const uint8_t e[static 16])
{
	return e[4] == 0x05 || e[4] == 0x0f || e[4] == 0x85;
}

/* Boot flags must be 0 or 0x80 and at least one partition must begin inside; GPT's protective entry is not
 * taken, so a GPT disk is opened as such. */
static bool mbr_probe(const struct hf_src *src)
{
	uint8_t s[SECTOR];
	struct range r;
	unsigned n = 0;

	if (hf_src_read(src, 0, s, sizeof(s)) != HF_OK || s[510] != 0x55 || s[511] != 0xaa)
		return false;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *e = s + MBR_TABLE + 16 * i;

		if ((e[0] & 0x7f) != 0 || e[4] == 0xee)
			return false;
		if (mbr_range(e, 0, src->size, &r) && r.begin >= SECTOR)
			n++;
	}
	return n > 0;
}

static hf_err give_range(struct hf__box *box, unsigned number, struct range r)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "/part-%u", number);
	if (r.len > box->src.size - r.begin) {
		HF_TRY(hf__problem(box->place, box->path, 2, box->begin, box->in,
				   "a partition reaches beyond the end of the image"));
		r.len = box->src.size - r.begin;
	}
	return hf__give_range(box, name, r.begin, r.len);
}

/* A chain of small tables, each with one partition and a link; it must lead forward. */
static hf_err give_logical(struct hf__box *box, uint64_t base)
{
	uint64_t at = base;
	uint8_t s[SECTOR];
	struct range r;

	for (unsigned n = 5; n < 5 + LOGICAL_MAX; n++) {
		uint64_t link;

		if (hf_src_read(&box->src, at, s, sizeof(s)) != HF_OK || s[510] != 0x55 || s[511] != 0xaa)
			return HF_OK;
		if (mbr_range(s + MBR_TABLE, at, box->src.size, &r))
			HF_TRY(give_range(box, n, r));
		link = base + (uint64_t)hf__le32(s + MBR_TABLE + 24) * SECTOR;
		if (!is_extended(s + MBR_TABLE + 16) || link <= at)
			return HF_OK;
		at = link;
	}
	return hf__fail(box, HF_ERR_IMAGE_CAP, "too many logical partitions");
}

/* What lies between partitions is looked into like any unknown bytes. */
static hf_err mbr_open(struct hf__box *box, uint64_t *used)
{
	struct hf__gaps gaps = { .box = box, .covered = SECTOR };
	uint8_t s[SECTOR];
	struct range r;

	*used = box->src.size;
	HF_TRY(hf_src_read(&box->src, 0, s, sizeof(s)));
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *e = s + MBR_TABLE + (size_t)16 * i;

		if (!mbr_range(e, 0, box->src.size, &r))
			continue;
		hf__gaps_cover(&gaps, r.begin, r.len);
		if (is_extended(e))
			HF_TRY(give_logical(box, r.begin));
		else
			HF_TRY(give_range(box, i + 1, r));
	}
	return hf__gaps_give(&gaps);
}

const struct hf__format hf__format_mbr = { "mbr",     HF__WRAPPER, { { "\x55\xaa", 2, 510 } },
					   mbr_probe, NULL,        mbr_open };

/* ---- GPT (UEFI 2.10 s5.3): header in the second sector, with CRCs over itself and over the entries ---- */

struct gpt {
	uint64_t entries_at;
	uint32_t n, entry_len;
	uint64_t sector;
};

static bool read_gpt(const struct hf_src *src, uint64_t sector, struct gpt *g)
{
	uint8_t h[92];
	uint32_t said;

	if (hf_src_read(src, sector, h, sizeof(h)) != HF_OK || memcmp(h, "EFI PART", 8) != 0 ||
	    hf__le32(h + 12) != sizeof(h))
		return false;
	said = hf__le32(h + 16);
	memset(h + 16, 0, 4);
	if (crc32(0, h, sizeof(h)) != said || hf__le64(h + 72) > src->size / sector)
		return false;
	*g = (struct gpt){ hf__le64(h + 72) * sector, hf__le32(h + 80), hf__le32(h + 84), sector };
	return g->entry_len >= 128 && g->entry_len <= 4096;
}

static bool find_gpt(const struct hf_src *src, struct gpt *g)
{
	return read_gpt(src, SECTOR, g) || read_gpt(src, 4096, g);
}

static bool gpt_probe(const struct hf_src *src)
{
	struct gpt g;

	return find_gpt(src, &g);
}

static hf_err gpt_open(struct hf__box *box, uint64_t *used)
{
	struct hf__gaps gaps = { .box = box };
	uint8_t e[128];
	struct gpt g;

	*used = box->src.size;
	if (!find_gpt(&box->src, &g))
		return HF_ERR_IMAGE_FORMAT;
	if (g.n > GPT_ENTRIES_MAX)
		return hf__fail(box, HF_ERR_IMAGE_CAP, "too many partitions");
	gaps.covered = g.entries_at + (uint64_t)g.n * g.entry_len;
	for (uint32_t i = 0; i < g.n; i++) {
		uint64_t first, last;

		HF_TRY(hf_src_read(&box->src, g.entries_at + (uint64_t)i * g.entry_len, e, sizeof(e)));
		first = hf__le64(e + 32);
		last = hf__le64(e + 40);
		if (hf__le64(e) == 0 && hf__le64(e + 8) == 0)
			continue;
		if (first > last || first >= box->src.size / g.sector || last > UINT64_MAX / 8192)
			return hf__fail(box, HF_ERR_IMAGE_FORMAT, "a partition lies outside the image");
		hf__gaps_cover(&gaps, first * g.sector, (last - first + 1) * g.sector);
		HF_TRY(give_range(box, i + 1,
				  (struct range){ first * g.sector, (last - first + 1) * g.sector }));
	}
	return hf__gaps_give(&gaps);
}

const struct hf__format hf__format_gpt = {
	"gpt", HF__WRAPPER, { { "EFI PART", 8, SECTOR }, { "EFI PART", 8, 4096 } }, gpt_probe, NULL, gpt_open
};
