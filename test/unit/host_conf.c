/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <hf/conf.h>

struct sample {
	char host[16];
	uint64_t port, life, level;
	bool wrap;
};
static const char *const levels[] = { "err", "info", NULL };
static const struct hf_conf_key keys[] = {
	{ .name = "host",
	  .type = HF_CONF_TEXT,
	  .offset = offsetof(struct sample, host),
	  .cap = 16,
	  .help = "Name of this host." },
	{ .name = "port",
	  .type = HF_CONF_UINT,
	  .offset = offsetof(struct sample, port),
	  .min = 1,
	  .max = 65535,
	  .standard = "8443",
	  .help = "Port." },
	{ .name = "life",
	  .type = HF_CONF_DURATION,
	  .offset = offsetof(struct sample, life),
	  .min = 60,
	  .max = 34387200,
	  .standard = "90d" },
	{ .name = "level",
	  .type = HF_CONF_CHOICE,
	  .offset = offsetof(struct sample, level),
	  .choices = levels,
	  .standard = "info" },
	{ .name = "wrap", .type = HF_CONF_BOOL, .offset = offsetof(struct sample, wrap), .standard = "no" },
};
enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static hf_err parse(const char *text, struct sample *s, struct hf_why *why)
{
	return hf_conf_parse("t.conf", (hf_bytes){ (const uint8_t *)text, strlen(text) }, keys, N_KEYS, s,
			     why);
}

static void values_and_standards_fill_the_struct(void **unused)
{
	struct sample s = { 0 };

	(void)unused;
	assert_int_equal(parse("# note\r\n\n  host =  a.example \nlife=12h\nwrap = on", &s, NULL), HF_OK);
	assert_string_equal(s.host, "a.example");
	assert_int_equal(s.port, 8443);
	assert_int_equal(s.life, 43200);
	assert_int_equal(s.level, 1);
	assert_true(s.wrap);
}

/* One row per refusal: text, code, part of the words. */
static const struct {
	const char *text;
	hf_err err;
	const char *words;
} bad[] = {
	{ "host = a\nprot = 1\n", HF_ERR_CONF_UNKNOWN, "t.conf:2: unknown key \"prot\"" },
	{ "host = a\nhost = b\n", HF_ERR_CONF_TWICE, "t.conf:2: host: given twice" },
	{ "host a\n", HF_ERR_CONF_SYNTAX, "t.conf:1: line is not `key = value`" },
	{ "= a\n", HF_ERR_CONF_UNKNOWN, "t.conf:1" },
	{ "host = a\001b\n", HF_ERR_CONF_SYNTAX, "t.conf:1" },
	{ "port = 1\n", HF_ERR_CONF_MISSING, "t.conf: key \"host\" is missing" },
	{ "host = 0123456789abcdef\n", HF_ERR_CONF_VALUE, "host: longer than 15 bytes" },
	{ "port = 0\n", HF_ERR_CONF_VALUE, "port: must be from 1 to 65535" },
	{ "port = 65536\n", HF_ERR_CONF_VALUE, "port: must be from 1 to 65535" },
	{ "port = 99999999999999999999999\n", HF_ERR_CONF_VALUE, "port: not a whole number" },
	{ "port = -1\n", HF_ERR_CONF_VALUE, "port: not a whole number" },
	{ "port =\n", HF_ERR_CONF_VALUE, "port: not a whole number" },
	{ "life = 5y\n", HF_ERR_CONF_VALUE, "life: not a time like" },
	{ "life = 1s\n", HF_ERR_CONF_VALUE, "life: must be from 1m to 398d" },
	{ "life = 18446744073709551615d\n", HF_ERR_CONF_VALUE, "life: not a time like" },
	{ "level = loud\n", HF_ERR_CONF_VALUE, "level: must be one of err, info" },
	{ "wrap = maybe\n", HF_ERR_CONF_VALUE, "wrap: must be yes or no" },
};

static void every_bad_line_is_refused_with_its_place(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample s = { 0 };
		struct hf_why why = { 0 };

		assert_int_equal(parse(bad[i].text, &s, &why), bad[i].err);
		assert_non_null(strstr(hf_why_text(&why), bad[i].words));
	}
}

static void an_endless_line_is_refused(void **unused)
{
	char text[HF_CONF_LINE_MAX + 20];
	struct sample s = { 0 };

	(void)unused;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "host=", 5);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(parse(text, &s, NULL), HF_ERR_CONF_SYNTAX);
}

static void a_printed_file_reads_back_the_same(void **unused)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(HF_CONF_CEILING);
	struct sample s = { .host = "b.example", .port = 9000, .life = 90 * 86400, .level = 0, .wrap = true };
	struct sample back = { 0 };

	(void)unused;
	assert_int_equal(hf_conf_print(keys, N_KEYS, &s, &out), HF_OK);
	assert_non_null(strstr(hf_buf_text(&out), "# Name of this host.\nhost = b.example\n"));
	assert_non_null(strstr(hf_buf_text(&out), "\n#life = 90d\n"));
	assert_int_equal(parse(hf_buf_text(&out), &back, NULL), HF_OK);
	assert_string_equal(back.host, s.host);
	assert_int_equal(back.port, 9000);
	assert_int_equal(back.life, s.life);
	assert_int_equal(back.level, 0);
	assert_true(back.wrap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_standards_fill_the_struct),
		cmocka_unit_test(every_bad_line_is_refused_with_its_place),
		cmocka_unit_test(an_endless_line_is_refused),
		cmocka_unit_test(a_printed_file_reads_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
