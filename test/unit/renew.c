/* Unit tests of renew.h: the straight way of a life. What goes wrong is in renew_refused.c, power cuts are in
 * test/sim/identity.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_rig.h"

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
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROVE);
	assert_int_equal(r->want.session, 0);
	assert_false(r->want.promoted);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(r->renew.state, HF_RENEW_PROMOTED);
	assert_true(r->want.promoted && r->want.endorse);
	assert_int_equal(hf_endorse_open_claim(
				 (hf_bytes){ r->renew.slot[0].endorsement, r->renew.slot[0].endorsement_len },
				 (hf_bytes){ (const uint8_t *)DEV_A, 16 }, &r->ko, &e),
			 HF_OK);
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
	assert_int_equal(
		hf_endorse_peek((hf_bytes){ r->renew.slot[0].endorsement, r->renew.slot[0].endorsement_len },
				&first),
		HF_OK);
	fall_due(r);
	assert_int_equal(r->want.request_slot, 1);
	assert_int_equal(r->want.request_auth, 0);
	assert_int_equal(r->want.session, 0);
	assert_memory_not_equal(r->renew.slot[1].signing, r->renew.slot[0].signing, 65);
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(hf_endorse_open_next(
				 (hf_bytes){ r->renew.slot[1].endorsement, r->renew.slot[1].endorsement_len },
				 &first, &second),
			 HF_OK);
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
		struct hf_leaf leaf = leaf_for(r, DEV_A);
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
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_WAIT, .retry_after_s = 7200 }),
			 HF_OK);
	assert_int_equal(r->renew.next_try_s - r->port.clock.unix_s, 7201);
}

static void foreign_certificates_are_refused_and_the_key_is_kept(void **state)
{
	struct rig *r = *state;
	struct hf_leaf leaf;

	assert_int_equal(tick(r), HF_OK);
	leaf = leaf_for(r, DEV_A);
	leaf.pub[5] ^= 1;
	assert_int_equal(bring(r, leaf), HF_ERR_RENEW_KEY);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
	hf_fake_advance(&r->port, 2000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, "NOT-A-DEVICE-NAM")), HF_ERR_RENEW_NAME);
	hf_fake_advance(&r->port, 4000);
	assert_int_equal(tick(r), HF_OK);
	leaf = leaf_for(r, DEV_A);
	leaf.not_after = leaf.not_before + (int64_t)20 * 365 * DAY; /* a first certificate of 20 years */
	assert_int_equal(bring(r, leaf), HF_ERR_RENEW_LIFE);
	hf_fake_advance(&r->port, 8000);
	assert_int_equal(tick(r), HF_OK);
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
}

static void a_renewal_never_changes_the_name(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, DEV_B)), HF_ERR_RENEW_NAME);
	assert_int_equal(r->renew.state, HF_RENEW_KEYED);
}

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
