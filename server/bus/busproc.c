/* busproc.c -- composes the `bus` process: bus.h on one side, the store on the other.
 * The loop thread publishes and reads the store; everything that changes it is a job of the writer thread,
 * whose answer comes back through the loop.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <hf/busproc.h>
#include <hf/fleet.h>
#include <hf/log.h>
#include <hf/loop.h>
#include "outbox.h"
#include "releases.h"
#include "upjob.h"

enum {
	POLL_MS = 500,
	HOUSE_MS = 60000,
	PENDING_MAX = 20000, /* jobs on their way to the disk; more are dropped, devices send them again */
	CHANGES_AT_ONCE = 1000,
	DRAIN_TURNS = 500,
};

struct hf_busproc {
	struct hf_loop *loop;
	struct hf_store *store;
	struct hf_bus *bus;
	struct hf_outbox outbox;
	uint16_t device_port;
	struct hf_timer poll, house;
	struct hf_watch nudge;
	bool nudged;   /* the watch is open */
	int64_t epoch; /* last change told to the broker */
	size_t pending;
	uint64_t dropped;
};

struct pending {
	struct hf_busproc *proc;
	hf_err err;
	hf_store_job fn;
	union {
		struct hf_upjob up;
		struct hf_alarmjob alarm;
	} job;
	uint8_t payload[];
};

static void look(struct hf_busproc *p);

/* ---- jobs, there and back ---- */

static void send_answer(struct hf_busproc *p, const struct hf_upjob *job)
{
	if (!job->answer)
		return;
	if (hf_bus_publish(p->bus, job->dev, job->answer_cls, job->answer_id,
			   hf_out_bytes(&job->answer_bytes)) != HF_OK)
		hf_log(HF_LOG_DEBUG, "bus", "answer not sent", "dev=%s", job->dev); /* it will ask again */
}

static void finish(void *ctx)
{
	struct pending *pending = ctx;
	struct hf_busproc *p = pending->proc;
	const struct hf_upjob *job = &pending->job.up;
	bool is_up = pending->fn != hf__alarmjob;

	p->pending--;
	if (pending->err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "store", pending->err, NULL);
	else if (is_up && job->refused)
		hf_log(HF_LOG_WARN, "bus", "refused", "dev=%s class=%s id=%s", job->dev, job->cls, job->id);
	else if (is_up) {
		send_answer(p, job);
		if (job->send_commands) {
			hf__outbox_device(&p->outbox, job->dev);
			hf__releases_device(p->store, p->bus, p->device_port, job->dev);
		}
	}
	free(pending);
	look(p);
}

/* On the writer thread, this and the next. */
static hf_err run_pending(struct hf_db *db, void *ctx)
{
	struct pending *pending = ctx;

	return pending->fn(db, &pending->job);
}

static void done(void *ctx, hf_err err)
{
	struct pending *pending = ctx;

	pending->err = err;
	if (hf_loop_post(pending->proc->loop, finish, pending) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "answer lost", "");
}

static struct pending *new_pending(struct hf_busproc *p, hf_store_job fn, size_t payload_len)
{
	struct pending *pending = p->pending < PENDING_MAX ? calloc(1, sizeof(*pending) + payload_len) : NULL;

	if (pending == NULL) {
		if (p->dropped++ % PENDING_MAX == 0)
			hf_log(HF_LOG_ERR, "bus", "too much to store, dropping", "");
		return NULL;
	}
	pending->proc = p;
	pending->fn = fn;
	return pending;
}

static void submit(struct pending *pending)
{
	struct hf_busproc *p = pending->proc;

	p->pending++;
	if (hf_store_post(p->store, run_pending, done, pending) == HF_OK)
		return;
	p->pending--;
	p->dropped++;
	free(pending);
}

static void on_up(void *ctx, const struct hf_bus_up *up)
{
	struct pending *pending = new_pending(ctx, hf__upjob_message, up->payload.len);
	struct hf_upjob *job;

	if (pending == NULL)
		return;
	job = &pending->job.up;
	memcpy(job->dev, up->dev, sizeof(job->dev));
	memcpy(job->cls, up->cls, sizeof(job->cls));
	memcpy(job->id, up->id, sizeof(job->id));
	memcpy(job->cert_sha256, up->cert_sha256, sizeof(job->cert_sha256));
	if (up->payload.len > 0)
		memcpy(pending->payload, up->payload.ptr, up->payload.len);
	job->payload = (hf_bytes){ pending->payload, up->payload.len };
	submit(pending);
}

static void on_presence(void *ctx, const struct hf_bus_presence *presence)
{
	struct pending *pending = new_pending(ctx, presence->up ? hf__upjob_came : hf__upjob_left, 0);

	if (pending == NULL)
		return;
	memcpy(pending->job.up.dev, presence->dev, sizeof(presence->dev));
	memcpy(pending->job.up.cert_sha256, presence->cert_sha256, sizeof(presence->cert_sha256));
	memcpy(pending->job.up.address, presence->address, sizeof(presence->address));
	submit(pending);
}

static void on_alarm(void *ctx, const struct hf_bus_alarm *alarm)
{
	struct pending *pending = new_pending(ctx, hf__alarmjob, 0);

	hf_log(HF_LOG_WARN, "bus", "broker alarm", "kind=%s dev=%s address=%s", alarm->kind, alarm->dev,
	       alarm->address);
	if (pending == NULL)
		return;
	pending->job.alarm.alarm = *alarm;
	submit(pending);
}

/* ---- rows to the broker ---- */

static hf_err admit(void *ctx, const struct hf_change *c)
{
	struct hf_busproc *p = ctx;
	struct hf_bus_row row = { .state = c->state, .budget = c->budget, .not_after = c->not_after };

	memcpy(row.cert_sha256, c->cert_sha256, sizeof(row.cert_sha256));
	memcpy(row.dev, c->dev, sizeof(row.dev));
	hf_bus_admit(p->bus, &row);
	if (c->epoch > p->epoch)
		p->epoch = c->epoch;
	return HF_OK;
}

static hf_err read_snapshot(struct hf_db *db, void *ctx)
{
	struct hf_busproc *p = ctx;

	HF_TRY(hf_change_epoch(db, &p->epoch));
	return hf_change_snapshot(db, admit, p);
}

static hf_err clear_presence(struct hf_db *db, void *ctx)
{
	(void)ctx;
	return hf_presence_clear(db);
}

static void on_snapshot(void *ctx)
{
	struct hf_busproc *p = ctx;
	hf_err err;

	if (hf_store_post(p->store, clear_presence, NULL, NULL) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "presence not cleared", "");
	hf_bus_snapshot_begin(p->bus);
	err = hf_store_read(p->store, read_snapshot, p);
	if (err == HF_OK)
		hf_bus_snapshot_end(p->bus); /* else the plugin misses the end and asks again */
	else
		hf_log_why(HF_LOG_ERR, "bus", "read certificates", err, NULL);
}

static void on_link(void *ctx, bool up)
{
	struct hf_busproc *p = ctx;

	if (!up && hf_store_post(p->store, clear_presence, NULL, NULL) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "presence not cleared", "");
}

static hf_err read_changes(struct hf_db *db, void *ctx)
{
	struct hf_busproc *p = ctx;
	int64_t before;

	do {
		before = p->epoch;
		HF_TRY(hf_change_list(db, p->epoch, CHANGES_AT_ONCE, admit, p));
	} while (p->epoch > before);
	return HF_OK;
}

/* ---- what is new in the store ---- */

static void look(struct hf_busproc *p)
{
	hf_err err = hf_store_read(p->store, read_changes, p);

	if (err != HF_OK)
		hf_log_why(HF_LOG_ERR, "bus", "read changes", err, NULL);
	hf__outbox_queued(&p->outbox);
	hf__releases_queued(p->store, p->bus, p->device_port);
}

static void on_poll(void *ctx)
{
	struct hf_busproc *p = ctx;

	look(p);
	if (hf_timer_start(&p->poll, POLL_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "poll", "");
}

static void on_nudge(void *ctx, int fd, unsigned what)
{
	uint8_t some[64];
	bool any = false;

	(void)what;
	while (recv(fd, some, sizeof(some), MSG_DONTWAIT) >= 0)
		any = true;
	if (any)
		look(ctx);
}

static void on_house(void *ctx)
{
	struct hf_busproc *p = ctx;

	if (hf_store_post(p->store, hf_fleet_sweep, NULL, NULL) != HF_OK ||
	    hf_timer_start(&p->house, HOUSE_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "keep house", "");
}

/* ---- life ---- */

static hf_err start(struct hf_busproc *p, const struct hf_busproc_conf *conf)
{
	struct hf_bus_handler handler = { p, on_up, on_presence, on_alarm, on_snapshot, on_link };

	HF_TRY(hf_bus_new(p->loop, &conf->bus, &handler, &p->bus));
	hf__outbox_init(&p->outbox, p->store, p->bus);
	HF_TRY(hf_timer_init(&p->poll, p->loop, on_poll, p));
	HF_TRY(hf_timer_start(&p->poll, POLL_MS));
	HF_TRY(hf_timer_init(&p->house, p->loop, on_house, p));
	HF_TRY(hf_timer_start(&p->house, HOUSE_MS));
	if (conf->nudge_fd < 0)
		return HF_OK;
	HF_TRY(hf_watch_open(&p->nudge, p->loop, conf->nudge_fd, HF_WATCH_READ, on_nudge, p));
	p->nudged = true;
	return HF_OK;
}

hf_err hf_busproc_new(struct hf_loop *loop, const struct hf_busproc_conf *conf, struct hf_busproc **out)
{
	struct hf_busproc *p = calloc(1, sizeof(*p));
	hf_err err;

	*out = NULL;
	if (p == NULL)
		return HF_ERR_HOST_MEMORY;
	p->loop = loop;
	p->store = conf->store;
	p->device_port = conf->device_port;
	err = start(p, conf);
	if (err != HF_OK) {
		hf_busproc_free(p);
		return err;
	}
	*out = p;
	return HF_OK;
}

void hf_busproc_free(struct hf_busproc *p)
{
	if (p == NULL)
		return;
	/* Jobs point here: let the writer finish them and their answers come back. */
	for (int i = 0; p->pending > 0 && i < DRAIN_TURNS; i++)
		if (hf_loop_turn(p->loop, 10) != HF_OK)
			break;
	if (p->nudged)
		hf_watch_close(&p->nudge);
	if (p->poll.ev != NULL)
		hf_timer_close(&p->poll);
	if (p->house.ev != NULL)
		hf_timer_close(&p->house);
	hf_bus_free(p->bus);
	free(p);
}
