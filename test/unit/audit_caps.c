/* Each cap of a walk: what it stops, and that it is reported.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "walk_rig.h"

static struct walk_rig rig;
static uint8_t mem[2][1 << 20];

#define OUT(i) ((struct hf_out){ mem[i], sizeof(mem[i]), 0 })

static void run(const struct hf_out *image)
{
	assert_int_equal(walk_rig_run(&rig, hf_out_bytes(image)), HF_OK);
}

static struct hf_out nested(unsigned layers)
{
	struct hf_out in = OUT(0), out = OUT(1);

	put_gzip(&in, HF_STR("core"));
	for (unsigned i = 1; i < layers; i++) {
		out = i % 2 == 1 ? OUT(1) : OUT(0);
		put_gzip(&out, hf_out_bytes(&in));
		in = out;
	}
	return in;
}

static void ten_layers_are_opened_and_the_eleventh_is_reported(void **unused)
{
	struct hf_out ten = nested(10);

	(void)unused;
	walk_rig_init(&rig);
	run(&ten);
	assert_true(walk_rig_has(&rig, "F in!/content 4"));
	assert_null(strstr(rig.text, "PROBLEM"));
	ten = nested(11);
	run(&ten);
	assert_false(walk_rig_has(&rig, "F in!/content 4"));
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in depth cap: a container inside is not opened"));
}

static void a_bomb_is_stopped_by_its_ratio(void **unused)
{
	static uint8_t zeros[80 << 20];
	struct hf_out gz = OUT(1);

	(void)unused;
	put_gzip(&gz, HF_ARR(zeros));
	walk_rig_init(&rig);
	run(&gz);
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in ratio cap: content is too large for its container"));
}

static void each_cap_is_reported_and_nothing_is_silent(void **unused)
{
	struct hf_out tar = put_small_tar(OUT(0));

	(void)unused;
	walk_rig_init(&rig);
	rig.caps.files = 2;
	run(&tar);
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in file cap of the whole scan"));
	walk_rig_init(&rig);
	rig.caps.bytes = 11;
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/etc/passwd 10"));
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in byte cap of the whole scan"));
	walk_rig_init(&rig);
	rig.caps.file_bytes = 9;
	run(&tar);
	assert_true(walk_rig_has(&rig, "F in!/etc/passwd 10 -"));
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in!/etc/passwd file is larger than the cap"));
	assert_true(walk_rig_has(&rig, "F in!/bin/sh 2"));
	walk_rig_init(&rig);
	rig.step = 200;
	run(&tar);
	assert_non_null(strstr(rig.text, "PROBLEM 1 in time cap"));
}

static void a_path_that_is_too_long_is_reported(void **unused)
{
	static char name[5000];
	struct hf_out cpio = OUT(0);

	(void)unused;
	memset(name, 'n', sizeof(name) - 1);
	put_cpio(&cpio, name, 0100644, HF_STR("x"));
	put_cpio(&cpio, "fine", 0100644, HF_STR("x"));
	put_cpio(&cpio, "TRAILER!!!", 0, HF_STR(""));
	walk_rig_init(&rig);
	run(&cpio);
	assert_true(walk_rig_has(&rig, "PROBLEM 1 in a path inside is too long"));
	assert_true(walk_rig_has(&rig, "F in!/fine 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_layers_are_opened_and_the_eleventh_is_reported),
		cmocka_unit_test(a_bomb_is_stopped_by_its_ratio),
		cmocka_unit_test(each_cap_is_reported_and_nothing_is_silent),
		cmocka_unit_test(a_path_that_is_too_long_is_reported),
	};

	if (hf_walk_prepare() != HF_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
