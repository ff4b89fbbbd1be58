/* wire_priv.h -- what the files of this room share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_WIRE_PRIV_H
#define HOLDFAST_WIRE_PRIV_H
#include <holdfast/cose.h>

/* Freestanding: compilers emit calls to these four, so a port supplies them and core may use them. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

bool hf__wire_is_utf8(hf_bytes text);

enum { HF__CBOR_HEAD_CAP = 9 };
/* Shortest head of a major type (RFC 8949 s3); returns its length. */
size_t hf__cbor_head(uint8_t head[static HF__CBOR_HEAD_CAP], int major, uint64_t arg);
/* Bytewise lexicographic order of two encoded keys: negative, 0, positive. */
int hf__wire_compare(hf_bytes a, hf_bytes b);
/* As hf_cbor_put_bytes, but the content is left for the caller to fill: NULL on error. */
uint8_t *hf__cbor_put_space(struct hf_cborw *w, size_t len);
/* Check one item that would stand inside `depth` open containers. */
hf_err hf__cbor_check_at(hf_bytes item, uint8_t depth);

enum {
	HF__COSE_HEADER_ALG = 1,
	HF__COSE_HEADER_KID = 4,
	HF__COSE_HEADER_IV = 5,
	HF__COSE_HEADER_PARTIAL_IV = 6,
	HF__COSE_HEADER_EPK = -1,
	HF__COSE_PROTECTED_CAP = HF_COSE_MAX_KID_LEN + 16,
	HF__COSE_SIG_LEN = 64, /* of ES256 and Ed25519 alike */
	HF__COSE_ENC_STRUCTURE_CAP = HF_COSE_MAX_SEAL_AAD_LEN + HF__COSE_PROTECTED_CAP + 24,
	HF__COSE_KDF_CONTEXT_CAP = 48,
};

/* Crypto's words for a failure, in COSE's. */
hf_err hf__cose_from_crypto(hf_err err);
/* A well-formed item of another shape is HF_ERR_COSE_SHAPE; other errors pass. */
hf_err hf__cose_from_cbor(hf_err err);

/* {1: alg, ?4: kid} as the content of a protected header: built, and read without any other member. */
hf_err hf__cose_build_protected(int64_t alg, hf_bytes kid, struct hf_out *out);
hf_err hf__cose_read_protected(hf_bytes header, int64_t *alg, hf_bytes *kid);
/* A tag, then an array of `n`. */
void hf__cose_expect(struct hf_cborr *r, uint64_t tag, size_t n);

/* Sig_structure (RFC 9052 s4.4) by parts, so that nothing is copied before hashing. */
struct hf__cose_tbs {
	uint8_t heads[4 * HF__CBOR_HEAD_CAP + 16];
	struct hf_out heads_out;
	hf_bytes part[10];
	size_t n;
};
struct hf__cose_tbs_input {
	hf_bytes body_header;
	const hf_bytes *sign_header; /* NULL for a Sign1 */
	hf_bytes aad;
	hf_bytes payload;
};
void hf__cose_tbs(struct hf__cose_tbs *t, const struct hf__cose_tbs_input *in);
/* The parts one after another: the message of Ed25519. */
hf_err hf__cose_tbs_join(const struct hf__cose_tbs *t, struct hf_out *out);
hf_err hf__cose_make_signature(const struct hf_cose_signer *signer, const struct hf__cose_tbs *t,
			       struct hf_out *scratch, uint8_t sig[static HF__COSE_SIG_LEN]);
hf_err hf__cose_check_signature(int64_t alg, hf_bytes signature, const struct hf_cose_pub *key,
				const struct hf__cose_tbs *t, struct hf_out *scratch);

/* Enc_structure (RFC 9052 s5.3), COSE_KDF_Context (RFC 9053 s5.2) and the key of the one recipient. */
hf_err hf__cose_enc_structure(hf_bytes context, hf_bytes header, hf_bytes aad, struct hf_out *out);
hf_err hf__cose_kdf_context(int64_t alg, hf_bytes recipient_header, struct hf_out *out);
hf_err hf__cose_content_key(int64_t alg, hf_bytes recipient_header, const struct hf_key *secret,
			    struct hf_key *key);
/* The content encryption both encrypting shapes share; `context` is "Encrypt" or "Encrypt0". */
struct hf__cose_seal {
	hf_bytes context;
	hf_bytes header;
	hf_bytes aad;
	const struct hf_key *key;
	uint8_t iv[HF_AEAD_NONCE_LEN];
};
void hf__cose_put_ciphertext(struct hf_cborw *w, const struct hf__cose_seal *s, hf_bytes plain);
hf_err hf__cose_open_ciphertext(const struct hf__cose_seal *s, hf_bytes ciphertext, struct hf_out *out);
hf_err hf__cose_iv(hf_bytes iv, hf_bytes partial_iv, const uint8_t *base_iv,
		   uint8_t out[static HF_AEAD_NONCE_LEN]);
/* Key length of a content algorithm, 0 when it is none of ours. */
uint8_t hf__cose_key_len(int64_t alg);
/* {1: 2, -1: 1, -2: x, -3: y or sign} of an ephemeral key. */
void hf__cose_read_epk(struct hf_cborr *r, struct hf_cose_encrypt *e);
/* ECDH with the ephemeral point, after checking it. */
hf_err hf__cose_recipient_secret(const struct hf_cose_encrypt *e, const struct hf_ecdhkey *key,
				 struct hf_key *x);
#endif
