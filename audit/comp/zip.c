/* Zip archives of advisories: every stored or deflated entry, in the order of the central directory.
 * No encryption, no zip64 beyond what its sizes need; an entry has a limit of size before it is unpacked.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "feed_priv.h"

enum { END_LEN = 22, COMMENT_MAX = 65535, CENTRAL_LEN = 46, LOCAL_LEN = 30, ENTRIES_MAX = 4000000 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };
enum { ENTRY_MAX = 512 << 20 };

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

struct directory {
	uint64_t at, n;
};

/* Zip64 keeps the real numbers in a record that a locator of 20 bytes before the end names. */
static bool read_end64(hf_bytes zip, size_t end, struct directory *d)
{
	enum { LOCATOR_LEN = 20, END64_LEN = 56 };
	uint64_t at;

	if (end < LOCATOR_LEN || memcmp(zip.ptr + end - LOCATOR_LEN, "PK\6\7", 4) != 0)
		return false;
	at = le64(zip.ptr + end - LOCATOR_LEN + 8);
	if (at > zip.len || zip.len - at < END64_LEN || memcmp(zip.ptr + at, "PK\6\6", 4) != 0)
		return false;
	d->n = le64(zip.ptr + at + 32);
	d->at = le64(zip.ptr + at + 48);
	return true;
}

static bool find_directory(hf_bytes zip, struct directory *d)
{
	if (zip.len < END_LEN)
		return false;
	for (size_t back = END_LEN; back <= zip.len && back <= END_LEN + COMMENT_MAX; back++) {
		const uint8_t *p = zip.ptr + zip.len - back;

		if (memcmp(p, "PK\5\6", 4) != 0 || le16(p + 20) != back - END_LEN)
			continue;
		*d = (struct directory){ le32(p + 16), le16(p + 10) };
		if (d->at == UINT32_MAX || d->n == UINT16_MAX)
			(void)read_end64(zip, zip.len - back, d);
		return d->at <= zip.len && d->n <= ENTRIES_MAX;
	}
	return false;
}

static hf_err inflate_entry(hf_bytes packed, uint64_t size, struct hf_buf *room)
{
	z_stream z = { 0 };
	uint8_t *to;
	int rc;

	hf_buf_reset(room);
	HF_TRY(hf_buf_reserve(room, (size_t)size, &to));
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return HF_ERR_HOST_MEMORY;
	z.next_in = (Bytef *)(uintptr_t)packed.ptr;
	z.avail_in = (uInt)packed.len;
	z.next_out = to;
	z.avail_out = (uInt)size;
	rc = inflate(&z, Z_FINISH);
	(void)inflateEnd(&z);
	if (rc != Z_STREAM_END || z.avail_out != 0)
		return HF_ERR_FEED_FORMAT;
	hf_buf_commit(room, (size_t)size);
	return HF_OK;
}

/* The content of the entry whose central header is at `c`. */
static hf_err open_entry(hf_bytes zip, const uint8_t *c, struct hf_buf *room, hf_bytes *out)
{
	uint64_t packed = le32(c + 20), size = le32(c + 24), local = le32(c + 42);
	const uint8_t *l;

	if ((le16(c + 8) & ENCRYPTED) || local > zip.len || zip.len - local < LOCAL_LEN || size > ENTRY_MAX)
		return HF_ERR_FEED_FORMAT;
	l = zip.ptr + local;
	uint64_t begin = local + LOCAL_LEN + le16(l + 26) + le16(l + 28);
	if (memcmp(l, "PK\3\4", 4) != 0 || begin > zip.len || packed > zip.len - begin)
		return HF_ERR_FEED_FORMAT;
	*out = (hf_bytes){ zip.ptr + begin, (size_t)packed };
	if (le16(c + 10) == STORED)
		return packed == size ? HF_OK : HF_ERR_FEED_FORMAT;
	if (le16(c + 10) != DEFLATED)
		return HF_ERR_FEED_FORMAT;
	HF_TRY(inflate_entry(*out, size, room));
	*out = hf_buf_bytes(room);
	return crc32(0, out->ptr, (uInt)out->len) == le32(c + 16) ? HF_OK : HF_ERR_FEED_FORMAT;
}

hf_err hf__zip_each(hf_bytes zip, hf__on_document on, void *ctx)
{
	struct hf_buf room HF_AUTO(hf_buf_free) = HF_BUF(ENTRY_MAX);
	struct directory d;
	uint64_t at;

	if (!find_directory(zip, &d))
		return HF_ERR_FEED_FORMAT;
	at = d.at;
	for (uint64_t i = 0; i < d.n; i++) {
		const uint8_t *c = zip.ptr + at;
		hf_bytes text;

		if (zip.len - at < CENTRAL_LEN || memcmp(c, "PK\1\2", 4) != 0)
			return HF_ERR_FEED_FORMAT;
		uint64_t next = at + CENTRAL_LEN + le16(c + 28) + le16(c + 30) + le16(c + 32);
		if (next > zip.len)
			return HF_ERR_FEED_FORMAT;
		at = next;
		if (le32(c + 24) == 0) /* a folder, or an empty file */
			continue;
		HF_TRY(open_entry(zip, c, &room, &text));
		HF_TRY(on(ctx, text));
	}
	return HF_OK;
}
