/* peer.h -- what the plugin wants to know of a peer's certificate.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_PEER_H
#define HF_PLUGIN_PEER_H
#include <holdfast/base.h>

enum { HF_PEER_CN_CAP = 64 };

struct hf_peer {
	uint8_t hash[32];        /* SHA-256 of the certificate's DER */
	char cn[HF_PEER_CN_CAP]; /* common name, "" unless there is exactly one that fits */
};

/* `x509` is the broker's X509 *; it is freed. Errors: HF_ERR_CRYPTO_FAILED. */
HF_MUST_CHECK hf_err hf__peer_take(void *x509, struct hf_peer *peer);
#endif
