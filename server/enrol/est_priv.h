/* est_priv.h -- one EST call on its way, and the steps it takes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_EST_PRIV_H
#define HF_EST_PRIV_H
#include <holdfast/claim.h>
#include <hf/enrolproc.h>
#include <hf/fleet.h>
#include <hf/pki.h>
#include <hf/pool.h>
#include "bucket.h"

enum { EST_BODY_MAX = 16384, EST_RETRY_S = 60 };

struct hf_enrolproc {
	struct hf_enrolproc_conf conf;
	struct hf_http *http;
	struct hf_pool *pool;
	struct hf__buckets *buckets;
};

/* HTTP status as result of a step; 0 = go on. */
struct hf__est {
	struct hf_enrolproc *p;
	const struct hf_http_req *http;
	struct hf_http_call *call;
	int (*run)(struct hf__est *e);
	struct hf_product_row line;
	struct hf_identity who;
	bool renew, wrapped;
	/* the request */
	uint8_t csr_der[HF_PKI_CSR_MAX];
	struct hf_out csr;
	struct hf_pki_csr parsed;
	uint8_t csr_sha256[HF_SHA256_LEN];
	/* the proof beside the certificate */
	bool has_claim, has_code;
	uint8_t cid[HF_CLAIM_ID_LEN], mac[HF_SHA256_LEN], code[HF_SHA256_LEN];
	uint8_t kc[HF_CLAIM_SEALED_MAX];
	size_t kc_len;
	/* the answer */
	uint8_t cert_der[HF_PKI_CERT_MAX];
	struct hf_out cert;
};

/* est_text.c */
/* Base64 of a body into `out`; *wrapped when it has line breaks inside.
 * Errors: HF_ERR_BASE_TEXT, _NO_ROOM. */
HF_MUST_CHECK hf_err hf__est_decode(hf_bytes body, struct hf_out *out, bool *wrapped);
/* Append base64, in one line or in lines of 64 that end in LF. */
HF_MUST_CHECK hf_err hf__est_encode(hf_bytes der, bool wrap, struct hf_buf *out);
/* challengePassword = base64 of the channel binding? */
bool hf__est_binds(const char *challenge, const struct hf_tls_peer *peer);
/* "Basic ..." into the hash of user:password. Errors: HF_ERR_BASE_TEXT. */
HF_MUST_CHECK hf_err hf__est_basic(const char *value, uint8_t hash[static HF_SHA256_LEN]);

/* est_answer.c */
void hf__est_refuse(struct hf__est *e, int status);
void hf__est_give(struct hf__est *e, hf_bytes der, const char *type);
/* The certificate in e->cert, with the server's own claim proof. Gives 0 or the status of a failure. */
int hf__est_give_cert(struct hf__est *e);

/* est_who.c */
/* Line, identity and proofs: 0, or the status that ends it. */
int hf__est_line(struct hf__est *e, const char *label);
int hf__est_identify(struct hf__est *e);
int hf__est_proofs(struct hf__est *e);
int hf__est_read_csr(struct hf__est *e);
int hf__est_status(hf_err err);

/* est_enrol.c, est_station.c */
/* Have e->cert signed for the key of the request; the row gets what is known of it. */
HF_MUST_CHECK hf_err hf__est_issue(struct hf__est *e, const struct hf_ca_order *order,
				   struct hf_cert_row *row);
int hf__est_enroll(struct hf__est *e);
int hf__est_station(struct hf__est *e);
int hf__est_commit(struct hf__est *e);
#endif
