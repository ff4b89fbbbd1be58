/* The answer of an EST server, and PEM text.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/pki.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const hf_bytes in = { data, size };
	hf_bytes certs[HF_PKI_CERTS_MAX];
	uint8_t mem[4096];
	struct hf_out der = HF_OUT(mem);
	size_t n = 0;

	if (hf_pki_certs_only_read(in, certs, &n) == HF_OK) {
		if (n == 0 || n > HF_PKI_CERTS_MAX)
			__builtin_trap();
		for (size_t i = 0; i < n; i++)
			if (certs[i].len == 0 || certs[i].ptr < data ||
			    certs[i].ptr + certs[i].len > data + size)
				__builtin_trap(); /* a view outside the input */
	} else if (n != 0) {
		__builtin_trap();
	}
	if (hf_pki_pem_read("CERTIFICATE", in, &der) != HF_OK && der.len != 0)
		__builtin_trap();
	return 0;
}
