/* Asking a feed. Rows of all keys come sorted by id, so those that speak of one vulnerability lie together;
 * the distribution's word counts before others', among the others "affected" counts before "not".
 * The file is opened immutable: no lock, no journal, no further open, so a sealed process can go on asking.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/file.h>
#include "feed_store.h"

enum { SOURCES_MAX = 64, ID_CAP = 64, FIXED_CAP = 128, FILES_CAP = 8192, PATH_CAP = 4096 };

struct hf_feed {
	sqlite3 *db;
	sqlite3_stmt *rows, *marks, *covers;
	size_t n_sources;
	struct hf_feed_source source[SOURCES_MAX];
	sqlite3_int64 source_id[SOURCES_MAX];
};

static const char rows_sql[] = "SELECT vuln,source,scheme,status,ranges,files,key FROM affects "
			       "WHERE key IN (?1,?2,?3,?4) ORDER BY vuln, source, seq";
static const char marks_sql[] = "SELECT coalesce((SELECT max(cvss) FROM score WHERE vuln=?1),0),"
				"coalesce((SELECT max(score) FROM epss WHERE vuln=?1),0),"
				"EXISTS(SELECT 1 FROM kev WHERE vuln=?1)";

/* '0' follows '/': every key that begins with the world's name lies between the two. */
static const char covers_sql[] = "SELECT EXISTS(SELECT 1 FROM affects WHERE key>=?1||'/' AND key<?1||'0')";

/* ---- opening ---- */
static hf_err load_sources(struct hf_feed *f)
{
	sqlite3_stmt *st;
	int rc;

	if (sqlite3_prepare_v2(f->db, HF__SOURCE_COLUMNS " ORDER BY name", -1, &st, NULL) != SQLITE_OK)
		return HF_ERR_FEED_FORMAT;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && f->n_sources < SOURCES_MAX) {
		hf__read_source_row(st, &f->source[f->n_sources]);
		f->source_id[f->n_sources++] = sqlite3_column_int64(st, 9);
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? HF_OK : HF_ERR_FEED_FORMAT;
}

static hf_err prepare(struct hf_feed *f)
{
	sqlite3_stmt *st = NULL;
	int version = 0;

	(void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (hf__sql(f->db, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768") != HF_OK)
		return HF_ERR_FEED_FORMAT;
	if (sqlite3_prepare_v2(f->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	if (version != HF__FEED_VERSION ||
	    sqlite3_prepare_v3(f->db, rows_sql, -1, SQLITE_PREPARE_PERSISTENT, &f->rows, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v3(f->db, marks_sql, -1, SQLITE_PREPARE_PERSISTENT, &f->marks, NULL) !=
		    SQLITE_OK ||
	    sqlite3_prepare_v3(f->db, covers_sql, -1, SQLITE_PREPARE_PERSISTENT, &f->covers, NULL) !=
		    SQLITE_OK)
		return HF_ERR_FEED_FORMAT;
	return load_sources(f);
}

static hf_err finish_open(struct hf_feed *f, hf_err err, const char *name, struct hf_feed **out,
			  struct hf_why *why)
{
	if (err == HF_OK)
		err = prepare(f);
	if (err == HF_OK) {
		*out = f;
		return HF_OK;
	}
	hf_feed_close(f);
	return hf_why_set(why, err, "%s: not a feed database of this version", name);
}

/* A path as SQLite's URI wants it: everything but plain signs in percent form. */
static void put_uri(char *out, size_t cap, const char *path)
{
	size_t n = (size_t)snprintf(out, cap, "file:");

	for (; *path && n + 4 < cap; path++)
		if (strchr("%?#", *path))
			n += (size_t)snprintf(out + n, cap - n, "%%%02X", (unsigned char)*path);
		else
			out[n++] = *path;
	(void)snprintf(out + n, cap - n, "?immutable=1");
}

hf_err hf_feed_open(const char *path, struct hf_feed **out, struct hf_why *why)
{
	char uri[3 * PATH_CAP];
	struct hf_feed *f;
	int rc;

	*out = NULL;
	if (!hf_file_exists(path))
		return hf_why_set(why, HF_ERR_FILE_ABSENT, "%s: there is no feed", path);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HF_ERR_HOST_MEMORY;
	put_uri(uri, sizeof(uri), path);
	rc = sqlite3_open_v2(uri, &f->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	return finish_open(f, rc == SQLITE_OK ? HF_OK : HF_ERR_FEED_FORMAT, path, out, why);
}

hf_err hf_feed_open_bytes(hf_bytes bytes, struct hf_feed **out, struct hf_why *why)
{
	struct hf_feed *f = calloc(1, sizeof(*f));
	int rc;

	*out = NULL;
	if (f == NULL)
		return HF_ERR_HOST_MEMORY;
	rc = sqlite3_open_v2(":memory:", &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_deserialize(f->db, "main", (unsigned char *)(uintptr_t)bytes.ptr,
					 (sqlite3_int64)bytes.len, (sqlite3_int64)bytes.len,
					 SQLITE_DESERIALIZE_READONLY);
	return finish_open(f, rc == SQLITE_OK ? HF_OK : HF_ERR_FEED_FORMAT, "feed", out, why);
}

void hf_feed_close(struct hf_feed *feed)
{
	if (feed == NULL)
		return;
	(void)sqlite3_finalize(feed->rows);
	(void)sqlite3_finalize(feed->marks);
	(void)sqlite3_finalize(feed->covers);
	(void)sqlite3_close(feed->db);
	free(feed);
}

size_t hf_feed_n_sources(const struct hf_feed *feed)
{
	return feed != NULL ? feed->n_sources : 0;
}

const struct hf_feed_source *hf_feed_source(const struct hf_feed *feed, size_t i)
{
	return &feed->source[i];
}

bool hf_feed_is_stale(const struct hf_feed_source *source, uint64_t today, uint64_t max_days)
{
	if (max_days == 0)
		max_days = HF_FEED_STALE_DAYS;
	return source->newest_day == 0 || source->newest_day > today + 1 ||
	       today > source->newest_day + max_days;
}

/* ---- matching ---- */
struct verdict {
	char id[ID_CAP], fixed[FIXED_CAP], files[FILES_CAP];
	unsigned status;
	bool by_distro, any;
	sqlite3_int64 source;
};

static hf_bytes column(sqlite3_stmt *st, int at)
{
	const uint8_t *text = sqlite3_column_text(st, at);

	return (hf_bytes){ text, text ? (size_t)sqlite3_column_bytes(st, at) : 0 };
}

static void keep(char *out, size_t cap, hf_bytes text)
{
	size_t n = text.len < cap ? text.len : 0; /* what does not fit is left out, never cut */

	if (n > 0)
		memcpy(out, text.ptr, n);
	out[n] = 0;
}

/* Distributions name themselves "debian:12"; upstream keys begin with "cpe/" or "generic/". */
static bool is_distro_key(hf_bytes key)
{
	return !hf_span_begins(key, "cpe/") && !hf_span_begins(key, "generic/");
}

static unsigned status_of(unsigned row_status, bool affected)
{
	if (row_status == HF_VULN_UNDETERMINED || affected)
		return row_status;
	return HF_VULN_NOT_AFFECTED;
}

/* Of two sources of one standing the worse word counts; of two distribution sources as well, except that
 * "unimportant" and "no advisory" are judgements that only one of them makes. */
static bool is_stronger(const struct verdict *v, unsigned status, bool by_distro)
{
	if (!v->any || by_distro != v->by_distro)
		return !v->any || by_distro;
	if (v->status == HF_VULN_NOT_AFFECTED)
		return status != HF_VULN_NOT_AFFECTED && !by_distro;
	if (by_distro && v->status == HF_VULN_AFFECTED)
		return status != HF_VULN_AFFECTED && status != HF_VULN_UNDETERMINED;
	return v->status == HF_VULN_UNDETERMINED;
}

static void weigh(struct verdict *v, sqlite3_stmt *st, const struct hf_component *c)
{
	unsigned row_status = (unsigned)sqlite3_column_int(st, 3),
		 scheme = (unsigned)sqlite3_column_int(st, 2);
	bool by_distro = is_distro_key(column(st, 6));
	hf_bytes fixed, files = column(st, 5);
	bool affected = hf__ranges_say(column(st, 4), by_distro ? c->scheme : scheme, c->version, &fixed);
	unsigned status = status_of(row_status, affected);

	if (v->files[0] == 0)
		keep(v->files, sizeof(v->files), files);
	if (!is_stronger(v, status, by_distro))
		return;
	v->any = true;
	v->status = status;
	v->by_distro = by_distro;
	v->source = sqlite3_column_int64(st, 1);
	keep(v->fixed, sizeof(v->fixed), fixed);
}

static const char *source_name(const struct hf_feed *f, sqlite3_int64 id)
{
	for (size_t i = 0; i < f->n_sources; i++)
		if (f->source_id[i] == id)
			return f->source[i].name;
	return "";
}

static hf_err tell(struct hf_feed *f, struct verdict *v, const struct hf_feed_match *match)
{
	struct hf_vuln_hit hit = { .id = v->id,
				   .status = v->status,
				   .fixed = v->fixed,
				   .files = v->files,
				   .source = source_name(f, v->source) };

	if (!v->any)
		return HF_OK;
	(void)sqlite3_bind_text(f->marks, 1, v->id, -1, SQLITE_STATIC);
	int rc = sqlite3_step(f->marks);
	hit.cvss = (unsigned)sqlite3_column_int(f->marks, 0);
	hit.epss = (unsigned)sqlite3_column_int(f->marks, 1);
	hit.kev = sqlite3_column_int(f->marks, 2) != 0;
	(void)sqlite3_reset(f->marks);
	if (rc != SQLITE_ROW)
		return HF_ERR_FEED_IO;
	return match->hit(match->ctx, &hit);
}

static hf_err read_rows(struct hf_feed *f, const struct hf_component *c, const struct hf_feed_match *match,
			bool *known)
{
	struct verdict v = { 0 };
	int rc;

	while ((rc = sqlite3_step(f->rows)) == SQLITE_ROW) {
		hf_bytes id = column(f->rows, 0);

		*known = true;
		if (!hf_span_is(id, v.id)) {
			HF_TRY(tell(f, &v, match));
			v = (struct verdict){ 0 };
			keep(v.id, sizeof(v.id), id);
		}
		weigh(&v, f->rows, c);
	}
	HF_TRY(tell(f, &v, match));
	return rc == SQLITE_DONE ? HF_OK : HF_ERR_FEED_IO;
}

hf_err hf_feed_match(struct hf_feed *feed, const struct hf_component *c, const struct hf_feed_match *match,
		     bool *known)
{
	hf_err err;

	*known = false;
	for (size_t i = 0; i < HF_FEED_KEYS_MAX; i++)
		if (i < c->n_keys)
			(void)sqlite3_bind_text(feed->rows, (int)i + 1, c->key[i], -1, SQLITE_STATIC);
		else
			(void)sqlite3_bind_null(feed->rows, (int)i + 1);
	err = read_rows(feed, c, match, known);
	(void)sqlite3_reset(feed->rows);
	return err;
}

bool hf_feed_covers(struct hf_feed *feed, const struct hf_component *c)
{
	bool covers = false;

	for (size_t i = 0; i < c->n_keys && !covers; i++) {
		hf_bytes key = { (const uint8_t *)c->key[i], strlen(c->key[i]) }, rest;

		if (!is_distro_key(key))
			continue;
		hf_bytes world = hf__before(key, '/', &rest);
		(void)sqlite3_bind_text(feed->covers, 1, (const char *)world.ptr, (int)world.len,
					SQLITE_STATIC);
		covers = sqlite3_step(feed->covers) == SQLITE_ROW && sqlite3_column_int(feed->covers, 0) != 0;
		(void)sqlite3_reset(feed->covers);
	}
	return covers;
}
