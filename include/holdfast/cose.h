/* cose.h -- the COSE objects of Holdfast (RFC 9052, RFC 9053), written and read without copying.
 * Promise: read functions only parse, they decide nothing: ask each signature with the key and the
 * algorithm that your policy names for it. `alg` is taken from the protected header only and must be the
 * key's (HF_ERR_COSE_ALG). Strict shapes: tagged, deterministic CBOR, no header that the shape does not
 * name. Objects of others (unprotected alg, no tag, ...) are read by cose_foreign.h, for vectors only.
 *
 *	Sign1     18([bstr{1: alg, ?4: kid}, {}, bstr payload / nil, signature])
 *	Sign      98([h'', {}, bstr payload, [[bstr{1: alg, 4: kid}, {}, signature], ...]])
 *	Encrypt0  16([bstr{1: 3, ?4: kid}, {5: iv} / {6: partial iv}, bstr ciphertext])
 *	Encrypt   96([bstr{1: 3}, {5: iv}, bstr ciphertext,
 *	              [[bstr{1: -25}, {4: kid, -1: {1: 2, -1: 1, -2: x, -3: sign bit / y}}, h'']]])
 *
 * `aad` is the external_aad of RFC 9052 everywhere. No allocation, no globals; what a read function
 * gives borrows from its input. All functions may be called from any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_COSE_H
#define HOLDFAST_COSE_H
#include <holdfast/cbor.h>
#include <holdfast/crypto.h>
#include <holdfast/port.h>

enum {
	HF_COSE_ES256 = -7,
	HF_COSE_ED25519 = -19,
	HF_COSE_ECDH_ES_HKDF_256 = -25,
	HF_COSE_A128GCM = 1, /* read by cose_foreign.h only */
	HF_COSE_A256GCM = 3,

	HF_COSE_TAG_ENCRYPT0 = 16,
	HF_COSE_TAG_SIGN1 = 18,
	HF_COSE_TAG_ENCRYPT = 96,
	HF_COSE_TAG_SIGN = 98,

	HF_COSE_MAX_SIGNATURES = 8,
	HF_COSE_MAX_KID_LEN = 64,
	HF_COSE_MAX_SIGNATURE_LEN = 4627, /* room for ML-DSA-87; both algorithms of today have 64 */
	HF_COSE_MAX_SEAL_AAD_LEN = 128,   /* external_aad of the encrypting shapes */

	/* Upper bounds of what the writers append besides payload or plain text, with an 8-byte kid. */
	HF_COSE_SIGN1_OVERHEAD = 96,
	HF_COSE_SIGN_OVERHEAD = 16, /* and for each signature: */
	HF_COSE_SIGN_EACH = 88,
	HF_COSE_ENCRYPT0_OVERHEAD = 56,
	HF_COSE_ENCRYPT_OVERHEAD = 120,
	/* Scratch beyond payload + aad that an Ed25519 signature needs (it signs one contiguous message). */
	HF_COSE_SCRATCH_OVERHEAD = 128,
};

/* Who verifies: the algorithm the policy names and the public key: HF_COSE_ES256 with the 65-byte point,
 * HF_COSE_ED25519 with 32 bytes. Another length is HF_ERR_COSE_POINT. */
struct hf_cose_pub {
	int64_t alg;
	hf_bytes key;
};

/* Who signs: `hw` for HF_COSE_ES256, `seed` (or `hw` of HF_CURVE_ED25519) for HF_COSE_ED25519; kid may be
 * empty in a Sign1. */
struct hf_cose_signer {
	int64_t alg;
	hf_bytes kid;
	const struct hf_hwkey *hw;
	const struct hf_key *seed;
};

/* `scratch` of every function that signs or verifies: needed for HF_COSE_ED25519 only, to lay out the
 * message; payload + aad + HF_COSE_SCRATCH_OVERHEAD bytes of room, content replaced. NULL otherwise.
 * Errors common to all that sign: HF_ERR_BASE_MISUSE, HF_ERR_BASE_NO_ROOM (out or scratch), the key's own.
 * On error `out` is as it was. Writers append to `out`, so they work between hf_cbor_begin_bytes and
 * hf_cbor_end_bytes on the same `out`; the payload must not lie in the free part of `out`. */

/* ---- COSE_Sign1 -------------------------------------------------------------------------------- */

struct hf_cose_sign1 {
	hf_bytes protected_header; /* content of the byte string */
	int64_t alg;
	hf_bytes kid;     /* empty when absent */
	hf_bytes payload; /* empty when detached: set it before verifying */
	hf_bytes signature;
	bool detached;
};

/* Append a COSE_Sign1; with `detached` the object carries nil and the reader must bring the payload. */
HF_MUST_CHECK hf_err hf_cose_sign1_write(const struct hf_cose_signer *signer, hf_bytes aad, hf_bytes payload,
					 bool detached, struct hf_out *scratch, struct hf_out *out);
/* Parse only. Errors: HF_ERR_COSE_SHAPE, _LIMIT, the CBOR reader's. */
HF_MUST_CHECK hf_err hf_cose_sign1_read(hf_bytes in, struct hf_cose_sign1 *s);
/* Errors: HF_ERR_COSE_ALG, _SIGNATURE, _POINT, HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_cose_sign1_verify(const struct hf_cose_sign1 *s, const struct hf_cose_pub *key,
					  hf_bytes aad, struct hf_out *scratch);
/* Read and verify at once, attached payload only (a detached one is HF_ERR_COSE_SHAPE); `payload` is
 * empty on error. */
HF_MUST_CHECK hf_err hf_cose_sign1_open(hf_bytes in, const struct hf_cose_pub *key, hf_bytes aad,
					struct hf_out *scratch, hf_bytes *payload);

/* ---- COSE_Sign: k signers over one attached payload -------------------------------------------- */

struct hf_cose_signature {
	hf_bytes protected_header;
	int64_t alg;
	hf_bytes kid;
	hf_bytes signature;
};

struct hf_cose_sign {
	hf_bytes body_header; /* empty; only foreign objects have one */
	hf_bytes payload;
	size_t n; /* 1 to HF_COSE_MAX_SIGNATURES */
	struct hf_cose_signature signature[HF_COSE_MAX_SIGNATURES];
};

/* Parse only; neither the order nor the distinctness of signers is judged here. Errors as sign1_read;
 * more than HF_COSE_MAX_SIGNATURES is HF_ERR_COSE_LIMIT. */
HF_MUST_CHECK hf_err hf_cose_sign_read(hf_bytes in, struct hf_cose_sign *s);
/* Ask signature `i`. Errors as sign1_verify; HF_ERR_BASE_MISUSE for i >= n. */
HF_MUST_CHECK hf_err hf_cose_sign_verify(const struct hf_cose_sign *s, size_t i,
					 const struct hf_cose_pub *key, hf_bytes aad, struct hf_out *scratch);
/* Are the kids strictly ascending (statement container: sorted, none twice)? */
bool hf_cose_sign_is_sorted(const struct hf_cose_sign *s);
/* Append an object signed by `n` signers; signatures are written sorted by kid. Two signers with one kid
 * are HF_ERR_BASE_MISUSE. */
HF_MUST_CHECK hf_err hf_cose_sign_write(const struct hf_cose_signer *signers, size_t n, hf_bytes aad,
					hf_bytes payload, struct hf_out *scratch, struct hf_out *out);
/* Append a copy of `object` that carries the signer's signature too (the older one of the same kid is
 * replaced): for co-signers who work one after another. The signatures already there are not verified.
 * `object` and `out` must not overlap. */
HF_MUST_CHECK hf_err hf_cose_sign_add(hf_bytes object, const struct hf_cose_signer *signer, hf_bytes aad,
				      struct hf_out *scratch, struct hf_out *out);

/* ---- COSE_Encrypt0: a key both sides have ------------------------------------------------------- */

struct hf_cose_encrypt0 {
	hf_bytes protected_header;
	int64_t alg;
	hf_bytes kid;        /* empty when absent */
	hf_bytes iv;         /* 12 bytes, or empty */
	hf_bytes partial_iv; /* 1 to 12 bytes, or empty; exactly one of the two is there */
	hf_bytes ciphertext; /* with the tag */
};

/* Append with a random IV. `key` has 32 bytes. Errors: port's; crypto's; HF_ERR_BASE_NO_ROOM;
 * HF_ERR_COSE_LIMIT for an aad over HF_COSE_MAX_SEAL_AAD_LEN. */
HF_MUST_CHECK hf_err hf_cose_encrypt0_write(struct hf_port *port, const struct hf_key *key, hf_bytes kid,
					    hf_bytes aad, hf_bytes plain, struct hf_out *out);
/* Append with IV = base_iv xor left-padded `partial` (1 to 12 bytes). The caller never uses one partial
 * twice with the same key: AES-GCM gives the key stream away (NIST SP 800-38D s8). */
HF_MUST_CHECK hf_err hf_cose_encrypt0_write_partial(const struct hf_key *key, hf_bytes kid,
						    const uint8_t base_iv[static HF_AEAD_NONCE_LEN],
						    hf_bytes partial, hf_bytes aad, hf_bytes plain,
						    struct hf_out *out);
HF_MUST_CHECK hf_err hf_cose_encrypt0_read(hf_bytes in, struct hf_cose_encrypt0 *e);
/* Append the plain text. `base_iv` may be NULL for objects with a full IV (else HF_ERR_COSE_SHAPE).
 * Errors: HF_ERR_COSE_DECRYPT, HF_ERR_BASE_NO_ROOM, HF_ERR_COSE_LIMIT, HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_cose_encrypt0_open(const struct hf_cose_encrypt0 *e, const struct hf_key *key,
					   const uint8_t *base_iv, hf_bytes aad, struct hf_out *out);

/* ---- COSE_Encrypt: to one P-256 key, fresh ephemeral key per message ----------------------------- */

struct hf_cose_encrypt {
	hf_bytes protected_header;
	int64_t alg;
	hf_bytes iv; /* 12 bytes */
	hf_bytes ciphertext;
	/* the one recipient */
	hf_bytes recipient_header;
	int64_t recipient_alg;
	hf_bytes kid;
	hf_bytes x;    /* 32 bytes */
	hf_bytes y;    /* 32 bytes, empty when compressed */
	bool y_is_odd; /* compressed only */
};

/* Append `plain` sealed to the point `peer`, named by `kid` (channel.md: hf_crypto_kid of the point).
 * Errors: HF_ERR_COSE_POINT; port's; crypto's; HF_ERR_BASE_NO_ROOM; HF_ERR_COSE_LIMIT. */
HF_MUST_CHECK hf_err hf_cose_encrypt_write(struct hf_port *port, const uint8_t peer[static HF_P256_POINT_LEN],
					   hf_bytes kid, hf_bytes aad, hf_bytes plain, struct hf_out *out);
/* Parse only. Two recipients are HF_ERR_COSE_SHAPE. */
HF_MUST_CHECK hf_err hf_cose_encrypt_read(hf_bytes in, struct hf_cose_encrypt *e);
/* Append the plain text; `out` may begin where e->ciphertext lies (open in place). The caller has chosen
 * `key` by e->kid. Errors: HF_ERR_COSE_POINT (the ephemeral point), _DECRYPT, _LIMIT,
 * HF_ERR_BASE_NO_ROOM, the key's own. */
HF_MUST_CHECK hf_err hf_cose_encrypt_open(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *key,
					  hf_bytes aad, struct hf_out *out);
#endif
