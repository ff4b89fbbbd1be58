/* db.c -- statements: prepared once per connection, bound by a format, read strictly.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>
#include "store_priv.h"

hf_err hf__error(int rc)
{
	static const struct {
		int rc;
		hf_err err;
	} table[] = {
		{ SQLITE_OK, HF_OK },
		{ SQLITE_DONE, HF_OK },
		{ SQLITE_ROW, HF_OK },
		{ SQLITE_BUSY, HF_ERR_STORE_BUSY },
		{ SQLITE_LOCKED, HF_ERR_STORE_BUSY },
		{ SQLITE_FULL, HF_ERR_STORE_FULL },
		{ SQLITE_NOTADB, HF_ERR_STORE_FOREIGN },
		{ SQLITE_CORRUPT, HF_ERR_STORE_FOREIGN },
	};

	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    rc == SQLITE_CONSTRAINT_ROWID)
		return HF_ERR_STORE_EXISTS;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].rc == (rc & 0xff))
			return table[i].err;
	return HF_ERR_STORE_IO;
}

/* Open addressing by address. A statement that is in use higher up the stack is not shared. */
static struct hf__slot *find_slot(struct hf_db *db, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) % HF__SLOTS;

	for (size_t i = 0; i < HF__SLOTS; i++) {
		struct hf__slot *slot = &db->slot[(at + i) % HF__SLOTS];

		if (slot->sql == sql || !slot->sql)
			return slot->busy ? NULL : slot;
	}
	return NULL;
}

static hf_err prepare(struct hf_db *db, struct hf__st *s, const char *sql)
{
	s->db = db;
	s->slot = find_slot(db, sql);
	if (s->slot && s->slot->st) {
		s->st = s->slot->st;
		s->slot->busy = true;
		return HF_OK;
	}
	int rc = sqlite3_prepare_v3(db->sql, sql, -1, s->slot ? SQLITE_PREPARE_PERSISTENT : 0, &s->st, NULL);
	if (rc != SQLITE_OK) {
		s->slot = NULL;
		return hf__error(rc);
	}
	if (s->slot) {
		s->slot->sql = sql;
		s->slot->st = s->st;
		s->slot->busy = true;
	}
	return HF_OK;
}

static int bind_text(sqlite3_stmt *st, int at, const char *text, bool empty_is_null)
{
	if (!text || (empty_is_null && !*text))
		return sqlite3_bind_null(st, at);
	return sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
}

static int bind_bytes(sqlite3_stmt *st, int at, hf_bytes b, bool empty_is_null)
{
	if (b.len == 0)
		return empty_is_null ? sqlite3_bind_null(st, at) : sqlite3_bind_zeroblob(st, at, 0);
	return sqlite3_bind_blob64(st, at, b.ptr, b.len, SQLITE_TRANSIENT);
}

static hf_err bind_all(struct hf_db *db, struct hf__st *s, const char *sql, const char *fmt, va_list ap)
{
	int rc = SQLITE_OK;

	HF_TRY(prepare(db, s, sql));
	for (int at = 1; *fmt && rc == SQLITE_OK; fmt++, at++) {
		if (*fmt == 'i')
			rc = sqlite3_bind_int64(s->st, at, va_arg(ap, int64_t));
		else if (*fmt == 't' || *fmt == 'T')
			rc = bind_text(s->st, at, va_arg(ap, const char *), *fmt == 'T');
		else
			rc = bind_bytes(s->st, at, va_arg(ap, hf_bytes), *fmt == 'B');
	}
	return hf__error(rc);
}

hf_err hf__bind(struct hf_db *db, struct hf__st *s, const char *sql, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hf_err err = bind_all(db, s, sql, fmt, ap);
	va_end(ap);
	return err;
}

hf_err hf__step(struct hf__st *s)
{
	HF_TRY(s->err);
	int rc = sqlite3_step(s->st);
	if (rc == SQLITE_ROW)
		return HF_OK;
	return rc == SQLITE_DONE ? HF_ERR_STORE_ABSENT : hf__error(rc);
}

void hf__done(struct hf__st *s)
{
	if (!s->st)
		return;
	if (s->slot) {
		sqlite3_reset(s->st);
		sqlite3_clear_bindings(s->st);
		s->slot->busy = false;
	} else {
		sqlite3_finalize(s->st);
	}
	s->st = NULL;
}

hf_err hf__run(struct hf_db *db, int *changed, const char *sql, const char *fmt, ...)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hf_err err = bind_all(db, &s, sql, fmt, ap);
	va_end(ap);
	HF_TRY(err);
	err = hf__step(&s);
	if (err != HF_ERR_STORE_ABSENT)
		return err == HF_OK ? HF_ERR_STORE_IO : err;
	if (changed)
		*changed = sqlite3_changes(db->sql);
	return HF_OK;
}

hf_err hf__int(struct hf_db *db, int64_t *out, const char *sql, const char *fmt, ...)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	va_list ap;

	*out = 0;
	va_start(ap, fmt);
	hf_err err = bind_all(db, &s, sql, fmt, ap);
	va_end(ap);
	HF_TRY(err);
	HF_TRY(hf__step(&s));
	*out = hf__col_int(&s, 0);
	return HF_OK;
}

int64_t hf__col_int(struct hf__st *s, int col)
{
	return sqlite3_column_int64(s->st, col);
}

const char *hf__col_str(struct hf__st *s, int col)
{
	const unsigned char *text = sqlite3_column_text(s->st, col);
	return text ? (const char *)text : "";
}

void hf__col_text(struct hf__st *s, int col, char *out, size_t cap)
{
	const char *text = hf__col_str(s, col);
	size_t n = strlen(text);

	out[0] = 0;
	if (n >= cap)
		s->err = HF_ERR_STORE_FOREIGN;
	else
		memcpy(out, text, n + 1);
}

hf_bytes hf__col_bytes(struct hf__st *s, int col)
{
	/* sqlite3_column_bytes after _blob, as its manual wants. */
	const uint8_t *ptr = sqlite3_column_blob(s->st, col);
	return (hf_bytes){ ptr, (size_t)sqlite3_column_bytes(s->st, col) };
}

void hf__col_blob(struct hf__st *s, int col, uint8_t *out, size_t n)
{
	hf_bytes b = hf__col_bytes(s, col);

	memset(out, 0, n);
	if (b.len != n)
		s->err = HF_ERR_STORE_FOREIGN;
	else
		memcpy(out, b.ptr, n);
}

bool hf__col_maybe(struct hf__st *s, int col, uint8_t *out, size_t n)
{
	memset(out, 0, n);
	if (sqlite3_column_type(s->st, col) == SQLITE_NULL)
		return false;
	hf__col_blob(s, col, out, n);
	return true;
}

hf_err hf__sha256(hf_bytes b, uint8_t out[static HF_SHA256_LEN])
{
	return hf_crypto_sha256(&b, 1, out);
}

void hf__db_close(struct hf_db *db)
{
	for (size_t i = 0; i < HF__SLOTS; i++)
		sqlite3_finalize(db->slot[i].st);
	sqlite3_close(db->sql);
	memset(db, 0, sizeof(*db));
}

int64_t hf_db_now(const struct hf_db *db)
{
	return db->now;
}

void hf_db_nudge(struct hf_db *db)
{
	db->nudge = true;
}
