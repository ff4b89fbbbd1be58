/* devices.c -- devices of an account: list, show, label; revoke, quarantine, lift, rearm, release.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/fleet.h>
#include "api_priv.h"

static const char *const states[] = { "", "made", "claimed", "active", "quarantined", "revoked", "released" };
static const char *const budgets[] = { "", "low", "normal", "high" };
static const char *const cert_states[] = { "",     "issued",      "seen",    "confirmed", "superseded",
					   "void", "quarantined", "revoked", "expired" };

static const char *word(const char *const *words, size_t n, int i)
{
	return i > 0 && (size_t)i < n ? words[i] : "";
}
#define WORD(words, i) word(words, sizeof(words) / sizeof((words)[0]), i)

void api_put_cert(struct api_call *c, const char *name, const struct hf_cert_row *row)
{
	struct hf_json_out *j = &c->json;

	hf_json_open(j, name, '{');
	hf_json_put_hex(j, "serial", HF_ARR(row->serial));
	hf_json_put_hex(j, "sha256", HF_ARR(row->sha256));
	hf_json_put_hex(j, "spki_sha256", HF_ARR(row->spki_sha256));
	hf_json_put_bytes(j, "public_key", HF_ARR(row->pub));
	hf_json_put_text(j, "state", WORD(cert_states, row->state));
	hf_json_put_text(j, "kind", row->kind == HF_CERT_IDEVID ? "idevid" : "ldevid");
	if (row->has_parent)
		hf_json_put_hex(j, "parent", HF_ARR(row->parent));
	else
		hf_json_put_null(j, "parent");
	hf_json_put_int(j, "not_before", row->not_before);
	hf_json_put_int(j, "not_after", row->not_after);
	hf_json_close(j);
}

/* The certificate that counts: the newest that is not void. */
static hf_err keep_newest(void *ctx, const struct hf_cert_row *row)
{
	struct hf_cert_row *newest = ctx;

	if (row->state != HF_CERT_VOID)
		*newest = *row;
	return HF_OK;
}

static void put_presence(struct hf_db *db, struct api_call *c, const struct hf_device_row *d)
{
	struct hf_presence_row p = { 0 };
	bool known = d->dev[0] != '\0' && hf_presence_get(db, d->dev, &p) == HF_OK;

	hf_json_put_bool(&c->json, "connected", known && p.up);
	hf_json_put_text(&c->json, "address", known ? p.address : NULL);
	if (known)
		hf_json_put_int(&c->json, "last_seen", p.since);
	else
		hf_json_put_null(&c->json, "last_seen");
	if (known && p.hello != 0)
		hf_json_put_int(&c->json, "last_hello", p.hello);
	else
		hf_json_put_null(&c->json, "last_hello");
}

/* The lowest sequence of a release that the device still accepts, as it reported. */
static hf_err put_floor(struct hf_db *db, struct hf_json_out *j, const char *dev)
{
	uint64_t floor = 0;
	hf_err err = hf_device_floor_get(db, dev, &floor);

	if (err == HF_OK)
		hf_json_put_uint(j, "floor", floor);
	else if (err == HF_ERR_STORE_ABSENT)
		hf_json_put_null(j, "floor");
	else
		return err;
	return HF_OK;
}

hf_err api_put_device(struct hf_db *db, struct api_call *c, const struct hf_device_row *d)
{
	struct hf_cert_row newest = { 0 };
	struct hf_json_out *j = &c->json;

	HF_TRY(hf_cert_of_device(db, d->id, HF_CERT_LDEVID, keep_newest, &newest));
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "dev", d->dev);
	hf_json_put_text(j, "line", d->line);
	hf_json_put_text(j, "owner", d->owner);
	hf_json_put_text(j, "state", WORD(states, d->state));
	hf_json_put_text(j, "label", d->label);
	hf_json_put_text(j, "reason", d->reason);
	put_presence(db, c, d);
	hf_json_put_text(j, "budget", WORD(budgets, d->budget));
	HF_TRY(put_floor(db, j, d->dev));
	hf_json_put_int(j, "created", d->created);
	hf_json_put_int(j, "changed", d->changed);
	if (newest.state != 0)
		api_put_cert(c, "certificate", &newest);
	else
		hf_json_put_null(j, "certificate");
	hf_json_close(j);
	return HF_OK;
}

/* Somebody else's device is answered like one that does not exist. */
hf_err api_device(struct hf_db *db, struct api_call *c, struct hf_device_row *d)
{
	const char *dev = c->req->param[0];

	if (strlen(dev) != HF_STORE_DEV_CAP - 1 || hf_device_by_dev(db, dev, d) != HF_OK ||
	    strcmp(d->owner, c->who.account) != 0)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	return HF_OK;
}

static hf_err show(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d = { 0 };

	HF_TRY(api_device(db, c, &d));
	api_set_etag(c, d.version);
	return api_put_device(db, c, &d);
}

struct listing {
	struct hf_db *db;
	struct api_call *c;
	struct api_page page;
};

static hf_err list_one(void *ctx, const struct hf_device_row *d)
{
	struct listing *l = ctx;

	if (d->dev[0] == '\0' || !api_page_take(&l->page, d->id))
		return HF_OK;
	return api_put_device(l->db, l->c, d);
}

static hf_err read_filter(struct api_call *c, struct hf_device_query *q, char line[static HF_STORE_NAME_CAP])
{
	char state[16];
	hf_err err = hf_http_query(c->req, "line", line, HF_STORE_NAME_CAP);

	if (err == HF_OK)
		q->line = line;
	else if (err != HF_ERR_HTTP_ABSENT)
		return api_refuse(c, API_BAD_REQUEST, "line: not well formed");
	err = hf_http_query(c->req, "state", state, sizeof(state));
	if (err == HF_ERR_HTTP_ABSENT)
		return HF_OK;
	for (int i = 1; err == HF_OK && (size_t)i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], state) == 0)
			q->state = i;
	return q->state != 0 ? HF_OK : api_refuse(c, API_BAD_REQUEST, "state: no such state");
}

static hf_err list(struct hf_db *db, struct api_call *c)
{
	struct listing l = { .db = db, .c = c };
	struct hf_device_query q = { .owner = c->who.account };
	char line[HF_STORE_NAME_CAP];

	HF_TRY(api_page_read(c, &l.page));
	HF_TRY(read_filter(c, &q, line));
	q.after = l.page.after;
	q.limit = api_page_ask(&l.page);
	api_page_open(c);
	HF_TRY(hf_device_list(db, &q, list_one, &l));
	api_page_close(c, &l.page, false);
	return HF_OK;
}

struct change {
	char label[HF_STORE_TEXT_CAP];
	char budget[8];
	bool has_label, has_budget;
};

static hf_err change(struct hf_db *db, struct api_call *c)
{
	static const struct hf_json_field fields[] = {
		{ .name = "label",
		  .type = HF_JSON_TEXT,
		  .offset = offsetof(struct change, label),
		  .cap = HF_STORE_TEXT_CAP,
		  .seen = offsetof(struct change, has_label) },
		{ .name = "budget",
		  .type = HF_JSON_TEXT,
		  .offset = offsetof(struct change, budget),
		  .cap = 8,
		  .seen = offsetof(struct change, has_budget) },
	};
	struct change in = { 0 };
	struct hf_device_row d = { 0 };
	struct hf_why why = { 0 };

	HF_TRY(api_device(db, c, &d));
	HF_TRY(api_match(c, d.version));
	if (hf_json_read(c->req->body, fields, 2, &in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	if (in.has_label)
		memcpy(d.label, in.label, sizeof(d.label));
	for (uint8_t i = 1; in.has_budget && i <= 4; i++) {
		if (i == 4)
			return api_refuse(c, API_BAD_REQUEST, "budget: low, normal or high");
		if (strcmp(budgets[i], in.budget) == 0) {
			d.budget = i;
			break;
		}
	}
	HF_TRY(hf_device_update(db, &d));
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "device.changed", d.dev, "{}"));
	api_set_etag(c, d.version);
	return api_put_device(db, c, &d);
}

hf_err api_reason(struct api_call *c, char reason[static HF_STORE_TEXT_CAP])
{
	static const struct hf_json_field fields[] = {
		{ .name = "reason", .type = HF_JSON_TEXT, .required = true, .cap = HF_STORE_TEXT_CAP },
	};
	struct hf_why why = { 0 };

	reason[0] = '\0';
	if (hf_json_read(c->req->body, fields, 1, reason, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	return reason[0] != '\0' ? HF_OK : api_refuse(c, API_BAD_REQUEST, "reason: must not be empty");
}

static hf_err act(struct hf_db *db, struct api_call *c, enum hf_owner_act what)
{
	char reason[HF_STORE_TEXT_CAP], actor[HF_STORE_NAME_CAP + 16];
	struct hf_device_row d = { 0 };

	HF_TRY(api_device(db, c, &d));
	HF_TRY(api_reason(c, reason));
	api_actor(c, actor);
	HF_TRY(hf_device_act(db, &d, what, reason, actor, &c->audit));
	api_set_etag(c, d.version);
	/* A released device has no name and no owner any more; who asked sees the last of its old one. */
	if (what == HF_ACT_RELEASE)
		memcpy(d.dev, c->req->param[0], sizeof(d.dev));
	return api_put_device(db, c, &d);
}

static hf_err revoke(struct hf_db *db, struct api_call *c)
{
	return act(db, c, HF_ACT_REVOKE);
}

static hf_err quarantine(struct hf_db *db, struct api_call *c)
{
	return act(db, c, HF_ACT_QUARANTINE);
}

static hf_err lift(struct hf_db *db, struct api_call *c)
{
	return act(db, c, HF_ACT_LIFT);
}

static hf_err rearm(struct hf_db *db, struct api_call *c)
{
	return act(db, c, HF_ACT_REARM);
}

static hf_err release(struct hf_db *db, struct api_call *c)
{
	return act(db, c, HF_ACT_RELEASE);
}

static hf_err list_cert(void *ctx, const struct hf_cert_row *row)
{
	api_put_cert(ctx, NULL, row);
	return HF_OK;
}

static hf_err list_certs(struct hf_db *db, struct api_call *c)
{
	struct api_page page = { .limit = HF_STORE_LIST_MAX };
	struct hf_device_row d = { 0 };

	HF_TRY(api_device(db, c, &d));
	api_page_open(c);
	HF_TRY(hf_cert_of_device(db, d.id, 0, list_cert, c));
	api_page_close(c, &page, false);
	return HF_OK;
}

static const char json[] = "application/json";
enum { SMALL = 4096, ACT = API_WRITE | API_ONCE };

const struct api_route api_device_routes[] = {
	{ HF_HTTP_GET, "/v1/devices", API_READ, 0, NULL, NULL, list },
	{ HF_HTTP_GET, "/v1/devices/{dev}", API_READ, 0, NULL, NULL, show },
	{ HF_HTTP_PUT, "/v1/devices/{dev}", API_WRITE, SMALL, json, NULL, change },
	{ HF_HTTP_POST, "/v1/devices/{dev}/revoke", ACT, SMALL, json, NULL, revoke },
	{ HF_HTTP_POST, "/v1/devices/{dev}/quarantine", ACT, SMALL, json, NULL, quarantine },
	{ HF_HTTP_POST, "/v1/devices/{dev}/lift", ACT, SMALL, json, NULL, lift },
	{ HF_HTTP_POST, "/v1/devices/{dev}/rearm", ACT, SMALL, json, NULL, rearm },
	{ HF_HTTP_POST, "/v1/devices/{dev}/release", ACT, SMALL, json, NULL, release },
	{ HF_HTTP_GET, "/v1/devices/{dev}/certificates", API_READ, 0, NULL, NULL, list_certs },
	{ .pattern = NULL },
};
