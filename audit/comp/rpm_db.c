/* rpm's databases. The SQLite one is foreign SQL: it is opened from memory, read-only, with an untrusted
 * schema and a limit of work, and only a real table of headers is read. ndb is pages of slots.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <string.h>
#include "comp_priv.h"

enum { STEPS_MAX = 20000, OPS_PER_STEP = 1000, PACKAGES_MAX = 100000 };

/* ---- SQLite ---- */
static int count_down(void *left)
{
	int *n = left;

	return --*n <= 0;
}

static void close_db(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

static void finish(sqlite3_stmt **st)
{
	(void)sqlite3_finalize(*st);
}

/* A database in WAL mode cannot be opened in memory: bytes 18 and 19 of its header go from 2 to 1. */
static bool load(sqlite3 *db, hf_bytes bytes)
{
	uint8_t *copy = sqlite3_malloc64(bytes.len);

	if (copy == NULL)
		return false;
	memcpy(copy, bytes.ptr, bytes.len);
	copy[18] = copy[19] = 1;
	/* SQLite frees the copy, also when it refuses it. */
	return sqlite3_deserialize(db, "main", copy, (sqlite3_int64)bytes.len, (sqlite3_int64)bytes.len,
				   SQLITE_DESERIALIZE_READONLY | SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK;
}

static void harden(sqlite3 *db)
{
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 64 << 20);
}

/* A view or virtual table of that name would run what the image wants. */
static bool is_plain_table(sqlite3 *db)
{
	sqlite3_stmt *st HF_AUTO(finish) = NULL;

	return sqlite3_prepare_v2(db,
				  "SELECT 1 FROM sqlite_schema WHERE name='Packages' AND type='table' "
				  "AND sql LIKE 'create table%'",
				  -1, &st, NULL) == SQLITE_OK &&
	       sqlite3_step(st) == SQLITE_ROW;
}

/* *whole becomes true when the last row was reached. */
static hf_err read_rows(sqlite3 *db, const struct hf__file *f, bool *whole)
{
	sqlite3_stmt *st HF_AUTO(finish) = NULL;

	if (!is_plain_table(db) ||
	    sqlite3_prepare_v2(db, "SELECT blob FROM Packages", -1, &st, NULL) != SQLITE_OK)
		return HF_OK;
	for (int i = 0; i < PACKAGES_MAX; i++) {
		int step = sqlite3_step(st);

		*whole = step == SQLITE_DONE;
		if (step != SQLITE_ROW)
			break;
		const uint8_t *blob = sqlite3_column_blob(st, 0);
		hf_bytes header = { blob, blob ? (size_t)sqlite3_column_bytes(st, 0) : 0 };
		HF_TRY(hf__rpm_header(f, header));
	}
	return HF_OK;
}

static hf_err read_database(const struct hf__file *f, bool *whole)
{
	sqlite3 *db HF_AUTO(close_db) = NULL;
	int left = STEPS_MAX;

	if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK)
		return HF_ERR_HOST_MEMORY;
	harden(db);
	if (!load(db, f->bytes))
		return HF_OK;
	sqlite3_progress_handler(db, OPS_PER_STEP, count_down, &left);
	return read_rows(db, f, whole);
}

hf_err hf__read_rpm_sqlite(const struct hf__file *f)
{
	static const char magic[] = "SQLite format 3";
	bool whole = false;

	if (f->bytes.len >= 512 && memcmp(f->bytes.ptr, magic, sizeof(magic)) == 0)
		HF_TRY(read_database(f, &whole));
	return whole ? HF_OK : hf__put_problem(f, "rpm database (SQLite) cannot be read");
}

/* ---- ndb: little-endian; slots of 16 bytes, the first two are the file's header ---- */
enum { SLOT_LEN = 16, PAGE_LEN = 4096, BLOCK_LEN = 16, BLOB_HEAD = 16 };

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static hf_err read_blob(const struct hf__file *f, uint32_t package, uint64_t begin)
{
	const uint8_t *head;

	if (begin + BLOB_HEAD > f->bytes.len)
		return hf__put_problem(f, "rpm database (ndb) points outside");
	head = f->bytes.ptr + begin;
	uint64_t len = get_le32(head + 12);
	if (memcmp(head, "BlbS", 4) != 0 || get_le32(head + 4) != package ||
	    begin + BLOB_HEAD + len > f->bytes.len)
		return hf__put_problem(f, "rpm database (ndb) has a damaged package");
	return hf__rpm_header(f, (hf_bytes){ head + BLOB_HEAD, (size_t)len });
}

hf_err hf__read_rpm_ndb(const struct hf__file *f)
{
	uint64_t pages;

	if (f->bytes.len < 2 * SLOT_LEN || memcmp(f->bytes.ptr, "RpmP", 4) != 0)
		return hf__put_problem(f, "rpm database (ndb) cannot be read");
	pages = get_le32(f->bytes.ptr + 12);
	if (pages == 0 || pages * PAGE_LEN > f->bytes.len || pages * PAGE_LEN / SLOT_LEN > PACKAGES_MAX)
		return hf__put_problem(f, "rpm database (ndb) has a damaged slot table");
	for (uint64_t at = 2 * SLOT_LEN; at < pages * PAGE_LEN; at += SLOT_LEN) {
		const uint8_t *slot = f->bytes.ptr + at;
		uint32_t package = get_le32(slot + 4), block = get_le32(slot + 8);

		if (memcmp(slot, "Slot", 4) != 0)
			return hf__put_problem(f, "rpm database (ndb) has a damaged slot");
		if (package != 0 && block != 0)
			HF_TRY(read_blob(f, package, (uint64_t)block * BLOCK_LEN));
	}
	return HF_OK;
}

hf_err hf__read_rpm_bdb(const struct hf__file *f)
{
	enum { MAGIC_AT = 12 };
	static const uint8_t magic[2][4] = { { 0x61, 0x15, 0x06, 0 }, { 0, 0x06, 0x15, 0x61 } };

	if (f->bytes.len < MAGIC_AT + 4 || (memcmp(f->bytes.ptr + MAGIC_AT, magic[0], 4) != 0 &&
					    memcmp(f->bytes.ptr + MAGIC_AT, magic[1], 4) != 0))
		return HF_OK;
	return hf__put_problem(f, "rpm database of Berkeley DB is not supported: its packages are not seen");
}
