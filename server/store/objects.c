/* objects.c -- signed objects and sealed data of devices, kept verbatim; repeats are known by their hash.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "store_priv.h"

static hf_err each_object(struct hf__st *s, const char *cls, hf_object_each each, void *ctx)
{
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		struct hf_object o = { .id = hf__col_int(s, 0), .cls = cls };

		hf__col_text(s, 1, o.dev, sizeof(o.dev));
		o.name = hf__col_str(s, 2);
		o.bytes = hf__col_bytes(s, 3);
		o.received = hf__col_int(s, 4);
		hf__col_blob(s, 5, o.cert_sha256, sizeof(o.cert_sha256));
		HF_TRY(s->err);
		HF_TRY(each(ctx, &o));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err receipt_event(struct hf_db *db, const char *dev, const uint8_t hash[static HF_SHA256_LEN])
{
	struct hf_device_row d;
	char hex[2 * HF_SHA256_LEN + 1] = { 0 }, detail[96];
	struct hf_out out = { (uint8_t *)hex, sizeof(hex) - 1, 0 };

	HF_TRY(hf_hex_encode((hf_bytes){ hash, HF_SHA256_LEN }, &out));
	(void)snprintf(detail, sizeof(detail), "{\"sha256\":\"%s\"}", hex);
	hf_err err = hf_device_by_dev(db, dev, &d);
	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	struct hf_event_row e = { .level = HF_EVENT_INFO,
				  .kind = "command.receipt",
				  .account = d.owner,
				  .dev = dev,
				  .actor = "device",
				  .detail = detail };
	return hf_event_add(db, &e);
}

hf_err hf_receipt_add(struct hf_db *db, const char *dev, const uint8_t cti[static HF_STORE_CTI_LEN],
		      hf_bytes bytes, const uint8_t cert_sha256[static HF_SHA256_LEN], bool *fresh)
{
	uint8_t hash[HF_SHA256_LEN];
	int changed = 0;

	*fresh = false;
	HF_TRY(hf__sha256(bytes, hash));
	HF_TRY(hf__run(db, &changed,
		       "INSERT OR IGNORE INTO receipt(dev, cti, bytes, sha256, cert_sha256, received) "
		       "VALUES(?,?,?,?,?,?)",
		       "tbbbbi", dev, HF__FIXED(cti, HF_STORE_CTI_LEN), bytes, HF_ARR(hash),
		       HF__FIXED(cert_sha256, HF_SHA256_LEN), db->now));
	if (!changed)
		return HF_OK;
	HF_TRY(hf__run(db, NULL,
		       "UPDATE command SET state = 3, changed = ?, version = version + 1 "
		       "WHERE dev = ? AND cti = ? AND state <> 3",
		       "itb", db->now, dev, HF__FIXED(cti, HF_STORE_CTI_LEN)));
	*fresh = true;
	return receipt_event(db, dev, hash);
}

static hf_err each_receipt(struct hf__st *s, hf_object_each each, void *ctx)
{
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		char name[32] = { 0 };
		struct hf_out out = { (uint8_t *)name, sizeof(name) - 1, 0 };
		struct hf_object o = { .id = hf__col_int(s, 0), .cls = "rcpt", .name = name };

		hf__col_text(s, 1, o.dev, sizeof(o.dev));
		HF_TRY(hf_base64url_encode(hf__col_bytes(s, 2), &out));
		o.bytes = hf__col_bytes(s, 3);
		o.received = hf__col_int(s, 4);
		hf__col_blob(s, 5, o.cert_sha256, sizeof(o.cert_sha256));
		HF_TRY(s->err);
		HF_TRY(each(ctx, &o));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_receipt_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit, hf_object_each each,
		       void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT id, dev, cti, bytes, received, cert_sha256 FROM receipt "
			"WHERE dev = ? AND id > ? ORDER BY id LIMIT ?",
			"tii", dev, after, (int64_t)limit));
	return each_receipt(&s, each, ctx);
}

hf_err hf_endorsement_add(struct hf_db *db, const char *dev, uint32_t gen, hf_bytes bytes,
			  const uint8_t cert_sha256[static HF_SHA256_LEN], bool *fresh)
{
	uint8_t hash[HF_SHA256_LEN];
	int changed = 0;

	HF_TRY(hf__sha256(bytes, hash));
	HF_TRY(hf__run(db, &changed,
		       "INSERT OR IGNORE INTO endorsement(dev, gen, bytes, sha256, cert_sha256, received) "
		       "VALUES(?,?,?,?,?,?)",
		       "tibbbi", dev, (int64_t)gen, bytes, HF_ARR(hash),
		       HF__FIXED(cert_sha256, HF_SHA256_LEN), db->now));
	*fresh = changed > 0;
	return HF_OK;
}

hf_err hf_endorsement_list(struct hf_db *db, const char *dev, hf_object_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT gen, dev, 'endorse', bytes, received, cert_sha256 FROM endorsement "
			"WHERE dev = ? ORDER BY id",
			"t", dev));
	return each_object(&s, "id", each, ctx);
}

/* How many of a class stay; 0 = all. */
static int64_t keep_of(const char *cls)
{
	if (strcmp(cls, "tele") == 0)
		return HF_TELE_KEEP;
	return strcmp(cls, "hb") == 0 || strcmp(cls, "upd") == 0 ? 1 : 0;
}

hf_err hf_message_add(struct hf_db *db, const char *dev, const char *cls, const char *name, hf_bytes bytes,
		      const uint8_t cert_sha256[static HF_SHA256_LEN], bool *fresh)
{
	uint8_t hash[HF_SHA256_LEN];
	int changed = 0;

	HF_TRY(hf__sha256(bytes, hash));
	HF_TRY(hf__run(
		db, &changed,
		"INSERT OR IGNORE INTO message(dev, class, name, bytes, sha256, cert_sha256, received) "
		"VALUES(?,?,?,?,?,?,?)",
		"tttbbbi", dev, cls, name, bytes, HF_ARR(hash), HF__FIXED(cert_sha256, HF_SHA256_LEN),
		db->now));
	*fresh = changed > 0;
	int64_t keep = keep_of(cls);
	if (!*fresh || keep == 0)
		return HF_OK;
	return hf__run(db, NULL,
		       "DELETE FROM message WHERE dev = ?1 AND class = ?2 AND id <= (SELECT id FROM message "
		       "WHERE dev = ?1 AND class = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
		       "tti", dev, cls, keep);
}

hf_err hf_message_list(struct hf_db *db, const char *dev, const char *cls, int64_t after, unsigned limit,
		       hf_object_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT id, dev, name, bytes, received, cert_sha256 FROM message "
			"WHERE dev = ? AND class = ? AND id > ? ORDER BY id LIMIT ?",
			"ttii", dev, cls, after, (int64_t)limit));
	return each_object(&s, cls, each, ctx);
}

static hf_err each_frame(struct hf__st *s, hf_frame_each each, void *ctx)
{
	hf_err err = HF_OK;

	while ((err = hf__step(s)) == HF_OK) {
		struct hf_frame_row f = { .id = hf__col_int(s, 0) };

		hf__col_text(s, 1, f.dev, sizeof(f.dev));
		f.kid = hf__col_bytes(s, 2);
		f.counter = (uint64_t)hf__col_int(s, 3);
		f.bytes = hf__col_bytes(s, 4);
		f.received = hf__col_int(s, 5);
		HF_TRY(s->err);
		HF_TRY(each(ctx, &f));
	}
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

hf_err hf_stream_add(struct hf_db *db, const char *dev, hf_bytes kid, hf_bytes bytes, bool *fresh)
{
	uint8_t hash[HF_SHA256_LEN];
	int changed = 0;

	HF_TRY(hf__sha256(bytes, hash));
	HF_TRY(hf__run(db, &changed,
		       "INSERT OR IGNORE INTO stream(dev, kid, bytes, sha256, received) VALUES(?,?,?,?,?)",
		       "tbbbi", dev, kid, bytes, HF_ARR(hash), db->now));
	*fresh = changed > 0;
	return HF_OK;
}

hf_err hf_stream_list(struct hf_db *db, const char *dev, int64_t after, unsigned limit, hf_frame_each each,
		      void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT id, dev, kid, 0, bytes, received FROM stream WHERE dev = ? AND id > ? "
			"ORDER BY id LIMIT ?",
			"tii", dev, after, (int64_t)limit));
	return each_frame(&s, each, ctx);
}

hf_err hf_frame_add(struct hf_db *db, const char *dev, hf_bytes kid, uint64_t counter, hf_bytes bytes,
		    bool *fresh)
{
	uint8_t hash[HF_SHA256_LEN];
	int changed = 0;

	HF_TRY(hf__sha256(bytes, hash));
	HF_TRY(hf__run(db, &changed,
		       "INSERT OR IGNORE INTO frame(dev, kid, counter, bytes, sha256, received) "
		       "VALUES(?,?,?,?,?,?)",
		       "tbibbi", dev, kid, (int64_t)counter, bytes, HF_ARR(hash), db->now));
	*fresh = changed > 0;
	return HF_OK;
}

hf_err hf_frame_list(struct hf_db *db, const char *dev, hf_bytes kid, int64_t after, unsigned limit,
		     hf_frame_each each, void *ctx)
{
	struct hf__st s HF_AUTO(hf__done) = { 0 };

	HF_TRY(hf__bind(db, &s,
			"SELECT id, dev, kid, counter, bytes, received FROM frame WHERE dev = ? "
			"AND (?2 IS NULL OR kid = ?2) AND id > ? ORDER BY id LIMIT ?",
			"tBii", dev, kid, after, (int64_t)limit));
	return each_frame(&s, each, ctx);
}
