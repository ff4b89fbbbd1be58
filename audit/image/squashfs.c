/* squashfs.c -- squashfs version 4: the tree by libsquashfs, the data by its block decoders.
 * First the whole tree is listed, breadth first, every directory once (so one that is its own ancestor ends);
 * then files are read in the order of their data, so that each block is decoded once.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "squashfs_priv.h"

enum { TREE_BYTES_MAX = 384 << 20 /* memory for names and inodes of one tree */ };

/* ---- libsquashfs reads through this ---- */

static int read_at(sqfs_file_t *file, sqfs_u64 offset, void *buffer, size_t size)
{
	const struct hf__sqfile *f = (const struct hf__sqfile *)file;

	return hf_src_read(f->src, offset, buffer, size) == HF_OK ? 0 : SQFS_ERROR_OUT_OF_BOUNDS;
}

static int write_at(sqfs_file_t *file, sqfs_u64 offset, const void *buffer, size_t size)
{
	(void)file, (void)offset, (void)buffer, (void)size;
	return SQFS_ERROR_IO;
}

static sqfs_u64 get_size(const sqfs_file_t *file)
{
	return ((const struct hf__sqfile *)file)->src->size;
}

static int truncate_to(sqfs_file_t *file, sqfs_u64 size)
{
	(void)file, (void)size;
	return SQFS_ERROR_IO;
}

static void destroy_nothing(sqfs_object_t *o)
{
	(void)o;
}

/* ---- listing ---- */

/* How much the library asks for is the image's to say: that it got none is a fault of this image. */
static hf_err sqfs_failed(struct hf__box *box, int rc, const char *what)
{
	return hf__fail(box, HF_ERR_IMAGE_FORMAT, "%s cannot be read (libsquashfs error %d)", what, rc);
}

/* `inode` becomes ours. */
static hf_err add_item(struct hf__squash *q, uint32_t parent, hf_bytes name, sqfs_inode_generic_t *inode)
{
	struct hf__item item = { .parent = parent, .own = q->n_inodes };
	size_t cap = q->inodes_cap == 0 ? 256 : q->inodes_cap * 2;
	sqfs_inode_generic_t **grown;

	if (q->n_inodes == q->inodes_cap) {
		grown = realloc(q->inode, cap * sizeof(*grown));
		if (grown == NULL) {
			sqfs_free(inode);
			return HF_ERR_HOST_MEMORY;
		}
		q->inode = grown;
		q->inodes_cap = cap;
	}
	q->inode[q->n_inodes++] = inode;
	q->memory += sizeof(*inode) + inode->payload_bytes_available;
	if (q->memory > TREE_BYTES_MAX)
		return hf__cap_box(q->box, "memory cap: the directory tree is too large");
	hf__squash_describe(q, inode, &item);
	return hf__tree_add(&q->tree, &item, name);
}

static bool is_dir(const sqfs_inode_generic_t *inode)
{
	return inode->base.type == SQFS_INODE_DIR || inode->base.type == SQFS_INODE_EXT_DIR;
}

static hf_err add_entry(struct hf__squash *q, uint32_t parent)
{
	sqfs_dir_entry_t *entry = NULL;
	sqfs_inode_generic_t *inode = NULL;
	int rc = sqfs_dir_reader_read(q->dirs, &entry);
	hf_err err;

	if (rc > 0)
		return HF_ERR_IMAGE_SHORT; /* the end; never leaves list_dir */
	if (rc < 0)
		return sqfs_failed(q->box, rc, "a directory");
	rc = sqfs_dir_reader_get_inode(q->dirs, &inode);
	if (rc != 0)
		err = sqfs_failed(q->box, rc, "an inode");
	else
		err = add_item(q, parent, (hf_bytes){ entry->name, (size_t)entry->size + 1 }, inode);
	sqfs_free(entry);
	return err;
}

/* Errors in one directory leave the others readable. */
static hf_err list_dir(struct hf__squash *q, uint32_t parent)
{
	int rc = sqfs_dir_reader_open_dir(q->dirs, q->inode[q->tree.item[parent].own], 0);
	hf_err err = rc == 0 ? HF_OK : sqfs_failed(q->box, rc, "a directory");

	while (err == HF_OK) {
		HF_TRY(hf__tick(q->box));
		err = add_entry(q, parent);
	}
	if (err == HF_ERR_IMAGE_SHORT)
		return HF_OK;
	if (err != HF_ERR_IMAGE_FORMAT)
		return err;
	return hf__problem(q->box->place, q->box->path, 2, q->box->begin, q->box->in, q->box->why);
}

static hf_err list_tree(struct hf__squash *q)
{
	sqfs_inode_generic_t *root = NULL;
	int rc = sqfs_dir_reader_get_root_inode(q->dirs, &root);

	if (rc != 0)
		return sqfs_failed(q->box, rc, "the root directory");
	HF_TRY(add_item(q, 0, (hf_bytes){ NULL, 0 }, root));
	HF_TRY(hf__marks_new(&q->visited, q->super.inode_count));
	for (uint32_t i = 0; i < q->tree.n; i++) {
		const sqfs_inode_generic_t *inode = q->inode[q->tree.item[i].own];

		if (!is_dir(inode))
			continue;
		/* A directory met twice is a loop: real ones have one parent. */
		if (hf__marks_first(&q->visited, inode->base.inode_number))
			HF_TRY(list_dir(q, i));
		else
			HF_TRY(hf__problem(q->box->place, q->box->path, 2, q->box->begin, q->box->in,
					   "squashfs: a directory is inside itself or has two names"));
	}
	return HF_OK;
}

/* ---- opening ---- */

static bool super_is_sane(const struct hf_src *src, const uint8_t s[static 96])
{
	uint64_t used = hf__le64(s + 40), block = hf__le32(s + 12);
	static const uint8_t tables[] = { 48, 64, 72 }; /* ids, inodes, directories */

	if (hf__le16(s + 28) != 4 || hf__le16(s + 30) != 0 || used > src->size || used < 96)
		return false;
	if (hf__le16(s + 22) < 12 || hf__le16(s + 22) > 20 || block != (uint64_t)1 << hf__le16(s + 22))
		return false;
	for (size_t i = 0; i < sizeof(tables); i++)
		if (hf__le64(s + tables[i]) >= used)
			return false;
	return true;
}

/* Version 4 in little endian is read; the magic of others is recognised so that they are reported. */
static bool squashfs_probe(const struct hf_src *src)
{
	uint8_t s[96];

	if (hf_src_read(src, 0, s, sizeof(s)) != HF_OK)
		return false;
	if (memcmp(s, "hsqs", 4) == 0)
		return hf__le16(s + 28) < 4 ? hf__le16(s + 28) > 0 : super_is_sane(src, s);
	return hf_get_be16(s + 28) > 0 && hf_get_be16(s + 28) <= 4;
}

static hf_err squashfs_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t s[96];

	HF_TRY(hf_src_read(src, 0, s, sizeof(s)));
	if (memcmp(s, "hsqs", 4) != 0 || !super_is_sane(src, s))
		return HF_ERR_IMAGE_FORMAT;
	*len = hf__le64(s + 40);
	return HF_OK;
}

static hf_err open_tables(struct hf__squash *q)
{
	sqfs_file_t *file = &q->file.base;
	int rc;

	q->ids = sqfs_id_table_create(0);
	q->frags = sqfs_frag_table_create(0);
	q->dirs = sqfs_dir_reader_create(&q->super, q->codec, file, 0);
	q->xattrs = sqfs_xattr_reader_create(0);
	if (q->ids == NULL || q->frags == NULL || q->dirs == NULL || q->xattrs == NULL)
		return HF_ERR_HOST_MEMORY;
	rc = sqfs_id_table_read(q->ids, file, &q->super, q->codec);
	if (rc != 0)
		return sqfs_failed(q->box, rc, "the table of owners");
	rc = sqfs_frag_table_read(q->frags, file, &q->super, q->codec);
	if (rc != 0)
		return sqfs_failed(q->box, rc, "the table of fragments");
	q->has_xattrs =
		(q->super.flags & SQFS_FLAG_NO_XATTRS) == 0 && q->super.xattr_id_table_start != UINT64_MAX;
	rc = q->has_xattrs ? sqfs_xattr_reader_load(q->xattrs, &q->super, file, q->codec) : 0;
	if (rc == 0)
		return HF_OK;
	q->has_xattrs = false;
	return hf__problem(q->box->place, q->box->path, 2, q->box->begin, q->box->in,
			   "squashfs: extended attributes cannot be read");
}

static hf_err open_image(struct hf__squash *q)
{
	uint8_t head[32];
	int rc;

	HF_TRY(hf_src_read(&q->box->src, 0, head, sizeof(head)));
	if (memcmp(head, "hsqs", 4) != 0 || hf__le16(head + 28) != 4)
		return hf__fail(q->box, HF_ERR_IMAGE_KIND, "only version 4 in little endian is supported");
	q->file = (struct hf__sqfile){ .base = { .base = { destroy_nothing, NULL },
						 .read_at = read_at,
						 .write_at = write_at,
						 .get_size = get_size,
						 .truncate = truncate_to },
				       .src = &q->box->src };
	rc = sqfs_super_read(&q->super, &q->file.base);
	if (rc != 0)
		return sqfs_failed(q->box, rc, "the super block");
	q->box->in = q->super.bytes_used < q->box->src.size ? q->super.bytes_used : q->box->src.size;
	HF_TRY(hf__squash_codec(q));
	return open_tables(q);
}

static void squash_free(struct hf__squash *q)
{
	for (size_t i = 0; i < q->n_inodes; i++)
		sqfs_free(q->inode[i]);
	free(q->inode);
	hf__tree_free(&q->tree);
	hf__marks_free(&q->visited);
	hf__squash_data_free(q);
	sqfs_destroy(q->xattrs);
	sqfs_destroy(q->dirs);
	sqfs_destroy(q->frags);
	sqfs_destroy(q->ids);
	sqfs_destroy(q->codec);
}

static hf_err read_all(struct hf__squash *q, uint64_t *used)
{
	HF_TRY(open_image(q));
	*used = q->box->in;
	HF_TRY(list_tree(q));
	return hf__squash_give(q);
}

static hf_err squashfs_open(struct hf__box *box, uint64_t *used)
{
	struct hf__squash q = { .box = box, .tree = { .box = box } };
	hf_err err = read_all(&q, used);

	squash_free(&q);
	return err;
}

const struct hf__format hf__format_squashfs = {
	"squashfs",     HF__TREE,         { { "hsqs", 4, 0 }, { "sqsh", 4, 0 } },
	squashfs_probe, squashfs_measure, squashfs_open
};
