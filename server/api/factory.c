/* factory.c -- product lines, production orders, units and their reconciliation.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/order.h>
#include <holdfast/statement.h>
#include "api_priv.h"

enum { STATEMENT_MAX = HF_STATEMENT_MAX_LEN, MANIFEST_MAX = 1 << 20, SMALL = 16384 };

/* ---- product lines ---- */

static void put_product(struct api_call *c, const struct hf_product_row *p)
{
	struct hf_json_out *j = &c->json;

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "line", p->line);
	hf_json_put_text(j, "oid", p->oid);
	hf_json_put_text(j, "enrol", hf_deploy_enrol_text((uint64_t)p->enrol));
	hf_json_put_int(j, "life_s", p->life_s);
	hf_json_put_int(j, "grace_s", p->grace_s);
	hf_json_put_int(j, "offline_s", p->offline_s);
	hf_json_put_bool(j, "pop_required", p->pop_required);
	hf_json_put_bool(j, "basic", p->basic);
	hf_json_put_bool(j, "wrap", p->wrap);
	hf_json_put_text(j, "owner", p->owner);
	hf_json_put_bool(j, "factory", p->has_ca);
	hf_json_close(j);
}

static hf_err list_product(void *ctx, const struct hf_product_row *p)
{
	put_product(ctx, p);
	return HF_OK;
}

static hf_err list_products(struct hf_db *db, struct api_call *c)
{
	struct api_page page;

	HF_TRY(api_page_read(c, &page));
	api_page_open(c);
	HF_TRY(hf_product_list(db, "", HF_STORE_LIST_MAX, list_product, c));
	api_page_close(c, &page, false);
	return HF_OK;
}

static hf_err show_product(struct hf_db *db, struct api_call *c)
{
	struct hf_product_row p;

	if (strlen(c->req->param[0]) >= HF_STORE_NAME_CAP)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	HF_TRY(hf_product_get(db, c->req->param[0], &p));
	put_product(c, &p);
	return HF_OK;
}

/* ---- orders ---- */

void api_put_order(struct api_call *c, const struct hf_order_row *o)
{
	struct hf_json_out *j = &c->json;

	hf_json_open(j, NULL, '{');
	hf_json_put_hex(j, "id", HF_ARR(o->id));
	hf_json_put_text(j, "line", o->line);
	hf_json_put_uint(j, "quantity", o->quantity);
	hf_json_put_uint(j, "allowance", o->allowance);
	hf_json_put_int(j, "not_before", o->not_before);
	hf_json_put_int(j, "not_after", o->not_after);
	hf_json_put_text(j, "mode", o->mode == HF_STORE_ORDER_MANIFEST ? "manifest" : "online");
	hf_json_put_text(j, "state", o->state == HF_STORE_ORDER_OPEN ? "open" : "closed");
	hf_json_put_int(j, "commit_s", o->commit_s);
	hf_json_put_text(j, "by", o->by);
	hf_json_put_int(j, "created", o->created);
	hf_json_close(j);
}

struct orders {
	struct api_call *c;
	struct api_page page;
};

static hf_err list_order(void *ctx, int64_t row, const struct hf_order_row *o)
{
	struct orders *l = ctx;

	if (api_page_take(&l->page, row))
		api_put_order(l->c, o);
	return HF_OK;
}

static hf_err list_orders(struct hf_db *db, struct api_call *c)
{
	struct orders l = { .c = c };

	HF_TRY(api_page_read(c, &l.page));
	api_page_open(c);
	HF_TRY(hf_order_list(db, l.page.after, api_page_ask(&l.page), list_order, &l));
	api_page_close(c, &l.page, false);
	return HF_OK;
}

static hf_err find_order(struct hf_db *db, struct api_call *c, struct hf_order_row *o)
{
	uint8_t id[HF_STORE_ORDER_LEN];

	HF_TRY(api_path_bytes(c, 0, true, id));
	return hf_order_get(db, id, o, NULL);
}

static hf_err show_order(struct hf_db *db, struct api_call *c)
{
	struct hf_order_row o;

	HF_TRY(find_order(db, c, &o));
	api_set_etag(c, o.version);
	api_put_order(c, &o);
	return HF_OK;
}

hf_err api_put_report(struct hf_db *db, struct api_call *c, const uint8_t id[static HF_STORE_ORDER_LEN])
{
	struct hf_json_out *j = &c->json;
	struct hf_report r;

	HF_TRY(hf_order_report(db, id, &r));
	hf_json_open(j, NULL, '{');
	hf_json_put_hex(j, "id", HF_ARR(r.order.id));
	hf_json_put_uint(j, "quantity", r.order.quantity);
	hf_json_put_uint(j, "allowance", r.order.allowance);
	hf_json_put_uint(j, "issued", r.count.issued);
	hf_json_put_uint(j, "open", r.count.open);
	hf_json_put_uint(j, "committed", r.count.committed);
	hf_json_put_uint(j, "void", r.count.voided);
	hf_json_put_uint(j, "scrapped", r.count.scrapped);
	hf_json_put_uint(j, "shipped", r.count.shipped);
	hf_json_put_uint(j, "journal", r.count.journal);
	hf_json_put_bool(j, "exact", r.n_problems == 0);
	hf_json_open(j, "problems", '[');
	for (unsigned i = 0; i < r.n_problems; i++)
		hf_json_put_text(j, NULL, r.problem[i]);
	hf_json_close(j);
	hf_json_close(j);
	return HF_OK;
}

static hf_err show_report(struct hf_db *db, struct api_call *c)
{
	struct hf_order_row o;

	HF_TRY(find_order(db, c, &o));
	return api_put_report(db, c, o.id);
}

static hf_err close_order(struct hf_db *db, struct api_call *c)
{
	char reason[HF_STORE_TEXT_CAP];
	struct hf_order_row o;

	HF_TRY(find_order(db, c, &o));
	HF_TRY(api_reason(c, reason));
	if (o.state != HF_STORE_ORDER_OPEN)
		return api_refuse(c, API_CONFLICT, "the order is closed");
	HF_TRY(hf_order_close(db, o.id, o.version));
	HF_TRY(hf_order_get(db, o.id, &o, NULL));
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "order.closed", "", "{}"));
	api_set_etag(c, o.version);
	api_put_order(c, &o);
	return HF_OK;
}

/* ---- units ---- */

static void put_unit(struct api_call *c, const struct hf_unit_row *u)
{
	static const char *const states[] = { "", "open", "committed", "void", "scrapped" };
	struct hf_json_out *j = &c->json;

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "handle", u->handle);
	hf_json_put_hex(j, "spki_sha256", HF_ARR(u->spki_sha256));
	hf_json_put_text(j, "state", states[u->state >= 1 && u->state <= 4 ? u->state : 0]);
	hf_json_put_bool(j, "shipped", u->shipped);
	hf_json_put_int(j, "issued_at", u->issued_at);
	hf_json_put_int(j, "commit_by", u->commit_by);
	hf_json_close(j);
}

static hf_err list_unit(void *ctx, const struct hf_unit_row *u)
{
	struct orders *l = ctx;

	if (api_page_take(&l->page, u->id))
		put_unit(l->c, u);
	return HF_OK;
}

static hf_err list_units(struct hf_db *db, struct api_call *c)
{
	struct orders l = { .c = c };
	struct hf_order_row o;

	HF_TRY(find_order(db, c, &o));
	HF_TRY(api_page_read(c, &l.page));
	api_page_open(c);
	HF_TRY(hf_unit_list(db, o.id, l.page.after, api_page_ask(&l.page), list_unit, &l));
	api_page_close(c, &l.page, false);
	return HF_OK;
}

static hf_err act_on_units(struct hf_db *db, struct api_call *c, enum hf_unit_act act, const char *kind)
{
	static const struct hf_json_field fields[] = {
		{ .name = "handles", .type = HF_JSON_TEXTS, .required = true }
	};
	struct hf_json_texts in = { 0 };
	struct hf_why why = { 0 };
	struct hf_order_row o;
	char detail[48];

	HF_TRY(find_order(db, c, &o));
	if (hf_json_read(c->req->body, fields, 1, &in, &why) != HF_OK || in.n == 0)
		return api_refuse(c, API_BAD_REQUEST, "handles: %s", hf_why_text(&why));
	for (size_t i = 0; i < in.n; i++)
		HF_TRY(hf_unit_act(db, o.id, in.item[i], act));
	snprintf(detail, sizeof(detail), "{\"units\":%zu}", in.n);
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, kind, "", detail));
	return api_put_report(db, c, o.id);
}

static hf_err scrap(struct hf_db *db, struct api_call *c)
{
	return act_on_units(db, c, HF_UNIT_ACT_SCRAP, "order.scrapped");
}

static hf_err ship(struct hf_db *db, struct api_call *c)
{
	return act_on_units(db, c, HF_UNIT_ACT_SHIP, "order.shipped");
}

static const char json[] = "application/json";
enum { ACT = API_WRITE | API_ONCE };

const struct api_route api_factory_routes[] = {
	{ HF_HTTP_GET, "/v1/products", API_READ, 0, NULL, NULL, list_products },
	{ HF_HTTP_GET, "/v1/products/{line}", API_READ, 0, NULL, NULL, show_product },
	{ HF_HTTP_GET, "/v1/orders", API_READ, 0, NULL, NULL, list_orders },
	{ HF_HTTP_POST, "/v1/orders", ACT, STATEMENT_MAX, "application/cose; cose-type=\"cose-sign\"", NULL,
	  api_bring_order },
	{ HF_HTTP_GET, "/v1/orders/{order}", API_READ, 0, NULL, NULL, show_order },
	{ HF_HTTP_GET, "/v1/orders/{order}/report", API_READ, 0, NULL, NULL, show_report },
	{ HF_HTTP_GET, "/v1/orders/{order}/units", API_READ, 0, NULL, NULL, list_units },
	{ HF_HTTP_POST, "/v1/orders/{order}/scrap", ACT, SMALL, json, NULL, scrap },
	{ HF_HTTP_POST, "/v1/orders/{order}/ship", ACT, SMALL, json, NULL, ship },
	{ HF_HTTP_POST, "/v1/orders/{order}/close", ACT, SMALL, json, NULL, close_order },
	{ .pattern = NULL },
};
