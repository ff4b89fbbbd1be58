/* What the edges of renew_table.c do.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_priv.h"
#include "identity_priv.h"

enum { MAX_LIFE_S = 400 * 86400, PREVIOUS_KEY_S = 86400, DAY_S = 86400, TROUBLE_S = 60 };

static bool same_text(const char *a, const char *b)
{
	return memcmp(a, b, HF_DEV_LEN) == 0;
}

hf_err hf__renew_now(const struct hf_renew *r, int64_t *now_s)
{
	struct hf_clock clock = { 0 };

	HF_TRY(hf_port_clock(r->port, &clock));
	*now_s = hf_floor_schedule_now(&r->floor, &clock);
	return HF_OK;
}

hf_err hf_renew_due(const struct hf_leaf *leaf, int64_t *due_s)
{
	const hf_bytes parts[] = {
		HF_STR("hf-renew"),
		{ (const uint8_t *)leaf->dev, HF_DEV_LEN },
		HF_ARR(leaf->serial),
	};
	int64_t life = leaf->not_after - leaf->not_before;
	uint8_t hash[HF_SHA256_LEN];

	*due_s = leaf->not_before;
	if (life <= 0)
		return HF_OK;
	HF_TRY(hf_crypto_sha256(parts, 3, hash));
	*due_s += life / 10 * 6 + (life >= 10 ? (int64_t)hf_get_be32(hash) % (life / 10) : 0);
	return HF_OK;
}

int64_t hf_renew_retry_s(const struct hf_leaf *leaf)
{
	int64_t s = (leaf->not_after - leaf->not_before) / 25;

	if (s < 1)
		return 1;
	return s < DAY_S ? s : DAY_S;
}

void hf_renew_window(struct hf_renew *r, int64_t from_s, int64_t to_s)
{
	const struct hf_leaf *leaf;
	int64_t last;

	if (r->active < 0 || from_s <= 0 || to_s < from_s)
		return;
	leaf = &r->slot[r->active].leaf;
	last = leaf->not_after - (leaf->not_after - leaf->not_before) / 10;
	if (to_s > last)
		to_s = last;
	if (from_s > to_s)
		from_s = to_s;
	r->window_s = from_s + (to_s - from_s) / 256 * leaf->serial[HF_SERIAL_LEN - 1]; /* spread the fleet */
}

/* ---- KEYED and REQUESTED ------------------------------------------------------------------------ */

hf_err hf__renew_make_key(struct hf_renew *r, const struct hf_renew_event *ev)
{
	struct hf__renew_key key HF_AUTO(hf__renew_key_wipe) = { .blob = { NULL, 0, 0 } };
	unsigned o = hf__renew_other(r);
	struct hf_renew_slot *s = &r->slot[o];

	(void)ev;
	key.blob = HF_OUT(key.blob_mem);
	HF_TRY(hf__renew_clear_slot(r, o)); /* nothing is there, or a torn remnant */
	HF_TRY(r->keys.make(r->keys.ctx, &key.blob, key.signing));
	HF_TRY(hf_crypto_p256_generate(&key.scalar, key.encryption));
	HF_TRY(hf__renew_store_key(r->port, o, &key));
	memset(s, 0, sizeof(*s));
	s->has_key = true;
	memcpy(s->signing, key.signing, sizeof(s->signing));
	memcpy(s->encryption, key.encryption, sizeof(s->encryption));
	r->next_try_s = 0; /* ask at once */
	r->rounds = 0;
	return HF_OK;
}

hf_err hf__renew_ask(struct hf_renew *r, const struct hf_renew_event *ev)
{
	(void)ev;
	r->hasten = false;
	return HF_OK;
}

/* Does the leader still open sessions, as far as we can tell? */
static bool leader_lives(const struct hf_renew *r, int64_t now_s)
{
	return r->active >= 0 && now_s < r->slot[r->active].leaf.not_after && !r->hasten;
}

/* Renewal was refused: perhaps the grace time is over and only a new enrolment helps. When enrolment does
 * not help either, renewal gets its turn again. A stolen factory key gains nothing by this: the server makes
 * an enrolment wait while the device's certificate lives. */
static hf_err change_door(struct hf_renew *r, int64_t now_s)
{
	struct hf_clock clock = { 0 };

	if (r->active < 0)
		return HF_OK;
	HF_TRY(hf_port_clock(r->port, &clock));
	if (r->fresh_lineage)
		r->fresh_lineage = false;
	else if (clock.quality == HF_CLOCK_NONE || now_s >= r->slot[r->active].leaf.not_after)
		r->fresh_lineage = true;
	return HF_OK;
}

static hf_err wait_for(struct hf_renew *r, const struct hf_renew_event *ev, int64_t *wait_s)
{
	uint64_t ms = TROUBLE_S * 1000;
	hf_err err = hf_backoff_next(&r->backoff, r->port,
				     ev->kind == HF_RENEW_FAILED ? HF_WAIT_LINK : HF_WAIT_CLAIM,
				     ev->retry_after_s, &ms);

	*wait_s = (int64_t)(ms / 1000 + 1);
	return err;
}

hf_err hf__renew_later(struct hf_renew *r, const struct hf_renew_event *ev)
{
	int64_t now_s = 0, wait_s = TROUBLE_S;

	HF_TRY(hf__renew_now(r, &now_s));
	r->state = HF_RENEW_KEYED; /* holds even when storing the time fails: it is what the records say */
	r->next_try_s = now_s + TROUBLE_S;
	if (ev->kind != HF_RENEW_FAILED)
		HF_TRY(change_door(r, now_s));
	if (!leader_lives(r, now_s)) {
		HF_TRY(wait_for(r, ev, &wait_s));
		r->next_try_s = now_s + wait_s;
		return HF_OK;
	}
	wait_s = hf_renew_retry_s(&r->slot[r->active].leaf);
	if (ev->retry_after_s > 0 && (int64_t)ev->retry_after_s < wait_s && ev->retry_after_s < DAY_S)
		wait_s = (int64_t)ev->retry_after_s; /* a busy server named a nearer time */
	r->next_try_s = now_s + wait_s;
	return hf__renew_store_active(r, r->active, r->acked);
}

/* ---- HAVE --------------------------------------------------------------------------------------- */

static hf_err check_leaf(const struct hf_renew *r, const struct hf_leaf *leaf)
{
	const struct hf_renew_slot *s = &r->slot[hf__renew_other(r)];
	hf_bytes dev = { (const uint8_t *)leaf->dev, HF_DEV_LEN };

	if (memcmp(leaf->pub, s->signing, sizeof(s->signing)) != 0)
		return HF_ERR_RENEW_KEY;
	if (hf_identity_check_dev(dev) != HF_OK)
		return HF_ERR_RENEW_NAME;
	if (r->active >= 0 && !r->fresh_lineage && !same_text(leaf->dev, r->slot[r->active].leaf.dev))
		return HF_ERR_RENEW_NAME;
	if (leaf->not_before < 0 || leaf->not_after <= leaf->not_before ||
	    leaf->not_after - leaf->not_before > MAX_LIFE_S || leaf->der.len == 0 ||
	    leaf->der.len > HF_RENEW_CERT_CAP)
		return HF_ERR_RENEW_LIFE;
	return HF_OK;
}

static void copy_leaf(struct hf_renew_slot *s, const struct hf_leaf *leaf)
{
	memcpy(s->der, leaf->der.ptr, leaf->der.len);
	s->leaf = *leaf;
	s->leaf.dev[HF_DEV_LEN] = '\0';
	s->leaf.der = (hf_bytes){ s->der, leaf->der.len };
}

hf_err hf__renew_keep_cert(struct hf_renew *r, const struct hf_renew_event *ev)
{
	const struct hf_renew_event failed = { .kind = HF_RENEW_FAILED };
	unsigned o = hf__renew_other(r);
	struct hf_renew_slot *s = &r->slot[o];
	hf_err err;

	if (ev->leaf == NULL)
		return HF_ERR_BASE_MISUSE;
	err = check_leaf(r, ev->leaf);
	if (err == HF_OK) {
		copy_leaf(s, ev->leaf);
		err = hf__renew_store_slot(r->port, o, s);
	}
	if (err != HF_OK) { /* as if no answer had come; the same key brings the same certificate again */
		(void)!hf__renew_later(r, &failed);
		return err;
	}
	s->has_cert = true;
	r->fresh_lineage = false;
	r->backoff = (struct hf_backoff){ 0, 0, 0 };
	/* The certificate is durable: a floor that cannot be stored must not hide that from the table. */
	(void)!hf_floor_raise(&r->floor, r->port, s->leaf.not_before, s->leaf.not_after);
	return HF_OK;
}

/* ---- PROVE -------------------------------------------------------------------------------------- */

hf_err hf__renew_use_new(struct hf_renew *r, const struct hf_renew_event *ev)
{
	(void)ev;
	r->refusals = 0;
	r->proven = false;
	return HF_OK;
}

hf_err hf__renew_fall_back(struct hf_renew *r, const struct hf_renew_event *ev)
{
	int64_t now_s = 0;

	(void)ev;
	HF_TRY(hf__renew_now(r, &now_s));
	r->alarm = true;
	r->rounds++;
	r->next_try_s = now_s + (r->active >= 0 ? hf_renew_retry_s(&r->slot[r->active].leaf)
						: (int64_t)(hf_backoff_bound_ms(HF_WAIT_REFUSED, 0) / 1000));
	return HF_OK;
}

hf_err hf__renew_drop_cert(struct hf_renew *r, const struct hf_renew_event *ev)
{
	unsigned o = hf__renew_other(r);

	(void)ev;
	HF_TRY(hf_port_destroy(r->port, o == 0 ? HF_REC_SLOT0 : HF_REC_SLOT1));
	r->slot[o].has_cert = false;
	r->slot[o].endorsement_len = 0;
	r->next_try_s = 0;
	r->rounds = 0;
	return HF_OK;
}

/* ---- PROMOTED ----------------------------------------------------------------------------------- */

/* Generation n + 1 by the leader's key when there is a leader of the same name, else generation 0. */
static hf_err write_endorsement(struct hf_renew *r, const struct hf_renew_slot *s, struct hf_endorse *e,
				struct hf_out *out)
{
	const struct hf_renew_slot *old = r->active >= 0 ? &r->slot[r->active] : NULL;
	struct hf_hwkey key = { 0 };

	memcpy(e->dev, s->leaf.dev, sizeof(e->dev));
	memcpy(e->signing, s->signing, sizeof(e->signing));
	memcpy(e->encryption, s->encryption, sizeof(e->encryption));
	e->gen = 0;
	if (old == NULL || old->endorsement_len == 0 || !same_text(old->leaf.dev, s->leaf.dev))
		return r->keys.endorse0(r->keys.ctx, e, out);
	e->gen = old->gen + 1;
	HF_TRY(hf_renew_signing_key(r, (unsigned)r->active, &key));
	return hf_endorse_write_signed(e, &key, out);
}

static hf_err endorse(struct hf_renew *r, unsigned o)
{
	struct hf_renew_slot *s = &r->slot[o];
	struct hf_out out = HF_OUT(s->endorsement);
	struct hf_endorse e = { .gen = 0 };
	hf_err err;

	if (s->endorsement_len > 0)
		return HF_OK; /* power went between this write and the flip */
	HF_TRY(write_endorsement(r, s, &e, &out));
	s->gen = e.gen;
	s->endorsement_len = out.len;
	err = hf__renew_store_slot(r->port, o, s);
	if (err != HF_OK)
		s->endorsement_len = 0;
	return err;
}

hf_err hf__renew_promote(struct hf_renew *r, const struct hf_renew_event *ev)
{
	unsigned o = hf__renew_other(r);
	int64_t now_s = 0;

	(void)ev;
	r->proven = true;
	HF_TRY(hf__renew_now(r, &now_s));
	r->next_try_s = now_s + TROUBLE_S; /* should a write fail now, a tick tries again */
	HF_TRY(endorse(r, o));
	r->next_try_s = 0;
	HF_TRY(hf__renew_store_active(r, (int)o, false));
	r->active = (int)o;
	r->acked = false;
	r->proven = false;
	r->window_s = 0;
	r->rounds = 0;
	return HF_OK;
}

/* ---- STABLE ------------------------------------------------------------------------------------- */

/* Commands sealed to the old key may still be on their way: it decrypts, and nothing else, for the longest
 * life of a command. */
static hf_err keep_previous_key(struct hf_renew *r, unsigned o)
{
	struct hf__renew_key old HF_AUTO(hf__renew_key_wipe) = { .blob = { NULL, 0, 0 } };
	struct hf__renew_prev prev HF_AUTO(hf__renew_prev_wipe) = { .until_s = 0 };
	int64_t now_s = 0;
	hf_err err = hf__renew_load_key(r->port, o, &old);

	if (err == HF_ERR_PORT_ABSENT || err == HF_ERR_RENEW_RECORD)
		return HF_OK;
	HF_TRY(err);
	if (!same_text(r->slot[o].leaf.dev, r->slot[r->active].leaf.dev))
		return HF_OK; /* another owner's key */
	err = hf__renew_load_prev(r->port, &prev);
	if (err == HF_OK && memcmp(prev.pub, old.encryption, sizeof(prev.pub)) == 0)
		return HF_OK; /* power went after this step */
	if (err == HF_ERR_PORT_STORAGE)
		return err;
	HF_TRY(hf_port_destroy(r->port, HF_REC_PREV_ENC));
	HF_TRY(hf__renew_now(r, &now_s));
	prev.until_s = now_s + PREVIOUS_KEY_S;
	prev.scalar = old.scalar;
	memcpy(prev.pub, old.encryption, sizeof(prev.pub));
	HF_TRY(hf__renew_store_prev(r->port, &prev));
	r->prev_until_s = prev.until_s;
	return HF_OK;
}

hf_err hf__renew_wipe_old(struct hf_renew *r, const struct hf_renew_event *ev)
{
	unsigned o = hf__renew_other(r);

	(void)ev;
	if (r->slot[o].has_key && r->slot[o].has_cert)
		HF_TRY(keep_previous_key(r, o));
	HF_TRY(hf__renew_clear_slot(r, o));
	HF_TRY(hf__renew_store_active(r, r->active, true));
	r->acked = true;
	return HF_OK;
}

hf_err hf__renew_hasten(struct hf_renew *r, const struct hf_renew_event *ev)
{
	(void)ev;
	r->hasten = true;
	return HF_OK;
}

hf_err hf__renew_nothing(struct hf_renew *r, const struct hf_renew_event *ev)
{
	if (ev->kind == HF_RENEW_SESSION)
		r->hasten = false;
	return HF_OK;
}
