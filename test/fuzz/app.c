/* Fuzz target: a program's reader of what comes from the agent's socket, and of the arguments in it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <holdfast/app.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_app_message m;
	uint64_t number = 1;
	bool yes = true;

	if (hf_app_read((hf_bytes){ data, size }, &m) != HF_OK) {
		if (m.kind != 0 || m.text.len != 0 || m.op.len != 0 || m.args.len != 0)
			abort();
		return 0;
	}
	if (m.kind != HF_APP_COMMAND && m.op.len + m.args.len > 0)
		abort();
	if (hf_app_arg_bool(&m, "on", &yes) != HF_OK && yes)
		abort();
	if (hf_app_arg_uint(&m, "on", &number) != HF_OK && number != 0)
		abort();
	return 0;
}
