/* policy_text.h -- policies as people write and read them: JSON in, JSON or text out.
 * Every member must be there (null where nothing is wanted), so a misspelt one is seen. doc/release.md.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H
#include <hf/json.h>
#include <holdfast/policy.h>

/* Append the payload of policy `number` that follows `previous` (NULL: the first).
 * Errors: HF_ERR_POLICY_TEXT with words; hf_policy_write's. */
HF_MUST_CHECK hf_err policy_text_read(hf_bytes json, uint64_t number, const struct hf_policy *previous,
				      struct hf_out *payload, struct hf_why *why);
/* Append the JSON that policy_text_read takes, or lines for people. */
HF_MUST_CHECK hf_err policy_text_json(const struct hf_policy *p, struct hf_buf *out);
HF_MUST_CHECK hf_err policy_text_print(const struct hf_policy *p, struct hf_buf *out);
/* Append a policy file of Sigsum's tools: logs (at `url`), witnesses, groups, quorum.
 * Errors: HF_ERR_POLICY_ABSENT: no log or witness quorum. */
HF_MUST_CHECK hf_err policy_text_sigsum(const struct hf_policy *p, const char *url, struct hf_buf *out);
/* Would this policy let nobody release, publish or change it any more at `now`? HF_ERR_POLICY_LOCKOUT. */
HF_MUST_CHECK hf_err policy_lockout(const struct hf_policy *p, int64_t now, struct hf_why *why);
#endif
