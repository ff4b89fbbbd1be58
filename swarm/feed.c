/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <holdfast/cbor.h>
#include "feed.h"

enum {
	BEGIN = 1,
	ROW = 2,
	END = 3,
	BEAT = 5,
	CONFIRMED = 3,
	LIFE_S = 86400,
	BEAT_US = 1000000,
	ROW_CAP = 128
};

bool feed_open(struct feed *f, const struct swarm_opts *o, struct device *devices)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	*f = (struct feed){ .o = o, .devices = devices, .listen_fd = -1, .fd = -1, .epoch = 1 };
	if (o->plugin_socket == NULL)
		return true;
	if (strlen(o->plugin_socket) < sizeof(at.sun_path)) {
		memcpy(at.sun_path, o->plugin_socket, strlen(o->plugin_socket));
		unlink(at.sun_path);
		f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (f->listen_fd >= 0 && bind(f->listen_fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		    listen(f->listen_fd, 4) == 0)
			return true;
	}
	fprintf(stderr, "holdfast-swarm: %s: %s\n", o->plugin_socket, strerror(errno));
	return false;
}

static void drop(struct feed *f)
{
	close(f->fd);
	f->fd = -1;
}

/* Blocking: the plugin reads at every tick. */
static void send_all(struct feed *f, const uint8_t *data, size_t len)
{
	while (f->fd >= 0 && len > 0) {
		ssize_t n = send(f->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0) {
			drop(f);
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

static void send_frame(struct feed *f, struct hf_cborw *w, struct hf_out *body)
{
	uint8_t head[4];

	if (hf_cbor_finish(w) != HF_OK)
		return;
	hf_put_be32(head, (uint32_t)body->len);
	send_all(f, head, sizeof(head));
	send_all(f, body->ptr, body->len);
}

static void send_plain(struct feed *f, uint64_t kind, bool has_value, uint64_t value)
{
	uint8_t mem[32];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, has_value ? 3 : 2);
	hf_cbor_put_uint(&w, kind);
	hf_cbor_put_uint(&w, f->epoch);
	if (has_value)
		hf_cbor_put_uint(&w, value);
	send_frame(f, &w, &body);
}

static void send_row(struct feed *f, const struct device *d, uint8_t state)
{
	uint8_t mem[ROW_CAP];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &body);
	hf_cbor_put_array(&w, 7);
	hf_cbor_put_uint(&w, ROW);
	hf_cbor_put_uint(&w, f->epoch);
	hf_cbor_put_bytes(&w, HF_ARR(d->cert_sha256));
	hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)d->dev, 16 });
	hf_cbor_put_uint(&w, state);
	hf_cbor_put_uint(&w, (uint64_t)time(NULL) + LIFE_S);
	hf_cbor_put_uint(&w, f->o->budget);
	send_frame(f, &w, &body);
}

static void snapshot(struct feed *f)
{
	send_plain(f, BEGIN, false, 0);
	for (uint32_t i = 0; i < f->o->devices && f->fd >= 0; i++)
		send_row(f, &f->devices[i], CONFIRMED);
	send_plain(f, END, true, f->o->devices);
}

/* What the plugin says is drained; hello is told by its first bytes: array of 3, 32. */
static void listen_to_it(struct feed *f)
{
	uint8_t data[65536];
	ssize_t n = recv(f->fd, data, sizeof(data), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		drop(f);
	else if (n >= 7 && memcmp(data + 4, "\x83\x18\x20", 3) == 0)
		snapshot(f);
}

void feed_turn(struct feed *f, int wait_ms)
{
	struct pollfd p[2] = { { f->listen_fd, POLLIN, 0 }, { f->fd, POLLIN, 0 } };

	poll(p, 2, wait_ms);
	if (p[0].revents != 0) {
		if (f->fd >= 0)
			drop(f);
		f->fd = accept(f->listen_fd, NULL, NULL);
	} else if (p[1].revents != 0) {
		listen_to_it(f);
	}
	if (f->fd >= 0 && swarm_now_us() - f->beat_us >= BEAT_US) {
		f->beat_us = swarm_now_us();
		send_plain(f, BEAT, true, (uint64_t)time(NULL));
	}
}

bool feed_is_ready(const struct feed *f)
{
	return f->listen_fd < 0 || f->fd >= 0;
}

void feed_state(struct feed *f, uint32_t index, uint8_t state)
{
	f->epoch++;
	send_row(f, &f->devices[index], state);
}
