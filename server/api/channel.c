/* channel.c -- commands in, signed objects out, all verbatim: the server checks names and sizes only.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "api_priv.h"

enum { COMMAND_MAX = 16384, TAG_ENCRYPT_HEAD = 0xd8, TAG_ENCRYPT = 96 };

static const char *const command_states[] = { "", "queued", "sent", "receipted", "withdrawn" };

static void put_command(struct api_call *c, const struct hf_command_row *row, hf_bytes bytes)
{
	struct hf_json_out *j = &c->json;
	bool known = row->state >= HF_OUTBOX_QUEUED && row->state <= HF_OUTBOX_WITHDRAWN;

	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "dev", row->dev);
	hf_json_put_bytes(j, "cti", HF_ARR(row->cti));
	hf_json_put_text(j, "state", known ? command_states[row->state] : "");
	hf_json_put_hex(j, "sha256", HF_ARR(row->sha256));
	hf_json_put_int(j, "created", row->created);
	hf_json_put_int(j, "changed", row->changed);
	hf_json_put_text(j, "by", row->by);
	if (bytes.len > 0)
		hf_json_put_bytes(j, "bytes", bytes);
	hf_json_close(j);
}

static hf_err find(struct hf_db *db, struct api_call *c, struct hf_device_row *d, struct hf_command_row *row,
		   struct hf_buf *bytes)
{
	uint8_t cti[16];

	HF_TRY(api_device(db, c, d));
	HF_TRY(api_path_bytes(c, 1, false, cti));
	return hf_command_get(db, d->dev, cti, row, bytes);
}

static hf_err show_command(struct hf_db *db, struct api_call *c)
{
	struct hf_buf bytes HF_AUTO(hf_buf_free) = HF_BUF(COMMAND_MAX);
	struct hf_command_row row;
	struct hf_device_row d;

	HF_TRY(find(db, c, &d, &row, &bytes));
	api_set_etag(c, row.version);
	put_command(c, &row, hf_buf_bytes(&bytes));
	return HF_OK;
}

/* Named by its content, so it needs no If-Match: the same bytes again are 200, others 409. */
static hf_err put_again(struct api_call *c, const struct hf_command_row *row)
{
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&c->req->body, 1, hash));
	if (!hf_bytes_equal(HF_ARR(row->sha256), HF_ARR(hash)))
		return api_refuse(c, API_CONFLICT, "this command id was used for other bytes");
	api_set_etag(c, row->version);
	put_command(c, row, (hf_bytes){ 0 });
	return HF_OK;
}

static hf_err send_command(struct hf_db *db, struct api_call *c)
{
	hf_bytes body = c->req->body;
	struct hf_command_row row;
	struct hf_device_row d;
	uint8_t cti[16];
	char detail[64];
	hf_err err;

	HF_TRY(api_device(db, c, &d));
	HF_TRY(api_path_bytes(c, 1, false, cti));
	if (body.len < 2 || body.ptr[0] != TAG_ENCRYPT_HEAD || body.ptr[1] != TAG_ENCRYPT)
		return api_refuse(c, API_BAD_REQUEST, "a COSE_Encrypt (tag 96) is needed");
	err = hf_command_get(db, d.dev, cti, &row, NULL);
	if (err == HF_OK)
		return put_again(c, &row);
	if (err != HF_ERR_STORE_ABSENT)
		return err;
	HF_TRY(hf_command_add(db, d.dev, cti, body, c->who.name));
	HF_TRY(hf_command_get(db, d.dev, cti, &row, NULL));
	snprintf(detail, sizeof(detail), "{\"bytes\":%zu}", body.len);
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "command.queued", d.dev, detail));
	c->status = 201;
	api_set_etag(c, row.version);
	put_command(c, &row, (hf_bytes){ 0 });
	return HF_OK;
}

static hf_err withdraw(struct hf_db *db, struct api_call *c)
{
	struct hf_command_row row;
	struct hf_device_row d;

	HF_TRY(find(db, c, &d, &row, NULL));
	hf_err err = hf_command_withdraw(db, d.dev, row.cti, 0);
	if (err == HF_ERR_STORE_STALE)
		return api_refuse(c, API_CONFLICT, "its receipt is here already");
	HF_TRY(err);
	HF_TRY(hf_command_get(db, d.dev, row.cti, &row, NULL));
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "command.withdrawn", d.dev, "{}"));
	api_set_etag(c, row.version);
	put_command(c, &row, (hf_bytes){ 0 });
	return HF_OK;
}

/* A page of rows with the device of the path. */
struct rows {
	struct api_call *c;
	struct api_page page;
};

static hf_err list_command(void *ctx, const struct hf_command_row *row)
{
	struct rows *r = ctx;

	if (api_page_take(&r->page, row->id))
		put_command(r->c, row, (hf_bytes){ 0 });
	return HF_OK;
}

static hf_err start_rows(struct hf_db *db, struct api_call *c, struct rows *r, struct hf_device_row *d)
{
	*r = (struct rows){ .c = c };
	HF_TRY(api_device(db, c, d));
	HF_TRY(api_page_read(c, &r->page));
	api_page_open(c);
	return HF_OK;
}

static hf_err list_commands(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d;
	struct rows r;

	HF_TRY(start_rows(db, c, &r, &d));
	HF_TRY(hf_command_list(db, d.dev, r.page.after, api_page_ask(&r.page), list_command, &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

static void put_object(struct api_call *c, const char *dev, const char *name, int64_t generation,
		       int64_t received, hf_bytes bytes)
{
	hf_json_open(&c->json, NULL, '{');
	hf_json_put_text(&c->json, "dev", dev);
	if (name != NULL)
		hf_json_put_text(&c->json, "name", name);
	if (generation >= 0)
		hf_json_put_int(&c->json, "generation", generation);
	hf_json_put_int(&c->json, "received", received);
	hf_json_put_bytes(&c->json, "bytes", bytes);
	hf_json_close(&c->json);
}

static hf_err list_object(void *ctx, const struct hf_object *o)
{
	struct rows *r = ctx;

	if (api_page_take(&r->page, o->id))
		put_object(r->c, o->dev, o->name, -1, o->received, o->bytes);
	return HF_OK;
}

static hf_err list_endorsement(void *ctx, const struct hf_object *o)
{
	struct rows *r = ctx;

	put_object(r->c, o->dev, NULL, o->id, o->received, o->bytes);
	return HF_OK;
}

static hf_err list_receipts(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d;
	struct rows r;

	HF_TRY(start_rows(db, c, &r, &d));
	HF_TRY(hf_receipt_list(db, d.dev, r.page.after, api_page_ask(&r.page), list_object, &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

static hf_err list_endorsements(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d;
	struct rows r;

	HF_TRY(start_rows(db, c, &r, &d));
	HF_TRY(hf_endorsement_list(db, d.dev, list_endorsement, &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

static hf_err list_messages(struct hf_db *db, struct api_call *c)
{
	static const char *const classes[] = { "alarm", "tamper", "tele", "hb", "upd" };
	struct hf_device_row d;
	struct rows r;
	char class[8];
	bool known = false;

	if (hf_http_query(c->req, "class", class, sizeof(class)) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "class: alarm, tamper, tele, hb or upd is needed");
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		known = known || strcmp(classes[i], class) == 0;
	if (!known)
		return api_refuse(c, API_BAD_REQUEST, "class: alarm, tamper, tele, hb or upd is needed");
	HF_TRY(start_rows(db, c, &r, &d));
	HF_TRY(hf_message_list(db, d.dev, class, r.page.after, api_page_ask(&r.page), list_object, &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

static hf_err show_state(struct hf_db *db, struct api_call *c)
{
	struct hf_buf bytes HF_AUTO(hf_buf_free) = HF_BUF(HF_STORE_BYTES_MAX);
	struct hf_device_row d;
	int64_t received = 0;

	HF_TRY(api_device(db, c, &d));
	HF_TRY(hf_devstate_get(db, d.dev, &bytes, &received));
	put_object(c, d.dev, NULL, -1, received, hf_buf_bytes(&bytes));
	return HF_OK;
}

static void put_frame(struct api_call *c, const struct hf_frame_row *f, bool key)
{
	hf_json_open(&c->json, NULL, '{');
	if (key)
		hf_json_put_text(&c->json, "dev", f->dev);
	hf_json_put_hex(&c->json, "kid", f->kid);
	if (!key)
		hf_json_put_uint(&c->json, "counter", f->counter);
	hf_json_put_int(&c->json, "received", f->received);
	hf_json_put_bytes(&c->json, "bytes", f->bytes);
	hf_json_close(&c->json);
}

static hf_err list_key(void *ctx, const struct hf_frame_row *f)
{
	struct rows *r = ctx;

	if (api_page_take(&r->page, f->id))
		put_frame(r->c, f, true);
	return HF_OK;
}

static hf_err list_frame(void *ctx, const struct hf_frame_row *f)
{
	struct rows *r = ctx;

	if (api_page_take(&r->page, f->id))
		put_frame(r->c, f, false);
	return HF_OK;
}

static hf_err list_streams(struct hf_db *db, struct api_call *c)
{
	struct hf_device_row d;
	struct rows r;

	HF_TRY(start_rows(db, c, &r, &d));
	HF_TRY(hf_stream_list(db, d.dev, r.page.after, api_page_ask(&r.page), list_key, &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

/* DEV-KID */
static hf_err list_frames(struct hf_db *db, struct api_call *c)
{
	const char *name = c->req->param[0];
	char dev[HF_STORE_DEV_CAP] = "";
	uint8_t kid_mem[HF_STREAM_KID_MAX];
	struct hf_out kid = HF_OUT(kid_mem);
	struct rows r = { .c = c };
	struct hf_device_row d;

	if (strlen(name) < HF_STORE_DEV_CAP || name[HF_STORE_DEV_CAP - 1] != '-' ||
	    hf_hex_decode(
		    (hf_bytes){ (const uint8_t *)name + HF_STORE_DEV_CAP, strlen(name) - HF_STORE_DEV_CAP },
		    &kid) != HF_OK)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	memcpy(dev, name, HF_STORE_DEV_CAP - 1);
	if (hf_device_by_dev(db, dev, &d) != HF_OK || strcmp(d.owner, c->who.account) != 0)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	HF_TRY(api_page_read(c, &r.page));
	api_page_open(c);
	HF_TRY(hf_frame_list(db, dev, hf_out_bytes(&kid), r.page.after, api_page_ask(&r.page), list_frame,
			     &r));
	api_page_close(c, &r.page, false);
	return HF_OK;
}

static const char cose[] = "application/cose; cose-type=\"cose-encrypt\"";

const struct api_route api_channel_routes[] = {
	{ HF_HTTP_GET, "/v1/devices/{dev}/commands", API_READ, 0, NULL, NULL, list_commands },
	{ HF_HTTP_PUT, "/v1/devices/{dev}/commands/{cti}", API_WRITE, COMMAND_MAX, cose, NULL, send_command },
	{ HF_HTTP_GET, "/v1/devices/{dev}/commands/{cti}", API_READ, 0, NULL, NULL, show_command },
	{ HF_HTTP_DELETE, "/v1/devices/{dev}/commands/{cti}", API_WRITE, 0, NULL, NULL, withdraw },
	{ HF_HTTP_GET, "/v1/devices/{dev}/receipts", API_READ, 0, NULL, NULL, list_receipts },
	{ HF_HTTP_GET, "/v1/devices/{dev}/endorsements", API_READ, 0, NULL, NULL, list_endorsements },
	{ HF_HTTP_GET, "/v1/devices/{dev}/state", API_READ, 0, NULL, NULL, show_state },
	{ HF_HTTP_GET, "/v1/devices/{dev}/messages", API_READ, 0, NULL, NULL, list_messages },
	{ HF_HTTP_GET, "/v1/devices/{dev}/streams", API_READ, 0, NULL, NULL, list_streams },
	{ HF_HTTP_GET, "/v1/data/{stream}", API_READ, 0, NULL, NULL, list_frames },
	{ .pattern = NULL },
};
