/* A private key that lives in another process: the public point once, then one digest per signature.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/ipc.h>

enum { DIGEST_P256 = 32, DIGEST_P384 = 48 };

static size_t digest_len(int curve)
{
	return curve == HF_CURVE_P384 ? DIGEST_P384 : DIGEST_P256;
}

static size_t point_len(int curve)
{
	return curve == HF_CURVE_P384 ? HF_P384_POINT_LEN : HF_P256_POINT_LEN;
}

static hf_err sign_far(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	struct hf_ipc_key *k = ctx;
	uint8_t body[HF_IPC_KEY_SIGN_MAX] = { k->number };
	uint8_t sig[HF_P384_SIG_LEN];
	struct hf_out reply = HF_OUT(sig);

	if (n != digest_len(k->key.curve))
		return HF_ERR_BASE_MISUSE;
	memcpy(body + 1, digest, n);
	HF_TRY(hf_ipc_call(k->ipc, HF_IPC_KEY_SIGN, (hf_bytes){ body, 1 + n }, k->timeout_ms, &reply));
	if (reply.len != 2 * n)
		return HF_ERR_IPC_FRAME;
	memcpy(rs, sig, reply.len);
	return HF_OK;
}

hf_err hf_ipc_key_open(struct hf_ipc_key *k, struct hf_ipc *ipc, uint8_t number, uint32_t timeout_ms)
{
	uint8_t pub[1 + HF_P384_POINT_LEN];
	struct hf_out reply = HF_OUT(pub);

	*k = (struct hf_ipc_key){ .ipc = ipc, .number = number, .timeout_ms = timeout_ms };
	HF_TRY(hf_ipc_call(ipc, HF_IPC_KEY_PUB, (hf_bytes){ &number, 1 }, timeout_ms, &reply));
	if (reply.len < 1 || (pub[0] != HF_CURVE_P256 && pub[0] != HF_CURVE_P384) ||
	    reply.len != 1 + point_len(pub[0]))
		return HF_ERR_IPC_FRAME;
	k->key = (struct hf_hwkey){ .sign = sign_far, .ctx = k, .curve = pub[0] };
	memcpy(k->key.pub, pub + 1, reply.len - 1);
	return HF_OK;
}

hf_err hf_ipc_key_pub(hf_bytes body, hf_ipc_key_find find, void *ctx, struct hf_out *reply)
{
	const struct hf_hwkey *key = find(ctx, body.ptr[0]);
	uint8_t curve;

	if (key == NULL)
		return HF_ERR_IPC_KEY;
	curve = (uint8_t)key->curve;
	HF_TRY(hf_out_put(reply, (hf_bytes){ &curve, 1 }));
	return hf_out_put(reply, (hf_bytes){ key->pub, point_len(key->curve) });
}

hf_err hf_ipc_key_sign(hf_bytes body, hf_ipc_key_find find, void *ctx, struct hf_out *reply)
{
	const struct hf_hwkey *key = find(ctx, body.ptr[0]);
	uint8_t rs[HF_P384_SIG_LEN];
	size_t n;

	if (key == NULL)
		return HF_ERR_IPC_KEY;
	n = digest_len(key->curve);
	if (body.len != 1 + n)
		return HF_ERR_IPC_FRAME;
	HF_TRY(key->sign(key->ctx, body.ptr + 1, n, rs));
	return hf_out_put(reply, (hf_bytes){ rs, 2 * n });
}
