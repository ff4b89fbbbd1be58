/* The HTTPS client against servers that are away, end, lie or say too much.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/httpc.h>
#include "httpc_priv.h"
#include "tls_rig.h"

static struct tls_rig tls_rig;
static struct {
	struct hf_tls *tls, *client_tls;
	struct hf_http *http;
} rig;

static void on_echo(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	const struct hf_http_res res = { .status = 200, .type = "text/plain", .body = HF_STR("some text") };

	(void)ctx;
	(void)req;
	hf_http_answer(call, &res);
}

static const struct hf_http_route routes[] = { { HF_HTTP_GET, "/echo", 0, on_echo } };

static int open_rig(void **unused)
{
	struct hf_http_conf c = { .addr = "127.0.0.1", .workers = 1, .routes = routes, .n_routes = 1 };

	(void)unused;
	rig.tls = tls_rig_server(&tls_rig, 0, false);
	rig.client_tls = tls_rig_client(&tls_rig, NULL);
	c.tls = rig.tls;
	assert_int_equal(hf_http_new(&c, &rig.http, NULL), HF_OK);
	assert_int_equal(hf_http_start(rig.http, NULL), HF_OK);
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

static hf_err ask_nobody(const char *host, uint16_t port, struct hf_tls *tls)
{
	struct hf_httpc_conf c = { .host = host, .port = port, .tls = tls, .timeout_ms = 300 };
	struct hf_httpc *out = NULL;
	hf_err err = hf_httpc_open(&c, &out, NULL);

	hf_httpc_close(out);
	return err;
}

static void servers_that_are_not_there_are_told_apart(void **unused)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(ask_nobody("127.0.0.1", ntohs(a.sin_port), rig.client_tls), HF_ERR_HTTPC_CONNECT);
	assert_int_equal(ask_nobody("no.such.host.invalid", 1, rig.client_tls), HF_ERR_HTTPC_RESOLVE);
	assert_int_equal(listen(fd, 1), 0); /* accepts, and never says a word */
	assert_int_equal(ask_nobody("127.0.0.1", ntohs(a.sin_port), rig.client_tls), HF_ERR_HTTPC_TIMEOUT);
	close(fd);
}

static void an_answer_above_the_callers_ceiling_is_refused(void **unused)
{
	struct hf_httpc_req req = { .method = "GET", .path = "/echo" };
	struct hf_httpc_res res = HF_HTTPC_RES(3);
	struct hf_httpc *c = client();

	(void)unused;
	assert_int_equal(hf_httpc_call(c, &req, &res, NULL), HF_ERR_HTTPC_TOO_LARGE);
	hf_httpc_res_free(&res);
	hf_httpc_close(c);
}

static void a_server_that_ends_is_told_apart_from_a_slow_one(void **unused)
{
	struct hf_httpc_req req = { .method = "GET", .path = "/echo" };
	struct hf_httpc_res res = HF_HTTPC_RES(100);
	struct hf_httpc *c = client();

	(void)unused;
	hf_http_free(rig.http);
	rig.http = NULL;
	assert_int_equal(hf_httpc_call(c, &req, &res, NULL), HF_ERR_HTTPC_CLOSED);
	hf_httpc_res_free(&res);
	hf_httpc_close(c);
}

static void *say_junk(void *listener)
{
	int fd = accept(*(int *)listener, NULL, NULL);

	if (send(fd, "220 mail.example ESMTP\r\n", 24, MSG_NOSIGNAL) < 0)
		return NULL;
	usleep(100000);
	close(fd);
	return NULL;
}

static void a_server_that_speaks_no_tls_fails_the_handshake(void **unused)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t t;

	(void)unused;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(pthread_create(&t, NULL, say_junk, &fd), 0);
	assert_int_equal(ask_nobody("127.0.0.1", ntohs(a.sin_port), rig.client_tls), HF_ERR_TLS_HANDSHAKE);
	pthread_join(t, NULL);
	close(fd);
}

static void heads_of_answers_are_read_strictly(void **unused)
{
	static const char *const bad[] = {
		"junk\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	};
	struct hf_httpc_res res = HF_HTTPC_RES(1);
	struct hf__httpc_head head;
	char text[200] = "HTTP/1.0 404 Gone fishing\r\nA:  b \r\nConnection: keep-alive\r\n\r\n";

	(void)unused;
	assert_int_equal(hf__httpc_head_read(text, &res, &head), HF_OK);
	assert_int_equal(head.status, 404);
	assert_false(head.close);
	assert_string_equal(hf_httpc_header(&res, "a"), "b");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text, bad[i]);
		assert_int_equal(hf__httpc_head_read(text, &res, &head), HF_ERR_HTTPC_ANSWER);
	}
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
		WITH_RIG(servers_that_are_not_there_are_told_apart),
		WITH_RIG(an_answer_above_the_callers_ceiling_is_refused),
		WITH_RIG(a_server_that_ends_is_told_apart_from_a_slow_one),
		WITH_RIG(a_server_that_speaks_no_tls_fails_the_handshake),
		cmocka_unit_test(heads_of_answers_are_read_strictly),
	};
	return cmocka_run_group_tests(tests, make_certs, NULL);
}
