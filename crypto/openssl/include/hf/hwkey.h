/* hwkey.h -- a struct hf_hwkey as the EVP_PKEY that OpenSSL's TLS and X.509 code signs with.
 * For rooms that hold OpenSSL objects themselves (host/tls); everybody else uses pki.h.
 * Thread rule: the EVP_PKEY may be used from many threads when the callback may.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HWKEY_H
#define HF_HWKEY_H
#include <openssl/evp.h>
#include <holdfast/crypto.h>

/* A new EVP_PKEY that signs through `key`, which must outlive it; free with EVP_PKEY_free. It signs digests
 * of 32 (P-256) or 48 bytes (P-384) only. Errors: HF_ERR_CRYPTO_POINT, HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_hwkey_evp(const struct hf_hwkey *key, EVP_PKEY **out);
#endif
