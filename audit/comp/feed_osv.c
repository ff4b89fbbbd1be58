/* OSV records (ossf.github.io/osv-schema): one a file. Git ranges are not read, the versions beside them are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

enum { IDS_MAX = 64 };

struct record {
	hf_bytes id, modified;
	bool withdrawn;
	unsigned cvss;
	size_t n_ids;
	hf_bytes ids[IDS_MAX]; /* under which the rows are kept: CVEs when there are any */
};

/* "DEBIAN-CVE-2023-1" is CVE-2023-1 as one distribution sees it. */
static hf_bytes cve_in(hf_bytes id)
{
	for (size_t i = 0; i + 4 <= id.len; i++)
		if (memcmp(id.ptr + i, "CVE-", 4) == 0)
			return hf_span_from(id, i);
	return (hf_bytes){ 0 };
}

static void add_id(struct record *r, hf_bytes id)
{
	hf_bytes cve = cve_in(id);

	if (!hf__is_cve(cve) || r->n_ids >= IDS_MAX)
		return;
	for (size_t i = 0; i < r->n_ids; i++)
		if (hf_bytes_equal(r->ids[i], cve))
			return;
	r->ids[r->n_ids++] = cve;
}

static void read_ids(struct hf__json *j, struct record *r)
{
	hf_bytes id;

	if (!hf__json_enter(j, '['))
		return;
	while (hf__json_item(j))
		if (hf__json_text(j, &id))
			add_id(r, id);
}

static unsigned read_severity(struct hf__json *j)
{
	unsigned best = 0;
	hf_bytes name, vector = { 0 };

	if (!hf__json_enter(j, '['))
		return 0;
	while (hf__json_item(j)) {
		if (!hf__json_enter(j, '{'))
			continue;
		while (hf__json_member(j, &name))
			if (hf_span_is(name, "score"))
				(void)hf__json_text(j, &vector);
			else
				hf__json_skip(j);
		unsigned score = hf__cvss3(vector);
		best = score > best ? score : best;
	}
	return best;
}

static void read_head(struct hf__json *j, struct record *r)
{
	hf_bytes name, text;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (hf_span_is(name, "id"))
			(void)hf__json_text(j, &r->id);
		else if (hf_span_is(name, "modified"))
			(void)hf__json_text(j, &r->modified);
		else if (hf_span_is(name, "withdrawn"))
			r->withdrawn = hf__json_text(j, &text);
		else if (hf_span_is(name, "aliases") || hf_span_is(name, "upstream"))
			read_ids(j, r);
		else if (hf_span_is(name, "severity"))
			r->cvss = read_severity(j);
		else
			hf__json_skip(j);
	}
	add_id(r, r->id);
	if (r->n_ids == 0)
		r->ids[r->n_ids++] = r->id;
}

struct package {
	hf_bytes ecosystem, name, urgency;
	unsigned cvss;
};

static void read_package(struct hf__json *j, struct package *p)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "ecosystem"))
			(void)hf__json_text(j, &p->ecosystem);
		else if (hf_span_is(name, "name"))
			(void)hf__json_text(j, &p->name);
		else
			hf__json_skip(j);
}

static void read_specific(struct hf__json *j, struct package *p)
{
	hf_bytes name, word;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "urgency"))
			(void)hf__json_text(j, &p->urgency);
		else if (hf_span_is(name, "severity") && hf__json_text(j, &word))
			p->cvss = hf__severity_word(word);
		else if (!hf_span_is(name, "severity"))
			hf__json_skip(j);
}

static unsigned scheme_of(hf_bytes ecosystem)
{
	static const struct {
		const char *begins;
		unsigned scheme;
	} table[] = {
		{ "Debian", HF_VERSION_DPKG },      { "Ubuntu", HF_VERSION_DPKG },
		{ "Alpine", HF_VERSION_APK },       { "Chainguard", HF_VERSION_APK },
		{ "Wolfi", HF_VERSION_APK },        { "Red Hat", HF_VERSION_RPM },
		{ "Rocky Linux", HF_VERSION_RPM },  { "AlmaLinux", HF_VERSION_RPM },
		{ "openSUSE", HF_VERSION_RPM },     { "SUSE", HF_VERSION_RPM },
		{ "openEuler", HF_VERSION_RPM },    { "Mageia", HF_VERSION_RPM },
		{ "npm", HF_VERSION_SEMVER },       { "Go", HF_VERSION_SEMVER },
		{ "crates.io", HF_VERSION_SEMVER }, { "Linux", HF_VERSION_LINUX },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (hf_span_begins(ecosystem, table[i].begins))
			return table[i].scheme;
	return HF_VERSION_GENERIC;
}

/* "Debian:12" -> "debian:12/name"; of upstream projects "generic/name". */
static bool make_key(const struct package *p, struct hf_out *key)
{
	hf_bytes ecosystem = p->ecosystem;

	if (hf_span_begins(ecosystem, "Ubuntu") && hf_span_ends(ecosystem, ":LTS"))
		ecosystem.len -= strlen(":LTS");
	if (hf_span_begins(p->ecosystem, "OSS-Fuzz") || hf_span_begins(p->ecosystem, "Bitnami"))
		return hf__key(key, "generic/", p->name, "", (hf_bytes){ 0 });
	if (hf_span_is(p->ecosystem, "Linux"))
		return hf__key(key, "cpe/", HF_STR("linux"), ":", HF_STR("linux_kernel"));
	return hf__key(key, "", ecosystem, "/", p->name);
}

/* Events in their order: "introduced" opens, "fixed" and "last_affected" close. */
static hf_err read_event(struct hf__json *j, struct hf__store *s, struct hf__range *open, bool *is_open)
{
	hf_bytes name, version;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name)) {
		bool from = hf_span_is(name, "introduced"), below = hf_span_is(name, "fixed");
		bool upto = hf_span_is(name, "last_affected");

		if (!hf__json_text(j, &version) || !(from || below || upto))
			continue;
		if (from) {
			*open = (struct hf__range){ .affected = true, .from = version, .end = '*' };
			*is_open = true;
		} else if (*is_open) {
			open->to = version;
			open->end = below ? '<' : '=';
			*is_open = false;
			HF_TRY(hf__range_put(&s->ranges, open));
		}
	}
	return HF_OK;
}

static hf_err read_events(struct hf__json *j, struct hf__store *s)
{
	struct hf__range open = { 0 };
	bool is_open = false;

	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j))
		HF_TRY(read_event(j, s, &open, &is_open));
	return is_open ? hf__range_put(&s->ranges, &open) : HF_OK;
}

static hf_err read_range(struct hf__json *j, struct hf__store *s, unsigned *scheme)
{
	hf_bytes name, type = { 0 };
	struct hf__json again = *j;
	size_t before = s->ranges.len;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "type"))
			(void)hf__json_text(j, &type);
		else
			hf__json_skip(j);
	again.arena = j->arena;
	if (hf_span_is(type, "GIT") || !hf__json_enter(&again, '{'))
		return HF_OK;
	while (hf__json_member(&again, &name))
		if (hf_span_is(name, "events"))
			HF_TRY(read_events(&again, s));
		else
			hf__json_skip(&again);
	if (hf_span_is(type, "SEMVER") && *scheme == HF_VERSION_GENERIC && s->ranges.len > before)
		*scheme = HF_VERSION_SEMVER;
	return HF_OK;
}

static hf_err read_ranges(struct hf__json *j, struct hf__store *s, unsigned *scheme)
{
	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j))
		HF_TRY(read_range(j, s, scheme));
	return HF_OK;
}

/* Tags of upstream projects: "curl-7_81_0", "v4.6.0-stable", "openssl-3.0.0" -> the version in them. */
static hf_bytes version_in_tag(hf_bytes tag, uint8_t *room, size_t cap)
{
	size_t n = 0, begin = 0;

	while (begin < tag.len && (tag.ptr[begin] < '0' || tag.ptr[begin] > '9'))
		begin++;
	tag = hf_span_from(tag, begin);
	if (hf_span_ends(tag, "-stable") || hf_span_ends(tag, "-release"))
		tag.len -= strlen(hf_span_ends(tag, "-stable") ? "-stable" : "-release");
	for (; n < tag.len && n < cap; n++)
		room[n] = tag.ptr[n] == '_' ? '.' : tag.ptr[n];
	return (hf_bytes){ room, n };
}

static hf_err read_versions(struct hf__json *j, struct hf__store *s, bool tags)
{
	struct hf__range one = { .affected = true, .end = '.' };
	uint8_t room[64];

	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j)) {
		if (!hf__json_text(j, &one.from))
			continue;
		if (tags)
			one.from = version_in_tag(one.from, room, sizeof(room));
		if (one.from.len > 0)
			HF_TRY(hf__range_put(&s->ranges, &one));
	}
	return HF_OK;
}

static hf_err put_rows(struct hf__store *s, const struct record *r, const struct package *p, unsigned scheme)
{
	uint8_t key[HF_FEED_KEY_CAP];
	struct hf_out k = HF_OUT(key);
	struct hf__row row = { .scheme = scheme };
	struct hf_buf ranges HF_AUTO(hf_buf_free) = HF_BUF(HF__RANGES_MAX);

	row.status = hf_span_is(p->urgency, "unimportant") ? HF_VULN_UNIMPORTANT : HF_VULN_AFFECTED;
	if (s->ranges.len == 0 || r->withdrawn || !make_key(p, &k))
		return HF_OK;
	row.key = hf_out_bytes(&k);
	HF_TRY(hf_buf_put(&ranges, hf_buf_bytes(&s->ranges)));
	for (size_t i = 0; i < r->n_ids; i++) {
		row.vuln = r->ids[i];
		hf_buf_reset(&s->ranges);
		HF_TRY(hf_buf_put(&s->ranges, hf_buf_bytes(&ranges)));
		HF_TRY(hf__store_row(s, &row));
		HF_TRY(hf__store_score(s, r->ids[i], p->cvss > r->cvss ? p->cvss : r->cvss));
	}
	return HF_OK;
}

static hf_err read_affected_versions(struct hf__json *j, struct hf__store *s, const struct record *r,
				     const struct package *p)
{
	unsigned scheme = scheme_of(p->ecosystem);
	/* Of distributions the ranges say it all. */
	bool wants_list = scheme != HF_VERSION_DPKG && scheme != HF_VERSION_APK && scheme != HF_VERSION_RPM;
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "ranges"))
			HF_TRY(read_ranges(j, s, &scheme));
		else if (hf_span_is(name, "versions") && wants_list)
			HF_TRY(read_versions(j, s, hf_span_is(p->ecosystem, "OSS-Fuzz")));
		else
			hf__json_skip(j);
	return put_rows(s, r, p, scheme);
}

static hf_err read_affected(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	struct hf__json again = *j;
	struct package p = { 0 };
	hf_bytes name;
	size_t mark = j->arena.len;
	hf_err err;

	hf_buf_reset(&s->ranges);
	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "package"))
			read_package(j, &p);
		else if (hf_span_is(name, "ecosystem_specific"))
			read_specific(j, &p);
		else
			hf__json_skip(j);
	again.arena = j->arena;
	err = read_affected_versions(&again, s, r, &p);
	j->arena.len = mark;
	return err;
}

static hf_err read_all_affected(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j))
		HF_TRY(read_affected(j, s, r));
	return HF_OK;
}

hf_err hf__read_osv(struct hf__store *s, hf_bytes text)
{
	uint8_t room[HF__ARENA];
	struct hf__json j = hf__json_start(text, HF_OUT(room)), again = j;
	struct record r = { 0 };
	hf_bytes name;

	read_head(&j, &r);
	if (!hf__json_is_whole(&j) || r.id.len == 0 || !hf__json_enter(&again, '{'))
		return HF_ERR_FEED_FORMAT;
	again.arena = j.arena; /* the head's texts stay */
	while (hf__json_member(&again, &name))
		if (hf_span_is(name, "affected"))
			HF_TRY(read_all_affected(&again, s, &r));
		else
			hf__json_skip(&again);
	hf__store_count(s, r.modified);
	return HF_OK;
}
