/* releases.c -- bundles in, which device shall look at which, heads of the log.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "api_priv.h"
#include "bundle_names.h"

enum { SMALL = 4096, HEAD_MAX = 2048 };

static void put_release(struct api_call *c, const struct hf_release_row *r)
{
	struct hf_json_out *j = &c->json;

	hf_json_open(j, NULL, '{');
	hf_json_put_hex(j, "d", HF_ARR(r->d));
	hf_json_put_hex(j, "bundle", HF_ARR(r->bundle));
	hf_json_put_uint(j, "sequence", r->sequence);
	hf_json_put_text(j, "state", r->state == HF_RELEASE_CURRENT ? "current" : "revoked");
	if (r->reason[0] != '\0')
		hf_json_put_text(j, "reason", r->reason);
	hf_json_put_text(j, "by", r->by);
	hf_json_put_int(j, "created", r->created);
	hf_json_put_int(j, "changed", r->changed);
	hf_json_close(j);
}

static hf_err read_hash(struct api_call *c, const char *text, uint8_t out[static HF_SHA256_LEN])
{
	struct hf_out o = { out, HF_SHA256_LEN, 0 };
	hf_err err = hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &o);

	return err == HF_OK && o.len == HF_SHA256_LEN ? HF_OK : api_refuse(c, API_NOT_FOUND, "%s", "");
}

static hf_err find(struct hf_db *db, struct api_call *c, const char *d_hex, struct hf_release_row *r)
{
	uint8_t d[HF_SHA256_LEN];

	HF_TRY(read_hash(c, d_hex, d));
	return hf_release_get(db, c->who.account, d, r);
}

static hf_err release_event(struct hf_db *db, struct api_call *c, int level, const char *kind,
			    const char *dev, const struct hf_release_row *r)
{
	char hex[2 * HF_SHA256_LEN + 1] = "", detail[128];
	struct hf_out out = { (uint8_t *)hex, sizeof(hex) - 1, 0 };

	HF_TRY(hf_hex_encode(HF_ARR(r->d), &out));
	(void)snprintf(detail, sizeof(detail), "{\"d\":\"%s\",\"sequence\":%llu}", hex,
		       (unsigned long long)r->sequence);
	return api_event(db, c, level, kind, dev, detail);
}

static hf_err upload(struct hf_db *db, struct api_call *c)
{
	struct hf_release_row r = { .id = 0 };
	bool fresh = false;

	if (api_bundle_names(c->req->body, r.d, &r.sequence) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "the bundle of a release (HFB1, kind 1) is needed");
	memcpy(r.account, c->who.account, sizeof(r.account));
	memcpy(r.by, c->who.name, sizeof(r.by));
	HF_TRY(hf_release_put(db, &r, c->req->body, &fresh));
	if (r.state == HF_RELEASE_REVOKED)
		return api_refuse(c, API_CONFLICT, "this release was revoked");
	HF_TRY(release_event(db, c, HF_EVENT_NOTICE, fresh ? "release.uploaded" : "release.repeated", "",
			     &r));
	c->status = fresh ? 201 : 200;
	api_set_etag(c, r.version);
	put_release(c, &r);
	return HF_OK;
}

static hf_err show(struct hf_db *db, struct api_call *c)
{
	struct hf_release_row r;

	HF_TRY(find(db, c, c->req->param[0], &r));
	api_set_etag(c, r.version);
	put_release(c, &r);
	return HF_OK;
}

struct rows {
	struct api_call *c;
	struct api_page page;
};

static hf_err list_one(void *ctx, const struct hf_release_row *r)
{
	struct rows *rows = ctx;

	if (api_page_take(&rows->page, r->id))
		put_release(rows->c, r);
	return HF_OK;
}

static hf_err list(struct hf_db *db, struct api_call *c)
{
	struct rows rows = { .c = c };

	HF_TRY(api_page_read(c, &rows.page));
	api_page_open(c);
	HF_TRY(hf_release_list(db, c->who.account, rows.page.after, api_page_ask(&rows.page), list_one,
			       &rows));
	api_page_close(c, &rows.page, false);
	return HF_OK;
}

static hf_err revoke(struct hf_db *db, struct api_call *c)
{
	struct hf_release_row r;
	char reason[HF_STORE_TEXT_CAP];
	hf_err err;

	HF_TRY(api_reason(c, reason));
	HF_TRY(find(db, c, c->req->param[0], &r));
	err = hf_release_revoke(db, r.id, reason);
	if (err == HF_ERR_STORE_STALE)
		return api_refuse(c, API_CONFLICT, "it is revoked already");
	HF_TRY(err);
	HF_TRY(hf_release_get(db, c->who.account, r.d, &r));
	HF_TRY(release_event(db, c, HF_EVENT_NOTICE, "release.revoked", "", &r));
	api_set_etag(c, r.version);
	put_release(c, &r);
	return HF_OK;
}

/* ---- looks ---- */

static hf_err put_look(struct hf_db *db, struct api_call *c, const char *dev)
{
	static const char *const states[] = { "", "queued", "sent", "reported" };
	struct hf_look_row l;

	HF_TRY(hf_look_get(db, dev, &l));
	hf_json_open(&c->json, NULL, '{');
	hf_json_put_text(&c->json, "dev", l.dev);
	hf_json_put_hex(&c->json, "release", HF_ARR(l.d));
	hf_json_put_hex(&c->json, "bundle", HF_ARR(l.bundle));
	hf_json_put_text(&c->json, "state",
			 l.state > 0 && l.state <= HF_LOOK_REPORTED ? states[l.state] : "");
	hf_json_put_int(&c->json, "changed", l.changed);
	hf_json_close(&c->json);
	return HF_OK;
}

static hf_err show_look(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d;

	HF_TRY(api_device(db, c, &d));
	return put_look(db, c, d.dev);
}

struct look_in {
	char release[2 * HF_SHA256_LEN + 1];
};

/* The device would refuse it with E_ROLLBACK. */
static hf_err check_floor(struct hf_db *db, struct api_call *c, const char *dev,
			  const struct hf_release_row *r)
{
	uint64_t floor = 0;
	hf_err err = hf_device_floor_get(db, dev, &floor);

	if (err == HF_OK && r->sequence < floor)
		return api_refuse(c, API_CONFLICT, "the device accepts nothing older than sequence %llu",
				  (unsigned long long)floor);
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err ask_look(struct hf_db *db, struct api_call *c)
{
	static const struct hf_json_field fields[] = { { .name = "release",
							 .type = HF_JSON_TEXT,
							 .required = true,
							 .cap = 2 * HF_SHA256_LEN + 1 } };
	struct look_in in = { "" };
	struct hf_why why = { 0 };
	struct hf_release_row r;
	struct hf_device_row d;

	HF_TRY(api_device(db, c, &d));
	if (hf_json_read(c->req->body, fields, 1, &in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	HF_TRY(find(db, c, in.release, &r));
	if (r.state == HF_RELEASE_REVOKED)
		return api_refuse(c, API_CONFLICT, "this release was revoked");
	HF_TRY(check_floor(db, c, d.dev, &r));
	HF_TRY(hf_look_put(db, d.dev, r.id, c->who.name));
	HF_TRY(release_event(db, c, HF_EVENT_INFO, "release.look", d.dev, &r));
	c->status = 201;
	return put_look(db, c, d.dev);
}

/* ---- heads ---- */

static hf_err put_head(void *ctx, const struct hf_head_row *h)
{
	struct api_call *c = ctx;

	hf_json_open(&c->json, NULL, '{');
	hf_json_put_hex(&c->json, "policy_ref", HF_ARR(h->policy_ref));
	hf_json_put_uint(&c->json, "log", h->log);
	hf_json_put_uint(&c->json, "size", h->size);
	hf_json_put_int(&c->json, "received", h->received);
	hf_json_put_bytes(&c->json, "bytes", h->bytes);
	hf_json_close(&c->json);
	return HF_OK;
}

static hf_err list_heads(struct hf_db *db, struct api_call *c)
{
	hf_json_open(&c->json, NULL, '{');
	hf_json_open(&c->json, "items", '[');
	HF_TRY(hf_head_list(db, c->who.account, HF_STORE_LIST_MAX, put_head, c));
	hf_json_close(&c->json);
	hf_json_close(&c->json);
	return HF_OK;
}

static hf_err bring_head(struct hf_db *db, struct api_call *c)
{
	struct hf_head_row h;
	char detail[64];
	hf_err err;

	if (api_head_names(c->req->body, &h) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "the head of a log (HFH1) is needed");
	err = hf_head_put(db, c->who.account, &h);
	if (err == HF_ERR_STORE_STALE)
		return api_refuse(c, API_CONFLICT, "a larger head of this log is here");
	HF_TRY(err);
	(void)snprintf(detail, sizeof(detail), "{\"size\":%llu}", (unsigned long long)h.size);
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "log.head", "", detail));
	c->status = 201;
	h.received = hf_db_now(db);
	return put_head(c, &h);
}

static const char json[] = "application/json";
static const char bundle[] = "application/vnd.holdfast.bundle";
static const char head[] = "application/vnd.holdfast.head";
enum { ACT = API_WRITE | API_ONCE };

const struct api_route api_release_routes[] = {
	{ HF_HTTP_GET, "/v1/releases", API_READ, 0, NULL, NULL, list },
	{ HF_HTTP_POST, "/v1/releases", ACT, HF_STORE_BUNDLE_MAX, bundle, NULL, upload },
	{ HF_HTTP_GET, "/v1/releases/{d}", API_READ, 0, NULL, NULL, show },
	{ HF_HTTP_POST, "/v1/releases/{d}/revoke", ACT, SMALL, json, NULL, revoke },
	{ HF_HTTP_GET, "/v1/devices/{dev}/look", API_READ, 0, NULL, NULL, show_look },
	{ HF_HTTP_POST, "/v1/devices/{dev}/look", ACT, SMALL, json, NULL, ask_look },
	{ HF_HTTP_GET, "/v1/heads", API_READ, 0, NULL, NULL, list_heads },
	{ HF_HTTP_POST, "/v1/heads", ACT, HEAD_MAX, head, NULL, bring_head },
	{ .pattern = NULL },
};
