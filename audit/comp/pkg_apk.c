/* Alpine's database: one letter, a colon and a value per line; F and R give folders and files, Z digests.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

enum { SHA1_LEN = 20 };

struct entry {
	struct hf__package p;
	hf_bytes dir, file;
	uint8_t depends[HF__FIELD_MAX], sha1[SHA1_LEN];
	bool has_digest, is_put;
};

/* "Q1" and standard base64 with its padding. */
static bool read_q1(hf_bytes text, uint8_t sha1[static SHA1_LEN])
{
	uint8_t plain[32];
	struct hf_out out = { sha1, SHA1_LEN, 0 };
	hf_bytes b = hf_span_from(text, 2);

	while (b.len > 0 && b.ptr[b.len - 1] == '=')
		b.len--;
	if (!hf_span_begins(text, "Q1") || b.len > sizeof(plain))
		return false;
	for (size_t i = 0; i < b.len; i++)
		plain[i] = b.ptr[i] == '+' ? '-' : b.ptr[i] == '/' ? '_' : b.ptr[i];
	return hf_base64url_decode((hf_bytes){ plain, b.len }, &out) == HF_OK && out.len == SHA1_LEN;
}

static hf_err put_file(const struct hf__file *f, struct entry *e)
{
	uint8_t room[2 * HF__FIELD_MAX];
	struct hf_out name = HF_OUT(room);
	struct hf__owned o = { .package = e->p.name };

	if (e->file.len == 0)
		return HF_OK;
	if (hf_out_put(&name, HF_STR("/")) != HF_OK || hf_out_put(&name, e->dir) != HF_OK ||
	    hf_out_put(&name, e->dir.len > 0 ? HF_STR("/") : HF_STR("")) != HF_OK ||
	    hf_out_put(&name, e->file) != HF_OK)
		return HF_OK; /* longer than any path may be: no file of the image has it */
	o.file = hf_out_bytes(&name);
	o.conf = hf_span_begins(e->dir, "etc");
	if (e->has_digest) {
		o.alg = HF_DIGEST_SHA1;
		o.digest = HF_ARR(e->sha1);
	}
	e->file = (hf_bytes){ 0 };
	e->has_digest = false;
	return hf__put_owned(f, &o);
}

static hf_err put_package(const struct hf__file *f, struct entry *e)
{
	if (e->is_put || e->p.name.len == 0)
		return HF_OK;
	e->is_put = true;
	e->p.db = HF_DB_APK;
	return hf__put_package(f, &e->p);
}

static void read_plain(struct entry *e, char letter, hf_bytes value)
{
	struct hf_out names = HF_OUT(e->depends);
	const struct {
		char letter;
		hf_bytes *to;
	} plain[] = {
		{ 'P', &e->p.name },       { 'V', &e->p.version }, { 'A', &e->p.arch },
		{ 'o', &e->p.source },     { 'L', &e->p.licence }, { 'U', &e->p.homepage },
		{ 'm', &e->p.maintainer },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].letter == letter)
			*plain[i].to = value;
	if (letter == 'D') {
		hf__depend_names(value, ' ', &names);
		e->p.depends = hf_out_bytes(&names);
	}
}

static hf_err read_line(const struct hf__file *f, struct entry *e, char letter, hf_bytes value)
{
	if (letter == 'F' || letter == 'R') {
		HF_TRY(put_package(f, e));
		HF_TRY(put_file(f, e));
		*(letter == 'F' ? &e->dir : &e->file) = value;
		return HF_OK;
	}
	if (letter == 'Z')
		e->has_digest = read_q1(value, e->sha1);
	else
		read_plain(e, letter, value);
	return HF_OK;
}

hf_err hf__read_apk(const struct hf__file *f)
{
	struct entry e = { 0 };
	hf_bytes rest = f->bytes, line;

	while (hf_span_line(&rest, &line)) {
		if (line.len == 0) {
			HF_TRY(put_package(f, &e));
			HF_TRY(put_file(f, &e));
			memset(&e, 0, sizeof(e));
		} else if (line.len >= 2 && line.ptr[1] == ':') {
			HF_TRY(read_line(f, &e, (char)line.ptr[0], hf_span_from(line, 2)));
		}
	}
	HF_TRY(put_package(f, &e));
	return put_file(f, &e);
}
