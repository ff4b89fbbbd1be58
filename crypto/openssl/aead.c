/* aead.c -- AES-GCM by OpenSSL.
 * SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include "ossl_priv.h"

static const EVP_CIPHER *cipher_of(const struct hf_key *key)
{
	if (key->len == 16)
		return EVP_aes_128_gcm();
	return key->len == 32 ? EVP_aes_256_gcm() : NULL;
}

static bool fits(hf_bytes aad, hf_bytes text)
{
	return aad.len <= INT_MAX && text.len <= INT_MAX;
}

hf_err hf_crypto_aead_seal(const struct hf_key *key, const uint8_t nonce[static HF_AEAD_NONCE_LEN],
			   hf_bytes aad, hf_bytes plain, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx HF_AUTO(hf__ossl_cipher_free) = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = cipher_of(key);
	int n = 0;

	if (cipher == NULL || !fits(aad, plain))
		return HF_ERR_BASE_MISUSE;
	if (ctx == NULL || EVP_EncryptInit_ex(ctx, cipher, NULL, key->b, nonce) != 1)
		return HF_ERR_CRYPTO_FAILED;
	if (aad.len > 0 && EVP_EncryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	if (plain.len > 0 && EVP_EncryptUpdate(ctx, out, &n, plain.ptr, (int)plain.len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	if (EVP_EncryptFinal_ex(ctx, out + plain.len, &n) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, HF_AEAD_TAG_LEN, out + plain.len) == 1
		       ? HF_OK
		       : HF_ERR_CRYPTO_FAILED;
}

static hf_err open_sealed(EVP_CIPHER_CTX *ctx, hf_bytes aad, hf_bytes text, const uint8_t *tag, uint8_t *out)
{
	uint8_t expected[HF_AEAD_TAG_LEN];
	uint8_t end[HF_AEAD_TAG_LEN];
	int n = 0;

	/* The output may be the input: the tag behind the text is copied before anything is written. */
	for (size_t i = 0; i < HF_AEAD_TAG_LEN; i++)
		expected[i] = tag[i];
	if (aad.len > 0 && EVP_DecryptUpdate(ctx, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	if (text.len > 0 && EVP_DecryptUpdate(ctx, out, &n, text.ptr, (int)text.len) != 1)
		return HF_ERR_CRYPTO_FAILED;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, HF_AEAD_TAG_LEN, expected) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return EVP_DecryptFinal_ex(ctx, end, &n) == 1 ? HF_OK : HF_ERR_CRYPTO_TAG;
}

hf_err hf_crypto_aead_open(const struct hf_key *key, const uint8_t nonce[static HF_AEAD_NONCE_LEN],
			   hf_bytes aad, hf_bytes sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx HF_AUTO(hf__ossl_cipher_free) = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = cipher_of(key);
	hf_bytes text = { sealed.ptr, sealed.len < HF_AEAD_TAG_LEN ? 0 : sealed.len - HF_AEAD_TAG_LEN };
	hf_err err;

	if (cipher == NULL || !fits(aad, sealed))
		return HF_ERR_BASE_MISUSE;
	if (sealed.len < HF_AEAD_TAG_LEN)
		return HF_ERR_CRYPTO_TAG;
	if (ctx == NULL || EVP_DecryptInit_ex(ctx, cipher, NULL, key->b, nonce) != 1)
		return HF_ERR_CRYPTO_FAILED;
	err = open_sealed(ctx, aad, text, sealed.ptr + text.len, out);
	if (err != HF_OK)
		hf_wipe(out, text.len);
	return err;
}
