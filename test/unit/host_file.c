/* SPDX-License-Identifier: Apache-2.0 */
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

static char dir[64];
static char path[128];

static int in_new_directory(void **unused)
{
	(void)unused;
	strcpy(dir, "/tmp/hf-file-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	return 0;
}

static int drop_directory(void **unused)
{
	char cmd[128];

	(void)unused;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

static void replaced_content_is_read_back_with_its_mode(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);
	struct stat st;

	(void)unused;
	assert_int_equal(hf_file_replace(path, HF_STR("one"), 0600, NULL), HF_OK);
	assert_int_equal(hf_file_replace(path, HF_STR("two"), 0640, NULL), HF_OK);
	assert_int_equal(hf_file_read(path, &b, NULL), HF_OK);
	assert_string_equal(hf_buf_text(&b), "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void creating_never_overwrites(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_file_create(path, HF_STR("one"), 0600, NULL), HF_OK);
	assert_int_equal(hf_file_create(path, HF_STR("two"), 0600, &why), HF_ERR_FILE_EXISTS);
	assert_non_null(strstr(hf_why_text(&why), path));
	assert_int_equal(hf_file_read(path, &b, NULL), HF_OK);
	assert_string_equal(hf_buf_text(&b), "one");
}

static void a_file_above_the_ceiling_is_refused(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(2);
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_file_create(path, HF_STR("one"), 0600, NULL), HF_OK);
	assert_int_equal(hf_file_read(path, &b, &why), HF_ERR_FILE_TOO_LARGE);
	assert_non_null(strstr(hf_why_text(&why), "more than 2 bytes"));
}

static void an_absent_file_says_so(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(2);

	(void)unused;
	assert_int_equal(hf_file_read(path, &b, NULL), HF_ERR_FILE_ABSENT);
	assert_int_equal(hf_file_read_secret(path, &b, NULL), HF_ERR_FILE_ABSENT);
	assert_false(hf_file_exists(path));
}

static void a_secret_others_can_read_is_refused(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF_SECRET(100);
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_file_create(path, HF_STR("key"), 0640, NULL), HF_OK);
	assert_int_equal(hf_file_read_secret(path, &b, &why), HF_ERR_FILE_MODE);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(hf_file_read_secret(path, &b, &why), HF_OK);
	assert_int_equal(hf_file_read_secret(dir, &b, &why), HF_ERR_FILE_MODE);
}

static void a_write_that_fails_leaves_the_old_file(void **unused)
{
	struct hf_buf b HF_AUTO(hf_buf_free) = HF_BUF(100);
	char beside[160];

	(void)unused;
	assert_int_equal(hf_file_create(path, HF_STR("old"), 0600, NULL), HF_OK);
	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(mkdir(beside, 0700), 0); /* the name it writes beside is taken */
	assert_int_equal(hf_file_replace(path, HF_STR("new"), 0600, NULL), HF_ERR_FILE_IO);
	assert_int_equal(hf_file_read(path, &b, NULL), HF_OK);
	assert_string_equal(hf_buf_text(&b), "old");
}

static void a_directory_is_made_once_with_its_exact_mode(void **unused)
{
	struct stat st;
	mode_t old = umask(077);

	(void)unused;
	assert_int_equal(hf_dir_create(path, 0755, NULL), HF_OK);
	umask(old);
	assert_int_equal(hf_dir_create(path, 0755, NULL), HF_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(hf_dir_create("/proc/nothing/here", 0755, NULL), HF_ERR_FILE_ABSENT);
}

static void joined_paths_are_checked_for_length(void **unused)
{
	char out[8];

	(void)unused;
	assert_int_equal(hf_path_join(out, sizeof(out), "a/", "b"), HF_OK);
	assert_string_equal(out, "a/b");
	assert_int_equal(hf_path_join(out, sizeof(out), "abc", "defg"), HF_ERR_FILE_PATH);
	assert_string_equal(out, "");
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, in_new_directory, drop_directory)
	const struct CMUnitTest tests[] = {
		IN_DIR(replaced_content_is_read_back_with_its_mode),
		IN_DIR(creating_never_overwrites),
		IN_DIR(a_file_above_the_ceiling_is_refused),
		IN_DIR(an_absent_file_says_so),
		IN_DIR(a_secret_others_can_read_is_refused),
		IN_DIR(a_write_that_fails_leaves_the_old_file),
		IN_DIR(a_directory_is_made_once_with_its_exact_mode),
		IN_DIR(joined_paths_are_checked_for_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
