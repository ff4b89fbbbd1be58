/* Patterns of the owner's policy: looked for in the file they name, and nowhere else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/factscan.h>
#include "scan_rig.h"

static const struct hf_scan_content rows[] = { { "/etc/motd", "^hello$", 7 }, { "/etc/motd", "b(ye)+", 9 } };

static struct scan_rig *rig(const struct hf_scan_content *contents, size_t n)
{
	return scan_rig_with(&(struct hf_scan_opts){ .contents = contents, .n_contents = n, .crypt_ms = 1 });
}

static void each_row_says_whether_its_pattern_stands_in_the_file(void **unused)
{
	struct scan_rig *r = rig(rows, 2);

	(void)unused;
	scan_rig_text(r, "/etc/motd", "first\nhello\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_CONTENT), 2);
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 0)->num[HF_CONTENT_WANT], 7);
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 0)->num[HF_CONTENT_MATCHED], 1);
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 1)->num[HF_CONTENT_WANT], 9);
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 1)->num[HF_CONTENT_MATCHED], 0);
	scan_rig_read(r, "/etc/motd", HF_STR("byeye"));
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 1)->num[HF_CONTENT_MATCHED], 1);
	scan_rig_text(r, "/etc/motd", "");
	assert_int_equal(scan_rig_at(r, HF_FACT_CONTENT, 0)->num[HF_CONTENT_MATCHED], 0);
	scan_rig_free(r);
}

static void no_other_file_is_asked(void **unused)
{
	struct scan_rig *r = rig(rows, 2);

	(void)unused;
	scan_rig_text(r, "/etc/motd2", "hello\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_CONTENT), 0);
	scan_rig_free(r);
}

static void a_match_that_costs_too_much_says_nothing(void **unused)
{
	static const struct hf_scan_content costly = { "/x", "^(a+)+[bc]", 1 };
	static char text[4096];
	struct scan_rig *r = rig(&costly, 1);

	(void)unused;
	memset(text, 'a', sizeof(text) - 1);
	scan_rig_text(r, "/x", text);
	assert_int_equal(scan_rig_n(r, HF_FACT_CONTENT), 0);
	scan_rig_free(r);
}

static void what_is_no_regular_expression_is_refused(void **unused)
{
	static const struct hf_scan_content broken = { "/x", "a(", 1 };
	struct hf_scan *scan = NULL;

	(void)unused;
	assert_int_equal(hf_scan_new(&(struct hf_scan_opts){ .contents = &broken, .n_contents = 1 }, &scan),
			 HF_ERR_AUDITPOLICY_VALUE);
	assert_null(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_says_whether_its_pattern_stands_in_the_file),
		cmocka_unit_test(no_other_file_is_asked),
		cmocka_unit_test(a_match_that_costs_too_much_says_nothing),
		cmocka_unit_test(what_is_no_regular_expression_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
