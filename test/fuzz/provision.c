/* Fuzz target: the provisioning file a device is given.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/deploy.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mem[HF_PROVISION_CEILING];
	struct hf_out out = HF_OUT(mem);
	struct hf_provision p;

	if (size > HF_PROVISION_CEILING || hf_provision_read((hf_bytes){ data, size }, &p) != HF_OK)
		return 0;
	/* What reads must write back to the same bytes: one value, one encoding. */
	if (hf_provision_write(&p, &out) != HF_OK ||
	    !hf_bytes_equal(hf_out_bytes(&out), (hf_bytes){ data, size }))
		abort();
	return 0;
}
