/* Unit tests of cose.h: COSE_Sign1.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/cose.h>

#define AAD HF_STR("hf/state/1/abcdefghijklmnop")
#define PAYLOAD HF_STR("what the device says")

struct rig {
	struct hf_key secret, seed;
	struct hf_hwkey hw;
	uint8_t ed[HF_ED25519_PUB_LEN];
	struct hf_cose_signer es256, ed25519;
	struct hf_cose_pub es256_pub, ed25519_pub;
	uint8_t mem[512], scratch_mem[512];
	struct hf_out out, scratch;
};

static void begin(struct rig *r)
{
	uint8_t pub[HF_P256_POINT_LEN];

	*r = (struct rig){ 0 };
	assert_int_equal(hf_crypto_p256_generate(&r->secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&r->secret, &r->hw), HF_OK);
	assert_int_equal(hf_crypto_ed25519_generate(&r->seed, r->ed), HF_OK);
	r->es256 = (struct hf_cose_signer){ HF_COSE_ES256, HF_STR("kid-p256"), &r->hw, NULL };
	r->ed25519 = (struct hf_cose_signer){ HF_COSE_ED25519, HF_STR("kid-ed25"), NULL, &r->seed };
	r->es256_pub = (struct hf_cose_pub){ HF_COSE_ES256, { r->hw.pub, HF_P256_POINT_LEN } };
	r->ed25519_pub = (struct hf_cose_pub){ HF_COSE_ED25519, HF_ARR(r->ed) };
	r->out = HF_OUT(r->mem);
	r->scratch = HF_OUT(r->scratch_mem);
}

static void sign(struct rig *r, const struct hf_cose_signer *signer, bool detached)
{
	r->out.len = 0;
	assert_int_equal(hf_cose_sign1_write(signer, AAD, PAYLOAD, detached, &r->scratch, &r->out), HF_OK);
}

static void both_algorithms_sign_and_verify(void **unused)
{
	struct rig r;
	hf_bytes payload;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, false);
	assert_true(r.out.len <= PAYLOAD.len + HF_COSE_SIGN1_OVERHEAD);
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.es256_pub, AAD, NULL, &payload), HF_OK);
	assert_true(hf_bytes_equal(payload, PAYLOAD));
	sign(&r, &r.ed25519, false);
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.ed25519_pub, AAD, &r.scratch, &payload),
			 HF_OK);
	assert_true(hf_bytes_equal(payload, PAYLOAD));
}

static void the_bytes_are_those_of_the_specification(void **unused)
{
	/* 18([h'a201260448' kid, {}, payload, h'5840' ...]) */
	static const uint8_t head[] =
		"\xd2\x84\x4d\xa2\x01\x26\x04\x48kid-p256\xa0\x54what the device says\x58\x40";
	struct rig r;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, false);
	assert_int_equal(r.out.len, sizeof(head) - 1 + 64);
	assert_memory_equal(r.mem, head, sizeof(head) - 1);
	r.es256.kid = (hf_bytes){ 0 };
	sign(&r, &r.es256, true);
	assert_memory_equal(r.mem, "\xd2\x84\x43\xa1\x01\x26\xa0\xf6\x58\x40", 10);
}

static void a_detached_payload_is_brought_by_the_reader(void **unused)
{
	struct rig r;
	struct hf_cose_sign1 s;
	hf_bytes payload;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, true);
	assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r.out), &s), HF_OK);
	assert_true(s.detached);
	assert_int_equal(hf_cose_sign1_verify(&s, &r.es256_pub, AAD, NULL), HF_ERR_COSE_SIGNATURE);
	s.payload = PAYLOAD;
	assert_int_equal(hf_cose_sign1_verify(&s, &r.es256_pub, AAD, NULL), HF_OK);
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.es256_pub, AAD, NULL, &payload),
			 HF_ERR_COSE_SHAPE);
	assert_null(payload.ptr);
}

static void every_changed_byte_is_refused(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	for (int which = 0; which < 2; which++) {
		const struct hf_cose_pub *pub = which == 0 ? &r.es256_pub : &r.ed25519_pub;

		sign(&r, which == 0 ? &r.es256 : &r.ed25519, false);
		for (size_t i = 0; i < r.out.len; i++) {
			hf_bytes payload;

			r.mem[i] ^= 0x01;
			assert_int_not_equal(
				hf_cose_sign1_open(hf_out_bytes(&r.out), pub, AAD, &r.scratch, &payload),
				HF_OK);
			assert_null(payload.ptr);
			r.mem[i] ^= 0x01;
		}
	}
}

static void every_shorter_or_longer_object_is_refused(void **unused)
{
	struct rig r;
	struct hf_cose_sign1 s;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, false);
	for (size_t n = 0; n < r.out.len; n++)
		assert_int_equal(hf_cose_sign1_read((hf_bytes){ r.mem, n }, &s), HF_ERR_CBOR_SHORT);
	r.mem[r.out.len] = 0;
	assert_int_equal(hf_cose_sign1_read((hf_bytes){ r.mem, r.out.len + 1 }, &s), HF_ERR_CBOR_TRAILING);
	assert_null(s.signature.ptr);
}

static void another_aad_key_or_algorithm_is_refused(void **unused)
{
	struct rig r, other;
	hf_bytes payload, in;
	(void)unused;

	begin(&r);
	begin(&other);
	sign(&r, &r.es256, false);
	in = hf_out_bytes(&r.out);
	assert_int_equal(
		hf_cose_sign1_open(in, &r.es256_pub, HF_STR("hf/state/1/abcdefghijklmnoq"), NULL, &payload),
		HF_ERR_COSE_SIGNATURE);
	assert_int_equal(hf_cose_sign1_open(in, &other.es256_pub, AAD, NULL, &payload),
			 HF_ERR_COSE_SIGNATURE);
	assert_int_equal(hf_cose_sign1_open(in, &r.ed25519_pub, AAD, &r.scratch, &payload), HF_ERR_COSE_ALG);
	r.es256_pub.alg = -8; /* deprecated EdDSA: no policy may name it */
	assert_int_equal(hf_cose_sign1_open(in, &r.es256_pub, AAD, NULL, &payload), HF_ERR_COSE_ALG);
	sign(&r, &r.ed25519, false);
	in = hf_out_bytes(&r.out);
	assert_int_equal(hf_cose_sign1_open(in, &other.ed25519_pub, AAD, &r.scratch, &payload),
			 HF_ERR_COSE_SIGNATURE);
	r.es256_pub.alg = HF_COSE_ES256;
	assert_int_equal(hf_cose_sign1_open(in, &r.es256_pub, AAD, &r.scratch, &payload), HF_ERR_COSE_ALG);
}

static void a_bad_public_key_is_refused(void **unused)
{
	struct rig r;
	hf_bytes payload;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, false);
	r.es256_pub.key.len = 64;
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.es256_pub, AAD, NULL, &payload),
			 HF_ERR_COSE_POINT);
	r.es256_pub.key.len = 65;
	r.hw.pub[64] ^= 1;
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.es256_pub, AAD, NULL, &payload),
			 HF_ERR_COSE_POINT);
	sign(&r, &r.ed25519, false);
	memset(r.ed, 0, sizeof(r.ed)); /* small order */
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.ed25519_pub, AAD, &r.scratch, &payload),
			 HF_ERR_COSE_POINT);
	r.ed25519_pub.key.len = 31;
	assert_int_equal(hf_cose_sign1_open(hf_out_bytes(&r.out), &r.ed25519_pub, AAD, &r.scratch, &payload),
			 HF_ERR_COSE_POINT);
}

static void foreign_shapes_are_refused(void **unused)
{
	static const struct {
		const char *hex;
		hf_err err;
	} rows[] = {
		{ "8443a10126a0414040", HF_ERR_COSE_SHAPE },       /* no tag */
		{ "d18443a10126a0414040", HF_ERR_COSE_SHAPE },     /* tag 17 */
		{ "d903e68443a10126a0414040", HF_ERR_COSE_SHAPE }, /* tag 998 */
		{ "d28340a04140", HF_ERR_COSE_SHAPE },             /* three members */
		{ "d2854040a0414040", HF_ERR_COSE_SHAPE },         /* five members */
		{ "d28440a1012641404140", HF_ERR_COSE_SHAPE },     /* alg unprotected, protected h'' */
		{ "d28441a0a1012641404140", HF_ERR_COSE_SHAPE },   /* alg unprotected, protected h'a0' */
		{ "d28443a10126a1044131"
		  "41404140",
		  HF_ERR_COSE_SHAPE }, /* kid unprotected */
		{ "d28446a20126030041"
		  "a041404140",
		  HF_ERR_COSE_SHAPE },                               /* body is no map of ours */
		{ "d28445a201260300a041404140", HF_ERR_COSE_SHAPE }, /* content type: no such header */
		{ "d28445a201260440a041404140", HF_ERR_COSE_SHAPE }, /* empty kid */
		{ "d28444a1016161a041404140", HF_ERR_COSE_SHAPE },   /* alg as text */
		{ "d28443a10126a0016140", HF_ERR_COSE_SHAPE },       /* payload is no byte string */
		{ "d28443a10126a0404100"
		  "00",
		  HF_ERR_CBOR_TRAILING },
		{ "d28444a1013806a041404140", HF_ERR_CBOR_FORM },     /* -7 in two bytes */
		{ "d2845f43a10126ffa041404140", HF_ERR_CBOR_FORM },   /* indefinite length */
		{ "d28445a201260126a041404140", HF_ERR_COSE_SHAPE },  /* alg twice */
		{ "d28444a1012600a041404140", HF_ERR_CBOR_TRAILING }, /* bytes after the protected map */
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t mem[64];
		struct hf_out out = HF_OUT(mem);
		struct hf_cose_sign1 s;

		assert_int_equal(
			hf_hex_decode((hf_bytes){ (const uint8_t *)rows[i].hex, strlen(rows[i].hex) }, &out),
			HF_OK);
		assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&out), &s), rows[i].err);
		assert_null(s.protected_header.ptr);
	}
}

static void a_signature_of_another_length_is_refused(void **unused)
{
	struct rig r;
	struct hf_cose_sign1 s;
	(void)unused;

	begin(&r);
	sign(&r, &r.es256, false);
	assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r.out), &s), HF_OK);
	s.signature.len = 63;
	assert_int_equal(hf_cose_sign1_verify(&s, &r.es256_pub, AAD, NULL), HF_ERR_COSE_SIGNATURE);
	s.signature.len = 0;
	assert_int_equal(hf_cose_sign1_verify(&s, &r.es256_pub, AAD, NULL), HF_ERR_COSE_SIGNATURE);
}

static hf_err broken_key(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	(void)ctx;
	(void)digest;
	(void)n;
	(void)rs;
	return HF_ERR_PORT_KEY;
}

static void a_writer_that_fails_leaves_the_output_as_it_was(void **unused)
{
	uint8_t long_kid[HF_COSE_MAX_KID_LEN + 1] = { 0 };
	struct hf_out tiny = { NULL, 0, 0 };
	struct rig r;
	(void)unused;

	begin(&r);
	r.out.len = 5;
	r.es256.kid = HF_ARR(long_kid);
	assert_int_equal(hf_cose_sign1_write(&r.es256, AAD, PAYLOAD, false, NULL, &r.out), HF_ERR_COSE_LIMIT);
	r.es256.kid = HF_STR("k");
	r.es256.alg = -8;
	assert_int_equal(hf_cose_sign1_write(&r.es256, AAD, PAYLOAD, false, NULL, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_cose_sign1_write(&r.ed25519, AAD, PAYLOAD, false, NULL, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_cose_sign1_write(&r.ed25519, AAD, PAYLOAD, false, &tiny, &r.out),
			 HF_ERR_BASE_NO_ROOM);
	r.es256.alg = HF_COSE_ES256;
	r.out.cap = 60;
	assert_int_equal(hf_cose_sign1_write(&r.es256, AAD, PAYLOAD, false, NULL, &r.out),
			 HF_ERR_BASE_NO_ROOM);
	r.hw.sign = broken_key;
	assert_int_equal(hf_cose_sign1_write(&r.es256, AAD, PAYLOAD, false, NULL, &r.out), HF_ERR_PORT_KEY);
	r.hw.curve = HF_CURVE_P384;
	assert_int_equal(hf_cose_sign1_write(&r.es256, AAD, PAYLOAD, false, NULL, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(r.out.len, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_algorithms_sign_and_verify),
		cmocka_unit_test(the_bytes_are_those_of_the_specification),
		cmocka_unit_test(a_detached_payload_is_brought_by_the_reader),
		cmocka_unit_test(every_changed_byte_is_refused),
		cmocka_unit_test(every_shorter_or_longer_object_is_refused),
		cmocka_unit_test(another_aad_key_or_algorithm_is_refused),
		cmocka_unit_test(a_bad_public_key_is_refused),
		cmocka_unit_test(foreign_shapes_are_refused),
		cmocka_unit_test(a_signature_of_another_length_is_refused),
		cmocka_unit_test(a_writer_that_fails_leaves_the_output_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
