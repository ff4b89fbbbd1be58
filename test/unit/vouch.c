/* Unit tests of vouch.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/vouch.h>

#define NOW 1767225600

enum { ALICE, BOB, STRANGER, N_KEYS };

struct rig {
	struct hf_key secret[N_KEYS];
	struct hf_hwkey key[N_KEYS];
	struct hf_policy policy;
	struct hf_vouch v, got;
	uint8_t mem[HF_VOUCH_MAX_LEN];
	struct hf_out out;
};

static int setup(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	uint8_t pub[HF_P256_POINT_LEN];

	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < N_KEYS; i++) {
		assert_int_equal(hf_crypto_p256_generate(&r->secret[i], pub), HF_OK);
		assert_int_equal(hf_crypto_p256_hwkey(&r->secret[i], &r->key[i]), HF_OK);
		if (i == STRANGER)
			continue;
		r->policy.key[i] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
							   .alg = HF_COSE_ES256,
							   .pub = { r->key[i].pub, HF_P256_POINT_LEN },
							   .not_after = i == BOB ? NOW : 0 };
		assert_int_equal(hf_crypto_kid(r->policy.key[i].pub, r->policy.key[i].kid), HF_OK);
		r->policy.n_keys++;
	}
	r->v = (struct hf_vouch){ .e = { .dev = "abcdefghijklmnop", .gen = 3 }, .time = NOW, .n_earlier = 2 };
	memcpy(r->v.e.signing, pub, sizeof(pub));
	memcpy(r->v.e.encryption, r->key[ALICE].pub, sizeof(pub));
	memcpy(r->v.earlier[0], r->key[BOB].pub, sizeof(pub));
	memcpy(r->v.earlier[1], pub, sizeof(pub));
	r->out = HF_OUT(r->mem);
	*state = r;
	return 0;
}

static hf_err open_at(struct rig *r, uint64_t now)
{
	return hf_vouch_open(hf_out_bytes(&r->out), &r->policy, now, &r->got);
}

static void what_an_operator_signs_the_others_read(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_vouch_write(&r->v, &r->key[BOB], &r->out), HF_OK);
	assert_int_equal(open_at(r, NOW), HF_OK);
	assert_int_equal(r->got.signer, BOB);
	r->v.signer = BOB;
	assert_memory_equal(&r->got, &r->v, sizeof(r->v));
}

static void the_largest_one_fits(void **state)
{
	struct rig *r = *state;

	r->v.n_earlier = HF_VOUCH_MAX_EARLIER;
	for (size_t i = 0; i < HF_VOUCH_MAX_EARLIER; i++)
		memcpy(r->v.earlier[i], r->key[ALICE].pub, HF_P256_POINT_LEN);
	r->v.e.gen = HF_ENDORSE_MAX_GEN;
	r->v.time = UINT64_MAX;
	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_OK);
	assert_int_equal(open_at(r, NOW), HF_OK);
	r->v.n_earlier++;
	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_ERR_BASE_MISUSE);
}

static void a_stranger_vouches_for_nothing(void **state)
{
	static const struct hf_vouch none;
	struct rig *r = *state;

	assert_int_equal(hf_vouch_write(&r->v, &r->key[STRANGER], &r->out), HF_OK);
	assert_int_equal(open_at(r, NOW), HF_ERR_VOUCH_SIGNER);
	assert_memory_equal(&r->got, &none, sizeof(none));
}

static void a_key_that_ended_or_has_another_role_vouches_for_nothing(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_vouch_write(&r->v, &r->key[BOB], &r->out), HF_OK);
	assert_int_equal(open_at(r, NOW + 1), HF_ERR_VOUCH_SIGNER);
	r->policy.key[BOB].role = HF_ROLE_RELEASE;
	assert_int_equal(open_at(r, NOW), HF_ERR_VOUCH_SIGNER);
}

static void every_changed_byte_is_noticed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_OK);
	for (size_t i = 0; i < r->out.len; i++) {
		r->mem[i] ^= 1;
		assert_int_not_equal(open_at(r, NOW), HF_OK);
		r->mem[i] ^= 1;
	}
	r->mem[r->out.len - 1] ^= 1;
	assert_int_equal(open_at(r, NOW), HF_ERR_VOUCH_SIGNATURE);
	for (size_t len = 0; len < r->out.len; len++)
		assert_int_equal(hf_vouch_open((hf_bytes){ r->mem, len }, &r->policy, NOW, &r->got),
				 HF_ERR_VOUCH_SHAPE);
}

/* Sign any payload as Alice, for the device of `aad`. */
static hf_err open_payload(struct rig *r, hf_bytes aad, const uint8_t *payload, size_t len)
{
	struct hf_cose_signer s = { HF_COSE_ES256, HF_ARR(r->policy.key[ALICE].kid), &r->key[ALICE], NULL };

	r->out.len = 0;
	assert_int_equal(hf_cose_sign1_write(&s, aad, (hf_bytes){ payload, len }, false, NULL, &r->out),
			 HF_OK);
	return open_at(r, NOW);
}

static void a_vouch_holds_for_its_own_device_and_purpose(void **state)
{
	struct rig *r = *state;
	uint8_t payload[512];
	struct hf_cose_sign1 s;
	size_t len;

	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_OK);
	assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r->out), &s), HF_OK);
	len = s.payload.len;
	memcpy(payload, s.payload.ptr, len);
	assert_int_equal(open_payload(r, HF_STR("hf/vouch/1/abcdefghijklmnop"), payload, len), HF_OK);
	assert_int_equal(open_payload(r, HF_STR("hf/vouch/1/abcdefghijklmnoq"), payload, len),
			 HF_ERR_VOUCH_SIGNATURE);
	assert_int_equal(open_payload(r, HF_STR("hf/endorse/1"), payload, len), HF_ERR_VOUCH_SIGNATURE);
	payload[len] = 0; /* trailing byte */
	assert_int_equal(open_payload(r, HF_STR("hf/vouch/1/abcdefghijklmnop"), payload, len + 1),
			 HF_ERR_VOUCH_SHAPE);
	payload[1] ^= 1; /* the head of the format's name */
	assert_int_equal(open_payload(r, HF_STR("hf/vouch/1/abcdefghijklmnop"), payload, len),
			 HF_ERR_VOUCH_SHAPE);
}

static void points_off_the_curve_are_refused(void **state)
{
	struct rig *r = *state;

	for (int i = 0; i < 3; i++) {
		uint8_t *const point[] = { r->v.e.signing, r->v.e.encryption, r->v.earlier[1] };

		point[i][40] ^= 1;
		r->out.len = 0;
		assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_OK);
		assert_int_not_equal(open_at(r, NOW), HF_OK);
		point[i][40] ^= 1;
	}
}

static void a_name_that_is_none_is_not_signed(void **state)
{
	struct rig *r = *state;

	r->v.e.dev[0] = 'A';
	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_ERR_BASE_MISUSE);
	r->v.e.dev[0] = 'a';
	r->v.e.gen = (uint32_t)HF_ENDORSE_MAX_GEN + 1;
	assert_int_equal(hf_vouch_write(&r->v, &r->key[ALICE], &r->out), HF_ERR_BASE_MISUSE);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_an_operator_signs_the_others_read),
		CASE(the_largest_one_fits),
		CASE(a_stranger_vouches_for_nothing),
		CASE(a_key_that_ended_or_has_another_role_vouches_for_nothing),
		CASE(every_changed_byte_is_noticed),
		CASE(a_vouch_holds_for_its_own_device_and_purpose),
		CASE(points_off_the_curve_are_refused),
		CASE(a_name_that_is_none_is_not_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
