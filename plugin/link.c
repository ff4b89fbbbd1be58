/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "link.h"

bool hf__link_init(struct hf_link *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
	l->tried_ms = -HF_LINK_RETRY_MS;
	if (path == NULL || path[0] == '\0' || strlen(path) > HF_LINK_PATH_MAX)
		return false;
	memcpy(l->path, path, strlen(path) + 1);
	return true;
}

bool hf__link_open(struct hf_link *l, int64_t now_ms)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (l->fd >= 0 || now_ms - l->tried_ms < HF_LINK_RETRY_MS)
		return false;
	l->tried_ms = now_ms;
	l->in_len = 0;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return false;
	memcpy(to.sun_path, l->path, strlen(l->path) + 1);
	/* A Unix connect is done at once or not at all (EAGAIN: its backlog is full). */
	if (connect(l->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	hf__link_close(l);
	return false;
}

void hf__link_close(struct hf_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->in_len = 0;
}

/* Hand over the whole frames in `in`, move the rest to its front. */
static bool take_frames(struct hf_link *l, bool (*take)(void *ctx, hf_bytes body), void *ctx)
{
	size_t at = 0;

	while (l->in_len - at >= HF_FRAME_HEAD_LEN) {
		uint32_t len = hf_get_be32(l->in + at);

		if (len == 0 || len > HF_FRAME_MAX_LEN)
			return false;
		if (l->in_len - at - HF_FRAME_HEAD_LEN < len)
			break;
		if (!take(ctx, (hf_bytes){ l->in + at + HF_FRAME_HEAD_LEN, len }))
			return false;
		at += HF_FRAME_HEAD_LEN + len;
	}
	memmove(l->in, l->in + at, l->in_len - at);
	l->in_len -= at;
	return true;
}

bool hf__link_read(struct hf_link *l, bool (*take)(void *ctx, hf_bytes body), void *ctx)
{
	size_t total = 0;

	while (l->fd >= 0 && total < HF_LINK_READ_MAX) {
		/* There is room: what stays after take_frames is less than one frame. */
		ssize_t n = read(l->fd, l->in + l->in_len, sizeof(l->in) - l->in_len);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n > 0) {
			l->in_len += (size_t)n;
			total += (size_t)n;
		}
		if (n <= 0 || !take_frames(l, take, ctx))
			hf__link_close(l);
	}
	return l->fd >= 0;
}

bool hf__link_write(struct hf_link *l, struct hf_out *out)
{
	ssize_t n;

	if (l->fd < 0 || out->len == 0)
		return l->fd >= 0;
	n = send(l->fd, out->ptr, out->len, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		hf__link_close(l);
		return false;
	}
	memmove(out->ptr, out->ptr + n, out->len - (size_t)n);
	out->len -= (size_t)n;
	return true;
}
