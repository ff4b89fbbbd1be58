/* worker.c -- one process of the swarm: its part of the devices on one epoll set.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <signal.h>
#include "conn.h"
#include "worker.h"

enum { EVENTS = 512, TICK_MS = 10, CLONES_MAX = 100, CLONE_US = 1000000, STORM_AT_ONCE = 256 };

struct worker {
	struct swarm s;
	struct conn *conns;
	uint32_t n;
	struct conn *clones; /* second bodies of the first devices */
	uint32_t n_clones;
	uint32_t pinged, next; /* where to go on */
	uint32_t turn;         /* of the phase seen last */
	int phase;
	double allowance; /* connects that may be started */
	int64_t ticked_us, cloned_us;
	bool clone_side;
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct device *d = SSL_get_ex_data(ssl, 0);

	SSL_SESSION_free(d->session);
	d->session = session;
	return 1; /* we keep the reference */
}

static void init_conn(struct worker *w, struct conn *c, struct device *devices, uint32_t index,
		      uint32_t source)
{
	*c = (struct conn){
		.swarm = &w->s, .device = &devices[index], .index = index, .source = source, .fd = -1
	};
}

static bool init(struct worker *w, const struct swarm_opts *o, struct swarm_shared *shared, unsigned index,
		 struct device *devices)
{
	uint32_t from = o->devices / o->workers * index;

	w->n = index + 1 == o->workers ? o->devices - from : o->devices / o->workers;
	w->n_clones = w->n < CLONES_MAX ? w->n : CLONES_MAX;
	w->s = (struct swarm){ .o = o,
			       .shared = shared,
			       .mine = &shared->worker[index],
			       .random = o->seed + index + 1,
			       .epoll = epoll_create1(EPOLL_CLOEXEC) };
	w->s.ctx = swarm_context(o);
	w->conns = calloc(w->n, sizeof(*w->conns));
	w->clones = calloc(w->n_clones, sizeof(*w->clones));
	if (w->s.ctx == NULL || w->conns == NULL || w->clones == NULL || w->s.epoll < 0)
		return false;
	SSL_CTX_sess_set_new_cb(w->s.ctx, keep_session);
	for (uint32_t i = 0; i < w->n; i++)
		init_conn(w, &w->conns[i], devices, from + i, from + i);
	for (uint32_t i = 0; i < w->n_clones; i++)
		init_conn(w, &w->clones[i], devices, from + i, SWARM_DEVICES_MAX + from + i);
	return true;
}

static void end(struct worker *w)
{
	free(w->conns);
	free(w->clones);
	SSL_CTX_free(w->s.ctx);
	if (w->s.epoll >= 0)
		close(w->s.epoll);
}

/* ---- what begins with a phase ---- */

static void for_all(struct worker *w, void (*fn)(struct conn *c))
{
	for (uint32_t i = 0; i < w->n; i++)
		fn(&w->conns[i]);
	for (uint32_t i = 0; i < w->n_clones; i++)
		fn(&w->clones[i]);
}

static void forget_session(struct conn *c)
{
	SSL_SESSION_free(c->device->session);
	c->device->session = NULL;
}

/* As devices do whose broker went away: not all in one moment. */
static void spread_out(struct conn *c)
{
	uint64_t *x = &c->swarm->random;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	c->retry_us = swarm_now_us() + (int64_t)(*x % (c->swarm->o->spread * UINT64_C(1000000) + 1));
}

static void make_deaf(struct worker *w, bool deaf)
{
	for (uint32_t i = 0; i < w->n; i += 10) {
		if (!deaf && w->conns[i].deaf)
			conn_cut(&w->conns[i]);
		w->conns[i].deaf = deaf;
	}
}

static void begin_phase(struct worker *w, int phase)
{
	if (w->phase == SWARM_SLOW)
		make_deaf(w, false);
	if (w->phase == SWARM_CLONE)
		for (uint32_t i = 0; i < w->n_clones; i++)
			conn_leave(&w->clones[i]);
	w->phase = phase;
	w->s.publishing = phase == SWARM_STEADY || phase == SWARM_SLOW;
	if (phase == SWARM_STORM) {
		for_all(w, conn_cut);
		for_all(w, forget_session);
	}
	if (phase == SWARM_RESUME || phase == SWARM_STOP)
		for_all(w, conn_leave);
	if (phase == SWARM_STORM || phase == SWARM_RESUME)
		for_all(w, spread_out);
	if (phase == SWARM_SLOW)
		make_deaf(w, true);
	if (w->s.publishing)
		for_all(w, conn_fill);
}

/* ---- what goes on ---- */

static bool connects(int phase)
{
	return phase != SWARM_WAIT && phase != SWARM_STOP && phase != SWARM_REVOKE && phase != SWARM_QUIT &&
	       phase != SWARM_CLONE;
}

/* Storms start as many as they can in a tick; everything else keeps to the rate. */
static void open_some(struct worker *w, int64_t now)
{
	bool storm = w->phase == SWARM_STORM || w->phase == SWARM_RESUME;
	uint32_t burst = storm ? STORM_AT_ONCE : (uint32_t)w->allowance;

	for (uint32_t i = 0; i < w->n && burst > 0; i++) {
		struct conn *c = &w->conns[w->next];

		w->next = (w->next + 1) % w->n;
		if (c->state != CONN_IDLE || c->retry_us > now)
			continue;
		conn_open(c);
		burst--;
		w->allowance -= storm ? 0 : 1;
	}
}

/* Once a second the other body takes the name over. */
static void swap_clones(struct worker *w, int64_t now)
{
	if (now - w->cloned_us < CLONE_US)
		return;
	w->cloned_us = now;
	w->clone_side = !w->clone_side;
	for (uint32_t i = 0; i < w->n_clones; i++) {
		struct conn *c = w->clone_side ? &w->clones[i] : &w->conns[i];

		if (c->state == CONN_IDLE && c->retry_us <= now)
			conn_open(c);
	}
}

static void ping_some(struct worker *w, int64_t now)
{
	for (uint32_t i = 0; i < w->n / 100 + 1; i++)
		conn_ping(&w->conns[(w->pinged + i) % w->n], now);
	w->pinged = (w->pinged + w->n / 100 + 1) % w->n;
}

static void tick(struct worker *w)
{
	int64_t now = swarm_now_us();
	double per_us = (double)w->s.o->rate / (double)w->s.o->workers / 1e6;

	w->allowance += per_us * (double)(now - w->ticked_us);
	if (w->allowance > w->s.o->rate)
		w->allowance = w->s.o->rate;
	w->ticked_us = now;
	ping_some(w, now);
	if (connects(w->phase))
		open_some(w, now);
	if (w->phase == SWARM_CLONE)
		swap_clones(w, now);
}

int swarm_worker_run(const struct swarm_opts *o, struct swarm_shared *shared, unsigned index,
		     struct device *devices)
{
	struct worker w = { .ticked_us = swarm_now_us() };
	struct epoll_event events[EVENTS];
	int64_t next_tick = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no orphans when the parent dies */
	signal(SIGPIPE, SIG_IGN);
	if (!init(&w, o, shared, index, devices)) {
		end(&w);
		return 1;
	}
	while (atomic_load(&shared->phase) != SWARM_QUIT) {
		int n = epoll_wait(w.s.epoll, events, EVENTS, TICK_MS);

		for (int i = 0; i < n; i++)
			conn_event(events[i].data.ptr, events[i].events);
		if (atomic_load(&shared->turn) != w.turn) {
			w.turn = atomic_load(&shared->turn);
			begin_phase(&w, atomic_load(&shared->phase));
		}
		if (swarm_now_us() >= next_tick) {
			next_tick = swarm_now_us() + TICK_MS * 1000;
			tick(&w);
		}
	}
	for_all(&w, conn_leave);
	end(&w);
	return 0;
}
