/* Reading an earlier report never crashes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/gate.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_baseline b;

	if (hf_baseline_read((hf_bytes){ data, size }, &b) == HF_OK)
		hf_baseline_free(&b);
	return 0;
}
