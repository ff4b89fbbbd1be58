/* enrolproc.h -- the `enrol` process: EST (RFC 7030 and 8951) for devices and factory stations.
 * Promise: authenticated before the request is parsed; certificate row and journal entry are on disk before
 * the answer leaves; a 403 is one body and the same work for unknown, used, revoked and wrong.
 * Holds no private key. Thread rule: as hf/http.h; hf_enrolproc_start begins the threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_ENROLPROC_H
#define HF_ENROLPROC_H
#include <hf/ca.h>
#include <hf/http.h>
#include <hf/store.h>

struct hf_enrolproc_conf {
	struct hf_store *store;
	struct hf_ca *ca;
	const struct hf_tls *tls;
	const char *addr;
	uint16_t port;
	unsigned workers; /* 0 = 2 */
	unsigned threads; /* that block on store and ca; 0 = 16 */
	const char *domain;
	const char *default_line; /* of requests without label; "" = they are 404 */
	bool compat;              /* compatibility listener: Basic codes, no claims */
	const hf_bytes *cacerts;  /* DER, what cacerts answers; borrowed */
	size_t n_cacerts;
};
struct hf_enrolproc;
HF_MUST_CHECK hf_err hf_enrolproc_new(const struct hf_enrolproc_conf *conf, struct hf_enrolproc **out,
				      struct hf_why *why);
HF_MUST_CHECK hf_err hf_enrolproc_start(struct hf_enrolproc *p, struct hf_why *why);
uint16_t hf_enrolproc_port(const struct hf_enrolproc *p);
void hf_enrolproc_free(struct hf_enrolproc *p);
#endif
