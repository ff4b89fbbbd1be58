/* Real readers, real sandbox, real walk of archives; what looks into files is a stand-in that misbehaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/file.h>
#include <hf/model.h>
#include "engine.h"

enum { TAR_BLOCK = 512, TAR_MAX = 64 * TAR_BLOCK };

static char dir[] = "/tmp/hf-audit-XXXXXX";

struct tar {
	uint8_t bytes[TAR_MAX];
	size_t len;
};

static void tar_add(struct tar *t, const char *name)
{
	char *head = (char *)t->bytes + t->len;
	unsigned sum = 0;

	memset(head, 0, 2 * (size_t)TAR_BLOCK);
	(void)snprintf(head, 100, "%s", name);
	memcpy(head + 100, "0000644", 8);
	memcpy(head + 108, "0000000", 8);
	memcpy(head + 116, "0000000", 8);
	memcpy(head + 124, "00000000005", 12);
	memcpy(head + 136, "00000000000", 12);
	memcpy(head + 148, "        ", 8);
	head[156] = '0';
	memcpy(head + 257,
	       "ustar\0"
	       "00",
	       8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (uint8_t)head[i];
	(void)snprintf(head + 148, 8, "%06o", sum);
	memcpy(head + TAR_BLOCK, "hello", 5);
	t->len += 2 * (size_t)TAR_BLOCK;
}

static void path_in(char out[static 256], const char *name)
{
	(void)snprintf(out, 256, "%s/%s", dir, name);
}

static void write_tar(const char *file, const char *const *names)
{
	struct tar t = { .len = 0 };
	char path[256];

	for (; *names != NULL; names++)
		tar_add(&t, *names);
	t.len += 2 * (size_t)TAR_BLOCK; /* two blocks of zeros end it */
	path_in(path, file);
	(void)unlink(path);
	assert_int_equal(hf_file_create(path, (hf_bytes){ t.bytes, t.len }, 0644, NULL), HF_OK);
}

static hf_err keep(void *ctx, const struct hf_fact *fact)
{
	return hf_model_add(ctx, fact);
}

/* Scan some inputs into a sealed model. */
static struct hf_model *scanned(const char *const *files, size_t n, unsigned jobs)
{
	struct hf_auditpolicy policy;
	struct hf__engine engine;
	struct hf__scan_opts opts = { .n_inputs = n, .jobs = jobs, .caps = hf_walk_caps_default };
	char paths[8][256];
	const char *at[8];
	struct hf_model *m = NULL;
	struct hf_why why = { 0 };

	for (size_t i = 0; i < n; i++) {
		path_in(paths[i], files[i]);
		at[i] = paths[i];
	}
	hf_auditpolicy_builtin(&policy);
	opts.caps.file_seconds = 1;
	opts.engine = &engine;
	assert_int_equal(hf__engine_new(&policy, false, &engine, NULL), HF_OK);
	assert_int_equal(hf__inputs_open(at, n, &opts.inputs, &why), HF_OK);
	assert_int_equal(hf_model_new(&m), HF_OK);
	if (hf__scan(&opts, &(struct hf_fact_sink){ m, keep }, &why) != HF_OK)
		fail_msg("%s", hf_why_text(&why));
	hf__inputs_close(opts.inputs, n);
	hf__engine_free(&engine);
	assert_int_equal(hf_model_seal(m), HF_OK);
	return m;
}

static bool has_file(const struct hf_model *m, const char *path)
{
	return hf_model_file(m, (hf_bytes){ (const uint8_t *)path, strlen(path) }) != NULL;
}

/* Problems of a SCAN rule at a path. */
static size_t problems(const struct hf_model *m, uint64_t rule, const char *path)
{
	hf_bytes p = { (const uint8_t *)path, strlen(path) };
	size_t first, n = hf_model_of(m, HF_FACT_PROBLEM, p, &first), found = 0;

	for (size_t i = 0; i < n; i++)
		found += hf_model_at(m, HF_FACT_PROBLEM, first + i)->num[HF_PROBLEM_RULE] == rule;
	return found;
}

static void every_file_of_an_archive_is_seen_once_by_any_number_of_readers(void **unused)
{
	const char *const names[] = { "a", "b/c", "d", NULL };
	const char *const files[] = { "fw.tar" };

	(void)unused;
	write_tar("fw.tar", names);
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		struct hf_model *m = scanned(files, 1, jobs);

		assert_int_equal(hf_model_n(m, HF_FACT_FILE), 4);
		assert_true(has_file(m, "fw.tar") && has_file(m, "fw.tar!/a") && has_file(m, "fw.tar!/b/c"));
		assert_int_equal(hf_model_n(m, HF_FACT_CONTAINER), 1);
		assert_int_equal(hf_model_n(m, HF_FACT_PROBLEM), 0);
		hf_model_free(m);
	}
}

/* One misbehaviour per row: the file is a problem, the files around it are whole. */
static const struct {
	const char *name;
	uint64_t rule;
} bad[] = { { "crash", 3 }, { "hang", 3 }, { "open", 3 }, { "connect", 3 }, { "much", 1 }, { "fail", 2 } };

static void a_file_that_breaks_its_reader_costs_only_itself(void **unused)
{
	const char *const files[] = { "bad.tar" };

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const names[] = { "before", bad[i].name, "after", NULL };
		char path[64];
		struct hf_model *m;

		write_tar("bad.tar", names);
		m = scanned(files, 1, 2);
		(void)snprintf(path, sizeof(path), "bad.tar!/%s", bad[i].name);
		if (problems(m, bad[i].rule, path) != 1)
			fail_msg("%s: no problem", bad[i].name);
		assert_int_equal(hf_model_n(m, HF_FACT_PROBLEM), 1);
		assert_true(has_file(m, "bad.tar!/before"));
		assert_true(has_file(m, "bad.tar!/after"));
		assert_false(has_file(m, path)); /* nothing half said */
		hf_model_free(m);
	}
}

/* What a taken-over reader says of the rest cannot be believed; so the whole input is in doubt. */
static void a_reader_that_lies_puts_the_input_in_doubt(void **unused)
{
	const char *const names[] = { "before", "lie", "after", NULL };
	const char *const files[] = { "lies.tar" };
	struct hf_model *m;

	(void)unused;
	write_tar("lies.tar", names);
	m = scanned(files, 1, 1);
	assert_int_equal(problems(m, 3, "lies.tar"), 1);
	assert_true(has_file(m, "lies.tar!/before"));
	hf_model_free(m);
}

static void many_deaths_and_a_second_input_are_survived(void **unused)
{
	const char *const names[] = { "1/crash", "2/crash", "x", "3/crash", NULL };
	const char *const good[] = { "fine", NULL };
	const char *const files[] = { "deaths.tar", "good.tar", "alone/crash" };
	char path[256];
	struct hf_model *m;

	(void)unused;
	write_tar("deaths.tar", names);
	write_tar("good.tar", good);
	path_in(path, "alone");
	assert_int_equal(hf_dir_create(path, 0700, NULL), HF_OK);
	write_tar("alone/crash", good);
	m = scanned(files, 3, 2);
	assert_int_equal(problems(m, 3, "deaths.tar!/1/crash"), 1);
	assert_int_equal(problems(m, 3, "deaths.tar!/2/crash"), 1);
	assert_int_equal(problems(m, 3, "deaths.tar!/3/crash"), 1);
	assert_int_equal(problems(m, 3, "crash"), 1); /* the input itself */
	assert_true(has_file(m, "deaths.tar!/x") && has_file(m, "good.tar!/fine"));
	hf_model_free(m);
}

static void make(const char *name, const char *text)
{
	char path[256];

	path_in(path, name);
	(void)unlink(path);
	assert_int_equal(hf_file_create(path, (hf_bytes){ (const uint8_t *)text, strlen(text) }, 0755, NULL),
			 HF_OK);
}

static void make_dir(const char *name)
{
	char path[256];

	path_in(path, name);
	assert_int_equal(hf_dir_create(path, 0755, NULL), HF_OK);
}

static void a_root_tree_is_read_by_descriptor_and_never_followed(void **unused)
{
	const char *const files[] = { "root" };
	char path[256];
	struct hf_model *m;

	(void)unused;
	make_dir("root");
	make_dir("root/etc");
	make_dir("root/bin");
	make("root/etc/passwd", "x");
	make("root/bin/crash", "x");
	path_in(path, "root/etc/out");
	(void)unlink(path);
	assert_int_equal(symlink("/etc/shadow", path), 0);
	path_in(path, "root/etc/fifo");
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	m = scanned(files, 1, 2);
	assert_true(has_file(m, "root") && has_file(m, "root!/etc/passwd") && has_file(m, "root!/etc"));
	assert_int_equal(hf_model_file(m, HF_STR("root!/etc/out"))->num[HF_FILE_TYPE], HF_NODE_LINK);
	assert_int_equal(hf_model_file(m, HF_STR("root!/etc/fifo"))->num[HF_FILE_TYPE], HF_NODE_FIFO);
	assert_int_equal(hf_model_file(m, HF_STR("root!/etc/passwd"))->num[HF_FILE_KNOWN] & HF_KNOWN_OWNER,
			 0);
	assert_int_equal(problems(m, 3, "root!/bin/crash"), 1);
	assert_int_equal(hf_model_n(m, HF_FACT_PROBLEM), 1);
	hf_model_free(m);
}

static void a_folder_of_images_is_a_list_of_inputs(void **unused)
{
	const char *const names[] = { "inside", NULL };
	const char *const files[] = { "folder" };
	struct hf_model *m;

	(void)unused;
	make_dir("folder");
	make_dir("folder/sub");
	write_tar("folder/one.tar", names);
	write_tar("folder/sub/two.tar", names);
	m = scanned(files, 1, 2);
	assert_true(has_file(m, "one.tar!/inside"));
	assert_true(has_file(m, "sub/two.tar!/inside"));
	hf_model_free(m);
}

static void inputs_that_cannot_be_told_apart_or_opened_are_refused(void **unused)
{
	const char *const twice[] = { "/etc/passwd", "/etc/../etc/passwd" };
	const char *const absent[] = { "/no/such/image" };
	const char *const device[] = { "/dev/null" };
	struct hf__input *in;
	struct hf_why why;

	(void)unused;
	assert_int_equal(hf__inputs_open(twice, 2, &in, &why), HF_ERR_AUDIT_INPUT);
	assert_int_equal(hf__inputs_open(absent, 1, &in, &why), HF_ERR_AUDIT_INPUT);
	assert_int_equal(hf__inputs_open(device, 1, &in, &why), HF_ERR_AUDIT_INPUT);
	assert_null(in);
}

static struct hf_audit_result whole_run(const char *file, const char *format, const char *toml, unsigned jobs)
{
	struct hf_auditpolicy policy;
	struct hf_audit_result out;
	struct hf_why why = { 0 };
	char path[256];
	const char *const paths[] = { path };
	struct hf_audit_opts opts = { .paths = paths,
				      .n_paths = 1,
				      .n_first = 1,
				      .jobs = jobs,
				      .policy = &policy,
				      .format = format,
				      .file_name = "",
				      .today = 20700,
				      .version = "0.1.0" };

	path_in(path, file);
	assert_int_equal(hf_auditpolicy_read("p", (hf_bytes){ (const uint8_t *)toml, strlen(toml) }, 20700,
					     &policy, NULL),
			 HF_OK);
	if (hf_audit_run(&opts, &out, &why) != HF_OK)
		fail_msg("%s", hf_why_text(&why));
	hf_auditpolicy_free(&policy);
	return out;
}

static void a_run_gives_the_same_report_for_any_number_of_readers(void **unused)
{
	const char *const names[] = { "etc/x", "b", "c", "d", "crash", "e", NULL };
	const char *toml = "[[file]]\npath=\"/etc/x\"\nabsent=true\n";
	struct hf_audit_result one, eight;

	(void)unused;
	write_tar("run.tar", names);
	one = whole_run("run.tar", "json", toml, 1);
	eight = whole_run("run.tar", "json", toml, 8);
	assert_int_equal(one.status, HF_AUDIT_INCOMPLETE);
	assert_true(one.output[0].len > 0);
	assert_int_equal(one.output[0].len, eight.output[0].len);
	assert_memory_equal(one.output[0].ptr, eight.output[0].ptr, one.output[0].len);
	hf_buf_free(&one.output[0]);
	hf_buf_free(&eight.output[0]);
}

static void the_status_is_the_gates(void **unused)
{
	const char *const names[] = { "etc/x", NULL };
	struct hf_audit_result r;

	(void)unused;
	write_tar("gate.tar", names);
	r = whole_run("gate.tar", "text", "[[file]]\npath=\"/etc/x\"\nabsent=true\n", 2);
	assert_int_equal(r.status, HF_AUDIT_FINDINGS);
	assert_memory_equal(r.output[0].ptr, "FAIL", 4);
	hf_buf_free(&r.output[0]);
	r = whole_run("gate.tar", "text", "", 2);
	assert_int_equal(r.status, HF_AUDIT_PASS);
	hf_buf_free(&r.output[0]);
}

static void what_cannot_be_judged_is_an_error(void **unused)
{
	struct hf_auditpolicy policy;
	const char *const paths[] = { "/etc/passwd" };
	struct hf_audit_opts opts = { .paths = paths,
				      .n_paths = 1,
				      .n_first = 1,
				      .jobs = 1,
				      .policy = &policy,
				      .format = "no such format",
				      .version = "0" };
	struct hf_audit_result out;
	struct hf_why why = { 0 };

	(void)unused;
	hf_auditpolicy_builtin(&policy);
	assert_int_equal(hf_audit_run(&opts, &out, &why), HF_ERR_AUDIT_PROCESS);
	assert_int_equal(out.status, HF_AUDIT_ERROR);
	opts.jobs = 0;
	assert_int_equal(hf_audit_run(&opts, &out, &why), HF_ERR_BASE_MISUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_of_an_archive_is_seen_once_by_any_number_of_readers),
		cmocka_unit_test(a_file_that_breaks_its_reader_costs_only_itself),
		cmocka_unit_test(a_reader_that_lies_puts_the_input_in_doubt),
		cmocka_unit_test(many_deaths_and_a_second_input_are_survived),
		cmocka_unit_test(a_root_tree_is_read_by_descriptor_and_never_followed),
		cmocka_unit_test(a_folder_of_images_is_a_list_of_inputs),
		cmocka_unit_test(inputs_that_cannot_be_told_apart_or_opened_are_refused),
		cmocka_unit_test(a_run_gives_the_same_report_for_any_number_of_readers),
		cmocka_unit_test(the_status_is_the_gates),
		cmocka_unit_test(what_cannot_be_judged_is_an_error),
	};
	char remove[64];
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	return system(remove) != 0 ? 1 : failed;
}
