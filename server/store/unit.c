/* unit.c -- units made under production orders, and their count.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define UNIT_COLS \
	"id, order_id, device, handle, spki_sha256, serial, station, state, shipped, nonce, issued_at," \
	" commit_by FROM unit "

static hf_err read_unit(struct hf__st *s, struct hf_unit_row *u)
{
	memset(u, 0, sizeof(*u));
	u->id = hf__col_int(s, 0);
	hf__col_blob(s, 1, u->order, sizeof(u->order));
	u->device = hf__col_int(s, 2);
	hf__col_text(s, 3, u->handle, sizeof(u->handle));
	hf__col_blob(s, 4, u->spki_sha256, sizeof(u->spki_sha256));
	hf__col_blob(s, 5, u->serial, sizeof(u->serial));
	hf__col_blob(s, 6, u->station, sizeof(u->station));
	u->state = (int)hf__col_int(s, 7);
	u->shipped = hf__col_int(s, 8) != 0;
	u->has_nonce = hf__col_maybe(s, 9, u->nonce, sizeof(u->nonce));
	u->issued_at = hf__col_int(s, 10);
	u->commit_by = hf__col_int(s, 11);
	return s->err;
}

hf_err hf_unit_add(struct hf_db *db, struct hf_unit_row *u)
{
	HF_TRY(hf__run(
		db, NULL,
		"INSERT INTO unit(order_id, device, handle, spki_sha256, serial, station, state, shipped,"
		" issued_at, commit_by) VALUES(?,?,?,?,?,?,?,?,?,?)",
		"bitbbbiiii", HF_ARR(u->order), u->device, u->handle, HF_ARR(u->spki_sha256),
		HF_ARR(u->serial), HF_ARR(u->station), (int64_t)u->state, (int64_t)u->shipped, u->issued_at,
		u->commit_by));
	u->id = sqlite3_last_insert_rowid(db->sql);
	return HF_OK;
}

static hf_err one_unit(struct hf_db *db, struct hf__st *s, struct hf_unit_row *u)
{
	(void)db;
	HF_TRY(hf__step(s));
	return read_unit(s, u);
}

hf_err hf_unit_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN], struct hf_unit_row *u)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " UNIT_COLS "WHERE spki_sha256 = ?", "b",
			HF__FIXED(spki, HF_SHA256_LEN)));
	memset(u, 0, sizeof(*u)); /* after binding: the key may lie in it */
	return one_unit(db, &s, u);
}

hf_err hf_unit_by_handle(struct hf_db *db, const char *handle, struct hf_unit_row *u)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " UNIT_COLS "WHERE handle = ?", "t", handle));
	memset(u, 0, sizeof(*u)); /* after binding: the key may lie in it */
	return one_unit(db, &s, u);
}

hf_err hf_unit_update(struct hf_db *db, const struct hf_unit_row *u)
{
	hf_bytes none = { NULL, 0 };
	int changed = 0;

	HF_TRY(hf__run(db, &changed,
		       "UPDATE unit SET state = ?, shipped = ?, nonce = ?, commit_by = ? WHERE id = ?",
		       "iiBii", (int64_t)u->state, (int64_t)u->shipped,
		       u->has_nonce ? HF_ARR(u->nonce) : none, u->commit_by, u->id));
	return changed ? HF_OK : HF_ERR_STORE_ABSENT;
}

static hf_err each_unit(struct hf__st *s, hf_unit_each each, void *ctx)
{
	struct hf_unit_row u;
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		HF_TRY(read_unit(s, &u));
		HF_TRY(each(ctx, &u));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_unit_list(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN], int64_t after,
		    unsigned limit, hf_unit_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " UNIT_COLS "WHERE order_id = ? AND id > ? ORDER BY id LIMIT ?",
			"bii", HF__FIXED(order, HF_STORE_ORDER_LEN), after, (int64_t)limit));
	return each_unit(&s, each, ctx);
}

hf_err hf_unit_overdue(struct hf_db *db, int64_t now, unsigned limit, hf_unit_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " UNIT_COLS "WHERE state = 1 AND commit_by < ? LIMIT ?", "ii", now,
			(int64_t)limit));
	return each_unit(&s, each, ctx);
}

hf_err hf_order_count(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN], struct hf_order_count *c)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	int64_t journal = 0;

	HF_TRY(hf__bind(db, &s,
			"SELECT count(*), total(state = 1), total(state = 2), total(state = 3),"
			" total(state = 4), total(shipped) FROM unit WHERE order_id = ?",
			"b", HF__FIXED(id, HF_STORE_ORDER_LEN)));
	memset(c, 0, sizeof(*c)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	c->issued = (uint64_t)hf__col_int(&s, 0);
	c->open = (uint64_t)hf__col_int(&s, 1);
	c->committed = (uint64_t)hf__col_int(&s, 2);
	c->voided = (uint64_t)hf__col_int(&s, 3);
	c->scrapped = (uint64_t)hf__col_int(&s, 4);
	c->shipped = (uint64_t)hf__col_int(&s, 5);
	HF_TRY(hf__int(db, &journal, "SELECT count(*) FROM journal WHERE tree = ?", "b",
		       HF__FIXED(id, HF_STORE_ORDER_LEN)));
	c->journal = (uint64_t)journal;
	return HF_OK;
}
