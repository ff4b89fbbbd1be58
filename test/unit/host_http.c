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
#include <hf/httpc.h>
#include <hf/loop.h>
#include "tls_rig.h"

static struct tls_rig tls_rig;
struct rig {
	struct hf_tls *tls, *client_tls;
	struct hf_http *http;
	pthread_t late;
	struct hf_http_call *waiting;
};
static struct rig rig;

static void say(struct hf_http_call *call, int status, const char *text)
{
	struct hf_http_res res = { .status = status,
				   .type = "text/plain",
				   .body = { (const uint8_t *)text, strlen(text) } };

	hf_http_answer(call, &res);
}

static void on_echo(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	char text[512], q[32] = "";

	(void)ctx;
	if (hf_http_query(req, "q", q, sizeof(q)) != HF_OK)
		q[0] = 0;
	(void)snprintf(text, sizeof(text), "%s|%s|%.*s|%s", req->path, q, (int)req->body.len,
		       req->body.len > 0 ? (const char *)req->body.ptr : "",
		       req->param[0] != NULL ? req->param[0] : "-");
	say(call, 200, text);
}

static void *answer_late(void *arg)
{
	usleep(50000);
	say(arg, 200, "late");
	return NULL;
}

static void on_late(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	(void)req;
	assert_int_equal(pthread_create(&rig.late, NULL, answer_late, call), 0);
}

static void on_hold(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	(void)req;
	rig.waiting = call;
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
	{ HF_HTTP_GET, "/echo", 0, on_echo },    { HF_HTTP_POST, "/echo", 100, on_echo },
	{ HF_HTTP_POST, "/small", 10, on_echo }, { HF_HTTP_GET, "/v1/{dev}/x", 0, on_echo },
	{ HF_HTTP_GET, "/late", 0, on_late },    { HF_HTTP_GET, "/hold", 0, on_hold },
	{ HF_HTTP_GET, "/evil", 0, on_evil },
};

static void open_server(struct hf_http_conf c)
{
	rig.tls = tls_rig_server(&tls_rig, 0, false);
	rig.client_tls = tls_rig_client(&tls_rig, NULL);
	c.addr = "127.0.0.1";
	c.tls = rig.tls;
	c.body_max = 100;
	c.routes = routes;
	c.n_routes = sizeof(routes) / sizeof(routes[0]);
	assert_int_equal(hf_http_new(&c, &rig.http, NULL), HF_OK);
	assert_int_equal(hf_http_start(rig.http, NULL), HF_OK);
}

static int open_rig(void **unused)
{
	(void)unused;
	rig = (struct rig){ 0 };
	open_server((struct hf_http_conf){ .workers = 2 });
	return 0;
}

static int close_rig(void **unused)
{
	(void)unused;
	hf_http_free(rig.http);
	hf_tls_free(rig.tls);
	hf_tls_free(rig.client_tls);
	return 0;
}

static struct hf_httpc *client(void)
{
	struct hf_httpc_conf c = {
		.host = "127.0.0.1", .port = hf_http_port(rig.http), .tls = rig.client_tls, .timeout_ms = 3000
	};
	struct hf_httpc *out = NULL;

	assert_int_equal(hf_httpc_open(&c, &out, NULL), HF_OK);
	return out;
}

static void expect(struct hf_httpc *c, const char *method, const char *path, const char *body, int status,
		   const char *text)
{
	struct hf_httpc_req req = { .method = method,
				    .path = path,
				    .body = { (const uint8_t *)body, body != NULL ? strlen(body) : 0 } };
	struct hf_httpc_res res = HF_HTTPC_RES(1000);

	assert_int_equal(hf_httpc_call(c, &req, &res, NULL), HF_OK);
	assert_int_equal(res.status, status);
	if (text != NULL)
		assert_string_equal(hf_buf_text(&res.body), text);
	hf_httpc_res_free(&res);
}

static void routes_are_found_and_the_connection_is_kept(void **unused)
{
	struct hf_httpc *c = client();
	struct hf_http_stats stats;

	(void)unused;
	expect(c, "GET", "/echo?q=a%20b", NULL, 200, "/echo|a b||-");
	expect(c, "POST", "/echo", "hello", 200, "/echo||hello|-");
	expect(c, "GET", "/v1/abc/x", NULL, 200, "/v1/abc/x|||abc");
	expect(c, "GET", "/nowhere", NULL, 404, "Not Found\n");
	expect(c, "PUT", "/echo", "x", 405, "Method Not Allowed\n");
	hf_http_stats(rig.http, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.requests, 5);
	hf_httpc_close(c);
}

static void a_body_above_its_routes_limit_is_refused(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	expect(c, "POST", "/small", "12345678901", 413, NULL);
	hf_httpc_close(c);
}

static void an_answer_may_come_later_from_another_thread(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	expect(c, "GET", "/late", NULL, 200, "late");
	pthread_join(rig.late, NULL);
	expect(c, "GET", "/echo", NULL, 200, NULL);
	hf_httpc_close(c);
}

static void an_answer_to_a_client_that_left_goes_nowhere(void **unused)
{
	struct raw raw = { 0 };
	struct hf_httpc *c;

	(void)unused;
	raw_open(&raw, hf_http_port(rig.http), true);
	raw_write(&raw, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	for (int i = 0; i < 300 && rig.waiting == NULL; i++)
		usleep(10000);
	assert_non_null(rig.waiting);
	raw_close(&raw);
	usleep(50000);
	say(rig.waiting, 200, "nobody hears");
	c = client();
	expect(c, "GET", "/echo", NULL, 200, NULL);
	hf_httpc_close(c);
}

static void a_line_break_in_a_header_of_ours_becomes_an_error(void **unused)
{
	struct hf_httpc *c = client();

	(void)unused;
	expect(c, "GET", "/evil", NULL, 500, "");
	hf_httpc_close(c);
}

/* What raw bytes are answered with, and whether the connection ends. */
static const struct {
	const char *request, *status;
} raws[] = {
	{ "GET /echo HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n" },
	{ "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n" },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	  "HTTP/1.1 400 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	  "HTTP/1.1 411 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 411 " },
	{ "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 411 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 4" },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n140\r\n", "HTTP/1.1 4" },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	  "HTTP/1.1 400 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 411 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 413 " },
	{ "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 " },
	{ "GET /echo HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "HTTP/1.1 400 " },
	{ "GET /a/../echo HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 " },
	{ "GET /echo HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 " },
};

static void raw_requests_get_their_status_and_the_connection_ends(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		struct raw raw = { 0 };
		char text[2000];

		raw_open(&raw, hf_http_port(rig.http), true);
		raw_write(&raw, raws[i].request, strlen(raws[i].request));
		raw_read(&raw, NULL, text, sizeof(text)); /* until the end */
		raw_close(&raw);
		if (strncmp(text, raws[i].status, strlen(raws[i].status)) != 0)
			print_error("row %zu: %s\n", i, text);
		assert_memory_equal(text, raws[i].status, strlen(raws[i].status));
		assert_non_null(strstr(text, "Content-Length: "));
		assert_null(strstr(text, "Transfer-Encoding"));
	}
}

static void plain_text_on_the_port_is_never_answered_in_plain(void **unused)
{
	struct raw raw = { 0 };
	char text[500];

	(void)unused;
	raw_open(&raw, hf_http_port(rig.http), false);
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
	rig = (struct rig){ 0 };
	open_server((struct hf_http_conf){ .workers = 1, .request_s = 1 });
	raw_open(&raw, hf_http_port(rig.http), true);
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
	rig = (struct rig){ 0 };
	open_server((struct hf_http_conf){ .workers = 1, .connections = 2 });
	raw_open(&raw[0], hf_http_port(rig.http), true);
	raw_open(&raw[1], hf_http_port(rig.http), true);
	raw_open(&raw[2], hf_http_port(rig.http), false); /* waits in the kernel */
	usleep(100000);
	hf_http_stats(rig.http, &stats);
	assert_int_equal(stats.open, 2);
	raw_close(&raw[0]);
	for (int i = 0; i < 200 && stats.connections < 3; i++) {
		usleep(10000);
		hf_http_stats(rig.http, &stats);
	}
	assert_int_equal(stats.connections, 3);
	raw_close(&raw[1]);
	raw_close(&raw[2]);
}

static void a_taken_port_and_a_bad_table_are_refused(void **unused)
{
	struct hf_http_conf c = { .addr = "127.0.0.1",
				  .port = hf_http_port(rig.http),
				  .tls = rig.tls,
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
