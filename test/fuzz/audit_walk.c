/* Fuzz target: the walk over any bytes. The readers of flash formats have targets of their own, which repair
 * checksums first.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "walk_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk_target_run(data, size);
	return 0;
}
