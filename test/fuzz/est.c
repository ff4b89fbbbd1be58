/* est.c -- bodies and Basic headers of EST requests: whatever decodes, encodes to
 * something that decodes the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "est_priv.h"
#include "fuzz.h"

static void round_trip(hf_bytes der, bool wrap)
{
	static uint8_t mem[65536];
	struct hf_out back = HF_OUT(mem);
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(131072);
	bool wrapped = false;

	if (hf__est_encode(der, wrap, &text) != HF_OK ||
	    hf__est_decode(hf_buf_bytes(&text), &back, &wrapped) != HF_OK ||
	    !hf_bytes_equal(hf_out_bytes(&back), der))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mem[32768];
	struct hf_out out = HF_OUT(mem);
	uint8_t hash[HF_SHA256_LEN];
	char header[512];
	bool wrapped = false;

	if (size > 0 && size < sizeof(header)) {
		memcpy(header, data, size);
		header[size] = 0;
		(void)(hf__est_basic(header, hash) == HF_OK);
	}
	if (hf__est_decode((hf_bytes){ data, size }, &out, &wrapped) != HF_OK)
		return 0;
	round_trip(hf_out_bytes(&out), false);
	round_trip(hf_out_bytes(&out), true);
	return 0;
}
