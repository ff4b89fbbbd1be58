/* compile_commands.json, build logs and SARIF, as top-level inputs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "scan_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scan_sink_run("input.json", (hf_bytes){ data, size }, true, 0);
	return 0;
}
