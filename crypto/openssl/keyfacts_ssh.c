/* keyfacts_ssh.c -- public keys as SSH writes them, and the first use of every decoder.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>
#include <hf/keyfacts.h>
#include "x509_priv.h"

HF__OSSL_OWNER(free_builder, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
HF__OSSL_OWNER(free_params, OSSL_PARAM, OSSL_PARAM_free)

/* RFC 4251 s5: a string is its length and its bytes. */
static bool take(hf_bytes *rest, hf_bytes *string)
{
	uint32_t len;

	if (rest->len < 4)
		return false;
	len = hf_get_be32(rest->ptr);
	if (len > rest->len - 4)
		return false;
	*string = (hf_bytes){ rest->ptr + 4, len };
	*rest = (hf_bytes){ rest->ptr + 4 + len, rest->len - 4 - len };
	return true;
}

static hf_err from_params(const char *type, OSSL_PARAM_BLD *builder, struct hf_keyfacts *out)
{
	OSSL_PARAM *params HF_AUTO(free_params) = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx HF_AUTO(hf__ossl_pkey_ctx_free) = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return HF_ERR_CRYPTO_KEY;
	return hf__keyfacts_measure(key, out);
}

static hf_err read_rsa(hf_bytes rest, struct hf_keyfacts *out)
{
	OSSL_PARAM_BLD *builder HF_AUTO(free_builder) = OSSL_PARAM_BLD_new();
	BIGNUM *n HF_AUTO(hf__ossl_bn_free) = NULL, *e HF_AUTO(hf__ossl_bn_free) = NULL;
	hf_bytes exponent = { 0 }, modulus = { 0 };

	if (!take(&rest, &exponent) || !take(&rest, &modulus) || rest.len != 0 || modulus.len > 4096 ||
	    exponent.len > 64)
		return HF_ERR_CRYPTO_KEY;
	n = BN_bin2bn(modulus.ptr, (int)modulus.len, NULL);
	e = BN_bin2bn(exponent.ptr, (int)exponent.len, NULL);
	if (builder == NULL || n == NULL || e == NULL ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return HF_ERR_CRYPTO_KEY;
	return from_params("RSA", builder, out);
}

static hf_err read_ec(hf_bytes rest, struct hf_keyfacts *out)
{
	static const struct {
		hf_bytes ssh;
		const char *ossl;
	} curves[] = { { { (const uint8_t *)"nistp256", 8 }, "prime256v1" },
		       { { (const uint8_t *)"nistp384", 8 }, "secp384r1" },
		       { { (const uint8_t *)"nistp521", 8 }, "secp521r1" } };
	OSSL_PARAM_BLD *builder HF_AUTO(free_builder) = OSSL_PARAM_BLD_new();
	hf_bytes curve = { 0 }, point = { 0 };

	if (builder == NULL || !take(&rest, &curve) || !take(&rest, &point) || rest.len != 0)
		return HF_ERR_CRYPTO_KEY;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (hf_bytes_equal(curve, curves[i].ssh)) {
			if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
							    curves[i].ossl, 0) != 1 ||
			    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.ptr,
							     point.len) != 1)
				return HF_ERR_CRYPTO_KEY;
			return from_params("EC", builder, out);
		}
	return HF_ERR_CRYPTO_KEY;
}

static hf_err read_ed25519(hf_bytes rest, struct hf_keyfacts *out)
{
	EVP_PKEY *key HF_AUTO(hf__ossl_pkey_free) = NULL;
	hf_bytes pub = { 0 };

	if (!take(&rest, &pub) || pub.len != HF_ED25519_PUB_LEN)
		return HF_ERR_CRYPTO_KEY;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.ptr, pub.len);
	return hf__keyfacts_measure(key, out);
}

/* Only its size: nobody pins a DSA key any more. */
static hf_err read_dsa(hf_bytes rest, struct hf_keyfacts *out)
{
	hf_bytes p = { 0 };

	if (!take(&rest, &p) || p.len < 64 || p.len > 1025)
		return HF_ERR_CRYPTO_KEY;
	*out = (struct hf_keyfacts){ .alg = HF_KEYFACTS_DSA, .bits = (unsigned)(p.len & ~(size_t)1) * 8 };
	return HF_OK;
}

hf_err hf_keyfacts_ssh(hf_bytes blob, struct hf_keyfacts *out)
{
	hf_err err = HF_ERR_CRYPTO_KEY;
	hf_bytes kind = { 0 };

	*out = (struct hf_keyfacts){ 0 };
	if (blob.len > HF_KEYFACTS_MAX || !take(&blob, &kind))
		return err;
	if (hf_bytes_equal(kind, HF_STR("ssh-rsa")))
		err = read_rsa(blob, out);
	else if (hf_bytes_equal(kind, HF_STR("ssh-dss")))
		err = read_dsa(blob, out);
	else if (hf_bytes_equal(kind, HF_STR("ssh-ed25519")))
		err = read_ed25519(blob, out);
	else if (kind.len > 11 && memcmp(kind.ptr, "ecdsa-sha2-", 11) == 0)
		err = read_ec(blob, out);
	ERR_clear_error();
	return err;
}

/* A private key of each kind goes out and comes back: every decoder and its tables are loaded then. */
static hf_err warm_up(EVP_PKEY *key)
{
	EVP_PKEY *own HF_AUTO(hf__ossl_pkey_free) = key;
	struct hf_keyfacts facts;
	uint8_t *der = NULL;
	int n = own == NULL ? 0 : i2d_PrivateKey(own, &der);
	hf_err err = HF_ERR_CRYPTO_FAILED;

	if (n > 0)
		err = hf_keyfacts_private((hf_bytes){ der, (size_t)n }, &facts);
	OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
	return err == HF_OK ? HF_OK : HF_ERR_CRYPTO_FAILED;
}

hf_err hf_keyfacts_prepare(void)
{
	static const uint8_t none[4] = { 0x30, 0x02, 0x05, 0x00 };
	struct hf_certfacts cert;

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return HF_ERR_CRYPTO_FAILED;
	HF_TRY(warm_up(EVP_EC_gen("P-256")));
	HF_TRY(warm_up(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")));
	HF_TRY(warm_up(EVP_RSA_gen(512)));
	return hf_keyfacts_cert(HF_ARR(none), &cert) == HF_OK ? HF_ERR_CRYPTO_FAILED : HF_OK;
}
