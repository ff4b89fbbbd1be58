/* main.c -- holdfast-swarm: steps through the phases and prints what happens.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "feed.h"
#include "stats.h"
#include "worker.h"

enum {
	TURN_MS = 20,
	GONE_LIMIT_US = 5000000,
	REVOKE_MAX = 10000,
	READY_LIMIT_US = 10000000,
	QUIT_LIMIT_US = 5000000
};

struct run {
	struct swarm_opts o;
	struct swarm_shared *shared;
	struct device *devices;
	struct feed feed;
	FILE *csv;
	struct stats last; /* when the last line was printed */
	pid_t worker[SWARM_WORKERS_MAX];
};

int64_t swarm_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void write_line(struct run *r, const char *phase, const struct stats *now)
{
	stats_csv(&r->o, r->csv, phase, &r->last, now);
	r->last = *now;
}

/* A turn of the parent: the plugin, and a line each second. */
static void turn(struct run *r, const char *phase, int wait_ms)
{
	struct stats now;

	feed_turn(&r->feed, wait_ms);
	if (swarm_now_us() - r->last.at_us < 1000000)
		return;
	stats_take(&r->o, r->shared, &now);
	write_line(r, phase, &now);
}

static bool workers_live(struct run *r)
{
	for (uint32_t i = 0; i < r->o.workers; i++)
		if (r->worker[i] > 0 && waitpid(r->worker[i], NULL, WNOHANG) == r->worker[i]) {
			fprintf(stderr, "holdfast-swarm: worker %u ended early\n", i);
			r->worker[i] = 0;
			return false;
		}
	return true;
}

/* Is the phase over before its time? */
static bool is_done(const struct run *r, enum swarm_phase kind)
{
	struct stats now;

	stats_take(&r->o, r->shared, &now);
	if (kind == SWARM_RAMP || kind == SWARM_STORM || kind == SWARM_RESUME)
		return now.up == (int64_t)r->o.devices;
	return kind == SWARM_STOP && now.up == 0;
}

static void set_phase(struct run *r, enum swarm_phase kind)
{
	atomic_store(&r->shared->phase, (int)kind);
	atomic_fetch_add(&r->shared->turn, 1);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void wait_us(struct run *r, int64_t us)
{
	for (int64_t end = swarm_now_us() + us; swarm_now_us() < end;)
		turn(r, "revoke", 1);
}

/* One after the other, at no fixed phase of the broker's tick. */
static bool revoke_some(struct run *r, uint32_t n)
{
	static int64_t took[REVOKE_MAX];
	uint32_t lost = 0, done = 0;

	n = n < r->o.devices ? n : r->o.devices;
	n = n < REVOKE_MAX ? n : REVOKE_MAX;
	for (uint32_t i = 0; i < n; i++) {
		int64_t start = swarm_now_us();

		feed_state(&r->feed, i, 7);
		while (atomic_load(&r->shared->gone_us[i]) == 0 && swarm_now_us() - start < GONE_LIMIT_US)
			turn(r, "revoke", 1);
		if (atomic_load(&r->shared->gone_us[i]) == 0)
			lost++;
		else
			took[done++] = atomic_load(&r->shared->gone_us[i]) - start;
		wait_us(r, rand() % 150000); /* NOLINT: no secret */
	}
	qsort(took, done, sizeof(took[0]), by_value);
	if (done > 0)
		fprintf(stderr, "revoke n=%u missing=%u min_us=%lld p50_us=%lld p99_us=%lld max_us=%lld\n", n,
			lost, (long long)took[0], (long long)took[done / 2], (long long)took[done * 99 / 100],
			(long long)took[done - 1]);
	return lost == 0 && done > 0;
}

static bool run_phase(struct run *r, enum swarm_phase kind, uint32_t amount)
{
	const char *name = swarm_phase_name(kind);
	struct stats from, to;
	int64_t end;
	bool ok = true;

	stats_take(&r->o, r->shared, &from);
	set_phase(r, kind);
	end = swarm_now_us() + (int64_t)amount * 1000000;
	/* Workers need a moment to let go before "all are up" means anything. */
	for (int64_t begun = swarm_now_us() + 200000; swarm_now_us() < begun && kind != SWARM_REVOKE;)
		turn(r, name, TURN_MS);
	if (kind == SWARM_REVOKE)
		ok = revoke_some(r, amount);
	else
		while (swarm_now_us() < end && !is_done(r, kind) && workers_live(r))
			turn(r, name, TURN_MS);
	stats_take(&r->o, r->shared, &to);
	write_line(r, name, &to); /* also of a phase shorter than a second; none counts as part of the next */
	stats_summary(&r->o, name, &from, &to);
	if ((kind == SWARM_RAMP || kind == SWARM_STORM || kind == SWARM_RESUME) &&
	    to.up != (int64_t)r->o.devices)
		ok = false;
	return ok;
}

static bool start_workers(struct run *r)
{
	for (uint32_t i = 0; i < r->o.workers; i++) {
		r->worker[i] = fork();
		if (r->worker[i] == 0)
			_exit(swarm_worker_run(&r->o, r->shared, i, r->devices));
		if (r->worker[i] < 0) {
			fprintf(stderr, "holdfast-swarm: fork: %s\n", strerror(errno));
			return false;
		}
	}
	return true;
}

static void stop_workers(struct run *r)
{
	int64_t end = swarm_now_us() + QUIT_LIMIT_US;

	set_phase(r, SWARM_QUIT);
	for (uint32_t i = 0; i < r->o.workers; i++) {
		while (r->worker[i] > 0 && waitpid(r->worker[i], NULL, WNOHANG) == 0 && swarm_now_us() < end)
			usleep(10000);
		if (r->worker[i] > 0 && swarm_now_us() >= end)
			kill(r->worker[i], SIGKILL);
	}
}

static bool prepare(struct run *r)
{
	size_t size = sizeof(*r->shared) + r->o.devices * sizeof(r->shared->gone_us[0]);

	r->csv = r->o.csv == NULL ? stdout : fopen(r->o.csv, "w");
	if (r->csv == NULL) {
		fprintf(stderr, "holdfast-swarm: %s: %s\n", r->o.csv, strerror(errno));
		return false;
	}
	r->shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r->devices = r->shared == MAP_FAILED ? NULL : swarm_devices(&r->o);
	return r->devices != NULL && feed_open(&r->feed, &r->o, r->devices) && start_workers(r);
}

static bool wait_for_plugin(struct run *r)
{
	for (int64_t end = swarm_now_us() + READY_LIMIT_US; !feed_is_ready(&r->feed);) {
		if (swarm_now_us() > end) {
			fprintf(stderr, "holdfast-swarm: no broker plugin came to %s\n", r->o.plugin_socket);
			return false;
		}
		feed_turn(&r->feed, TURN_MS);
	}
	/* One more turn sends the snapshot it asks for. */
	for (int i = 0; i < 10; i++)
		feed_turn(&r->feed, TURN_MS);
	return true;
}

int main(int argc, char **argv)
{
	static struct run r;
	int status = swarm_options(argc, argv, &r.o);
	bool ok;

	if (status != 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	ok = prepare(&r) && wait_for_plugin(&r);
	if (!ok)
		return 1;
	stats_csv_head(&r.o, r.csv);
	stats_take(&r.o, r.shared, &r.last);
	for (size_t i = 0; ok && i < r.o.n_phases; i++)
		ok = run_phase(&r, r.o.phase[i].kind, r.o.phase[i].amount);
	stop_workers(&r);
	return ok ? 0 : 1;
}
