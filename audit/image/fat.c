/* fat.c -- FAT12, FAT16 and FAT32 with long names.
 * Cluster chains are followed at most as many steps as there are clusters, and a directory is entered once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "fat_name.h"
#include "tree.h"

enum {
	ATTR_VOLUME = 0x08,
	ATTR_DIR = 0x10,
	ATTR_LFN = 0x0f,
	DIR_BYTES_MAX = 2 << 20, /* 65536 entries, the format's own limit */
};

struct fat {
	struct hf__box *box;
	const struct hf_src *src;
	uint64_t sector, cluster; /* bytes */
	uint64_t fat_at, root_at, data_at;
	uint64_t root_len; /* FAT12 and FAT16: the fixed root directory */
	uint32_t n_clusters, root_cluster;
	unsigned bits;
	uint64_t len;
	struct hf__tree tree;
	struct hf__marks visited;
	uint32_t file_first, at_cluster; /* of the file that is open, and where reading was */
	uint64_t at_index;
};

/* ---- geometry ---- */

static bool is_power(uint64_t n, uint64_t min, uint64_t max)
{
	return n >= min && n <= max && (n & (n - 1)) == 0;
}

/* The numbers of the boot sector that can be wrong by themselves. */
static bool is_sane(const uint8_t b[static 512])
{
	uint64_t sector = hf__le16(b + 11);

	return b[510] == 0x55 && b[511] == 0xaa && is_power(sector, 512, 4096) && is_power(b[13], 1, 128) &&
	       hf__le16(b + 14) != 0 && b[16] != 0 && b[16] <= 4 && b[21] >= 0xf0;
}

static uint64_t either(const uint8_t *short_field, const uint8_t *long_field)
{
	return hf__le16(short_field) != 0 ? hf__le16(short_field) : hf__le32(long_field);
}

/* The kind of FAT follows from the number of clusters alone. */
static void count_clusters(struct fat *f, uint64_t fat_len)
{
	uint64_t n = (f->len - f->data_at) / f->cluster;

	f->bits = n < 4085 ? 12 : n < 65525 ? 16 : 32;
	/* entries that the table really has */
	f->n_clusters = (uint32_t)(n < fat_len * 8 / f->bits ? n : fat_len * 8 / f->bits);
}

static bool read_geometry(const struct hf_src *src, struct fat *f)
{
	uint8_t b[512], first;
	uint64_t fat_len;

	if (hf_src_read(src, 0, b, sizeof(b)) != HF_OK || !is_sane(b))
		return false;
	f->sector = hf__le16(b + 11);
	f->cluster = f->sector * b[13];
	f->len = either(b + 19, b + 32) * f->sector;
	fat_len = either(b + 22, b + 36) * f->sector;
	f->root_len = (uint64_t)hf__le16(b + 17) * HF__FAT_ENTRY;
	f->fat_at = hf__le16(b + 14) * f->sector;
	f->root_at = f->fat_at + b[16] * fat_len;
	f->data_at = f->root_at + (f->root_len + f->sector - 1) / f->sector * f->sector;
	if (fat_len == 0 || f->data_at >= f->len)
		return false;
	count_clusters(f, fat_len);
	f->root_cluster = f->bits == 32 ? hf__le32(b + 44) : 0;
	return hf_src_read(src, f->fat_at, &first, 1) == HF_OK && first == b[21];
}

static bool is_end(const struct fat *f, uint32_t cluster)
{
	return cluster < 2 || cluster - 2 >= f->n_clusters;
}

/* The cluster behind `cluster`; 0 when the chain ends or is broken. */
static uint32_t next_cluster(const struct fat *f, uint32_t cluster)
{
	uint64_t at = f->fat_at + (uint64_t)cluster * f->bits / 8;
	uint8_t e[4] = { 0 };

	if (is_end(f, cluster) || hf_src_read(f->src, at, e, f->bits == 32 ? 4 : 2) != HF_OK)
		return 0;
	if (f->bits == 32)
		return hf__le32(e) & 0x0fffffff;
	if (f->bits == 16)
		return hf__le16(e) >= 0xfff8 ? 0 : hf__le16(e);
	return (cluster & 1) != 0 ? hf__le16(e) >> 4 : hf__le16(e) & 0xfff;
}

static uint64_t cluster_at(const struct fat *f, uint32_t cluster)
{
	return f->data_at + (uint64_t)(cluster - 2) * f->cluster;
}

/* ---- listing ---- */

static uint64_t time_of(const uint8_t e[static HF__FAT_ENTRY])
{
	unsigned date = hf__le16(e + 24), clock = hf__le16(e + 22);
	struct tm t = { .tm_year = (int)(date >> 9) + 80,
			.tm_mon = (int)(date >> 5 & 15) - 1,
			.tm_mday = (int)(date & 31),
			.tm_hour = (int)(clock >> 11),
			.tm_min = (int)(clock >> 5 & 63),
			.tm_sec = (int)(clock & 31) * 2 };
	time_t s = date == 0 ? 0 : timegm(&t);

	return s > 0 ? (uint64_t)s : 0;
}

static hf_err add(struct fat *f, uint32_t parent, struct hf__fat_name *n,
		  const uint8_t e[static HF__FAT_ENTRY])
{
	uint32_t cluster =
		(uint32_t)hf__le16(e + 26) | (f->bits == 32 ? (uint32_t)hf__le16(e + 20) << 16 : 0);
	bool dir = (e[11] & ATTR_DIR) != 0;
	struct hf__item item = { .parent = parent, .id = UINT64_MAX, .at = cluster, .own = cluster };

	item.node = (struct hf_node){ .type = dir ? HF_NODE_DIR : HF_NODE_FILE,
				      .known = HF_KNOWN_MTIME,
				      .size = dir ? 0 : hf__le32(e + 28),
				      .mtime = time_of(e) };
	hf__fat_name_finish(n, e);
	if (hf_bytes_equal((hf_bytes){ n->text, n->len }, HF_STR(".")) ||
	    hf_bytes_equal((hf_bytes){ n->text, n->len }, HF_STR("..")))
		return HF_OK;
	return hf__tree_add(&f->tree, &item, (hf_bytes){ n->text, n->len });
}

/* Entries in `block`; `end` when the directory ends in it. */
static hf_err list_block(struct fat *f, uint32_t parent, struct hf__fat_name *n, hf_bytes block, bool *end)
{
	for (size_t i = 0; i + HF__FAT_ENTRY <= block.len && !*end; i += HF__FAT_ENTRY) {
		const uint8_t *e = block.ptr + i;

		if (e[0] == 0)
			*end = true;
		else if (e[0] == 0xe5)
			n->parts = 0; /* deleted */
		else if ((e[11] & 0x3f) == ATTR_LFN)
			hf__fat_name_part(n, e);
		else if ((e[11] & ATTR_VOLUME) != 0)
			n->parts = 0;
		else
			HF_TRY(add(f, parent, n, e));
	}
	return HF_OK;
}

static hf_err list_range(struct fat *f, uint32_t parent, struct hf__fat_name *n, uint64_t at, uint64_t len,
			 bool *end)
{
	uint8_t block[512];

	for (uint64_t i = 0; i < len && !*end; i += sizeof(block)) {
		size_t part = len - i < sizeof(block) ? (size_t)(len - i) : sizeof(block);

		HF_TRY(hf_src_read(f->src, at + i, block, part));
		HF_TRY(list_block(f, parent, n, (hf_bytes){ block, part }, end));
	}
	return HF_OK;
}

static hf_err list_dir(struct fat *f, uint32_t parent, uint32_t cluster)
{
	struct hf__fat_name n = { .len = 0 };
	bool end = false;

	for (uint64_t bytes = 0; !is_end(f, cluster) && !end; bytes += f->cluster) {
		HF_TRY(hf__tick(f->box));
		if (bytes > DIR_BYTES_MAX)
			return hf__problem(f->box->place, f->box->path, 2, f->box->begin, f->box->in,
					   "fat: a directory is a loop or too large");
		HF_TRY(list_range(f, parent, &n, cluster_at(f, cluster), f->cluster, &end));
		cluster = next_cluster(f, cluster);
	}
	return HF_OK;
}

static hf_err list_tree(struct fat *f)
{
	struct hf__item root = { .node = { .type = HF_NODE_DIR }, .own = f->root_cluster };
	struct hf__fat_name n = { .len = 0 };
	bool end = false;

	HF_TRY(hf__marks_new(&f->visited, (uint64_t)f->n_clusters + 2));
	HF_TRY(hf__tree_add(&f->tree, &root, (hf_bytes){ NULL, 0 }));
	if (f->bits != 32)
		HF_TRY(list_range(f, 0, &n, f->root_at, f->root_len, &end));
	for (uint32_t i = f->bits == 32 ? 0 : 1; i < f->tree.n; i++) {
		uint32_t cluster = (uint32_t)f->tree.item[i].own;

		if (f->tree.item[i].node.type != HF_NODE_DIR)
			continue;
		if (!is_end(f, cluster) && hf__marks_first(&f->visited, cluster))
			HF_TRY(list_dir(f, i, cluster));
		else
			HF_TRY(hf__problem(
				f->box->place, f->box->path, 2, f->box->begin, f->box->in,
				"fat: a directory is inside itself, has two names or no clusters"));
	}
	return HF_OK;
}

/* ---- contents ---- */

static hf_err read_file(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	struct fat *f = ctx;

	if (offset / f->cluster < f->at_index) {
		f->at_index = 0;
		f->at_cluster = f->file_first;
	}
	while (len > 0) {
		uint64_t skip = offset % f->cluster;
		size_t n = f->cluster - skip < len ? (size_t)(f->cluster - skip) : len;

		for (; f->at_index < offset / f->cluster; f->at_index++)
			f->at_cluster = next_cluster(f, f->at_cluster);
		if (is_end(f, f->at_cluster))
			return hf__fail(f->box, HF_ERR_IMAGE_FORMAT,
					"fat: a file has fewer clusters than its size");
		HF_TRY(hf_src_read(f->src, cluster_at(f, f->at_cluster) + skip, out, n));
		out += n;
		offset += n;
		len -= n;
	}
	return HF_OK;
}

static hf_err load(void *ctx, const struct hf__item *item, struct hf__box *box, struct hf_src *out)
{
	struct fat *f = ctx;
	uint8_t *room;

	f->file_first = f->at_cluster = (uint32_t)item->own;
	f->at_index = 0;
	*out = (struct hf_src){ .size = item->node.size, .ctx = f, .read = read_file };
	if (item->node.size > f->len)
		return hf__fail(box, HF_ERR_IMAGE_FORMAT, "fat: a file is larger than its file system");
	if (item->node.size > HF_WALK_WHOLE_MAX)
		return HF_OK;
	hf__spool_reset(&box->content);
	HF_TRY(hf__spool_room(&box->content, 0, (size_t)item->node.size, &room));
	HF_TRY(read_file(f, 0, room, (size_t)item->node.size));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

static hf_bytes no_link(void *ctx, const struct hf__item *item, uint8_t mem[static HF_WALK_NAME_MAX])
{
	(void)ctx, (void)item, (void)mem;
	return (hf_bytes){ NULL, 0 };
}

/* ---- opening ---- */

static bool fat_probe(const struct hf_src *src)
{
	struct fat f = { .src = src };

	return read_geometry(src, &f);
}

static hf_err fat_measure(const struct hf_src *src, uint64_t *len)
{
	struct fat f = { .src = src };

	if (!read_geometry(src, &f))
		return HF_ERR_IMAGE_FORMAT;
	*len = f.len;
	return f.len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static void fat_close(struct fat *f)
{
	hf__tree_free(&f->tree);
	hf__marks_free(&f->visited);
}

static hf_err fat_open(struct hf__box *box, uint64_t *used)
{
	struct fat f HF_AUTO(fat_close) = { .box = box, .src = &box->src, .tree = { .box = box } };
	const struct hf__tree_ops ops = { &f, load, no_link, NULL };

	if (!read_geometry(&box->src, &f))
		return HF_ERR_IMAGE_FORMAT;
	*used = f.len;
	if (f.len > box->src.size)
		HF_TRY(hf__problem(box->place, box->path, 2, box->begin, box->in,
				   "fat: the image is shorter than its file system"));
	else
		box->in = f.len;
	HF_TRY(list_tree(&f));
	return hf__tree_give(&f.tree, &ops);
}

const struct hf__format hf__format_fat = { "fat",     HF__TREE,    { { "\x55\xaa", 2, 510 } },
					   fat_probe, fat_measure, fat_open };
