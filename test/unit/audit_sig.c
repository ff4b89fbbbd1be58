/* Version signatures: every row of data/signatures.txt finds its version, and what looks like one is none.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hf/comp.h>

enum { LINES = 16, BINARY_LEN = 8192, TEXT_AT = 5000 };
struct rig {
	size_t n;
	char line[LINES][128];
	hf_bytes applets;
};

static hf_err put(void *ctx, const struct hf_fact *f)
{
	struct rig *r = ctx;
	const char *how = f->num[HF_VERSION_HOW] == HF_HOW_CONTAINS ? "" : " (header)";

	if (f->kind == HF_FACT_APPLETS)
		r->applets = f->text[HF_APPLETS_NAMES];
	if (f->kind != HF_FACT_VERSION)
		return HF_OK;
	assert_true(r->n < LINES);
	assert_int_equal(f->num[HF_VERSION_LEN], f->text[HF_VERSION_MATCH].len);
	(void)snprintf(r->line[r->n++], sizeof(r->line[0]), "%.*s %.*s%s", (int)f->text[0].len,
		       (const char *)f->text[0].ptr, (int)f->text[1].len, (const char *)f->text[1].ptr, how);
	return HF_OK;
}

static struct rig read_binary(const uint8_t *bytes, size_t len)
{
	struct rig r = { 0 };
	struct hf_comp *comp;
	struct hf_src src = { .size = len, .mem = bytes };
	struct hf_node node = { .path = HF_STR("fw!/x"), .name = HF_STR("/x"), .type = HF_NODE_FILE };
	struct hf_fact_sink sink = { &r, put };

	assert_int_equal(hf_comp_new(&comp), HF_OK);
	assert_int_equal(hf_comp_file(comp, &node, &src, &sink), HF_OK);
	hf_comp_free(comp);
	return r;
}

/* The text somewhere in bytes that are no text. */
static struct rig read_text(const char *text, size_t len)
{
	static uint8_t binary[BINARY_LEN];

	memset(binary, 0, sizeof(binary));
	for (size_t i = 0; i < sizeof(binary); i += 3)
		binary[i] = (uint8_t)(i * 7);
	binary[TEXT_AT - 1] = binary[TEXT_AT + len] = 0;
	memcpy(binary + TEXT_AT, text, len);
	return read_binary(binary, sizeof(binary));
}

static const char *const rows[][2] = {
	{ "avahi 0.8", "avahi 0.8" },
	{ "@(#)Bash version 5.2.15(1) release GNU", "bash 5.2.15" },
	{ "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3)", "busybox 1.35.0" },
	{ "1.0.8, 13-Jul-2019", "bzip2 1.0.8" },
	{ "libcurl/7.88.1", "curl 7.88.1" },
	{ "curl 8.4.0 (mips-openwrt-linux-gnu) ", "curl 8.4.0" },
	{ "LIBDBUS_PRIVATE_1.14.10", "dbus 1.14.10" },
	{ "dnsmasq-2.89", "dnsmasq 2.89" },
	{ "SSH-2.0-dropbear_2022.83", "dropbear 2022.83" },
	{ "expat_2.5.0", "expat 2.5.0" },
	{ "FreeRTOS Kernel V10.4.3", "freertos 10.4.3" },
	{ "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n", "glibc 2.36" },
	{ "Enabled GnuTLS 3.7.9 logging...", "gnutls 3.7.9" },
	{ "GoAhead/5.2.0", "goahead 5.2.0" },
	{ "hostapd v2.10\n", "hostapd 2.10" },
	{ "libcoap 4.3.1", "libcoap 4.3.1" },
	{ "libpcap version 1.10.3", "libpcap 1.10.3" },
	{ " libpng version 1.6.39 - November 20, 2022", "libpng 1.6.39" },
	{ "SSH-2.0-libssh_0.10.6", "libssh 0.10.6" },
	{ "SSH-2.0-libssh2_1.10.0", "libssh2 1.10.0" },
	{ "Linux/6.1, UPnP/1.0, Portable SDK for UPnP devices/1.14.15", "libupnp 1.14.15" },
	{ "lighttpd/1.4.69", "lighttpd 1.4.69" },
	{ "Linux version 6.1.0-18-armmp (debian@x) (gcc-12", "linux 6.1.0-18-armmp" },
	{ "$LuaVersion: Lua 5.4.4  Copyright (C) 1994-2022 Lua.org", "lua 5.4.4" },
	{ "$Lua: Lua 5.1.5 Copyright (C) 1994-2012", "lua 5.1.5" },
	{ "Mbed TLS 3.4.0", "mbedtls 3.4.0" },
	{ "mbed TLS 2.28.3", "mbedtls 2.28.3" },
	{ "*** Booting MCUboot v2.0.0 ***", "mcuboot 2.0.0" },
	{ "mini_httpd/1.30 26Oct2018", "mini_httpd 1.30" },
	{ "OpenWRT/1 UPnP/1.1 MiniUPnPd/2.3.1", "miniupnpd 2.3.1" },
	{ "nghttp2/1.52.0", "nghttp2 1.52.0" },
	{ "nginx/1.22.1", "nginx 1.22.1" },
	{ "ntpd 4.2.8p15@1.3728-o Wed", "ntp 4.2.8p15" },
	{ "$OpenLDAP: libldap 2.5.13+dfsg-5 (Feb  8 2023) $", "openldap 2.5.13+dfsg-5" },
	{ "OpenSSH_9.2p1 Debian-2+deb12u6", "openssh 9.2p1" },
	{ "OpenSSL 3.0.17 1 Jul 2025", "openssl 3.0.17 (header)" },
	{ "OpenVPN 2.6.3 arm-unknown-linux-gnueabihf", "openvpn 2.6.3" },
	{ "ProFTPD 1.3.8", "proftpd 1.3.8" },
	{ "SAMBA_4.17.12_DEBIAN_4.17.12_DFSG_0", "samba 4.17.12" },
	{ "strongSwan 5.9.8", "strongswan 5.9.8" },
	{ "U-Boot 2023.01+dfsg-2+deb12u1 (Oct 01 2024)", "u-boot 2023.01+dfsg-2+deb12u1" },
	{ "U-Boot SPL 2022.10-rc4 (Oct 01 2022)", "u-boot 2022.10-rc4" },
	{ "vsftpd: version 3.0.3\n", "vsftpd 3.0.3" },
	{ "-ffile-prefix-map=/build/wget-1.21.3=. -fstack", "wget 1.21.3" },
	{ "wolfSSL 5.5.4", "wolfssl 5.5.4" },
	{ "wpa_supplicant v2.10", "wpa_supplicant 2.10" },
	{ "*** Booting Zephyr OS build v3.4.0 ***", "zephyr 3.4.0" },
	{ "*** Booting Zephyr OS version 2.7.1 ***", "zephyr 2.7.1" },
	{ " inflate 1.2.13 Copyright 1995-2022 Mark Adler ", "zlib 1.2.13" },
	{ " deflate 1.2.11 Copyright 1995-2017 Jean-loup", "zlib 1.2.11" },
};

static void every_row_finds_its_version(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = read_text(rows[i][0], strlen(rows[i][0]));

		if (r.n != 1 || strcmp(r.line[0], rows[i][1]) != 0)
			print_message("%s: %zu, %s\n", rows[i][0], r.n, r.line[0]);
		assert_int_equal(r.n, 1);
		assert_string_equal(r.line[0], rows[i][1]);
	}
}

static void patterns_and_formats_are_no_versions(void **unused)
{
	static const char *const texts[] = {
		"OpenSSH_6.6.1*,OpenSSH_6.5*",
		"OpenSSH_2.5.0p1*,OpenSSH_2.5.1p1*",
		"OpenSSH_%s",
		"lighttpd/",
		"nginx/1",
		"BusyBox v%s (%s)",
		"OpenSSL is required",
		"Linux version %s (%s)",
		"dnsmasq-base",
		"OpenSSL 3 library",
		"hostapd vX.Y",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(read_text(texts[i], strlen(texts[i])).n, 0);
}

static void a_witness_tells_the_library_from_its_users(void **unused)
{
	static const char library[] = "OpenSSL 3.0.17 1 Jul 2025\0../crypto/evp/evp_enc.c";
	static const char user[] = "OpenSSL 3.0.17 1 Jul 2025\0crypto";
	struct rig r = read_text(library, sizeof(library));

	(void)unused;
	assert_int_equal(r.n, 1);
	assert_string_equal(r.line[0], "openssl 3.0.17");
	r = read_text(user, sizeof(user));
	assert_int_equal(r.n, 1);
	assert_string_equal(r.line[0], "openssl 3.0.17 (header)");
}

static void put_le(uint8_t *p, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* An ELF of 64 bits with one loaded segment; what lies behind it is only debug information and comments. */
static void only_loaded_segments_count(void **unused)
{
	static uint8_t elf[4096];
	struct rig r;

	(void)unused;
	memcpy(elf, "\177ELF\2\1\1", 7);
	put_le(elf + 32, 8, 64);
	put_le(elf + 54, 2, 56);
	put_le(elf + 56, 2, 1);
	put_le(elf + 64, 4, 1);
	put_le(elf + 64 + 8, 8, 0);
	put_le(elf + 64 + 32, 8, 1024);
	memcpy(elf + 512, "nginx/1.22.1", 13);
	memcpy(elf + 2048, "nginx/1.18.0", 13);
	r = read_binary(elf, sizeof(elf));
	assert_int_equal(r.n, 1);
	assert_string_equal(r.line[0], "nginx 1.22.1");
	put_le(elf + 64 + 8, 8, UINT64_MAX - 5); /* a liar: searched whole */
	assert_int_equal(read_binary(elf, sizeof(elf)).n, 2);
	put_le(elf + 32, 8, UINT64_MAX - 5);
	assert_int_equal(read_binary(elf, sizeof(elf)).n, 2);
}

static void busybox_shows_its_applets(void **unused)
{
	static const char with[] =
		"BusyBox v1.35.0 (x)\0zz\0[\0[[\0ar\0ash\0awk\0busybox\0cat\0cp\0date\0echo\0\1\2";
	struct rig r = read_text(with, sizeof(with));

	(void)unused;
	assert_int_equal(r.n, 1);
	assert_int_equal(r.applets.len, sizeof("[\0[[\0ar\0ash\0awk\0busybox\0cat\0cp\0date\0echo"));
	assert_int_equal(r.applets.ptr[0], '[');
	assert_true(hf_comp_known_cpe(HF_STR("busybox")).len > 0);
	assert_int_equal(hf_comp_known_cpe(HF_STR("nobody")).len, 0);
}

static void texts_are_not_searched(void **unused)
{
	static const char page[] =
		"This manual describes nginx/1.22.1 and OpenSSH_9.2p1 in words, without any zero "
		"byte, and is long enough to be looked at.\n";

	(void)unused;
	assert_int_equal(read_binary((const uint8_t *)page, sizeof(page) - 1).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_finds_its_version),
		cmocka_unit_test(patterns_and_formats_are_no_versions),
		cmocka_unit_test(a_witness_tells_the_library_from_its_users),
		cmocka_unit_test(only_loaded_segments_count),
		cmocka_unit_test(busybox_shows_its_applets),
		cmocka_unit_test(texts_are_not_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
