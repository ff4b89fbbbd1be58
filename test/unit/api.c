/* Unit tests of server/api: problems say what they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api_priv.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_keeps_its_problem_and_words),
		cmocka_unit_test(store_errors_become_problems),
		cmocka_unit_test(every_problem_prints_its_status_and_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
