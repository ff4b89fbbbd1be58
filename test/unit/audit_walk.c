/* What a walk gives, under which path, to whom, and what each cap does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "walk_rig.h"

static struct walk_rig rig;
static uint8_t mem[4][1 << 20];

#define OUT(i) ((struct hf_out){ mem[i], sizeof(mem[i]), 0 })

static void run(const struct hf_out *image)
{
	assert_int_equal(walk_rig_run(&rig, hf_out_bytes(image)), HF_OK);
}

static void every_entry_of_a_tar_is_given(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0));

	(void)unused;
	walk_rig_init(&rig);
	run(&tar);
	assert_string_equal(rig.text, "F in 3584\nD in!/etc\nF in!/etc/passwd 10\nF in!/bin/sh 2\n"
				      "BOX in tar 0 3584 1\n");
}

static void a_source_that_is_not_in_memory_gives_the_same(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0)), gz = OUT(1);
	static char first[WALK_RIG_TEXT];

	(void)unused;
	put_gzip(&gz, hf_out_bytes(&tar));
	put_zeros(&gz, 700);
	walk_rig_init(&rig);
	run(&gz);
	memcpy(first, rig.text, sizeof(first));
	assert_int_equal(walk_rig_run_read(&rig, hf_out_bytes(&gz)), HF_OK);
	assert_string_equal(rig.text, first);
	assert_true(walk_rig_has(&rig, "F in!/etc/passwd 10"));
}

static void a_layer_that_only_compresses_adds_no_element(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0)), gz = OUT(1), again = OUT(2);

	(void)unused;
	put_gzip(&gz, hf_out_bytes(&tar));
	put_gzip(&again, hf_out_bytes(&gz));
	walk_rig_init(&rig);
	run(&again);
	assert_true(walk_rig_has(&rig, "F in!/bin/sh 2"));
	assert_null(strstr(rig.text, "PROBLEM"));
}

static void compressed_data_are_a_file_named_after_their_own(void **unused)
{
	struct hf_out gz = OUT(1), tar = OUT(2);

	(void)unused;
	put_gzip(&gz, HF_STR("hello"));
	put_tar(&tar, "lib/x.ko.gz", '0', hf_out_bytes(&gz));
	put_tar(&tar, "lib/blob", '0', hf_out_bytes(&gz));
	put_tar_end(&tar);
	walk_rig_init(&rig);
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/lib/x.ko.gz!/x.ko 5"));
	assert_true(walk_rig_has(&rig, "F in!/lib/blob!/content 5"));
}

static void an_initramfs_of_several_archives_is_read_to_its_end(void **unused)
{
	struct hf_out a = OUT(0), gz = OUT(1), all = OUT(2);

	(void)unused;
	put_cpio(&a, "second", 0100644, HF_STR("2"));
	put_cpio(&a, "TRAILER!!!", 0, HF_STR(""));
	put_zeros(&a, 512);
	put_cpio(&a, "third", 0100644, HF_STR("33"));
	put_cpio(&a, "TRAILER!!!", 0, HF_STR(""));
	put_gzip(&gz, hf_out_bytes(&a));
	put_cpio(&all, "first", 0100644, HF_STR(""));
	put_cpio(&all, "TRAILER!!!", 0, HF_STR(""));
	put_zeros(&all, 1024);
	assert_int_equal(hf_out_put(&all, hf_out_bytes(&gz)), HF_OK);
	walk_rig_init(&rig);
	run(&all);
	assert_true(walk_rig_has(&rig, "F in!/first 0"));
	assert_true(walk_rig_has(&rig, "F in!/gzip!/second 1"));
	assert_true(walk_rig_has(&rig, "F in!/gzip!/third 2"));
	assert_null(strstr(rig.text, "PROBLEM"));
}

static void names_that_climb_stay_inside(void **unused)
{
	struct hf_out tar = OUT(0);

	(void)unused;
	put_tar(&tar, "../../etc/shadow", '0', HF_STR("x"));
	put_tar(&tar, "/abs/./../olute", '0', HF_STR("x"));
	put_tar(&tar, "a!b%c\n\x01", '0', HF_STR("x"));
	put_tar_end(&tar);
	walk_rig_init(&rig);
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/etc/shadow 1"));
	assert_true(walk_rig_has(&rig, "F in!/abs/olute 1"));
	assert_true(walk_rig_has(&rig, "F in!/a%21b%25c%0A%01 1"));
}

static void two_files_never_share_one_path(void **unused)
{
	struct hf_out tar = OUT(0);

	(void)unused;
	put_tar(&tar, "x", '0', HF_STR("1"));
	put_tar(&tar, "x", '0', HF_STR("22"));
	put_tar(&tar, "./x", '0', HF_STR("333"));
	put_tar_end(&tar);
	walk_rig_init(&rig);
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/x 1"));
	assert_true(walk_rig_has(&rig, "F in!/x%002 2"));
	assert_true(walk_rig_has(&rig, "F in!/x%003 3"));
}

/* ---- damage ---- */

static void a_stream_that_is_cut_is_reported_and_its_part_given(void **unused)
{
	struct hf_out gz = OUT(1);

	(void)unused;
	put_gzip(&gz, HF_STR("hello hello hello hello"));
	gz.len -= 4;
	walk_rig_init(&rig);
	run(&gz);
	assert_non_null(strstr(rig.text, "PROBLEM 2 in gzip: stream is damaged or cut"));
	gz.len += 4;
	gz.ptr[gz.len - 6] ^= 1; /* its checksum */
	run(&gz);
	assert_non_null(strstr(rig.text, "PROBLEM 2 in gzip: stream is damaged or cut"));
}

static void a_tar_that_is_cut_is_reported(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0));

	(void)unused;
	tar.len = 1536 + 3;
	walk_rig_init(&rig);
	run(&tar);
	assert_non_null(strstr(rig.text, "PROBLEM 2 in"));
}

static void bytes_that_look_encrypted_are_reported(void **unused)
{
	struct hf_out noise = OUT(0);
	uint32_t x = 1;

	(void)unused;
	for (; noise.len < 65536 + 1; noise.len++) {
		x = x * 1664525u + 1013904223u;
		noise.ptr[noise.len] = (uint8_t)(x >> 24);
	}
	walk_rig_init(&rig);
	run(&noise);
	assert_true(walk_rig_has(&rig, "PROBLEM 2 in unknown bytes that look encrypted or compressed"));
	noise.len--; /* exactly 64 KiB */
	run(&noise);
	assert_null(strstr(rig.text, "PROBLEM"));
}

static void containers_inside_unknown_bytes_are_found(void **unused)
{
	struct hf_out all = OUT(2), gz = OUT(1), tar = put_small_tar(OUT(0));

	(void)unused;
	assert_int_equal(hf_out_put(&all, HF_STR("vendor header \x1f\x8b\x08 not this one")), HF_OK);
	put_gzip(&gz, HF_STR("payload"));
	assert_int_equal(hf_out_put(&all, hf_out_bytes(&gz)), HF_OK);
	put_zeros(&all, 100);
	assert_int_equal(hf_out_put(&all, hf_out_bytes(&tar)), HF_OK);
	assert_int_equal(hf_out_put(&all, hf_out_bytes(&gz)), HF_OK);
	walk_rig_init(&rig);
	run(&all);
	assert_true(walk_rig_has(&rig, "F in!/gzip!/content 7"));
	assert_true(walk_rig_has(&rig, "F in!/gzip-2!/content 7"));
	assert_true(walk_rig_has(&rig, "F in!/tar!/etc/passwd 10"));
	assert_int_equal(walk_rig_run_read(&rig, hf_out_bytes(&all)), HF_OK);
	assert_true(walk_rig_has(&rig, "F in!/gzip-2!/content 7"));
}

/* ---- shares, and going on after a reader was lost ---- */

static void streams_belong_to_share_0(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0));

	(void)unused;
	walk_rig_init(&rig);
	rig.share = (struct hf_walk_share){ .k = 1, .n = 2 };
	run(&tar);
	assert_string_equal(rig.text, "");
	rig.share.k = 0;
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/bin/sh 2"));
}

static void a_walk_goes_on_behind_the_file_that_killed_a_reader(void **unused)
{
	struct hf_out inner = put_small_tar(OUT(0)), tar = OUT(1);

	(void)unused;
	put_tar(&tar, "a", '0', HF_STR("1"));
	put_tar(&tar, "deep", '0', hf_out_bytes(&inner));
	put_tar(&tar, "z", '0', HF_STR("22"));
	put_tar_end(&tar);
	walk_rig_init(&rig);
	rig.share.after = HF_STR("in!/deep!/etc/passwd");
	run(&tar);
	assert_string_equal(rig.text, "F in!/deep!/bin/sh 2\nBOX in!/deep tar 0 3584 2\nF in!/z 2\n"
				      "BOX in tar 0 7168 1\n");
	rig.share.after = HF_STR("in!/deep"); /* the whole container */
	run(&tar);
	assert_string_equal(rig.text, "F in!/z 2\nBOX in tar 0 7168 1\n");
	rig.share.after = HF_STR("in!/no-such");
	run(&tar);
	assert_string_equal(rig.text, "PROBLEM 3 in the place to go on from was not found again\n");
}

static void the_visitors_error_ends_the_walk(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0));

	(void)unused;
	walk_rig_init(&rig);
	rig.node_err = HF_ERR_IMAGE_FORMAT; /* one that readers use too */
	assert_int_equal(walk_rig_run(&rig, hf_out_bytes(&tar)), HF_ERR_IMAGE_FORMAT);
	assert_int_equal(rig.n_files, 1);
	rig.share.n = 0;
	assert_int_equal(walk_rig_run(&rig, hf_out_bytes(&tar)), HF_ERR_BASE_MISUSE);
}

static void squashfs_of_other_kinds_is_reported(void **unused)
{
	static uint8_t big_endian[96] = { 's', 'q', 's', 'h' }, old[96] = { 'h', 's', 'q', 's' };

	(void)unused;
	big_endian[29] = 4;
	old[28] = 3;
	walk_rig_init(&rig);
	assert_int_equal(walk_rig_run(&rig, HF_ARR(big_endian)), HF_OK);
	assert_true(
		walk_rig_has(&rig, "PROBLEM 2 in squashfs: only version 4 in little endian is supported"));
	assert_int_equal(walk_rig_run(&rig, HF_ARR(old)), HF_OK);
	assert_true(
		walk_rig_has(&rig, "PROBLEM 2 in squashfs: only version 4 in little endian is supported"));
	/* the codes behind these problems, and behind those of caps */
	assert_int_equal(hf_err_class(HF_ERR_IMAGE_KIND), HF_CLASS_REFUSED);
	assert_int_equal(hf_err_class(HF_ERR_IMAGE_CAP), HF_CLASS_LIMIT);
}

static void sources_give_what_they_hold_and_no_more(void **unused)
{
	struct hf_src src = hf_src_memory(HF_STR("abcdef")), part;
	struct hf_src_slice slice;
	uint8_t out[8];

	(void)unused;
	assert_int_equal(hf_src_read(&src, 2, out, 4), HF_OK);
	assert_memory_equal(out, "cdef", 4);
	assert_int_equal(hf_src_read(&src, 6, out, 0), HF_OK);
	assert_int_equal(hf_src_read(&src, 3, out, 4), HF_ERR_IMAGE_SHORT);
	assert_int_equal(hf_src_read(&src, UINT64_MAX, out, 2), HF_ERR_IMAGE_SHORT);
	assert_int_equal(hf_src_cut(&slice, &src, 4, 3, &part), HF_ERR_IMAGE_SHORT);
	assert_int_equal(hf_src_cut(&slice, &src, 1, 3, &part), HF_OK);
	assert_int_equal(hf_src_read(&part, 1, out, 3), HF_ERR_IMAGE_SHORT);
	assert_int_equal(hf_src_read(&part, 1, out, 2), HF_OK);
	assert_memory_equal(out, "cd", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_of_a_tar_is_given),
		cmocka_unit_test(a_source_that_is_not_in_memory_gives_the_same),
		cmocka_unit_test(a_layer_that_only_compresses_adds_no_element),
		cmocka_unit_test(compressed_data_are_a_file_named_after_their_own),
		cmocka_unit_test(an_initramfs_of_several_archives_is_read_to_its_end),
		cmocka_unit_test(names_that_climb_stay_inside),
		cmocka_unit_test(two_files_never_share_one_path),
		cmocka_unit_test(a_stream_that_is_cut_is_reported_and_its_part_given),
		cmocka_unit_test(a_tar_that_is_cut_is_reported),
		cmocka_unit_test(bytes_that_look_encrypted_are_reported),
		cmocka_unit_test(containers_inside_unknown_bytes_are_found),
		cmocka_unit_test(streams_belong_to_share_0),
		cmocka_unit_test(a_walk_goes_on_behind_the_file_that_killed_a_reader),
		cmocka_unit_test(the_visitors_error_ends_the_walk),
		cmocka_unit_test(squashfs_of_other_kinds_is_reported),
		cmocka_unit_test(sources_give_what_they_hold_and_no_more),
	};

	if (hf_walk_prepare() != HF_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
