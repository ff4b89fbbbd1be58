/* Unit tests of server/api: problems say what they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api_priv.h"
#include "bundle_names.h"

static void a_refusal_keeps_its_problem_and_words(void **unused)
{
	struct api_call c = { .problem = API_OK };
	(void)unused;

	assert_int_equal(api_refuse(&c, API_CONFLICT, "%d are open", 64), HF_ERR_API_REFUSED);
	assert_int_equal(c.problem, API_CONFLICT);
	assert_string_equal(c.detail, "64 are open");
}

static void store_errors_become_problems(void **unused)
{
	static const struct {
		hf_err err;
		enum api_problem problem;
	} rows[] = { { HF_ERR_STORE_ABSENT, API_NOT_FOUND }, { HF_ERR_STORE_EXISTS, API_CONFLICT },
		     { HF_ERR_STORE_STALE, API_STALE },	     { HF_ERR_STORE_BUSY, API_BUSY },
		     { HF_ERR_STORE_FULL, API_BUSY },	     { HF_ERR_FLEET_PROOF, API_FORBIDDEN },
		     { HF_ERR_PORT_RANDOM, API_INTERNAL } };
	(void)unused;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_call c = { .problem = API_OK };

		assert_int_equal(api_refuse_store(&c, rows[i].err), HF_ERR_API_REFUSED);
		assert_int_equal(c.problem, rows[i].problem);
	}
}

static void every_problem_prints_its_status_and_code(void **unused)
{
	(void)unused;
	for (int p = API_BAD_REQUEST; p <= API_RUNNING; p++) {
		struct hf_buf text = HF_BUF(4096);

		assert_int_equal(api_problem_print((enum api_problem)p, "/v1/x", "why", &text), HF_OK);
		assert_true(api_problem_status((enum api_problem)p) >= 400);
		assert_non_null(strstr(hf_buf_text(&text), "\"code\":\"AP"));
		assert_non_null(strstr(hf_buf_text(&text), "\"detail\":\"why\""));
		hf_buf_free(&text);
	}
}

enum { PROOF = 156, ENVELOPE = 23 };

/* One release of the outer shape, sequence 7, one empty proof. */
static hf_bytes small_bundle(uint8_t mem[static 256])
{
	static const uint8_t head[] = { 'H', 'F', 'B', '1', 1, 0, 1, 0, 0, 0, 0, ENVELOPE };
	static const uint8_t envelope[ENVELOPE] = { 0xd8, 107,  0xa2, 2, 0x42, 0x81, 0x40, 3, 0x4b,
						    0xa3, 1,    1,    2, 7,    3,    0x44, 's', 'a',
						    'l',  't' };
	memset(mem, 0, 256);
	memcpy(mem, head, sizeof(head));
	memcpy(mem + sizeof(head), envelope, sizeof(envelope) - 3);
	mem[11] = ENVELOPE - 3;
	return (hf_bytes){ mem, sizeof(head) + ENVELOPE - 3 + PROOF };
}

static void a_bundle_gives_its_names_and_no_other_length_does(void **unused)
{
	uint8_t mem[256], d[HF_SHA256_LEN];
	hf_bytes whole = small_bundle(mem);
	uint64_t sequence = 0;
	(void)unused;

	assert_int_equal(api_bundle_names(whole, d, &sequence), HF_OK);
	assert_int_equal(sequence, 7);
	for (size_t n = 0; n <= whole.len + 1; n++)
		if (n != whole.len)
			assert_int_not_equal(api_bundle_names((hf_bytes){ mem, n }, d, &sequence), HF_OK);
}

static void counts_and_kinds_outside_their_limits_are_refused(void **unused)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = { { 0, 'h' }, { 4, 2 },  { 4, 0 },  { 5, 17 }, { 5, 1 },
		      { 6, 0 },   { 6, 9 },  { 7, 1 },  { 11, 0 }, { 8, 0xff },
		      { 12, 0 },  { 13, 98 } };
	uint8_t mem[256], d[HF_SHA256_LEN];
	uint64_t sequence = 0;
	(void)unused;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		hf_bytes whole = small_bundle(mem);

		mem[wrong[i].at] = wrong[i].value;
		assert_int_not_equal(api_bundle_names(whole, d, &sequence), HF_OK);
	}
}

static void a_head_has_exactly_its_length(void **unused)
{
	uint8_t mem[120 + 2 * 73 + 1] = { 'H', 'F', 'H', '1', 5, 2 };
	struct hf_head_row row;
	(void)unused;

	mem[23] = 100;
	assert_int_equal(api_head_names((hf_bytes){ mem, sizeof(mem) - 1 }, &row), HF_OK);
	assert_int_equal(row.size, 100);
	assert_int_equal(row.log, 5);
	assert_int_equal(api_head_names((hf_bytes){ mem, sizeof(mem) }, &row), HF_ERR_BASE_TEXT);
	assert_int_equal(api_head_names((hf_bytes){ mem, sizeof(mem) - 2 }, &row), HF_ERR_BASE_TEXT);
	mem[16] = 0x80; /* above 2^63-1 */
	assert_int_equal(api_head_names((hf_bytes){ mem, sizeof(mem) - 1 }, &row), HF_ERR_BASE_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_keeps_its_problem_and_words),
		cmocka_unit_test(store_errors_become_problems),
		cmocka_unit_test(every_problem_prints_its_status_and_code),
		cmocka_unit_test(a_bundle_gives_its_names_and_no_other_length_does),
		cmocka_unit_test(counts_and_kinds_outside_their_limits_are_refused),
		cmocka_unit_test(a_head_has_exactly_its_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
