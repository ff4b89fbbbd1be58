/* A certificate request that a device sends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/pki.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hf_pki_csr empty;
	struct hf_pki_csr csr;
	hf_err err = hf_pki_csr_read((hf_bytes){ data, size }, &csr);

	if (err == HF_OK && (csr.pub[0] != 4 || hf_crypto_p256_check(csr.pub) != HF_OK))
		__builtin_trap();
	if (err != HF_OK && memcmp(&csr, &empty, sizeof(csr)) != 0)
		__builtin_trap(); /* nothing of a refused request may be used */
	return 0;
}
