/* Unit tests of base.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/base.h>

static void base32_matches_rfc4648_in_lower_case(void **unused)
{
	uint8_t mem[32];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_base32_encode(HF_STR("foobar"), &out), HF_OK);
	assert_int_equal(out.len, 10);
	assert_memory_equal(mem, "mzxw6ytboi", 10);
}

static void decoding_refuses_unused_bits_and_foreign_characters(void **unused)
{
	uint8_t mem[32];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_base32_decode(HF_STR("mz======"), &out), HF_ERR_BASE_TEXT);
	assert_int_equal(hf_base32_decode(HF_STR("mzxw6ytboj"), &out), HF_ERR_BASE_TEXT); /* set unused bit */
	assert_int_equal(hf_base32_decode(HF_STR("mzx"), &out), HF_ERR_BASE_TEXT); /* unused character */
	assert_int_equal(hf_base64url_decode(HF_STR("_-+"), &out), HF_ERR_BASE_TEXT);
	assert_int_equal(hf_hex_decode(HF_STR("abc"), &out), HF_ERR_BASE_TEXT);
	assert_int_equal(out.len, 0);
}

static void every_length_survives_a_round_trip(void **unused)
{
	uint8_t in[40], text[96], back[40];
	(void)unused;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37 + 200);
	for (size_t n = 0; n <= sizeof(in); n++) {
		struct hf_out t = HF_OUT(text), b = HF_OUT(back);

		assert_int_equal(hf_base64url_encode((hf_bytes){ in, n }, &t), HF_OK);
		assert_int_equal(hf_base64url_decode(hf_out_bytes(&t), &b), HF_OK);
		assert_true(hf_bytes_equal((hf_bytes){ in, n }, hf_out_bytes(&b)));
	}
}

static void output_without_room_is_refused_and_unchanged(void **unused)
{
	uint8_t mem[3];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_out_put(&out, HF_STR("abcd")), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(hf_hex_encode(HF_STR("ab"), &out), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0);
}

static void crc32c_matches_the_check_value(void **unused)
{
	(void)unused;
	assert_int_equal(hf_crc32c(HF_STR("123456789")), 0xe3069283u);
}

static void codes_are_named_by_letters_and_number(void **unused)
{
	char name[8];
	(void)unused;

	hf_err_name(HF_ERR_BASE_NO_ROOM, name);
	assert_string_equal(name, "BA1");
	assert_int_equal(hf_err_class(HF_ERR_BASE_NO_ROOM), HF_CLASS_LIMIT);
	hf_err_name((hf_err)0x7f000000, name);
	assert_string_equal(name, "??0");
	assert_string_equal(hf_err_text(HF_ERR_CBOR_DEPTH), "CBOR is nested too deep");
}

static void wiping_and_constant_time_compare(void **unused)
{
	uint8_t a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 2, 3, 5 }, zero[4] = { 0 };
	(void)unused;

	assert_false(hf_ct_equal(HF_ARR(a), HF_ARR(b)));
	b[3] = 4;
	assert_true(hf_ct_equal(HF_ARR(a), HF_ARR(b)));
	assert_false(hf_ct_equal(HF_ARR(a), (hf_bytes){ b, 3 }));
	hf_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base32_matches_rfc4648_in_lower_case),
		cmocka_unit_test(decoding_refuses_unused_bits_and_foreign_characters),
		cmocka_unit_test(every_length_survives_a_round_trip),
		cmocka_unit_test(output_without_room_is_refused_and_unchanged),
		cmocka_unit_test(crc32c_matches_the_check_value),
		cmocka_unit_test(codes_are_named_by_letters_and_number),
		cmocka_unit_test(wiping_and_constant_time_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
