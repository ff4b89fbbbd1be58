/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <hf/why.h>

static void each_layer_prefixes_its_act(void **unused)
{
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_why_set(&why, HF_ERR_FILE_IO, "write"), HF_ERR_FILE_IO);
	assert_int_equal(hf_why_add(&why, HF_ERR_FILE_IO, "slot %c", 'b'), HF_ERR_FILE_IO);
	(void)hf_why_add(&why, HF_ERR_FILE_IO, "install");
	assert_string_equal(hf_why_text(&why), "install: slot b: write");
}

static void a_code_without_words_brings_its_own_text(void **unused)
{
	struct hf_why why = { 0 };

	(void)unused;
	(void)hf_why_add(&why, HF_ERR_CONF_UNKNOWN, "read");
	assert_string_equal(hf_why_text(&why), "read: key is not known");
	/* Words left over from another failure must not explain this one. */
	(void)hf_why_add(&why, HF_ERR_CONF_TWICE, "again");
	assert_string_equal(hf_why_text(&why), "again: key is given twice");
}

static void errno_becomes_words(void **unused)
{
	struct hf_why why = { 0 };

	(void)unused;
	errno = ENOSPC;
	(void)hf_why_errno(&why, HF_ERR_FILE_IO, "write");
	assert_string_equal(hf_why_text(&why), "write: No space left on device");
}

static void too_much_text_is_cut_and_stays_a_string(void **unused)
{
	struct hf_why why = { 0 };
	char many[600];

	(void)unused;
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = 0;
	(void)hf_why_set(&why, HF_ERR_FILE_IO, "%s", many);
	(void)hf_why_add(&why, HF_ERR_FILE_IO, "outer %s", many);
	errno = ENOENT;
	(void)hf_why_errno(&why, HF_ERR_FILE_IO, "%s", many);
	assert_int_equal(strlen(why.text), HF_WHY_CAP - 1);
}

static void nobody_to_tell_is_allowed(void **unused)
{
	(void)unused;
	assert_int_equal(hf_why_set(NULL, HF_ERR_FILE_IO, "x"), HF_ERR_FILE_IO);
	assert_int_equal(hf_why_add(NULL, HF_ERR_FILE_IO, "x"), HF_ERR_FILE_IO);
	assert_int_equal(hf_why_errno(NULL, HF_ERR_FILE_IO, "x"), HF_ERR_FILE_IO);
	assert_string_equal(hf_why_text(NULL), "no reason given");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layer_prefixes_its_act),
		cmocka_unit_test(a_code_without_words_brings_its_own_text),
		cmocka_unit_test(errno_becomes_words),
		cmocka_unit_test(too_much_text_is_cut_and_stays_a_string),
		cmocka_unit_test(nobody_to_tell_is_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
