/* fleet_factory.c -- production orders count: nothing beyond them, every unit accounted for; and how a
 * factory certificate enrols, waits and recovers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "fleet_rig.h"

enum { STATION = 0xee };

static hf_err report_it(struct hf_db *db, void *ctx)
{
	uint8_t order[16];
	memset(order, 0x0f, sizeof(order));
	return hf_order_report(db, order, ctx);
}

static struct hf_report report(struct rig *r)
{
	struct hf_report rep;
	assert_int_equal(hf_store_read(r->store, report_it, &rep), HF_OK);
	return rep;
}

static void an_order_is_not_exceeded(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c;

	rig_order(r, 2, 1);
	assert_int_equal(rig_unit(r, 0x41, 0xdd, &c), HF_ERR_FLEET_ORDER); /* another station */
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(rig_unit(r, (uint8_t)(0x41 + i), STATION, &c), HF_OK);
	assert_int_equal(rig_unit(r, 0x50, STATION, &c), HF_ERR_FLEET_ORDER);
	assert_int_equal(report(r).count.issued, 3);
	assert_int_equal(report(r).count.journal, 3);
	assert_int_equal(report(r).n_problems, 0);
}

static void an_order_ends_at_its_date(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c;

	rig_order(r, 2, 1);
	r->now += 11 * RIG_DAY;
	assert_int_equal(rig_unit(r, 0x41, STATION, &c), HF_ERR_FLEET_ORDER);
}

struct racer {
	struct rig *r;
	uint8_t key;
	hf_err err;
};

static void *race(void *ctx)
{
	struct racer *me = ctx;
	struct hf_cert_row c;
	me->err = rig_unit(me->r, me->key, STATION, &c);
	return NULL;
}

static void of_64_requests_for_the_last_unit_one_succeeds(void **state)
{
	struct rig *r = *state;
	pthread_t thread[64];
	struct racer racer[64];
	unsigned won = 0;

	rig_order(r, 1, 0);
	for (uint8_t i = 0; i < 64; i++) {
		racer[i] = (struct racer){ .r = r, .key = (uint8_t)(0x40 + i) };
		assert_int_equal(pthread_create(&thread[i], NULL, race, &racer[i]), 0);
	}
	for (size_t i = 0; i < 64; i++) {
		pthread_join(thread[i], NULL);
		won += racer[i].err == HF_OK;
	}
	assert_int_equal(won, 1);
	assert_int_equal(report(r).count.issued, 1);
}

struct line_end {
	char handle[HF_STORE_HANDLE_CAP];
	uint8_t nonce[32];
	struct hf_unit_row unit;
	enum hf_unit_act act;
	bool other_nonce;
};

static hf_err first_handle(void *ctx, const struct hf_unit_row *u)
{
	struct line_end *e = ctx;
	if (u->state == HF_STORE_UNIT_OPEN)
		(void)snprintf(e->handle, sizeof(e->handle), "%s", u->handle);
	return HF_OK;
}

static hf_err find_handle(struct hf_db *db, void *ctx)
{
	uint8_t order[16];
	memset(order, 0x0f, sizeof(order));
	return hf_unit_list(db, order, 0, 100, first_handle, ctx);
}

static hf_err commit_it(struct hf_db *db, void *ctx)
{
	struct line_end *e = ctx;
	struct hf_cert_row c;
	uint8_t order[16];

	memset(order, 0x0f, sizeof(order));
	HF_TRY(hf_unit_challenge(db, order, e->handle, e->nonce, &e->unit, &c));
	return hf_unit_commit(db, &e->unit);
}

static hf_err act_it(struct hf_db *db, void *ctx)
{
	struct line_end *e = ctx;
	uint8_t order[16];

	memset(order, 0x0f, sizeof(order));
	return hf_unit_act(db, order, e->handle, e->act);
}

static struct line_end commit_one(struct rig *r, hf_err want)
{
	struct line_end e = { .nonce = { 1 } };

	assert_int_equal(hf_store_read(r->store, find_handle, &e), HF_OK);
	assert_int_equal(hf_store_write(r->store, commit_it, &e), want);
	return e;
}

static void commits_stop_at_the_quantity_and_the_report_adds_up(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c;

	rig_order(r, 2, 2);
	for (uint8_t i = 0; i < 4; i++)
		assert_int_equal(rig_unit(r, (uint8_t)(0x41 + i), STATION, &c), HF_OK);
	struct line_end one = commit_one(r, HF_OK);
	commit_one(r, HF_OK);
	struct line_end third = commit_one(r, HF_ERR_FLEET_ORDER);
	one.act = HF_UNIT_ACT_SHIP;
	assert_int_equal(hf_store_write(r->store, act_it, &one), HF_OK);
	one.act = HF_UNIT_ACT_SCRAP;
	assert_int_equal(hf_store_write(r->store, act_it, &one), HF_ERR_FLEET_STATE);
	third.act = HF_UNIT_ACT_SHIP;
	assert_int_equal(hf_store_write(r->store, act_it, &third), HF_ERR_FLEET_STATE);
	third.act = HF_UNIT_ACT_SCRAP;
	assert_int_equal(hf_store_write(r->store, act_it, &third), HF_OK);
	r->now += 2 * RIG_DAY;
	assert_int_equal(hf_store_write(r->store, hf_fleet_sweep, NULL), HF_OK);
	struct hf_report rep = report(r);
	assert_int_equal(rep.count.committed, 2);
	assert_int_equal(rep.count.scrapped, 1);
	assert_int_equal(rep.count.voided, 1);
	assert_int_equal(rep.count.open, 0);
	assert_int_equal(rep.count.shipped, 1);
	assert_int_equal(rep.n_problems, 0);
}

static struct attempt factory(const struct hf_cert_row *c, uint8_t key)
{
	return (struct attempt){ .spki = key, .cert = c->sha256 };
}

/* One more unit at the end of its line, and out of the factory. */
static void ship_one(struct rig *r)
{
	struct line_end e = commit_one(r, HF_OK);

	e.act = HF_UNIT_ACT_SHIP;
	assert_int_equal(hf_store_write(r->store, act_it, &e), HF_OK);
}

static void an_idevid_waits_for_its_owner_and_beside_a_healthy_ldevid(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row c;

	rig_order(r, 2, 0);
	r->line.enrol = 0;
	assert_int_equal(rig_unit(r, 0x41, STATION, &c), HF_OK);
	struct attempt a = factory(&c, 0xa1);
	a.has_claim = true;
	memset(a.cid, 0x41, sizeof(a.cid));
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_WAIT);
	rig_claim(r, 0x41, "main", HF_OK);
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_WAIT);
	assert_int_equal(rig_events(r, "unit.not-shipped"), 2);
	ship_one(r);
	struct attempt alone = factory(&c, 0xa1);
	rig_try(r, &alone);
	assert_int_equal(alone.outcome, HF_OUTCOME_WAIT);
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_ISSUE);
	struct attempt stolen = factory(&c, 0xa2);
	rig_try(r, &stolen);
	assert_int_equal(stolen.outcome, HF_OUTCOME_WAIT);
	/* 31 days after its end the IDevID recovers the device: same name, new lineage. */
	r->now = rig_cert(r, a.issued.serial).not_after + 31 * RIG_DAY;
	rig_try(r, &stolen);
	assert_int_equal(stolen.outcome, HF_OUTCOME_ISSUE);
	assert_string_equal(stolen.issued.dev, a.issued.dev);
	assert_false(stolen.issued.has_parent);
	assert_int_equal(rig_cert(r, a.issued.serial).state, HF_CERT_REVOKED);
}

static void one_claim_secret_cannot_enrol_two_devices(void **state)
{
	struct rig *r = *state;
	struct hf_cert_row one, two;

	rig_order(r, 2, 0);
	r->line.enrol = 0;
	assert_int_equal(rig_unit(r, 0x41, STATION, &one), HF_OK);
	assert_int_equal(rig_unit(r, 0x42, STATION, &two), HF_OK);
	ship_one(r);
	ship_one(r);
	rig_claim(r, 0x41, "main", HF_OK);
	struct attempt thief = factory(&two, 0xa1);
	thief.has_claim = true;
	memset(thief.cid, 0x41, sizeof(thief.cid));
	rig_try(r, &thief);
	assert_int_equal(thief.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_events(r, "enrol.foreign-claim"), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(an_order_is_not_exceeded),
		T(an_order_ends_at_its_date),
		T(of_64_requests_for_the_last_unit_one_succeeds),
		T(commits_stop_at_the_quantity_and_the_report_adds_up),
		T(an_idevid_waits_for_its_owner_and_beside_a_healthy_ldevid),
		T(one_claim_secret_cannot_enrol_two_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
