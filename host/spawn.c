/* Between fork and exec only async-signal-safe calls. The report pipe closes by itself when exec works;
 * otherwise it brings errno back, so a program that cannot be run is an error with words.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <hf/file.h>
#include "proc_priv.h"

enum { PARK_AT = 64 }; /* above every number a child may ask for */

extern char **environ;

static void restore_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First lift all out of the way, then lower each to its number: a `from` may be another's `to`. */
static int place_fds(const struct hf_proc_row *row, int report)
{
	int parked[HF_PROC_FD_MAX];
	int null_fd = open("/dev/null", O_RDWR);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		return -1;
	for (size_t i = 0; i < row->n_fds; i++) {
		parked[i] = fcntl(row->fds[i].from, F_DUPFD, PARK_AT);
		if (parked[i] < 0)
			return -1;
	}
	for (int fd = HF_PROC_FD_FIRST; fd < PARK_AT; fd++)
		(void)close(fd);
	for (size_t i = 0; i < row->n_fds; i++)
		if (dup2(parked[i], row->fds[i].to) < 0)
			return -1;
	if (report > PARK_AT && close_range(PARK_AT, (unsigned)report - 1, 0) != 0)
		return -1;
	return close_range((unsigned)report + 1, ~0u, 0);
}

static _Noreturn void become(const struct hf_proc_row *row, pid_t parent, int report)
{
	int problem;

	restore_signals();
	/* Not SIGKILL: an exec'd program of others (Mosquitto) should still end cleanly. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent && place_fds(row, report) == 0)
		(void)execve(row->path, row->argv, row->envp != NULL ? row->envp : environ);
	problem = errno != 0 ? errno : ECHILD;
	if (write(report, &problem, sizeof(problem)) < 0)
		_exit(126);
	_exit(127);
}

hf_err hf__proc_spawn(const struct hf_proc_row *row, pid_t *pid, struct hf_why *why)
{
	int report[2] = { -1, -1 };
	pid_t parent = getpid();
	int problem = 0, high;
	ssize_t n;

	*pid = -1;
	if (pipe2(report, O_CLOEXEC) != 0)
		return hf_why_errno(why, HF_ERR_PROC_START, "pipe");
	high = fcntl(report[1], F_DUPFD_CLOEXEC, PARK_AT + HF_PROC_FD_MAX);
	(void)close(report[1]);
	if (high < 0) {
		(void)close(report[0]);
		return hf_why_errno(why, HF_ERR_PROC_START, "pipe");
	}
	*pid = fork();
	if (*pid == 0)
		become(row, parent, high);
	(void)close(high);
	if (*pid < 0) {
		(void)close(report[0]);
		return hf_why_errno(why, HF_ERR_PROC_START, "fork");
	}
	do {
		n = read(report[0], &problem, sizeof(problem));
	} while (n < 0 && errno == EINTR);
	(void)close(report[0]);
	if (n == 0)
		return HF_OK;
	(void)waitpid(*pid, NULL, 0);
	*pid = -1;
	errno = problem;
	return hf_why_errno(why, HF_ERR_PROC_START, "%s", row->path);
}
