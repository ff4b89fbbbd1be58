/* Licences and creators of parts: from the policy, the package database, Debian's copyright files.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/components.h>
#include <hf/span.h>

static const char unknown[] = "LicenseRef-holdfast-unknown";

struct words {
	char *at;
	size_t len;
	bool full;
};

static void put(struct words *w, const char *text, size_t n)
{
	if (w->len + n >= HF_LICENCE_CAP) {
		w->full = true;
		return;
	}
	memcpy(w->at + w->len, text, n);
	w->len += n;
	w->at[w->len] = 0;
}

static bool is_id_sign(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
	       c == '-';
}

/* What Debian and others write, and what SPDX calls it. Names that are in neither list get a reference. */
static const struct {
	const char *name, *spdx;
} table[] = {
	{ "GPL-1+", "GPL-1.0-or-later" },
	{ "GPL-2", "GPL-2.0-only" },
	{ "GPL-2+", "GPL-2.0-or-later" },
	{ "GPL-3", "GPL-3.0-only" },
	{ "GPL-3+", "GPL-3.0-or-later" },
	{ "GPLv2", "GPL-2.0-only" },
	{ "GPLv2+", "GPL-2.0-or-later" },
	{ "GPLv3", "GPL-3.0-only" },
	{ "GPLv3+", "GPL-3.0-or-later" },
	{ "LGPL-2", "LGPL-2.0-only" },
	{ "LGPL-2+", "LGPL-2.0-or-later" },
	{ "LGPL-2.1", "LGPL-2.1-only" },
	{ "LGPL-2.1+", "LGPL-2.1-or-later" },
	{ "LGPL-3", "LGPL-3.0-only" },
	{ "LGPL-3+", "LGPL-3.0-or-later" },
	{ "LGPLv2+", "LGPL-2.0-or-later" },
	{ "LGPLv2.1+", "LGPL-2.1-or-later" },
	{ "Expat", "MIT" },
	{ "MIT", "MIT" },
	{ "X11", "X11" },
	{ "ISC", "ISC" },
	{ "BSD-2-clause", "BSD-2-Clause" },
	{ "BSD-3-clause", "BSD-3-Clause" },
	{ "BSD-4-clause", "BSD-4-Clause" },
	{ "Apache-2.0", "Apache-2.0" },
	{ "Apache-2", "Apache-2.0" },
	{ "Zlib", "Zlib" },
	{ "zlib", "Zlib" },
	{ "OpenSSL", "OpenSSL" },
	{ "MPL-2.0", "MPL-2.0" },
	{ "MPL-1.1", "MPL-1.1" },
	{ "Artistic", "Artistic-1.0-Perl" },
	{ "Artistic-2.0", "Artistic-2.0" },
	{ "BSL-1.0", "BSL-1.0" },
	{ "curl", "curl" },
	{ "Unicode", "Unicode-DFS-2016" },
	{ "PSF-2", "PSF-2.0" },
	{ "CC0", "CC0-1.0" },
	{ "CC0-1.0", "CC0-1.0" },
	{ "0BSD", "0BSD" },
	{ "Unlicense", "Unlicense" },
	{ "WTFPL", "WTFPL" },
	{ "GFDL-1.3+", "GFDL-1.3-or-later" },
	{ "GPL-2.0", "GPL-2.0-only" },
	{ "GPL-3.0", "GPL-3.0-only" },
	{ "GPL-2.0-only", "GPL-2.0-only" },
	{ "GPL-2.0-or-later", "GPL-2.0-or-later" },
	{ "GPL-3.0-only", "GPL-3.0-only" },
	{ "GPL-3.0-or-later", "GPL-3.0-or-later" },
	{ "LGPL-2.1-only", "LGPL-2.1-only" },
	{ "LGPL-2.1-or-later", "LGPL-2.1-or-later" },
	{ "LGPL-2.0-or-later", "LGPL-2.0-or-later" },
	{ "LGPL-3.0-or-later", "LGPL-3.0-or-later" },
	{ "BSD-2-Clause", "BSD-2-Clause" },
	{ "BSD-3-Clause", "BSD-3-Clause" },
	{ "Public-Domain", "LicenseRef-public-domain" },
	{ "public-domain", "LicenseRef-public-domain" },
	{ "bzip2-1.0.6", "bzip2-1.0.6" },
	{ "Beerware", "Beerware" },
};

static void put_word(struct words *w, const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].name) == n && memcmp(table[i].name, word, n) == 0) {
			put(w, table[i].spdx, strlen(table[i].spdx));
			return;
		}
	put(w, "LicenseRef-", strlen("LicenseRef-"));
	for (size_t i = 0; i < n; i++)
		put(w, is_id_sign(word[i]) ? &word[i] : "-", 1);
}

static size_t word_len(hf_bytes text, size_t at)
{
	size_t n = 0;

	while (at + n < text.len && !strchr(" ,;&|()\t", text.ptr[at + n]))
		n++;
	return n;
}

static bool is_join(const char *word, size_t n, const char *join)
{
	if (strlen(join) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((word[i] | 0x20) != (join[i] | 0x20))
			return false;
	return true;
}

/* One expression of foreign words: "GPL-2+ or Expat" -> "GPL-2.0-or-later OR MIT". */
static bool put_expression(struct words *w, hf_bytes text)
{
	const char *join = "";
	bool any = false;

	for (size_t at = 0; at < text.len; at++) {
		const char *word = (const char *)text.ptr + at;
		size_t n = word_len(text, at);

		if (text.ptr[at] == '|' || is_join(word, n, "or"))
			join = " OR ";
		else if (n > 0 && !is_join(word, n, "and") && !is_join(word, n, "with")) {
			if (any)
				put(w, join[0] ? join : " AND ", join[0] ? strlen(join) : 5);
			put_word(w, word, n);
			any = true;
			join = "";
		}
		at += n > 0 ? n - 1 : 0;
	}
	return any;
}

/* Names of a copyright file, one a line, each its own expression. */
static bool put_lines(struct words *w, hf_bytes lines)
{
	size_t begin = 0;
	bool any = false;

	for (size_t i = 0; i <= lines.len; i++) {
		if (i < lines.len && lines.ptr[i] != '\n')
			continue;
		hf_bytes line = { lines.ptr + begin, i - begin };
		bool alternatives = hf_span_has(line, " or ");
		if (any)
			put(w, " AND ", 5);
		if (alternatives)
			put(w, "(", 1);
		any |= put_expression(w, line);
		if (alternatives)
			put(w, ")", 1);
		begin = i + 1;
	}
	return any;
}

static bool from_policy(const struct hf_auditpolicy *policy, hf_bytes name, char *out)
{
	for (size_t i = 0; policy != NULL && i < policy->licences.n; i++) {
		const char *row = policy->licences.at[i], *sign = strchr(row, '=');

		if (sign == NULL || (size_t)(sign - row) != name.len || memcmp(row, name.ptr, name.len) != 0)
			continue;
		(void)snprintf(out, HF_LICENCE_CAP, "%s", sign + 1);
		return true;
	}
	return false;
}

static hf_bytes copyright_of(const struct hf_components *c, const struct hf_part *p)
{
	size_t n = hf_model_n(c->model, HF_FACT_LICENCE);

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(c->model, HF_FACT_LICENCE, i);
		const struct hf_fact *file = hf_model_file(c->model, f->path);

		if (hf_bytes_equal(f->text[HF_LICENCE_PACKAGE], p->name) && file != NULL &&
		    hf_bytes_equal(file->text[HF_FILE_TREE], p->tree))
			return f->text[HF_LICENCE_NAMES];
	}
	return (hf_bytes){ 0 };
}

bool hf_part_licence(const struct hf_components *c, const struct hf_auditpolicy *policy,
		     const struct hf_part *p, char out[static HF_LICENCE_CAP])
{
	struct words w = { .at = out };
	hf_bytes field = { 0 };
	bool found;

	out[0] = 0;
	if (from_policy(policy, p->name, out) || from_policy(policy, p->source, out))
		return true;
	if (p->fact->kind == HF_FACT_VERSION) {
		field = p->fact->text[HF_VERSION_LICENCE];
		put(&w, (const char *)field.ptr, field.len); /* ours: an SPDX expression already */
		found = field.len > 0;
	} else if (p->info != NULL && p->info->text[HF_INFO_LICENCE].len > 0) {
		found = put_expression(&w, p->info->text[HF_INFO_LICENCE]);
	} else {
		found = copyright_of(c, p).len > 0 && put_lines(&w, copyright_of(c, p));
	}
	if (found && !w.full)
		return true;
	(void)snprintf(out, HF_LICENCE_CAP, "%s", unknown);
	return false;
}

/* "Name <mail@example>" -> "mail@example" */
static hf_bytes mail_in(hf_bytes who)
{
	const uint8_t *open = who.len > 0 ? memchr(who.ptr, '<', who.len) : NULL;
	const uint8_t *at = who.len > 0 ? memchr(who.ptr, '@', who.len) : NULL;

	if (at == NULL)
		return (hf_bytes){ 0 };
	if (open == NULL)
		return who;
	size_t left = who.len - (size_t)(open + 1 - who.ptr);
	const uint8_t *close = memchr(open + 1, '>', left);
	return (hf_bytes){ open + 1, close != NULL ? (size_t)(close - open - 1) : left };
}

hf_bytes hf_part_creator(const struct hf_auditpolicy *policy, const struct hf_part *p)
{
	if (p->info != NULL && p->info->text[HF_INFO_HOMEPAGE].len > 0)
		return p->info->text[HF_INFO_HOMEPAGE];
	if (p->info != NULL && mail_in(p->info->text[HF_INFO_MAINTAINER]).len > 0)
		return mail_in(p->info->text[HF_INFO_MAINTAINER]);
	if (policy != NULL && policy->creator != NULL)
		return (hf_bytes){ (const uint8_t *)policy->creator, strlen(policy->creator) };
	return (hf_bytes){ 0 };
}
