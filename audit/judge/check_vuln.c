/* check_vuln.c -- published vulnerabilities of the components of an image, their age, and the feed's.
 * What a distribution judged harmless and what a proof rules out is no finding; the VEX documents list it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/case.h>
#include <hf/components.h>
#include "eol.h"

extern const struct hf_rule hf_rules_vuln[];
extern const size_t hf_n_rules_vuln;
enum { VULN_001, VULN_002, VULN_003, VULN_004, VULN_005, VULN_006 };
enum {
	ENDED_CAP = 96,
	TEXT_CAP = 256,
	KEY_CAP = HF_PURL_CAP + 64,
	BAND_CRITICAL = 90,
	BAND_HIGH = 70,
	BAND_MEDIUM = 40
};

static hf_bytes text_bytes(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

static uint8_t severity_of(unsigned cvss)
{
	if (cvss >= BAND_CRITICAL)
		return HF_SEV_CRITICAL;
	if (cvss >= BAND_HIGH)
		return HF_SEV_HIGH;
	return cvss >= BAND_MEDIUM || cvss == 0 ? HF_SEV_MEDIUM : HF_SEV_LOW;
}

/* "openssl 3.0.15-1: CVE-2024-1 CVSS 7.5 EPSS 12.30 %, fixed in 3.0.16-1 (debian)" */
static void describe(const struct hf_vuln *v, char out[static TEXT_CAP])
{
	const struct hf_vuln_hit *h = v->hit;
	char cvss[24] = "", epss[24] = "";

	if (h->cvss > 0)
		(void)snprintf(cvss, sizeof(cvss), " CVSS %u.%u", h->cvss / 10, h->cvss % 10);
	if (h->epss > 0)
		(void)snprintf(epss, sizeof(epss), " EPSS %u.%02u %%", h->epss / 1000, h->epss % 1000 / 10);
	(void)snprintf(out, TEXT_CAP, "%.*s %.*s: %s%s%s%s%s (%s)", (int)v->part->source.len,
		       (const char *)v->part->source.ptr, (int)v->part->source_version.len,
		       (const char *)v->part->source_version.ptr, h->id, cvss, epss,
		       h->fixed[0] ? ", fixed in " : "", h->fixed, h->source);
}

struct run {
	struct hf_case *c;
	uint64_t findings;
};

static hf_err on_vuln(void *ctx, const struct hf_vuln *v)
{
	struct run *r = ctx;
	char purl[HF_PURL_CAP], key[KEY_CAP], evidence[TEXT_CAP];

	if (v->vex != NULL)
		return HF_OK;
	hf_part_purl(v->part, true, false, purl);
	(void)snprintf(key, sizeof(key), "%s %s", purl, v->hit->id);
	describe(v, evidence);
	struct hf_report report = { .path = v->part->fact->path,
				    .evidence = text_bytes(evidence),
				    .key = text_bytes(key),
				    .severity = severity_of(v->hit->cvss) };
	if (v->part->fact->kind == HF_FACT_VERSION) {
		report.offset = v->part->fact->num[HF_VERSION_OFFSET];
		report.length = v->part->fact->num[HF_VERSION_LEN];
	}
	hf_find(r->c, &hf_rules_vuln[VULN_001], &report);
	r->findings++;
	report.severity = 0;
	if (v->hit->kev)
		hf_find(r->c, &hf_rules_vuln[VULN_002], &report);
	return HF_OK;
}

static void report_part(struct hf_case *c, unsigned rule, const struct hf_part *p, const char *what)
{
	char purl[HF_PURL_CAP], evidence[TEXT_CAP];

	hf_part_purl(p, true, false, purl);
	(void)snprintf(evidence, sizeof(evidence), "%.*s %.*s%s", (int)p->source.len,
		       (const char *)p->source.ptr, (int)p->source_version.len,
		       (const char *)p->source_version.ptr, what);
	struct hf_report report = { .path = p->fact->path,
				    .evidence = text_bytes(evidence),
				    .key = text_bytes(purl) };
	hf_find(c, &hf_rules_vuln[rule], &report);
}

static hf_err on_unknown(void *ctx, const struct hf_part *p)
{
	struct run *r = ctx;

	report_part(r->c, VULN_005, p, p->no_source ? ": its source package is not told" : "");
	return HF_OK;
}

static void check_versions(struct hf_case *c, const struct hf_components *parts)
{
	for (size_t i = 0; i < parts->n_parts; i++) {
		const struct hf_part *p = &parts->parts[i];
		const struct hf__eol *end = hf__eol_of(p);
		char words[ENDED_CAP];

		if (p->version.len == 0) {
			report_part(c, VULN_004, p, "");
		} else if (end != NULL && hf_case_today(c) > end->day) {
			(void)snprintf(words, sizeof(words), ": %s %s ended %s", end->name, end->branch,
				       end->date);
			report_part(c, VULN_003, p, words);
		}
	}
}

/* ---- the feed ---- */
static void report_feed(struct hf_case *c, const char *source, const char *what)
{
	char evidence[TEXT_CAP];

	(void)snprintf(evidence, sizeof(evidence), "%s%s", source, what);
	struct hf_report report = { .evidence = text_bytes(evidence),
				    .key = text_bytes(source),
				    .tree_level = true };
	hf_find(c, &hf_rules_vuln[VULN_006], &report);
}

static void check_feed(struct hf_case *c)
{
	const struct hf_feed *feed = hf_case_feed(c);
	uint64_t max_days = hf_case_policy(c)->max_feed_age_days;
	size_t n = hf_feed_n_sources(feed), stale = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hf_feed_source *s = hf_feed_source(feed, i);
		char what[TEXT_CAP];

		if (!hf_feed_is_stale(s, hf_case_today(c), max_days))
			continue;
		stale++;
		(void)snprintf(what, sizeof(what), ": newest record is of %s",
			       s->newest[0] ? s->newest : "no date");
		report_feed(c, s->name, what);
	}
	if (n == 0)
		report_feed(c, "feed", ": there is none, so no vulnerability was looked for");
	else if (stale == 0)
		hf_pass(c, &hf_rules_vuln[VULN_006]);
}

static hf_err look_up(struct run *r, const struct hf_components *parts)
{
	struct hf_vulns out = { r, on_vuln, on_unknown };

	return hf_vulns_each(parts, hf_case_feed(r->c), &out);
}

static void run(struct hf_case *c, const struct hf_rule *rule)
{
	struct run r = { .c = c };
	struct hf_components parts;

	check_feed(c);
	if (hf_components_new(hf_case_model(c), &parts) != HF_OK) {
		hf_unknown(c, rule, (hf_bytes){ 0 }, "no memory for the components");
		return;
	}
	check_versions(c, &parts);
	if (hf_case_feed(c) == NULL)
		hf_unknown(c, rule, (hf_bytes){ 0 }, "no feed");
	else if (look_up(&r, &parts) != HF_OK)
		hf_unknown(c, rule, (hf_bytes){ 0 }, "the feed cannot be read");
	else if (r.findings == 0)
		hf_pass(c, rule);
	hf_components_free(&parts);
}

const struct hf_rule hf_rules_vuln[] = {
	{ "VULN-001", HF_SEV_MEDIUM, 1395, "a component has a published vulnerability",
	  "update the component to the version named, or state in a waiver why it does not count here",
	  "EN303645:5.3-8 CRA:I.2 EN18031:GEC-1 IEC62443:SVV-3", run },
	{ "VULN-002", HF_SEV_CRITICAL, 1395, "a vulnerability of a component is being exploited",
	  "update the component now; the law's clock for reporting may be running",
	  "EN303645:5.3-8 CRA:14 EN18031:GEC-1", NULL },
	{ "VULN-003", HF_SEV_HIGH, 1104, "a component is past its end of life",
	  "move to a version that is maintained", "EN303645:5.3-8 CRA:II.2", NULL },
	{ "VULN-004", HF_SEV_LOW, 0, "a component tells no version",
	  "name the version in the package database", "CRA:II.1", NULL },
	{ "VULN-005", HF_SEV_INFO, 0, "no source of advisories knows the component",
	  "import a source that covers it, or watch its project yourself", "", NULL },
	{ "VULN-006", HF_SEV_MEDIUM, 0, "advisories are stale or missing",
	  "import fresh ones: holdfast audit feed import", "CRA:II.2", NULL },
};
const size_t hf_n_rules_vuln = sizeof(hf_rules_vuln) / sizeof(hf_rules_vuln[0]);
