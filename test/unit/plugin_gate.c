/* Unit tests of the plugin's decisions: frames in, answers and frames out, no broker.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/cbor.h>
#include "gate.h"

#define DEV "abcdefgh234567ab"
#define TELE "hf/1/" DEV "/-/up/tele/x"
enum { YEAR = 31536000, START_S = 1700000000 };

static struct hf_gate gate; /* half a megabyte: not for a stack */
static uint8_t room[1 << 18];

struct rig {
	struct hf_now now;
	struct hf_connect c;
	uint64_t epoch;
	const char *user;
};

static void put(uint8_t *mem, size_t cap, struct hf_out *out, const struct hf_row *row, int kind, uint64_t a,
		uint64_t b)
{
	struct hf_cborw w;

	*out = (struct hf_out){ mem, cap, 0 };
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, kind == HF_FRAME_ROW ? 7 : kind == HF_FRAME_BEGIN ? 2 : 3);
	hf_cbor_put_int(&w, kind);
	hf_cbor_put_uint(&w, a);
	if (kind == HF_FRAME_ROW || kind == HF_FRAME_KICK) {
		if (kind == HF_FRAME_ROW)
			hf_cbor_put_bytes(&w, HF_ARR(row->hash));
		hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)row->dev, HF_TABLE_DEV_LEN });
	}
	if (kind == HF_FRAME_ROW) {
		hf_cbor_put_uint(&w, row->state);
		hf_cbor_put_int(&w, row->not_after);
		hf_cbor_put_uint(&w, row->budget);
	}
	if (kind == HF_FRAME_END || kind == HF_FRAME_BEAT)
		hf_cbor_put_uint(&w, b);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
}

static bool feed(struct rig *r, const struct hf_row *row, int kind, uint64_t a, uint64_t b)
{
	uint8_t mem[256];
	struct hf_out out;

	put(mem, sizeof(mem), &out, row, kind, a, b);
	return hf__gate_frame(&gate, hf_out_bytes(&out), &r->now);
}

static struct hf_row row_of(uint8_t first, uint8_t state)
{
	struct hf_row row = { .not_after = START_S + YEAR, .state = state, .budget = 2 };

	row.hash[0] = first;
	memcpy(row.dev, DEV, HF_TABLE_DEV_LEN);
	return row;
}

static void change(struct rig *r, uint8_t first, uint8_t state)
{
	struct hf_row row = row_of(first, state);

	assert_true(feed(r, &row, HF_FRAME_ROW, ++r->epoch, 0));
}

static void snapshot(struct rig *r, uint8_t first, uint8_t state)
{
	struct hf_row row = row_of(first, state);

	assert_true(feed(r, NULL, HF_FRAME_BEGIN, r->epoch, 0));
	assert_true(feed(r, &row, HF_FRAME_ROW, r->epoch, 0));
	assert_true(feed(r, NULL, HF_FRAME_END, r->epoch, 1));
}

/* A gate that knows certificate 1 of DEV, and a CONNECT that fits it. */
static struct rig new_rig(void)
{
	struct rig r = { .now = { 1000, START_S }, .epoch = 7 };

	hf__gate_free(&gate);
	assert_int_equal(hf__gate_init(&gate, room, sizeof(room), 42), HF_OK);
	hf__gate_link(&gate, &r.now);
	snapshot(&r, 1, HF_ROW_CONFIRMED);
	gate.out.len = 0;
	r.c = (struct hf_connect){ .has_cert = true, .hash = { 1 }, .cn = "hf-" DEV, .id = DEV,
				   .address = "10.0.0.1", .version = 5, .clean_start = true };
	return r;
}

static enum hf_answer come(struct rig *r, uintptr_t client)
{
	r->user = NULL;
	return hf__gate_connect(&gate, (const void *)client, &r->c, &r->now, &r->user);
}

static enum hf_permit may(struct rig *r, uintptr_t client, int access, const char *topic)
{
	struct hf_acl_msg m = { topic, 10, 1, false };

	return hf__gate_access(&gate, (const void *)client, access, &m, &r->now);
}

/* Was a frame with this text written? Empties the output. */
static bool said(const char *text)
{
	size_t n = strlen(text);
	bool found = false;

	for (size_t i = 0; i + n <= gate.out.len; i++)
		found |= memcmp(gate.out.ptr + i, text, n) == 0;
	gate.out.len = 0;
	return found;
}

static bool kicks(struct rig *r)
{
	char dev[HF_TABLE_DEV_LEN + 1];

	hf__gate_tick(&gate, &r->now);
	return hf__gate_kick(&gate, &r->now, dev) && strcmp(dev, DEV) == 0;
}

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
	assert_memory_equal(hf__gate_cert(&gate, (void *)8), r.c.hash, 32);
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
	static const uint8_t torn[] = { 0x82, 0x01 }, foreign[] = { 0x82, 0x18, 0x20, 0x01 }, empty[] = { 0x80 };
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

static void sighup_throws_out_who_is_no_longer_good(void **unused)
{
	struct rig r = new_rig();
	(void)unused;

	assert_int_equal(come(&r, 8), HF_ADMIT);
	change(&r, 1, HF_ROW_REVOKED);
	assert_int_equal(come(&r, 8), HF_REFUSE);
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

	r.c = (struct hf_connect){ .local = true, .cn = "", .id = "bus", .user = "hf-bus", .address = "/x",
				   .version = 5, .clean_start = true };
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
		hf_put_be16(row.hash, (uint16_t)(i + 256));
		memcpy(r.c.hash, row.hash, 32);
		r.now.ms += 20;
		assert_true(feed(&r, &row, HF_FRAME_ROW, ++r.epoch, 0));
		assert_int_equal(come(&r, 16 * (i + 1)), HF_ADMIT);
	}
	assert_int_equal(gate.feed.live.n, 2001);
	hf_put_be16(row.hash, 700);
	assert_int_equal(hf__table_find(&gate.feed.live, row.hash)->dev[1], 'a' + 444 / 26);
	for (uintptr_t i = 0; i < 2000; i++)
		hf__gate_gone(&gate, (void *)(16 * (i + 1)));
	assert_int_equal(gate.sessions.by_client.n, 0);
	hf__gate_free(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_certificate_is_admitted_and_told),
		cmocka_unit_test(each_flaw_of_a_connect_refuses),
		cmocka_unit_test(only_four_states_are_admitted),
		cmocka_unit_test(nobody_comes_before_the_first_snapshot_or_after_600_silent_seconds),
		cmocka_unit_test(a_bad_row_kicks_the_live_session_at_the_next_tick),
		cmocka_unit_test(a_snapshot_without_the_row_kicks),
		cmocka_unit_test(the_end_of_validity_kicks_by_either_clock),
		cmocka_unit_test(a_quarantined_device_comes_back_restricted),
		cmocka_unit_test(an_old_session_does_not_drag_the_new_one_out),
		cmocka_unit_test(a_gap_asks_for_a_snapshot),
		cmocka_unit_test(a_short_snapshot_is_not_taken),
		cmocka_unit_test(a_frame_that_does_not_parse_ends_the_link),
		cmocka_unit_test(after_a_snapshot_the_bus_hears_of_every_session),
		cmocka_unit_test(a_forced_kick_needs_no_bad_row),
		cmocka_unit_test(three_takeovers_from_elsewhere_look_like_a_clone),
		cmocka_unit_test(takeovers_that_are_quiet_or_near_are_no_clone),
		cmocka_unit_test(a_flood_closes_and_refuses_for_ten_minutes),
		cmocka_unit_test(budgets_outlive_the_session),
		cmocka_unit_test(the_sixth_connect_of_a_device_waits),
		cmocka_unit_test(sighup_throws_out_who_is_no_longer_good),
		cmocka_unit_test(memory_used_again_is_a_stranger),
		cmocka_unit_test(the_bus_comes_by_the_local_door_only),
		cmocka_unit_test(frames_without_room_are_not_begun),
		cmocka_unit_test(a_thousand_devices_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
