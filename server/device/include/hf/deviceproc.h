/* deviceproc.h -- the `device` process: bundles of releases by content address, for devices.
 * Promise: every request is authorised against the store by the certificate of its TLS session, so a
 * revoked, quarantined or superseded device gets nothing; a device gets bundles of its owner's account that
 * are not revoked; what is given under an address hashes to it.
 * Holds no private key: handshakes are signed by `ca`. Thread rule: as hf/http.h; hf_deviceproc_start
 * begins the threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_DEVICEPROC_H
#define HF_DEVICEPROC_H
#include <hf/http.h>
#include <hf/store.h>

struct hf_deviceproc_conf {
	struct hf_store *store;
	const struct hf_tls *tls;
	const char *addr;
	uint16_t port;
	unsigned workers; /* 0 = 2 */
	unsigned threads; /* that block on the store; 0 = 4 */
};
struct hf_deviceproc;
HF_MUST_CHECK hf_err hf_deviceproc_new(const struct hf_deviceproc_conf *conf, struct hf_deviceproc **out,
				       struct hf_why *why);
HF_MUST_CHECK hf_err hf_deviceproc_start(struct hf_deviceproc *p, struct hf_why *why);
uint16_t hf_deviceproc_port(const struct hf_deviceproc *p);
void hf_deviceproc_free(struct hf_deviceproc *p);
#endif
