/* cert.c -- certificates, and the change list that the broker follows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define CERT_COLS \
	"c.serial, c.sha256, c.spki_sha256, c.pub, c.kind, c.state, c.device, c.dev, c.parent, c.lineage," \
	" c.identity, c.not_before, c.not_after, c.issued_at, c.changed_at, c.reissues, coalesce(d.budget, " \
	"2)" \
	" FROM cert c LEFT JOIN device d ON d.id = c.device "

static hf_err read_cert(struct hf__st *s, struct hf_cert_row *c)
{
	memset(c, 0, sizeof(*c));
	hf__col_blob(s, 0, c->serial, sizeof(c->serial));
	(void)hf__col_maybe(s, 1, c->sha256, sizeof(c->sha256));
	hf__col_blob(s, 2, c->spki_sha256, sizeof(c->spki_sha256));
	hf__col_blob(s, 3, c->pub, sizeof(c->pub));
	c->kind = (int)hf__col_int(s, 4);
	c->state = (int)hf__col_int(s, 5);
	c->device = hf__col_int(s, 6);
	hf__col_text(s, 7, c->dev, sizeof(c->dev));
	c->has_parent = hf__col_maybe(s, 8, c->parent, sizeof(c->parent));
	hf__col_blob(s, 9, c->lineage, sizeof(c->lineage));
	hf__col_text(s, 10, c->identity, sizeof(c->identity));
	c->not_before = hf__col_int(s, 11);
	c->not_after = hf__col_int(s, 12);
	c->issued_at = hf__col_int(s, 13);
	c->changed_at = hf__col_int(s, 14);
	c->reissues = (uint64_t)hf__col_int(s, 15);
	c->budget = (uint8_t)hf__col_int(s, 16);
	return s->err;
}

static hf_err add_change(struct hf_db *db, const uint8_t *serial)
{
	hf_db_nudge(db);
	return hf__run(db, NULL,
		       "INSERT INTO cert_change(sha256, dev, state, budget, not_after) "
		       "SELECT c.sha256, c.dev, c.state, coalesce(d.budget, 2), c.not_after "
		       "FROM cert c LEFT JOIN device d ON d.id = c.device WHERE c.serial = ? AND c.kind = 1",
		       "b", HF__FIXED(serial, HF_STORE_SERIAL_LEN));
}

static bool is_zero(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum |= p[i];
	return sum == 0;
}

hf_err hf_cert_add(struct hf_db *db, const struct hf_cert_row *c, hf_bytes der)
{
	hf_bytes none = { NULL, 0 };
	hf_bytes hash = is_zero(c->sha256, sizeof(c->sha256)) ? none : HF_ARR(c->sha256);
	/* Certificates of one device never share a second, nor does a clock set back reorder them: the
	 * newest must be told from its parent. */
	const char *sql = c->device ? "INSERT INTO cert VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,max(?,coalesce("
				      "(SELECT max(issued_at)+1 FROM cert WHERE device=?7),0)),?,?,?)"
				    : "INSERT INTO cert VALUES(?,?,?,?,?,?,nullif(?,0),?,?,?,?,?,?,?,?,?,?)";

	HF_TRY(hf__run(db, NULL, sql, "bBbbiiitBbtiiiiib", HF_ARR(c->serial), hash, HF_ARR(c->spki_sha256),
		       HF_ARR(c->pub), (int64_t)c->kind, (int64_t)c->state, c->device, c->dev,
		       c->has_parent ? HF_ARR(c->parent) : none, HF_ARR(c->lineage), c->identity,
		       c->not_before, c->not_after, db->now, db->now, (int64_t)c->reissues, der));
	return c->kind == HF_CERT_LDEVID ? add_change(db, c->serial) : HF_OK;
}

static hf_err one_cert(struct hf_db *db, const char *sql, hf_bytes key, struct hf_cert_row *c)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, sql, "b", key));
	memset(c, 0, sizeof(*c)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_cert(&s, c);
}

hf_err hf_cert_by_serial(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN],
			 struct hf_cert_row *c)
{
	return one_cert(db, "SELECT " CERT_COLS "WHERE c.serial = ?", HF__FIXED(serial, HF_STORE_SERIAL_LEN),
			c);
}

hf_err hf_cert_by_hash(struct hf_db *db, const uint8_t sha256[static HF_SHA256_LEN], struct hf_cert_row *c)
{
	return one_cert(db, "SELECT " CERT_COLS "WHERE c.sha256 = ?", HF__FIXED(sha256, HF_SHA256_LEN), c);
}

hf_err hf_cert_by_spki(struct hf_db *db, const uint8_t spki[static HF_SHA256_LEN], struct hf_cert_row *c)
{
	return one_cert(db, "SELECT " CERT_COLS "WHERE c.spki_sha256 = ?", HF__FIXED(spki, HF_SHA256_LEN), c);
}

hf_err hf_cert_der(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN], struct hf_buf *der)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT der FROM cert WHERE serial = ?", "b",
			HF__FIXED(serial, HF_STORE_SERIAL_LEN)));
	HF_TRY(hf__step(&s));
	return hf_buf_put(der, hf__col_bytes(&s, 0));
}

hf_err hf_cert_set_state(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN], int state)
{
	int changed = 0;

	HF_TRY(hf__run(db, &changed, "UPDATE cert SET state = ?, changed_at = ? WHERE serial = ?", "iib",
		       (int64_t)state, db->now, HF__FIXED(serial, HF_STORE_SERIAL_LEN)));
	if (!changed)
		return HF_ERR_STORE_ABSENT;
	return add_change(db, serial);
}

hf_err hf_cert_count_reissue(struct hf_db *db, const uint8_t serial[static HF_STORE_SERIAL_LEN])
{
	return hf__run(db, NULL, "UPDATE cert SET reissues = reissues + 1 WHERE serial = ?", "b",
		       HF__FIXED(serial, HF_STORE_SERIAL_LEN));
}

static hf_err each_cert(struct hf__st *s, hf_cert_each each, void *ctx)
{
	struct hf_cert_row c;
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		HF_TRY(read_cert(s, &c));
		HF_TRY(each(ctx, &c));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_cert_children(struct hf_db *db, const uint8_t parent[static HF_STORE_SERIAL_LEN], hf_cert_each each,
			void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " CERT_COLS "WHERE c.parent = ? ORDER BY c.issued_at, c.serial", "b",
			HF__FIXED(parent, HF_STORE_SERIAL_LEN)));
	return each_cert(&s, each, ctx);
}

hf_err hf_cert_of_device(struct hf_db *db, int64_t device, int kind, hf_cert_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT " CERT_COLS "WHERE c.device = ? AND (?2 = 0 OR c.kind = ?2) "
			"ORDER BY c.issued_at",
			"ii", device, (int64_t)kind));
	return each_cert(&s, each, ctx);
}

hf_err hf_cert_revoked(struct hf_db *db, int64_t since, hf_cert_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT " CERT_COLS "WHERE c.kind = 1 AND c.state IN (4, 5, 6, 7) "
			"AND c.not_after >= ? ORDER BY c.serial",
			"i", since));
	return each_cert(&s, each, ctx);
}

struct serials {
	uint8_t serial[HF_STORE_LIST_MAX][HF_STORE_SERIAL_LEN];
	unsigned n;
};

static hf_err keep_serial(void *ctx, const struct hf_cert_row *c)
{
	struct serials *list = ctx;

	memcpy(list->serial[list->n++], c->serial, sizeof(c->serial));
	return HF_OK;
}

hf_err hf_cert_expire(struct hf_db *db, int64_t before, unsigned limit, unsigned *n)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct serials list = { .n = 0 };

	*n = 0;
	HF_TRY(hf__bind(db, &s,
			"SELECT " CERT_COLS "WHERE c.kind = 1 AND c.state IN (1, 2, 3) "
			"AND c.not_after < ? LIMIT ?",
			"ii", before, (int64_t)(limit < HF_STORE_LIST_MAX ? limit : HF_STORE_LIST_MAX)));
	HF_TRY(each_cert(&s, keep_serial, &list));
	for (unsigned i = 0; i < list.n; i++)
		HF_TRY(hf_cert_set_state(db, list.serial[i], HF_CERT_EXPIRED));
	*n = list.n;
	return HF_OK;
}

hf_err hf_change_epoch(struct hf_db *db, int64_t *epoch)
{
	return hf__int(db, epoch, "SELECT coalesce(max(epoch), 0) FROM cert_change", "");
}

static hf_err each_change(struct hf__st *s, hf_change_each each, void *ctx)
{
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		struct hf_change c = { .epoch = hf__col_int(s, 0) };

		hf__col_blob(s, 1, c.cert_sha256, sizeof(c.cert_sha256));
		hf__col_text(s, 2, c.dev, sizeof(c.dev));
		c.state = (uint8_t)hf__col_int(s, 3);
		c.budget = (uint8_t)hf__col_int(s, 4);
		c.not_after = hf__col_int(s, 5);
		HF_TRY(s->err);
		HF_TRY(each(ctx, &c));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_change_list(struct hf_db *db, int64_t epoch, unsigned limit, hf_change_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT epoch, sha256, dev, state, budget, not_after FROM cert_change "
			"WHERE epoch > ? ORDER BY epoch LIMIT ?",
			"ii", epoch, (int64_t)limit));
	return each_change(&s, each, ctx);
}

hf_err hf_change_snapshot(struct hf_db *db, hf_change_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	int64_t epoch = 0;

	HF_TRY(hf_change_epoch(db, &epoch));
	HF_TRY(hf__bind(db, &s,
			"SELECT ?1, c.sha256, c.dev, c.state, coalesce(d.budget, 2), c.not_after "
			"FROM cert c LEFT JOIN device d ON d.id = c.device WHERE c.kind = 1 AND "
			"(c.state IN (1, 2, 3, 6) OR (c.state = 4 AND c.not_after > ?2))",
			"ii", epoch, db->now));
	return each_change(&s, each, ctx);
}
