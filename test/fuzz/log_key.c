/* Fuzz target: Ed25519 keys as OpenSSH writes them. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/sshkey.h>
#include "fuzz.h"

static void check_public(hf_bytes in)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_SSHKEY_FILE_MAX);
	uint8_t pub[HF_ED25519_PUB_LEN], again[HF_ED25519_PUB_LEN];

	if (hf_sshkey_read_public(in, pub) != HF_OK)
		return;
	if (hf_sshkey_put_public(&text, pub, "x") != HF_OK ||
	    hf_sshkey_read_public(hf_buf_bytes(&text), again) != HF_OK ||
	    memcmp(pub, again, sizeof(pub)) != 0)
		abort();
}

static void check_private(hf_bytes in)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_SSHKEY_FILE_MAX);
	struct hf_key seed = { 0 }, again = { 0 };

	if (hf_sshkey_read_private(in, &seed) != HF_OK)
		return;
	if (hf_sshkey_put_private(&text, &seed) != HF_OK ||
	    hf_sshkey_read_private(hf_buf_bytes(&text), &again) != HF_OK || again.len != seed.len ||
	    memcmp(seed.b, again.b, seed.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_public((hf_bytes){ data, size });
	check_private((hf_bytes){ data, size });
	return 0;
}
