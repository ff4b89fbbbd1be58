/* Fuzz target: statements and trust policies.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/statement.h>

/* A policy that parsed keeps its promise: quorums name existing keys, can be met, and never by nobody. */
static void judge(const struct hf_policy *policy)
{
	hf_bytes order = { 0 };
	hf_key_set roots = 0;

	if (policy->n_keys == 0 || policy->n_keys > HF_POLICY_MAX_KEYS)
		__builtin_trap();
	if (hf_quorum_keys(policy, policy->root, &roots) != HF_OK ||
	    !hf_verdict_is_yes(hf_quorum_met(policy, policy->root, roots)) ||
	    hf_verdict_is_yes(hf_quorum_met(policy, policy->root, 0)))
		__builtin_trap();
	if (hf_policy_named(policy, HF_STR("order"), &order) != HF_OK)
		return;
	if (hf_verdict_is_yes(hf_quorum_met(policy, order, 0)) ||
	    hf_verdict_is_yes(hf_quorum_met(policy, order, roots)))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_statement s;
	struct hf_policy policy;
	hf_bytes in = { data, size };

	if (hf_statement_read(in, &s) == HF_OK && s.type.len == 0)
		__builtin_trap();
	if (hf_policy_read(in, &policy) == HF_OK)
		judge(&policy);
	if (hf_policy_open_first(in, &scratch, &policy) == HF_OK)
		judge(&policy);
	return 0;
}
