/* release_policy.c -- what an attacker may bring as the next policy, in a bundle: each is signed by both
 * root quorums and rightly logged, so that only the content is wrong. Each test first shows that the policy
 * without the attack comes into force.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "release_forge.h"

enum { BOTH = 3u << ROOT0, EXTRA = HF_POLICY_MAX_KEYS - N_KEYS };

struct payload {
	uint8_t b[HF_STATEMENT_MAX_LEN];
	size_t len;
};

/* Policy 2 as the maker would write it. */
static struct rig *good_policy(struct payload *p)
{
	struct rig *r = forge_good();

	rig_policy(r, 2, BOTH);
	p->len = r->policy[2].payload.len;
	memcpy(p->b, r->policy[2].payload.ptr, p->len);
	forge_policy(r, 2, (hf_bytes){ p->b, p->len }, BOTH);
	forge_link_gives(r, HF_OK);
	return r;
}

static void changed(struct rig *r, const struct payload *good, const void *from, const void *to, size_t n,
		    hf_err cause)
{
	struct payload p = *good;

	forge_patch(p.b, p.len, from, to, n);
	forge_policy(r, 2, (hf_bytes){ p.b, p.len }, BOTH);
	forge_link_gives(r, cause);
}

static void weak_keys_are_refused(void **unused)
{
	/* Small order: y = 0, 1, p - 1, the two of order 8; and 1 with the sign bit. */
	static const char *const small[] = {
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
		"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
		"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
		"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
		"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80",
	};
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		changed(r, &p, r->pub[WIT0], small[i], HF_ED25519_PUB_LEN, HF_ERR_POLICY_KEY);
}

static void keys_written_in_a_second_way_are_refused(void **unused)
{
	/* y = p, p + 1, p + 3, 2^255 - 1: each a spelling of a smaller y. */
	static const uint8_t low[] = { 0xed, 0xee, 0xf0, 0xff };
	uint8_t key[HF_ED25519_PUB_LEN];
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	memset(key, 0xff, sizeof(key));
	for (size_t i = 0; i < 2 * sizeof(low); i++) {
		key[0] = low[i / 2];
		key[31] = i % 2 == 0 ? 0x7f : 0xff;
		changed(r, &p, r->pub[WIT0], key, sizeof(key), HF_ERR_POLICY_KEY);
	}
}

static void one_key_has_one_role_and_stands_once(void **unused)
{
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	changed(r, &p, r->pub[ROOT0 + 1], r->pub[ROOT0], HF_ED25519_PUB_LEN, HF_ERR_POLICY_TWICE);
	changed(r, &p, r->pub[WIT0], r->pub[LOG0], HF_ED25519_PUB_LEN, HF_ERR_POLICY_TWICE);
	changed(r, &p, r->pub[REL0], r->pub[ROOT0], HF_ED25519_PUB_LEN, HF_ERR_POLICY_TWICE);
}

static void an_ed25519_key_of_another_algorithm_is_refused(void **unused)
{
	uint8_t from[] = "\x85\x06\x32\x58\x20????", to[] = "\x85\x06\x27\x58\x20????";
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	memcpy(from + 5, r->pub[WIT0], 4);
	memcpy(to + 5, r->pub[WIT0], 4);
	changed(r, &p, from, to, 9, HF_ERR_POLICY_KEY); /* -8 */
	to[2] = 0x26;
	changed(r, &p, from, to, 9, HF_ERR_POLICY_KEY); /* -7 */
	to[2] = 0x32;
	to[1] = 0x09; /* a role that does not exist */
	changed(r, &p, from, to, 9, HF_ERR_CBOR_RANGE);
	to[1] = 0x00;
	changed(r, &p, from, to, 9, HF_ERR_POLICY_KEY);
}

/* Quorum of field 5, 6, 7 or 10, as it stands and as the attacker wants it. */
static void quorums_that_anybody_or_nobody_meets_are_refused(void **unused)
{
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	changed(r, &p, "\x05\x84\x02\x00\x01\x02", "\x05\x84\x00\x00\x01\x02", 6, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x05\x84\x02\x00\x01\x02", "\x05\x84\x04\x00\x01\x02", 6, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x05\x84\x02\x00\x01\x02", "\x05\x84\x02\x00\x00\x02", 6, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x05\x84\x02\x00\x01\x02", "\x05\x84\x02\x00\x01\x03", 6, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x84\x02\x03\x04\x05", "\x84\x00\x03\x04\x05", 5, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x83\x01\x06\x07", "\x83\x00\x06\x07", 4, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x0a\x84\x02\x0b\x0c\x0d", "\x0a\x84\x00\x0b\x0c\x0d", 6, HF_ERR_POLICY_QUORUM);
	changed(r, &p, "\x0a\x84\x02\x0b\x0c\x0d", "\x0a\x84\x02\x0b\x0b\x0d", 6, HF_ERR_POLICY_QUORUM);
}

static void another_vendor_or_another_past_is_refused(void **unused)
{
	struct payload p;
	struct rig *r = good_policy(&p);
	(void)unused;

	changed(r, &p, rig_vendor, rig_class, 16, HF_ERR_POLICY_ORDER);
	changed(r, &p, r->policy[1].read.hash, rig_hash, 32, HF_ERR_POLICY_ORDER);
	changed(r, &p, "\x01\x02\x02\x58\x20", "\x01\x03\x02\x58\x20", 5, HF_ERR_POLICY_ORDER);
}

/* Number N + 2 that names N as the one before: signed by all, logged, and yet a step is missing. */
static void a_skipped_number_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	rig_policy(r, 2, BOTH);
	forge_link_gives(r, HF_OK);
	r->policy[2].read = r->policy[1].read;
	rig_policy(r, 3, BOTH);
	rig_prove(r, r->policy[3].read.hash, 1, &r->policy[3].proof);
	r->policy[2] = r->policy[3];
	r->policy[2].box.ptr = r->policy[2].mem;
	r->policy[2].proof.ptr = r->policy[2].proof_mem;
	forge_link_gives(r, HF_ERR_POLICY_ORDER);
}

static void signatures_of_roots_must_all_be_right(void **unused)
{
	struct payload p;
	struct rig *r = good_policy(&p);
	struct hf_out *box = &r->policy[2].box;
	(void)unused;

	box->ptr[box->len - 1] ^= 1;
	forge_link_gives(r, HF_ERR_STATEMENT_SIGNATURE);
	box->ptr[box->len - 1] ^= 1;
	forge_link_gives(r, HF_OK);
	forge_policy(r, 2, (hf_bytes){ p.b, p.len }, 1u << ROOT0 | 1u << REL0); /* root of another role */
	forge_link_gives(r, HF_ERR_STATEMENT_QUORUM);
	forge_policy(r, 2, (hf_bytes){ p.b, p.len }, 1u << ROOT0);
	forge_link_gives(r, HF_ERR_STATEMENT_QUORUM);
}

/* ---- how many ---- */

static size_t find(const struct payload *p, const void *what, size_t n)
{
	for (size_t at = 0; at + n <= p->len; at++)
		if (memcmp(p->b + at, what, n) == 0)
			return at;
	fail_msg("not there");
	return 0;
}

static void put_witness(struct hf_out *out, size_t i)
{
	uint8_t pub[HF_ED25519_PUB_LEN];
	struct hf_key seed = { .len = 32 };
	struct hf_cborw w;

	memset(seed.b, (int)(0x40 + i), 32);
	assert_int_equal(hf_crypto_ed25519_public(&seed, pub), HF_OK);
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, 5);
	hf_cbor_put_uint(&w, HF_ROLE_WITNESS);
	hf_cbor_put_int(&w, HF_COSE_ED25519);
	hf_cbor_put_bytes(&w, HF_ARR(pub));
	hf_cbor_put_text(&w, HF_STR("one more"));
	hf_cbor_put_uint(&w, 0);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
}

/* `extra` witnesses after the keys that are there. */
static struct payload add_keys(const struct payload *p, size_t extra)
{
	static const uint8_t first[] = { 0x04, 0x80 | N_KEYS, 0x85 }, next[] = { 0x05, 0x84, 0x02, 0x00 };
	const uint8_t count[] = { 0x98, (uint8_t)(N_KEYS + extra) };
	size_t at = find(p, first, sizeof(first)), end = find(p, next, sizeof(next));
	struct payload more = { .len = 0 };
	struct hf_out out = HF_OUT(more.b);

	assert_int_equal(hf_out_put(&out, (hf_bytes){ p->b, at + 1 }), HF_OK);
	assert_int_equal(hf_out_put(&out, HF_ARR(count)), HF_OK);
	assert_int_equal(hf_out_put(&out, (hf_bytes){ p->b + at + 2, end - at - 2 }), HF_OK);
	for (size_t i = 0; i < extra; i++)
		put_witness(&out, i);
	assert_int_equal(hf_out_put(&out, (hf_bytes){ p->b + end, p->len - end }), HF_OK);
	more.len = out.len;
	return more;
}

static void the_thirty_third_key_is_refused(void **unused)
{
	struct payload p, more;
	struct rig *r = good_policy(&p);
	(void)unused;

	more = add_keys(&p, EXTRA);
	forge_policy(r, 2, (hf_bytes){ more.b, more.len }, BOTH);
	forge_link_gives(r, HF_OK);
	assert_int_equal(r->trust.policy.n_keys, HF_POLICY_MAX_KEYS);
	more = add_keys(&p, EXTRA + 1);
	forge_policy(r, 2, (hf_bytes){ more.b, more.len }, BOTH);
	forge_link_gives(r, HF_ERR_POLICY_FORMAT);
}

/* The writer reads back what it wrote, with the device's reader. */
static hf_err write_policy(struct rig *r)
{
	static uint8_t mem[2 * HF_STATEMENT_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	return hf_policy_write(&r->spec, &out);
}

static void classes_anchors_and_holders_have_their_limits(void **unused)
{
	static uint8_t class_mem[HF_POLICY_MAX_CLASSES + 1][16], der[HF_POLICY_MAX_ANCHOR_LEN + 1];
	const struct hf_policy_anchor anchor[3] = { { 1, { der, HF_POLICY_MAX_ANCHOR_LEN } },
						    { 2, { der, 1 } },
						    { 3, { der, 1 } } };
	const struct hf_policy_anchor long_anchor = { 1, { der, HF_POLICY_MAX_ANCHOR_LEN + 1 } };
	struct rig *r = forge_good();
	hf_bytes classes[HF_POLICY_MAX_CLASSES + 1];
	char holder[] = "0123456789abcdef0123456789abcdef?";
	(void)unused;

	for (size_t i = 0; i <= HF_POLICY_MAX_CLASSES; i++) {
		class_mem[i][0] = (uint8_t)i;
		classes[i] = HF_ARR(class_mem[i]);
	}
	r->release[1].classes = classes;
	r->release[1].n_classes = HF_POLICY_MAX_CLASSES;
	r->spec.anchor = anchor;
	r->spec.n_anchors = HF_POLICY_MAX_ANCHORS;
	r->key[0].holder = (hf_bytes){ (const uint8_t *)holder, HF_POLICY_MAX_OPERATOR_LEN };
	rig_policy(r, 2, BOTH);
	forge_link_gives(r, HF_OK);
	r->release[1].n_classes++;
	assert_int_equal(write_policy(r), HF_ERR_POLICY_FORMAT);
	r->release[1].n_classes--;
	r->spec.n_anchors++;
	assert_int_equal(write_policy(r), HF_ERR_POLICY_FORMAT);
	r->spec.n_anchors = 1;
	r->spec.anchor = &long_anchor;
	assert_int_equal(write_policy(r), HF_ERR_CBOR_RANGE);
	r->spec.n_anchors = 0;
	r->key[0].holder.len++;
	assert_int_equal(write_policy(r), HF_ERR_CBOR_RANGE);
	r->key[0].holder.len--;
	assert_int_equal(write_policy(r), HF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weak_keys_are_refused),
		cmocka_unit_test(keys_written_in_a_second_way_are_refused),
		cmocka_unit_test(one_key_has_one_role_and_stands_once),
		cmocka_unit_test(an_ed25519_key_of_another_algorithm_is_refused),
		cmocka_unit_test(quorums_that_anybody_or_nobody_meets_are_refused),
		cmocka_unit_test(another_vendor_or_another_past_is_refused),
		cmocka_unit_test(a_skipped_number_is_refused),
		cmocka_unit_test(signatures_of_roots_must_all_be_right),
		cmocka_unit_test(the_thirty_third_key_is_refused),
		cmocka_unit_test(classes_anchors_and_holders_have_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
