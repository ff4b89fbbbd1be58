/* logwitfront.c -- the side of a witness that has the network: text in, numbers to the key, text out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/lognote.h>
#include <hf/logwitness.h>
#include "logwitness_priv.h"

enum { ASK_MS = 5000 };

hf_err hf_witness_front_open(struct hf_witness_front *f, struct hf_ipc *ipc)
{
	uint8_t mem[2 * HF_ED25519_PUB_LEN];
	struct hf_out reply = HF_OUT(mem);

	f->ipc = ipc;
	HF_TRY(hf_ipc_call(ipc, HF__WITNESS_KEYS, (hf_bytes){ NULL, 0 }, ASK_MS, &reply));
	if (reply.len != sizeof(mem))
		return HF_ERR_IPC_FRAME;
	memcpy(f->pub, mem, HF_ED25519_PUB_LEN);
	memcpy(f->log, mem + HF_ED25519_PUB_LEN, HF_ED25519_PUB_LEN);
	return HF_OK;
}

static hf_err ask_key(struct hf_ipc *ipc, const struct hf_note_request *r, const uint8_t *sig,
		      struct hf_witness_answer *answer)
{
	uint8_t body[HF__WITNESS_ASK_LEN + HF_MERKLE_PROOF_MAX * HF_MERKLE_LEN];
	uint8_t mem[HF__WITNESS_ANSWER_LEN];
	struct hf_out reply = HF_OUT(mem);

	hf_put_be64(body, r->old_size);
	hf_put_be64(body + 8, r->note.head.size);
	memcpy(body + 16, r->note.head.root.b, 32);
	memcpy(body + 48, sig, 64);
	memcpy(body + HF__WITNESS_ASK_LEN, r->proof, r->n_proof * HF_MERKLE_LEN);
	HF_TRY(hf_ipc_call(ipc, HF__WITNESS_ASK,
			   (hf_bytes){ body, HF__WITNESS_ASK_LEN + r->n_proof * HF_MERKLE_LEN }, ASK_MS,
			   &reply));
	if (reply.len != sizeof(mem))
		return HF_ERR_IPC_FRAME;
	answer->status = hf_get_be16(mem);
	answer->size = hf_get_be64(mem + 2);
	answer->time = hf_get_be64(mem + 10);
	memcpy(answer->sig, mem + 18, 64);
	return HF_OK;
}

/* 400, 404 and 403 that need no key; 0: ask it. `sig` becomes the log's signature. */
static int judge_text(const struct hf_witness_front *f, hf_bytes body, struct hf_note_request *r,
		      const uint8_t **sig)
{
	uint8_t mem[HF_CHECKPOINT_ORIGIN_LEN];
	struct hf_out origin = HF_OUT(mem);
	size_t n = 0;

	if (hf_note_request_read(body, r) != HF_OK)
		return 400;
	if (hf_checkpoint_origin(f->log, &origin) != HF_OK)
		return 500;
	if (!hf_bytes_equal(r->note.origin, hf_out_bytes(&origin)))
		return 404;
	for (size_t i = 0; i < r->note.n_lines; i++)
		n += hf_bytes_equal(r->note.line[i].name, r->note.origin) ? 1 : 0;
	if (n != 1)
		return n == 0 ? 403 : 400;
	const struct hf_note_line *line = hf_note_find(&r->note, HF_NOTE_LOG, f->log);
	if (line == NULL || !hf_bytes_equal(line->name, r->note.origin))
		return 403;
	*sig = line->payload;
	return 0;
}

static void say(struct hf_http_call *call, int status, const char *type, const struct hf_buf *body)
{
	const struct hf_http_res res = { .status = status, .type = type, .body = hf_buf_bytes(body) };

	hf_http_answer(call, &res);
}

static void on_add_checkpoint(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_witness_front *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(1024);
	struct hf_note_request r;
	struct hf_witness_answer a = { 0 };
	const uint8_t *sig = NULL;
	hf_err err = HF_OK;

	a.status = judge_text(f, req->body, &r, &sig);
	if (a.status == 0)
		err = ask_key(f->ipc, &r, sig, &a);
	if (err == HF_OK && a.status == 200)
		err = hf_note_put_cosignature(&body, f->pub, a.time, a.sig);
	else if (err == HF_OK && a.status == 409)
		err = hf_buf_printf(&body, "%llu\n", (unsigned long long)a.size);
	else if (err == HF_OK)
		err = hf_buf_printf(&body, "%s\n", hf_http_reason(a.status));
	say(call, err == HF_OK ? a.status : 500, a.status == 409 ? "text/x.tlog.size" : "text/plain", &body);
}

const struct hf_http_route hf_witness_routes[1] = {
	{ HF_HTTP_POST, "/add-checkpoint", HF_NOTE_REQUEST_MAX, on_add_checkpoint },
};
