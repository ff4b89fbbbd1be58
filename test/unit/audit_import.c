/* Imports of advisories: what is refused, and what a folder is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <holdfast/cose.h>
#include <hf/file.h>
#include "feed_rig.h"

/* ---- refusals ---- */
static void a_source_that_shrank_is_refused_unless_a_reason_is_given(void **unused)
{
	struct feed_rig r = feed_rig();
	static char csv[8192];

	(void)unused;
	feed_kev(csv, sizeof(csv), 100, "2026-07-10");
	feed_import(&r, csv);
	feed_kev(csv, sizeof(csv), 95, "2026-07-10");
	feed_import(&r, csv);
	feed_kev(csv, sizeof(csv), 90, "2026-07-10"); /* 94.7 % of 95 */
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_SHRUNK);
	assert_non_null(strstr(r.why.text, "90 records, it had 95"));
	assert_int_equal(feed_import_path(&r, r.file, NULL, "catalogue was cleaned"), HF_OK);
	assert_string_equal(r.source.shrink, "catalogue was cleaned");
	feed_rig_drop(&r);
}

static void older_and_future_sources_are_refused(void **unused)
{
	struct feed_rig r = feed_rig();
	static char csv[1024];

	(void)unused;
	feed_kev(csv, sizeof(csv), 3, "2026-07-10");
	feed_import(&r, csv);
	feed_kev(csv, sizeof(csv), 3, "2026-07-09");
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_OLDER);
	feed_kev(csv, sizeof(csv), 3, "2026-07-24");
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_FUTURE);
	assert_int_equal(feed_import_path(&r, r.file, NULL, "no reason helps"), HF_ERR_FEED_FUTURE);
	feed_rig_drop(&r);
}

static void a_refused_import_leaves_the_former_file(void **unused)
{
	struct feed_rig r = feed_rig();
	struct hf_buf before HF_AUTO(hf_buf_free) = HF_BUF(1 << 20),
			     after HF_AUTO(hf_buf_free) = HF_BUF(1 << 20);

	(void)unused;
	feed_import(&r, feed_nvd);
	assert_int_equal(hf_file_read(r.db, &before, NULL), HF_OK);
	assert_int_equal(feed_import_as(&r, "nvd", "{\"resultsPerPage\":1,\"vulnerabilities\":[}"),
			 HF_ERR_FEED_FORMAT);
	assert_int_equal(feed_import_as(&r, "nvd", "{\"resultsPerPage\":1,\"vulnerabilities\":[]}"),
			 HF_ERR_FEED_FORMAT);
	assert_int_equal(hf_file_read(r.db, &after, NULL), HF_OK);
	assert_true(hf_bytes_equal(hf_buf_bytes(&before), hf_buf_bytes(&after)));
	feed_rig_drop(&r);
}

static hf_bytes sign(uint8_t seed_byte, const uint8_t sha256[32], struct hf_out *out)
{
	struct hf_key seed = { 0 };
	static uint8_t room[256], pub[32];
	struct hf_out scratch = HF_OUT(room);

	memset(seed.b, seed_byte, 32);
	seed.len = 32;
	assert_int_equal(hf_crypto_ed25519_public(&seed, pub), HF_OK);
	struct hf_cose_signer signer = { .alg = HF_COSE_ED25519, .kid = HF_ARR(pub), .seed = &seed };
	hf_bytes payload = { sha256, 32 };
	assert_int_equal(hf_cose_sign1_write(&signer, HF_STR("hf/feed/1"), payload, true, &scratch, out),
			 HF_OK);
	return hf_out_bytes(out);
}

static void put_signature(struct feed_rig *r, uint8_t seed_byte, const char *content)
{
	uint8_t sha256[32], room[256];
	struct hf_out out = HF_OUT(room);
	hf_bytes t = feed_text(content);
	char path[80];

	assert_int_equal(hf_crypto_sha256(&t, 1, sha256), HF_OK);
	(void)snprintf(path, sizeof(path), "%s.cose", r->file);
	assert_int_equal(hf_file_replace(path, sign(seed_byte, sha256, &out), 0600, NULL), HF_OK);
}

static void a_signature_once_seen_stays_and_its_key_too(void **unused)
{
	struct feed_rig r = feed_rig();
	static char csv[1024];
	char path[80];

	(void)unused;
	feed_kev(csv, sizeof(csv), 3, "2026-07-10");
	put_signature(&r, 1, csv);
	feed_import(&r, csv);
	assert_int_equal(strlen(r.source.signer), 64);
	put_signature(&r, 2, csv);
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_SIGNATURE);
	put_signature(&r, 1, "other bytes");
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_SIGNATURE);
	(void)snprintf(path, sizeof(path), "%s.cose", r.file);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(feed_import_as(&r, NULL, csv), HF_ERR_FEED_UNSIGNED);
	assert_int_equal(feed_import_path(&r, r.file, NULL, "publisher stopped signing"), HF_OK);
	feed_rig_drop(&r);
}

static void foreign_files_are_no_feeds(void **unused)
{
	struct feed_rig r = feed_rig();
	struct hf_feed *feed;
	const char *path = r.dir;
	struct hf_feed_import in = {
		.db = "/nonexistent/feed.db", .paths = &path, .n_paths = 1, .now_s = NOW
	};

	(void)unused;
	assert_int_equal(hf_feed_open(r.db, &feed, &r.why), HF_ERR_FILE_ABSENT);
	assert_null(feed);
	assert_int_equal(hf_file_replace(r.db, feed_text("not a database, not at all"), 0600, NULL), HF_OK);
	assert_int_equal(hf_feed_open(r.db, &feed, &r.why), HF_ERR_FEED_FORMAT);
	assert_int_equal(hf_feed_import(&in, &r.source, &r.why), HF_ERR_FEED_IO);
	assert_int_equal(unlink(r.db), 0);
	assert_int_equal(feed_import_as(&r, NULL, "hello"), HF_ERR_FEED_FORMAT);
	assert_int_equal(feed_import_as(&r, "Bad Name", "{}"), HF_ERR_BASE_MISUSE);
	assert_false(hf_file_exists(r.db));
	feed_rig_drop(&r);
}

/* ---- folders, bytes, age ---- */
static void a_folder_has_one_digest_and_skips_what_is_no_record(void **unused)
{
	struct feed_rig r = feed_rig();
	char dir[64], path[128];
	uint8_t first[32];

	(void)unused;
	(void)snprintf(dir, sizeof(dir), "%s/osv", r.dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	for (int i = 0; i < 3; i++) {
		char content[256];

		(void)snprintf(path, sizeof(path), "%s/%d.json", dir, i);
		(void)snprintf(content, sizeof(content),
			       "{\"id\":\"OSV-%d\",\"modified\":\"2026-07-0%d\",\"affected\":[]}", i, i + 1);
		assert_int_equal(hf_file_replace(path, feed_text(content), 0600, NULL), HF_OK);
	}
	(void)snprintf(path, sizeof(path), "%s/LICENSE.txt", dir);
	assert_int_equal(hf_file_replace(path, feed_text("words"), 0600, NULL), HF_OK);
	assert_int_equal(feed_import_path(&r, dir, NULL, NULL), HF_OK);
	assert_int_equal(r.source.count, 3);
	assert_string_equal(r.source.newest, "2026-07-03");
	memcpy(first, r.source.sha256, 32);
	assert_int_equal(feed_import_path(&r, dir, NULL, NULL), HF_OK);
	assert_memory_equal(first, r.source.sha256, 32);
	feed_rig_drop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_shrank_is_refused_unless_a_reason_is_given),
		cmocka_unit_test(older_and_future_sources_are_refused),
		cmocka_unit_test(a_refused_import_leaves_the_former_file),
		cmocka_unit_test(a_signature_once_seen_stays_and_its_key_too),
		cmocka_unit_test(foreign_files_are_no_feeds),
		cmocka_unit_test(a_folder_has_one_digest_and_skips_what_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
