/* Stored bills of materials: what each format gives, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/recheck.h>

enum { LINES = 8 };
struct rig {
	size_t n;
	char line[LINES][256];
	struct hf_why why;
};

static hf_err put(void *ctx, const struct hf_fact *f)
{
	struct rig *r = ctx;

	assert_int_equal(f->kind, HF_FACT_PACKAGE);
	assert_int_equal(f->num[HF_PACKAGE_DB], HF_DB_SBOM);
	assert_true(r->n < LINES);
	char *line = r->line[r->n++];
	size_t at = 0;
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		at += (size_t)snprintf(line + at, 256 - at, "%s%.*s", i > 0 ? "|" : "", (int)f->text[i].len,
				       f->text[i].len > 0 ? (const char *)f->text[i].ptr : "");
	return HF_OK;
}

static hf_err read_text(struct rig *r, const char *text)
{
	struct hf_fact_sink sink = { r, put };

	r->n = 0;
	return hf_sbom_read((hf_bytes){ (const uint8_t *)text, strlen(text) }, HF_STR("a.json"), &sink,
			    &r->why);
}

static void cyclonedx_gives_sources_and_origins(void **unused)
{
	static struct rig r;

	(void)unused;
	assert_int_equal(
		read_text(&r,
			  "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":["
			  "{\"type\":\"library\",\"name\":\"libc6\",\"version\":\"2.36-9+deb12u10\",\"purl\":"
			  "\"pkg:deb/debian/"
			  "libc6@2.36-9%2Bdeb12u10?arch=armhf&distro=debian-12&upstream=glibc%402.36-9\","
			  "\"components\":[{\"name\":\"inner\",\"version\":\"1\",\"cpe\":\"cpe:2.3:a:haxx:"
			  "curl:1:*:*\"}]},"
			  "{\"type\":\"file\",\"name\":\"no "
			  "version\"},{\"name\":\"x\\u0041\",\"version\":\"2\"}]}"),
		HF_OK);
	assert_int_equal(r.n, 3);
	assert_string_equal(r.line[0], "inner|1||inner|1|cpe:haxx:curl");
	assert_string_equal(r.line[1], "libc6|2.36-9+deb12u10|armhf|glibc|2.36-9|debian:12");
	assert_string_equal(r.line[2], "xA|2||xA|2|");
}

static void spdx_and_our_own_reports_are_read(void **unused)
{
	static struct rig r;

	(void)unused;
	assert_int_equal(read_text(&r, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"musl\","
				       "\"versionInfo\":\"1.2.4-r2\","
				       "\"externalRefs\":[{\"referenceCategory\":\"PACKAGE-MANAGER\","
				       "\"referenceType\":\"purl\","
				       "\"referenceLocator\":\"pkg:apk/alpine/"
				       "musl@1.2.4-r2?distro=3.18&upstream=musl\"}]}]}"),
			 HF_OK);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.line[0], "musl|1.2.4-r2||musl|1.2.4-r2|alpine:3.18");
	assert_int_equal(read_text(&r, "{\"schema\":\"holdfast-audit/"
				       "1\",\"components\":[{\"name\":\"a\",\"purl\":\"pkg:generic/a@3\"}]}"),
			 HF_OK);
	assert_string_equal(r.line[0], "a|3||a|3|");
}

static void foreign_and_damaged_documents_are_refused(void **unused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.8\"}",
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"",
		"{\"spdxVersion\":\"SPDX-3.0\"}",
		("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{\"name\":\"a\","
		 "\"version\":\"\\x\"}]}"),
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"} x",
	};
	static struct rig r;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_text(&r, bad[i]), HF_ERR_SBOM_FORMAT);
	assert_true(hf_sbom_is(HF_STR("{\"spdxVersion\":\"SPDX-2.3\"}")));
	assert_false(hf_sbom_is(HF_STR("{\"spdxVersion\":\"SPDX-2.2\"}")));
}

static void deep_nesting_is_refused(void **unused)
{
	static char text[20000];
	static struct rig r;
	size_t at = (size_t)snprintf(text, sizeof(text),
				     "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":");

	(void)unused;
	memset(text + at, '[', 9000);
	memset(text + at + 9000, ']', 9000);
	memcpy(text + at + 18000, "}", 2);
	assert_int_equal(read_text(&r, text), HF_ERR_SBOM_FORMAT);
	at = (size_t)snprintf(text, sizeof(text), "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"");
	for (int i = 0; i < 12; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, ",\"components\":[{\"name\":\"a\"");
	for (int i = 0; i < 12; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "}]");
	(void)snprintf(text + at, sizeof(text) - at, "}");
	assert_int_equal(read_text(&r, text), HF_ERR_SBOM_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cyclonedx_gives_sources_and_origins),
		cmocka_unit_test(spdx_and_our_own_reports_are_read),
		cmocka_unit_test(foreign_and_damaged_documents_are_refused),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
