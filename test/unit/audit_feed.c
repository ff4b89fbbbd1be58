/* Advisories: what each source says, and what a match answers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/file.h>
#include <hf/version.h>
#include "feed_rig.h"

/* ---- sources ---- */
static void osv_gives_ranges_of_distributions(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(
		&r,
		"{\"id\":\"DSA-1-1\",\"aliases\":[\"x\"],\"upstream\":[\"CVE-2024-0001\"],\"modified\":"
		"\"2026-07-01T00:00:00Z\","
		"\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/"
		"A:H\"}],"
		"\"affected\":[{\"package\":{\"ecosystem\":\"Debian:12\",\"name\":\"less\"},"
		"\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"590-"
		"2.1\"}]}]}]}");
	feed_expect(&r, HF_VERSION_DPKG, "debian:12/less", "590-2",
		    "CVE-2024-0001 affected fixed=590-2.1 cvss=98 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_DPKG, "debian:12/less", "590-2.1~deb12u2",
		    "CVE-2024-0001 affected fixed=590-2.1 cvss=98 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_DPKG, "debian:12/less", "590-2.1",
		    "CVE-2024-0001 not fixed= cvss=98 epss=0 kev=0 files=");
	assert_false(feed_ask(&r, HF_VERSION_DPKG, "debian:11/less", "590-2"));
	assert_string_equal(r.source.kind, "osv");
	assert_int_equal(r.source.count, 1);
	assert_string_equal(r.source.newest, "2026-07-01T00:00:00Z");
	feed_rig_drop(&r);
}

static void osv_reads_tags_of_upstream_projects(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r,
		    "{\"affected\":[{\"ecosystem_specific\":{\"severity\":\"HIGH\"},\"package\":{"
		    "\"ecosystem\":\"OSS-Fuzz\","
		    "\"name\":\"curl\"},\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"ab\"}]}],"
		    "\"versions\":[\"curl-7_81_0\",\"v4.6.0-stable\"]}],\"id\":\"OSV-2022-1\",\"modified\":"
		    "\"2026-07-01\"}");
	feed_expect(&r, HF_VERSION_GENERIC, "generic/curl", "7.81.0",
		    "OSV-2022-1 affected fixed= cvss=70 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_GENERIC, "generic/curl", "4.6.0",
		    "OSV-2022-1 affected fixed= cvss=70 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_GENERIC, "generic/curl", "7.82.0",
		    "OSV-2022-1 not fixed= cvss=70 epss=0 kev=0 files=");
	feed_rig_drop(&r);
}

static void withdrawn_records_count_and_say_nothing(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r,
		    "{\"id\":\"OSV-1\",\"withdrawn\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-07-01\","
		    "\"affected\":[{\"package\":"
		    "{\"ecosystem\":\"npm\",\"name\":\"a\"},\"versions\":[\"1.0\"]}]}");
	assert_false(feed_ask(&r, HF_VERSION_SEMVER, "npm/a", "1.0"));
	assert_int_equal(r.source.count, 1);
	feed_rig_drop(&r);
}

static void the_tracker_knows_what_a_distribution_decided(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r, feed_tracker);
	assert_true(feed_ask(&r, HF_VERSION_DPKG, "debian:bookworm/busybox", "1:1.35.0-4"));
	assert_int_equal(r.n, 5);
	assert_string_equal(r.line[0], "CVE-2021-0001 unimportant fixed= cvss=0 epss=0 kev=0 files=");
	assert_string_equal(r.line[1], "CVE-2021-0002 no-dsa fixed= cvss=0 epss=0 kev=0 files=");
	assert_string_equal(r.line[2], "CVE-2021-0003 not fixed= cvss=0 epss=0 kev=0 files=");
	assert_string_equal(r.line[3], "CVE-2021-0004 undetermined fixed= cvss=0 epss=0 kev=0 files=");
	assert_string_equal(r.line[4], "CVE-2021-0005 affected fixed= cvss=0 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_DPKG, "debian:trixie/busybox", "1:1.36.1-1",
		    "CVE-2021-0001 affected fixed=1:1.37.0-1 cvss=0 epss=0 kev=0 files=");
	assert_true(r.source.newest_day > 20000); /* the file's own time */
	feed_rig_drop(&r);
}

static const char kernel[] =
	"{\"dataType\":\"CVE_RECORD\",\"cveMetadata\":{\"cveId\":\"CVE-2024-0005\",\"state\":\"PUBLISHED\","
	"\"dateUpdated\":\"2026-07-02T00:00:00Z\"},\"containers\":{\"adp\":[{\"metrics\":[{\"cvssV3_1\":{"
	"\"baseScore\":7.8}}]}],"
	"\"cna\":{\"affected\":[{\"vendor\":\"Linux\",\"product\":\"Linux\",\"defaultStatus\":\"unaffected\","
	"\"programFiles\":[\"net/"
	"x.c\"],\"versions\":[{\"version\":\"1da177\",\"lessThan\":\"ab\",\"status\":\"affected\","
	"\"versionType\":\"git\"}]},{\"vendor\":\"Linux\",\"product\":\"Linux\",\"defaultStatus\":"
	"\"affected\","
	"\"programFiles\":[\"net/x.c\"],\"versions\":[{\"version\":\"5.0\",\"status\":\"affected\"},"
	"{\"version\":\"0\",\"lessThan\":\"5.0\",\"status\":\"unaffected\",\"versionType\":\"semver\"},"
	"{\"version\":\"5.4.229\",\"lessThanOrEqual\":\"5.4.*\",\"status\":\"unaffected\",\"versionType\":"
	"\"semver\"},"
	"{\"version\":\"6.2\",\"lessThanOrEqual\":\"*\",\"status\":\"unaffected\",\"versionType\":\"original_"
	"commit_for_fix\"}"
	"]}]}}}";

static void kernel_records_are_read_by_stable_branches(void **unused)
{
	static const struct {
		const char *version, *say;
	} rows[] = { { "4.19.3", "not" },  { "5.0", "affected" },          { "5.4.228", "affected" },
		     { "5.4.229", "not" }, { "5.4.300-vendor", "not" },    { "5.10.1", "affected" },
		     { "6.2.0", "not" },   { "6.1.0-18-arm", "affected" }, { "6.2.0-rc1", "affected" } };
	struct feed_rig r = feed_rig();
	char line[128];

	(void)unused;
	feed_import(&r, kernel);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(line, sizeof(line),
			       "CVE-2024-0005 %s fixed= cvss=78 epss=0 kev=0 files=net/x.c", rows[i].say);
		feed_expect(&r, HF_VERSION_LINUX, "cpe/linux:linux_kernel", rows[i].version, line);
	}
	feed_rig_drop(&r);
}

static void cve_changes_cut_a_range(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r,
		    "{\"cveMetadata\":{\"cveId\":\"CVE-2024-0007\",\"dateUpdated\":\"2026-07-02\"},"
		    "\"containers\":{\"cna\":{\"affected\":"
		    "[{\"vendor\":\"The X\",\"product\":\"Y "
		    "z\",\"versions\":[{\"version\":\"1.0\",\"lessThan\":\"3\",\"status\":\"affected\","
		    "\"versionType\":\"custom\",\"changes\":[{\"at\":\"2.1\",\"status\":\"unaffected\"}]}]},"
		    "{\"vendor\":\"n/a\",\"product\":\"n/a\",\"versions\":[{\"version\":\"n/"
		    "a\",\"status\":\"affected\"}]}]}}}");
	feed_expect(&r, HF_VERSION_GENERIC, "cpe/the_x:y_z", "2.0",
		    "CVE-2024-0007 affected fixed=2.1 cvss=0 epss=0 kev=0 files=");
	feed_expect(&r, HF_VERSION_GENERIC, "cpe/the_x:y_z", "2.5",
		    "CVE-2024-0007 not fixed= cvss=0 epss=0 kev=0 files=");
	assert_false(feed_ask(&r, HF_VERSION_GENERIC, "cpe/n/a:n/a", "1"));
	feed_rig_drop(&r);
}

static void nvd_never_blames_what_a_product_runs_on(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r, feed_nvd);
	assert_false(feed_ask(&r, HF_VERSION_LINUX, "cpe/linux:linux_kernel", "6.1"));
	assert_false(feed_ask(&r, HF_VERSION_GENERIC, "cpe/gnu:wget", "1.0"));
	assert_true(feed_ask(&r, HF_VERSION_GENERIC, "cpe/haxx:curl", "8.0"));
	feed_rig_drop(&r);
}

static void short_ids_are_no_cves(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	assert_int_equal(
		feed_import_as(&r, NULL, "{\"cveMetadata\":{\"cveId\":\"CVE-24-1\"},\"containers\":{}}"),
		HF_ERR_FEED_FORMAT);
	feed_rig_drop(&r);
}

static void lists_mark_what_others_found(void **unused)
{
	struct feed_rig r = feed_rig();

	(void)unused;
	feed_import(&r, feed_nvd);
	feed_import(&r, "cveID,vendorProject,dateAdded,shortDescription,dueDate\n"
			"CVE-2023-0009,Haxx,2026-07-16,\"two\nlines, "
			"\"\"quoted\"\"\",2026-08-01\nCVE-2020-0001,x,2026-07-17,y,z\n");
	assert_string_equal(r.source.name, "kev");
	assert_int_equal(r.source.count, 2);
	assert_string_equal(r.source.newest, "2026-07-17");
	feed_import(&r,
		    "#model_version:v2025.03.14,score_date:2026-07-16T12:00:00Z\ncve,epss,percentile\nCVE-"
		    "2023-0009,0.94375,0.9\n"
		    "CVE-2020-0001,1.00000,1\n");
	feed_expect(&r, HF_VERSION_GENERIC, "cpe/haxx:curl", "8.0",
		    "CVE-2023-0009 affected fixed=8.1 cvss=59 epss=94375 kev=1 files=");
	feed_expect(&r, HF_VERSION_GENERIC, "cpe/openbsd:openssh", "9.0p1",
		    "CVE-2023-0009 affected fixed= cvss=59 epss=94375 kev=1 files=");
	feed_import(&r,
		    "{\"title\":\"x\",\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":\"CVE-2020-"
		    "0001\",\"dateAdded\":"
		    "\"2026-07-18\",\"dueDate\":\"\"},{\"cveID\":\"CVE-2020-0002\",\"dateAdded\":\"2026-07-"
		    "18\",\"dueDate\":\"\"}]}");
	assert_int_equal(r.source.count, 2);
	feed_rig_drop(&r);
}

static void a_feed_can_be_asked_from_memory_and_grows_old(void **unused)
{
	struct feed_rig r = feed_rig();
	struct hf_buf bytes HF_AUTO(hf_buf_free) = HF_BUF(1 << 20);
	struct hf_component c = { .scheme = HF_VERSION_GENERIC, .version = HF_STR("8.0") };
	struct hf_feed_match match = { &r, feed_hit };
	struct hf_feed *feed;
	bool known;

	(void)unused;
	feed_import(&r, feed_nvd);
	assert_int_equal(hf_file_read(r.db, &bytes, NULL), HF_OK);
	assert_int_equal(hf_feed_open_bytes(hf_buf_bytes(&bytes), &feed, &r.why), HF_OK);
	hf_feed_key_cpe(&c, HF_STR("Haxx:cURL"));
	hf_feed_key_generic(&c, HF_STR("curl"));
	hf_feed_key_distro(&c, HF_STR("debian"), HF_STR("12"), HF_STR("curl"));
	hf_feed_key_distro(&c, HF_STR("debian"), HF_STR(""), HF_STR("curl"));
	assert_int_equal(c.n_keys, 3);
	assert_string_equal(c.key[2], "debian:12/curl");
	assert_int_equal(hf_feed_match(feed, &c, &match, &known), HF_OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(hf_feed_n_sources(feed), 1);
	const struct hf_feed_source *s = hf_feed_source(feed, 0);
	assert_false(hf_feed_is_stale(s, s->newest_day + 14, 0));
	assert_true(hf_feed_is_stale(s, s->newest_day + 15, 0));
	assert_false(hf_feed_is_stale(s, s->newest_day + 15, 30));
	hf_feed_close(feed);
	hf_feed_close(NULL);
	feed_rig_drop(&r);
}

static void the_distribution_speaks_before_others(void **unused)
{
	struct feed_rig r = feed_rig();
	struct hf_component c = { .scheme = HF_VERSION_DPKG, .version = HF_STR("1:1.35.0-4") };
	struct hf_feed_match match = { &r, feed_hit };
	struct hf_feed *feed;
	bool known;

	(void)unused;
	feed_import(&r, feed_tracker);
	feed_import(&r,
		    "{\"cveMetadata\":{\"cveId\":\"CVE-2021-0003\",\"dateUpdated\":\"2026-07-02\"},"
		    "\"containers\":{\"cna\":{\"affected\":"
		    "[{\"vendor\":\"busybox\",\"product\":\"busybox\",\"defaultStatus\":\"affected\"}]}}}");
	hf_feed_key_cpe(&c, HF_STR("busybox:busybox"));
	hf_feed_key_distro(&c, HF_STR("debian"), HF_STR("bookworm"), HF_STR("busybox"));
	assert_int_equal(hf_feed_open(r.db, &feed, &r.why), HF_OK);
	assert_int_equal(hf_feed_match(feed, &c, &match, &known), HF_OK);
	assert_int_equal(r.n, 5);
	assert_string_equal(r.line[2], "CVE-2021-0003 not fixed= cvss=0 epss=0 kev=0 files=");
	hf_feed_close(feed);
	feed_rig_drop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(osv_gives_ranges_of_distributions),
		cmocka_unit_test(osv_reads_tags_of_upstream_projects),
		cmocka_unit_test(withdrawn_records_count_and_say_nothing),
		cmocka_unit_test(the_tracker_knows_what_a_distribution_decided),
		cmocka_unit_test(kernel_records_are_read_by_stable_branches),
		cmocka_unit_test(cve_changes_cut_a_range),
		cmocka_unit_test(nvd_never_blames_what_a_product_runs_on),
		cmocka_unit_test(short_ids_are_no_cves),
		cmocka_unit_test(lists_mark_what_others_found),
		cmocka_unit_test(a_feed_can_be_asked_from_memory_and_grows_old),
		cmocka_unit_test(the_distribution_speaks_before_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
