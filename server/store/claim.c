/* claim.c -- claims and one-time codes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "store_priv.h"

#define CLAIM_COLS \
	"cid, kc, factory, device, line, owner, open_until, spki_sha256, wrong, locked_until, label " \
	"FROM claim "

static hf_err read_claim(struct hf__st *s, struct hf_claim_row *c)
{
	memset(c, 0, sizeof(*c));
	hf__col_blob(s, 0, c->cid, sizeof(c->cid));
	hf_bytes kc = hf__col_bytes(s, 1);
	if (kc.len == 0 || kc.len > sizeof(c->kc))
		return HF_ERR_STORE_FOREIGN;
	memcpy(c->kc, kc.ptr, kc.len);
	c->kc_len = kc.len;
	c->factory = hf__col_int(s, 2) != 0;
	c->device = hf__col_int(s, 3);
	hf__col_text(s, 4, c->line, sizeof(c->line));
	hf__col_text(s, 5, c->owner, sizeof(c->owner));
	c->open_until = hf__col_int(s, 6);
	c->bound = hf__col_maybe(s, 7, c->spki_sha256, sizeof(c->spki_sha256));
	c->wrong = (unsigned)hf__col_int(s, 8);
	c->locked_until = hf__col_int(s, 9);
	hf__col_text(s, 10, c->label, sizeof(c->label));
	return s->err;
}

hf_err hf_claim_get(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN], struct hf_claim_row *c)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " CLAIM_COLS "WHERE cid = ?", "b", HF__FIXED(cid, HF_CLAIM_CID_LEN)));
	memset(c, 0, sizeof(*c)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_claim(&s, c);
}

hf_err hf_claim_of_device(struct hf_db *db, int64_t device, struct hf_claim_row *c)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s, "SELECT " CLAIM_COLS "WHERE device = ? LIMIT 1", "i", device));
	memset(c, 0, sizeof(*c)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	return read_claim(&s, c);
}

hf_err hf_claim_put(struct hf_db *db, const struct hf_claim_row *c)
{
	hf_bytes none = { NULL, 0 };

	if (c->kc_len == 0 || c->kc_len > sizeof(c->kc))
		return HF_ERR_BASE_MISUSE;
	return hf__run(
		db, NULL,
		"INSERT INTO claim VALUES(?,?,?,nullif(?,0),?,?,?,?,?,?,?) ON CONFLICT(cid) DO UPDATE SET "
		"kc = excluded.kc, factory = excluded.factory, device = excluded.device, line = "
		"excluded.line,"
		" owner = excluded.owner, open_until = excluded.open_until,"
		" spki_sha256 = excluded.spki_sha256, wrong = excluded.wrong,"
		" locked_until = excluded.locked_until, label = excluded.label",
		"bbiittiBiit", HF_ARR(c->cid), HF__FIXED(c->kc, c->kc_len), (int64_t)c->factory, c->device,
		c->line, c->owner, c->open_until, c->bound ? HF_ARR(c->spki_sha256) : none, (int64_t)c->wrong,
		c->locked_until, c->label);
}

hf_err hf_claim_drop(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN])
{
	return hf__run(db, NULL, "DELETE FROM claim WHERE cid = ?", "b", HF__FIXED(cid, HF_CLAIM_CID_LEN));
}

hf_err hf_basic_get(struct hf_db *db, const uint8_t hash[static HF_SHA256_LEN], struct hf_basic_code *c)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT hash, device, line, owner, spki_sha256, expires FROM basic_code "
			"WHERE hash = ?",
			"b", HF__FIXED(hash, HF_SHA256_LEN)));
	memset(c, 0, sizeof(*c)); /* after binding: the key may lie in it */
	HF_TRY(hf__step(&s));
	hf__col_blob(&s, 0, c->hash, sizeof(c->hash));
	c->device = hf__col_int(&s, 1);
	hf__col_text(&s, 2, c->line, sizeof(c->line));
	hf__col_text(&s, 3, c->owner, sizeof(c->owner));
	c->bound = hf__col_maybe(&s, 4, c->spki_sha256, sizeof(c->spki_sha256));
	c->expires = hf__col_int(&s, 5);
	return s.err;
}

hf_err hf_basic_put(struct hf_db *db, const struct hf_basic_code *c)
{
	hf_bytes none = { NULL, 0 };

	return hf__run(db, NULL, "INSERT OR REPLACE INTO basic_code VALUES(?,nullif(?,0),?,?,?,?)", "bittBi",
		       HF_ARR(c->hash), c->device, c->line, c->owner,
		       c->bound ? HF_ARR(c->spki_sha256) : none, c->expires);
}
