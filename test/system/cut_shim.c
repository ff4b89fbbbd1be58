/* cut_shim.c -- preloaded by cutlib.py: counts the writes, syncs and renames of files by one role of a
 * program, of the kinds that the test names, and ends the process before, inside or after a chosen one, or
 * fills the disk from there on. What was not yet written is lost, as by kill -9; what the kernel has stays.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BEFORE = 1, INSIDE = 2, AFTER = 3, FULL = 4, ROLE_CAP = 16 };
enum { WRITES, FSYNCS, RENAMES, PWRITES, DATASYNCS, KINDS };
/* One page of a file that the test maps as well. */
struct control {
	_Atomic unsigned armed, count, cut_at, how, cuts;
	char role[ROLE_CAP];
	_Atomic unsigned counted; /* bits: the kinds that count */
	_Atomic unsigned kind[KINDS];
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

/* How this call is to be cut; 0 = not at all. */
static unsigned next(unsigned kind)
{
	if (!control || !atomic_load(&control->armed) || (atomic_load(&control->counted) >> kind & 1) == 0)
		return 0;
	unsigned n = atomic_fetch_add(&control->count, 1) + 1, at = atomic_load(&control->cut_at);
	unsigned how = atomic_load(&control->how);

	atomic_fetch_add(&control->kind[kind], 1);
	if (how == FULL)
		return at != 0 && n >= at ? FULL : 0;
	return n == at ? how : 0;
}

static int is_file(int fd)
{
	struct stat st;

	return fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	unsigned how = control && is_file(fd) ? next(WRITES) : 0;

	if (how == BEFORE)
		cut();
	if (how == FULL) {
		atomic_fetch_add(&control->cuts, 1);
		errno = ENOSPC;
		return -1;
	}
	ssize_t done = syscall(SYS_write, fd, buf, how == INSIDE ? n / 2 : n);
	if (how)
		cut();
	return done;
}

/* SQLite writes its files with these two. */
ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
	unsigned how = next(PWRITES);

	if (how == BEFORE)
		cut();
	ssize_t done = syscall(SYS_pwrite64, fd, buf, how == INSIDE ? n / 2 : n, at);
	if (how && how != FULL)
		cut();
	return done;
}

static int synced(int fd, unsigned kind, long number)
{
	unsigned how = next(kind);

	if (how == BEFORE)
		cut();
	int done = (int)syscall(number, fd);
	if (how && how != FULL)
		cut();
	return done;
}

int fsync(int fd)
{
	return synced(fd, FSYNCS, SYS_fsync);
}

int fdatasync(int fd)
{
	return synced(fd, DATASYNCS, SYS_fdatasync);
}

int rename(const char *from, const char *to)
{
	unsigned how = next(RENAMES);

	if (how == BEFORE)
		cut();
	int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	if (how && how != FULL)
		cut();
	return done;
}
