/* init_policy.h -- the trust policy that `holdfast init` makes: its own root keys and operators, and, from a
 * file, who signs, logs and witnesses releases.
 * Promise: with such a file the policy can be followed by another (it names log, witnesses and publisher);
 * without it nobody may release, and no policy can ever follow: doc/adr/0021-policy-1-is-complete.md.
 * Thread rule: pure. SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_POLICY_H
#define INIT_POLICY_H
#include <hf/why.h>
#include <holdfast/policy.h>

struct init_policy {
	hf_bytes vendor;                 /* 16 bytes */
	const struct hf_policy_key *key; /* roots first, then operators */
	size_t n_keys, n_roots;
	uint64_t root_quorum;
	hf_bytes release; /* JSON of --release-policy, empty: none */
};
/* Is this the JSON of --release-policy, as far as can be said before there are keys?
 * Errors: JSON's; HF_ERR_POLICY_TEXT. */
HF_MUST_CHECK hf_err init_policy_check(hf_bytes text, struct hf_why *why);
/* Append the payload of policy 1. Errors: policy_text.h's, HF_ERR_POLICY_LOCKOUT. */
HF_MUST_CHECK hf_err init_policy_payload(const struct init_policy *in, struct hf_out *payload,
					 struct hf_why *why);
#endif
