/* One rpm header as databases hold it: counts, an index of 16-byte entries, a store of values.
 * Every offset is checked against the store before it is used; only the tags named here are read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "comp_priv.h"

enum { ENTRY_LEN = 16, INTRO_LEN = 8, ENTRIES_MAX = 65536 };
enum { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8, TYPE_I18N = 9 };
enum {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_VENDOR = 1011,
	TAG_LICENSE = 1014,
	TAG_URL = 1020,
	TAG_ARCH = 1022,
	TAG_FILE_DIGESTS = 1035,
	TAG_FILE_FLAGS = 1037,
	TAG_SOURCE_RPM = 1044,
	TAG_DIR_INDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118,
	TAG_DIGEST_ALGO = 5011,
};
enum { FLAG_CONFIG = 1, FLAG_GHOST = 64, ALGO_MD5 = 1, ALGO_SHA1 = 2, ALGO_SHA256 = 8 };

struct values {
	uint32_t type, n;
	hf_bytes at; /* from the first value to the end of the store */
};

static bool find(hf_bytes header, uint32_t tag, struct values *v)
{
	uint32_t entries = hf_get_be32(header.ptr), store_len = hf_get_be32(header.ptr + 4);
	const uint8_t *entry = header.ptr + INTRO_LEN;
	const uint8_t *store = entry + (size_t)entries * ENTRY_LEN;

	for (uint32_t i = 0; i < entries; i++, entry += ENTRY_LEN) {
		uint32_t offset = hf_get_be32(entry + 8);

		if (hf_get_be32(entry) != tag || offset >= store_len)
			continue;
		*v = (struct values){ hf_get_be32(entry + 4),
				      hf_get_be32(entry + 12),
				      { store + offset, store_len - offset } };
		return true;
	}
	return false;
}

/* The next NUL-ended text; false where the store ends first. */
static bool next_text(struct values *v, hf_bytes *text)
{
	const uint8_t *end = v->at.len > 0 ? memchr(v->at.ptr, 0, v->at.len) : NULL;

	if (v->n == 0 || end == NULL)
		return false;
	*text = (hf_bytes){ v->at.ptr, (size_t)(end - v->at.ptr) };
	v->at = hf_span_from(v->at, text->len + 1);
	v->n--;
	return true;
}

static hf_bytes get_text(hf_bytes header, uint32_t tag)
{
	struct values v;
	hf_bytes text;

	if (!find(header, tag, &v) ||
	    (v.type != TYPE_STRING && v.type != TYPE_I18N && v.type != TYPE_STRING_ARRAY))
		return (hf_bytes){ 0 };
	return next_text(&v, &text) ? text : (hf_bytes){ 0 };
}

static bool nth_int(const struct values *v, uint32_t at, uint32_t *out)
{
	if (v->type != TYPE_INT32 || at >= v->n || v->at.len / 4 <= at)
		return false;
	*out = hf_get_be32(v->at.ptr + (size_t)at * 4);
	return true;
}

static bool get_int(hf_bytes header, uint32_t tag, uint32_t *out)
{
	struct values v;

	return find(header, tag, &v) && nth_int(&v, 0, out);
}

static bool find_texts(hf_bytes header, uint32_t tag, struct values *v)
{
	return find(header, tag, v) && v->type == TYPE_STRING_ARRAY;
}

/* "bash-5.1.8-6.el9.src.rpm": from the right, suffix, release, version, name. */
static void read_source(hf_bytes rpm, struct hf__package *p, hf_bytes epoch, uint8_t *room, size_t cap)
{
	size_t n = rpm.len, hyphens = 0;

	if (rpm.ptr == NULL)
		return;
	if (!hf_span_ends(rpm, ".src.rpm") && !hf_span_ends(rpm, ".nosrc.rpm"))
		return;
	n -= hf_span_ends(rpm, ".nosrc.rpm") ? strlen(".nosrc.rpm") : strlen(".src.rpm");
	size_t end = n;
	while (n > 0 && hyphens < 2)
		if (rpm.ptr[--n] == '-')
			hyphens++;
	if (hyphens < 2 || n == 0)
		return;
	p->source = hf_span_upto(rpm, n);
	struct hf_out out = { room, cap, 0 };
	if (hf_out_put(&out, epoch) == HF_OK &&
	    hf_out_put(&out, (hf_bytes){ rpm.ptr + n + 1, end - n - 1 }) == HF_OK)
		p->source_version = hf_out_bytes(&out);
}

struct file_tags {
	struct values names, digests, dir_of, flags;
	hf_bytes *dirs; /* n_dirs of them */
	uint32_t n_dirs;
	unsigned alg;
};

static unsigned digest_alg(hf_bytes header)
{
	uint32_t algo;

	if (!get_int(header, TAG_DIGEST_ALGO, &algo) || algo == ALGO_MD5)
		return HF_DIGEST_MD5;
	if (algo == ALGO_SHA256)
		return HF_DIGEST_SHA256;
	return algo == ALGO_SHA1 ? HF_DIGEST_SHA1 : HF_DIGEST_OTHER;
}

static hf_err put_file(const struct hf__file *f, struct hf__owned *o, struct file_tags *t, uint32_t i)
{
	uint8_t path[2 * HF__FIELD_MAX], raw[64];
	struct hf_out out = HF_OUT(path), digest = HF_OUT(raw);
	struct hf__owned owned = *o;
	uint32_t dir, flags = 0;
	hf_bytes base, hex = { 0 };

	if (!next_text(&t->names, &base)) {
		t->names.n = 0; /* the store ends here */
		return HF_OK;
	}
	if (t->digests.n > 0 && !next_text(&t->digests, &hex))
		t->digests.n = 0;
	if (!nth_int(&t->dir_of, i, &dir) || dir >= t->n_dirs || base.len == 0)
		return HF_OK;
	if (hf_out_put(&out, hf_span_upto(t->dirs[dir], HF__FIELD_MAX)) != HF_OK ||
	    hf_out_put(&out, hf_span_upto(base, HF__FIELD_MAX)) != HF_OK)
		return HF_OK;
	if (hex.len > 2 * sizeof(raw) || hf_hex_decode(hex, &digest) != HF_OK)
		digest.len = 0;
	(void)nth_int(&t->flags, i, &flags);
	owned.file = hf_out_bytes(&out);
	owned.digest = hf_out_bytes(&digest);
	owned.alg = digest.len > 0 ? t->alg : HF_DIGEST_NONE;
	owned.conf = (flags & (FLAG_CONFIG | FLAG_GHOST)) != 0;
	return hf__put_owned(f, &owned);
}

/* Folders are named once and numbered; the table makes each file one step. */
static hf_err load_dirs(hf_bytes header, struct file_tags *t)
{
	struct values v;
	uint32_t n;

	if (!find_texts(header, TAG_DIRNAMES, &v) || v.n == 0)
		return HF_OK;
	n = v.n < v.at.len ? v.n : (uint32_t)v.at.len; /* a text takes a byte at least */
	t->dirs = calloc(n, sizeof(t->dirs[0]));
	if (t->dirs == NULL)
		return HF_ERR_HOST_MEMORY;
	while (t->n_dirs < n && next_text(&v, &t->dirs[t->n_dirs]))
		t->n_dirs++;
	return HF_OK;
}

static hf_err put_all(const struct hf__file *f, struct file_tags *t, hf_bytes package)
{
	struct hf__owned o = { .package = package };

	for (uint32_t i = 0; t->names.n > 0; i++)
		HF_TRY(put_file(f, &o, t, i));
	return HF_OK;
}

static hf_err put_files(const struct hf__file *f, hf_bytes header, hf_bytes package)
{
	struct file_tags t = { .alg = digest_alg(header) };
	hf_err err;

	if (!find_texts(header, TAG_BASENAMES, &t.names) || !find(header, TAG_DIR_INDEXES, &t.dir_of))
		return HF_OK;
	if (!find_texts(header, TAG_FILE_DIGESTS, &t.digests))
		t.digests.n = 0;
	if (!find(header, TAG_FILE_FLAGS, &t.flags))
		t.flags.n = 0;
	HF_TRY(load_dirs(header, &t));
	err = put_all(f, &t, package);
	free(t.dirs);
	return err;
}

static bool is_header(hf_bytes h)
{
	if (h.len < INTRO_LEN)
		return false;
	uint64_t entries = hf_get_be32(h.ptr), store = hf_get_be32(h.ptr + 4);
	return entries > 0 && entries <= ENTRIES_MAX && INTRO_LEN + entries * ENTRY_LEN + store <= h.len;
}

hf_err hf__rpm_header(const struct hf__file *f, hf_bytes header)
{
	uint8_t version[HF__FIELD_MAX], source[HF__FIELD_MAX];
	char epoch[16] = "";
	struct hf_out out = HF_OUT(version);
	uint32_t number;

	if (!is_header(header))
		return hf__put_problem(f, "rpm header is damaged");
	if (get_int(header, TAG_EPOCH, &number))
		(void)snprintf(epoch, sizeof(epoch), "%u:", number);
	hf_bytes e = { (const uint8_t *)epoch, strlen(epoch) };
	struct hf__package p = { .db = HF_DB_RPM,
				 .name = get_text(header, TAG_NAME),
				 .arch = get_text(header, TAG_ARCH),
				 .licence = get_text(header, TAG_LICENSE),
				 .homepage = get_text(header, TAG_URL),
				 .maintainer = get_text(header, TAG_VENDOR) };
	/* Keys of repositories are kept as packages without files. */
	if (hf_span_is(p.name, "gpg-pubkey"))
		return HF_OK;
	if (hf_out_put(&out, e) != HF_OK || hf_out_put(&out, get_text(header, TAG_VERSION)) != HF_OK ||
	    hf_out_put(&out, HF_STR("-")) != HF_OK ||
	    hf_out_put(&out, get_text(header, TAG_RELEASE)) != HF_OK)
		return hf__put_problem(f, "rpm version is too long");
	p.version = hf_out_bytes(&out);
	read_source(get_text(header, TAG_SOURCE_RPM), &p, e, source, sizeof(source));
	HF_TRY(hf__put_package(f, &p));
	return put_files(f, header, p.name);
}
