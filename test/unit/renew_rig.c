/* SPDX-License-Identifier: Apache-2.0 */
#include "renew_rig.h"

static hf_err make(void *ctx, struct hf_out *blob, uint8_t pub[static HF_P256_POINT_LEN])
{
	struct hf_key secret;

	(void)ctx;
	HF_TRY(hf_crypto_p256_generate(&secret, pub));
	return hf_out_put(blob, (hf_bytes){ secret.b, secret.len });
}

static hf_err open_key(void *ctx, unsigned slot, hf_bytes blob, struct hf_hwkey *key)
{
	struct rig *r = ctx;

	memcpy(r->secret[slot].b, blob.ptr, HF_KEY_CAP);
	r->secret[slot].len = HF_KEY_CAP;
	return hf_crypto_p256_hwkey(&r->secret[slot], key);
}

static hf_err endorse0(void *ctx, const struct hf_endorse *e, struct hf_out *out)
{
	struct rig *r = ctx;

	return hf_endorse_write_claim(e, &r->ko, out);
}

void boot(struct rig *r)
{
	assert_int_equal(hf_renew_init(&r->renew, &r->setup), HF_OK);
	hf_renew_want(&r->renew, &r->want);
}

int set_up(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	hf_fake_init(&r.port, 11);
	r.ko = (struct hf_key){ { 9 }, HF_KEY_CAP };
	r.keys = (struct hf_renew_keys){ &r, make, open_key, endorse0 };
	r.setup = (struct hf_renew_setup){ &r.port, &r.keys, 1700000000 };
	boot(&r);
	*state = &r;
	return 0;
}

int tear_down(void **state)
{
	hf_fake_free(&((struct rig *)*state)->port);
	return 0;
}

hf_err step(struct rig *r, struct hf_renew_event ev)
{
	hf_err err = hf_renew_step(&r->renew, &ev);

	hf_renew_want(&r->renew, &r->want);
	return err;
}

hf_err tick(struct rig *r)
{
	return step(r, (struct hf_renew_event){ .kind = HF_RENEW_TICK, .settled = true });
}

hf_err event(struct rig *r, enum hf_renew_kind kind)
{
	return step(r, (struct hf_renew_event){ .kind = kind, .slot = (unsigned)r->want.session });
}

/* What the server would issue for the key that is asked for. */
struct hf_leaf leaf_for(struct rig *r, const char *dev)
{
	struct hf_leaf leaf = { .serial = { 0x40, ++r->next_serial } };

	memcpy(leaf.dev, dev, HF_DEV_LEN + 1);
	memcpy(leaf.pub, r->renew.slot[r->want.request_slot].signing, sizeof(leaf.pub));
	leaf.not_before = r->port.clock.unix_s - 300;
	leaf.not_after = leaf.not_before + LIFE;
	memset(r->der, r->next_serial, sizeof(r->der));
	leaf.der = HF_ARR(r->der);
	return leaf;
}

hf_err bring(struct rig *r, struct hf_leaf leaf)
{
	return step(r, (struct hf_renew_event){ .kind = HF_RENEW_CERT, .leaf = &leaf });
}

void enrol(struct rig *r)
{
	assert_int_equal(tick(r), HF_OK);
	assert_true(r->want.request);
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
}

/* Sleep until the renewal is due and ask for it. */
void fall_due(struct rig *r)
{
	hf_fake_advance(&r->port, (uint64_t)LIFE * 700);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
}

void refuse_sessions(struct rig *r, int n)
{
	while (n-- > 0)
		assert_int_equal(event(r, HF_RENEW_SESSION_REFUSED), HF_OK);
}
