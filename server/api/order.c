/* order.c -- a production order is believed because its quorum signed it, not because an operator brought it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/order.h>
#include <holdfast/statement.h>
#include "api_priv.h"

static hf_err open_order(struct hf_db *db, struct api_call *c, struct hf_order *order)
{
	static _Thread_local uint8_t
		scratch_mem[HF_STATEMENT_SCRATCH]; /* too large for a thread's stack frame */
	struct hf_out scratch = HF_OUT(scratch_mem);
	struct hf_policy policy;
	hf_err err;

	HF_TRY(hf_policy_open_first(c->api->conf.policy, &scratch, &policy));
	err = hf_order_open(c->req->body, &policy, (hf_bytes){ 0 }, (uint64_t)hf_db_now(db), &scratch, order);
	if (err != HF_OK)
		return api_refuse(c,
				  hf_err_class(err) == HF_CLASS_MALFORMED ? API_BAD_REQUEST : API_FORBIDDEN,
				  "%s", hf_err_text(err));
	return HF_OK;
}

static hf_err to_row(struct api_call *c, const struct hf_order *order, struct hf_order_row *row)
{
	*row = (struct hf_order_row){ .quantity = order->quantity,
				      .allowance = order->allowance,
				      .not_before = (int64_t)order->not_before,
				      .not_after = (int64_t)order->not_after,
				      .mode = order->mode,
				      .state = HF_STORE_ORDER_OPEN,
				      .commit_s = (int64_t)order->commit_timeout_s,
				      .n_stations = order->n_stations };
	memcpy(row->id, order->id, sizeof(row->id));
	memcpy(row->line, order->line.ptr,
	       order->line.len); /* at most HF_ORDER_MAX_LINE_LEN, row is zeroed */
	memcpy(row->by, c->who.name, sizeof(row->by));
	if (order->ca.len != HF_SHA256_LEN || order->n_stations > HF_STORE_STATIONS_MAX)
		return api_refuse(c, API_BAD_REQUEST, "the order does not name its CA, or too many stations");
	memcpy(row->ca_spki, order->ca.ptr, HF_SHA256_LEN);
	for (size_t i = 0; i < order->n_stations; i++)
		memcpy(row->station[i], order->station[i].ptr, HF_SHA256_LEN);
	return HF_OK;
}

hf_err api_bring_order(struct hf_db *db, struct api_call *c)
{
	struct hf_product_row line;
	struct hf_order_row row;
	struct hf_order order;

	HF_TRY(open_order(db, c, &order));
	HF_TRY(to_row(c, &order, &row));
	if (hf_product_get(db, row.line, &line) != HF_OK || !line.has_ca)
		return api_refuse(c, API_CONFLICT,
				  "there is no product line of this name with a Device-ID CA");
	HF_TRY(hf_order_add(db, &row, c->req->body));
	HF_TRY(hf_order_get(db, row.id, &row, NULL));
	HF_TRY(api_event(db, c, HF_EVENT_NOTICE, "order.opened", "", "{}"));
	c->status = 201;
	api_set_etag(c, row.version);
	api_put_order(c, &row);
	return HF_OK;
}
