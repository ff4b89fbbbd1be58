/* Unit tests of seal.h, both sides of a stream.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/seal.h>

#define DEV HF_STR("abcdefghijklmnop")
#define OTHER_DEV HF_STR("abcdefghijklmnoq")
#define PLAIN HF_STR("21.5 degrees in the cellar")

struct rig {
	struct hf_port port;
	struct hf_key device_secret, owner_secret, thief_secret;
	struct hf_hwkey hw, thief_hw;
	struct hf_cose_signer ldevid;
	struct hf_cose_pub device;
	struct hf_ecdhkey owner, thief;
	struct hf_seal seal;
	struct hf_seal_key key;
	uint8_t mem[HF_SEAL_KEY_CAP], frame_mem[256], plain_mem[256];
	struct hf_out out, frame, plain;
	uint32_t counter;
};

static void make_keys(struct rig *r)
{
	uint8_t pub[HF_P256_POINT_LEN];

	assert_int_equal(hf_crypto_p256_generate(&r->device_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&r->owner_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&r->thief_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&r->device_secret, &r->hw), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&r->thief_secret, &r->thief_hw), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->owner_secret, &r->owner), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->thief_secret, &r->thief), HF_OK);
	r->ldevid = (struct hf_cose_signer){ HF_COSE_ES256, HF_STR("ldev-kid"), &r->hw, NULL };
	r->device = (struct hf_cose_pub){ HF_COSE_ES256, { r->hw.pub, HF_P256_POINT_LEN } };
}

static int setup(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;

	*r = (struct rig){ 0 };
	hf_fake_init(&r->port, 11);
	make_keys(r);
	r->out = HF_OUT(r->mem);
	r->frame = HF_OUT(r->frame_mem);
	r->plain = HF_OUT(r->plain_mem);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, HF_STR("climate")), HF_OK);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hf_fake_free(&r->port);
	return 0;
}

static void send_key(struct rig *r)
{
	r->out.len = 0;
	assert_int_equal(hf_seal_key_write(&r->seal, &r->ldevid, r->owner.pub, &r->out), HF_OK);
}

static hf_err open_key(struct rig *r)
{
	return hf_seal_key_open(hf_out_bytes(&r->out), &r->owner, &r->device, DEV, &r->key);
}

static void send_frame(struct rig *r)
{
	r->frame.len = 0;
	assert_int_equal(hf_seal_frame_write(&r->seal, PLAIN, &r->counter, &r->frame), HF_OK);
}

static hf_err open_frame(struct rig *r)
{
	r->plain.len = 0;
	return hf_seal_frame_open(hf_out_bytes(&r->frame), &r->key, DEV, &r->counter, &r->plain);
}

static void the_owner_reads_what_the_device_sealed(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];

	send_key(r);
	assert_int_equal(open_key(r), HF_OK);
	assert_true(hf_bytes_equal((hf_bytes){ r->key.stream, r->key.stream_len }, HF_STR("climate")));
	assert_true(r->key.has_time);
	assert_true(r->key.unix_s == r->port.clock.unix_s);
	for (uint32_t i = 0; i < 3; i++) {
		send_frame(r);
		assert_int_equal(r->counter, i);
		assert_int_equal(hf_seal_frame_peek(hf_out_bytes(&r->frame), kid, &r->counter), HF_OK);
		assert_memory_equal(kid, r->key.kid, HF_KID_LEN);
		assert_int_equal(open_frame(r), HF_OK);
		assert_int_equal(r->counter, i);
		assert_true(hf_bytes_equal(hf_out_bytes(&r->plain), PLAIN));
	}
}

static void sizes_are_those_of_the_design(void **state)
{
	struct rig *r = *state;

	send_key(r);
	assert_int_equal(r->out.len, 290);
	send_frame(r);
	assert_int_equal(r->frame.len, PLAIN.len + 41);
}

static void every_start_and_renewal_makes_another_key(void **state)
{
	struct rig *r = *state;
	struct hf_seal first = r->seal;

	send_frame(r);
	assert_int_equal(hf_seal_renew(&r->seal), HF_OK);
	assert_memory_not_equal(first.key.b, r->seal.key.b, 32);
	assert_memory_not_equal(first.base_iv, r->seal.base_iv, 12);
	assert_memory_not_equal(first.kid, r->seal.kid, 8);
	assert_int_equal(r->seal.frames, 0);
	send_frame(r);
	assert_int_equal(r->counter, 0);
}

static void a_device_without_trusted_clock_states_no_time(void **state)
{
	struct rig *r = *state;

	r->port.clock.quality = HF_CLOCK_SET;
	send_key(r);
	assert_int_equal(open_key(r), HF_OK);
	assert_false(r->key.has_time);
}

static void every_changed_byte_of_a_key_or_frame_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;

	send_key(r);
	assert_int_equal(open_key(r), HF_OK);
	send_frame(r);
	for (size_t i = 0; i < r->frame.len; i++) {
		r->frame_mem[i] ^= 0x01;
		assert_int_not_equal(open_frame(r), HF_OK);
		assert_int_equal(r->plain.len, 0);
		r->frame_mem[i] ^= 0x01;
	}
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	for (size_t i = 0; i < r->out.len; i++) {
		const uint8_t *at = r->mem + i;

		if ((at >= e.kid.ptr && at < e.kid.ptr + e.kid.len) || i == r->out.len - 2)
			continue; /* not bound, see cose_encrypt.c */
		r->mem[i] ^= 0x01;
		assert_int_not_equal(open_key(r), HF_OK);
		assert_int_equal(r->key.key.len, 0);
		r->mem[i] ^= 0x01;
	}
}

static void each_owner_finds_the_key_in_one_message(void **state)
{
	struct rig *r = *state;
	uint8_t mem[5 * 300], kid[HF_KID_LEN];
	struct hf_out message = HF_OUT(mem);
	hf_bytes object;

	assert_int_equal(hf_crypto_kid(HF_ARR(r->owner.pub), kid), HF_OK);
	for (int i = 0; i < HF_SEAL_MAX_OWNERS; i++) { /* the last one is the owner's */
		const uint8_t *to = i < HF_SEAL_MAX_OWNERS - 1 ? r->thief.pub : r->owner.pub;

		assert_int_equal(hf_seal_key_find(hf_out_bytes(&message), kid, &object), HF_ERR_SEAL_KEY);
		assert_int_equal(hf_seal_key_write(&r->seal, &r->ldevid, to, &message), HF_OK);
	}
	assert_int_equal(hf_seal_key_find(hf_out_bytes(&message), kid, &object), HF_OK);
	assert_int_equal(hf_seal_key_open(object, &r->owner, &r->device, DEV, &r->key), HF_OK);
	assert_int_equal(hf_seal_key_find((hf_bytes){ mem, message.len - 1 }, kid, &object),
			 HF_ERR_CBOR_SHORT);
	assert_null(object.ptr);
	kid[0] ^= 1;
	mem[message.len] = 0;
	assert_int_equal(hf_seal_key_find((hf_bytes){ mem, message.len + 1 }, kid, &object),
			 HF_ERR_SEAL_SHAPE);
	assert_int_equal(hf_seal_key_find(HF_STR("\x80"), kid, &object), HF_ERR_COSE_SHAPE);
}

static void a_stream_key_of_a_stranger_is_refused(void **state)
{
	struct rig *r = *state;

	r->ldevid.hw = &r->thief_hw; /* anyone can encrypt to the owner */
	send_key(r);
	assert_int_equal(open_key(r), HF_ERR_COSE_SIGNATURE);
	assert_int_equal(r->key.key.len, 0);
}

static void another_owner_or_device_does_not_open_a_key(void **state)
{
	struct rig *r = *state;

	send_key(r);
	assert_int_equal(hf_seal_key_open(hf_out_bytes(&r->out), &r->thief, &r->device, DEV, &r->key),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(hf_seal_key_open(hf_out_bytes(&r->out), &r->owner, &r->device, OTHER_DEV, &r->key),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(
		hf_seal_key_open(hf_out_bytes(&r->out), &r->owner, &r->device, HF_STR("short"), &r->key),
		HF_ERR_BASE_MISUSE);
	r->device.alg = HF_COSE_ED25519;
	assert_int_equal(open_key(r), HF_ERR_BASE_MISUSE);
}

static void a_frame_of_another_key_or_device_is_refused(void **state)
{
	struct rig *r = *state;

	send_key(r);
	assert_int_equal(open_key(r), HF_OK);
	send_frame(r);
	assert_int_equal(
		hf_seal_frame_open(hf_out_bytes(&r->frame), &r->key, OTHER_DEV, &r->counter, &r->plain),
		HF_ERR_COSE_DECRYPT);
	assert_int_equal(hf_seal_renew(&r->seal), HF_OK);
	send_frame(r);
	assert_int_equal(open_frame(r), HF_ERR_SEAL_KEY);
	hf_seal_key_wipe(&r->key);
	assert_int_equal(open_frame(r), HF_ERR_BASE_MISUSE);
	assert_int_equal(r->plain.len, 0);
}

/* A frame as a COSE_Encrypt0 of the right key but another form. */
static hf_err open_form(struct rig *r, hf_bytes kid, hf_bytes counter)
{
	r->frame.len = 0;
	assert_int_equal(hf_cose_encrypt0_write_partial(&r->seal.key, kid, r->seal.base_iv, counter,
							HF_STR("hf/frame/1/abcdefghijklmnop"), PLAIN,
							&r->frame),
			 HF_OK);
	return open_frame(r);
}

static void frames_of_another_form_are_refused(void **state)
{
	struct rig *r = *state;
	hf_bytes kid = HF_ARR(r->key.kid);

	send_key(r);
	assert_int_equal(open_key(r), HF_OK);
	assert_int_equal(open_form(r, kid, HF_STR("\0\0\0\1")), HF_OK);
	assert_int_equal(open_form(r, kid, HF_STR("\1")), HF_ERR_SEAL_SHAPE); /* one counter, one spelling */
	assert_int_equal(open_form(r, kid, HF_STR("\0\0\0\0\1")), HF_ERR_SEAL_SHAPE);
	assert_int_equal(open_form(r, (hf_bytes){ 0 }, HF_STR("\0\0\0\1")), HF_ERR_SEAL_SHAPE);
	r->frame.len = 0;
	assert_int_equal(hf_cose_encrypt0_write(&r->port, &r->seal.key, kid,
						HF_STR("hf/frame/1/abcdefghijklmnop"), PLAIN, &r->frame),
			 HF_OK);
	assert_int_equal(open_frame(r), HF_ERR_SEAL_SHAPE); /* a full IV is no counter */
}

/* Claims in hexadecimal, properly signed and sealed by the device. */
static hf_err open_claims(struct rig *r, const char *hex)
{
	uint8_t claims_mem[256], sign1_mem[HF_SEAL_KEY_CAP];
	struct hf_out claims = HF_OUT(claims_mem), sign1 = HF_OUT(sign1_mem);
	hf_bytes aad = HF_STR("hf/skey/1/abcdefghijklmnop");

	r->out.len = 0;
	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &claims), HF_OK);
	assert_int_equal(hf_cose_sign1_write(&r->ldevid, aad, hf_out_bytes(&claims), false, NULL, &sign1),
			 HF_OK);
	assert_int_equal(hf_cose_encrypt_write(&r->port, r->owner.pub, HF_STR("kid"), aad,
					       hf_out_bytes(&sign1), &r->out),
			 HF_OK);
	return open_key(r);
}

#define ZEROS_8 "0000000000000000"
#define KID8 "0248" ZEROS_8
#define IV12 "054c" ZEROS_8 "00000000"
#define KEY32 "205820" ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8
#define COSE_KEY "a50104" KID8 "0303" IV12 KEY32
#define NAME "01706162636465666768696a6b6c6d6e6f70"
#define US "3a00010000"

static const struct {
	const char *hex;
	hf_err err;
} forms[] = {
	{ "a2" NAME US "826178" COSE_KEY, HF_OK },
	{ "a3" NAME "0600" US "826178" COSE_KEY, HF_OK },
	{ "a2" "01706162636465666768696a6b6c6d6e6f71" US "826178" COSE_KEY, HF_ERR_SEAL_DEV },
	{ "a1" US "826178" COSE_KEY, HF_ERR_SEAL_SHAPE },
	{ "a1" NAME, HF_ERR_SEAL_SHAPE },
	{ "a3" NAME "0620" US "826178" COSE_KEY, HF_ERR_SEAL_SHAPE }, /* time below 1970 */
	{ "a3" NAME "0700" US "826178" COSE_KEY, HF_ERR_SEAL_SHAPE }, /* another claim */
	{ "a2" NAME US "8260" COSE_KEY, HF_ERR_SEAL_SHAPE },          /* stream without name */
	{ "a2" NAME US "824178" COSE_KEY, HF_ERR_SEAL_SHAPE },        /* name in bytes */
	{ "a2" NAME US "836178" COSE_KEY "00", HF_ERR_SEAL_SHAPE },
	{ "a2" NAME US "816178", HF_ERR_SEAL_SHAPE },
	{ "a2" NAME US "826178" "a50102" KID8 "0303" IV12 KEY32, HF_ERR_SEAL_SHAPE },     /* kty */
	{ "a2" NAME US "826178" "a50104" KID8 "0301" IV12 KEY32, HF_ERR_SEAL_SHAPE },     /* alg */
	{ "a2" NAME US "826178" "a50104" "024100" "0303" IV12 KEY32, HF_ERR_SEAL_SHAPE }, /* short kid */
	{ "a2" NAME US "826178" "a50104" KID8 "0303" "054100" KEY32, HF_ERR_SEAL_SHAPE }, /* short IV */
	{ "a2" NAME US "826178" "a50104" KID8 "0303" IV12 "204100", HF_ERR_SEAL_SHAPE },  /* short key */
	{ "a2" NAME US "826178" "a40104" KID8 "0303" IV12, HF_ERR_SEAL_SHAPE },           /* no key */
	{ "a2" NAME US "826178" COSE_KEY "00", HF_ERR_SEAL_SHAPE },
};

static void claims_of_another_form_are_refused(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		assert_int_equal(open_claims(r, forms[i].hex), forms[i].err);
		assert_int_equal(r->key.key.len, forms[i].err == HF_OK ? 32 : 0);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_owner_reads_what_the_device_sealed),
		CASE(sizes_are_those_of_the_design),
		CASE(every_start_and_renewal_makes_another_key),
		CASE(a_device_without_trusted_clock_states_no_time),
		CASE(every_changed_byte_of_a_key_or_frame_is_refused),
		CASE(each_owner_finds_the_key_in_one_message),
		CASE(a_stream_key_of_a_stranger_is_refused),
		CASE(another_owner_or_device_does_not_open_a_key),
		CASE(a_frame_of_another_key_or_device_is_refused),
		CASE(frames_of_another_form_are_refused),
		CASE(claims_of_another_form_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
