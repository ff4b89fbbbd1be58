/* statements.h -- policies and revocations on the shelf, while people sign them one after the other.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STATEMENTS_H
#define STATEMENTS_H
#include "release.h"

enum { REVOKE_REASON_MAX = 128 };

/* Append a copy of `in` that is also signed by `key`. `in` is a statement, or the bare payload of one. */
HF_MUST_CHECK hf_err statement_sign(struct shelf *s, hf_bytes in, struct signer *key, struct hf_out *out);
/* Append a copy of `old` (statement or bare payload) with those signatures of `more` that a key of one of
 * the two policies made; each is verified. *n is how many. Errors: HF_ERR_STATEMENT_*. */
HF_MUST_CHECK hf_err statement_merge(struct shelf *s, hf_bytes old, hf_bytes more, const struct hf_policy *p,
				     const struct hf_policy *next, size_t *n, struct hf_out *out);
/* Payload of a statement, or `in` itself when it is a bare payload. */
hf_bytes statement_payload(hf_bytes in);
/* The draft of policy `number`: with signatures when there are some, else the payload. */
HF_MUST_CHECK hf_err statement_draft(struct shelf *s, uint64_t number, struct hf_buf *out);
void statement_draft_name(uint64_t number, bool signed_, char out[static SHELF_NAME_MAX]);
/* After a signature: policy 1 is in force as soon as its own root quorum signed. */
HF_MUST_CHECK hf_err statement_store_draft(struct shelf *s, uint64_t number, hf_bytes statement);

/* Revocation: {0: "hf/revocation/1", 1: D, 2: class, 3: reason}. */
struct revocation {
	hf_bytes d, class_id, reason;
};
HF_MUST_CHECK hf_err revocation_write(const struct revocation *r, struct hf_out *out);
/* Errors: HF_ERR_REVOCATION_SHAPE. */
HF_MUST_CHECK hf_err revocation_read(hf_bytes payload, struct revocation *r);
#endif
