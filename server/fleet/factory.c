/* factory.c -- units under a production order: counted in the transaction that makes them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "fleet_priv.h"

static bool names_station(const struct hf_order_row *o, const uint8_t *spki)
{
	for (size_t i = 0; i < o->n_stations; i++)
		if (memcmp(o->station[i], spki, HF_SHA256_LEN) == 0)
			return true;
	return false;
}

static const char *order_refuses(struct hf_db *db, const struct hf_order_row *o,
				 const struct hf_order_count *c, const uint8_t *station)
{
	int64_t now = hf_db_now(db);

	if (o->state != HF_STORE_ORDER_OPEN)
		return "order is closed";
	if (now < o->not_before || now > o->not_after)
		return "order is outside its dates";
	if (!names_station(o, station))
		return "station is not named in the order";
	if (c->issued >= o->quantity + o->allowance ||
	    (o->mode == HF_STORE_ORDER_MANIFEST && c->committed >= o->quantity))
		return "order is used up";
	return NULL;
}

hf_err hf_unit_plan(struct hf_db *db, const struct hf_unit_req *req, enum hf_outcome *outcome,
		    uint8_t same[static HF_STORE_SERIAL_LEN], const char **why)
{
	struct hf_order_row o;
	struct hf_order_count count;
	struct hf_unit_row u;
	struct hf_cert_row c;

	*outcome = HF_OUTCOME_DENY;
	*why = "no such order";
	hf_err err = hf_order_get(db, req->order, &o, NULL);
	if (err != HF_OK)
		return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
	HF_TRY(hf_order_count(db, req->order, &count));
	if (hf_unit_by_spki(db, req->spki_sha256, &u) == HF_OK &&
	    memcmp(u.order, req->order, sizeof(u.order)) == 0 && memcmp(u.station, req->station, 32) == 0 &&
	    u.state == HF_STORE_UNIT_OPEN) {
		*outcome = HF_OUTCOME_SAME; /* the reply was lost */
		memcpy(same, u.serial, HF_STORE_SERIAL_LEN);
		return HF_OK;
	}
	*why = "key is known already";
	if (hf_cert_by_spki(db, req->spki_sha256, &c) == HF_OK)
		return HF_OK;
	*why = order_refuses(db, &o, &count, req->station);
	if (!*why)
		*outcome = HF_OUTCOME_ISSUE;
	return HF_OK;
}

hf_err hf__maker_hears(struct hf_db *db, struct hf_device_row *d)
{
	struct hf_order_row o;
	struct hf_unit_row u;
	struct hf_person p;
	hf_err err;

	if (d->owner[0] || !d->handle[0])
		return HF_OK;
	err = hf_unit_by_handle(db, d->handle, &u);
	if (err == HF_OK)
		err = hf_order_get(db, u.order, &o, NULL);
	if (err == HF_OK)
		err = hf_person_get(db, HF_PERSON_OPERATOR, o.by, &p);
	if (err == HF_OK)
		(void)snprintf(d->owner, sizeof(d->owner), "%s", p.account);
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
}

static hf_err add_unit_rows(struct hf_db *db, const struct hf_unit_req *req, const struct hf_order_row *o,
			    const struct hf_cert_row *cert, hf_bytes der, struct hf_device_row *d)
{
	struct hf_cert_row row = *cert;
	struct hf_claim_row claim = { .factory = true };
	/* A list is signed at the end of the line: its units are past the proof that others still owe. */
	struct hf_unit_row u = { .state = o->mode == HF_STORE_ORDER_MANIFEST ? HF_STORE_UNIT_COMMITTED :
									       HF_STORE_UNIT_OPEN,
				 .issued_at = hf_db_now(db),
				 .commit_by = hf_db_now(db) + o->commit_s };

	d->state = HF_DEVICE_MADE;
	(void)snprintf(d->line, sizeof(d->line), "%s", o->line);
	(void)snprintf(d->handle, sizeof(d->handle), "%s", req->handle);
	HF_TRY(hf_device_add(db, d));
	row.kind = HF_CERT_IDEVID;
	row.state = HF_CERT_ISSUED;
	row.device = d->id;
	memcpy(row.lineage, row.serial, sizeof(row.lineage));
	hf_fleet_name(row.identity, sizeof(row.identity), "station",
		      (hf_bytes){ req->station, HF_SHA256_LEN });
	HF_TRY(hf_cert_add(db, &row, der));
	if (req->kc.len > sizeof(claim.kc))
		return HF_ERR_BASE_MISUSE;
	memcpy(claim.cid, req->cid, sizeof(claim.cid));
	memcpy(claim.kc, req->kc.ptr, req->kc.len);
	claim.kc_len = req->kc.len;
	claim.device = d->id;
	(void)snprintf(claim.line, sizeof(claim.line), "%s", o->line);
	struct hf_claim_row taken;
	if (hf_claim_get(db, req->cid, &taken) == HF_OK)
		return HF_ERR_STORE_EXISTS;
	HF_TRY(hf_claim_put(db, &claim));
	memcpy(u.order, req->order, sizeof(u.order));
	u.device = d->id;
	(void)snprintf(u.handle, sizeof(u.handle), "%s", req->handle);
	memcpy(u.spki_sha256, req->spki_sha256, sizeof(u.spki_sha256));
	memcpy(u.serial, row.serial, sizeof(u.serial));
	memcpy(u.station, req->station, sizeof(u.station));
	return hf_unit_add(db, &u);
}

hf_err hf_unit_commit_issue(struct hf_db *db, const struct hf_unit_req *req, const struct hf_cert_row *cert,
			    hf_bytes der)
{
	struct hf_order_row o;
	struct hf_device_row d = { 0 };
	enum hf_outcome outcome = HF_OUTCOME_DENY;
	uint8_t same[HF_STORE_SERIAL_LEN];
	const char *why = NULL;

	HF_TRY(hf_unit_plan(db, req, &outcome, same, &why));
	if (outcome == HF_OUTCOME_DENY)
		return HF_ERR_FLEET_ORDER;
	if (outcome != HF_OUTCOME_ISSUE)
		return HF_ERR_FLEET_CHANGED;
	HF_TRY(hf_order_get(db, req->order, &o, NULL));
	HF_TRY(add_unit_rows(db, req, &o, cert, der, &d));
	HF_TRY(hf__journal(db, req->order, (hf_bytes){ req->order, HF_STORE_ORDER_LEN },
			   der.len ? cert->sha256 : cert->spki_sha256, req->proof));
	HF_TRY(hf__maker_hears(db, &d));
	return hf_fleet_event(db, &d, HF_EVENT_INFO, "unit.made", "station", NULL, NULL);
}

hf_err hf_unit_challenge(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN], const char *handle,
			 const uint8_t nonce[static HF_STORE_UNIT_NONCE_LEN], struct hf_unit_row *unit,
			 struct hf_cert_row *cert)
{
	HF_TRY(hf_unit_by_handle(db, handle, unit));
	if (memcmp(unit->order, order, HF_STORE_ORDER_LEN) != 0)
		return HF_ERR_STORE_ABSENT;
	HF_TRY(hf_cert_by_serial(db, unit->serial, cert));
	if (unit->has_nonce)
		return HF_OK; /* the first answer was lost: the same nonce again */
	unit->has_nonce = true;
	memcpy(unit->nonce, nonce, sizeof(unit->nonce));
	return hf_unit_update(db, unit);
}

hf_err hf_unit_commit(struct hf_db *db, const struct hf_unit_row *unit)
{
	struct hf_unit_row u;
	struct hf_order_row o;
	struct hf_order_count c;

	HF_TRY(hf_unit_by_handle(db, unit->handle, &u));
	if (u.state == HF_STORE_UNIT_COMMITTED)
		return HF_OK;
	HF_TRY(hf_order_get(db, u.order, &o, NULL));
	HF_TRY(hf_order_count(db, u.order, &c));
	if (u.state != HF_STORE_UNIT_OPEN || u.commit_by < hf_db_now(db) || c.committed >= o.quantity)
		return HF_ERR_FLEET_ORDER;
	u.state = HF_STORE_UNIT_COMMITTED; /* the nonce stays: the answer may be lost and asked for again */
	return hf_unit_update(db, &u);
}

hf_err hf_unit_act(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN], const char *handle,
		   enum hf_unit_act act)
{
	struct hf_unit_row u;
	struct hf_device_row d;

	HF_TRY(hf_unit_by_handle(db, handle, &u));
	if (memcmp(u.order, order, sizeof(u.order)) != 0)
		return HF_ERR_STORE_ABSENT;
	if (act == HF_UNIT_ACT_SHIP) {
		if (u.state != HF_STORE_UNIT_COMMITTED)
			return HF_ERR_FLEET_STATE;
		u.shipped = true;
		return hf_unit_update(db, &u);
	}
	if (u.shipped || u.state == HF_STORE_UNIT_VOID)
		return HF_ERR_FLEET_STATE;
	u.state = HF_STORE_UNIT_SCRAPPED;
	HF_TRY(hf_unit_update(db, &u));
	HF_TRY(hf_device_by_id(db, u.device, &d));
	return d.state == HF_DEVICE_REVOKED
		       ? HF_OK
		       : hf_device_act(db, &d, HF_ACT_REVOKE, "scrapped", "server", NULL);
}

static void problem(struct hf_report *r, bool wrong, const char *text)
{
	if (wrong && r->n_problems < sizeof(r->problem) / sizeof(r->problem[0]))
		(void)snprintf(r->problem[r->n_problems++], sizeof(r->problem[0]), "%s", text);
}

hf_err hf_order_report(struct hf_db *db, const uint8_t order[static HF_STORE_ORDER_LEN], struct hf_report *r)
{
	const struct hf_order_count *c = &r->count;

	memset(r, 0, sizeof(*r));
	HF_TRY(hf_order_get(db, order, &r->order, NULL));
	HF_TRY(hf_order_count(db, order, &r->count));
	problem(r, c->issued != c->committed + c->voided + c->scrapped + c->open,
		"issued is not the sum of its parts");
	problem(r, c->shipped > c->committed, "more shipped than committed");
	problem(r, c->committed > r->order.quantity, "more committed than ordered");
	problem(r, c->issued > r->order.quantity + r->order.allowance, "more issued than allowed");
	problem(r, c->journal != c->issued, "journal does not have one entry for each unit");
	return HF_OK;
}
