/* channel.c -- outbox, presence, newest state.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

enum { KEEP_S = 400 * 86400 };

#define COMMAND_COLS "id, dev, cti, state, sha256, created, changed, version, by_name, "

static hf_err read_command(struct hf__st *s, struct hf_command_row *c, bool bytes)
{
	memset(c, 0, sizeof(*c));
	c->id = hf__col_int(s, 0);
	hf__col_text(s, 1, c->dev, sizeof(c->dev));
	hf__col_blob(s, 2, c->cti, sizeof(c->cti));
	c->state = (int)hf__col_int(s, 3);
	hf__col_blob(s, 4, c->sha256, sizeof(c->sha256));
	c->created = hf__col_int(s, 5);
	c->changed = hf__col_int(s, 6);
	c->version = (uint64_t)hf__col_int(s, 7);
	hf__col_text(s, 8, c->by, sizeof(c->by));
	if (bytes)
		c->bytes = hf__col_bytes(s, 9);
	return s->err;
}

static hf_err each_command(struct hf__st *s, bool bytes, hf_command_each each, void *ctx)
{
	struct hf_command_row c;
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		HF_TRY(read_command(s, &c, bytes));
		HF_TRY(each(ctx, &c));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_command_add(struct hf_db *db, const char *dev, const uint8_t cti[static HF_STORE_CTI_LEN],
		      hf_bytes bytes, const char *by)
{
	uint8_t hash[HF_SHA256_LEN];
	int64_t open = 0;

	HF_TRY(hf__int(db, &open, "SELECT count(*) FROM command WHERE dev = ? AND state <= 2", "t", dev));
	if (open >= HF_OUTBOX_OPEN_MAX)
		return HF_ERR_STORE_LIMIT;
	HF_TRY(hf__sha256(bytes, hash));
	hf_db_nudge(db);
	return hf__run(db, NULL,
		       "INSERT INTO command(dev, cti, state, bytes, sha256, created, changed, by_name) "
		       "VALUES(?,?,1,?,?,?,?,?)",
		       "tbbbiit", dev, HF__FIXED(cti, HF_STORE_CTI_LEN), bytes, HF_ARR(hash), db->now,
		       db->now, by);
}

hf_err hf_command_get(struct hf_db *db, const char *dev, const uint8_t cti[static HF_STORE_CTI_LEN],
		      struct hf_command_row *row, struct hf_buf *bytes)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " COMMAND_COLS "bytes FROM command WHERE dev = ? AND cti = ?", "tb",
			dev, HF__FIXED(cti, HF_STORE_CTI_LEN)));
	memset(row, 0, sizeof(*row)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	HF_TRY(read_command(&s, row, false));
	return bytes ? hf_buf_put(bytes, hf__col_bytes(&s, 9)) : HF_OK;
}

hf_err hf_command_open(struct hf_db *db, const char *dev, hf_command_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT " COMMAND_COLS "bytes FROM command WHERE dev = ? AND state <= 2 "
			"ORDER BY id",
			"t", dev));
	return each_command(&s, true, each, ctx);
}

hf_err hf_command_queued(struct hf_db *db, int64_t after, unsigned limit, hf_command_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT " COMMAND_COLS "bytes FROM command WHERE state = 1 AND id > ? "
			"ORDER BY id LIMIT ?",
			"ii", after, (int64_t)limit));
	return each_command(&s, true, each, ctx);
}

hf_err hf_command_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit, hf_command_each each,
		       void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT " COMMAND_COLS "0 FROM command WHERE dev = ? AND id > ? ORDER BY id "
			"LIMIT ?",
			"tii", dev, after, (int64_t)limit));
	return each_command(&s, false, each, ctx);
}

hf_err hf_command_sent(struct hf_db *db, const char *dev, const uint8_t cti[static HF_STORE_CTI_LEN])
{
	return hf__run(db, NULL,
		       "UPDATE command SET state = 2, changed = ?, version = version + 1 "
		       "WHERE dev = ? AND cti = ? AND state = 1",
		       "itb", db->now, dev, HF__FIXED(cti, HF_STORE_CTI_LEN));
}

hf_err hf_command_withdraw(struct hf_db *db, const char *dev, const uint8_t cti[static HF_STORE_CTI_LEN],
			   uint64_t version)
{
	struct hf_command_row row;

	HF_TRY(hf_command_get(db, dev, cti, &row, NULL));
	if (version && row.version != version)
		return HF_ERR_STORE_STALE;
	if (row.state == HF_OUTBOX_WITHDRAWN)
		return HF_OK;
	if (row.state == HF_OUTBOX_RECEIPTED)
		return HF_ERR_STORE_STALE;
	return hf__run(db, NULL,
		       "UPDATE command SET state = 4, changed = ?, version = version + 1 WHERE id = ?", "ii",
		       db->now, row.id);
}

hf_err hf_command_prune(struct hf_db *db, int64_t before, unsigned *n)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed, "DELETE FROM command WHERE (state >= 3 AND changed < ?) OR created < ?",
		       "ii", before, db->now - KEEP_S));
	*n = (unsigned)changed;
	return HF_OK;
}

hf_err hf_devstate_put(struct hf_db *db, const char *dev, hf_bytes bytes,
		       const uint8_t cert_sha256[static HF_SHA256_LEN])
{
	return hf__run(db, NULL, "INSERT OR REPLACE INTO device_state VALUES(?,?,?,?)", "tbbi", dev, bytes,
		       HF__FIXED(cert_sha256, HF_SHA256_LEN), db->now);
}

hf_err hf_devstate_get(struct hf_db *db, const char *dev, struct hf_buf *bytes, int64_t *received)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	*received = 0;
	HF_TRY(hf__bind(db, &s, "SELECT bytes, received FROM device_state WHERE dev = ?", "t", dev));
	HF_TRY(hf__step(&s));
	*received = hf__col_int(&s, 1);
	return hf_buf_put(bytes, hf__col_bytes(&s, 0));
}

hf_err hf_presence_set(struct hf_db *db, const char *dev, bool up,
		       const uint8_t cert_sha256[static HF_SHA256_LEN], const char *address)
{
	return hf__run(db, NULL,
		       "INSERT INTO presence(dev, up, cert_sha256, address, since) VALUES(?,?,?,?,?) "
		       "ON CONFLICT(dev) DO UPDATE SET up = excluded.up, cert_sha256 = excluded.cert_sha256,"
		       " address = excluded.address, since = excluded.since",
		       "tibti", dev, (int64_t)up, HF__FIXED(cert_sha256, HF_SHA256_LEN), address, db->now);
}

hf_err hf_presence_hello(struct hf_db *db, const char *dev)
{
	return hf__run(db, NULL, "UPDATE presence SET hello = ? WHERE dev = ?", "it", db->now, dev);
}

hf_err hf_presence_get(struct hf_db *db, const char *dev, struct hf_presence_row *p)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT dev, up, cert_sha256, address, since, hello FROM presence WHERE dev = ?", "t",
			dev));
	memset(p, 0, sizeof(*p)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	hf__col_text(&s, 0, p->dev, sizeof(p->dev));
	p->up = hf__col_int(&s, 1) != 0;
	hf__col_blob(&s, 2, p->cert_sha256, sizeof(p->cert_sha256));
	hf__col_text(&s, 3, p->address, sizeof(p->address));
	p->since = hf__col_int(&s, 4);
	p->hello = hf__col_int(&s, 5);
	return s.err;
}

hf_err hf_presence_clear(struct hf_db *db)
{
	return hf__run(db, NULL, "UPDATE presence SET up = 0, since = ? WHERE up", "i", db->now);
}

hf_err hf_presence_count(struct hf_db *db, uint64_t *up)
{
	int64_t n = 0;

	HF_TRY(hf__int(db, &n, "SELECT count(*) FROM presence WHERE up", ""));
	*up = (uint64_t)n;
	return HF_OK;
}
