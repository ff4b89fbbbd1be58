/* Fuzz target: the readers of COSE_Encrypt and COSE_Encrypt0, strict and foreign, and opening with a fixed
 * key. A strict object cannot open: nobody sealed to this key, except the seeds.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cose_foreign.h>
#include "fuzz.h"

#define CMD_AAD HF_STR("hf/cmd/1/abcdefghijklmnop")
#define FRAME_AAD HF_STR("hf/frame/1/abcdefghijklmnop")

enum { IN_MAX = 16384 };

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static const uint8_t base_iv[HF_AEAD_NONCE_LEN] = "base-iv-xyz";
static uint8_t plain_mem[IN_MAX];

static void try_encrypt(hf_bytes in, const struct hf_ecdhkey *key)
{
	struct hf_cose_encrypt e;
	struct hf_out plain = HF_OUT(plain_mem);

	if (hf_cose_encrypt_read(in, &e) != HF_OK) {
		if (e.ciphertext.ptr != NULL || e.x.ptr != NULL)
			abort();
		(void)!hf_cose_foreign_encrypt_read(in, &e);
		return;
	}
	if (e.alg != HF_COSE_A256GCM || e.iv.len != HF_AEAD_NONCE_LEN || e.x.len != 32 || e.kid.len == 0)
		abort();
	if (hf_cose_encrypt_open(&e, key, CMD_AAD, &plain) != HF_OK && plain.len != 0)
		abort();
}

static void try_encrypt0(hf_bytes in)
{
	struct hf_cose_encrypt0 e;
	struct hf_out plain = HF_OUT(plain_mem);

	if (hf_cose_encrypt0_read(in, &e) != HF_OK) {
		if (e.ciphertext.ptr != NULL || e.iv.ptr != NULL || e.partial_iv.ptr != NULL)
			abort();
		(void)!hf_cose_foreign_encrypt0_read(in, &e);
		(void)!hf_cose_foreign_direct_read(in, &e);
		return;
	}
	if ((e.iv.len == 0) == (e.partial_iv.len == 0))
		abort();
	if (hf_cose_encrypt0_open(&e, &secret, base_iv, FRAME_AAD, &plain) != HF_OK && plain.len != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_ecdhkey key;

	if (key.derive == NULL && hf_crypto_p256_ecdhkey(&secret, &key) != HF_OK)
		abort();
	if (size > IN_MAX)
		return 0;
	try_encrypt((hf_bytes){ data, size }, &key);
	try_encrypt0((hf_bytes){ data, size });
	return 0;
}
