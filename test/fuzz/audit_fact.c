/* What a reader that was taken over may send: decoding never crashes, and what it accepts has one encoding.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/fact.h>
#include <hf/vpath.h>
#include "fuzz.h"

static uint8_t room[2 * HF_FACT_MAX_LEN], path[3 * HF_FACT_MAX_LEN];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_out out = HF_OUT(room), joined = HF_OUT(path);
	struct hf_fact f;

	if (size > HF_FACT_MAX_LEN / 2)
		return 0;
	if (hf_vpath_join(HF_STR("a"), (hf_bytes){ data, size }, &joined) != HF_OK || joined.len < 3 ||
	    hf_vpath_inner(hf_out_bytes(&joined)).ptr[0] != '/')
		abort();
	if (hf_fact_decode((hf_bytes){ data, size }, &f) != HF_OK)
		return 0;
	if (hf_fact_encode(&f, &out) != HF_OK || hf_fact_decode(hf_out_bytes(&out), &f) != HF_OK)
		abort();
	return 0;
}
