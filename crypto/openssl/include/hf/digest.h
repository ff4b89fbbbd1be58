/* digest.h -- SHA-256 and SHA-512 of a stream, both in one pass over the bytes.
 * Promise: after hf_digest_new nothing is looked up any more, so a sealed process can go on hashing.
 * Thread rule: one object per thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_DIGEST_H
#define HF_DIGEST_H
#include <holdfast/crypto.h>

enum { HF_SHA512_LEN = 64 };
struct hf_digest;
/* Errors of all: HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_digest_new(struct hf_digest **out);
HF_MUST_CHECK hf_err hf_digest_start(struct hf_digest *d);
HF_MUST_CHECK hf_err hf_digest_update(struct hf_digest *d, hf_bytes part);
HF_MUST_CHECK hf_err hf_digest_finish(struct hf_digest *d, uint8_t sha256[static HF_SHA256_LEN],
				      uint8_t sha512[static HF_SHA512_LEN]);
void hf_digest_free(struct hf_digest *d);
#endif
