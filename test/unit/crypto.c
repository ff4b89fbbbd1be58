/* Unit tests of crypto.h against published vectors.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/crypto.h>

static struct hf_out unhex(uint8_t *mem, size_t cap, const char *text)
{
	struct hf_out out = { mem, cap, 0 };

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)text, strlen(text) }, &out), HF_OK);
	return out;
}

static void assert_hex(const uint8_t *got, size_t len, const char *text)
{
	uint8_t mem[256];
	struct hf_out want = unhex(mem, sizeof(mem), text);

	assert_int_equal(len, want.len);
	assert_memory_equal(got, want.ptr, len);
}

static void sha256_over_parts_is_sha256_over_the_whole(void **unused)
{
	const hf_bytes parts[] = { HF_STR("a"), { NULL, 0 }, HF_STR("bc") };
	uint8_t out[48];
	(void)unused;

	assert_int_equal(hf_crypto_sha256(parts, 3, out), HF_OK);
	assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(hf_crypto_sha384(parts, 3, out), HF_OK);
	assert_hex(out, 48,
		   "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		   "8086072ba1e7cc2358baeca134c825a7");
}

static void hmac_matches_rfc4231_case_2(void **unused)
{
	const hf_bytes parts[] = { HF_STR("what do ya want "), HF_STR("for nothing?") };
	uint8_t out[32];
	(void)unused;

	assert_int_equal(hf_crypto_hmac(HF_STR("Jefe"), parts, 2, out), HF_OK);
	assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hkdf_matches_rfc5869_cases_1_and_3(void **unused)
{
	uint8_t ikm[22], salt[16], info[16], out[42];
	(void)unused;

	memset(ikm, 0x0b, sizeof(ikm));
	struct hf_out s = unhex(salt, sizeof(salt), "000102030405060708090a0b0c");
	struct hf_out i = unhex(info, sizeof(info), "f0f1f2f3f4f5f6f7f8f9");
	assert_int_equal(hf_crypto_hkdf(hf_out_bytes(&s), HF_ARR(ikm), hf_out_bytes(&i), out, 42), HF_OK);
	assert_hex(out, 42,
		   "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
	assert_int_equal(hf_crypto_hkdf((hf_bytes){ 0 }, HF_ARR(ikm), (hf_bytes){ 0 }, out, 42), HF_OK);
	assert_hex(out, 42,
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
	assert_int_equal(hf_crypto_hkdf((hf_bytes){ 0 }, HF_ARR(ikm), (hf_bytes){ 0 }, out, 8161),
			 HF_ERR_BASE_MISUSE);
}

static void aes_gcm_round_trips_and_refuses_a_changed_bit(void **unused)
{
	struct hf_key key = { .len = 32 };
	uint8_t nonce[12] = { 0 }, box[16 + 16], plain[16];
	(void)unused;

	/* NIST GCM test case 14: zero key, nonce and block. */
	memset(plain, 0, sizeof(plain));
	assert_int_equal(hf_crypto_aead_seal(&key, nonce, (hf_bytes){ 0 }, HF_ARR(plain), box), HF_OK);
	assert_hex(box, 32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
	for (size_t bit = 0; bit < sizeof(box) * 8; bit++) {
		box[bit / 8] = (uint8_t)(box[bit / 8] ^ 1u << bit % 8);
		memset(plain, 7, sizeof(plain));
		assert_int_equal(hf_crypto_aead_open(&key, nonce, (hf_bytes){ 0 }, HF_ARR(box), plain),
				 HF_ERR_CRYPTO_TAG);
		assert_int_equal(plain[3], 0);
		box[bit / 8] = (uint8_t)(box[bit / 8] ^ 1u << bit % 8);
	}
	assert_int_equal(hf_crypto_aead_open(&key, nonce, (hf_bytes){ 0 }, HF_ARR(box), box), HF_OK);
	assert_int_equal(hf_crypto_aead_open(&key, nonce, (hf_bytes){ 0 }, (hf_bytes){ box, 15 }, plain),
			 HF_ERR_CRYPTO_TAG);
	key.len = 24;
	assert_int_equal(hf_crypto_aead_seal(&key, nonce, (hf_bytes){ 0 }, HF_ARR(plain), box),
			 HF_ERR_BASE_MISUSE);
}

static void p256_verifies_rfc6979_and_refuses_other_digests(void **unused)
{
	uint8_t pub[65], rs[64], mem[32], digest[32];
	struct hf_key secret = { .len = 32 };
	const hf_bytes sample = HF_STR("sample"), test = HF_STR("test");
	(void)unused;

	unhex(secret.b, 32, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
	assert_int_equal(hf_crypto_p256_public(&secret, pub), HF_OK);
	assert_hex(pub + 1, 32, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
	unhex(rs, 32, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
	unhex(mem, 32, "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	memcpy(rs + 32, mem, 32);
	assert_int_equal(hf_crypto_sha256(&sample, 1, digest), HF_OK);
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_OK);
	assert_int_equal(hf_crypto_p256_sign(&secret, digest, rs), HF_OK);
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_OK);
	assert_int_equal(hf_crypto_sha256(&test, 1, digest), HF_OK);
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_ERR_CRYPTO_SIGNATURE);
	memset(rs, 0, sizeof(rs));
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_ERR_CRYPTO_SIGNATURE);
}

static void points_off_the_curve_are_refused_everywhere(void **unused)
{
	struct hf_key secret = { 0 }, x = { 0 };
	uint8_t pub[65], rs[64] = { 1 }, digest[32] = { 0 }, packed[33], full[65];
	(void)unused;

	assert_int_equal(hf_crypto_p256_generate(&secret, pub), HF_OK);
	memcpy(packed + 1, pub + 1, 32);
	packed[0] = (uint8_t)(2 + (pub[64] & 1));
	assert_int_equal(hf_crypto_p256_decompress(packed, full), HF_OK);
	assert_memory_equal(full, pub, 65);
	pub[64] ^= 1;
	assert_int_equal(hf_crypto_p256_check(pub), HF_ERR_CRYPTO_POINT);
	assert_int_equal(hf_crypto_p256_ecdh(&secret, pub, &x), HF_ERR_CRYPTO_POINT);
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_ERR_CRYPTO_POINT);
	memset(packed + 1, 0xff, 32);
	assert_int_equal(hf_crypto_p256_decompress(packed, full), HF_ERR_CRYPTO_POINT);
	memset(pub, 0, sizeof(pub));
	assert_int_equal(hf_crypto_p256_check(pub), HF_ERR_CRYPTO_POINT);
}

static void both_sides_agree_on_a_shared_secret_through_the_callbacks(void **unused)
{
	struct hf_key a = { 0 }, b = { 0 }, ab = { 0 }, ba = { 0 };
	uint8_t pub_a[65], pub_b[65], digest[32] = { 9 }, rs[64];
	struct hf_ecdhkey ea, eb;
	struct hf_hwkey key;
	(void)unused;

	assert_int_equal(hf_crypto_p256_generate(&a, pub_a), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&b, pub_b), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&a, &ea), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&b, &eb), HF_OK);
	assert_int_equal(ea.derive(ea.ctx, pub_b, &ab), HF_OK);
	assert_int_equal(eb.derive(eb.ctx, ea.pub, &ba), HF_OK);
	assert_memory_equal(ab.b, ba.b, 32);
	assert_int_equal(hf_crypto_p256_hwkey(&a, &key), HF_OK);
	assert_int_equal(key.sign(key.ctx, digest, 32, rs), HF_OK);
	assert_int_equal(key.sign(key.ctx, digest, 48, rs), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_crypto_p256_verify(key.pub, digest, rs), HF_OK);
	memset(a.b, 0, 32);
	assert_int_equal(hf_crypto_p256_hwkey(&a, &key), HF_ERR_CRYPTO_KEY);
	memset(a.b, 0xff, 32);
	assert_int_equal(hf_crypto_p256_public(&a, pub_a), HF_ERR_CRYPTO_KEY);
}

static void ed25519_matches_rfc8032_test_2(void **unused)
{
	struct hf_key seed = { .len = 32 };
	uint8_t pub[32], sig[64];
	(void)unused;

	unhex(seed.b, 32, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
	assert_int_equal(hf_crypto_ed25519_public(&seed, pub), HF_OK);
	assert_hex(pub, 32, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
	assert_int_equal(hf_crypto_ed25519_sign(&seed, HF_STR("r"), sig), HF_OK);
	assert_hex(sig, 64,
		   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	assert_int_equal(hf_crypto_ed25519_verify(pub, HF_STR("r"), sig), HF_OK);
	assert_int_equal(hf_crypto_ed25519_verify(pub, HF_STR("s"), sig), HF_ERR_CRYPTO_SIGNATURE);
}

/* S + L is the same number modulo L: whoever accepts it lets anybody respell a signature. */
static void ed25519_refuses_s_not_below_the_group_order(void **unused)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
					   0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	struct hf_key seed = { 0 };
	uint8_t pub[32], sig[64];
	unsigned carry = 0;
	(void)unused;

	assert_int_equal(hf_crypto_ed25519_generate(&seed, pub), HF_OK);
	assert_int_equal(hf_crypto_ed25519_sign(&seed, HF_STR("x"), sig), HF_OK);
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(hf_crypto_ed25519_verify(pub, HF_STR("x"), sig), HF_ERR_CRYPTO_SIGNATURE);
}

static void ed25519_refuses_small_order_and_non_canonical_keys(void **unused)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = p */
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = p + 3 */
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t pub[32],
		sig[64] = { 1 }; /* R = identity, S = 0: verifies under the identity key in lax code */
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unhex(pub, sizeof(pub), bad[i]);
		assert_int_equal(hf_crypto_ed25519_check(pub), HF_ERR_CRYPTO_POINT);
		assert_int_equal(hf_crypto_ed25519_verify(pub, HF_STR("x"), sig), HF_ERR_CRYPTO_POINT);
	}
}

static void a_kid_is_the_first_eight_bytes_of_the_hash(void **unused)
{
	uint8_t kid[8];
	(void)unused;

	assert_int_equal(hf_crypto_kid(HF_STR("abc"), kid), HF_OK);
	assert_hex(kid, 8, "ba7816bf8f01cfea");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_over_parts_is_sha256_over_the_whole),
		cmocka_unit_test(hmac_matches_rfc4231_case_2),
		cmocka_unit_test(hkdf_matches_rfc5869_cases_1_and_3),
		cmocka_unit_test(aes_gcm_round_trips_and_refuses_a_changed_bit),
		cmocka_unit_test(p256_verifies_rfc6979_and_refuses_other_digests),
		cmocka_unit_test(points_off_the_curve_are_refused_everywhere),
		cmocka_unit_test(both_sides_agree_on_a_shared_secret_through_the_callbacks),
		cmocka_unit_test(ed25519_matches_rfc8032_test_2),
		cmocka_unit_test(ed25519_refuses_s_not_below_the_group_order),
		cmocka_unit_test(ed25519_refuses_small_order_and_non_canonical_keys),
		cmocka_unit_test(a_kid_is_the_first_eight_bytes_of_the_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
