/* Bills of materials as facts: whatever the format, a component is a name, a version, a purl and a CPE.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/recheck.h>
#include "comp_priv.h"
#include "jscan.h"
#include "purl.h"

enum { ARENA_LEN = 1 << 16, NESTED_MAX = 8, COMPONENTS_MAX = 1000000 };

struct reader {
	struct hf__json j;
	hf_bytes path;
	const struct hf_fact_sink *sink;
	unsigned n;
	hf_err err; /* the sink's, or a limit */
};
struct component {
	hf_bytes name, version, purl, cpe;
};

/* cpe:2.3:a:VENDOR:PRODUCT:... -> "cpe:VENDOR:PRODUCT" */
static hf_bytes origin_of_cpe(hf_bytes cpe, struct hf_out *out)
{
	hf_bytes rest = cpe, vendor, product;

	if (!hf_span_begins(cpe, "cpe:2.3:"))
		return (hf_bytes){ 0 };
	for (int i = 0; i < 3; i++)
		(void)hf__before(rest, ':', &rest);
	vendor = hf__before(rest, ':', &rest);
	product = hf__before(rest, ':', &rest);
	if (vendor.len == 0 || product.len == 0 || hf_out_put(out, HF_STR("cpe:")) != HF_OK ||
	    hf_out_put(out, vendor) != HF_OK || hf_out_put(out, HF_STR(":")) != HF_OK ||
	    hf_out_put(out, product) != HF_OK)
		return (hf_bytes){ 0 };
	return hf_out_bytes(out);
}

static void put_component(struct reader *r, const struct component *c)
{
	uint8_t origin[HF__PURL_MAX], room[HF__PURL_MAX];
	struct hf_out out = HF_OUT(origin);
	struct hf__purl p = { 0 };
	struct hf_fact fact = { .kind = HF_FACT_PACKAGE, .path = r->path };
	bool has_purl = hf__purl_read(c->purl, room, &p);

	if (r->err != HF_OK || c->name.len == 0 || (c->version.len == 0 && p.version.len == 0))
		return;
	if (++r->n > COMPONENTS_MAX) {
		r->err = HF_ERR_SBOM_FORMAT;
		return;
	}
	fact.num[HF_PACKAGE_DB] = HF_DB_SBOM;
	fact.text[HF_PACKAGE_NAME] = hf_span_upto(p.name.len > 0 ? p.name : c->name, HF__FIELD_MAX);
	fact.text[HF_PACKAGE_VERSION] =
		hf_span_upto(p.version.len > 0 ? p.version : c->version, HF__FIELD_MAX);
	fact.text[HF_PACKAGE_ARCH] = p.arch;
	fact.text[HF_PACKAGE_SOURCE] = p.source.len > 0 ? p.source : fact.text[HF_PACKAGE_NAME];
	fact.text[HF_PACKAGE_SOURCE_VERSION] =
		p.source_version.len > 0 ? p.source_version : fact.text[HF_PACKAGE_VERSION];
	fact.text[HF_PACKAGE_ORIGIN] = has_purl ? hf__purl_origin(&p, &out) : (hf_bytes){ 0 };
	if (fact.text[HF_PACKAGE_ORIGIN].len == 0) {
		out.len = 0;
		fact.text[HF_PACKAGE_ORIGIN] = origin_of_cpe(c->cpe, &out);
	}
	r->err = r->sink->put(r->sink->ctx, &fact);
}

static void read_components(struct reader *r, unsigned depth);

static void read_component(struct reader *r, unsigned depth)
{
	struct component c = { 0 };
	hf_bytes name;
	struct hf__json *j = &r->j;
	const struct hf__json_want fields[] = {
		{ "name", &c.name }, { "version", &c.version }, { "purl", &c.purl }, { "cpe", &c.cpe }
	};

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (hf__json_take(j, name, fields, sizeof(fields) / sizeof(fields[0])))
			continue;
		if (hf_span_is(name, "components"))
			read_components(r, depth + 1);
		else
			hf__json_skip(j);
	}
	put_component(r, &c);
}

/* Components lie in components (CycloneDX), a few levels deep. */
static void read_components(struct reader *r, unsigned depth)
{
	size_t mark = r->j.arena.len;

	if (depth > NESTED_MAX) {
		r->err = HF_ERR_SBOM_FORMAT;
		r->j.bad = true;
	}
	if (!hf__json_enter(&r->j, '['))
		return;
	while (hf__json_item(&r->j)) {
		read_component(r, depth);
		if (depth == 0)
			r->j.arena.len = mark; /* deeper, the texts of the outer component are still wanted */
	}
}

/* SPDX: externalRefs: [{"referenceType": "purl", "referenceLocator": "pkg:..."}] */
static void read_reference(struct hf__json *j, struct component *c)
{
	hf_bytes name, type = { 0 }, locator = { 0 };

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name))
		if (hf_span_is(name, "referenceType"))
			(void)hf__json_text(j, &type);
		else if (hf_span_is(name, "referenceLocator"))
			(void)hf__json_text(j, &locator);
		else
			hf__json_skip(j);
	if (hf_span_is(type, "purl"))
		c->purl = locator;
	if (hf_span_is(type, "cpe23Type"))
		c->cpe = locator;
}

static void read_spdx_package(struct reader *r)
{
	struct component c = { 0 };
	struct hf__json *j = &r->j;
	hf_bytes name;

	if (!hf__json_enter(j, '{'))
		return;
	while (hf__json_member(j, &name)) {
		if (hf_span_is(name, "name"))
			(void)hf__json_text(j, &c.name);
		else if (hf_span_is(name, "versionInfo"))
			(void)hf__json_text(j, &c.version);
		else if (!hf_span_is(name, "externalRefs"))
			hf__json_skip(j);
		else if (hf__json_enter(j, '['))
			while (hf__json_item(j))
				read_reference(j, &c);
	}
	put_component(r, &c);
	j->arena.len = 0;
}

static void read_spdx_packages(struct reader *r)
{
	if (!hf__json_enter(&r->j, '['))
		return;
	while (hf__json_item(&r->j))
		read_spdx_package(r);
}

enum format { UNKNOWN, OURS, CYCLONEDX, SPDX };

/* "1.0" to "1.7" */
static bool is_cyclonedx_version(hf_bytes v)
{
	return v.len == 3 && v.ptr[0] == '1' && v.ptr[1] == '.' && v.ptr[2] >= '0' && v.ptr[2] <= '7';
}

/* *whole: the text is JSON to its end. */
static enum format format_of(hf_bytes text, bool *whole)
{
	uint8_t room[1024];
	struct hf__json j = hf__json_start(text, HF_OUT(room));
	hf_bytes name, bom = { 0 }, version = { 0 }, spdx = { 0 }, schema = { 0 };
	const struct hf__json_want fields[] = { { "bomFormat", &bom },
		       { "specVersion", &version },
		       { "spdxVersion", &spdx },
		       { "schema", &schema } };

	*whole = false;
	if (!hf__json_enter(&j, '{'))
		return UNKNOWN;
	while (hf__json_member(&j, &name)) {
		size_t i = 0;

		while (i < sizeof(fields) / sizeof(fields[0]) && !hf_span_is(name, fields[i].name))
			i++;
		if (i < sizeof(fields) / sizeof(fields[0]))
			(void)hf__json_text(&j, fields[i].to);
		else
			hf__json_skip(&j);
	}
	*whole = hf__json_is_whole(&j);
	if (hf_span_is(bom, "CycloneDX"))
		return is_cyclonedx_version(version) ? CYCLONEDX : UNKNOWN;
	if (hf_span_is(spdx, "SPDX-2.3"))
		return SPDX;
	return hf_span_is(schema, "holdfast-audit/1") ? OURS : UNKNOWN;
}

bool hf_sbom_is(hf_bytes text)
{
	bool whole;

	return format_of(text, &whole) != UNKNOWN;
}

static void read_document(struct reader *r, enum format format)
{
	hf_bytes name;

	if (!hf__json_enter(&r->j, '{'))
		return;
	while (hf__json_member(&r->j, &name))
		if (format == SPDX && hf_span_is(name, "packages"))
			read_spdx_packages(r);
		else if (format != SPDX && hf_span_is(name, "components"))
			read_components(r, 0);
		else
			hf__json_skip(&r->j);
}

hf_err hf_sbom_read(hf_bytes text, hf_bytes path, const struct hf_fact_sink *sink, struct hf_why *why)
{
	uint8_t room[ARENA_LEN];
	struct reader r = { .j = hf__json_start(text, HF_OUT(room)), .path = path, .sink = sink };
	bool whole;
	enum format format = format_of(text, &whole);

	if (!whole)
		return hf_why_set(why, HF_ERR_SBOM_FORMAT, "not JSON, or nested deeper than %d",
				  HF__JSON_DEPTH);
	if (format == UNKNOWN)
		return hf_why_set(
			why, HF_ERR_SBOM_FORMAT,
			"neither a holdfast-audit/1 report, CycloneDX 1.0 to 1.7 nor SPDX 2.3 JSON");
	read_document(&r, format);
	if (r.err != HF_OK || r.j.bad)
		return hf_why_set(why, r.err != HF_OK ? r.err : HF_ERR_SBOM_FORMAT,
				  "components cannot be read");
	return HF_OK;
}
