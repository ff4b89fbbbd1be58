/* Fuzz target: what the server reads of bundles and heads that operators bring.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <bundle_names.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_head_row head;
	uint8_t d[HF_SHA256_LEN];
	uint64_t sequence = 0;
	hf_bytes in = { data, size };

	if (api_bundle_names(in, d, &sequence) == HF_OK && sequence > INT64_MAX)
		abort();
	if (api_head_names(in, &head) == HF_OK && (head.bytes.len != size || head.size > INT64_MAX))
		abort();
	return 0;
}
