/* Unit tests of the agent's commands: from sealed bytes to an act and a receipt, on real records.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent_rig.h"

enum { DONE = HF_STATUS_DONE, REFUSED = HF_STATUS_REFUSED, FAILED = HF_STATUS_FAILED };

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

static void a_session_begins_with_hello_and_the_replay_state(void **state)
{
	struct rig *r = *state;
	struct key_up *u = rig_find(r, "state/now");
	struct hf_state s;

	assert_non_null(rig_find(r, "id/hello"));
	assert_non_null(u);
	assert_int_equal(hf_state_open((hf_bytes){ u->data, u->len },
				       r->k.renew.slot[r->k.renew.active].signing, HF_STR(RIG_DEV), &s),
			 HF_OK);
	assert_memory_equal(s.rep, r->k.cmd.obey.rep, HF_COMMAND_REP_LEN);
	assert_true(hf_bytes_equal(s.version, HF_STR(AGENT_VERSION)));
}

static void a_ping_is_answered_with_uptime_and_version(void **state)
{
	struct rig *r = *state;
	struct hf_cborr c;
	uint64_t uptime;

	rig_expect(r, "ping", HF_COMMAND_READ, 1, "a0", DONE, HF_REASON_NONE);
	hf_cbor_reader(&c, hf_out_bytes(&r->result));
	hf_cbor_expect_map(&c, 2);
	hf_cbor_expect_text(&c, HF_STR("uptime"));
	hf_cbor_read_uint(&c, &uptime);
	hf_cbor_expect_text(&c, HF_STR("version"));
	hf_cbor_expect_text(&c, HF_STR(AGENT_VERSION));
	assert_int_equal(hf_cbor_done(&c), HF_OK);
}

static void a_repeated_command_acts_once_and_gets_its_receipt_again(void **state)
{
	struct rig *r = *state;
	uint8_t body_mem[64];
	struct hf_out body = HF_OUT(body_mem);

	rig_expect(r, "identify", HF_COMMAND_ACT, 1, "a1677365636f6e647305", DONE, HF_REASON_NONE);
	assert_int_equal(rig_told(r, 0, &body), MSG_DO_IDENTIFY);
	assert_memory_equal(body_mem, "\x81\x05", 2);
	rig_repeat(r);
	assert_int_equal(rig_told(r, 0, &body), 0);
	rig_take_receipt(r);
	assert_int_equal(r->receipt.status, DONE);
	rig_restart(r, 0);
	rig_repeat(r);
	assert_int_equal(rig_told(r, 0, &body), 0);
}

static void arguments_are_judged_before_anything_happens(void **state)
{
	static const struct {
		const char *op, *args;
		unsigned cls;
	} rows[] = {
		{ "identify", "a0", HF_COMMAND_ACT },
		{ "identify", "a1677365636f6e647300", HF_COMMAND_ACT },     /* 0 seconds */
		{ "identify", "a1677365636f6e647319012d", HF_COMMAND_ACT }, /* 301 */
		{ "identify",
		  "a16773656"
		  "36f6e647861"
		  "05",
		  HF_COMMAND_ACT }, /* another name */
		{ "log.level",
		  "a1656c6576656c64"
		  "6c6f7564",
		  HF_COMMAND_ACT }, /* "loud" */
		{ "config.set",
		  "a2646e616d65616165"
		  "76616c756500",
		  HF_COMMAND_ACT },                                                   /* value is a number */
		{ "config.set", "a2646e616d6561416576616c75656162", HF_COMMAND_ACT }, /* name "A" */
		{ "config.set",
		  "a2646e616d65672e7265626f6f74"
		  "6576616c75656131",
		  HF_COMMAND_ACT }, /* .reboot */
		{ "receipts.get", "a0", HF_COMMAND_READ },
		{ "relay.set", "a0", HF_COMMAND_ACT }, /* nobody takes it */
	};
	struct rig *r = *state;
	uint8_t mem[64];
	struct hf_out body = HF_OUT(mem);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		rig_expect(r, rows[i].op, rows[i].cls, 1, rows[i].args, REFUSED, HF_REASON_UNKNOWN);
	assert_int_equal(rig_told(r, 0, &body), 0);
	assert_int_equal(r->k.settings.n, 0);
}

static void settings_last_and_have_bounds(void **state)
{
	/* {"name": "heartbeat", "value": "120"}, then "0" */
	const char *set = "a2646e616d6569686561727462656174" "6576616c756563313230";
	const char *zero = "a2646e616d6569686561727462656174" "6576616c75656130";
	const char *remove = "a2646e616d6569686561727462656174" "6576616c756560";
	struct rig *r = *state;
	uint8_t mem[64];
	struct hf_out reply = HF_OUT(mem);

	rig_expect(r, "config.set", HF_COMMAND_ACT, 1, set, DONE, HF_REASON_NONE);
	rig_expect(r, "config.set", HF_COMMAND_ACT, 1, zero, REFUSED, HF_REASON_UNKNOWN);
	rig_restart(r, 0);
	assert_int_equal(key_setting_number(&r->k, "heartbeat", 60), 120);
	assert_int_equal(key_on_app_config(&r->k, HF_STR("heartbeat"), &reply), HF_OK);
	assert_memory_equal(mem, "120", 3);
	rig_expect(r, "config.set", HF_COMMAND_ACT, 1, remove, DONE, HF_REASON_NONE);
	assert_int_equal(key_setting_number(&r->k, "heartbeat", 60), 60);
	assert_int_equal(key_on_app_config(&r->k, HF_STR("heartbeat"), &reply), HF_ERR_PORT_ABSENT);
}

static void a_reboot_needs_two_and_is_done_when_the_device_is_back(void **state)
{
	struct rig *r = *state;
	struct hf_claims claims;

	rig_expect(r, "reboot", HF_COMMAND_DANGER, 1, "a0", REFUSED, HF_REASON_QUORUM);
	assert_false(hf_timer_running(&r->k.cmd.reboot));
	rig_expect(r, "reboot", HF_COMMAND_DANGER, 2, "a0", HF_STATUS_ACCEPTED, HF_REASON_NONE);
	assert_true(hf_timer_running(&r->k.cmd.reboot));
	claims = r->claims;
	rig_restart(r, 1);
	r->claims = claims;
	rig_take_receipt(r);
	assert_int_equal(r->receipt.status, DONE);
}

static void a_reboot_that_did_not_happen_is_unknown(void **state)
{
	struct rig *r = *state;

	rig_expect(r, "reboot", HF_COMMAND_DANGER, 2, "a0", HF_STATUS_ACCEPTED, HF_REASON_NONE);
	rig_restart(r, 0);
	rig_take_receipt(r);
	assert_int_equal(r->receipt.status, HF_STATUS_UNKNOWN);
}

static void main_gets_the_signed_bytes_of_a_reboot(void **state)
{
	static const struct hf_op op = { "reboot", HF_COMMAND_DANGER, NULL };
	static uint8_t mem[HF_COMMAND_MAX_LEN];
	struct hf_out body = HF_OUT(mem);
	struct rig *r = *state;
	hf_bytes dev, inner;

	rig_expect(r, "reboot", HF_COMMAND_DANGER, 2, "a0", HF_STATUS_ACCEPTED, HF_REASON_NONE);
	key_on_reboot_timer(&r->k);
	assert_int_equal(rig_told(r, 0, &body), MSG_DO_REBOOT);
	assert_int_equal(msg_pair_read(hf_out_bytes(&body), &dev, &inner), HF_OK);
	assert_true(hf_verdict_is_yes(hf_obey_recheck(inner, &r->k.cmd.policy, dev, &op, 0)));
	assert_false(hf_verdict_is_yes(
		hf_obey_recheck(inner, &r->k.cmd.policy, HF_STR("abcdefghijklmnoq"), &op, 0)));
}

static void an_unacknowledged_receipt_goes_up_again_after_a_restart(void **state)
{
	struct rig *r = *state;

	rig_send(r, "nop", HF_COMMAND_ACT, 1, "a0");
	rig_restart(r, 0);
	assert_non_null(rig_find(r, "rcpt/"));
	rig_take_receipt(r); /* and is filed */
	assert_null(rig_find(r, "rcpt/"));
	rig_send(r, "nop", HF_COMMAND_ACT, 1, "a0"); /* stores the ack */
	rig_take_receipt(r);
	rig_expect(r, "receipts.get", HF_COMMAND_READ, 1, "a16466726f6d01", DONE, HF_REASON_NONE);
	assert_memory_equal(r->result_mem, "\xa1\x68receipts\x02", 11);
	assert_non_null(rig_find(r, "rcpt/"));
}

static hf_err tell_ops(struct rig *r, const char *hex)
{
	uint8_t mem[256];
	struct hf_out body = HF_OUT(mem), reply = { NULL, 0, 0 };

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &body), HF_OK);
	return key_on_app_ops(&r->k, hf_out_bytes(&body), &reply);
}

static hf_err tell_result(struct rig *r, unsigned status, hf_bytes result)
{
	uint8_t mem[256];
	struct hf_out body = HF_OUT(mem), reply = { NULL, 0, 0 };
	struct hf_cborw w;

	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, 3);
	hf_cbor_put_bytes(&w, HF_ARR(r->claims.cti));
	hf_cbor_put_uint(&w, status);
	hf_cbor_put_bytes(&w, result);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	return key_on_app_result(&r->k, hf_out_bytes(&body), &reply);
}

static void an_application_takes_a_command_and_answers_it(void **state)
{
	struct rig *r = *state;
	uint8_t mem[128];
	struct hf_out body = HF_OUT(mem);

	assert_int_equal(tell_ops(r, "81826972656c61792e73657402"), HF_OK); /* [["relay.set", 2]] */
	rig_send(r, "relay.set", HF_COMMAND_ACT, 1, "a1626f6ef5");
	assert_null(rig_find(r, "rcpt/"));
	assert_int_equal(rig_told(r, 1, &body), MSG_DELIVER);
	assert_int_equal(body.len, 1 + 17 + 10 + 6);
	assert_memory_equal(mem + 2, r->claims.cti, 16);
	assert_memory_equal(mem + 18, "\x69relay.set\x45\xa1\x62on\xf5", 16);
	assert_int_equal(tell_result(r, DONE, HF_STR("\xa0")), HF_OK);
	rig_take_receipt(r);
	assert_int_equal(r->receipt.status, DONE);
	assert_int_equal(r->result.len, 1);
	assert_int_equal(tell_result(r, DONE, HF_STR("\xa0")), HF_ERR_OBEY_NO_JOB); /* once */
	rig_expect(r, "relay.set", HF_COMMAND_READ, 1, "a0", REFUSED, HF_REASON_CLASS);
}

static void lists_of_operations_that_are_not_understood_leave_none(void **state)
{
	static const char *const bad[] = {
		"8182647069" "6e6701",         /* ours: "ping" */
		"81826000",                    /* no name */
		"8182617800", "8182617804",    /* class 0, 4 */
		"818161" "78", "82826178" "01", "a0", "01",
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(tell_ops(r, "8182617801"), HF_OK);
		assert_int_not_equal(tell_ops(r, bad[i]), HF_OK);
		assert_int_equal(r->k.cmd.n_ops, r->k.cmd.n_own_ops);
	}
	assert_int_equal(tell_result(r, REFUSED, HF_STR("")), HF_ERR_AGENT_APP);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_session_begins_with_hello_and_the_replay_state),
		CASE(a_ping_is_answered_with_uptime_and_version),
		CASE(a_repeated_command_acts_once_and_gets_its_receipt_again),
		CASE(arguments_are_judged_before_anything_happens),
		CASE(settings_last_and_have_bounds),
		CASE(a_reboot_needs_two_and_is_done_when_the_device_is_back),
		CASE(a_reboot_that_did_not_happen_is_unknown),
		CASE(main_gets_the_signed_bytes_of_a_reboot),
		CASE(an_unacknowledged_receipt_goes_up_again_after_a_restart),
		CASE(an_application_takes_a_command_and_answers_it),
		CASE(lists_of_operations_that_are_not_understood_leave_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
