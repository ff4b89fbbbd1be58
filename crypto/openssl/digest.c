/* digest.c -- two digests of one stream. The bytes go through both in blocks that stay in the cache.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/digest.h>
#include "ossl_priv.h"

enum { BLOCK = 16384 };

struct hf_digest {
	EVP_MD *md[2];
	EVP_MD_CTX *ctx[2];
};

hf_err hf_digest_new(struct hf_digest **out)
{
	static const char *const names[2] = { "SHA256", "SHA512" };
	struct hf_digest *d = calloc(1, sizeof(*d));

	*out = NULL;
	if (d == NULL)
		return HF_ERR_CRYPTO_FAILED;
	for (int i = 0; i < 2; i++) {
		d->md[i] = EVP_MD_fetch(NULL, names[i], NULL);
		d->ctx[i] = EVP_MD_CTX_new();
		if (d->md[i] == NULL || d->ctx[i] == NULL) {
			hf_digest_free(d);
			return HF_ERR_CRYPTO_FAILED;
		}
	}
	*out = d;
	return HF_OK;
}

hf_err hf_digest_start(struct hf_digest *d)
{
	for (int i = 0; i < 2; i++)
		if (EVP_DigestInit_ex2(d->ctx[i], d->md[i], NULL) != 1)
			return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

hf_err hf_digest_update(struct hf_digest *d, hf_bytes part)
{
	while (part.len > 0) {
		size_t n = part.len < BLOCK ? part.len : BLOCK;

		if (EVP_DigestUpdate(d->ctx[0], part.ptr, n) != 1 ||
		    EVP_DigestUpdate(d->ctx[1], part.ptr, n) != 1)
			return HF_ERR_CRYPTO_FAILED;
		part = (hf_bytes){ part.ptr + n, part.len - n };
	}
	return HF_OK;
}

hf_err hf_digest_finish(struct hf_digest *d, uint8_t sha256[static HF_SHA256_LEN],
			uint8_t sha512[static HF_SHA512_LEN])
{
	if (EVP_DigestFinal_ex(d->ctx[0], sha256, NULL) != 1 ||
	    EVP_DigestFinal_ex(d->ctx[1], sha512, NULL) != 1)
		return HF_ERR_CRYPTO_FAILED;
	return HF_OK;
}

void hf_digest_free(struct hf_digest *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		EVP_MD_CTX_free(d->ctx[i]);
		EVP_MD_free(d->md[i]);
	}
	free(d);
}
