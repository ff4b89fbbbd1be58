/* Which libevent this is. Its own version number does not change with Debian's security releases, so the
 * package database is asked; elsewhere the number has to do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <hf/http.h>

static const char package_list[] = "/var/lib/dpkg/status";
enum { FIXED_NUMBER = 0x02010d00 /* 2.1.13 */ };

/* Debian's version of the installed libevent; "" when it cannot be known. */
static void find_package(const char *path, char version[static 64])
{
	char line[512];
	bool ours = false;
	FILE *f = fopen(path, "re");

	version[0] = 0;
	if (f == NULL)
		return;
	while (version[0] == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "Package: ", 9) == 0)
			ours = strncmp(line + 9, "libevent-2.1-7", 14) == 0;
		else if (ours && strncmp(line, "Version: ", 9) == 0)
			(void)snprintf(version, 64, "%.*s", (int)strcspn(line + 9, "\n"), line + 9);
	}
	(void)fclose(f);
}

bool hf_http_library_ok(struct hf_why *why)
{
	char version[64];

	if (event_get_version_number() >= FIXED_NUMBER)
		return true;
	find_package(package_list, version);
	if (strstr(version, "+deb12u") != NULL)
		return true;
	(void)hf_why_set(
		why, HF_ERR_HTTP_CONF,
		"libevent %s lacks the fixes of 2.1.12-stable-8+deb12u1 (request smuggling among them)",
		version[0] != 0 ? version : event_get_version());
	return false;
}
