/* http_rig.c -- see http_rig.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "http_rig.h"

struct http_rig http_rig;

void http_rig_say(struct hf_http_call *call, int status, const char *text)
{
	struct hf_http_res res = { .status = status,
				   .type = "text/plain",
				   .body = { (const uint8_t *)text, strlen(text) } };

	hf_http_answer(call, &res);
}

void http_rig_echo(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	char text[512], q[32] = "";

	(void)ctx;
	if (hf_http_query(req, "q", q, sizeof(q)) != HF_OK)
		q[0] = 0;
	(void)snprintf(text, sizeof(text), "%s|%s|%.*s|%s%s", req->path, q, (int)req->body.len,
		       req->body.len > 0 ? (const char *)req->body.ptr : "",
		       req->param[0] != NULL ? req->param[0] : "-",
		       req->peer->has_cert ? "|certificate" : "");
	http_rig_say(call, 200, text);
}

static void *answer_late(void *arg)
{
	usleep(50000);
	http_rig_say(arg, 200, "late");
	return NULL;
}

void http_rig_late(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	(void)ctx;
	(void)req;
	assert_int_equal(pthread_create(&http_rig.late, NULL, answer_late, call), 0);
}

void http_rig_open(const struct tls_rig *certs, struct hf_http_conf c)
{
	http_rig = (struct http_rig){ 0 };
	if (certs != NULL) {
		http_rig.tls = tls_rig_server(certs, 0, false);
		http_rig.client_tls = tls_rig_client(certs, NULL);
	}
	c.addr = "127.0.0.1";
	c.tls = http_rig.tls;
	c.plain = certs == NULL;
	c.body_max = 100;
	assert_int_equal(hf_http_new(&c, &http_rig.http, NULL), HF_OK);
	assert_int_equal(hf_http_start(http_rig.http, NULL), HF_OK);
}

void http_rig_close(void)
{
	hf_http_free(http_rig.http);
	hf_tls_free(http_rig.tls);
	hf_tls_free(http_rig.client_tls);
}

struct hf_httpc *http_rig_client(uint32_t timeout_ms)
{
	struct hf_httpc_conf c = { .host = "127.0.0.1",
				   .port = hf_http_port(http_rig.http),
				   .tls = http_rig.client_tls,
				   .plain = http_rig.client_tls == NULL,
				   .timeout_ms = timeout_ms };
	struct hf_httpc *out = NULL;

	assert_int_equal(hf_httpc_open(&c, &out, NULL), HF_OK);
	return out;
}

void http_rig_expect(struct hf_httpc *c, const char *method, const char *path, const char *body, int status,
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
	{ "\x16\x03\x01 \r\n\r\n", "HTTP/1.1 400 " },
};

void http_rig_raw_requests(void)
{
	for (size_t i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		struct raw raw = { 0 };
		char text[2000];

		raw_open(&raw, hf_http_port(http_rig.http), http_rig.tls != NULL);
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
