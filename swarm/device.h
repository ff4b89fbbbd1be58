/* device.h -- the devices of a swarm: name, key and certificate, made from a test CA and the seed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_DEVICE_H
#define HF_SWARM_DEVICE_H
#include <openssl/ssl.h>
#include "swarm.h"

struct device {
	char dev[17];
	uint8_t cert_sha256[32];
	X509 *cert;
	EVP_PKEY *key;
	SSL_SESSION *session; /* to resume with, or NULL */
};

/* `devices` for the whole swarm; parent and workers share them by fork. NULL after a line on stderr. */
struct device *swarm_devices(const struct swarm_opts *o);
/* Client context as our agent has it: TLS 1.3, P-256, AES-128-GCM, no chain. */
SSL_CTX *swarm_context(const struct swarm_opts *o);
/* Reason of OpenSSL's last error. */
const char *swarm_tls_error(void);
#endif
