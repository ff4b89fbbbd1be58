/* One socket, non-blocking, with poll() against one deadline; OpenSSL on top.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <hf/loop.h>
#include "httpc_priv.h"

enum { TIMEOUT_MS = 30000, GOODBYE_MS = 500 };

static hf_err wait_fd(int fd, short events, uint64_t deadline, struct hf_why *why)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t now = hf_now_ms();
		int n;

		if (now >= deadline)
			return hf_why_set(why, HF_ERR_HTTPC_TIMEOUT, "");
		n = poll(&p, 1, deadline - now > 60000 ? 60000 : (int)(deadline - now));
		if (n > 0)
			return HF_OK;
		if (n < 0 && errno != EINTR)
			return hf_why_errno(why, HF_ERR_HTTPC_CLOSED, "poll");
	}
}

/* Wait as OpenSSL wants after `rc`, or say why there is nothing to wait for. */
static hf_err wait_tls(struct hf_httpc *c, int rc, uint64_t deadline, struct hf_why *why)
{
	switch (SSL_get_error(c->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return wait_fd(c->fd, POLLIN, deadline, why);
	case SSL_ERROR_WANT_WRITE:
		return wait_fd(c->fd, POLLOUT, deadline, why);
	case SSL_ERROR_ZERO_RETURN:
		return hf_why_set(why, HF_ERR_HTTPC_CLOSED, "");
	default:
		return hf__tls_error(why, HF_ERR_HTTPC_CLOSED, "connection");
	}
}

static hf_err connect_one(struct hf_httpc *c, const struct addrinfo *ai, uint64_t deadline,
			  struct hf_why *why)
{
	int one = 1, problem = 0;
	socklen_t len = sizeof(problem);

	c->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return hf_why_errno(why, HF_ERR_HTTPC_CONNECT, "socket");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return HF_OK;
	if (errno != EINPROGRESS)
		return hf_why_errno(why, HF_ERR_HTTPC_CONNECT, "connect");
	HF_TRY(wait_fd(c->fd, POLLOUT, deadline, why));
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &len) != 0 || problem != 0) {
		errno = problem;
		return hf_why_errno(why, HF_ERR_HTTPC_CONNECT, "connect");
	}
	return HF_OK;
}

static hf_err connect_any(struct hf_httpc *c, const struct hf_httpc_conf *conf, uint64_t deadline,
			  struct hf_why *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list = NULL;
	char port[8];
	hf_err err = HF_ERR_HTTPC_CONNECT;
	int rc;

	(void)snprintf(port, sizeof(port), "%u", conf->port);
	rc = getaddrinfo(conf->host, port, &hints, &list);
	if (rc != 0)
		return hf_why_set(why, HF_ERR_HTTPC_RESOLVE, "%s: %s", conf->host, gai_strerror(rc));
	for (const struct addrinfo *ai = list; ai != NULL && err != HF_OK; ai = ai->ai_next) {
		if (c->fd >= 0)
			(void)close(c->fd);
		c->fd = -1;
		err = connect_one(c, ai, deadline, why);
		if (err == HF_ERR_HTTPC_TIMEOUT)
			break;
	}
	freeaddrinfo(list);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s port %u", conf->host, conf->port);
}

static hf_err shake_hands(struct hf_httpc *c, const struct hf_httpc_conf *conf, uint64_t deadline,
			  struct hf_why *why)
{
	int rc;

	hf__tls_prepare(conf->tls);
	ERR_clear_error();
	c->ssl = SSL_new(conf->tls->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set_tlsext_host_name(c->ssl, conf->tls->host) != 1)
		return hf__tls_error(why, HF_ERR_TLS_CONTEXT, "TLS");
	while ((rc = SSL_connect(c->ssl)) != 1) {
		int want = SSL_get_error(c->ssl, rc);

		if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
			return hf__tls_failed(c->ssl, why);
		HF_TRY(wait_fd(c->fd, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, why));
	}
	c->shaken = true;
	hf__tls_peer(c->ssl, &c->peer);
	return HF_OK;
}

static hf_err keep_name(struct hf_httpc *c, const struct hf_httpc_conf *conf)
{
	bool is_v6 = strchr(conf->host, ':') != NULL;
	int n = conf->name != NULL ? snprintf(c->name, sizeof(c->name), "%s", conf->name)
				   : snprintf(c->name, sizeof(c->name), "%s%s%s:%u", is_v6 ? "[" : "",
					      conf->host, is_v6 ? "]" : "", conf->port);
	int m = snprintf(c->agent, sizeof(c->agent), "%s", conf->agent != NULL ? conf->agent : "holdfast");

	return n < 0 || (size_t)n >= sizeof(c->name) || m < 0 || (size_t)m >= sizeof(c->agent)
		       ? HF_ERR_BASE_MISUSE
		       : HF_OK;
}

hf_err hf_httpc_open(const struct hf_httpc_conf *conf, struct hf_httpc **out, struct hf_why *why)
{
	struct hf_httpc *c = calloc(1, sizeof(*c));
	uint64_t deadline;
	hf_err err;

	*out = NULL;
	if (c == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	c->fd = -1;
	if ((conf->tls == NULL) != conf->plain) {
		hf_httpc_close(c);
		return hf_why_set(why, HF_ERR_BASE_MISUSE, "");
	}
	c->timeout_ms = conf->timeout_ms != 0 ? conf->timeout_ms : TIMEOUT_MS;
	deadline = hf_now_ms() + c->timeout_ms;
	err = keep_name(c, conf);
	if (err == HF_OK)
		err = connect_any(c, conf, deadline, why);
	if (err == HF_OK && !conf->plain)
		err = shake_hands(c, conf, deadline, why);
	if (err != HF_OK) {
		hf_httpc_close(c);
		return err;
	}
	*out = c;
	return HF_OK;
}

void hf_httpc_close(struct hf_httpc *c)
{
	if (c == NULL)
		return;
	if (c->shaken)
		(void)SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	if (c->fd >= 0)
		(void)close(c->fd);
	hf_buf_free(&c->in);
	free(c);
}

const struct hf_tls_peer *hf_httpc_peer(const struct hf_httpc *c)
{
	return &c->peer;
}

/* One step of sending or receiving on a plain socket; *n 0: try again after the wait. */
static hf_err plain_step(struct hf_httpc *c, ssize_t rc, short events, size_t *n, uint64_t deadline,
			 struct hf_why *why)
{
	*n = rc > 0 ? (size_t)rc : 0;
	if (rc > 0)
		return HF_OK;
	if (rc == 0)
		return hf_why_set(why, HF_ERR_HTTPC_CLOSED, "");
	if (errno == EAGAIN || errno == EINTR)
		return wait_fd(c->fd, events, deadline, why);
	return hf_why_errno(why, HF_ERR_HTTPC_CLOSED, "connection");
}

static hf_err write_step(struct hf_httpc *c, hf_bytes data, size_t *n, uint64_t deadline, struct hf_why *why)
{
	int rc;

	if (c->ssl == NULL)
		return plain_step(c, send(c->fd, data.ptr, data.len, MSG_NOSIGNAL), POLLOUT, n, deadline,
				  why);
	ERR_clear_error();
	rc = SSL_write(c->ssl, data.ptr, data.len > 16384 ? 16384 : (int)data.len);
	*n = rc > 0 ? (size_t)rc : 0;
	return rc > 0 ? HF_OK : wait_tls(c, rc, deadline, why);
}

hf_err hf__httpc_write(struct hf_httpc *c, hf_bytes data, uint64_t deadline, struct hf_why *why)
{
	while (data.len > 0) {
		size_t n = 0;

		HF_TRY(write_step(c, data, &n, deadline, why));
		data.ptr += n;
		data.len -= n;
	}
	return HF_OK;
}

static hf_err read_step(struct hf_httpc *c, uint8_t *to, size_t cap, size_t *len, uint64_t deadline,
			struct hf_why *why)
{
	int rc;

	if (c->ssl == NULL)
		return plain_step(c, recv(c->fd, to, cap, 0), POLLIN, len, deadline, why);
	ERR_clear_error();
	rc = SSL_read(c->ssl, to, cap > INT32_MAX ? INT32_MAX : (int)cap);
	*len = rc > 0 ? (size_t)rc : 0;
	return rc > 0 ? HF_OK : wait_tls(c, rc, deadline, why);
}

hf_err hf__httpc_read(struct hf_httpc *c, uint8_t *to, size_t cap, size_t *len, uint64_t deadline,
		      struct hf_why *why)
{
	*len = 0;
	while (*len == 0)
		HF_TRY(read_step(c, to, cap, len, deadline, why));
	return HF_OK;
}
