/* Fuzz target: what a server tells a device to look at.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "fuzz.h"
#include "msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_look look;

	if (msg_look_read((hf_bytes){ data, size }, &look) == HF_OK && look.port == 0)
		abort();
	return 0;
}
