/* scan.c -- main's side of a scan: starts readers, checks every fact they send, hands it on, and replaces a
 * reader that died or hangs.
 * A reader's share is walked again behind the file it died on. When it dies where it died before, the rest of
 * that input is given up for this share and said to be unread: a scan always ends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/vpath.h>
#include "audit_priv.h"

enum { TICK_MS = 500, READ_STEP = 1 << 18, IN_CEILING = 1 << 20, DEATHS_MAX = 1000, PIPE_LEN = 1 << 20 };

struct reader {
	pid_t pid; /* 0: its share is done */
	int from;
	struct hf_buf in;
	struct hf__board *board;
	uint64_t input; /* where it was started, and behind which file */
	size_t after_len;
	uint8_t after[HF_FACT_PATH_MAX];
	unsigned deaths;
	bool done;   /* said so */
	bool killed; /* by us: it hung, or ... */
	bool lied;   /* ... sent what is no fact */
};
struct scan {
	const struct hf__scan_opts *opts;
	const struct hf_fact_sink *sink;
	struct hf_why *why;
	struct reader *reader;
	struct hf__dirfeed *dirs;
	int feed[2]; /* main's end, readers' end */
	bool fed;
};

/* ---- starting ---- */

static hf_err start_reader(struct scan *s, unsigned k)
{
	struct reader *r = &s->reader[k];
	int fds[2];
	struct hf__reader_start start = { .opts = s->opts,
					  .k = k,
					  .input = r->input,
					  .after = { r->after, r->after_len },
					  .feed = s->feed[1],
					  .board = r->board };

	if (pipe2(fds, O_CLOEXEC) != 0)
		return hf_why_errno(s->why, HF_ERR_AUDIT_PROCESS, "pipe");
	(void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_LEN);
	start.out = fds[1];
	r->board->begun_ms = hf__now_ms();
	r->pid = fork();
	if (r->pid == 0)
		hf__reader_run(&start);
	(void)close(fds[1]);
	r->from = fds[0];
	r->done = r->killed = r->lied = false;
	if (r->pid > 0)
		return HF_OK;
	r->pid = 0;
	return hf_why_errno(s->why, HF_ERR_AUDIT_PROCESS, "fork");
}

static hf_err make_boards(struct scan *s)
{
	size_t each = (sizeof(struct hf__board) + 63) / 64 * 64;
	uint8_t *p =
		mmap(NULL, each * s->opts->jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return hf_why_errno(s->why, HF_ERR_AUDIT_PROCESS, "shared memory");
	for (unsigned k = 0; k < s->opts->jobs; k++) {
		s->reader[k].board = (struct hf__board *)(void *)(p + each * k);
		s->reader[k].in = HF_BUF(IN_CEILING);
		s->reader[k].from = -1;
	}
	return HF_OK;
}

static hf_err start_all(struct scan *s)
{
	s->reader = calloc(s->opts->jobs, sizeof(*s->reader));
	if (s->reader == NULL)
		return HF_ERR_HOST_MEMORY;
	HF_TRY(make_boards(s));
	HF_TRY(hf__dirfeed_new(s->opts->inputs, s->opts->n_inputs, &s->dirs));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->feed) != 0)
		return hf_why_errno(s->why, HF_ERR_AUDIT_PROCESS, "socket");
	for (unsigned k = 0; k < s->opts->jobs; k++)
		HF_TRY(start_reader(s, k));
	return HF_OK;
}

static void stop_all(struct scan *s)
{
	size_t each = (sizeof(struct hf__board) + 63) / 64 * 64;

	for (unsigned k = 0; s->reader != NULL && k < s->opts->jobs; k++) {
		struct reader *r = &s->reader[k];

		if (r->pid > 0) {
			(void)kill(r->pid, SIGKILL);
			(void)waitpid(r->pid, NULL, 0);
		}
		hf_fd_close(&r->from);
		hf_buf_free(&r->in);
	}
	if (s->reader != NULL && s->reader[0].board != NULL)
		(void)munmap(s->reader[0].board, each * s->opts->jobs);
	free(s->reader);
	hf__dirfeed_free(s->dirs);
	hf_fd_close(&s->feed[0]);
	hf_fd_close(&s->feed[1]);
}

/* ---- facts ---- */

/* Take whole frames off the front. A frame that is no fact (*lies) is a reader that was taken over. */
static hf_err take_frames(struct scan *s, struct reader *r, bool *lies)
{
	size_t at = 0;

	*lies = false;

	while (r->in.len - at >= HF__FRAME_HEAD) {
		size_t len = hf_get_be32(r->in.ptr + at);
		struct hf_fact fact;

		if (len <= HF_FACT_MAX_LEN && r->in.len - at - HF__FRAME_HEAD < len)
			break;
		*lies = len > HF_FACT_MAX_LEN ||
			hf_fact_decode((hf_bytes){ r->in.ptr + at + HF__FRAME_HEAD, len }, &fact) != HF_OK;
		if (*lies)
			return HF_OK;
		at += HF__FRAME_HEAD + len;
		r->done = fact.kind == HF_FACT_DONE;
		if (fact.kind != HF_FACT_DONE && fact.kind != HF_FACT_BEGIN)
			HF_TRY(s->sink->put(s->sink->ctx, &fact));
	}
	hf_buf_consume(&r->in, at);
	return HF_OK;
}

/* ---- death ---- */

/* The file that the board names. It is the reader's own word, so it is made printable. */
static hf_bytes last_file(const struct reader *r, uint8_t room[static HF_FACT_PATH_MAX])
{
	size_t len = r->board->path_len;

	if (len > HF_FACT_PATH_MAX)
		len = 0;
	memcpy(room, r->board->path, len);
	for (size_t i = 0; i < len; i++)
		if (room[i] < 0x21 || room[i] > 0x7e)
			room[i] = '?';
	return (hf_bytes){ room, len };
}

static hf_bytes name_of_input(const struct scan *s, uint64_t i, uint8_t room[static HF_FACT_PATH_MAX])
{
	struct hf_out out = { room, HF_FACT_PATH_MAX, 0 };
	const char *name = i < s->opts->n_inputs ? s->opts->inputs[i].name : "unknown";

	if (hf_vpath_escape((hf_bytes){ (const uint8_t *)name, strlen(name) }, &out) != HF_OK)
		return HF_STR("unknown");
	return hf_out_bytes(&out);
}

/* The path of the container that a file lies in; empty for an input. */
static size_t without_last(const uint8_t *path, size_t len)
{
	while (len > 0 && path[len - 1] != '!')
		len--;
	return len > 0 ? len - 1 : 0;
}

/* Behind the file it died on; when it got no further than last time, behind the container of that file; and
 * at last behind the input. */
static void go_on_behind(struct scan *s, struct reader *r, hf_bytes file)
{
	uint64_t input = r->board->input;
	bool same =
		input == r->input && file.len == r->after_len && memcmp(file.ptr, r->after, file.len) == 0;

	if (input >= s->opts->n_inputs || input < r->input) {
		r->input = s->opts->n_inputs;
		r->after_len = 0;
		return;
	}
	r->input = input;
	r->after_len = same ? without_last(r->after, r->after_len) : file.len;
	if (!same)
		memcpy(r->after, file.ptr, file.len);
	if (r->after_len == 0)
		r->input = input + 1;
}

/* Whoever lies may say that it is elsewhere: every input since it was started is in doubt. */
static hf_err report_lie(struct scan *s, const struct reader *r)
{
	uint8_t room[HF_FACT_PATH_MAX];

	for (uint64_t i = r->input; i < s->opts->n_inputs && (i == r->input || i <= r->board->input); i++)
		HF_TRY(hf__audit_problem(
			s->sink, 3, name_of_input(s, i, room),
			"a reader sent what is no fact; what it said of this input is in doubt"));
	return HF_OK;
}

static hf_err report_death(struct scan *s, struct reader *r, hf_bytes path)
{
	bool scanning = r->board->phase == HF__BOARD_SCANNING;

	if (++r->deaths > DEATHS_MAX)
		return hf_why_set(s->why, HF_ERR_AUDIT_PROCESS, "readers die on file after file");
	if (r->lied)
		return report_lie(s, r);
	if (r->killed)
		return hf__audit_problem(s->sink, 3, path,
					 scanning ? "reader ran out of time on this file"
						  : "reader ran out of time in this container");
	return hf__audit_problem(s->sink, 3, path,
				 scanning ? "reader died on this file" : "reader died in this container");
}

static hf_err bury(struct scan *s, unsigned k)
{
	struct reader *r = &s->reader[k];
	uint8_t room[HF_FACT_PATH_MAX], other[HF_FACT_PATH_MAX];
	hf_bytes file = last_file(r, room);
	int status = 0;

	hf_fd_close(&r->from);
	hf_buf_reset(&r->in);
	(void)waitpid(r->pid, &status, 0);
	r->pid = 0;
	if (r->done && !r->killed)
		return HF_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == HF__EXIT_UNSEALED)
		return hf_why_set(s->why, HF_ERR_AUDIT_PROCESS, "a reader cannot be sealed");
	HF_TRY(report_death(s, r,
			    file.len > 0 ? file : name_of_input(s, r->board->input, other)));
	go_on_behind(s, r, file);
	return start_reader(s, k);
}

static hf_err listen_to(struct scan *s, unsigned k)
{
	struct reader *r = &s->reader[k];
	uint8_t *where;
	bool lies;
	ssize_t n;

	HF_TRY(hf_buf_reserve(&r->in, READ_STEP, &where));
	n = read(r->from, where, READ_STEP);
	if (n < 0 && errno == EINTR)
		return HF_OK;
	if (n <= 0)
		return bury(s, k);
	hf_buf_commit(&r->in, (size_t)n);
	HF_TRY(take_frames(s, r, &lies));
	if (!lies)
		return HF_OK;
	r->killed = r->lied = true;
	(void)kill(r->pid, SIGKILL);
	return bury(s, k);
}

static void kill_who_hangs(struct scan *s)
{
	uint64_t now = hf__now_ms();

	for (unsigned k = 0; k < s->opts->jobs; k++) {
		struct reader *r = &s->reader[k];
		const struct hf_walk_caps *caps = &s->opts->caps;
		uint64_t begun = r->board->begun_ms, limit;

		limit = r->board->phase == HF__BOARD_SCANNING ? caps->file_seconds : caps->container_seconds;
		if (r->pid <= 0 || r->killed || r->board->phase == HF__BOARD_WAITING || begun > now ||
		    now - begun <= limit * 1000 + TICK_MS)
			continue;
		r->killed = true;
		(void)kill(r->pid, SIGKILL);
	}
}

/* ---- the loop ---- */

static bool any_alive(const struct scan *s)
{
	for (unsigned k = 0; k < s->opts->jobs; k++)
		if (s->reader[k].pid > 0)
			return true;
	return false;
}

static hf_err feed_directories(struct scan *s)
{
	HF_TRY(hf__dirfeed_send(s->dirs, s->feed[0], s->sink, &s->fed));
	if (s->fed)
		hf_fd_close(&s->feed[0]);
	return HF_OK;
}

static hf_err turn(struct scan *s)
{
	struct pollfd fds[HF_AUDIT_JOBS_MAX + 1];
	unsigned n = s->opts->jobs;

	for (unsigned k = 0; k < n; k++)
		fds[k] = (struct pollfd){ .fd = s->reader[k].pid > 0 ? s->reader[k].from : -1,
					  .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = s->fed ? -1 : s->feed[0], .events = POLLOUT };
	if (poll(fds, n + 1, TICK_MS) < 0 && errno != EINTR)
		return hf_why_errno(s->why, HF_ERR_AUDIT_PROCESS, "poll");
	for (unsigned k = 0; k < n; k++)
		if (fds[k].revents != 0)
			HF_TRY(listen_to(s, k));
	if (fds[n].revents != 0)
		HF_TRY(feed_directories(s));
	kill_who_hangs(s);
	return HF_OK;
}

hf_err hf__scan(const struct hf__scan_opts *opts, const struct hf_fact_sink *sink, struct hf_why *why)
{
	struct scan s = { .opts = opts, .sink = sink, .why = why, .feed = { -1, -1 } };
	hf_err err = start_all(&s);

	while (err == HF_OK && any_alive(&s))
		err = turn(&s);
	stop_all(&s);
	return err;
}
