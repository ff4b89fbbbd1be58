/* Plain HTTP on loopback: the same framing as with TLS, the same ends of connections, and nowhere else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/loop.h>
#include "http_rig.h"

static const struct hf_http_route routes[] = { { HF_HTTP_GET, "/echo", 0, http_rig_echo },
					       { HF_HTTP_POST, "/echo", 100, http_rig_echo },
					       { HF_HTTP_GET, "/late", 0, http_rig_late } };

static struct hf_http_conf plain_conf(void)
{
	return (struct hf_http_conf){ .addr = "127.0.0.1",
				      .plain = true,
				      .workers = 1,
				      .body_max = 100,
				      .request_s = 1,
				      .connections = 2,
				      .routes = routes,
				      .n_routes = 3 };
}

static int open_rig(void **unused)
{
	(void)unused;
	http_rig_open(NULL, plain_conf());
	return 0;
}

static int close_rig(void **unused)
{
	(void)unused;
	http_rig_close();
	return 0;
}

static void one_connection_carries_many_requests(void **unused)
{
	struct hf_httpc *c = http_rig_client(60000);
	struct hf_http_stats stats;

	(void)unused;
	http_rig_expect(c, "GET", "/echo", NULL, 200, "/echo|||-");
	http_rig_expect(c, "POST", "/echo", "x", 200, "/echo||x|-");
	http_rig_expect(c, "GET", "/late", NULL, 200, "late");
	pthread_join(http_rig.late, NULL);
	http_rig_expect(c, "GET", "/other", NULL, 404, "Not Found\n");
	hf_http_stats(http_rig.http, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.requests, 4);
	hf_httpc_close(c);
}

static void the_framing_is_as_strict_as_with_tls(void **unused)
{
	(void)unused;
	http_rig_raw_requests();
}

static void wait_open(unsigned n)
{
	struct hf_http_stats stats = { 0 };

	for (int i = 0; i < 6000; i++) {
		hf_http_stats(http_rig.http, &stats);
		if (stats.open == n)
			return;
		usleep(10000);
	}
	assert_int_equal(stats.open, n);
}

/* Each end is told once: otherwise the two places of this server would be used up. */
static void every_end_of_a_connection_gives_its_place_back(void **unused)
{
	(void)unused;
	for (int i = 0; i < 9; i++) {
		struct raw raw = { 0 };
		char text[500];

		raw_open(&raw, hf_http_port(http_rig.http), false);
		if (i % 3 == 0)
			raw_write(&raw, "GET /echo HTTP/1.1\r\nX: ", 23); /* then silence until its limit */
		if (i % 3 == 0)
			raw_read(&raw, NULL, text, sizeof(text));
		else if (i % 3 == 1)
			raw_write(&raw, "GET /echo HT", 12);
		raw_close(&raw);
	}
	wait_open(0);
}

static void only_loopback_may_be_plain(void **unused)
{
	static const char *const addrs[] = { "0.0.0.0", "::", "192.0.2.1" };
	struct hf_http_conf c = plain_conf();
	struct hf_http *other = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		c.addr = addrs[i];
		assert_int_equal(hf_http_new(&c, &other, NULL), HF_ERR_HTTP_CONF);
	}
	c.addr = "127.0.0.1";
	c.plain = false;
	assert_int_equal(hf_http_new(&c, &other, NULL), HF_ERR_HTTP_CONF);
}

static void a_client_without_tls_must_say_so(void **unused)
{
	struct hf_httpc_conf c = { .host = "127.0.0.1", .port = hf_http_port(http_rig.http) };
	struct hf_httpc *out = NULL;

	(void)unused;
	assert_int_equal(hf_httpc_open(&c, &out, NULL), HF_ERR_BASE_MISUSE);
}

int main(void)
{
#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		WITH_RIG(one_connection_carries_many_requests),
		WITH_RIG(the_framing_is_as_strict_as_with_tls),
		WITH_RIG(every_end_of_a_connection_gives_its_place_back),
		WITH_RIG(only_loopback_may_be_plain),
		WITH_RIG(a_client_without_tls_must_say_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
