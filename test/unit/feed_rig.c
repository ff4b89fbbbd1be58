/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/file.h>
#include "feed_rig.h"

struct feed_rig feed_rig(void)
{
	struct feed_rig r = { .dir = "/tmp/hf-feed-XXXXXX" };

	assert_non_null(mkdtemp(r.dir));
	(void)snprintf(r.db, sizeof(r.db), "%s/feed.db", r.dir);
	(void)snprintf(r.file, sizeof(r.file), "%s/a.json", r.dir);
	return r;
}

void feed_rig_drop(struct feed_rig *r)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	assert_int_equal(system(command), 0);
}

hf_bytes feed_text(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

hf_err feed_import_path(struct feed_rig *r, const char *path, const char *name, const char *reason)
{
	struct hf_feed_import in = { .db = r->db,
				     .source = name,
				     .allow_shrink = reason,
				     .paths = &path,
				     .n_paths = 1,
				     .now_s = NOW };

	return hf_feed_import(&in, &r->source, &r->why);
}

hf_err feed_import_as(struct feed_rig *r, const char *name, const char *content)
{
	struct timespec times[2] = { { .tv_sec = NOW - 86400 }, { .tv_sec = NOW - 86400 } };

	assert_int_equal(hf_file_replace(r->file, feed_text(content), 0600, NULL), HF_OK);
	assert_int_equal(utimensat(AT_FDCWD, r->file, times, 0), 0); /* the tracker's only date */
	return feed_import_path(r, r->file, name, NULL);
}

void feed_import(struct feed_rig *r, const char *content)
{
	hf_err err = feed_import_as(r, NULL, content);

	if (err != HF_OK)
		print_message("%s\n", r->why.text);
	assert_int_equal(err, HF_OK);
}

hf_err feed_hit(void *ctx, const struct hf_vuln_hit *h)
{
	static const char *const status[] = {
		"?", "affected", "not", "unimportant", "no-dsa", "undetermined"
	};
	struct feed_rig *r = ctx;

	assert_true(r->n < LINES);
	(void)snprintf(r->line[r->n++], sizeof(r->line[0]),
		       "%s %s fixed=%s cvss=%u epss=%u kev=%d files=%.*s", h->id, status[h->status], h->fixed,
		       h->cvss, h->epss, h->kev, (int)strcspn(h->files, "\n"), h->files);
	return HF_OK;
}

/* "debian:12/x", "cpe/a:b", "generic/x" */
bool feed_ask(struct feed_rig *r, unsigned scheme, const char *key, const char *version)
{
	struct hf_component c = { .scheme = scheme, .version = feed_text(version), .n_keys = 1 };
	struct hf_feed_match match = { r, feed_hit };
	struct hf_feed *feed;
	bool known;

	r->n = 0;
	(void)snprintf(c.key[0], sizeof(c.key[0]), "%s", key);
	assert_int_equal(hf_feed_open(r->db, &feed, &r->why), HF_OK);
	assert_int_equal(hf_feed_match(feed, &c, &match, &known), HF_OK);
	hf_feed_close(feed);
	return known;
}

void feed_expect(struct feed_rig *r, unsigned scheme, const char *key, const char *version, const char *line)
{
	assert_true(feed_ask(r, scheme, key, version));
	assert_int_equal(r->n, 1);
	assert_string_equal(r->line[0], line);
}

void feed_kev(char *out, size_t cap, unsigned n, const char *day)
{
	size_t at = (size_t)snprintf(out, cap, "cveID,dateAdded,dueDate\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, cap - at, "CVE-2020-%04u,%s,2026-08-01\n", i, day);
}

const char feed_tracker[] =
	"{\"busybox\":{\"CVE-2021-0001\":{\"description\":\"\\u00e4\\\"}\",\"releases\":{"
	"\"bookworm\":{\"status\":\"open\",\"repositories\":{\"bookworm\":\"1:1.35.0-4\"},\"urgency\":"
	"\"unimportant\"},"
	"\"trixie\":{\"status\":\"resolved\",\"fixed_version\":\"1:1.37.0-1\",\"urgency\":\"low\"}}},"
	"\"CVE-2021-0002\":{\"releases\":{\"bookworm\":{\"status\":\"open\",\"urgency\":\"low\",\"nodsa\":"
	"\"Minor issue\"}}},"
	"\"CVE-2021-0003\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":\"0\","
	"\"urgency\":\"unimportant\"}}},"
	"\"CVE-2021-0004\":{\"releases\":{\"bookworm\":{\"status\":\"undetermined\",\"urgency\":\"low\"}}},"
	"\"CVE-2021-0005\":{\"releases\":{\"bookworm\":{\"status\":\"open\",\"urgency\":\"not yet "
	"assigned\"}}}}}";

const char feed_nvd[] =
	"{\"resultsPerPage\":1,\"format\":\"NVD_CVE\",\"vulnerabilities\":[{\"cve\":{\"id\":\"CVE-2023-"
	"0009\","
	"\"lastModified\":\"2026-07-03T00:00:00.000\",\"metrics\":{\"cvssMetricV2\":[{\"cvssData\":{"
	"\"baseScore\":10.0}}],"
	"\"cvssMetricV31\":[{\"cvssData\":{\"baseScore\":5.9}}]},\"configurations\":[{\"operator\":\"AND\","
	"\"nodes\":["
	"{\"operator\":\"OR\",\"negate\":false,\"cpeMatch\":[{\"vulnerable\":true,"
	"\"criteria\":\"cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*\",\"versionStartIncluding\":\"7.0\","
	"\"versionEndExcluding\":\"8.1\"},"
	"{\"vulnerable\":true,\"criteria\":\"cpe:2.3:a:openbsd:openssh:9.0:p1:*:*:*:*:*:*\"}]},"
	"{\"operator\":\"OR\",\"negate\":false,\"cpeMatch\":[{\"vulnerable\":false,"
	"\"criteria\":\"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*\"}]},"
	"{\"negate\":true,\"cpeMatch\":[{\"vulnerable\":true,\"criteria\":\"cpe:2.3:a:gnu:wget:*:*:*:*:*:*:*:"
	"*\"}]}]}]}}]}";
