/* uuid.c -- UUID version 5 (RFC 9562 s5.5): a name for a vendor or class, not a secret and not a proof, so
 * SHA-1 does no harm here and is used nowhere else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/pki.h>
#include "ossl_priv.h"

hf_err hf_pki_uuid5(const uint8_t space[static HF_PKI_UUID_LEN], hf_bytes name,
		    uint8_t out[static HF_PKI_UUID_LEN])
{
	EVP_MD_CTX *ctx HF_AUTO(hf__ossl_md_free) = EVP_MD_CTX_new();
	uint8_t digest[20];

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, space, HF_PKI_UUID_LEN) != 1 ||
	    EVP_DigestUpdate(ctx, name.ptr, name.len) != 1 || EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
		return HF_ERR_CRYPTO_FAILED;
	memcpy(out, digest, HF_PKI_UUID_LEN);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
	return HF_OK;
}

/* RFC 9562 appendix A / s6.6: namespace for domain names. */
const uint8_t hf_pki_uuid_dns[HF_PKI_UUID_LEN] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
						   0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
