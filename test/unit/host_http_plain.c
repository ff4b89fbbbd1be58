/* Plain HTTP on loopback: the same framing as with TLS, the same ends of connections, and nowhere else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/httpc.h>
#include <hf/loop.h>
#include "tls_rig.h"

static struct hf_http *http;
static pthread_t late;

static void say(struct hf_http_call *call, const char *text)
{
	struct hf_http_res res = { .status = 200,
				   .type = "text/plain",
				   .body = { (const uint8_t *)text, strlen(text) } };

	hf_http_answer(call, &res);
}

static void on_echo(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	say(call, req->body.len > 0 ? "body" : req->peer->has_cert ? "certificate" : "nothing");
}

static void *answer_late(void *arg)
{
	usleep(20000);
	say(arg, "late");
	return NULL;
}

static void on_late(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	(void)req;
	assert_int_equal(pthread_create(&late, NULL, answer_late, call), 0);
}

static const struct hf_http_route routes[] = { { HF_HTTP_GET, "/echo", 0, on_echo },
					       { HF_HTTP_POST, "/echo", 100, on_echo },
					       { HF_HTTP_GET, "/late", 0, on_late } };

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
	struct hf_http_conf c = plain_conf();

	(void)unused;
	assert_int_equal(hf_http_new(&c, &http, NULL), HF_OK);
	assert_int_equal(hf_http_start(http, NULL), HF_OK);
	return 0;
}

static int close_rig(void **unused)
{
	(void)unused;
	hf_http_free(http);
	return 0;
}

static struct hf_httpc *client(void)
{
	struct hf_httpc_conf c = {
		.host = "127.0.0.1", .port = hf_http_port(http), .plain = true, .timeout_ms = 60000
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
	assert_string_equal(hf_buf_text(&res.body), text);
	hf_httpc_res_free(&res);
}

static void one_connection_carries_many_requests(void **unused)
{
	struct hf_httpc *c = client();
	struct hf_http_stats stats;

	(void)unused;
	expect(c, "GET", "/echo", NULL, 200, "nothing");
	expect(c, "POST", "/echo", "x", 200, "body");
	expect(c, "GET", "/late", NULL, 200, "late");
	pthread_join(late, NULL);
	expect(c, "GET", "/other", NULL, 404, "Not Found\n");
	hf_http_stats(http, &stats);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.requests, 4);
	hf_httpc_close(c);
}

static const struct {
	const char *request, *status;
} raws[] = {
	{ "GET /echo HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n" },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	  "HTTP/1.1 400 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	  "HTTP/1.1 411 " },
	{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 413 " },
	{ "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 " },
	{ "GET /a/../echo HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 " },
	{ "GET /echo HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 " },
	{ "\x16\x03\x01 \r\n\r\n", "HTTP/1.1 400 " },
};

static void the_framing_is_as_strict_as_with_tls(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		struct raw raw = { 0 };
		char text[2000];

		raw_open(&raw, hf_http_port(http), false);
		raw_write(&raw, raws[i].request, strlen(raws[i].request));
		raw_read(&raw, NULL, text, sizeof(text)); /* until the end */
		raw_close(&raw);
		if (strncmp(text, raws[i].status, strlen(raws[i].status)) != 0)
			print_error("row %zu: %s\n", i, text);
		assert_memory_equal(text, raws[i].status, strlen(raws[i].status));
	}
}

static void wait_open(unsigned n)
{
	struct hf_http_stats stats = { 0 };

	for (int i = 0; i < 6000; i++) {
		hf_http_stats(http, &stats);
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

		raw_open(&raw, hf_http_port(http), false);
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
	struct hf_httpc_conf c = { .host = "127.0.0.1", .port = hf_http_port(http) };
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
