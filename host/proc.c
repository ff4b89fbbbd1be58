/* One supervisor: rows in, processes out. A child's life:
 *
 *   OFF --start--> UP --dies--> WAIT --back-off over--> UP
 *    ^              |             |
 *    +----stopped---+----stop-----+
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/log.h>
#include <hf/proc.h>
#include "proc_priv.h"

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 30000, GOOD_LIFE_MS = 60000, STOP_MS = 5000 };
enum { OFF = 0, UP, WAIT };

struct child {
	struct hf_proc *owner;
	size_t row;
	int state;
	bool stopping; /* asked to end: no restart */
	pid_t pid;
	uint64_t born_ms;
	uint64_t backoff_ms;
	struct hf_timer timer; /* restart in WAIT, SIGKILL in UP while stopping */
};

struct hf_proc {
	struct hf_loop *loop;
	const struct hf_proc_row *rows;
	size_t n;
	struct hf_proc_events events;
	struct hf_sig sigchld;
	bool stopping;
	struct child child[HF_PROC_MAX];
};

static bool row_is_valid(const struct hf_proc_row *row)
{
	if (row->name == NULL || row->path == NULL || row->argv == NULL || row->n_fds > HF_PROC_FD_MAX)
		return false;
	for (size_t i = 0; i < row->n_fds; i++) {
		if (row->fds[i].to < HF_PROC_FD_FIRST || row->fds[i].to >= HF_PROC_FD_FIRST + HF_PROC_FD_MAX)
			return false;
		for (size_t j = 0; j < i; j++)
			if (row->fds[j].to == row->fds[i].to)
				return false;
	}
	return true;
}

static hf_err start_child(struct child *c, struct hf_why *why)
{
	const struct hf_proc_row *row = &c->owner->rows[c->row];
	hf_err err = hf__proc_spawn(row, &c->pid, why);

	if (err != HF_OK)
		return hf_why_add(why, err, "start %s", row->name);
	c->state = UP;
	c->stopping = false;
	c->born_ms = hf_now_ms();
	if (c->owner->events.on_start != NULL)
		c->owner->events.on_start(c->owner->events.ctx, c->row, c->pid);
	return HF_OK;
}

static uint64_t next_backoff(struct child *c)
{
	uint64_t wait;

	if (hf_now_ms() - c->born_ms >= GOOD_LIFE_MS)
		c->backoff_ms = 0;
	wait = c->backoff_ms;
	c->backoff_ms = wait == 0 ? BACKOFF_FIRST_MS : wait * 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	return c->backoff_ms;
}

static void wait_and_restart(struct child *c, int status)
{
	struct hf_proc *p = c->owner;
	bool once = p->rows[c->row].once;
	uint64_t again_ms = once ? 0 : next_backoff(c);

	c->state = once ? OFF : WAIT;
	if (!once && hf_timer_start(&c->timer, again_ms) != HF_OK)
		c->state = OFF;
	if (p->events.on_dead != NULL)
		p->events.on_dead(p->events.ctx, c->row, status, again_ms);
}

static void on_timer(void *ctx)
{
	struct child *c = ctx;
	struct hf_why why = { 0 };

	if (c->state == UP && c->stopping) {
		(void)kill(c->pid, SIGKILL);
		return;
	}
	if (c->state != WAIT)
		return;
	if (start_child(c, &why) != HF_OK) {
		hf_log_why(HF_LOG_ERR, "proc", "restart", why.err, &why);
		c->born_ms = hf_now_ms();
		wait_and_restart(c, 127 << 8);
	}
}

static void tell_when_all_are_gone(struct hf_proc *p)
{
	if (!p->stopping)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->child[i].state != OFF)
			return;
	p->stopping = false;
	if (p->events.on_stopped != NULL)
		p->events.on_stopped(p->events.ctx);
}

static void child_ended(struct child *c, int status)
{
	hf_timer_stop(&c->timer);
	c->pid = -1;
	if (c->stopping) {
		c->state = OFF;
		c->stopping = false;
	} else {
		wait_and_restart(c, status);
	}
	tell_when_all_are_gone(c->owner);
}

static void on_sigchld(void *ctx, int signo)
{
	struct hf_proc *p = ctx;

	(void)signo;
	for (size_t i = 0; i < p->n; i++) {
		struct child *c = &p->child[i];
		int status;

		/* Each by its own id: another part of the program may have children of its own. */
		if (c->state == UP && waitpid(c->pid, &status, WNOHANG) == c->pid)
			child_ended(c, status);
	}
}

hf_err hf_proc_new(struct hf_loop *loop, const struct hf_proc_row *rows, size_t n,
		   const struct hf_proc_events *events, struct hf_proc **out)
{
	struct hf_proc *p;
	hf_err err;

	*out = NULL;
	if (n > HF_PROC_MAX)
		return HF_ERR_PROC_TABLE;
	for (size_t i = 0; i < n; i++)
		if (!row_is_valid(&rows[i]))
			return HF_ERR_PROC_TABLE;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HF_ERR_HOST_MEMORY;
	p->loop = loop;
	p->rows = rows;
	p->n = n;
	p->events = *events;
	err = hf_sig_open(&p->sigchld, loop, SIGCHLD, on_sigchld, p);
	for (size_t i = 0; i < n && err == HF_OK; i++) {
		p->child[i] = (struct child){ .owner = p, .row = i, .pid = -1 };
		err = hf_timer_init(&p->child[i].timer, loop, on_timer, &p->child[i]);
	}
	if (err != HF_OK) {
		hf_proc_free(p);
		return err;
	}
	*out = p;
	return HF_OK;
}

hf_err hf_proc_start_row(struct hf_proc *p, size_t row, struct hf_why *why)
{
	if (row >= p->n || p->child[row].state == UP)
		return hf_why_set(why, HF_ERR_PROC_TABLE, "start of a row that is absent or running");
	hf_timer_stop(&p->child[row].timer);
	p->child[row].backoff_ms = 0;
	return start_child(&p->child[row], why);
}

hf_err hf_proc_start(struct hf_proc *p, struct hf_why *why)
{
	for (size_t i = 0; i < p->n; i++)
		HF_TRY(hf_proc_start_row(p, i, why));
	return HF_OK;
}

void hf_proc_stop_row(struct hf_proc *p, size_t row)
{
	struct child *c = &p->child[row];
	unsigned stop_ms = p->rows[row].stop_ms != 0 ? p->rows[row].stop_ms : STOP_MS;

	if (c->state == WAIT) {
		hf_timer_stop(&c->timer);
		c->state = OFF;
	}
	if (c->state != UP || c->stopping)
		return;
	c->stopping = true;
	(void)kill(c->pid, SIGTERM);
	if (hf_timer_start(&c->timer, stop_ms) != HF_OK)
		(void)kill(c->pid, SIGKILL);
}

static void tell_later(void *ctx)
{
	tell_when_all_are_gone(ctx);
}

void hf_proc_stop(struct hf_proc *p)
{
	p->stopping = true;
	for (size_t i = p->n; i > 0; i--)
		hf_proc_stop_row(p, i - 1);
	/* Nothing ran: still tell from the loop, never from inside this call. */
	if (hf_loop_post(p->loop, tell_later, p) != HF_OK)
		tell_when_all_are_gone(p);
}

pid_t hf_proc_pid(const struct hf_proc *p, size_t row)
{
	return row < p->n && p->child[row].state == UP ? p->child[row].pid : -1;
}

void hf_proc_status_text(int status, char out[static 64])
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, 64, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(out, 64, "exit %d", WEXITSTATUS(status));
}

void hf_proc_free(struct hf_proc *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct child *c = &p->child[i];

		if (c->state == UP) {
			(void)kill(c->pid, SIGKILL);
			(void)waitpid(c->pid, NULL, 0);
		}
		hf_timer_close(&c->timer);
	}
	hf_sig_close(&p->sigchld);
	free(p);
}

hf_err hf_proc_child_begin(void)
{
	int death_signal = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	/* Set between fork and exec, where the parent was seen alive; exec keeps it. */
	if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0 || death_signal == 0)
		return HF_ERR_PROC_ORPHAN;
	return HF_OK;
}
