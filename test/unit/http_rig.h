/* http_rig.h -- one HTTP server on loopback for the tests of host/http, with TLS or without, and a client.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_RIG_H
#define HTTP_RIG_H
#include <hf/httpc.h>
#include <pthread.h>
#include "tls_rig.h"

struct http_rig {
	struct hf_http *http;
	struct hf_tls *tls, *client_tls; /* NULL: plain */
	pthread_t late;                  /* answers /late; to be joined */
};
extern struct http_rig http_rig;

/* GET and POST /echo say "path|value of q|body|parameter", and "|certificate" when one was shown; GET /late
 * answers from another thread. */
void http_rig_echo(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
void http_rig_late(void *ctx, const struct hf_http_req *req, struct hf_http_call *call);
void http_rig_say(struct hf_http_call *call, int status, const char *text);

/* Start with these settings, on a free port of 127.0.0.1; `certs` NULL: plain. Bodies: 100 bytes at most. */
void http_rig_open(const struct tls_rig *certs, struct hf_http_conf c);
void http_rig_close(void);
struct hf_httpc *http_rig_client(uint32_t timeout_ms);
/* One request; `text` NULL: whatever the body is. */
void http_rig_expect(struct hf_httpc *c, const char *method, const char *path, const char *body, int status,
		     const char *text);
/* Each of a table of raw requests gets its status line, and its connection ends. */
void http_rig_raw_requests(void);
#endif
