/* hwkey.c -- the only place that touches EC_KEY_METHOD: OpenSSL signs, our callback holds the key.
 * SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <pthread.h>
#include <hf/hwkey.h>
#include "x509_priv.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_KEY_METHOD *method;
static int key_index = -1;

static size_t half_len(const struct hf_hwkey *key)
{
	return key->curve == HF_CURVE_P384 ? 48 : 32;
}

static ECDSA_SIG *sign_sig(const unsigned char *digest, int len, const BIGNUM *kinv, const BIGNUM *rp,
			   EC_KEY *ec)
{
	const struct hf_hwkey *key = EC_KEY_get_ex_data(ec, key_index);
	size_t half = key == NULL ? 0 : half_len(key);
	uint8_t rs[HF_P384_SIG_LEN];
	BIGNUM *r, *s;
	ECDSA_SIG *sig;

	(void)kinv;
	(void)rp;
	if (key == NULL || len != (int)half || key->sign(key->ctx, digest, half, rs) != HF_OK)
		return NULL;
	r = BN_bin2bn(rs, (int)half, NULL);
	s = BN_bin2bn(rs + half, (int)half, NULL);
	sig = ECDSA_SIG_new();
	if (r == NULL || s == NULL || sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(sig);
		return NULL;
	}
	return sig;
}

static int sign_der(int type, const unsigned char *digest, int len, unsigned char *out, unsigned int *out_len,
		    const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *ec)
{
	ECDSA_SIG *sig HF_AUTO(hf__ossl_sig_free) = sign_sig(digest, len, kinv, rp, ec);
	int n;

	(void)type;
	if (sig == NULL)
		return 0;
	n = i2d_ECDSA_SIG(sig, &out);
	*out_len = n > 0 ? (unsigned int)n : 0;
	return n > 0;
}

static void make_method(void)
{
	int (*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **) = NULL;

	key_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (method == NULL)
		return;
	EC_KEY_METHOD_get_sign(method, NULL, &setup, NULL);
	EC_KEY_METHOD_set_sign(method, sign_der, setup, sign_sig);
}

HF__OSSL_OWNER(free_ec, EC_KEY, EC_KEY_free)

static hf_err new_ec(int curve, const uint8_t *pub, EC_KEY **out)
{
	EC_KEY *ec = EC_KEY_new_by_curve_name(curve == HF_CURVE_P384 ? NID_secp384r1 : NID_X9_62_prime256v1);
	const uint8_t *at = pub;

	*out = ec;
	if (ec == NULL)
		return HF_ERR_CRYPTO_FAILED;
	if (pub[0] != 4 ||
	    o2i_ECPublicKey(&ec, &at, curve == HF_CURVE_P384 ? HF_P384_POINT_LEN : HF_P256_POINT_LEN) == NULL)
		return HF_ERR_CRYPTO_POINT;
	return HF_OK;
}

static hf_err wrap(EC_KEY *ec, EVP_PKEY **out)
{
	*out = EVP_PKEY_new();
	if (*out != NULL && EVP_PKEY_set1_EC_KEY(*out, ec) == 1)
		return HF_OK;
	EVP_PKEY_free(*out);
	*out = NULL;
	return HF_ERR_CRYPTO_FAILED;
}

hf_err hf_hwkey_evp(const struct hf_hwkey *key, EVP_PKEY **out)
{
	EC_KEY *ec HF_AUTO(free_ec) = NULL;

	*out = NULL;
	pthread_once(&once, make_method);
	if (method == NULL)
		return HF_ERR_CRYPTO_FAILED;
	HF_TRY(new_ec(key->curve, key->pub, &ec));
	if (EC_KEY_set_method(ec, method) != 1 ||
	    EC_KEY_set_ex_data(ec, key_index, (void *)(uintptr_t)key) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return wrap(ec, out);
}

/* Of the older kind on purpose: OpenSSL 3 encodes it into a certificate in under 1 us, a key of its providers
 * through two generic coders in about 150. */
hf_err hf__x509_public(int curve, const uint8_t *pub, EVP_PKEY **out)
{
	EC_KEY *ec HF_AUTO(free_ec) = NULL;

	*out = NULL;
	HF_TRY(new_ec(curve, pub, &ec));
	return wrap(ec, out);
}
