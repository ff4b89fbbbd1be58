/* A connection belongs to its SSL object and dies with it, whoever ends it first; a plain one is
 * told its end by evhttp, and holds its bufferevent until then. The framing watches the
 * bytes as they enter the input buffer, so it has judged them before evhttp reads any.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <hf/log.h>
#include "http_priv.h"

enum { LINGER_MS = 1000, IDLE_S = 30, REQUEST_S = 60, CONNECTIONS = 4096 };

static int conn_index = -1;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static unsigned cap_of(const struct hf__http_worker *w)
{
	unsigned all = w->server->conf.connections != 0 ? w->server->conf.connections : CONNECTIONS;

	return all / w->server->n_workers > 0 ? all / w->server->n_workers : 1;
}

static void drop(struct hf__http_conn *c)
{
	struct hf__http_worker *w = c->worker;

	if (c->link != NULL) {
		*c->link = c->next;
		if (c->next != NULL)
			c->next->link = c->link;
	}
	if (c->call != NULL)
		c->call->conn = NULL;
	if (c->limit_open)
		hf_timer_close(&c->limit);
	w->connections--;
	atomic_fetch_sub(&w->server->n_open, 1);
	if (w->paused && !w->closing && w->connections < cap_of(w)) {
		w->paused = false;
		(void)evconnlistener_enable(w->listener);
	}
	free(c);
}

static void conn_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	if (ptr != NULL)
		drop(ptr);
}

/* The end of a plain connection: evhttp lets go of the bufferevent right after, and so do we. */
static void plain_end(struct evhttp_connection *evcon, void *arg)
{
	struct hf__http_conn *c = arg;
	struct bufferevent *bev = c->bev;

	(void)evcon;
	(void)evbuffer_remove_cb_entry(bufferevent_get_input(bev), c->watch);
	drop(c);
	(void)bufferevent_decref(bev);
}

/* evhttp makes its object after it asked for the bufferevent, and stands behind its callbacks; without
 * callbacks the connection has ended already. */
static void plain_adopt(void *arg)
{
	struct hf__http_conn *c = arg;
	bufferevent_data_cb on_read = NULL;
	void *evcon = NULL;

	bufferevent_getcb(c->bev, &on_read, NULL, NULL, &evcon);
	if (on_read == NULL || evcon == NULL)
		plain_end(NULL, c);
	else
		evhttp_connection_set_closecb(evcon, plain_end, c);
}

static void make_index(void)
{
	conn_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, conn_free);
}

/* evhttp notices the end of the socket and cleans up by itself. */
static void cut(struct hf__http_conn *c)
{
	(void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
}

/* Runs from the loop, when evhttp has had its turn with the same bytes: it may have answered already. */
static void say_refusal(struct hf__http_conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	const char *reason = hf_http_reason(c->wire.status);

	c->refused = true;
	atomic_fetch_add(&c->worker->server->n_refused, 1);
	if (evbuffer_get_length(out) == 0)
		(void)evbuffer_add_printf(
			out,
			"HTTP/1.%d %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
			"Connection: close\r\n\r\n%s\n",
			c->wire.minor, c->wire.status, reason, strlen(reason) + 1, reason);
	/* evhttp turns writing off while it reads a request. */
	(void)bufferevent_enable(c->bev, EV_WRITE);
	(void)bufferevent_enable(c->bev, EV_WRITE); /* evhttp turns it off while it reads a body */
	if (hf_timer_start(&c->limit, LINGER_MS) != HF_OK)
		cut(c);
}

static void on_limit(void *ctx)
{
	struct hf__http_conn *c = ctx;

	if (c->wire.status != 0 && !c->refused && c->call == NULL) {
		say_refusal(c);
		return;
	}
	if (c->refused && c->link == NULL)
		(void)SSL_shutdown(bufferevent_openssl_get_ssl(c->bev));
	cut(c);
}

static void start_limit(struct hf__http_conn *c)
{
	unsigned s = c->worker->server->conf.request_s;

	if (hf_timer_start(&c->limit, (uint64_t)(s != 0 ? s : REQUEST_S) * 1000) != HF_OK)
		cut(c);
}

static void feed_new_bytes(struct hf__http_conn *c, struct evbuffer *in, size_t n)
{
	struct evbuffer_iovec part[8];
	struct evbuffer_ptr at;

	while (n > 0 && c->wire.status == 0) {
		int parts;

		if (evbuffer_ptr_set(in, &at, evbuffer_get_length(in) - n, EVBUFFER_PTR_SET) != 0)
			abort(); /* bytes we cannot look at must not be acted upon */
		parts = evbuffer_peek(in, (ev_ssize_t)n, &at, part, 8);
		for (int i = 0; i < parts && i < 8 && n > 0; i++) {
			size_t len = part[i].iov_len < n ? part[i].iov_len : n;

			(void)hf__http_wire_feed(&c->wire, (hf_bytes){ part[i].iov_base, len });
			n -= len;
		}
		if (parts <= 0)
			abort();
	}
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct hf__http_conn *c = arg;
	bool was_idle = hf__http_wire_idle(&c->wire);

	if (info->n_added == 0 || c->wire.status != 0)
		return;
	feed_new_bytes(c, in, info->n_added);
	if (c->wire.status != 0) {
		if (c->call == NULL && hf_timer_start(&c->limit, 0) != HF_OK)
			cut(c);
	} else if (was_idle && c->call == NULL) {
		start_limit(c);
	}
}

static hf_err attach(struct hf__http_conn *c)
{
	hf__http_wire_init(&c->wire, c->worker->server->conf.body_max);
	HF_TRY(hf_timer_init(&c->limit, c->worker->loop, on_limit, c));
	c->limit_open = true;
	c->watch = evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
	if (c->watch == NULL)
		return HF_ERR_HOST_MEMORY;
	start_limit(c);
	return HF_OK;
}

/* NULL would make evhttp serve on this socket without our framing, and without TLS; so there is no way out
 * but the worker's end. */
static _Noreturn void no_conn(void)
{
	hf_log(HF_LOG_ERR, "http", "connection cannot be made, stopping", "");
	abort();
}

static void make_tls(struct hf__http_conn *c, struct event_base *base)
{
	SSL *ssl;

	(void)pthread_once(&index_once, make_index);
	ERR_clear_error();
	ssl = SSL_new(c->worker->server->conf.tls->ctx);
	if (ssl == NULL)
		no_conn();
	c->bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
						BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL || SSL_set_ex_data(ssl, conn_index, c) != 1)
		no_conn();
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
}

static void make_plain(struct hf__http_conn *c, struct event_base *base)
{
	c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL || hf_loop_post(c->worker->loop, plain_adopt, c) != HF_OK)
		no_conn();
	bufferevent_incref(c->bev);
	c->next = c->worker->plain;
	c->link = &c->worker->plain;
	if (c->next != NULL)
		c->next->link = &c->next;
	c->worker->plain = c;
}

struct bufferevent *hf__http_conn_new(struct event_base *base, void *worker)
{
	struct hf__http_worker *w = worker;
	struct hf__http_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		no_conn();
	c->worker = w;
	if (w->server->conf.plain)
		make_plain(c, base);
	else
		make_tls(c, base);
	if (attach(c) != HF_OK)
		no_conn();
	w->connections++;
	atomic_fetch_add(&w->server->n_open, 1);
	atomic_fetch_add(&w->server->n_connections, 1);
	if (w->connections >= cap_of(w) && !w->paused) {
		w->paused = true;
		(void)evconnlistener_disable(w->listener);
	}
	return c->bev;
}

static struct hf__http_conn *find_plain(const struct hf__http_worker *w, const struct bufferevent *bev)
{
	struct hf__http_conn *c = w->plain;

	while (c != NULL && c->bev != bev)
		c = c->next;
	return c;
}

struct hf__http_conn *hf__http_conn_of(struct hf__http_worker *w, struct evhttp_request *ereq)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(ereq);
	struct bufferevent *bev = evcon == NULL ? NULL : evhttp_connection_get_bufferevent(evcon);
	SSL *ssl;

	if (bev == NULL)
		return NULL;
	if (w->server->conf.plain)
		return find_plain(w, bev);
	ssl = bufferevent_openssl_get_ssl(bev);
	return ssl == NULL ? NULL : SSL_get_ex_data(ssl, conn_index);
}

/* OpenSSL forgets the session of a connection that ends without close_notify from our side; then nothing
 * could ever be resumed, as it is the client that usually goes first. */
void hf__http_conn_goodbye(struct evhttp_connection *evcon, void *unused)
{
	SSL *ssl = bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(evcon));

	(void)unused;
	if (ssl == NULL || !SSL_is_init_finished(ssl))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void hf__http_conn_answered(struct hf__http_conn *c, bool close)
{
	struct timeval idle = { c->worker->server->conf.idle_s != 0 ? c->worker->server->conf.idle_s : IDLE_S,
				0 };

	c->call = NULL;
	(void)bufferevent_set_timeouts(c->bev, &idle, &idle);
	/* The answer itself must get out in time too; bytes of the next request begin a new limit. */
	if (close || c->wire.status != 0)
		start_limit(c);
	else
		hf_timer_stop(&c->limit);
}
