/* Unit tests of policy.h and statement.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/statement.h>

enum { ROOTS = 3, OPERATORS = 3, KEYS = ROOTS + OPERATORS };

struct rig {
	struct hf_key secret[KEYS];
	uint8_t pub[KEYS][HF_P256_POINT_LEN];
	struct hf_hwkey hw[KEYS];
	struct hf_policy_key key[KEYS];
	struct hf_named_spec named[3];
	struct hf_policy_spec spec;
	uint8_t mem[2048];
	struct hf_out payload;
	struct hf_policy policy;
	uint8_t scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch;
	uint8_t box_mem[HF_STATEMENT_MAX_LEN + 512];
	struct hf_out box;
};

static void make_keys(struct rig *r)
{
	for (size_t i = 0; i < KEYS; i++) {
		bool root = i < ROOTS;

		if (root)
			assert_int_equal(hf_crypto_ed25519_generate(&r->secret[i], r->pub[i]), HF_OK);
		else
			assert_int_equal(hf_crypto_p256_generate(&r->secret[i], r->pub[i]), HF_OK);
		if (!root)
			assert_int_equal(hf_crypto_p256_hwkey(&r->secret[i], &r->hw[i]), HF_OK);
		r->key[i] = (struct hf_policy_key){ .role = root ? HF_ROLE_ROOT : HF_ROLE_NAMED,
						    .alg = root ? HF_COSE_ED25519 : HF_COSE_ES256,
						    .pub = { r->pub[i],
							     root ? HF_ED25519_PUB_LEN : HF_P256_POINT_LEN },
						    .holder = HF_STR("someone") };
	}
}

static void start(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	make_keys(r);
	r->payload = HF_OUT(r->mem);
	r->scratch = HF_OUT(r->scratch_mem);
	r->box = HF_OUT(r->box_mem);
	r->named[0] = (struct hf_named_spec){ HF_STR("order"), { .k = 2, .keys = 0x38 } };
	r->named[1] = (struct hf_named_spec){ HF_STR("cmd-act"), { .k = 1, .keys = 0x38 } };
	r->named[2] = (struct hf_named_spec){ HF_STR("cmd-danger"), { .k = 2, .keys = 0x38 } };
	r->spec = (struct hf_policy_spec){ .number = 1,
					   .vendor = HF_STR("0123456789abcdef"),
					   .key = r->key,
					   .n_keys = KEYS,
					   .root = { .k = 2, .keys = 0x07 },
					   .named = r->named,
					   .n_named = 3 };
}

static void make_policy(struct rig *r)
{
	start(r);
	assert_int_equal(hf_policy_write(&r->spec, &r->payload), HF_OK);
	assert_int_equal(hf_policy_read(hf_out_bytes(&r->payload), &r->policy), HF_OK);
}

static struct hf_cose_signer signer(struct rig *r, size_t i)
{
	bool root = i < ROOTS;

	return (struct hf_cose_signer){ .alg = r->key[i].alg,
					.kid = HF_ARR(r->policy.key[i].kid),
					.hw = root ? NULL : &r->hw[i],
					.seed = root ? &r->secret[i] : NULL };
}

static void sign(struct rig *r, hf_bytes payload, const size_t *who, size_t n)
{
	struct hf_cose_signer signers[KEYS];

	for (size_t i = 0; i < n; i++)
		signers[i] = signer(r, who[i]);
	r->box.len = 0;
	assert_int_equal(hf_statement_write(payload, signers, n, &r->scratch, &r->box), HF_OK);
}

static const uint8_t order_payload[] = { 0xa2, 0x00, 0x71, 'h', 'o', 'l', 'd', 'f', 'a',  's',  't', '/',
					 'o',  'r',  'd',  'e', 'r', '/', 'v', '1', 0x01, 0x18, 0x64 };
static const uint8_t other_payload[] = { 0xa2, 0x00, 0x71, 'h', 'o', 'l', 'd', 'f', 'a',  's',  't', '/',
					 'o',  'r',  'd',  'e', 'r', '/', 'v', '2', 0x01, 0x18, 0x64 };

static hf_err check(struct rig *r, hf_bytes *payload)
{
	hf_bytes quorum = { 0 };

	assert_int_equal(hf_policy_named(&r->policy, HF_STR("order"), &quorum), HF_OK);
	return hf_statement_check(hf_out_bytes(&r->box), HF_STR("holdfast/order/v1"), &r->policy, quorum, 0,
				  &r->scratch, payload);
}

static void two_of_three_operators_may_order(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 };
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 3, 5 }, 2);
	assert_int_equal(check(&r, &payload), HF_OK);
	assert_true(hf_bytes_equal(payload, HF_ARR(order_payload)));
}

static void one_signature_or_roots_are_not_enough(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 };
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 3 }, 1);
	assert_int_equal(check(&r, &payload), HF_ERR_STATEMENT_QUORUM);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 0, 1, 3 }, 3);
	assert_int_equal(check(&r, &payload), HF_ERR_STATEMENT_QUORUM);
	assert_int_equal(payload.len, 0);
}

static void a_signature_for_another_type_does_not_count(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 };
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(other_payload), (size_t[]){ 3, 4 }, 2);
	assert_int_equal(check(&r, &payload), HF_ERR_STATEMENT_TYPE);
}

static void every_flipped_bit_and_every_cut_is_refused(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 };
	size_t len;
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 3, 4 }, 2);
	len = r.box.len;
	for (size_t bit = 0; bit < len * 8; bit++) {
		r.box_mem[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(check(&r, &payload), HF_OK);
		r.box_mem[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (r.box.len = 0; r.box.len < len; r.box.len++)
		assert_int_not_equal(check(&r, &payload), HF_OK);
	assert_int_equal(check(&r, &payload), HF_OK);
}

static void a_wrong_signature_by_a_known_key_spoils_the_statement(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 };
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 3, 4, 5 }, 3);
	r.box_mem[r.box.len - 1] ^= 1; /* the last signature; the two others would be enough */
	assert_int_equal(check(&r, &payload), HF_ERR_STATEMENT_SIGNATURE);
}

static void an_ended_key_does_not_count(void **unused)
{
	struct rig r;
	hf_bytes payload = { 0 }, quorum = { 0 };
	(void)unused;

	start(&r);
	r.key[3].not_after = 1000;
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_OK);
	assert_int_equal(hf_policy_read(hf_out_bytes(&r.payload), &r.policy), HF_OK);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 3, 4 }, 2);
	assert_int_equal(hf_policy_named(&r.policy, HF_STR("order"), &quorum), HF_OK);
	assert_int_equal(hf_statement_check(hf_out_bytes(&r.box), HF_STR("holdfast/order/v1"), &r.policy,
					    quorum, 1001, &r.scratch, &payload),
			 HF_ERR_STATEMENT_QUORUM);
	assert_int_equal(hf_statement_check(hf_out_bytes(&r.box), HF_STR("holdfast/order/v1"), &r.policy,
					    quorum, 1000, &r.scratch, &payload),
			 HF_OK);
}

static void a_co_signer_adds_to_what_stands(void **unused)
{
	struct rig r;
	uint8_t mem[HF_STATEMENT_MAX_LEN];
	struct hf_out more = HF_OUT(mem);
	struct hf_cose_signer second;
	hf_bytes payload = { 0 };
	(void)unused;

	make_policy(&r);
	sign(&r, HF_ARR(order_payload), (size_t[]){ 5 }, 1);
	second = signer(&r, 3);
	assert_int_equal(hf_statement_add(hf_out_bytes(&r.box), &second, &r.scratch, &more), HF_OK);
	r.box.len = 0;
	assert_int_equal(hf_out_put(&r.box, hf_out_bytes(&more)), HF_OK);
	assert_int_equal(check(&r, &payload), HF_OK);
}

static void a_payload_without_a_type_is_no_statement(void **unused)
{
	static const uint8_t no_type[] = { 0xa1, 0x01, 0x01 };
	struct rig r;
	struct hf_cose_signer one;
	(void)unused;

	make_policy(&r);
	one = signer(&r, 3);
	assert_int_equal(hf_statement_write(HF_ARR(no_type), &one, 1, &r.scratch, &r.box),
			 HF_ERR_STATEMENT_FORMAT);
}

static void policies_with_dead_or_foreign_quorums_are_refused(void **unused)
{
	struct rig r;
	(void)unused;

	start(&r);
	r.spec.root = (struct hf_quorum_spec){ .k = 4, .keys = 0x07 }; /* 4 of 3 */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_QUORUM);
	r.spec.root = (struct hf_quorum_spec){ .k = 1, .keys = 0x08 }; /* an operator as root */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_QUORUM);
	r.spec.root = (struct hf_quorum_spec){ .k = 0, .keys = 0 }; /* nobody */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_QUORUM);
	r.spec.root = (struct hf_quorum_spec){ .k = 2, .keys = 0x07 };
	r.named[0].quorum = (struct hf_quorum_spec){ .k = 1, .keys = 0x01 }; /* a root key among the named */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_QUORUM);
	assert_int_equal(r.payload.len, 0);
}

static void policies_with_weak_repeated_or_misplaced_keys_are_refused(void **unused)
{
	struct rig r;
	(void)unused;

	start(&r);
	r.key[1].pub = r.key[0].pub;
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_TWICE);
	start(&r);
	memset(r.pub[0], 0, HF_ED25519_PUB_LEN); /* small order */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_KEY);
	start(&r);
	r.pub[3][64] ^= 1; /* off the curve */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_KEY);
	start(&r);
	r.key[3].role = HF_ROLE_RELEASE; /* P-256 outside role 8 */
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_KEY);
}

static void nested_quorums_count_and_end_at_three_levels(void **unused)
{
	/* [2, 0, [1, 1, 2]] and four levels of [1, ...] around key 0 */
	static const uint8_t nested[] = { 0x83, 2, 0, 0x83, 1, 1, 2 };
	static const uint8_t deep[] = { 0x82, 1, 0x82, 1, 0x82, 1, 0x82, 1, 0 };
	static const uint8_t three[] = { 0x82, 1, 0x82, 1, 0x82, 1, 0 };
	static const uint8_t twice[] = { 0x83, 1, 0, 0 };
	struct rig r;
	hf_key_set keys = 0;
	(void)unused;

	make_policy(&r);
	assert_true(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(nested), 0x3)));
	assert_true(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(nested), 0x5)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(nested), 0x6)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(nested), 0x1)));
	assert_true(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(three), 0x1)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(deep), 0x1)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(&r.policy, HF_ARR(twice), 0x1)));
	assert_false(hf_verdict_is_yes(hf_quorum_met(&r.policy, (hf_bytes){ 0 }, 0xffffffff)));
	assert_int_equal(hf_quorum_keys(&r.policy, HF_ARR(nested), &keys), HF_OK);
	assert_int_equal(keys, 0x7);
	assert_int_equal(hf_quorum_keys(&r.policy, HF_ARR(twice), &keys), HF_ERR_POLICY_QUORUM);
}

static void an_unnamed_quorum_allows_nobody(void **unused)
{
	struct rig r;
	hf_bytes quorum = { 0 };
	(void)unused;

	make_policy(&r);
	assert_int_equal(hf_policy_named(&r.policy, HF_STR("cmd-erase"), &quorum), HF_ERR_POLICY_ABSENT);
	assert_int_equal(hf_policy_release(&r.policy, HF_STR("0123456789abcdef"), &quorum),
			 HF_ERR_POLICY_ABSENT);
}

static void truncated_policies_are_refused(void **unused)
{
	struct rig r;
	struct hf_policy p;
	(void)unused;

	make_policy(&r);
	for (size_t n = 0; n < r.payload.len; n++)
		assert_int_not_equal(hf_policy_read((hf_bytes){ r.mem, n }, &p), HF_OK);
	r.mem[r.payload.len] = 0;
	assert_int_equal(hf_policy_read((hf_bytes){ r.mem, r.payload.len + 1 }, &p), HF_ERR_CBOR_TRAILING);
	r.spec.number = 0;
	r.payload.len = 0;
	assert_int_equal(hf_policy_write(&r.spec, &r.payload), HF_ERR_POLICY_FORMAT);
}

static void the_next_policy_needs_both_root_quorums(void **unused)
{
	struct rig r, n;
	struct hf_policy next;
	uint8_t first_hash[HF_SHA256_LEN];
	(void)unused;

	make_policy(&r);
	sign(&r, hf_out_bytes(&r.payload), (size_t[]){ 0, 2 }, 2);
	assert_int_equal(hf_policy_open_first(hf_out_bytes(&r.box), &r.scratch, &next), HF_OK);
	memcpy(first_hash, r.policy.hash, sizeof(first_hash));

	make_policy(&n);     /* all keys are new */
	n.key[0] = r.key[0]; /* but one root stays */
	n.secret[0] = r.secret[0];
	n.spec.number = 2;
	n.spec.previous = HF_ARR(first_hash);
	n.payload.len = 0;
	assert_int_equal(hf_policy_write(&n.spec, &n.payload), HF_OK);
	assert_int_equal(hf_policy_read(hf_out_bytes(&n.payload), &n.policy), HF_OK);
	sign(&n, hf_out_bytes(&n.payload), (size_t[]){ 0, 1 }, 2);
	assert_int_equal(hf_policy_open_next(hf_out_bytes(&n.box), &r.policy, &r.scratch, &next),
			 HF_ERR_STATEMENT_QUORUM);
	struct hf_cose_signer old = signer(&r, 1);
	uint8_t mem[HF_STATEMENT_MAX_LEN];
	struct hf_out more = HF_OUT(mem);
	assert_int_equal(hf_statement_add(hf_out_bytes(&n.box), &old, &r.scratch, &more), HF_OK);
	assert_int_equal(hf_policy_open_next(hf_out_bytes(&more), &r.policy, &r.scratch, &next), HF_OK);
	assert_int_equal(next.number, 2);
	assert_int_equal(hf_policy_open_next(hf_out_bytes(&more), &n.policy, &r.scratch, &next),
			 HF_ERR_POLICY_ORDER);
	assert_int_equal(hf_policy_open_first(hf_out_bytes(&more), &r.scratch, &next), HF_ERR_POLICY_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_of_three_operators_may_order),
		cmocka_unit_test(one_signature_or_roots_are_not_enough),
		cmocka_unit_test(a_signature_for_another_type_does_not_count),
		cmocka_unit_test(every_flipped_bit_and_every_cut_is_refused),
		cmocka_unit_test(a_wrong_signature_by_a_known_key_spoils_the_statement),
		cmocka_unit_test(an_ended_key_does_not_count),
		cmocka_unit_test(a_co_signer_adds_to_what_stands),
		cmocka_unit_test(a_payload_without_a_type_is_no_statement),
		cmocka_unit_test(policies_with_dead_or_foreign_quorums_are_refused),
		cmocka_unit_test(policies_with_weak_repeated_or_misplaced_keys_are_refused),
		cmocka_unit_test(nested_quorums_count_and_end_at_three_levels),
		cmocka_unit_test(an_unnamed_quorum_allows_nobody),
		cmocka_unit_test(truncated_policies_are_refused),
		cmocka_unit_test(the_next_policy_needs_both_root_quorums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
