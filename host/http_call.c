/* A request is copied whole before any handler sees it, because evhttp frees its own when the client goes
 * away while the answer is still being worked out on another thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include "http_priv.h"
/* After http.h, which declares what this one uses. */
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

enum { MEMORY_SLACK = 65536, HEADS_CEILING = 32768, OUT_CEILING = 16 << 20 };

static int method_of(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return HF_HTTP_GET;
	case EVHTTP_REQ_POST:
		return HF_HTTP_POST;
	case EVHTTP_REQ_PUT:
		return HF_HTTP_PUT;
	case EVHTTP_REQ_DELETE:
		return HF_HTTP_DELETE;
	default:
		return 0;
	}
}

/* Reserve everything first: pointers into the buffer must not move afterwards. */
static char *keep_text(struct hf_buf *m, const char *text)
{
	char *at = (char *)m->ptr + m->len;

	if (hf_buf_puts(m, text) != HF_OK || hf_buf_put(m, (hf_bytes){ (const uint8_t *)"", 1 }) != HF_OK)
		return NULL;
	return at;
}

static size_t text_size(struct evhttp_request *ereq)
{
	const struct evkeyval *h;
	size_t n = strlen(evhttp_request_get_uri(ereq)) + 2;

	TAILQ_FOREACH(h, evhttp_request_get_input_headers(ereq), next)
	n += strlen(h->key) + strlen(h->value) + 2;
	return n;
}

static hf_err copy_headers(struct hf_http_call *call, struct evhttp_request *ereq)
{
	const struct evkeyval *h;

	TAILQ_FOREACH(h, evhttp_request_get_input_headers(ereq), next)
	{
		struct hf_http_header *to = &call->header[call->req.n_headers];

		if (call->req.n_headers == HF_HTTP_HEADERS_MAX)
			return HF_ERR_HTTP_FRAME;
		to->name = keep_text(&call->memory, h->key);
		to->value = keep_text(&call->memory, h->value);
		if (to->name == NULL || to->value == NULL)
			return HF_ERR_HOST_MEMORY;
		call->req.n_headers++;
	}
	call->req.headers = call->header;
	return HF_OK;
}

static hf_err copy_body(struct hf_http_call *call, struct evhttp_request *ereq)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(ereq);
	size_t len = evbuffer_get_length(in);
	uint8_t *to;

	HF_TRY(hf_buf_reserve(&call->memory, len, &to));
	if (len > 0 && evbuffer_copyout(in, to, len) != (ev_ssize_t)len)
		return HF_ERR_HOST_MEMORY;
	hf_buf_commit(&call->memory, len);
	call->req.body = (hf_bytes){ to, len };
	return HF_OK;
}

static hf_err copy_request(struct hf_http_call *call, struct evhttp_request *ereq)
{
	const char *target = evhttp_request_get_uri(ereq), *query = strchr(target, '?');
	char *addr = NULL;
	ev_uint16_t port;
	uint8_t *room;

	call->memory = HF_BUF(call->worker->server->conf.body_max + MEMORY_SLACK);
	HF_TRY(hf_buf_reserve(
		&call->memory,
		text_size(ereq) + evbuffer_get_length(evhttp_request_get_input_buffer(ereq)) + 64, &room));
	call->req.method = method_of(evhttp_request_get_command(ereq));
	call->req.minor = ereq->minor == 0 ? 0 : 1; /* a char there; the wire's check let 0 and 1 pass */
	call->req.query = keep_text(&call->memory, query != NULL ? query + 1 : "");
	if (call->req.query == NULL)
		return HF_ERR_HOST_MEMORY;
	HF_TRY(copy_headers(call, ereq));
	HF_TRY(copy_body(call, ereq));
	evhttp_connection_get_peer(evhttp_request_get_connection(ereq), &addr, &port);
	(void)snprintf(call->req.addr, sizeof(call->req.addr), "%s", addr != NULL ? addr : "");
	call->req.path = call->path;
	call->req.peer = &call->peer;
	return hf__http_path(target, call->path, sizeof(call->path));
}

static void call_free(struct hf_http_call *call)
{
	hf_buf_free(&call->memory);
	hf_buf_free(&call->out_body);
	hf_buf_free(&call->out_heads);
	free(call);
}

static const char *method_name(int method)
{
	return method == HF_HTTP_GET    ? "GET"
	       : method == HF_HTTP_POST ? "POST"
	       : method == HF_HTTP_PUT  ? "PUT"
					: "DELETE";
}

/* The route for the request. Otherwise NULL, and `allowed` tells which methods the path has. */
static const struct hf_http_route *find_route(struct hf_http_call *call, char allowed[static 32])
{
	const struct hf_http_conf *conf = &call->worker->server->conf;

	allowed[0] = 0;
	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct hf_http_route *r = &conf->routes[i];
		size_t used = strlen(allowed);

		if (!hf__http_match(r->pattern, call->path, call->captured, sizeof(call->captured),
				    call->req.param))
			continue;
		if (r->method == call->req.method)
			return r;
		if (strstr(allowed, method_name(r->method)) == NULL)
			(void)snprintf(allowed + used, 32 - used, "%s%s", used > 0 ? ", " : "",
				       method_name(r->method));
	}
	return NULL;
}

static void dispatch(struct hf_http_call *call)
{
	char allowed[32];
	const struct hf_http_route *r = find_route(call, allowed);
	struct hf_http_header allow = { "Allow", allowed };

	if (r == NULL) {
		hf__http_answer_error(call, allowed[0] != 0 ? 405 : 404, allowed[0] != 0 ? &allow : NULL);
		return;
	}
	if (call->req.body.len > r->body_max) {
		hf__http_answer_error(call, 413, NULL);
		return;
	}
	call->req.route = (size_t)(r - call->worker->server->conf.routes);
	r->handle(call->worker->server->conf.ctx, &call->req, call);
}

void hf__http_on_request(struct evhttp_request *ereq, void *worker)
{
	struct hf__http_worker *w = worker;
	struct hf__http_conn *conn = hf__http_conn_of(w, ereq);
	struct hf_http_call *call = calloc(1, sizeof(*call));
	hf_err err;

	if (conn == NULL || call == NULL || conn->refused) {
		free(call);
		evhttp_send_error(ereq, 503, NULL);
		return;
	}
	*call = (struct hf_http_call){ .worker = w,
				       .conn = conn,
				       .ereq = ereq,
				       .out_body = HF_BUF(OUT_CEILING),
				       .out_heads = HF_BUF(HEADS_CEILING) };
	conn->call = call;
	if (!w->server->conf.plain)
		evhttp_connection_set_closecb(evhttp_request_get_connection(ereq), hf__http_conn_goodbye,
					      NULL);
	atomic_fetch_add(&w->server->n_requests, 1);
	/* Silence is expected while the answer is worked out; the request's own limit still runs. */
	(void)bufferevent_set_timeouts(conn->bev, NULL, NULL);
	if (!w->server->conf.plain)
		hf__tls_peer(bufferevent_openssl_get_ssl(conn->bev), &call->peer);
	err = copy_request(call, ereq);
	if (conn->wire.status != 0)
		hf__http_answer_error(call, conn->wire.status, NULL);
	else if (err != HF_OK || call->req.method == 0)
		hf__http_answer_error(call, err == HF_ERR_HOST_MEMORY ? 503 : 400, NULL);
	else
		dispatch(call);
}

static void put_head(struct evkeyvalq *heads, const char *name, const char *value)
{
	(void)evhttp_remove_header(heads, name);
	(void)evhttp_add_header(heads, name, value);
}

/* out_heads holds name NUL value NUL ... */
static void set_heads(struct hf_http_call *call)
{
	struct evkeyvalq *heads = evhttp_request_get_output_headers(call->ereq);
	const char *p = (const char *)call->out_heads.ptr, *end = p + call->out_heads.len;
	char length[32];

	while (p != NULL && p < end) {
		const char *value = p + strlen(p) + 1;

		put_head(heads, p, value);
		p = value + strlen(value) + 1;
	}
	(void)snprintf(length, sizeof(length), "%zu", call->out_body.len);
	put_head(heads, "Content-Length", length);
	if (call->close)
		put_head(heads, "Connection", "close");
}

static bool client_wants_close(const struct hf_http_req *req)
{
	const char *value = hf_http_header(req, "Connection");

	if (req->minor == 0)
		return value == NULL || strcasestr(value, "keep-alive") == NULL;
	return value != NULL && strcasestr(value, "close") != NULL;
}

void hf__http_deliver(void *arg)
{
	struct hf_http_call *call = arg;
	struct evbuffer *body;

	if (call->worker->dead) {
		call_free(call); /* evhttp is gone, and the request with it */
		return;
	}
	body = evbuffer_new();
	if (body == NULL || evbuffer_add(body, call->out_body.ptr, call->out_body.len) != 0)
		call->status = 503;
	if (call->conn != NULL && evhttp_request_get_connection(call->ereq) != NULL) {
		bool close = call->close || client_wants_close(&call->req) || call->conn->wire.status != 0;

		call->close = close;
		set_heads(call);
		hf__http_conn_answered(call->conn, close);
	}
	/* Without a connection this only frees the request. */
	evhttp_send_reply(call->ereq, call->status, hf_http_reason(call->status), body);
	if (body != NULL)
		evbuffer_free(body);
	call_free(call);
}

static hf_err keep_head(struct hf_buf *b, const char *name, const char *value)
{
	/* A line break in a value would start a header of somebody else's choice. */
	if (strpbrk(name, "\r\n") != NULL || strpbrk(value, "\r\n") != NULL)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_buf_put(b, (hf_bytes){ (const uint8_t *)name, strlen(name) + 1 }));
	return hf_buf_put(b, (hf_bytes){ (const uint8_t *)value, strlen(value) + 1 });
}

static hf_err keep_answer(struct hf_http_call *call, const struct hf_http_res *res)
{
	char seconds[16];

	call->status = res->status;
	call->close = res->close;
	HF_TRY(hf_buf_put(&call->out_body, res->body));
	if (res->type != NULL)
		HF_TRY(keep_head(&call->out_heads, "Content-Type", res->type));
	for (size_t i = 0; i < res->n_headers; i++)
		HF_TRY(keep_head(&call->out_heads, res->headers[i].name, res->headers[i].value));
	if (res->retry_after_s == 0)
		return HF_OK;
	(void)snprintf(seconds, sizeof(seconds), "%u", res->retry_after_s);
	return keep_head(&call->out_heads, "Retry-After", seconds);
}

void hf_http_answer(struct hf_http_call *call, const struct hf_http_res *res)
{
	struct hf__http_worker *w = call->worker;

	if (keep_answer(call, res) != HF_OK) {
		hf_buf_reset(&call->out_body);
		hf_buf_reset(&call->out_heads);
		call->status = 500;
		call->close = true;
	}
	if (w->running && pthread_equal(pthread_self(), w->thread))
		hf__http_deliver(call);
	else if (hf_loop_post(w->loop, hf__http_deliver, call) != HF_OK)
		abort(); /* a call that is never answered would hold its connection for ever */
}

void hf__http_answer_error(struct hf_http_call *call, int status, const struct hf_http_header *extra)
{
	const struct hf_http_conf *conf = &call->worker->server->conf;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(HEADS_CEILING);
	struct hf_http_res res = {
		.status = status, .type = "text/plain", .headers = extra, .n_headers = extra != NULL ? 1 : 0
	};

	/* After a framing error nobody can say where the next request begins. */
	res.close = status != 404 && status != 405;
	res.retry_after_s = status == 503 ? 5 : 0;
	if (conf->on_error != NULL)
		conf->on_error(conf->ctx, call->path, &res, &body);
	else if (hf_buf_printf(&body, "%s\n", hf_http_reason(status)) != HF_OK)
		hf_buf_reset(&body);
	res.body = hf_buf_bytes(&body);
	hf_http_answer(call, &res);
}

const char *hf_http_header(const struct hf_http_req *req, const char *name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (strcasecmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	return NULL;
}

size_t hf_http_header_n(const struct hf_http_req *req, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < req->n_headers; i++)
		n += strcasecmp(req->headers[i].name, name) == 0 ? 1 : 0;
	return n;
}

hf_err hf_http_query(const struct hf_http_req *req, const char *name, char *out, size_t cap)
{
	return hf__http_query(req->query, name, out, cap);
}
