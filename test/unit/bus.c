/* Unit tests of bus.h without a broker: what it refuses, and its socket for the plugin.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/bus.h>
#include <hf/loop.h>

#define DEV "abcdefgh234567ab"

struct rig {
	char dir[32], mqtt[64], plugin[64];
	struct hf_loop *loop;
	struct hf_bus *bus;
	struct hf_bus_conf conf;
	struct hf_bus_handler handler;
	int snapshots, presences, alarms;
	struct hf_bus_presence presence;
};

static void on_up(void *ctx, const struct hf_bus_up *up)
{
	(void)ctx;
	(void)up;
}

static void on_presence(void *ctx, const struct hf_bus_presence *presence)
{
	struct rig *r = ctx;

	r->presences++;
	r->presence = *presence;
}

static void on_alarm(void *ctx, const struct hf_bus_alarm *alarm)
{
	struct rig *r = ctx;

	(void)alarm;
	r->alarms++;
}

static void on_snapshot(void *ctx)
{
	struct rig *r = ctx;
	struct hf_bus_row row = { .dev = DEV, .state = HF_BUS_CONFIRMED, .budget = 2, .not_after = 5 };

	r->snapshots++;
	hf_bus_snapshot_begin(r->bus);
	hf_bus_admit(r->bus, &row);
	hf_bus_snapshot_end(r->bus);
}

static void on_link(void *ctx, bool up)
{
	(void)ctx;
	(void)up;
}

/* In place: the handler points into it. */
static void make_rig(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/hf-bus-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->mqtt, sizeof(r->mqtt), "%s/mqtt.sock", r->dir);
	snprintf(r->plugin, sizeof(r->plugin), "%s/plugin.sock", r->dir);
	r->conf = (struct hf_bus_conf){ r->mqtt, r->plugin, -1 };
	r->handler = (struct hf_bus_handler){ r, on_up, on_presence, on_alarm, on_snapshot, on_link };
	assert_int_equal(hf_loop_new(&r->loop), HF_OK);
}

static void clean(struct rig *r)
{
	hf_bus_free(r->bus);
	hf_loop_free(r->loop);
	unlink(r->plugin);
	rmdir(r->dir);
}

static int plugin_comes(struct rig *r)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(to.sun_path, r->plugin);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void says(struct rig *r, int fd, const void *frame, size_t len)
{
	assert_int_equal(write(fd, frame, len), (ssize_t)len);
	for (int i = 0; i < 5; i++)
		assert_int_equal(hf_loop_turn(r->loop, 10), HF_OK);
}

/* Bytes the bus has sent by now. */
static size_t heard(int fd, uint8_t *out, size_t cap)
{
	ssize_t n = recv(fd, out, cap, MSG_DONTWAIT);

	return n < 0 ? 0 : (size_t)n;
}

static void a_socket_that_cannot_be_made_is_named(void **unused)
{
	struct rig r;
	char too_long[200];
	(void)unused;

	make_rig(&r);
	r.conf.plugin_socket = "/nowhere/at/all/plugin.sock";
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_ERR_BUS_SOCKET);
	assert_null(r.bus);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	r.conf.plugin_socket = too_long;
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_ERR_BUS_SOCKET);
	clean(&r);
}

static void nothing_is_published_without_a_broker_or_to_no_topic(void **unused)
{
	static uint8_t large[16385];
	struct rig r;
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_OK);
	assert_false(hf_bus_is_up(r.bus));
	assert_int_equal(hf_bus_publish(r.bus, DEV, "cmd", "AAAA", HF_STR("x")), HF_ERR_BUS_DOWN);
	assert_int_equal(hf_bus_publish(r.bus, "+", "cmd", "AAAA", HF_STR("x")), HF_ERR_BUS_MESSAGE);
	assert_int_equal(hf_bus_publish(r.bus, DEV, "#", "AAAA", HF_STR("x")), HF_ERR_BUS_MESSAGE);
	assert_int_equal(hf_bus_publish(r.bus, DEV, "cmd", "", HF_STR("x")), HF_ERR_BUS_MESSAGE);
	assert_int_equal(hf_bus_publish(r.bus, DEV, "cmd", "AAAA", HF_ARR(large)), HF_ERR_BUS_MESSAGE);
	clean(&r);
}

static void the_plugin_gets_its_snapshot_and_then_changes(void **unused)
{
	static const uint8_t hello[] = { 0, 0, 0, 5, 0x83, 0x18, 0x20, 0x01, 0x00 };
	struct hf_bus_row row = { .dev = DEV, .state = HF_BUS_REVOKED, .budget = 2, .not_after = 5 };
	struct stat st;
	struct rig r;
	uint8_t got[512];
	int fd;
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_OK);
	assert_int_equal(stat(r.plugin, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	fd = plugin_comes(&r);
	says(&r, fd, hello, sizeof(hello));
	assert_int_equal(r.snapshots, 1);
	assert_int_equal(heard(fd, got, sizeof(got)), 7 + 65 - 4 + 8); /* begin, row, end */
	assert_memory_equal(got, "\x00\x00\x00\x03\x82\x01\x01", 7);
	hf_bus_admit(r.bus, &row);
	assert_int_equal(heard(fd, got, sizeof(got)), 61);
	assert_memory_equal(got + 4, "\x87\x02\x02", 3); /* epoch one higher */
	hf_bus_kick(r.bus, DEV);
	assert_int_equal(heard(fd, got, sizeof(got)), 24);
	close(fd);
	clean(&r);
}

static void what_the_plugin_tells_arrives_also_in_pieces(void **unused)
{
	uint8_t up[4 + 63] = { 0, 0, 0, 63, 0x84, 0x18, 33, 0x70 };
	struct rig r;
	int fd;
	(void)unused;

	make_rig(&r);
	memcpy(up + 8, DEV "\x58\x20", 18);
	memcpy(up + 58,
	       "\x68"
	       "10.0.0.1",
	       9);
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_OK);
	fd = plugin_comes(&r);
	says(&r, fd, up, 20);
	assert_int_equal(r.presences, 0);
	says(&r, fd, up + 20, sizeof(up) - 20);
	assert_int_equal(r.presences, 1);
	assert_true(r.presence.up);
	assert_string_equal(r.presence.address, "10.0.0.1");
	says(&r, fd,
	     "\x00\x00\x00\x08\x85\x18\x23\x61"
	     "k\x60\x60\x60",
	     12);
	assert_int_equal(r.alarms, 1);
	close(fd);
	clean(&r);
}

static void a_frame_that_does_not_parse_ends_the_connection(void **unused)
{
	static const char *const bad[] = { "\x00\x00\x00\x00", "\x00\x00\x10\x01",
					   "\x00\x00\x00\x02\x82\x01" };
	static const size_t len[] = { 4, 4, 6 };
	struct rig r;
	uint8_t got[64];
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_OK);
	for (size_t i = 0; i < 3; i++) {
		int fd = plugin_comes(&r);

		says(&r, fd, bad[i], len[i]);
		assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 0);
		close(fd);
	}
	clean(&r);
}

static void a_new_plugin_replaces_the_old_one(void **unused)
{
	struct rig r;
	uint8_t got[64];
	int first, second;
	(void)unused;

	make_rig(&r);
	assert_int_equal(hf_bus_new(r.loop, &r.conf, &r.handler, &r.bus), HF_OK);
	first = plugin_comes(&r);
	assert_int_equal(hf_loop_turn(r.loop, 10), HF_OK);
	second = plugin_comes(&r);
	says(&r, second, "\x00\x00\x00\x05\x83\x18\x20\x01\x00", 9);
	assert_int_equal(recv(first, got, sizeof(got), MSG_DONTWAIT), 0);
	assert_int_equal(r.snapshots, 1);
	close(first);
	close(second);
	clean(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_that_cannot_be_made_is_named),
		cmocka_unit_test(nothing_is_published_without_a_broker_or_to_no_topic),
		cmocka_unit_test(the_plugin_gets_its_snapshot_and_then_changes),
		cmocka_unit_test(what_the_plugin_tells_arrives_also_in_pieces),
		cmocka_unit_test(a_frame_that_does_not_parse_ends_the_connection),
		cmocka_unit_test(a_new_plugin_replaces_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
