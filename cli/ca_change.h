/* ca_change.h -- what the root keys sign when the Operational CA is replaced, and the step that puts it in
 * force. As maker.h: the first error is kept in the maker, later steps do nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CA_CHANGE_H
#define CA_CHANGE_H
#include <holdfast/statement.h>
#include "maker.h"

enum { CA_CHANGE_MAX = HF_STATEMENT_MAX_LEN };

struct ca_change {
	unsigned generation; /* of the new one */
	struct hf_buf policy_file;
	uint8_t scratch[HF_STATEMENT_SCRATCH], payload_mem[256];
	struct hf_policy policy; /* borrows from the two above */
	struct hf_out payload;
};
/* From the policy and the two certificates that lie in the deployment. End it whatever came of it. */
void ca_change_read(struct maker *m, unsigned generation, struct ca_change *c);
void ca_change_end(struct ca_change *c);
/* Write the statement into the deployment when it says exactly this and the root quorum signed it: from then
 * on the new CA is the CA. */
void ca_change_finish(struct maker *m, const struct ca_change *c, hf_bytes statement);

/* `in`, a statement or the bare payload of one, with one more signature. */
HF_MUST_CHECK hf_err ca_change_sign(hf_bytes in, const struct hf_cose_signer *signer, struct hf_out *out);
#endif
