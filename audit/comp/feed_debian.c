/* Debian's security tracker: one object {package: {CVE: {releases: {codename: {...}}}}}.
 * It carries no time of its own, so the file's does (see hf__each_document).
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"

struct entry {
	hf_bytes status, fixed, urgency, nodsa;
};

static void read_entry(struct hf__json *j, struct entry *e)
{
	hf_bytes name;
	const struct hf__json_want fields[] = { { "status", &e->status },
		       { "fixed_version", &e->fixed },
		       { "urgency", &e->urgency },
		       { "nodsa", &e->nodsa } };

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (!hf__json_take(j, name, fields, sizeof(fields) / sizeof(fields[0])))
			hf__json_skip(j);
	}
}

static unsigned status_of(const struct entry *e)
{
	if (hf_span_is(e->status, "undetermined"))
		return HF_VULN_UNDETERMINED;
	if (hf_span_is(e->urgency, "unimportant"))
		return HF_VULN_UNIMPORTANT;
	if (hf_span_is(e->status, "open") && e->nodsa.len > 0)
		return HF_VULN_NO_DSA;
	return HF_VULN_AFFECTED;
}

/* Fixed in "0" means that the package never had the fault: a range that holds no version. */
static hf_err put_entry(struct hf__store *s, hf_bytes package, hf_bytes cve, hf_bytes release,
			const struct entry *e)
{
	uint8_t eco[HF_FEED_KEY_CAP], key[HF_FEED_KEY_CAP];
	struct hf_out out_eco = HF_OUT(eco), out_key = HF_OUT(key);
	struct hf__range all = { .affected = true, .end = '*' };
	struct hf__row row = { .vuln = cve, .scheme = HF_VERSION_DPKG, .status = status_of(e) };

	if (!hf__key(&out_eco, "debian:", release, "", (hf_bytes){ 0 }) ||
	    !hf__key(&out_key, "", hf_out_bytes(&out_eco), "/", package))
		return HF_OK;
	row.key = hf_out_bytes(&out_key);
	if (hf_span_is(e->status, "resolved") && hf_span_is(e->fixed, "0"))
		all.affected = false;
	else if (e->fixed.len > 0) {
		all.to = e->fixed;
		all.end = '<';
	} else if (hf_span_is(e->status, "resolved"))
		all.affected = false;
	hf_buf_reset(&s->ranges);
	HF_TRY(hf__range_put(&s->ranges, &all));
	return hf__store_row(s, &row);
}

static hf_err read_releases(struct hf__json *j, struct hf__store *s, hf_bytes package, hf_bytes cve)
{
	hf_bytes release;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &release)) {
		struct entry e = { 0 };

		read_entry(j, &e);
		HF_TRY(put_entry(s, package, cve, release, &e));
	}
	return HF_OK;
}

static hf_err read_cve(struct hf__json *j, struct hf__store *s, hf_bytes package, hf_bytes cve)
{
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return HF_OK;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "releases"))
			HF_TRY(read_releases(j, s, package, cve));
		else
			hf__json_skip(j);
	hf__store_count(s, (hf_bytes){ 0 });
	return HF_OK;
}

hf_err hf__read_debian(struct hf__store *s, hf_bytes text)
{
	uint8_t room[HF__ARENA];
	struct hf__json j = hf__json_start(text, HF_OUT(room));
	hf_bytes package, cve;

	if (!hf__json_enter(&j, '{'))
		return HF_ERR_FEED_FORMAT;
	while (hf__json_member(&j, &package)) {
		if (!hf__json_enter(&j, '{'))
			continue;
		while (hf__json_member(&j, &cve))
			HF_TRY(read_cve(&j, s, package, cve));
		j.arena.len = 0;
	}
	return hf__json_is_whole(&j) ? HF_OK : HF_ERR_FEED_FORMAT;
}
