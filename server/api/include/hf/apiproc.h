/* apiproc.h -- the operators' API of holdfastd: openapi.yaml in this folder, made of HTTPS, the store and
 * the fleet's rules. Holds no private key; what must be signed or sealed is asked of the `ca` process through
 * the callbacks below.
 * Promise: every request is authenticated by the certificate of its TLS session against the store, at every
 * request; an operator sees its own account only; what changes something changes it whole, once for each
 * Idempotency-Key, and leaves a row in the event journal.
 * Thread rule: hf_api_start begins its threads; the rest is called from the thread that made it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_APIPROC_H
#define HF_APIPROC_H
#include <holdfast/crypto.h>
#include <hf/http.h>
#include <hf/store.h>

/* What needs a key. Each call may take a while and comes from several threads; `ctx` is given back. */
struct hf_api_ca {
	void *ctx;
	/* Seal Kc for the store; `sealed` gets at most HF_CLAIM_SEALED_MAX bytes. */
	hf_err (*seal_kc)(void *ctx, const uint8_t cid[static HF_CLAIM_CID_LEN], const uint8_t kc[static 32],
			  struct hf_out *sealed);
	/* Is the sealed Kc this one? An error when not. */
	hf_err (*same_kc)(void *ctx, const uint8_t cid[static HF_CLAIM_CID_LEN], hf_bytes sealed,
			  const uint8_t kc[static 32]);
	/* Certificate of 12 hours for a person or station of this name and key, DER appended. */
	hf_err (*certify)(void *ctx, bool station, const char *name, const uint8_t pub[static HF_P256_POINT_LEN],
			  struct hf_out *der);
	/* Current CRL, DER appended to `der`. */
	hf_err (*crl)(void *ctx, struct hf_buf *der);
	/* Signature of a journal head (COSE_Sign1) and the public point it verifies with. */
	hf_err (*sign_head)(void *ctx, hf_bytes tree, uint64_t size, hf_bytes root, int64_t now, struct hf_out *object,
			    uint8_t pub[static HF_P256_POINT_LEN]);
};

struct hf_api_conf {
	struct hf_store *store;
	const struct hf_tls *tls;
	const char *addr;
	uint16_t port;
	unsigned workers;  /* of HTTP; 0 = 2 */
	unsigned threads;  /* that work on the store; 0 = 4 */
	uint8_t cursor_key[32]; /* authenticates cursors; the same at every start, so that cursors live on */
	struct hf_api_ca ca;
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
