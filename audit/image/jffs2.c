/* jffs2.c -- JFFS2 of both byte orders: every node on its 4-byte grid whose checksums are right.
 * CRC-32 begins with zero and is not inverted at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "codec.h"
#include "flog.h"

enum {
	NODE_DIRENT = 0xe001,
	NODE_INODE = 0xe002,
	NODE_CLEANMARKER = 0x2003,
	NODE_PADDING = 0x2004,
	NODE_SUMMARY = 0x2006,
	NODE_XATTR = 0xe008,
	NODE_XREF = 0xe009,
	DIRENT_LEN = 40,
	INODE_LEN = 68,
	XATTR_LEN = 32,
	XREF_LEN = 28,
	XPREFIX_SECURITY = 2,
};
enum { C_NONE, C_ZERO, C_RTIME, C_RUBINMIPS, C_COPY, C_DYNRUBIN, C_ZLIB, C_LZO };
/* Inodes have 32 bits; values of attributes get numbers above. */
#define XATTR_INO ((uint64_t)1 << 40)

struct jffs2 {
	struct hf__flog log;
	const struct hf_src *src;
	bool big;
	uint64_t end; /* of the last good node */
	uint64_t damaged;
	unsigned n_good;
};

static uint16_t get16(const struct jffs2 *j, const uint8_t *p)
{
	return j->big ? hf_get_be16(p) : hf__le16(p);
}

static uint32_t get32(const struct jffs2 *j, const uint8_t *p)
{
	return j->big ? hf_get_be32(p) : hf__le32(p);
}

/* zlib's function inverts before and after. */
static uint32_t crc_from_zero(uint32_t so_far, const uint8_t *p, size_t n)
{
	return ~(uint32_t)crc32(~so_far & 0xffffffffu, p, (unsigned)n);
}

/* ---- compression ---- */

/* rtime: pairs of {byte, how many bytes to repeat from where that byte stood last}. */
static hf_err rtime(hf_bytes in, uint8_t *out, size_t out_len)
{
	uint16_t last[256] = { 0 };
	size_t at = 0, i = 0;

	while (at < out_len) {
		size_t repeat, from;
		uint8_t value;

		if (in.len - i < 2)
			return HF_ERR_IMAGE_FORMAT;
		value = in.ptr[i++];
		out[at++] = value;
		repeat = in.ptr[i++];
		from = last[value];
		last[value] = (uint16_t)at;
		if (repeat > out_len - at)
			return HF_ERR_IMAGE_FORMAT;
		for (; repeat > 0; repeat--)
			out[at++] = out[from++];
	}
	return HF_OK;
}

static hf_err inflate_all(hf_bytes in, uint8_t *out, size_t out_len)
{
	uLongf n = out_len;
	int rc = uncompress(out, &n, in.ptr, in.len);

	return rc == Z_OK && n == out_len ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err lzo_all(hf_bytes in, uint8_t *out, size_t out_len)
{
	size_t n = out_len;

	HF_TRY(hf__lzo_decode(in, out, &n));
	return n == out_len ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err copy_all(hf_bytes in, uint8_t *out, size_t out_len)
{
	if (in.len != out_len)
		return HF_ERR_IMAGE_FORMAT;
	memcpy(out, in.ptr, out_len);
	return HF_OK;
}

static hf_err decode(struct hf__box *box, uint8_t codec, hf_bytes in, uint8_t *out, size_t out_len)
{
	switch (codec) {
	case C_NONE:
	case C_COPY:
		return copy_all(in, out, out_len);
	case C_ZERO:
		memset(out, 0, out_len);
		return HF_OK;
	case C_RTIME:
		return rtime(in, out, out_len);
	case C_ZLIB:
		return inflate_all(in, out, out_len);
	case C_LZO:
		return lzo_all(in, out, out_len);
	default:
		return hf__fail(box, HF_ERR_IMAGE_KIND, "jffs2: compression %u is not supported", codec);
	}
}

/* ---- nodes ---- */

static hf_err take_dirent(struct jffs2 *j, uint64_t at, uint32_t len)
{
	static const uint8_t types[16] = {
		[1] = HF_NODE_FIFO, [2] = HF_NODE_CHAR,  [4] = HF_NODE_DIR,    [6] = HF_NODE_BLOCK,
		[8] = HF_NODE_FILE, [10] = HF_NODE_LINK, [12] = HF_NODE_SOCKET
	};
	uint8_t n[DIRENT_LEN + 255];
	struct hf__dirent d;

	if (len < DIRENT_LEN)
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(hf_src_read(j->src, at, n, DIRENT_LEN));
	if (get32(j, n + 32) != crc_from_zero(0, n, 32) || n[28] == 0 || len < DIRENT_LEN + (uint32_t)n[28])
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(hf_src_read(j->src, at + DIRENT_LEN, n + DIRENT_LEN, n[28]));
	if (get32(j, n + 36) != crc_from_zero(0, n + DIRENT_LEN, n[28]))
		return HF_ERR_IMAGE_FORMAT;
	d = (struct hf__dirent){ .parent = get32(j, n + 12),
				 .version = get32(j, n + 16),
				 .ino = get32(j, n + 20),
				 .type = types[n[29] & 15] };
	if (d.type == 0)
		d.type = HF_NODE_FILE;
	return hf__flog_dirent(&j->log, &d, (hf_bytes){ n + DIRENT_LEN, n[28] });
}

static hf_err check_data(struct jffs2 *j, uint64_t at, uint32_t len, uint32_t said)
{
	uint8_t block[4096];
	uint32_t crc = 0;

	for (uint32_t i = 0; i < len; i += sizeof(block)) {
		size_t n = len - i < sizeof(block) ? len - i : sizeof(block);

		HF_TRY(hf_src_read(j->src, at + i, block, n));
		crc = crc_from_zero(crc, block, n);
	}
	return crc == said ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err take_inode(struct jffs2 *j, uint64_t at, uint32_t len)
{
	uint8_t n[INODE_LEN];
	struct hf__event e;

	if (len < INODE_LEN)
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(hf_src_read(j->src, at, n, sizeof(n)));
	if (get32(j, n + 64) != crc_from_zero(0, n, 60) || get32(j, n + 48) > len - INODE_LEN)
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(check_data(j, at + INODE_LEN, get32(j, n + 48), get32(j, n + 60)));
	e = (struct hf__event){
		.ino = get32(j, n + 12),
		.version = get32(j, n + 16),
		.mode = get32(j, n + 20),
		.uid = get16(j, n + 24),
		.gid = get16(j, n + 26),
		.size = get32(j, n + 28),
		.mtime = get32(j, n + 36),
		.offset = get32(j, n + 44),
		.stored = get32(j, n + 48),
		.plain = get32(j, n + 52),
		.codec = n[56],
		.at = at + INODE_LEN,
	};
	return hf__flog_event(&j->log, &e);
}

/* Only security.capability is of interest. */
static hf_err take_xattr(struct jffs2 *j, uint64_t at, uint32_t len)
{
	static const char name[] = "capability";
	uint8_t n[XATTR_LEN + sizeof(name)];
	struct hf__event e;

	if (len < sizeof(n))
		return HF_OK;
	HF_TRY(hf_src_read(j->src, at, n, sizeof(n)));
	if (get32(j, n + 28) != crc_from_zero(0, n, 28))
		return HF_ERR_IMAGE_FORMAT;
	if (n[20] != XPREFIX_SECURITY || n[21] != sizeof(name) - 1 ||
	    memcmp(n + XATTR_LEN, name, sizeof(name)) != 0 || get16(j, n + 22) > len - sizeof(n))
		return HF_OK;
	e = (struct hf__event){ .ino = XATTR_INO + get32(j, n + 12),
				.version = get32(j, n + 16),
				.size = UINT64_MAX,
				.stored = get16(j, n + 22),
				.plain = get16(j, n + 22),
				.at = at + sizeof(n) };
	return hf__flog_event(&j->log, &e);
}

static hf_err take_xref(struct jffs2 *j, uint64_t at, uint32_t len)
{
	uint8_t n[XREF_LEN];
	struct hf__dirent d;

	if (len < XREF_LEN)
		return HF_ERR_IMAGE_FORMAT;
	HF_TRY(hf_src_read(j->src, at, n, sizeof(n)));
	if (get32(j, n + 24) != crc_from_zero(0, n, 24))
		return HF_ERR_IMAGE_FORMAT;
	d = (struct hf__dirent){ .parent = HF__FLOG_XATTR + get32(j, n + 12),
				 .ino = XATTR_INO + get32(j, n + 16),
				 .version = get32(j, n + 20) };
	return hf__flog_dirent(&j->log, &d, (hf_bytes){ n + 16, 4 });
}

static hf_err take_node(struct jffs2 *j, uint64_t at, unsigned type, uint32_t len)
{
	switch (type) {
	case NODE_DIRENT:
		return take_dirent(j, at, len);
	case NODE_INODE:
		return take_inode(j, at, len);
	case NODE_XATTR:
		return take_xattr(j, at, len);
	case NODE_XREF:
		return take_xref(j, at, len);
	default:
		return HF_OK; /* cleanmarkers, padding, summaries */
	}
}

/* A node's common head: magic, type, length, checksum over these. */
static bool read_head(const struct jffs2 *j, uint64_t at, unsigned *type, uint32_t *len)
{
	uint8_t h[12];

	if (hf_src_read(j->src, at, h, sizeof(h)) != HF_OK || get16(j, h) != 0x1985)
		return false;
	*type = get16(j, h + 2);
	*len = get32(j, h + 4);
	return get32(j, h + 8) == crc_from_zero(0, h, 8) && *len >= sizeof(h) && *len <= j->src->size - at;
}

/* The next place at or behind `at` where a magic stands on the grid. */
static uint64_t next_magic(const struct jffs2 *j, uint64_t at)
{
	uint8_t block[4096];

	while (j->src->size - at >= 12) {
		size_t n = j->src->size - at < sizeof(block) ? (size_t)(j->src->size - at) : sizeof(block);

		if (hf_src_read(j->src, at, block, n) != HF_OK)
			break;
		for (size_t i = 0; i + 2 <= n; i += 4)
			if (get16(j, block + i) == 0x1985)
				return at + i;
		at += n / 4 * 4;
		if (n < sizeof(block))
			break;
	}
	return j->src->size;
}

/* Nodes whose type lost its "accurate" bit were overwritten on purpose. */
static hf_err take_at(struct jffs2 *j, uint64_t *at)
{
	uint32_t len = 0;
	unsigned type = 0;
	hf_err err;

	if (!read_head(j, *at, &type, &len)) {
		*at += 4;
		return HF_OK;
	}
	err = take_node(j, *at, type, len);
	if (err != HF_OK && err != HF_ERR_IMAGE_FORMAT && err != HF_ERR_IMAGE_SHORT)
		return err;
	j->damaged += err != HF_OK;
	*at += ((uint64_t)len + 3) / 4 * 4;
	j->end = *at < j->src->size ? *at : j->src->size;
	j->n_good++;
	return HF_OK;
}

static bool begins(const struct hf_src *src, struct jffs2 *j)
{
	uint32_t len = 0;
	unsigned type = 0;

	*j = (struct jffs2){ .src = src };
	if (read_head(j, 0, &type, &len))
		return true;
	j->big = true;
	return read_head(j, 0, &type, &len);
}

static bool jffs2_probe(const struct hf_src *src)
{
	struct jffs2 j;

	return begins(src, &j);
}

/* Up to the last node that a run of nodes and erased bytes leads to. */
static hf_err jffs2_measure(const struct hf_src *src, uint64_t *len)
{
	struct jffs2 j;
	uint64_t at = 0;
	unsigned n = 0;

	if (!begins(src, &j))
		return HF_ERR_IMAGE_FORMAT;
	while (at < src->size) {
		uint32_t node = 0;
		unsigned type = 0;

		if (read_head(&j, at, &type, &node)) {
			at += ((uint64_t)node + 3) / 4 * 4;
			*len = at < src->size ? at : src->size;
			n += type == NODE_DIRENT || type == NODE_INODE;
			continue;
		}
		HF_TRY(hf__skip_padding(src, at, &at));
		if (!read_head(&j, at, &type, &node))
			break;
	}
	return n > 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static void jffs2_close(struct jffs2 *j)
{
	hf__flog_free(&j->log);
}

static hf_err jffs2_open(struct hf__box *box, uint64_t *used)
{
	struct jffs2 j HF_AUTO(jffs2_close) = { .src = &box->src };

	if (!begins(&box->src, &j))
		return HF_ERR_IMAGE_FORMAT;
	j.log = (struct hf__flog){ .box = box, .root = 1, .decode = decode };
	for (uint64_t at = next_magic(&j, 0); at < box->src.size; at = next_magic(&j, at)) {
		HF_TRY(hf__tick(box));
		HF_TRY(take_at(&j, &at));
	}
	*used = box->in = j.end;
	if (j.damaged > 0)
		HF_TRY(hf__problem(box->place, box->path, 2, box->begin, box->in,
				   "jffs2: nodes with wrong checksums are left out"));
	return hf__flog_give(&j.log);
}

const struct hf__format hf__format_jffs2 = {
	"jffs2",
	HF__TREE,
	{ { "\x85\x19\x01\xe0", 4, 0 },
	  { "\x85\x19\x02\xe0", 4, 0 },
	  { "\x85\x19\x03\x20", 4, 0 },
	  { "\x19\x85\xe0\x01", 4, 0 },
	  { "\x19\x85\xe0\x02", 4, 0 },
	  { "\x19\x85\x20\x03", 4, 0 } },
	jffs2_probe,
	jffs2_measure,
	jffs2_open,
};
