/* ext.c -- ext2, ext3, ext4 by libext2fs, over an io_manager that can only read the image.
 * A journal is not replayed: when one is pending, the tree is that of the last checkpoint, and that is
 * reported.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tree.h"
/* libext2fs needs its own order */
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

enum { SUPER = 1024, SUPER_MAGIC_AT = 0x38 };

struct ext {
	struct hf__box *box;
	ext2_filsys fs;
	struct hf__tree tree;
	struct hf__marks visited;
	ext2_file_t open;
	uint32_t parent; /* directory being listed */
	hf_err err;      /* why listing stopped */
};

/* ---- the io_manager: libext2fs hands over a name only, so the source's address is written into it ---- */

static errcode_t io_set_blksize(io_channel c, int size)
{
	c->block_size = size;
	return 0;
}

static errcode_t io_read64(io_channel c, unsigned long long block, int count, void *data)
{
	const struct hf_src *src = c->private_data;
	uint64_t unit = (uint64_t)c->block_size;
	uint64_t len = count < 0 ? (uint64_t)(-(int64_t)count) : (uint64_t)count * unit;

	if (block > src->size / unit || len > src->size || block * unit > src->size - len)
		return EXT2_ET_SHORT_READ;
	return hf_src_read(src, block * unit, data, (size_t)len) == HF_OK ? 0 : EXT2_ET_SHORT_READ;
}

static errcode_t io_read(io_channel c, unsigned long block, int count, void *data)
{
	return io_read64(c, block, count, data);
}

static errcode_t io_write(io_channel c, unsigned long block, int count, const void *data)
{
	(void)c, (void)block, (void)count, (void)data;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t io_write64(io_channel c, unsigned long long block, int count, const void *data)
{
	(void)c, (void)block, (void)count, (void)data;
	return EXT2_ET_RO_FILSYS;
}

static errcode_t io_flush(io_channel c)
{
	(void)c;
	return 0;
}

static errcode_t io_close(io_channel c)
{
	free(c->name);
	free(c);
	return 0;
}

static errcode_t io_open(const char *name, int flags, io_channel *out);
static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "read-only image",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read,
	.write_blk = io_write,
	.flush = io_flush,
	.read_blk64 = io_read64,
	.write_blk64 = io_write64,
};

static errcode_t io_open(const char *name, int flags, io_channel *out)
{
	io_channel c = calloc(1, sizeof(*c));

	(void)flags;
	*out = NULL;
	if (c == NULL || sscanf(name, "%p", &c->private_data) != 1) {
		free(c);
		return EXT2_ET_NO_MEMORY;
	}
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = &manager;
	c->name = strdup(name);
	c->block_size = 1024;
	c->refcount = 1;
	if (c->name == NULL) {
		free(c);
		return EXT2_ET_NO_MEMORY;
	}
	*out = c;
	return 0;
}

/* Memory too: how much the library asks for is the image's to say. */
static hf_err ext_failed(struct hf__box *box, errcode_t rc, const char *what)
{
	return hf__fail(box, HF_ERR_IMAGE_FORMAT, "%s cannot be read (libext2fs error %ld)", what, (long)rc);
}

/* ---- listing ---- */

static uint8_t node_type(unsigned mode)
{
	static const uint8_t types[16] = { [1] = HF_NODE_FIFO,  [2] = HF_NODE_CHAR,  [4] = HF_NODE_DIR,
					   [6] = HF_NODE_BLOCK, [10] = HF_NODE_LINK, [12] = HF_NODE_SOCKET };
	uint8_t type = types[mode >> 12 & 15];

	return type == 0 ? HF_NODE_FILE : type;
}

static void describe(struct hf__item *item, ext2_ino_t ino, struct ext2_inode *inode)
{
	item->node = (struct hf_node){
		.type = node_type(inode->i_mode),
		.known = HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE,
		.mode = inode->i_mode & 07777u,
		.uid = inode_uid(*inode),
		.gid = inode_gid(*inode),
		.mtime = inode->i_mtime,
		.size = 0,
	};
	if (item->node.type == HF_NODE_FILE)
		item->node.size = EXT2_I_SIZE(inode);
	item->id = ino;
	item->own = ino;
	item->at = 0; /* in the order of inodes, which is that of their groups */
}

static hf_err add(struct ext *x, uint32_t parent, ext2_ino_t ino, hf_bytes name)
{
	struct hf__item item = { .parent = parent };
	struct ext2_inode inode;
	errcode_t rc = ext2fs_read_inode(x->fs, ino, &inode);

	if (rc != 0) {
		(void)ext_failed(x->box, rc, "an inode");
		return hf__problem(x->box->place, x->box->path, 2, x->box->begin, x->box->in, x->box->why);
	}
	describe(&item, ino, &inode);
	return hf__tree_add(&x->tree, &item, name);
}

static int on_dirent(ext2_ino_t dir, int entry, struct ext2_dir_entry *d, int offset, int blocksize,
		     char *buf, void *priv)
{
	struct ext *x = priv;
	hf_bytes name = { (const uint8_t *)d->name, (size_t)ext2fs_dirent_name_len(d) };

	(void)dir, (void)entry, (void)offset, (void)blocksize, (void)buf;
	if (d->inode == 0 || hf_bytes_equal(name, HF_STR(".")) || hf_bytes_equal(name, HF_STR("..")))
		return 0;
	x->err = hf__tick(x->box);
	if (x->err == HF_OK)
		x->err = add(x, x->parent, d->inode, name);
	return x->err == HF_OK ? 0 : DIRENT_ABORT;
}

static hf_err list_dir(struct ext *x, uint32_t i)
{
	errcode_t rc;

	x->parent = i;
	x->err = HF_OK;
	rc = ext2fs_dir_iterate2(x->fs, (ext2_ino_t)x->tree.item[i].own, 0, NULL, on_dirent, x);
	HF_TRY(x->err);
	if (rc == 0)
		return HF_OK;
	(void)ext_failed(x->box, rc, "a directory");
	return hf__problem(x->box->place, x->box->path, 2, x->box->begin, x->box->in, x->box->why);
}

static hf_err list_tree(struct ext *x)
{
	HF_TRY(hf__marks_new(&x->visited, x->fs->super->s_inodes_count));
	HF_TRY(add(x, 0, EXT2_ROOT_INO, (hf_bytes){ NULL, 0 }));
	for (uint32_t i = 0; i < x->tree.n; i++) {
		if (x->tree.item[i].node.type != HF_NODE_DIR)
			continue;
		if (hf__marks_first(&x->visited, x->tree.item[i].own))
			HF_TRY(list_dir(x, i));
		else
			HF_TRY(hf__problem(x->box->place, x->box->path, 2, x->box->begin, x->box->in,
					   "ext: a directory is inside itself or has two names"));
	}
	return HF_OK;
}

/* ---- contents ---- */

static void close_file(struct ext *x)
{
	if (x->open != NULL)
		(void)ext2fs_file_close(x->open);
	x->open = NULL;
}

static hf_err read_file(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	struct ext *x = ctx;
	unsigned got = 1;

	if (ext2fs_file_llseek(x->open, offset, EXT2_SEEK_SET, NULL) != 0)
		return HF_ERR_IMAGE_FORMAT;
	while (len > 0 && got > 0) {
		unsigned want = len < HF__WINDOW ? (unsigned)len : HF__WINDOW;
		errcode_t rc;

		HF_TRY(hf__tick(x->box));
		rc = ext2fs_file_read(x->open, out, want, &got);
		if (rc != 0)
			return ext_failed(x->box, rc, "a file");
		out += got;
		len -= got;
	}
	return len == 0 ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static hf_err load(void *ctx, const struct hf__item *item, struct hf__box *box, struct hf_src *out)
{
	struct ext *x = ctx;
	struct ext2_inode inode;
	uint8_t *room;
	errcode_t rc;

	close_file(x);
	rc = ext2fs_read_inode(x->fs, (ext2_ino_t)item->own, &inode);
	if (rc == 0 && (inode.i_flags & EXT4_ENCRYPT_FL) != 0)
		return hf__fail(box, HF_ERR_IMAGE_KIND, "ext: the file is encrypted");
	if (rc == 0)
		rc = ext2fs_file_open(x->fs, (ext2_ino_t)item->own, 0, &x->open);
	if (rc != 0)
		return ext_failed(box, rc, "a file");
	*out = (struct hf_src){ .size = item->node.size, .ctx = x, .read = read_file };
	if (item->node.size > HF_WALK_WHOLE_MAX)
		return HF_OK;
	hf__spool_reset(&box->content);
	HF_TRY(hf__spool_room(&box->content, 0, (size_t)item->node.size, &room));
	HF_TRY(read_file(x, 0, room, (size_t)item->node.size));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

/* Short targets stand in the inode itself. */
static hf_bytes link_of(void *ctx, const struct hf__item *item, uint8_t mem[static HF_WALK_NAME_MAX])
{
	struct ext *x = ctx;
	struct ext2_inode inode;
	ext2_file_t file = NULL;
	unsigned got = 0;

	if (ext2fs_read_inode(x->fs, (ext2_ino_t)item->own, &inode) != 0)
		return (hf_bytes){ NULL, 0 };
	if (ext2fs_is_fast_symlink(&inode) && inode.i_size < sizeof(inode.i_block)) {
		memcpy(mem, inode.i_block, inode.i_size);
		return (hf_bytes){ mem, inode.i_size };
	}
	if (ext2fs_file_open(x->fs, (ext2_ino_t)item->own, 0, &file) != 0)
		return (hf_bytes){ NULL, 0 };
	if (ext2fs_file_read(file, mem, HF_WALK_NAME_MAX, &got) != 0)
		got = 0;
	(void)ext2fs_file_close(file);
	return (hf_bytes){ mem, got };
}

static hf_bytes caps_of(void *ctx, const struct hf__item *item, uint8_t mem[static 64])
{
	struct ext *x = ctx;
	struct ext2_xattr_handle *h = NULL;
	hf_bytes caps = { NULL, 0 };
	void *value = NULL;
	size_t len = 0;

	if (item->node.type != HF_NODE_FILE || ext2fs_xattrs_open(x->fs, (ext2_ino_t)item->own, &h) != 0)
		return caps;
	if (ext2fs_xattrs_read(h) == 0 && ext2fs_xattr_get(h, "security.capability", &value, &len) == 0 &&
	    len <= 64) {
		memcpy(mem, value, len);
		caps = (hf_bytes){ mem, len };
	}
	ext2fs_free_mem(&value);
	(void)ext2fs_xattrs_close(&h);
	return caps;
}

/* ---- opening ---- */

/* Backup copies of the super block carry the number of their group, so only the first one is taken. */
static bool ext_probe(const struct hf_src *src)
{
	uint8_t s[96];

	return hf_src_read(src, SUPER, s, sizeof(s)) == HF_OK && hf__le16(s + SUPER_MAGIC_AT) == 0xef53 &&
	       hf__le32(s) > 0 && hf__le32(s + 4) > 0 && hf__le32(s + 20) <= 1 && hf__le32(s + 24) <= 6 &&
	       hf__le32(s + 32) > 0 && hf__le32(s + 40) > 0 && hf__le32(s + 76) <= 1 && hf__le16(s + 90) == 0;
}

static uint64_t ext_len(const uint8_t s[static 0x158])
{
	uint64_t blocks = hf__le32(s + 4);

	if ((hf__le32(s + 0x60) & EXT4_FEATURE_INCOMPAT_64BIT) != 0)
		blocks |= (uint64_t)hf__le32(s + 0x150) << 32;
	return blocks > UINT64_MAX >> 16 ? UINT64_MAX : blocks << (10 + hf__le32(s + 24));
}

static hf_err ext_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t s[0x158];

	HF_TRY(hf_src_read(src, SUPER, s, sizeof(s)));
	*len = ext_len(s);
	return *len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static void ext_close(struct ext *x)
{
	close_file(x);
	if (x->fs != NULL)
		ext2fs_free(x->fs);
	hf__tree_free(&x->tree);
	hf__marks_free(&x->visited);
}

static hf_err open_fs(struct ext *x, uint64_t *used)
{
	uint8_t s[0x158];
	char name[32];
	errcode_t rc;

	HF_TRY(hf_src_read(&x->box->src, SUPER, s, sizeof(s)));
	*used = ext_len(s);
	if (*used > x->box->src.size)
		HF_TRY(hf__problem(x->box->place, x->box->path, 2, x->box->begin, x->box->in,
				   "ext: the image is shorter than its file system"));
	else
		x->box->in = *used;
	(void)snprintf(name, sizeof(name), "%p", (void *)&x->box->src);
	rc = ext2fs_open2(name, NULL,
			  EXT2_FLAG_SOFTSUPP_FEATURES | EXT2_FLAG_64BITS | EXT2_FLAG_IGNORE_CSUM_ERRORS, 0, 0,
			  &manager, &x->fs);
	if (rc != 0)
		return ext_failed(x->box, rc, "the super block");
	if ((x->fs->super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0)
		return hf__problem(x->box->place, x->box->path, 2, x->box->begin, x->box->in,
				   "ext: the journal holds changes that are not shown");
	return HF_OK;
}

static hf_err ext_open(struct hf__box *box, uint64_t *used)
{
	struct ext x HF_AUTO(ext_close) = { .box = box, .tree = { .box = box } };
	const struct hf__tree_ops ops = { &x, load, link_of, caps_of };

	HF_TRY(open_fs(&x, used));
	HF_TRY(list_tree(&x));
	return hf__tree_give(&x.tree, &ops);
}

const struct hf__format hf__format_ext = {
	"ext", HF__TREE, { { "\x53\xef", 2, SUPER + SUPER_MAGIC_AT } }, ext_probe, ext_measure, ext_open
};
