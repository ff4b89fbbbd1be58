/* device.c -- devices, claims and one-time codes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define DEVICE_COLS \
	"id, dev, handle, line, owner, state, budget, reason, label, rearmed, boot_count, created, changed," \
	" version FROM device "

static hf_err read_device(struct hf__st *s, struct hf_device_row *d)
{
	memset(d, 0, sizeof(*d));
	d->id = hf__col_int(s, 0);
	hf__col_text(s, 1, d->dev, sizeof(d->dev));
	hf__col_text(s, 2, d->handle, sizeof(d->handle));
	hf__col_text(s, 3, d->line, sizeof(d->line));
	hf__col_text(s, 4, d->owner, sizeof(d->owner));
	d->state = (int)hf__col_int(s, 5);
	d->budget = (uint8_t)hf__col_int(s, 6);
	hf__col_text(s, 7, d->reason, sizeof(d->reason));
	hf__col_text(s, 8, d->label, sizeof(d->label));
	d->rearmed = hf__col_int(s, 9) != 0;
	d->has_boot_count = sqlite3_column_type(s->st, 10) != SQLITE_NULL;
	d->boot_count = (uint64_t)hf__col_int(s, 10);
	d->created = hf__col_int(s, 11);
	d->changed = hf__col_int(s, 12);
	d->version = (uint64_t)hf__col_int(s, 13);
	return s->err;
}

hf_err hf_device_add(struct hf_db *db, struct hf_device_row *d)
{
	if (!d->budget)
		d->budget = 2;
	HF_TRY(hf__run(
		db, NULL,
		"INSERT INTO device(dev, handle, line, owner, state, budget, reason, label, rearmed, created,"
		" changed) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
		"TTttiittiii", d->dev, d->handle, d->line, d->owner, (int64_t)d->state, (int64_t)d->budget,
		d->reason, d->label, (int64_t)d->rearmed, db->now, db->now));
	d->id = sqlite3_last_insert_rowid(db->sql);
	d->created = d->changed = db->now;
	d->version = 1;
	return HF_OK;
}

hf_err hf_device_update(struct hf_db *db, struct hf_device_row *d)
{
	const char *sql =
		d->has_boot_count
			? "UPDATE device SET dev = ?, handle = ?, line = ?, owner = ?, state = ?, budget = ?,"
			  " reason = ?, label = ?, rearmed = ?, boot_count = ?, changed = ?,"
			  " version = version + 1 WHERE id = ? AND version = ?"
			: "UPDATE device SET dev = ?, handle = ?, line = ?, owner = ?, state = ?, budget = ?,"
			  " reason = ?, label = ?, rearmed = ?, boot_count = nullif(?, 0), changed = ?,"
			  " version = version + 1 WHERE id = ? AND version = ?";
	int changed = 0;

	HF_TRY(hf__run(db, &changed, sql, "TTttiittiiiii", d->dev, d->handle, d->line, d->owner,
		       (int64_t)d->state, (int64_t)d->budget, d->reason, d->label, (int64_t)d->rearmed,
		       d->has_boot_count ? (int64_t)d->boot_count : (int64_t)0, db->now, d->id,
		       (int64_t)d->version));
	if (!changed)
		return HF_ERR_STORE_STALE;
	d->version++;
	d->changed = db->now;
	return HF_OK;
}

hf_err hf_device_by_id(struct hf_db *db, int64_t id, struct hf_device_row *d)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " DEVICE_COLS "WHERE id = ?", "i", id));
	memset(d, 0, sizeof(*d)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_device(&s, d);
}

static hf_err by_text(struct hf_db *db, const char *sql, const char *text, struct hf_device_row *d)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, sql, "T", text));
	memset(d, 0, sizeof(*d)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_device(&s, d);
}

hf_err hf_device_by_dev(struct hf_db *db, const char *dev, struct hf_device_row *d)
{
	return by_text(db, "SELECT " DEVICE_COLS "WHERE dev = ?", dev, d);
}

hf_err hf_device_by_handle(struct hf_db *db, const char *handle, struct hf_device_row *d)
{
	return by_text(db, "SELECT " DEVICE_COLS "WHERE handle = ?", handle, d);
}

hf_err hf_device_list(struct hf_db *db, const struct hf_device_query *q, hf_device_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_device_row d;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s,
			"SELECT " DEVICE_COLS "WHERE id > ? AND (?2 IS NULL OR owner = ?2) "
			"AND (?3 IS NULL OR line = ?3) AND (?4 = 0 OR state = ?4) ORDER BY id LIMIT ?5",
			"ittii", q->after, q->owner, q->line, (int64_t)q->state, (int64_t)q->limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_device(&s, &d));
		HF_TRY(each(ctx, &d));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_device_count(struct hf_db *db, int state, uint64_t *n)
{
	int64_t v = 0;

	HF_TRY(hf__int(db, &v, "SELECT count(*) FROM device WHERE ?1 = 0 OR state = ?1", "i",
		       (int64_t)state));
	*n = (uint64_t)v;
	return HF_OK;
}

hf_err hf_device_set_serial(struct hf_db *db, int64_t id, hf_bytes sealed,
			    const uint8_t mac[static HF_SHA256_LEN])
{
	return hf__run(db, NULL, "UPDATE device SET serial_enc = ?, serial_hmac = ? WHERE id = ?", "bbi",
		       sealed, HF__FIXED(mac, HF_SHA256_LEN), id);
}

hf_err hf_device_serial(struct hf_db *db, int64_t id, struct hf_buf *sealed)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT serial_enc FROM device WHERE id = ? AND serial_enc IS NOT NULL", "i",
			id));
	HF_TRY(hf__step(&s));
	return hf_buf_put(sealed, hf__col_bytes(&s, 0));
}

hf_err hf_device_by_serial(struct hf_db *db, const uint8_t mac[static HF_SHA256_LEN], struct hf_device_row *d)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " DEVICE_COLS "WHERE serial_hmac = ?", "b",
			HF__FIXED(mac, HF_SHA256_LEN)));
	memset(d, 0, sizeof(*d)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_device(&s, d);
}
