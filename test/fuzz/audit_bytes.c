/* Any file: the automaton and what it points at, keys, MCU images, device trees, bundles; in memory, and
 * behind read().
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "scan_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scan_sink_run("/opt/x", (hf_bytes){ data, size }, true, 1);
	scan_sink_run("/opt/x", (hf_bytes){ data, size }, false, 1);
	return 0;
}
