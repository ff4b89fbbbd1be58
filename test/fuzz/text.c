/* Fuzz target: the text codes of base.h. What decodes must encode to the same value again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <holdfast/base.h>
#include "fuzz.h"

typedef hf_err (*coder)(hf_bytes in, struct hf_out *out);

static void round_trip(coder decode, coder encode, hf_bytes text)
{
	static uint8_t value[1 << 16], again[1 << 17];
	struct hf_out v = HF_OUT(value), t = HF_OUT(again);

	if (decode(text, &v) != HF_OK) {
		if (v.len != 0)
			abort();
		return;
	}
	if (encode(hf_out_bytes(&v), &t) != HF_OK || t.len != text.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes text = { data, size };

	round_trip(hf_base32_decode, hf_base32_encode, text);
	round_trip(hf_base64url_decode, hf_base64url_encode, text);
	round_trip(hf_hex_decode, hf_hex_encode, text);
	return 0;
}
