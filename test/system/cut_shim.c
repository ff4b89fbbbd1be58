/* cut_shim.c -- preloaded into holdfastd by test_est_killed.py: counts what one role writes to the store, and
 * ends the process at a chosen write, before it, inside it, or after it. What was not yet written is lost, as
 * by kill -9; what the kernel has stays.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BEFORE = 1, INSIDE = 2, AFTER = 3, ROLE_CAP = 16 };
/* One page of a file that the test maps as well. */
struct control {
	_Atomic unsigned armed, count, cut_at, how, cuts;
	char role[ROLE_CAP];
};
static struct control *control;

static int is_role(const char *role)
{
	char line[4096] = { 0 };
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		(void)close(fd);
	for (const char *at = line; at < line + n; at += strlen(at) + 1)
		if (strcmp(at, "--role") == 0)
			return strcmp(at + strlen(at) + 1, role) == 0;
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("HF_CUT_FILE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	struct control *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (c != MAP_FAILED && is_role(c->role))
		control = c;
}

static void cut(void)
{
	atomic_fetch_add(&control->cuts, 1);
	for (;;)
		(void)syscall(SYS_exit_group, 137);
}

/* How this write is to be cut; 0 = not at all. */
static unsigned next(void)
{
	if (!control || !atomic_load(&control->armed))
		return 0;
	unsigned n = atomic_fetch_add(&control->count, 1) + 1;
	return n == atomic_load(&control->cut_at) ? atomic_load(&control->how) : 0;
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);
	unsigned how = next();

	if (!real)
		*(void **)(&real) = dlsym(RTLD_NEXT, "pwrite64");
	if (how == BEFORE)
		cut();
	ssize_t done = real(fd, buf, how == INSIDE ? n / 2 : n, at);
	if (how)
		cut();
	return done;
}

int fdatasync(int fd)
{
	static int (*real)(int);
	unsigned how = next();

	if (!real)
		*(void **)(&real) = dlsym(RTLD_NEXT, "fdatasync");
	if (how == BEFORE)
		cut();
	int done = real(fd);
	if (how)
		cut();
	return done;
}
