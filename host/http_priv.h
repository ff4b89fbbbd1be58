/* http_priv.h -- shared by the files of host/http.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HTTP_PRIV_H
#define HF_HTTP_PRIV_H
#include <event2/bufferevent_ssl.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <pthread.h>
#include <stdatomic.h>
#include "http_wire.h"
#include "loop_priv.h"
#include "tls_priv.h"

enum { HF_HTTP_WORKERS_MAX = 16, HF_HTTP_PATH_CAP = 1024 };

struct hf__http_worker {
	struct hf_http *server;
	struct hf_loop *loop;
	struct evhttp *http;
	struct evconnlistener *listener;
	int fd;
	pthread_t thread;
	bool running; /* thread was started and not joined */
	bool dead;    /* its loop is being taken down: calls left are only freed */
	bool paused;  /* at the connection cap */
	bool closing; /* no new connections any more */
	unsigned connections;
	struct hf__http_conn *plain; /* plain connections, found by their bufferevent */
};

struct hf_http {
	struct hf_http_conf conf;
	unsigned n_workers;
	uint16_t port;
	struct hf__http_worker worker[HF_HTTP_WORKERS_MAX];
	atomic_ullong n_connections, n_requests, n_refused, n_open;
};

/* One connection; owned by its SSL object, or, when plain, ended by evhttp. */
struct hf__http_conn {
	struct hf__http_worker *worker;
	struct hf__http_conn *next, **link; /* in worker->plain */
	struct bufferevent *bev;
	struct evbuffer_cb_entry *watch;
	struct hf__http_wire wire;
	struct hf_timer limit; /* whole request; or the rest of a refused connection's life */
	bool limit_open;
	bool refused; /* our own refusal was written: only the end is awaited */
	struct hf_http_call *call;
};

struct hf_http_call {
	struct hf__http_worker *worker;
	struct hf__http_conn *conn; /* NULL when the client went away */
	struct evhttp_request *ereq;
	struct hf_http_req req;
	struct hf_tls_peer peer;
	char path[HF_HTTP_PATH_CAP];
	char captured[HF_HTTP_PATH_CAP + HF_HTTP_PARAMS_MAX];
	struct hf_http_header header[HF_HTTP_HEADERS_MAX];
	struct hf_buf memory; /* texts of headers and query, the body */
	/* The answer, copied. */
	struct hf_buf out_body, out_heads;
	int status;
	bool close;
};

/* conn: a bufferevent for the next accepted socket; evhttp asks for it. */
struct bufferevent *hf__http_conn_new(struct event_base *base, void *worker);
struct hf__http_conn *hf__http_conn_of(struct hf__http_worker *w, struct evhttp_request *ereq);
/* Called by evhttp before it frees a connection. */
void hf__http_conn_goodbye(struct evhttp_connection *evcon, void *unused);
void hf__http_conn_answered(struct hf__http_conn *c, bool close);
/* call: evhttp has a whole request. */
void hf__http_on_request(struct evhttp_request *ereq, void *worker);
/* Answer with a status of our own making. */
void hf__http_answer_error(struct hf_http_call *call, int status, const struct hf_http_header *extra);
/* Write the stored answer; on the worker's thread. */
void hf__http_deliver(void *call);
#endif
