/* Fuzz target: OpenSSH keys from files and agents.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/openssh.h>

static void check_public(hf_bytes in)
{
	struct hf_buf line HF_AUTO(hf_buf_free) = HF_BUF(HF_OPENSSH_MAX);
	uint8_t pub[HF_ED25519_PUB_LEN], again[HF_ED25519_PUB_LEN];

	if (hf_openssh_read_public(in, pub) != HF_OK)
		return;
	if (hf_openssh_write_public(pub, "", &line) != HF_OK ||
	    hf_openssh_read_public(hf_buf_bytes(&line), again) != HF_OK ||
	    memcmp(pub, again, sizeof(pub)) != 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const hf_bytes in = { data, size };
	uint8_t pub[HF_ED25519_PUB_LEN], blob[HF_OPENSSH_BLOB_LEN];
	struct hf_key seed HF_AUTO(hf_key_wipe) = { 0 };

	check_public(in);
	if (hf_openssh_read_private(in, &seed, pub) != HF_OK && seed.len != 0)
		__builtin_trap();
	if (hf_openssh_read_blob(in, pub) == HF_OK) {
		hf_openssh_blob(pub, blob);
		if (!hf_bytes_equal(HF_ARR(blob), in))
			__builtin_trap();
	}
	return 0;
}
