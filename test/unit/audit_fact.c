/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <hf/fact.h>
#include <hf/span.h>
#include <hf/vpath.h>

static uint8_t room[2 * HF_FACT_MAX_LEN];

static void a_fact_comes_back_as_it_was(void **unused)
{
	struct hf_fact f = { .kind = HF_FACT_FILE,
			     .path = HF_STR("fw.tar!/etc/shadow"),
			     .num = { 1, 0640, 0, 42, 1000, 0, 7, UINT64_MAX },
			     .text = { HF_STR("\x00\xff"), HF_STR(""), HF_STR("x") } },
		       back;
	struct hf_out out = HF_OUT(room);

	(void)unused;
	assert_int_equal(hf_fact_encode(&f, &out), HF_OK);
	assert_int_equal(hf_fact_decode(hf_out_bytes(&out), &back), HF_OK);
	assert_int_equal(back.kind, f.kind);
	assert_true(hf_bytes_equal(back.path, f.path));
	assert_memory_equal(back.num, f.num, sizeof(f.num));
	for (size_t i = 0; i < HF_FACT_TEXTS; i++)
		assert_true(hf_bytes_equal(back.text[i], f.text[i]));
}

static void a_fact_larger_than_the_limit_is_not_written(void **unused)
{
	static const uint8_t zeros[HF_FACT_MAX_LEN];
	struct hf_fact f = { .kind = 1, .text = { HF_ARR(zeros) } };
	struct hf_out out = HF_OUT(room), small = { room, 3, 0 };

	(void)unused;
	assert_int_equal(hf_fact_encode(&f, &out), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0);
	f.text[0].len = HF_FACT_MAX_LEN - 100;
	assert_int_equal(hf_fact_encode(&f, &out), HF_OK);
	assert_int_equal(hf_fact_encode(&f, &small), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(small.len, 0);
}

static void what_a_reader_must_not_say_is_refused(void **unused)
{
	const struct {
		hf_bytes bytes;
		hf_err err;
	} bad[] = {
		{ HF_STR(""), HF_ERR_CBOR_SHORT },
		{ HF_STR("\x84\x01\x40\x80"), HF_ERR_CBOR_SHORT },
		{ HF_STR("\x83\x01\x40\x80"), HF_ERR_CBOR_COUNT },
		{ HF_STR("\x84\x00\x40\x80\x80"), HF_ERR_FACT_SHAPE },     /* kind 0 */
		{ HF_STR("\x84\x18\x80\x40\x80\x80"), HF_ERR_CBOR_RANGE }, /* kind 128 */
		{ HF_STR("\x84\x01\x41\x1b\x80\x80"), HF_ERR_FACT_SHAPE }, /* escape in a path */
		{ HF_STR("\x84\x01\x41\xff\x80\x80"), HF_ERR_FACT_SHAPE }, /* not ASCII */
		{ HF_STR("\x84\x01\x61x\x80\x80"), HF_ERR_CBOR_TYPE },     /* text, not bytes */
		{ HF_STR("\x84\x01\x40\x89\0\0\0\0\0\0\0\0\0\x80"), HF_ERR_CBOR_COUNT },
		{ HF_STR("\x84\x01\x40\x80\x87@@@@@@@"), HF_ERR_CBOR_COUNT },
		{ HF_STR("\x84\x01\x40\x80\x80\x00"), HF_ERR_CBOR_TRAILING },
	};
	struct hf_fact f;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(hf_fact_decode(bad[i].bytes, &f), bad[i].err);
		assert_int_equal(f.kind, 0);
		assert_int_equal(f.path.len, 0);
	}
}

static void a_path_above_its_limit_is_refused(void **unused)
{
	static uint8_t path[HF_FACT_PATH_MAX + 1];
	struct hf_fact f = { .kind = 1, .path = HF_ARR(path) }, back;
	struct hf_out out = HF_OUT(room);

	(void)unused;
	memset(path, 'a', sizeof(path));
	assert_int_equal(hf_fact_encode(&f, &out), HF_OK);
	assert_int_equal(hf_fact_decode(hf_out_bytes(&out), &back), HF_ERR_FACT_SHAPE);
	assert_int_equal(hf_fact_decode((hf_bytes){ room, HF_FACT_MAX_LEN + 1 }, &back), HF_ERR_FACT_SHAPE);
}

static const char *joined(hf_bytes container, hf_bytes name)
{
	struct hf_out out = HF_OUT(room);

	assert_int_equal(hf_vpath_join(container, name, &out), HF_OK);
	room[out.len] = 0;
	return (const char *)room;
}

static void names_are_escaped_and_stay_inside_their_tree(void **unused)
{
	const struct {
		hf_bytes name;
		const char *path;
	} rows[] = {
		{ HF_STR("/etc/shadow"), "fw!/etc/shadow" },
		{ HF_STR("etc/shadow"), "fw!/etc/shadow" },
		{ HF_STR("../../etc/x"), "fw!/etc/x" },
		{ HF_STR("./a//b/./c/"), "fw!/a/b/c" },
		{ HF_STR(""), "fw!/" },
		{ HF_STR("/"), "fw!/" },
		{ HF_STR("..."), "fw!/..." },
		{ HF_STR("a!b%c"), "fw!/a%21b%25c" },
		{ HF_STR("a b\n\x7f\xc3\xa4"), "fw!/a%20b%0A%7F%C3%A4" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(joined(HF_STR("fw"), rows[i].name), rows[i].path);
}

static void a_path_that_does_not_fit_leaves_nothing_behind(void **unused)
{
	struct hf_out out = { room, 8, 0 };

	(void)unused;
	assert_int_equal(hf_vpath_join(HF_STR("fw"), HF_STR("/a!b"), &out), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0); /* fw!/a%21b needs 9 */
	assert_int_equal(hf_vpath_escape(HF_STR("aaaaaa!"), &out), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(out.len, 0);
}

static void parts_of_a_path_are_found(void **unused)
{
	(void)unused;
	assert_true(hf_bytes_equal(hf_vpath_inner(HF_STR("a!/b!/c")), HF_STR("/c")));
	assert_true(hf_bytes_equal(hf_vpath_inner(HF_STR("a")), HF_STR("a")));
	assert_true(hf_bytes_equal(hf_vpath_without_input(HF_STR("a!/b!/c")), HF_STR("/b!/c")));
	assert_int_equal(hf_vpath_without_input(HF_STR("a")).len, 0);
	assert_int_equal(hf_vpath_inner((hf_bytes){ 0 }).len, 0);
}

static void spans_are_compared_and_cut(void **unused)
{
	static const char *const names[] = { "a", "etc", NULL };
	const hf_bytes none = { NULL, 0 }, path = HF_STR("/etc/shadow");

	(void)unused;
	assert_true(hf_span_is(none, "") && !hf_span_is(none, "a") &&
		    hf_span_is_nocase(HF_STR("Yes"), "yES"));
	assert_true(hf_span_begins(path, "/etc/") && !hf_span_begins(HF_STR("/e"), "/etc/"));
	assert_true(hf_span_ends(path, "shadow") && !hf_span_ends(HF_STR("ow"), "shadow"));
	assert_true(hf_span_has(path, "/sh") && !hf_span_has(none, "x"));
	assert_true(hf_span_find(path, "x") == SIZE_MAX && hf_span_find(path, "etc") == 1);
	assert_true(hf_span_in(HF_STR("etc"), names) && !hf_span_in(HF_STR("et"), names));
	assert_true(hf_span_order(HF_STR("a"), HF_STR("ab")) < 0 &&
		    hf_span_order(HF_STR("b"), HF_STR("ab")) > 0);
	assert_int_equal(hf_span_order(none, none), 0);
	assert_true(hf_span_is(hf_span_base(path), "shadow") && hf_span_is(hf_span_base(HF_STR("x")), "x"));
	assert_true(hf_span_is(hf_span_trim(HF_STR("\t a b \r")), "a b"));
	assert_int_equal(hf_span_from(path, 99).len, 0);
	assert_int_equal(hf_span_upto(path, 99).len, path.len);
}

static void lines_come_one_by_one(void **unused)
{
	hf_bytes rest = HF_STR("a\r\n\nb"), line;

	(void)unused;
	assert_true(hf_span_line(&rest, &line) && hf_span_is(line, "a"));
	assert_true(hf_span_line(&rest, &line) && line.len == 0);
	assert_true(hf_span_line(&rest, &line) && hf_span_is(line, "b"));
	assert_false(hf_span_line(&rest, &line));
	rest = HF_STR("x:");
	assert_true(hf_span_part(&rest, ':', &line) && hf_span_is(line, "x"));
	assert_false(hf_span_part(&rest, ':', &line)); /* an empty last part is not given */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fact_comes_back_as_it_was),
		cmocka_unit_test(a_fact_larger_than_the_limit_is_not_written),
		cmocka_unit_test(what_a_reader_must_not_say_is_refused),
		cmocka_unit_test(a_path_above_its_limit_is_refused),
		cmocka_unit_test(names_are_escaped_and_stay_inside_their_tree),
		cmocka_unit_test(a_path_that_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(parts_of_a_path_are_found),
		cmocka_unit_test(spans_are_compared_and_cut),
		cmocka_unit_test(lines_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
