/* httpc.h -- a small blocking HTTPS client for the CLI and the agent, HTTP/1.1, one connection.
 * Promise: TLS as hf/tls.h says, plain text only where the caller says `plain`, for public data that proves
 * itself (logs, witnesses); one deadline rules connect, handshake and each call;
 * the answer's size is checked before it is stored; any HTTP/1.x status line is read; redirects are
 * answers, never followed.
 * Limits: header block 16 KiB; body = ceiling of the caller's buffer. Thread rule: one thread per client.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HTTPC_H
#define HF_HTTPC_H
#include <hf/buf.h>
#include <hf/http.h>
#include <hf/tls.h>
#include <hf/why.h>

struct hf_httpc;
struct hf_httpc_conf {
	const char *host; /* to connect to; the name checked is the TLS context's */
	uint16_t port;
	struct hf_tls *tls;    /* client context, borrowed */
	bool plain;            /* no TLS: tls is NULL */
	const char *name;      /* Host header; NULL = host:port */
	uint32_t timeout_ms;   /* connect + handshake, and each call; 0 = 30,000 */
	const char *agent;     /* User-Agent; NULL = "holdfast" */
};
/* Connect and shake hands. Errors: HF_ERR_HTTPC_RESOLVE, _CONNECT, _TIMEOUT; HF_ERR_TLS_HANDSHAKE,
 * HF_ERR_TLS_VERIFY (the server is not the one wanted). */
HF_MUST_CHECK hf_err hf_httpc_open(const struct hf_httpc_conf *c, struct hf_httpc **out, struct hf_why *why);
void hf_httpc_close(struct hf_httpc *c); /* sends close_notify; NULL is allowed */
/* The server's certificate and exporter X of this connection. */
const struct hf_tls_peer *hf_httpc_peer(const struct hf_httpc *c);

struct hf_httpc_req {
	const char *method; /* "GET" */
	const char *path;   /* with query, encoded by the caller */
	const char *type;   /* Content-Type of the body; NULL without */
	hf_bytes body;      /* Content-Length is always sent with POST and PUT */
	const struct hf_http_header *headers;
	size_t n_headers;
	uint32_t timeout_ms; /* 0 = the client's */
};
struct hf_httpc_res {
	int status;
	bool closed; /* the server ends the connection after this answer */
	size_t n_headers;
	struct hf_http_header headers[HF_HTTP_HEADERS_MAX]; /* into `head` */
	struct hf_buf head;
	struct hf_buf body; /* the caller sets body.ceiling before the call */
};
#define HF_HTTPC_RES(ceiling_) ((struct hf_httpc_res){ .body = HF_BUF(ceiling_) })
void hf_httpc_res_free(struct hf_httpc_res *res);
/* One request and its answer; `res` is emptied first. Any status is HF_OK. Errors: HF_ERR_HTTPC_TIMEOUT,
 * _CLOSED (nothing was answered: safe to open again and repeat an idempotent call), _ANSWER (not HTTP),
 * _TOO_LARGE. After an error the client can only be closed. */
HF_MUST_CHECK hf_err hf_httpc_call(struct hf_httpc *c, const struct hf_httpc_req *req,
				   struct hf_httpc_res *res, struct hf_why *why);
const char *hf_httpc_header(const struct hf_httpc_res *res, const char *name);
#endif
