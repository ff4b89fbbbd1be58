/* squashfs_inode.c -- what squashfs inodes say, in the words of the tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "squashfs_priv.h"

enum { XATTRS_MAX = 64 };

static uint8_t node_type(const sqfs_inode_generic_t *inode)
{
	switch (inode->base.mode & SQFS_INODE_MODE_MASK) {
	case SQFS_INODE_MODE_DIR:
		return HF_NODE_DIR;
	case SQFS_INODE_MODE_LNK:
		return HF_NODE_LINK;
	case SQFS_INODE_MODE_CHR:
		return HF_NODE_CHAR;
	case SQFS_INODE_MODE_BLK:
		return HF_NODE_BLOCK;
	case SQFS_INODE_MODE_FIFO:
		return HF_NODE_FIFO;
	case SQFS_INODE_MODE_SOCK:
		return HF_NODE_SOCKET;
	default:
		return HF_NODE_FILE;
	}
}

/* One attribute: true while there may be more. */
static bool next_xattr(struct hf__squash *q, uint8_t mem[static 64], hf_bytes *caps)
{
	sqfs_xattr_entry_t *key = NULL;
	sqfs_xattr_value_t *value = NULL;
	bool fine = sqfs_xattr_reader_read_key(q->xattrs, &key) == 0 &&
		    sqfs_xattr_reader_read_value(q->xattrs, key, &value) == 0;

	if (fine && value->size <= 64 && strcmp((const char *)key->key, "security.capability") == 0) {
		memcpy(mem, value->value, value->size);
		*caps = (hf_bytes){ mem, value->size };
	}
	sqfs_free(key);
	sqfs_free(value);
	return fine && caps->len == 0;
}

/* security.capability of an inode; malformed attributes are as good as none. */
static hf_bytes caps_of(void *ctx, const struct hf__item *item, uint8_t mem[static 64])
{
	struct hf__squash *q = ctx;
	const sqfs_inode_generic_t *inode = q->inode[item->own];
	sqfs_xattr_id_t desc;
	sqfs_u32 index = 0xffffffff, i = 0;
	hf_bytes caps = { NULL, 0 };

	if (!q->has_xattrs || sqfs_inode_get_xattr_index(inode, &index) != 0 || index == 0xffffffff)
		return caps;
	if (sqfs_xattr_reader_get_desc(q->xattrs, index, &desc) != 0 ||
	    sqfs_xattr_reader_seek_kv(q->xattrs, &desc) != 0)
		return caps;
	while (i < desc.count && i < XATTRS_MAX && next_xattr(q, mem, &caps))
		i++;
	return caps;
}

static hf_bytes link_of(void *ctx, const struct hf__item *item, uint8_t mem[static HF_WALK_NAME_MAX])
{
	struct hf__squash *q = ctx;
	const sqfs_inode_generic_t *inode = q->inode[item->own];
	size_t len = inode->data.slink.target_size;

	if (len > HF_WALK_NAME_MAX)
		len = HF_WALK_NAME_MAX;
	memcpy(mem, inode->extra, len);
	return (hf_bytes){ mem, len };
}

/* Where the data begin: the first block, or the fragment. */
static uint64_t data_at(const struct hf__squash *q, const sqfs_inode_generic_t *inode)
{
	sqfs_fragment_t frag;
	sqfs_u32 index, offset;
	sqfs_u64 start = 0;

	(void)sqfs_inode_get_file_block_start(inode, &start);
	if (sqfs_inode_get_file_block_count(inode) == 0 &&
	    sqfs_inode_get_frag_location(inode, &index, &offset) == 0 && index != 0xffffffff &&
	    sqfs_frag_table_lookup(q->frags, index, &frag) == 0)
		start = frag.start_offset;
	return start;
}

void hf__squash_describe(struct hf__squash *q, const sqfs_inode_generic_t *inode, struct hf__item *item)
{
	struct hf_node *node = &item->node;
	sqfs_u32 uid = 0, gid = 0;
	sqfs_u64 size = 0;

	(void)sqfs_id_table_index_to_id(q->ids, inode->base.uid_idx, &uid);
	(void)sqfs_id_table_index_to_id(q->ids, inode->base.gid_idx, &gid);
	*node = (struct hf_node){
		.type = node_type(inode),
		.known = HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE,
		.mode = inode->base.mode & 07777u,
		.uid = uid,
		.gid = gid,
		.mtime = inode->base.mod_time,
	};
	item->id = inode->base.inode_number;
	if (node->type != HF_NODE_FILE)
		return;
	if (sqfs_inode_get_file_size(inode, &size) == 0)
		node->size = size;
	item->at = data_at(q, inode);
}

hf_err hf__squash_give(struct hf__squash *q)
{
	const struct hf__tree_ops ops = { q, hf__squash_load, link_of, caps_of };

	return hf__tree_give(&q->tree, &ops);
}
