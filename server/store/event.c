/* event.c -- the event journal: each row's hash covers the row and the hash before it, so that nothing can
 * be taken out or changed without breaking every later hash. Triggers refuse UPDATE and DELETE.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

static void put_text(uint8_t len[static 4], hf_bytes parts[static 2], const char *text)
{
	size_t n = strlen(text);

	hf_put_be32(len, (uint32_t)n);
	parts[0] = (hf_bytes){ len, 4 };
	parts[1] = (hf_bytes){ (const uint8_t *)text, n };
}

/* SHA-256(previous | id | at | level | for each text: length, text). */
static hf_err event_hash(const struct hf_event_row *e, const uint8_t prev[static HF_SHA256_LEN],
			 uint8_t out[static HF_SHA256_LEN])
{
	uint8_t head[24], len[5][4];
	hf_bytes parts[12] = { { prev, HF_SHA256_LEN }, HF_ARR(head) };
	const char *texts[5] = { e->kind, e->account, e->dev, e->actor, e->detail };

	hf_put_be64(head, (uint64_t)e->id);
	hf_put_be64(head + 8, (uint64_t)e->at);
	hf_put_be64(head + 16, (uint64_t)e->level);
	for (size_t i = 0; i < 5; i++)
		put_text(len[i], &parts[2 + 2 * i], texts[i]);
	return hf_crypto_sha256(parts, 12, out);
}

hf_err hf_event_last(struct hf_db *db, int64_t *id, uint8_t hash[static HF_SHA256_LEN])
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	*id = 0;
	memset(hash, 0, HF_SHA256_LEN);
	HF_TRY(hf__bind(db, &s, "SELECT id, hash FROM event ORDER BY id DESC LIMIT 1", ""));
	hf_err err = hf__step(&s);
	if (err == HF_ERR_STORE_ABSENT)
		return HF_OK;
	HF_TRY(err);
	*id = hf__col_int(&s, 0);
	hf__col_blob(&s, 1, hash, HF_SHA256_LEN);
	return s.err;
}

hf_err hf_event_add(struct hf_db *db, struct hf_event_row *e)
{
	uint8_t prev[HF_SHA256_LEN];
	int64_t last = 0;

	e->account = e->account ? e->account : "";
	e->dev = e->dev ? e->dev : "";
	e->detail = e->detail ? e->detail : "{}";
	HF_TRY(hf_event_last(db, &last, prev));
	e->id = last + 1;
	e->at = db->now;
	HF_TRY(event_hash(e, prev, e->hash));
	hf_db_nudge(db);
	return hf__run(db, NULL, "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?)", "iiitttttb", e->id, e->at,
		       (int64_t)e->level, e->kind, e->account, e->dev, e->actor, e->detail, HF_ARR(e->hash));
}

static hf_err read_event(struct hf__st *s, struct hf_event_row *e)
{
	memset(e, 0, sizeof(*e));
	e->id = hf__col_int(s, 0);
	e->at = hf__col_int(s, 1);
	e->level = (int)hf__col_int(s, 2);
	e->kind = hf__col_str(s, 3);
	e->account = hf__col_str(s, 4);
	e->dev = hf__col_str(s, 5);
	e->actor = hf__col_str(s, 6);
	e->detail = hf__col_str(s, 7);
	hf__col_blob(s, 8, e->hash, sizeof(e->hash));
	return s->err;
}

hf_err hf_event_list(struct hf_db *db, const char *account, const char *dev, int64_t after, unsigned limit,
		     hf_event_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	struct hf_event_row e;
	hf_err err = HF_OK;

	HF_TRY(hf__bind(db, &s,
			"SELECT * FROM event WHERE id > ? AND (?2 IS NULL OR account = ?2) "
			"AND (?3 IS NULL OR dev = ?3) ORDER BY id LIMIT ?4",
			"itti", after, account, dev, (int64_t)limit));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_event(&s, &e));
		HF_TRY(each(ctx, &e));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err check_chain(struct hf_db *db, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };
	uint8_t prev[HF_SHA256_LEN] = { 0 }, want[HF_SHA256_LEN];
	struct hf_event_row e;
	int64_t id = 0;
	hf_err err = HF_OK;

	(void)ctx;
	HF_TRY(hf__bind(db, &s, "SELECT * FROM event ORDER BY id", ""));
	while ((err = hf__step(&s)) == HF_OK) {
		HF_TRY(read_event(&s, &e));
		HF_TRY(event_hash(&e, prev, want));
		if (e.id != ++id || memcmp(want, e.hash, sizeof(want)) != 0)
			return HF_ERR_STORE_CHAIN;
		memcpy(prev, want, sizeof(prev));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err check_file(struct hf_db *db, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	(void)ctx;
	HF_TRY(hf__bind(db, &s, "PRAGMA integrity_check(1)", ""));
	HF_TRY(hf__step(&s));
	return strcmp(hf__col_str(&s, 0), "ok") == 0 ? HF_OK : HF_ERR_STORE_FOREIGN;
}

hf_err hf_store_check(struct hf_store *s, struct hf_why *why)
{
	hf_err err = hf_store_read(s, check_file, NULL);

	if (err == HF_OK)
		err = hf_store_read(s, check_chain, NULL);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "");
}
