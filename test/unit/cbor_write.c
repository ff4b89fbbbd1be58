/* Unit tests of cbor.h, the writer: its bytes, and that it cannot write what the reader refuses.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/cbor.h>

struct rig {
	uint8_t mem[1024];
	struct hf_out out;
	struct hf_cborw w;
};

static void begin(struct rig *r)
{
	r->out = HF_OUT(r->mem);
	hf_cbor_writer(&r->w, &r->out);
}

static void assert_hex(const struct rig *r, const char *hex)
{
	uint8_t mem[sizeof(r->mem)];
	struct hf_out want = HF_OUT(mem);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &want), HF_OK);
	assert_int_equal(r->out.len, want.len);
	assert_memory_equal(r->mem, mem, want.len);
	assert_int_equal(hf_cbor_check(hf_out_bytes(&r->out)), HF_OK);
}

static void every_integer_has_its_shortest_head(void **unused)
{
	static const struct {
		int64_t v;
		const char *hex;
	} rows[] = {
		{ 0, "00" }, { 23, "17" }, { 24, "1818" }, { 255, "18ff" }, { 256, "190100" },
		{ 65535, "19ffff" }, { 65536, "1a00010000" }, { 4294967295, "1affffffff" },
		{ 4294967296, "1b0000000100000000" }, { -1, "20" }, { -24, "37" }, { -25, "3818" },
		{ -65537, "3a00010000" }, { INT64_MIN, "3b7fffffffffffffff" },
		{ INT64_MAX, "1b7fffffffffffffff" },
	};
	struct rig r;
	(void)unused;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&r);
		hf_cbor_put_int(&r.w, rows[i].v);
		assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
		assert_hex(&r, rows[i].hex);
	}
	begin(&r);
	hf_cbor_put_uint(&r.w, UINT64_MAX);
	assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
	assert_hex(&r, "1bffffffffffffffff");
}

static void claims_of_a_command_are_written_as_specified(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_put_tag(&r.w, 18);
	hf_cbor_put_map(&r.w, 4);
	hf_cbor_put_key(&r.w, 1);
	hf_cbor_put_text(&r.w, HF_STR("a"));
	hf_cbor_put_key(&r.w, 4);
	hf_cbor_put_bool(&r.w, true);
	hf_cbor_put_key(&r.w, 7);
	hf_cbor_put_bytes(&r.w, HF_STR("xy"));
	hf_cbor_put_key(&r.w, -65537);
	hf_cbor_put_array(&r.w, 3);
	hf_cbor_put_null(&r.w);
	hf_cbor_put_map(&r.w, 0);
	hf_cbor_put_raw(&r.w, HF_STR("\x82\x01\x02"));
	assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
	assert_hex(&r, "d2" "a4" "016161" "04f5" "07427879" "3a00010000" "83f6a0820102");
}

/* The head grows with the content, so the content has to move by 1, 2 or 3 bytes. */
static void wrapped_content_is_moved_behind_its_head(void **unused)
{
	static const size_t lengths[] = { 0, 1, 23, 24, 255, 256, 700 };
	uint8_t content[700];
	(void)unused;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct rig r;
		struct hf_cborr back;
		hf_bytes b;

		begin(&r);
		hf_cbor_put_array(&r.w, 2);
		hf_cbor_begin_bytes(&r.w);
		assert_int_equal(hf_out_put(&r.out, (hf_bytes){ content, lengths[i] }), HF_OK);
		hf_cbor_end_bytes(&r.w);
		hf_cbor_put_null(&r.w);
		assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
		hf_cbor_reader(&back, hf_out_bytes(&r.out));
		hf_cbor_expect_array(&back, 2);
		hf_cbor_read_bytes(&back, &b);
		hf_cbor_read_null(&back);
		assert_int_equal(hf_cbor_done(&back), HF_OK);
		assert_true(hf_bytes_equal(b, (hf_bytes){ content, lengths[i] }));
	}
}

static void wrapped_items_nest(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_begin_bytes(&r.w);
	hf_cbor_put_map(&r.w, 1);
	hf_cbor_put_key(&r.w, 1);
	hf_cbor_begin_bytes(&r.w);
	hf_cbor_put_uint(&r.w, 5);
	hf_cbor_put_uint(&r.w, 6); /* wrapped content may be a sequence */
	hf_cbor_end_bytes(&r.w);
	hf_cbor_end_bytes(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
	assert_hex(&r, "45" "a101" "420506");
}

static void keys_out_of_order_cannot_be_finished(void **unused)
{
	static const int64_t pairs[][2] = {
		{ 1, 1 }, { 2, 1 }, { -1, 1 }, { 24, 23 }, { -2, -1 }, { -1, 0 },
	};
	struct rig r;
	(void)unused;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		begin(&r);
		hf_cbor_put_map(&r.w, 2);
		for (int k = 0; k < 2; k++) {
			hf_cbor_put_key(&r.w, pairs[i][k]);
			hf_cbor_put_null(&r.w);
		}
		assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
		assert_int_equal(r.out.len, 0);
	}
}

static void wrong_counts_cannot_be_finished(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_put_array(&r.w, 2);
	hf_cbor_put_null(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, 1);
	hf_cbor_put_key(&r.w, 1);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_tag(&r.w, 18);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_begin_bytes(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_end_bytes(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_begin_bytes(&r.w);
	hf_cbor_put_array(&r.w, 1);
	hf_cbor_end_bytes(&r.w); /* the array inside is not full */
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, SIZE_MAX);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
}

static void keys_are_integers_or_strings_in_a_map(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_put_key(&r.w, 1);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, 1);
	hf_cbor_put_null(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, 1);
	hf_cbor_put_array(&r.w, 0);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, 1);
	hf_cbor_begin_bytes(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_BASE_MISUSE);
	begin(&r);
	hf_cbor_put_map(&r.w, 2);
	hf_cbor_put_text(&r.w, HF_STR("danger"));
	hf_cbor_put_uint(&r.w, 2);
	hf_cbor_put_text(&r.w, HF_STR("cmd-read"));
	hf_cbor_put_uint(&r.w, 1);
	assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
	assert_hex(&r, "a2" "6664616e67657202" "68636d642d7265616401");
}

static void raw_items_must_be_one_deterministic_item(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_put_raw(&r.w, (hf_bytes){ 0 });
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_SHORT);
	begin(&r);
	hf_cbor_put_raw(&r.w, HF_STR("\x18\x01"));
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_FORM);
	begin(&r);
	hf_cbor_put_raw(&r.w, HF_STR("\x01\x01"));
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_TRAILING);
	begin(&r);
	for (int i = 0; i < 5; i++)
		hf_cbor_put_array(&r.w, 1);
	hf_cbor_put_raw(&r.w, HF_STR("\x81\x81\x81\x80")); /* 5 + 4 levels */
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_DEPTH);
}

static void nesting_deeper_than_eight_cannot_be_written(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	for (int i = 0; i < HF_CBOR_MAX_DEPTH; i++)
		hf_cbor_put_array(&r.w, 1);
	hf_cbor_put_null(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_OK);
	begin(&r);
	for (int i = 0; i < HF_CBOR_MAX_DEPTH; i++)
		hf_cbor_put_array(&r.w, 1);
	hf_cbor_put_tag(&r.w, 1);
	hf_cbor_put_null(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_DEPTH);
}

static void text_must_be_utf8(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_put_text(&r.w, HF_STR("\xff"));
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_CBOR_FORM);
}

static void without_room_the_output_is_what_it_was(void **unused)
{
	(void)unused;

	for (size_t cap = 3; cap < 11; cap++) { /* three bytes stand there already; the item needs nine */
		uint8_t mem[12];
		struct hf_out out = { mem, cap, 3 };
		struct hf_cborw w;

		hf_cbor_writer(&w, &out);
		hf_cbor_put_array(&w, 2);
		hf_cbor_begin_bytes(&w);
		hf_cbor_put_uint(&w, 1000);
		hf_cbor_end_bytes(&w);
		hf_cbor_put_bytes(&w, HF_STR("ab"));
		assert_int_equal(hf_cbor_finish(&w), HF_ERR_BASE_NO_ROOM);
		assert_int_equal(out.len, 3);
	}
}

static void an_error_of_the_caller_is_kept(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	hf_cbor_begin_bytes(&r.w);
	hf_cbor_writer_fail(&r.w, HF_OK);
	hf_cbor_writer_fail(&r.w, HF_ERR_PORT_RANDOM);
	hf_cbor_writer_fail(&r.w, HF_ERR_PORT_KEY);
	hf_cbor_end_bytes(&r.w);
	assert_int_equal(hf_cbor_finish(&r.w), HF_ERR_PORT_RANDOM);
	assert_int_equal(r.out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_integer_has_its_shortest_head),
		cmocka_unit_test(claims_of_a_command_are_written_as_specified),
		cmocka_unit_test(wrapped_content_is_moved_behind_its_head),
		cmocka_unit_test(wrapped_items_nest),
		cmocka_unit_test(keys_out_of_order_cannot_be_finished),
		cmocka_unit_test(wrong_counts_cannot_be_finished),
		cmocka_unit_test(keys_are_integers_or_strings_in_a_map),
		cmocka_unit_test(raw_items_must_be_one_deterministic_item),
		cmocka_unit_test(nesting_deeper_than_eight_cannot_be_written),
		cmocka_unit_test(text_must_be_utf8),
		cmocka_unit_test(without_room_the_output_is_what_it_was),
		cmocka_unit_test(an_error_of_the_caller_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
