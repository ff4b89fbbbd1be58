/* What boot makes of the records, and the keys behind them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_priv.h"
#include "identity_priv.h"

/* Load one slot and clean what no edge of the machine can have left whole: a torn key, a certificate
 * without its key. A whole key without a certificate stays: its request may be under way. */
static hf_err load_slot(struct hf_renew *r, unsigned slot)
{
	struct hf__renew_key key HF_AUTO(hf__renew_key_wipe) = { .blob = { NULL, 0, 0 } };
	struct hf_renew_slot *s = &r->slot[slot];
	hf_err err = hf__renew_load_key(r->port, slot, &key);

	memset(s, 0, sizeof(*s));
	if (err == HF_ERR_PORT_ABSENT || err == HF_ERR_RENEW_RECORD)
		return hf__renew_clear_slot(r, slot);
	HF_TRY(err);
	s->has_key = true;
	memcpy(s->signing, key.signing, sizeof(s->signing));
	memcpy(s->encryption, key.encryption, sizeof(s->encryption));
	err = hf__renew_load_slot(r->port, slot, s);
	if (err == HF_ERR_RENEW_RECORD)
		return hf_port_destroy(r->port, slot == 0 ? HF_REC_SLOT0 : HF_REC_SLOT1);
	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	HF_TRY(err);
	s->has_cert = true;
	return HF_OK;
}

/* Without a pointer, the newer certificate is tried; the other one is never used, for if the pointer was
 * lost after a promotion it is superseded. */
static unsigned newer(const struct hf_renew *r)
{
	if (!r->slot[0].has_cert || !r->slot[1].has_cert)
		return r->slot[1].has_cert ? 1 : 0;
	return r->slot[1].leaf.not_before > r->slot[0].leaf.not_before ? 1 : 0;
}

/* hf__renew_other() names slot 0 when nothing leads; so a certificate that lies in slot 1 must lead at once:
 * it can only be a former leader, since without a leader new keys go to slot 0. */
static enum hf_renew_state state_without_leader(struct hf_renew *r)
{
	unsigned n = newer(r);

	if (n == 1) {
		r->active = 1;
		r->acked = false;
		return HF_RENEW_PROMOTED;
	}
	if (r->slot[0].has_cert)
		return HF_RENEW_HAVE;
	return r->slot[0].has_key ? HF_RENEW_KEYED : HF_RENEW_EMPTY;
}

static enum hf_renew_state state_of_records(struct hf_renew *r)
{
	const struct hf_renew_slot *o;

	if (r->active >= 0 && !r->slot[r->active].has_cert)
		r->active = -1; /* leader lost its key or certificate */
	if (r->active < 0)
		return state_without_leader(r);
	o = &r->slot[hf__renew_other(r)];
	if (!r->acked)
		return HF_RENEW_PROMOTED;
	if (o->has_cert)
		return HF_RENEW_HAVE;
	return o->has_key ? HF_RENEW_KEYED : HF_RENEW_STABLE;
}

static hf_err load_previous(struct hf_renew *r)
{
	struct hf__renew_prev prev HF_AUTO(hf__renew_prev_wipe) = { .until_s = 0 };
	hf_err err = hf__renew_load_prev(r->port, &prev);

	if (err == HF_ERR_PORT_ABSENT)
		return HF_OK;
	if (err == HF_ERR_RENEW_RECORD)
		return hf_port_destroy(r->port, HF_REC_PREV_ENC);
	HF_TRY(err);
	r->prev_until_s = prev.until_s > 0 ? prev.until_s : 1;
	return HF_OK;
}

hf_err hf_renew_init(struct hf_renew *r, const struct hf_renew_setup *setup)
{
	hf_err err;

	memset(r, 0, sizeof(*r));
	r->port = setup->port;
	r->keys = *setup->keys;
	r->active = -1;
	HF_TRY(hf_floor_load(&r->floor, r->port, setup->build_s));
	HF_TRY(load_slot(r, 0));
	HF_TRY(load_slot(r, 1));
	err = hf__renew_load_active(r);
	if (err != HF_OK && err != HF_ERR_PORT_ABSENT && err != HF_ERR_RENEW_RECORD)
		return err;
	r->state = state_of_records(r);
	return load_previous(r);
}

hf_err hf_renew_signing_key(struct hf_renew *r, unsigned slot, struct hf_hwkey *key)
{
	struct hf__renew_key k HF_AUTO(hf__renew_key_wipe) = { .blob = { NULL, 0, 0 } };

	if (slot > 1)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__renew_load_key(r->port, slot, &k));
	return r->keys.open(r->keys.ctx, slot, hf_out_bytes(&k.blob), key);
}

hf_err hf_renew_decryption_key(struct hf_renew *r, unsigned slot, struct hf_key *secret)
{
	struct hf__renew_key k HF_AUTO(hf__renew_key_wipe) = { .blob = { NULL, 0, 0 } };

	if (slot > 1)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf__renew_load_key(r->port, slot, &k));
	*secret = k.scalar;
	return HF_OK;
}

hf_err hf_renew_previous_key(struct hf_renew *r, struct hf_key *secret, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf__renew_prev prev HF_AUTO(hf__renew_prev_wipe) = { .until_s = 0 };
	int64_t now_s = 0;

	HF_TRY(hf__renew_now(r, &now_s));
	if (r->prev_until_s == 0 || now_s >= r->prev_until_s)
		return HF_ERR_PORT_ABSENT;
	HF_TRY(hf__renew_load_prev(r->port, &prev));
	*secret = prev.scalar;
	memcpy(pub, prev.pub, sizeof(prev.pub));
	return HF_OK;
}
