/* proc.h -- supervision: children from one table, fork + exec, restarted with back-off, stopped cleanly.
 * Each child gets exactly the descriptors its row names, at fixed numbers; everything else is closed.
 * A child dies with its supervisor (parent-death signal), so nothing is left behind.
 * Back-off: 100 ms doubling to 30 s; a child that lived 60 s starts again at once.
 * Limits: HF_PROC_MAX children, HF_PROC_FD_MAX descriptors each.
 * Thread rule: everything on the loop's thread; the process must be single-threaded when it starts
 * children. One supervisor per process, as it watches SIGCHLD.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PROC_H
#define HF_PROC_H
#include <sys/types.h>
#include <hf/loop.h>

enum { HF_PROC_MAX = 16, HF_PROC_FD_MAX = 16 };
/* What child processes find: 0 = /dev/null, 1 and 2 = the supervisor's; own descriptors from here. */
enum { HF_PROC_FD_FIRST = 3 };

struct hf_proc_fd {
	int from; /* descriptor in the supervisor, kept open there so that a restart finds it again */
	int to;   /* number in the child, >= HF_PROC_FD_FIRST */
};
struct hf_proc_row {
	const char *name;        /* "ca"; appears in messages */
	const char *path;        /* program, no search in PATH */
	char *const *argv;       /* NULL-terminated, argv[0] included */
	char *const *envp;       /* NULL: the supervisor's environment */
	const struct hf_proc_fd *fds;
	size_t n_fds;
	unsigned stop_ms;        /* after SIGTERM and before SIGKILL; 0 = 5,000 */
	bool once;               /* do not restart: its end is the end of the whole (on_dead decides) */
};

struct hf_proc_events {
	void *ctx;
	void (*on_start)(void *ctx, size_t row, pid_t pid);
	/* A child ended that nobody asked to stop; `status` as by waitpid; restart follows in `again_ms`,
	 * or never when the row says once. */
	void (*on_dead)(void *ctx, size_t row, int status, uint64_t again_ms);
	/* After hf_proc_stop: the last child is gone. */
	void (*on_stopped)(void *ctx);
};

struct hf_proc; /* the supervisor */
/* `rows` and what they point to are borrowed until hf_proc_free.
 * Errors: HF_ERR_PROC_TABLE, HF_ERR_LOOP_FAILED. */
HF_MUST_CHECK hf_err hf_proc_new(struct hf_loop *loop, const struct hf_proc_row *rows, size_t n,
				 const struct hf_proc_events *events, struct hf_proc **out);
/* Start all, in the order of the table. A program that cannot be executed is an error here, with words:
 * HF_ERR_PROC_START. */
HF_MUST_CHECK hf_err hf_proc_start(struct hf_proc *p, struct hf_why *why);
/* Start, stop or restart one row (a certificate was renewed, a child must be absent for a while). */
HF_MUST_CHECK hf_err hf_proc_start_row(struct hf_proc *p, size_t row, struct hf_why *why);
void hf_proc_stop_row(struct hf_proc *p, size_t row);
/* SIGTERM to all in reverse order of the table, SIGKILL after stop_ms; then on_stopped. */
void hf_proc_stop(struct hf_proc *p);
/* -1 when the row does not run. */
pid_t hf_proc_pid(const struct hf_proc *p, size_t row);
/* "exit 3", "signal 11 (Segmentation fault)": words for a wait status. */
void hf_proc_status_text(int status, char out[static 64]);
/* Kills what still runs. */
void hf_proc_free(struct hf_proc *p);
/* In a child, first thing: check that it will die with its supervisor, ignore SIGPIPE. Changing the user
 * clears the parent-death signal; hf_sandbox_enter sets it again. Errors: HF_ERR_PROC_ORPHAN when no
 * supervisor started this process. */
HF_MUST_CHECK hf_err hf_proc_child_begin(void);
#endif
