/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <hf/log.h>
#include "feeder.h"

enum { BACKLOG = 4, SOCKET_MODE = 0660 };

static void drop(struct hf_feeder *f)
{
	if (f->fd < 0)
		return;
	if (f->watching)
		hf_watch_close(&f->watch);
	f->watching = false;
	close(f->fd);
	f->fd = -1;
	f->in_len = 0;
	f->in_snapshot = false;
	hf_buf_reset(&f->out);
	hf_log(HF_LOG_WARN, "bus", "plugin gone", "");
}

/* Out of room is a plugin that does not read: start over with it. */
static void queued(struct hf_feeder *f, hf_err err)
{
	if (err != HF_OK)
		drop(f);
}

static void flush(struct hf_feeder *f)
{
	while (f->fd >= 0 && f->out.len > 0) {
		ssize_t n = send(f->fd, f->out.ptr, f->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			drop(f);
			return;
		}
		hf_buf_consume(&f->out, (size_t)n);
	}
	if (f->fd >= 0 &&
	    hf_watch_set(&f->watch, HF_WATCH_READ | (f->out.len > 0 ? HF_WATCH_WRITE : 0)) != HF_OK)
		drop(f);
}

void hf__feeder_begin(struct hf_feeder *f)
{
	if (f->fd < 0)
		return;
	f->in_snapshot = true;
	f->rows = 0;
	queued(f, hf__busframe_begin(&f->out, f->epoch));
}

void hf__feeder_end(struct hf_feeder *f)
{
	if (f->fd < 0 || !f->in_snapshot)
		return;
	f->in_snapshot = false;
	queued(f, hf__busframe_end(&f->out, f->epoch, f->rows));
	flush(f);
}

void hf__feeder_row(struct hf_feeder *f, const struct hf_bus_row *row)
{
	if (!f->in_snapshot)
		f->epoch++;
	if (f->fd < 0)
		return;
	f->rows += f->in_snapshot;
	queued(f, hf__busframe_row(&f->out, f->epoch, row));
	if (!f->in_snapshot)
		flush(f);
}

void hf__feeder_kick(struct hf_feeder *f, const char *dev)
{
	if (f->fd < 0)
		return;
	queued(f, hf__busframe_kick(&f->out, f->epoch, dev));
	flush(f);
}

static void on_beat(void *ctx)
{
	struct hf_feeder *f = ctx;

	if (f->fd >= 0) {
		queued(f, hf__busframe_beat(&f->out, f->epoch, hf_now_unix()));
		flush(f);
	}
	if (hf_timer_start(&f->beat, HF_FEEDER_BEAT_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "beat", "");
}

static void handle(struct hf_feeder *f, const struct hf_busframe *frame)
{
	switch (frame->kind) {
	case HF_BUSFRAME_HELLO:
		hf_log(HF_LOG_INFO, "bus", "plugin wants a snapshot", "");
		f->handler.on_snapshot(f->handler.ctx);
		break;
	case HF_BUSFRAME_UP:
	case HF_BUSFRAME_DOWN:
		f->handler.on_presence(f->handler.ctx, &frame->presence);
		break;
	case HF_BUSFRAME_ALARM:
		f->handler.on_alarm(f->handler.ctx, &frame->alarm);
		break;
	case HF_BUSFRAME_COUNT:
		f->n_counters = frame->n_counters;
		memcpy(f->counter, frame->counter, sizeof(f->counter));
		break;
	}
}

/* One whole frame at the front of `in`? Handles and drops it. */
static bool take_frame(struct hf_feeder *f)
{
	struct hf_busframe frame;
	uint32_t len;

	if (f->in_len < HF_BUSFRAME_HEAD)
		return false;
	len = hf_get_be32(f->in);
	if (len == 0 || len > HF_BUSFRAME_MAX) {
		drop(f);
		return false;
	}
	if (f->in_len < HF_BUSFRAME_HEAD + len)
		return false;
	if (hf__busframe_read((hf_bytes){ f->in + HF_BUSFRAME_HEAD, len }, &frame) != HF_OK) {
		hf_log(HF_LOG_ERR, "bus", "plugin frame refused", "");
		drop(f);
		return false;
	}
	f->in_len -= HF_BUSFRAME_HEAD + len;
	memmove(f->in, f->in + HF_BUSFRAME_HEAD + len, f->in_len);
	handle(f, &frame);
	return f->fd >= 0;
}

static void on_peer(void *ctx, int fd, unsigned what)
{
	struct hf_feeder *f = ctx;
	ssize_t n;

	if (what & HF_WATCH_WRITE)
		flush(f);
	if (f->fd != fd || !(what & HF_WATCH_READ))
		return;
	n = recv(fd, f->in + f->in_len, sizeof(f->in) - f->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(f);
		return;
	}
	f->in_len += (size_t)n;
	while (take_frame(f))
		;
}

static void on_accept(void *ctx, int listen_fd, unsigned what)
{
	struct hf_feeder *f = ctx;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0)
		return;
	drop(f);
	f->fd = fd;
	f->watching = hf_watch_open(&f->watch, f->loop, fd, HF_WATCH_READ, on_peer, f) == HF_OK;
	if (!f->watching)
		drop(f);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (path == NULL || strlen(path) >= sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && chmod(path, SOCKET_MODE) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

hf_err hf__feeder_open(struct hf_feeder *f, struct hf_loop *loop, const struct hf_bus_conf *conf,
		       const struct hf_bus_handler *handler)
{
	memset(f, 0, sizeof(*f));
	f->loop = loop;
	f->handler = *handler;
	f->out = HF_BUF(HF_FEEDER_OUT_MAX);
	f->fd = -1;
	f->epoch = 1;
	f->listen_fd = conf->plugin_fd >= 0 ? conf->plugin_fd : listen_at(conf->plugin_socket);
	if (f->listen_fd < 0)
		return HF_ERR_BUS_SOCKET;
	HF_TRY(hf_timer_init(&f->beat, loop, on_beat, f));
	HF_TRY(hf_timer_start(&f->beat, HF_FEEDER_BEAT_MS));
	return hf_watch_open(&f->listen_watch, loop, f->listen_fd, HF_WATCH_READ, on_accept, f);
}

void hf__feeder_close(struct hf_feeder *f)
{
	drop(f);
	if (f->listen_watch.ev != NULL)
		hf_watch_close(&f->listen_watch);
	if (f->beat.ev != NULL)
		hf_timer_close(&f->beat);
	if (f->listen_fd >= 0)
		close(f->listen_fd);
	hf_buf_free(&f->out);
}
