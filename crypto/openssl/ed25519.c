/* ed25519.c -- strict canonical, cofactorless Ed25519 by OpenSSL, plus the checks OpenSSL leaves out:
 * public keys of small order, non-canonical ones, and those that are no point (RFC 8032 s5.1.3; "Taming
 * the many EdDSAs").
 * SPDX-License-Identifier: Apache-2.0 */
#include "ossl_priv.h"

HF__OSSL_OWNER(free_md, EVP_MD_CTX, EVP_MD_CTX_free)
HF__OSSL_OWNER(free_bn_ctx, BN_CTX, BN_CTX_free)

/* y of the points of order 1, 2, 4 and 8, little-endian, sign bit clear. p-1 and the rest are canonical;
 * the check against p below covers their second spellings. */
static const uint8_t small_order[][HF_ED25519_PUB_LEN] = {
	{ 0 },
	{ 1 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* y < p = 2^255 - 19, little-endian. */
static bool is_canonical(const uint8_t y[static HF_ED25519_PUB_LEN])
{
	if (y[31] != 0x7f || y[0] < 0xed)
		return true;
	for (int i = 1; i < 31; i++)
		if (y[i] != 0xff)
			return true;
	return false;
}

/* Canonical and not of small order; `y` gets the coordinate, little-endian. */
static hf_err check_strength(const uint8_t *pub, uint8_t y[static HF_ED25519_PUB_LEN])
{
	for (size_t i = 0; i < HF_ED25519_PUB_LEN; i++)
		y[i] = pub[i];
	y[31] &= 0x7f;
	if (!is_canonical(y))
		return HF_ERR_CRYPTO_POINT;
	for (size_t i = 0; i < sizeof(small_order) / sizeof(small_order[0]); i++)
		if (hf_bytes_equal((hf_bytes){ y, HF_ED25519_PUB_LEN }, HF_ARR(small_order[i])))
			return HF_ERR_CRYPTO_POINT;
	return HF_OK;
}

/* uv = (y^2 - 1)(d y^2 + 1) modulo p; x^2 = u/v has a root where uv is a square (RFC 8032 s5.1.3). */
static bool find_uv(BN_CTX *ctx, BIGNUM *y, const BIGNUM *p, const BIGNUM *d, BIGNUM *uv)
{
	return BN_mod_sqr(y, y, p, ctx) == 1 && BN_mod_mul(uv, y, d, p, ctx) == 1 &&
	       BN_add_word(uv, 1) == 1 && BN_sub_word(y, 1) == 1 && BN_mod_mul(uv, uv, y, p, ctx) == 1;
}

/* OpenSSL asks this only when it verifies, and then its answer is that of a wrong signature. */
static hf_err check_curve(const uint8_t y[static HF_ED25519_PUB_LEN])
{
	BIGNUM *p HF_AUTO(hf__ossl_bn_free) = NULL;
	BIGNUM *d HF_AUTO(hf__ossl_bn_free) = NULL;
	BIGNUM *number HF_AUTO(hf__ossl_bn_free) = BN_lebin2bn(y, HF_ED25519_PUB_LEN, NULL);
	BIGNUM *uv HF_AUTO(hf__ossl_bn_free) = BN_new();
	BN_CTX *ctx HF_AUTO(free_bn_ctx) = BN_CTX_new();
	int symbol;

	if (number == NULL || uv == NULL || ctx == NULL ||
	    BN_hex2bn(&p, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed") == 0 ||
	    BN_hex2bn(&d, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3") == 0 ||
	    !find_uv(ctx, number, p, d, uv))
		return HF_ERR_CRYPTO_FAILED;
	symbol = BN_kronecker(uv, p, ctx);
	if (symbol < -1)
		return HF_ERR_CRYPTO_FAILED;
	return symbol == -1 ? HF_ERR_CRYPTO_POINT : HF_OK;
}

hf_err hf_crypto_ed25519_check(const uint8_t pub[static HF_ED25519_PUB_LEN])
{
	uint8_t y[HF_ED25519_PUB_LEN];

	HF_TRY(check_strength(pub, y));
	return check_curve(y);
}

hf_err hf_crypto_ed25519_verify(const uint8_t pub[static HF_ED25519_PUB_LEN], hf_bytes msg,
				const uint8_t sig[static HF_ED25519_SIG_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, HF_ED25519_PUB_LEN);
	EVP_MD_CTX *ctx HF_AUTO(free_md) = EVP_MD_CTX_new();
	uint8_t y[HF_ED25519_PUB_LEN];

	HF_TRY(check_strength(pub, y));
	if (key == NULL || ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return EVP_DigestVerify(ctx, sig, HF_ED25519_SIG_LEN, msg.ptr, msg.len) == 1
		       ? HF_OK
		       : HF_ERR_CRYPTO_SIGNATURE;
}

hf_err hf_crypto_ed25519_public(const struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->b, seed->len);
	size_t len = HF_ED25519_PUB_LEN;

	if (key == NULL)
		return HF_ERR_CRYPTO_KEY;
	return EVP_PKEY_get_raw_public_key(key, pub, &len) == 1 ? HF_OK : HF_ERR_CRYPTO_FAILED;
}

hf_err hf_crypto_ed25519_generate(struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	size_t len = HF_KEY_CAP;

	if (key == NULL || EVP_PKEY_get_raw_private_key(key, seed->b, &len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	seed->len = (uint8_t)len;
	return hf_crypto_ed25519_public(seed, pub);
}

hf_err hf_crypto_ed25519_sign(const struct hf_key *seed, hf_bytes msg, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->b, seed->len);
	EVP_MD_CTX *ctx HF_AUTO(free_md) = EVP_MD_CTX_new();
	size_t len = HF_ED25519_SIG_LEN;

	if (key == NULL)
		return HF_ERR_CRYPTO_KEY;
	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, msg.ptr, msg.len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}
