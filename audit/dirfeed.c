/* Main walks directories, readers read their files: an entry is a FILE fact, a regular file's descriptor goes
 * with it. Nothing is followed, nothing but regular files of the same device is opened, and what was opened
 * is what was listed (same inode), so a tree that changes meanwhile cannot lead out of itself.
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/vpath.h>
#include "audit_priv.h"

enum { DEPTH_MAX = 128 };

struct level {
	DIR *dir;
	size_t name_len; /* of `name` when the level began */
};
struct hf__dirfeed {
	const struct hf__input *inputs;
	size_t n_inputs, next, at; /* at: the input being walked */
	struct level level[DEPTH_MAX];
	size_t depth;
	dev_t device;
	char name[HF_WALK_NAME_MAX]; /* from "/" in a tree; below the directory otherwise */
	size_t name_len;
	uint8_t path[HF_FACT_PATH_MAX], tree[HF_FACT_PATH_MAX], message[HF_FACT_MAX_LEN];
	char link[PATH_MAX];
	struct hf_out waiting; /* a message that the socket did not take; len 0 = none */
	int waiting_fd;
};

hf_err hf__dirfeed_new(const struct hf__input *inputs, size_t n, struct hf__dirfeed **out)
{
	struct hf__dirfeed *d = calloc(1, sizeof(*d));

	*out = d;
	if (d == NULL)
		return HF_ERR_HOST_MEMORY;
	d->inputs = inputs;
	d->n_inputs = n;
	d->waiting = HF_OUT(d->message);
	d->waiting_fd = -1;
	return HF_OK;
}

void hf__dirfeed_free(struct hf__dirfeed *d)
{
	if (d == NULL)
		return;
	while (d->depth > 0)
		(void)closedir(d->level[--d->depth].dir);
	hf_fd_close(&d->waiting_fd);
	free(d);
}

static const struct hf__input *input(const struct hf__dirfeed *d)
{
	return &d->inputs[d->at];
}

static hf_bytes bytes_of(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static uint64_t node_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return HF_NODE_FILE;
	case S_IFDIR:
		return HF_NODE_DIR;
	case S_IFLNK:
		return HF_NODE_LINK;
	case S_IFCHR:
		return HF_NODE_CHAR;
	case S_IFBLK:
		return HF_NODE_BLOCK;
	case S_IFIFO:
		return HF_NODE_FIFO;
	default:
		return HF_NODE_SOCKET;
	}
}

/* Owner and setuid bits of an unpacked tree are those of who unpacked it, so they are not known. */
static hf_err describe(struct hf__dirfeed *d, const struct stat *st, struct hf_fact *f)
{
	struct hf_out path = HF_OUT(d->path), tree = HF_OUT(d->tree);
	hf_bytes name = { (const uint8_t *)d->name, d->name_len };

	*f = (struct hf_fact){ .kind = HF_FACT_FILE };
	f->num[HF_FILE_TYPE] = node_type(st->st_mode);
	f->num[HF_FILE_MODE] = st->st_mode & 07777;
	f->num[HF_FILE_SIZE] = (uint64_t)st->st_size;
	f->num[HF_FILE_MTIME] = st->st_mtime > 0 ? (uint64_t)st->st_mtime : 0;
	f->num[HF_FILE_KNOWN] = HF_KNOWN_MODE | HF_KNOWN_MTIME;
	f->text[HF_FILE_NAME] = name;
	if (!input(d)->is_tree) {
		HF_TRY(hf_vpath_escape(name, &path));
	} else {
		HF_TRY(hf_vpath_escape(bytes_of(input(d)->name), &tree));
		HF_TRY(hf_vpath_join(hf_out_bytes(&tree), name, &path));
	}
	f->path = hf_out_bytes(&path);
	f->text[HF_FILE_TREE] = hf_out_bytes(&tree);
	return HF_OK;
}

static void begin_control(struct msghdr *m, void *control, size_t len, int fd)
{
	struct cmsghdr *c;

	m->msg_control = control;
	m->msg_controllen = len;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* True when the message went, or never can. */
static bool send_waiting(struct hf__dirfeed *d, int socket, hf_err *err)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { d->waiting.ptr, d->waiting.len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	*err = HF_OK;
	if (d->waiting_fd >= 0)
		begin_control(&m, control.room, sizeof(control.room), d->waiting_fd);
	if (sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ETOOMANYREFS)
			return false;
		*err = HF_ERR_AUDIT_PROCESS;
	}
	d->waiting.len = 0;
	hf_fd_close(&d->waiting_fd);
	return true;
}

static hf_err enter(struct hf__dirfeed *d, int fd)
{
	DIR *dir = d->depth == DEPTH_MAX ? NULL : fdopendir(fd);

	if (dir == NULL)
		return HF_ERR_AUDIT_INPUT;
	d->level[d->depth++] = (struct level){ dir, d->name_len };
	return HF_OK;
}

static hf_err problem(struct hf__dirfeed *d, const struct hf_fact_sink *sink, unsigned rule, const char *why)
{
	struct hf_out path = HF_OUT(d->path);

	HF_TRY(hf_vpath_escape(bytes_of(input(d)->name), &path));
	return hf__audit_problem(sink, rule, hf_out_bytes(&path), why);
}

/* What lies behind one name, opened: a descriptor, or -1 for what has no content. */
static int open_entry(const struct hf__dirfeed *d, int dir, const char *name, const struct stat *listed)
{
	bool is_dir = S_ISDIR(listed->st_mode);
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (is_dir ? O_DIRECTORY : 0);
	struct stat st;
	int fd;

	if ((!is_dir && !S_ISREG(listed->st_mode)) || listed->st_dev != d->device)
		return -1;
	fd = openat(dir, name, flags);
	if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_dev != listed->st_dev || st.st_ino != listed->st_ino ||
			(st.st_mode & S_IFMT) != (listed->st_mode & S_IFMT)))
		hf_fd_close(&fd);
	return fd;
}

static bool add_name(struct hf__dirfeed *d, const char *name)
{
	size_t len = strlen(name), slash = d->name_len > 0 || input(d)->is_tree ? 1 : 0;

	if (len + slash >= sizeof(d->name) - d->name_len)
		return false;
	if (slash != 0)
		d->name[d->name_len++] = '/';
	memcpy(d->name + d->name_len, name, len);
	d->name_len += len;
	return true;
}

/* Takes the descriptor over. */
static hf_err queue(struct hf__dirfeed *d, int dir, const char *name, const struct stat *st, int *fd)
{
	struct hf_fact f;
	ssize_t n;

	HF_TRY(describe(d, st, &f));
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(dir, name, d->link, sizeof(d->link));
		f.text[HF_FILE_LINK] = (hf_bytes){ (const uint8_t *)d->link, n > 0 ? (size_t)n : 0 };
	}
	HF_TRY(hf_fact_encode(&f, &d->waiting));
	d->waiting_fd = *fd;
	*fd = -1;
	return HF_OK;
}

/* In a tree every entry counts; elsewhere only files, as inputs. */
static hf_err hand_over(struct hf__dirfeed *d, const char *name, const struct stat *st, int *fd)
{
	int dir = dirfd(d->level[d->depth - 1].dir), none = -1;
	bool is_dir = S_ISDIR(st->st_mode), wanted = input(d)->is_tree || (!is_dir && *fd >= 0);

	if (wanted)
		HF_TRY(queue(d, dir, name, st, is_dir ? &none : fd));
	if (!is_dir || *fd < 0)
		return HF_OK;
	HF_TRY(enter(d, *fd));
	*fd = -1;
	return HF_OK;
}

static hf_err take_entry(struct hf__dirfeed *d, const char *name, const struct hf_fact_sink *sink)
{
	int dir = dirfd(d->level[d->depth - 1].dir);
	int fd HF_AUTO(hf_fd_close) = -1;
	struct stat st;

	if (!add_name(d, name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return problem(d, sink, 2, "directory entry that cannot be looked at");
	fd = open_entry(d, dir, name, &st);
	if (fd < 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		HF_TRY(problem(d, sink, 2, "file or directory that cannot be opened"));
	if (hand_over(d, name, &st, &fd) == HF_OK)
		return HF_OK;
	return problem(d, sink, 1, "path or directory deeper than the limit");
}

/* The directory itself is an input too: it stands in the report. */
static hf_err announce(struct hf__dirfeed *d, const struct hf_fact_sink *sink)
{
	struct hf_out path = HF_OUT(d->path);
	struct hf_fact f = { .kind = HF_FACT_FILE, .num = { [HF_FILE_TYPE] = HF_NODE_DIR } };

	HF_TRY(hf_vpath_escape(bytes_of(input(d)->name), &path));
	f.path = hf_out_bytes(&path);
	f.text[HF_FILE_NAME] = bytes_of(input(d)->name);
	return sink->put(sink->ctx, &f);
}

/* *any is false when no input is left. */
static hf_err begin_input(struct hf__dirfeed *d, const struct hf_fact_sink *sink, bool *any)
{
	struct stat st;
	hf_err err;
	int fd;

	while (d->next < d->n_inputs && !d->inputs[d->next].is_dir)
		d->next++;
	*any = d->next < d->n_inputs;
	if (!*any)
		return HF_OK;
	d->at = d->next++;
	d->name_len = 0;
	HF_TRY(announce(d, sink));
	if (fstat(input(d)->fd, &st) != 0)
		return HF_ERR_AUDIT_INPUT;
	fd = dup(input(d)->fd);
	if (fd < 0)
		return HF_ERR_AUDIT_INPUT;
	d->device = st.st_dev;
	err = enter(d, fd);
	if (err != HF_OK)
		(void)close(fd);
	return err;
}

/* One entry further. */
static hf_err advance(struct hf__dirfeed *d, const struct hf_fact_sink *sink, bool *any)
{
	const struct dirent *entry;

	*any = true;
	if (d->depth == 0)
		return begin_input(d, sink, any);
	d->name_len = d->level[d->depth - 1].name_len;
	entry = readdir(d->level[d->depth - 1].dir);
	if (entry == NULL) {
		(void)closedir(d->level[--d->depth].dir);
		return HF_OK;
	}
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return HF_OK;
	return take_entry(d, entry->d_name, sink);
}

hf_err hf__dirfeed_send(struct hf__dirfeed *d, int socket, const struct hf_fact_sink *sink, bool *done)
{
	bool any = true;
	hf_err err = HF_OK;

	*done = false;
	while (any) {
		if (d->waiting.len > 0 && !send_waiting(d, socket, &err))
			return HF_OK;
		HF_TRY(err);
		HF_TRY(advance(d, sink, &any));
	}
	*done = true;
	return HF_OK;
}

static int take_descriptor(struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

hf_err hf__dirfeed_receive(int socket, struct hf_out *room, struct hf_fact *fact, int *fd, bool *more)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { room->ptr, room->cap };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);

	*fd = -1;
	*more = n > 0;
	if (n <= 0)
		return n == 0 ? HF_OK : HF_ERR_AUDIT_PROCESS;
	*fd = take_descriptor(&m);
	room->len = (size_t)n;
	return hf_fact_decode(hf_out_bytes(room), fact);
}
