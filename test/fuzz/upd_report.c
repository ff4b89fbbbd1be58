/* Fuzz target: reports of devices about releases, as the bus reads them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "fuzz.h"
#include "releases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf__report r;

	if (hf__report_read((hf_bytes){ data, size }, &r) != HF_OK)
		return 0;
	if (r.d.len > HF_SHA256_LEN || r.floor > INT64_MAX || (!r.has_floor && r.floor != 0))
		abort();
	if (r.d.len > 0 && (r.d.ptr < data || r.d.ptr + r.d.len > data + size))
		abort();
	return 0;
}
