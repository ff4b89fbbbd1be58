/* owner.c -- what an owner does to a device: claim, revoke, quarantine and lift, re-arm, release.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "fleet_priv.h"

hf_err hf_fleet_random(uint8_t *out, size_t n)
{
	return getrandom(out, n, 0) == (ssize_t)n ? HF_OK : HF_ERR_PORT_RANDOM;
}

static hf_err random_name(char *out, size_t bytes, size_t text)
{
	uint8_t raw[16];
	struct hf_out o = { (uint8_t *)out, text, 0 };

	out[0] = 0;
	HF_TRY(hf_fleet_random(raw, bytes));
	HF_TRY(hf_base32_encode((hf_bytes){ raw, bytes }, &o));
	out[text] = 0;
	return HF_OK;
}

hf_err hf_fleet_new_dev(char dev[static HF_STORE_DEV_CAP])
{
	return random_name(dev, 10, HF_STORE_DEV_CAP - 1);
}

hf_err hf_fleet_new_handle(char handle[static HF_STORE_HANDLE_CAP])
{
	return random_name(handle, 16, HF_STORE_HANDLE_CAP - 1);
}

void hf_fleet_name(char *out, size_t cap, const char *prefix, hf_bytes b)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = (size_t)snprintf(out, cap, "%s:", prefix);

	for (size_t i = 0; i < b.len && at + 3 <= cap; i++) {
		out[at++] = digits[b.ptr[i] >> 4];
		out[at++] = digits[b.ptr[i] & 15];
	}
	out[at] = 0;
}

hf_err hf_fleet_event(struct hf_db *db, const struct hf_device_row *d, int level, const char *kind,
		      const char *actor, const char *detail, int64_t *audit)
{
	struct hf_event_row e = { .level = level,
				  .kind = kind,
				  .account = d->owner,
				  .dev = d->dev,
				  .actor = actor,
				  .detail = detail };

	HF_TRY(hf_event_add(db, &e));
	if (audit)
		*audit = e.id;
	return HF_OK;
}

/* May this account open the claim, and does it prove the label? */
static hf_err check_claim(struct hf_db *db, const struct hf_claim_row *have,
			  const struct hf_claim_row *wanted, bool kc_fits)
{
	if (have->locked_until > hf_db_now(db))
		return HF_ERR_FLEET_PROOF;
	if (!kc_fits)
		return HF_ERR_FLEET_PROOF;
	bool taken = have->owner[0] && strcmp(have->owner, wanted->owner) != 0;
	if (taken && (have->bound || have->open_until > hf_db_now(db)))
		return HF_ERR_FLEET_CLAIMED;
	if (have->line[0] && wanted->line[0] && strcmp(have->line, wanted->line) != 0)
		return HF_ERR_FLEET_CLAIMED;
	return HF_OK;
}

/* A device that has its row already is claimed by this, or, bound before, may get another label. */
static hf_err tell_device(struct hf_db *db, const struct hf_claim_row *c, const char *label,
			  struct hf_device_row *d)
{
	if (!c->device || d->state == HF_DEVICE_REVOKED || d->state == HF_DEVICE_QUARANTINED)
		return HF_OK;
	if (c->bound && !label[0])
		return HF_OK;
	if (label[0] || strcmp(d->owner, c->owner) != 0)
		(void)snprintf(d->label, sizeof(d->label), "%s", label);
	if (!c->bound) {
		(void)snprintf(d->owner, sizeof(d->owner), "%s", c->owner);
		d->state = HF_DEVICE_CLAIMED;
	}
	return hf_device_update(db, d);
}

hf_err hf_claim_open(struct hf_db *db, const struct hf_claim_row *wanted, bool kc_fits, const char *label,
		     const char *actor)
{
	struct hf_claim_row c;
	struct hf_device_row d = { 0 };
	hf_err err = hf_claim_get(db, wanted->cid, &c);

	if (err == HF_OK)
		HF_TRY(check_claim(db, &c, wanted, kc_fits));
	else if (err == HF_ERR_STORE_ABSENT)
		c = *wanted;
	else
		return err;
	if (strcmp(c.owner, wanted->owner) != 0)
		c.label[0] = 0; /* another account's name for it */
	(void)snprintf(c.owner, sizeof(c.owner), "%s", wanted->owner);
	if (!c.line[0])
		(void)snprintf(c.line, sizeof(c.line), "%s", wanted->line);
	if (c.device)
		HF_TRY(hf_device_by_id(db, c.device, &d));
	if (!c.bound)
		c.open_until = hf_db_now(db) + HF_CLAIM_OPEN_S;
	if (!c.bound && label[0])
		(void)snprintf(c.label, sizeof(c.label), "%s", label);
	HF_TRY(hf_claim_put(db, &c));
	HF_TRY(tell_device(db, &c, label, &d));
	(void)snprintf(d.owner, sizeof(d.owner), "%s", wanted->owner);
	return hf_fleet_event(db, &d, HF_EVENT_NOTICE, "claim.opened", actor, NULL, NULL);
}

/* Reopen the claim of a device so that its next enrolment may bind another key. */
static hf_err rearm_claim(struct hf_db *db, const struct hf_device_row *d, bool keep_owner)
{
	struct hf_claim_row c;
	hf_err err = hf_claim_of_device(db, d->id, &c);

	if (err != HF_OK)
		return err == HF_ERR_STORE_ABSENT ? HF_OK : err;
	c.bound = false;
	c.wrong = 0;
	c.locked_until = 0;
	c.open_until = keep_owner ? hf_db_now(db) + HF_CLAIM_OPEN_S : 0;
	if (!keep_owner)
		c.owner[0] = c.label[0] = 0;
	return hf_claim_put(db, &c);
}

struct act {
	enum hf_owner_act act;
	unsigned from; /* bit per device state */
	int to;        /* 0 = as it is */
	int certs;     /* where live LDevIDs go, 0 = stay */
	const char *kind;
};
#define IN(state) (1u << (state))
static const struct act acts[] = {
	{ HF_ACT_REVOKE, IN(1) | IN(2) | IN(3) | IN(4) | IN(6), HF_DEVICE_REVOKED, HF_CERT_REVOKED,
	  "device.revoked" },
	{ HF_ACT_QUARANTINE, IN(2) | IN(3), HF_DEVICE_QUARANTINED, HF_CERT_QUARANTINED,
	  "device.quarantined" },
	/* No certificate is revived: the device enrols again. */
	{ HF_ACT_LIFT, IN(4), HF_DEVICE_CLAIMED, HF_CERT_REVOKED, "device.lifted" },
	{ HF_ACT_REARM, IN(2) | IN(3), 0, 0, "device.rearmed" },
	{ HF_ACT_RELEASE, IN(2) | IN(3) | IN(4), HF_DEVICE_RELEASED, HF_CERT_REVOKED, "device.released" },
};

static hf_err do_act(struct hf_db *db, struct hf_device_row *d, const struct act *a, const char *reason)
{
	if (a->to)
		d->state = a->to;
	(void)snprintf(d->reason, sizeof(d->reason), "%s", reason);
	if (a->certs)
		HF_TRY(hf__end_certs(db, d->id, a->act == HF_ACT_REVOKE ? 0 : HF_CERT_LDEVID, a->certs));
	if (a->act == HF_ACT_LIFT || a->act == HF_ACT_REARM) {
		d->rearmed = true;
		HF_TRY(rearm_claim(db, d, true));
	}
	if (a->act == HF_ACT_RELEASE) {
		HF_TRY(rearm_claim(db, d, false));
		d->owner[0] = 0;
		d->dev[0] = 0;
		d->label[0] = 0;
		d->rearmed = false;
	}
	return hf_device_update(db, d);
}

static const struct act *find_act(enum hf_owner_act act)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].act == act)
			return &acts[i];
	return NULL;
}

hf_err hf_device_act(struct hf_db *db, struct hf_device_row *d, enum hf_owner_act act, const char *reason,
		     const char *actor, int64_t *audit)
{
	struct hf_device_row before = *d;
	const struct act *a = find_act(act);

	if (!a)
		return HF_ERR_BASE_MISUSE;
	if (!(a->from & IN(d->state)))
		return HF_ERR_FLEET_STATE;
	HF_TRY(do_act(db, d, a, reason));
	return hf_fleet_event(db, &before, HF_EVENT_NOTICE, a->kind, actor, NULL, audit);
}

/* The owner's row of the table, whatever the state is: a clone waits for nobody. */
hf_err hf_fleet_quarantine(struct hf_db *db, int64_t device, const char *reason, const char *actor,
			   int64_t *audit)
{
	const struct act *a = find_act(HF_ACT_QUARANTINE);
	struct hf_device_row d;

	HF_TRY(hf_device_by_id(db, device, &d));
	if (d.state == HF_DEVICE_QUARANTINED || d.state == HF_DEVICE_REVOKED)
		return HF_OK;
	HF_TRY(do_act(db, &d, a, reason));
	return hf_fleet_event(db, &d, HF_EVENT_ALARM, a->kind, actor, NULL, audit);
}
