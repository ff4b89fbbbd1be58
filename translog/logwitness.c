/* logwitness.c -- the side of a witness that holds the key.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/file.h>
#include <hf/logwitness.h>
#include "logwitness_priv.h"

hf_err hf_logwitness_open(struct hf_logwitness *w, struct hf_why *why)
{
	HF_TRY(hf_crypto_ed25519_public(&w->seed, w->pub));
	HF_TRY(hf_crypto_ed25519_check(w->log));
	if (hf_file_exists(w->path))
		return hf_log_state_read(w->path, &w->last, why);
	w->last.size = 0;
	return hf_merkle_empty(&w->last.root);
}

/* The order of the specification: signature, size known, sizes possible, then the proof. */
static int judge(const struct hf_logwitness *w, const struct hf_witness_ask *ask)
{
	bool no_proof = ask->old_size == 0 || ask->old_size == ask->head.size;
	hf_err err;

	if (hf_checkpoint_verify(w->log, &ask->head, ask->log_sig) != HF_OK)
		return 403;
	if (ask->old_size > ask->head.size)
		return 400;
	if (ask->old_size != w->last.size)
		return 409;
	if (no_proof != (ask->n_proof == 0))
		return 422;
	err = hf_merkle_check_growth(w->last.size, &w->last.root, ask->head.size, &ask->head.root, ask->proof,
				     ask->n_proof);
	return err == HF_OK ? 200 : 422;
}

static hf_err cosign(struct hf_logwitness *w, const struct hf_witness_ask *ask, uint64_t now,
		     struct hf_witness_answer *answer)
{
	uint8_t mem[HF_CHECKPOINT_CAP];
	struct hf_out message = HF_OUT(mem);

	if (ask->head.size != w->last.size || !hf_file_exists(w->path)) {
		HF_TRY(hf_log_state_write(w->path, &ask->head, NULL));
		w->last = ask->head;
	}
	HF_TRY(hf_cosignature_message(w->log, &ask->head, now, &message));
	answer->time = now;
	return hf_crypto_ed25519_sign(&w->seed, hf_out_bytes(&message), answer->sig);
}

void hf_logwitness_judge(struct hf_logwitness *w, const struct hf_witness_ask *ask, uint64_t now,
			 struct hf_witness_answer *answer)
{
	*answer = (struct hf_witness_answer){ .status = judge(w, ask), .size = w->last.size };
	if (answer->status == 200 && cosign(w, ask, now, answer) != HF_OK)
		answer->status = 500;
}

/* ---- IPC: old 8, size 8, root 32, signature 64, proof -> status 2, size 8, time 8, signature 64 ---- */

static hf_err on_keys(void *ctx, hf_bytes body, struct hf_out *reply)
{
	const struct hf_logwitness *w = ctx;

	(void)body;
	HF_TRY(hf_out_put(reply, HF_ARR(w->pub)));
	return hf_out_put(reply, HF_ARR(w->log));
}

static hf_err on_ask(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct hf_witness_ask ask = { .old_size = hf_get_be64(body.ptr) };
	struct hf_witness_answer answer;
	uint8_t head[18];

	if ((body.len - HF__WITNESS_ASK_LEN) % HF_MERKLE_LEN != 0)
		return HF_ERR_IPC_FRAME;
	ask.head.size = hf_get_be64(body.ptr + 8);
	memcpy(ask.head.root.b, body.ptr + 16, 32);
	memcpy(ask.log_sig, body.ptr + 48, 64);
	ask.n_proof = (body.len - HF__WITNESS_ASK_LEN) / HF_MERKLE_LEN;
	memcpy(ask.proof, body.ptr + HF__WITNESS_ASK_LEN, ask.n_proof * HF_MERKLE_LEN);
	hf_logwitness_judge(ctx, &ask, (uint64_t)hf_now_unix(), &answer);
	hf_put_be16(head, (uint16_t)answer.status);
	hf_put_be64(head + 2, answer.size);
	hf_put_be64(head + 10, answer.time);
	HF_TRY(hf_out_put(reply, HF_ARR(head)));
	return hf_out_put(reply, HF_ARR(answer.sig));
}

hf_err hf_logwitness_serve(struct hf_logwitness *w, int fd)
{
	static const struct hf_ipc_op ops[] = {
		{ HF__WITNESS_KEYS, 0, 0, on_keys },
		{ HF__WITNESS_ASK, HF__WITNESS_ASK_LEN,
		  HF__WITNESS_ASK_LEN + HF_MERKLE_PROOF_MAX * HF_MERKLE_LEN, on_ask },
	};
	const struct hf_ipc_table table = { ops, 2, w };

	return hf_ipc_answer_forever(fd, &table);
}
