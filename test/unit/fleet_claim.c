/* fleet_claim.c -- claims: whose they are, how long, how many wrong proofs, and the owner's label.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "fleet_rig.h"

static hf_err wrong_mac(struct hf_db *db, void *ctx)
{
	return hf_claim_wrong(db, ctx);
}

static void without_an_open_claim_there_is_no_certificate(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_by_claim(9, 0xa1), none = { .spki = 0xa1 };

	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_DENY);
	rig_try(r, &none);
	assert_int_equal(none.outcome, HF_OUTCOME_DENY);
	rig_claim(r, 9, "main", HF_OK);
	r->now += RIG_DAY + 1;
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_DENY);
}

static void five_wrong_macs_lock_a_claim_for_an_hour(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_by_claim(7, 0xa1);

	rig_claim(r, 7, "main", HF_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(hf_store_write(r->store, wrong_mac, a.cid), HF_OK);
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_DENY);
	assert_int_equal(rig_events(r, "claim.locked"), 1);
	rig_claim(r, 7, "main", HF_ERR_FLEET_PROOF);
	r->now += 3601;
	rig_try(r, &a);
	assert_int_equal(a.outcome, HF_OUTCOME_ISSUE);
}

static void a_claim_belongs_to_one_account(void **state)
{
	struct rig *r = *state;

	rig_enrolled(r, 7, 0xa1);
	rig_claim(r, 7, "other", HF_ERR_FLEET_CLAIMED);
	rig_claim(r, 7, "main", HF_OK);
}

/* The owner need not wait for the device; a later word of the owner counts more than the claim's. */
static void the_owners_label_waits_in_the_claim_for_the_device(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_by_claim(7, 0xa1), fresh = rig_by_claim(7, 0xa2);

	r->label = "porch";
	rig_claim(r, 7, "main", HF_OK);
	r->label = "";
	rig_claim(r, 7, "main", HF_OK); /* the same once more, without one */
	rig_try(r, &a);
	assert_string_equal(rig_device(r, a.issued.device).label, "porch");
	r->label = "hall";
	rig_claim(r, 7, "main", HF_OK);
	assert_string_equal(rig_device(r, a.issued.device).label, "hall");
	rig_act(r, a.issued.device, HF_ACT_REARM, HF_OK);
	rig_try(r, &fresh);
	assert_int_equal(fresh.outcome, HF_OUTCOME_ISSUE);
	assert_string_equal(rig_device(r, a.issued.device).label, "hall");
}

static void another_accounts_label_is_not_inherited(void **state)
{
	struct rig *r = *state;
	struct attempt a = rig_by_claim(7, 0xa1);

	r->label = "porch";
	rig_claim(r, 7, "main", HF_OK);
	r->now += 2 * RIG_DAY; /* it never came; the claim is free again */
	r->label = "";
	rig_claim(r, 7, "other", HF_OK);
	rig_try(r, &a);
	assert_string_equal(rig_device(r, a.issued.device).owner, "other");
	assert_string_equal(rig_device(r, a.issued.device).label, "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(without_an_open_claim_there_is_no_certificate),
		T(five_wrong_macs_lock_a_claim_for_an_hour),
		T(a_claim_belongs_to_one_account),
		T(the_owners_label_waits_in_the_claim_for_the_device),
		T(another_accounts_label_is_not_inherited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
