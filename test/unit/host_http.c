/* The HTTPS server over real sockets, asked by our own client and by one that writes what it is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/loop.h>
#include "http_rig.h"

static struct tls_rig tls_rig;
static struct hf_http_call *waiting; /* held by /hold */

static void on_hold(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	(void)req;
	waiting = call;
}

static void on_evil(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	const struct hf_http_header split = { "X-A", "b\r\nX-C: d" };
	struct hf_http_res res = { .status = 200, .headers = &split, .n_headers = 1 };

	(void)ctx;
	(void)req;
	hf_http_answer(call, &res);
}

static const struct hf_http_route routes[] = {
	{ HF_HTTP_GET, "/echo", 0, http_rig_echo },    { HF_HTTP_POST, "/echo", 100, http_rig_echo },
	{ HF_HTTP_POST, "/small", 10, http_rig_echo }, { HF_HTTP_GET, "/v1/{dev}/x", 0, http_rig_echo },
	{ HF_HTTP_GET, "/late", 0, http_rig_late },    { HF_HTTP_GET, "/hold", 0, on_hold },
	{ HF_HTTP_GET, "/evil", 0, on_evil },
};

static void open_server(struct hf_http_conf c)
{
	c.routes = routes;
	c.n_routes = sizeof(routes) / sizeof(routes[0]);
	waiting = NULL;
	http_rig_open(&tls_rig, c);
}

static int open_rig(void **unused)
{
	(void)unused;
	open_server((struct hf_http_conf){ .workers = 2 });
	return 0;
}

static int close_rig(void **unused)
{
	(void)unused;
	http_rig_close();
	return 0;
}

static struct hf_httpc *client(void)
{
	return http_rig_client(3000);
}

static void routes_are_found_and_the_connection_is_kept(void **unused)
{
	struct hf_httpc *c = client();
	struct hf_http_stats stats;

	(void)unused;
	http_rig_expect(c, "GET", "/echo?q=a%20b", NULL, 200, "/echo|a b||-");
	http_rig_expect(c, "POST", "/echo", "hello", 200, "/echo||hello|-");
	http_rig_expect(c, "GET", "/v1/abc/x", NULL, 200, "/v1/abc/x|||abc");
	http_rig_expect(c, "GET", "/nowhere", NULL, 404, "Not Found\n");
	http_rig_expect(c, "PUT", "/echo", "x", 405, "Method Not Allowed\n");
	hf_http_stats(http_rig.http, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.requests, 5);
	hf_httpc_close(c);
}

static void a_body_above_its_routes_limit_is_refused(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	http_rig_expect(c, "POST", "/small", "12345678901", 413, NULL);
	hf_httpc_close(c);
}

static void an_answer_may_come_later_from_another_thread(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	http_rig_expect(c, "GET", "/late", NULL, 200, "late");
	pthread_join(http_rig.late, NULL);
	http_rig_expect(c, "GET", "/echo", NULL, 200, NULL);
	hf_httpc_close(c);
}

static void an_answer_to_a_client_that_left_goes_nowhere(void **unused)
{
	struct raw raw = { 0 };
	struct hf_httpc *c;

	(void)unused;
	raw_open(&raw, hf_http_port(http_rig.http), true);
	raw_write(&raw, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	for (int i = 0; i < 300 && waiting == NULL; i++)
		usleep(10000);
	assert_non_null(waiting);
	raw_close(&raw);
	usleep(50000);
	http_rig_say(waiting, 200, "nobody hears");
	c = client();
	http_rig_expect(c, "GET", "/echo", NULL, 200, NULL);
	hf_httpc_close(c);
}

static void a_line_break_in_a_header_of_ours_becomes_an_error(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	http_rig_expect(c, "GET", "/evil", NULL, 500, "");
	hf_httpc_close(c);
}

static void raw_requests_get_their_status_and_the_connection_ends(void **unused)
{
	(void)unused;
	http_rig_raw_requests();
}

static void plain_text_on_the_port_is_never_answered_in_plain(void **unused)
{
	struct raw raw = { 0 };
	char text[500];

	(void)unused;
	raw_open(&raw, hf_http_port(http_rig.http), false);
	raw_write(&raw, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	raw_read(&raw, NULL, text, sizeof(text));
	assert_null(strstr(text, "HTTP"));
	raw_close(&raw);
}

static void a_request_that_drips_is_cut_at_its_limit(void **unused)
{
	struct raw raw = { 0 };
	char text[100];
	uint64_t start;

	(void)unused;
	(void)close_rig(NULL);
	open_server((struct hf_http_conf){ .workers = 1, .request_s = 1 });
	raw_open(&raw, hf_http_port(http_rig.http), true);
	raw_write(&raw, "GET /echo HTTP/1.1\r\nX: ", 23);
	start = hf_now_ms();
	raw_read(&raw, NULL, text, sizeof(text));
	assert_true(hf_now_ms() - start < 3000);
	assert_string_equal(text, "");
	raw_close(&raw);
}

static void accepting_pauses_at_the_cap(void **unused)
{
	struct raw raw[3] = { { 0 } };
	struct hf_http_stats stats;

	(void)unused;
	(void)close_rig(NULL);
	open_server((struct hf_http_conf){ .workers = 1, .connections = 2 });
	raw_open(&raw[0], hf_http_port(http_rig.http), true);
	raw_open(&raw[1], hf_http_port(http_rig.http), true);
	raw_open(&raw[2], hf_http_port(http_rig.http), false); /* waits in the kernel */
	usleep(100000);
	hf_http_stats(http_rig.http, &stats);
	assert_int_equal(stats.open, 2);
	raw_close(&raw[0]);
	for (int i = 0; i < 200 && stats.connections < 3; i++) {
		usleep(10000);
		hf_http_stats(http_rig.http, &stats);
	}
	assert_int_equal(stats.connections, 3);
	raw_close(&raw[1]);
	raw_close(&raw[2]);
}

static void a_taken_port_and_a_bad_table_are_refused(void **unused)
{
	struct hf_http_conf c = { .addr = "127.0.0.1",
				  .port = hf_http_port(http_rig.http),
				  .tls = http_rig.tls,
				  .routes = routes,
				  .n_routes = 1 };
	struct hf_http *other = NULL;
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_http_new(&c, &other, &why), HF_ERR_HTTP_LISTEN);
	assert_non_null(strstr(hf_why_text(&why), "Address already in use"));
	c.addr = "localhost";
	assert_int_equal(hf_http_new(&c, &other, &why), HF_ERR_HTTP_CONF);
	c.n_routes = 0;
	assert_int_equal(hf_http_new(&c, &other, &why), HF_ERR_HTTP_CONF);
}

static int make_certs(void **unused)
{
	(void)unused;
	tls_rig_make(&tls_rig);
	return 0;
}

int main(void)
{
#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		WITH_RIG(routes_are_found_and_the_connection_is_kept),
		WITH_RIG(a_body_above_its_routes_limit_is_refused),
		WITH_RIG(an_answer_may_come_later_from_another_thread),
		WITH_RIG(an_answer_to_a_client_that_left_goes_nowhere),
		WITH_RIG(a_line_break_in_a_header_of_ours_becomes_an_error),
		WITH_RIG(raw_requests_get_their_status_and_the_connection_ends),
		WITH_RIG(plain_text_on_the_port_is_never_answered_in_plain),
		WITH_RIG(a_request_that_drips_is_cut_at_its_limit),
		WITH_RIG(accepting_pauses_at_the_cap),
		WITH_RIG(a_taken_port_and_a_bad_table_are_refused),
	};
	return cmocka_run_group_tests(tests, make_certs, NULL);
}
