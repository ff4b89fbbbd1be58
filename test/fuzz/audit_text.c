/* The first byte chooses the name of a configuration; the rest is its text: accounts, units, scripts,
 * settings.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "scan_sink.h"

static const char *const names[] = {
	"/etc/passwd",
	"/etc/shadow",
	"/www/.htpasswd",
	"/etc/inittab",
	"/etc/inetd.conf",
	"/etc/xinetd.d/telnet",
	"/etc/init.d/S50x",
	"/etc/rc.local",
	"/etc/systemd/system/x.service",
	"/etc/systemd/system/x.socket",
	"/etc/udev/rules.d/1.rules",
	"/etc/crontab",
	"/etc/cron.daily/x",
	"/etc/rauc/system.conf",
	"/etc/swupdate.cfg",
	"/etc/mender/mender.conf",
	"/etc/opkg.conf",
	"/etc/apt/sources.list",
	"/etc/wpa_supplicant.conf",
	"/etc/ssh/sshd_config",
	"/etc/miniupnpd.conf",
	"/etc/fstab",
	"/boot/extlinux/extlinux.conf",
	"/boot/config-6.1",
	"/fw.hex",
	("/ro"
	 "ot/.ssh/authorized_keys"),
	"/etc/httpd.conf",
	"/uEnv.txt",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		scan_sink_run(names[data[0] % (sizeof(names) / sizeof(names[0]))],
			      (hf_bytes){ data + 1, size - 1 }, true, 1);
	return 0;
}
