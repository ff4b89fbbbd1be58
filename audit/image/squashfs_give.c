/* squashfs_give.c -- the entries of a squashfs, regular files in the order of their data.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "squashfs_priv.h"

enum { PARENTS_MAX = 2048, XATTRS_MAX = 64 };

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

/* "/usr/bin/x", written from its end; empty when it does not fit or the chain of parents does not end. */
static hf_bytes name_of(const struct hf__squash *q, uint32_t i, uint8_t mem[static HF_WALK_NAME_MAX])
{
	size_t at = HF_WALK_NAME_MAX;

	for (size_t hops = 0; i != 0; i = q->item[i].parent, hops++) {
		size_t n = q->item[i].name_len;

		if (n + 1 > at || hops > PARENTS_MAX)
			return (hf_bytes){ NULL, 0 };
		at -= n;
		memcpy(mem + at, q->item[i].name, n);
		mem[--at] = '/';
	}
	if (at == HF_WALK_NAME_MAX)
		mem[--at] = '/';
	return (hf_bytes){ mem + at, HF_WALK_NAME_MAX - at };
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
static hf_bytes caps_of(struct hf__squash *q, const sqfs_inode_generic_t *inode, uint8_t mem[static 64])
{
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

static void fill_node(struct hf__squash *q, const struct hf__sqitem *item, struct hf_node *node)
{
	const sqfs_inode_generic_t *inode = item->inode;
	sqfs_u32 uid = 0, gid = 0;
	sqfs_u64 size = 0;

	(void)sqfs_id_table_index_to_id(q->ids, inode->base.uid_idx, &uid);
	(void)sqfs_id_table_index_to_id(q->ids, inode->base.gid_idx, &gid);
	node->type = node_type(inode);
	node->known = HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE;
	node->mode = inode->base.mode & 07777u;
	node->uid = uid;
	node->gid = gid;
	node->mtime = inode->base.mod_time;
	if (node->type == HF_NODE_FILE && sqfs_inode_get_file_size(inode, &size) == 0)
		node->size = size;
	if (node->type == HF_NODE_LINK)
		node->link = (hf_bytes){ (const uint8_t *)inode->extra, inode->data.slink.target_size };
}

static hf_err give(struct hf__squash *q, uint32_t i)
{
	struct hf__sqitem *item = &q->item[i];
	uint8_t name[HF_WALK_NAME_MAX], link[HF_WALK_NAME_MAX], caps[64];
	struct hf__entry entry = { .ctx = q };

	fill_node(q, item, &entry.node);
	entry.node.name = name_of(q, i, name);
	if (entry.node.name.len == 0)
		return hf__problem(q->box->place, q->box->path, 1, q->box->begin, 0,
				   "a path inside is too long");
	entry.node.caps = caps_of(q, item->inode, caps);
	if (entry.node.type == HF_NODE_FILE && item->first == i)
		entry.load = hf__squash_load;
	if (entry.node.type == HF_NODE_FILE && item->first != i)
		entry.node.link = name_of(q, item->first, link);
	q->open = item;
	return hf__give(q->box, &entry);
}

/* ---- order ---- */

struct key {
	uint64_t at; /* of the first data block, or of the fragment */
	uint32_t offset, inode, item;
};

static int by_data(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static struct key key_of(const struct hf__squash *q, uint32_t i)
{
	const sqfs_inode_generic_t *inode = q->item[i].inode;
	struct key k = { .inode = inode->base.inode_number, .item = i };
	sqfs_fragment_t frag;
	sqfs_u32 index;
	sqfs_u64 start = 0;

	(void)sqfs_inode_get_file_block_start(inode, &start);
	k.at = start;
	if (sqfs_inode_get_file_block_count(inode) == 0 &&
	    sqfs_inode_get_frag_location(inode, &index, &k.offset) == 0 && index != 0xffffffff &&
	    sqfs_frag_table_lookup(q->frags, index, &frag) == 0)
		k.at = frag.start_offset;
	return k;
}

/* Names of one inode stand together now: all but the first are hard links to it. */
static void mark_links(struct hf__squash *q, const struct key *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool same = i > 0 && key[i].inode == key[i - 1].inode && key[i].at == key[i - 1].at &&
			    key[i].offset == key[i - 1].offset;

		q->item[key[i].item].first = same ? q->item[key[i - 1].item].first : key[i].item;
	}
}

hf_err hf__squash_give(struct hf__squash *q)
{
	struct key *key = malloc((q->n + 1) * sizeof(*key));
	hf_err err = HF_OK;
	size_t n = 0;

	if (key == NULL)
		return HF_ERR_HOST_MEMORY;
	for (uint32_t i = 0; i < q->n && err == HF_OK; i++) {
		if (node_type(q->item[i].inode) == HF_NODE_FILE)
			key[n++] = key_of(q, i);
		else
			err = give(q, i);
	}
	qsort(key, n, sizeof(*key), by_data);
	mark_links(q, key, n);
	for (size_t i = 0; i < n && err == HF_OK; i++)
		err = give(q, key[i].item);
	free(key);
	return err;
}
