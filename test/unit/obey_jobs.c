/* Unit tests of obey.h: commands under way, their receipts, and what remains of them after a restart.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

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

static void restart(struct rig *r)
{
	hf_fake_reboot(&r->port, 10);
	r->port.clock.quality = HF_CLOCK_TRUSTED;
	rig_boot(r);
}

static void send_ok(struct rig *r, size_t lead, const char *op, unsigned cls, size_t n)
{
	assert_int_equal(rig_send(r, lead, op, cls, n), HF_OK);
	rig_assert_obeyed(r);
}

static void finish_wants_a_command_under_way(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0, HF_STR(""), &r->receipt),
			 HF_ERR_OBEY_NO_JOB);
	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 9, 0, HF_STR(""), &r->receipt),
			 HF_ERR_BASE_MISUSE);
	rig_assert_obeyed(r);
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0, HF_STR(""), &r->receipt),
			 HF_ERR_OBEY_NO_JOB);
}

static void too_long_a_result_can_be_shortened(void **state)
{
	struct rig *r = *state;
	static const uint8_t big[HF_RECEIPT_MAX_RESULT_LEN + 1];

	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0, HF_ARR(big), &r->receipt),
			 HF_ERR_RECEIPT_LIMIT);
	assert_int_equal(r->receipt.len, 0);
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0,
					(hf_bytes){ big, HF_RECEIPT_MAX_RESULT_LEN }, &r->receipt),
			 HF_OK);
	assert_int_equal(rig_receipt(r).status, HF_STATUS_DONE);
}

static void four_commands_may_be_under_way_and_the_fifth_waits(void **state)
{
	struct rig *r = *state;
	uint8_t cti[HF_OBEY_MAX_JOBS][HF_COMMAND_CTI_LEN];

	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++) {
		assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
		assert_true(hf_verdict_is_yes(r->task.verdict));
		memcpy(cti[i], r->claims.cti, sizeof(cti[i]));
	}
	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_STATE);
	for (size_t i = HF_OBEY_MAX_JOBS; i-- > 0;)
		assert_int_equal(hf_obey_finish(&r->obey, cti[i], 0, 0, HF_STR(""), &r->receipt), HF_OK);
	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_obeyed(r);
}

static void a_command_accepted_gets_two_receipts(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	assert_int_equal(
		hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_ACCEPTED, 0, HF_STR(""), &r->receipt),
		HF_OK);
	assert_int_equal(rig_receipt(r).status, HF_STATUS_ACCEPTED);
	assert_int_equal(rig_receipt(r).n, 1);
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_DONE, 0, HF_STR(""), &r->receipt),
			 HF_OK);
	assert_int_equal(rig_receipt(r).status, HF_STATUS_DONE);
	assert_int_equal(rig_receipt(r).n, 2);
	assert_int_equal(rig_receive(r), HF_OK); /* asked again: the last word */
	assert_int_equal(rig_receipt(r).n, 2);
}

static void a_receipt_that_could_not_be_stored_is_given_later(void **state)
{
	struct rig *r = *state;
	uint64_t n = 0;

	for (unsigned write = 1; write <= 2; write++) {
		assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
		hf_fake_cut_at(&r->port, write, HF_FAKE_ERROR, NULL);
		assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0, HF_STR("x"), &r->receipt),
				 HF_ERR_PORT_STORAGE);
		assert_int_equal(r->receipt.len, 0);
		assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, 0, 0, HF_STR("x"), &r->receipt),
				 HF_OK);
		assert_int_equal(rig_receipt(r).n, write);
		assert_true(hf_obey_next_unacked(&r->obey, &n));
		assert_int_equal(n, write);
	}
	assert_int_equal(r->port.n_cuts, 2);
}

static void receipts_wait_for_their_ack_and_the_last_64_stay(void **state)
{
	struct rig *r = *state;
	uint64_t n = 0, seen = 0;

	for (unsigned i = 0; i < HF_OBEY_RING + 6; i++)
		send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	assert_int_equal(hf_obey_receipt(&r->obey, 6, &r->receipt), HF_ERR_OBEY_NO_RECEIPT);
	assert_int_equal(hf_obey_receipt(&r->obey, 0, &r->receipt), HF_ERR_OBEY_NO_RECEIPT);
	assert_int_equal(hf_obey_receipt(&r->obey, HF_OBEY_RING + 7, &r->receipt), HF_ERR_OBEY_NO_RECEIPT);
	hf_obey_acked(&r->obey, 9);
	hf_obey_acked(&r->obey, 5); /* no longer there: changes nothing */
	for (; hf_obey_next_unacked(&r->obey, &n); seen++) {
		assert_int_equal(n, seen + (seen < 2 ? 7 : 8));
		assert_int_equal(hf_obey_receipt(&r->obey, n, &r->receipt), HF_OK);
		assert_int_equal(rig_receipt(r).n, n);
	}
	assert_int_equal(seen, HF_OBEY_RING - 1);
	restart(r);
	n = 0;
	assert_true(
		hf_obey_next_unacked(&r->obey, &n)); /* the ack was not written yet: sent twice, never lost */
	assert_int_equal(n, 7);
}

static void what_was_accepted_before_a_restart_is_finished_after_it(void **state)
{
	struct rig *r = *state;
	uint64_t n = 0;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	assert_int_equal(
		hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_ACCEPTED, 0, HF_STR(""), &r->receipt),
		HF_OK);
	restart(r); /* nobody to ask: unknown */
	n = 1;
	assert_true(hf_obey_next_unacked(&r->obey, &n));
	assert_int_equal(hf_obey_receipt(&r->obey, n, &r->receipt), HF_OK);
	assert_int_equal(rig_receipt(r).status, HF_STATUS_UNKNOWN);
}

static unsigned reboot_is_done(void *ctx, const struct hf_obey_job *job)
{
	(void)ctx;
	assert_memory_equal(job->op, "reboot", 6);
	return job->phase == HF_JOB_ACCEPTED ? HF_STATUS_DONE : HF_STATUS_UNKNOWN;
}

static void a_caller_that_knows_may_say_what_became_of_it(void **state)
{
	struct rig *r = *state;
	uint64_t n = 1;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	assert_int_equal(
		hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_ACCEPTED, 0, HF_STR(""), &r->receipt),
		HF_OK);
	r->cfg.recover = reboot_is_done;
	restart(r);
	assert_true(hf_obey_next_unacked(&r->obey, &n));
	assert_int_equal(hf_obey_receipt(&r->obey, n, &r->receipt), HF_OK);
	assert_int_equal(rig_receipt(r).status, HF_STATUS_DONE);
	assert_false(hf_obey_next_unacked(&r->obey, &n));
}

static void state_tells_the_signer_what_to_do_next(void **state)
{
	struct rig *r = *state;
	struct hf_state s;
	uint8_t mem[HF_STATE_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	send_ok(r, 1, "ping", HF_COMMAND_READ, 1);
	assert_int_equal(hf_obey_state(&r->obey, &out), HF_OK);
	assert_int_equal(hf_state_open(hf_out_bytes(&out), r->device.pub, DEV, &s), HF_OK);
	assert_int_equal(hf_state_high(&s, r->kid[0]), 1);
	assert_int_equal(hf_state_high(&s, r->kid[1]), 1);
	assert_int_equal(hf_state_high(&s, r->kid[2]), 0);
	assert_memory_equal(s.rep, r->obey.rep, HF_COMMAND_REP_LEN);
	assert_int_equal(s.receipts, 1);
	assert_int_equal(s.policy, 1);
	assert_int_equal(s.clock, HF_CLOCK_TRUSTED);
}

/* Found by the power-cut simulation: the second call made a second receipt. */
static void accepted_said_again_after_a_full_disk_is_one_receipt(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	hf_fake_cut_at(&r->port, 2, HF_FAKE_ERROR, NULL);
	assert_int_equal(
		hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_ACCEPTED, 0, HF_STR(""), &r->receipt),
		HF_ERR_PORT_STORAGE);
	assert_int_equal(
		hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_ACCEPTED, 0, HF_STR(""), &r->receipt),
		HF_OK);
	assert_int_equal(r->port.n_cuts, 1);
	assert_int_equal(rig_receipt(r).n, 1);
	assert_int_equal(r->obey.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(finish_wants_a_command_under_way),
		T(too_long_a_result_can_be_shortened),
		T(four_commands_may_be_under_way_and_the_fifth_waits),
		T(a_command_accepted_gets_two_receipts),
		T(a_receipt_that_could_not_be_stored_is_given_later),
		T(receipts_wait_for_their_ack_and_the_last_64_stay),
		T(what_was_accepted_before_a_restart_is_finished_after_it),
		T(a_caller_that_knows_may_say_what_became_of_it),
		T(state_tells_the_signer_what_to_do_next),
		T(accepted_said_again_after_a_full_disk_is_one_receipt),
	};
	return cmocka_run_group_tests_name("obey_jobs", tests, NULL, NULL);
}
