/* Unit tests of the plugin's admission: frames in, answers and frames out, no broker.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "plugin_rig.h"

static void a_known_certificate_is_admitted_and_told(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	assert_string_equal(r.user, DEV);
	assert_true(said(DEV));
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_READ, "hf/1/" DEV "/-/dn/cmd/x"), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_SUBSCRIBE, "hf/1/" DEV "/+/dn/#"), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_UNSUBSCRIBE, "hf/1/" DEV "/+/dn/#"), HF_PERMIT);
	assert_int_equal(may(&r, 8, 16, TELE), HF_DENY);
	assert_string_equal(hf__gate_cert(&gate, (void *)8),
			    "0100000000000000000000000000000000000000000000000000000000000000");
	hf__gate_gone(&gate, (void *)8);
	assert_true(said(DEV));
	assert_null(hf__gate_cert(&gate, (void *)8));
	/* The will is checked after the end of its session. */
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_DENY);
}

static void each_flaw_of_a_connect_refuses(void **unused)
{
	struct rig good = new_rig(), r = good;
	(void)unused;

	r.c.has_cert = false;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r = good;
	r.c.hash[0] = 9;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	assert_true(said("unknown-certificate"));
	r = good;
	r.c.cn = "hf-bbcdefgh234567ab";
	assert_int_equal(come(&r, 8), HF_REFUSE);
	assert_true(said("identity"));
	r.c.cn = DEV;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r.c.cn = "";
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r = good;
	r.c.id = "bbcdefgh234567ab";
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r.c.id = "";
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r.c.id = NULL;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r = good;
	r.c.version = 4;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r.c.version = 0x84;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r = good;
	r.c.clean_start = false;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	r = good;
	r.now.unix_s = START_S + YEAR;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	assert_int_equal(gate.sessions.by_client.n, 0);
	assert_int_equal(come(&good, 8), HF_ADMIT);
}

static void only_four_states_are_admitted(void **unused)
{
	(void)unused;
	for (uint8_t state = HF_ROW_ISSUED; state <= HF_ROW_EXPIRED; state++) {
		struct rig r = new_rig();
		bool good = state <= HF_ROW_CONFIRMED || state == HF_ROW_QUARANTINED;

		change(&r, 1, state);
		assert_int_equal(come(&r, 8), good ? HF_ADMIT : HF_REFUSE);
		assert_int_equal(said("superseded"), state == HF_ROW_SUPERSEDED);
	}
}

static void nobody_comes_before_the_first_snapshot_or_after_600_silent_seconds(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	r.now.ms += 600000;
	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.now.ms += 1;
	assert_int_equal(come(&r, 9), HF_LATER);
	assert_int_equal(come(&r, 8), HF_ADMIT); /* live sessions stay, also at SIGHUP */
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_PERMIT);
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch, START_S));
	assert_int_equal(come(&r, 9), HF_ADMIT);
	hf__gate_free(&gate);
	assert_int_equal(hf__gate_init(&gate, room, sizeof(room), 42), HF_OK);
	assert_int_equal(come(&r, 8), HF_LATER);
	assert_int_equal(hf__gate_init(&gate, NULL, 0, 42), HF_ERR_PLUGIN_ROOM);
}

static void three_takeovers_from_elsewhere_look_like_a_clone(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	for (uintptr_t i = 0; i < 4; i++) {
		r.c.address = i % 2 == 0 ? "10.0.0.1" : "192.0.2.9";
		assert_int_equal(come(&r, 8 + i), HF_ADMIT);
		if (i > 0)
			hf__gate_gone(&gate, (void *)(7 + i));
		r.now.ms += 1000;
		assert_int_equal(said("clone"), i == 3);
	}
}

static void takeovers_that_are_quiet_or_near_are_no_clone(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	for (uintptr_t i = 0; i < 5; i++) {
		assert_int_equal(come(&r, 8 + i), HF_ADMIT);
		if (i > 0)
			hf__gate_gone(&gate, (void *)(7 + i));
	}
	assert_false(said("clone"));
	r.now.ms += 200000;
	for (uintptr_t i = 5; i < 9; i++) {
		r.c.address = i % 2 == 0 ? "10.0.0.1" : "192.0.2.9";
		assert_int_equal(come(&r, 8 + i), HF_ADMIT);
		hf__gate_gone(&gate, (void *)(7 + i));
		r.now.ms += 31000;
	}
	assert_false(said("clone"));
}

static void a_flood_closes_and_refuses_for_ten_minutes(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	for (int i = 1; i < 100; i++)
		assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, "#"), HF_DENY);
	assert_false(said("flood"));
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, "#"), HF_CLOSE);
	assert_true(said("flood"));
	hf__gate_gone(&gate, (void *)8);
	r.now.ms += 599999;
	assert_int_equal(come(&r, 9), HF_REFUSE);
	r.now.ms += 1;
	hf__gate_tick(&gate, &r.now);
	assert_true(feed(&r, NULL, HF_FRAME_BEAT, r.epoch, START_S));
	assert_int_equal(come(&r, 9), HF_ADMIT);
}

static void budgets_outlive_the_session(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	for (int i = 0; i < 60; i++)
		assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_PERMIT);
	hf__gate_gone(&gate, (void *)8);
	hf__gate_tick(&gate, &r.now);
	assert_int_equal(come(&r, 9), HF_ADMIT);
	assert_int_equal(may(&r, 9, HF_ACCESS_WRITE, TELE), HF_DENY);
	hf__gate_gone(&gate, (void *)9);
	r.now.ms += 90000000;
	hf__gate_tick(&gate, &r.now);
	assert_int_equal(gate.sessions.by_dev.n, 0); /* and are forgotten in the end */
}

static void the_sixth_connect_of_a_device_waits(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	for (uintptr_t i = 0; i < 5; i++) {
		assert_int_equal(come(&r, 8), HF_ADMIT);
		hf__gate_gone(&gate, (void *)8);
	}
	assert_int_equal(come(&r, 8), HF_LATER);
	r.now.ms += 30000;
	assert_int_equal(come(&r, 8), HF_ADMIT);
	for (int i = 0; i < 100; i++)
		assert_int_equal(come(&r, 8), HF_ADMIT); /* SIGHUP costs nothing */
}

static void memory_used_again_is_a_stranger(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.c.hash[0] = 9;
	assert_int_equal(come(&r, 8), HF_REFUSE);
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_DENY);
}

static void the_bus_comes_by_the_local_door_only(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	r.c = (struct hf_connect){ .local = true,
				   .cn = "",
				   .id = "bus",
				   .user = "hf-bus",
				   .address = "/x",
				   .version = 5,
				   .clean_start = true };
	assert_int_equal(come(&r, 8), HF_ADMIT);
	assert_string_equal(r.user, "hf-bus");
	assert_null(hf__gate_cert(&gate, (void *)8));
	assert_int_equal(may(&r, 8, HF_ACCESS_SUBSCRIBE, "hf/1/+/+/up/#"), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, "hf/1/" DEV "/-/dn/cmd/x"), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_READ, TELE), HF_PERMIT);
	assert_int_equal(may(&r, 8, HF_ACCESS_WRITE, TELE), HF_DENY);
	assert_int_equal(come(&r, 8), HF_ADMIT);
	r.c.user = "someone";
	assert_int_equal(come(&r, 9), HF_REFUSE);
	r.c.user = NULL;
	assert_int_equal(come(&r, 9), HF_REFUSE);
	r.c.user = "hf-bus";
	r.c.local = false;
	assert_int_equal(come(&r, 9), HF_REFUSE);
}

static void an_empty_gate_ticks(void **unused)
{
	struct hf_now now = { 1, START_S };
	char dev[HF_TABLE_DEV_LEN + 1];
	(void)unused;

	hf__gate_free(&gate);
	assert_int_equal(hf__gate_init(&gate, room, sizeof(room), 42), HF_OK);
	for (int i = 0; i < 100; i++, now.ms += 100)
		hf__gate_tick(&gate, &now);
	assert_false(hf__gate_kick(&gate, &now, dev));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_gate_ticks),
		cmocka_unit_test(a_known_certificate_is_admitted_and_told),
		cmocka_unit_test(each_flaw_of_a_connect_refuses),
		cmocka_unit_test(only_four_states_are_admitted),
		cmocka_unit_test(nobody_comes_before_the_first_snapshot_or_after_600_silent_seconds),
		cmocka_unit_test(three_takeovers_from_elsewhere_look_like_a_clone),
		cmocka_unit_test(takeovers_that_are_quiet_or_near_are_no_clone),
		cmocka_unit_test(a_flood_closes_and_refuses_for_ten_minutes),
		cmocka_unit_test(budgets_outlive_the_session),
		cmocka_unit_test(the_sixth_connect_of_a_device_waits),
		cmocka_unit_test(memory_used_again_is_a_stranger),
		cmocka_unit_test(the_bus_comes_by_the_local_door_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
