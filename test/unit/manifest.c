/* manifest.c -- one release, one spelling: what the reader refuses, and what the writer will not write.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "release_rig.h"

static struct rig rig_mem; /* too large for a stack */

/* A manifest that uses everything there is, and how it is written. */
static struct rig *full(void)
{
	struct rig *r = &rig_mem;

	rig_start(r);
	r->manifest.validate = r->manifest.invoke = true;
	r->manifest.text_digest = HF_ARR(rig_hash);
	r->manifest_out = HF_OUT(r->manifest_mem);
	assert_int_equal(hf_manifest_write(&r->manifest, &r->manifest_out), HF_OK);
	return r;
}

static void written_is(hf_err err)
{
	struct rig *r = &rig_mem;

	r->manifest_out.len = 5;
	assert_int_equal(hf_manifest_write(&r->manifest, &r->manifest_out), err);
	assert_true(err == HF_OK || r->manifest_out.len == 5);
}

static void the_writer_writes_only_what_is_read(void **unused)
{
	static char uri[HF_MANIFEST_MAX_URI_LEN + 1];
	struct rig *r = full();
	const struct hf_manifest was = r->manifest;
	(void)unused;

	memset(uri, 'u', sizeof(uri));
	written_is(HF_OK);
	r->manifest.vendor.len = 15;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.record.len = 31;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.image_digest.len = 31;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.text_digest.len = 31;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.uri = (hf_bytes){ (const uint8_t *)uri, sizeof(uri) };
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest.uri.len--;
	written_is(HF_OK);
	r->manifest.uri.len = 0;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.sequence = (uint64_t)INT64_MAX + 1;
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.version = HF_STR("thirty-three bytes are one too many");
	written_is(HF_ERR_RELEASE_PROFILE);
}

/* One run of bytes replaced by another of equal length. */
static hf_err read_patched(const char *from, const char *to, size_t len)
{
	const struct rig *r = &rig_mem;
	uint8_t mem[HF_MANIFEST_MAX_LEN];
	struct hf_manifest m;
	size_t at = 0, n = r->manifest_out.len;
	hf_err err;

	memcpy(mem, r->manifest_mem, n);
	while (at + len <= n && memcmp(mem + at, from, len) != 0)
		at++;
	assert_true(at + len <= n);
	memcpy(mem + at, to, len);
	err = hf_manifest_read((hf_bytes){ mem, n }, &m);
	assert_true(err == HF_OK || m.uri.ptr == NULL);
	return err;
}

static void fixed_sequences_are_fixed(void **unused)
{
	(void)unused;
	(void)full();
	assert_int_equal(read_patched("\x07\x43\x82\x03\x0f", "\x07\x43\x82\x03\x0f", 5), HF_OK);
	assert_int_equal(read_patched("\x07\x43\x82\x03\x0f", "\x07\x43\x82\x03\x0e", 5),
			 HF_ERR_RELEASE_PROFILE);
	assert_int_equal(read_patched("\x09\x43\x82\x17\x02", "\x09\x43\x82\x16\x02", 5),
			 HF_ERR_RELEASE_PROFILE);
	assert_int_equal(read_patched("\x09\x43\x82\x17\x02", "\x08\x43\x82\x17\x02", 5),
			 HF_ERR_RELEASE_PROFILE); /* load */
}

static size_t find(const char *what, size_t len)
{
	const struct rig *r = &rig_mem;
	size_t at = 0;

	while (at + len <= r->manifest_out.len && memcmp(r->manifest_mem + at, what, len) != 0)
		at++;
	assert_true(at + len <= r->manifest_out.len);
	return at;
}

static void a_version_that_is_there_says_something(void **unused)
{
	struct rig *r = full();
	struct hf_manifest m;
	uint8_t *uri, *version;
	(void)unused;

	r->manifest.uri = HF_STR("u");
	r->manifest.version = HF_STR("v");
	r->manifest_out.len = 0;
	assert_int_equal(hf_manifest_write(&r->manifest, &r->manifest_out), HF_OK);
	uri = r->manifest_mem + find("\x15\x61u", 3);
	version = r->manifest_mem + find("\x39\x01\x03\x61v", 5);
	/* The version's one byte goes to the URI: as long as before, and all else is right. */
	memmove(uri + 4, uri + 3, (size_t)(version - uri));
	memcpy(uri, "\x15\x62uu", 4);
	version[4] = 0x60;
	assert_int_equal(hf_manifest_read(hf_out_bytes(&r->manifest_out), &m), HF_ERR_RELEASE_PROFILE);
	memcpy(version + 1, "\x39\x01\x04", 3); /* parameter -261, empty: refused for its label */
	assert_int_equal(hf_manifest_read(hf_out_bytes(&r->manifest_out), &m), HF_ERR_RELEASE_PROFILE);
}

static void components_have_one_to_four_segments(void **unused)
{
	struct rig *r = full();
	const hf_bytes segment[5] = { HF_STR("a"), HF_STR("b"), HF_STR("c"), HF_STR("d"), HF_STR("e") };
	uint8_t mem[32];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_component_write(segment, 0, &out), HF_ERR_RELEASE_PROFILE);
	assert_int_equal(hf_component_write(segment, 5, &out), HF_ERR_RELEASE_PROFILE);
	assert_int_equal(hf_component_write(segment, 4, &out), HF_OK);
	r->manifest.component = hf_out_bytes(&out);
	written_is(HF_OK);
	r->manifest.component = HF_STR("\x80");
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest.component = HF_STR("\x85\x41\x61\x41\x61\x41\x61\x41\x61\x41\x61");
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest.component = HF_STR("\x82\x41\x61\x40"); /* an empty one */
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest.component = HF_STR("\x81\x61\x61"); /* text */
	written_is(HF_ERR_RELEASE_PROFILE);
}

static void boards_ascend_and_are_thirty_two_at_most(void **unused)
{
	struct rig *r = full();
	uint64_t board[HF_MANIFEST_MAX_BOARDS + 1];
	uint8_t mem[128];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	for (size_t i = 0; i <= HF_MANIFEST_MAX_BOARDS; i++)
		board[i] = i;
	assert_int_equal(hf_boards_write(board, 0, &out), HF_ERR_RELEASE_PROFILE);
	assert_int_equal(hf_boards_write(board, HF_MANIFEST_MAX_BOARDS + 1, &out), HF_ERR_RELEASE_PROFILE);
	board[1] = 0;
	assert_int_equal(hf_boards_write(board, 2, &out), HF_ERR_RELEASE_PROFILE);
	board[1] = 1;
	assert_int_equal(hf_boards_write(board, HF_MANIFEST_MAX_BOARDS, &out), HF_OK);
	assert_true(hf_boards_has(hf_out_bytes(&out), 31));
	assert_false(hf_boards_has(hf_out_bytes(&out), 32));
	r->manifest.boards = hf_out_bytes(&out);
	written_is(HF_OK);
	r->manifest.boards = HF_STR("\x80");
	assert_false(hf_boards_has(r->manifest.boards, 0));
	written_is(HF_ERR_RELEASE_PROFILE);
	r->manifest.boards = HF_STR("\x82\x02\x01");
	assert_false(hf_boards_has(r->manifest.boards, 2)); /* a list that is not one names nobody */
	written_is(HF_ERR_RELEASE_PROFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_writer_writes_only_what_is_read),
		cmocka_unit_test(fixed_sequences_are_fixed),
		cmocka_unit_test(a_version_that_is_there_says_something),
		cmocka_unit_test(components_have_one_to_four_segments),
		cmocka_unit_test(boards_ascend_and_are_thirty_two_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
