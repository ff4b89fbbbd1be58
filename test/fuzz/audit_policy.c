/* Reading a policy file never crashes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/auditpolicy.h>
#include "fuzz.h"

enum { TODAY = 20700 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_why why = { 0 };
	struct hf_auditpolicy p;

	if (hf_auditpolicy_read("f", (hf_bytes){ data, size }, TODAY, &p, &why) == HF_OK)
		hf_auditpolicy_free(&p);
	return 0;
}
