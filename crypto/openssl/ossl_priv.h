/* ossl_priv.h -- owners of OpenSSL objects for HF_AUTO, and key conversions shared in this room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OSSL_PRIV_H
#define OSSL_PRIV_H
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <holdfast/crypto.h>

#define HF__OSSL_OWNER(name, type, free_fn) \
	static inline void name(type **object) \
	{ \
		free_fn(*object); \
	}
HF__OSSL_OWNER(hf__ossl_md_free, EVP_MD_CTX, EVP_MD_CTX_free)
HF__OSSL_OWNER(hf__ossl_mac_free, EVP_MAC_CTX, EVP_MAC_CTX_free)
HF__OSSL_OWNER(hf__ossl_cipher_free, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
HF__OSSL_OWNER(hf__ossl_pkey_free, EVP_PKEY, EVP_PKEY_free)
HF__OSSL_OWNER(hf__ossl_pkey_ctx_free, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
HF__OSSL_OWNER(hf__ossl_group_free, EC_GROUP, EC_GROUP_free)
HF__OSSL_OWNER(hf__ossl_point_free, EC_POINT, EC_POINT_clear_free)
HF__OSSL_OWNER(hf__ossl_bn_free, BIGNUM, BN_clear_free)
HF__OSSL_OWNER(hf__ossl_sig_free, ECDSA_SIG, ECDSA_SIG_free)

/* EVP_PKEY of a P-256 point (checked to be on the curve) or of a scalar; the caller frees it. */
HF_MUST_CHECK hf_err hf__ossl_p256_public(const uint8_t pub[static HF_P256_POINT_LEN], EVP_PKEY **key);
/* `sig` is DER (ECDSA-Sig-Value). Errors: HF_ERR_CRYPTO_POINT, _SIGNATURE, _FAILED. */
HF_MUST_CHECK hf_err hf__ossl_p256_verify_der(const uint8_t pub[static HF_P256_POINT_LEN],
					      const uint8_t digest[static HF_SHA256_LEN], hf_bytes sig);
HF_MUST_CHECK hf_err hf__ossl_p256_private(const struct hf_key *secret, EVP_PKEY **key);
#endif
