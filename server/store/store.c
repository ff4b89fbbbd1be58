/* store.c -- readers from a pool, writes through one thread with group commit.
 * A batch is one transaction; each job in it runs in a savepoint of its own, so that a job that fails
 * takes nothing with it. Nobody hears HF_OK before COMMIT returned.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/file.h>
#include <hf/loop.h>
#include "store_priv.h"

enum { BATCH_MAX = 64, BATCH_MS = 2, READERS = 4, READERS_MAX = 32 };

/* Of hf_store_write, on its stack; under the lock. Each has its own, or every commit would wake them all. */
struct wait {
	bool finished;
	pthread_cond_t cond;
};
struct job {
	hf_store_job run;
	void (*done)(void *ctx, hf_err err);
	void *ctx;
	hf_err err;
	struct wait *wait; /* NULL: posted */
	struct job *next;
};

struct hf_store {
	struct hf_store_conf conf;
	char path[HF_STORE_PATH_CAP];
	pthread_mutex_t lock;
	pthread_cond_t work, reader_free;
	struct job *head, **tail;
	bool stop, running;
	pthread_t thread;
	struct hf_db writer;
	struct hf_db reader[READERS_MAX];
	bool taken[READERS_MAX];
	unsigned n_readers;
	struct hf_store_stats stats;
};

static int64_t now_of(const struct hf_store *s)
{
	return s->conf.now ? s->conf.now(s->conf.now_ctx) : hf_now_unix();
}

static hf_err simple(struct hf_db *db, const char *sql)
{
	return hf__run(db, NULL, sql, "");
}

static unsigned waiting(const struct hf_store *s)
{
	unsigned n = 0;

	for (const struct job *j = s->head; j; j = j->next)
		n++;
	return n;
}

/* 2 ms for others to join, or until the batch is full. */
static void gather(struct hf_store *s)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BATCH_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (waiting(s) < BATCH_MAX && pthread_cond_timedwait(&s->work, &s->lock, &until) == 0)
		;
}

/* Wait for work; take up to BATCH_MAX jobs. More than one job means load. */
static struct job *take_batch(struct hf_store *s)
{
	while (!s->head && !s->stop)
		pthread_cond_wait(&s->work, &s->lock);
	if (s->head && s->head->next && !s->stop)
		gather(s);
	struct job *first = s->head, **end = &s->head;
	for (unsigned i = 0; i < BATCH_MAX && *end; i++)
		end = &(*end)->next;
	s->head = *end;
	*end = NULL;
	if (!s->head)
		s->tail = &s->head;
	return first;
}

static void run_one(struct hf_db *db, struct job *j)
{
	/* A full disk makes SQLite roll the whole batch back; a savepoint would then commit alone. */
	j->err = sqlite3_get_autocommit(db->sql) ? HF_ERR_STORE_FULL : simple(db, "SAVEPOINT job");
	if (j->err != HF_OK)
		return;
	bool nudge = db->nudge;
	j->err = j->run(db, j->ctx);
	if (j->err != HF_OK) {
		db->nudge = nudge;
		if (sqlite3_get_autocommit(db->sql))
			return;
		hf_err back = simple(db, "ROLLBACK TO job");
		if (back != HF_OK)
			j->err = back;
	}
	hf_err err = simple(db, "RELEASE job");
	if (j->err == HF_OK)
		j->err = err;
}

static void run_batch(struct hf_store *s, struct job *first)
{
	struct hf_db *db = &s->writer;

	db->now = now_of(s);
	db->nudge = false;
	hf_err err = simple(db, "BEGIN IMMEDIATE");
	if (err == HF_OK) {
		for (struct job *j = first; j; j = j->next)
			run_one(db, j);
		err = sqlite3_get_autocommit(db->sql) ? HF_ERR_STORE_FULL : simple(db, "COMMIT");
		if (err != HF_OK && !sqlite3_get_autocommit(db->sql))
			(void)simple(db, "ROLLBACK");
	}
	if (err != HF_OK)
		for (struct job *j = first; j; j = j->next)
			if (j->err == HF_OK)
				j->err = err;
	if (err == HF_OK && db->nudge && s->conf.after_commit)
		s->conf.after_commit(s->conf.after_ctx);
	pthread_mutex_lock(&s->lock);
	s->stats.commits += err == HF_OK;
	s->stats.failures += err != HF_OK;
	pthread_mutex_unlock(&s->lock);
}

static void finish(struct hf_store *s, struct job *first)
{
	while (first) {
		struct job *next = first->next;

		if (first->wait) { /* the job too lies on the stack that waits */
			pthread_mutex_lock(&s->lock);
			first->wait->finished = true;
			pthread_cond_signal(&first->wait->cond);
			pthread_mutex_unlock(&s->lock);
		} else {
			if (first->done)
				first->done(first->ctx, first->err);
			free(first);
		}
		first = next;
	}
}

static void *write_forever(void *ctx)
{
	struct hf_store *s = ctx;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		struct job *batch = take_batch(s);
		pthread_mutex_unlock(&s->lock);
		if (!batch)
			return NULL;
		run_batch(s, batch);
		finish(s, batch);
	}
}

/* The thread starts with the first write, so that a process can open its store, give up its powers while it
 * has one thread, and only then write. */
static hf_err queue(struct hf_store *s, struct job *j)
{
	pthread_mutex_lock(&s->lock);
	if (!s->running && pthread_create(&s->thread, NULL, write_forever, s) != 0) {
		pthread_mutex_unlock(&s->lock);
		return HF_ERR_HOST_MEMORY;
	}
	s->running = true;
	*s->tail = j;
	s->tail = &j->next;
	s->stats.writes++;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	return HF_OK;
}

hf_err hf_store_write(struct hf_store *s, hf_store_job run, void *ctx)
{
	struct wait w = { .finished = false, .cond = PTHREAD_COND_INITIALIZER };
	struct job j = { .run = run, .ctx = ctx, .wait = &w };

	HF_TRY(queue(s, &j));
	pthread_mutex_lock(&s->lock);
	while (!w.finished)
		pthread_cond_wait(&w.cond, &s->lock);
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&w.cond);
	return j.err;
}

hf_err hf_store_post(struct hf_store *s, hf_store_job run, void (*done)(void *ctx, hf_err err), void *ctx)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return HF_ERR_HOST_MEMORY;
	j->run = run;
	j->done = done;
	j->ctx = ctx;
	hf_err err = queue(s, j);
	if (err != HF_OK)
		free(j);
	return err;
}

static unsigned take_reader(struct hf_store *s)
{
	unsigned i = 0;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		for (i = 0; i < s->n_readers && s->taken[i]; i++)
			;
		if (i < s->n_readers)
			break;
		pthread_cond_wait(&s->reader_free, &s->lock);
	}
	s->taken[i] = true;
	s->stats.reads++;
	pthread_mutex_unlock(&s->lock);
	return i;
}

hf_err hf_store_read(struct hf_store *s, hf_store_job run, void *ctx)
{
	unsigned i = take_reader(s);
	struct hf_db *db = &s->reader[i];

	db->now = now_of(s);
	hf_err err = simple(db, "BEGIN");
	if (err == HF_OK) {
		err = run(db, ctx);
		(void)simple(db, "ROLLBACK");
	}
	pthread_mutex_lock(&s->lock);
	s->taken[i] = false;
	pthread_cond_signal(&s->reader_free);
	pthread_mutex_unlock(&s->lock);
	return err;
}

void hf_store_stats(const struct hf_store *s, struct hf_store_stats *out)
{
	struct hf_store *w = (struct hf_store *)(uintptr_t)s; /* only to lock it */

	pthread_mutex_lock(&w->lock);
	*out = s->stats;
	pthread_mutex_unlock(&w->lock);
}

static hf_err open_all(struct hf_store *s, struct hf_why *why)
{
	HF_TRY(hf__connect(s->path, false, false, &s->writer.sql, why));
	hf_err err = hf__migrate(s->writer.sql, false, why);
	if (err != HF_OK)
		return hf_why_add(why, err, "%s", s->path);
	for (unsigned i = 0; i < s->n_readers; i++)
		HF_TRY(hf__connect(s->path, false, true, &s->reader[i].sql, why));
	return HF_OK;
}

static void init_locks(struct hf_store *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->work, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&s->reader_free, NULL);
}

hf_err hf_store_open(const struct hf_store_conf *conf, struct hf_store **out, struct hf_why *why)
{
	*out = NULL;
	if (!hf_file_exists(conf->path))
		return hf_why_set(why, HF_ERR_STORE_NONE, "%s: no such file", conf->path);
	struct hf_store *s = calloc(1, sizeof(*s));
	if (!s)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	s->conf = *conf;
	s->n_readers = conf->readers ? conf->readers : READERS;
	if (s->n_readers > READERS_MAX)
		s->n_readers = READERS_MAX;
	s->tail = &s->head;
	init_locks(s);
	hf_err err = HF_ERR_FILE_PATH;
	if (strlen(conf->path) < sizeof(s->path)) {
		memcpy(s->path, conf->path, strlen(conf->path) + 1);
		err = open_all(s, why);
	}
	if (err != HF_OK) {
		hf_store_close(s);
		return err;
	}
	*out = s;
	return HF_OK;
}

void hf_store_close(struct hf_store *s)
{
	if (!s)
		return;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->work);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	for (unsigned i = 0; i < s->n_readers; i++)
		hf__db_close(&s->reader[i]);
	hf__db_close(&s->writer);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->reader_free);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
