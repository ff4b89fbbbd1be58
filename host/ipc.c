/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <hf/ipc.h>

enum { PACKET_MAX = HF_IPC_HEAD_LEN + HF_IPC_BODY_MAX, SOCKET_ROOM = 1 << 20 };

struct hf_ipc {
	int fd;
	pthread_mutex_t lock; /* held from question to answer */
	uint32_t last_id;
	uint8_t packet[PACKET_MAX];
};

hf_err hf_ipc_head_read(hf_bytes packet, struct hf_ipc_head *head)
{
	struct hf_ipc_head h;

	*head = (struct hf_ipc_head){ 0 };
	if (packet.len < HF_IPC_HEAD_LEN)
		return HF_ERR_IPC_FRAME;
	h.len = hf_get_be32(packet.ptr);
	h.type = hf_get_be16(packet.ptr + 4);
	h.flags = hf_get_be16(packet.ptr + 6);
	h.id = hf_get_be32(packet.ptr + 8);
	h.err = hf_get_be32(packet.ptr + 12);
	if (h.len > HF_IPC_BODY_MAX || h.len != packet.len - HF_IPC_HEAD_LEN)
		return HF_ERR_IPC_FRAME;
	if (h.flags != 0 && h.flags != HF_IPC_FLAG_REPLY && h.flags != HF_IPC_FLAG_ONEWAY)
		return HF_ERR_IPC_FRAME;
	if (h.err != 0 && (h.flags != HF_IPC_FLAG_REPLY || h.len != 0))
		return HF_ERR_IPC_FRAME;
	*head = h;
	return HF_OK;
}

void hf_ipc_head_write(uint8_t out[static HF_IPC_HEAD_LEN], const struct hf_ipc_head *head)
{
	hf_put_be32(out, head->len);
	hf_put_be16(out + 4, head->type);
	hf_put_be16(out + 6, head->flags);
	hf_put_be32(out + 8, head->id);
	hf_put_be32(out + 12, head->err);
}

hf_err hf_ipc_pair(int fds[static 2], struct hf_why *why)
{
	int room = SOCKET_ROOM;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		fds[0] = fds[1] = -1;
		return hf_why_errno(why, HF_ERR_IPC_SOCKET, "socketpair");
	}
	/* The kernel may give less; the largest message fits its standard size too. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return HF_OK;
}

hf_err hf_ipc_new(int fd, struct hf_ipc **out)
{
	struct hf_ipc *ipc;
	int type = 0;
	socklen_t len = sizeof(type);

	*out = NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_SEQPACKET)
		return HF_ERR_IPC_SOCKET;
	ipc = calloc(1, sizeof(*ipc));
	if (ipc == NULL)
		return HF_ERR_HOST_MEMORY;
	ipc->fd = fd;
	/* Not 1: answers to a predecessor that died over the same socket must not match. */
	ipc->last_id = (uint32_t)hf_now_ms() ^ ((uint32_t)getpid() << 16);
	(void)pthread_mutex_init(&ipc->lock, NULL);
	*out = ipc;
	return HF_OK;
}

void hf_ipc_free(struct hf_ipc *ipc)
{
	if (ipc == NULL)
		return;
	(void)close(ipc->fd);
	(void)pthread_mutex_destroy(&ipc->lock);
	hf_wipe(ipc->packet, sizeof(ipc->packet));
	free(ipc);
}

static hf_err send_packet(int fd, const struct hf_ipc_head *head, hf_bytes body, int flags)
{
	uint8_t h[HF_IPC_HEAD_LEN];
	struct iovec parts[2] = { { h, sizeof(h) }, { (void *)(uintptr_t)body.ptr, body.len } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	if (body.len > HF_IPC_BODY_MAX)
		return HF_ERR_BASE_NO_ROOM;
	hf_ipc_head_write(h, head);
	do {
		n = sendmsg(fd, &m, MSG_NOSIGNAL | flags);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return HF_OK;
	if (errno == EAGAIN || errno == ENOBUFS)
		return HF_ERR_IPC_BUSY;
	return errno == EPIPE || errno == ECONNRESET ? HF_ERR_IPC_CLOSED : HF_ERR_IPC_SOCKET;
}

/* Receive one packet into `packet`. HF_ERR_IPC_BUSY when nothing waits and MSG_DONTWAIT is set. A packet
 * that was cut by the kernel is longer than any valid one. */
static hf_err recv_packet(int fd, uint8_t packet[static PACKET_MAX], size_t *len, int flags)
{
	ssize_t n;

	*len = 0;
	do {
		n = recv(fd, packet, PACKET_MAX, MSG_TRUNC | flags);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return HF_ERR_IPC_CLOSED;
	if (n < 0 && errno == EAGAIN)
		return HF_ERR_IPC_BUSY;
	if (n < 0)
		return errno == ECONNRESET ? HF_ERR_IPC_CLOSED : HF_ERR_IPC_SOCKET;
	if (n > PACKET_MAX)
		return HF_ERR_IPC_FRAME;
	*len = (size_t)n;
	return HF_OK;
}

static hf_err wait_for(int fd, short events, uint64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t now = hf_now_ms();
		int n;

		if (now >= deadline_ms)
			return HF_ERR_IPC_TIMEOUT;
		n = poll(&p, 1, deadline_ms - now > 60000 ? 60000 : (int)(deadline_ms - now));
		if (n > 0)
			return HF_OK;
		if (n < 0 && errno != EINTR)
			return HF_ERR_IPC_SOCKET;
	}
}

static hf_err ask(struct hf_ipc *ipc, const struct hf_ipc_head *head, hf_bytes body, uint64_t deadline_ms)
{
	for (;;) {
		hf_err err = send_packet(ipc->fd, head, body, MSG_DONTWAIT);

		if (err != HF_ERR_IPC_BUSY)
			return err;
		HF_TRY(wait_for(ipc->fd, POLLOUT, deadline_ms));
	}
}

/* Answers to calls that timed out before are skipped by their id. */
static hf_err await(struct hf_ipc *ipc, uint32_t id, uint64_t deadline_ms, struct hf_out *reply)
{
	for (;;) {
		struct hf_ipc_head h;
		size_t len;

		HF_TRY(wait_for(ipc->fd, POLLIN, deadline_ms));
		HF_TRY(recv_packet(ipc->fd, ipc->packet, &len, 0));
		HF_TRY(hf_ipc_head_read((hf_bytes){ ipc->packet, len }, &h));
		if (h.id != id || h.flags != HF_IPC_FLAG_REPLY)
			continue;
		if (h.err != 0)
			return (hf_err)h.err;
		return hf_out_put(reply, (hf_bytes){ ipc->packet + HF_IPC_HEAD_LEN, h.len });
	}
}

hf_err hf_ipc_call(struct hf_ipc *ipc, uint16_t type, hf_bytes body, uint32_t timeout_ms,
		   struct hf_out *reply)
{
	uint64_t deadline = hf_now_ms() + timeout_ms;
	struct hf_ipc_head h = { .len = (uint32_t)body.len, .type = type };
	struct timespec until = { 0 };
	hf_err err;

	reply->len = 0;
	if (body.len > HF_IPC_BODY_MAX)
		return HF_ERR_BASE_NO_ROOM;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(timeout_ms / 1000 + 1); /* rounded up: the deadline below is the exact one */
	if (pthread_mutex_clocklock(&ipc->lock, CLOCK_MONOTONIC, &until) != 0)
		return HF_ERR_IPC_TIMEOUT;
	h.id = ++ipc->last_id;
	err = ask(ipc, &h, body, deadline);
	if (err == HF_OK)
		err = await(ipc, h.id, deadline, reply);
	hf_wipe(ipc->packet, HF_IPC_HEAD_LEN + 256);
	(void)pthread_mutex_unlock(&ipc->lock);
	return err;
}

hf_err hf_ipc_notify(struct hf_ipc *ipc, uint16_t type, hf_bytes body)
{
	struct hf_ipc_head h = { .len = (uint32_t)body.len, .type = type, .flags = HF_IPC_FLAG_ONEWAY };

	return send_packet(ipc->fd, &h, body, MSG_DONTWAIT);
}

static const struct hf_ipc_op *find_op(const struct hf_ipc_table *table, uint16_t type)
{
	for (size_t i = 0; i < table->n_ops; i++)
		if (table->ops[i].type == type)
			return &table->ops[i];
	return NULL;
}

static hf_err handle(const struct hf_ipc_table *table, const struct hf_ipc_head *h, hf_bytes body,
		     struct hf_out *reply)
{
	const struct hf_ipc_op *op = find_op(table, h->type);

	if (op == NULL)
		return HF_ERR_IPC_TYPE;
	if (body.len < op->min_len || body.len > op->max_len)
		return HF_ERR_IPC_FRAME;
	return op->handle(table->ctx, body, reply);
}

/* A thread's room for one packet and its answer, made when it first answers: as plain thread-local arrays
 * the C library would clear all 256 KiB in every thread and process that only asks. Untouched pages of it
 * cost nothing. */
struct desk {
	uint8_t packet[PACKET_MAX];
	uint8_t reply[HF_IPC_BODY_MAX];
};
static pthread_once_t desk_once = PTHREAD_ONCE_INIT;
static pthread_key_t desk_key;
static bool desk_key_made;

static void make_desk_key(void)
{
	desk_key_made = pthread_key_create(&desk_key, free) == 0;
}

static struct desk *take_desk(void)
{
	struct desk *d;

	(void)pthread_once(&desk_once, make_desk_key);
	d = desk_key_made ? pthread_getspecific(desk_key) : NULL;
	if (d != NULL || !desk_key_made)
		return d;
	d = malloc(sizeof(*d)); /* not calloc: written before it is read */
	if (d != NULL && pthread_setspecific(desk_key, d) == 0)
		return d;
	free(d);
	return NULL;
}

/* One packet in, at most one out. A frame that breaks the rules gets no answer: its sender is broken. */
static hf_err answer_packet(int fd, const struct hf_ipc_table *table, hf_bytes packet, struct hf_out reply)
{
	struct hf_ipc_head h, back;
	hf_err err;

	if (hf_ipc_head_read(packet, &h) != HF_OK || h.flags == HF_IPC_FLAG_REPLY)
		return HF_OK;
	err = handle(table, &h, (hf_bytes){ packet.ptr + HF_IPC_HEAD_LEN, h.len }, &reply);
	if (h.flags == HF_IPC_FLAG_ONEWAY)
		return HF_OK;
	if (err != HF_OK)
		reply.len = 0;
	back = (struct hf_ipc_head){ .len = (uint32_t)reply.len,
				     .type = h.type,
				     .flags = HF_IPC_FLAG_REPLY,
				     .id = h.id,
				     .err = (uint32_t)err };
	err = send_packet(fd, &back, hf_out_bytes(&reply), 0);
	hf_wipe(reply.ptr, reply.len);
	return err;
}

static hf_err answer(int fd, const struct hf_ipc_table *table, int flags)
{
	struct desk *d = take_desk();
	size_t len;
	hf_err err = d != NULL ? recv_packet(fd, d->packet, &len, flags) : HF_ERR_HOST_MEMORY;

	if (err == HF_ERR_IPC_FRAME)
		return HF_OK;
	if (err != HF_OK)
		return err;
	err = answer_packet(fd, table, (hf_bytes){ d->packet, len }, HF_OUT(d->reply));
	hf_wipe(d->packet, len);
	return err;
}

hf_err hf_ipc_answer(int fd, const struct hf_ipc_table *table)
{
	/* Bounded, so that a flooding asker cannot keep the loop from its timers. */
	for (int i = 0; i < 64; i++) {
		hf_err err = answer(fd, table, MSG_DONTWAIT);

		if (err == HF_ERR_IPC_BUSY)
			return HF_OK;
		HF_TRY(err);
	}
	return HF_OK;
}

hf_err hf_ipc_answer_forever(int fd, const struct hf_ipc_table *table)
{
	for (;;)
		HF_TRY(answer(fd, table, 0));
}

static void on_readable(void *ctx, int fd, unsigned what)
{
	struct hf_ipc_serve *s = ctx;

	(void)what;
	if (hf_ipc_answer(fd, s->table) == HF_OK)
		return;
	hf_watch_close(&s->watch);
	if (s->on_closed != NULL)
		s->on_closed(s->table->ctx);
}

hf_err hf_ipc_serve_start(struct hf_ipc_serve *s, struct hf_loop *loop, int fd,
			  const struct hf_ipc_table *table, void (*on_closed)(void *ctx))
{
	*s = (struct hf_ipc_serve){ .table = table, .on_closed = on_closed };
	return hf_watch_open(&s->watch, loop, fd, HF_WATCH_READ, on_readable, s);
}

void hf_ipc_serve_stop(struct hf_ipc_serve *s)
{
	hf_watch_close(&s->watch);
}
