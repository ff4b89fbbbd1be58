/* enrolment.c -- the one transaction of an enrolment: certificate, device, claim, journal, event.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "fleet_priv.h"

struct serials {
	uint8_t serial[64][HF_STORE_SERIAL_LEN];
	size_t n;
};

static hf_err keep_alive_serial(void *ctx, const struct hf_cert_row *c)
{
	struct serials *s = ctx;

	if (!hf__cert_alive(c) && c->state != HF_CERT_QUARANTINED && c->state != HF_CERT_EXPIRED)
		return HF_OK;
	if (s->n == sizeof(s->serial) / sizeof(s->serial[0]))
		return HF_ERR_STORE_LIMIT;
	memcpy(s->serial[s->n++], c->serial, HF_STORE_SERIAL_LEN);
	return HF_OK;
}

hf_err hf__end_certs(struct hf_db *db, int64_t device, int kind, int state)
{
	struct serials s = { .n = 0 };

	HF_TRY(hf_cert_of_device(db, device, kind, keep_alive_serial, &s));
	for (size_t i = 0; i < s.n; i++)
		HF_TRY(hf_cert_set_state(db, s.serial[i], state));
	return HF_OK;
}

hf_err hf__journal(struct hf_db *db, const uint8_t tree[static HF_STORE_ORDER_LEN], hf_bytes origin,
		   const uint8_t hash[static HF_SHA256_LEN], hf_bytes proof)
{
	uint8_t mem[1024];
	struct hf_out out = HF_OUT(mem);
	uint8_t proof_hash[HF_SHA256_LEN];
	struct hf_cborw w;
	uint64_t index = 0;

	HF_TRY(hf_crypto_sha256(&proof, 1, proof_hash));
	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, origin);
	hf_cbor_put_bytes(&w, (hf_bytes){ hash, HF_SHA256_LEN });
	hf_cbor_put_bytes(&w, proof.len ? HF_ARR(proof_hash) : proof);
	hf_cbor_put_uint(&w, (uint64_t)hf_db_now(db));
	HF_TRY(hf_cbor_finish(&w));
	return hf_journal_append(db, tree, hf_out_bytes(&out), &index);
}

/* The device of the plan, made now when there was none, and changed to what the enrolment means. */
static hf_err bind_device(struct hf_db *db, const struct hf_enrol_req *r, const struct hf_enrol_plan *p,
			  struct hf_device_row *d)
{
	bool fresh = p->device == 0;

	if (fresh) {
		memset(d, 0, sizeof(*d));
		(void)snprintf(d->line, sizeof(d->line), "%s", r->line->line);
	} else {
		HF_TRY(hf_device_by_id(db, p->device, d));
	}
	if (!p->has_parent) { /* a new lineage: what came before is over */
		if (!fresh)
			HF_TRY(hf__end_certs(db, d->id, HF_CERT_LDEVID, HF_CERT_REVOKED));
		d->has_boot_count = false;
		d->boot_count = 0;
	}
	d->state = HF_DEVICE_ACTIVE;
	d->rearmed = false;
	(void)snprintf(d->owner, sizeof(d->owner), "%s", p->owner);
	(void)snprintf(d->dev, sizeof(d->dev), "%s", p->dev);
	if (p->label[0])
		(void)snprintf(d->label, sizeof(d->label), "%s", p->label);
	return fresh ? hf_device_add(db, d) : hf_device_update(db, d);
}

static hf_err bind_claim(struct hf_db *db, const struct hf_enrol_req *r, int64_t device)
{
	struct hf_claim_row c;
	struct hf_basic_code code;

	if (r->has_code) {
		HF_TRY(hf_basic_get(db, r->code, &code));
		code.bound = true;
		code.device = device;
		memcpy(code.spki_sha256, r->spki_sha256, sizeof(code.spki_sha256));
		return hf_basic_put(db, &code);
	}
	if (r->renew || !r->has_claim)
		return HF_OK;
	HF_TRY(hf_claim_get(db, r->cid, &c));
	c.bound = true;
	c.device = device;
	c.wrong = 0;
	c.open_until = 0;
	c.label[0] = 0; /* the device carries it now, and its owner may change it there */
	memcpy(c.spki_sha256, r->spki_sha256, sizeof(c.spki_sha256));
	return hf_claim_put(db, &c);
}

static bool same_plan(const struct hf_enrol_plan *a, const struct hf_enrol_plan *b)
{
	return a->outcome == HF_OUTCOME_ISSUE && b->outcome == HF_OUTCOME_ISSUE && a->device == b->device &&
	       strcmp(a->dev, b->dev) == 0 && strcmp(a->owner, b->owner) == 0 && a->has_void == b->has_void &&
	       a->has_parent == b->has_parent && strcmp(a->identity, b->identity) == 0;
}

hf_err hf_enrol_commit(struct hf_db *db, const struct hf_enrol_req *req, const struct hf_enrol_plan *plan,
		       const struct hf_cert_row *cert, hf_bytes der)
{
	static const uint8_t ldevids[HF_STORE_ORDER_LEN];
	struct hf_enrol_plan again;
	struct hf_identity who = *req->who;
	struct hf_enrol_req fresh = *req;
	struct hf_device_row d;
	struct hf_cert_row row = *cert;

	/* The rows behind the certificate may have changed since the request came in. */
	fresh.who = &who;
	if (who.kind & (HF_WHO_LDEVID | HF_WHO_IDEVID | HF_WHO_UNIT)) {
		HF_TRY(hf_cert_by_serial(db, req->who->cert.serial, &who.cert));
		HF_TRY(hf_device_by_id(db, who.cert.device, &who.device));
	}
	HF_TRY(hf_enrol_plan(db, &fresh, &again));
	if (!same_plan(plan, &again))
		return HF_ERR_FLEET_CHANGED;
	if (plan->has_void) {
		HF_TRY(hf_cert_set_state(db, plan->voided, HF_CERT_VOID));
		HF_TRY(hf_cert_count_reissue(db, plan->parent));
	}
	HF_TRY(bind_device(db, req, plan, &d));
	row.kind = HF_CERT_LDEVID;
	row.state = HF_CERT_ISSUED;
	row.device = d.id;
	row.has_parent = plan->has_parent;
	memcpy(row.parent, plan->parent, sizeof(row.parent));
	memcpy(row.lineage, plan->has_parent ? plan->lineage : row.serial, sizeof(row.lineage));
	(void)snprintf(row.dev, sizeof(row.dev), "%s", plan->dev);
	(void)snprintf(row.identity, sizeof(row.identity), "%s", plan->identity);
	HF_TRY(hf_cert_add(db, &row, der));
	HF_TRY(bind_claim(db, req, d.id));
	HF_TRY(hf__journal(db, ldevids, plan->has_parent ? HF_ARR(plan->parent) : (hf_bytes){ NULL, 0 },
			   row.sha256, (hf_bytes){ NULL, 0 }));
	return hf_fleet_event(db, &d, HF_EVENT_INFO, req->renew ? "device.renewed" : "device.enrolled",
			      "device", NULL, NULL);
}

hf_err hf_enrol_refuse(struct hf_db *db, const struct hf_enrol_req *req, const struct hf_enrol_plan *plan)
{
	struct hf_device_row d = { 0 };

	(void)req;
	if (plan->quarantine)
		return hf_fleet_quarantine(db, plan->device, plan->quarantine, "server", NULL);
	if (!plan->alarm)
		return HF_OK;
	if (plan->device)
		HF_TRY(hf_device_by_id(db, plan->device, &d));
	HF_TRY(hf__maker_hears(db, &d));
	if (!d.owner[0])
		(void)snprintf(d.owner, sizeof(d.owner), "%s", plan->owner);
	return hf_fleet_event(db, &d, HF_EVENT_ALARM, plan->alarm, "server", NULL, NULL);
}

hf_err hf_claim_wrong(struct hf_db *db, const uint8_t cid[static HF_CLAIM_CID_LEN])
{
	struct hf_claim_row c;
	struct hf_device_row d = { 0 };
	uint64_t n = 0;
	/* The same write whether the cid is known or not: its time must not tell. */
	HF_TRY(hf_value_count(db, "claims.refused", &n));
	hf_err err = hf_claim_get(db, cid, &c);
	if (err != HF_OK)
		return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
	if (c.locked_until > hf_db_now(db))
		return HF_OK;
	c.wrong++;
	if (c.wrong >= HF_CLAIM_WRONG_MAX) {
		c.wrong = 0;
		c.locked_until = hf_db_now(db) + HF_CLAIM_LOCK_S;
		(void)snprintf(d.owner, sizeof(d.owner), "%s", c.owner);
		HF_TRY(hf_fleet_event(db, &d, HF_EVENT_ALARM, "claim.locked", "server", NULL, NULL));
	}
	return hf_claim_put(db, &c);
}
