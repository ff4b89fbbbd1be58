/* Fuzz target: what the root keys sign when the Operational CA is replaced.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/deploy.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mem[256];
	struct hf_out out = HF_OUT(mem);
	struct hf_deploy_op_change c;

	if (hf_deploy_op_read((hf_bytes){ data, size }, &c) != HF_OK)
		return 0;
	/* What reads must write back to the same bytes: one value, one encoding. */
	if (hf_deploy_op_payload(&c, &out) != HF_OK ||
	    !hf_bytes_equal(hf_out_bytes(&out), (hf_bytes){ data, size }))
		abort();
	return 0;
}
