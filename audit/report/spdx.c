/* SPDX 2.3 JSON, for exchange with tools that want it; OpenVEX (vex.c) beside it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "bom.h"

enum { NAME_CAP = 4 * HF_FACT_PATH_MAX, REFS_CEILING = 1 << 20 };

static void spdx_id(const char *ref, char out[static HF__REF_CAP + 16])
{
	(void)snprintf(out, HF__REF_CAP + 16, "SPDXRef-%s", ref);
}

static void part_id(size_t part, char out[static HF__REF_CAP + 16])
{
	char ref[HF__REF_CAP];

	hf__bom_part_ref(part, ref);
	spdx_id(ref, out);
}

static void file_id(size_t file, char out[static HF__REF_CAP + 16])
{
	char ref[HF__REF_CAP];

	hf__bom_file_ref(file, ref);
	spdx_id(ref, out);
}

/* ---- packages ---- */
static void put_supplier(struct hf_json_out *j, hf_bytes who)
{
	char text[512];

	if (who.len == 0 || who.len > 400) {
		hf_json_put_text(j, "supplier", "NOASSERTION");
		return;
	}
	(void)snprintf(text, sizeof(text), "Organization: %.*s", (int)who.len, (const char *)who.ptr);
	hf__json_bytes(j, "supplier", (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

static void put_purl(struct hf_json_out *j, const struct hf_part *p)
{
	char purl[HF_PURL_CAP];

	hf_part_purl(p, false, true, purl);
	hf_json_open(j, "externalRefs", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "referenceCategory", "PACKAGE-MANAGER");
	hf_json_put_text(j, "referenceType", "purl");
	hf_json_put_text(j, "referenceLocator", purl);
	hf_json_close(j);
	hf_json_close(j);
}

static void put_nothing_known(struct hf_json_out *j)
{
	hf_json_put_text(j, "downloadLocation", "NOASSERTION");
	hf_json_put_bool(j, "filesAnalyzed", false);
	hf_json_put_text(j, "licenseDeclared", "NOASSERTION");
	hf_json_put_text(j, "copyrightText", "NOASSERTION");
}

static void put_part(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_part *p = &b->parts.parts[number];
	char id[HF__REF_CAP + 16], licence[HF_LICENCE_CAP];

	part_id(number, id);
	(void)hf_part_licence(&b->parts, b->in->policy, p, licence);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "SPDXID", id);
	hf__json_bytes(j, "name", p->name);
	hf__json_bytes(j, "versionInfo", p->version);
	put_supplier(j, hf_part_creator(b->in->policy, p));
	hf_json_put_text(j, "licenseConcluded", licence);
	put_nothing_known(j);
	put_purl(j, p);
	hf_json_close(j);
}

static void put_packages(struct hf_json_out *j, const struct hf__bom *b)
{
	hf_json_open(j, "packages", '[');
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "SPDXID", "SPDXRef-firmware");
	hf__json_bytes(j, "name", hf__bom_subject(b->in));
	hf_json_put_text(j, "primaryPackagePurpose", "FIRMWARE");
	hf_json_put_text(j, "licenseConcluded", "NOASSERTION");
	put_nothing_known(j);
	hf_json_close(j);
	for (size_t i = 0; i < b->parts.n_parts; i++)
		put_part(j, b, i);
	hf_json_close(j);
}

/* ---- files: SPDX 2.3 s8.4 wants a SHA-1, which programs and scripts have ---- */
static hf_bytes sha1_of(const struct hf__bom *b, const struct hf_fact *file)
{
	size_t first;

	if (hf_model_of(b->in->model, HF_FACT_DIGEST, file->path, &first) == 0)
		return (hf_bytes){ 0 };
	return hf_model_at(b->in->model, HF_FACT_DIGEST, first)->text[HF_DIGEST_IS_SHA1];
}

static bool lists(const struct hf__bom *b, size_t number)
{
	const struct hf_fact *file = hf__bom_file(b, number);

	return hf__bom_lists(file) && sha1_of(b, file).len > 0;
}

static void put_checksum(struct hf_json_out *j, const char *alg, hf_bytes digest)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "algorithm", alg);
	hf_json_put_hex(j, "checksumValue", digest);
	hf_json_close(j);
}

static void put_file(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_fact *file = hf__bom_file(b, number);
	char id[HF__REF_CAP + 16], name[NAME_CAP];

	file_id(number, id);
	(void)snprintf(name, sizeof(name), "./%.*s", (int)file->path.len, (const char *)file->path.ptr);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "SPDXID", id);
	hf_json_put_text(j, "fileName", name);
	hf_json_open(j, "checksums", '[');
	put_checksum(j, "SHA1", sha1_of(b, file));
	put_checksum(j, "SHA256", file->text[HF_FILE_SHA256]);
	put_checksum(j, "SHA512", file->text[HF_FILE_SHA512]);
	hf_json_close(j);
	hf_json_put_text(j, "licenseConcluded", "NOASSERTION");
	hf_json_put_text(j, "copyrightText", "NOASSERTION");
	hf_json_close(j);
}

static void put_files(struct hf_json_out *j, const struct hf__bom *b)
{
	bool any = false;

	for (size_t i = 0; i < b->n_files; i++) {
		if (!lists(b, i))
			continue;
		if (!any)
			hf_json_open(j, "files", '[');
		any = true;
		put_file(j, b, i);
	}
	if (any)
		hf_json_close(j);
}

/* ---- relationships ---- */
static void put_relation(struct hf_json_out *j, const char *from, const char *type, const char *to)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "spdxElementId", from);
	hf_json_put_text(j, "relationshipType", type);
	hf_json_put_text(j, "relatedSpdxElement", to);
	hf_json_close(j);
}

static void put_needs(struct hf_json_out *j, const struct hf__bom *b, size_t number)
{
	const struct hf_part *p = &b->parts.parts[number];
	hf_bytes rest = p->info != NULL ? p->info->text[HF_INFO_DEPENDS] : (hf_bytes){ 0 }, word;
	char from[HF__REF_CAP + 16], to[HF__REF_CAP + 16];

	part_id(number, from);
	while (hf__bom_word(&rest, &word)) {
		size_t on = hf__bom_find(b, p, word);

		if (on == SIZE_MAX || on == number)
			continue;
		part_id(on, to);
		put_relation(j, from, "DEPENDS_ON", to);
	}
}

static void put_relations(struct hf_json_out *j, const struct hf__bom *b)
{
	char from[HF__REF_CAP + 16], id[HF__REF_CAP + 16];

	hf_json_open(j, "relationships", '[');
	put_relation(j, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-firmware");
	for (size_t i = 0; i < b->parts.n_parts; i++) {
		part_id(i, id);
		put_relation(j, "SPDXRef-firmware", "CONTAINS", id);
		put_needs(j, b, i);
	}
	for (size_t i = 0; i < b->n_files; i++) {
		if (!lists(b, i))
			continue;
		file_id(i, id);
		if (b->part_of[i] != SIZE_MAX)
			part_id(b->part_of[i], from);
		put_relation(j, b->part_of[i] != SIZE_MAX ? from : "SPDXRef-firmware", "CONTAINS", id);
	}
	hf_json_close(j);
}

/* ---- every LicenseRef that is used must be told ---- */
static bool is_new(const struct hf_buf *seen, const char *ref, size_t n)
{
	const char *at = hf_buf_text(seen);

	while ((at = strstr(at, ref)) != NULL) {
		if (at[n] == '\n')
			return false;
		at += n;
	}
	return true;
}

static void put_references(struct hf_json_out *j, const char *expression, struct hf_buf *seen)
{
	static const char mark[] = "LicenseRef-";
	char ref[HF_LICENCE_CAP];

	for (const char *at = strstr(expression, mark); at != NULL; at = strstr(at + 1, mark)) {
		size_t n = strcspn(at, " ()");

		(void)snprintf(ref, sizeof(ref), "%.*s", (int)n, at);
		if (!is_new(seen, ref, n) || hf_buf_printf(seen, "%s\n", ref) != HF_OK)
			continue;
		hf_json_open(j, NULL, '{');
		hf_json_put_text(j, "licenseId", ref);
		hf_json_put_text(j, "extractedText",
				 "named by the package; its text is in the package's copyright file");
		hf_json_close(j);
	}
}

static void put_licences(struct hf_json_out *j, const struct hf__bom *b)
{
	struct hf_buf seen HF_AUTO(hf_buf_free) = HF_BUF(REFS_CEILING);
	char licence[HF_LICENCE_CAP];

	hf_json_open(j, "hasExtractedLicensingInfos", '[');
	for (size_t i = 0; i < b->parts.n_parts; i++) {
		(void)hf_part_licence(&b->parts, b->in->policy, &b->parts.parts[i], licence);
		put_references(j, licence, &seen);
	}
	hf_json_close(j);
}

/* ---- the document ---- */

static void put_body(struct hf_json_out *j, struct hf__bom *b)
{
	put_packages(j, b);
	put_files(j, b);
	put_relations(j, b);
	put_licences(j, b);
}

static void put_creation(struct hf_json_out *j, const struct hf__bom *b)
{
	char creator[512];

	hf_json_open(j, "creationInfo", '{');
	hf_json_put_text(j, "created", b->time);
	hf_json_open(j, "creators", '[');
	(void)snprintf(creator, sizeof(creator), "Tool: holdfast-%s", b->in->version);
	hf_json_put_text(j, NULL, creator);
	if (b->in->policy->creator != NULL) {
		(void)snprintf(creator, sizeof(creator), "Organization: %s", b->in->policy->creator);
		hf_json_put_text(j, NULL, creator);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static void put_head(struct hf_json_out *j, const struct hf__bom *b)
{
	char space[HF__UUID_CAP + 16];

	(void)snprintf(space, sizeof(space), "urn:uuid:%s", b->serial);
	hf_json_put_text(j, "spdxVersion", "SPDX-2.3");
	hf_json_put_text(j, "dataLicense", "CC0-1.0");
	hf_json_put_text(j, "SPDXID", "SPDXRef-DOCUMENT");
	hf__json_bytes(j, "name", hf__bom_subject(b->in));
	hf_json_put_text(j, "documentNamespace", space);
	put_creation(j, b);
}

hf_err hf__render_spdx(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	static const struct hf__bom_kind kind = { put_body, put_head, hf__openvex };

	return hf__bom_render(&kind, in, out, companion);
}
