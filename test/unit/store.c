/* store.c -- the registry on a real file: durable or absent, chained, counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "store_rig.h"

static hf_err add_two_then_fail(struct hf_db *db, void *ctx)
{
	struct hf_cert_row c = rig_cert(9, HF_CERT_ISSUED);
	(void)ctx;
	HF_TRY(hf_cert_add(db, &c, HF_STR("der")));
	return HF_ERR_STORE_LIMIT;
}

static void a_failing_job_changes_nothing(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(9, 0);

	assert_int_equal(hf_store_write(r->store, add_two_then_fail, NULL), HF_ERR_STORE_LIMIT);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &c), HF_ERR_STORE_ABSENT);
	assert_int_equal(r->nudges, 0);
}

static void a_taken_key_is_refused_and_a_row_survives_reopening(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c = rig_cert(1, HF_CERT_ISSUED), twin = rig_cert(2, HF_CERT_ISSUED);

	assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
	assert_int_equal(r->nudges, 1);
	memcpy(twin.spki_sha256, c.spki_sha256, sizeof(twin.spki_sha256));
	assert_int_equal(hf_store_write(r->store, rig_add_cert, &twin), HF_ERR_STORE_EXISTS);
	hf_store_close(r->store);
	rig_open(r);
	struct hf_cert_row back = rig_cert(1, 0);
	assert_int_equal(hf_store_read(r->store, rig_get_cert, &back), HF_OK);
	assert_int_equal(back.state, HF_CERT_ISSUED);
	assert_string_equal(back.dev, c.dev);
	assert_int_equal(back.issued_at, r->now);
}

static hf_err add_device(struct hf_db *db, void *ctx)
{
	return hf_device_add(db, ctx);
}

struct order {
	int64_t device;
	uint8_t serial[4];
	unsigned n;
};

static hf_err note_serial(void *ctx, const struct hf_cert_row *c)
{
	struct order *o = ctx;

	assert_true(o->n < sizeof(o->serial));
	o->serial[o->n++] = c->serial[0];
	return HF_OK;
}

static hf_err in_order(struct hf_db *db, void *ctx)
{
	struct order *o = ctx;
	return hf_cert_of_device(db, o->device, HF_CERT_LDEVID, note_serial, o);
}

/* Two renewals within a second, a third after the clock was set back ten years. */
static void certificates_of_a_device_keep_their_order_whatever_the_clock_says(void **state)
{
	static const uint8_t serial[4] = { 5, 9, 3, 1 };
	struct rig *r = *state;
	struct hf_device_row d = { .line = "lamp", .state = HF_DEVICE_MADE };
	struct order o = { 0 };

	assert_int_equal(hf_store_write(r->store, add_device, &d), HF_OK);
	for (unsigned i = 0; i < 4; i++) {
		struct hf_cert_row c = rig_cert(serial[i], HF_CERT_ISSUED);

		c.device = d.id;
		r->now -= i == 3 ? 10 * 365 * 86400 : 0;
		assert_int_equal(hf_store_write(r->store, rig_add_cert, &c), HF_OK);
	}
	o.device = d.id;
	assert_int_equal(hf_store_read(r->store, in_order, &o), HF_OK);
	assert_int_equal(o.n, 4);
	assert_memory_equal(o.serial, serial, 4);
}

struct seen {
	unsigned n;
	struct hf_change last;
};

static hf_err see(void *ctx, const struct hf_change *c)
{
	struct seen *s = ctx;
	s->n++;
	s->last = *c;
	return HF_OK;
}

static hf_err revoke_one(struct hf_db *db, void *ctx)
{
	return hf_cert_set_state(db, ctx, HF_CERT_REVOKED);
}

static hf_err list_changes(struct hf_db *db, void *ctx)
{
	return hf_change_list(db, 0, 100, see, ctx);
}

static hf_err snapshot(struct hf_db *db, void *ctx)
{
	return hf_change_snapshot(db, see, ctx);
}

static void every_change_of_admission_is_listed_in_order(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row a = rig_cert(1, HF_CERT_ISSUED), b = rig_cert(2, HF_CERT_CONFIRMED);
	struct seen s = { 0 };

	assert_int_equal(hf_store_write(r->store, rig_add_cert, &a), HF_OK);
	assert_int_equal(hf_store_write(r->store, rig_add_cert, &b), HF_OK);
	assert_int_equal(hf_store_write(r->store, revoke_one, a.serial), HF_OK);
	assert_int_equal(hf_store_read(r->store, list_changes, &s), HF_OK);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.last.epoch, 3);
	assert_int_equal(s.last.state, HF_CERT_REVOKED);
	s = (struct seen){ 0 };
	assert_int_equal(hf_store_read(r->store, snapshot, &s), HF_OK);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.last.dev, b.dev);
}

static hf_err three_events(struct hf_db *db, void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 3; i++) {
		struct hf_event_row e = {
			.level = HF_EVENT_INFO, .kind = "test.one", .account = "main", .actor = "server"
		};
		HF_TRY(hf_event_add(db, &e));
	}
	return HF_OK;
}

static void the_journal_cannot_be_edited_unseen(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_store_write(r->store, three_events, NULL), HF_OK);
	assert_int_equal(hf_store_check(r->store, NULL), HF_OK);
	rig_raw(r, "UPDATE event SET kind = 'x' WHERE id = 2", SQLITE_CONSTRAINT);
	rig_raw(r, "DELETE FROM event WHERE id = 2", SQLITE_CONSTRAINT);
	assert_int_equal(hf_store_check(r->store, NULL), HF_OK);
	rig_raw(r, "DROP TRIGGER event_no_update; UPDATE event SET kind = 'x' WHERE id = 2", SQLITE_OK);
	assert_int_equal(hf_store_check(r->store, NULL), HF_ERR_STORE_CHAIN);
}

static hf_err fill_outbox(struct hf_db *db, void *ctx)
{
	uint8_t cti[16] = { 0 };
	hf_err err = HF_OK;

	for (cti[0] = 0; err == HF_OK; cti[0]++) {
		*(int *)ctx = cti[0];
		err = hf_command_add(db, "abcdefghijklmnop", cti, HF_STR("x"), "alice");
	}
	return err == HF_ERR_STORE_LIMIT ? HF_OK : err;
}

static void the_outbox_holds_64_open_commands(void **state)
{
	struct rig *r = *state;
	int n = 0;

	assert_int_equal(hf_store_write(r->store, fill_outbox, &n), HF_OK);
	assert_int_equal(n, HF_OUTBOX_OPEN_MAX);
}

static hf_err receipt_twice(struct hf_db *db, void *ctx)
{
	struct hf_command_row row;
	uint8_t cti[16] = { 3 }, cert[32] = { 0 };
	bool *fresh = ctx;

	HF_TRY(hf_command_add(db, "abcdefghijklmnop", cti, HF_STR("x"), "alice"));
	HF_TRY(hf_command_sent(db, "abcdefghijklmnop", cti));
	HF_TRY(hf_receipt_add(db, "abcdefghijklmnop", cti, HF_STR("r"), cert, &fresh[0]));
	HF_TRY(hf_receipt_add(db, "abcdefghijklmnop", cti, HF_STR("r"), cert, &fresh[1]));
	HF_TRY(hf_command_get(db, "abcdefghijklmnop", cti, &row, NULL));
	assert_int_equal(row.state, HF_OUTBOX_RECEIPTED);
	return hf_command_withdraw(db, "abcdefghijklmnop", cti, 0);
}

static void a_receipt_closes_its_command_once(void **state)
{
	struct rig *r = *state;
	bool fresh[2] = { false, true };

	assert_int_equal(hf_store_write(r->store, receipt_twice, fresh), HF_ERR_STORE_STALE);
	assert_true(fresh[0]);
	assert_false(fresh[1]);
}

static hf_err journal_ten(struct hf_db *db, void *ctx)
{
	uint8_t tree[16] = { 7 }, roots[2][32];
	uint64_t index = 0;

	(void)ctx;
	for (uint8_t i = 0; i < 10; i++) {
		HF_TRY(hf_journal_append(db, tree, (hf_bytes){ &i, 1 }, &index));
		assert_int_equal(index, i);
		if (i == 6)
			HF_TRY(hf_journal_root(db, tree, 7, roots[0]));
	}
	HF_TRY(hf_journal_root(db, tree, 7, roots[1]));
	assert_memory_equal(roots[0], roots[1], 32);
	return HF_OK;
}

static void an_old_journal_head_stays_true(void **state)
{
	struct rig *r = *state;
	assert_int_equal(hf_store_write(r->store, journal_ten, NULL), HF_OK);
}

struct counter {
	pthread_mutex_t lock;
	unsigned n;
};

static hf_err one_event(struct hf_db *db, void *ctx)
{
	struct hf_event_row e = { .level = HF_EVENT_INFO, .kind = "test.many", .actor = "server" };
	(void)ctx;
	return hf_event_add(db, &e);
}

static void count_done(void *ctx, hf_err err)
{
	struct counter *c = ctx;

	pthread_mutex_lock(&c->lock);
	c->n += err == HF_OK;
	pthread_mutex_unlock(&c->lock);
}

static void queued_writes_share_commits(void **state)
{
	struct rig *r = *state;
	struct counter c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct hf_store_stats stats;

	for (int i = 0; i < 200; i++)
		assert_int_equal(hf_store_post(r->store, one_event, count_done, &c), HF_OK);
	assert_int_equal(hf_store_write(r->store, one_event, NULL), HF_OK);
	hf_store_stats(r->store, &stats);
	assert_int_equal(stats.writes, 201);
	assert_true(stats.commits < 150);
	hf_store_close(r->store);
	assert_int_equal(c.n, 200);
	rig_open(r);
	assert_int_equal(hf_store_check(r->store, NULL), HF_OK);
}

static hf_err stale_device(struct hf_db *db, void *ctx)
{
	struct hf_device_row d = { .line = "x", .state = HF_DEVICE_MADE }, old;

	(void)ctx;
	HF_TRY(hf_device_add(db, &d));
	old = d;
	HF_TRY(hf_device_update(db, &d));
	return hf_device_update(db, &old);
}

static void a_stale_version_is_refused(void **state)
{
	struct rig *r = *state;
	assert_int_equal(hf_store_write(r->store, stale_device, NULL), HF_ERR_STORE_STALE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_failing_job_changes_nothing),
		T(a_taken_key_is_refused_and_a_row_survives_reopening),
		T(certificates_of_a_device_keep_their_order_whatever_the_clock_says),
		T(every_change_of_admission_is_listed_in_order),
		T(the_journal_cannot_be_edited_unseen),
		T(the_outbox_holds_64_open_commands),
		T(a_receipt_closes_its_command_once),
		T(an_old_journal_head_stays_true),
		T(queued_writes_share_commits),
		T(a_stale_version_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
