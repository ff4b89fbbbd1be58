/* Unit tests of app.h: messages of a program and of the agent, byte by byte.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/app.h>

#define CTI "50000102030405060708090a0b0c0d0e0f"
#define RELAY "6972656c61792e736574"
#define COMMAND "8467636f6d6d616e64" CTI RELAY

static uint8_t mem[HF_APP_MAX_LEN], big[HF_APP_MAX_DATA_LEN + 1];
static struct hf_out out;
static const uint8_t cti[HF_APP_CTI_LEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static int setup(void **state)
{
	(void)state;
	out = HF_OUT(mem);
	return 0;
}

static void assert_wrote(const char *hex)
{
	uint8_t want_mem[256];
	struct hf_out want = HF_OUT(want_mem);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &want), HF_OK);
	assert_int_equal(out.len, want.len);
	assert_memory_equal(mem, want_mem, want.len);
}

static hf_err read_hex(const char *hex, struct hf_app_message *m)
{
	static uint8_t in_mem[256];
	struct hf_out in = HF_OUT(in_mem);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &in), HF_OK);
	return hf_app_read(hf_out_bytes(&in), m);
}

static void a_reading_names_its_stream(void **unused)
{
	(void)unused;
	assert_int_equal(hf_app_data("climate", HF_STR("21.5"), &out), HF_OK);
	assert_wrote("83" "6464617461" "67636c696d617465" "4432312e35");
}

static void operations_carry_their_class(void **unused)
{
	static const struct hf_app_op ops[] = { { "relay.set", HF_APP_ACT }, { "open", HF_APP_DANGER } };

	(void)unused;
	assert_int_equal(hf_app_ops(ops, 2, &out), HF_OK);
	assert_wrote("82" "636f7073" "82" "82" RELAY "02" "82" "646f70656e" "03");
	out.len = 0;
	assert_int_equal(hf_app_ops(NULL, 0, &out), HF_OK); /* takes none any more */
	assert_wrote("82" "636f7073" "80");
}

static void a_result_names_its_command(void **unused)
{
	(void)unused;
	assert_int_equal(hf_app_result(cti, true, HF_STR("hot"), &out), HF_OK);
	assert_wrote("84" "66726573756c74" CTI "f5" "43686f74");
	out.len = 0;
	assert_int_equal(hf_app_result(cti, false, HF_STR(""), &out), HF_OK);
	assert_wrote("84" "66726573756c74" CTI "f4" "40");
}

static void limits_are_kept(void **unused)
{
	static const struct hf_app_op bad[] = { { "erase", 4 } }, none[] = { { "x", 0 } };
	struct hf_app_op many[HF_APP_MAX_OPS + 1];
	const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456";

	(void)unused;
	for (size_t i = 0; i <= HF_APP_MAX_OPS; i++)
		many[i] = (struct hf_app_op){ "x", HF_APP_READ };
	assert_int_equal(hf_app_ops(many, HF_APP_MAX_OPS, &out), HF_OK);
	out.len = 0;
	assert_int_equal(hf_app_ops(many, HF_APP_MAX_OPS + 1, &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_ops(bad, 1, &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_ops(none, 1, &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_data("", HF_STR("x"), &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_data(letters, HF_STR("x"), &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_data("x", (hf_bytes){ big, sizeof(big) }, &out), HF_ERR_APP_LIMIT);
	assert_int_equal(hf_app_data("x", (hf_bytes){ big, sizeof(big) - 1 }, &out), HF_OK);
	out.len = 0;
	assert_int_equal(hf_app_data("\xff", HF_STR("x"), &out), HF_ERR_CBOR_FORM);
	assert_int_equal(hf_app_result(cti, false, (hf_bytes){ big, HF_APP_MAX_RESULT_LEN + 1 }, &out),
			 HF_ERR_APP_LIMIT);
	out.cap = 10;
	assert_int_equal(hf_app_data("climate", HF_STR("21.5"), &out), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0);
}

static void answers_and_commands_are_read(void **unused)
{
	struct hf_app_message m;

	(void)unused;
	assert_int_equal(read_hex("82" "626f6b" "647761726d", &m), HF_OK);
	assert_int_equal(m.kind, HF_APP_OK);
	assert_true(hf_bytes_equal(m.text, HF_STR("warm")));
	assert_int_equal(read_hex("83" "656572726f72" "63414736" "646e6f6e65", &m), HF_OK);
	assert_int_equal(m.kind, HF_APP_REFUSED);
	assert_true(hf_bytes_equal(m.code, HF_STR("AG6")));
	assert_true(hf_bytes_equal(m.text, HF_STR("none")));
	assert_int_equal(read_hex(COMMAND "41a0", &m), HF_OK);
	assert_int_equal(m.kind, HF_APP_COMMAND);
	assert_memory_equal(m.cti, cti, sizeof(cti));
	assert_true(hf_bytes_equal(m.op, HF_STR("relay.set")));
	assert_int_equal(m.args.len, 1);
}

static void what_the_agent_does_not_say_is_refused(void **unused)
{
	static const char *const bad[] = {
		"",
		"80",
		"8162" "6f6b",                         /* ok without its text */
		"83626f6b6060",                         /* and with one too many */
		"82626f6b40",                           /* bytes instead of text */
		"82636e6f7060",                         /* another word */
		"82656572726f7263414736",               /* error without words */
		"8367636f6d6d616e64" CTI RELAY,         /* command without arguments */
		"8467636f6d6d616e64" "4100" RELAY "41a0", /* short name */
		COMMAND "41a0" "00",                    /* trailing byte */
		"82626f6b6000",
		"a1626f6b60",
	};
	struct hf_app_message m;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_hex(bad[i], &m), HF_ERR_APP_SHAPE);
		assert_int_equal(m.kind, 0);
		assert_int_equal(m.text.len + m.op.len + m.args.len, 0);
	}
}

static void one_argument_is_read_and_nothing_else_is(void **unused)
{
	static const char *const bad[] = { "41a0", "45a1626f6e01", "49a2626f66f4626f6ef5", "45a1626f66f5",
					   "44a1626f6e", "40", "46a1626f6ef500" };
	struct hf_app_message m;
	uint64_t number = 0;
	bool on = false;

	(void)unused;
	assert_int_equal(read_hex(COMMAND "45a1626f6ef5", &m), HF_OK);
	assert_int_equal(hf_app_arg_bool(&m, "on", &on), HF_OK);
	assert_true(on);
	number = 7;
	assert_int_equal(hf_app_arg_uint(&m, "on", &number), HF_ERR_APP_ARGS);
	assert_int_equal(number, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char hex[128] = COMMAND;

		strncat(hex, bad[i], sizeof(hex) - strlen(hex) - 1);
		assert_int_equal(read_hex(hex, &m), HF_OK);
		on = true;
		assert_int_equal(hf_app_arg_bool(&m, "on", &on), HF_ERR_APP_ARGS);
		assert_false(on);
	}
	assert_int_equal(read_hex(COMMAND "45a1626f6e17", &m), HF_OK);
	assert_int_equal(hf_app_arg_uint(&m, "on", &number), HF_OK);
	assert_int_equal(number, 0x17);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_reading_names_its_stream),
		CASE(operations_carry_their_class),
		CASE(a_result_names_its_command),
		CASE(limits_are_kept),
		CASE(answers_and_commands_are_read),
		CASE(what_the_agent_does_not_say_is_refused),
		CASE(one_argument_is_read_and_nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
