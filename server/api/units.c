/* units.c -- what a factory without network brings: a station's signed list of units, taken whole or not at
 * all; and the issuance journal that shows a surplus to both sides.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/identity.h>
#include <holdfast/order.h>
#include "api_priv.h"

enum { MANIFEST_MAX = 1 << 20, SEALED_MAX = HF_CLAIM_SEALED_MAX, ENTRY_MAX = 4096 };

/* Claim keys of the list, sealed for the store by the ca process before the transaction begins. */
struct sealed {
	size_t len;
	uint8_t b[SEALED_MAX];
};
struct list {
	struct hf_order order;
	struct hf_units units;
	struct hf_person station;
};

struct find {
	struct api_call *c;
	const uint8_t *id;
	struct hf_order_row row;
	struct hf_buf object;
	struct list *list;
	bool found;
};

static void find_end(struct find *f)
{
	hf_buf_free(&f->object);
}

/* The first station of the order whose key signed the list. */
static hf_err try_stations(struct hf_db *db, struct find *f)
{
	for (size_t i = 0; i < f->row.n_stations && !f->found; i++) {
		struct hf_person *p = &f->list->station;

		if (hf_person_by_spki(db, f->row.station[i], p) != HF_OK || p->kind != HF_PERSON_STATION ||
		    p->state != HF_PERSON_ACTIVE)
			continue;
		f->found = hf_units_open(f->c->req->body, p->pub, &f->list->order, &f->list->units) == HF_OK;
	}
	return HF_OK;
}

static hf_err find_job(struct hf_db *db, void *ctx)
{
	struct find *f = ctx;
	struct hf_statement s;

	HF_TRY(hf_order_get(db, f->id, &f->row, &f->object));
	HF_TRY(hf_statement_read(hf_buf_bytes(&f->object),
				 &s)); /* its quorum was checked when it was brought */
	HF_TRY(hf_order_read(s.sign.payload, &f->list->order));
	return try_stations(db, f);
}

static hf_err open_list(struct api_call *c, struct list *list, struct hf_buf *object)
{
	uint8_t id[HF_STORE_ORDER_LEN];
	struct find f = { .c = c, .id = id, .list = list, .object = HF_BUF(HF_STATEMENT_MAX_LEN) };
	hf_err err;

	HF_TRY(api_path_bytes(c, 0, true, id));
	err = hf_store_read(c->api->conf.store, find_job, &f);
	*object = f.object; /* the order borrows from it */
	HF_TRY(err);
	if (f.row.mode != HF_STORE_ORDER_MANIFEST)
		return api_refuse(c, API_CONFLICT, "this order is made online");
	if (!f.found)
		return api_refuse(c, API_FORBIDDEN,
				  "no station of this order signed such a list, or it is too long");
	return HF_OK;
}

/* Seal each claim key; c->extra carries the results to the transaction. */
static hf_err prepare_units(struct api_call *c)
{
	struct hf_buf object HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	struct list list = { 0 };
	struct hf_units_row row;

	HF_TRY(open_list(c, &list, &object));
	c->extra = HF_BUF(HF_UNITS_MAX * sizeof(struct sealed));
	while (hf_units_next(&list.units, &row)) {
		struct sealed sealed = { 0 };
		struct hf_out out = HF_OUT(sealed.b);

		if (hf_ca_intake_kc(c->api->conf.ca, row.kc_sealed, HF_ARR(row.cid), &out) != HF_OK)
			return api_refuse(c, API_BAD_REQUEST, "a claim key is not sealed to this server");
		sealed.len = out.len;
		HF_TRY(hf_buf_put(&c->extra, (hf_bytes){ (const uint8_t *)&sealed, sizeof(sealed) }));
	}
	return HF_OK;
}

static hf_err add_unit(struct hf_db *db, struct api_call *c, const struct list *list,
		       const struct hf_units_row *row, const struct sealed *sealed)
{
	struct hf_cert_row cert = { .not_before = (int64_t)list->units.made_at, .not_after = HF_PKI_FOREVER };
	char handle[HF_STORE_HANDLE_CAP] = "";
	struct hf_unit_req req = { .order = list->order.id,
				   .station = list->station.spki_sha256,
				   .kc = { sealed->b, sealed->len },
				   .handle = handle };
	uint8_t digest[HF_SHA256_LEN];

	if (row->handle.len != HF_STORE_HANDLE_CAP - 1 || hf_identity_check_handle(row->handle) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "a handle is not well formed");
	memcpy(handle, row->handle.ptr, row->handle.len);
	memcpy(req.spki_sha256, row->spki_sha256, sizeof(req.spki_sha256));
	memcpy(req.cid, row->cid, sizeof(req.cid));
	HF_TRY(hf_crypto_sha256(&c->req->body, 1, digest));
	req.proof = HF_ARR(digest); /* the journal names the list, which the order's owner keeps */
	HF_TRY(hf_fleet_random(cert.serial, sizeof(cert.serial)));
	hf_pki_serial_fix(cert.serial);
	memcpy(cert.spki_sha256, row->spki_sha256, sizeof(cert.spki_sha256));
	return hf_unit_commit_issue(db, &req, &cert, (hf_bytes){ 0 });
}

static hf_err add_units(struct hf_db *db, struct api_call *c)
{
	struct list list = { 0 };
	uint8_t id[HF_STORE_ORDER_LEN];
	struct find f HF_AUTO(find_end) = { .c = c, .id = id, .list = &list,
					    .object = HF_BUF(HF_STATEMENT_MAX_LEN) };
	struct hf_units_row row;
	size_t i = 0;

	HF_TRY(api_path_bytes(c, 0, true, id));
	HF_TRY(find_job(db, &f));
	if (!f.found)
		return api_refuse(c, API_FORBIDDEN, "the station was blocked meanwhile");
	while (hf_units_next(&list.units, &row) && (i + 1) * sizeof(struct sealed) <= c->extra.len) {
		struct sealed sealed;

		memcpy(&sealed, c->extra.ptr + i++ * sizeof(sealed), sizeof(sealed));
		HF_TRY(add_unit(db, c, &list, &row, &sealed));
	}
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "order.manifest", "", "{}"));
	c->status = 201;
	return api_put_report(db, c, id);
}

/* ---- journal ---- */

struct head {
	uint8_t tree[HF_STORE_ORDER_LEN];
	uint8_t root[HF_SHA256_LEN];
	uint64_t size;
	int64_t now;
};

static hf_err read_head(struct hf_db *db, void *ctx)
{
	struct head *h = ctx;
	struct hf_order_row order;

	HF_TRY(hf_order_get(db, h->tree, &order, NULL));
	h->now = hf_db_now(db);
	HF_TRY(hf_journal_size(db, h->tree, &h->size));
	return hf_journal_root(db, h->tree, h->size, h->root);
}

static hf_err prepare_journal(struct api_call *c)
{
	uint8_t object[1024];
	struct hf_out out = HF_OUT(object);
	struct head h = { .size = 0 };

	HF_TRY(api_path_bytes(c, 0, true, h.tree));
	HF_TRY(hf_store_read(c->api->conf.store, read_head, &h));
	HF_TRY(hf_ca_sign_head(c->api->conf.ca, HF_ARR(h.tree), h.size, HF_ARR(h.root), h.now, &out, c->pub));
	c->extra = HF_BUF(sizeof(object) + sizeof(h));
	HF_TRY(hf_buf_put(&c->extra, (hf_bytes){ (const uint8_t *)&h, sizeof(h) }));
	return hf_buf_put(&c->extra, hf_out_bytes(&out));
}

/* Entries up to the signed size: what came after belongs to the next head. */
static hf_err show_journal(struct hf_db *db, struct api_call *c)
{
	struct hf_json_out *j = &c->json;
	struct api_page page;
	struct head h;

	memcpy(&h, c->extra.ptr, sizeof(h));
	HF_TRY(api_page_read(c, &page));
	hf_json_open(j, NULL, '{');
	hf_json_put_uint(j, "size", h.size);
	hf_json_put_hex(j, "root", HF_ARR(h.root));
	hf_json_put_bytes(j, "head", (hf_bytes){ c->extra.ptr + sizeof(h), c->extra.len - sizeof(h) });
	hf_json_put_bytes(j, "key", HF_ARR(c->pub));
	hf_json_open(j, "entries", '[');
	for (uint64_t i = (uint64_t)page.after; i < h.size && api_page_take(&page, (int64_t)i + 1); i++) {
		struct hf_buf entry HF_AUTO(hf_buf_free) = HF_BUF(ENTRY_MAX);

		HF_TRY(hf_journal_entry(db, h.tree, i, &entry));
		hf_json_put_bytes(j, NULL, hf_buf_bytes(&entry));
	}
	api_page_close(c, &page, false); /* closes the entries, adds `next`, closes the object */
	return HF_OK;
}

const struct api_route api_unit_routes[] = {
	{ HF_HTTP_POST, "/v1/orders/{order}/units", API_WRITE | API_ONCE, MANIFEST_MAX,
	  "application/cose; cose-type=\"cose-sign1\"", prepare_units, add_units },
	{ HF_HTTP_GET, "/v1/orders/{order}/journal", API_READ, 0, NULL, prepare_journal, show_journal },
	{ .pattern = NULL },
};
