/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/buf.h>

static void content_grows_and_ends_in_nul(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(10000);

	(void)unused;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(hf_buf_printf(&b, "%d,", i % 10), HF_OK);
	assert_int_equal(b.len, 2000);
	assert_int_equal(strlen(hf_buf_text(&b)), 2000);
	assert_memory_equal(hf_buf_text(&b), "0,1,2,", 6);
}

static void above_the_ceiling_nothing_is_appended(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(4);

	(void)unused;
	assert_int_equal(hf_buf_puts(&b, "abcd"), HF_OK);
	assert_int_equal(hf_buf_puts(&b, "e"), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(hf_buf_printf(&b, "%s", "e"), HF_ERR_BASE_NO_ROOM);
	assert_string_equal(hf_buf_text(&b), "abcd");
	assert_int_equal(hf_buf_puts(&b, ""), HF_OK);
}

static void a_length_near_the_end_of_size_t_does_not_wrap(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);
	uint8_t *p;

	(void)unused;
	assert_int_equal(hf_buf_puts(&b, "abc"), HF_OK);
	assert_int_equal(hf_buf_reserve(&b, SIZE_MAX, &p), HF_ERR_BASE_NO_ROOM);
	assert_null(p);
}

static void consuming_drops_the_front(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);

	(void)unused;
	hf_buf_consume(&b, 5);
	assert_int_equal(hf_buf_puts(&b, "head,tail"), HF_OK);
	hf_buf_consume(&b, 5);
	assert_string_equal(hf_buf_text(&b), "tail");
	hf_buf_consume(&b, 500);
	assert_int_equal(b.len, 0);
	assert_string_equal(hf_buf_text(&b), "");
}

static void a_secret_leaves_nothing_behind_after_reset(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF_SECRET(100);

	(void)unused;
	assert_int_equal(hf_buf_puts(&b, "hunter2"), HF_OK);
	hf_buf_consume(&b, 3);
	assert_memory_equal(b.ptr, "ter2\0\0\0", 7);
	hf_buf_reset(&b);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(b.ptr[i], 0);
}

static void taking_hands_the_memory_over(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);
	size_t len;
	uint8_t *p;

	(void)unused;
	assert_int_equal(hf_buf_puts(&b, "mine"), HF_OK);
	p = hf_buf_take(&b, &len);
	assert_int_equal(len, 4);
	assert_string_equal((char *)p, "mine");
	free(p);
	assert_int_equal(hf_buf_puts(&b, "again"), HF_OK);
	assert_string_equal(hf_buf_text(&b), "again");
}

/* More than any machine has. */
static void memory_that_is_not_there_is_an_error(void **unused)
{
	struct hf_buf b = HF_BUF(SIZE_MAX / 4);
	uint8_t *at = NULL;
	(void)unused;

	assert_int_equal(hf_buf_reserve(&b, (size_t)1 << 46, &at), HF_ERR_HOST_MEMORY);
	assert_int_equal(b.len, 0);
	hf_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_grows_and_ends_in_nul),
		cmocka_unit_test(above_the_ceiling_nothing_is_appended),
		cmocka_unit_test(a_length_near_the_end_of_size_t_does_not_wrap),
		cmocka_unit_test(consuming_drops_the_front),
		cmocka_unit_test(a_secret_leaves_nothing_behind_after_reset),
		cmocka_unit_test(memory_that_is_not_there_is_an_error),
		cmocka_unit_test(taking_hands_the_memory_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
