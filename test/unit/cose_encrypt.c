/* Unit tests of cose.h: COSE_Encrypt to one P-256 key, and COSE_Encrypt0.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/cose.h>

#define AAD HF_STR("hf/cmd/1/abcdefghijklmnop")
#define PLAIN HF_STR("open the valve by 7 percent")
#define KID HF_STR("the-kid8")

struct rig {
	struct hf_port port;
	struct hf_key secret;
	struct hf_ecdhkey device;
	struct hf_key shared;
	uint8_t base_iv[HF_AEAD_NONCE_LEN];
	uint8_t mem[512], plain_mem[512];
	struct hf_out out, plain;
};

static int setup(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	uint8_t pub[HF_P256_POINT_LEN];

	*r = (struct rig){ 0 };
	hf_fake_init(&r->port, 7);
	assert_int_equal(hf_crypto_p256_generate(&r->secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->secret, &r->device), HF_OK);
	r->shared.len = 32;
	memset(r->shared.b, 0x5a, 32);
	memset(r->base_iv, 0x11, sizeof(r->base_iv));
	r->out = HF_OUT(r->mem);
	r->plain = HF_OUT(r->plain_mem);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hf_fake_free(&r->port);
	return 0;
}

static void seal(struct rig *r)
{
	r->out.len = 0;
	r->plain.len = 0;
	assert_int_equal(hf_cose_encrypt_write(&r->port, r->device.pub, KID, AAD, PLAIN, &r->out), HF_OK);
}

static hf_err open_object(struct rig *r, hf_bytes object)
{
	struct hf_cose_encrypt e;

	r->plain.len = 0;
	HF_TRY(hf_cose_encrypt_read(object, &e));
	return hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain);
}

static void what_is_sealed_to_a_key_opens_with_it(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;

	seal(r);
	assert_true(r->out.len <= PLAIN.len + HF_COSE_ENCRYPT_OVERHEAD);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	assert_true(hf_bytes_equal(e.kid, KID));
	assert_int_equal(e.y.len, 0); /* the compressed point is written */
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->plain), PLAIN));
}

static void an_object_opens_in_place(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;
	struct hf_out place;

	seal(r);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	place = (struct hf_out){ r->mem + (e.ciphertext.ptr - r->mem), e.ciphertext.len, 0 };
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &place), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&place), PLAIN));
}

static void each_message_has_its_own_ephemeral_key_and_iv(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt a, b;
	uint8_t first[256];

	seal(r);
	memcpy(first, r->mem, r->out.len);
	assert_int_equal(hf_cose_encrypt_read((hf_bytes){ first, r->out.len }, &a), HF_OK);
	seal(r);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &b), HF_OK);
	assert_false(hf_bytes_equal(a.x, b.x));
	assert_false(hf_bytes_equal(a.iv, b.iv));
	assert_false(hf_bytes_equal(a.ciphertext, b.ciphertext));
}

/* Two bytes are not bound: the kid, a hint which key to take, and the sign bit of the ephemeral point,
 * because both points with one x agree on the same secret. Neither changes what is opened. */
static void every_changed_byte_is_refused(void **state)
{
	struct rig *r = *state;
	size_t kid = 0, sign_bit;

	seal(r);
	sign_bit = r->out.len - 2;
	for (size_t i = 0; i + 8 < r->out.len; i++)
		if (memcmp(r->mem + i, "the-kid8", 8) == 0)
			kid = i;
	assert_int_not_equal(kid, 0);
	for (size_t i = 0; i < r->out.len; i++) {
		if ((i >= kid && i < kid + 8) || i == sign_bit)
			continue;
		r->mem[i] ^= 0x01;
		assert_int_not_equal(open_object(r, hf_out_bytes(&r->out)), HF_OK);
		assert_int_equal(r->plain.len, 0);
		r->mem[i] ^= 0x01;
	}
	assert_int_equal(open_object(r, hf_out_bytes(&r->out)), HF_OK);
}

static void every_shorter_object_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;

	seal(r);
	for (size_t n = 0; n < r->out.len; n++)
		assert_int_equal(hf_cose_encrypt_read((hf_bytes){ r->mem, n }, &e), HF_ERR_CBOR_SHORT);
	r->mem[r->out.len] = 0;
	assert_int_equal(hf_cose_encrypt_read((hf_bytes){ r->mem, r->out.len + 1 }, &e),
			 HF_ERR_CBOR_TRAILING);
	assert_null(e.ciphertext.ptr);
}

static void another_device_or_aad_does_not_open_it(void **state)
{
	struct rig *r = *state;
	struct hf_key secret = { 0 };
	struct hf_ecdhkey other;
	struct hf_cose_encrypt e;
	uint8_t pub[HF_P256_POINT_LEN];

	seal(r);
	assert_int_equal(hf_crypto_p256_generate(&secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&secret, &other), HF_OK);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	assert_int_equal(hf_cose_encrypt_open(&e, &other, AAD, &r->plain), HF_ERR_COSE_DECRYPT);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, HF_STR("hf/cmd/1/bbcdefghijklmnop"), &r->plain),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, (hf_bytes){ 0 }, &r->plain),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(r->plain.len, 0);
}

static void a_point_off_the_curve_never_reaches_the_private_key(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt e;
	uint8_t x[32], y[32];
	hf_bytes good;

	seal(r);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	r->device.derive = NULL;    /* would crash if asked */
	memset(x, 0xff, sizeof(x)); /* not below the field prime */
	good = e.x;
	e.x = HF_ARR(x);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_ERR_COSE_POINT);
	memset(y, 0x01, sizeof(y)); /* full form, not on the curve */
	e.x = good;
	e.y = HF_ARR(y);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_ERR_COSE_POINT);
	memset(x, 0, sizeof(x)); /* (0, 0), a common stand-in for infinity */
	memset(y, 0, sizeof(y));
	e.x = HF_ARR(x);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_ERR_COSE_POINT);
	memset(r->device.pub + 1, 0, 64);
	assert_int_equal(hf_cose_encrypt_write(&r->port, r->device.pub, KID, AAD, PLAIN, &r->out),
			 HF_ERR_COSE_POINT);
}

/* An object as the specification draws it, each part in hexadecimal; a test changes one of them. */
struct shape {
	const char *tag, *header, *iv, *recipients;
	hf_err err;
};

#define ZEROS_16 "00000000000000000000000000000000"
#define EPK(y) "20a4010220012158" "20" ZEROS_16 ZEROS_16 "22" y

static const struct shape good = { "d860", "43a10103", "a1054c000000000000000000000000",
				   "818344a1013818a2044131" EPK("f5") "40", HF_OK };
static const struct shape bad[] = {
	{ .tag = "d862", .err = HF_ERR_COSE_SHAPE },
	{ .tag = "", .err = HF_ERR_COSE_SHAPE },
	{ .header = "43a10101", .err = HF_ERR_COSE_ALG },           /* A128GCM */
	{ .header = "40", .err = HF_ERR_CBOR_SHORT },               /* no alg */
	{ .header = "46a20103044131", .err = HF_ERR_COSE_SHAPE },   /* kid in the body */
	{ .header = "45a201030300", .err = HF_ERR_COSE_SHAPE },     /* another header */
	{ .iv = "a0", .err = HF_ERR_COSE_SHAPE },                   /* no IV */
	{ .iv = "a1054b" "0000000000000000000000", .err = HF_ERR_COSE_SHAPE },       /* 11 bytes */
	{ .iv = "a1064c" "000000000000000000000000", .err = HF_ERR_COSE_SHAPE },     /* partial */
	{ .iv = "a20103054c" "000000000000000000000000", .err = HF_ERR_COSE_SHAPE }, /* alg again */
	{ .recipients = "80", .err = HF_ERR_COSE_SHAPE },
	{ .recipients = "828344a1013818a2044131" EPK("f5") "40" "8344a1013818a2044131" EPK("f5") "40",
	  .err = HF_ERR_COSE_SHAPE }, /* two recipients */
	{ .recipients = "818344a101381ea2044131" EPK("f5") "40", .err = HF_ERR_COSE_ALG }, /* -31 */
	{ .recipients = "818340a3013818044131" EPK("f5") "40", .err = HF_ERR_COSE_SHAPE }, /* unprotected */
	{ .recipients = "818344a1013818a1" EPK("f5") "40", .err = HF_ERR_COSE_SHAPE },     /* no kid */
	{ .recipients = "818344a1013818a20440" EPK("f5") "40", .err = HF_ERR_COSE_SHAPE }, /* empty kid */
	{ .recipients = "818344a1013818a2" EPK("f5") "044131" "40", .err = HF_ERR_COSE_SHAPE }, /* order */
	{ .recipients = "818344a1013818a2044131" EPK("f6") "40", .err = HF_ERR_COSE_SHAPE },    /* y null */
	{ .recipients = "818344a1013818a2044131" EPK("4100") "40", .err = HF_ERR_COSE_SHAPE },  /* y short */
	{ .recipients = "818344a1013818a2044131" EPK("f5") "4100", .err = HF_ERR_COSE_SHAPE }, /* key */
	{ .recipients = "818344a1013818a204413120" "a40101200121" "5820" ZEROS_16 ZEROS_16 "22f5" "40",
	  .err = HF_ERR_COSE_SHAPE }, /* kty is not EC2 */
	{ .recipients = "818344a1013818a204413120" "a40102200221" "5820" ZEROS_16 ZEROS_16 "22f5" "40",
	  .err = HF_ERR_COSE_SHAPE }, /* P-384 */
	{ .recipients = "818344a1013818a204413120" "a40102200121411122f540", .err = HF_ERR_COSE_SHAPE },
};

static void put_hex(struct hf_out *out, const char *hex)
{
	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, out), HF_OK);
}

static hf_err read_shape(const struct shape *shape)
{
	uint8_t mem[512];
	struct hf_out out = HF_OUT(mem);
	struct hf_cose_encrypt e;
	hf_err err;

	put_hex(&out, shape->tag ? shape->tag : good.tag);
	put_hex(&out, "84");
	put_hex(&out, shape->header ? shape->header : good.header);
	put_hex(&out, shape->iv ? shape->iv : good.iv);
	put_hex(&out, "50" ZEROS_16);
	put_hex(&out, shape->recipients ? shape->recipients : good.recipients);
	err = hf_cose_encrypt_read(hf_out_bytes(&out), &e);
	if (err != HF_OK)
		assert_null(e.ciphertext.ptr);
	return err;
}

static void foreign_shapes_are_refused(void **state)
{
	(void)state;

	assert_int_equal(read_shape(&good), HF_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_shape(&bad[i]), bad[i].err);
}

static void a_writer_that_fails_leaves_the_output_as_it_was(void **state)
{
	struct rig *r = *state;
	uint8_t long_aad[HF_COSE_MAX_SEAL_AAD_LEN + 1] = { 0 };

	r->out.len = 9;
	assert_int_equal(
		hf_cose_encrypt_write(&r->port, r->device.pub, KID, HF_ARR(long_aad), PLAIN, &r->out),
		HF_ERR_COSE_LIMIT);
	assert_int_equal(hf_cose_encrypt_write(&r->port, r->device.pub, (hf_bytes){ 0 }, AAD, PLAIN, &r->out),
			 HF_ERR_BASE_MISUSE);
	r->port.random_fails = true;
	assert_int_equal(hf_cose_encrypt_write(&r->port, r->device.pub, KID, AAD, PLAIN, &r->out),
			 HF_ERR_PORT_RANDOM);
	assert_int_equal(hf_cose_encrypt0_write(&r->port, &r->shared, KID, AAD, PLAIN, &r->out),
			 HF_ERR_PORT_RANDOM);
	r->port.random_fails = false;
	for (size_t cap = 9; cap < 9 + PLAIN.len + 100; cap += 7) {
		r->out.cap = cap;
		assert_int_equal(hf_cose_encrypt_write(&r->port, r->device.pub, KID, AAD, PLAIN, &r->out),
				 HF_ERR_BASE_NO_ROOM);
	}
	r->shared.len = 16;
	assert_int_equal(hf_cose_encrypt0_write(&r->port, &r->shared, KID, AAD, PLAIN, &r->out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(r->out.len, 9);
}

static void opening_without_room_or_with_a_long_aad_is_refused(void **state)
{
	struct rig *r = *state;
	uint8_t long_aad[HF_COSE_MAX_SEAL_AAD_LEN + 1] = { 0 };
	struct hf_cose_encrypt e;

	seal(r);
	assert_int_equal(hf_cose_encrypt_read(hf_out_bytes(&r->out), &e), HF_OK);
	r->plain.cap = PLAIN.len - 1;
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_ERR_BASE_NO_ROOM);
	r->plain.cap = PLAIN.len;
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, HF_ARR(long_aad), &r->plain),
			 HF_ERR_COSE_LIMIT);
	assert_int_equal(hf_cose_encrypt_open(&e, &r->device, AAD, &r->plain), HF_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_is_sealed_to_a_key_opens_with_it),
		CASE(an_object_opens_in_place),
		CASE(each_message_has_its_own_ephemeral_key_and_iv),
		CASE(every_changed_byte_is_refused),
		CASE(every_shorter_object_is_refused),
		CASE(another_device_or_aad_does_not_open_it),
		CASE(a_point_off_the_curve_never_reaches_the_private_key),
		CASE(foreign_shapes_are_refused),
		CASE(a_writer_that_fails_leaves_the_output_as_it_was),
		CASE(opening_without_room_or_with_a_long_aad_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
