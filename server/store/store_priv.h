/* store_priv.h -- shared by the sources of the store: one connection, and statements bound by a format.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_STORE_PRIV_H
#define HF_STORE_PRIV_H
#include <sqlite3.h>
#include <hf/store.h>

enum { HF__SLOTS = 256 };
struct hf__slot {
	const char *sql; /* string literal: its address is the key */
	sqlite3_stmt *st;
	bool busy;
};
struct hf_db {
	sqlite3 *sql;
	int64_t now;
	bool nudge;
	struct hf__slot slot[HF__SLOTS];
};

/* A statement in use. Declare it with HF_AUTO(hf__done) and = { 0 }. Reading a column that has another
 * type or length than wanted sets `err` (damaged store). */
struct hf__st {
	sqlite3_stmt *st;
	struct hf_db *db;
	struct hf__slot *slot; /* NULL: finalise instead of reset */
	hf_err err;
};

hf_err hf__error(int rc);
/* Prepare (or take from the cache) and bind: i = int64_t, t = text (NULL = NULL), T = text, "" becomes NULL,
 * b = hf_bytes, B = hf_bytes, empty becomes NULL. `sql` must be a string literal. */
HF_MUST_CHECK hf_err hf__bind(struct hf_db *db, struct hf__st *s, const char *sql, const char *fmt, ...);
/* HF_OK with a row, HF_ERR_STORE_ABSENT at the end. */
HF_MUST_CHECK hf_err hf__step(struct hf__st *s);
void hf__done(struct hf__st *s);
/* Run a statement that gives no rows; *changed (may be NULL) = rows it touched. */
HF_MUST_CHECK hf_err hf__run(struct hf_db *db, int *changed, const char *sql, const char *fmt, ...);
/* One integer. */
HF_MUST_CHECK hf_err hf__int(struct hf_db *db, int64_t *out, const char *sql, const char *fmt, ...);

int64_t hf__col_int(struct hf__st *s, int col);
void hf__col_text(struct hf__st *s, int col, char *out, size_t cap);   /* NULL reads as "" */
const char *hf__col_str(struct hf__st *s, int col);                    /* borrowed until the next step */
void hf__col_blob(struct hf__st *s, int col, uint8_t *out, size_t n);  /* exactly n */
bool hf__col_maybe(struct hf__st *s, int col, uint8_t *out, size_t n); /* false and zero for NULL */
hf_bytes hf__col_bytes(struct hf__st *s, int col);                     /* borrowed until the next step */
HF_MUST_CHECK hf_err hf__sha256(hf_bytes b, uint8_t out[static HF_SHA256_LEN]);
#define HF__FIXED(ptr, n) ((hf_bytes){ (ptr), (n) })

/* Text of layout 1 and later steps. Errors as hf_store_open. */
HF_MUST_CHECK hf_err hf__migrate(sqlite3 *sql, bool fresh, struct hf_why *why);
HF_MUST_CHECK hf_err hf__connect(const char *path, bool create, bool read_only, sqlite3 **out,
				 struct hf_why *why);
void hf__db_close(struct hf_db *db);
#endif
