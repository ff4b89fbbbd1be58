/* Unit tests of what becomes of live sessions when the bus speaks.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "plugin_rig.h"

static void a_bad_row_kicks_the_live_session_at_the_next_tick(void **unused)
{
	(void)unused;
	for (uint8_t state = HF_ROW_SUPERSEDED; state <= HF_ROW_EXPIRED; state++) {
		struct rig r = new_rig();

		assert_int_equal(come(&r, 8), HF_ADMIT);
		assert_false(kicks(&r));
		change(&r, 1, state);
		assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_DENY);
		assert_true(kicks(&r));
		assert_false(kicks(&r));
	}
}

static void a_snapshot_without_the_row_kicks(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.epoch++;
	snapshot(&r, 2, HF_ROW_CONFIRMED);
	assert_true(kicks(&r));
}

static void the_end_of_validity_kicks_by_either_clock(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.now.ms += 5000;
	r.now.unix_s = START_S + YEAR;
	assert_true(kicks(&r));
	r = new_rig();
	assert_int_equal(come(&r, 8), HF_ADMIT);
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch, START_S + YEAR));
	r.now.ms += 5000;
	assert_true(kicks(&r));
}

static void a_quarantined_device_comes_back_restricted(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	change(&r, 1, HF_ROW_QUARANTINED);
	assert_true(kicks(&r));
	hf__gate_gone(&gate, (void *)8);
	assert_int_equal(come(&r, 9), HF_ADMIT);
	r.now.ms += 5000;
	assert_false(kicks(&r));
	assert_int_equal(may(&r, 9, HF_ACCESS_WRITE, TELE), HF_DENY);
	assert_int_equal(may(&r, 9, HF_ACCESS_WRITE, "hf/1/" DEV "/-/up/id/hello"), HF_PERMIT);
	assert_int_equal(may(&r, 9, HF_ACCESS_READ, "hf/1/" DEV "/-/dn/cmd/x"), HF_DENY);
}

static void an_old_session_does_not_drag_the_new_one_out(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	change(&r, 2, HF_ROW_SEEN);
	r.c.hash[0] = 2;
	assert_int_equal(come(&r, 9), HF_ADMIT);
	assert_true(said("two-certificates"));
	/* Its will is checked now. */
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_DENY);
	assert_int_equal(may(&r, 8, HF_ACCESS_READ, "hf/1/" DEV "/-/dn/cmd/x"), HF_DENY);
	change(&r, 1, HF_ROW_SUPERSEDED);
	assert_false(kicks(&r));
	hf__gate_gone(&gate, (void *)8);
	assert_false(kicks(&r));
	assert_int_equal(may(&r, 9, HF_ACCESS_WRITE, TELE), HF_PERMIT);
}

static void a_gap_asks_for_a_snapshot(void **unused)
{
	struct rig r = new_rig();
	struct hf_row row = row_of(1, HF_ROW_REVOKED);
	(void)unused;

	r.now.ms += 2000;
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch, 0));
	assert_int_equal(gate.out.len, 0);
	assert_true(feed(&r, &row, HF_FRAME_ROW, r.epoch + 2, 0));
	assert_true(gate.out.len > 0);
	gate.out.len = 0;
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch + 2, 0));
	assert_int_equal(gate.out.len, 0); /* asked already */
	r.now.ms += 2000;
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch + 2, 0));
	assert_true(gate.out.len > 0);
	assert_int_equal(come(&r, 8), HF_ADMIT); /* the old table still counts */
	r.epoch += 2;
	snapshot(&r, 1, HF_ROW_REVOKED);
	assert_true(kicks(&r));
}

static void a_short_snapshot_is_not_taken(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	r.now.ms += 2000;
	assert_true(feed(&r, NULL, HF_FRAME_BEGIN, 9, 0));
	assert_true(feed(&r, NULL, HF_FRAME_END, 9, 1));
	assert_true(gate.out.len > 0);
	assert_int_equal(come(&r, 8), HF_ADMIT);
	assert_int_equal(gate.count[HF_COUNT_SNAPSHOTS], 1);
}

static void a_frame_that_does_not_parse_ends_the_link(void **unused)
{
	static const uint8_t torn[] = { 0x82, 0x01 }, foreign[] = { 0x82, 0x18, 0x20, 0x01 },
			     empty[] = { 0x80 };
	struct rig r = new_rig();
	struct hf_frame f;
	(void)unused;

	assert_false(hf__gate_frame(&gate, HF_ARR(torn), &r.now));
	assert_false(hf__gate_frame(&gate, HF_ARR(foreign), &r.now));
	assert_false(hf__gate_frame(&gate, HF_ARR(empty), &r.now));
	assert_int_equal(gate.count[HF_COUNT_BAD_FRAMES], 3);
	assert_int_equal(hf__frame_read(HF_ARR(torn), &f), HF_ERR_PLUGIN_FRAME);
	assert_int_equal(come(&r, 8), HF_ADMIT);
}

/* Access compares a topic with the session's own name and looks no further. */
static void a_row_whose_name_is_no_devices_is_refused(void **unused)
{
	static const char *const names[] = { "aaaaaaaaaaaaaaa/", "aaaaaaaaaaaaaaa+", "aaaaaaaaaaaaaaaA",
					     "aaaaaaaaaaaaaaa1" };
	struct rig r = new_rig();
	(void)unused;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hf_row row = row_of(9, HF_ROW_CONFIRMED);

		memcpy(row.dev, names[i], HF_TABLE_DEV_LEN);
		assert_false(feed(&r, &row, HF_FRAME_ROW, r.epoch + 1, 0));
	}
	assert_int_equal(gate.count[HF_COUNT_BAD_FRAMES], 4);
}

static void after_a_snapshot_the_bus_hears_of_every_session(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	hf__gate_link(&gate, &r.now);
	snapshot(&r, 1, HF_ROW_CONFIRMED);
	gate.out.len = 0;
	hf__gate_tick(&gate, &r.now);
	assert_true(said(DEV));
	hf__gate_tick(&gate, &r.now);
	assert_false(said(DEV));
}

static void a_forced_kick_needs_no_bad_row(void **unused)
{
	struct rig r = new_rig();
	struct hf_row row = row_of(1, 0);
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	assert_true(feed(&r, &row, HF_FRAME_KICK, r.epoch, 0));
	assert_true(kicks(&r));
	hf__gate_gone(&gate, (void *)8);
	assert_true(feed(&r, &row, HF_FRAME_KICK, r.epoch, 0));
	assert_false(kicks(&r));
}

static void sighup_throws_out_who_is_no_longer_good(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	change(&r, 1, HF_ROW_REVOKED);
	assert_int_equal(come(&r, 8), HF_REFUSE);
}

static void frames_without_room_are_not_begun(void **unused)
{
	uint8_t mem[40], hash[32] = { 0 };
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf__frame_put_up(&out, DEV, hash, "10.0.0.1"), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0);
	assert_int_equal(hf__frame_put_hello(&out, 3), HF_OK);
	assert_memory_equal(mem, "\x00\x00\x00\x05\x83\x18\x20\x01\x03", 9);
	out = (struct hf_out){ mem, 2, 0 };
	assert_int_equal(hf__frame_put_hello(&out, 3), HF_ERR_BASE_NO_ROOM);
}

static void a_thousand_devices_are_found_again(void **unused)
{
	struct rig r = new_rig();
	struct hf_row row = row_of(1, HF_ROW_CONFIRMED);
	char dev[] = DEV, cn[] = "hf-" DEV;
	(void)unused;

	r.c.id = dev;
	r.c.cn = cn;
	for (uintptr_t i = 0; i < 2000; i++) {
		dev[0] = cn[3] = row.dev[0] = (char)('a' + i % 26);
		dev[1] = cn[4] = row.dev[1] = (char)('a' + i / 26 % 26);
		dev[2] = cn[5] = row.dev[2] = (char)('a' + i / 676);
		hf_put_be16(row.hash, (uint16_t)(i + 512));
		memcpy(r.c.hash, row.hash, 32);
		r.now.ms += 20;
		assert_true(feed(&r, &row, HF_FRAME_ROW, ++r.epoch, 0));
		assert_int_equal(come(&r, 16 * (i + 1)), HF_ADMIT);
	}
	assert_int_equal(gate.feed.live.n, 2001);
	hf_put_be16(row.hash, 512 + 444);
	assert_int_equal(hf__table_find(&gate.feed.live, row.hash)->dev[1], 'a' + 444 / 26);
	for (uintptr_t i = 0; i < 2000; i++)
		hf__gate_gone(&gate, (void *)(16 * (i + 1)));
	assert_int_equal(gate.sessions.by_client.n, 0);
	hf__gate_free(&gate);
}

static void presence_follows_the_newest_session(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.c.address = "10.0.0.2";
	assert_int_equal(come(&r, 9), HF_ADMIT);
	assert_true(said("10.0.0.2"));
	hf__gate_gone(&gate, (void *)8);
	assert_int_equal(gate.out.len, 0); /* overtaken: no word */
	r.c.address = "10.0.0.3";
	assert_int_equal(come(&r, 10), HF_ADMIT);
	gate.out.len = 0;
	hf__gate_gone(&gate, (void *)10); /* its CONNECT failed after all */
	assert_true(said("10.0.0.2"));
	hf__gate_gone(&gate, (void *)9);
	assert_true(gate.out.len > 0);
	assert_false(said("10.0.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presence_follows_the_newest_session),
		cmocka_unit_test(a_bad_row_kicks_the_live_session_at_the_next_tick),
		cmocka_unit_test(a_snapshot_without_the_row_kicks),
		cmocka_unit_test(the_end_of_validity_kicks_by_either_clock),
		cmocka_unit_test(a_quarantined_device_comes_back_restricted),
		cmocka_unit_test(an_old_session_does_not_drag_the_new_one_out),
		cmocka_unit_test(a_gap_asks_for_a_snapshot),
		cmocka_unit_test(a_short_snapshot_is_not_taken),
		cmocka_unit_test(a_frame_that_does_not_parse_ends_the_link),
		cmocka_unit_test(a_row_whose_name_is_no_devices_is_refused),
		cmocka_unit_test(after_a_snapshot_the_bus_hears_of_every_session),
		cmocka_unit_test(a_forced_kick_needs_no_bad_row),
		cmocka_unit_test(sighup_throws_out_who_is_no_longer_good),
		cmocka_unit_test(frames_without_room_are_not_begun),
		cmocka_unit_test(a_thousand_devices_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
