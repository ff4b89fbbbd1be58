/* CycloneDX 1.6 to BSI TR-03183-2 v2.1.0: packages are logical components; programs, scripts, archives and
 * kernels are file components below them. The guideline forbids vulnerabilities in the SBOM: they are
 * in
 * the companion (vex.c), which refers to this document by its serial number.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "bom.h"

enum { URL_CAP = 4 * HF_FACT_PATH_MAX };

/* ---- who made it ---- */
/* An e-mail or a URL: the guideline wants to be able to reach somebody. */
static void put_manufacturer(struct hf_json_out *j, const char *name, hf_bytes who)
{
	bool is_mail = who.len > 0 && memchr(who.ptr, '@', who.len) != NULL &&
		       memmem(who.ptr, who.len, "://", 3) == NULL;

	if (who.len == 0)
		return;
	hf_json_open(j, name, '{');
	hf__json_bytes(j, "name", who);
	if (is_mail) {
		hf_json_open(j, "contact", '[');
		hf_json_open(j, NULL, '{');
		hf__json_bytes(j, "email", who);
		hf_json_close(j);
	} else {
		hf_json_open(j, "url", '[');
		hf__json_bytes(j, NULL, who);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static hf_bytes text_bytes(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, t != NULL ? strlen(t) : 0 };
}

static void put_licence(struct hf_json_out *j, const char *expression)
{
	hf_json_open(j, "licenses", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "expression", expression);
	hf_json_put_text(j, "acknowledgement", "concluded");
	hf_json_close(j);
	hf_json_close(j);
}

/* ---- files ---- */
static void put_property(struct hf_json_out *j, const char *name, hf_bytes value)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "name", name);
	hf__json_bytes(j, "value", value);
	hf_json_close(j);
}

static hf_bytes base_name(hf_bytes name)
{
	size_t begin = name.len;

	while (begin > 0 && name.ptr[begin - 1] != '/')
		begin--;
	return (hf_bytes){ name.ptr + begin, name.len - begin };
}

/* Executable: run as it is. Structured: its parts can be told, as in an archive or an ELF with symbols. */
static void put_properties(struct hf_json_out *j, const struct hf_fact *file)
{
	uint64_t kind = file->num[HF_FILE_KIND];
	bool archive = kind == HF_KIND_ARCHIVE || kind == HF_KIND_BUNDLE;

	hf_json_open(j, "properties", '[');
	put_property(j, "bsi:component:filename", base_name(file->text[HF_FILE_NAME]));
	put_property(j, "bsi:component:executable",
		     archive ? HF_STR("non-executable") : HF_STR("executable"));
	put_property(j, "bsi:component:archive", archive ? HF_STR("archive") : HF_STR("no archive"));
	put_property(j, "bsi:component:structured",
		     archive || kind == HF_KIND_SCRIPT ? HF_STR("structured") : HF_STR("unstructured"));
	hf_json_close(j);
}

static void put_distribution(struct hf_json_out *j, const struct hf_fact *file)
{
	char url[URL_CAP];

	/* The virtual path is escaped already: it holds nothing that a URI could not. */
	(void)snprintf(url, sizeof(url), "./%.*s", (int)file->path.len, (const char *)file->path.ptr);
	hf_json_open(j, "externalReferences", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "type", "distribution");
	hf_json_put_text(j, "url", url);
	hf_json_open(j, "hashes", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "alg", "SHA-512");
	hf_json_put_hex(j, "content", file->text[HF_FILE_SHA512]);
	for (int i = 0; i < 4; i++)
		hf_json_close(j);
}

/* Without a version of its own a file tells when it was made. */
static void put_file_version(struct hf_json_out *j, const struct hf__bom *b, const struct hf_fact *file,
			     size_t part)
{
	char time[HF__TIME_CAP];

	hf__bom_time(file->num[HF_FILE_MTIME], time);
	if (part != SIZE_MAX && b->parts.parts[part].version.len > 0)
		hf__json_bytes(j, "version", b->parts.parts[part].version);
	else
		hf_json_put_text(j, "version", time);
}

static void put_file(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_fact *file = hf__bom_file(b, number);
	size_t part = b->part_of[number];
	char ref[HF__REF_CAP], licence[HF_LICENCE_CAP] = "LicenseRef-holdfast-unknown";
	hf_bytes creator = text_bytes(b->in->policy->creator);

	if (part != SIZE_MAX) {
		(void)hf_part_licence(&b->parts, b->in->policy, &b->parts.parts[part], licence);
		creator = hf_part_creator(b->in->policy, &b->parts.parts[part]);
	}
	hf__bom_file_ref(number, ref);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "type", "file");
	hf_json_put_text(j, "bom-ref", ref);
	put_manufacturer(j, "manufacturer", creator);
	hf__json_bytes(j, "name", file->text[HF_FILE_NAME]);
	put_file_version(j, b, file, part);
	put_licence(j, licence);
	put_distribution(j, file);
	put_properties(j, file);
	hf_json_close(j);
}

/* ---- parts ---- */
static void put_files_of(struct hf_json_out *j, const struct hf__bom *b, size_t part)
{
	bool open = false;

	for (size_t i = 0; i < b->n_files; i++) {
		if (b->part_of[i] != part || !hf__bom_lists(hf__bom_file(b, i)))
			continue;
		if (!open)
			hf_json_open(j, "components", '[');
		open = true;
		put_file(j, b, i);
	}
	if (open)
		hf_json_close(j);
}

static void put_cpe(struct hf_json_out *j, const struct hf_part *p)
{
	char cpe[512];

	if (p->fact->kind != HF_FACT_VERSION || p->fact->text[HF_VERSION_CPE].len == 0)
		return;
	(void)snprintf(cpe, sizeof(cpe), "cpe:2.3:%c:%.*s:%.*s:*:*:*:*:*:*:*",
		       memcmp(p->fact->text[HF_VERSION_CPE].ptr, "linux:", 6) == 0 ? 'o' : 'a',
		       (int)p->fact->text[HF_VERSION_CPE].len,
		       (const char *)p->fact->text[HF_VERSION_CPE].ptr, (int)p->version.len,
		       (const char *)p->version.ptr);
	/* Signs that CPE would want quoted make it no CPE; the purl says it all. */
	if (strpbrk((const char *)cpe + 10, "+~!@#$%&()\\") == NULL)
		hf_json_put_text(j, "cpe", cpe);
}

static void put_part(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_part *p = &b->parts.parts[number];
	char ref[HF__REF_CAP], purl[HF_PURL_CAP], licence[HF_LICENCE_CAP];

	hf__bom_part_ref(number, ref);
	hf_part_purl(p, false, true, purl);
	(void)hf_part_licence(&b->parts, b->in->policy, p, licence);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "type", "library");
	hf_json_put_text(j, "bom-ref", ref);
	put_manufacturer(j, "manufacturer", hf_part_creator(b->in->policy, p));
	hf__json_bytes(j, "name", p->name);
	hf__json_bytes(j, "version", p->version);
	put_licence(j, licence);
	put_cpe(j, p);
	hf_json_put_text(j, "purl", purl);
	put_files_of(j, b, number);
	hf_json_close(j);
}

static void put_components(struct hf_json_out *j, const struct hf__bom *b)
{
	hf_json_open(j, "components", '[');
	for (size_t i = 0; i < b->parts.n_parts; i++)
		put_part(j, b, i);
	for (size_t i = 0; i < b->n_files; i++)
		if (b->part_of[i] == SIZE_MAX && hf__bom_lists(hf__bom_file(b, i)))
			put_file(j, b, i);
	hf_json_close(j);
}

/* ---- dependencies: an entry for everything, even when it needs nothing ---- */
/* Names repeat ("libc6, libc6 (>= 2)"), references must not. */
static bool was_named(const struct hf_part *p, hf_bytes upto, hf_bytes name)
{
	hf_bytes rest, word;

	if (p->info == NULL)
		return false;
	rest = p->info->text[HF_INFO_DEPENDS];
	while (hf__bom_word(&rest, &word) && word.ptr < upto.ptr)
		if (hf_bytes_equal(word, name))
			return true;
	return false;
}

static void put_part_dependencies(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_part *p = &b->parts.parts[number];
	hf_bytes rest = p->info != NULL ? p->info->text[HF_INFO_DEPENDS] : (hf_bytes){ 0 }, word;
	char ref[HF__REF_CAP];

	hf__bom_part_ref(number, ref);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "ref", ref);
	hf_json_open(j, "dependsOn", '[');
	while (hf__bom_word(&rest, &word)) {
		size_t on = hf__bom_find(b, p, word);

		if (on == SIZE_MAX || on == number || was_named(p, word, word))
			continue;
		hf__bom_part_ref(on, ref);
		hf_json_put_text(j, NULL, ref);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static void put_root_dependencies(struct hf_json_out *j, const struct hf__bom *b)
{
	char ref[HF__REF_CAP];

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "ref", "firmware");
	hf_json_open(j, "dependsOn", '[');
	for (size_t i = 0; i < b->parts.n_parts; i++) {
		hf__bom_part_ref(i, ref);
		hf_json_put_text(j, NULL, ref);
	}
	for (size_t i = 0; i < b->n_files; i++) {
		if (b->part_of[i] != SIZE_MAX || !hf__bom_lists(hf__bom_file(b, i)))
			continue;
		hf__bom_file_ref(i, ref);
		hf_json_put_text(j, NULL, ref);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static void put_dependencies(struct hf_json_out *j, const struct hf__bom *b)
{
	char ref[HF__REF_CAP];

	hf_json_open(j, "dependencies", '[');
	put_root_dependencies(j, b);
	for (size_t i = 0; i < b->parts.n_parts; i++)
		put_part_dependencies(j, b, i);
	for (size_t i = 0; i < b->n_files; i++) {
		if (!hf__bom_lists(hf__bom_file(b, i)))
			continue;
		hf__bom_file_ref(i, ref);
		hf_json_open(j, NULL, '{');
		hf_json_put_text(j, "ref", ref);
		hf_json_open(j, "dependsOn", '[');
		hf_json_close(j);
		hf_json_close(j);
	}
	hf_json_close(j);
}

/* Of packages the database names all they need; of programs alone it is unknown; a scan with problems is
 * incomplete as a whole. */
static void put_composition(struct hf_json_out *j, const struct hf__bom *b, const char *aggregate,
			    bool packages)
{
	char ref[HF__REF_CAP];

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "aggregate", aggregate);
	hf_json_open(j, "dependencies", '[');
	for (size_t i = 0; i < b->parts.n_parts; i++) {
		if ((b->parts.parts[i].fact->kind == HF_FACT_PACKAGE) != packages)
			continue;
		hf__bom_part_ref(i, ref);
		hf_json_put_text(j, NULL, ref);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static void put_compositions(struct hf_json_out *j, const struct hf__bom *b)
{
	bool whole = hf_model_n(b->in->model, HF_FACT_PROBLEM) == 0;

	hf_json_open(j, "compositions", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "aggregate", whole ? "complete" : "incomplete");
	hf_json_open(j, "assemblies", '[');
	hf_json_put_text(j, NULL, "firmware");
	hf_json_close(j);
	hf_json_close(j);
	put_composition(j, b, "complete", true);
	put_composition(j, b, "unknown", false);
	hf_json_close(j);
}

/* ---- the document ---- */
static void put_metadata(struct hf_json_out *j, const struct hf__bom *b)
{
	hf_bytes creator = text_bytes(b->in->policy->creator);

	hf_json_open(j, "metadata", '{');
	hf_json_put_text(j, "timestamp", b->time);
	hf_json_open(j, "tools", '{');
	hf_json_open(j, "components", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "type", "application");
	hf_json_put_text(j, "name", "holdfast");
	hf_json_put_text(j, "version", b->in->version);
	for (int i = 0; i < 3; i++)
		hf_json_close(j);
	hf_json_open(j, "component", '{');
	hf_json_put_text(j, "type", "firmware");
	hf_json_put_text(j, "bom-ref", "firmware");
	put_manufacturer(j, "manufacturer", creator);
	hf__json_bytes(j, "name", hf__bom_subject(b->in));
	hf_json_close(j);
	put_manufacturer(j, "manufacturer", creator);
	hf_json_close(j);
}

static void put_body(struct hf_json_out *j, struct hf__bom *b)
{
	put_components(j, b);
	put_dependencies(j, b);
	put_compositions(j, b);
}

static void put_head(struct hf_json_out *j, const struct hf__bom *b)
{
	char urn[HF__UUID_CAP + 16];

	(void)snprintf(urn, sizeof(urn), "urn:uuid:%s", b->serial);
	hf_json_put_text(j, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
	hf_json_put_text(j, "bomFormat", "CycloneDX");
	hf_json_put_text(j, "specVersion", "1.6");
	hf_json_put_text(j, "serialNumber", urn);
	hf_json_put_uint(j, "version", 1);
	put_metadata(j, b);
}

hf_err hf__render_cyclonedx(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	static const struct hf__bom_kind kind = { put_body, put_head, hf__cyclonedx_vex };

	return hf__bom_render(&kind, in, out, companion);
}
