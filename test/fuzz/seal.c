/* Fuzz target: the owner's readers of a stream key and a frame, which get bytes from a hostile server.
 * The first byte chooses: 0 a sealed key, 1 a frame, others the claims inside a key, properly signed, as a
 * hostile device would write them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/fake.h>
#include <holdfast/seal.h>
#include "fuzz.h"

#define DEV HF_STR("abcdefghijklmnop")
#define KEY_AAD HF_STR("hf/skey/1/abcdefghijklmnop")

enum { IN_MAX = 4096 };

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static const struct hf_seal_key frame_key = {
	.kid = "kid-000",
	.base_iv = "base-iv-xyz",
	.key = { .b = "0123456789abcdef0123456789abcde", .len = 32 },
};
static struct hf_hwkey hw;
static struct hf_ecdhkey owner;
static struct hf_cose_pub device;
static uint8_t mem[IN_MAX];

static void prepare(void)
{
	if (hw.sign != NULL)
		return;
	if (hf_crypto_p256_hwkey(&secret, &hw) != HF_OK || hf_crypto_p256_ecdhkey(&secret, &owner) != HF_OK)
		abort();
	device = (struct hf_cose_pub){ HF_COSE_ES256, { hw.pub, HF_P256_POINT_LEN } };
}

static void try_key(hf_bytes object)
{
	struct hf_seal_key key;
	hf_bytes found;

	if (hf_seal_key_find(object, (const uint8_t *)"kid-0001", &found) != HF_OK && found.ptr != NULL)
		abort();
	if (hf_seal_key_open(object, &owner, &device, DEV, &key) == HF_OK) {
		if (key.key.len != 32 || key.stream_len == 0 || key.stream_len > HF_SEAL_MAX_STREAM_LEN)
			abort();
		return;
	}
	if (key.key.len != 0 || key.stream_len != 0)
		abort();
}

static void try_frame(hf_bytes frame)
{
	struct hf_out plain = HF_OUT(mem);
	uint8_t kid[HF_KID_LEN];
	uint32_t peeked, counter;
	hf_err peek = hf_seal_frame_peek(frame, kid, &peeked);

	if (hf_seal_frame_open(frame, &frame_key, DEV, &counter, &plain) == HF_OK) {
		if (peek != HF_OK || counter != peeked || memcmp(kid, frame_key.kid, HF_KID_LEN) != 0)
			abort();
		return;
	}
	if (plain.len != 0 || counter != 0)
		abort();
}

static void try_claims(hf_bytes claims)
{
	static uint8_t signed_mem[IN_MAX];
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_STR("ldev-kid"), &hw, NULL };
	struct hf_out signed_key = HF_OUT(signed_mem), out = HF_OUT(mem);
	struct hf_port port;
	hf_err err;

	hf_fake_init(&port, 1);
	err = hf_cose_sign1_write(&signer, KEY_AAD, claims, false, NULL, &signed_key);
	if (err == HF_OK)
		err = hf_cose_encrypt_write(&port, owner.pub, HF_STR("k"), KEY_AAD, hf_out_bytes(&signed_key),
					    &out);
	if (err == HF_OK)
		try_key(hf_out_bytes(&out));
	hf_fake_free(&port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes rest;

	prepare();
	if (size == 0 || size > IN_MAX)
		return 0;
	rest = (hf_bytes){ data + 1, size - 1 };
	if (data[0] == 0)
		try_key(rest);
	else if (data[0] == 1)
		try_frame(rest);
	else
		try_claims(rest);
	return 0;
}
