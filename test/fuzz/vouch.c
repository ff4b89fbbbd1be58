/* Fuzz target: the reader of a vouch, under a policy that has no keys and under none of its signers.
 * The first byte chooses: 0 the object, others the payload, properly signed by an operator.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/vouch.h>
#include "fuzz.h"

#define AAD HF_STR("hf/vouch/1/abcdefghijklmnop")

enum { IN_MAX = HF_VOUCH_MAX_LEN + 64 };

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static struct hf_hwkey hw;
static struct hf_policy policy;

static void prepare(void)
{
	if (hw.sign != NULL)
		return;
	if (hf_crypto_p256_hwkey(&secret, &hw) != HF_OK)
		abort();
	policy.n_keys = 1;
	policy.key[0] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						.alg = HF_COSE_ES256,
						.pub = { hw.pub, HF_P256_POINT_LEN } };
	if (hf_crypto_kid(policy.key[0].pub, policy.key[0].kid) != HF_OK)
		abort();
}

static void judge(hf_bytes object)
{
	static const struct hf_vouch none;
	static struct hf_vouch v;

	if (hf_vouch_open(object, &policy, 1, &v) != HF_OK) {
		if (memcmp(&v, &none, sizeof(v)) != 0)
			abort();
		return;
	}
	if (v.n_earlier > HF_VOUCH_MAX_EARLIER || v.e.dev[HF_DEV_LEN] != '\0' || v.signer != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mem[IN_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_cose_signer s = { HF_COSE_ES256, HF_ARR(policy.key[0].kid), &hw, NULL };

	prepare();
	if (size == 0 || size > HF_VOUCH_MAX_LEN)
		return 0;
	if (data[0] == 0)
		judge((hf_bytes){ data + 1, size - 1 });
	else if (hf_cose_sign1_write(&s, AAD, (hf_bytes){ data + 1, size - 1 }, false, NULL, &out) == HF_OK)
		judge(hf_out_bytes(&out));
	return 0;
}
