/* migrate.c -- opening a connection, and the layouts of the file: user_version says which one it has.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <hf/file.h>
#include "store_priv.h"

static const char schema[] = {
#include <schema.inc>
};
static const char step_2[] = {
#include <step-2.inc>
};
static const char step_3[] = {
#include <step-3.inc>
};

/* Marks the file as ours: "HFST". */
enum { APPLICATION_ID = 0x48465354, BUSY_MS = 5000 };

/* Row i leads from layout i to i + 1; the file's user_version counts them. Extend only. */
static const char *const steps[] = { schema, step_2, step_3 };
enum { LAYOUT = sizeof(steps) / sizeof(steps[0]) };

static hf_err exec(sqlite3 *sql, const char *text, struct hf_why *why)
{
	int rc = sqlite3_exec(sql, text, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return HF_OK;
	return hf_why_set(why, hf__error(sqlite3_extended_errcode(sql)), "%s", sqlite3_errmsg(sql));
}

static hf_err pragma_int(sqlite3 *sql, const char *text, int64_t *out, struct hf_why *why)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(sql, text, -1, &st, NULL);

	*out = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return HF_OK;
	return hf_why_set(why, hf__error(rc), "%s", sqlite3_errmsg(sql));
}

static hf_err step_up(sqlite3 *sql, int64_t from, struct hf_why *why)
{
	char text[96];

	for (int64_t v = from; v < LAYOUT; v++) {
		HF_TRY(exec(sql, "BEGIN IMMEDIATE", why));
		hf_err err = exec(sql, steps[v], why);
		sqlite3_snprintf((int)sizeof(text), text,
				 "PRAGMA user_version = %d; PRAGMA application_id = %d", (int)v + 1,
				 APPLICATION_ID);
		if (err == HF_OK)
			err = exec(sql, text, why);
		if (err == HF_OK)
			err = exec(sql, "COMMIT", why);
		if (err != HF_OK) {
			(void)sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
			return err;
		}
	}
	return HF_OK;
}

hf_err hf__migrate(sqlite3 *sql, bool fresh, struct hf_why *why)
{
	int64_t version = 0, id = 0;

	HF_TRY(pragma_int(sql, "PRAGMA user_version", &version, why));
	HF_TRY(pragma_int(sql, "PRAGMA application_id", &id, why));
	if (!fresh && id != APPLICATION_ID)
		return hf_why_set(why, HF_ERR_STORE_FOREIGN, "not a store of holdfast");
	if (version > LAYOUT)
		return hf_why_set(why, HF_ERR_STORE_NEWER,
				  "store has layout %d, this program knows %d: use the newer program",
				  (int)version, (int)LAYOUT);
	return step_up(sql, version, why);
}

hf_err hf__connect(const char *path, bool create, bool read_only, sqlite3 **out, struct hf_why *why)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (create ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(path, out, flags, NULL);

	if (rc != SQLITE_OK) {
		hf_err err = hf_why_set(why, hf__error(rc), "%s: %s", path, sqlite3_errmsg(*out));
		sqlite3_close(*out);
		*out = NULL;
		return err;
	}
	(void)sqlite3_busy_timeout(*out, BUSY_MS);
	hf_err err = exec(*out,
			  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
			  "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
			  "PRAGMA mmap_size = 0; PRAGMA cache_size = -8192",
			  why);
	if (err == HF_OK && read_only)
		err = exec(*out, "PRAGMA query_only = ON", why);
	if (err != HF_OK) {
		sqlite3_close(*out);
		*out = NULL;
		return hf_why_add(why, err, "%s", path);
	}
	return HF_OK;
}

hf_err hf_store_create(const char *path, struct hf_why *why)
{
	sqlite3 *sql = NULL;
	/* SQLite would create it with the umask's mode; the registry is nobody else's business. */
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return hf_why_errno(why, hf_file_exists(path) ? HF_ERR_STORE_EXISTS_FILE : HF_ERR_STORE_IO,
				    "%s", path);
	(void)close(fd);
	HF_TRY(hf__connect(path, true, false, &sql, why));
	hf_err err = hf__migrate(sql, true, why);
	sqlite3_close(sql);
	return err == HF_OK ? HF_OK : hf_why_add(why, err, "%s", path);
}

static hf_err copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	if (!b)
		return HF_ERR_STORE_IO;
	int rc = SQLITE_OK;
	do {
		rc = sqlite3_backup_step(b, 256);
		if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
			(void)sqlite3_sleep(20);
	} while (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED);
	int end = sqlite3_backup_finish(b);
	return hf__error(rc == SQLITE_DONE ? end : rc);
}

static hf_err copy_to(const char *path, const char *temp, struct hf_why *why)
{
	sqlite3 *from = NULL, *to = NULL;

	HF_TRY(hf__connect(path, false, true, &from, why));
	hf_err err = hf__migrate(from, false, why);
	if (err == HF_OK && sqlite3_open_v2(temp, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL))
		err = hf_why_set(why, HF_ERR_STORE_IO, "%s: cannot open", temp);
	if (err == HF_OK) {
		err = copy(from, to);
		/* One file, without -wal and -shm beside it. */
		if (err == HF_OK)
			err = exec(to, "PRAGMA journal_mode = DELETE", why);
		if (err != HF_OK)
			(void)hf_why_set(why, err, "%s: %s", temp, sqlite3_errmsg(to));
	}
	sqlite3_close(from);
	sqlite3_close(to);
	return err;
}

static hf_err sync_file(const char *path)
{
	int fd HF_AUTO(hf_fd_close) = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? HF_OK : HF_ERR_STORE_IO;
}

hf_err hf_store_backup(const char *path, const char *to, struct hf_why *why)
{
	char temp[HF_STORE_PATH_CAP];

	if (!hf_file_exists(path))
		return hf_why_set(why, HF_ERR_STORE_NONE, "%s", path);
	if (hf_file_exists(to))
		return hf_why_set(why, HF_ERR_STORE_EXISTS_FILE, "%s: exists", to);
	sqlite3_snprintf((int)sizeof(temp), temp, "%s.part", to);
	(void)unlink(temp);
	int fd = open(temp, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return hf_why_errno(why, HF_ERR_STORE_IO, "%s", temp);
	(void)close(fd);
	hf_err err = copy_to(path, temp, why);
	if (err == HF_OK)
		err = sync_file(temp);
	if (err == HF_OK && rename(temp, to) != 0)
		err = hf_why_errno(why, HF_ERR_STORE_IO, "%s", to);
	if (err != HF_OK)
		(void)unlink(temp);
	return err;
}
