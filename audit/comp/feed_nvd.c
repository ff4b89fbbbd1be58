/* NVD API 2.0 and its yearly files. A CPE that a product merely runs on ("vulnerable": false) is never
 * affected, and a hardware CPE says nothing about software.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

enum { CPE_PARTS = 6, NESTING_MAX = 8 };

struct record {
	hf_bytes id, modified;
	unsigned cvss;
};

static unsigned read_score(struct hf__json *j)
{
	hf_bytes name, number;
	unsigned score = 0;

	if (!hf__json_enter(j, '{'))
		return 0;
	while (hf__json_member(j, &name)) {
		if (!hf_span_is(name, "cvssData")) {
			hf__json_skip(j);
			continue;
		}
		if (!hf__json_enter(j, '{'))
			continue;
		while (hf__json_member(j, &name))
			if (hf_span_is(name, "baseScore") && hf__json_number(j, &number))
				score = hf__tenths(number);
			else if (!hf_span_is(name, "baseScore"))
				hf__json_skip(j);
	}
	return score;
}

/* Version 3 and 4 scores before those of version 2, which knew other bands. */
static unsigned read_metrics(struct hf__json *j)
{
	unsigned best = 0, old = 0;
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return 0;
	while (hf__json_member(j, &name)) {
		unsigned *to = hf_span_is(name, "cvssMetricV2") ? &old : &best;

		if (!hf__json_enter(j, '['))
			continue;
		while (hf__json_item(j)) {
			unsigned score = read_score(j);

			*to = score > *to ? score : *to;
		}
	}
	return best > 0 ? best : old;
}

struct cpe_match {
	bool vulnerable;
	hf_bytes criteria, from, from_after, to, below;
};

static void read_match(struct hf__json *j, struct cpe_match *m)
{
	hf_bytes name;
	const struct hf__json_want fields[] = { { "criteria", &m->criteria },
		       { "versionStartIncluding", &m->from },
		       { "versionStartExcluding", &m->from_after },
		       { "versionEndIncluding", &m->to },
		       { "versionEndExcluding", &m->below } };

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (hf__json_take(j, name, fields, sizeof(fields) / sizeof(fields[0])))
			continue;
		if (hf_span_is(name, "vulnerable"))
			hf__json_bool(j, &m->vulnerable);
		else
			hf__json_skip(j);
	}
}

/* cpe:2.3:PART:VENDOR:PRODUCT:VERSION:UPDATE:... A backslash quotes the next sign. */
static bool split_cpe(hf_bytes cpe, hf_bytes part[static CPE_PARTS])
{
	size_t n = 0, begin = 0;

	if (!hf_span_begins(cpe, "cpe:2.3:"))
		return false;
	cpe = hf_span_from(cpe, strlen("cpe:2.3:"));
	for (size_t i = 0; i <= cpe.len && n < CPE_PARTS; i++) {
		if (i < cpe.len && cpe.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (i < cpe.len && cpe.ptr[i] != ':')
			continue;
		part[n++] = hf_span_upto(hf_span_from(cpe, begin), i - begin);
		begin = i + 1;
	}
	return n >= 5;
}

/* Without the backslashes of CPE; an update ("p1", "rc2") belongs to the version. */
static hf_bytes plain_version(hf_bytes version, hf_bytes update, uint8_t *room, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < version.len && n < cap; i++)
		if (version.ptr[i] != '\\')
			room[n++] = version.ptr[i];
	if (update.len == 0 || update.ptr[0] == '*' || update.ptr[0] == '-')
		return (hf_bytes){ room, n };
	for (size_t i = 0; i < update.len && n < cap; i++)
		if (update.ptr[i] != '\\')
			room[n++] = update.ptr[i];
	return (hf_bytes){ room, n };
}

static hf_err put_ranges(struct hf__store *s, const struct cpe_match *m, hf_bytes version, hf_bytes update)
{
	struct hf__range r = { .affected = true, .from = m->from, .end = '*' };
	struct hf__range not_first = { .from = m->from_after, .end = '.' };
	uint8_t room[128];

	if (version.len > 0 && version.ptr[0] != '*' && version.ptr[0] != '-') {
		r.from = plain_version(version, update, room, sizeof(room));
		r.end = '.';
		return hf__range_put(&s->ranges, &r);
	}
	if (m->from_after.len > 0) {
		HF_TRY(hf__range_put(&s->ranges, &not_first));
		r.from = m->from_after;
	}
	if (m->below.len > 0 || m->to.len > 0) {
		r.to = m->below.len > 0 ? m->below : m->to;
		r.end = m->below.len > 0 ? '<' : '=';
	}
	return hf__range_put(&s->ranges, &r);
}

static hf_err put_match(struct hf__store *s, const struct record *r, const struct cpe_match *m)
{
	hf_bytes part[CPE_PARTS] = { { 0 } };
	uint8_t key[HF_FEED_KEY_CAP];
	struct hf_out k = HF_OUT(key);
	struct hf__row row = { .vuln = r->id, .scheme = HF_VERSION_GENERIC, .status = HF_VULN_AFFECTED };

	if (!m->vulnerable || !split_cpe(m->criteria, part) ||
	    !(hf_span_is(part[0], "a") || hf_span_is(part[0], "o")) ||
	    !hf__key(&k, "cpe/", part[1], ":", part[2]))
		return HF_OK;
	if (hf_span_is(part[1], "linux") && hf_span_is(part[2], "linux_kernel"))
		row.scheme = HF_VERSION_LINUX;
	row.key = hf_out_bytes(&k);
	hf_buf_reset(&s->ranges);
	HF_TRY(put_ranges(s, m, part[3], part[4]));
	return hf__store_row(s, &row);
}

static hf_err read_matches(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j)) {
		struct cpe_match m = { 0 };

		read_match(j, &m);
		HF_TRY(put_match(s, r, &m));
	}
	return HF_OK;
}

static hf_err read_node(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	struct hf__json again = *j;
	bool negated = false;
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "negate"))
			hf__json_bool(j, &negated);
		else
			hf__json_skip(j);
	if (negated || !hf__json_enter(&again, '{'))
		return HF_OK;
	while (hf__json_member(&again, &name))
		if (hf_span_is(name, "cpeMatch"))
			HF_TRY(read_matches(&again, s, r));
		else
			hf__json_skip(&again);
	return HF_OK;
}

static hf_err read_nodes(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j))
		HF_TRY(read_node(j, s, r));
	return HF_OK;
}

static hf_err read_configurations(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	hf_bytes name;

	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j)) {
		if (!hf__json_enter(j, '{'))
			continue;
		while (hf__json_member(j, &name))
			if (hf_span_is(name, "nodes"))
				HF_TRY(read_nodes(j, s, r));
			else
				hf__json_skip(j);
	}
	return HF_OK;
}

static void read_head(struct hf__json *j, struct record *r)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "id"))
			(void)hf__json_text(j, &r->id);
		else if (hf_span_is(name, "lastModified"))
			(void)hf__json_text(j, &r->modified);
		else if (hf_span_is(name, "metrics"))
			r->cvss = read_metrics(j);
		else
			hf__json_skip(j);
}

static hf_err read_cve(struct hf__json *j, struct hf__store *s)
{
	struct hf__json again = *j;
	struct record r = { 0 };
	hf_bytes name;

	read_head(j, &r);
	if (!hf__is_cve(r.id) || !hf__json_enter(&again, '{'))
		return HF_OK;
	again.arena = j->arena;
	while (hf__json_member(&again, &name))
		if (hf_span_is(name, "configurations"))
			HF_TRY(read_configurations(&again, s, &r));
		else
			hf__json_skip(&again);
	hf__store_count(s, r.modified);
	return hf__store_score(s, r.id, r.cvss);
}

static hf_err read_item(struct hf__json *j, struct hf__store *s)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "cve"))
			HF_TRY(read_cve(j, s));
		else
			hf__json_skip(j);
	j->arena.len = 0;
	return HF_OK;
}

hf_err hf__read_nvd(struct hf__store *s, hf_bytes text)
{
	uint8_t room[HF__ARENA];
	struct hf__json j = hf__json_start(text, HF_OUT(room));
	hf_bytes name;

	if (!hf__json_enter(&j, '{'))
		return HF_ERR_FEED_FORMAT;
	while (hf__json_member(&j, &name)) {
		if (!hf_span_is(name, "vulnerabilities"))
			hf__json_skip(&j);
		else if (hf__json_enter(&j, '['))
			while (hf__json_item(&j))
				HF_TRY(read_item(&j, s));
	}
	return hf__json_is_whole(&j) ? HF_OK : HF_ERR_FEED_FORMAT;
}
