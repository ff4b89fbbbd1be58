/* Configurations of updaters, boot loaders, kernels and servers; device trees, MCU images.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scan_rig.h"
#include <holdfast/base.h>

static struct scan_rig *r;

static unsigned state(unsigned subject, const char *name)
{
	const struct hf_fact *f = scan_rig_setting(r, subject, name);

	return f == NULL ? 99 : (unsigned)f->num[HF_SETTING_STATE];
}

static void updaters_tell_whether_they_want_signatures(void **unused)
{
	static const struct {
		const char *path, *name, *good, *bad;
	} cases[] = {
		{ "/etc/rauc/system.conf", "rauc", "[system]\ncompatible=x\n[keyring]\npath=/etc/ca.pem\n",
		  "[system]\ncompatible=x\n#[keyring]\n#path=/x\n" },
		{ "/etc/swupdate.cfg", "swupdate", "globals: {\n\tpublic-key-file = \"/etc/k.pem\";\n};\n",
		  "globals: {\n\tverbose = true;\n};\n" },
		{ "/etc/swupdate/conf.d/10-args", "swupdate", "SWUPDATE_ARGS=\"-k /etc/k.pem\"\n",
		  "SWUPDATE_ARGS=\"-v\"\n" },
		{ "/etc/mender/mender.conf", "mender", "{\"ArtifactVerifyKeys\": [\"/k\"]}",
		  "{\"ServerURL\": \"https://x\"}" },
		{ "/etc/opkg.conf", "opkg", "option check_signature 1\n", "option check_signature 0\n" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scan_rig_text(r, cases[i].path, cases[i].good);
		assert_int_equal(state(HF_SUBJECT_UPDSIGN, cases[i].name), HF_STATE_YES);
		scan_rig_text(r, cases[i].path, cases[i].bad);
		assert_int_equal(state(HF_SUBJECT_UPDSIGN, cases[i].name), HF_STATE_NO);
	}
}

static void apt_is_named_only_when_it_trusts_blindly(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_SETTING), 0);
	scan_rig_text(r, "/etc/apt/sources.list", "deb [trusted=yes] http://x/y ./\n");
	assert_int_equal(state(HF_SUBJECT_UPDSIGN, "apt"), HF_STATE_NO);
	assert_int_equal(state(HF_SUBJECT_UPDURL, "apt"), HF_STATE_NO);
}

static void a_damaged_mender_configuration_is_unknown(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/mender/mender.conf", "{\"ArtifactVerifyKey\": ");
	assert_int_equal(state(HF_SUBJECT_UPDSIGN, "mender"), HF_STATE_UNKNOWN);
}

static void secrets_are_redacted_and_placeholders_left(void **unused)
{
	const struct hf_fact *hit;

	(void)unused;
	scan_rig_text(r, "/etc/wpa_supplicant.conf",
		      "network={\n\tssid=\"x\"\n\tpsk=\"correcthorsebattery\"\n}\n");
	hit = scan_rig_hit(r, HF_HITC_SECRET);
	assert_non_null(hit);
	assert_true(hit->text[HF_HIT_EVIDENCE].len == 22);
	assert_int_equal(memcmp(hit->text[HF_HIT_EVIDENCE].ptr, "corr...sha256:", 14), 0);
	scan_rig_text(r, "/etc/app.conf", "url = https://bot:s3cret-word@example.com/\n");
	assert_non_null(scan_rig_hit(r, HF_HITC_SECRET));
	scan_rig_text(r, "/etc/app.conf",
		      "#url = https://a:s3cret-word@x/\nurl=https://a:$PASSWORD@x/ http://a:password@h/\n");
	assert_null(scan_rig_hit(r, HF_HITC_SECRET));
	scan_rig_text(r, "/usr/share/doc/x.txt", "url = https://bot:s3cret-word@example.com/\n");
	assert_null(scan_rig_hit(r, HF_HITC_SECRET));
}

static void u_boot_environments_name_their_delay(void **unused)
{
	(void)unused;
	scan_rig_bytes(r, "/env.bin",
		       HF_STR("\1\2\3\4\1bootdelay=2\0bootargs=console=ttyS0 init=/bin/sh\0\0\xff\xff"));
	assert_true(
		scan_rig_is(scan_rig_setting(r, HF_SUBJECT_UBOOT, "bootdelay")->text[HF_SETTING_VALUE], "2"));
	assert_non_null(scan_rig_setting(r, HF_SUBJECT_CMDLINE, "bootargs"));
	/* A page that talks of it, and a value that is none. */
	scan_rig_text(r, "/usr/share/doc/x", "set bootdelay=2 in U-Boot\n");
	assert_null(scan_rig_setting(r, HF_SUBJECT_UBOOT, NULL));
	scan_rig_bytes(r, "/env.bin", HF_STR("\1\2\3\4\1bootdelay=%d\0\xff"));
	assert_null(scan_rig_setting(r, HF_SUBJECT_UBOOT, NULL));
}

static void kernel_configurations_are_read_by_their_heading(void **unused)
{
	char text[1200] = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/arm 4.19.1 Kernel "
			  "Configuration\n#\n"
			  "CONFIG_MODULES=y\n# CONFIG_KGDB is not set\nCONFIG_KGDB_LOW_LEVEL_TRAP=y\n";

	(void)unused;
	while (strlen(text) < 700)
		strcat(text, "CONFIG_SOMETHING_ELSE=y\n");
	scan_rig_text(r, "/ikconfig", text);
	assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_KERNEL, 0)->text[HF_KERNEL_VERSION], "4.19.1"));
	assert_true(
		scan_rig_is(scan_rig_setting(r, HF_SUBJECT_KCONFIG, "MODULES")->text[HF_SETTING_VALUE], "y"));
	assert_true(
		scan_rig_is(scan_rig_setting(r, HF_SUBJECT_KCONFIG, "KGDB")->text[HF_SETTING_VALUE], "n"));
	assert_true(
		scan_rig_is(scan_rig_setting(r, HF_SUBJECT_KCONFIG, "DEBUG_FS")->text[HF_SETTING_VALUE], ""));
}

static size_t put32(uint8_t *p, uint32_t v)
{
	hf_put_be32(p, v);
	return 4;
}

static size_t node(uint8_t *p, const char *name)
{
	size_t n = put32(p, 1), len = strlen(name) + 1;

	memcpy(p + n, name, len);
	return n + ((len + 3) & ~(size_t)3);
}

/* A FIT with one image and one configuration, each signed or not. */
static hf_bytes make_fit(uint8_t room[static 512], bool image, bool configuration)
{
	size_t n = 56, begin = n;

	memset(room, 0, 512);
	n += node(room + n, "");
	n += node(room + n, "images");
	n += node(room + n, "kernel-1");
	if (image)
		n += node(room + n, "signature-1"), n += put32(room + n, 2);
	n += put32(room + n, 2);
	n += put32(room + n, 2);
	n += node(room + n, "configurations");
	n += node(room + n, "conf-1");
	if (configuration)
		n += node(room + n, "signature-1"), n += put32(room + n, 2);
	for (int i = 0; i < 3; i++)
		n += put32(room + n, 2);
	n += put32(room + n, 9);
	put32(room, 0xd00dfeedu);
	put32(room + 4, (uint32_t)n + 4);
	put32(room + 8, (uint32_t)begin);
	put32(room + 12, (uint32_t)n);
	put32(room + 32, 4);
	put32(room + 36, (uint32_t)(n - begin));
	return (hf_bytes){ room, n + 4 };
}

static void a_fit_needs_signed_configurations(void **unused)
{
	uint8_t room[512];

	(void)unused;
	scan_rig_bytes(r, "/fw.itb", make_fit(room, false, true));
	assert_int_equal(state(HF_SUBJECT_UPDSIGN, "fit"), HF_STATE_YES);
	scan_rig_bytes(r, "/fw.itb", make_fit(room, true, false)); /* mix and match */
	assert_int_equal(state(HF_SUBJECT_UPDSIGN, "fit"), HF_STATE_NO);
	hf_put_be32(room + 56 + 8, 77); /* no such token */
	scan_rig_bytes(r, "/fw.itb", make_fit(room, true, true));
	make_fit(room, true, true);
	hf_put_be32(room + 120, 77);
	scan_rig_bytes(r, "/fw.itb", (hf_bytes){ room, 240 });
	assert_int_equal(state(HF_SUBJECT_UPDSIGN, "fit"), HF_STATE_UNKNOWN);
}

static void put_le(uint8_t *p, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Header, eight bytes of program, one area with a signature or without. */
static hf_bytes make_mcuboot(uint8_t room[static 256], bool signature)
{
	memset(room, 0, 256);
	put_le(room, 0x96f3b83d, 4);
	put_le(room + 8, 32, 2);
	put_le(room + 12, 8, 4);
	put_le(room + 40, 0x6907, 2);
	put_le(room + 42, signature ? 4 + 4 + 64 : 4 + 4 + 32, 2);
	put_le(room + 44, signature ? 0x22 : 0x10, 2);
	put_le(room + 46, signature ? 64 : 32, 2);
	return (hf_bytes){ room, 200 };
}

static void mcu_images_show_their_signature(void **unused)
{
	uint8_t room[256] = { 0 };

	(void)unused;
	scan_rig_bytes(r, "/app.bin", make_mcuboot(room, true));
	assert_int_equal(state(HF_SUBJECT_MCUSIGN, "mcuboot"), HF_STATE_YES);
	scan_rig_bytes(r, "/app.bin", make_mcuboot(room, false));
	assert_int_equal(state(HF_SUBJECT_MCUSIGN, "mcuboot"), HF_STATE_NO);
	memset(room, 0, sizeof(room));
	put_le(room, 0x20010000, 4);
	put_le(room + 4, 0x08000101, 4);
	put_le(room + 8, 0x08000201, 4);
	put_le(room + 12, 0x08000301, 4);
	scan_rig_bytes(r, "/bare.bin", (hf_bytes){ room, 200 });
	assert_int_equal(state(HF_SUBJECT_MCUSIGN, "bare"), HF_STATE_NO);
	assert_int_equal(scan_rig_at(r, HF_FACT_FILE, 0)->num[HF_FILE_KIND], HF_KIND_MCU);
}

static void intel_hex_is_turned_into_bytes(void **unused)
{
	(void)unused;
	/* Eight bytes of header, then 24 zero bytes: too short for a header of 32 when cut. */
	scan_rig_text(r, "/a.hex",
		      ":100000003DB8F3960000000020000000080000004A\n:10001000000000000000000000000000000000"
		      "00E0\n:00000001FF\n");
	assert_int_equal(state(HF_SUBJECT_MCUSIGN, "mcuboot"), HF_STATE_NO);
	scan_rig_text(r, "/a.hex", ":100000003DB8F3960000000020000000080000004B\n:00000001FF\n"); /* sum */
	assert_null(scan_rig_setting(r, HF_SUBJECT_MCUSIGN, NULL));
	scan_rig_text(r, "/a.hex", ":100000003DB8F3960000000020000000080000004A\n"); /* no end */
	assert_null(scan_rig_setting(r, HF_SUBJECT_MCUSIGN, NULL));
}

static void mounts_upnp_and_listeners(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/fstab",
		      "tmpfs /tmp tmpfs rw,noexec,nosuid 0 0\ntmpfs /run tmpfs defaults 0 0\n");
	assert_int_equal(state(HF_SUBJECT_MOUNT, "/tmp"), HF_STATE_YES);
	assert_int_equal(state(HF_SUBJECT_MOUNT, "/run"), HF_STATE_NO);
	scan_rig_text(r, "/etc/miniupnpd.conf", "secure_mode=no\n");
	assert_int_equal(state(HF_SUBJECT_UPNP, NULL), HF_STATE_NO);
	scan_rig_text(r, "/etc/miniupnpd.conf", "#secure_mode=yes\n");
	assert_int_equal(state(HF_SUBJECT_UPNP, NULL), HF_STATE_UNKNOWN);
	scan_rig_text(r, "/etc/mosquitto/mosquitto.conf",
		      "listener 1883 127.0.0.1\n#listener 1\nport 1884\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_LISTENER), 2);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(updaters_tell_whether_they_want_signatures),
		T(apt_is_named_only_when_it_trusts_blindly),
		T(a_damaged_mender_configuration_is_unknown),
		T(secrets_are_redacted_and_placeholders_left),
		T(u_boot_environments_name_their_delay),
		T(kernel_configurations_are_read_by_their_heading),
		T(a_fit_needs_signed_configurations),
		T(mcu_images_show_their_signature),
		T(intel_hex_is_turned_into_bytes),
		T(mounts_upnp_and_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
