/* cose_foreign.h -- COSE objects as others write them, and every step of ours in the open. For
 * conformance vectors only: never call this on bytes that decide something.
 * Accepted beyond cose.h: no tag, alg and kid in either header (never both), headers that are passed
 * over, unsorted maps, A128GCM, an empty protected map written as h'a0', direct keys. The results are
 * judged by cose.h's own verify and open functions, so those are what the vectors try.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_COSE_FOREIGN_H
#define HOLDFAST_COSE_FOREIGN_H
#include <holdfast/cose.h>

HF_MUST_CHECK hf_err hf_cose_foreign_sign1_read(hf_bytes in, struct hf_cose_sign1 *s);
HF_MUST_CHECK hf_err hf_cose_foreign_sign_read(hf_bytes in, struct hf_cose_sign *s);
HF_MUST_CHECK hf_err hf_cose_foreign_encrypt0_read(hf_bytes in, struct hf_cose_encrypt0 *e);
HF_MUST_CHECK hf_err hf_cose_foreign_encrypt_read(hf_bytes in, struct hf_cose_encrypt *e);
/* A COSE_Encrypt whose one recipient is "direct" (-6): the key is known to both sides. */
HF_MUST_CHECK hf_err hf_cose_foreign_direct_read(hf_bytes in, struct hf_cose_encrypt0 *e);
HF_MUST_CHECK hf_err hf_cose_foreign_direct_open(const struct hf_cose_encrypt0 *e, const struct hf_key *key,
						 const uint8_t *base_iv, hf_bytes aad, struct hf_out *out);

/* The steps: each replaces the content of `out`. */
HF_MUST_CHECK hf_err hf_cose_foreign_sign1_tbs(const struct hf_cose_sign1 *s, hf_bytes aad,
					       struct hf_out *out);
HF_MUST_CHECK hf_err hf_cose_foreign_sign_tbs(const struct hf_cose_sign *s, size_t i, hf_bytes aad,
					      struct hf_out *out);
/* `context` is "Encrypt" or "Encrypt0". */
HF_MUST_CHECK hf_err hf_cose_foreign_enc_structure(hf_bytes context, hf_bytes protected_header, hf_bytes aad,
						   struct hf_out *out);
HF_MUST_CHECK hf_err hf_cose_foreign_kdf_context(const struct hf_cose_encrypt *e, struct hf_out *out);
HF_MUST_CHECK hf_err hf_cose_foreign_content_key(const struct hf_cose_encrypt *e,
						 const struct hf_ecdhkey *key, struct hf_key *secret,
						 struct hf_key *content);
#endif
