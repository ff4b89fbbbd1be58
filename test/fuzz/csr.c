/* Fuzz target: certificate requests, certificates and certs-only objects from the network.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/pki.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };
	hf_bytes certs[HF_PKI_CERTS_MAX];
	struct hf_pki_csr csr;
	struct hf_pki_cert cert;
	size_t n = 0;

	if (hf_pki_csr_read(in, &csr) == HF_OK && csr.pub[0] != 4)
		__builtin_trap();
	if (hf_pki_cert_read(in, &cert) == HF_OK && cert.serial_len == 0)
		__builtin_trap();
	if (hf_pki_certs_only_read(in, certs, &n) == HF_OK && (n == 0 || certs[0].len == 0))
		__builtin_trap();
	return 0;
}
