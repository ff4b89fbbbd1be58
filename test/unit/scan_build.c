/* What a build leaves: commands, logs, results of other analysers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scan_rig.h"

static struct scan_rig *r;

static void input(const char *text)
{
	scan_rig_input(r, "input", (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

static const struct hf_fact *flag(const char *name)
{
	for (size_t i = 0; i < scan_rig_n(r, HF_FACT_FLAG); i++)
		if (scan_rig_is(scan_rig_at(r, HF_FACT_FLAG, i)->text[HF_FLAG_NAME], name))
			return scan_rig_at(r, HF_FACT_FLAG, i);
	fail_msg("no flag %s", name);
	return NULL;
}

static void commands_are_counted_in_both_spellings(void **unused)
{
	(void)unused;
	input("[{\"directory\":\"/b\",\"file\":\"a.c\",\"command\":\"ccache gcc -O2 -fPIE '-DX=a b' -c "
	      "a.c\"},"
	      "{\"directory\":\"/"
	      "b\",\"file\":\"b.c\",\"arguments\":[\"gcc\",\"-O0\",\"-fPIC\",\"-c\",\"b.c\"]}]");
	assert_int_equal(flag("-O2")->num[HF_FLAG_MISSING], 1);
	assert_int_equal(flag("-O2")->num[HF_FLAG_TOTAL], 2);
	assert_int_equal(flag("-O2")->num[HF_FLAG_STATE], HF_STATE_NO);
	assert_true(scan_rig_is(flag("-O2")->text[HF_FLAG_FIRST], "b.c"));
	assert_int_equal(flag("-fPIE")->num[HF_FLAG_STATE], HF_STATE_YES);
	assert_int_equal(flag("-D_GLIBCXX_ASSERTIONS")->num[HF_FLAG_STATE], HF_STATE_NA);
	assert_int_equal(flag("-fstrict-flex-arrays=3")->num[HF_FLAG_STATE], HF_STATE_UNKNOWN);
	assert_int_equal(flag("-Wl,-z,relro")->num[HF_FLAG_STATE], HF_STATE_NA);
}

static void a_later_flag_takes_an_earlier_one_back(void **unused)
{
	(void)unused;
	input("[{\"directory\":\"/\",\"file\":\"a.c\",\"command\":\"cc -fstack-protector-strong "
	      "-fno-stack-protector -c "
	      "a.c\"}]");
	assert_int_equal(flag("-fstack-protector-strong")->num[HF_FLAG_STATE], HF_STATE_NO);
}

static void a_log_shows_links_too(void **unused)
{
	(void)unused;
	input("make: entering\n[1/2] aarch64-linux-gnu-gcc-12 -mbranch-protection=standard -c x.c\n"
	      "[2/2] clang x.o -Wl,-z,relro,-z,now -o x\n");
	assert_int_equal(scan_rig_at(r, HF_FACT_FILE, 0)->num[HF_FILE_KIND], HF_KIND_BUILDLOG);
	assert_int_equal(flag("-Wl,-z,relro")->num[HF_FLAG_STATE], HF_STATE_YES);
	assert_int_equal(flag("-Wl,-z,now")->num[HF_FLAG_STATE], HF_STATE_YES);
	assert_int_equal(flag("-Wl,--as-needed")->num[HF_FLAG_STATE], HF_STATE_NO);
	assert_int_equal(flag("-mbranch-protection=standard")->num[HF_FLAG_STATE], HF_STATE_YES);
	assert_int_equal(flag("-fcf-protection=full")->num[HF_FLAG_STATE], HF_STATE_NA);
}

static void sarif_results_are_imported_but_not_suppressed_ones(void **unused)
{
	const struct hf_fact *f;

	(void)unused;
	input("{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"cppcheck\"}},\"results\":["
	      "{\"ruleId\":\"nullPointer\",\"level\":\"error\",\"message\":{\"text\":\"x } ] \\\" "
	      "y\"},\"locations\":[{"
	      "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"a.c\"},\"region\":{\"startLine\":7}}}]},"
	      "{\"ruleId\":\"other\",\"message\":{\"text\":\"z\"},\"suppressions\":[{\"kind\":\"inSource\"}]}"
	      "]}]}");
	assert_int_equal(scan_rig_n(r, HF_FACT_RESULT), 1);
	f = scan_rig_at(r, HF_FACT_RESULT, 0);
	assert_int_equal(f->num[HF_RESULT_LEVEL], HF_LEVEL_ERROR);
	assert_int_equal(f->num[HF_RESULT_LINE], 7);
	assert_true(scan_rig_is(f->text[HF_RESULT_TOOL], "cppcheck"));
	assert_true(scan_rig_is(f->text[HF_RESULT_URI], "a.c"));
}

static void damaged_and_deep_sarif_is_a_problem(void **unused)
{
	static char deep[4000] = "{\"version\":\"2.1.0\",\"runs\":[{\"results\":[";

	(void)unused;
	input("{\"version\":\"2.1.0\",\"runs\":[{\"results\":[{\"ruleId\":");
	assert_int_equal(scan_rig_at(r, HF_FACT_PROBLEM, 0)->num[HF_PROBLEM_RULE], 2);
	memset(deep + strlen(deep), '[', 3000);
	input(deep);
	assert_int_equal(scan_rig_n(r, HF_FACT_RESULT), 0);
	assert_int_equal(scan_rig_n(r, HF_FACT_PROBLEM), 1);
	/* Refused by host/json: a member stands twice. */
	input("{\"version\":\"2.1.0\",\"runs\":[{\"results\":[{\"a\":1,\"a\":2}]}]}");
	assert_int_equal(scan_rig_n(r, HF_FACT_PROBLEM), 1);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(commands_are_counted_in_both_spellings),
		T(a_later_flag_takes_an_earlier_one_back),
		T(a_log_shows_links_too),
		T(sarif_results_are_imported_but_not_suppressed_ones),
		T(damaged_and_deep_sarif_is_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
