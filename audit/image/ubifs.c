/* ubifs.c -- UBIFS by its nodes alone: each on its 8-byte grid whose checksum is right; of two about one key
 * the higher sequence number counts. The index is not used, so damaged dumps and pending journals are read.
 * CRC-32 begins with all ones and is not inverted at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "codec.h"
#include "flog.h"

enum {
	HEAD = 24,
	T_INODE = 0,
	T_DATA = 1,
	T_DIRENT = 2,
	T_XATTR = 3,
	T_TRUNC = 4,
	T_SUPER = 6,
	TYPES = 14, /* with those for authentication */
	EMPTY_SIGNATURE = 64,
	INODE_LEN = 160,
	DATA_LEN = 48,
	DIRENT_LEN = 56,
	TRUNC_LEN = 56,
	SUPER_LEN = 4096,
	BLOCK = 4096,
	NODE_MAX = 1 << 20,
	KEY_DATA = 1,
};
enum { C_NONE, C_LZO, C_DEFLATE, C_ZSTD };

struct ubifs {
	struct hf__flog log;
	const struct hf_src *src;
	uint64_t damaged;
	uint8_t *node; /* NODE_MAX bytes */
	uint64_t len;  /* said by the super block, 0 before it was seen */
};

/* ---- compression ---- */

static hf_err inflate_raw(hf_bytes in, uint8_t *out, size_t out_len)
{
	z_stream z = { 0 };
	union {
		const uint8_t *c;
		uint8_t *v;
	} bytes = { in.ptr }; /* zlib reads only */
	int rc;

	if (inflateInit2(&z, -15) != Z_OK)
		return HF_ERR_HOST_MEMORY;
	z.next_in = bytes.v;
	z.avail_in = (unsigned)in.len;
	z.next_out = out;
	z.avail_out = (unsigned)out_len;
	rc = inflate(&z, Z_FINISH);
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_out == 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err decode(struct hf__box *box, uint8_t codec, hf_bytes in, uint8_t *out, size_t out_len)
{
	size_t n = out_len;

	switch (codec) {
	case C_NONE:
		if (in.len != out_len)
			return HF_ERR_IMAGE_FORMAT;
		memcpy(out, in.ptr, out_len);
		return HF_OK;
	case C_LZO:
		HF_TRY(hf__lzo_decode(in, out, &n));
		return n == out_len ? HF_OK : HF_ERR_IMAGE_FORMAT;
	case C_DEFLATE:
		return inflate_raw(in, out, out_len);
	case C_ZSTD:
		return ZSTD_decompress(out, out_len, in.ptr, in.len) == out_len ? HF_OK : HF_ERR_IMAGE_FORMAT;
	default:
		return hf__fail(box, HF_ERR_IMAGE_KIND, "ubifs: compression %u is not supported", codec);
	}
}

/* ---- nodes; `n` is a whole node of `len` bytes with a good checksum ---- */

static uint32_t key_ino(const uint8_t *n)
{
	return hf__le32(n + HEAD);
}

static uint32_t key_rest(const uint8_t *n)
{
	return hf__le32(n + HEAD + 4) & 0x1fffffff;
}

/* Targets of links, device numbers and values of attributes stand in the inode. */
static hf_err take_inode(struct ubifs *u, const uint8_t *n, uint32_t len, uint64_t at)
{
	uint32_t inside = hf__le32(n + 112);
	uint32_t mode = hf__le32(n + 104);
	bool regular = (mode >> 12 & 15) == 8 && inside == 0;
	struct hf__event e = {
		.ino = key_ino(n),
		.version = hf__le64(n + 8),
		.size = hf__le64(n + 48),
		.mode = mode,
		.uid = hf__le32(n + 96),
		.gid = hf__le32(n + 100),
		.mtime = hf__le32(n + 72),
		.at = at + INODE_LEN,
		.codec = C_NONE,
	};

	if (inside > len - INODE_LEN || inside > BLOCK)
		return HF_ERR_IMAGE_FORMAT;
	if (regular)
		return hf__flog_event(&u->log, &e);
	e.stored = e.plain = inside;
	e.size = inside;
	return hf__flog_event(&u->log, &e);
}

static hf_err take_data(struct ubifs *u, const uint8_t *n, uint32_t len, uint64_t at)
{
	struct hf__event e = {
		.ino = key_ino(n),
		.version = hf__le64(n + 8),
		.size = UINT64_MAX,
		.offset = (uint64_t)key_rest(n) * BLOCK,
		.stored = len - DATA_LEN,
		.plain = hf__le32(n + 40),
		.span = BLOCK,
		.at = at + DATA_LEN,
		.codec = (uint8_t)hf__le16(n + 44),
	};

	if (hf__le32(n + HEAD + 4) >> 29 != KEY_DATA || e.plain == 0 || e.plain > BLOCK)
		return HF_ERR_IMAGE_FORMAT;
	return hf__flog_event(&u->log, &e);
}

static hf_err take_dirent(struct ubifs *u, const uint8_t *n, uint32_t len, bool xattr)
{
	static const uint8_t types[7] = { HF_NODE_FILE, HF_NODE_DIR,  HF_NODE_LINK,  HF_NODE_BLOCK,
					  HF_NODE_CHAR, HF_NODE_FIFO, HF_NODE_SOCKET };
	hf_bytes name = { n + DIRENT_LEN, hf__le16(n + 50) };
	struct hf__dirent d = { .parent = key_ino(n),
				.ino = hf__le64(n + 40),
				.version = hf__le64(n + 8),
				.type = types[n[49] < sizeof(types) ? n[49] : 0] };

	if (name.len == 0 || name.len > len - DIRENT_LEN || name.len > 255)
		return HF_ERR_IMAGE_FORMAT;
	if (xattr && !hf_bytes_equal(name, HF_STR("security.capability")))
		return HF_OK;
	if (xattr)
		d.parent += HF__FLOG_XATTR;
	return hf__flog_dirent(&u->log, &d, name);
}

static hf_err take_super(struct ubifs *u, const uint8_t *n)
{
	uint64_t leb = hf__le32(n + 36), count = hf__le32(n + 40);

	if (leb >= 4096 && leb <= 16 << 20 && count > 0)
		u->len = leb * count;
	return HF_OK;
}

static hf_err take_node(struct ubifs *u, unsigned type, uint32_t len, uint64_t at)
{
	static const uint16_t least[TYPES] = { INODE_LEN, DATA_LEN, DIRENT_LEN, DIRENT_LEN,
					       TRUNC_LEN, HEAD,     SUPER_LEN };
	const uint8_t *n = u->node;

	/* mkfs.ubifs writes room for a signature as a node of no type, which is that of inodes. */
	if (type == T_INODE && len == EMPTY_SIGNATURE && at == SUPER_LEN)
		return HF_OK;
	if (type >= TYPES || len < least[type])
		return HF_ERR_IMAGE_FORMAT;
	switch (type) {
	case T_INODE:
		return take_inode(u, n, len, at);
	case T_DATA:
		return take_data(u, n, len, at);
	case T_DIRENT:
	case T_XATTR:
		return take_dirent(u, n, len, type == T_XATTR);
	case T_SUPER:
		return take_super(u, n);
	default:
		return HF_OK; /* a truncation is also told by the inode that is written with it */
	}
}

/* ---- scanning ---- */

static bool read_head(const struct hf_src *src, uint64_t at, uint32_t *len, unsigned *type)
{
	uint8_t h[HEAD];

	if (hf_src_read(src, at, h, sizeof(h)) != HF_OK || hf__le32(h) != 0x06101831)
		return false;
	*len = hf__le32(h + 16);
	*type = h[20];
	return *len >= HEAD && *len <= NODE_MAX && *len <= src->size - at;
}

/* A whole node into u->node; false when its checksum is wrong. */
static bool read_node(struct ubifs *u, uint64_t at, uint32_t len)
{
	return hf_src_read(u->src, at, u->node, len) == HF_OK &&
	       hf__le32(u->node + 4) == (uint32_t)~crc32(0, u->node + 8, len - 8);
}

static uint64_t next_magic(const struct hf_src *src, uint64_t at)
{
	uint8_t block[4096];

	while (src->size - at >= HEAD) {
		size_t n = src->size - at < sizeof(block) ? (size_t)(src->size - at) : sizeof(block);

		if (hf_src_read(src, at, block, n) != HF_OK)
			break;
		for (size_t i = 0; i + 4 <= n; i += 8)
			if (hf__le32(block + i) == 0x06101831)
				return at + i;
		if (n < sizeof(block))
			break;
		at += n;
	}
	return src->size;
}

static hf_err scan(struct ubifs *u)
{
	for (uint64_t at = next_magic(u->src, 0); at < u->src->size; at = next_magic(u->src, at)) {
		uint32_t len = 0;
		unsigned type = 0;
		hf_err err;

		HF_TRY(hf__tick(u->log.box));
		if (!read_head(u->src, at, &len, &type) || !read_node(u, at, len)) {
			u->damaged++;
			at += 8;
			continue;
		}
		err = take_node(u, type, len, at);
		if (err != HF_OK && err != HF_ERR_IMAGE_FORMAT)
			return err;
		u->damaged += err != HF_OK;
		at += ((uint64_t)len + 7) / 8 * 8;
		if (at >= u->src->size)
			break;
	}
	return HF_OK;
}

/* The first node of a UBIFS is its super block. */
static bool ubifs_probe(const struct hf_src *src)
{
	uint32_t len = 0;
	unsigned type = 0;

	return read_head(src, 0, &len, &type) && type == T_SUPER && len == SUPER_LEN;
}

static hf_err ubifs_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t n[SUPER_LEN];

	if (!ubifs_probe(src))
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(hf_src_read(src, 0, n, sizeof(n)));
	if (hf__le32(n + 4) != (uint32_t)~crc32(0, n + 8, sizeof(n) - 8))
		return HF_ERR_IMAGE_FORMAT;
	*len = (uint64_t)hf__le32(n + 36) * hf__le32(n + 40);
	return *len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static hf_err read_all(struct ubifs *u, uint64_t *used)
{
	struct hf__box *box = u->log.box;

	HF_TRY(scan(u));
	*used = u->len > 0 && u->len < box->src.size ? u->len : box->src.size;
	box->in = *used;
	if (u->damaged > 0)
		HF_TRY(hf__problem(box->place, box->path, 2, box->begin, box->in,
				   "ubifs: nodes with wrong checksums are left out"));
	return hf__flog_give(&u->log);
}

static hf_err ubifs_open(struct hf__box *box, uint64_t *used)
{
	struct ubifs u = { .src = &box->src, .log = { .box = box, .root = 1, .decode = decode } };
	hf_err err;

	u.node = malloc(NODE_MAX);
	if (u.node == NULL)
		return HF_ERR_HOST_MEMORY;
	err = read_all(&u, used);
	hf__flog_free(&u.log);
	free(u.node);
	return err;
}

const struct hf__format hf__format_ubifs = { "ubifs",     HF__TREE,      { { "\x31\x18\x10\x06", 4, 0 } },
					     ubifs_probe, ubifs_measure, ubifs_open };
