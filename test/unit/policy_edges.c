/* policy_edges.c -- the reader of policies at its edges: counts, sets and classes, each at its limit
 * plus one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "release_rig.h"

static struct rig rig_mem; /* too large for a stack */

static struct rig *good(void)
{
	struct rig *r = &rig_mem;

	rig_start(r);
	return r;
}

static void anchors_are_two_at_most(void **unused)
{
	struct rig *r = good();
	const struct hf_policy_anchor anchor[3] = { { 1, HF_STR("first") },
						    { 3, HF_STR("second") },
						    { 3, HF_STR("third") } };
	(void)unused;

	r->spec.anchor = anchor;
	r->spec.n_anchors = 2;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_OK);
	assert_int_equal(r->policy[2].read.n_anchors, 2);
	assert_int_equal(r->policy[2].read.anchor[1].usage, 3);
	assert_true(hf_bytes_equal(r->policy[2].read.anchor[1].der, HF_STR("second")));
	r->spec.n_anchors = 3;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_FORMAT);
}

static void named_quorums_are_sixteen_at_most(void **unused)
{
	static const char letters[] = "abcdefghijklmnopq";
	struct rig *r = good();
	struct hf_named_spec named[17];
	(void)unused;

	for (size_t i = 0; i < 17; i++)
		named[i] = (struct hf_named_spec){ { (const uint8_t *)letters + i, 1 },
						   { .k = 1, .keys = 1u << REL0 } };
	r->spec.named = named;
	r->spec.n_named = 17;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_FORMAT);
	r->spec.n_named = 16; /* few enough; but release keys are no operators */
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_QUORUM);
	r->key[REL0].role = HF_ROLE_NAMED;
	r->release[0].quorum = (struct hf_quorum_spec){ .k = 1, .keys = 6u << REL0 };
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_OK);
}

/* A policy with one run of bytes replaced by another of equal length. */
static hf_err read_patched(const struct rig *r, const char *from, const char *to, size_t len)
{
	static struct hf_policy back;
	uint8_t mem[HF_STATEMENT_MAX_LEN];
	hf_bytes payload = hf_out_bytes(&r->policy[1].payload);
	size_t at = 0;

	memcpy(mem, payload.ptr, payload.len);
	while (at + len <= payload.len && memcmp(mem + at, from, len) != 0)
		at++;
	assert_true(at + len <= payload.len);
	memcpy(mem + at, to, len);
	return hf_policy_read((hf_bytes){ mem, payload.len }, &back);
}

static void sets_of_keys_have_one_spelling(void **unused)
{
	struct rig *r = good();
	(void)unused;

	assert_int_equal(read_patched(r, "\x09\x82\x09\x0a", "\x09\x82\x09\x0a", 4), HF_OK);
	assert_int_equal(read_patched(r, "\x09\x82\x09\x0a", "\x09\x82\x0a\x09", 4), HF_ERR_POLICY_FORMAT);
	assert_int_equal(read_patched(r, "\x09\x82\x09\x0a", "\x09\x82\x09\x09", 4), HF_ERR_POLICY_FORMAT);
}

static void classes_are_uuids_and_named_once(void **unused)
{
	struct rig *r = good();
	hf_bytes odd = HF_STR("a name"), many[HF_POLICY_MAX_CLASSES + 1], quorum;
	uint8_t id[HF_POLICY_MAX_CLASSES + 1][HF_POLICY_UUID_LEN] = { { 0 } };
	const hf_bytes same[2] = { HF_ARR(rig_class), HF_ARR(rig_class) };
	(void)unused;

	r->release[1].classes = &odd;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_FORMAT);
	r->release[1].classes = same;
	r->release[1].n_classes = 2;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_FORMAT);
	for (size_t i = 0; i <= HF_POLICY_MAX_CLASSES; i++) {
		id[i][0] = (uint8_t)i;
		many[i] = HF_ARR(id[i]);
	}
	r->release[1].classes = many;
	r->release[1].n_classes = HF_POLICY_MAX_CLASSES + 1;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_ERR_POLICY_FORMAT);
	r->release[1].n_classes = HF_POLICY_MAX_CLASSES;
	assert_int_equal(rig_try_policy(r, 2, 3u << ROOT0), HF_OK);
	assert_int_equal(hf_policy_release(&r->policy[2].read, HF_STR("a name"), &quorum),
			 HF_ERR_POLICY_ABSENT);
	assert_int_equal(hf_policy_rebuilder(&r->policy[2].read, HF_ARR(rig_class), &quorum),
			 HF_ERR_POLICY_ABSENT);
}

/* Whoever hands a policy in that was not read by hf_policy_read gets an error, not a quorum. */
static void delegations_that_nobody_judged_give_no_quorum(void **unused)
{
	const struct hf_policy odd = { .release = HF_STR("\x81\x82\x81\x41\x00\x00") };
	uint8_t mem[32] = { 0x81, 0x82, 0x91 }; /* seventeen classes */
	const struct hf_policy many = { .release = HF_ARR(mem) };
	hf_bytes quorum;
	(void)unused;

	memset(mem + 3, 0x40, sizeof(mem) - 3);
	assert_int_not_equal(hf_policy_release(&odd, HF_ARR(rig_class), &quorum), HF_OK);
	assert_int_equal(hf_policy_release(&many, HF_ARR(rig_class), &quorum), HF_ERR_POLICY_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchors_are_two_at_most),
		cmocka_unit_test(named_quorums_are_sixteen_at_most),
		cmocka_unit_test(sets_of_keys_have_one_spelling),
		cmocka_unit_test(classes_are_uuids_and_named_once),
		cmocka_unit_test(delegations_that_nobody_judged_give_no_quorum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
