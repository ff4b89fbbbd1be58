/* apiproc.h -- the operators' API of holdfastd: openapi.yaml in this folder, made of HTTPS, the store and
 * the fleet's rules. Holds no private key; what must be signed or sealed is asked of the `ca` process.
 * Promise: every request is authenticated by the certificate of its TLS session against the store, at every
 * request; an operator sees its own account only; what changes something changes it whole, once for each
 * Idempotency-Key, and leaves a row in the event journal.
 * Thread rule: hf_api_start begins its threads; the rest is called from the thread that made it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_APIPROC_H
#define HF_APIPROC_H
#include <holdfast/crypto.h>
#include <hf/ca.h>
#include <hf/http.h>
#include <hf/store.h>

struct hf_api_conf {
	struct hf_store *store;
	const struct hf_tls *tls;
	const char *addr;
	uint16_t port;
	unsigned workers; /* of HTTP; 0 = 2 */
	unsigned threads; /* that work on the store; 0 = 4 */
	struct hf_ca *ca;
	hf_bytes policy; /* trust policy in force (a statement), for orders */
	const char *version;
};

struct hf_api;
/* Bind; no thread yet. Errors: http.h's, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_api_new(const struct hf_api_conf *conf, struct hf_api **out, struct hf_why *why);
HF_MUST_CHECK hf_err hf_api_start(struct hf_api *api, struct hf_why *why);
uint16_t hf_api_port(const struct hf_api *api);
/* Finish what is running, then free. */
void hf_api_free(struct hf_api *api);
#endif
