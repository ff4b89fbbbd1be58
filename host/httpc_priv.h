/* httpc_priv.h -- shared by the files of host/httpc.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_HTTPC_PRIV_H
#define HF_HTTPC_PRIV_H
#include <hf/httpc.h>
#include "tls_priv.h"

struct hf_httpc {
	int fd;
	SSL *ssl;
	bool shaken;
	uint32_t timeout_ms;
	struct hf_tls_peer peer;
	char name[280];
	char agent[64];
	struct hf_buf in; /* bytes read ahead of the head's end */
};

HF_MUST_CHECK hf_err hf__httpc_write(struct hf_httpc *c, hf_bytes data, uint64_t deadline,
				     struct hf_why *why);
HF_MUST_CHECK hf_err hf__httpc_read(struct hf_httpc *c, uint8_t *to, size_t cap, size_t *len,
				    uint64_t deadline, struct hf_why *why);

/* What a head says about its body. */
struct hf__httpc_head {
	int status, minor;
	bool chunked, has_length, close;
	uint64_t length;
};
/* Cut the head in place: `head` holds a whole block that ends in an empty line.
 * Errors: HF_ERR_HTTPC_ANSWER. */
HF_MUST_CHECK hf_err hf__httpc_head_read(char *head, struct hf_httpc_res *res, struct hf__httpc_head *out);
#endif
