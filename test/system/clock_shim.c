/* clock_shim.c -- preloaded by test_clock_jumps.py: the wall clock, moved by what a shared page says, also
 * while the program runs. The clock that counts from boot stays as it is.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *offset_s;
static int (*real)(clockid_t, struct timespec *);

/* Before any sandbox: later no file can be opened. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("HF_CLOCK_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	*(void **)(&real) = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*offset_s), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page != MAP_FAILED)
		offset_s = page;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int status = real(clock, t);

	if (status == 0 && offset_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		t->tv_sec += atomic_load(offset_s);
	return status;
}

time_t time(time_t *out)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t = { 0, 0 };

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	out->tv_sec = t.tv_sec;
	out->tv_usec = t.tv_nsec / 1000;
	return 0;
}
