/* keyfile.c -- private keys as PKCS#8 PEM, encrypted with scrypt and AES-256-CBC (RFC 7914, RFC 8018).
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include "x509_priv.h"

/* N = 2^14, r = 8, p = 1: 16 MiB for each guess; 2^15 exceeds the memory OpenSSL allows a reader. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, SALT_LEN = 16 };

struct hf_pki_key {
	int kind;
	EVP_PKEY *evp;
};

HF__OSSL_OWNER(free_bio, BIO, BIO_free_all)
HF__OSSL_OWNER(free_sig, X509_SIG, X509_SIG_free)
HF__OSSL_OWNER(free_p8, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static int kind_of(const EVP_PKEY *evp)
{
	uint8_t pub[HF_P384_POINT_LEN];
	int curve;

	if (EVP_PKEY_get_base_id(evp) == EVP_PKEY_ED25519)
		return HF_PKI_KIND_ED25519;
	curve = hf__x509_point(evp, pub);
	if (curve == HF_CURVE_P256)
		return HF_PKI_KIND_P256;
	return curve == HF_CURVE_P384 ? HF_PKI_KIND_P384 : 0;
}

/* Takes `evp` over. */
static hf_err wrap(EVP_PKEY *evp, struct hf_pki_key **key)
{
	*key = NULL;
	if (evp == NULL || kind_of(evp) == 0) {
		EVP_PKEY_free(evp);
		return HF_ERR_CRYPTO_KEY;
	}
	*key = calloc(1, sizeof(**key));
	if (*key == NULL) {
		EVP_PKEY_free(evp);
		return HF_ERR_CRYPTO_FAILED;
	}
	(*key)->kind = kind_of(evp);
	(*key)->evp = evp;
	return HF_OK;
}

hf_err hf_pki_key_generate(int kind, struct hf_pki_key **key)
{
	*key = NULL;
	switch (kind) {
	case HF_PKI_KIND_P256:
		return wrap(EVP_EC_gen("P-256"), key);
	case HF_PKI_KIND_P384:
		return wrap(EVP_EC_gen("P-384"), key);
	case HF_PKI_KIND_ED25519:
		return wrap(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), key);
	default:
		return HF_ERR_BASE_MISUSE;
	}
}

struct phrase {
	hf_bytes text;
};

static int give_phrase(char *buf, int size, int writing, void *ctx)
{
	const struct phrase *phrase = ctx;

	(void)writing;
	if (phrase->text.len == 0 || phrase->text.len > (size_t)size)
		return -1; /* encrypted, no passphrase: never ask on a terminal behind the caller's back */
	memcpy(buf, phrase->text.ptr, phrase->text.len);
	return (int)phrase->text.len;
}

hf_err hf_pki_key_read(hf_bytes pem, hf_bytes passphrase, struct hf_pki_key **key)
{
	struct phrase phrase = { passphrase };
	BIO *bio HF_AUTO(free_bio) = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;

	*key = NULL;
	if (bio == NULL)
		return HF_ERR_BASE_MISUSE;
	return wrap(PEM_read_bio_PrivateKey(bio, NULL, give_phrase, &phrase), key);
}

static X509_SIG *encrypt(const struct hf_pki_key *key, hf_bytes passphrase)
{
	PKCS8_PRIV_KEY_INFO *p8 HF_AUTO(free_p8) = EVP_PKEY2PKCS8(key->evp);
	X509_ALGOR *pbe =
		PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_LEN, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	X509_SIG *sig = NULL;

	if (p8 != NULL && pbe != NULL)
		sig = PKCS8_set0_pbe((const char *)passphrase.ptr, (int)passphrase.len, p8, pbe);
	if (sig == NULL)
		X509_ALGOR_free(pbe); /* set0 takes it over only when it succeeds */
	return sig;
}

static hf_err put_bio(BIO *bio, struct hf_out *out)
{
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	return n > 0 ? hf_out_put(out, (hf_bytes){ (const uint8_t *)text, (size_t)n }) : HF_ERR_CRYPTO_FAILED;
}

hf_err hf_pki_key_write(const struct hf_pki_key *key, hf_bytes passphrase, struct hf_out *pem)
{
	BIO *bio HF_AUTO(free_bio) = BIO_new(BIO_s_secmem());
	X509_SIG *sig HF_AUTO(free_sig) = NULL;

	if (bio == NULL || passphrase.len > INT_MAX)
		return HF_ERR_CRYPTO_FAILED;
	if (passphrase.len == 0) {
		if (PEM_write_bio_PKCS8PrivateKey(bio, key->evp, NULL, NULL, 0, NULL, NULL) != 1)
			return HF_ERR_CRYPTO_FAILED;
		return put_bio(bio, pem);
	}
	sig = encrypt(key, passphrase);
	if (sig == NULL || PEM_write_bio_PKCS8(bio, sig) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return put_bio(bio, pem);
}

int hf_pki_key_kind(const struct hf_pki_key *key)
{
	return key->kind;
}

static hf_err sign_evp(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	const struct hf_pki_key *key = ctx;
	size_t half = key->kind == HF_PKI_KIND_P384 ? 48 : 32;
	EVP_PKEY_CTX *sign HF_AUTO(hf__ossl_pkey_ctx_free) = EVP_PKEY_CTX_new(key->evp, NULL);
	uint8_t der[120];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig HF_AUTO(hf__ossl_sig_free) = NULL;

	if (n != half)
		return HF_ERR_BASE_MISUSE;
	if (sign == NULL || EVP_PKEY_sign_init(sign) != 1 || EVP_PKEY_sign(sign, der, &len, digest, n) != 1)
		return HF_ERR_CRYPTO_FAILED;
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, (int)half) != (int)half ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + half, (int)half) != (int)half)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

hf_err hf_pki_key_hwkey(struct hf_pki_key *key, struct hf_hwkey *out)
{
	*out = (struct hf_hwkey){ .sign = sign_evp, .ctx = key };
	out->curve = hf__x509_point(key->evp, out->pub);
	return out->curve != 0 ? HF_OK : HF_ERR_BASE_MISUSE;
}

hf_err hf_pki_key_secret(const struct hf_pki_key *key, struct hf_key *out)
{
	BIGNUM *scalar HF_AUTO(hf__ossl_bn_free) = NULL;
	size_t len = HF_KEY_CAP;

	*out = (struct hf_key){ .len = 32 };
	if (key->kind == HF_PKI_KIND_ED25519)
		return EVP_PKEY_get_raw_private_key(key->evp, out->b, &len) == 1 ? HF_OK
										 : HF_ERR_CRYPTO_FAILED;
	if (key->kind != HF_PKI_KIND_P256)
		return HF_ERR_BASE_MISUSE;
	if (EVP_PKEY_get_bn_param(key->evp, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1 ||
	    BN_bn2binpad(scalar, out->b, 32) != 32)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

void hf_pki_key_free(struct hf_pki_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->evp);
	free(key);
}
