/* hash.c -- SHA-2, HMAC and HKDF over parts, by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include "ossl_priv.h"

static hf_err digest_parts(const EVP_MD *md, const hf_bytes *parts, size_t n, uint8_t *out)
{
	EVP_MD_CTX *ctx HF_AUTO(hf__ossl_md_free) = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return HF_ERR_CRYPTO_FAILED;
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0 && EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
			return HF_ERR_CRYPTO_FAILED;
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1 ? HF_OK : HF_ERR_CRYPTO_FAILED;
}

hf_err hf_crypto_sha256(const hf_bytes *parts, size_t n, uint8_t out[static HF_SHA256_LEN])
{
	return digest_parts(EVP_sha256(), parts, n, out);
}

hf_err hf_crypto_sha384(const hf_bytes *parts, size_t n, uint8_t out[static 48])
{
	return digest_parts(EVP_sha384(), parts, n, out);
}

static EVP_MAC_CTX *new_hmac(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac); /* the context holds its own reference */
	return ctx;
}

hf_err hf_crypto_hmac(hf_bytes key, const hf_bytes *parts, size_t n, uint8_t out[static HF_SHA256_LEN])
{
	static const uint8_t none[1] = { 0 };
	EVP_MAC_CTX *ctx HF_AUTO(hf__ossl_mac_free) = new_hmac();
	char name[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
				OSSL_PARAM_construct_end() };
	size_t len = 0;

	/* A NULL key means "keep the old one" to OpenSSL: an empty key needs an address. */
	if (ctx == NULL || EVP_MAC_init(ctx, key.len > 0 ? key.ptr : none, key.len, params) != 1)
		return HF_ERR_CRYPTO_FAILED;
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0 && EVP_MAC_update(ctx, parts[i].ptr, parts[i].len) != 1)
			return HF_ERR_CRYPTO_FAILED;
	return EVP_MAC_final(ctx, out, &len, HF_SHA256_LEN) == 1 && len == HF_SHA256_LEN
		       ? HF_OK
		       : HF_ERR_CRYPTO_FAILED;
}

/* RFC 5869 by its two formulas: OpenSSL 3.0's own HKDF refuses an empty ikm. */
hf_err hf_crypto_hkdf(hf_bytes salt, hf_bytes ikm, hf_bytes info, uint8_t *out, size_t out_len)
{
	struct hf_key prk HF_AUTO(hf_key_wipe) = { .len = HF_SHA256_LEN };
	struct hf_key block HF_AUTO(hf_key_wipe) = { 0 };
	size_t done = 0;

	if (out_len > (size_t)255 * HF_SHA256_LEN)
		return HF_ERR_BASE_MISUSE;
	HF_TRY(hf_crypto_hmac(salt, &ikm, 1, prk.b));
	for (uint8_t counter = 1; done < out_len; counter++) {
		const hf_bytes parts[] = { { block.b, block.len }, info, { &counter, 1 } };
		size_t take = out_len - done < HF_SHA256_LEN ? out_len - done : HF_SHA256_LEN;
		hf_err err = hf_crypto_hmac(HF_ARR(prk.b), parts, 3, block.b);

		if (err != HF_OK) {
			hf_wipe(out, out_len);
			return err;
		}
		block.len = HF_SHA256_LEN;
		for (size_t i = 0; i < take; i++)
			out[done + i] = block.b[i];
		done += take;
	}
	return HF_OK;
}

hf_err hf_crypto_kid(hf_bytes public_key, uint8_t kid[static HF_KID_LEN])
{
	uint8_t digest[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&public_key, 1, digest));
	for (size_t i = 0; i < HF_KID_LEN; i++)
		kid[i] = digest[i];
	return HF_OK;
}
