/* Which bytes a conditional GET of a bundle asks for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <range.h>

static void one_range_is_given_as_asked(void **unused)
{
	static const struct {
		const char *value;
		uint64_t len;
		enum hf__range want;
		uint64_t first, last;
	} cases[] = {
		{ "bytes=0-0", 10, HF__RANGE_PART, 0, 0 },  { "bytes=2-5", 10, HF__RANGE_PART, 2, 5 },
		{ "bytes=4-", 10, HF__RANGE_PART, 4, 9 },   { "bytes=-3", 10, HF__RANGE_PART, 7, 9 },
		{ "bytes=-99", 10, HF__RANGE_PART, 0, 9 },  { "bytes=2-99", 10, HF__RANGE_PART, 2, 9 },
		{ "bytes=10-", 10, HF__RANGE_NONE, 0, 9 },  { "bytes=-0", 10, HF__RANGE_NONE, 0, 9 },
		{ "bytes=99-100", 10, HF__RANGE_NONE, 0, 9 },
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t first = 0, last = 0;

		assert_int_equal(hf__range_of(cases[i].value, cases[i].len, &first, &last), cases[i].want);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(last, cases[i].last);
	}
}

static void what_is_not_one_range_means_the_whole(void **unused)
{
	static const char *const values[] = {
		"",	     "bytes",	  "bytes=",	 "bytes=-",	    "bytes=5-2",
		"bytes=1-2,3-4", "bytes = 1-2", "items=1-2", "bytes=1-2x", "bytes=0x1-2",
		"bytes=+1-2",    "bytes=1 - 2", "BYTES=1-2", "bytes=99999999999999999999-", "bytes=--1",
	};
	uint64_t first, last;
	(void)unused;

	assert_int_equal(hf__range_of(NULL, 10, &first, &last), HF__RANGE_WHOLE);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(hf__range_of(values[i], 10, &first, &last), HF__RANGE_WHOLE);
		assert_int_equal(first, 0);
		assert_int_equal(last, 9);
	}
}

static void an_entity_tag_is_found_in_a_list(void **unused)
{
	static const char tag[] = "\"abc\"";
	(void)unused;

	assert_true(hf__etag_listed("*", tag));
	assert_true(hf__etag_listed("\"abc\"", tag));
	assert_true(hf__etag_listed("W/\"abc\"", tag));
	assert_true(hf__etag_listed("\"x\", \"abc\"", tag));
	assert_true(hf__etag_listed("\"x\",W/\"abc\" , \"y\"", tag));
	assert_false(hf__etag_listed(NULL, tag));
	assert_false(hf__etag_listed("", tag));
	assert_false(hf__etag_listed("abc", tag));
	assert_false(hf__etag_listed("\"abcd\"", tag));
	assert_false(hf__etag_listed("\"ab\"", tag));
	assert_false(hf__etag_listed("\"abc\"x", tag));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_range_is_given_as_asked),
		cmocka_unit_test(what_is_not_one_range_means_the_whole),
		cmocka_unit_test(an_entity_tag_is_found_in_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
