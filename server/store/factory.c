/* factory.c -- product lines, CAs, production orders and units.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

hf_err hf_product_put(struct hf_db *db, const struct hf_product_row *p)
{
	return hf__run(db, NULL, "INSERT OR REPLACE INTO product VALUES(?,?,?,?,?,?,?,?,?,?,?)",
		       "ttiiiiiiiti", p->line, p->oid, (int64_t)p->enrol, p->life_s, p->grace_s, p->offline_s,
		       (int64_t)p->pop_required, (int64_t)p->basic, (int64_t)p->wrap, p->owner,
		       (int64_t)p->has_ca);
}

static hf_err read_product(struct hf__st *s, struct hf_product_row *p)
{
	memset(p, 0, sizeof(*p));
	hf__col_text(s, 0, p->line, sizeof(p->line));
	hf__col_text(s, 1, p->oid, sizeof(p->oid));
	p->enrol = (int)hf__col_int(s, 2);
	p->life_s = hf__col_int(s, 3);
	p->grace_s = hf__col_int(s, 4);
	p->offline_s = hf__col_int(s, 5);
	p->pop_required = hf__col_int(s, 6) != 0;
	p->basic = hf__col_int(s, 7) != 0;
	p->wrap = hf__col_int(s, 8) != 0;
	hf__col_text(s, 9, p->owner, sizeof(p->owner));
	p->has_ca = hf__col_int(s, 10) != 0;
	return s->err;
}

hf_err hf_product_get(struct hf_db *db, const char *line, struct hf_product_row *p)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT * FROM product WHERE line = ?", "t", line));
	memset(p, 0, sizeof(*p)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_product(&s, p);
}

hf_err hf_product_list(struct hf_db *db, const char *after, unsigned limit, hf_product_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_product_row p;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s, "SELECT * FROM product WHERE line > ? ORDER BY line LIMIT ?", "ti",
			after ? after : "", (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_product(&s, &p));
		HF_TRY(each(ctx, &p));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_ca_add(struct hf_db *db, const struct hf_ca_row *ca)
{
	return hf__run(db, NULL, "INSERT OR IGNORE INTO ca VALUES(?,?,?,?,?)", "bbiti",
		       HF_ARR(ca->spki_sha256), ca->der, (int64_t)ca->kind, ca->line, ca->not_after);
}

hf_err hf_ca_list(struct hf_db *db, hf_ca_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s, "SELECT spki_sha256, der, kind, line, not_after FROM ca ORDER BY rowid", ""));
	while ((err = hf__step(&s)) == HF_OK) {
		struct hf_ca_row ca = { .kind = (int)hf__col_int(&s, 2), .not_after = hf__col_int(&s, 4) };

		hf__col_blob(&s, 0, ca.spki_sha256, sizeof(ca.spki_sha256));
		ca.der = hf__col_bytes(&s, 1);
		hf__col_text(&s, 3, ca.line, sizeof(ca.line));
		HF_TRY(s.err);
		HF_TRY(each(ctx, &ca));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

#define ORDER_COLS \
	"row, id, line, quantity, allowance, not_before, not_after, mode, state, commit_s, ca_spki, " \
	"stations," \
	" by_name, created, version, object FROM prod_order "

static hf_err read_order(struct hf__st *s, struct hf_order_row *o)
{
	memset(o, 0, sizeof(*o));
	hf__col_blob(s, 1, o->id, sizeof(o->id));
	hf__col_text(s, 2, o->line, sizeof(o->line));
	o->quantity = (uint64_t)hf__col_int(s, 3);
	o->allowance = (uint64_t)hf__col_int(s, 4);
	o->not_before = hf__col_int(s, 5);
	o->not_after = hf__col_int(s, 6);
	o->mode = (int)hf__col_int(s, 7);
	o->state = (int)hf__col_int(s, 8);
	o->commit_s = hf__col_int(s, 9);
	hf__col_blob(s, 10, o->ca_spki, sizeof(o->ca_spki));
	hf_bytes stations = hf__col_bytes(s, 11);
	if (stations.len % HF_SHA256_LEN != 0 || stations.len > sizeof(o->station))
		return HF_ERR_STORE_FOREIGN;
	if (stations.len)
		memcpy(o->station, stations.ptr, stations.len);
	o->n_stations = stations.len / HF_SHA256_LEN;
	hf__col_text(s, 12, o->by, sizeof(o->by));
	o->created = hf__col_int(s, 13);
	o->version = (uint64_t)hf__col_int(s, 14);
	return s->err;
}

hf_err hf_order_add(struct hf_db *db, const struct hf_order_row *o, hf_bytes object)
{
	hf_bytes stations = { &o->station[0][0], o->n_stations * HF_SHA256_LEN };

	return hf__run(
		db, NULL,
		"INSERT INTO prod_order(id, line, quantity, allowance, not_before, not_after, mode, state,"
		" commit_s, ca_spki, stations, by_name, created, object) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"btiiiiiiibbtib", HF_ARR(o->id), o->line, (int64_t)o->quantity, (int64_t)o->allowance,
		o->not_before, o->not_after, (int64_t)o->mode, (int64_t)o->state, o->commit_s,
		HF_ARR(o->ca_spki), stations, o->by, db->now, object);
}

hf_err hf_order_get(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN], struct hf_order_row *o,
		    struct hf_buf *object)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " ORDER_COLS "WHERE id = ?", "b", HF__FIXED(id, HF_STORE_ORDER_LEN)));
	memset(o, 0, sizeof(*o)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	HF_TRY(read_order(&s, o));
	return object ? hf_buf_put(object, hf__col_bytes(&s, 15)) : HF_OK;
}

hf_err hf_order_close(struct hf_db *db, const uint8_t id[static HF_STORE_ORDER_LEN], uint64_t version)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed,
		       "UPDATE prod_order SET state = 2, version = version + 1 WHERE id = ? AND version = ?",
		       "bi", HF__FIXED(id, HF_STORE_ORDER_LEN), (int64_t)version));
	return changed ? HF_OK : HF_ERR_STORE_STALE;
}

hf_err hf_order_list(struct hf_db *db, int64_t after, unsigned limit, hf_order_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_order_row o;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s, "SELECT " ORDER_COLS "WHERE row > ? ORDER BY row LIMIT ?", "ii", after,
			(int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_order(&s, &o));
		HF_TRY(each(ctx, hf__col_int(&s, 0), &o));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}
