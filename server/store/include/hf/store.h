/* store.h -- the registry on disk: one SQLite file, opened by each process of the control plane.
 * Promise: what a write returned HF_OK for survives a power cut (WAL, synchronous FULL); a write is whole
 * or absent; no SQL lives outside this room. All names in tables are the design's, see schema.sql.
 * Writes go through one thread per process that commits up to 64 jobs, or those of 2 ms, at once.
 * Limits: a row's bytes HF_STORE_BYTES_MAX. A list gives at most `limit` rows.
 * Thread rule: struct hf_store may be used from any thread; struct hf_db only inside the job it was
 * given to. Strings and bytes handed to a callback are borrowed for that call.
 * Errors of every function: HF_ERR_STORE_IO, _BUSY (5 s without getting the lock), _FULL, _ABSENT (no such
 * row), _EXISTS (unique value taken), _STALE (another version was expected); others are named.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_H
#define HF_STORE_H
#include <holdfast/crypto.h>
#include <hf/buf.h>
#include <hf/why.h>

enum {
	HF_STORE_BYTES_MAX = 70000,
	HF_STORE_NAME_CAP = 33, /* line, account, operator; NUL included */
	HF_STORE_DEV_CAP = 17,
	HF_STORE_HANDLE_CAP = 27,
	HF_STORE_SERIAL_LEN = 16,
	HF_STORE_TEXT_CAP = 129, /* reasons, addresses */
	HF_STORE_PATH_CAP = 1024,
	HF_STORE_LIST_MAX = 200,
};

struct hf_store;
struct hf_db; /* one transaction */

struct hf_store_conf {
	const char *path;
	unsigned readers;          /* connections for reading; 0 = 4 */
	int64_t (*now)(void *ctx); /* seconds since 1970; NULL = the wall clock */
	void *now_ctx;
	void (*after_commit)(void *ctx); /* on the writer thread after each commit that changed certificates,
					  * commands or streams; NULL = none. Nudges the bus process. */
	void *after_ctx;
};

/* Make a new store. Errors: HF_ERR_STORE_EXISTS_FILE when there is a file. */
HF_MUST_CHECK hf_err hf_store_create(const char *path, struct hf_why *why);
/* Open, bring an older layout up to date. Errors: HF_ERR_STORE_NONE (no file), HF_ERR_STORE_NEWER (made by
 * a newer program: nothing was touched), HF_ERR_STORE_FOREIGN (not a store of ours). */
HF_MUST_CHECK hf_err hf_store_open(const struct hf_store_conf *conf, struct hf_store **out,
				   struct hf_why *why);
/* Waits for queued writes. NULL is allowed. */
void hf_store_close(struct hf_store *s);
/* A consistent copy of a live store, written beside and renamed; `to` must not exist. */
HF_MUST_CHECK hf_err hf_store_backup(const char *path, const char *to, struct hf_why *why);
/* Read the whole file and the event chain: HF_ERR_STORE_FOREIGN when damaged, HF_ERR_STORE_CHAIN. */
HF_MUST_CHECK hf_err hf_store_check(struct hf_store *s, struct hf_why *why);

typedef hf_err (*hf_store_job)(struct hf_db *db, void *ctx);
/* Run `job` on one snapshot. Blocks while all readers are busy. Returns the job's result. */
HF_MUST_CHECK hf_err hf_store_read(struct hf_store *s, hf_store_job job, void *ctx);
/* Run `job` in a transaction and wait until it is on disk. A job that returns an error changes nothing. A
 * refusal that must leave a trace therefore returns HF_OK and tells its caller through ctx. When HF_OK did
 * not come back, what the job wrote into ctx is void. */
HF_MUST_CHECK hf_err hf_store_write(struct hf_store *s, hf_store_job job, void *ctx);
/* The same without waiting: `done` runs on the writer thread after the commit (NULL = nobody cares). */
HF_MUST_CHECK hf_err hf_store_post(struct hf_store *s, hf_store_job job, void (*done)(void *ctx, hf_err err),
				   void *ctx);
/* Time of the transaction, seconds since 1970. */
int64_t hf_db_now(const struct hf_db *db);
/* Tell after_commit to run; the functions that change certificates, commands and the like do it. */
void hf_db_nudge(struct hf_db *db);

struct hf_store_stats {
	uint64_t writes, commits, failures, reads;
};
void hf_store_stats(const struct hf_store *s, struct hf_store_stats *out);

/* Rows by subject. */
#include <hf/store_device.h>
#include <hf/store_channel.h>
#include <hf/store_factory.h>
#include <hf/store_people.h>
#include <hf/store_release.h>
#endif
