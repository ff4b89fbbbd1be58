/* http.h -- HTTPS server: evhttp and OpenSSL in the process, N workers, one table of routes. Plain HTTP only
 * where the configuration says `plain`, and only on loopback (a log behind a local proxy or tool).
 * Promise: every byte is checked by our own strict framing before libevent acts on it: a second
 * Content-Length or Host, Transfer-Encoding, folded headers, NUL, bare CR or LF, bad names are all 400
 * (411 for Transfer-Encoding) and the connection ends. Replies always have Content-Length and the
 * request's HTTP version. A socket can never fall back to plain text. No header decides identity.
 * Limits: in struct hf_http_conf; 64 headers per request.
 * Thread rule: handlers run on worker threads and must not block; they may answer later from any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HTTP_H
#define HF_HTTP_H
#include <hf/buf.h>
#include <hf/tls.h>
#include <hf/why.h>

enum {
	HF_HTTP_GET = 1,
	HF_HTTP_POST = 2,
	HF_HTTP_PUT = 4,
	HF_HTTP_DELETE = 8,
};
enum { HF_HTTP_HEADERS_MAX = 64, HF_HTTP_PARAMS_MAX = 4, HF_HTTP_ADDR_CAP = 46 };

struct hf_http_header {
	const char *name;
	const char *value;
};
/* A request, whole and immutable, copied from the wire: it stays until the call is answered, also when
 * the client went away. */
struct hf_http_req {
	int method;
	int minor;         /* HTTP/1.minor */
	const char *path;  /* decoded path without query, e.g. "/v1/devices/abc" */
	const char *query; /* raw text after '?', "" when absent */
	size_t route; /* index of the row of conf.routes that matched */
	const char *param[HF_HTTP_PARAMS_MAX]; /* what the route's {…} matched, in order; else NULL */
	const struct hf_http_header *headers;
	size_t n_headers;
	hf_bytes body;
	const struct hf_tls_peer *peer;
	char addr[HF_HTTP_ADDR_CAP]; /* of the TCP peer, text */
};
/* Value of a header (names compare without case) or NULL. Repeated ones: the first; see _n. */
const char *hf_http_header(const struct hf_http_req *req, const char *name);
size_t hf_http_header_n(const struct hf_http_req *req, const char *name);
/* Value of `name` in the query, percent-decoded into `out`. Errors: HF_ERR_HTTP_ABSENT, HF_ERR_HTTP_QUERY
 * (repeated, bad escape, control character, too long). */
HF_MUST_CHECK hf_err hf_http_query(const struct hf_http_req *req, const char *name, char *out, size_t cap);

/* An answer. Members left 0 mean: no such header. */
struct hf_http_res {
	int status;
	const char *type; /* Content-Type; NULL only with an empty body */
	hf_bytes body;    /* copied by hf_http_answer */
	const struct hf_http_header *headers; /* copied */
	size_t n_headers;
	unsigned retry_after_s; /* > 0: Retry-After */
	bool close;             /* end the connection after it */
};
struct hf_http_call; /* a request waiting for its answer */
/* Answer, exactly once per call, from any thread; the call and its request are gone afterwards. A call
 * whose client went away is answered like any other: the bytes go nowhere. */
void hf_http_answer(struct hf_http_call *call, const struct hf_http_res *res);

/* Patterns: literal segments and {name}; "/v1/devices/{dev}/revoke". A last segment "{*}" takes the rest.
 * Paths are compared after decoding; an encoded slash, dot segments and empty segments are 400. */
struct hf_http_route {
	int method;
	const char *pattern;
	size_t body_max; /* 0 = no body allowed; must be <= conf.body_max */
	void (*handle)(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
};
struct hf_http_conf {
	const char *addr; /* "0.0.0.0", "::", "127.0.0.1" */
	uint16_t port;    /* 0 = any free one, see hf_http_port */
	const struct hf_tls *tls; /* borrowed */
	bool plain;               /* no TLS: tls is NULL and addr a loopback address, else HF_ERR_HTTP_CONF */
	unsigned workers;         /* 0 = 2 */
	size_t body_max;          /* largest body of all routes; headers are limited to 16 KiB */
	unsigned request_s;       /* 0 = 60: from first byte to answer sent */
	unsigned idle_s;          /* 0 = 30: silence on a connection */
	unsigned connections;     /* 0 = 4,096 per server; accepting pauses at the cap */
	const struct hf_http_route *routes; /* borrowed */
	size_t n_routes;
	void *ctx; /* given to every handler */
	/* Answers made here (404, 405, 400, 413, 503…): NULL = text/plain with the reason phrase. For an
	 * API that wants problem+json: fill res->type and put the body into `body`. */
	void (*on_error)(void *ctx, const char *path, struct hf_http_res *res, struct hf_buf *body);
};
struct hf_http;
/* Bind and listen, one SO_REUSEPORT socket per worker; no thread yet, so the sandbox can follow.
 * Errors: HF_ERR_HTTP_LISTEN (words say which port is taken), HF_ERR_HTTP_CONF, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_http_new(const struct hf_http_conf *c, struct hf_http **out, struct hf_why *why);
/* Start the worker threads. */
HF_MUST_CHECK hf_err hf_http_start(struct hf_http *s, struct hf_why *why);
uint16_t hf_http_port(const struct hf_http *s);
/* Stop accepting, give open calls `grace_ms` to end, join the workers. */
void hf_http_stop(struct hf_http *s, unsigned grace_ms);
/* All calls must be answered. */
void hf_http_free(struct hf_http *s);

struct hf_http_stats {
	uint64_t connections, requests, refused, open;
};
void hf_http_stats(const struct hf_http *s, struct hf_http_stats *out);

/* Version of libevent at run time; false when it is older than the release that closed the eight
 * request-smuggling and memory faults of 2026, with words. Programs log it at start as an error line. */
bool hf_http_library_ok(struct hf_why *why);
/* "Not Found" for 404; "Unknown" for others. */
const char *hf_http_reason(int status);
#endif
