/* Unit tests of renew.h: refusals, expiry, damage, and the edges that mend them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "renew_rig.h"

static void three_refused_sessions_fall_back_to_the_old_certificate(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
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
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
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
	assert_int_equal(bring(r, leaf_for(r, DEV_B)), HF_OK);
	assert_int_equal(event(r, HF_RENEW_SESSION), HF_OK);
	assert_int_equal(
		hf_endorse_peek((hf_bytes){ r->renew.slot[1].endorsement, r->renew.slot[1].endorsement_len },
				&e),
		HF_OK);
	assert_int_equal(e.gen, 0);
	assert_string_equal(e.dev, DEV_B);
	assert_int_equal(event(r, HF_RENEW_ACK), HF_OK);
	assert_false(hf_fake_has(&r->port, HF_REC_PREV_ENC)); /* the former owner's key is gone */
}

static void an_unanswered_hello_is_repeated_after_a_reboot(void **state)
{
	struct rig *r = *state;

	enrol(r);
	fall_due(r);
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
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
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
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
	assert_int_equal(bring(r, leaf_for(r, DEV_A)), HF_OK);
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
	hf_fake_advance(&r->port, 300 * 1000); /* the time heard is that of notBefore, five minutes early */
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
	assert_int_equal(step(r, (struct hf_renew_event){ .kind = HF_RENEW_SESSION_REFUSED, .slot = 1 }),
			 HF_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
