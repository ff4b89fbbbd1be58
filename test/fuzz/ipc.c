/* A frame head that is accepted describes the packet exactly and is written back the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/ipc.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_ipc_head h;
	uint8_t back[HF_IPC_HEAD_LEN];

	if (hf_ipc_head_read((hf_bytes){ data, size }, &h) != HF_OK) {
		if (h.len != 0 || h.type != 0)
			abort();
		return 0;
	}
	hf_ipc_head_write(back, &h);
	if (h.len + HF_IPC_HEAD_LEN != size || memcmp(back, data, HF_IPC_HEAD_LEN) != 0)
		abort();
	return 0;
}
