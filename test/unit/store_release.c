/* Releases by content address, looks, heads; and a store of layout 1 that is opened by this program.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "store_rig.h"

static struct hf_release_row release(uint8_t d)
{
	struct hf_release_row r = { .account = "main", .sequence = 7, .by = "alice" };

	memset(r.d, d, sizeof(r.d));
	return r;
}

struct put {
	struct hf_release_row row;
	hf_bytes bytes;
	bool fresh;
};
static hf_err put(struct hf_db *db, void *ctx)
{
	struct put *p = ctx;
	return hf_release_put(db, &p->row, p->bytes, &p->fresh);
}

struct get {
	const char *account;
	uint8_t sha256[HF_SHA256_LEN];
	struct hf_buf bytes;
};
static hf_err get(struct hf_db *db, void *ctx)
{
	struct get *g = ctx;
	return hf_bundle_get(db, g->account, g->sha256, &g->bytes);
}

static hf_err fetch(struct rig *r, const char *account, const uint8_t sha256[static HF_SHA256_LEN],
		    hf_bytes want)
{
	struct get g = { .account = account, .bytes = HF_BUF(HF_STORE_BUNDLE_MAX) };
	hf_err err;

	memcpy(g.sha256, sha256, sizeof(g.sha256));
	err = hf_store_read(r->store, get, &g);
	assert_true(err != HF_OK || hf_bytes_equal(hf_buf_bytes(&g.bytes), want));
	hf_buf_free(&g.bytes);
	return err;
}

static void a_bundle_is_found_by_its_hash_in_its_account_only(void **state)
{
	struct rig *r = *state;
	struct put p = { release(1), HF_STR("bundle one"), false };
	hf_bytes bytes = p.bytes;
	uint8_t hash[HF_SHA256_LEN];

	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_true(p.fresh);
	assert_int_equal(hf_crypto_sha256(&bytes, 1, hash), HF_OK);
	assert_memory_equal(p.row.bundle, hash, sizeof(hash));
	assert_int_equal(fetch(r, "main", hash, bytes), HF_OK);
	assert_int_equal(fetch(r, "other", hash, bytes), HF_ERR_STORE_ABSENT);
	hash[0] ^= 1;
	assert_int_equal(fetch(r, "main", hash, bytes), HF_ERR_STORE_ABSENT);
}

static void a_later_bundle_of_a_release_leaves_the_earlier_one(void **state)
{
	struct rig *r = *state;
	struct put p = { release(1), HF_STR("bundle one"), false };
	uint8_t first[HF_SHA256_LEN];

	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	memcpy(first, p.row.bundle, sizeof(first));
	p.bytes = HF_STR("bundle two");
	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_true(p.fresh);
	assert_int_equal(p.row.version, 2);
	assert_int_equal(fetch(r, "main", first, HF_STR("bundle one")), HF_OK);
	p.bytes = HF_STR("bundle one");
	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_false(p.fresh);
	assert_memory_not_equal(p.row.bundle, first, sizeof(first)); /* an old one does not lead again */
}

static hf_err revoke(struct hf_db *db, void *ctx)
{
	return hf_release_revoke(db, *(int64_t *)ctx, "broken");
}

static void a_revoked_release_is_given_to_nobody(void **state)
{
	struct rig *r = *state;
	struct put p = { release(1), HF_STR("bundle one"), false };

	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_int_equal(hf_store_write(r->store, revoke, &p.row.id), HF_OK);
	assert_int_equal(hf_store_write(r->store, revoke, &p.row.id), HF_ERR_STORE_STALE);
	assert_int_equal(fetch(r, "main", p.row.bundle, p.bytes), HF_ERR_STORE_ABSENT);
}

static void a_blob_can_neither_be_changed_nor_removed(void **state)
{
	struct rig *r = *state;
	struct put p = { release(1), HF_STR("bundle one"), false };

	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	rig_raw(r, "UPDATE blob SET bytes = x'00'", SQLITE_CONSTRAINT);
	rig_raw(r, "DELETE FROM blob", SQLITE_CONSTRAINT);
}

static void a_bundle_above_the_limit_is_refused(void **state)
{
	static uint8_t large[HF_STORE_BUNDLE_MAX + 1];
	struct rig *r = *state;
	struct put p = { release(1), { large, sizeof(large) }, false };

	assert_int_equal(hf_store_write(r->store, put, &p), HF_ERR_STORE_LIMIT);
	p.bytes.len--;
	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
}

static const char dev[] = "abcdefghijklmnop";

static hf_err wish(struct hf_db *db, void *ctx)
{
	return hf_look_put(db, dev, *(int64_t *)ctx, "alice");
}
static hf_err count_look(void *ctx, const struct hf_look_row *l)
{
	assert_string_equal(l->dev, dev);
	++*(int *)ctx;
	return HF_OK;
}
static hf_err count_queued(struct hf_db *db, void *ctx)
{
	return hf_look_queued(db, 10, count_look, ctx);
}
static hf_err come(struct hf_db *db, void *ctx)
{
	static const uint8_t hash[HF_SHA256_LEN];

	(void)ctx;
	HF_TRY(hf_presence_set(db, dev, true, hash, "::1"));
	return hf_presence_hello(db, dev);
}
static hf_err report(struct hf_db *db, void *ctx)
{
	const struct hf_release_row *r = ctx;

	HF_TRY(hf_look_sent(db, dev));
	return hf_look_reported(db, dev, HF_ARR(r->d));
}
static hf_err look_state(struct hf_db *db, void *ctx)
{
	struct hf_look_row l;

	HF_TRY(hf_look_get(db, dev, &l));
	*(int *)ctx = l.state;
	return HF_OK;
}

static void a_look_waits_for_its_device_and_ends_with_its_report(void **state)
{
	struct rig *r = *state;
	struct put p = { release(1), HF_STR("bundle one"), false };
	int n = 0;

	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_int_equal(hf_store_write(r->store, wish, &p.row.id), HF_OK);
	assert_int_equal(hf_store_read(r->store, count_queued, &n), HF_OK);
	assert_int_equal(n, 0); /* it is not here */
	assert_int_equal(hf_store_write(r->store, come, NULL), HF_OK);
	assert_int_equal(hf_store_read(r->store, count_queued, &n), HF_OK);
	assert_int_equal(n, 1);
	assert_int_equal(hf_store_write(r->store, report, &p.row), HF_OK);
	assert_int_equal(hf_store_read(r->store, look_state, &n), HF_OK);
	assert_int_equal(n, HF_LOOK_REPORTED);
	assert_int_equal(hf_store_write(r->store, revoke, &p.row.id), HF_OK);
	assert_int_equal(hf_store_read(r->store, look_state, &n), HF_ERR_STORE_ABSENT);
}

static hf_err add_head(struct hf_db *db, void *ctx)
{
	return hf_head_put(db, "main", ctx);
}
static hf_err keep_size(void *ctx, const struct hf_head_row *h)
{
	*(uint64_t *)ctx = h->size;
	return HF_OK;
}
static hf_err list_heads(struct hf_db *db, void *ctx)
{
	return hf_head_list(db, "main", HF_STORE_HEADS_MAX, keep_size, ctx);
}

static void a_smaller_head_does_not_replace_a_larger_one(void **state)
{
	struct rig *r = *state;
	struct hf_head_row h = { .policy_ref = "12345678", .log = 3, .size = 100, .bytes = HF_STR("head") };
	uint64_t size = 0;

	assert_int_equal(hf_store_write(r->store, add_head, &h), HF_OK);
	h.size = 99;
	assert_int_equal(hf_store_write(r->store, add_head, &h), HF_ERR_STORE_STALE);
	h.size = 100; /* cosigned again */
	assert_int_equal(hf_store_write(r->store, add_head, &h), HF_OK);
	assert_int_equal(hf_store_read(r->store, list_heads, &size), HF_OK);
	assert_int_equal(size, 100);
}

struct floor {
	uint64_t sequence, known;
};
static hf_err raise_floor(struct hf_db *db, void *ctx)
{
	struct floor *f = ctx;

	return hf_device_floor_raise(db, dev, f->sequence, &f->known);
}
static hf_err get_floor(struct hf_db *db, void *ctx)
{
	return hf_device_floor_get(db, dev, ctx);
}

static void a_floor_is_only_ever_raised(void **state)
{
	static const uint64_t reported[] = { 0, 7, 7, 5, 9, INT64_MAX }, before[] = { 0, 0, 7, 7, 7, 9 };
	struct rig *r = *state;
	uint64_t now = 0, most = 0;

	assert_int_equal(hf_store_read(r->store, get_floor, &now), HF_ERR_STORE_ABSENT);
	for (size_t i = 0; i < sizeof(reported) / sizeof(reported[0]); i++) {
		struct floor f = { reported[i], 1 };

		assert_int_equal(hf_store_write(r->store, raise_floor, &f), HF_OK);
		assert_int_equal(f.known, before[i]);
		most = reported[i] > most ? reported[i] : most;
		assert_int_equal(hf_store_read(r->store, get_floor, &now), HF_OK);
		assert_int_equal(now, most);
	}
	assert_int_equal(hf_store_write(r->store, raise_floor, &(struct floor){ (uint64_t)INT64_MAX + 1, 0 }),
			 HF_ERR_STORE_LIMIT);
	rig_raw(r, "UPDATE device_floor SET sequence = 1", SQLITE_CONSTRAINT);
}

/* What layout 1 was: everything but what the later steps add. */
static void a_store_of_layout_1_is_upgraded_and_keeps_its_rows(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED);
	struct put p = { release(1), HF_STR("bundle one"), false };

	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
	hf_store_close(r->store);
	rig_raw(r,
		"DROP TABLE device_floor; DROP TABLE head; DROP TABLE look; DROP TABLE release_bundle; "
		"DROP TABLE release; DROP TABLE blob; ALTER TABLE claim DROP COLUMN label; "
		"PRAGMA user_version = 1",
		SQLITE_OK);
	rig_open(r);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_OK);
	assert_int_equal(hf_store_write(r->store, put, &p), HF_OK);
	assert_int_equal(hf_store_check(r->store, NULL), HF_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_bundle_is_found_by_its_hash_in_its_account_only),
		T(a_later_bundle_of_a_release_leaves_the_earlier_one),
		T(a_revoked_release_is_given_to_nobody),
		T(a_blob_can_neither_be_changed_nor_removed),
		T(a_bundle_above_the_limit_is_refused),
		T(a_look_waits_for_its_device_and_ends_with_its_report),
		T(a_smaller_head_does_not_replace_a_larger_one),
		T(a_floor_is_only_ever_raised),
		T(a_store_of_layout_1_is_upgraded_and_keeps_its_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
