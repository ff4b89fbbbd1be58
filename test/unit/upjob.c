/* Unit tests of what a device's messages and sessions do to the store.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#include <holdfast/hello.h>
#include "upjob.h"

#define DEV "abcdefgh234567ab"
enum { SERIAL = 0x40 };

struct rig {
	char dir[40], path[64];
	struct hf_store *store;
	struct hf_key secret;
	struct hf_hwkey key;
	struct hf_upjob job;
	int64_t device;
	uint8_t n; /* which certificate */
	hf_err (*check)(struct hf_db *db, struct rig *r);
	int state;
};

static hf_err add_cert(struct hf_db *db, void *ctx)
{
	struct rig *r = ctx;
	struct hf_cert_row c = { .kind = HF_CERT_LDEVID,
				 .state = HF_CERT_ISSUED,
				 .device = r->device,
				 .dev = DEV,
				 .identity = "cid:00",
				 .not_after = INT64_C(4000000000),
				 .budget = 2 };

	c.serial[0] = SERIAL;
	c.serial[15] = r->n;
	c.sha256[0] = r->n;
	c.spki_sha256[0] = r->n;
	memcpy(c.pub, r->key.pub, sizeof(c.pub));
	memcpy(c.lineage, c.serial, sizeof(c.lineage));
	c.has_parent = r->n > 1;
	memcpy(c.parent, c.serial, sizeof(c.parent));
	c.parent[15] = (uint8_t)(r->n - 1);
	return hf_cert_add(db, &c, HF_STR("der"));
}

static hf_err add_device(struct hf_db *db, void *ctx)
{
	struct rig *r = ctx;
	struct hf_device_row d = {
		.dev = DEV, .line = "lamp", .owner = "main", .state = HF_DEVICE_ACTIVE, .budget = 2
	};

	HF_TRY(hf_device_add(db, &d));
	r->device = d.id;
	return add_cert(db, r);
}

/* In place: the store keeps pointers to nothing of it, the job does. */
static void make_rig(struct rig *r)
{
	struct hf_store_conf conf = { 0 };

	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/hf-upjob-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/db", r->dir);
	conf.path = r->path;
	assert_int_equal(hf_store_create(r->path, NULL), HF_OK);
	assert_int_equal(hf_store_open(&conf, &r->store, NULL), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&r->secret, r->key.pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&r->secret, &r->key), HF_OK);
	r->n = 1;
	assert_int_equal(hf_store_write(r->store, add_device, r), HF_OK);
	strcpy(r->job.dev, DEV);
	r->job.cert_sha256[0] = 1;
}

static void clean(struct rig *r)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[80];

	hf_store_close(r->store);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", r->path, ends[i]);
		unlink(path);
	}
	rmdir(r->dir);
}

/* A message of the device; is it accepted? */
static bool says(struct rig *r, const char *cls, const char *id, hf_bytes payload)
{
	strcpy(r->job.cls, cls);
	strcpy(r->job.id, id);
	r->job.payload = payload;
	assert_int_equal(hf_store_write(r->store, hf__upjob_message, &r->job), HF_OK);
	return !r->job.refused;
}

static bool hello(struct rig *r, uint8_t serial_end, uint64_t boot_count, bool promoted)
{
	static uint8_t mem[HF_HELLO_MAX_LEN]; /* the job borrows it */
	struct hf_out out = HF_OUT(mem);
	struct hf_hello h = { .serial = { SERIAL }, .boot_count = boot_count, .promoted = promoted };

	h.serial[15] = serial_end;
	assert_int_equal(hf_hello_write(&h, &r->key, &out), HF_OK);
	return says(r, "id", "hello", hf_out_bytes(&out));
}

static hf_err read_state(struct hf_db *db, void *ctx)
{
	struct rig *r = ctx;
	struct hf_cert_row c;
	uint8_t serial[HF_STORE_SERIAL_LEN] = { SERIAL };

	serial[15] = r->n;
	HF_TRY(hf_cert_by_serial(db, serial, &c));
	r->state = c.state;
	return HF_OK;
}

static int state_of(struct rig *r, uint8_t n)
{
	r->n = n;
	assert_int_equal(hf_store_read(r->store, read_state, r), HF_OK);
	return r->state;
}

static hf_err read_presence(struct hf_db *db, void *ctx)
{
	struct hf_presence_row p;

	HF_TRY(hf_presence_get(db, DEV, &p));
	*(bool *)ctx = p.up;
	return HF_OK;
}

static void a_session_makes_it_seen_and_a_hello_confirmed(void **unused)
{
	struct rig r;
	bool up = false;
	uint64_t now = 0;
	(void)unused;

	make_rig(&r);
	strcpy(r.job.address, "10.0.0.1");
	assert_int_equal(hf_store_write(r.store, hf__upjob_came, &r.job), HF_OK);
	assert_int_equal(state_of(&r, 1), HF_CERT_SEEN);
	assert_int_equal(hf_store_read(r.store, read_presence, &up), HF_OK);
	assert_true(up);
	assert_true(hello(&r, 1, 5, true));
	assert_int_equal(state_of(&r, 1), HF_CERT_CONFIRMED);
	assert_true(r.job.answer && r.job.send_commands);
	assert_string_equal(r.job.answer_cls, "id");
	assert_string_equal(r.job.answer_id, "hello");
	assert_int_equal(hf_hello_ack_read(hf_out_bytes(&r.job.answer_bytes), r.job.payload, &now), HF_OK);
	assert_true(now > 1700000000);
	assert_int_equal(hf_store_write(r.store, hf__upjob_left, &r.job), HF_OK);
	assert_int_equal(hf_store_read(r.store, read_presence, &up), HF_OK);
	assert_false(up);
	clean(&r);
}

static void a_hello_that_is_not_promoted_confirms_nothing(void **unused)
{
	struct rig r;
	(void)unused;

	make_rig(&r);
	assert_true(hello(&r, 1, 5, false));
	assert_int_equal(state_of(&r, 1), HF_CERT_SEEN);
	clean(&r);
}

static void confirming_a_child_supersedes_its_parent(void **unused)
{
	struct rig r;
	(void)unused;

	make_rig(&r);
	assert_true(hello(&r, 1, 5, true));
	r.n = 2;
	assert_int_equal(hf_store_write(r.store, add_cert, &r), HF_OK);
	r.job.cert_sha256[0] = 2;
	assert_true(hello(&r, 2, 5, false));
	assert_int_equal(state_of(&r, 1), HF_CERT_CONFIRMED);
	assert_true(hello(&r, 2, 5, true));
	assert_int_equal(state_of(&r, 1), HF_CERT_SUPERSEDED);
	assert_int_equal(state_of(&r, 2), HF_CERT_CONFIRMED);
	/* The superseded one may not speak any more. */
	r.job.cert_sha256[0] = 1;
	assert_false(hello(&r, 1, 5, true));
	assert_false(says(&r, "tele", "x", HF_STR("1")));
	clean(&r);
}

static void a_hello_of_another_key_or_certificate_is_refused(void **unused)
{
	struct rig r;
	struct hf_key other = { .len = 0 };
	struct hf_hwkey good;
	(void)unused;

	make_rig(&r);
	good = r.key;
	assert_false(hello(&r, 2, 5, true)); /* another serial than the session's */
	assert_int_equal(hf_crypto_p256_generate(&other, r.key.pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&other, &r.key), HF_OK);
	assert_false(hello(&r, 1, 5, true));
	r.key = good;
	assert_false(says(&r, "id", "hello", HF_STR("\xd2")));
	assert_int_equal(state_of(&r, 1), HF_CERT_ISSUED);
	assert_false(r.job.answer);
	clean(&r);
}

static void a_falling_boot_counter_quarantines(void **unused)
{
	struct rig r;
	(void)unused;

	make_rig(&r);
	assert_true(hello(&r, 1, 5, true));
	assert_true(hello(&r, 1, 5, true)); /* a reconnect in the same boot */
	assert_true(hello(&r, 1, 6, true));
	assert_true(hello(&r, 1, 5, true));
	assert_false(r.job.answer);
	assert_false(r.job.send_commands);
	assert_int_equal(state_of(&r, 1), HF_CERT_QUARANTINED);
	/* Now only identity and tamper notices count. */
	assert_false(says(&r, "tele", "x", HF_STR("1")));
	assert_false(says(&r, "alarm", "x", HF_STR("1")));
	assert_true(says(&r, "tamper", "x", HF_STR("1")));
	clean(&r);
}

static void sessions_without_a_row_or_of_another_name_are_refused(void **unused)
{
	struct rig r;
	(void)unused;

	make_rig(&r);
	r.job.cert_sha256[0] = 9;
	assert_false(says(&r, "tele", "x", HF_STR("1")));
	assert_int_equal(hf_store_write(r.store, hf__upjob_came, &r.job), HF_OK);
	assert_true(r.job.refused);
	r.job.cert_sha256[0] = 1;
	strcpy(r.job.dev, "bbcdefgh234567ab");
	assert_false(says(&r, "tele", "x", HF_STR("1")));
	clean(&r);
}

static void what_matters_is_acknowledged_by_its_hash(void **unused)
{
	static const struct {
		const char *cls, *id;
		bool ack;
	} rows[] = {
		{ "rcpt", "AAAAAAAAAAAAAAAAAAAAAA", true },
		{ "alarm", "a1", true },
		{ "tamper", "t1", true },
		{ "seal", "k-00ff", true },
		{ "seal", "f-00ff-12", true },
		{ "tele", "t", false },
		{ "hb", "h", false },
		{ "upd", "report", false },
		{ "state", "now", false },
	};
	struct rig r;
	uint8_t sha256[32];
	hf_bytes payload = HF_STR("signed bytes");
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_crypto_sha256(&payload, 1, sha256), HF_OK);
	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			assert_true(says(&r, rows[i].cls, rows[i].id, payload));
			assert_int_equal(r.job.answer, rows[i].ack);
			if (!rows[i].ack)
				continue;
			assert_string_equal(r.job.answer_cls, "ack");
			assert_string_equal(r.job.answer_id, rows[i].id);
			assert_int_equal(r.job.answer_bytes.len, 32);
			assert_memory_equal(r.job.answer_mem, sha256, 32);
		}
	clean(&r);
}

static void names_that_do_not_fit_are_refused(void **unused)
{
	static const char *const bad[][2] = {
		{ "id", "other" },
		{ "id", "endorse" },
		{ "state", "then" },
		{ "rcpt", "short" },
		{ "rcpt", "AAAAAAAAAAAAAAAAAAAAA*" },
		{ "rcpt", "AAAAAAAAAAAAAAAAAAAAAB" },
		{ "seal", "x-00" },
		{ "seal", "k-" },
		{ "seal", "k-0" },
		{ "seal", "k-zz" },
		{ "seal", "f-00" },
		{ "seal", "f-00-" },
		{ "seal", "f-00-1x" },
		{ "seal", "f-00--1" },
		{ "seal", "f-00-99999999999999999999" },
		{ "seal", "k-000102030405060708090a0b0c0d0e0f10" },
		{ "cmd", "x" },
		{ "none", "x" },
	};
	struct rig r;
	(void)unused;

	make_rig(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(says(&r, bad[i][0], bad[i][1], HF_STR("x")));
		assert_false(r.job.answer);
	}
	clean(&r);
}

static hf_err count_event(void *ctx, const struct hf_event_row *e)
{
	*(int *)ctx += strncmp(e->kind, "broker.", 7) == 0 || strcmp(e->kind, "device.quarantined") == 0;
	return HF_OK;
}

static hf_err count_events(struct hf_db *db, void *ctx)
{
	return hf_event_list(db, NULL, NULL, 0, 100, count_event, ctx);
}

static void alarms_of_the_broker_become_events_and_superseded_quarantines(void **unused)
{
	struct hf_alarmjob clone = { { "clone", DEV, "10.0.0.1", "10.0.0.2\"}" } };
	struct hf_alarmjob unknown = { { "unknown-certificate", "", "10.0.0.1", "" } };
	struct hf_alarmjob superseded = { { "superseded", DEV, "10.0.0.1", "" } };
	struct rig r;
	int events = 0;
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_store_write(r.store, hf__alarmjob, &clone), HF_OK);
	assert_int_equal(hf_store_write(r.store, hf__alarmjob, &unknown), HF_OK);
	assert_int_equal(hf_store_read(r.store, count_events, &events), HF_OK);
	assert_int_equal(events, 2);
	assert_int_equal(state_of(&r, 1), HF_CERT_ISSUED);
	assert_int_equal(hf_store_write(r.store, hf__alarmjob, &superseded), HF_OK);
	assert_int_equal(state_of(&r, 1), HF_CERT_QUARANTINED);
	clean(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_makes_it_seen_and_a_hello_confirmed),
		cmocka_unit_test(a_hello_that_is_not_promoted_confirms_nothing),
		cmocka_unit_test(confirming_a_child_supersedes_its_parent),
		cmocka_unit_test(a_hello_of_another_key_or_certificate_is_refused),
		cmocka_unit_test(a_falling_boot_counter_quarantines),
		cmocka_unit_test(sessions_without_a_row_or_of_another_name_are_refused),
		cmocka_unit_test(what_matters_is_acknowledged_by_its_hash),
		cmocka_unit_test(names_that_do_not_fit_are_refused),
		cmocka_unit_test(alarms_of_the_broker_become_events_and_superseded_quarantines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
