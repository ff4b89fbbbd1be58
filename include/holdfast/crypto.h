/* crypto.h -- the cryptography core asks for; crypto/openssl implements it, chosen at link time.
 * Promise: constant-time in secrets, fails closed, keeps nothing between calls.
 * Thread rule: every function may be called from any thread; objects belong to their caller.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CRYPTO_H
#define HOLDFAST_CRYPTO_H
#include <holdfast/base.h>

enum {
	HF_SHA256_LEN = 32,
	HF_AEAD_NONCE_LEN = 12,
	HF_AEAD_TAG_LEN = 16,
	HF_KEY_CAP = 32,
	HF_P256_POINT_LEN = 65,      /* 04 || x || y */
	HF_P256_COMPRESSED_LEN = 33, /* 02 or 03 || x */
	HF_P256_SIG_LEN = 64,        /* r || s, big-endian */
	HF_P384_POINT_LEN = 97,
	HF_P384_SIG_LEN = 96,
	HF_ED25519_PUB_LEN = 32,
	HF_ED25519_SIG_LEN = 64,
	HF_KID_LEN = 8, /* first bytes of SHA-256 over the public key as the policy holds it */
};

/* A secret of 16 or 32 bytes: AES key, HMAC key, P-256 scalar, Ed25519 seed. Declare it with
 * HF_AUTO(hf_key_wipe). */
struct hf_key {
	uint8_t b[HF_KEY_CAP];
	uint8_t len;
};
static inline void hf_key_wipe(struct hf_key *key)
{
	hf_wipe(key, sizeof(*key));
}

enum { HF_CURVE_P256 = 1, HF_CURVE_P384 = 2, HF_CURVE_ED25519 = 3 };

/* The one sign callback: every private key, software, TPM, PKCS#11 or behind IPC, is this.
 * sign() gets n = 32 (P-256, SHA-256) or 48 (P-384, SHA-384) bytes and writes r || s, 2n bytes.
 * `pub` is the uncompressed point, 65 or 97 bytes. The ctx must outlive the struct.
 * HF_CURVE_ED25519 (an agent, a program before an HSM): `digest` is the whole message of n bytes, for
 * Ed25519 hashes itself; rs gets 64 bytes, `pub` has 32. */
struct hf_hwkey {
	hf_err (*sign)(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs);
	void *ctx;
	int curve;
	uint8_t pub[HF_P384_POINT_LEN];
};

/* A private P-256 key used for key agreement only: derive() writes the shared x coordinate. It must
 * refuse a peer point that is not on the curve or at infinity (HF_ERR_CRYPTO_POINT). */
struct hf_ecdhkey {
	hf_err (*derive)(void *ctx, const uint8_t peer[static HF_P256_POINT_LEN], struct hf_key *x);
	void *ctx;
	uint8_t pub[HF_P256_POINT_LEN];
};

/* SHA-256 (FIPS 180-4) over the concatenation of `n` parts. */
HF_MUST_CHECK hf_err hf_crypto_sha256(const hf_bytes *parts, size_t n, uint8_t out[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err hf_crypto_sha384(const hf_bytes *parts, size_t n, uint8_t out[static 48]);
/* HMAC-SHA-256 (FIPS 198-1) over the concatenation of `n` parts; key of any length. */
HF_MUST_CHECK hf_err hf_crypto_hmac(hf_bytes key, const hf_bytes *parts, size_t n,
				    uint8_t out[static HF_SHA256_LEN]);
/* HKDF-SHA-256 (RFC 5869), extract and expand; out_len <= 8160. */
HF_MUST_CHECK hf_err hf_crypto_hkdf(hf_bytes salt, hf_bytes ikm, hf_bytes info, uint8_t *out, size_t out_len);

/* AES-GCM (NIST SP 800-38D) with a 128- or 256-bit key; `out` gets plain.len + 16 bytes. */
HF_MUST_CHECK hf_err hf_crypto_aead_seal(const struct hf_key *key,
					 const uint8_t nonce[static HF_AEAD_NONCE_LEN], hf_bytes aad,
					 hf_bytes plain, uint8_t *out);
/* `out` gets sealed.len - 16 bytes and is wiped on HF_ERR_CRYPTO_TAG; it may be the sealed buffer. */
HF_MUST_CHECK hf_err hf_crypto_aead_open(const struct hf_key *key,
					 const uint8_t nonce[static HF_AEAD_NONCE_LEN], hf_bytes aad,
					 hf_bytes sealed, uint8_t *out);

/* P-256 (FIPS 186-5, SP 800-56A). Points are checked to be on the curve and not infinity wherever they
 * enter: HF_ERR_CRYPTO_POINT. */
HF_MUST_CHECK hf_err hf_crypto_p256_generate(struct hf_key *secret, uint8_t pub[static HF_P256_POINT_LEN]);
HF_MUST_CHECK hf_err hf_crypto_p256_public(const struct hf_key *secret,
					   uint8_t pub[static HF_P256_POINT_LEN]);
HF_MUST_CHECK hf_err hf_crypto_p256_check(const uint8_t pub[static HF_P256_POINT_LEN]);
HF_MUST_CHECK hf_err hf_crypto_p256_decompress(const uint8_t in[static HF_P256_COMPRESSED_LEN],
					       uint8_t pub[static HF_P256_POINT_LEN]);
HF_MUST_CHECK hf_err hf_crypto_p256_sign(const struct hf_key *secret,
					 const uint8_t digest[static HF_SHA256_LEN],
					 uint8_t rs[static HF_P256_SIG_LEN]);
/* HF_OK or HF_ERR_CRYPTO_SIGNATURE, _POINT, _FAILED. */
HF_MUST_CHECK hf_err hf_crypto_p256_verify(const uint8_t pub[static HF_P256_POINT_LEN],
					   const uint8_t digest[static HF_SHA256_LEN],
					   const uint8_t rs[static HF_P256_SIG_LEN]);
HF_MUST_CHECK hf_err hf_crypto_p256_ecdh(const struct hf_key *secret,
					 const uint8_t peer[static HF_P256_POINT_LEN], struct hf_key *x);
/* The same two secrets as the callbacks above; `secret` must outlive the struct. */
HF_MUST_CHECK hf_err hf_crypto_p256_hwkey(const struct hf_key *secret, struct hf_hwkey *key);
HF_MUST_CHECK hf_err hf_crypto_p256_ecdhkey(const struct hf_key *secret, struct hf_ecdhkey *key);

/* Ed25519 (RFC 8032), strict canonical, cofactorless: S < L, canonical R. Small-order and non-canonical
 * public keys are HF_ERR_CRYPTO_POINT everywhere; whoever loads a key asks hf_crypto_ed25519_check, which
 * also refuses those that are no point of the curve (no signature ever verifies under one). */
HF_MUST_CHECK hf_err hf_crypto_ed25519_check(const uint8_t pub[static HF_ED25519_PUB_LEN]);
HF_MUST_CHECK hf_err hf_crypto_ed25519_verify(const uint8_t pub[static HF_ED25519_PUB_LEN], hf_bytes msg,
					      const uint8_t sig[static HF_ED25519_SIG_LEN]);
HF_MUST_CHECK hf_err hf_crypto_ed25519_generate(struct hf_key *seed, uint8_t pub[static HF_ED25519_PUB_LEN]);
HF_MUST_CHECK hf_err hf_crypto_ed25519_public(const struct hf_key *seed,
					      uint8_t pub[static HF_ED25519_PUB_LEN]);
HF_MUST_CHECK hf_err hf_crypto_ed25519_sign(const struct hf_key *seed, hf_bytes msg,
					    uint8_t sig[static HF_ED25519_SIG_LEN]);

/* kid = first 8 bytes of SHA-256(public key bytes as the policy holds them). */
HF_MUST_CHECK hf_err hf_crypto_kid(hf_bytes public_key, uint8_t kid[static HF_KID_LEN]);
#endif
