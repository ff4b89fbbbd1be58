/* update_priv.h -- shared by the files of this room.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UPDATE_PRIV_H
#define UPDATE_PRIV_H
#include <holdfast/bundle.h>

/* Given by the C library, or by the port of a chip without one. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);

enum { HF__DIGEST_LEN = 36 }; /* [-16, bstr 32]: 82 2f 58 20, digest */

/* SHA-256 over a byte string with its head (SUIT: a digest covers the wire form). At most 64 KiB. */
HF_MUST_CHECK hf_err hf__suit_digest(hf_bytes content, uint8_t digest[static HF_SHA256_LEN]);
/* The 32 bytes of an encoded digest [-16, bstr 32], empty if it is none. */
hf_bytes hf__suit_digest_value(hf_bytes encoded);
/* Append [-16, value]. */
void hf__suit_put_digest(struct hf_cborw *w, hf_bytes value);
/* Authentication wrapper: the digest, and each block with that digest as its payload. */
HF_MUST_CHECK hf_err hf__envelope_read_blocks(hf_bytes in, struct hf_envelope *e);
#endif
