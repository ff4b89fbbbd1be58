/* Unit tests of renew.h: each edge of the machine once; what holds at power cuts is in test/sim/identity.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/renew.h>

enum { DAY = 86400, LIFE = 90 * DAY };

struct rig {
	struct hf_port port;
	struct hf_key secret[2];
	struct hf_key ko;
	struct hf_renew_keys keys;
	struct hf_renew_setup setup;
	struct hf_renew renew;
	struct hf_renew_want want;
	uint8_t der[64];
	uint8_t next_serial;
};

static const char dev_a[] = "abcdefghij234567", dev_b[] = "bbbbbbbbbbbbbbbb";

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

static void boot(struct rig *r)
{
	assert_int_equal(hf_renew_init(&r->renew, &r->setup), HF_OK);
	hf_renew_want(&r->renew, &r->want);
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
	hf_fake_free(&((struct rig *)*state)->port);
	return 0;
}

static hf_err step(struct rig *r, struct hf_renew_event ev)
{
	hf_err err = hf_renew_step(&r->renew, &ev);

	hf_renew_want(&r->renew, &r->want);
	return err;
}

static hf_err tick(struct rig *r)
{
	return step(r, (struct hf_renew_event){ .kind = HF_RENEW_TICK, .settled = true });
}

static hf_err event(struct rig *r, enum hf_renew_kind kind)
{
	return step(r, (struct hf_renew_event){ .kind = kind, .slot = (unsigned)r->want.session });
}

/* What the server would issue for the key that is asked for. */
static struct hf_leaf leaf_for(struct rig *r, const char *dev)
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

static hf_err bring(struct rig *r, struct hf_leaf leaf)
{
	return step(r, (struct hf_renew_event){ .kind = HF_RENEW_CERT, .leaf = &leaf });
}

static void enrol(struct rig *r)
{
	assert_int_equal(tick(r), HF_OK);
	assert_true(r->want.request);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
}

/* Sleep until the renewal is due and ask for it. */
static void fall_due(struct rig *r)
{
	hf_fake_advance(&r->port, (uint64_t)LIFE * 700);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
}

static void refuse_sessions(struct rig *r, int n)
{
	while (n-- > 0)
		assert_int_equal(event(r, HF_RENEW_SESSION_REFUSED), HF_OK);
}

static void first_enrolment_goes_from_empty_to_stable(void **state)
{
	struct rig *r = *state;
	struct hf_endorse e;

	assert_int_equal(r->renew.state, HF_RENEW_EMPTY);
	assert_int_equal(r->want.session, -1);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
	assert_int_equal(r->want.request_auth, -1);
	assert_true(hf_fake_has(&r->port, HF_REC_KEY0)); /* durable before the request leaves */
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROVE);
	assert_int_equal(r->want.session, 0);
	assert_false(r->want.promoted);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROMOTED);
	assert_true(r->want.promoted && r->want.endorse);
	assert_int_equal(hf_endorse_open_claim((hf_bytes){ r->renew.slot[0].endorsement,
							   r->renew.slot[0].endorsement_len },
					       (hf_bytes){ (const uint8_t *)dev_a, 16 }, &r->ko, &e), HF_OK);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
	assert_memory_equal(r->renew.slot[0].leaf.der.ptr, r->der, sizeof(r->der));
}

static void renewal_makes_a_fresh_key_and_wipes_the_old_one(void **state)
{
	struct rig *r = *state;
	struct hf_endorse first, second;
	struct hf_key scalar;
	uint8_t pub[HF_P256_POINT_LEN];

	enrol(r);
	assert_int_equal(hf_endorse_peek((hf_bytes){ r->renew.slot[0].endorsement,
						     r->renew.slot[0].endorsement_len }, &first), HF_OK);
	fall_due(r);
	assert_int_equal(r->want.request_slot, 1);
	assert_int_equal(r->want.request_auth, 0);
	assert_int_equal(r->want.session, 0);
	assert_memory_not_equal(r->renew.slot[1].signing, r->renew.slot[0].signing, 65);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(hf_endorse_open_next((hf_bytes){ r->renew.slot[1].endorsement,
							  r->renew.slot[1].endorsement_len },
					      &first, &second), HF_OK);
	assert_int_equal(second.gen, 1);
	assert_true(hf_fake_has(&r->port, HF_REC_KEY0)); /* until the answer */
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_false(hf_fake_has(&r->port, HF_REC_KEY0));
	assert_false(hf_fake_has(&r->port, HF_REC_SLOT0));
	assert_int_equal(hf_renew_previous_key(&r->renew, &scalar, pub), HF_OK);
	assert_memory_equal(pub, first.encryption, sizeof(pub));
	hf_fake_advance(&r->port, (uint64_t)DAY * 1000 + 1000);
	assert_int_equal(hf_renew_previous_key(&r->renew, &scalar, pub), HF_ERR_PORT_ABSENT);
	assert_int_equal(tick(r), HF_OK);
	assert_false(hf_fake_has(&r->port, HF_REC_PREV_ENC));
}

static void due_time_lies_between_60_and_70_percent_and_differs(void **state)
{
	struct rig *r = *state;
	int64_t least = INT64_MAX, most = 0;

	assert_int_equal(tick(r), HF_OK);
	for (int i = 0; i < 200; i++) {
		struct hf_leaf leaf = leaf_for(r, dev_a);
		int64_t due = 0;

		assert_int_equal(hf_renew_due(&leaf, &due), HF_OK);
		due -= leaf.not_before;
		assert_true(due >= LIFE / 10 * 6 && due < LIFE / 10 * 7);
		least = due < least ? due : least;
		most = due > most ? due : most;
	}
	assert_true(most - least > LIFE / 20);
	assert_int_equal(hf_renew_retry_s(&(struct hf_leaf){ .not_before = 0, .not_after = 7 * DAY }), 24192);
	assert_int_equal(hf_renew_retry_s(&(struct hf_leaf){ .not_before = 0, .not_after = 398 * DAY }), DAY);
}

static void a_live_session_brings_its_commands_before_the_renewal(void **state)
{
	struct rig *r = *state;

	enrol(r);
	hf_fake_advance(&r->port, (uint64_t)LIFE * 700);
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_TICK }), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
	hf_fake_advance(&r->port, (uint64_t)LIFE * 50); /* but it does not wait for ever */
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_TICK }), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
}

static void a_lost_answer_asks_again_with_the_same_key(void **state)
{
	struct rig *r = *state;
	uint8_t asked[HF_P256_POINT_LEN];

	enrol(r);
	fall_due(r);
	memcpy(asked, r->renew.slot[1].signing, sizeof(asked));
	assert_int_equal(event(r, HF_RENEW_FAILED), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED); /* the retry time survived the reboot */
	hf_fake_advance(&r->port, (uint64_t)DAY * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
	assert_memory_equal(asked, r->renew.slot[1].signing, sizeof(asked));
}

static void an_unclaimed_device_polls_from_a_minute_to_an_hour(void **state)
{
	struct rig *r = *state;
	int64_t wait = 0;

	assert_int_equal(tick(r), HF_OK);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(event(r, HF_RENEW_WAIT), HF_OK);
		wait = r->renew.next_try_s - r->port.clock.unix_s;
		assert_true(wait >= 60 && wait <= 3601);
		hf_fake_advance(&r->port, (uint64_t)wait * 1000);
		assert_int_equal(tick(r), HF_OK);
		assert_true(r->want.request);
	}
	assert_int_equal(wait, 3601);
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_WAIT, .retry_after_s = 7200 }), HF_OK);
	assert_int_equal(r->renew.next_try_s - r->port.clock.unix_s, 7201);
}

static void foreign_certificates_are_refused_and_the_key_is_kept(void **state)
{
	struct rig *r = *state;
	struct hf_leaf leaf;

	assert_int_equal(tick(r), HF_OK);
	leaf = leaf_for(r, dev_a);
	leaf.pub[5] ^= 1;
	assert_int_equal(bring(r, leaf), HF_ERR_RENEW_KEY);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
	hf_fake_advance(&r->port, 2000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, "NOT-A-DEVICE-NAM")), HF_ERR_RENEW_NAME);
	hf_fake_advance(&r->port, 4000);
	assert_int_equal(tick(r), HF_OK);
	leaf = leaf_for(r, dev_a);
	leaf.not_after = leaf.not_before + (int64_t)20 * 365 * DAY; /* a first certificate of 20 years */
	assert_int_equal(bring(r, leaf), HF_ERR_RENEW_LIFE);
	hf_fake_advance(&r->port, 8000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
}

static void a_renewal_never_changes_the_name(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, dev_b)), HF_ERR_RENEW_NAME);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
}

static void three_refused_sessions_fall_back_to_the_old_certificate(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	refuse_sessions(r, 2);
	assert_int_equal(r->want.session, 1);
	assert_false(r->want.alarm);
	refuse_sessions(r, 1);
	assert_int_equal(r->renew.state, HF_RENEW_FALLBACK);
	assert_int_equal(r->want.session, 0);
	assert_true(r->want.alarm);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_false(r->want.alarm); /* told once */
	hf_fake_advance(&r->port, (uint64_t)DAY * 1000 + 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROVE);
	assert_int_equal(r->want.session, 1);
	boot(r); /* at boot the new one comes first */
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->want.session, 1);
}

static void a_certificate_nobody_accepts_is_asked_for_again_with_its_key(void **state)
{
	struct rig *r = *state;
	uint8_t asked[HF_P256_POINT_LEN];

	enrol(r);
	fall_due(r);
	memcpy(asked, r->renew.slot[1].signing, sizeof(asked));
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(r->renew.state, HF_RENEW_PROVE);
		refuse_sessions(r, 3);
		hf_fake_advance(&r->port, (uint64_t)DAY * 1000 + 1000);
		assert_int_equal(tick(r), HF_OK);
	}
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
	assert_memory_equal(asked, r->renew.slot[1].signing, sizeof(asked));
	assert_false(hf_fake_has(&r->port, HF_REC_SLOT1));
}

static void a_refused_stable_session_tries_one_renewal(void **state)
{
	struct rig *r = *state;

	enrol(r);
	refuse_sessions(r, 1);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
	assert_int_equal(event(r, HF_RENEW_REFUSED), HF_OK);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED); /* one, not a loop */
	refuse_sessions(r, 1);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
}

static void an_expired_leader_renews_first_and_enrols_anew_when_refused(void **state)
{
	struct rig *r = *state;

	enrol(r);
	hf_fake_advance(&r->port, (uint64_t)(LIFE + 29 * DAY) * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->want.request_auth, 0);
	assert_int_equal(event(r, HF_RENEW_REFUSED), HF_OK);
	hf_fake_advance(&r->port, 3700 * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->want.request_auth, -1);
	assert_int_equal(event(r, HF_RENEW_WAIT), HF_OK); /* and renewal again, in turn */
	hf_fake_advance(&r->port, 3700 * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->want.request_auth, 0);
}

static void a_new_enrolment_may_bring_a_new_name_and_a_new_chain(void **state)
{
	struct rig *r = *state;
	struct hf_endorse e;

	enrol(r);
	hf_fake_advance(&r->port, (uint64_t)(LIFE + 31 * DAY) * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(event(r, HF_RENEW_REFUSED), HF_OK);
	hf_fake_advance(&r->port, 3700 * 1000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, dev_b)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(hf_endorse_peek((hf_bytes){ r->renew.slot[1].endorsement,
						     r->renew.slot[1].endorsement_len }, &e), HF_OK);
	assert_int_equal(e.gen, 0);
	assert_string_equal(e.dev, dev_b);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_false(hf_fake_has(&r->port, HF_REC_PREV_ENC)); /* the former owner's key is gone */
}

static void an_unanswered_hello_is_repeated_after_a_reboot(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_PROMOTED);
	assert_int_equal(r->want.session, 1);
	assert_true(r->want.promoted && r->want.endorse);
}

static void an_unanswered_certificate_is_replaced_when_refused(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	refuse_sessions(r, 1);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
	assert_int_equal(r->want.request_slot, 0);
	assert_int_equal(r->want.request_auth, 1);
}

static void a_full_disk_delays_a_promotion_and_a_tick_repeats_it(void **state)
{
	struct rig *r = *state;

	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, dev_a)), HF_OK);
	for (unsigned n = 1; n <= 2; n++) {
		hf_fake_cut_at(&r->port, n, HF_FAKE_ERROR, NULL);
		assert_int_equal(n == 1 ? event(r, HF_RENEW_SESSION) : tick(r), HF_ERR_PORT_STORAGE);
		assert_int_equal(r->renew.state, HF_RENEW_PROVE);
		assert_false(r->want.promoted);
		hf_fake_advance(&r->port, 61000);
	}
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROMOTED);
	assert_int_equal(r->port.n_cuts, 2);
}

static void the_server_may_move_the_renewal_within_the_life(void **state)
{
	struct rig *r = *state;
	const struct hf_leaf *leaf = &r->renew.slot[0].leaf;

	enrol(r);
	hf_renew_window(&r->renew, leaf->not_after + DAY, leaf->not_after + 2 * DAY);
	assert_int_equal(r->renew.window_s, leaf->not_after - LIFE / 10);
	hf_renew_window(&r->renew, r->port.clock.unix_s, r->port.clock.unix_s);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_REQUESTED);
}

static void events_that_do_not_fit_are_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(event(r, HF_RENEW_CERT), HF_ERR_RENEW_EVENT);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_ERR_RENEW_EVENT);
	assert_int_equal(event(r, HF_RENEW_WAIT), HF_ERR_RENEW_EVENT);
	assert_int_equal(event(r, HF_RENEW_DUE), HF_ERR_RENEW_EVENT);
	assert_int_equal(event(r, HF_RENEW_PROOF_FAILED), HF_ERR_RENEW_EVENT);
	assert_int_equal(event(r, HF_RENEW_KINDS), HF_ERR_RENEW_EVENT);
	enrol(r);
	assert_int_equal(event(r, HF_RENEW_CERT), HF_ERR_RENEW_EVENT);
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_SESSION_REFUSED, .slot = 1 }), HF_OK);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE); /* news of another slot's session: ignored */
}

static void damaged_records_are_cleaned_away(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	hf_fake_tear(&r->port, HF_REC_KEY1);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
	assert_false(hf_fake_has(&r->port, HF_REC_KEY1));
	assert_int_equal(hf_port_replace(&r->port, HF_REC_SLOT1, HF_STR("x")), HF_OK);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_STABLE);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_ACTIVE, HF_STR("x")), HF_OK);
	boot(r); /* pointer lost: the certificate is proven again */
	assert_int_equal(r->renew.state, HF_RENEW_HAVE);
	hf_fake_tear(&r->port, HF_REC_KEY0);
	boot(r);
	assert_int_equal(r->renew.state, HF_RENEW_EMPTY); /* HF_ERR_RENEW_RECORD inside: start anew */
}

static void wakes_are_never_more_than_an_hour_away(void **state)
{
	struct rig *r = *state;

	enrol(r);
	assert_true(r->want.wake_ms > r->port.clock.boot_ms);
	assert_true(r->want.wake_ms <= r->port.clock.boot_ms + 3600 * 1000);
	fall_due(r);
	assert_int_equal(event(r, HF_RENEW_FAILED), HF_OK);
	assert_int_equal(r->want.wake_ms, r->port.clock.boot_ms + 3600 * 1000);
	assert_int_equal(hf_renew_signing_key(&r->renew, 2, NULL), HF_ERR_BASE_MISUSE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(first_enrolment_goes_from_empty_to_stable),
		T(renewal_makes_a_fresh_key_and_wipes_the_old_one),
		T(due_time_lies_between_60_and_70_percent_and_differs),
		T(a_live_session_brings_its_commands_before_the_renewal),
		T(a_lost_answer_asks_again_with_the_same_key),
		T(an_unclaimed_device_polls_from_a_minute_to_an_hour),
		T(foreign_certificates_are_refused_and_the_key_is_kept),
		T(a_renewal_never_changes_the_name),
		T(three_refused_sessions_fall_back_to_the_old_certificate),
		T(a_certificate_nobody_accepts_is_asked_for_again_with_its_key),
		T(a_refused_stable_session_tries_one_renewal),
		T(an_expired_leader_renews_first_and_enrols_anew_when_refused),
		T(a_new_enrolment_may_bring_a_new_name_and_a_new_chain),
		T(an_unanswered_hello_is_repeated_after_a_reboot),
		T(an_unanswered_certificate_is_replaced_when_refused),
		T(a_full_disk_delays_a_promotion_and_a_tick_repeats_it),
		T(the_server_may_move_the_renewal_within_the_life),
		T(events_that_do_not_fit_are_refused),
		T(damaged_records_are_cleaned_away),
		T(wakes_are_never_more_than_an_hour_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
