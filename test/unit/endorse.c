/* Unit tests of endorse.h and hello.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/endorse.h>
#include <holdfast/hello.h>

struct rig {
	struct hf_key secret[3], ko;
	struct hf_hwkey key[3];
	struct hf_endorse e, back;
	uint8_t mem[HF_ENDORSE_MAX_LEN];
	struct hf_out out;
	hf_bytes dev;
};

static const char dev_a[] = "abcdefghij234567", dev_b[] = "bbbbbbbbbbbbbbbb";

static struct rig *new_rig(void)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	for (int i = 0; i < 3; i++) {
		uint8_t pub[HF_P256_POINT_LEN];

		assert_int_equal(hf_crypto_p256_generate(&r.secret[i], pub), HF_OK);
		assert_int_equal(hf_crypto_p256_hwkey(&r.secret[i], &r.key[i]), HF_OK);
	}
	memset(r.ko.b, 7, sizeof(r.ko.b));
	r.ko.len = HF_KEY_CAP;
	memcpy(r.e.dev, dev_a, sizeof(dev_a));
	memcpy(r.e.signing, r.key[0].pub, HF_P256_POINT_LEN);
	memcpy(r.e.encryption, r.key[1].pub, HF_P256_POINT_LEN);
	r.out = HF_OUT(r.mem);
	r.dev = (hf_bytes){ (const uint8_t *)dev_a, HF_DEV_LEN };
	return &r;
}

static hf_bytes obj(const struct rig *r)
{
	return hf_out_bytes(&r->out);
}

/* The rig's keys as generation `gen`, with signing key `next`, signed by key `by`. */
static void write_next(struct rig *r, uint32_t gen, int next, int by)
{
	r->e.gen = gen;
	memcpy(r->e.signing, r->key[next].pub, HF_P256_POINT_LEN);
	r->out.len = 0;
	assert_int_equal(hf_endorse_write_signed(&r->e, &r->key[by], &r->out), HF_OK);
}

static void the_owner_accepts_generation_0_by_ko(void **unused)
{
	struct rig *r = new_rig();
	(void)unused;

	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_OK);
	assert_int_equal(hf_endorse_open_claim(obj(r), r->dev, &r->ko, &r->back), HF_OK);
	assert_string_equal(r->back.dev, r->e.dev);
	assert_int_equal(r->back.gen, r->e.gen);
	assert_memory_equal(r->back.signing, r->e.signing, sizeof(r->e.signing));
	assert_memory_equal(r->back.encryption, r->e.encryption, sizeof(r->e.encryption));
	assert_int_equal(hf_endorse_check_key(&r->back, r->key[0].pub), HF_OK);
	assert_int_equal(hf_endorse_check_key(&r->back, r->key[1].pub), HF_ERR_ENDORSE_KEY);
}

static void a_server_without_ko_cannot_put_its_own_key_in_place(void **unused)
{
	struct rig *r = new_rig();
	struct hf_key guess = { { 0 }, HF_KEY_CAP };
	(void)unused;

	assert_int_equal(hf_endorse_write_claim(&r->e, &guess, &r->out), HF_OK);
	assert_int_equal(hf_endorse_open_claim(obj(r), r->dev, &r->ko, &r->back), HF_ERR_ENDORSE_PROOF);
	assert_int_equal(r->back.dev[0], 0);
	r->out.len = 0;
	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_OK);
	for (size_t i = 0; i < r->out.len; i++) { /* any changed byte */
		r->mem[i] ^= 0x40;
		assert_int_not_equal(hf_endorse_open_claim(obj(r), r->dev, &r->ko, &r->back), HF_OK);
		r->mem[i] ^= 0x40;
	}
}

static void another_devices_endorsement_is_refused(void **unused)
{
	struct rig *r = new_rig();
	hf_bytes other = { (const uint8_t *)dev_b, HF_DEV_LEN };
	(void)unused;

	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_OK);
	assert_int_equal(hf_endorse_open_claim(obj(r), other, &r->ko, &r->back), HF_ERR_ENDORSE_DEV);
}

static void the_factory_key_endorses_generation_0_only(void **unused)
{
	struct rig *r = new_rig();
	(void)unused;

	write_next(r, 0, 0, 2);
	assert_int_equal(hf_endorse_open_factory(obj(r), r->dev, r->key[2].pub, &r->back), HF_OK);
	assert_int_equal(hf_endorse_open_factory(obj(r), r->dev, r->key[1].pub, &r->back),
			 HF_ERR_ENDORSE_PROOF);
	write_next(r, 1, 0, 2);
	assert_int_equal(hf_endorse_open_factory(obj(r), r->dev, r->key[2].pub, &r->back),
			 HF_ERR_ENDORSE_GENERATION);
}

static void a_chain_grows_by_one_generation_signed_by_the_last_key(void **unused)
{
	struct rig *r = new_rig();
	struct hf_endorse have = r->e;
	(void)unused;

	write_next(r, 1, 1, 0);
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_OK);
	assert_int_equal(r->back.gen, 1);
	have = r->back;
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_OK); /* seen again */
	write_next(r, 2, 2, 1);
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_OK);
	assert_int_equal(r->back.gen, 2);
}

static void a_generation_never_falls_jumps_or_changes(void **unused)
{
	struct rig *r = new_rig();
	struct hf_endorse have = r->e;
	(void)unused;

	have.gen = 5;
	write_next(r, 4, 0, 0);
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_ERR_ENDORSE_GENERATION);
	write_next(r, 7, 1, 0);
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_ERR_ENDORSE_GENERATION);
	write_next(r, 5, 1, 0); /* same number, other key */
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_ERR_ENDORSE_GENERATION);
	write_next(r, 6, 1, 2); /* signed by a stranger */
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_ERR_ENDORSE_PROOF);
	memcpy(r->e.dev, dev_b, sizeof(dev_b));
	write_next(r, 6, 1, 0);
	assert_int_equal(hf_endorse_open_next(obj(r), &have, &r->back), HF_ERR_ENDORSE_DEV);
}

static void a_point_off_the_curve_is_never_accepted(void **unused)
{
	struct rig *r = new_rig();
	(void)unused;

	r->e.encryption[40] ^= 1;
	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_OK);
	assert_int_equal(hf_endorse_open_claim(obj(r), r->dev, &r->ko, &r->back), HF_ERR_CRYPTO_POINT);
}

static void what_is_no_endorsement_is_refused(void **unused)
{
	struct rig *r = new_rig();
	struct hf_endorse e;
	(void)unused;

	assert_int_equal(hf_endorse_peek((hf_bytes){ NULL, 0 }, &e), HF_ERR_ENDORSE_SHAPE);
	assert_int_equal(hf_endorse_peek(HF_STR("\x82\x40\x40"), &e), HF_ERR_ENDORSE_SHAPE);
	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_OK);
	assert_int_equal(hf_endorse_peek(obj(r), &e), HF_OK);
	for (size_t n = 0; n < r->out.len; n++)
		assert_int_equal(hf_endorse_peek((hf_bytes){ r->mem, n }, &e), HF_ERR_ENDORSE_SHAPE);
	r->e.gen = 1;
	assert_int_equal(hf_endorse_write_claim(&r->e, &r->ko, &r->out), HF_ERR_BASE_MISUSE);
	r->e.gen = HF_ENDORSE_MAX_GEN + 1u;
	assert_int_equal(hf_endorse_write_signed(&r->e, &r->key[0], &r->out), HF_ERR_BASE_MISUSE);
}

static void a_hello_says_certificate_boot_and_promotion(void **unused)
{
	struct rig *r = new_rig();
	struct hf_hello h = { { 0x41, 2, 3 }, 77, true }, back;
	(void)unused;

	assert_int_equal(hf_hello_write(&h, &r->key[0], &r->out), HF_OK);
	assert_true(r->out.len <= HF_HELLO_MAX_LEN);
	assert_int_equal(hf_hello_open(obj(r), r->key[0].pub, &back), HF_OK);
	assert_memory_equal(back.serial, h.serial, sizeof(h.serial));
	assert_int_equal(back.boot_count, 77);
	assert_true(back.promoted);
	assert_int_equal(hf_hello_open(obj(r), r->key[1].pub, &back), HF_ERR_COSE_SIGNATURE);
	assert_int_equal(back.boot_count, 0);
}

static void a_hello_of_another_shape_is_refused(void **unused)
{
	const struct hf_cose_signer s = { HF_COSE_ES256, { NULL, 0 }, &new_rig()->key[0], NULL };
	struct rig *r = new_rig();
	struct hf_hello back;
	(void)unused;

	assert_int_equal(
		hf_cose_sign1_write(&s, HF_STR("hf/hello/1"), HF_STR("\xa1\x01\x40"), false, NULL, &r->out),
		HF_OK);
	assert_int_equal(hf_hello_open(obj(r), r->key[0].pub, &back), HF_ERR_HELLO_SHAPE);
	assert_int_equal(hf_hello_open(HF_STR("\x01"), r->key[0].pub, &back), HF_ERR_HELLO_SHAPE);
	r->out.len = 0; /* a right payload under another aad: an endorsement, say */
	assert_int_equal(
		hf_cose_sign1_write(&s, HF_STR("hf/endorse/1"), HF_STR("\xa0"), false, NULL, &r->out), HF_OK);
	assert_int_equal(hf_hello_open(obj(r), r->key[0].pub, &back), HF_ERR_COSE_SIGNATURE);
}

static void only_the_answer_to_this_hello_counts(void **unused)
{
	uint8_t mem[HF_HELLO_ACK_MAX_LEN];
	struct hf_out ack = HF_OUT(mem);
	uint64_t now = 0;
	(void)unused;

	assert_int_equal(hf_hello_ack_write(HF_STR("hello one"), 1767225600, &ack), HF_OK);
	assert_int_equal(hf_hello_ack_read(hf_out_bytes(&ack), HF_STR("hello one"), &now), HF_OK);
	assert_int_equal(now, 1767225600);
	assert_int_equal(hf_hello_ack_read(hf_out_bytes(&ack), HF_STR("hello two"), &now),
			 HF_ERR_HELLO_OTHER);
	assert_int_equal(now, 0);
	for (size_t n = 0; n < ack.len; n++)
		assert_int_equal(hf_hello_ack_read((hf_bytes){ mem, n }, HF_STR("hello one"), &now),
				 HF_ERR_HELLO_SHAPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_accepts_generation_0_by_ko),
		cmocka_unit_test(a_server_without_ko_cannot_put_its_own_key_in_place),
		cmocka_unit_test(another_devices_endorsement_is_refused),
		cmocka_unit_test(the_factory_key_endorses_generation_0_only),
		cmocka_unit_test(a_chain_grows_by_one_generation_signed_by_the_last_key),
		cmocka_unit_test(a_generation_never_falls_jumps_or_changes),
		cmocka_unit_test(a_point_off_the_curve_is_never_accepted),
		cmocka_unit_test(what_is_no_endorsement_is_refused),
		cmocka_unit_test(a_hello_says_certificate_boot_and_promotion),
		cmocka_unit_test(a_hello_of_another_shape_is_refused),
		cmocka_unit_test(only_the_answer_to_this_hello_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
