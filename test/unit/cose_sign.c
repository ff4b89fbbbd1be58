/* Unit tests of cose.h: COSE_Sign, k signers over one payload.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/cose.h>

#define AAD HF_STR("hf/policy/1")
#define PAYLOAD HF_STR("the rules from now on")

enum { N_KEYS = HF_COSE_MAX_SIGNATURES + 1 };

/* Nine signers; the kids of the first eight descend, so that a sorting writer has work to do. */
struct rig {
	struct hf_key seed[N_KEYS];
	uint8_t pub[N_KEYS][HF_ED25519_PUB_LEN];
	uint8_t kid[N_KEYS][HF_KID_LEN];
	struct hf_cose_signer signer[N_KEYS];
	uint8_t mem[1200], mem2[1200], scratch_mem[512];
	struct hf_out out, out2, scratch;
};

static void begin(struct rig *r)
{
	*r = (struct rig){ 0 };
	for (size_t i = 0; i < N_KEYS; i++) {
		assert_int_equal(hf_crypto_ed25519_generate(&r->seed[i], r->pub[i]), HF_OK);
		r->kid[i][0] = (uint8_t)(0xf0 - i * 16);
		r->signer[i] =
			(struct hf_cose_signer){ HF_COSE_ED25519, HF_ARR(r->kid[i]), NULL, &r->seed[i] };
	}
	r->out = HF_OUT(r->mem);
	r->out2 = HF_OUT(r->mem2);
	r->scratch = HF_OUT(r->scratch_mem);
}

static struct hf_cose_pub pub(struct rig *r, size_t i)
{
	return (struct hf_cose_pub){ HF_COSE_ED25519, HF_ARR(r->pub[i]) };
}

static void write(struct rig *r, size_t n)
{
	r->out.len = 0;
	assert_int_equal(hf_cose_sign_write(r->signer, n, AAD, PAYLOAD, &r->scratch, &r->out), HF_OK);
}

static void signatures_are_sorted_by_kid_and_each_verifies(void **unused)
{
	struct hf_cose_sign s;
	struct rig r;
	(void)unused;

	begin(&r);
	for (size_t n = 1; n <= HF_COSE_MAX_SIGNATURES; n++) {
		write(&r, n);
		assert_true(r.out.len <= PAYLOAD.len + HF_COSE_SIGN_OVERHEAD + n * HF_COSE_SIGN_EACH);
		assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out), &s), HF_OK);
		assert_int_equal(s.n, n);
		assert_true(hf_cose_sign_is_sorted(&s));
		assert_true(hf_bytes_equal(s.payload, PAYLOAD));
		for (size_t i = 0; i < n; i++) {
			struct hf_cose_pub right = pub(&r, n - 1 - i), wrong = pub(&r, n - i);

			assert_int_equal(hf_cose_sign_verify(&s, i, &right, AAD, &r.scratch), HF_OK);
			assert_int_equal(hf_cose_sign_verify(&s, i, &wrong, AAD, &r.scratch),
					 HF_ERR_COSE_SIGNATURE);
		}
	}
}

static void es256_and_ed25519_sign_side_by_side(void **unused)
{
	struct hf_key secret = { 0 };
	struct hf_hwkey hw;
	struct hf_cose_sign s;
	struct hf_cose_pub ed, es;
	struct rig r;
	(void)unused;

	begin(&r);
	assert_int_equal(hf_crypto_p256_generate(&secret, r.mem2), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&secret, &hw), HF_OK);
	r.signer[1] = (struct hf_cose_signer){ HF_COSE_ES256, HF_STR("a"), &hw, NULL };
	es = (struct hf_cose_pub){ HF_COSE_ES256, { hw.pub, HF_P256_POINT_LEN } };
	ed = pub(&r, 0);
	write(&r, 2);
	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out), &s), HF_OK);
	assert_int_equal(hf_cose_sign_verify(&s, 0, &es, AAD, NULL), HF_OK);
	assert_int_equal(hf_cose_sign_verify(&s, 1, &ed, AAD, &r.scratch), HF_OK);
	assert_int_equal(hf_cose_sign_verify(&s, 0, &ed, AAD, &r.scratch), HF_ERR_COSE_ALG);
	assert_int_equal(hf_cose_sign_verify(&s, 1, &ed, AAD, NULL), HF_ERR_BASE_MISUSE); /* no scratch */
	assert_int_equal(hf_cose_sign_verify(&s, 2, &es, AAD, NULL), HF_ERR_BASE_MISUSE);
}

static void the_bytes_are_those_of_the_specification(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	memcpy(r.kid[0], "the-kid1", 8);
	write(&r, 1);
	assert_memory_equal(r.mem,
			    "\xd8\x62\x84\x40\xa0\x55the rules from now on"
			    "\x81\x83\x4d\xa2\x01\x32\x04\x48the-kid1\xa0\x58\x40",
			    46);
	assert_int_equal(r.out.len, 46 + 64);
}

static void every_changed_byte_is_refused_by_all_signatures(void **unused)
{
	struct hf_cose_sign s;
	struct rig r;
	(void)unused;

	begin(&r);
	write(&r, 2);
	for (size_t i = 0; i < r.out.len; i++) {
		unsigned valid = 0;

		r.mem[i] ^= 0x01;
		if (hf_cose_sign_read(hf_out_bytes(&r.out), &s) == HF_OK) {
			struct hf_cose_pub a = pub(&r, 1), b = pub(&r, 0);

			valid += hf_cose_sign_verify(&s, 0, &a, AAD, &r.scratch) == HF_OK;
			valid += hf_cose_sign_verify(&s, 1, &b, AAD, &r.scratch) == HF_OK;
		}
		assert_true(valid < 2);
		if (i < 28) /* head and payload: nothing survives */
			assert_int_equal(valid, 0);
		r.mem[i] ^= 0x01;
	}
}

static void a_sign_signature_is_no_sign1_signature(void **unused)
{
	struct hf_cose_sign s;
	struct hf_cose_sign1 one;
	struct hf_cose_pub key;
	struct rig r;
	(void)unused;

	begin(&r);
	key = pub(&r, 0);
	write(&r, 1);
	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out), &s), HF_OK);
	one = (struct hf_cose_sign1){ .protected_header = s.signature[0].protected_header,
				      .alg = s.signature[0].alg,
				      .payload = s.payload,
				      .signature = s.signature[0].signature };
	assert_int_equal(hf_cose_sign1_verify(&one, &key, AAD, &r.scratch), HF_ERR_COSE_SIGNATURE);
	assert_int_equal(hf_cose_sign1_read(hf_out_bytes(&r.out), &one), HF_ERR_COSE_SHAPE);
}

static void co_signers_add_one_after_another(void **unused)
{
	struct hf_cose_sign s;
	struct rig r;
	(void)unused;

	begin(&r);
	write(&r, 2);
	assert_int_equal(hf_cose_sign_add(hf_out_bytes(&r.out), &r.signer[2], AAD, &r.scratch, &r.out2),
			 HF_OK);
	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out2), &s), HF_OK);
	assert_int_equal(s.n, 3);
	assert_true(hf_cose_sign_is_sorted(&s));
	for (size_t i = 0; i < 3; i++) {
		struct hf_cose_pub key = pub(&r, 2 - i);

		assert_int_equal(hf_cose_sign_verify(&s, i, &key, AAD, &r.scratch), HF_OK);
	}
	write(&r, 3); /* Ed25519 is deterministic: the same signers, the same object */
	assert_true(hf_bytes_equal(hf_out_bytes(&r.out), hf_out_bytes(&r.out2)));
	r.out2.len = 0; /* signing again replaces */
	assert_int_equal(hf_cose_sign_add(hf_out_bytes(&r.out), &r.signer[1], AAD, &r.scratch, &r.out2),
			 HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r.out), hf_out_bytes(&r.out2)));
}

static void a_ninth_signature_is_refused(void **unused)
{
	struct hf_cose_sign s;
	struct hf_cborw w;
	struct rig r;
	(void)unused;

	begin(&r);
	assert_int_equal(hf_cose_sign_write(r.signer, N_KEYS, AAD, PAYLOAD, &r.scratch, &r.out),
			 HF_ERR_COSE_LIMIT);
	write(&r, HF_COSE_MAX_SIGNATURES);
	assert_int_equal(hf_cose_sign_add(hf_out_bytes(&r.out), &r.signer[8], AAD, &r.scratch, &r.out2),
			 HF_ERR_COSE_LIMIT);
	hf_cbor_writer(&w, &r.out2);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, (hf_bytes){ 0 });
	hf_cbor_put_map(&w, 0);
	hf_cbor_put_bytes(&w, PAYLOAD);
	hf_cbor_put_array(&w, N_KEYS);
	for (int i = 0; i < N_KEYS; i++)
		hf_cbor_put_null(&w);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out2), &s), HF_ERR_COSE_LIMIT);
	assert_int_equal(s.n, 0);
}

static void writers_refuse_a_repeated_or_missing_kid(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	memcpy(r.kid[1], r.kid[0], HF_KID_LEN);
	assert_int_equal(hf_cose_sign_write(r.signer, 2, AAD, PAYLOAD, &r.scratch, &r.out),
			 HF_ERR_BASE_MISUSE);
	r.signer[0].kid = (hf_bytes){ 0 };
	assert_int_equal(hf_cose_sign_write(r.signer, 1, AAD, PAYLOAD, &r.scratch, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_cose_sign_write(r.signer, 0, AAD, PAYLOAD, &r.scratch, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_cose_sign_add(PAYLOAD, &r.signer[0], AAD, &r.scratch, &r.out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(r.out.len, 0);
}

static void the_order_and_repeats_of_others_are_seen(void **unused)
{
	struct hf_cose_signature swap;
	struct hf_cose_sign s;
	struct rig r;
	(void)unused;

	begin(&r);
	write(&r, 2);
	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r.out), &s), HF_OK);
	swap = s.signature[0];
	s.signature[0] = s.signature[1];
	s.signature[1] = swap;
	assert_false(hf_cose_sign_is_sorted(&s));
	s.signature[0] = s.signature[1];
	assert_false(hf_cose_sign_is_sorted(&s));
}

static void adding_to_an_object_with_one_signer_twice_is_refused(void **unused)
{
	struct rig r;
	(void)unused;

	begin(&r);
	write(&r, 2);
	/* both kids differ in the first byte only: make them equal */
	for (size_t i = 0; i + 8 < r.out.len; i++)
		if (r.mem[i] == 0x48 && memcmp(r.mem + i + 1, r.kid[0], 8) == 0)
			r.mem[i + 1] = r.kid[1][0];
	assert_int_equal(hf_cose_sign_add(hf_out_bytes(&r.out), &r.signer[2], AAD, &r.scratch, &r.out2),
			 HF_ERR_COSE_SHAPE);
}

static const struct {
	const char *hex;
	hf_err err;
} shapes[] = {
	{ "d8628440a04140818346a20132044131a040", HF_OK },
	{ "8440a04140818346a20132044131a040", HF_ERR_COSE_SHAPE },             /* no tag */
	{ "d28440a04140818346a20132044131a040", HF_ERR_COSE_SHAPE },           /* tag of a Sign1 */
	{ "d8628440a0414080", HF_ERR_COSE_SHAPE },                             /* no signature */
	{ "d8628443a10300a04140818346a20132044131a040", HF_ERR_COSE_SHAPE },   /* body header */
	{ "d8628441a0a04140818346a20132044131a040", HF_ERR_COSE_SHAPE },       /* h'a0' for h'' */
	{ "d8628440a101264140818346a20132044131a040", HF_ERR_COSE_SHAPE },     /* alg unprotected */
	{ "d8628440a0f6818346a20132044131a040", HF_ERR_COSE_SHAPE },           /* detached payload */
	{ "d8628440a04140818343a10132a040", HF_ERR_COSE_SHAPE },               /* no kid */
	{ "d8628440a04140818343a10132a104413140", HF_ERR_COSE_SHAPE },         /* kid unprotected */
	{ "d8628440a04140818440a04040", HF_ERR_COSE_SHAPE },                   /* four members */
	{ "d8628440a0414081" "8346a20132044131a040" "00", HF_ERR_CBOR_TRAILING },
	{ "d8628440a041409f" "8346a20132044131a040" "ff", HF_ERR_CBOR_FORM },
};

static void foreign_shapes_are_refused(void **unused)
{
	(void)unused;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		uint8_t mem[64];
		struct hf_out out = HF_OUT(mem);
		hf_bytes hex = { (const uint8_t *)shapes[i].hex, strlen(shapes[i].hex) };
		struct hf_cose_sign s;

		assert_int_equal(hf_hex_decode(hex, &out), HF_OK);
		assert_int_equal(hf_cose_sign_read(hf_out_bytes(&out), &s), shapes[i].err);
		assert_int_equal(s.n, shapes[i].err == HF_OK ? 1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_sorted_by_kid_and_each_verifies),
		cmocka_unit_test(es256_and_ed25519_sign_side_by_side),
		cmocka_unit_test(the_bytes_are_those_of_the_specification),
		cmocka_unit_test(every_changed_byte_is_refused_by_all_signatures),
		cmocka_unit_test(a_sign_signature_is_no_sign1_signature),
		cmocka_unit_test(co_signers_add_one_after_another),
		cmocka_unit_test(a_ninth_signature_is_refused),
		cmocka_unit_test(writers_refuse_a_repeated_or_missing_kid),
		cmocka_unit_test(the_order_and_repeats_of_others_are_seen),
		cmocka_unit_test(adding_to_an_object_with_one_signer_twice_is_refused),
		cmocka_unit_test(foreign_shapes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
