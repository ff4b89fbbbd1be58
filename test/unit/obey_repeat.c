/* Unit tests of obey.h: replay, order, restarts, storage that fails, and the ring of receipts.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

static uint8_t kept_mem[HF_COMMAND_MAX_LEN];

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

static hf_bytes keep(const struct rig *r)
{
	memcpy(kept_mem, r->msg.ptr, r->msg.len);
	return (hf_bytes){ kept_mem, r->msg.len };
}

static void give(struct rig *r, hf_bytes msg)
{
	memcpy(r->seal_mem, msg.ptr, msg.len);
	r->receipt.len = 0;
	assert_int_equal(hf_obey_receive(&r->obey, r->seal_mem, msg.len, RIG_NOW, &r->task, &r->receipt),
			 HF_OK);
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

static void replay_at_once_gives_the_same_receipt(void **state)
{
	struct rig *r = *state;
	uint8_t first[HF_RECEIPT_MAX_LEN];
	size_t len;
	unsigned writes;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	len = r->receipt.len;
	memcpy(first, r->receipt.ptr, len);
	writes = r->port.n_writes;
	assert_int_equal(rig_receive(r), HF_OK);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(r->receipt.len, len);
	assert_memory_equal(r->receipt.ptr, first, len);
	assert_int_equal(r->port.n_writes, writes);
}

static void replay_while_it_runs_is_ignored(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_OBEY_BUSY);
}

static void replay_after_reboot_gives_the_same_receipt(void **state)
{
	struct rig *r = *state;

	send_ok(r, 0, "reboot", HF_COMMAND_DANGER, 2);
	restart(r);
	assert_int_equal(rig_receive(r), HF_OK);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(rig_receipt(r).status, HF_STATUS_DONE);
	assert_int_equal(rig_receipt(r).n, 1);
}

static void replay_after_key_rotation_does_not_run(void **state)
{
	struct rig *r = *state;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	r->cfg.open[1] = &r->enc[0];
	r->cfg.open[0] = &r->enc[1];
	restart(r);
	assert_int_equal(rig_receive(r), HF_OK);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(rig_receipt(r).n, 1);
}

static void lower_and_equal_numbers_are_replays(void **state)
{
	struct rig *r = *state;
	hf_bytes old;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	old = keep(r);
	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	give(r, old);
	assert_int_equal(rig_receipt(r).reason, HF_REASON_REPLAY);
	assert_int_equal(rig_receipt(r).high, 2);
	assert_int_equal(rig_receipt(r).n, 0); /* outside the chain */
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.seq = 2; /* same number, other command */
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_REPLAY);
	r->claims.seq = 0;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_REPLAY);
}

static void reordered_commands_run_once_and_never_backwards(void **state)
{
	struct rig *r = *state;
	hf_bytes first;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	first = keep(r);
	rig_claims(r, 0, "relay.set", HF_COMMAND_ACT);
	r->claims.seq = 2;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
	give(r, first);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(rig_receipt(r).reason, HF_REASON_REPLAY);
}

static void a_jump_is_refused_and_costs_nothing(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.seq = HF_COMMAND_MAX_JUMP + 1;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_JUMP);
	r->claims.seq = UINT64_MAX;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_JUMP);
	r->claims.seq = HF_COMMAND_MAX_JUMP;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
}

static void each_signer_has_its_own_counter(void **state)
{
	struct rig *r = *state;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	send_ok(r, 1, "nop", HF_COMMAND_ACT, 1);
	assert_int_equal(r->claims.seq, 1);
	assert_int_equal(r->obey.n_rows, 2);
}

static void a_read_writes_nothing_and_its_answer_is_kept_in_ram(void **state)
{
	struct rig *r = *state;
	unsigned writes = r->port.n_writes;

	send_ok(r, 0, "ping", HF_COMMAND_READ, 1);
	assert_int_equal(rig_receipt(r).n, 0);
	assert_int_equal(rig_receive(r), HF_OK);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(rig_receipt(r).status, HF_STATUS_DONE);
	assert_int_equal(r->port.n_writes, writes);
}

static void a_relay_that_repeats_wears_neither_flash_nor_key(void **state)
{
	struct rig *r = *state;
	unsigned answers = 0, writes;
	hf_bytes old;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	old = keep(r);
	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	writes = r->port.n_writes;
	for (unsigned i = 0; i < 4 * HF_OBEY_REFUSALS; i++) {
		give(r, old);
		answers += r->receipt.len > 0 ? 1 : 0;
	}
	assert_int_equal(answers, HF_OBEY_REFUSALS);
	rig_assert_dropped(r, HF_ERR_OBEY_BUSY);
	assert_int_equal(r->port.n_writes, writes);
	assert_int_equal(r->obey.count, 2); /* and no real receipt was pushed out */
	hf_fake_advance(&r->port, 3 * HF_OBEY_REFUSAL_MS);
	for (answers = 0; answers < 3; answers++) {
		give(r, old);
		assert_int_not_equal(r->receipt.len, 0);
	}
	give(r, old);
	assert_int_equal(r->receipt.len, 0);
}

static void without_storage_nothing_runs(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	hf_fake_cut_at(&r->port, 1, HF_FAKE_ERROR, NULL);
	assert_int_equal(rig_receive(r), HF_OK);
	assert_int_equal(r->port.n_cuts, 1);
	rig_assert_refused(r, HF_REASON_STORAGE);
	assert_int_equal(rig_receive(r), HF_OK); /* storage is back: what was refused stays refused */
	rig_assert_refused(r, HF_REASON_REPLAY);
}

static void with_nowhere_to_store_danger_is_refused(void **state)
{
	struct rig *r = *state;
	uint8_t before[HF_COMMAND_REP_LEN];

	r->cfg.no_storage = true;
	rig_boot(r);
	memcpy(before, r->obey.rep, sizeof(before));
	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	rig_assert_refused(r, HF_REASON_STATE);
	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	assert_int_equal(rig_receive(r), HF_OK);
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(r->obey.count, 0);
	restart(r);
	assert_memory_not_equal(r->obey.rep, before, sizeof(before)); /* each boot is an epoch */
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_EPOCH);
}

static void a_damaged_or_foreign_table_begins_a_new_epoch(void **state)
{
	struct rig *r = *state;
	uint8_t before[HF_COMMAND_REP_LEN];
	const hf_bytes foreign[] = { HF_STR(""), HF_STR("\x80"), HF_STR("\x88\x02"),
				     HF_STR("no table at all") };

	for (size_t i = 0; i < 5; i++) {
		send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
		memcpy(before, r->obey.rep, sizeof(before));
		if (i == 0)
			hf_fake_tear(&r->port, HF_REC_REPLAY);
		else
			assert_int_equal(hf_port_replace(&r->port, HF_REC_REPLAY, foreign[i - 1]), HF_OK);
		restart(r);
		assert_memory_not_equal(r->obey.rep, before, sizeof(before));
		assert_int_equal(r->obey.n_rows, 0);
		assert_int_equal(rig_receive(r), HF_OK);
		rig_assert_refused(r, HF_REASON_EPOCH);
		assert_int_equal(hf_obey_receipt(&r->obey, 1, &r->receipt), HF_ERR_OBEY_NO_RECEIPT);
	}
}

/* Found by fuzzing: what waited in the damaged table went into the new one. */
static void a_table_whose_waiting_receipt_is_foreign_begins_a_new_epoch(void **state)
{
	struct rig *r = *state;
	uint8_t mem[2048];
	struct hf_out table = HF_OUT(mem);
	size_t len;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1); /* the table still holds the receipt it once waited for */
	assert_int_equal(hf_port_read(&r->port, HF_REC_REPLAY, &table), HF_OK);
	len = table.len;
	for (size_t i = 0; i < 3; i++) {
		const hf_bytes bad[] = { { mem, len - 1 }, { mem, len }, { mem, len } };
		uint8_t before[HF_COMMAND_REP_LEN];

		memcpy(before, r->obey.rep, sizeof(before));
		if (i == 1)
			mem[11] ^= 2; /* another count */
		if (i == 2)
			mem[5] ^= 1; /* another epoch */
		assert_int_equal(hf_port_replace(&r->port, HF_REC_REPLAY, bad[i]), HF_OK);
		restart(r);
		assert_memory_not_equal(r->obey.rep, before, sizeof(before));
		assert_int_equal(r->obey.count, 0);
		restart(r);
		assert_int_equal(r->obey.count, 0);
		assert_false(r->obey.pending);
	}
}

static void a_new_owner_begins_a_new_epoch(void **state)
{
	struct rig *r = *state;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	assert_int_equal(hf_obey_reset(&r->obey), HF_OK);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_EPOCH);
	restart(r);
	assert_int_equal(r->obey.n_rows, 0);
}

static void a_signer_that_leaves_the_policy_takes_its_row_along(void **state)
{
	struct rig *r = *state;

	send_ok(r, 0, "nop", HF_COMMAND_ACT, 1);
	send_ok(r, 1, "nop", HF_COMMAND_ACT, 1);
	memset(r->policy.key[1].kid, 0, HF_KID_LEN); /* operator 0 is key 1 */
	restart(r);
	assert_int_equal(r->obey.n_rows, 1);
	assert_memory_equal(r->obey.row[0].kid, r->kid[1], HF_KID_LEN);
}

static void a_seventeenth_signer_waits_until_one_leaves(void **state)
{
	struct rig *r = *state;

	r->obey.n_rows = HF_OBEY_MAX_SIGNERS;
	for (size_t i = 0; i < HF_OBEY_MAX_SIGNERS; i++)
		memcpy(r->obey.row[i].kid, r->kid[1], HF_KID_LEN);
	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_STORAGE);
	r->obey.row[3].kid[0] ^= 1; /* one the policy does not know */
	assert_int_equal(rig_send(r, 0, "nop", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_obeyed(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(replay_at_once_gives_the_same_receipt),
		T(replay_while_it_runs_is_ignored),
		T(replay_after_reboot_gives_the_same_receipt),
		T(replay_after_key_rotation_does_not_run),
		T(lower_and_equal_numbers_are_replays),
		T(reordered_commands_run_once_and_never_backwards),
		T(a_jump_is_refused_and_costs_nothing),
		T(each_signer_has_its_own_counter),
		T(a_read_writes_nothing_and_its_answer_is_kept_in_ram),
		T(a_relay_that_repeats_wears_neither_flash_nor_key),
		T(without_storage_nothing_runs),
		T(with_nowhere_to_store_danger_is_refused),
		T(a_damaged_or_foreign_table_begins_a_new_epoch),
		T(a_table_whose_waiting_receipt_is_foreign_begins_a_new_epoch),
		T(a_new_owner_begins_a_new_epoch),
		T(a_signer_that_leaves_the_policy_takes_its_row_along),
		T(a_seventeenth_signer_waits_until_one_leaves),
	};
	return cmocka_run_group_tests_name("obey_repeat", tests, NULL, NULL);
}
