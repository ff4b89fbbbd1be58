/* plan.c -- may this key have a certificate? Decided from rows alone, so that the same question can be
 * asked again inside the transaction that answers it.
 *
 *	first binding        claim open (or owner pre-assigned), no LDevID yet            -> issue
 *	same key again       same identity, within 7 days, row alive               -> the same certificate
 *	other key, healthy   re-armed by the owner -> issue; IDevID -> wait; else refuse + alarm
 *	other key, expired   IDevID of the unit, or re-armed                       -> issue, new lineage
 *	renewal              newest certificate only; an unused child is voided, a used one is a fork
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "fleet_priv.h"

static hf_err deny(struct hf_enrol_plan *p, const char *alarm)
{
	p->outcome = HF_OUTCOME_DENY;
	p->alarm = alarm;
	return HF_OK;
}

static hf_err wait(struct hf_enrol_plan *p)
{
	p->outcome = HF_OUTCOME_WAIT;
	return HF_OK;
}

static hf_err trap(struct hf_enrol_plan *p, const char *reason)
{
	p->outcome = HF_OUTCOME_DENY;
	p->quarantine = reason;
	return HF_OK;
}

bool hf__cert_alive(const struct hf_cert_row *c)
{
	return c->state == HF_CERT_ISSUED || c->state == HF_CERT_SEEN || c->state == HF_CERT_CONFIRMED;
}

/* A key that has a row already: the lost-reply case, or somebody else's key. *known = false: a new key. */
static hf_err judge_known_key(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p,
			      bool *known)
{
	struct hf_cert_row c;
	hf_err err = hf_cert_by_spki(db, r->spki_sha256, &c);

	*known = err == HF_OK;
	if (err != HF_OK)
		return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
	if (c.kind != HF_CERT_LDEVID || strcmp(c.identity, p->identity) != 0 ||
	    (p->device && c.device != p->device)) {
		p->device = c.device; /* whose key it is hears of it */
		return deny(p, "enrol.foreign-key");
	}
	if (!hf__cert_alive(&c) || c.issued_at + HF_IDEMPOTENT_S < hf_db_now(db))
		return deny(p, "enrol.dead-key");
	p->outcome = HF_OUTCOME_SAME;
	memcpy(p->same, c.serial, sizeof(p->same));
	return HF_OK;
}

struct newest {
	bool any, healthy;
	int64_t now;
};

static hf_err see_newest(void *ctx, const struct hf_cert_row *c)
{
	struct newest *n = ctx;

	n->any = true;
	if (hf__cert_alive(c) && c->not_after > n->now)
		n->healthy = true;
	return HF_OK;
}

/* A new key for a device that exists: does the binding allow it? */
static hf_err judge_new_key(struct hf_db *db, const struct hf_enrol_req *r, const struct hf_device_row *d,
			    struct hf_enrol_plan *p)
{
	bool factory = r->who->kind == HF_WHO_IDEVID || r->who->kind == HF_WHO_UNIT;
	struct newest n = { .now = hf_db_now(db) };

	HF_TRY(hf_cert_of_device(db, d->id, HF_CERT_LDEVID, see_newest, &n));
	if (n.any && d->dev[0] && !d->rearmed) {
		if (n.healthy && factory)
			return wait(p); /* a stolen IDevID must not take over a healthy device */
		if (!factory)
			return deny(p, "enrol.bound-elsewhere");
	}
	p->outcome = HF_OUTCOME_ISSUE;
	(void)snprintf(p->dev, sizeof(p->dev), "%s", d->dev[0] ? d->dev : r->new_dev);
	return HF_OK;
}

static hf_err judge_device(struct hf_db *db, const struct hf_enrol_req *r, int64_t id,
			   struct hf_enrol_plan *p)
{
	struct hf_device_row d;
	bool known = false;

	HF_TRY(hf_device_by_id(db, id, &d));
	p->device = id;
	if (strcmp(d.line, r->line->line) != 0 || d.state == HF_DEVICE_REVOKED)
		return deny(p, "enrol.refused");
	if (d.state == HF_DEVICE_QUARANTINED)
		return wait(p);
	HF_TRY(judge_known_key(db, r, p, &known));
	if (known)
		return HF_OK;
	if (d.owner[0])
		(void)snprintf(p->owner, sizeof(p->owner), "%s", d.owner);
	return judge_new_key(db, r, &d, p);
}

/* A unit that nobody shipped: lost from the line, or made beside the books. */
static hf_err judge_shipment(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p,
			     bool *go)
{
	struct hf_unit_row u;
	hf_err err = hf_unit_by_handle(db, r->who->device.handle, &u);

	*go = err == HF_ERR_STORE_ABSENT || (err == HF_OK && u.shipped) || r->who->device.dev[0];
	if (err != HF_OK && err != HF_ERR_STORE_ABSENT)
		return err;
	if (*go)
		return HF_OK;
	p->alarm = "unit.not-shipped";
	return wait(p);
}

static bool is_factory(const struct hf_identity *who)
{
	return who->kind == HF_WHO_IDEVID || who->kind == HF_WHO_UNIT;
}

/* A claim that belongs to another unit than the one that shows it. */
static bool foreign_claim(const struct hf_enrol_req *r, const struct hf_claim_row *c)
{
	if (!is_factory(r->who))
		return false;
	return c->device ? c->device != r->who->device.id : c->bound;
}

/* No device yet: the first key of a self-made one. */
static hf_err judge_newcomer(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	bool known = false;

	HF_TRY(judge_known_key(db, r, p, &known));
	if (known)
		return HF_OK;
	p->outcome = HF_OUTCOME_ISSUE;
	(void)snprintf(p->dev, sizeof(p->dev), "%s", r->new_dev);
	return HF_OK;
}

/* The claim must be in its owner's hands: open, not locked, and of this device. */
static hf_err judge_claim(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	struct hf_claim_row c;
	hf_err err = hf_claim_get(db, r->cid, &c);

	if (err == HF_ERR_STORE_ABSENT)
		return deny(p, NULL);
	HF_TRY(err);
	if (c.locked_until > hf_db_now(db) || (c.line[0] && strcmp(c.line, r->line->line) != 0))
		return deny(p, NULL);
	if (foreign_claim(r, &c))
		return deny(p, "enrol.foreign-claim");
	(void)snprintf(p->owner, sizeof(p->owner), "%s", c.owner);
	(void)snprintf(p->label, sizeof(p->label), "%s", c.label);
	if (!c.bound && (!c.owner[0] || c.open_until <= hf_db_now(db)))
		return is_factory(r->who) ? wait(p) : deny(p, NULL);
	int64_t device = is_factory(r->who) ? r->who->device.id : c.device;
	return device ? judge_device(db, r, device, p) : judge_newcomer(db, r, p);
}

static hf_err judge_code(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	struct hf_basic_code c;
	bool known = false;
	hf_err err = r->line->basic ? hf_basic_get(db, r->code, &c) : HF_ERR_STORE_ABSENT;

	if (err == HF_ERR_STORE_ABSENT)
		return deny(p, NULL);
	HF_TRY(err);
	hf_fleet_name(p->identity, sizeof(p->identity), "code", (hf_bytes){ r->code, 16 });
	if (c.expires <= hf_db_now(db) || strcmp(c.line, r->line->line) != 0)
		return deny(p, NULL);
	(void)snprintf(p->owner, sizeof(p->owner), "%s", c.owner);
	HF_TRY(judge_known_key(db, r, p, &known));
	p->device = c.device;
	if (known)
		return HF_OK;
	if (c.bound)
		return deny(p, "enrol.code-used");
	p->outcome = HF_OUTCOME_ISSUE;
	(void)snprintf(p->dev, sizeof(p->dev), "%s", r->new_dev);
	return HF_OK;
}

/* The factory certificate alone, where the line wants the claim too: it waits for its owner, but after a
 * lapse it may renew a binding that stands. */
static hf_err without_claim(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	const struct hf_device_row *d = &r->who->device;

	if (!is_factory(r->who))
		return deny(p, NULL);
	return d->dev[0] && d->owner[0] && !d->rearmed ? judge_device(db, r, d->id, p) : wait(p);
}

static hf_err plan_first(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	bool factory = is_factory(r->who);

	if (r->has_code)
		return judge_code(db, r, p);
	if (r->line->enrol != HF__ENROL_CLAIM && !factory)
		return deny(p, NULL);
	if (factory && strcmp(r->who->device.line, r->line->line) != 0)
		return deny(p, "enrol.refused");
	if (factory) {
		bool go = false;

		HF_TRY(judge_shipment(db, r, p, &go));
		if (!go)
			return HF_OK;
	}
	if (factory)
		hf_fleet_name(p->identity, sizeof(p->identity), "idevid", HF_ARR(r->who->cert.serial));
	else
		hf_fleet_name(p->identity, sizeof(p->identity), "cid", HF_ARR(r->cid));
	if (r->line->enrol != HF__ENROL_IDEVID)
		return r->has_claim ? judge_claim(db, r, p) : without_claim(db, r, p);
	(void)snprintf(p->owner, sizeof(p->owner), "%s", r->line->owner);
	return judge_device(db, r, r->who->device.id, p);
}

struct children {
	bool used, unused;
	uint8_t serial[HF_STORE_SERIAL_LEN];
	const uint8_t *spki;
};

static hf_err see_child(void *ctx, const struct hf_cert_row *c)
{
	struct children *k = ctx;

	if (c->state == HF_CERT_ISSUED) {
		k->unused = true;
		memcpy(k->serial, c->serial, sizeof(k->serial));
	} else if (c->state != HF_CERT_VOID) {
		k->used = true;
	}
	return HF_OK;
}

static hf_err plan_renewal(struct hf_db *db, const struct hf_enrol_req *r, struct hf_enrol_plan *p)
{
	const struct hf_cert_row *c = &r->who->cert;
	struct children k = { 0 };
	bool known = false;

	p->device = c->device;
	hf_fleet_name(p->identity, sizeof(p->identity), "parent", HF_ARR(c->serial));
	if (strcmp(r->who->device.line, r->line->line) != 0 || strcmp(c->dev, r->who->device.dev) != 0)
		return deny(p, "enrol.refused");
	if (r->names_differ || memcmp(r->spki_sha256, c->spki_sha256, HF_SHA256_LEN) == 0)
		return deny(p, NULL);
	if (c->not_after + r->line->grace_s < hf_db_now(db))
		return deny(p, NULL);
	HF_TRY(judge_known_key(db, r, p, &known));
	if (known)
		return HF_OK;
	HF_TRY(hf_cert_children(db, c->serial, see_child, &k));
	if (k.used)
		return trap(p, "fork: two children of one certificate");
	if (k.unused && c->reissues >= HF_REISSUES_MAX)
		return trap(p, "fork: too many unused children");
	p->outcome = HF_OUTCOME_ISSUE;
	p->has_void = k.unused;
	memcpy(p->voided, k.serial, sizeof(p->voided));
	p->has_parent = true;
	memcpy(p->parent, c->serial, sizeof(p->parent));
	memcpy(p->lineage, c->lineage, sizeof(p->lineage));
	(void)snprintf(p->dev, sizeof(p->dev), "%s", c->dev);
	(void)snprintf(p->owner, sizeof(p->owner), "%s", r->who->device.owner);
	return HF_OK;
}

hf_err hf_enrol_plan(struct hf_db *db, const struct hf_enrol_req *req, struct hf_enrol_plan *plan)
{
	enum hf_operation op = req->renew ? HF_OP_EST_REENROLL : HF_OP_EST_ENROLL;
	enum hf_answer answer = hf_authorise(req->who, op, hf_db_now(db));

	memset(plan, 0, sizeof(*plan));
	plan->device = req->who->device.id;
	if (answer == HF_ANSWER_TRAP)
		return trap(plan, "a superseded certificate came back");
	if (answer == HF_ANSWER_WAIT)
		return wait(plan);
	if (answer != HF_ANSWER_ALLOW)
		return deny(plan, req->who->stranger ? "certificate.unknown" : "enrol.refused");
	return req->renew ? plan_renewal(db, req, plan) : plan_first(db, req, plan);
}
