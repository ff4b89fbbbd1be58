/* log_run.c -- a log or a witness is two processes of this program: one holds its signing key and has no
 * network, the other has the network and not that key (for TLS it has a key of its own). When one ends,
 * both end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <hf/file.h>
#include <hf/ipc.h>
#include <hf/log.h>
#include <hf/proc.h>
#include "log.h"

enum { FD_PEER = HF_PROC_FD_FIRST };

struct pair {
	struct hf_loop *loop;
	struct hf_proc *proc;
	struct hf_proc_row row[2];
	struct hf_proc_fd fd[2];
	char *argv[2][8];
	char self[CLI_PATH_MAX];
	struct hf_sig term, interrupt, hup;
	int ipc[2];
	const char *place;
	bool (*reload)(const char *place);
	bool failed, again;
};
static struct hf_loop *wait_loop;

static void on_dead(void *ctx, size_t row, int status, uint64_t again_ms)
{
	struct pair *p = ctx;
	char text[64];

	(void)again_ms;
	hf_proc_status_text(status, text);
	hf_log(HF_LOG_ERR, "main", "ended", "process=%s status=\"%s\"", p->row[row].name, text);
	p->failed = true;
	hf_proc_stop(p->proc);
}

static void on_stopped(void *ctx)
{
	hf_loop_stop(((struct pair *)ctx)->loop);
}

static void on_signal(void *ctx, int signo)
{
	(void)signo;
	hf_proc_stop(((struct pair *)ctx)->proc);
}

/* Restarting is the way to read anew: two processes that each know one state of things. */
static void on_hup(void *ctx, int signo)
{
	struct pair *p = ctx;

	(void)signo;
	if (p->reload == NULL || !p->reload(p->place))
		return;
	p->again = true;
	hf_proc_stop(p->proc);
}

static char *word(const char *text)
{
	return (char *)(uintptr_t)text; /* execve promises not to write it */
}

static hf_err start(struct pair *p, const char *const verb[], const char *place,
		    const struct log_role roles[2], struct hf_why *why)
{
	const struct hf_proc_events events = { p, NULL, on_dead, on_stopped };
	ssize_t len = readlink("/proc/self/exe", p->self, sizeof(p->self) - 1);

	if (len <= 0)
		return hf_why_errno(why, HF_ERR_FILE_IO, "/proc/self/exe");
	HF_TRY(hf_ipc_pair(p->ipc, why));
	for (size_t i = 0; i < 2; i++) {
		size_t n = 0;

		p->argv[i][n++] = p->self;
		for (size_t k = 0; verb[k] != NULL; k++)
			p->argv[i][n++] = word(verb[k]);
		p->argv[i][n++] = word(place);
		p->argv[i][n++] = word("--role");
		p->argv[i][n++] = word(roles[i].name);
		p->fd[i] = (struct hf_proc_fd){ p->ipc[i], FD_PEER };
		p->row[i] = (struct hf_proc_row){ .name = roles[i].name,
						  .path = p->self,
						  .argv = p->argv[i],
						  .fds = &p->fd[i],
						  .n_fds = 1,
						  .once = true };
	}
	HF_TRY(hf_loop_new(&p->loop));
	HF_TRY(hf_proc_new(p->loop, p->row, 2, &events, &p->proc));
	HF_TRY(hf_sig_open(&p->term, p->loop, SIGTERM, on_signal, p));
	HF_TRY(hf_sig_open(&p->interrupt, p->loop, SIGINT, on_signal, p));
	HF_TRY(hf_sig_open(&p->hup, p->loop, SIGHUP, on_hup, p));
	HF_TRY(hf_proc_start(p->proc, why));
	return hf_loop_run(p->loop);
}

static int run_role(const char *place, const struct log_role *role)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "holdfast[%s]", role->name);
	hf_log_open(name, HF_LOG_INFO);
	if (hf_proc_child_begin() != HF_OK)
		return CLI_FAILED; /* the supervisor is gone already */
	return role->run(place, FD_PEER);
}

int log_run(const struct cli_args *args, const char *const verb[], const char *place,
	    const struct log_role roles[2], bool (*reload)(const char *place))
{
	const char *role = cli_option(args, "role");
	struct pair p = { .ipc = { -1, -1 }, .place = place, .reload = reload };
	struct hf_why why = { 0 };
	hf_err err;

	for (size_t i = 0; i < 2 && role != NULL; i++)
		if (strcmp(role, roles[i].name) == 0)
			return run_role(place, &roles[i]);
	if (role != NULL)
		return cli_usage("%s: no such role", role);
	err = start(&p, verb, place, roles, &why);
	hf_sig_close(&p.term);
	hf_sig_close(&p.interrupt);
	hf_sig_close(&p.hup);
	hf_proc_free(p.proc);
	hf_loop_free(p.loop);
	hf_fd_close(&p.ipc[0]);
	hf_fd_close(&p.ipc[1]);
	if (err != HF_OK)
		return cli_fail("%s: %s", verb[1], hf_why_text(&why));
	return p.failed ? CLI_FAILED : p.again ? LOG_AGAIN : CLI_DONE;
}

static void on_end(void *ctx, int signo)
{
	(void)signo;
	hf_loop_stop(ctx);
}

void log_stop(void)
{
	if (wait_loop != NULL)
		hf_loop_stop(wait_loop);
}

int log_wait(void)
{
	struct hf_sig term = { 0 }, interrupt = { 0 };
	hf_err err = hf_loop_new(&wait_loop);

	if (err == HF_OK)
		err = hf_sig_open(&term, wait_loop, SIGTERM, on_end, wait_loop);
	if (err == HF_OK)
		err = hf_sig_open(&interrupt, wait_loop, SIGINT, on_end, wait_loop);
	if (err == HF_OK)
		err = hf_loop_run(wait_loop);
	hf_sig_close(&term);
	hf_sig_close(&interrupt);
	return err == HF_OK ? CLI_DONE : CLI_FAILED;
}
