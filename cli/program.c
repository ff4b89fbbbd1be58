/* program.c -- find and run the other programs of the house.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli.h"

extern char **environ;

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

static bool beside_us(const char *name, char out[static CLI_PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, CLI_PATH_MAX - 1);
	char *slash;
	int len;

	if (n <= 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	len = snprintf(slash + 1, CLI_PATH_MAX - (size_t)(slash + 1 - out), "%s", name);
	return len > 0 && (size_t)len < CLI_PATH_MAX - (size_t)(slash + 1 - out) && is_program(out);
}

/* In a build folder each program lies in the folder of its room. */
static bool in_build_folder(const char *name, char out[static CLI_PATH_MAX])
{
	char self[CLI_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strstr(self, "/cli/holdfast");
	if (slash == NULL || slash[13] != '\0')
		return false;
	*slash = '\0';
	n = snprintf(out, CLI_PATH_MAX, "%s/server/%s", self, name);
	return n > 0 && n < CLI_PATH_MAX && is_program(out);
}

static bool in_path(const char *name, char out[static CLI_PATH_MAX])
{
	const char *path = getenv("PATH");

	while (path != NULL && *path != '\0') {
		size_t len = strcspn(path, ":");
		int n = snprintf(out, CLI_PATH_MAX, "%.*s/%s", (int)len, path, name);

		if (len > 0 && path[0] == '/' && n > 0 && n < CLI_PATH_MAX && is_program(out))
			return true;
		path += len + (path[len] == ':' ? 1 : 0);
	}
	return false;
}

bool cli_find_program(const char *name, char out[static CLI_PATH_MAX])
{
	if (beside_us(name, out) || in_build_folder(name, out) || in_path(name, out))
		return true;
	cli_fail("%s is not installed: it is neither beside this program nor in PATH", name);
	return false;
}

int cli_run(char *const argv[])
{
	pid_t pid;
	int status = 0;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}
