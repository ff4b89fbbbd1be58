/* libevent 2.1 under our own times. Timers keep a deadline of the boot-time clock, which counts suspend;
 * libevent's clock does not, so long waits are cut into steps and looked at again after each.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "loop_priv.h"

enum { WAIT_STEP_MS = 60000 };

struct posted {
	struct posted *next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct hf_loop {
	struct event_base *base;
	struct event *wake;
	int wake_fd;
	atomic_bool stop;
	pthread_mutex_t lock; /* guards the queue below */
	struct posted *first, **last;
};

struct event_base *hf__loop_base(struct hf_loop *loop)
{
	return loop->base;
}

uint64_t hf_now_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int64_t hf_now_unix(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec;
}

static void run_posted(struct hf_loop *loop)
{
	struct posted *p;

	(void)pthread_mutex_lock(&loop->lock);
	p = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	(void)pthread_mutex_unlock(&loop->lock);
	while (p != NULL) {
		struct posted *next = p->next;

		p->fn(p->ctx);
		free(p);
		p = next;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0)
		return; /* somebody was faster: nothing is queued */
	run_posted(arg);
}

static void wake(struct hf_loop *loop)
{
	uint64_t one = 1;

	/* A full counter (EAGAIN) means that a wake-up is on its way already. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		return;
}

hf_err hf_loop_new(struct hf_loop **out)
{
	struct hf_loop *loop = calloc(1, sizeof(*loop));

	*out = NULL;
	if (loop == NULL)
		return HF_ERR_HOST_MEMORY;
	loop->last = &loop->first;
	(void)pthread_mutex_init(&loop->lock, NULL);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->base = event_base_new();
	if (loop->wake_fd >= 0 && loop->base != NULL)
		loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	if (loop->wake == NULL || event_add(loop->wake, NULL) != 0) {
		hf_loop_free(loop);
		return HF_ERR_LOOP_FAILED;
	}
	*out = loop;
	return HF_OK;
}

void hf_loop_free(struct hf_loop *loop)
{
	if (loop == NULL)
		return;
	run_posted(loop);
	if (loop->wake != NULL)
		event_free(loop->wake);
	if (loop->base != NULL)
		event_base_free(loop->base);
	if (loop->wake_fd >= 0)
		(void)close(loop->wake_fd);
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

hf_err hf_loop_run(struct hf_loop *loop)
{
	while (!atomic_exchange(&loop->stop, false))
		if (event_base_loop(loop->base, EVLOOP_ONCE) < 0)
			return HF_ERR_LOOP_FAILED;
	return HF_OK;
}

hf_err hf_loop_turn(struct hf_loop *loop, uint64_t max_ms)
{
	struct timeval tv = { (time_t)(max_ms / 1000), (suseconds_t)(max_ms % 1000) * 1000 };
	int flags = max_ms == 0 ? EVLOOP_NONBLOCK : EVLOOP_ONCE;

	if (max_ms > 0 && event_base_loopexit(loop->base, &tv) != 0)
		return HF_ERR_LOOP_FAILED;
	return event_base_loop(loop->base, flags) < 0 ? HF_ERR_LOOP_FAILED : HF_OK;
}

void hf_loop_stop(struct hf_loop *loop)
{
	atomic_store(&loop->stop, true);
	wake(loop);
}

hf_err hf_loop_post(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx)
{
	struct posted *p = malloc(sizeof(*p));

	if (p == NULL)
		return HF_ERR_HOST_MEMORY;
	*p = (struct posted){ NULL, fn, ctx };
	(void)pthread_mutex_lock(&loop->lock);
	*loop->last = p;
	loop->last = &p->next;
	(void)pthread_mutex_unlock(&loop->lock);
	wake(loop);
	return HF_OK;
}

static hf_err add_step(struct hf_timer *t)
{
	uint64_t now = hf_now_ms();
	uint64_t left = t->due_ms > now ? t->due_ms - now : 0;
	struct timeval tv;

	if (left > WAIT_STEP_MS)
		left = WAIT_STEP_MS;
	tv = (struct timeval){ (time_t)(left / 1000), (suseconds_t)(left % 1000) * 1000 };
	return evtimer_add(t->ev, &tv) == 0 ? HF_OK : HF_ERR_LOOP_FAILED;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct hf_timer *t = arg;

	(void)fd;
	(void)what;
	if (hf_now_ms() < t->due_ms && add_step(t) == HF_OK)
		return;
	t->fn(t->ctx);
}

hf_err hf_timer_init(struct hf_timer *t, struct hf_loop *loop, void (*fn)(void *ctx), void *ctx)
{
	*t = (struct hf_timer){ .fn = fn, .ctx = ctx };
	t->ev = evtimer_new(loop->base, on_timer, t);
	return t->ev != NULL ? HF_OK : HF_ERR_LOOP_FAILED;
}

hf_err hf_timer_start(struct hf_timer *t, uint64_t after_ms)
{
	uint64_t now = hf_now_ms();

	if (t->ev == NULL)
		return HF_ERR_LOOP_FAILED;
	t->due_ms = after_ms > UINT64_MAX - now ? UINT64_MAX : now + after_ms;
	return add_step(t);
}

void hf_timer_stop(struct hf_timer *t)
{
	if (t->ev != NULL)
		(void)event_del(t->ev);
}

bool hf_timer_running(const struct hf_timer *t)
{
	return t->ev != NULL && evtimer_pending(t->ev, NULL) != 0;
}

void hf_timer_close(struct hf_timer *t)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = NULL;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct hf_watch *w = arg;
	unsigned ready = 0;

	if ((what & EV_READ) != 0)
		ready |= HF_WATCH_READ;
	if ((what & EV_WRITE) != 0)
		ready |= HF_WATCH_WRITE;
	w->fn(w->ctx, fd, ready);
}

hf_err hf_watch_open(struct hf_watch *w, struct hf_loop *loop, int fd, unsigned what,
		     void (*fn)(void *ctx, int fd, unsigned what), void *ctx)
{
	*w = (struct hf_watch){ .loop = loop, .fn = fn, .ctx = ctx, .fd = fd };
	w->ev = event_new(loop->base, fd, EV_PERSIST, on_watch, w);
	if (hf_watch_set(w, what) == HF_OK)
		return HF_OK;
	hf_watch_close(w);
	return HF_ERR_LOOP_FAILED;
}

hf_err hf_watch_set(struct hf_watch *w, unsigned what)
{
	short events = EV_PERSIST;

	if (w->ev == NULL)
		return HF_ERR_LOOP_FAILED;
	if ((what & HF_WATCH_READ) != 0)
		events = (short)(events | EV_READ);
	if ((what & HF_WATCH_WRITE) != 0)
		events = (short)(events | EV_WRITE);
	(void)event_del(w->ev);
	if (what == 0)
		return HF_OK;
	if (event_assign(w->ev, w->loop->base, w->fd, events, on_watch, w) != 0)
		return HF_ERR_LOOP_FAILED;
	return event_add(w->ev, NULL) == 0 ? HF_OK : HF_ERR_LOOP_FAILED;
}

void hf_watch_close(struct hf_watch *w)
{
	if (w->ev != NULL)
		event_free(w->ev);
	w->ev = NULL;
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct hf_sig *s = arg;

	(void)what;
	s->fn(s->ctx, (int)signo);
}

hf_err hf_sig_open(struct hf_sig *s, struct hf_loop *loop, int signo, void (*fn)(void *ctx, int signo),
		   void *ctx)
{
	*s = (struct hf_sig){ .fn = fn, .ctx = ctx };
	s->ev = evsignal_new(loop->base, signo, on_signal, s);
	if (s->ev == NULL || evsignal_add(s->ev, NULL) != 0) {
		hf_sig_close(s);
		return HF_ERR_LOOP_FAILED;
	}
	return HF_OK;
}

void hf_sig_close(struct hf_sig *s)
{
	if (s->ev != NULL)
		event_free(s->ev);
	s->ev = NULL;
}
