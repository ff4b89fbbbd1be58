/* CVE records, format 5 (cveproject.github.io/cve-schema): one a file.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

enum { CHANGES_MAX = 16, FILES_MAX = 8192 };

struct record {
	hf_bytes id, updated;
	bool rejected;
	unsigned cvss;
};

struct affected {
	hf_bytes vendor, product;
	bool otherwise; /* versions that no row names are affected */
	uint8_t files_room[FILES_MAX];
	struct hf_out files;
};

struct version {
	hf_bytes version, below, upto, type;
	bool affected, known;
	size_t n_changes;
	struct {
		hf_bytes at;
		bool affected;
	} change[CHANGES_MAX];
};

static void read_head(struct hf__json *j, struct record *r)
{
	hf_bytes name, state;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "cveId"))
			(void)hf__json_text(j, &r->id);
		else if (hf_span_is(name, "dateUpdated"))
			(void)hf__json_text(j, &r->updated);
		else if (hf_span_is(name, "state") && hf__json_text(j, &state))
			r->rejected = hf_span_is(state, "REJECTED");
		else if (!hf_span_is(name, "state"))
			hf__json_skip(j);
}

static unsigned read_score(struct hf__json *j)
{
	hf_bytes name, number = { 0 };

	if (!hf__json_enter(j, '{'))
		return 0;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "baseScore"))
			(void)hf__json_number(j, &number);
		else
			hf__json_skip(j);
	return hf__tenths(number);
}

/* metrics: [{"cvssV3_1": {...}}, ...]: the highest. */
static void read_metrics(struct hf__json *j, struct record *r)
{
	hf_bytes name;

	if (!hf__json_enter(j, '['))
		return;
	while (hf__json_item(j)) {
		if (!hf__json_enter(j, '{'))
			continue;
		while (hf__json_member(j, &name)) {
			unsigned score = 0;

			if (hf_span_begins(name, "cvssV"))
				score = read_score(j);
			else
				hf__json_skip(j);
			r->cvss = score > r->cvss ? score : r->cvss;
		}
	}
}

static bool is_affected(hf_bytes status, bool *known)
{
	*known = hf_span_is(status, "affected") || hf_span_is(status, "unaffected");
	return hf_span_is(status, "affected");
}

static void read_change(struct hf__json *j, struct version *v)
{
	hf_bytes name, at = { 0 }, status = { 0 };
	bool known, affected;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "at"))
			(void)hf__json_text(j, &at);
		else if (hf_span_is(name, "status"))
			(void)hf__json_text(j, &status);
		else
			hf__json_skip(j);
	affected = is_affected(status, &known);
	if (at.len == 0 || !known || v->n_changes >= CHANGES_MAX)
		return;
	v->change[v->n_changes].at = at;
	v->change[v->n_changes++].affected = affected;
}

static void read_changes(struct hf__json *j, struct version *v)
{
	if (!hf__json_enter(j, '['))
		return;
	while (hf__json_item(j))
		read_change(j, v);
}

static void read_version(struct hf__json *j, struct version *v)
{
	hf_bytes name, status = { 0 };
	const struct hf__json_want fields[] = { { "version", &v->version },
		       { "lessThan", &v->below },
		       { "lessThanOrEqual", &v->upto },
		       { "versionType", &v->type },
		       { "status", &status } };

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (hf__json_take(j, name, fields, sizeof(fields) / sizeof(fields[0])))
			continue;
		if (hf_span_is(name, "changes"))
			read_changes(j, v);
		else
			hf__json_skip(j);
	}
	v->affected = is_affected(status, &v->known);
}

/* Git hashes have no order; words such as "n/a" name no version. */
static bool is_ordered(const struct version *v)
{
	return v->known && v->version.len > 0 && !hf_span_is(v->type, "git") &&
	       !hf_span_is(v->version, "n/a") && !hf_span_is(v->version, "unspecified");
}

static char end_of(const struct version *v, hf_bytes to)
{
	if (hf_span_is(to, "*") || hf_span_is(v->version, "*"))
		return '*';
	if (to.len > 0)
		return v->upto.len > 0 ? '=' : '<';
	return v->n_changes > 0 ? '*' : '.';
}

/* [version, end) with its changes, as ranges that follow each other. */
static hf_err put_version(struct hf__store *s, const struct version *v)
{
	struct hf__range r = { .affected = v->affected, .from = v->version };

	if (!is_ordered(v))
		return HF_OK;
	for (size_t i = 0; i < v->n_changes; i++) {
		r.to = v->change[i].at;
		r.end = '<';
		HF_TRY(hf__range_put(&s->ranges, &r));
		r.from = r.to;
		r.affected = v->change[i].affected;
	}
	r.to = v->upto.len > 0 ? v->upto : v->below;
	r.end = end_of(v, r.to);
	if (r.end == '*')
		r.to = (hf_bytes){ 0 };
	return hf__range_put(&s->ranges, &r);
}

static hf_err read_versions(struct hf__json *j, struct hf__store *s)
{
	if (!hf__json_enter(j, '['))
		return HF_OK;
	while (hf__json_item(j)) {
		struct version v = { 0 };

		read_version(j, &v);
		HF_TRY(put_version(s, &v));
	}
	return HF_OK;
}

static void read_files(struct hf__json *j, struct affected *a)
{
	hf_bytes file;

	if (!hf__json_enter(j, '['))
		return;
	while (hf__json_item(j)) {
		if (!hf__json_text(j, &file) || memchr(file.ptr, '\n', file.len) != NULL)
			continue;
		/* A list that does not fit proves nothing: it is left out whole. */
		if (a->files.cap - a->files.len < file.len + 1) {
			a->files.len = a->files.cap = 0;
			continue;
		}
		memcpy(a->files.ptr + a->files.len, file.ptr, file.len);
		a->files.len += file.len;
		a->files.ptr[a->files.len++] = '\n';
	}
}

static hf_err put_affected(struct hf__store *s, const struct record *r, const struct affected *a)
{
	uint8_t key[HF_FEED_KEY_CAP];
	struct hf_out k = HF_OUT(key);
	struct hf__row row = { .vuln = r->id,
			       .files = hf_out_bytes(&a->files),
			       .scheme = HF_VERSION_GENERIC,
			       .status = HF_VULN_AFFECTED };
	struct hf__range all = { .affected = true, .end = '*' };
	bool is_linux = hf__is_nocase(a->vendor, "linux") && hf__is_nocase(a->product, "linux");

	if ((s->ranges.len == 0 && !a->otherwise) || a->product.len == 0 ||
	    hf__is_nocase(a->product, "n/a") ||
	    !hf__key(&k, "cpe/", a->vendor, ":", is_linux ? HF_STR("linux_kernel") : a->product))
		return HF_OK;
	row.key = hf_out_bytes(&k);
	if (is_linux)
		row.scheme = HF_VERSION_LINUX;
	if (a->otherwise)
		HF_TRY(hf__range_put(&s->ranges, &all));
	return hf__store_row(s, &row);
}

static hf_err read_affected(struct hf__json *j, struct hf__store *s, const struct record *r)
{
	struct affected a = { .files = { a.files_room, FILES_MAX, 0 } };
	hf_bytes name, status;
	bool known;
	size_t mark = j->arena.len;

	hf_buf_reset(&s->ranges);
	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "vendor"))
			(void)hf__json_text(j, &a.vendor);
		else if (hf_span_is(name, "product"))
			(void)hf__json_text(j, &a.product);
		else if (hf_span_is(name, "defaultStatus"))
			a.otherwise = hf__json_text(j, &status) && is_affected(status, &known);
		else if (hf_span_is(name, "versions"))
			HF_TRY(read_versions(j, s));
		else if (hf_span_is(name, "programFiles"))
			read_files(j, &a);
		else
			hf__json_skip(j);
	hf_err err = put_affected(s, r, &a);
	j->arena.len = mark;
	return err;
}

static hf_err read_container(struct hf__json *j, struct hf__store *s, struct record *r)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name)) {
		if (hf_span_is(name, "metrics"))
			read_metrics(j, r);
		else if (!hf_span_is(name, "affected"))
			hf__json_skip(j);
		else if (hf__json_enter(j, '['))
			while (hf__json_item(j))
				HF_TRY(read_affected(j, s, r));
	}
	return HF_OK;
}

static hf_err read_containers(struct hf__json *j, struct hf__store *s, struct record *r)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name)) {
		if (hf_span_is(name, "cna"))
			HF_TRY(read_container(j, s, r));
		else if (!hf_span_is(name, "adp"))
			hf__json_skip(j);
		else if (hf__json_enter(j, '['))
			while (hf__json_item(j))
				HF_TRY(read_container(j, s, r));
	}
	return HF_OK;
}

hf_err hf__read_cve(struct hf__store *s, hf_bytes text)
{
	uint8_t room[HF__ARENA];
	struct hf__json j = hf__json_start(text, HF_OUT(room)), again = j;
	struct record r = { 0 };
	hf_bytes name;

	if (!hf__json_enter(&j, '{'))
		return HF_ERR_FEED_FORMAT;
	while (hf__json_member(&j, &name))
		if (hf_span_is(name, "cveMetadata"))
			read_head(&j, &r);
		else
			hf__json_skip(&j);
	if (!hf__json_is_whole(&j) || !hf__is_cve(r.id) || !hf__json_enter(&again, '{'))
		return HF_ERR_FEED_FORMAT;
	again.arena = j.arena;
	while (hf__json_member(&again, &name))
		if (hf_span_is(name, "containers") && !r.rejected)
			HF_TRY(read_containers(&again, s, &r));
		else
			hf__json_skip(&again);
	hf__store_count(s, r.updated);
	return hf__store_score(s, r.id, r.cvss);
}
