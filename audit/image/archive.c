/* archive.c -- tar, cpio, zip, 7z, iso and ar by libarchive.
 * Formats are enabled one by one and filters never: several of libarchive's filters run programs. Names are
 * taken as bytes; conversions that would load tables from disk are switched off or, for 7z and Joliet, done
 * by libarchive itself (hf_walk_prepare).
 * SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "archive.h"

enum { CHUNK_MAX = 1 << 30 };

struct reading {
	struct archive *a;
	struct archive_entry *e;
	struct hf__feed *feed;
};

hf_err hf_walk_prepare(void)
{
	/* libarchive asks the locale for the character set of names: UTF-8 needs no tables. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	if (utf8 == (locale_t)0)
		return HF_ERR_HOST_MEMORY;
	(void)uselocale(utf8);
	/* zip and iso tell local times: the same everywhere, and no table is loaded. */
	if (setenv("TZ", "UTC0", 1) != 0)
		return HF_ERR_HOST_MEMORY;
	tzset();
	return HF_OK;
}

/* ---- feeding ---- */

static la_ssize_t hand(struct hf__feed *f, const void **out, const uint8_t *bytes, size_t len)
{
	f->last = bytes;
	f->last_len = len;
	f->at += len;
	*out = bytes;
	return (la_ssize_t)len;
}

static la_ssize_t stop(struct hf__feed *f, hf_err err)
{
	f->err = err;
	return -1;
}

static la_ssize_t from_src(struct hf__feed *f, const void **out)
{
	uint64_t left = f->src->size - f->at;
	size_t n = left < HF__STREAM_BLOCK ? (size_t)left : HF__STREAM_BLOCK;
	hf_err err;

	if (f->src->mem != NULL)
		return hand(f, out, f->src->mem + f->at, left < CHUNK_MAX ? (size_t)left : CHUNK_MAX);
	err = hf_src_read(f->src, f->at, f->block, n);
	return err != HF_OK ? stop(f, err) : hand(f, out, f->block, n);
}

static la_ssize_t from_stream(struct hf__feed *f, const void **out)
{
	size_t got = 0;
	hf_err err;

	if (f->at < f->head.size)
		return hand(f, out, f->head.mem + f->at, (size_t)(f->head.size - f->at));
	err = hf__tick(f->outer);
	if (err == HF_OK)
		err = hf__stream_read(f->stream, f->block, HF__STREAM_BLOCK, &got);
	f->outer->in = hf__stream_used(f->stream);
	if (err == HF_OK)
		err = hf__spend(f->outer, got);
	return err != HF_OK ? stop(f, err) : hand(f, out, f->block, got);
}

static la_ssize_t feed_read(struct archive *a, void *ctx, const void **out)
{
	struct hf__feed *f = ctx;
	la_ssize_t n = f->src != NULL ? from_src(f, out) : from_stream(f, out);

	if (n < 0)
		archive_set_error(a, -1, "%s", hf_err_text(f->err));
	return n;
}

static la_int64_t feed_seek(struct archive *a, void *ctx, la_int64_t offset, int whence)
{
	struct hf__feed *f = ctx;
	la_int64_t base = whence == SEEK_SET ? 0 : (la_int64_t)(whence == SEEK_CUR ? f->at : f->src->size);

	(void)a;
	if (offset < -base || offset > (la_int64_t)f->src->size - base)
		return ARCHIVE_FATAL;
	f->at = (uint64_t)(base + offset);
	return (la_int64_t)f->at;
}

static la_int64_t feed_skip(struct archive *a, void *ctx, la_int64_t request)
{
	struct hf__feed *f = ctx;
	uint64_t left = f->src->size - f->at, n = request > 0 ? (uint64_t)request : 0;

	(void)a;
	n = n < left ? n : left;
	f->at += n;
	return (la_int64_t)n;
}

/* ---- entries ---- */

static uint8_t node_type(const struct archive_entry *e)
{
	union {
		const struct archive_entry *c;
		struct archive_entry *v;
	} entry = { e };

	switch (archive_entry_filetype(entry.v)) {
	case AE_IFDIR:
		return HF_NODE_DIR;
	case AE_IFLNK:
		return HF_NODE_LINK;
	case AE_IFCHR:
		return HF_NODE_CHAR;
	case AE_IFBLK:
		return HF_NODE_BLOCK;
	case AE_IFIFO:
		return HF_NODE_FIFO;
	case AE_IFSOCK:
		return HF_NODE_SOCKET;
	default:
		return HF_NODE_FILE;
	}
}

/* What a format tells truly; the rest libarchive makes up. */
static uint8_t known_by(struct archive *a)
{
	switch (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) {
	case ARCHIVE_FORMAT_TAR:
	case ARCHIVE_FORMAT_CPIO:
		return HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME | HF_KNOWN_DEVICE;
	case ARCHIVE_FORMAT_AR:
		return HF_KNOWN_MODE | HF_KNOWN_OWNER | HF_KNOWN_MTIME;
	default:
		return HF_KNOWN_MTIME;
	}
}

static hf_bytes text_of(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

static hf_bytes caps_of(struct archive_entry *e)
{
	const char *name;
	const void *value;
	size_t len;

	if (archive_entry_xattr_reset(e) == 0)
		return (hf_bytes){ NULL, 0 };
	while (archive_entry_xattr_next(e, &name, &value, &len) == ARCHIVE_OK)
		if (name != NULL && strcmp(name, "security.capability") == 0)
			return (hf_bytes){ value, len };
	return (hf_bytes){ NULL, 0 };
}

static struct hf_node node_of(struct archive *a, struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e), *hard = archive_entry_hardlink(e);
	int64_t size = archive_entry_size(e), mtime = archive_entry_mtime(e);

	return (struct hf_node){
		.name = text_of(name != NULL ? name : archive_entry_pathname_utf8(e)),
		.link = text_of(hard != NULL ? hard : archive_entry_symlink(e)),
		.caps = caps_of(e),
		.type = node_type(e),
		.known = known_by(a),
		.mode = archive_entry_perm(e) & 07777u,
		.uid = (uint32_t)archive_entry_uid(e),
		.gid = (uint32_t)archive_entry_gid(e),
		.size = size > 0 ? (uint64_t)size : 0,
		.mtime = mtime > 0 ? (uint64_t)mtime : 0,
	};
}

static hf_err put_block(struct hf__box *box, const uint8_t *bytes, size_t len, la_int64_t at, uint64_t paid)
{
	uint64_t end = (uint64_t)at + len;

	HF_TRY(hf__tick(box));
	if (at < 0 || end > box->walk->caps->file_bytes)
		return hf__fail(box, HF_ERR_IMAGE_CAP, "file is larger than the cap");
	if (end > paid) /* more than its header said */
		HF_TRY(hf__spend(box, end - (paid > (uint64_t)at ? paid : (uint64_t)at)));
	return hf__spool_put(&box->content, (uint64_t)at, (hf_bytes){ bytes, len });
}

static hf_err damaged(struct reading *r, struct hf__box *box)
{
	const char *why = archive_error_string(r->a);

	if (r->feed->err != HF_OK && r->feed->err != HF_ERR_IMAGE_FORMAT)
		return r->feed->err;
	return hf__fail(box, HF_ERR_IMAGE_FORMAT, "%.120s", why != NULL ? why : "damaged");
}

/* A file that lies in one piece in memory is given as it lies; others are gathered. */
static hf_err load(void *ctx, struct hf__box *box, struct hf_src *out)
{
	struct reading *r = ctx;
	uint64_t size = (uint64_t)archive_entry_size(r->e);
	const void *block = NULL;
	size_t len = 0;
	la_int64_t at = 0;
	int rc = archive_read_data_block(r->a, &block, &len, &at);

	if (rc == ARCHIVE_OK && at == 0 && len == size && archive_entry_size_is_set(r->e)) {
		*out = hf_src_memory((hf_bytes){ block, len });
		return HF_OK;
	}
	hf__spool_reset(&box->content);
	while (rc == ARCHIVE_OK) {
		HF_TRY(put_block(box, block, len, at, size));
		rc = archive_read_data_block(r->a, &block, &len, &at);
	}
	if (rc != ARCHIVE_EOF)
		return damaged(r, box);
	if (archive_entry_size_is_set(r->e) && box->content.len < size) /* a hole at the end */
		HF_TRY(hf__spool_put(&box->content, size, (hf_bytes){ NULL, 0 }));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

static hf_err give_entry(struct reading *r, struct hf__box *box)
{
	struct hf__entry entry = { .node = node_of(r->a, r->e), .ctx = r };

	/* In a cpio the last name of a file carries its content, so a hard link may have some. */
	if (entry.node.type == HF_NODE_FILE && (archive_entry_hardlink(r->e) == NULL || entry.node.size > 0))
		entry.load = load;
	else
		entry.node.size = 0;
	return hf__give(box, &entry);
}

static hf_err give_all(struct reading *r, struct hf__box *box)
{
	for (;;) {
		int rc = archive_read_next_header(r->a, &r->e);

		if (rc == ARCHIVE_EOF)
			return HF_OK;
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			return damaged(r, box);
		if (r->feed->src == NULL)
			box->in = r->feed->at;
		HF_TRY(give_entry(r, box));
	}
}

/* ---- opening ---- */

struct known {
	const char *name;
	int (*enable)(struct archive *);
	bool streams;
};
static const struct known known[] = {
	{ "tar", archive_read_support_format_tar, true },
	{ "cpio", archive_read_support_format_cpio, true },
	{ "zip", archive_read_support_format_zip_seekable, false },
	{ "7z", archive_read_support_format_7zip, false },
	{ "iso", archive_read_support_format_iso9660, false },
	{ "ar", archive_read_support_format_ar, true },
};

static const struct known *find_known(const struct hf__format *format)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, format->name) == 0)
			return &known[i];
	return NULL;
}

bool hf__archive_streams(const struct hf__format *format)
{
	const struct known *k = find_known(format);

	return k != NULL && k->streams;
}

static void archive_free_at(struct archive **a)
{
	(void)archive_read_free(*a);
}

static hf_err set_up(struct archive *a, const struct known *k, struct hf__feed *feed)
{
	if (k->enable(a) < ARCHIVE_WARN || archive_read_set_read_callback(a, feed_read) != ARCHIVE_OK ||
	    archive_read_set_callback_data(a, feed) != ARCHIVE_OK)
		return HF_ERR_HOST_MEMORY;
	if (feed->src != NULL && (archive_read_set_seek_callback(a, feed_seek) != ARCHIVE_OK ||
				  archive_read_set_skip_callback(a, feed_skip) != ARCHIVE_OK))
		return HF_ERR_HOST_MEMORY;
	/* Formats that know no such option answer with a failure that means nothing. */
	(void)archive_read_set_format_option(a, NULL, "hdrcharset", "BINARY");
	return HF_OK;
}

hf_err hf__archive_read(struct hf__box *box, struct hf__feed *feed, uint64_t *used)
{
	struct archive *a HF_AUTO(archive_free_at) = archive_read_new();
	struct reading r = { .a = a, .feed = feed };
	hf_err err;

	*used = 0;
	if (a == NULL)
		return HF_ERR_HOST_MEMORY;
	HF_TRY(set_up(a, find_known(box->format), feed));
	err = archive_read_open1(a) == ARCHIVE_OK ? give_all(&r, box) : damaged(&r, box);
	*used = (uint64_t)archive_filter_bytes(a, -1);
	return err;
}
