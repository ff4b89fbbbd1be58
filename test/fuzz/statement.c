/* Fuzz target: statements and trust policies.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/statement.h>

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
	if (hf_policy_read(in, &policy) == HF_OK && policy.n_keys == 0)
		__builtin_trap();
	(void)(hf_policy_open_first(in, &scratch, &policy) == HF_OK);
	return 0;
}
