/* fleet.c -- who may have a certificate: first binding, renewal, clones, and every door for the dead.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "fleet_rig.h"

static struct attempt renewal(const struct hf_cert_row *from, uint8_t key)
{
	return (struct attempt){ .renew = true, .spki = key, .cert = from->sha256 };
}

static void an_open_claim_gives_one_name_and_the_same_certificate_again(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), again = rig_by_claim(7, 0xa1);

	assert_int_equal(strlen(a.issued.dev), 16);
	rig_try(r, &again);
	assert_int_equal(again.outcome, HF_OUTCOME_SAME);
	assert_memory_equal(again.issued.serial, a.issued.serial, 16);
	r->now += 8 * RIG_DAY;
	rig_try(r, &again);
	assert_int_equal(again.outcome, HF_OUTCOME_DENY);
}

static void a_known_id_never_overwrites_a_bound_device(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), thief = rig_by_claim(7, 0xa2);

	rig_try(r, &thief);
	assert_int_equal(thief.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_events(r, "enrol.bound-elsewhere"), 1);
	assert_int_equal(rig_cert(r, a.issued.serial).state, HF_CERT_ISSUED);
}

static void a_key_of_another_device_is_refused_and_alarmed(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = rig_by_claim(8, 0xa1);

	rig_claim(r, 8, "main", HF_OK);
	rig_try(r, &b);
	assert_int_equal(b.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_events(r, "enrol.foreign-key"), 1);
	assert_int_equal(rig_device(r, a.issued.device).state, HF_DEVICE_ACTIVE);
}

static void a_renewal_needs_a_new_key_and_its_own_names(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = renewal(&a.issued, 0xa2);
	struct attempt old_key = renewal(&a.issued, 0xa1), names = renewal(&a.issued, 0xa3);

	rig_try(r, &old_key);
	assert_int_equal(old_key.outcome, HF_OUTCOME_DENY);
	names.names_differ = true;
	rig_try(r, &names);
	assert_int_equal(names.outcome, HF_OUTCOME_DENY);
	rig_try(r, &b);
	assert_int_equal(b.outcome, HF_OUTCOME_ISSUE);
	assert_string_equal(b.issued.dev, a.issued.dev);
	assert_memory_equal(b.issued.lineage, a.issued.serial, 16);
	rig_try(r, &b); /* the reply was lost */
	assert_int_equal(b.outcome, HF_OUTCOME_SAME);
}

static void an_unused_child_is_voided_three_times_at_most(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = renewal(&a.issued, 0xb0);

	rig_try(r, &b);
	for (uint8_t i = 1; i <= 3; i++) {
		struct attempt c = renewal(&a.issued, (uint8_t)(0xb0 + i));
		rig_try(r, &c);
		assert_int_equal(c.outcome, HF_OUTCOME_ISSUE);
		assert_int_equal(rig_cert(r, b.issued.serial).state, HF_CERT_VOID);
		b = c;
	}
	struct attempt fourth = renewal(&a.issued, 0xb9);
	rig_try(r, &fourth);
	assert_int_equal(fourth.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_device(r, a.issued.device).state, HF_DEVICE_QUARANTINED);
}

static void a_fork_quarantines_both_sides(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), clone = renewal(&a.issued, 0xb1),
		       original = renewal(&a.issued, 0xb2);

	rig_try(r, &clone);
	rig_state(r, clone.issued.serial, HF_CERT_SEEN);
	rig_try(r, &original);
	assert_int_equal(original.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_device(r, a.issued.device).state, HF_DEVICE_QUARANTINED);
	assert_int_equal(rig_cert(r, clone.issued.serial).state, HF_CERT_QUARANTINED);
	assert_int_equal(rig_cert(r, a.issued.serial).state, HF_CERT_QUARANTINED);
	struct attempt wait = renewal(&clone.issued, 0xb3);
	rig_try(r, &wait);
	assert_int_equal(wait.outcome, HF_OUTCOME_WAIT);
}

static void a_superseded_certificate_at_any_door_quarantines(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = renewal(&a.issued, 0xb1),
		       old = renewal(&a.issued, 0xb2);

	rig_try(r, &b);
	rig_promote(r, &b.issued);
	old.renew = false; /* by the other route */
	rig_try(r, &old);
	assert_int_equal(old.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_device(r, a.issued.device).state, HF_DEVICE_QUARANTINED);
	assert_int_equal(rig_events(r, "device.quarantined"), 1);
}

static void an_expired_certificate_renews_29_days_later_and_not_31(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = renewal(&a.issued, 0xb1),
		       late = renewal(&a.issued, 0xb2);

	a.issued = rig_cert(r, a.issued.serial);
	b.expired = late.expired = true;
	r->now = a.issued.not_after + 31 * RIG_DAY;
	rig_try(r, &late);
	assert_int_equal(late.outcome, HF_OUTCOME_DENY);
	r->now = a.issued.not_after + 29 * RIG_DAY;
	rig_state(r, a.issued.serial, HF_CERT_EXPIRED);
	rig_try(r, &b);
	assert_int_equal(b.outcome, HF_OUTCOME_ISSUE);
}

static void a_revoked_device_finds_every_door_shut(void **state)
{
	static const int dead[] = { HF_CERT_REVOKED, HF_CERT_VOID };
	static const enum hf_operation doors[] = { HF_OP_EST_ENROLL,     HF_OP_EST_REENROLL,
						   HF_OP_ORDER_COMMIT,   HF_OP_API_READ,
						   HF_OP_API_WRITE,      HF_OP_API_ADMIN,
						   HF_OP_OPERATOR_RENEW, HF_OP_CONNECT };
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1);
	struct hf_identity who = { .kind = HF_WHO_LDEVID, .cert = a.issued };

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(doors) / sizeof(doors[0]); k++) {
			who.cert.state = dead[i];
			assert_int_equal(hf_authorise(&who, doors[k], r->now), HF_ANSWER_DENY);
		}
	rig_act(r, a.issued.device, HF_ACT_REVOKE, HF_OK);
	struct attempt again = rig_by_claim(7, 0xa1), other = rig_by_claim(7, 0xa9),
		       renew = renewal(&a.issued, 0xa8);
	rig_try(r, &again);
	rig_try(r, &other);
	rig_try(r, &renew);
	assert_int_equal(again.outcome, HF_OUTCOME_DENY);
	assert_int_equal(other.outcome, HF_OUTCOME_DENY);
	assert_int_equal(renew.outcome, HF_OUTCOME_DENY);
	rig_act(r, a.issued.device, HF_ACT_LIFT, HF_ERR_FLEET_STATE);
}

static void a_certificate_without_a_row_is_refused_everywhere(void **state)
{
	static const uint8_t unknown[32] = { 0x55 };
	struct rig *r = *state;
	struct attempt renew = { .renew = true, .spki = 0xb1, .cert = unknown };
	struct attempt enrol = rig_by_claim(7, 0xb2),
		       self = { .spki = 0xb3, .cert = unknown, .self_signed = true };

	rig_claim(r, 7, "main", HF_OK);
	enrol.cert = unknown; /* even a right claim does not help a forged certificate */
	rig_try(r, &renew);
	rig_try(r, &enrol);
	rig_try(r, &self);
	assert_int_equal(renew.outcome, HF_OUTCOME_DENY);
	assert_int_equal(enrol.outcome, HF_OUTCOME_DENY);
	assert_int_equal(self.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_events(r, "certificate.unknown"), 3);
}

static void unknown_operations_and_kinds_are_denied(void **unused)
{
	struct hf_identity who = { .kind = HF_WHO_OPERATOR, .person = { .admin = true } };

	(void)unused;
	assert_int_equal(hf_authorise(&who, (enum hf_operation)0, 0), HF_ANSWER_DENY);
	assert_int_equal(hf_authorise(&who, (enum hf_operation)99, 0), HF_ANSWER_DENY);
	who.kind = 0;
	for (int op = HF_OP_EST_ENROLL; op <= HF_OP_CONNECT; op++)
		assert_int_equal(hf_authorise(&who, (enum hf_operation)op, 0), HF_ANSWER_DENY);
}

static void rights_of_people_follow_role_and_date(void **unused)
{
	struct hf_identity who = { .kind = HF_WHO_OPERATOR, .cert = { .not_after = 1000 } };

	(void)unused;
	assert_int_equal(hf_authorise(&who, HF_OP_API_WRITE, 900), HF_ANSWER_ALLOW);
	assert_int_equal(hf_authorise(&who, HF_OP_API_ADMIN, 900), HF_ANSWER_DENY);
	who.expired = true;
	assert_int_equal(hf_authorise(&who, HF_OP_API_READ, 1100), HF_ANSWER_DENY);
	assert_int_equal(hf_authorise(&who, HF_OP_OPERATOR_RENEW, 1100), HF_ANSWER_ALLOW);
	assert_int_equal(hf_authorise(&who, HF_OP_OPERATOR_RENEW, 1000 + 31 * RIG_DAY), HF_ANSWER_DENY);
	who.expired = false;
	who.kind = HF_WHO_STATION;
	assert_int_equal(hf_authorise(&who, HF_OP_API_READ, 900), HF_ANSWER_DENY);
	assert_int_equal(hf_authorise(&who, HF_OP_ORDER_COMMIT, 900), HF_ANSWER_ALLOW);
}

static void lifting_a_quarantine_revives_no_certificate(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), back = rig_by_claim(7, 0xa1),
		       fresh = rig_by_claim(7, 0xa2);

	rig_act(r, a.issued.device, HF_ACT_QUARANTINE, HF_OK);
	rig_try(r, &fresh);
	assert_int_equal(fresh.outcome, HF_OUTCOME_WAIT);
	rig_act(r, a.issued.device, HF_ACT_LIFT, HF_OK);
	assert_int_equal(rig_cert(r, a.issued.serial).state, HF_CERT_REVOKED);
	rig_try(r, &back);
	assert_int_equal(back.outcome, HF_OUTCOME_DENY);
	rig_try(r, &fresh);
	assert_int_equal(fresh.outcome, HF_OUTCOME_ISSUE);
	assert_string_equal(fresh.issued.dev, a.issued.dev);
}

struct late {
	struct rig *r;
	struct hf_identity who;
	struct hf_enrol_req req;
	struct hf_enrol_plan plan;
	struct hf_cert_row cert;
};

static hf_err plan_late(struct hf_db *db, void *ctx)
{
	struct late *l = ctx;
	return hf_enrol_plan(db, &l->req, &l->plan);
}

static hf_err commit_late(struct hf_db *db, void *ctx)
{
	struct late *l = ctx;
	return hf_enrol_commit(db, &l->req, &l->plan, &l->cert, HF_STR("der"));
}

static void a_plan_that_others_overtook_is_not_carried_out(void **state)
{
	struct rig *r = *state;
	struct late l = { .r = r, .who = { .kind = HF_WHO_NOBODY } };
	struct attempt other = rig_by_claim(7, 0xa2);

	rig_claim(r, 7, "main", HF_OK);
	l.req = (struct hf_enrol_req){ .line = &r->line, .who = &l.who, .has_claim = true };
	memset(l.req.cid, 7, sizeof(l.req.cid));
	memset(l.req.spki_sha256, 0xa1, sizeof(l.req.spki_sha256));
	assert_int_equal(hf_fleet_new_dev(l.req.new_dev), HF_OK);
	memset(l.cert.serial, 0x70, sizeof(l.cert.serial));
	assert_int_equal(hf_store_read(r->store, plan_late, &l), HF_OK);
	assert_int_equal(l.plan.outcome, HF_OUTCOME_ISSUE);
	rig_try(r, &other); /* another key of the same claim is quicker */
	assert_int_equal(other.outcome, HF_OUTCOME_ISSUE);
	assert_int_equal(hf_store_write(r->store, commit_late, &l), HF_ERR_FLEET_CHANGED);
}

static void a_released_device_gets_another_name_from_its_next_owner(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_enrolled(r, 7, 0xa1), b = rig_by_claim(7, 0xa2);

	rig_act(r, a.issued.device, HF_ACT_RELEASE, HF_OK);
	rig_try(r, &b);
	assert_int_equal(b.outcome, HF_OUTCOME_DENY);
	rig_claim(r, 7, "other", HF_OK);
	rig_try(r, &b);
	assert_int_equal(b.outcome, HF_OUTCOME_ISSUE);
	assert_string_not_equal(b.issued.dev, a.issued.dev);
	assert_string_equal(rig_device(r, b.issued.device).owner, "other");
	assert_int_equal(rig_cert(r, a.issued.serial).state, HF_CERT_REVOKED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(an_open_claim_gives_one_name_and_the_same_certificate_again),
		T(a_known_id_never_overwrites_a_bound_device),
		T(a_key_of_another_device_is_refused_and_alarmed),
		T(a_renewal_needs_a_new_key_and_its_own_names),
		T(an_unused_child_is_voided_three_times_at_most),
		T(a_fork_quarantines_both_sides),
		T(a_superseded_certificate_at_any_door_quarantines),
		T(an_expired_certificate_renews_29_days_later_and_not_31),
		T(a_revoked_device_finds_every_door_shut),
		T(a_certificate_without_a_row_is_refused_everywhere),
		cmocka_unit_test(unknown_operations_and_kinds_are_denied),
		cmocka_unit_test(rights_of_people_follow_role_and_date),
		T(lifting_a_quarantine_revives_no_certificate),
		T(a_plan_that_others_overtook_is_not_carried_out),
		T(a_released_device_gets_another_name_from_its_next_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
