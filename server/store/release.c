/* release.c -- releases by content address, looks, heads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define RELEASE_COLS \
	"id, account, d, bundle, sequence, state, reason, by_name, created, changed, version FROM release "

static hf_err read_release(struct hf__st *s, struct hf_release_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = hf__col_int(s, 0);
	hf__col_text(s, 1, r->account, sizeof(r->account));
	hf__col_blob(s, 2, r->d, sizeof(r->d));
	hf__col_blob(s, 3, r->bundle, sizeof(r->bundle));
	r->sequence = (uint64_t)hf__col_int(s, 4);
	r->state = (int)hf__col_int(s, 5);
	hf__col_text(s, 6, r->reason, sizeof(r->reason));
	hf__col_text(s, 7, r->by, sizeof(r->by));
	r->created = hf__col_int(s, 8);
	r->changed = hf__col_int(s, 9);
	r->version = (uint64_t)hf__col_int(s, 10);
	return s->err;
}

hf_err hf_release_get(struct hf_db *db, const char *account, const uint8_t d[static HF_SHA256_LEN],
		      struct hf_release_row *r)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " RELEASE_COLS "WHERE account = ? AND d = ?", "tb", account,
			HF__FIXED(d, HF_SHA256_LEN)));
	memset(r, 0, sizeof(*r)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_release(&s, r);
}

hf_err hf_release_list(struct hf_db *db, const char *account, int64_t after, unsigned limit,
		       hf_release_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_release_row r;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s,
			"SELECT " RELEASE_COLS "WHERE account = ? AND id > ? ORDER BY id LIMIT ?", "tii",
			account, after, (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_release(&s, &r));
		HF_TRY(each(ctx, &r));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err add_row(struct hf_db *db, const struct hf_release_row *r)
{
	return hf__run(db, NULL,
		       "INSERT INTO release(account, d, bundle, sequence, state, by_name, created, changed) "
		       "VALUES(?,?,?,?,1,?,?,?)",
		       "tbbitii", r->account, HF_ARR(r->d), HF_ARR(r->bundle), (int64_t)r->sequence, r->by,
		       db->now, db->now);
}

static hf_err point_at(struct hf_db *db, const struct hf_release_row *found, hf_bytes bundle)
{
	if (hf_bytes_equal(HF_ARR(found->bundle), bundle))
		return HF_OK;
	return hf__run(db, NULL,
		       "UPDATE release SET bundle = ?, changed = ?, version = version + 1 WHERE id = ?",
		       "bii", bundle, db->now, found->id);
}

hf_err hf_release_put(struct hf_db *db, struct hf_release_row *r, hf_bytes bytes, bool *fresh)
{
	struct hf_release_row found;
	uint8_t address[HF_SHA256_LEN];
	int added = 0;
	hf_err err;

	*fresh = false;
	if (bytes.len > HF_STORE_BUNDLE_MAX)
		return HF_ERR_STORE_LIMIT;
	HF_TRY(hf__sha256(bytes, address));
	memcpy(r->bundle, address, sizeof(address));
	HF_TRY(hf__run(db, NULL, "INSERT OR IGNORE INTO blob VALUES(?,?,?)", "bbi", HF_ARR(address), bytes,
		       db->now));
	err = hf_release_get(db, r->account, r->d, &found);
	if (err == HF_ERR_STORE_ABSENT) {
		HF_TRY(add_row(db, r));
		err = hf_release_get(db, r->account, r->d, &found);
	}
	HF_TRY(err);
	HF_TRY(hf__run(db, &added, "INSERT OR IGNORE INTO release_bundle VALUES(?,?,?)", "ibi", found.id,
		       HF_ARR(address), db->now));
	*fresh = added > 0;
	if (*fresh)
		HF_TRY(point_at(db, &found, HF_ARR(address)));
	return hf_release_get(db, found.account, found.d, r);
}

hf_err hf_release_revoke(struct hf_db *db, int64_t id, const char *reason)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed,
		       "UPDATE release SET state = 2, reason = ?, changed = ?, version = version + 1 "
		       "WHERE id = ? AND state = 1",
		       "tii", reason, db->now, id));
	return changed == 1 ? HF_OK : HF_ERR_STORE_STALE;
}

hf_err hf_bundle_get(struct hf_db *db, const char *account, const uint8_t sha256[static HF_SHA256_LEN],
		     struct hf_buf *bytes)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT b.bytes FROM blob b JOIN release_bundle x ON x.sha256 = b.sha256 "
			"JOIN release r ON r.id = x.release WHERE b.sha256 = ? AND r.account = ? "
			"AND r.state = 1 LIMIT 1",
			"bt", HF__FIXED(sha256, HF_SHA256_LEN), account));
	HF_TRY(hf__step(&s));
	return hf_buf_put(bytes, hf__col_bytes(&s, 0));
}

/* ---- looks ---- */

#define LOOK_COLS \
	"l.dev, r.d, r.bundle, l.state, l.changed FROM look l JOIN release r ON r.id = l.release " \
	"WHERE r.state = 1 AND "

static hf_err read_look(struct hf__st *s, struct hf_look_row *l)
{
	memset(l, 0, sizeof(*l));
	hf__col_text(s, 0, l->dev, sizeof(l->dev));
	hf__col_blob(s, 1, l->d, sizeof(l->d));
	hf__col_blob(s, 2, l->bundle, sizeof(l->bundle));
	l->state = (int)hf__col_int(s, 3);
	l->changed = hf__col_int(s, 4);
	return s->err;
}

hf_err hf_look_put(struct hf_db *db, const char *dev, int64_t release, const char *by)
{
	hf_db_nudge(db);
	return hf__run(db, NULL, "INSERT OR REPLACE INTO look VALUES(?,?,1,?,?,?)", "titii", dev, release, by,
		       db->now, db->now);
}

hf_err hf_look_get(struct hf_db *db, const char *dev, struct hf_look_row *l)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " LOOK_COLS "l.dev = ?", "t", dev));
	memset(l, 0, sizeof(*l)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_look(&s, l);
}

hf_err hf_look_queued(struct hf_db *db, unsigned limit, hf_look_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_look_row l;
	hf_err err = HF_OK;

	/* Only those who listen: the hello of the others brings it. */
	HF_TRY(hf__bind(db, &s,
			"SELECT " LOOK_COLS "l.state = 1 AND EXISTS(SELECT 1 FROM presence p WHERE "
			"p.dev = l.dev AND p.up AND p.hello >= p.since) LIMIT ?",
			"i", (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_look(&s, &l));
		HF_TRY(each(ctx, &l));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_look_sent(struct hf_db *db, const char *dev)
{
	return hf__run(db, NULL, "UPDATE look SET state = 2, changed = ? WHERE dev = ? AND state = 1", "it",
		       db->now, dev);
}

hf_err hf_look_reported(struct hf_db *db, const char *dev, hf_bytes d)
{
	return hf__run(db, NULL,
		       "UPDATE look SET state = 3, changed = ? WHERE dev = ? AND release IN "
		       "(SELECT id FROM release WHERE d = ?)",
		       "itb", db->now, dev, d);
}

/* ---- floors ---- */

hf_err hf_device_floor_get(struct hf_db *db, const char *dev, uint64_t *sequence)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	*sequence = 0;
	HF_TRY(hf__bind(db, &s, "SELECT sequence FROM device_floor WHERE dev = ?", "t", dev));
	HF_TRY(hf__step(&s));
	*sequence = (uint64_t)hf__col_int(&s, 0);
	return s.err;
}

hf_err hf_device_floor_raise(struct hf_db *db, const char *dev, uint64_t sequence, uint64_t *known)
{
	hf_err err = hf_device_floor_get(db, dev, known);

	if (err == HF_OK && sequence <= *known)
		return HF_OK;
	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	if (sequence > INT64_MAX)
		return HF_ERR_STORE_LIMIT;
	return hf__run(db, NULL,
		       "INSERT INTO device_floor VALUES(?,?,?) ON CONFLICT(dev) DO UPDATE SET "
		       "sequence = excluded.sequence, changed = excluded.changed",
		       "tii", dev, (int64_t)sequence, db->now);
}

/* ---- heads ---- */

hf_err hf_head_put(struct hf_db *db, const char *account, const struct hf_head_row *h)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed,
		       "INSERT INTO head VALUES(?,?,?,?,?,?) ON CONFLICT(account, policy_ref, log) DO UPDATE "
		       "SET size = excluded.size, bytes = excluded.bytes, received = excluded.received "
		       "WHERE excluded.size >= size",
		       "tbiibi", account, HF_ARR(h->policy_ref), (int64_t)h->log, (int64_t)h->size, h->bytes,
		       db->now));
	return changed == 1 ? HF_OK : HF_ERR_STORE_STALE;
}

hf_err hf_head_list(struct hf_db *db, const char *account, unsigned limit, hf_head_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s,
			"SELECT policy_ref, log, size, bytes, received FROM head WHERE account = ? "
			"ORDER BY received DESC, size DESC LIMIT ?",
			"ti", account, (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		struct hf_head_row h = { .log = (unsigned)hf__col_int(&s, 1) };

		hf__col_blob(&s, 0, h.policy_ref, sizeof(h.policy_ref));
		h.size = (uint64_t)hf__col_int(&s, 2);
		h.bytes = hf__col_bytes(&s, 3);
		h.received = hf__col_int(&s, 4);
		HF_TRY(s.err);
		HF_TRY(each(ctx, &h));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}
