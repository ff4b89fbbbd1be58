/* logsign.c -- compare, make durable, then sign.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/logsign.h>

enum { TYPE_STATE = 1, TYPE_SIGN = 2, HEAD_LEN = 8 + HF_MERKLE_LEN, ASK_MS = 10000 };

hf_err hf_logsign_open(struct hf_logsign *s, struct hf_why *why)
{
	HF_TRY(hf_crypto_ed25519_public(&s->seed, s->pub));
	return hf_log_state_read(s->path, &s->last, why);
}

static hf_err judge(const struct hf_logsign *s, const struct hf_tree_head *head,
		    const struct hf_merkle_hash *proof, size_t n)
{
	hf_err err;

	if (head->size < s->last.size)
		return HF_ERR_LOG_BACK;
	err = hf_merkle_check_growth(s->last.size, &s->last.root, head->size, &head->root, proof, n);
	return err == HF_ERR_MERKLE_PROOF || err == HF_ERR_MERKLE_RANGE ? HF_ERR_LOG_FORK : err;
}

hf_err hf_logsign_sign(struct hf_logsign *s, const struct hf_tree_head *head,
		       const struct hf_merkle_hash *proof, size_t n, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out body = HF_OUT(mem);

	HF_TRY(judge(s, head, proof, n));
	if (head->size != s->last.size) {
		HF_TRY(hf_log_state_write(s->path, head, NULL));
		s->last = *head;
	}
	HF_TRY(hf_checkpoint_body(s->pub, head, &body));
	return hf_crypto_ed25519_sign(&s->seed, hf_out_bytes(&body), sig);
}

/* ---- IPC ---- */

static hf_err on_state(void *ctx, hf_bytes body, struct hf_out *reply)
{
	const struct hf_logsign *s = ctx;
	uint8_t size[8];

	(void)body;
	hf_put_be64(size, s->last.size);
	HF_TRY(hf_out_put(reply, HF_ARR(s->pub)));
	HF_TRY(hf_out_put(reply, HF_ARR(size)));
	return hf_out_put(reply, HF_ARR(s->last.root.b));
}

static hf_err on_sign(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	struct hf_tree_head head = { .size = hf_get_be64(body.ptr) };
	size_t n = (body.len - HEAD_LEN) / HF_MERKLE_LEN;
	uint8_t sig[HF_ED25519_SIG_LEN];

	if ((body.len - HEAD_LEN) % HF_MERKLE_LEN != 0)
		return HF_ERR_IPC_FRAME;
	memcpy(head.root.b, body.ptr + 8, HF_MERKLE_LEN);
	memcpy(proof, body.ptr + HEAD_LEN, n * HF_MERKLE_LEN);
	HF_TRY(hf_logsign_sign(ctx, &head, proof, n, sig));
	return hf_out_put(reply, HF_ARR(sig));
}

hf_err hf_logsign_serve(struct hf_logsign *s, int fd)
{
	static const struct hf_ipc_op ops[] = {
		{ TYPE_STATE, 0, 0, on_state },
		{ TYPE_SIGN, HEAD_LEN, HEAD_LEN + HF_MERKLE_PROOF_MAX * HF_MERKLE_LEN, on_sign },
	};
	const struct hf_ipc_table table = { ops, 2, s };

	return hf_ipc_answer_forever(fd, &table);
}

hf_err hf_logsign_ask_state(struct hf_ipc *ipc, uint8_t pub[static HF_ED25519_PUB_LEN],
			    struct hf_tree_head *last)
{
	uint8_t mem[HF_ED25519_PUB_LEN + HEAD_LEN];
	struct hf_out reply = HF_OUT(mem);

	HF_TRY(hf_ipc_call(ipc, TYPE_STATE, (hf_bytes){ NULL, 0 }, ASK_MS, &reply));
	if (reply.len != sizeof(mem))
		return HF_ERR_IPC_FRAME;
	memcpy(pub, mem, HF_ED25519_PUB_LEN);
	last->size = hf_get_be64(mem + HF_ED25519_PUB_LEN);
	memcpy(last->root.b, mem + HF_ED25519_PUB_LEN + 8, HF_MERKLE_LEN);
	return HF_OK;
}

hf_err hf_logsign_ask(struct hf_ipc *ipc, const struct hf_tree_head *head, const struct hf_merkle_hash *proof,
		      size_t n, uint8_t sig[static HF_ED25519_SIG_LEN])
{
	uint8_t body[HEAD_LEN + HF_MERKLE_PROOF_MAX * HF_MERKLE_LEN];
	struct hf_out reply = { sig, HF_ED25519_SIG_LEN, 0 };

	if (n > HF_MERKLE_PROOF_MAX)
		return HF_ERR_BASE_MISUSE;
	hf_put_be64(body, head->size);
	memcpy(body + 8, head->root.b, HF_MERKLE_LEN);
	memcpy(body + HEAD_LEN, proof, n * HF_MERKLE_LEN);
	HF_TRY(hf_ipc_call(ipc, TYPE_SIGN, (hf_bytes){ body, HEAD_LEN + n * HF_MERKLE_LEN }, ASK_MS, &reply));
	return reply.len == HF_ED25519_SIG_LEN ? HF_OK : HF_ERR_IPC_FRAME;
}
