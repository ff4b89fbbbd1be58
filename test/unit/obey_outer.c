/* Unit tests of obey.h and command.h: the sealed object and its padding under attack. None of these gets an
 * answer, and none writes anything: there is no oracle, and no flash wear.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

#define AAD HF_STR("hf/cmd/1/abcdefghijklmnop")

static int setup(void **state)
{
	static struct rig rig;

	rig_begin(&rig);
	rig_claims(&rig, 0, "nop", HF_COMMAND_ACT);
	rig_sign(&rig, (size_t[]){ 0 }, 1);
	rig_seal(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

static void assert_ignored(struct rig *r, hf_err err)
{
	unsigned writes = r->port.n_writes;

	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, err);
	assert_int_equal(r->port.n_writes, writes);
	assert_int_equal(r->obey.n_rows, 0);
}

/* Seal any plain text to any key, as the writer of commands would not. */
static void seal_plain(struct rig *r, hf_bytes plain, const uint8_t *point, hf_bytes kid, hf_bytes aad)
{
	r->msg.len = 0;
	assert_int_equal(hf_cose_encrypt_write(&r->port, point, kid, aad, plain, &r->msg), HF_OK);
}

/* [bstr inner, bstr pad] with this padding. */
static hf_bytes plain_of(struct rig *r, hf_bytes pad)
{
	struct hf_out out = HF_OUT(r->claims_mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_array(&w, 2);
	hf_cbor_put_bytes(&w, hf_out_bytes(&r->inner));
	hf_cbor_put_bytes(&w, pad);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	return hf_out_bytes(&out);
}

static hf_bytes kid_of(const struct rig *r, uint8_t kid[static HF_KID_LEN])
{
	assert_int_equal(hf_crypto_kid(HF_ARR(r->enc[0].pub), kid), HF_OK);
	return (hf_bytes){ kid, HF_KID_LEN };
}

static void untouched_it_is_obeyed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
}

static void every_truncation_is_dropped(void **state)
{
	struct rig *r = *state;

	for (size_t len = 0; len < r->msg.len; len++) {
		memcpy(r->seal_mem, r->msg.ptr, len);
		r->receipt.len = 0;
		assert_int_equal(hf_obey_receive(&r->obey, r->seal_mem, len, RIG_NOW, &r->task, &r->receipt),
				 HF_OK);
		assert_false(hf_verdict_is_yes(r->task.verdict));
		assert_int_not_equal(r->task.dropped, HF_OK);
		assert_int_equal(r->receipt.len, 0);
	}
	assert_int_equal(r->obey.n_dropped, r->msg.len);
}

static void every_flipped_bit_is_dropped(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < r->msg.len; i++) {
		r->msg.ptr[i] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(rig_receive(r), HF_OK);
		assert_false(hf_verdict_is_yes(r->task.verdict));
		assert_int_equal(r->receipt.len, 0);
		r->msg.ptr[i] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(r->obey.n_rows, 0);
}

static void trailing_byte_is_dropped(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_out_put(&r->msg, HF_STR("\0")), HF_OK);
	assert_ignored(r, HF_ERR_COMMAND_SHAPE);
}

static void wrong_tag_is_dropped(void **state)
{
	struct rig *r = *state;

	r->msg.ptr[1] = HF_COSE_TAG_SIGN; /* d8 60 = tag 96, d8 62 = tag 98 */
	assert_ignored(r, HF_ERR_COMMAND_SHAPE);
}

static void two_recipients_are_dropped(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;
	uint8_t recipient[128];
	size_t at, len;

	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->msg), &e), HF_OK);
	at = (size_t)(e.ciphertext.ptr - r->msg.ptr) + e.ciphertext.len; /* 81 [recipient] */
	len = r->msg.len - at - 1;
	assert_int_equal(r->msg.ptr[at], 0x81);
	memcpy(recipient, r->msg.ptr + at + 1, len);
	r->msg.ptr[at] = 0x82;
	assert_int_equal(hf_out_put(&r->msg, (hf_bytes){ recipient, len }), HF_OK);
	assert_ignored(r, HF_ERR_COMMAND_SHAPE);
}

static void longer_than_the_limit_is_dropped(void **state)
{
	struct rig *r = *state;
	static uint8_t big[HF_COMMAND_MAX_LEN + 1];
	static const uint8_t huge[HF_COMMAND_MAX_INNER_LEN + 1];
	struct hf_out scratch = HF_OUT(r->seal_mem);

	assert_int_equal(hf_obey_receive(&r->obey, big, sizeof(big), RIG_NOW, &r->task, &r->receipt), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_LIMIT);
	assert_int_equal(hf_command_seal(&r->port, HF_ARR(huge), r->enc[0].pub, DEV, &scratch, &r->msg),
			 HF_ERR_COMMAND_LIMIT);
}

static void sealed_to_another_key_is_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];

	seal_plain(r, plain_of(r, HF_STR("")), r->enc[0].pub, HF_STR("12345678"), AAD);
	assert_ignored(r, HF_ERR_COMMAND_KEY);
	seal_plain(r, plain_of(r, HF_STR("")), r->reply.pub, kid_of(r, kid), AAD); /* our kid, not our key */
	assert_ignored(r, HF_ERR_COSE_DECRYPT);
}

static void sealed_to_the_previous_key_is_obeyed_and_then_no_more(void **state)
{
	struct rig *r = *state;
	struct hf_ecdhkey new = r->enc[1];

	r->obey.cfg.open[0] = &new;
	r->obey.cfg.open[1] = &r->enc[0]; /* renewed */
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
	r->obey.cfg.open[1] = NULL; /* 24 h later */
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_KEY);
}

static void sealed_for_another_device_or_class_is_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];

	seal_plain(r, plain_of(r, HF_STR("")), r->enc[0].pub, kid_of(r, kid),
		   HF_STR("hf/cmd/1/zzzzzzzzzzzzzzzz"));
	assert_ignored(r, HF_ERR_COSE_DECRYPT);
	seal_plain(r, plain_of(r, HF_STR("")), r->enc[0].pub, HF_ARR(kid),
		   HF_STR("hf/skey/1/abcdefghijklmnop"));
	assert_ignored(r, HF_ERR_COSE_DECRYPT);
}

static void point_off_the_curve_is_dropped(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;

	/* x = 2^256 - 1 is no coordinate; x = 5 may lie on the twist. Neither may reach the private key. */
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->msg), &e), HF_OK);
	memset(r->msg.ptr + (e.x.ptr - r->msg.ptr), 0xff, 32);
	assert_ignored(r, HF_ERR_COSE_POINT);
	for (uint8_t x = 0; x < 32; x++) {
		memset(r->msg.ptr + (e.x.ptr - r->msg.ptr), 0, 32);
		r->msg.ptr[e.x.ptr - r->msg.ptr + 31] = x;
		assert_int_equal(rig_receive(r), HF_OK);
		assert_true(r->task.dropped == HF_ERR_COSE_POINT || r->task.dropped == HF_ERR_COSE_DECRYPT);
	}
}

static void nonzero_pad_is_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN], pad[40] = { 0 };

	seal_plain(r, plain_of(r, HF_ARR(pad)), r->enc[0].pub, kid_of(r, kid), AAD);
	assert_int_equal(rig_receive(r), HF_OK); /* any length of zeros is right */
	rig_assert_obeyed(r);
	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ 0 }, 1);
	pad[39] = 1;
	seal_plain(r, plain_of(r, HF_ARR(pad)), r->enc[0].pub, HF_ARR(kid), AAD);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_PADDING);
}

static void plain_text_of_another_shape_is_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];
	const hf_bytes shapes[] = { HF_STR(""),
				    HF_STR("\x80"),
				    HF_STR("\x81\x40"),
				    HF_STR("\x83\x40\x40\x40"),
				    HF_STR("\x82\x40\x60"),
				    HF_STR("\x82\x40\x40\x40"),
				    HF_STR("\x9f\x40\x40\xff") };

	kid_of(r, kid);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		seal_plain(r, shapes[i], r->enc[0].pub, HF_ARR(kid), AAD);
		assert_ignored(r, HF_ERR_COMMAND_SHAPE);
	}
	seal_plain(r, HF_STR("\x82\x40\x40"), r->enc[0].pub, HF_ARR(kid), AAD); /* an empty inner part */
	assert_ignored(r, HF_ERR_COMMAND_SHAPE);
}

/* Replace the inner part and seal it. */
static void give_inner(struct rig *r, hf_bytes inner)
{
	memmove(r->inner.ptr, inner.ptr, inner.len);
	r->inner.len = inner.len;
	rig_seal(r);
}

static void alg_unprotected_foreign_or_missing_is_dropped(void **state)
{
	struct rig *r = *state;
	struct hf_cose_sign1 s;
	uint8_t mem[1024];
	const hf_bytes headers[][2] = {
		{ HF_STR("\xa1\x04\x48"), HF_STR("\xa1\x01\x26") }, /* alg outside the protected header */
		{ HF_STR(""), HF_STR("\xa0") },
		{ HF_STR("\xa1\x01\x26"), HF_STR("\xa0") },     /* no kid */
		{ HF_STR("\xa1\x01\x38\x22"), HF_STR("\xa0") }, /* ES384 */
	};

	assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r->inner), &s), HF_OK);
	for (size_t i = 0; i < 4; i++) {
		struct hf_out out = HF_OUT(mem);
		struct hf_cborw w;

		hf_cbor_writer(&w, &out);
		hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN1);
		hf_cbor_put_array(&w, 4);
		hf_cbor_put_bytes(&w, headers[i][0]);
		hf_cbor_put_raw(&w, headers[i][1]);
		hf_cbor_put_bytes(&w, s.payload);
		hf_cbor_put_bytes(&w, s.signature);
		assert_int_equal(hf_cbor_finish(&w), HF_OK);
		assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r->inner), &s), HF_OK);
		struct hf_out keep = r->inner;

		give_inner(r, hf_out_bytes(&out));
		assert_ignored(r, HF_ERR_COMMAND_SHAPE);
		r->inner = keep;
		rig_sign(r, (size_t[]){ 0 }, 1);
	}
}

static void alg_of_another_kind_under_a_known_kid_is_dropped(void **state)
{
	struct rig *r = *state;
	struct hf_key seed = { 0 };
	uint8_t pub[HF_ED25519_PUB_LEN], mem[1024];
	struct hf_out scratch = HF_OUT(mem);

	assert_int_equal(hf_crypto_ed25519_generate(&seed, pub), HF_OK);
	r->inner.len = 0;
	assert_int_equal(hf_cose_sign1_write(
				 &(struct hf_cose_signer){ HF_COSE_ED25519, HF_ARR(r->kid[0]), NULL, &seed },
				 AAD, hf_out_bytes(&r->claims_out), false, &scratch, &r->inner),
			 HF_OK);
	rig_seal(r);
	assert_ignored(r, HF_ERR_COMMAND_SIGNATURE);
}

static void nine_signatures_are_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t mem[2048];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;
	uint8_t sig[64] = { 0 }, header[] = { 0xa2, 0x01, 0x26, 0x04, 0x41, 0 };

	hf_cbor_writer(&w, &out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, (hf_bytes){ 0 });
	hf_cbor_put_map(&w, 0);
	hf_cbor_put_bytes(&w, hf_out_bytes(&r->claims_out));
	hf_cbor_put_array(&w, HF_COSE_MAX_SIGNATURES + 1);
	for (uint8_t i = 0; i <= HF_COSE_MAX_SIGNATURES; i++) {
		header[5] = i;
		hf_cbor_put_array(&w, 3);
		hf_cbor_put_bytes(&w, HF_ARR(header));
		hf_cbor_put_map(&w, 0);
		hf_cbor_put_bytes(&w, HF_ARR(sig));
	}
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	give_inner(r, hf_out_bytes(&out));
	assert_ignored(r, HF_ERR_COMMAND_SHAPE);
}

static void padding_hides_class_and_number_of_signers(void **state)
{
	struct rig *r = *state;
	size_t len = r->msg.len;

	assert_int_equal(len, 615); /* the design's figure */
	for (size_t n = 2; n <= 4; n++) {
		rig_claims(r, 0, n % 2 == 0 ? "reboot" : "erase",
			   n % 2 == 0 ? HF_COMMAND_DANGER : HF_COMMAND_ERASE);
		rig_sign(r, (size_t[]){ 0, 1, 2, 3 }, n);
		rig_seal(r);
		assert_int_equal(r->msg.len, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(untouched_it_is_obeyed),
		T(every_truncation_is_dropped),
		T(every_flipped_bit_is_dropped),
		T(trailing_byte_is_dropped),
		T(wrong_tag_is_dropped),
		T(two_recipients_are_dropped),
		T(longer_than_the_limit_is_dropped),
		T(sealed_to_another_key_is_dropped),
		T(sealed_to_the_previous_key_is_obeyed_and_then_no_more),
		T(sealed_for_another_device_or_class_is_dropped),
		T(point_off_the_curve_is_dropped),
		T(nonzero_pad_is_dropped),
		T(plain_text_of_another_shape_is_dropped),
		T(alg_unprotected_foreign_or_missing_is_dropped),
		T(alg_of_another_kind_under_a_known_kid_is_dropped),
		T(nine_signatures_are_dropped),
		T(padding_hides_class_and_number_of_signers),
	};
	return cmocka_run_group_tests_name("obey_outer", tests, NULL, NULL);
}
