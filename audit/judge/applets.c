/* Faults of BusyBox that lie in named applets only, from the published descriptions. Every applet that
 * reaches the faulty code is listed: one too many costs a proof, one too few would hide a fault.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>
#include "applets.h"

enum { APPLETS_MAX = 8 };

static const struct {
	const char *cve;
	const char *applet[APPLETS_MAX];
} table[] = {
	{ "CVE-2011-2716", { "udhcpc", "udhcpc6" } },
	{ "CVE-2014-9645", { "modprobe", "insmod", "depmod", "rmmod" } },
	{ "CVE-2015-9261", { "unzip" } },
	{ "CVE-2016-2147", { "udhcpc", "udhcpd", "udhcpc6" } },
	{ "CVE-2016-2148", { "udhcpc", "udhcpd", "udhcpc6" } },
	{ "CVE-2016-6301", { "ntpd" } },
	{ "CVE-2017-15873", { "bunzip2", "bzcat", "bzip2", "tar", "dpkg", "rpm", "rpm2cpio" } },
	{ "CVE-2017-15874", { "unlzma", "lzcat", "lzma", "tar", "dpkg", "rpm", "rpm2cpio" } },
	{ "CVE-2018-20679", { "udhcpc", "udhcpd", "dhcprelay", "udhcpc6" } },
	{ "CVE-2019-5747", { "udhcpc", "udhcpd", "dhcprelay", "udhcpc6" } },
	{ "CVE-2018-1000500", { "wget" } },
	{ "CVE-2018-1000517", { "wget" } },
	{ "CVE-2021-42373", { "man" } },
	{ "CVE-2021-42375", { "ash", "sh", "bash" } },
	{ "CVE-2021-42376", { "hush", "sh", "bash" } },
	{ "CVE-2021-42377", { "hush", "sh", "bash" } },
	{ "CVE-2021-42378", { "awk" } },
	{ "CVE-2021-42379", { "awk" } },
	{ "CVE-2021-42380", { "awk" } },
	{ "CVE-2021-42381", { "awk" } },
	{ "CVE-2021-42382", { "awk" } },
	{ "CVE-2021-42383", { "awk" } },
	{ "CVE-2021-42384", { "awk" } },
	{ "CVE-2021-42385", { "awk" } },
	{ "CVE-2021-42386", { "awk" } },
	{ "CVE-2022-30065", { "awk" } },
	{ "CVE-2022-48174", { "ash", "sh", "bash" } },
	{ "CVE-2023-39810", { "cpio" } },
	{ "CVE-2023-42363", { "awk" } },
	{ "CVE-2023-42364", { "awk" } },
	{ "CVE-2023-42365", { "awk" } },
	{ "CVE-2023-42366", { "awk" } },
	{ "CVE-2025-46394", { "tar" } },
};

const char *const *hf__applets_of_cve(const char *cve)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].cve, cve) == 0)
			return table[i].applet;
	return NULL;
}
