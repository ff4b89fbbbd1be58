/* Unit tests of port/linux, each in a directory of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <hf/linux.h>

struct rig {
	char dir[64];
	struct hf_port port;
	uint8_t mem[256];
	struct hf_out out;
};

static int set_up(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	(void)snprintf(r.dir, sizeof(r.dir), "/tmp/hf-unit-linux-XXXXXX");
	if (mkdtemp(r.dir) == NULL || hf_linux_open(&r.port, r.dir) != HF_OK)
		return -1;
	r.out = HF_OUT(r.mem);
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	for (int rec = 1; rec < HF_REC_END; rec++)
		(void)!hf_port_destroy(&r->port, (enum hf_record)rec);
	hf_linux_close(&r->port);
	return rmdir(r->dir); /* fails when anything else, such as NAME.new, was left behind */
}

static int open_file(const struct rig *r, const char *name, int flags)
{
	int fd = openat(r->port.dir, name, flags);

	assert_true(fd >= 0);
	return fd;
}

static void records_survive_a_reopen(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_port_replace(&r->port, HF_REC_SLOT0, HF_STR("old")), HF_OK);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_SLOT0, HF_STR("newer")), HF_OK);
	hf_linux_close(&r->port);
	assert_int_equal(hf_linux_open(&r->port, r->dir), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_SLOT0, &r->out), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("newer")));
	assert_int_equal(hf_port_read(&r->port, HF_REC_SLOT1, &r->out), HF_ERR_PORT_ABSENT);
	assert_int_equal(r->out.len, 0);
}

static void a_secret_is_private_and_created_once(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("key")), HF_OK);
	assert_int_equal(fstatat(r->port.dir, "key0", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("two")), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_KEY0), HF_OK);
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_KEY0), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_KEY0, &r->out), HF_ERR_PORT_ABSENT);
}

static void destroying_overwrites_the_bytes_first(void **state)
{
	struct rig *r = *state;
	uint8_t seen[32];
	int fd;

	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("secret")), HF_OK);
	fd = open_file(r, "key0", O_RDONLY); /* keeps the unlinked file readable */
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_KEY0), HF_OK);
	assert_int_equal(read(fd, seen, sizeof(seen)), 18);
	for (int i = 0; i < 18; i++)
		assert_int_equal(seen[i], 0);
	(void)close(fd);
}

static void torn_short_and_flipped_files_read_as_corrupt(void **state)
{
	struct rig *r = *state;
	int fd;

	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("secret")), HF_OK);
	fd = open_file(r, "key0", O_RDWR);
	assert_int_equal(pwrite(fd, "X", 1, 14), 1);
	assert_int_equal(hf_port_read(&r->port, HF_REC_KEY0, &r->out), HF_ERR_PORT_CORRUPT);
	for (off_t len = 17; len >= 0; len--) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_int_equal(hf_port_read(&r->port, HF_REC_KEY0, &r->out), HF_ERR_PORT_CORRUPT);
	}
	(void)close(fd);
}

static void a_record_larger_than_the_room_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_out small = { r->mem, 2, 0 };
	static uint8_t big[HF_RECORD_MAX_LEN + 1];

	assert_int_equal(hf_port_replace(&r->port, HF_REC_FLOOR, HF_STR("abc")), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_FLOOR, &small), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_FLOOR, HF_ARR(big)), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_port_read(&r->port, (enum hf_record)0, &r->out), HF_ERR_BASE_MISUSE);
}

static void a_symbolic_link_is_not_followed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(symlinkat("/etc/hostname", r->port.dir, "policy"), 0);
	assert_int_equal(hf_port_read(&r->port, HF_REC_POLICY, &r->out), HF_ERR_PORT_STORAGE);
	assert_int_equal(unlinkat(r->port.dir, "policy", 0), 0);
}

static void a_full_disk_keeps_the_old_record_and_leaves_no_litter(void **state)
{
	struct rig *r = *state;
	struct rlimit was, tight = { 4, 4 };
	static uint8_t big[1024];
	hf_err err;

	assert_int_equal(hf_port_replace(&r->port, HF_REC_CONFIG, HF_STR("old")), HF_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	err = hf_port_replace(&r->port, HF_REC_CONFIG, HF_ARR(big));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(err, HF_ERR_PORT_STORAGE);
	assert_int_equal(hf_port_read(&r->port, HF_REC_CONFIG, &r->out), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("old")));
}

static void a_second_process_finds_the_directory_busy(void **state)
{
	struct rig *r = *state;
	struct hf_port second = HF_LINUX_PORT_NONE;

	assert_int_equal(hf_linux_open(&second, r->dir), HF_ERR_PORT_BUSY);
	assert_int_equal(second.dir, -1);
	assert_int_equal(hf_linux_open(&second, "/nonexistent/holdfast"), HF_ERR_PORT_STORAGE);
}

static void the_boot_counter_rises_once_per_boot_and_never_falls(void **state)
{
	struct rig *r = *state;
	uint8_t foreign[44] = { 0, 0, 0, 0, 0, 0, 0, 41, 'x' };

	assert_int_equal(r->port.boot_count, 1);
	hf_linux_close(&r->port);
	assert_int_equal(hf_linux_open(&r->port, r->dir), HF_OK);
	assert_int_equal(r->port.boot_count, 1); /* same boot */
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_ARR(foreign)), HF_OK);
	hf_linux_close(&r->port);
	assert_int_equal(hf_linux_open(&r->port, r->dir), HF_OK);
	assert_int_equal(r->port.boot_count, 42); /* the record came from another boot */
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("damaged")), HF_OK);
	hf_linux_close(&r->port);
	assert_int_equal(hf_linux_open(&r->port, r->dir), HF_OK);
	assert_true(r->port.boot_count > 1000000000u);
}

static void the_clock_is_trusted_only_when_told_so(void **state)
{
	struct rig *r = *state;
	struct hf_clock now = { 0 };

	assert_int_equal(hf_port_clock(&r->port, &now), HF_OK);
	assert_int_equal(now.quality, HF_CLOCK_SET);
	assert_true(now.unix_s >= (int64_t)time(NULL) - 5);
	r->port.clock = HF_LINUX_CLOCK_ALWAYS;
	assert_int_equal(hf_port_clock(&r->port, &now), HF_OK);
	assert_int_equal(now.quality, HF_CLOCK_TRUSTED);
	r->port.build_s = now.unix_s + 3600; /* a clock before the build is no clock */
	assert_int_equal(hf_port_clock(&r->port, &now), HF_OK);
	assert_int_equal(now.quality, HF_CLOCK_NONE);
}

static void randomness_differs(void **state)
{
	struct rig *r = *state;
	uint8_t a[300] = { 0 }, b[300] = { 0 };

	assert_int_equal(hf_port_random(&r->port, a, sizeof(a)), HF_OK);
	assert_int_equal(hf_port_random(&r->port, b, sizeof(b)), HF_OK);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_survive_a_reopen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_secret_is_private_and_created_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(destroying_overwrites_the_bytes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(torn_short_and_flipped_files_read_as_corrupt, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_record_larger_than_the_room_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_symbolic_link_is_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_keeps_the_old_record_and_leaves_no_litter, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_second_process_finds_the_directory_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_boot_counter_rises_once_per_boot_and_never_falls, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_clock_is_trusted_only_when_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(randomness_differs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
