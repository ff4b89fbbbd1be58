/* squashfs_data.c -- the contents of the files of a squashfs.
 * Blocks are decoded straight to where they are needed. A small file that lies in a fragment is given as it
 * lies in the decoded fragment, which stays until a file needs another one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "codec.h"
#include "squashfs_priv.h"

/* ---- LZO, which libsquashfs does not have ---- */

static sqfs_s32 lzo_block(sqfs_compressor_t *c, const sqfs_u8 *in, sqfs_u32 size, sqfs_u8 *out,
			  sqfs_u32 outsize)
{
	size_t n = outsize;

	(void)c;
	return hf__lzo_decode((hf_bytes){ in, size }, out, &n) == HF_OK ? (sqfs_s32)n : SQFS_ERROR_COMPRESSOR;
}

static void lzo_destroy(sqfs_object_t *o)
{
	free(o);
}

static hf_err lzo_codec(struct hf__squash *q)
{
	q->codec = calloc(1, sizeof(*q->codec));
	if (q->codec == NULL)
		return HF_ERR_HOST_MEMORY;
	q->codec->base.destroy = lzo_destroy;
	q->codec->do_block = lzo_block;
	return HF_OK;
}

hf_err hf__squash_codec(struct hf__squash *q)
{
	sqfs_compressor_config_t config;
	int rc;

	if (q->super.compression_id == SQFS_COMP_LZO)
		return lzo_codec(q);
	rc = sqfs_compressor_config_init(&config, q->super.compression_id, q->super.block_size,
					 SQFS_COMP_FLAG_UNCOMPRESS);
	if (rc == 0)
		rc = sqfs_compressor_create(&config, &q->codec);
	if (rc != 0)
		return hf__fail(q->box, HF_ERR_IMAGE_KIND,
				"compression %u is not supported (libsquashfs error %d)",
				q->super.compression_id, rc);
	return HF_OK;
}

/* ---- blocks ---- */

/* The stored bytes of a block: in place, or read into q->stored. */
static hf_err stored_bytes(struct hf__squash *q, uint64_t at, uint32_t len, const uint8_t **out)
{
	if (q->box->src.mem != NULL) {
		if (len > q->box->src.size || at > q->box->src.size - len)
			return HF_ERR_IMAGE_SHORT;
		*out = q->box->src.mem + at;
		return HF_OK;
	}
	if (q->stored == NULL)
		q->stored = malloc(q->super.block_size);
	if (q->stored == NULL)
		return HF_ERR_HOST_MEMORY;
	*out = q->stored;
	return hf_src_read(&q->box->src, at, q->stored, len);
}

/* Decode one block of exactly or (short_ok) at most `want` bytes. */
static hf_err decode(struct hf__squash *q, uint64_t at, uint32_t size, uint8_t *out, size_t want, size_t *got)
{
	uint32_t len = SQFS_ON_DISK_BLOCK_SIZE(size);
	const uint8_t *stored = NULL;
	sqfs_s32 n;

	if (len > q->super.block_size)
		return hf__fail(q->box, HF_ERR_IMAGE_FORMAT, "a block is larger than the block size");
	HF_TRY(stored_bytes(q, at, len, &stored));
	if (!SQFS_IS_BLOCK_COMPRESSED(size)) {
		*got = len < want ? len : want;
		memcpy(out, stored, *got);
		return HF_OK;
	}
	n = q->codec->do_block(q->codec, stored, len, out, (sqfs_u32)want);
	if (n <= 0)
		return hf__fail(q->box, HF_ERR_IMAGE_FORMAT, "a block at %llu does not decode",
				(unsigned long long)at);
	*got = (size_t)n;
	return HF_OK;
}

static hf_err cache_room(struct hf__squash *q, struct hf__sqblock *c)
{
	if (c->ptr != NULL)
		return HF_OK;
	c->at = UINT64_MAX;
	c->ptr = malloc(q->super.block_size);
	return c->ptr == NULL ? HF_ERR_HOST_MEMORY : HF_OK;
}

static hf_err zero_block(struct hf__squash *q, struct hf__sqblock *c)
{
	HF_TRY(cache_room(q, c));
	c->at = UINT64_MAX;
	c->len = q->super.block_size;
	memset(c->ptr, 0, c->len);
	return HF_OK;
}

/* The block at `at` in a cache of one. */
static hf_err cached(struct hf__squash *q, struct hf__sqblock *c, uint64_t at, uint32_t size)
{
	HF_TRY(cache_room(q, c));
	if (c->at == at)
		return HF_OK;
	c->at = UINT64_MAX;
	HF_TRY(decode(q, at, size, c->ptr, q->super.block_size, &c->len));
	c->at = at;
	return HF_OK;
}

/* `n` bytes of the tail of a file, in the decoded fragment. */
static hf_err tail(struct hf__squash *q, const sqfs_inode_generic_t *inode, size_t n, const uint8_t **out)
{
	sqfs_fragment_t frag;
	sqfs_u32 index, offset;

	if (sqfs_inode_get_frag_location(inode, &index, &offset) != 0 || index == 0xffffffff ||
	    sqfs_frag_table_lookup(q->frags, index, &frag) != 0)
		return hf__fail(q->box, HF_ERR_IMAGE_FORMAT, "the end of a file is in no fragment");
	HF_TRY(cached(q, &q->frag, frag.start_offset, frag.size));
	if (offset > q->frag.len || n > q->frag.len - offset)
		return hf__fail(q->box, HF_ERR_IMAGE_FORMAT, "a fragment is too short");
	*out = q->frag.ptr + offset;
	return HF_OK;
}

/* ---- files ---- */

struct layout {
	uint64_t size, start;
	size_t n_blocks;
	const uint32_t *block; /* stored sizes */
};

static hf_err layout_of(struct hf__squash *q, const sqfs_inode_generic_t *inode, struct layout *l)
{
	sqfs_u64 size = 0, start = 0;
	uint64_t full;

	if (sqfs_inode_get_file_size(inode, &size) != 0 ||
	    sqfs_inode_get_file_block_start(inode, &start) != 0)
		return HF_ERR_IMAGE_FORMAT;
	*l = (struct layout){ size, start, sqfs_inode_get_file_block_count(inode), inode->extra };
	full = size / q->super.block_size;
	if (l->n_blocks != full && (l->n_blocks != full + 1 || size % q->super.block_size == 0))
		return hf__fail(q->box, HF_ERR_IMAGE_FORMAT,
				"a file has another number of blocks than its size");
	return HF_OK;
}

static hf_err read_blocks(struct hf__squash *q, const struct layout *l, uint8_t *out)
{
	uint64_t pos = l->start, left = l->size;

	for (size_t i = 0; i < l->n_blocks; i++) {
		size_t want = left < q->super.block_size ? (size_t)left : q->super.block_size, got = want;
		uint32_t size = l->block[i];

		HF_TRY(hf__tick(q->box));
		if (SQFS_IS_SPARSE_BLOCK(size))
			memset(out, 0, want);
		else
			HF_TRY(decode(q, pos, size, out, want, &got));
		if (got != want)
			return hf__fail(q->box, HF_ERR_IMAGE_FORMAT, "a block is too short");
		pos += SQFS_ON_DISK_BLOCK_SIZE(size);
		out += want;
		left -= want;
	}
	return HF_OK;
}

static hf_err load_whole(struct hf__squash *q, const sqfs_inode_generic_t *inode, const struct layout *l,
			 struct hf_src *out)
{
	size_t in_blocks = l->n_blocks * (size_t)q->super.block_size;
	size_t n_tail = l->size > in_blocks ? (size_t)l->size - in_blocks : 0;
	const uint8_t *end = NULL;
	uint8_t *room;

	if (n_tail > 0)
		HF_TRY(tail(q, inode, n_tail, &end));
	if (l->n_blocks == 0) {
		*out = hf_src_memory((hf_bytes){ end, n_tail });
		return HF_OK;
	}
	hf__spool_reset(&q->box->content);
	HF_TRY(hf__spool_room(&q->box->content, 0, (size_t)l->size, &room));
	HF_TRY(read_blocks(q, l, room));
	if (end != NULL)
		memcpy(room + in_blocks, end, n_tail);
	*out = hf__spool_src(&q->box->content);
	return HF_OK;
}

/* Large files: the content of block `i`, which is stored at `pos`. */
static hf_err one_block(struct hf__squash *q, const struct layout *l, size_t i, uint64_t pos, hf_bytes *block)
{
	uint64_t left = l->size - (uint64_t)i * q->super.block_size;
	size_t want = left < q->super.block_size ? (size_t)left : q->super.block_size;

	*block = (hf_bytes){ NULL, want };
	if (i >= l->n_blocks)
		return tail(q, q->open, want, &block->ptr);
	if (SQFS_IS_SPARSE_BLOCK(l->block[i]))
		HF_TRY(zero_block(q, &q->data));
	else
		HF_TRY(cached(q, &q->data, pos, l->block[i]));
	block->ptr = q->data.ptr;
	return q->data.len < want ? HF_ERR_IMAGE_FORMAT : HF_OK;
}

static hf_err read_large(void *ctx, uint64_t offset, uint8_t *out, size_t len)
{
	struct hf__squash *q = ctx;
	struct layout l;
	uint64_t pos;

	HF_TRY(layout_of(q, q->open, &l));
	pos = l.start;
	for (size_t i = 0; len > 0; i++) {
		size_t at = (size_t)(offset / q->super.block_size), skip, n;
		hf_bytes block;

		for (; i < at && i < l.n_blocks; i++)
			pos += SQFS_ON_DISK_BLOCK_SIZE(l.block[i]);
		HF_TRY(one_block(q, &l, at, pos, &block));
		if (i < l.n_blocks)
			pos += SQFS_ON_DISK_BLOCK_SIZE(l.block[i]);
		skip = (size_t)(offset % q->super.block_size);
		if (block.ptr == NULL || skip >= block.len)
			return HF_ERR_IMAGE_FORMAT;
		n = block.len - skip < len ? block.len - skip : len;
		memcpy(out, block.ptr + skip, n);
		out += n;
		offset += n;
		len -= n;
	}
	return HF_OK;
}

hf_err hf__squash_load(void *ctx, const struct hf__item *item, struct hf__box *box, struct hf_src *out)
{
	struct hf__squash *q = ctx;
	struct layout l;

	(void)box;
	q->open = q->inode[item->own];
	HF_TRY(layout_of(q, q->open, &l));
	if (l.size <= HF_WALK_WHOLE_MAX)
		return load_whole(q, q->open, &l, out);
	*out = (struct hf_src){ .size = l.size, .ctx = q, .read = read_large };
	return HF_OK;
}

void hf__squash_data_free(struct hf__squash *q)
{
	free(q->data.ptr);
	free(q->frag.ptr);
	free(q->stored);
}
