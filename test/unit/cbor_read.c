/* Unit tests of cbor.h, the reader's vocabulary: typed reads, limits, keys, counts, the sticky error.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/cbor.h>

enum { ITEM_CAP = 64 };

/* Bytes from hexadecimal text; the test fails when the text is no hexadecimal. */
struct item {
	uint8_t mem[ITEM_CAP];
	size_t len;
};

static struct item from_hex(const char *hex)
{
	struct item item = { .len = 0 };
	struct hf_out out = HF_OUT(item.mem);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &out), HF_OK);
	item.len = out.len;
	return item;
}

#define READER(name, hex)                 \
	struct item name##_item = from_hex(hex); \
	struct hf_cborr name;             \
	hf_cbor_reader(&name, (hf_bytes){ name##_item.mem, name##_item.len })

static void a_typed_read_refuses_other_types_and_gives_nothing(void **unused)
{
	hf_bytes b = HF_STR("old");
	uint64_t u = 7;
	int64_t i = 7;
	bool yes = true;
	size_t n = 7;
	(void)unused;

	READER(r1, "20");
	hf_cbor_read_uint(&r1, &u);
	assert_int_equal(u, 0);
	assert_int_equal(hf_cbor_done(&r1), HF_ERR_CBOR_TYPE);
	READER(r2, "40");
	hf_cbor_read_int(&r2, &i);
	assert_int_equal(i, 0);
	assert_int_equal(hf_cbor_error(&r2), HF_ERR_CBOR_TYPE);
	READER(r3, "6161");
	hf_cbor_read_bytes(&r3, &b);
	assert_int_equal(b.len, 0);
	assert_null(b.ptr);
	READER(r4, "4161");
	hf_cbor_read_text(&r4, &b);
	assert_int_equal(hf_cbor_error(&r4), HF_ERR_CBOR_TYPE);
	READER(r5, "f6");
	hf_cbor_read_bool(&r5, &yes);
	assert_false(yes);
	assert_int_equal(hf_cbor_error(&r5), HF_ERR_CBOR_TYPE);
	READER(r6, "f4");
	hf_cbor_read_null(&r6);
	assert_int_equal(hf_cbor_error(&r6), HF_ERR_CBOR_TYPE);
	READER(r7, "a0");
	hf_cbor_read_array(&r7, &n);
	assert_int_equal(n, 0);
	assert_int_equal(hf_cbor_error(&r7), HF_ERR_CBOR_TYPE);
	READER(r8, "80");
	hf_cbor_read_map(&r8, &n);
	assert_int_equal(hf_cbor_error(&r8), HF_ERR_CBOR_TYPE);
	READER(r9, "00");
	hf_cbor_read_tag(&r9, &u);
	assert_int_equal(hf_cbor_error(&r9), HF_ERR_CBOR_TYPE);
}

static void integers_cover_both_signs_up_to_64_bits(void **unused)
{
	int64_t i;
	uint64_t u;
	(void)unused;

	READER(r1, "3b7fffffffffffffff");
	hf_cbor_read_int(&r1, &i);
	assert_true(i == INT64_MIN);
	assert_int_equal(hf_cbor_done(&r1), HF_OK);
	READER(r2, "3b8000000000000000");
	hf_cbor_read_int(&r2, &i);
	assert_int_equal(hf_cbor_done(&r2), HF_ERR_CBOR_RANGE);
	assert_int_equal(i, 0);
	READER(r3, "1b8000000000000000");
	hf_cbor_read_int(&r3, &i);
	assert_int_equal(hf_cbor_done(&r3), HF_ERR_CBOR_RANGE);
	READER(r4, "1bffffffffffffffff");
	hf_cbor_read_uint(&r4, &u);
	assert_true(u == UINT64_MAX);
	assert_int_equal(hf_cbor_done(&r4), HF_OK);
}

static void limits_of_the_caller_are_kept(void **unused)
{
	uint8_t four[4];
	uint64_t u;
	hf_bytes b;
	(void)unused;

	READER(r1, "0b");
	hf_cbor_read_uint_max(&r1, 10, &u);
	assert_int_equal(u, 0);
	assert_int_equal(hf_cbor_done(&r1), HF_ERR_CBOR_RANGE);
	READER(r2, "43010203");
	hf_cbor_read_bytes_max(&r2, 2, &b);
	assert_int_equal(b.len, 0);
	assert_int_equal(hf_cbor_done(&r2), HF_ERR_CBOR_RANGE);
	READER(r3, "63616263");
	hf_cbor_read_text_max(&r3, 2, &b);
	assert_int_equal(hf_cbor_done(&r3), HF_ERR_CBOR_RANGE);
	READER(r4, "43010203");
	memset(four, 0xee, sizeof(four));
	hf_cbor_read_fixed(&r4, four, 4);
	assert_int_equal(hf_cbor_done(&r4), HF_ERR_CBOR_RANGE);
	assert_memory_equal(four, "\0\0\0\0", 4);
	READER(r5, "4401020304");
	hf_cbor_read_fixed(&r5, four, 4);
	assert_int_equal(hf_cbor_done(&r5), HF_OK);
	assert_memory_equal(four, "\1\2\3\4", 4);
	READER(r6, "6161");
	hf_cbor_expect_text(&r6, HF_STR("b"));
	assert_int_equal(hf_cbor_done(&r6), HF_ERR_CBOR_RANGE);
	READER(r7, "02");
	hf_cbor_expect_uint(&r7, 1);
	assert_int_equal(hf_cbor_done(&r7), HF_ERR_CBOR_RANGE);
	READER(r8, "c200");
	hf_cbor_expect_tag(&r8, 1);
	assert_int_equal(hf_cbor_error(&r8), HF_ERR_CBOR_RANGE);
}

static void a_container_with_another_count_is_refused(void **unused)
{
	uint64_t u;
	(void)unused;

	READER(r1, "820102");
	hf_cbor_expect_array(&r1, 3);
	assert_int_equal(hf_cbor_done(&r1), HF_ERR_CBOR_COUNT);
	READER(r2, "a10102");
	hf_cbor_expect_map(&r2, 2);
	assert_int_equal(hf_cbor_done(&r2), HF_ERR_CBOR_COUNT);
	READER(r3, "82820102" "03");
	hf_cbor_expect_array(&r3, 2);
	hf_cbor_expect_array(&r3, 2);
	hf_cbor_read_uint(&r3, &u);
	hf_cbor_end(&r3); /* one item too early */
	assert_int_equal(hf_cbor_error(&r3), HF_ERR_CBOR_COUNT);
	READER(r4, "820102");
	hf_cbor_expect_array(&r4, 2);
	hf_cbor_read_uint(&r4, &u);
	assert_int_equal(hf_cbor_done(&r4), HF_ERR_CBOR_COUNT);
	READER(r5, "8101" "02");
	hf_cbor_expect_array(&r5, 1);
	hf_cbor_read_uint(&r5, &u);
	hf_cbor_read_uint(&r5, &u); /* reads past its end without end() */
	assert_int_equal(hf_cbor_error(&r5), HF_ERR_CBOR_COUNT);
	READER(r6, "00");
	hf_cbor_end(&r6);
	assert_int_equal(hf_cbor_error(&r6), HF_ERR_BASE_MISUSE);
}

static void keys_are_expected_tried_and_exhausted(void **unused)
{
	uint64_t u = 0;
	int64_t key;
	(void)unused;

	READER(r, "a3010a030b200c");
	hf_cbor_expect_map(&r, 3);
	assert_false(hf_cbor_try_key(&r, 2));
	hf_cbor_expect_key(&r, 1);
	assert_false(hf_cbor_try_key(&r, 10)); /* a value is no key */
	hf_cbor_read_uint(&r, &u);
	assert_true(hf_cbor_try_key(&r, 3));
	hf_cbor_read_uint(&r, &u);
	assert_int_equal(hf_cbor_left(&r), 1);
	assert_true(hf_cbor_try_key(&r, -1));
	hf_cbor_read_uint(&r, &u);
	assert_int_equal(u, 12);
	assert_false(hf_cbor_try_key(&r, -2));
	assert_int_equal(hf_cbor_peek(&r), HF_CBOR_NONE);
	hf_cbor_end(&r);
	assert_int_equal(hf_cbor_done(&r), HF_OK);

	READER(r2, "a10100");
	hf_cbor_expect_map(&r2, 1);
	hf_cbor_expect_key(&r2, 2);
	assert_int_equal(hf_cbor_error(&r2), HF_ERR_CBOR_KEY);
	READER(r3, "a0");
	hf_cbor_expect_map(&r3, 0);
	hf_cbor_expect_key(&r3, 2);
	assert_int_equal(hf_cbor_error(&r3), HF_ERR_CBOR_COUNT);
	READER(r4, "8100");
	hf_cbor_expect_array(&r4, 1);
	hf_cbor_read_key(&r4, &key);
	assert_int_equal(hf_cbor_error(&r4), HF_ERR_BASE_MISUSE);
}

static void an_inner_map_does_not_lend_keys_of_the_outer_one(void **unused)
{
	uint64_t u;
	(void)unused;

	READER(r, "a201a101000207"); /* {1: {1: 0}, 2: 7} */
	hf_cbor_expect_map(&r, 2);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_uint(&r, &u);
	assert_false(hf_cbor_try_key(&r, 2));
	hf_cbor_end(&r);
	assert_true(hf_cbor_try_key(&r, 2));
	hf_cbor_expect_uint(&r, 7);
	assert_int_equal(hf_cbor_done(&r), HF_OK);
}

static void a_captured_item_is_checked_in_full(void **unused)
{
	hf_bytes item;
	(void)unused;

	READER(r, "83" "c1820102" "a10182" "40f6" "05");
	hf_cbor_expect_array(&r, 3);
	hf_cbor_capture(&r, &item);
	assert_int_equal(item.len, 4);
	hf_cbor_capture(&r, &item);
	assert_int_equal(item.len, 5);
	hf_cbor_expect_uint(&r, 5);
	assert_int_equal(hf_cbor_done(&r), HF_OK);
	READER(r2, "82" "a201000100" "05");
	hf_cbor_expect_array(&r2, 2);
	hf_cbor_capture(&r2, &item);
	assert_int_equal(item.len, 0);
	assert_int_equal(hf_cbor_done(&r2), HF_ERR_CBOR_FORM);
}

static void the_first_error_stays(void **unused)
{
	uint64_t u;
	hf_bytes b;
	(void)unused;

	READER(r, "8200" "4100");
	hf_cbor_expect_array(&r, 2);
	hf_cbor_read_bytes(&r, &b);
	hf_cbor_reader_fail(&r, HF_ERR_BASE_MISUSE);
	hf_cbor_read_uint(&r, &u); /* would succeed now */
	assert_int_equal(u, 0);
	assert_false(hf_cbor_try_null(&r));
	assert_int_equal(hf_cbor_done(&r), HF_ERR_CBOR_TYPE);
	READER(r2, "f6");
	hf_cbor_reader_fail(&r2, HF_ERR_COSE_LIMIT);
	assert_false(hf_cbor_try_null(&r2));
	assert_int_equal(hf_cbor_done(&r2), HF_ERR_COSE_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typed_read_refuses_other_types_and_gives_nothing),
		cmocka_unit_test(integers_cover_both_signs_up_to_64_bits),
		cmocka_unit_test(limits_of_the_caller_are_kept),
		cmocka_unit_test(a_container_with_another_count_is_refused),
		cmocka_unit_test(keys_are_expected_tried_and_exhausted),
		cmocka_unit_test(an_inner_map_does_not_lend_keys_of_the_outer_one),
		cmocka_unit_test(a_captured_item_is_checked_in_full),
		cmocka_unit_test(the_first_error_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
