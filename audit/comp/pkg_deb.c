/* dpkg's and opkg's databases: stanzas of fields, lists of files, their MD5 sums.
 * Every state that has files counts: Debian's installer leaves its packages "unpacked".
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "comp_priv.h"

struct stanza {
	struct hf__package p;
	bool absent; /* only configuration is left, or nothing */
	bool unpacked;
	uint8_t depends[HF__FIELD_MAX];
};

/* "Source: glibc (2.36-9)" */
static void read_source(struct hf__package *p, hf_bytes value)
{
	hf_bytes rest, version;

	p->source = hf_span_trim(hf__before(value, '(', &rest));
	version = hf__before(rest, ')', &rest);
	p->source_version = hf_span_trim(version);
}

/* "install ok installed": the third word is the state. */
static void read_status(struct stanza *s, hf_bytes value)
{
	hf_bytes state;

	(void)hf__before(value, ' ', &state);
	(void)hf__before(state, ' ', &state);
	state = hf_span_trim(state);
	s->absent = hf_span_is(state, "config-files") || hf_span_is(state, "not-installed");
	s->unpacked = hf_span_is(state, "unpacked");
}

static void read_field(struct stanza *s, hf_bytes line)
{
	struct hf_out names = HF_OUT(s->depends);
	hf_bytes value;
	const struct {
		const char *name;
		hf_bytes *to;
	} plain[] = {
		{ "Package", &s->p.name },      { "Version", &s->p.version },
		{ "Architecture", &s->p.arch }, { "Homepage", &s->p.homepage },
		{ "License", &s->p.licence },   { "Maintainer", &s->p.maintainer },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (hf__field(line, plain[i].name, plain[i].to))
			return;
	if (hf__field(line, "Source", &value))
		read_source(&s->p, value);
	else if (hf__field(line, "Status", &value))
		read_status(s, value);
	else if (hf__field(line, "Depends", &value)) {
		hf__depend_names(value, ',', &names);
		s->p.depends = hf_out_bytes(&names);
	}
}

static hf_err put_stanza(const struct hf__file *f, struct stanza *s, unsigned db)
{
	if (s->p.name.len == 0 || s->absent)
		return HF_OK;
	s->p.db = db;
	s->p.no_source =
		db == HF_DB_DPKG && s->p.source.len == 0 && (s->unpacked || hf_span_ends(s->p.name, "-udeb"));
	/* opkg's Source is a path of the build, not a name. */
	if (db == HF_DB_OPKG)
		s->p.source = s->p.source_version = (hf_bytes){ 0 };
	return hf__put_package(f, &s->p);
}

/* "Conffiles:" and its lines " /etc/x MD5". */
static hf_err put_conffile(const struct hf__file *f, const struct stanza *s, hf_bytes line)
{
	hf_bytes rest, name = hf__before(hf_span_trim(line), ' ', &rest);
	struct hf__owned o = { .package = s->p.name, .file = name, .conf = true };

	if (name.len == 0 || name.ptr[0] != '/')
		return HF_OK;
	return hf__put_owned(f, &o);
}

static hf_err read_status_file(const struct hf__file *f, unsigned db)
{
	struct stanza s = { 0 };
	hf_bytes rest = f->bytes, line;
	bool in_conffiles = false;

	while (hf_span_line(&rest, &line)) {
		if (line.len == 0) {
			HF_TRY(put_stanza(f, &s, db));
			memset(&s, 0, sizeof(s));
			in_conffiles = false;
		} else if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
			if (in_conffiles)
				HF_TRY(put_conffile(f, &s, line));
		} else {
			in_conffiles = hf_span_begins(line, "Conffiles:");
			read_field(&s, line);
		}
	}
	return put_stanza(f, &s, db);
}

hf_err hf__read_dpkg_status(const struct hf__file *f)
{
	return read_status_file(f, HF_DB_DPKG);
}

hf_err hf__read_opkg_status(const struct hf__file *f)
{
	return read_status_file(f, HF_DB_OPKG);
}

/* ".../info/libc6:armhf.list" -> "libc6" */
static hf_bytes package_of(hf_bytes name, const char *suffix)
{
	hf_bytes rest;

	for (size_t i = name.len; i > 0; i--)
		if (name.ptr[i - 1] == '/') {
			name = hf_span_from(name, i);
			break;
		}
	return hf__before(hf_span_upto(name, name.len - strlen(suffix)), ':', &rest);
}

hf_err hf__read_list(const struct hf__file *f)
{
	struct hf__owned o = { .package = package_of(f->name, ".list") };
	hf_bytes rest = f->bytes, line, after;

	while (hf_span_line(&rest, &line)) {
		o.file = hf__before(line, '\t', &after); /* opkg adds a mode */
		if (o.file.len > 1 && o.file.ptr[0] == '/' && !hf_span_is(o.file, "/."))
			HF_TRY(hf__put_owned(f, &o));
	}
	return HF_OK;
}

hf_err hf__read_conffiles(const struct hf__file *f)
{
	struct hf__owned o = { .package = package_of(f->name, ".conffiles"), .conf = true };
	hf_bytes rest = f->bytes, line, after;

	while (hf_span_line(&rest, &line)) {
		o.file = hf__before(line, ' ', &after);
		if (o.file.len > 1 && o.file.ptr[0] == '/')
			HF_TRY(hf__put_owned(f, &o));
	}
	return HF_OK;
}

hf_err hf__read_md5sums(const struct hf__file *f)
{
	enum { MD5_HEX = 32, MD5_LEN = 16 };
	hf_bytes rest = f->bytes, line;

	while (hf_span_line(&rest, &line)) {
		uint8_t md5[MD5_LEN];
		struct hf_out digest = HF_OUT(md5);
		hf_bytes hex = hf_span_upto(line, MD5_HEX), file = hf_span_trim(hf_span_from(line, MD5_HEX));

		if (hex.len != MD5_HEX || file.len == 0 || hf_hex_decode(hex, &digest) != HF_OK)
			continue;
		struct hf__owned o = { .package = package_of(f->name, ".md5sums"),
				       .file = file,
				       .digest = hf_out_bytes(&digest),
				       .alg = HF_DIGEST_MD5 };
		HF_TRY(hf__put_owned(f, &o));
	}
	return HF_OK;
}
