/* Any bytes behind an ELF magic: every table may lie.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "fuzz.h"
#include "scan_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 4);

	if (copy == NULL)
		return 0;
	memcpy(copy, "\177ELF", 4);
	if (size > 0)
		memcpy(copy + 4, data, size);
	scan_sink_run("/usr/bin/x", (hf_bytes){ copy, size + 4 }, true, 1);
	scan_sink_run("/usr/bin/x", (hf_bytes){ copy, size + 4 }, false, 1);
	free(copy);
	return 0;
}
