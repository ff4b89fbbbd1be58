/* Unit tests of obey.h: the time table of commands, with and without a clock, with a lying one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

enum { DAY = 86400 };

static int setup(void **state)
{
	static struct rig rig;

	rig_begin(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

/* Sign, seal and deliver r->claims with as many signers as the class needs. */
static void deliver(struct rig *r)
{
	rig_sign(r, (size_t[]){ 0, 1 }, r->claims.cls >= HF_COMMAND_DANGER ? 2 : 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
}

static void give(struct rig *r, uint64_t floor_s)
{
	rig_sign(r, (size_t[]){ 0, 1 }, r->claims.cls >= HF_COMMAND_DANGER ? 2 : 1);
	rig_seal(r);
	memcpy(r->seal_mem, r->msg.ptr, r->msg.len);
	assert_int_equal(hf_obey_receive(&r->obey, r->seal_mem, r->msg.len, floor_s, &r->task, &r->receipt),
			 HF_OK);
}

static void with_a_clock_a_command_lives_until_exp(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.exp = (uint64_t)r->port.clock.unix_s;
	deliver(r);
	rig_assert_obeyed(r);
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.iat -= 20;
	r->claims.exp = (uint64_t)r->port.clock.unix_s - 1;
	deliver(r);
	rig_assert_refused(r, HF_REASON_EXPIRED);
}

static void withheld_past_exp_does_not_run(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	hf_fake_advance(&r->port, 601 * 1000);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_EXPIRED);
	assert_int_equal(rig_receipt(r).high, 1); /* and its counter is burnt */
}

static void issued_in_the_future_is_refused(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.iat += HF_COMMAND_MAX_SKEW_S;
	deliver(r);
	rig_assert_obeyed(r);
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.iat += HF_COMMAND_MAX_SKEW_S + 1;
	deliver(r);
	rig_assert_refused(r, HF_REASON_EXPIRED);
}

static void no_class_lives_longer_than_its_limit(void **state)
{
	struct rig *r = *state;
	static const struct {
		const char *op;
		unsigned cls;
		uint64_t life;
	} rows[] = {
		{ "ping", HF_COMMAND_READ, DAY },
		{ "nop", HF_COMMAND_ACT, DAY },
		{ "reboot", HF_COMMAND_DANGER, DAY },
		{ "erase", HF_COMMAND_ERASE, 400 * DAY },
	};

	for (size_t i = 0; i < 4; i++) {
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.exp = r->claims.iat + rows[i].life;
		deliver(r);
		rig_assert_obeyed(r);
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.exp = r->claims.iat + rows[i].life + 1;
		deliver(r);
		rig_assert_refused(r, HF_REASON_EXPIRED);
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.exp = r->claims.iat - 1; /* ends before it begins */
		deliver(r);
		rig_assert_refused(r, HF_REASON_EXPIRED);
	}
}

static void without_a_clock_read_and_erase_need_only_the_floor(void **state)
{
	struct rig *r = *state;

	r->port.clock.quality = HF_CLOCK_SET;
	rig_claims(r, 0, "ping", HF_COMMAND_READ);
	deliver(r);
	rig_assert_obeyed(r);
	rig_claims(r, 0, "erase", HF_COMMAND_ERASE);
	deliver(r);
	rig_assert_obeyed(r);
	rig_claims(r, 0, "erase", HF_COMMAND_ERASE);
	give(r, r->claims.exp + 1); /* the floor has passed it */
	rig_assert_refused(r, HF_REASON_EXPIRED);
}

static void without_a_clock_act_and_danger_need_a_deadline(void **state)
{
	struct rig *r = *state;
	static const struct {
		const char *op;
		unsigned cls;
	} rows[] = { { "nop", HF_COMMAND_ACT }, { "reboot", HF_COMMAND_DANGER } };

	r->port.clock.quality = HF_CLOCK_NONE;
	r->port.clock.boot_ms = 100 * 1000;
	for (size_t i = 0; i < 2; i++) {
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		deliver(r);
		rig_assert_refused(r, HF_REASON_NO_CLOCK);
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.has_deadline = true;
		r->claims.deadline_boot = r->port.clock.boot_count;
		r->claims.deadline_s = 100;
		deliver(r);
		rig_assert_obeyed(r);
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.has_deadline = true;
		r->claims.deadline_boot = r->port.clock.boot_count;
		r->claims.deadline_s = 99;
		deliver(r);
		rig_assert_refused(r, HF_REASON_EXPIRED);
		rig_claims(r, 0, rows[i].op, rows[i].cls);
		r->claims.has_deadline = true;
		r->claims.deadline_boot = r->port.clock.boot_count - 1; /* promised to an earlier boot */
		r->claims.deadline_s = 1000;
		deliver(r);
		rig_assert_refused(r, HF_REASON_EXPIRED);
	}
}

static void withheld_past_the_deadline_does_not_run(void **state)
{
	struct rig *r = *state;

	r->port.clock.quality = HF_CLOCK_NONE;
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.has_deadline = true;
	r->claims.deadline_boot = r->port.clock.boot_count;
	r->claims.deadline_s = 60;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	hf_fake_advance(&r->port, 61 * 1000);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_EXPIRED);
}

static void a_lying_server_clock_does_not_revive_a_command(void **state)
{
	struct rig *r = *state;

	/* A clock the server set back by ten years is not trusted; floor and deadline judge. */
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->port.clock.quality = HF_CLOCK_SET;
	r->port.clock.unix_s -= 3650LL * DAY;
	give(r, r->claims.exp + 1);
	rig_assert_refused(r, HF_REASON_EXPIRED);
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	give(r, RIG_NOW);
	assert_int_equal(r->task.reason, HF_REASON_EXPIRED); /* exp is ten years behind the floor too */
}

static void a_trusted_clock_behind_the_floor_counts_as_the_floor(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	give(r, r->claims.exp + 1);
	rig_assert_refused(r, HF_REASON_EXPIRED);
}

static void a_clock_before_1970_is_no_clock(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->port.clock.unix_s = -5;
	give(r, RIG_NOW);
	rig_assert_refused(r, HF_REASON_NO_CLOCK);
	assert_false(rig_receipt(r).has_iat);
}

static void a_signer_whose_key_ended_before_the_floor_is_refused(void **state)
{
	struct rig *r = *state;

	rig_claims(r, RIG_ENDED, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ RIG_ENDED }, 1);
	rig_seal(r);
	memcpy(r->seal_mem, r->msg.ptr, r->msg.len);
	assert_int_equal(
		hf_obey_receive(&r->obey, r->seal_mem, r->msg.len, RIG_NOW - 1, &r->task, &r->receipt),
		HF_OK);
	rig_assert_obeyed(r); /* its last second */
	rig_claims(r, RIG_ENDED, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ RIG_ENDED }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_SIGNER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(with_a_clock_a_command_lives_until_exp),
		T(withheld_past_exp_does_not_run),
		T(issued_in_the_future_is_refused),
		T(no_class_lives_longer_than_its_limit),
		T(without_a_clock_read_and_erase_need_only_the_floor),
		T(without_a_clock_act_and_danger_need_a_deadline),
		T(withheld_past_the_deadline_does_not_run),
		T(a_lying_server_clock_does_not_revive_a_command),
		T(a_trusted_clock_behind_the_floor_counts_as_the_floor),
		T(a_clock_before_1970_is_no_clock),
		T(a_signer_whose_key_ended_before_the_floor_is_refused),
	};
	return cmocka_run_group_tests_name("obey_time", tests, NULL, NULL);
}
