/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/loop.h>

static struct hf_loop *loop;
static int calls;
static struct hf_timer again;

static int open_loop(void **unused)
{
	(void)unused;
	calls = 0;
	return hf_loop_new(&loop) == HF_OK ? 0 : -1;
}

static int close_loop(void **unused)
{
	(void)unused;
	hf_loop_free(loop);
	return 0;
}

static void count_and_stop(void *ctx)
{
	(void)ctx;
	calls++;
	hf_loop_stop(loop);
}

static void a_timer_fires_once_and_not_early(void **unused)
{
	struct hf_timer t = { 0 };
	uint64_t start = hf_now_ms();

	(void)unused;
	assert_int_equal(hf_timer_init(&t, loop, count_and_stop, NULL), HF_OK);
	assert_int_equal(hf_timer_start(&t, 30), HF_OK);
	assert_true(hf_timer_running(&t));
	assert_int_equal(hf_loop_run(loop), HF_OK);
	assert_true(hf_now_ms() - start >= 30);
	assert_false(hf_timer_running(&t));
	assert_int_equal(hf_loop_turn(loop, 40), HF_OK);
	assert_int_equal(calls, 1);
	hf_timer_close(&t);
}

static void a_stopped_timer_never_fires(void **unused)
{
	struct hf_timer t = { 0 };

	(void)unused;
	assert_int_equal(hf_timer_init(&t, loop, count_and_stop, NULL), HF_OK);
	assert_int_equal(hf_timer_start(&t, 5), HF_OK);
	hf_timer_stop(&t);
	assert_int_equal(hf_loop_turn(loop, 30), HF_OK);
	assert_int_equal(calls, 0);
	hf_timer_close(&t);
}

static void waits_beyond_32_bits_of_milliseconds_stay_far_away(void **unused)
{
	static const uint64_t waits[] = { 0x80000000u, 0x100000005u, 400ull * 86400 * 1000, UINT64_MAX };

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		struct hf_timer t = { 0 };

		assert_int_equal(hf_timer_init(&t, loop, count_and_stop, NULL), HF_OK);
		assert_int_equal(hf_timer_start(&t, waits[i]), HF_OK);
		assert_int_equal(hf_loop_turn(loop, 10), HF_OK);
		assert_true(hf_timer_running(&t));
		hf_timer_close(&t);
	}
	assert_int_equal(calls, 0);
}

static void restart(void *ctx)
{
	(void)ctx;
	if (++calls == 3)
		hf_loop_stop(loop);
	else
		assert_int_equal(hf_timer_start(&again, 1), HF_OK);
}

static void a_timer_may_be_started_in_its_own_callback(void **unused)
{
	(void)unused;
	assert_int_equal(hf_timer_init(&again, loop, restart, NULL), HF_OK);
	assert_int_equal(hf_timer_start(&again, 1), HF_OK);
	assert_int_equal(hf_loop_run(loop), HF_OK);
	assert_int_equal(calls, 3);
	hf_timer_close(&again);
}

static unsigned seen_what;
static void on_fd(void *ctx, int fd, unsigned what)
{
	char c;

	(void)ctx;
	seen_what |= what;
	if ((what & HF_WATCH_READ) != 0)
		assert_int_equal(read(fd, &c, 1), 1);
	hf_loop_stop(loop);
}

static void a_watch_tells_what_is_ready_and_can_pause(void **unused)
{
	struct hf_watch w = { 0 };
	int fds[2];

	(void)unused;
	seen_what = 0;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(hf_watch_open(&w, loop, fds[0], 0, on_fd, NULL), HF_OK);
	assert_int_equal(write(fds[1], "ab", 2), 2);
	assert_int_equal(hf_loop_turn(loop, 10), HF_OK);
	assert_int_equal(seen_what, 0);
	assert_int_equal(hf_watch_set(&w, HF_WATCH_READ), HF_OK);
	assert_int_equal(hf_loop_run(loop), HF_OK);
	assert_int_equal(seen_what, HF_WATCH_READ);
	hf_watch_close(&w);
	close(fds[0]);
	close(fds[1]);
}

static void *post_from_thread(void *arg)
{
	(void)arg;
	usleep(5000);
	assert_int_equal(hf_loop_post(loop, count_and_stop, NULL), HF_OK);
	return NULL;
}

static void work_posted_by_a_thread_runs_on_the_loop(void **unused)
{
	pthread_t t;

	(void)unused;
	assert_int_equal(pthread_create(&t, NULL, post_from_thread, NULL), 0);
	assert_int_equal(hf_loop_run(loop), HF_OK);
	pthread_join(t, NULL);
	assert_int_equal(calls, 1);
}

static void count_up(void *ctx)
{
	(*(int *)ctx)++;
}

static void work_still_queued_runs_when_the_loop_is_freed(void **unused)
{
	struct hf_loop *other = NULL;
	int n = 0;

	(void)unused;
	assert_int_equal(hf_loop_new(&other), HF_OK);
	assert_int_equal(hf_loop_post(other, count_up, &n), HF_OK);
	assert_int_equal(hf_loop_post(other, count_up, &n), HF_OK);
	hf_loop_free(other);
	assert_int_equal(n, 2);
}

static void on_sig(void *ctx, int signo)
{
	*(int *)ctx = signo;
	hf_loop_stop(loop);
}

static void a_signal_arrives_on_the_loop(void **unused)
{
	struct hf_sig s = { 0 };
	int got = 0;

	(void)unused;
	assert_int_equal(hf_sig_open(&s, loop, SIGUSR1, on_sig, &got), HF_OK);
	raise(SIGUSR1);
	assert_int_equal(hf_loop_run(loop), HF_OK);
	assert_int_equal(got, SIGUSR1);
	hf_sig_close(&s);
}

static void never_called(void *ctx, int fd, unsigned what)
{
	(void)ctx;
	(void)fd;
	(void)what;
	calls++;
}

/* A file on disk is always ready, so epoll refuses to watch it. */
static void what_cannot_be_watched_is_an_error(void **unused)
{
	struct hf_watch w = { 0 };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	(void)unused;

	assert_true(fd >= 0);
	assert_int_equal(hf_watch_open(&w, loop, fd, HF_WATCH_READ, never_called, NULL), HF_ERR_LOOP_FAILED);
	close(fd);
	assert_int_equal(calls, 0);
}

int main(void)
{
#define ON_LOOP(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)
	const struct CMUnitTest tests[] = {
		ON_LOOP(a_timer_fires_once_and_not_early),
		ON_LOOP(a_stopped_timer_never_fires),
		ON_LOOP(waits_beyond_32_bits_of_milliseconds_stay_far_away),
		ON_LOOP(a_timer_may_be_started_in_its_own_callback),
		ON_LOOP(a_watch_tells_what_is_ready_and_can_pause),
		ON_LOOP(work_posted_by_a_thread_runs_on_the_loop),
		ON_LOOP(work_still_queued_runs_when_the_loop_is_freed),
		ON_LOOP(a_signal_arrives_on_the_loop),
		ON_LOOP(what_cannot_be_watched_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
