/* Unit tests of cose.h: COSE_Encrypt0.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/cose.h>

#define AAD HF_STR("hf/frame/1/abcdefghijklmnop")
#define PLAIN HF_STR("open the valve by 7 percent")
#define KID HF_STR("the-kid8")

struct rig {
	struct hf_port port;
	struct hf_key shared;
	uint8_t base_iv[HF_AEAD_NONCE_LEN];
	uint8_t mem[512], plain_mem[512];
	struct hf_out out, plain;
};

static int setup(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;

	*r = (struct rig){ 0 };
	hf_fake_init(&r->port, 7);
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

static void encrypt0_opens_with_full_and_partial_iv(void **state)
{
	struct rig *r = *state;
	struct hf_cose_encrypt0 e;

	assert_int_equal(hf_cose_encrypt0_write(&r->port, &r->shared, KID, AAD, PLAIN, &r->out), HF_OK);
	assert_true(r->out.len <= PLAIN.len + HF_COSE_ENCRYPT0_OVERHEAD);
	assert_int_equal(hf_cose_encrypt0_read(hf_out_bytes(&r->out), &e), HF_OK);
	assert_true(hf_bytes_equal(e.kid, KID));
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, NULL, AAD, &r->plain), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->plain), PLAIN));
	r->out.len = r->plain.len = 0;
	assert_int_equal(hf_cose_encrypt0_write_partial(&r->shared, KID, r->base_iv, HF_STR("\0\0\0\7"), AAD,
							PLAIN, &r->out),
			 HF_OK);
	assert_memory_equal(r->mem, "\xd0\x83\x4d\xa2\x01\x03\x04\x48the-kid8\xa1\x06\x44\0\0\0\7\x58\x2b",
			    25);
	assert_int_equal(hf_cose_encrypt0_read(hf_out_bytes(&r->out), &e), HF_OK);
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, r->base_iv, AAD, &r->plain), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->plain), PLAIN));
	r->plain.len = 0;
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, NULL, AAD, &r->plain), HF_ERR_COSE_SHAPE);
	r->base_iv[11] ^= 1;
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, r->base_iv, AAD, &r->plain),
			 HF_ERR_COSE_DECRYPT);
	r->shared.len = 16;
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, r->base_iv, AAD, &r->plain),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(r->plain.len, 0);
}

static void the_partial_iv_is_added_from_the_right(void **state)
{
	struct rig *r = *state;
	uint8_t full[HF_AEAD_NONCE_LEN];
	struct hf_cose_encrypt0 e;

	assert_int_equal(hf_cose_encrypt0_write_partial(&r->shared, KID, r->base_iv, HF_STR("\x01\x80"), AAD,
							PLAIN, &r->out),
			 HF_OK);
	assert_int_equal(hf_cose_encrypt0_read(hf_out_bytes(&r->out), &e), HF_OK);
	memset(full, 0x11, sizeof(full));
	full[10] ^= 0x01;
	full[11] ^= 0x80;
	e.partial_iv = (hf_bytes){ 0 };
	e.iv = HF_ARR(full);
	assert_int_equal(hf_cose_encrypt0_open(&e, &r->shared, NULL, AAD, &r->plain), HF_OK);
	assert_int_equal(hf_cose_encrypt0_write_partial(&r->shared, KID, r->base_iv, (hf_bytes){ 0 }, AAD,
							PLAIN, &r->out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_cose_encrypt0_write_partial(&r->shared, KID, r->base_iv, HF_STR("0123456789abc"),
							AAD, PLAIN, &r->out),
			 HF_ERR_BASE_MISUSE);
}

#define ZEROS_16 "00000000000000000000000000000000"

static const struct {
	const char *hex;
	hf_err err;
} shapes[] = {
	{ "d08343a10103a106410750" ZEROS_16, HF_OK },
	{ "8343a10103a106410750" ZEROS_16, HF_ERR_COSE_SHAPE },           /* no tag */
	{ "d18343a10103a106410750" ZEROS_16, HF_ERR_COSE_SHAPE },         /* tag of a Mac0 */
	{ "d08343a10101a106410750" ZEROS_16, HF_ERR_COSE_ALG },           /* A128GCM */
	{ "d08340a106410750" ZEROS_16, HF_ERR_CBOR_SHORT },               /* no alg */
	{ "d08340a20103" "06410750" ZEROS_16, HF_ERR_COSE_SHAPE },        /* alg unprotected */
	{ "d08343a10103a050" ZEROS_16, HF_ERR_COSE_SHAPE },               /* no IV at all */
	{ "d08343a10103a1064050" ZEROS_16, HF_ERR_COSE_SHAPE },           /* empty partial IV */
	{ "d08343a10103a1064d" "00000000000000000000000000" "50" ZEROS_16, HF_ERR_COSE_SHAPE },
	{ "d08343a10103a1054b" "0000000000000000000000" "50" ZEROS_16, HF_ERR_COSE_SHAPE },
	{ "d08343a10103a104410750" ZEROS_16, HF_ERR_COSE_SHAPE },         /* kid unprotected */
	{ "d08343a10103a2054c" "000000000000000000000000" "06410750" ZEROS_16, HF_ERR_COSE_SHAPE }, /* both */
	{ "d08343a10103a10641074f" "000000000000000000000000000000", HF_ERR_COSE_SHAPE }, /* below a tag */
	{ "d08343a10103a1064107f6", HF_ERR_COSE_SHAPE },                  /* detached */
	{ "d08443a10103a106410750" ZEROS_16 "80", HF_ERR_COSE_SHAPE },    /* a recipients array */
};

static void foreign_shapes_are_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		uint8_t mem[64];
		struct hf_out out = HF_OUT(mem);
		struct hf_cose_encrypt0 e;
		hf_bytes hex = { (const uint8_t *)shapes[i].hex, strlen(shapes[i].hex) };

		assert_int_equal(hf_hex_decode(hex, &out), HF_OK);
		assert_int_equal(hf_cose_encrypt0_read(hf_out_bytes(&out), &e), shapes[i].err);
		if (shapes[i].err != HF_OK)
			assert_null(e.protected_header.ptr);
	}
}

static void every_changed_byte_is_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_cose_encrypt0_write(&r->port, &r->shared, KID, AAD, PLAIN, &r->out), HF_OK);
	for (size_t i = 0; i < r->out.len; i++) {
		struct hf_cose_encrypt0 e;

		r->mem[i] ^= 0x01;
		if (hf_cose_encrypt0_read(hf_out_bytes(&r->out), &e) == HF_OK)
			assert_int_not_equal(
				hf_cose_encrypt0_open(&e, &r->shared, r->base_iv, AAD, &r->plain), HF_OK);
		assert_int_equal(r->plain.len, 0);
		r->mem[i] ^= 0x01;
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(encrypt0_opens_with_full_and_partial_iv),
		CASE(the_partial_iv_is_added_from_the_right),
		CASE(foreign_shapes_are_refused),
		CASE(every_changed_byte_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
