/* A certificate that a TLS peer, an EST server or a file brings.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/pki.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const hf_bytes in = { data, size };
	struct hf_pki_cert cert;
	unsigned marks = 9;

	if (hf_pki_cert_read(in, &cert) != HF_OK) {
		if (cert.serial_len != 0 || cert.cn[0] != '\0' || cert.curve != 0)
			__builtin_trap(); /* nothing of a refused certificate may be used */
		return 0;
	}
	if (cert.serial_len == 0 || cert.serial_len > HF_PKI_SERIAL_LEN)
		__builtin_trap();
	/* Trusted by itself, so that the whole verification runs; whatever it says, it says cleanly. */
	if (hf_pki_verify(in, &in, 1, HF_PKI_USE_CLIENT, cert.not_before, &marks) != HF_OK && marks != 0)
		__builtin_trap();
	return 0;
}
