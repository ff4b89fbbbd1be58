/* logwitness.h -- our own small witness (C2SP tlog-witness) for private networks: it remembers the largest
 * tree it cosigned and cosigns only what extends it.
 * Promise: judged, made durable, and only then signed, all in the process that holds the key; the process
 * that reads the network sends numbers, not text. It counts as no evidence of interoperability.
 * Thread rule: one thread per struct. SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGWITNESS_H
#define HF_LOGWITNESS_H
#include <hf/http.h>
#include <hf/logsign.h>

struct hf_logwitness {
	struct hf_key seed;
	uint8_t pub[HF_ED25519_PUB_LEN];
	uint8_t log[HF_ED25519_PUB_LEN];
	char path[HF_LOG_PATH_MAX]; /* of the state */
	struct hf_tree_head last;
};
struct hf_witness_ask {
	uint64_t old_size;
	struct hf_tree_head head;
	uint8_t log_sig[HF_ED25519_SIG_LEN];
	size_t n_proof;
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
};
struct hf_witness_answer {
	int status;    /* 200, 400, 403, 409, 422, 500 */
	uint64_t size; /* with 409 */
	uint64_t time; /* with 200 */
	uint8_t sig[HF_ED25519_SIG_LEN];
};
/* An absent state is that of a witness that saw nothing. Errors: HF_ERR_LOG_STATE, file.h's. */
HF_MUST_CHECK hf_err hf_logwitness_open(struct hf_logwitness *w, struct hf_why *why);
void hf_logwitness_judge(struct hf_logwitness *w, const struct hf_witness_ask *ask, uint64_t now,
			 struct hf_witness_answer *answer);
hf_err hf_logwitness_serve(struct hf_logwitness *w, int fd);

/* The side with the network. */
struct hf_witness_front {
	struct hf_ipc *ipc;
	uint8_t pub[HF_ED25519_PUB_LEN], log[HF_ED25519_PUB_LEN];
};
HF_MUST_CHECK hf_err hf_witness_front_open(struct hf_witness_front *f, struct hf_ipc *ipc);
extern const struct hf_http_route hf_witness_routes[1];
#endif
