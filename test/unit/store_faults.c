/* store_faults.c -- what a store does when the machine fails it: locked, full, damaged, from the future.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "store_rig.h"

static void a_store_of_a_newer_program_is_left_alone(void **state)
{
	struct rig *r = *state;
	struct hf_store_conf conf = { .path = r->path };
	struct hf_store *s = NULL;

	rig_raw(r, "PRAGMA user_version = 99", SQLITE_OK);
	assert_int_equal(hf_store_open(&conf, &s, NULL), HF_ERR_STORE_NEWER);
	rig_raw(r, "PRAGMA application_id = 5", SQLITE_OK);
	assert_int_equal(hf_store_open(&conf, &s, NULL), HF_ERR_STORE_FOREIGN);
	assert_int_equal(hf_store_create(r->path, NULL), HF_ERR_STORE_EXISTS_FILE);
	conf.path = "/nonexistent/holdfast.db";
	assert_int_equal(hf_store_open(&conf, &s, NULL), HF_ERR_STORE_NONE);
}

static void a_locked_store_answers_busy_after_five_seconds(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(r->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_ERR_STORE_BUSY);
	sqlite3_close(db);
	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
}

static hf_err cap_pages(struct hf_db *db, void *ctx)
{
	/* The first member of a transaction is its connection; max_page_count makes a full disk. */
	sqlite3 *sql = *(sqlite3 **)(void *)db;
	(void)ctx;
	return sqlite3_exec(sql, "PRAGMA max_page_count = 1", NULL, NULL, NULL) == SQLITE_OK
		       ? HF_OK
		       : HF_ERR_STORE_IO;
}

static hf_err add_much(struct hf_db *db, void *ctx)
{
	static const uint8_t big[60000];
	struct hf_cert_row *c = ctx;
	return hf_cert_add(db, c, HF_ARR(big));
}

static void a_full_disk_is_said_and_nothing_is_half_written(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED);

	assert_int_equal(hf_store_write(r->store, cap_pages, NULL), HF_OK);
	assert_int_equal(hf_store_write(r->store, add_much, &c), HF_ERR_STORE_FULL);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_ERR_STORE_ABSENT);
}

static void a_backup_is_a_whole_store(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED);
	char copy[128];

	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", r->dir);
	assert_int_equal(hf_store_backup(r->path, copy, NULL), HF_OK);
	assert_int_equal(hf_store_backup(r->path, copy, NULL), HF_ERR_STORE_EXISTS_FILE);
	hf_store_close(r->store);
	(void)snprintf(r->path, sizeof(r->path), "%s", copy);
	rig_open(r);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_OK);
	assert_int_equal(hf_store_check(r->store, NULL), HF_OK);
}

static void a_damaged_row_is_not_believed(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED);

	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
	rig_raw(r, "UPDATE cert SET lineage = x'00'", SQLITE_OK);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_ERR_STORE_FOREIGN);
	rig_raw(r, "DROP TABLE cert", SQLITE_OK);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_ERR_STORE_IO);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_store_of_a_newer_program_is_left_alone),
		T(a_locked_store_answers_busy_after_five_seconds),
		T(a_full_disk_is_said_and_nothing_is_half_written),
		T(a_backup_is_a_whole_store),
		T(a_damaged_row_is_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
