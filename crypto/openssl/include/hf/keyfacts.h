/* keyfacts.h -- what foreign key material is: kind, size, and the SHA-256 of its SubjectPublicKeyInfo.
 * For readers of things others made: any algorithm OpenSSL decodes, nothing is trusted or used.
 * Promise: only what decodes completely has facts; a text that only looks like a key has none.
 * Thread rule: every function may be called from any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_KEYFACTS_H
#define HF_KEYFACTS_H
#include <holdfast/crypto.h>

enum {
	HF_KEYFACTS_OTHER = 0,
	HF_KEYFACTS_RSA = 1,
	HF_KEYFACTS_DSA = 2,
	HF_KEYFACTS_EC = 3,
	HF_KEYFACTS_EDDSA = 4, /* Ed25519, Ed448, X25519, X448 */
	HF_KEYFACTS_NAME_CAP = 96,
	HF_KEYFACTS_MAX = 65536, /* bytes of DER looked at */
};
struct hf_keyfacts {
	int alg;
	unsigned bits;
	bool has_spki;
	uint8_t spki_sha256[HF_SHA256_LEN];
};
struct hf_certfacts {
	struct hf_keyfacts key;
	int64_t not_after;
	bool ca, self_issued, weak_signature; /* MD5, SHA-1 or older */
	char subject[HF_KEYFACTS_NAME_CAP];   /* common name, else organisation; "" when neither is text */
};
/* Load what the functions below need, so that they work in a sealed process. Errors: HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_keyfacts_prepare(void);
/* One private key, ending where `der` ends: PKCS#1, SEC 1, PKCS#8 or the old DSA form.
 * Errors: HF_ERR_CRYPTO_KEY. */
HF_MUST_CHECK hf_err hf_keyfacts_private(hf_bytes der, struct hf_keyfacts *out);
/* Is it an EncryptedPrivateKeyInfo (RFC 5958 s3)? It says nothing about the key inside. */
bool hf_keyfacts_is_encrypted(hf_bytes der);
/* A public key as SSH writes it (RFC 4253 s6.6, RFC 5656, RFC 8709), without its base64.
 * Errors: HF_ERR_CRYPTO_KEY. */
HF_MUST_CHECK hf_err hf_keyfacts_ssh(hf_bytes blob, struct hf_keyfacts *out);
/* SubjectPublicKeyInfo. Errors: HF_ERR_CRYPTO_KEY. */
HF_MUST_CHECK hf_err hf_keyfacts_public(hf_bytes der, struct hf_keyfacts *out);
/* Errors: HF_ERR_CRYPTO_CERT. */
HF_MUST_CHECK hf_err hf_keyfacts_cert(hf_bytes der, struct hf_certfacts *out);
#endif
