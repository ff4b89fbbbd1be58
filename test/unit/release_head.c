/* release_head.c -- head messages, envelopes, and what everything weighs.
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

static struct rig rig_mem; /* too large for a stack */

static void old_heads_are_reported_and_stop_nothing(void **unused)
{
	struct rig *r = &rig_mem;
	uint8_t old_mem[HF_HEAD_MAX_LEN], new_mem[HF_HEAD_MAX_LEN];
	struct hf_out old = HF_OUT(old_mem), new = HF_OUT(new_mem);
	(void)unused;

	rig_start(r);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	rig_head(r, 1, &old);
	assert_int_equal(old.len, HF_HEAD_FIXED_LEN + 3 * HF_COSIG_LEN);
	rig_good(r, 2, 1);
	rig_head(r, 1, &new);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&new), 0), HF_OK);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&new), 0), HF_OK);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&old), 0), HF_ERR_HEAD_OLD);
	assert_int_equal(r->trust.newest.head.size, 4);
	assert_false(hf_trust_is_stale(&r->trust, T0 + 1 + HF_POLICY_STALE_S));
	assert_true(hf_trust_is_stale(&r->trust, T0 + 2 + HF_POLICY_STALE_S));
	r->device.now = T0 + 2 + HF_POLICY_STALE_S;
	assert_int_equal(rig_verify(r), HF_OK); /* stale, and yet it installs */
}

static void without_a_log_nothing_is_stale(void **unused)
{
	struct rig *r = &rig_mem;
	(void)unused;

	rig_start(r);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_true(hf_trust_is_stale(&r->trust, T0));
	r->spec.logs = 0;
	rig_policy(r, 1, 3u << ROOT0);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_false(hf_trust_is_stale(&r->trust, T0));
}

static void two_trees_of_one_size_are_seen(void **unused)
{
	struct rig *r = &rig_mem;
	uint8_t mem[HF_HEAD_MAX_LEN];
	struct hf_out head = HF_OUT(mem);
	(void)unused;

	rig_start(r);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
	r->log.node[1][0].b[0] ^= 1; /* a fork */
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_ERR_HEAD_SPLIT);
}

/* Sizes of two logs say nothing about each other; the one heard last is remembered, also by its name. */
static void a_head_of_another_log_is_remembered_as_that_log_s(void **unused)
{
	struct rig *r = &rig_mem;
	uint8_t mem[HF_HEAD_MAX_LEN], log[HF_SHA256_LEN];
	struct hf_out head = HF_OUT(mem);
	const hf_bytes key = HF_ARR(r->pub[LOG0 + 1]);
	(void)unused;

	rig_start(r);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
	r->log_key = LOG0 + 1; /* the same size, the same times */
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
	assert_int_equal(hf_crypto_sha256(&key, 1, log), HF_OK);
	assert_memory_equal(r->trust.newest.log, log, sizeof(log));
	r->time[1] = r->time[0]; /* older by quorum time */
	r->time[2] = r->time[0];
	r->log_key = LOG0;
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_ERR_HEAD_OLD);
}

static void heads_are_verified_like_proofs(void **unused)
{
	struct rig *r = &rig_mem;
	uint8_t mem[HF_HEAD_MAX_LEN + 1];
	struct hf_out head = HF_OUT(mem);
	size_t len;
	(void)unused;

	rig_start(r);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	rig_head(r, 1, &head);
	len = head.len;
	for (size_t bit = 0; bit < len * 8; bit++) {
		mem[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
		mem[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (head.len = 0; head.len < len; head.len++)
		assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_ERR_HEAD_FORMAT);
	head.len = len + 1;
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_ERR_HEAD_FORMAT);
	head.len = len;
	r->witnesses = 2;
	rig_head(r, 1, &head);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_ERR_PROOF_WITNESS);
	assert_int_equal(r->trust.newest.time, 0);
}

static void envelopes_keep_their_limits_and_their_text(void **unused)
{
	struct rig *r = &rig_mem;
	static uint8_t big[HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN + 1];
	uint8_t digest[32], out_mem[HF_ENVELOPE_MAX_LEN], strip_mem[HF_ENVELOPE_MAX_LEN];
	const hf_bytes text = HF_STR("\xa1\x62\x65\x6e\xa0");
	struct hf_out out = HF_OUT(out_mem), strip = HF_OUT(strip_mem);
	struct hf_envelope e;
	struct hf_manifest m;
	(void)unused;

	rig_start(r);
	assert_int_equal(hf_envelope_read(HF_ARR(big), &e), HF_ERR_SUIT_LIMIT);
	assert_int_equal(hf_manifest_read((hf_bytes){ big, HF_MANIFEST_MAX_LEN + 1 }, &m), HF_ERR_SUIT_LIMIT);
	assert_int_equal(hf_text_digest(text, digest), HF_OK);
	r->manifest.text_digest = HF_ARR(digest);
	rig_release(r, 0);
	assert_int_equal(hf_envelope_write(hf_out_bytes(&r->manifest_out), HF_STR("\xa0"), &out),
			 HF_ERR_SUIT_DIGEST);
	assert_int_equal(hf_envelope_write(hf_out_bytes(&r->manifest_out), text, &out), HF_OK);
	assert_int_equal(hf_envelope_read(hf_out_bytes(&out), &e), HF_OK);
	assert_true(hf_bytes_equal(e.text, text));
	assert_int_equal(hf_envelope_strip(hf_out_bytes(&out), &strip), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&strip), hf_out_bytes(&r->envelope)));
}

static void the_order_of_signing_does_not_show(void **unused)
{
	struct rig *r = &rig_mem;
	uint8_t first[HF_ENVELOPE_MAX_LEN], a_mem[HF_ENVELOPE_MAX_LEN], b_mem[HF_ENVELOPE_MAX_LEN];
	struct hf_out a = HF_OUT(a_mem), b = HF_OUT(b_mem);
	size_t len;
	(void)unused;

	rig_start(r);
	rig_release(r, 3u << REL0);
	len = r->envelope.len;
	memcpy(first, r->envelope.ptr, len);
	rig_release(r, 0);
	for (int i = 1; i >= 0; i--) {
		struct hf_cose_signer s = { HF_COSE_ED25519, HF_ARR(r->kid[REL0 + i]), NULL,
					    &r->seed[REL0 + i] };
		struct hf_out *to = i == 1 ? &a : &b;

		assert_int_equal(hf_envelope_sign(i == 1 ? hf_out_bytes(&r->envelope) : hf_out_bytes(&a), &s,
						  &r->scratch, to),
				 HF_OK);
	}
	assert_true(hf_bytes_equal(hf_out_bytes(&b), (hf_bytes){ first, len }));
}

/* Goal: at most 1,200 bytes above the unsigned envelope at a million leaves (path of 20 hashes), with two
 * release signatures and three cosignatures. */
static void sizes_keep_their_goal(void **unused)
{
	struct rig *r = &rig_mem;
	size_t unsigned_len, two, extra;
	(void)unused;

	rig_start(r);
	rig_release(r, 0);
	unsigned_len = r->envelope.len;
	rig_release(r, 3u << REL0);
	two = r->envelope.len;
	extra = two - unsigned_len + HF_BUNDLE_HEADER_LEN + HF_PROOF_FIXED_LEN + 20 * HF_MERKLE_LEN +
		3 * HF_COSIG_LEN;
	print_message("# manifest %zu, envelope %zu unsigned, %zu with two signatures;\n",
		      r->manifest_out.len, unsigned_len, two);
	print_message("# bundle at 1,000,000 leaves %zu, %zu above the unsigned envelope (goal 1200)\n",
		      unsigned_len + extra, extra);
	assert_true(extra <= 1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_heads_are_reported_and_stop_nothing),
		cmocka_unit_test(without_a_log_nothing_is_stale),
		cmocka_unit_test(two_trees_of_one_size_are_seen),
		cmocka_unit_test(a_head_of_another_log_is_remembered_as_that_log_s),
		cmocka_unit_test(heads_are_verified_like_proofs),
		cmocka_unit_test(envelopes_keep_their_limits_and_their_text),
		cmocka_unit_test(the_order_of_signing_does_not_show),
		cmocka_unit_test(sizes_keep_their_goal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
