/* The automaton: what stands alone, what is disguised, what crosses windows; and who it must not alarm.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scan_rig.h"
#include <stdlib.h>
#include <holdfast/crypto.h>

static struct scan_rig *r;

static void digests_and_sizes_are_those_of_the_content(void **unused)
{
	static const uint8_t abc256[] = { 0xba, 0x78, 0x16, 0xbf };
	static const uint8_t abc512[] = { 0xdd, 0xaf, 0x35, 0xa1 };
	const struct hf_fact *f;

	(void)unused;
	scan_rig_text(r, "/a", "abc");
	f = scan_rig_at(r, HF_FACT_FILE, 0);
	assert_int_equal(f->text[HF_FILE_SHA256].len, 32);
	assert_int_equal(f->text[HF_FILE_SHA512].len, 64);
	assert_memory_equal(f->text[HF_FILE_SHA256].ptr, abc256, 4);
	assert_memory_equal(f->text[HF_FILE_SHA512].ptr, abc512, 4);
	assert_int_equal(f->num[HF_FILE_KIND], HF_KIND_TEXT);
}

static void a_literal_is_found_at_every_place_of_a_window(void **unused)
{
	enum { SIZE = 200000 };
	static const size_t places[] = { 1, 65530, 65536, 131071, SIZE - 20 };
	uint8_t *content = malloc(SIZE);

	(void)unused;
	assert_non_null(content);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		memset(content, 0, SIZE);
		memcpy(content + places[i], "listening tun0", 14);
		scan_rig_bytes(r, "/x", (hf_bytes){ content, SIZE });
		assert_non_null(scan_rig_hit(r, HF_HITC_BOT));
		assert_int_equal(scan_rig_hit(r, HF_HITC_BOT)->num[HF_HIT_OFFSET], places[i]);
		scan_rig_read(r, "/x", (hf_bytes){ content, SIZE });
		assert_int_equal(scan_rig_hit(r, HF_HITC_BOT)->num[HF_HIT_OFFSET], places[i]);
	}
	free(content);
}

static void disguised_tables_are_found(void **unused)
{
	char table[] = "\0xc3511\0vizxv\0admin\0";

	(void)unused;
	for (size_t i = 0; i + 1 < sizeof(table); i++)
		if (table[i] != 0)
			table[i] ^= 0x22;
	scan_rig_bytes(r, "/x", (hf_bytes){ (const uint8_t *)table, sizeof(table) - 1 });
	assert_int_equal(scan_rig_n(r, HF_FACT_HIT), 3);
	assert_int_equal(scan_rig_at(r, HF_FACT_HIT, 0)->num[HF_HIT_CLASS], HF_HITC_BOTXOR);
}

static void what_must_stand_alone_does(void **unused)
{
	(void)unused;
	scan_rig_bytes(r, "/x", HF_STR("\177ELF\0/dev/watchdog\0"));
	assert_non_null(scan_rig_hit(r, HF_HITC_WATCHDOG));
	scan_rig_bytes(r, "/x", HF_STR("\177ELF\0/dev/watchdog0\0"));
	assert_null(scan_rig_hit(r, HF_HITC_WATCHDOG));
	scan_rig_bytes(r, "/x", HF_STR("\177ELF\0a/dev/watchdog\0"));
	assert_null(scan_rig_hit(r, HF_HITC_WATCHDOG));
}

static void pages_of_text_are_no_bots(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/usr/share/doc/bots.txt",
		      "Mirai prints listening tun0; our marker is hf-tamper"
		      "-sim\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_HIT), 0);
	scan_rig_text(r, "/usr/bin/x",
		      "#!/bin/sh\necho hf-tamper"
		      "-sim\n");
	assert_non_null(scan_rig_hit(r, HF_HITC_BACKDOOR));
}

static void kernels_and_boot_loaders_are_told_by_their_banner(void **unused)
{
	(void)unused;
	scan_rig_bytes(r, "/vmlinux.bin", HF_STR("\1\2Linux version 5.4.1-acme (u@h) (gcc 9) #1 SMP\n\0"));
	assert_int_equal(scan_rig_at(r, HF_FACT_FILE, 0)->num[HF_FILE_KIND], HF_KIND_KERNEL);
	assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_KERNEL, 0)->text[HF_KERNEL_VERSION], "5.4.1-acme"));
	scan_rig_bytes(r, "/tool", HF_STR("\177ELF\1Linux version %s\0Linux version 2.6 or later\0"));
	assert_int_equal(scan_rig_n(r, HF_FACT_KERNEL), 0);
	scan_rig_bytes(r, "/u-boot.bin", HF_STR("\1\2U-Boot 2023.04 (Jan 01 2024 - 00:00:00)\0"));
	assert_int_equal(scan_rig_at(r, HF_FACT_FILE, 0)->num[HF_FILE_KIND], HF_KIND_BOOTLOADER);
}

static void hosts_are_named_only_when_asked_and_public(void **unused)
{
	const struct hf_scan_opts opts = { .hosts = true };
	const hf_bytes program =
		HF_STR("\177ELF\0http://203.0.114.7/x\0http://192.168.1.1/\0https://a.example/\0");

	(void)unused;
	scan_rig_bytes(r, "/x", program);
	assert_null(scan_rig_hit(r, HF_HITC_HOST));
	scan_rig_free(r);
	r = scan_rig_with(&opts);
	scan_rig_bytes(r, "/x", program);
	assert_int_equal(scan_rig_n(r, HF_FACT_HIT), 1);
	assert_true(scan_rig_is(scan_rig_hit(r, HF_HITC_HOST)->text[HF_HIT_EVIDENCE], "203.0.114.7"));
}

static void build_traces_are_shown_once(void **unused)
{
	(void)unused;
	scan_rig_bytes(r, "/x", HF_STR("\177ELF\0Jan  1 2024\0Feb 30 2024\0/builds/p/src/a.c\0"));
	assert_int_equal(scan_rig_n(r, HF_FACT_HIT), 2);
	assert_true(scan_rig_is(scan_rig_hit(r, HF_HITC_DATE)->text[HF_HIT_EVIDENCE], "Jan  1 2024"));
	assert_true(
		scan_rig_is(scan_rig_hit(r, HF_HITC_BUILDPATH)->text[HF_HIT_EVIDENCE], "/builds/p/src/a.c"));
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(digests_and_sizes_are_those_of_the_content),
		T(a_literal_is_found_at_every_place_of_a_window),
		T(disguised_tables_are_found),
		T(what_must_stand_alone_does),
		T(pages_of_text_are_no_bots),
		T(kernels_and_boot_loaders_are_told_by_their_banner),
		T(hosts_are_named_only_when_asked_and_public),
		T(build_traces_are_shown_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
