/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/proc.h>

struct rig {
	struct hf_loop *loop;
	struct hf_proc *proc;
	struct hf_timer limit;
	int starts, deaths, last_status;
	uint64_t again[8];
	bool stopped;
	int stop_after_deaths;
};
static struct rig rig;

static void on_start(void *ctx, size_t row, pid_t pid)
{
	(void)ctx;
	(void)row;
	assert_true(pid > 0);
	rig.starts++;
}

static void on_dead(void *ctx, size_t row, int status, uint64_t again_ms)
{
	(void)ctx;
	(void)row;
	rig.again[rig.deaths++ % 8] = again_ms;
	rig.last_status = status;
	if (rig.deaths == rig.stop_after_deaths)
		hf_loop_stop(rig.loop);
}

static void on_stopped(void *ctx)
{
	(void)ctx;
	rig.stopped = true;
	hf_loop_stop(rig.loop);
}

static void too_long(void *ctx)
{
	(void)ctx;
	hf_loop_stop(rig.loop);
}

static const struct hf_proc_events events = { NULL, on_start, on_dead, on_stopped };

static int open_rig(void **unused)
{
	(void)unused;
	rig = (struct rig){ 0 };
	if (hf_loop_new(&rig.loop) != HF_OK || hf_timer_init(&rig.limit, rig.loop, too_long, NULL) != HF_OK)
		return -1;
	return hf_timer_start(&rig.limit, 5000) == HF_OK ? 0 : -1;
}

static int close_rig(void **unused)
{
	(void)unused;
	hf_proc_free(rig.proc);
	hf_timer_close(&rig.limit);
	hf_loop_free(rig.loop);
	return 0;
}

#define SHELL(script) \
	(char *const[]) \
	{ \
		(char *)"sh", (char *)"-c", (char *)(script), NULL \
	}

static void start(const struct hf_proc_row *rows, size_t n)
{
	assert_int_equal(hf_proc_new(rig.loop, rows, n, &events, &rig.proc), HF_OK);
	assert_int_equal(hf_proc_start(rig.proc, NULL), HF_OK);
}

static void a_child_finds_its_descriptors_and_no_others(void **unused)
{
	char said[128] = "";
	int out[2], secret[2];
	struct hf_proc_fd fds[2];
	const struct hf_proc_row rows[] = { {
		.name = "fds",
		.path = "/bin/sh",
		.argv = SHELL("for fd in /proc/self/fd/*; do test -e $fd && printf '%s ' ${fd##*/} >&4; "
			      "done; cat <&5 >&4"),
		.fds = fds,
		.n_fds = 2,
		.once = true,
	} };

	(void)unused;
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(secret), 0);
	assert_int_equal(write(secret[1], "hush", 4), 4);
	close(secret[1]);
	fds[0] = (struct hf_proc_fd){ out[1], 4 };
	fds[1] = (struct hf_proc_fd){ secret[0], 5 };
	rig.stop_after_deaths = 1;
	start(rows, 1);
	assert_int_equal(hf_loop_run(rig.loop), HF_OK);
	assert_true(read(out[0], said, sizeof(said) - 1) > 0);
	/* 0-2, ours at 4 and 5; a shell may hold the folder it lists, at 3. */
	assert_non_null(strstr(said, "0 1 2 "));
	assert_non_null(strstr(said, "4 5 hush"));
	assert_null(strchr(said, '6'));
	close(out[0]);
	close(out[1]);
	close(secret[0]);
}

static void descriptors_may_be_swapped(void **unused)
{
	char said[16] = "";
	int a[2], b[2];
	struct hf_proc_fd fds[2];
	const struct hf_proc_row rows[] = { { .name = "swap",
					      .path = "/bin/sh",
					      .argv = SHELL("printf b >&3; printf a >&4"),
					      .fds = fds,
					      .n_fds = 2,
					      .once = true } };

	(void)unused;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(dup2(a[1], 14), 14);
	assert_int_equal(dup2(b[1], 13), 13);
	fds[0] = (struct hf_proc_fd){ 13, 3 };
	fds[1] = (struct hf_proc_fd){ 14, 4 };
	rig.stop_after_deaths = 1;
	start(rows, 1);
	assert_int_equal(hf_loop_run(rig.loop), HF_OK);
	assert_int_equal(read(a[0], said, 8), 1);
	assert_int_equal(said[0], 'a');
	assert_int_equal(read(b[0], said, 8), 1);
	assert_int_equal(said[0], 'b');
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
		close(13 + i);
	}
}

static void a_child_that_keeps_dying_is_started_later_and_later(void **unused)
{
	const struct hf_proc_row rows[] = { { .name = "die", .path = "/bin/sh", .argv = SHELL("exit 3") } };

	(void)unused;
	rig.stop_after_deaths = 4;
	start(rows, 1);
	assert_int_equal(hf_loop_run(rig.loop), HF_OK);
	assert_int_equal(rig.deaths, 4);
	assert_int_equal(rig.starts, 4);
	assert_int_equal(rig.again[0], 100);
	assert_int_equal(rig.again[1], 200);
	assert_int_equal(rig.again[3], 800);
	assert_int_equal(WEXITSTATUS(rig.last_status), 3);
}

static void a_killed_child_comes_back(void **unused)
{
	const struct hf_proc_row rows[] = { { .name = "sleep",
					      .path = "/bin/sleep",
					      .argv = (char *const[]){ (char *)"sleep", (char *)"60",
								       NULL } } };
	pid_t first;

	(void)unused;
	start(rows, 1);
	first = hf_proc_pid(rig.proc, 0);
	assert_int_equal(kill(first, SIGKILL), 0);
	while (rig.starts < 2)
		assert_int_equal(hf_loop_turn(rig.loop, 1000), HF_OK);
	assert_int_equal(WTERMSIG(rig.last_status), SIGKILL);
	assert_true(hf_proc_pid(rig.proc, 0) > 0);
	assert_true(hf_proc_pid(rig.proc, 0) != first);
}

static void stopping_ends_all_and_tells(void **unused)
{
	/* The second ignores SIGTERM and must be killed. */
	const struct hf_proc_row rows[] = {
		{ .name = "good", .path = "/bin/sh", .argv = SHELL("while :; do sleep 0.05; done") },
		{ .name = "deaf",
		  .path = "/bin/sh",
		  .argv = SHELL("trap '' TERM; while :; do sleep 0.05; done"),
		  .stop_ms = 100 },
		{ .name = "dying", .path = "/bin/sh", .argv = SHELL("exit 1") },
	};

	(void)unused;
	start(rows, 3);
	usleep(50000); /* the trap must be set before the signal comes */
	while (rig.deaths == 0)
		assert_int_equal(hf_loop_turn(rig.loop, 500), HF_OK);
	hf_proc_stop(rig.proc);
	assert_int_equal(hf_loop_run(rig.loop), HF_OK);
	assert_true(rig.stopped);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(hf_proc_pid(rig.proc, i), -1);
}

static void a_program_that_is_not_there_is_an_error_with_words(void **unused)
{
	const struct hf_proc_row rows[] = {
		{ .name = "ghost", .path = "/no/such/program", .argv = SHELL("") }
	};
	struct hf_why why = { 0 };

	(void)unused;
	assert_int_equal(hf_proc_new(rig.loop, rows, 1, &events, &rig.proc), HF_OK);
	assert_int_equal(hf_proc_start(rig.proc, &why), HF_ERR_PROC_START);
	assert_string_equal(hf_why_text(&why), "start ghost: /no/such/program: No such file or directory");
}

static void a_table_with_clashing_descriptors_is_refused(void **unused)
{
	const struct hf_proc_fd clash[] = { { 0, 3 }, { 1, 3 } }, low[] = { { 0, 2 } };
	const struct hf_proc_row two[] = {
		{ .name = "x", .path = "/bin/sh", .argv = SHELL(""), .fds = clash, .n_fds = 2 }
	};
	const struct hf_proc_row std[] = {
		{ .name = "x", .path = "/bin/sh", .argv = SHELL(""), .fds = low, .n_fds = 1 }
	};

	(void)unused;
	assert_int_equal(hf_proc_new(rig.loop, two, 1, &events, &rig.proc), HF_ERR_PROC_TABLE);
	assert_int_equal(hf_proc_new(rig.loop, std, 1, &events, &rig.proc), HF_ERR_PROC_TABLE);
}

static void a_process_nobody_supervises_notices(void **unused)
{
	(void)unused;
	assert_int_equal(hf_proc_child_begin(), HF_ERR_PROC_ORPHAN);
}

/* Starts one child, tells its pid and dies. */
static _Noreturn void supervise_and_die(int to)
{
	const struct hf_proc_row row = { .name = "sleep",
					 .path = "/bin/sleep",
					 .argv = (char *const[]){ (char *)"sleep", (char *)"60", NULL } };
	struct hf_loop *loop = NULL;
	struct hf_proc *proc = NULL;
	pid_t child;

	if (hf_loop_new(&loop) != HF_OK || hf_proc_new(loop, &row, 1, &events, &proc) != HF_OK ||
	    hf_proc_start(proc, NULL) != HF_OK)
		_exit(1);
	child = hf_proc_pid(proc, 0);
	_exit(write(to, &child, sizeof(child)) == sizeof(child) ? 0 : 1);
}

/* Gone, or a zombie that somebody else has to bury. */
static bool is_dead(pid_t pid)
{
	char path[64], line[128] = "";
	const char *state;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	state = fgets(line, sizeof(line), f) != NULL ? strchr(line, ')') : NULL;
	fclose(f);
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

static void a_child_dies_with_its_supervisor(void **unused)
{
	int fds[2], status;
	pid_t middle, child = -1;
	bool dead = false;

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	middle = fork();
	if (middle == 0)
		supervise_and_die(fds[1]);
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_int_equal(read(fds[0], &child, sizeof(child)), sizeof(child));
	for (int i = 0; i < 200 && !dead; i++) {
		dead = is_dead(child);
		if (!dead)
			usleep(10000);
	}
	assert_true(dead);
	close(fds[0]);
	close(fds[1]);
}

static void a_wait_status_has_words(void **unused)
{
	char text[64];

	(void)unused;
	hf_proc_status_text(3 << 8, text);
	assert_string_equal(text, "exit 3");
	hf_proc_status_text(SIGKILL, text);
	assert_string_equal(text, "signal 9 (Killed)");
}

int main(void)
{
#define WITH_RIG(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		WITH_RIG(a_child_finds_its_descriptors_and_no_others),
		WITH_RIG(descriptors_may_be_swapped),
		WITH_RIG(a_child_that_keeps_dying_is_started_later_and_later),
		WITH_RIG(a_killed_child_comes_back),
		WITH_RIG(stopping_ends_all_and_tells),
		WITH_RIG(a_program_that_is_not_there_is_an_error_with_words),
		WITH_RIG(a_table_with_clashing_descriptors_is_refused),
		cmocka_unit_test(a_process_nobody_supervises_notices),
		WITH_RIG(a_child_dies_with_its_supervisor),
		cmocka_unit_test(a_wait_status_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
