/* people.c -- operators and stations, kept answers, small values.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define PERSON_COLS "kind, name, account, spki_sha256, pub, admin, state, created, version FROM person "

static hf_err read_person(struct hf__st *s, struct hf_person *p)
{
	memset(p, 0, sizeof(*p));
	p->kind = (int)hf__col_int(s, 0);
	hf__col_text(s, 1, p->name, sizeof(p->name));
	hf__col_text(s, 2, p->account, sizeof(p->account));
	hf__col_blob(s, 3, p->spki_sha256, sizeof(p->spki_sha256));
	hf__col_blob(s, 4, p->pub, sizeof(p->pub));
	p->admin = hf__col_int(s, 5) != 0;
	p->state = (int)hf__col_int(s, 6);
	p->created = hf__col_int(s, 7);
	p->version = (uint64_t)hf__col_int(s, 8);
	return s->err;
}

hf_err hf_person_add(struct hf_db *db, struct hf_person *p)
{
	HF_TRY(hf__run(db, NULL, "INSERT INTO person VALUES(?,?,?,?,?,?,?,?,1)", "ittbbiii", (int64_t)p->kind,
		       p->name, p->account, HF_ARR(p->spki_sha256), HF_ARR(p->pub), (int64_t)p->admin,
		       (int64_t)p->state, db->now));
	p->created = db->now;
	p->version = 1;
	return HF_OK;
}

hf_err hf_person_get(struct hf_db *db, int kind, const char *name, struct hf_person *p)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " PERSON_COLS "WHERE kind = ? AND name = ?", "it", (int64_t)kind,
			name));
	memset(p, 0, sizeof(*p)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_person(&s, p);
}

hf_err hf_person_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN], struct hf_person *p)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " PERSON_COLS "WHERE spki_sha256 = ?", "b",
			HF__FIXED(spki, HF_SHA256_LEN)));
	memset(p, 0, sizeof(*p)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_person(&s, p);
}

hf_err hf_person_update(struct hf_db *db, struct hf_person *p)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed,
		       "UPDATE person SET account = ?, spki_sha256 = ?, pub = ?, admin = ?, state = ?,"
		       " version = version + 1 WHERE kind = ? AND name = ? AND version = ?",
		       "tbbiiiti", p->account, HF_ARR(p->spki_sha256), HF_ARR(p->pub), (int64_t)p->admin,
		       (int64_t)p->state, (int64_t)p->kind, p->name, (int64_t)p->version));
	if (!changed)
		return HF_ERR_STORE_STALE;
	p->version++;
	return HF_OK;
}

hf_err hf_person_list(struct hf_db *db, int kind, const char *account, const char *after, unsigned limit,
		      hf_person_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_person p;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s,
			"SELECT " PERSON_COLS "WHERE kind = ? AND (?2 IS NULL OR account = ?2) "
			"AND name > ? ORDER BY name LIMIT ?",
			"itti", (int64_t)kind, account, after ? after : "", (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_person(&s, &p));
		HF_TRY(each(ctx, &p));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_idem_get(struct hf_db *db, const char *operator_name, const char *key, struct hf_idem *i,
		   struct hf_buf *body)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT operator, key, request, status, type, audit, created, body "
			"FROM idempotency WHERE operator = ? AND key = ?",
			"tt", operator_name, key));
	memset(i, 0, sizeof(*i)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	hf__col_text(&s, 0, i->operator_name, sizeof(i->operator_name));
	hf__col_text(&s, 1, i->key, sizeof(i->key));
	hf__col_blob(&s, 2, i->request, sizeof(i->request));
	i->status = (int)hf__col_int(&s, 3);
	hf__col_text(&s, 4, i->type, sizeof(i->type));
	i->audit = hf__col_int(&s, 5);
	i->created = hf__col_int(&s, 6);
	HF_TRY(s.err);
	return hf_buf_put(body, hf__col_bytes(&s, 7));
}

hf_err hf_idem_start(struct hf_db *db, const struct hf_idem *i)
{
	return hf__run(db, NULL, "INSERT INTO idempotency VALUES(?,?,?,0,'',0,?,x'')", "ttbi",
		       i->operator_name, i->key, HF_ARR(i->request), db->now);
}

hf_err hf_idem_finish(struct hf_db *db, const struct hf_idem *i, hf_bytes body)
{
	return hf__run(db, NULL, "INSERT OR REPLACE INTO idempotency VALUES(?,?,?,?,?,?,?,?)", "ttbitiib",
		       i->operator_name, i->key, HF_ARR(i->request), (int64_t)i->status, i->type, i->audit,
		       db->now, body);
}

hf_err hf_idem_drop(struct hf_db *db, const char *operator_name, const char *key)
{
	return hf__run(db, NULL, "DELETE FROM idempotency WHERE operator = ? AND key = ?", "tt",
		       operator_name, key);
}

hf_err hf_idem_prune(struct hf_db *db, int64_t before)
{
	return hf__run(db, NULL, "DELETE FROM idempotency WHERE created < ?", "i", before);
}

hf_err hf_value_get(struct hf_db *db, const char *name, struct hf_buf *value)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT value FROM value WHERE name = ?", "t", name));
	HF_TRY(hf__step(&s));
	return hf_buf_put(value, hf__col_bytes(&s, 0));
}

hf_err hf_value_put(struct hf_db *db, const char *name, hf_bytes value)
{
	return hf__run(db, NULL, "INSERT OR REPLACE INTO value VALUES(?,?)", "tb", name, value);
}

hf_err hf_value_count(struct hf_db *db, const char *name, uint64_t *value)
{
	struct hf_buf have HF_AUTO(hf_buf_free) = HF_BUF(8);
	uint8_t b[8];

	*value = 0;
	hf_err err = hf_value_get(db, name, &have);
	if (err == HF_OK && have.len == 8)
		*value = hf_get_be64(have.ptr);
	else if (err != HF_ERR_STORE_ABSENT)
		return err == HF_OK ? HF_ERR_STORE_FOREIGN : err;
	hf_put_be64(b, ++*value);
	return hf_value_put(db, name, HF_ARR(b));
}
