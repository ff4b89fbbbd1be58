/* logfront.h -- the log's HTTP interface: Sigsum v1 and C2SP tiles over one tree (doc/protocol/log-http.md).
 * Promise: nothing beyond the published head is shown; only publishers of the policy may add; 200 to
 * add-leaf means the leaf is in a published, cosigned head. Thread rule: handlers run on HTTP's workers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGFRONT_H
#define HF_LOGFRONT_H
#include <hf/http.h>
#include <hf/logseq.h>

struct hf_logfront {
	struct hf_logstore *store;
	struct hf_logseq *seq;
	const struct hf_policy *policy;
	uint8_t pub[HF_ED25519_PUB_LEN];
};
enum {
	HF_LOGFRONT_LEAF_MAX = 65536,   /* body of add-leaf */
	HF_LOGFRONT_BODY_MAX = 1 << 19, /* of add-object, the largest of all */
	HF_LOGFRONT_LEAVES_MAX = 1024,
	HF_LOGFRONT_OBJECT_MAX = 1 << 20,
};
extern const struct hf_http_route hf_logfront_routes[];
extern const size_t hf_logfront_n_routes;

/* The body of add-leaf: three lines in this order, nothing else. Errors: HF_ERR_LOG_REQUEST. */
struct hf_log_submission {
	uint8_t message[HF_SHA256_LEN], sig[HF_ED25519_SIG_LEN], pub[HF_ED25519_PUB_LEN];
};
HF_MUST_CHECK hf_err hf_log_submission_read(hf_bytes body, struct hf_log_submission *s);

/* ---- Objects behind the leaves: POST add-object/<publisher key>/<signature>, body = the object ---- */

enum { HF_LOG_OBJECT_MESSAGE_LEN = 16 + HF_SHA256_LEN };
/* What the publisher signs: "hf/log-object/1", 0, SHA-256 of the object. */
HF_MUST_CHECK hf_err hf_log_object_message(hf_bytes object, uint8_t out[static HF_LOG_OBJECT_MESSAGE_LEN]);
/* D of an object that a leaf can stand for: a release envelope or a statement. Nothing is verified.
 * Errors: HF_ERR_LOG_OBJECT (neither). */
HF_MUST_CHECK hf_err hf_log_object_digest(hf_bytes object, uint8_t d[static HF_SHA256_LEN]);
#endif
