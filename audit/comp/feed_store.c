/* The feed database: its schema, and the rows of the source that is being imported.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "feed_priv.h"
#include "feed_store.h"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS source(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, kind TEXT,"
	" count INTEGER, newest TEXT, newest_day INTEGER, imported INTEGER, sha256 BLOB, signer TEXT, shrink "
	"TEXT);"
	"CREATE TABLE IF NOT EXISTS affects(key TEXT, vuln TEXT, source INTEGER, seq INTEGER, scheme INTEGER,"
	" status INTEGER, ranges TEXT, files TEXT, PRIMARY KEY(key, vuln, source, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS score(vuln TEXT, source INTEGER, cvss INTEGER, PRIMARY KEY(vuln, source))"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS kev(vuln TEXT, source INTEGER, due TEXT, PRIMARY KEY(vuln, source))"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS epss(vuln TEXT, source INTEGER, score INTEGER, PRIMARY KEY(vuln, source))"
	" WITHOUT ROWID;"
	"PRAGMA user_version=1;";

hf_err hf__sql(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? HF_OK : HF_ERR_FEED_IO;
}

static hf_err prepare(sqlite3 *db, const char *sql, sqlite3_stmt **st)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) == SQLITE_OK
		       ? HF_OK
		       : HF_ERR_FEED_IO;
}

hf_err hf__store_open(struct hf__store *s, const char *path)
{
	/* The file is a private copy until it is whole, so there is nothing to roll back. */
	static const char fast[] =
		"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
		"PRAGMA cache_size=-65536;";

	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		return HF_ERR_FEED_IO;
	HF_TRY(hf__sql(s->db, fast));
	HF_TRY(hf__sql(s->db, schema));
	HF_TRY(prepare(s->db, "INSERT OR REPLACE INTO affects VALUES(?,?,?,?,?,?,?,?)", &s->affects));
	HF_TRY(prepare(
		s->db,
		"INSERT INTO score VALUES(?,?,?) ON CONFLICT DO UPDATE SET cvss=max(cvss,excluded.cvss)",
		&s->score));
	HF_TRY(prepare(s->db, "INSERT OR REPLACE INTO kev VALUES(?,?,?)", &s->kev));
	return prepare(s->db, "INSERT OR REPLACE INTO epss VALUES(?,?,?)", &s->epss);
}

void hf__store_close(struct hf__store *s)
{
	(void)sqlite3_finalize(s->affects);
	(void)sqlite3_finalize(s->score);
	(void)sqlite3_finalize(s->kev);
	(void)sqlite3_finalize(s->epss);
	(void)sqlite3_close(s->db);
	hf_buf_free(&s->ranges);
	*s = (struct hf__store){ 0 };
}

static int bind(sqlite3_stmt *st, int at, hf_bytes text)
{
	return sqlite3_bind_text(st, at, text.len > 0 ? (const char *)text.ptr : "", (int)text.len,
				 SQLITE_STATIC);
}

static hf_err run(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? HF_OK : HF_ERR_FEED_IO;
}

hf_err hf__store_row(struct hf__store *s, const struct hf__row *row)
{
	sqlite3_stmt *st = s->affects;

	(void)bind(st, 1, row->key);
	(void)bind(st, 2, row->vuln);
	(void)sqlite3_bind_int64(st, 3, s->source);
	(void)sqlite3_bind_int64(st, 4, s->seq++);
	(void)sqlite3_bind_int64(st, 5, row->scheme);
	(void)sqlite3_bind_int64(st, 6, row->status);
	(void)bind(st, 7, hf_buf_bytes(&s->ranges));
	(void)bind(st, 8, row->files);
	hf_err err = run(st);
	hf_buf_reset(&s->ranges);
	return err;
}

static hf_err put(sqlite3_stmt *st, const struct hf__store *s, hf_bytes vuln, unsigned value)
{
	(void)bind(st, 1, vuln);
	(void)sqlite3_bind_int64(st, 2, s->source);
	(void)sqlite3_bind_int64(st, 3, value);
	return run(st);
}

hf_err hf__store_score(struct hf__store *s, hf_bytes vuln, unsigned cvss)
{
	return cvss > 0 ? put(s->score, s, vuln, cvss) : HF_OK;
}

hf_err hf__store_epss(struct hf__store *s, hf_bytes vuln, unsigned score)
{
	return put(s->epss, s, vuln, score);
}

hf_err hf__store_kev(struct hf__store *s, hf_bytes vuln, hf_bytes due)
{
	(void)bind(s->kev, 1, vuln);
	(void)sqlite3_bind_int64(s->kev, 2, s->source);
	(void)bind(s->kev, 3, due);
	return run(s->kev);
}

/* ISO dates in order of their texts: "2026-07-16" stands before "2026-07-16T01:00:00Z". */
void hf__store_count(struct hf__store *s, hf_bytes modified)
{
	struct hf_feed_source *about = s->about;
	hf_bytes newest = { (const uint8_t *)about->newest, strlen(about->newest) };
	uint64_t day = hf__day_of(modified);

	about->count++;
	modified = hf_span_upto(modified, sizeof(about->newest) - 1);
	if (day == 0 || day < about->newest_day)
		return;
	for (size_t i = 0; i < modified.len; i++)
		if (modified.ptr[i] < 0x20 || modified.ptr[i] > 0x7e)
			return;
	if (day == about->newest_day && newest.len > 0 &&
	    memcmp(modified.ptr, newest.ptr, modified.len < newest.len ? modified.len : newest.len) <= 0)
		return;
	memcpy(about->newest, modified.ptr, modified.len);
	about->newest[modified.len] = 0;
	about->newest_day = day;
}

/* ---- sources ---- */
static void read_text(sqlite3_stmt *st, int at, char *out, size_t cap)
{
	const unsigned char *text = sqlite3_column_text(st, at);
	size_t len = text ? strlen((const char *)text) : 0;

	len = len < cap ? len : cap - 1;
	if (len > 0)
		memcpy(out, text, len);
	out[len] = 0;
}

void hf__read_source_row(sqlite3_stmt *st, struct hf_feed_source *out)
{
	const void *sha256 = sqlite3_column_blob(st, 6);

	*out = (struct hf_feed_source){ 0 };
	read_text(st, 0, out->name, sizeof(out->name));
	read_text(st, 1, out->kind, sizeof(out->kind));
	out->count = (uint64_t)sqlite3_column_int64(st, 2);
	read_text(st, 3, out->newest, sizeof(out->newest));
	out->newest_day = (uint64_t)sqlite3_column_int64(st, 4);
	out->imported_s = (uint64_t)sqlite3_column_int64(st, 5);
	if (sha256 != NULL && sqlite3_column_bytes(st, 6) == sizeof(out->sha256))
		memcpy(out->sha256, sha256, sizeof(out->sha256));
	read_text(st, 7, out->signer, sizeof(out->signer));
	read_text(st, 8, out->shrink, sizeof(out->shrink));
}

static void finish(sqlite3_stmt **st)
{
	(void)sqlite3_finalize(*st);
}

hf_err hf__store_find(struct hf__store *s, const char *name, struct hf_feed_source *out, bool *found)
{
	sqlite3_stmt *st HF_AUTO(finish) = NULL;

	*found = false;
	HF_TRY(prepare(s->db, HF__SOURCE_COLUMNS " WHERE name=?", &st));
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? HF_OK : HF_ERR_FEED_IO;
	hf__read_source_row(st, out);
	s->source = sqlite3_column_int64(st, 9);
	*found = true;
	return HF_OK;
}

hf_err hf__store_begin(struct hf__store *s, const char *name)
{
	sqlite3_stmt *st HF_AUTO(finish) = NULL;
	static const char *const tables[] = { "DELETE FROM affects WHERE source=?",
					      "DELETE FROM score WHERE source=?",
					      "DELETE FROM kev WHERE source=?",
					      "DELETE FROM epss WHERE source=?" };

	HF_TRY(prepare(s->db, "INSERT OR IGNORE INTO source(name) VALUES(?)", &st));
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	HF_TRY(run(st));
	finish(&st);
	st = NULL;
	HF_TRY(prepare(s->db, "SELECT id FROM source WHERE name=?", &st));
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(st) != SQLITE_ROW)
		return HF_ERR_FEED_IO;
	s->source = sqlite3_column_int64(st, 0);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		finish(&st);
		st = NULL;
		HF_TRY(prepare(s->db, tables[i], &st));
		(void)sqlite3_bind_int64(st, 1, s->source);
		HF_TRY(run(st));
	}
	return HF_OK;
}

hf_err hf__store_end(struct hf__store *s)
{
	const struct hf_feed_source *about = s->about;
	sqlite3_stmt *st HF_AUTO(finish) = NULL;

	HF_TRY(prepare(
		s->db,
		"UPDATE source SET kind=?, count=?, newest=?, newest_day=?, imported=?, sha256=?, signer=?, "
		"shrink=? WHERE id=?",
		&st));
	(void)sqlite3_bind_text(st, 1, about->kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)about->count);
	(void)sqlite3_bind_text(st, 3, about->newest, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)about->newest_day);
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)about->imported_s);
	(void)sqlite3_bind_blob(st, 6, about->sha256, sizeof(about->sha256), SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 7, about->signer, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 8, about->shrink, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 9, s->source);
	return run(st);
}
