/* release_attack.c -- what an attacker may try on a device with an offline bundle. Each test first shows
 * that the bundle without the attack is accepted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "release_forge.h"

static void two_signers_a_log_and_witnesses_are_enough(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.signers, 3u << REL0);
	assert_int_equal(r->verdict.proof.quorum_time, T0 + 1); /* second largest of three */
	assert_int_equal(r->trust.quorum_time, T0 + 1);
	assert_int_equal(r->verdict.manifest.sequence, 7);
}

static void one_stolen_release_key_is_not_enough(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_release(r, 1u << REL0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
	forge_release(r, 1u << OTHER); /* enough for another class only */
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
	forge_release(r, 0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
}

static void keys_of_another_role_sign_no_release(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_release(r, 3u << REL0 | 1u << ROOT0);
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
	forge_release(r, 3u << REL0 | 1u << PUBLISHER);
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
	forge_release(r, 3u << REL0 | 1u << REB0); /* rebuilders may */
	assert_int_equal(rig_verify(r), HF_OK);
}

static void an_unknown_signer_is_passed_over_but_counts_for_nothing(void **unused)
{
	struct rig *r = forge_good();
	struct hf_policy_key *key = &r->key[REL0 + 1];
	(void)unused;

	memset(r->seed[REL0 + 1].b, 0x77, 32);
	assert_int_equal(hf_crypto_ed25519_public(&r->seed[REL0 + 1], r->pub[REL0 + 1]), HF_OK);
	assert_int_equal(hf_crypto_kid(key->pub, r->kid[REL0 + 1]), HF_OK);
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
	forge_release(r, 7u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.signers, 5u << REL0);
}

static void the_second_class_needs_its_own_signer_and_a_rebuilder(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->device.class_id = r->manifest.class_id = HF_ARR(rig_second);
	forge_release(r, 7u << REL0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
	forge_release(r, 1u << OTHER);
	forge_expect(r, HF_ERR_RELEASE_REBUILD);
	forge_release(r, 1u << OTHER | 1u << REB0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.rebuilders, 1u << REB0);
}

static void a_bundle_for_another_product_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->device.class_id = HF_ARR(rig_second);
	forge_expect(r, HF_ERR_RELEASE_CLASS);
	r->device.class_id = HF_ARR(rig_class);
	r->device.vendor = HF_ARR(rig_class);
	forge_expect(r, HF_ERR_RELEASE_CLASS);
	r->device.vendor = HF_ARR(rig_vendor);
	r->device.component = HF_STR("\x81\x45other");
	forge_expect(r, HF_ERR_RELEASE_CLASS);
	r->device.component = HF_COMPONENT_MAIN;
	assert_int_equal(rig_verify(r), HF_OK);
}

static void an_older_release_is_refused_and_an_equal_one_is_not(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->device.floor = 8;
	forge_expect(r, HF_ERR_RELEASE_ROLLBACK);
	r->device.floor = 7;
	assert_int_equal(rig_verify(r), HF_OK);
}

static void fast_forward_by_one_signer_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->manifest.sequence = INT64_MAX;
	forge_release(r, 1u << REL0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
}

static void each_condition_holds_the_release_back(void **unused)
{
	struct rig *r = forge_good();
	const struct hf_device_facts was = r->device;
	(void)unused;

	r->device.board = 3;
	forge_expect(r, HF_ERR_RELEASE_CONDITION);
	r->device = was;
	r->device.agent_level = 0;
	forge_expect(r, HF_ERR_RELEASE_CONDITION);
	r->device = was;
	r->device.installed = 2;
	forge_expect(r, HF_ERR_RELEASE_CONDITION);
	r->device = was;
	r->device.data_level = 3;
	forge_expect(r, HF_ERR_RELEASE_CONDITION);
	r->device = was;
	assert_int_equal(rig_verify(r), HF_OK);
	r->manifest.policy_number = 2;
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_RELEASE_CONDITION);
}

static void signatures_of_another_release_are_refused(void **unused)
{
	struct rig *r = forge_good();
	struct hf_envelope e;
	uint8_t block[128], mem[HF_ENVELOPE_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	size_t len;
	(void)unused;

	assert_int_equal(hf_envelope_read(hf_out_bytes(&r->envelope), &e), HF_OK);
	len = e.block_bytes[0].len;
	memcpy(block, e.block_bytes[0].ptr, len);
	r->manifest.sequence = 9;
	forge_release(r, 2u << REL0 | 4u << REL0);
	assert_int_equal(hf_envelope_add(hf_out_bytes(&r->envelope), (hf_bytes){ block, len }, &out), HF_OK);
	memcpy(r->envelope.ptr, mem, out.len);
	r->envelope.len = out.len;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
}

static void the_algorithm_comes_from_the_policy(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_patch_envelope(r, "\xa2\x01\x32\x04", "\xa2\x01\x27\x04", 4); /* -8 */
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
	forge_patch_envelope(r, "\xa2\x01\x27\x04", "\xa2\x01\x26\x04", 4); /* -7 */
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
	forge_patch_envelope(r, "\xa2\x01\x26\x04", "\xa2\x01\x32\x04", 4);
	assert_int_equal(rig_verify(r), HF_OK);
}

static void the_same_signer_twice_is_refused(void **unused)
{
	struct rig *r = forge_good();
	struct hf_envelope e;
	(void)unused;

	assert_int_equal(hf_envelope_read(hf_out_bytes(&r->envelope), &e), HF_OK);
	assert_int_equal(e.block_bytes[0].len, e.block_bytes[1].len);
	memcpy(r->envelope.ptr + (e.block_bytes[1].ptr - r->envelope.ptr), e.block_bytes[0].ptr,
	       e.block_bytes[0].len);
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_RELEASE_SIGNATURE);
}

/* One of two rebuilders: where the policy asks for both it confirms nothing, and it never counts as a
 * signer. */
static void one_stolen_rebuilder_is_not_enough(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->rebuilder[0].quorum.k = 2;
	rig_policy(r, 1, 3u << ROOT0);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	r->device.class_id = r->manifest.class_id = HF_ARR(rig_second);
	forge_release(r, 1u << OTHER | 3u << REB0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	forge_release(r, 1u << OTHER | 1u << REB0);
	forge_expect(r, HF_ERR_RELEASE_REBUILD);
	forge_release(r, 3u << REB0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
}

static void a_changed_manifest_does_not_fit_its_digest(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_patch_envelope(r, "1.2.3", "1.2.4", 5);
	forge_expect(r, HF_ERR_RELEASE_ENVELOPE);
}

static void sign_changed(struct rig *r, const char *from, const char *to, size_t len, hf_err err)
{
	uint8_t mem[HF_MANIFEST_MAX_LEN];

	memcpy(mem, r->manifest_mem, r->manifest_out.len);
	forge_patch(mem, r->manifest_out.len, from, to, len);
	forge_manifest(r, (hf_bytes){ mem, r->manifest_out.len }, 0);
	forge_expect(r, err);
}

static void only_manifests_of_the_profile_are_releases(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_manifest(r, hf_out_bytes(&r->manifest_out), 0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	sign_changed(r, "\xa4\x01\x01\x02\x07", "\xa4\x01\x02\x02\x07", 5,
		     HF_ERR_RELEASE_PROFILE); /* version */
	sign_changed(r, "\xa4\x01\x01\x02\x07", "\xa4\x02\x07\x01\x01", 5,
		     HF_ERR_RELEASE_PROFILE); /* unsorted */
	sign_changed(r, "\xa4\x01\x01\x02\x07", "\xa4\x01\x01\x01\x01", 5,
		     HF_ERR_RELEASE_PROFILE);                                               /* twice */
	sign_changed(r, "\x01\x0f\x02\x0f", "\x01\x0f\x02\x0e", 4, HF_ERR_RELEASE_PROFILE); /* report value */
	sign_changed(r, "\x15\x02\x03\x0f", "\x16\x02\x03\x0f", 4, HF_ERR_RELEASE_PROFILE); /* copy */
	sign_changed(r, "\x39\x01\x2d\x01", "\x39\x01\x31\x01", 4,
		     HF_ERR_RELEASE_PROFILE); /* condition -306 */
	sign_changed(r, "\x39\x01\x02\x0c", "\x39\x01\x02\x09", 4, HF_ERR_RELEASE_PROFILE); /* 2^9 chunks */
	sign_changed(r, "\x39\x01\x02\x0c", "\x39\x01\x02\x15", 4, HF_ERR_RELEASE_PROFILE); /* 2^21 */
	sign_changed(r, "\x39\x01\x03\x65", "\x39\x01\x04\x65", 4,
		     HF_ERR_RELEASE_PROFILE); /* parameter -261 */
	sign_changed(r, "\x83\x01\x02\x07", "\x83\x01\x01\x07", 4, HF_ERR_RELEASE_PROFILE); /* board twice */
}

static void a_custom_label_in_the_shared_sequence_is_refused(void **unused)
{
	struct rig *r = forge_good();
	/* manifest with {14: size} replaced by a custom parameter of the same length */
	(void)unused;

	sign_changed(r, "\x0e\x1a\x00\x01\xe2\x40", "\x39\x01\x03\x62\x61\x62", 6, HF_ERR_RELEASE_PROFILE);
}

static void a_statement_is_no_manifest_and_back(void **unused)
{
	struct rig *r = forge_good();
	struct hf_bundle_link_spec link = { hf_out_bytes(&r->envelope), hf_out_bytes(&r->proof) };
	struct hf_bundle_spec spec = { .link = &link, .n_links = 1 };
	(void)unused;

	r->bundle.len = 0;
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_OK);
	forge_expect(r, HF_ERR_BUNDLE_CHAIN);
	r->envelope = r->policy[1].box;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_RELEASE_ENVELOPE);
	forge_manifest(r, hf_out_bytes(&r->policy[1].payload), 0);
	forge_expect(r, HF_ERR_RELEASE_PROFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_signers_a_log_and_witnesses_are_enough),
		cmocka_unit_test(one_stolen_release_key_is_not_enough),
		cmocka_unit_test(keys_of_another_role_sign_no_release),
		cmocka_unit_test(an_unknown_signer_is_passed_over_but_counts_for_nothing),
		cmocka_unit_test(the_second_class_needs_its_own_signer_and_a_rebuilder),
		cmocka_unit_test(a_bundle_for_another_product_is_refused),
		cmocka_unit_test(an_older_release_is_refused_and_an_equal_one_is_not),
		cmocka_unit_test(fast_forward_by_one_signer_is_refused),
		cmocka_unit_test(each_condition_holds_the_release_back),
		cmocka_unit_test(signatures_of_another_release_are_refused),
		cmocka_unit_test(the_algorithm_comes_from_the_policy),
		cmocka_unit_test(the_same_signer_twice_is_refused),
		cmocka_unit_test(one_stolen_rebuilder_is_not_enough),
		cmocka_unit_test(a_changed_manifest_does_not_fit_its_digest),
		cmocka_unit_test(only_manifests_of_the_profile_are_releases),
		cmocka_unit_test(a_custom_label_in_the_shared_sequence_is_refused),
		cmocka_unit_test(a_statement_is_no_manifest_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
