/* Unit tests of the bus's side of the plugin socket, and of topics.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "busframe.h"

#define DEV "abcdefgh234567ab"

static void frames_are_written_as_the_protocol_says(void **unused)
{
	static const uint8_t want[] = { 0, 0, 0, 3, 0x82, 1, 7,              /* begin */
					0, 0, 0, 4, 0x83, 3, 7, 9,           /* end */
					0, 0, 0, 5, 0x83, 5, 7, 0x18, 100 }; /* beat */
	struct hf_buf out = HF_BUF(1024);
	(void)unused;

	assert_int_equal(hf__busframe_begin(&out, 7), HF_OK);
	assert_int_equal(hf__busframe_end(&out, 7, 9), HF_OK);
	assert_int_equal(hf__busframe_beat(&out, 7, 100), HF_OK);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(out.ptr, want, sizeof(want));
	hf_buf_free(&out);
}

static void a_row_and_a_kick_name_their_device(void **unused)
{
	struct hf_bus_row row = {
		.cert_sha256 = { 1, 2 }, .dev = DEV, .state = 3, .budget = 2, .not_after = 5
	};
	struct hf_buf out = HF_BUF(1024);
	(void)unused;

	assert_int_equal(hf__busframe_row(&out, 8, &row), HF_OK);
	assert_int_equal(out.len, 4 + 3 + 34 + 17 + 3);
	assert_memory_equal(out.ptr + 4, "\x87\x02\x08\x58\x20\x01\x02", 7);
	assert_memory_equal(out.ptr + out.len - 20, "\x70" DEV "\x03\x05\x02", 20);
	hf_buf_reset(&out);
	assert_int_equal(hf__busframe_kick(&out, 8, DEV), HF_OK);
	assert_memory_equal(out.ptr + 4, "\x83\x04\x08\x70" DEV, 20);
	hf_buf_free(&out);
}

static void what_the_plugin_says_is_read(void **unused)
{
	uint8_t up[4 + 17 + 34 + 16] = { 0x84, 0x18, 33, 0x70 };
	struct hf_busframe f;
	(void)unused;

	memcpy(up + 4, DEV "\x58\x20", 18);
	memset(up + 22, 0xaa, 32);
	memcpy(up + 54,
	       "\x68"
	       "10.0.0.1",
	       9);
	assert_int_equal(hf__busframe_read((hf_bytes){ up, 63 }, &f), HF_OK);
	assert_true(f.presence.up);
	assert_string_equal(f.presence.dev, DEV);
	assert_string_equal(f.presence.address, "10.0.0.1");
	assert_int_equal(f.presence.cert_sha256[31], 0xaa);
	up[0] = 0x83;
	up[2] = 34;
	assert_int_equal(hf__busframe_read((hf_bytes){ up, 54 }, &f), HF_OK);
	assert_false(f.presence.up);
	assert_int_equal(hf__busframe_read(HF_STR("\x83\x18\x20\x01\x07"), &f), HF_OK);
	assert_int_equal(f.epoch, 7);
	assert_int_equal(hf__busframe_read(HF_STR("\x85\x18\x23\x65"
						  "clone\x60\x60\x61x"),
					   &f),
			 HF_OK);
	assert_string_equal(f.alarm.kind, "clone");
	assert_string_equal(f.alarm.detail, "x");
	assert_int_equal(hf__busframe_read(HF_STR("\x82\x18\x24\xa2\x00\x05\x01\x06"), &f), HF_OK);
	assert_int_equal(f.n_counters, 2);
	assert_int_equal(f.counter[1], 6);
}

static void anything_else_is_refused(void **unused)
{
	static const hf_bytes bad[] = {
		{ NULL, 0 },
		{ (const uint8_t *)"\x80", 1 },                             /* empty */
		{ (const uint8_t *)"\x82\x01\x07", 3 },                     /* ours, not the plugin's */
		{ (const uint8_t *)"\x83\x18\x20\x02\x07", 5 },             /* another version */
		{ (const uint8_t *)"\x82\x18\x20\x01", 4 },                 /* an item missing */
		{ (const uint8_t *)"\x83\x18\x20\x01\x07\x00", 6 },         /* a byte too many */
		{ (const uint8_t *)"\x85\x18\x23\x61\x00\x60\x60\x60", 8 }, /* NUL in a text */
		{ (const uint8_t *)"\x82\x18\x24\xa1\x01\x05", 6 },         /* counters begin at 0 */
		{ (const uint8_t *)"\x83\x18\x22\x61x\x40", 6 },            /* short name, short hash */
	};
	struct hf_busframe f;
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf__busframe_read(bad[i], &f), HF_ERR_PLUGIN_FRAME);
}

static void topics_are_cut_exactly(void **unused)
{
	static const char *const bad[] = {
		"",
		"hf/1/",
		"hf/1/" DEV "/-/up/tele",
		"hf/1/" DEV "/-/up/tele/",
		"hf/1/" DEV "/-/dn/cmd/x",
		"hf/1/" DEV "/-/up//x",
		"hf/1/" DEV "/-/up/tele/x/y",
		"hf/1/" DEV "/-/up/tele/a b",
		"hf/1/ABCDEFGH234567AB/-/up/tele/x",
		"hf/1/" DEV "/x/up/tele/x",
		"hf/2/" DEV "/-/up/tele/x",
		"hf/1/" DEV "/-/up/sixteen-letters-and-more/x",
		"hf/1/" DEV "/-/up/te1e/x",
	};
	struct hf_bus_up up;
	(void)unused;

	assert_true(hf__bus_topic_read("hf/1/" DEV "/-/up/seal/f-00ff-12", &up));
	assert_string_equal(up.dev, DEV);
	assert_string_equal(up.cls, "seal");
	assert_string_equal(up.id, "f-00ff-12");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hf__bus_topic_read(bad[i], &up));
}

static void topics_are_written_whole_or_not(void **unused)
{
	char out[64];
	(void)unused;

	assert_true(hf__bus_topic_write(out, sizeof(out), DEV, "cmd", "AAAA"));
	assert_string_equal(out, "hf/1/" DEV "/-/dn/cmd/AAAA");
	assert_false(hf__bus_topic_write(out, 20, DEV, "cmd", "AAAA"));
	assert_false(hf__bus_topic_write(out, sizeof(out), "+", "cmd", "AAAA"));
	assert_false(hf__bus_topic_write(out, sizeof(out), DEV, "#", "AAAA"));
	assert_false(hf__bus_topic_write(out, sizeof(out), DEV, "cmd", ""));
}

static void a_hash_has_64_digits(void **unused)
{
	static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	uint8_t sha256[32];
	(void)unused;

	assert_true(hf__bus_cert_read(hex, sha256));
	assert_int_equal(sha256[31], 0xff);
	assert_false(hf__bus_cert_read(hex + 1, sha256));
	assert_false(hf__bus_cert_read("zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
				       sha256));
	assert_false(hf__bus_cert_read(NULL, sha256));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_written_as_the_protocol_says),
		cmocka_unit_test(a_row_and_a_kick_name_their_device),
		cmocka_unit_test(what_the_plugin_says_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(topics_are_cut_exactly),
		cmocka_unit_test(topics_are_written_whole_or_not),
		cmocka_unit_test(a_hash_has_64_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
