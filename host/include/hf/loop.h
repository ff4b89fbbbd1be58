/* loop.h -- the event loop of a process: timers, descriptors, signals, and work posted by threads.
 * Promise: times are 64-bit milliseconds of a clock that counts suspend and never jumps.
 * Thread rule: a loop and what hangs on it belong to the thread that runs it; only hf_loop_post and
 * hf_loop_stop may be called from others.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOOP_H
#define HF_LOOP_H
#include <hf/why.h>

struct hf_loop;

/* Errors: HF_ERR_LOOP_FAILED. */
HF_MUST_CHECK hf_err hf_loop_new(struct hf_loop **out);
/* Everything that hangs on the loop must be closed first. NULL is allowed. */
void hf_loop_free(struct hf_loop *loop);
/* Runs until hf_loop_stop. */
HF_MUST_CHECK hf_err hf_loop_run(struct hf_loop *loop);
/* One turn: handle what is ready, wait at most `max_ms` for something. For tests and mixed loops. */
HF_MUST_CHECK hf_err hf_loop_turn(struct hf_loop *loop, uint64_t max_ms);
void hf_loop_stop(struct hf_loop *loop);
/* Run fn(ctx) soon on the loop's thread. Errors: HF_ERR_HOST_MEMORY, HF_ERR_LOOP_FAILED. What is still
 * queued when the loop is freed runs then, so that `ctx` can free itself. */
HF_MUST_CHECK hf_err hf_loop_post(struct hf_loop *loop, void (*fn)(void *ctx), void *ctx);
/* Milliseconds since boot, suspend included. */
uint64_t hf_now_ms(void);
/* Seconds since 1970 by the wall clock. */
int64_t hf_now_unix(void);

/* One-shot timer; lives in the caller's struct. _init once, then _start (again) and _stop freely;
 * _close before the memory goes. All may be called inside the callback. */
struct hf_timer {
	void *ev;
	uint64_t due_ms;
	void (*fn)(void *ctx);
	void *ctx;
};
HF_MUST_CHECK hf_err hf_timer_init(struct hf_timer *t, struct hf_loop *loop, void (*fn)(void *ctx),
				   void *ctx);
HF_MUST_CHECK hf_err hf_timer_start(struct hf_timer *t, uint64_t after_ms);
void hf_timer_stop(struct hf_timer *t);
bool hf_timer_running(const struct hf_timer *t);
void hf_timer_close(struct hf_timer *t);

enum { HF_WATCH_READ = 1, HF_WATCH_WRITE = 2 };
/* Level-triggered watch of a descriptor; the descriptor stays the caller's. */
struct hf_watch {
	void *ev;
	struct hf_loop *loop;
	void (*fn)(void *ctx, int fd, unsigned what);
	void *ctx;
	int fd;
};
HF_MUST_CHECK hf_err hf_watch_open(struct hf_watch *w, struct hf_loop *loop, int fd, unsigned what,
				   void (*fn)(void *ctx, int fd, unsigned what), void *ctx);
/* Change what is waited for; 0 pauses. */
HF_MUST_CHECK hf_err hf_watch_set(struct hf_watch *w, unsigned what);
void hf_watch_close(struct hf_watch *w);

/* A signal handled on the loop, once per arrival. One loop per process may watch signals. */
struct hf_sig {
	void *ev;
	void (*fn)(void *ctx, int signo);
	void *ctx;
};
HF_MUST_CHECK hf_err hf_sig_open(struct hf_sig *s, struct hf_loop *loop, int signo,
				 void (*fn)(void *ctx, int signo), void *ctx);
void hf_sig_close(struct hf_sig *s);
#endif
