/* Each check of SVC and DBG: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"

#define SERVICE(source, flags, name, unit) \
	{ \
		HF_FACT_SERVICE, "fw!/etc/" unit, { source, flags, 0, 9 }, \
		{ \
			name, name " -x", unit \
		} \
	}
#define WANTS(unit) \
	{ \
		HF_FACT_SERVICE, "fw!/etc/wants/" unit, { HF_SOURCE_WANTS }, \
		{ \
			unit, unit, unit \
		} \
	}
#define SETTING(subject, state, name, value) \
	{ \
		HF_FACT_SETTING, "fw!/etc/conf", { subject, state, 0, 9 }, \
		{ \
			name, value \
		} \
	}

static void svc_001_is_about_started_clear_text(void **unused)
{
	const unsigned shipped = HF_SERVICEF_CLEAR | HF_SERVICEF_TEMPLATE;

	(void)unused;
	check_says("SVC-001", GIVEN(SERVICE(HF_SOURCE_INITTAB, HF_SERVICEF_CLEAR, "telnetd", "inittab")),
		   FINDS);
	check_says(
		"SVC-001",
		GIVEN(SERVICE(HF_SOURCE_UNIT, shipped, "telnetd", "telnet@.service"), WANTS("telnet.socket")),
		FINDS);
	check_says(
		"SVC-001",
		GIVEN(SERVICE(HF_SOURCE_UNIT, shipped, "telnetd", "telnet@.service"), WANTS("ssh.service")),
		PASSES);
	check_says("SVC-001",
		   GIVEN(SERVICE(HF_SOURCE_INETD, HF_SERVICEF_CLEAR | HF_SERVICEF_DISABLED, "telnetd",
				 "telnet")),
		   PASSES);
	check_says("SVC-001", GIVEN(SERVICE(HF_SOURCE_UNIT, shipped, "telnetd", "telnet@.service")), UNKNOWN);
}

static void svc_002_is_about_the_list_of_services(void **unused)
{
	(void)unused;
	check_says_under("[allow]\nservices = [\"sshd\"]\n", "SVC-002",
			 GIVEN(SERVICE(HF_SOURCE_RC, 0, "httpd", "S50httpd")), FINDS);
	check_says_under("[allow]\nservices = [\"sshd\"]\n", "SVC-002",
			 GIVEN(SERVICE(HF_SOURCE_RC, 0, "sshd", "S50sshd")), PASSES);
	check_says("SVC-002", GIVEN(SERVICE(HF_SOURCE_RC, 0, "httpd", "S50httpd")), UNKNOWN);
}

static void svc_003_is_about_upnp(void **unused)
{
	(void)unused;
	check_says("SVC-003", GIVEN(SETTING(HF_SUBJECT_UPNP, HF_STATE_NO, "secure_mode", "")), FINDS);
	check_says("SVC-003", GIVEN(SETTING(HF_SUBJECT_UPNP, HF_STATE_YES, "secure_mode", "")), PASSES);
	check_says("SVC-003", GIVEN(SETTING(HF_SUBJECT_UPNP, HF_STATE_UNKNOWN, "secure_mode", "")), UNKNOWN);
}

static void svc_004_is_about_listeners(void **unused)
{
#define LISTENER(flags, address) \
	{ HF_FACT_LISTENER, "fw!/etc/conf", { 8080, flags, 0, 9 }, { address, "app", "listen " address } }
	(void)unused;
	check_says("SVC-004", GIVEN(LISTENER(HF_LISTENERF_ALL, "0.0.0.0:8080")), FINDS);
	check_says("SVC-004", GIVEN(LISTENER(0, "127.0.0.1:8080")), PASSES);
	check_says_under("[allow]\nlisteners = [\"app:8080\"]\n", "SVC-004",
			 GIVEN(LISTENER(HF_LISTENERF_ALL, "0.0.0.0:8080")), PASSES);
	check_says("SVC-004", GIVEN(LISTENER(0, "$ADDRESS")), UNKNOWN);
}

static void svc_005_is_about_fetch_and_run(void **unused)
{
	(void)unused;
	check_says("SVC-005", GIVEN(SERVICE(HF_SOURCE_CRON, HF_SERVICEF_FETCHRUN, "curl", "crontab")), FINDS);
	check_says("SVC-005", GIVEN(SERVICE(HF_SOURCE_CRON, 0, "logrotate", "crontab")), PASSES);
	check_says("SVC-005",
		   GIVEN(SERVICE(HF_SOURCE_UNIT, HF_SERVICEF_FETCHRUN | HF_SERVICEF_TEMPLATE, "sh",
				 "f.service")),
		   UNKNOWN);
}

static void dbg_001_is_about_tools(void **unused)
{
	(void)unused;
	check_says("DBG-001",
		   GIVEN({ HF_FACT_FILE, "fw!/usr/bin/gdb", FILE_(0755, 0, 0, HF_KIND_ELF),
			   TREE_("fw", "/usr/bin/gdb") }),
		   FINDS);
	check_says("DBG-001",
		   GIVEN({ HF_FACT_FILE, "fw!/usr/bin/ld", FILE_(0644, 0, 0, HF_KIND_TEXT),
			   TREE_("fw", "/usr/bin/ld") }),
		   PASSES);
	check_says("DBG-001",
		   GIVEN({ HF_FACT_FILE, "fw!/usr/bin/gdb", FILE_(0755, 0, 0, 0),
			   UNREAD_("fw", "/usr/bin/gdb") }),
		   UNKNOWN);
}

static void dbg_002_is_about_open_shells(void **unused)
{
	(void)unused;
	check_says("DBG-002", GIVEN(SERVICE(HF_SOURCE_INITTAB, HF_SERVICEF_SHELL, "sh", "ttyS0")), FINDS);
	check_says("DBG-002", GIVEN(SERVICE(HF_SOURCE_INITTAB, 0, "getty", "ttyS0")), PASSES);
	check_says("DBG-002", GIVEN(SETTING(HF_SUBJECT_CMDLINE, 0, "cmdline", "quiet init=/bin/sh")), FINDS);
	check_says("DBG-002",
		   GIVEN(SERVICE(HF_SOURCE_UNIT, HF_SERVICEF_SHELL | HF_SERVICEF_TEMPLATE, "sh",
				 "debug-shell.service")),
		   UNKNOWN);
}

static void dbg_003_is_about_the_boot_delay(void **unused)
{
	(void)unused;
	check_says("DBG-003", GIVEN(SETTING(HF_SUBJECT_UBOOT, 0, "bootdelay", "2")), FINDS);
	check_says("DBG-003", GIVEN(SETTING(HF_SUBJECT_UBOOT, 0, "bootdelay", "-2")), PASSES);
	check_says("DBG-003",
		   GIVEN(SETTING(HF_SUBJECT_UBOOT, 0, "bootdelay", "2"),
			 SETTING(HF_SUBJECT_UBOOT, HF_STATE_YES, "bootstopkey", "")),
		   PASSES);
	check_says("DBG-003",
		   GIVEN({ HF_FACT_FILE, "u-boot.bin", FILE_(0644, 0, 0, HF_KIND_BOOTLOADER),
			   TREE_("", "u-boot.bin") }),
		   UNKNOWN);
}

static void dbg_004_is_about_debug_kernels(void **unused)
{
	(void)unused;
	check_says("DBG-004", GIVEN(SETTING(HF_SUBJECT_KCONFIG, 0, "KGDB", "y")), FINDS);
	check_says("DBG-004", GIVEN(SETTING(HF_SUBJECT_KCONFIG, 0, "KGDB", "n")), PASSES);
	check_says("DBG-004", GIVEN(SETTING(HF_SUBJECT_CMDLINE, 0, "cmdline", "mitigations=off")), FINDS);
	check_says("DBG-004", GIVEN(SETTING(HF_SUBJECT_CMDLINE, 0, "bootargs", "console=${console}")),
		   UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(svc_001_is_about_started_clear_text),
		cmocka_unit_test(svc_002_is_about_the_list_of_services),
		cmocka_unit_test(svc_003_is_about_upnp),
		cmocka_unit_test(svc_004_is_about_listeners),
		cmocka_unit_test(svc_005_is_about_fetch_and_run),
		cmocka_unit_test(dbg_001_is_about_tools),
		cmocka_unit_test(dbg_002_is_about_open_shells),
		cmocka_unit_test(dbg_003_is_about_the_boot_delay),
		cmocka_unit_test(dbg_004_is_about_debug_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
