/* seal_priv.h -- what the two sides of a stream agree on (channel.md s8).
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_SEAL_PRIV_H
#define HOLDFAST_SEAL_PRIV_H
#include <holdfast/seal.h>

/* Freestanding: compilers emit calls to these two, so a port supplies them and core may use them. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);

enum {
	HF__SEAL_CLAIM_DEV = 1,
	HF__SEAL_CLAIM_IAT = 6,
	HF__SEAL_CLAIM_HOLDFAST = -65537, /* CWT private use */
	HF__SEAL_KEY_KTY = 1,             /* labels of a COSE_Key (RFC 9052 s7.1) */
	HF__SEAL_KEY_KID = 2,
	HF__SEAL_KEY_ALG = 3,
	HF__SEAL_KEY_BASE_IV = 5,
	HF__SEAL_KEY_K = -1,
	HF__SEAL_KTY_SYMMETRIC = 4,
	HF__SEAL_COUNTER_LEN = 4, /* the partial IV, big-endian, fixed length */
	HF__SEAL_AAD_CAP = 32,
};

/* "hf/skey/1/{dev}" and "hf/frame/1/{dev}", the external_aad of every layer. */
hf_bytes hf__seal_key_aad(hf_bytes dev, uint8_t mem[static HF__SEAL_AAD_CAP]);
hf_bytes hf__seal_frame_aad(hf_bytes dev, uint8_t mem[static HF__SEAL_AAD_CAP]);
#endif
