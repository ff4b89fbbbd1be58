/* p256.c -- P-256 keys, signatures and key agreement by OpenSSL.
 * Every foreign point is decoded by EC_POINT_oct2point, which refuses points off the curve, and the
 * point at infinity cannot be spelled in 65 bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include "ossl_priv.h"

HF__OSSL_OWNER(free_build, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
HF__OSSL_OWNER(free_params, OSSL_PARAM, OSSL_PARAM_free)

/* Made once and only read afterwards: making it costs more than a signature. */
static pthread_once_t group_once = PTHREAD_ONCE_INIT;
static EC_GROUP *the_group;

static void make_group(void)
{
	the_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

static const EC_GROUP *p256_group(void)
{
	(void)pthread_once(&group_once, make_group);
	return the_group;
}

static hf_err decode_point(hf_bytes in, uint8_t pub[static HF_P256_POINT_LEN])
{
	const EC_GROUP *group = p256_group();
	EC_POINT *point HF_AUTO(hf__ossl_point_free) = group == NULL ? NULL : EC_POINT_new(group);

	if (point == NULL)
		return HF_ERR_CRYPTO_FAILED;
	if (EC_POINT_oct2point(group, point, in.ptr, in.len, NULL) != 1 ||
	    EC_POINT_is_at_infinity(group, point))
		return HF_ERR_CRYPTO_POINT;
	if (EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, HF_P256_POINT_LEN, NULL) !=
	    HF_P256_POINT_LEN)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

hf_err hf_crypto_p256_check(const uint8_t pub[static HF_P256_POINT_LEN])
{
	uint8_t same[HF_P256_POINT_LEN];

	if (pub[0] != POINT_CONVERSION_UNCOMPRESSED)
		return HF_ERR_CRYPTO_POINT;
	return decode_point((hf_bytes){ pub, HF_P256_POINT_LEN }, same);
}

hf_err hf_crypto_p256_decompress(const uint8_t in[static HF_P256_COMPRESSED_LEN],
				 uint8_t pub[static HF_P256_POINT_LEN])
{
	return decode_point((hf_bytes){ in, HF_P256_COMPRESSED_LEN }, pub);
}

static hf_err from_params(OSSL_PARAM_BLD *build, int selection, EVP_PKEY **key)
{
	OSSL_PARAM *params HF_AUTO(free_params) = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx HF_AUTO(hf__ossl_pkey_ctx_free) = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	*key = NULL;
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return EVP_PKEY_fromdata(ctx, key, selection, params) == 1 ? HF_OK : HF_ERR_CRYPTO_KEY;
}

static hf_err public_from_params(const uint8_t pub[static HF_P256_POINT_LEN], EVP_PKEY **key)
{
	OSSL_PARAM_BLD *build HF_AUTO(free_build) = OSSL_PARAM_BLD_new();

	if (build == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, pub, HF_P256_POINT_LEN) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return from_params(build, EVP_PKEY_PUBLIC_KEY, key);
}

/* A public key whose copies take another point: a quarter of the cost of making one from parameters. */
static pthread_once_t model_once = PTHREAD_ONCE_INIT;
static EVP_PKEY *model;

static void make_model(void)
{
	const EC_GROUP *group = p256_group();
	uint8_t pub[HF_P256_POINT_LEN];

	if (group == NULL || EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
						POINT_CONVERSION_UNCOMPRESSED, pub, sizeof(pub),
						NULL) != sizeof(pub) ||
	    public_from_params(pub, &model) != HF_OK)
		model = NULL;
}

hf_err hf__ossl_p256_public(const uint8_t pub[static HF_P256_POINT_LEN], EVP_PKEY **key)
{
	*key = NULL;
	HF_TRY(hf_crypto_p256_check(pub));
	(void)pthread_once(&model_once, make_model);
	*key = model == NULL ? NULL : EVP_PKEY_dup(model);
	if (*key != NULL && EVP_PKEY_set1_encoded_public_key(*key, pub, HF_P256_POINT_LEN) == 1)
		return HF_OK;
	EVP_PKEY_free(*key);
	*key = NULL;
	return HF_ERR_CRYPTO_FAILED;
}

static hf_err scalar_point(const BIGNUM *scalar, uint8_t pub[static HF_P256_POINT_LEN])
{
	const EC_GROUP *group = p256_group();
	EC_POINT *point HF_AUTO(hf__ossl_point_free) = group == NULL ? NULL : EC_POINT_new(group);

	if (point == NULL)
		return HF_ERR_CRYPTO_FAILED;
	if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
		return HF_ERR_CRYPTO_KEY;
	if (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) != 1 ||
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, HF_P256_POINT_LEN, NULL) !=
		    HF_P256_POINT_LEN)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

static BIGNUM *new_scalar(const struct hf_key *secret)
{
	BIGNUM *scalar = BN_secure_new();

	if (scalar != NULL)
		BN_set_flags(scalar, BN_FLG_CONSTTIME);
	if (scalar == NULL || BN_bin2bn(secret->b, secret->len, scalar) == NULL) {
		BN_clear_free(scalar);
		return NULL;
	}
	return scalar;
}

hf_err hf_crypto_p256_public(const struct hf_key *secret, uint8_t pub[static HF_P256_POINT_LEN])
{
	BIGNUM *scalar HF_AUTO(hf__ossl_bn_free) = secret->len == 32 ? new_scalar(secret) : NULL;

	return scalar == NULL ? HF_ERR_CRYPTO_KEY : scalar_point(scalar, pub);
}

hf_err hf__ossl_p256_private(const struct hf_key *secret, EVP_PKEY **key)
{
	BIGNUM *scalar HF_AUTO(hf__ossl_bn_free) = secret->len == 32 ? new_scalar(secret) : NULL;
	OSSL_PARAM_BLD *build HF_AUTO(free_build) = OSSL_PARAM_BLD_new();
	uint8_t pub[HF_P256_POINT_LEN];

	*key = NULL;
	if (scalar == NULL)
		return HF_ERR_CRYPTO_KEY;
	HF_TRY(scalar_point(scalar, pub));
	if (build == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, pub, HF_P256_POINT_LEN) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return from_params(build, EVP_PKEY_KEYPAIR, key);
}

hf_err hf_crypto_p256_generate(struct hf_key *secret, uint8_t pub[static HF_P256_POINT_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = EVP_EC_gen("P-256");
	BIGNUM *scalar HF_AUTO(hf__ossl_bn_free) = BN_secure_new();

	if (key == NULL || scalar == NULL ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1 ||
	    BN_bn2binpad(scalar, secret->b, 32) != 32)
		return HF_ERR_CRYPTO_FAILED;
	secret->len = 32;
	return hf_crypto_p256_public(secret, pub);
}

static hf_err encode_rs(const uint8_t *der, size_t len, uint8_t rs[static HF_P256_SIG_LEN])
{
	ECDSA_SIG *sig HF_AUTO(hf__ossl_sig_free) = d2i_ECDSA_SIG(NULL, &der, (long)len);

	if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) != 32 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) != 32)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

hf_err hf_crypto_p256_sign(const struct hf_key *secret, const uint8_t digest[static HF_SHA256_LEN],
			   uint8_t rs[static HF_P256_SIG_LEN])
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;
	EVP_PKEY_CTX *ctx HF_AUTO(hf__ossl_pkey_ctx_free) = NULL;
	uint8_t der[80];
	size_t len = sizeof(der);

	HF_TRY(hf__ossl_p256_private(secret, &key));
	ctx = EVP_PKEY_CTX_new(key, NULL);
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_sign(ctx, der, &len, digest, HF_SHA256_LEN) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return encode_rs(der, len, rs);
}

/* r || s as the DER that EVP wants; at most 72 bytes. */
static int encode_der(const uint8_t rs[static HF_P256_SIG_LEN], uint8_t *der)
{
	ECDSA_SIG *sig HF_AUTO(hf__ossl_sig_free) = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(rs, 32, NULL);
	BIGNUM *s = BN_bin2bn(rs + 32, 32, NULL);

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return -1;
	}
	return i2d_ECDSA_SIG(sig, &der);
}

hf_err hf__ossl_p256_verify_der(const uint8_t pub[static HF_P256_POINT_LEN],
				const uint8_t digest[static HF_SHA256_LEN], hf_bytes sig)
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;
	EVP_PKEY_CTX *ctx HF_AUTO(hf__ossl_pkey_ctx_free) = NULL;

	HF_TRY(hf__ossl_p256_public(pub, &key));
	ctx = EVP_PKEY_CTX_new(key, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return EVP_PKEY_verify(ctx, sig.ptr, sig.len, digest, HF_SHA256_LEN) == 1 ? HF_OK
										  : HF_ERR_CRYPTO_SIGNATURE;
}

hf_err hf_crypto_p256_verify(const uint8_t pub[static HF_P256_POINT_LEN],
			     const uint8_t digest[static HF_SHA256_LEN],
			     const uint8_t rs[static HF_P256_SIG_LEN])
{
	uint8_t der[80];
	int len = encode_der(rs, der);

	if (len <= 0)
		return HF_ERR_CRYPTO_FAILED;
	return hf__ossl_p256_verify_der(pub, digest, (hf_bytes){ der, (size_t)len });
}

hf_err hf_crypto_p256_ecdh(const struct hf_key *secret, const uint8_t peer[static HF_P256_POINT_LEN],
			   struct hf_key *x)
{
	EVP_PKEY *mine HF_AUTO(hf__ossl_pkey_free) = NULL;
	EVP_PKEY *theirs HF_AUTO(hf__ossl_pkey_free) = NULL;
	EVP_PKEY_CTX *ctx HF_AUTO(hf__ossl_pkey_ctx_free) = NULL;
	size_t len = HF_KEY_CAP;

	HF_TRY(hf__ossl_p256_public(peer, &theirs));
	HF_TRY(hf__ossl_p256_private(secret, &mine));
	ctx = EVP_PKEY_CTX_new(mine, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, theirs) != 1 ||
	    EVP_PKEY_derive(ctx, x->b, &len) != 1 || len != 32)
		return HF_ERR_CRYPTO_FAILED;
	x->len = 32;
	return HF_OK;
}

static hf_err sign_with_secret(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	return n == HF_SHA256_LEN ? hf_crypto_p256_sign(ctx, digest, rs) : HF_ERR_BASE_MISUSE;
}

static hf_err derive_with_secret(void *ctx, const uint8_t peer[static HF_P256_POINT_LEN], struct hf_key *x)
{
	return hf_crypto_p256_ecdh(ctx, peer, x);
}

hf_err hf_crypto_p256_hwkey(const struct hf_key *secret, struct hf_hwkey *key)
{
	*key = (struct hf_hwkey){ .sign = sign_with_secret,
				  .ctx = (void *)(uintptr_t)secret,
				  .curve = HF_CURVE_P256 };
	return hf_crypto_p256_public(secret, key->pub);
}

hf_err hf_crypto_p256_ecdhkey(const struct hf_key *secret, struct hf_ecdhkey *key)
{
	*key = (struct hf_ecdhkey){ .derive = derive_with_secret, .ctx = (void *)(uintptr_t)secret };
	return hf_crypto_p256_public(secret, key->pub);
}
