/* peer.h -- what the broker plugin wants to know of a peer's certificate that OpenSSL already holds.
 * The broker verified the chain; whether this certificate may connect is decided by its hash alone.
 * Thread rule: every function may be called from any thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PEER_H
#define HF_PEER_H
#include <holdfast/base.h>

enum { HF_PEER_CN_CAP = 65 };

struct hf_peer {
	uint8_t sha256[32];      /* of the DER */
	char cn[HF_PEER_CN_CAP]; /* common name, "" unless there is exactly one that fits */
};

/* `x509` is OpenSSL's X509 *, as the broker hands it out; it is freed. Errors: HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf_peer_take(void *x509, struct hf_peer *peer);
#endif
