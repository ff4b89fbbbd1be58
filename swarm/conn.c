/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "conn.h"

enum {
	KEEPALIVE_S = 300,
	PING_US = 240 * 1000000,
	BACKOFF_CAP_S = 300,
	PER_SOURCE = 50, /* devices behind one address: three phases stay below the bucket of 200 */
	READ_CAP = 16384,
	TICKET_EX = 0,
};

static void count(struct conn *c, enum swarm_count what)
{
	atomic_fetch_add_explicit(&c->swarm->mine->count[what], 1, memory_order_relaxed);
}

/* random(0, min(300 s, 1 s * 2^n)) */
static int64_t backoff_us(struct conn *c)
{
	uint64_t cap = c->tries < 8 ? UINT64_C(1) << c->tries : BACKOFF_CAP_S;
	uint64_t *x = &c->swarm->random;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	c->tries++;
	return (int64_t)(*x % (cap * 1000000));
}

static void close_fd(struct conn *c)
{
	if (c->state == CONN_LIVE)
		atomic_fetch_sub_explicit(&c->swarm->mine->up, 1, memory_order_relaxed);
	SSL_free(c->ssl);
	if (c->fd >= 0)
		close(c->fd);
	free(c->out);
	c->ssl = NULL;
	c->out = NULL;
	c->out_len = c->out_cap = 0;
	c->fd = -1;
	c->state = CONN_IDLE;
	c->outstanding = 0;
}

/* The other side, or the way to it, ended it. */
static void lost(struct conn *c)
{
	if (c->state == CONN_LIVE && !c->closing)
		count(c, SWARM_LOST);
	else if (c->state != CONN_IDLE && !c->closing)
		count(c, SWARM_LATER);
	close_fd(c);
	c->retry_us = swarm_now_us() + backoff_us(c);
}

static bool bind_source(int fd, uint32_t source)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	uint32_t n = source / PER_SOURCE;
	int one = 1;

	/* 127.10.0.1, 127.10.0.2, ...: ports run out per address, and the broker counts per address. */
	from.sin_addr.s_addr = htonl(0x7f0a0000u + (n / 250 << 8) + n % 250 + 1);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0;
}

static void watch(struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	epoll_ctl(c->swarm->epoll, op, c->fd, &e);
}

static bool start_tls(struct conn *c)
{
	c->ssl = SSL_new(c->swarm->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_use_certificate(c->ssl, c->device->cert) != 1 ||
	    SSL_use_PrivateKey(c->ssl, c->device->key) != 1 || SSL_set1_host(c->ssl, c->swarm->o->host) != 1)
		return false;
	SSL_set_tlsext_host_name(c->ssl, c->swarm->o->host);
	SSL_set_ex_data(c->ssl, TICKET_EX, c->device);
	if (c->device->session != NULL)
		SSL_set_session(c->ssl, c->device->session);
	SSL_set_connect_state(c->ssl);
	return true;
}

void conn_open(struct conn *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(c->swarm->o->port) };
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->closing = false;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c->state = CONN_TCP;
	memset(&c->reader, 0, sizeof(c->reader));
	if (c->fd < 0 || !bind_source(c->fd, c->source) || !start_tls(c)) {
		lost(c);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS) {
		lost(c);
		return;
	}
	watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

/* ---- writing ---- */

static bool again(struct conn *c, int rc)
{
	int error = SSL_get_error(c->ssl, rc);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static bool flush(struct conn *c)
{
	size_t done = 0;

	while (done < c->out_len) {
		int n = SSL_write(c->ssl, c->out + done, (int)(c->out_len - done));

		if (n <= 0 && !again(c, n))
			return false;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	memmove(c->out, c->out + done, c->out_len - done);
	c->out_len -= done;
	watch(c, EPOLL_CTL_MOD, (c->deaf ? 0 : EPOLLIN) | (c->out_len > 0 ? EPOLLOUT : 0));
	if (c->out_len == 0) { /* an idle device costs no buffer */
		free(c->out);
		c->out = NULL;
		c->out_cap = 0;
	}
	return true;
}

static bool put(struct conn *c, const uint8_t *data, size_t len)
{
	if (c->out == NULL || c->out_len + len > c->out_cap) {
		size_t cap = (c->out_len + len) * 2;
		uint8_t *bigger = realloc(c->out, cap);

		if (bigger == NULL)
			return false;
		c->out = bigger;
		c->out_cap = cap;
	}
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
	return true;
}

void conn_fill(struct conn *c)
{
	uint8_t packet[PACKET_MAX];
	int64_t now = swarm_now_us();

	if (c->state != CONN_LIVE || !c->swarm->publishing)
		return;
	while (c->outstanding < c->swarm->o->window || (c->deaf && c->out_len < sizeof(packet))) {
		c->mid = c->mid == UINT16_MAX ? 1 : (uint16_t)(c->mid + 1);
		if (!put(c, packet, packet_publish(packet, c->device->dev, c->mid, c->swarm->o->payload)))
			break;
		c->sent_us[c->mid % SWARM_WINDOW_MAX] = now;
		c->outstanding++;
		count(c, SWARM_PUBLISHES);
	}
	if (!flush(c))
		lost(c);
}

static void send_packet(struct conn *c, const uint8_t *packet, size_t len)
{
	if (!put(c, packet, len) || !flush(c))
		lost(c);
}

void conn_ping(struct conn *c, int64_t now_us)
{
	uint8_t packet[4];

	if (c->state != CONN_LIVE || now_us < c->ping_us)
		return;
	c->ping_us = now_us + PING_US;
	send_packet(c, packet, packet_ping(packet));
}

void conn_leave(struct conn *c)
{
	uint8_t packet[4];

	c->closing = true;
	if (c->state == CONN_LIVE && put(c, packet, packet_disconnect(packet)) && flush(c))
		SSL_shutdown(c->ssl);
	close_fd(c);
	c->tries = 0;
	c->retry_us = 0;
}

void conn_cut(struct conn *c)
{
	struct linger rst = { 1, 0 };

	c->closing = true;
	if (c->fd >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	close_fd(c);
	c->tries = 0;
	c->retry_us = 0;
}

/* ---- reading ---- */

static void on_connack(struct conn *c)
{
	uint8_t packet[PACKET_MAX];

	if (packet_reason(&c->reader) != 0) {
		count(c, SWARM_REFUSED);
		c->closing = true;
		return;
	}
	count(c, SWARM_CONNECTS);
	if (SSL_session_reused(c->ssl))
		count(c, SWARM_RESUMED);
	atomic_fetch_add_explicit(&c->swarm->mine->up, 1, memory_order_relaxed);
	c->state = CONN_LIVE;
	c->tries = 0;
	c->ping_us = swarm_now_us() + PING_US;
	send_packet(c, packet, packet_subscribe(packet, c->device->dev));
}

static void note_latency(struct conn *c, int64_t us)
{
	unsigned bucket = 0;

	/* Four buckets for each doubling: exponent, then the next two bits. */
	if (us > 4) {
		unsigned top = 63u - (unsigned)__builtin_clzll((unsigned long long)us);

		bucket = top * 4 + (unsigned)(us >> (top - 2) & 3);
	}
	if (bucket >= SWARM_BUCKETS)
		bucket = SWARM_BUCKETS - 1;
	atomic_fetch_add_explicit(&c->swarm->mine->latency[bucket], 1, memory_order_relaxed);
}

static void on_puback(struct conn *c)
{
	static const struct {
		uint8_t reason;
		enum swarm_count what;
	} known[] = { { 0, SWARM_PUBACK_0 }, { 16, SWARM_PUBACK_16 }, { 135, SWARM_PUBACK_135 } };
	uint16_t mid = hf_get_be16(c->reader.body);

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].reason == packet_reason(&c->reader))
			count(c, known[i].what);
	note_latency(c, swarm_now_us() - c->sent_us[mid % SWARM_WINDOW_MAX]);
	if (c->outstanding > 0)
		c->outstanding--;
}

static void on_publish(struct conn *c)
{
	uint16_t topic_len = hf_get_be16(c->reader.body);
	uint8_t packet[8];

	count(c, SWARM_COMMANDS);
	if ((c->reader.type & 6) != 0 && topic_len + 4u <= PACKET_BODY_KEPT)
		send_packet(c, packet, packet_puback(packet, hf_get_be16(c->reader.body + 2 + topic_len)));
}

static void on_disconnect(struct conn *c)
{
	if (packet_reason(&c->reader) != 152)
		return;
	count(c, SWARM_KICKS);
	atomic_store(&c->swarm->shared->gone_us[c->index], swarm_now_us());
	c->closing = true;
}

static void on_packet(struct conn *c)
{
	switch (c->reader.type >> 4) {
	case PACKET_CONNACK:
		on_connack(c);
		break;
	case PACKET_PUBACK:
		on_puback(c);
		break;
	case PACKET_PUBLISH:
		on_publish(c);
		break;
	case PACKET_DISCONNECT:
		on_disconnect(c);
		break;
	default:
		break;
	}
}

static void take(struct conn *c, const uint8_t *data, size_t len)
{
	size_t used = 0;

	while (packet_read(&c->reader, data, len, &used)) {
		on_packet(c);
		if (c->fd < 0)
			return;
		data += used;
		len -= used;
	}
}

static void read_all(struct conn *c)
{
	static uint8_t data[READ_CAP]; /* one thread per worker */
	int n = 0;

	while (c->fd >= 0 && (n = SSL_read(c->ssl, data, sizeof(data))) > 0)
		take(c, data, (size_t)n);
	if (c->fd >= 0 && !again(c, n))
		lost(c);
	else
		conn_fill(c);
}

static void shake_hands(struct conn *c)
{
	uint8_t packet[PACKET_MAX];
	int rc = SSL_do_handshake(c->ssl);

	if (rc != 1 && !again(c, rc)) {
		lost(c);
		return;
	}
	if (rc != 1) {
		watch(c, EPOLL_CTL_MOD, SSL_want_write(c->ssl) ? EPOLLOUT : EPOLLIN);
		return;
	}
	c->state = CONN_ASKED;
	send_packet(c, packet, packet_connect(packet, c->device->dev, KEEPALIVE_S));
}

void conn_event(struct conn *c, uint32_t events)
{
	if (c->state == CONN_IDLE)
		return;
	if (c->state == CONN_TCP)
		c->state = CONN_TLS;
	if (c->state == CONN_TLS) {
		shake_hands(c);
		return;
	}
	if ((events & EPOLLOUT) && !flush(c)) {
		lost(c);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->deaf)
		read_all(c);
	else if (events & (EPOLLHUP | EPOLLERR))
		lost(c);
	else
		conn_fill(c);
}
