/* VULN and SBOM: from a model of packages and files and a small feed to findings, and what proofs rule out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "audit_rig.h"
#include "feed_rig.h"
#include <hf/components.h>

static const char tracker[] = "{\"openssl\":{\"CVE-2024-0001\":{\"releases\":{\"bookworm\":{\"status\":"
			      "\"resolved\",\"fixed_version\":\"3.0.16-1\","
			      "\"urgency\":\"low\"}}},\"CVE-2024-0002\":{\"releases\":{\"bookworm\":{"
			      "\"status\":\"open\",\"urgency\":\"low\","
			      "\"nodsa\":\"Minor\"}}}},"
			      "\"busybox\":{\"CVE-2022-48174\":{\"releases\":{\"bookworm\":{\"status\":"
			      "\"open\",\"urgency\":\"low\"}}}},"
			      "\"linux\":{\"CVE-2024-0003\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
			      "\"urgency\":\"low\"}}}}}";
static const char kev[] = "cveID,dateAdded,dueDate\nCVE-2024-0001,2026-07-16,2026-08-01\n";
static const char cve[] = "{\"cveMetadata\":{\"cveId\":\"CVE-2024-0003\",\"dateUpdated\":\"2026-07-02\"},"
			  "\"containers\":{\"cna\":{"
			  "\"metrics\":[{\"cvssV3_1\":{\"baseScore\":7.8}}],\"affected\":[{\"vendor\":"
			  "\"Linux\",\"product\":\"Linux\","
			  "\"defaultStatus\":\"affected\",\"programFiles\":[\"net/x.c\"]}]}}}";

#define DB "fw.tar!/var/lib/dpkg/status"

static void put_debian(struct audit_rig *r)
{
	audit_rig_file(r, DB, 0100644, 0, 0);
	audit_rig_file(r, "fw.tar!/etc/os-release", 0100644, 0, 0);
	audit_rig_fact(r,
		       &(struct hf_fact){ .kind = HF_FACT_DISTRO,
					  .path = HF_STR("fw.tar!/etc/os-release"),
					  .text = { HF_STR("debian"), HF_STR("12"), HF_STR("bookworm") } });
}

static void put_package(struct audit_rig *r, const char *name, const char *version, const char *source)
{
	audit_rig_fact(r, &(struct hf_fact){ .kind = HF_FACT_PACKAGE,
					     .path = HF_STR(DB),
					     .num = { HF_DB_DPKG },
					     .text = { feed_text(name), feed_text(version), HF_STR("armhf"),
						       feed_text(source), feed_text(version) } });
}

static struct hf_feed *open_feed(struct feed_rig *f)
{
	struct hf_feed *feed;

	feed_import(f, tracker);
	feed_import(f, kev);
	feed_import(f, cve);
	assert_int_equal(hf_feed_open(f->db, &feed, &f->why), HF_OK);
	return feed;
}

/* The case borrows the feed, so the feed goes last. */
static void end_both(struct audit_rig *r, struct feed_rig *f)
{
	struct hf_feed *feed = r->feed;

	audit_rig_end(r);
	hf_feed_close(feed);
	feed_rig_drop(f);
}

static void affected_and_exploited_packages_are_found_once_a_source(void **unused)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	(void)unused;
	r.feed = open_feed(&f);
	put_debian(&r);
	put_package(&r, "libssl3", "3.0.15-1", "openssl");
	put_package(&r, "openssl", "3.0.15-1", "openssl");
	put_package(&r, "less", "590-2", "less");
	audit_rig_run(&r, "VULN");
	assert_int_equal(audit_rig_count(&r, "VULN-001"), 1);
	assert_int_equal(audit_rig_count(&r, "VULN-002"), 1);
	const struct hf_finding *x = audit_rig_find(&r, "VULN-001", 0);
	assert_string_equal(x->evidence, "openssl 3.0.15-1: CVE-2024-0001, fixed in 3.0.16-1 (debian)");
	assert_int_equal(x->severity, HF_SEV_MEDIUM);
	assert_memory_equal(x->key.ptr, "pkg:deb/debian/openssl CVE-2024-0001", x->key.len);
	assert_int_equal(audit_rig_count(&r, "VULN-005"),
			 0); /* the tracker covers bookworm: less has no fault */
	assert_int_equal(audit_rig_count(&r, "VULN-003"), 0);
	end_both(&r, &f);
}

static void a_mended_version_passes(void **unused)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	(void)unused;
	r.feed = open_feed(&f);
	put_debian(&r);
	put_package(&r, "openssl", "3.0.16-1~deb12u1", "openssl");
	put_package(&r, "libssl3", "3.0.16-1", "openssl");
	audit_rig_run(&r, "VULN");
	assert_int_equal(audit_rig_count(&r, "VULN-001"), 1);
	assert_non_null(strstr(audit_rig_find(&r, "VULN-001", 0)->evidence, "~deb12u1"));
	end_both(&r, &f);
}

/* ---- proofs ---- */
static void put_busybox(struct audit_rig *r, const char *path, hf_bytes applets)
{
	audit_rig_file(r, path, 0100755, 0, 0);
	audit_rig_fact(r, &(struct hf_fact){
				  .kind = HF_FACT_VERSION,
				  .path = feed_text(path),
				  .num = { 100, 20, HF_HOW_CONTAINS },
				  .text = { HF_STR("busybox"), HF_STR("1.35.0"), HF_STR("BusyBox v1.35.0 ("),
					    HF_STR("pkg:generic/busybox"), HF_STR("busybox:busybox") } });
	if (applets.len > 0)
		audit_rig_fact(r, &(struct hf_fact){ .kind = HF_FACT_APPLETS,
						     .path = feed_text(path),
						     .num = { 500, applets.len },
						     .text = { applets } });
}

static size_t busybox_findings(hf_bytes first, bool second_without_table)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	r.feed = open_feed(&f);
	put_debian(&r);
	put_package(&r, "busybox", "1:1.35.0-4", "busybox");
	put_busybox(&r, "fw.tar!/bin/busybox", first);
	if (second_without_table)
		put_busybox(&r, "fw.tar!/sbin/bb", (hf_bytes){ 0 });
	audit_rig_run(&r, "VULN");
	size_t n = audit_rig_count(&r, "VULN-001");
	end_both(&r, &f);
	return n;
}

static void an_absent_applet_is_proved_by_every_table(void **unused)
{
	(void)unused;
	assert_int_equal(busybox_findings(HF_STR("ar\0ash\0busybox\0"), false), 1);
	assert_int_equal(busybox_findings(HF_STR("ar\0busybox\0"), false), 0);
	assert_int_equal(busybox_findings(HF_STR("ar\0busybox\0"), true), 1);
	assert_int_equal(busybox_findings((hf_bytes){ 0 }, false), 1);
}

static size_t kernel_findings(const char *const *compiled, size_t n)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	r.feed = open_feed(&f);
	audit_rig_file(&r, "zImage", 0100644, 0, 0);
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_VERSION,
					      .path = HF_STR("zImage"),
					      .num = { 0, 0, HF_HOW_CONTAINS },
					      .text = { HF_STR("linux"), HF_STR("6.1.140"),
							HF_STR("Linux version"), HF_STR("pkg:generic/linux"),
							HF_STR("linux:linux_kernel") } });
	for (size_t i = 0; i < n; i++)
		audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_COMPILED,
						      .path = HF_STR("compile_commands.json"),
						      .text = { feed_text(compiled[i]) } });
	audit_rig_run(&r, "VULN");
	size_t found = audit_rig_count(&r, "VULN-001");
	if (found > 0)
		assert_int_equal(audit_rig_find(&r, "VULN-001", 0)->severity, HF_SEV_HIGH);
	end_both(&r, &f);
	return found;
}

static void a_kernel_file_that_was_not_compiled_is_proved_by_the_build(void **unused)
{
	static const char *const without[] = { "/b/init/main.c", "/b/net/ax.c" };
	static const char *const with[] = { "/b/init/main.c", "/b/net/x.c" };
	static const char *const other[] = { "/b/src/app.c" };

	(void)unused;
	assert_int_equal(kernel_findings(NULL, 0), 1);
	assert_int_equal(kernel_findings(with, 2), 1);
	assert_int_equal(kernel_findings(other, 1), 1);
	assert_int_equal(kernel_findings(without, 2), 0);
}

static size_t absent_findings(bool present, bool problem)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	r.feed = open_feed(&f);
	put_debian(&r);
	put_package(&r, "openssl", "3.0.15-1", "openssl");
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_OWNS,
					      .path = HF_STR(DB),
					      .num = { HF_DIGEST_MD5 },
					      .text = { HF_STR("openssl"), HF_STR("/usr/bin/openssl"),
							HF_STR("0123456789abcdef") } });
	if (present)
		audit_rig_file(&r, "fw.tar!/usr/bin/openssl", 0100755, 0, 0);
	if (problem)
		audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_PROBLEM,
						      .path = HF_STR("fw.tar!/x"),
						      .num = { 2 } });
	audit_rig_run(&r, "VULN");
	size_t n = audit_rig_count(&r, "VULN-001");
	end_both(&r, &f);
	return n;
}

static void a_package_without_files_is_absent_only_in_a_complete_scan(void **unused)
{
	(void)unused;
	assert_int_equal(absent_findings(true, false), 1);
	assert_int_equal(absent_findings(false, false), 0);
	assert_int_equal(absent_findings(false, true), 1);
}

/* ---- feed, age, names ---- */
static void no_feed_is_said_and_is_no_pass(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	put_debian(&r);
	put_package(&r, "openssl", "3.0.15-1", "openssl");
	audit_rig_run(&r, "VULN");
	assert_int_equal(audit_rig_count(&r, "VULN-006"), 1);
	assert_int_equal(audit_rig_unknowns(&r, "VULN-001"), 1);
	assert_int_equal(audit_rig_passes(&r, "VULN-001"), 0);
	audit_rig_end(&r);
}

static void a_stale_source_is_said_by_name(void **unused)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	(void)unused;
	r.feed = open_feed(&f); /* its dates are of July; RIG_TODAY is in September */
	audit_rig_run(&r, "VULN");
	assert_int_equal(audit_rig_count(&r, "VULN-006"), 3);
	end_both(&r, &f);
}

static void old_branches_and_unknown_names_are_said(void **unused)
{
	struct feed_rig f = feed_rig();
	struct audit_rig r = audit_rig_new();

	(void)unused;
	r.feed = open_feed(&f);
	audit_rig_file(&r, "fw.bin", 0100644, 0, 0);
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_VERSION,
					      .path = HF_STR("fw.bin"),
					      .num = { 0, 10, HF_HOW_CONTAINS },
					      .text = { HF_STR("openssl"), HF_STR("1.0.2k"), HF_STR("x"),
							HF_STR("pkg:generic/openssl"),
							HF_STR("openssl:openssl") } });
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_VERSION,
					      .path = HF_STR("fw.bin"),
					      .num = { 0, 10, HF_HOW_BUILT_AGAINST },
					      .text = { HF_STR("lua"), HF_STR("5.1.5"), HF_STR("x"),
							HF_STR("pkg:generic/lua"), HF_STR("lua:lua") } });
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_PACKAGE,
					      .path = HF_STR("fw.bin"),
					      .num = { HF_DB_OPKG },
					      .text = { HF_STR("x") } });
	audit_rig_run(&r, "VULN");
	assert_int_equal(audit_rig_count(&r, "VULN-003"), 1);
	assert_int_equal(audit_rig_count(&r, "VULN-005"), 2);
	assert_int_equal(audit_rig_count(&r, "VULN-004"), 1);
	end_both(&r, &f);
}

/* ---- SBOM ---- */
static void put_program(struct audit_rig *r, const char *path, const char *name, const char *tree)
{
	audit_rig_fact(
		r, &(struct hf_fact){ .kind = HF_FACT_FILE,
				      .path = feed_text(path),
				      .num = { [HF_FILE_TYPE] = HF_NODE_FILE,
					       [HF_FILE_MODE] = 0755,
					       [HF_FILE_KIND] = HF_KIND_ELF },
				      .text = { [HF_FILE_SHA256] = HF_STR("12345678901234567890123456789012"),
						[HF_FILE_NAME] = feed_text(name),
						[HF_FILE_TREE] = feed_text(tree) } });
}

static void put_owns(struct audit_rig *r, const char *file, unsigned alg, hf_bytes digest, unsigned conf)
{
	audit_rig_fact(r, &(struct hf_fact){ .kind = HF_FACT_OWNS,
					     .path = HF_STR(DB),
					     .num = { alg, conf },
					     .text = { HF_STR("p"), feed_text(file), digest } });
}

static void changed_and_unowned_programs_are_found(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	put_debian(&r);
	audit_rig_link(&r, "fw.tar!/bin", "usr/bin");
	put_program(&r, "fw.tar!/usr/bin/same", "/usr/bin/same", "fw.tar");
	put_program(&r, "fw.tar!/usr/bin/changed", "/usr/bin/changed", "fw.tar");
	put_program(&r, "fw.tar!/usr/bin/conf", "/usr/bin/conf", "fw.tar");
	put_program(&r, "fw.tar!/usr/bin/md5", "/usr/bin/md5", "fw.tar");
	put_program(&r, "fw.tar!/opt/stray", "/opt/stray", "fw.tar");
	put_program(&r, "other!/x", "/x", "other");
	put_owns(&r, "/bin/same", HF_DIGEST_SHA256, HF_STR("12345678901234567890123456789012"), 0);
	put_owns(&r, "/bin/changed", HF_DIGEST_SHA256, HF_STR("02345678901234567890123456789012"), 0);
	put_owns(&r, "/bin/conf", HF_DIGEST_SHA256, HF_STR("02345678901234567890123456789012"), 1);
	put_owns(&r, "/bin/md5", HF_DIGEST_MD5, HF_STR("0123456789abcdef"), 0);
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_DIGEST,
					      .path = HF_STR("fw.tar!/usr/bin/md5"),
					      .text = { HF_STR("0123456789abcdeX") } });
	audit_rig_run(&r, "SBOM");
	assert_int_equal(audit_rig_count(&r, "SBOM-001"), 1);
	assert_int_equal(audit_rig_count(&r, "SBOM-002"), 2);
	assert_int_equal(audit_rig_passes(&r, "SBOM-002"), 1);
	assert_int_equal(audit_rig_unknowns(&r, "SBOM-002"), 1);
	assert_int_equal(audit_rig_unknowns(&r, "SBOM-001"), 1);
	audit_rig_end(&r);
}

static void missing_fields_are_named_and_the_policy_fills_them(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	put_debian(&r);
	put_package(&r, "p", "1", "p");
	audit_rig_run(&r, "SBOM");
	assert_int_equal(audit_rig_count(&r, "SBOM-003"), 1);
	assert_string_equal(audit_rig_find(&r, "SBOM-003", 0)->evidence, "p: creator licence");
	audit_rig_end(&r);
	r = audit_rig_new();
	audit_rig_policy(&r, "[sbom]\ncreator = \"psirt@example.com\"\nlicences = [\"p=MIT\"]\n");
	put_debian(&r);
	put_package(&r, "p", "1", "p");
	audit_rig_run(&r, "SBOM");
	assert_int_equal(audit_rig_count(&r, "SBOM-003"), 0);
	assert_int_equal(audit_rig_passes(&r, "SBOM-003"), 1);
	audit_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(affected_and_exploited_packages_are_found_once_a_source),
		cmocka_unit_test(a_mended_version_passes),
		cmocka_unit_test(an_absent_applet_is_proved_by_every_table),
		cmocka_unit_test(a_kernel_file_that_was_not_compiled_is_proved_by_the_build),
		cmocka_unit_test(a_package_without_files_is_absent_only_in_a_complete_scan),
		cmocka_unit_test(no_feed_is_said_and_is_no_pass),
		cmocka_unit_test(a_stale_source_is_said_by_name),
		cmocka_unit_test(old_branches_and_unknown_names_are_said),
		cmocka_unit_test(changed_and_unowned_programs_are_found),
		cmocka_unit_test(missing_fields_are_named_and_the_policy_fills_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
