/* Unit tests of cbor.h: which encodings are accepted, and above all which are refused.
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

static hf_err check(const char *hex)
{
	struct item item = from_hex(hex);

	return hf_cbor_check((hf_bytes){ item.mem, item.len });
}

/* RFC 8949 appendix A, those examples that are deterministic and of the types we know. */
static void examples_of_the_standard_are_accepted(void **unused)
{
	static const char *const good[] = {
		"00", "01", "0a", "17", "1818", "1819", "1864", "1903e8", "1a000f4240", "1b000000e8d4a51000",
		"1bffffffffffffffff", "3bffffffffffffffff", "20", "29", "3863", "3903e7", "f4", "f5", "f6",
		"c11a514b67b0", "d74401020304", "40", "4401020304", "60", "6161", "6449455446", "62225c",
		"62c3bc", "63e6b0b4", "64f0908591", "80", "83010203", "8301820203820405",
		"98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0", "a201020304",
		"a26161016162820203", "826161a161626163", "a56161614161626142616361436164614461656145",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(check(good[i]), HF_OK);
}

static void longer_heads_than_needed_are_refused(void **unused)
{
	static const char *const bad[] = {
		"1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000",
		"1b00000000ffffffff", "3800", "390017", "580100", "5900010a", "780161", "9800", "980100",
		"b800", "d80001", "d81701", "9b0000000000000000",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_FORM);
}

static void indefinite_lengths_and_reserved_heads_are_refused(void **unused)
{
	static const char *const bad[] = {
		"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f0102ff", "bfff", "bf6161f5ff",
		"1c", "1d", "1e", "1f", "3c", "5c", "7d", "9e", "bc", "df", "815f40ff",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_FORM);
}

static void floats_undefined_and_other_simple_values_are_refused(void **unused)
{
	static const char *const bad[] = { "f90000", "f97e00", "fa47c35000", "fb3ff199999999999a", "f7", "e0",
					   "f0",     "f8ff",   "f818",       "f3",                 "ff" };
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_TYPE);
}

static void cut_items_are_refused(void **unused)
{
	static const char *const bad[] = {
		"", "18", "19", "1901", "1a010203", "1b01020304050607", "41", "4201", "5818", "61", "81",
		"8201",
		"a1", "a101", "a2010203", "c1", "5affffffff00", "5bffffffffffffffff00", "9a7fffffff00",
		"bbffffffffffffffff00", "9bffffffffffffffff00", "ba8000000000", "7bffffffffffffffff",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_SHORT);
}

static void repeated_and_unsorted_keys_are_refused(void **unused)
{
	static const char *const bad[] = {
		"a201000100",             /* 1, 1 */
		"a202000100",             /* 2, 1 */
		"a220000100",             /* -1, 1: negative keys come after positive ones */
		"a21864000100",        /* 100, 1: shorter heads first */
		"a2616100616100",      /* "a", "a" */
		"a2616200616100",      /* "b", "a" */
		"a262616100616200",       /* "aa", "b" */
		"a26161000100",     /* "a", 1: integers come before text */
		"a24100004000",        /* h'00', h'' */
		"a3010002000100",         /* 1, 2, 1 */
		"81a201000100",           /* inside an array */
		"a201a2010001000300",  /* inside a value */
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_FORM);
	assert_int_equal(check("a401001864002000616100"), HF_OK);
}

static void keys_of_other_types_are_refused(void **unused)
{
	(void)unused;
	assert_int_equal(check("a18000"), HF_ERR_CBOR_TYPE);
	assert_int_equal(check("a1a000"), HF_ERR_CBOR_TYPE);
	assert_int_equal(check("a1c10000"), HF_ERR_CBOR_TYPE);
	assert_int_equal(check("a1f600"), HF_ERR_CBOR_TYPE);
}

static void text_that_is_not_utf8_is_refused(void **unused)
{
	static const char *const bad[] = {
		"6180",           /* continuation first */
		"61c3",           /* cut */
		"62c328",         /* bad continuation */
		"62c080",         /* overlong NUL */
		"62c1bf",         /* overlong */
		"63e08080",       /* overlong */
		"63eda080",       /* surrogate */
		"64f0808080",     /* overlong */
		"64f4908080",     /* above U+10FFFF */
		"64f5808080", "61ff", "63e28228", "64f09f9228",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i]), HF_ERR_CBOR_FORM);
	assert_int_equal(check("6ded9fbfee8080f48fbfbf41c3bc"), HF_OK);
}

static void nesting_deeper_than_eight_is_refused(void **unused)
{
	(void)unused;
	assert_int_equal(check("8181818181818180"), HF_OK);
	assert_int_equal(check("818181818181818180"), HF_ERR_CBOR_DEPTH);
	assert_int_equal(check("a101a101a101a101a101a101a101a100"), HF_ERR_CBOR_SHORT);
	assert_int_equal(check("a101a101a101a101a101a101a101a101a0"), HF_ERR_CBOR_DEPTH);
	assert_int_equal(check("c1c1c1c1c1c1c1c100"), HF_OK);
	assert_int_equal(check("c1c1c1c1c1c1c1c1c100"), HF_ERR_CBOR_DEPTH);
	assert_int_equal(check("c181c181c181c18180"), HF_ERR_CBOR_DEPTH);
}

static void bytes_after_the_item_are_refused(void **unused)
{
	(void)unused;
	assert_int_equal(check("0000"), HF_ERR_CBOR_TRAILING);
	assert_int_equal(check("8000"), HF_ERR_CBOR_TRAILING);
	assert_int_equal(check("a1010000"), HF_ERR_CBOR_TRAILING);
	assert_int_equal(check("4100ff"), HF_ERR_CBOR_TRAILING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_standard_are_accepted),
		cmocka_unit_test(longer_heads_than_needed_are_refused),
		cmocka_unit_test(indefinite_lengths_and_reserved_heads_are_refused),
		cmocka_unit_test(floats_undefined_and_other_simple_values_are_refused),
		cmocka_unit_test(cut_items_are_refused),
		cmocka_unit_test(repeated_and_unsorted_keys_are_refused),
		cmocka_unit_test(keys_of_other_types_are_refused),
		cmocka_unit_test(text_that_is_not_utf8_is_refused),
		cmocka_unit_test(nesting_deeper_than_eight_is_refused),
		cmocka_unit_test(bytes_after_the_item_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
