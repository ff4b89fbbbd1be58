/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/log.h>

/* What the calls between open_rig and read_rig wrote on stderr. */
struct rig {
	int saved, pipe[2];
	char text[4096];
};

static void open_rig(struct rig *r)
{
	assert_int_equal(pipe(r->pipe), 0);
	r->saved = dup(2);
	assert_int_equal(dup2(r->pipe[1], 2), 2);
	close(r->pipe[1]);
}

static const char *read_rig(struct rig *r)
{
	ssize_t n;

	dup2(r->saved, 2);
	close(r->saved);
	n = read(r->pipe[0], r->text, sizeof(r->text) - 1);
	close(r->pipe[0]);
	r->text[n > 0 ? n : 0] = 0;
	return r->text;
}

static void a_line_has_area_act_and_pairs(void **unused)
{
	struct rig r;

	(void)unused;
	open_rig(&r);
	hf_log(HF_LOG_INFO, "est", "enrol", "dev=%s n=%d", "abc", 3);
	assert_non_null(strstr(read_rig(&r), "Z test info est: enrol dev=abc n=3\n"));
}

static void levels_above_the_kept_one_are_silent(void **unused)
{
	struct rig r;

	(void)unused;
	open_rig(&r);
	hf_log(HF_LOG_DEBUG, "est", "detail", "x=%d", 1);
	hf_log_set_level(HF_LOG_ERR);
	hf_log(HF_LOG_WARN, "est", "detail", "x=%d", 1);
	hf_log(HF_LOG_ERR, "est", "last", "");
	hf_log_set_level(HF_LOG_INFO);
	assert_non_null(strstr(read_rig(&r), "err est: last\n"));
	assert_null(strstr(r.text, "detail"));
}

static void foreign_bytes_cannot_start_a_line(void **unused)
{
	struct rig r;

	(void)unused;
	open_rig(&r);
	hf_log(HF_LOG_INFO, "est", "odd", "raw=%s esc=%s", "a\nb", HF_LOG_TEXT(HF_STR("c\nd \"\\\x80")));
	assert_non_null(strstr(read_rig(&r), "raw=a?b esc=c\\x0ad\\x20\\x22\\x5c\\x80\n"));
}

static void long_foreign_text_and_long_lines_are_cut(void **unused)
{
	uint8_t many[2000];
	struct rig r;
	const char *text;

	(void)unused;
	memset(many, 'x', sizeof(many));
	text = HF_LOG_TEXT(HF_ARR(many));
	assert_int_equal(strlen(text), HF_LOG_TEXT_MAX + 2);
	assert_string_equal(text + HF_LOG_TEXT_MAX, "..");
	open_rig(&r);
	hf_log(HF_LOG_INFO, "a", "b", "%.*s", (int)sizeof(many), (const char *)many);
	read_rig(&r);
	assert_true(strlen(r.text) <= HF_LOG_LINE_MAX);
	assert_int_equal(r.text[strlen(r.text) - 1], '\n');
}

static void a_failure_shows_code_and_words(void **unused)
{
	struct hf_why why = { 0 };
	struct rig r;

	(void)unused;
	(void)hf_why_set(&why, HF_ERR_FILE_IO, "store: disk full");
	open_rig(&r);
	hf_log_why(HF_LOG_ERR, "store", "write", HF_ERR_FILE_IO, &why);
	hf_log_why(HF_LOG_ERR, "store", "write", HF_ERR_FILE_IO, NULL);
	assert_non_null(strstr(read_rig(&r), "store: write code=FI5 why=\"store: disk full\"\n"));
	assert_non_null(strstr(r.text, "why=\"file cannot be read or written\"\n"));
}

static void level_names_are_read(void **unused)
{
	(void)unused;
	assert_int_equal(hf_log_level_of("debug"), HF_LOG_DEBUG);
	assert_int_equal(hf_log_level_of("loud"), -1);
}

static void the_journal_gets_its_own_level_mark(void **unused)
{
	struct rig r;

	(void)unused;
	setenv("JOURNAL_STREAM", "1:2", 1);
	hf_log_open("test", HF_LOG_INFO);
	open_rig(&r);
	hf_log(HF_LOG_WARN, "est", "odd", "");
	assert_string_equal(read_rig(&r), "<4>est: odd\n");
	unsetenv("JOURNAL_STREAM");
	hf_log_open("test", HF_LOG_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_area_act_and_pairs),
		cmocka_unit_test(levels_above_the_kept_one_are_silent),
		cmocka_unit_test(foreign_bytes_cannot_start_a_line),
		cmocka_unit_test(long_foreign_text_and_long_lines_are_cut),
		cmocka_unit_test(a_failure_shows_code_and_words),
		cmocka_unit_test(level_names_are_read),
		cmocka_unit_test(the_journal_gets_its_own_level_mark),
	};
	unsetenv("JOURNAL_STREAM");
	hf_log_open("test", HF_LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
