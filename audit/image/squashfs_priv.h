/* squashfs_priv.h -- one squashfs while it is open.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF__SQUASHFS_PRIV_H
#define HF__SQUASHFS_PRIV_H
#include <sqfs/block.h>
#include <sqfs/compressor.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/error.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>
#include "tree.h"

struct hf__sqfile {
	sqfs_file_t base; /* first: libsquashfs gives it back */
	const struct hf_src *src;
};

struct hf__sqblock {
	uint64_t at; /* of the stored block, UINT64_MAX = nothing cached */
	size_t len;
	uint8_t *ptr; /* block_size bytes */
};

struct hf__squash {
	struct hf__box *box;
	struct hf__sqfile file;
	sqfs_super_t super;
	sqfs_compressor_t *codec;
	sqfs_id_table_t *ids;
	sqfs_frag_table_t *frags;
	sqfs_dir_reader_t *dirs;
	sqfs_xattr_reader_t *xattrs;
	bool has_xattrs;
	struct hf__tree tree; /* item.own = index of its inode */
	sqfs_inode_generic_t **inode;
	size_t n_inodes, inodes_cap, memory;
	struct hf__marks visited;
	const sqfs_inode_generic_t *open; /* the file that load() was asked for */
	struct hf__sqblock data, frag;    /* last decoded */
	uint8_t *stored;                  /* block_size bytes, when the image is not in memory */
};

/* The decoder of q->super's compression. Errors: HF_ERR_IMAGE_KIND, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__squash_codec(struct hf__squash *q);
/* Give all items. */
HF_MUST_CHECK hf_err hf__squash_give(struct hf__squash *q);
void hf__squash_describe(struct hf__squash *q, const sqfs_inode_generic_t *inode, struct hf__item *item);
/* Content of an item; for struct hf__tree_ops. */
HF_MUST_CHECK hf_err hf__squash_load(void *ctx, const struct hf__item *item, struct hf__box *box,
				     struct hf_src *out);
void hf__squash_data_free(struct hf__squash *q);
#endif
