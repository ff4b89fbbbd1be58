/* release_chain.c -- policies that follow one another, and what a device keeps.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <hf/fake.h>
#include "release_rig.h"

enum { BOTH = 3u << ROOT0 };

static struct rig rig_mem; /* too large for a stack */

/* Policies 1 to 4, a release logged under the fourth, a bundle with all links; device at policy 1. */
static struct rig *three_behind(void)
{
	struct rig *r = &rig_mem;

	rig_start(r);
	for (unsigned n = 2; n <= 4; n++) {
		r->spec.stale_after_s = 1000 + n;
		rig_policy(r, n, BOTH);
	}
	rig_good(r, 2, 4);
	return r;
}

static void a_shelf_device_three_policies_behind_catches_up_offline(void **unused)
{
	struct rig *r = three_behind();
	struct hf_port port;
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(rig_device(r, &port), HF_OK);
	assert_int_equal(r->trust.policy.number, 1);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.n_links, 3);
	assert_int_equal(r->trust.policy.number, 4);
	assert_int_equal(rig_device(r, &port), HF_OK); /* after a reboot */
	assert_int_equal(r->trust.policy.number, 4);
	assert_int_equal(r->trust.quorum_time, T0 + 1);
	assert_int_equal(rig_verify(r), HF_OK); /* links it has passed are skipped */
	assert_int_equal(r->verdict.n_links, 0);
	hf_fake_free(&port);
}

/* Cut at every durable write of a catch-up, in every way; what is there afterwards goes on. */
static unsigned cut_everywhere(struct rig *r, enum hf_fake_cut how, unsigned writes)
{
	unsigned cuts = 0;

	for (unsigned at = 1; at <= writes; at++) {
		struct hf_port port;

		hf_fake_init(&port, at);
		assert_int_equal(rig_device(r, &port), HF_OK);
		hf_fake_cut_at(&port, at, how, NULL);
		assert_int_not_equal(rig_verify(r), HF_OK);
		cuts += port.n_cuts;
		hf_fake_reboot(&port, 10);
		hf_fake_cut_at(&port, 1000, HF_FAKE_NEVER, NULL);
		assert_int_equal(rig_device(r, &port), HF_OK);
		assert_int_equal(r->trust.policy.number, how == HF_FAKE_AFTER ? at + 1 : at);
		assert_int_equal(rig_verify(r), HF_OK);
		assert_int_equal(r->trust.policy.number, 4);
		hf_fake_free(&port);
	}
	return cuts;
}

static void a_power_cut_at_every_link_leaves_a_device_that_goes_on(void **unused)
{
	struct rig *r = three_behind();
	struct hf_port port;
	unsigned writes;
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(rig_device(r, &port), HF_OK);
	hf_fake_cut_at(&port, 1000, HF_FAKE_NEVER, NULL);
	assert_int_equal(rig_verify(r), HF_OK);
	writes = port.n_writes;
	assert_int_equal(writes, 3); /* a record for each link; the release brought no later time */
	hf_fake_free(&port);
	assert_int_equal(cut_everywhere(r, HF_FAKE_BEFORE, writes), writes);
	assert_int_equal(cut_everywhere(r, HF_FAKE_INSIDE, writes), writes);
	assert_int_equal(cut_everywhere(r, HF_FAKE_AFTER, writes), writes);
	assert_int_equal(cut_everywhere(r, HF_FAKE_ERROR, writes), writes);
}

static void a_bundle_may_carry_policies_only(void **unused)
{
	struct rig *r = three_behind();
	(void)unused;

	r->envelope.len = 0;
	rig_bundle(r, 2, 4);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->trust.policy.number, 4);
}

static void chain_fails(struct rig *r, hf_err cause)
{
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_ERR_BUNDLE_CHAIN);
	assert_int_equal(r->verdict.cause, cause);
	assert_int_equal(r->trust.policy.number, 1);
}

static void both_root_quorums_must_sign(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	r->spec.root = (struct hf_quorum_spec){ .k = 2, .keys = 6u << ROOT0 }; /* root 0 leaves */
	rig_policy(r, 2, 7u << ROOT0);
	rig_good(r, 2, 2);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_OK);
	rig_policy(r, 2, 3u << ROOT0); /* signed by the quorum of N only */
	rig_good(r, 2, 2);
	chain_fails(r, HF_ERR_STATEMENT_QUORUM);
	r->spec.root = (struct hf_quorum_spec){ .k = 1, .keys = 1u << ROOT0 };
	rig_policy(r, 2, 1u << ROOT0); /* and by that of N + 1 only */
	rig_good(r, 2, 2);
	chain_fails(r, HF_ERR_STATEMENT_QUORUM);
}

static void a_policy_must_be_logged_and_witnessed_under_the_one_before(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	r->witnesses = 1;
	rig_policy(r, 2, BOTH);
	r->witnesses = 7;
	rig_good(r, 2, 2);
	chain_fails(r, HF_ERR_PROOF_WITNESS);
	rig_prove(r, r->policy[2].read.hash, 2, &r->policy[2].proof); /* under itself */
	rig_bundle(r, 2, 2);
	chain_fails(r, HF_ERR_PROOF_NONE);
	rig_prove(r, rig_hash, 1, &r->policy[2].proof); /* something else was logged */
	rig_bundle(r, 2, 2);
	chain_fails(r, HF_ERR_PROOF_LEAF);
	rig_prove(r, r->policy[2].read.hash, 1, &r->policy[2].proof);
	rig_bundle(r, 2, 2);
	assert_int_equal(rig_verify(r), HF_OK);
}

static void a_skipped_policy_breaks_the_chain(void **unused)
{
	struct rig *r = three_behind();
	(void)unused;

	rig_bundle(r, 3, 4);
	chain_fails(r, HF_ERR_POLICY_ORDER);
}

static void an_older_policy_never_comes_back(void **unused)
{
	struct rig *r = three_behind();
	struct rig_policy fourth = r->policy[4];
	(void)unused;

	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_OK);
	rig_good(r, 2, 2); /* a release logged under policy 2, with its link */
	assert_int_equal(rig_verify(r), HF_ERR_PROOF_NONE);
	assert_int_equal(r->trust.policy.number, 4);
	r->spec.stale_after_s = 5; /* another policy 4 */
	rig_policy(r, 4, BOTH);
	rig_good(r, 4, 4);
	assert_int_equal(rig_verify(r), HF_ERR_BUNDLE_CHAIN);
	assert_memory_equal(r->trust.policy.hash, fourth.read.hash, 32);
}

static void roots_that_ended_do_not_count(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	r->key[ROOT0].not_after = T0; /* in the new policy only */
	rig_policy(r, 2, BOTH);
	rig_good(r, 2, 2);
	chain_fails(r, HF_ERR_PROOF_EXPIRED);
	r->key[ROOT0].not_after = T0 + 1;
	rig_policy(r, 2, BOTH);
	rig_good(r, 2, 2);
	assert_int_equal(rig_verify(r), HF_OK);
}

static void policies_that_cannot_be_obeyed_are_not_written(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	r->spec.witness = (struct hf_quorum_spec){ .k = 4, .keys = 7u << WIT0 };
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_QUORUM);
	r->spec.witness = (struct hf_quorum_spec){ .k = 1, .keys = 1u << REL0 };
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_QUORUM);
	r->spec.witness = (struct hf_quorum_spec){ .k = 2, .keys = 7u << WIT0 };
	r->spec.publishers = 1u << LOG0;
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_QUORUM);
	r->spec.publishers = 1u << PUBLISHER;
	r->spec.logs = 1u << PUBLISHER;
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_QUORUM);
	r->spec.logs = 1u << LOG0;
	r->release[0] = r->release[1]; /* one class named twice */
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_FORMAT);
	r->spec.n_release = 1;
	r->spec.break_glass = HF_STR("short");
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_FORMAT);
	r->spec.break_glass = HF_ARR(rig_hash);
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_OK);
	assert_memory_equal(r->policy[2].read.break_glass.ptr, rig_hash, 32);
	r->key[REL0].pub = HF_ARR(r->pub[REL0 + 1]);
	assert_int_equal(rig_try_policy(r, 2, BOTH), HF_ERR_POLICY_TWICE);
}

static void quorums_nest_three_levels_deep(void **unused)
{
	struct rig *r = &rig_mem;
	const struct hf_quorum_spec deep = { .k = 1, .keys = 4u << WIT0 };
	const struct hf_quorum_spec inner = { .k = 1, .keys = 2u << WIT0, .member = &deep, .n_members = 1 };
	const struct hf_quorum_spec outer = { .k = 2, .keys = 1u << WIT0, .member = &inner, .n_members = 1 };
	const struct hf_quorum_spec four = { .k = 1, .member = &outer, .n_members = 1 };
	const struct hf_policy *p = &r->policy[2].read;
	(void)unused;

	rig_start(r);
	r->spec.witness = outer;
	rig_policy(r, 2, BOTH);
	assert_true(hf_verdict_is_yes(hf_quorum_met(p, p->witness, 5u << WIT0)));
	assert_true(hf_verdict_is_yes(hf_quorum_met(p, p->witness, 3u << WIT0)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(p, p->witness, 6u << WIT0)));
	r->spec.witness = (struct hf_quorum_spec){ .encoded = p->witness };
	rig_policy(r, 3, BOTH);
	assert_true(hf_bytes_equal(p->witness, r->policy[3].read.witness));
	r->spec.witness = four;
	assert_int_equal(rig_try_policy(r, 4, BOTH), HF_ERR_POLICY_QUORUM);
}

static void a_damaged_record_stops_the_device(void **unused)
{
	struct rig *r = three_behind();
	struct hf_port port;
	uint8_t mem[HF_TRUST_RECORD_MAX];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(rig_device(r, &port), HF_OK);
	assert_int_equal(hf_port_read(&port, HF_REC_POLICY, &out), HF_OK);
	for (size_t i = 0; i < out.len; i += 7) {
		mem[i] ^= 0x10;
		assert_int_equal(hf_port_replace(&port, HF_REC_POLICY, hf_out_bytes(&out)), HF_OK);
		assert_int_equal(rig_device(r, &port), HF_ERR_TRUST_RECORD);
		mem[i] ^= 0x10;
	}
	assert_int_equal(hf_port_replace(&port, HF_REC_POLICY, (hf_bytes){ mem, 99 }), HF_OK);
	assert_int_equal(rig_device(r, &port), HF_ERR_TRUST_RECORD);
	hf_fake_tear(&port, HF_REC_POLICY);
	assert_int_equal(rig_device(r, &port), HF_ERR_TRUST_RECORD);
	hf_fake_free(&port);
}

static void a_device_starts_from_policy_one_only(void **unused)
{
	struct rig *r = three_behind();
	struct hf_port port;
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(hf_trust_start(&r->trust, &port, hf_out_bytes(&r->policy[2].box), &r->scratch),
			 HF_ERR_POLICY_ORDER);
	assert_int_equal(hf_trust_start(&r->trust, NULL, hf_out_bytes(&r->policy[4].box), &r->scratch),
			 HF_OK); /* a person with a policy file may */
	assert_int_equal(rig_verify(r), HF_OK);
	hf_fake_free(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shelf_device_three_policies_behind_catches_up_offline),
		cmocka_unit_test(a_power_cut_at_every_link_leaves_a_device_that_goes_on),
		cmocka_unit_test(a_bundle_may_carry_policies_only),
		cmocka_unit_test(both_root_quorums_must_sign),
		cmocka_unit_test(a_policy_must_be_logged_and_witnessed_under_the_one_before),
		cmocka_unit_test(a_skipped_policy_breaks_the_chain),
		cmocka_unit_test(an_older_policy_never_comes_back),
		cmocka_unit_test(roots_that_ended_do_not_count),
		cmocka_unit_test(policies_that_cannot_be_obeyed_are_not_written),
		cmocka_unit_test(quorums_nest_three_levels_deep),
		cmocka_unit_test(a_damaged_record_stops_the_device),
		cmocka_unit_test(a_device_starts_from_policy_one_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
