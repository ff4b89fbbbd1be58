/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <hf/json.h>

struct sample {
	char name[8];
	uint64_t count;
	int64_t delta;
	bool flag, has_flag;
	struct hf_json_texts list;
	struct hf_buf key;
};
static const struct hf_json_field fields[] = {
	{ .name = "name",
	  .type = HF_JSON_TEXT,
	  .required = true,
	  .offset = offsetof(struct sample, name),
	  .cap = 8,
	  .min = 1 },
	{ .name = "count",
	  .type = HF_JSON_UINT,
	  .offset = offsetof(struct sample, count),
	  .min = 1,
	  .max = 10 },
	{ .name = "delta", .type = HF_JSON_INT, .offset = offsetof(struct sample, delta) },
	{ .name = "flag",
	  .type = HF_JSON_BOOL,
	  .offset = offsetof(struct sample, flag),
	  .seen = offsetof(struct sample, has_flag) },
	{ .name = "list", .type = HF_JSON_TEXTS, .offset = offsetof(struct sample, list), .max = 2 },
	{ .name = "key", .type = HF_JSON_BYTES, .offset = offsetof(struct sample, key), .min = 2 },
};

static hf_err read_into(const char *text, struct sample *s, struct hf_why *why)
{
	return hf_json_read((hf_bytes){ (const uint8_t *)text, strlen(text) }, fields,
			    sizeof(fields) / sizeof(fields[0]), s, why);
}

static void members_fill_the_struct(void **unused)
{
	struct sample s = { .count = 5, .key = HF_BUF(8) };

	(void)unused;
	assert_int_equal(read_into("{\"name\":\"ab\",\"delta\":-3,\"flag\":true,\"list\":[\"x\",\"y\"],"
				   "\"key\":\"AQID\"}",
				   &s, NULL),
			 HF_OK);
	assert_string_equal(s.name, "ab");
	assert_int_equal(s.count, 5); /* absent: kept */
	assert_int_equal(s.delta, -3);
	assert_true(s.flag && s.has_flag);
	assert_int_equal(s.list.n, 2);
	assert_string_equal(s.list.item[1], "y");
	assert_int_equal(s.key.len, 3);
	assert_memory_equal(s.key.ptr, "\1\2\3", 3);
	hf_buf_free(&s.key);
}

static const struct {
	const char *text;
	hf_err err;
	const char *words;
} bad[] = {
	{ "", HF_ERR_JSON_SYNTAX, "line 1" },
	{ "{\"name\":\"a\"", HF_ERR_JSON_SYNTAX, "line 1" },
	{ "{\"name\":\"a\"} x", HF_ERR_JSON_SYNTAX, "line 1" },
	{ "{\"name\":\"a\",\"name\":\"b\"}", HF_ERR_JSON_SYNTAX, "duplicate" },
	{ "{\"name\":\"a\\u0000b\"}", HF_ERR_JSON_SYNTAX, "" },
	{ "{\"name\":\"\xff\"}", HF_ERR_JSON_SYNTAX, "unable to decode byte 0xff" },
	{ "[]", HF_ERR_JSON_TYPE, "must be an object" },
	{ "{\"name\":\"a\",\"nmae\":1}", HF_ERR_JSON_UNKNOWN, "unknown member \"nmae\"" },
	{ "{\"count\":1}", HF_ERR_JSON_MISSING, "name: is missing" },
	{ "{\"name\":1}", HF_ERR_JSON_TYPE, "name: must be text" },
	{ "{\"name\":\"\"}", HF_ERR_JSON_RANGE, "name: must have 1 to 7 bytes" },
	{ "{\"name\":\"12345678\"}", HF_ERR_JSON_RANGE, "name: must have 1 to 7 bytes" },
	{ "{\"name\":\"a\",\"count\":\"1\"}", HF_ERR_JSON_TYPE, "count: must be a whole number" },
	{ "{\"name\":\"a\",\"count\":1.0}", HF_ERR_JSON_TYPE, "count" },
	{ "{\"name\":\"a\",\"count\":0}", HF_ERR_JSON_RANGE, "count: must be from 1 to 10" },
	{ "{\"name\":\"a\",\"count\":-1}", HF_ERR_JSON_RANGE, "count" },
	{ "{\"name\":\"a\",\"count\":11}", HF_ERR_JSON_RANGE, "count" },
	{ "{\"name\":\"a\",\"count\":99999999999999999999}", HF_ERR_JSON_SYNTAX, "" },
	{ "{\"name\":\"a\",\"delta\":9007199254740993}", HF_ERR_JSON_RANGE, "delta" },
	{ "{\"name\":\"a\",\"delta\":null}", HF_ERR_JSON_TYPE, "delta" },
	{ "{\"name\":\"a\",\"flag\":1}", HF_ERR_JSON_TYPE, "flag: must be true or false" },
	{ "{\"name\":\"a\",\"list\":\"x\"}", HF_ERR_JSON_TYPE, "list" },
	{ "{\"name\":\"a\",\"list\":[1]}", HF_ERR_JSON_TYPE, "list" },
	{ "{\"name\":\"a\",\"list\":[\"1\",\"2\",\"3\"]}", HF_ERR_JSON_RANGE, "list" },
	{ "{\"name\":\"a\",\"key\":\"AQID!\"}", HF_ERR_JSON_TYPE, "key: must be base64url" },
	{ "{\"name\":\"a\",\"key\":\"AQ\"}", HF_ERR_JSON_RANGE, "key: fewer than 2 bytes" },
	{ "{\"name\":\"a\",\"key\":\"AQIDAQIDAQIDAQIDAQID\"}", HF_ERR_JSON_RANGE, "key: more than 8 bytes" },
	{ "{\"name\":\"a\",\"key\":7}", HF_ERR_JSON_TYPE, "key" },
};

static void every_bad_object_is_refused_with_its_member(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample s = { .key = HF_BUF(8) };
		struct hf_why why = { 0 };
		hf_err err = read_into(bad[i].text, &s, &why);

		hf_buf_free(&s.key);
		if (err != bad[i].err || strstr(hf_why_text(&why), bad[i].words) == NULL)
			print_error("row %zu: %s\n", i, hf_why_text(&why));
		assert_int_equal(err, bad[i].err);
		assert_non_null(strstr(hf_why_text(&why), bad[i].words));
	}
}

static void depth_is_limited_outside_text_only(void **unused)
{
	char text[100] = "";
	struct hf_json *j = NULL;

	(void)unused;
	memset(text, '[', HF_JSON_DEPTH_MAX);
	memset(text + HF_JSON_DEPTH_MAX, ']', HF_JSON_DEPTH_MAX);
	assert_int_equal(hf_json_parse((hf_bytes){ (uint8_t *)text, 2 * HF_JSON_DEPTH_MAX }, &j, NULL),
			 HF_OK);
	hf_json_free(j);
	memset(text, '[', HF_JSON_DEPTH_MAX + 1);
	memset(text + HF_JSON_DEPTH_MAX + 1, ']', HF_JSON_DEPTH_MAX + 1);
	assert_int_equal(hf_json_parse((hf_bytes){ (uint8_t *)text, 2 * HF_JSON_DEPTH_MAX + 2 }, &j, NULL),
			 HF_ERR_JSON_LIMIT);
	assert_int_equal(hf_json_parse(HF_STR("[\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"]"), &j, NULL), HF_OK);
	hf_json_free(j);
}

static void too_much_text_is_refused_unread(void **unused)
{
	static uint8_t big[HF_JSON_CEILING + 1];
	struct hf_json *j = NULL;

	(void)unused;
	memset(big, ' ', sizeof(big));
	assert_int_equal(hf_json_parse(HF_ARR(big), &j, NULL), HF_ERR_JSON_LIMIT);
}

static void a_tree_is_walked_without_checks_in_between(void **unused)
{
	struct hf_json *j = NULL;
	const struct hf_json *items;

	(void)unused;
	assert_int_equal(hf_json_parse(HF_STR("{\"items\":[{\"dev\":\"a\",\"n\":7,\"ok\":true,\"x\":null}]}"),
				       &j, NULL),
			 HF_OK);
	items = hf_json_get(j, "items");
	assert_int_equal(hf_json_n(items), 1);
	assert_string_equal(hf_json_text(hf_json_get(hf_json_at(items, 0), "dev"), "?"), "a");
	assert_int_equal(hf_json_int(hf_json_get(hf_json_at(items, 0), "n"), -1), 7);
	assert_true(hf_json_bool(hf_json_get(hf_json_at(items, 0), "ok"), false));
	assert_true(hf_json_is_null(hf_json_get(hf_json_at(items, 0), "x")));
	assert_string_equal(hf_json_text(hf_json_get(hf_json_at(items, 9), "dev"), "?"), "?");
	assert_int_equal(hf_json_n(hf_json_get(j, "nothing")), 0);
	hf_json_free(j);
}

static void written_text_is_exact(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(1000);
	struct hf_json_out j = { .buf = &b };

	(void)unused;
	hf_json_open(&j, NULL, '{');
	hf_json_put_text(&j, "t", "a\"\\\n\xc3\xa9\xff");
	hf_json_put_text(&j, "none", NULL);
	hf_json_open(&j, "list", '[');
	hf_json_put_uint(&j, NULL, 7);
	hf_json_put_int(&j, NULL, -7);
	hf_json_put_bool(&j, NULL, true);
	hf_json_open(&j, NULL, '{');
	hf_json_close(&j);
	hf_json_close(&j);
	hf_json_put_bytes(&j, "b", HF_STR("\1\2\3\4"));
	hf_json_put_hex(&j, "h", HF_STR("\xab"));
	hf_json_put_raw(&j, "r", HF_STR("[1]"));
	hf_json_close(&j);
	assert_int_equal(hf_json_end(&j), HF_OK);
	assert_string_equal(hf_buf_text(&b),
			    "{\"t\":\"a\\\"\\\\\\u000a\xc3\xa9\xef\xbf\xbd\",\"none\":null,"
			    "\"list\":[7,-7,true,{}],\"b\":\"AQIDBA\",\"h\":\"ab\",\"r\":[1]}");
}

static void writing_out_of_shape_or_room_sticks(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(4);
	struct hf_json_out nameless = { .buf = &b }, full = { .buf = &b }, open = { .buf = &b };

	(void)unused;
	hf_json_open(&nameless, NULL, '{');
	hf_json_put_uint(&nameless, NULL, 1);
	hf_json_close(&nameless);
	assert_int_equal(hf_json_end(&nameless), HF_ERR_BASE_MISUSE);
	hf_buf_reset(&b);
	hf_json_put_text(&full, NULL, "12345");
	assert_int_equal(hf_json_end(&full), HF_ERR_BASE_NO_ROOM);
	hf_buf_reset(&b);
	hf_json_open(&open, NULL, '[');
	assert_int_equal(hf_json_end(&open), HF_ERR_BASE_MISUSE);
}

static void any_text_written_is_read_back_as_valid_json(void **unused)
{
	(void)unused;
	for (unsigned a = 1; a < 256; a++) {
		for (unsigned c = 0; c < 256; c += 3) {
			struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(1000);
			struct hf_json_out j = { .buf = &b };
			char text[5] = { (char)a, (char)c, (char)(c ^ 0x21), 'z', 0 };
			struct hf_json *back = NULL;

			hf_json_open(&j, NULL, '[');
			hf_json_put_text(&j, NULL, text);
			hf_json_close(&j);
			assert_int_equal(hf_json_end(&j), HF_OK);
			assert_int_equal(hf_json_parse(hf_buf_bytes(&b), &back, NULL), HF_OK);
			hf_json_free(back);
			hf_buf_free(&b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_fill_the_struct),
		cmocka_unit_test(every_bad_object_is_refused_with_its_member),
		cmocka_unit_test(depth_is_limited_outside_text_only),
		cmocka_unit_test(too_much_text_is_refused_unread),
		cmocka_unit_test(a_tree_is_walked_without_checks_in_between),
		cmocka_unit_test(written_text_is_exact),
		cmocka_unit_test(writing_out_of_shape_or_room_sticks),
		cmocka_unit_test(any_text_written_is_read_back_as_valid_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
