/* Clocks, randomness and the boot counter.
 * SPDX-License-Identifier: Apache-2.0 */
#include "linux_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum { BOOT_ID_LEN = 36, BOOT_RECORD_LEN = 8 + BOOT_ID_LEN };

hf_err hf_port_random(struct hf_port *port, uint8_t *p, size_t n)
{
	(void)port;
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return HF_ERR_PORT_RANDOM;
		p += got;
		n -= (size_t)got;
	}
	return HF_OK;
}

static int quality(const struct hf_port *port, int64_t unix_s)
{
	struct timex tx = { .modes = 0 }; /* 0 = only look */

	if (unix_s < port->build_s)
		return HF_CLOCK_NONE;
	if (port->clock == HF_LINUX_CLOCK_ALWAYS)
		return HF_CLOCK_TRUSTED;
	if (port->clock == HF_LINUX_CLOCK_SYNCED && adjtimex(&tx) != TIME_ERROR)
		return HF_CLOCK_TRUSTED;
	return HF_CLOCK_SET;
}

hf_err hf_port_clock(struct hf_port *port, struct hf_clock *now)
{
	struct timespec boot, wall;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) != 0 || clock_gettime(CLOCK_REALTIME, &wall) != 0)
		return HF_ERR_PORT_STORAGE;
	now->boot_ms = (uint64_t)boot.tv_sec * 1000 + (uint64_t)boot.tv_nsec / 1000000;
	now->boot_count = port->boot_count;
	now->unix_s = (int64_t)wall.tv_sec;
	now->quality = quality(port, now->unix_s);
	return HF_OK;
}

/* False when this kernel gives no boot id; then `id` is all zeros. */
static bool read_boot_id(uint8_t id[static BOOT_ID_LEN])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	memset(id, 0, BOOT_ID_LEN);
	if (fd < 0)
		return false;
	got = read(fd, id, BOOT_ID_LEN);
	(void)close(fd);
	if (got == BOOT_ID_LEN)
		return true;
	memset(id, 0, BOOT_ID_LEN);
	return false;
}

static hf_err settle_boot_count(struct hf_port *port)
{
	uint8_t stored[BOOT_RECORD_LEN] = { 0 }, now[BOOT_RECORD_LEN];
	struct hf_out out = HF_OUT(stored);
	bool known = read_boot_id(now + 8);
	hf_err err = hf_port_read(port, HF_REC_BOOT, &out);

	if (err == HF_OK && out.len == sizeof(stored) && known &&
	    memcmp(stored + 8, now + 8, BOOT_ID_LEN) == 0) {
		port->boot_count = hf_get_be64(stored);
		return HF_OK;
	}
	if (err == HF_ERR_PORT_STORAGE)
		return err;
	if (err == HF_OK && out.len == sizeof(stored))
		port->boot_count = hf_get_be64(stored) + 1;
	else
		port->boot_count = err == HF_ERR_PORT_ABSENT ? 1 : (uint64_t)time(NULL);
	hf_put_be64(now, port->boot_count);
	return hf_port_replace(port, HF_REC_BOOT, HF_ARR(now));
}

hf_err hf_linux_open(struct hf_port *port, const char *dir)
{
	hf_err err;

	port->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (port->dir < 0)
		return HF_ERR_PORT_STORAGE;
	if (flock(port->dir, LOCK_EX | LOCK_NB) != 0)
		err = errno == EWOULDBLOCK ? HF_ERR_PORT_BUSY : HF_ERR_PORT_STORAGE;
	else
		err = settle_boot_count(port);
	if (err != HF_OK)
		hf_linux_close(port);
	return err;
}

void hf_linux_close(struct hf_port *port)
{
	if (port->dir >= 0)
		(void)close(port->dir);
	port->dir = -1;
}
