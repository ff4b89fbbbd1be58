/* Sockets and threads. Listening sockets are made first, so that a sandbox without the power to make them
 * can be entered before the workers start.
 * SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/log.h>
#include "http_priv.h"

enum { WORKERS = 2, BACKLOG = 1024, IDLE_S = 30 };

/* An address for bind(); IPv4 or IPv6 text. */
static hf_err to_sockaddr(const struct hf_http_conf *c, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, c->addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(c->port);
		*len = sizeof(*v4);
		return HF_OK;
	}
	if (inet_pton(AF_INET6, c->addr, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(c->port);
		*len = sizeof(*v6);
		return HF_OK;
	}
	return HF_ERR_HTTP_CONF;
}

static int open_socket(const struct sockaddr_storage *ss, socklen_t len, bool shared)
{
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0) ||
	    /* Accepted sockets inherit it; without, each keep-alive request waits 44 ms. */
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    bind(fd, (const struct sockaddr *)(const void *)ss, len) != 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* With SO_REUSEPORT a second server of the same user would silently share the port, so first try alone. */
static hf_err probe(const struct hf_http_conf *c, const struct sockaddr_storage *ss, socklen_t len,
		    struct hf_why *why)
{
	int fd HF_AUTO(hf_fd_close) = open_socket(ss, len, false);

	if (fd < 0 || listen(fd, 1) != 0)
		return hf_why_errno(why, HF_ERR_HTTP_LISTEN, "listen on %s port %u", c->addr, c->port);
	return HF_OK;
}

static hf_err listen_all(struct hf_http *s, struct hf_why *why)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (to_sockaddr(&s->conf, &ss, &len) != HF_OK)
		return hf_why_set(why, HF_ERR_HTTP_CONF, "\"%s\" is no address", s->conf.addr);
	HF_TRY(probe(&s->conf, &ss, len, why));
	for (unsigned i = 0; i < s->n_workers; i++) {
		int fd = open_socket(&ss, len, true);

		s->worker[i].fd = fd;
		if (fd < 0 || listen(fd, BACKLOG) != 0)
			return hf_why_errno(why, HF_ERR_HTTP_LISTEN, "listen on %s port %u", s->conf.addr,
					    s->conf.port);
		/* Port 0: the first socket finds one, the others join it. */
		if (getsockname(fd, (struct sockaddr *)(void *)&ss, &len) != 0)
			return hf_why_errno(why, HF_ERR_HTTP_LISTEN, "getsockname");
	}
	s->port = ntohs(ss.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&ss)->sin_port
						: ((struct sockaddr_in6 *)(void *)&ss)->sin6_port);
	return HF_OK;
}

static hf_err make_worker(struct hf__http_worker *w, struct hf_why *why)
{
	const struct hf_http_conf *c = &w->server->conf;
	struct event_base *base;

	HF_TRY(hf_loop_new(&w->loop));
	base = hf__loop_base(w->loop);
	w->http = evhttp_new(base);
	w->listener =
		evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, w->fd);
	if (w->http == NULL || w->listener == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "HTTP worker");
	w->fd = -1; /* the listener closes it */
	if (evhttp_bind_listener(w->http, w->listener) == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "HTTP worker");
	evhttp_set_bevcb(w->http, hf__http_conn_new, w);
	evhttp_set_gencb(w->http, hf__http_on_request, w);
	evhttp_set_max_headers_size(w->http, HF_HTTP_HEAD_MAX);
	evhttp_set_max_body_size(w->http, (ev_ssize_t)c->body_max);
	evhttp_set_allowed_methods(w->http,
				   EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
	evhttp_set_timeout(w->http, (int)(c->idle_s != 0 ? c->idle_s : IDLE_S));
	evhttp_set_default_content_type(w->http, NULL);
	return HF_OK;
}

static bool is_loopback(const char *addr)
{
	return strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0;
}

static bool conf_is_valid(const struct hf_http_conf *c)
{
	if (c->addr == NULL || (c->tls == NULL) != c->plain || (c->plain && !is_loopback(c->addr)) ||
	    c->workers > HF_HTTP_WORKERS_MAX || c->n_routes == 0)
		return false;
	for (size_t i = 0; i < c->n_routes; i++)
		if (c->routes[i].pattern == NULL || c->routes[i].handle == NULL ||
		    c->routes[i].body_max > c->body_max)
			return false;
	return true;
}

hf_err hf_http_new(const struct hf_http_conf *c, struct hf_http **out, struct hf_why *why)
{
	struct hf_http *s;
	hf_err err;

	*out = NULL;
	if (!conf_is_valid(c))
		return hf_why_set(why, HF_ERR_HTTP_CONF, "");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	s->conf = *c;
	s->n_workers = c->workers != 0 ? c->workers : WORKERS;
	for (unsigned i = 0; i < s->n_workers; i++)
		s->worker[i] = (struct hf__http_worker){ .server = s, .fd = -1 };
	err = listen_all(s, why);
	for (unsigned i = 0; i < s->n_workers && err == HF_OK; i++)
		err = make_worker(&s->worker[i], why);
	if (err != HF_OK) {
		hf_http_free(s);
		return err;
	}
	*out = s;
	return HF_OK;
}

static void *work(void *arg)
{
	struct hf__http_worker *w = arg;

	if (hf_loop_run(w->loop) != HF_OK)
		hf_log(HF_LOG_ERR, "http", "worker's loop failed", "");
	return NULL;
}

hf_err hf_http_start(struct hf_http *s, struct hf_why *why)
{
	sigset_t all, before;
	int rc = 0;

	/* Signals are for the main thread's loop. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	for (unsigned i = 0; i < s->n_workers && rc == 0; i++) {
		s->worker[i].running = true;
		rc = pthread_create(&s->worker[i].thread, NULL, work, &s->worker[i]);
		if (rc != 0)
			s->worker[i].running = false;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = rc;
	return rc == 0 ? HF_OK : hf_why_errno(why, HF_ERR_HOST_MEMORY, "thread");
}

uint16_t hf_http_port(const struct hf_http *s)
{
	return s->port;
}

static void close_listener(void *ctx)
{
	struct hf__http_worker *w = ctx;

	w->closing = true;
	if (!w->dead) /* evhttp freed it already */
		(void)evconnlistener_disable(w->listener);
}

void hf_http_stop(struct hf_http *s, unsigned grace_ms)
{
	uint64_t until = hf_now_ms() + grace_ms;

	for (unsigned i = 0; i < s->n_workers; i++)
		if (s->worker[i].running &&
		    hf_loop_post(s->worker[i].loop, close_listener, &s->worker[i]) != HF_OK)
			break;
	while (atomic_load(&s->n_open) > 0 && hf_now_ms() < until)
		(void)usleep(5000);
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (!s->worker[i].running)
			continue;
		hf_loop_stop(s->worker[i].loop);
		(void)pthread_join(s->worker[i].thread, NULL);
		s->worker[i].running = false;
	}
}

void hf_http_free(struct hf_http *s)
{
	if (s == NULL)
		return;
	hf_http_stop(s, 0);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct hf__http_worker *w = &s->worker[i];

		w->dead = true;
		w->closing = true;
		if (w->http != NULL)
			evhttp_free(w->http); /* frees the bound listener too */
		else if (w->listener != NULL)
			evconnlistener_free(w->listener);
		hf_loop_free(w->loop);
		hf_fd_close(&w->fd);
	}
	free(s);
}

void hf_http_stats(const struct hf_http *s, struct hf_http_stats *out)
{
	struct hf_http *m = (struct hf_http *)(uintptr_t)s;

	*out = (struct hf_http_stats){ .connections = atomic_load(&m->n_connections),
				       .requests = atomic_load(&m->n_requests),
				       .refused = atomic_load(&m->n_refused),
				       .open = atomic_load(&m->n_open) };
}

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 423, "Locked" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

const char *hf_http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
