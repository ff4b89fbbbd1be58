/* claims.c -- an account says that a device is its own; the device proves the same secret at enrolment.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/fleet.h>
#include "api_priv.h"

enum { SMALL = 4096 };

struct claim_in {
	char cid[33], line[HF_STORE_NAME_CAP], label[HF_STORE_TEXT_CAP];
	struct hf_buf kc;
};

static void free_claim_in(struct claim_in *in)
{
	hf_buf_free(&in->kc);
}

static hf_err read_claim(struct api_call *c, struct claim_in *in, uint8_t cid[static HF_CLAIM_CID_LEN])
{
	static const struct hf_json_field fields[] = {
		{ .name = "cid",
		  .type = HF_JSON_TEXT,
		  .required = true,
		  .offset = offsetof(struct claim_in, cid),
		  .cap = 33 },
		{ .name = "kc",
		  .type = HF_JSON_BYTES,
		  .required = true,
		  .offset = offsetof(struct claim_in, kc) },
		{ .name = "line",
		  .type = HF_JSON_TEXT,
		  .offset = offsetof(struct claim_in, line),
		  .cap = HF_STORE_NAME_CAP },
		{ .name = "label",
		  .type = HF_JSON_TEXT,
		  .offset = offsetof(struct claim_in, label),
		  .cap = HF_STORE_TEXT_CAP },
	};
	struct hf_out out = { cid, HF_CLAIM_CID_LEN, 0 };
	struct hf_why why = { 0 };

	if (hf_json_read(c->req->body, fields, 4, in, &why) != HF_OK)
		return api_refuse(c, API_BAD_REQUEST, "%s", hf_why_text(&why));
	if (hf_hex_decode((hf_bytes){ (const uint8_t *)in->cid, strlen(in->cid) }, &out) != HF_OK ||
	    out.len != HF_CLAIM_CID_LEN || in->kc.len != 32)
		return api_refuse(c, API_BAD_REQUEST, "cid: 16 bytes in hex and kc: 32 bytes are needed");
	return HF_OK;
}

struct find_claim {
	const uint8_t *cid;
	struct hf_claim_row row;
};

static hf_err find_claim_job(struct hf_db *db, void *ctx)
{
	struct find_claim *f = ctx;
	hf_err err = hf_claim_get(db, f->cid, &f->row);

	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

/* Outside the transaction: the ca process seals Kc, or compares it with the factory's. */
static hf_err prepare_claim(struct api_call *c)
{
	struct claim_in in HF_AUTO(free_claim_in) = { .kc = HF_BUF_SECRET(32) };
	struct hf_claim_row *wanted = &c->claim;
	struct find_claim f = { .cid = wanted->cid };
	struct hf_out sealed = HF_OUT(wanted->kc);
	struct hf_ca *ca = c->api->conf.ca;

	HF_TRY(read_claim(c, &in, wanted->cid));
	HF_TRY(hf_store_read(c->api->conf.store, find_claim_job, &f));
	c->kc_fits = f.row.kc_len > 0 && hf_ca_same_kc(ca, (hf_bytes){ f.row.kc, f.row.kc_len },
						       HF_ARR(wanted->cid), hf_buf_bytes(&in.kc)) == HF_OK;
	HF_TRY(hf_ca_seal_kc(ca, HF_ARR(wanted->cid), hf_buf_bytes(&in.kc), &sealed));
	wanted->kc_len = sealed.len;
	memcpy(wanted->line, in.line, sizeof(wanted->line));
	memcpy(wanted->owner, c->who.account, sizeof(wanted->owner));
	memcpy(c->label, in.label, sizeof(c->label));
	return HF_OK;
}

static hf_err put_claim(struct hf_db *db, struct api_call *c, const uint8_t cid[static HF_CLAIM_CID_LEN])
{
	int64_t now = hf_db_now(db);
	struct hf_claim_row row;
	struct hf_device_row d = { 0 };
	const char *state = "closed";

	HF_TRY(hf_claim_get(db, cid, &row));
	if (strcmp(row.owner, c->who.account) != 0)
		return api_refuse(c, API_NOT_FOUND, "%s", "");
	if (row.device != 0)
		HF_TRY(hf_device_by_id(db, row.device, &d));
	if (row.locked_until > now)
		state = "locked";
	else if (row.bound)
		state = "bound";
	else if (row.open_until > now)
		state = "open";
	hf_json_open(&c->json, NULL, '{');
	hf_json_put_hex(&c->json, "cid", (hf_bytes){ cid, HF_CLAIM_CID_LEN });
	hf_json_put_text(&c->json, "state", state);
	hf_json_put_int(&c->json, "open_until", row.open_until);
	hf_json_put_text(&c->json, "dev", d.dev[0] != '\0' ? d.dev : NULL);
	hf_json_close(&c->json);
	return HF_OK;
}

static hf_err open_claim(struct hf_db *db, struct api_call *c)
{
	char actor[HF_STORE_NAME_CAP + 16];

	api_actor(c, actor);
	HF_TRY(hf_claim_open(db, &c->claim, c->kc_fits, c->label, actor));
	HF_TRY(api_event(db, c, HF_EVENT_INFO, "claim.opened", "", "{}"));
	c->status = 201;
	return put_claim(db, c, c->claim.cid);
}

static hf_err show_claim(struct hf_db *db, struct api_call *c)
{
	uint8_t cid[HF_CLAIM_CID_LEN];

	HF_TRY(api_path_bytes(c, 0, true, cid));
	return put_claim(db, c, cid);
}

const struct api_route api_claim_routes[] = {
	{ HF_HTTP_POST, "/v1/claim", API_WRITE | API_ONCE, SMALL, "application/json", prepare_claim,
	  open_claim },
	{ HF_HTTP_GET, "/v1/claims/{cid}", API_READ, 0, NULL, NULL, show_claim },
	{ .pattern = NULL },
};
