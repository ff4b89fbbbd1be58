/* release_proof.c -- what an attacker may try with proofs. Each test first shows that the bundle without the
 * attack is accepted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "release_forge.h"

static void a_stolen_publisher_cannot_log_by_another_name(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->publisher = REL0; /* a key that is no publisher */
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_PROOF_LEAF);
	r->publisher = PUBLISHER; /* and with the stolen one: no release without its signers */
	forge_release(r, 1u << REL0);
	forge_expect(r, HF_ERR_RELEASE_QUORUM);
}

static void the_proof_of_another_leaf_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	rig_prove(r, rig_hash, 1, &r->proof); /* rightly logged, for something else */
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_LEAF);
}

static void a_leaf_that_is_not_where_it_says_is_refused(void **unused)
{
	struct rig *r = forge_good();
	uint8_t d[32];
	(void)unused;

	assert_int_equal(hf_manifest_digest(hf_out_bytes(&r->manifest_out), d), HF_OK);
	rig_prove_at(r, d, 0, 1, &r->proof); /* another leaf stands there: another root */
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_LOG);
}

static void change_proof(struct rig *r, size_t at, uint8_t value, hf_err err)
{
	uint8_t *byte = &r->proof.ptr[at], was = *byte;

	*byte = value;
	rig_bundle(r, 2, 1);
	forge_expect(r, err);
	*byte = was;
}

static void path_and_index_must_fit_exactly(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	assert_int_equal(r->proof.ptr[10], 2);          /* leaf 3 of 4 */
	change_proof(r, 27, 4, HF_ERR_PROOF_INCLUSION); /* index = size */
	change_proof(r, 19, 9, HF_ERR_PROOF_INCLUSION); /* one hash too few for that size */
	change_proof(r, 19, 0, HF_ERR_PROOF_INCLUSION);
	change_proof(r, 12, 0x80, HF_ERR_PROOF_INCLUSION); /* 2^63 leaves */
	change_proof(r, 20, 0xff, HF_ERR_PROOF_INCLUSION);
}

static void swapped_siblings_give_another_root(void **unused)
{
	struct rig *r = forge_good();
	const size_t path = HF_PROOF_FIXED_LEN;
	uint8_t swap[32];
	(void)unused;

	memcpy(swap, r->proof.ptr + path, 32);
	memcpy(r->proof.ptr + path, r->proof.ptr + path + 32, 32);
	memcpy(r->proof.ptr + path + 32, swap, 32);
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_LOG);
}

static void proof_with_path_of(struct rig *r, int more)
{
	uint8_t mem[HF_PROOF_MAX_LEN], path[96] = { 0 };
	struct hf_out out = HF_OUT(mem);
	struct hf_proof p;
	size_t used = 0;

	assert_int_equal(hf_proof_read(hf_out_bytes(&r->proof), &p, &used), HF_OK);
	memcpy(path, p.path.ptr, p.path.len);
	p.path = (hf_bytes){ path, (size_t)((int)p.path.len + more * 32) };
	assert_int_equal(hf_proof_write(&p, &out), HF_OK);
	memcpy(r->proof.ptr, mem, out.len);
	r->proof.len = out.len;
	rig_bundle(r, 2, 1);
}

static void a_path_one_hash_short_or_long_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	proof_with_path_of(r, 1);
	forge_expect(r, HF_ERR_PROOF_INCLUSION);
	proof_with_path_of(r, -1);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	proof_with_path_of(r, -1);
	forge_expect(r, HF_ERR_PROOF_INCLUSION);
}

static void a_log_that_the_policy_does_not_name_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->log_key = LOG0 + 1; /* the policy's other log */
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	r->log_key = ROOT0;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_ERR_PROOF_LOG);
}

static void log_and_all_but_one_of_the_witness_quorum_are_not_enough(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	for (unsigned i = 0; i < 3; i++) {
		r->witnesses = 1u << i;
		forge_release(r, 3u << REL0);
		forge_expect(r, HF_ERR_PROOF_WITNESS);
	}
	r->witnesses = 0;
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
	r->witnesses = 5;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
}

static void the_same_witness_twice_counts_as_an_attack(void **unused)
{
	struct rig *r = forge_good();
	uint8_t *cosigs;
	(void)unused;

	r->witnesses = 3;
	forge_release(r, 3u << REL0);
	cosigs = r->proof.ptr + r->proof.len - 2 * HF_COSIG_LEN;
	memcpy(cosigs + HF_COSIG_LEN, cosigs, HF_COSIG_LEN);
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
	cosigs[HF_COSIG_LEN] = REL0; /* an index that is no witness */
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
	cosigs[HF_COSIG_LEN] = 31; /* and one that is no key */
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
}

static void one_lying_witness_does_not_move_the_time(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->device.now = 0; /* no clock: a far future is not seen, and does not count either */
	r->time[2] = INT64_MAX;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->trust.quorum_time, T0 + 1);
}

/* Nor can he end keys before their time, or hold the time back. */
static void one_lying_witness_ends_no_key(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->device.now = 0;
	r->key[REL0].not_after = T0 + 1;
	rig_policy(r, 1, 3u << ROOT0);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	r->time[2] = INT64_MAX;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	r->time[2] = 0;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.proof.quorum_time, T0);
	assert_int_equal(r->trust.quorum_time, T0 + 1); /* what was proven before stays */
	r->time[1] = r->time[2] = T0 + 2; /* two together can */
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_PROOF_EXPIRED);
}

static void a_trusted_clock_does_not_count_cosignatures_from_the_future(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->witnesses = 6;
	r->time[2] = r->device.now + HF_PROOF_CLOCK_SLACK_S;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	r->time[2]++;
	forge_release(r, 3u << REL0);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
}

static void times_beyond_63_bits_are_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->witnesses = 3;
	forge_release(r, 3u << REL0);
	r->proof.ptr[r->proof.len - HF_COSIG_LEN + 1] = 0x80;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_WITNESS);
}

static void pin_with(struct rig *r, size_t key, int64_t not_after)
{
	r->key[key].not_after = not_after;
	rig_policy(r, 1, 3u << ROOT0);
	r->key[key].not_after = 0;
	assert_int_equal(rig_device(r, NULL), HF_OK);
	forge_release(r, 3u << REL0);
}

static void keys_that_ended_before_quorum_time_do_not_count(void **unused)
{
	struct rig *r = forge_good();
	static const size_t keys[] = { REL0, PUBLISHER, LOG0 };
	(void)unused;

	for (size_t i = 0; i < 3; i++) {
		pin_with(r, keys[i], T0 + 1);
		assert_int_equal(rig_verify(r), HF_OK);
		pin_with(r, keys[i], T0);
		forge_expect(r, HF_ERR_PROOF_EXPIRED);
	}
	pin_with(r, WIT0 + 2, T0 + 1); /* its cosignature is later: the other two remain */
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.proof.witnesses, 3u << WIT0);
	assert_int_equal(r->verdict.proof.quorum_time, T0);
}

static void a_proof_under_another_policy_is_none(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	r->proof.ptr[0] ^= 1;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_NONE);
}

static void two_releases_cannot_be_mixed(void **unused)
{
	struct rig *r = forge_good();
	uint8_t old_envelope[HF_ENVELOPE_MAX_LEN], old_proof[HF_PROOF_MAX_LEN];
	size_t envelope_len = r->envelope.len, proof_len = r->proof.len;
	(void)unused;

	memcpy(old_envelope, r->envelope.ptr, envelope_len);
	memcpy(old_proof, r->proof.ptr, proof_len);
	r->manifest.sequence = 9; /* other content */
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	memcpy(r->envelope.ptr, old_envelope, envelope_len); /* old manifest, new proof */
	r->envelope.len = envelope_len;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_LEAF);
	forge_release(r, 3u << REL0); /* new manifest, old proof */
	memcpy(r->proof.ptr, old_proof, proof_len);
	r->proof.len = proof_len;
	rig_bundle(r, 2, 1);
	forge_expect(r, HF_ERR_PROOF_LEAF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stolen_publisher_cannot_log_by_another_name),
		cmocka_unit_test(the_proof_of_another_leaf_is_refused),
		cmocka_unit_test(a_leaf_that_is_not_where_it_says_is_refused),
		cmocka_unit_test(path_and_index_must_fit_exactly),
		cmocka_unit_test(swapped_siblings_give_another_root),
		cmocka_unit_test(a_path_one_hash_short_or_long_is_refused),
		cmocka_unit_test(a_log_that_the_policy_does_not_name_is_refused),
		cmocka_unit_test(log_and_all_but_one_of_the_witness_quorum_are_not_enough),
		cmocka_unit_test(the_same_witness_twice_counts_as_an_attack),
		cmocka_unit_test(one_lying_witness_does_not_move_the_time),
		cmocka_unit_test(one_lying_witness_ends_no_key),
		cmocka_unit_test(a_trusted_clock_does_not_count_cosignatures_from_the_future),
		cmocka_unit_test(times_beyond_63_bits_are_refused),
		cmocka_unit_test(keys_that_ended_before_quorum_time_do_not_count),
		cmocka_unit_test(a_proof_under_another_policy_is_none),
		cmocka_unit_test(two_releases_cannot_be_mixed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
