/* logwit.c -- asking a witness (C2SP tlog-witness), and what each of its answers means to us.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <hf/httpc.h>
#include <hf/log.h>
#include <hf/lognote.h>
#include <hf/logseq.h>

enum { ASK_MS = 5000, ANSWER_MAX = 8192, TRIES = 3 };

static const struct {
	int status;
	const char *meaning;
} refusals[] = {
	{ 400, "it does not understand us: a fault of this log" },
	{ 403, "it does not know our key: its configuration or ours is wrong" },
	{ 404, "it does not know this log: its configuration or ours is wrong" },
	{ 405, "it does not understand us: a fault of this log" },
	{ 422, "it saw another tree: split view, or a fault; the request is kept as evidence" },
};

/* What a witness refused is kept: it may be the only trace of a second tree. */
static void keep_evidence(struct hf_logstore *store, const struct hf_log_witness *w, hf_bytes request)
{
	char name[64], path[HF_LOG_PATH_MAX];

	(void)snprintf(name, sizeof(name), "evidence/%lld-%02x%02x%02x%02x", (long long)hf_now_unix(),
		       w->pub[0], w->pub[1], w->pub[2], w->pub[3]);
	if (hf_path_join(path, sizeof(path), hf_logstore_dir(store), name) != HF_OK ||
	    hf_file_replace(path, request, 0644, NULL) != HF_OK)
		hf_log(HF_LOG_ERR, "witness", "evidence lost", "");
}

static hf_err refused(struct hf_logstore *store, const struct hf_log_witness *w, int status, hf_bytes request,
		      struct hf_why *why)
{
	if (status >= 500)
		return hf_why_set(why, HF_ERR_HTTPC_CLOSED, "witness %s:%u: status %d", w->host, w->port,
				  status);
	if (status == 422)
		keep_evidence(store, w, request);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status)
			return hf_why_set(why, HF_ERR_LOG_WITNESS, "witness %s:%u: status %d: %s", w->host,
					  w->port, status, refusals[i].meaning);
	return hf_why_set(why, HF_ERR_LOG_WITNESS, "witness %s:%u: status %d", w->host, w->port, status);
}

static hf_err post(const struct hf_log_witness *w, hf_bytes body, struct hf_httpc_res *res,
		   struct hf_why *why)
{
	const struct hf_httpc_conf conf = {
		.host = w->host, .port = w->port, .plain = true, .timeout_ms = ASK_MS
	};
	struct hf_httpc *c = NULL;
	char path[160];
	struct hf_httpc_req req = { .method = "POST", .path = path, .type = "text/plain", .body = body };
	hf_err err = hf_httpc_open(&conf, &c, why);

	(void)snprintf(path, sizeof(path), "%s/add-checkpoint", w->prefix);
	if (err == HF_OK)
		err = hf_httpc_call(c, &req, res, why);
	hf_httpc_close(c);
	return err;
}

/* The line must be by the key of the policy, under whatever name it uses itself. */
static hf_err take_cosignature(const struct hf_log_witness *w, const uint8_t log[static HF_ED25519_PUB_LEN],
			       const struct hf_tree_head *head, hf_bytes answer, struct hf_log_cosig *cosig)
{
	while (answer.len > 0) {
		struct hf_note_line line;
		uint8_t id[4];

		HF_TRY(hf_note_read_line(&answer, &line));
		HF_TRY(hf_note_key_id(line.name, HF_NOTE_COSIGNATURE, w->pub, id));
		if (memcmp(id, line.id, 4) != 0 || line.payload_len != 8 + HF_ED25519_SIG_LEN)
			continue;
		cosig->key = w->key;
		cosig->time = hf_get_be64(line.payload);
		memcpy(cosig->sig, line.payload + 8, HF_ED25519_SIG_LEN);
		return hf_cosignature_verify(log, head, cosig->time, w->pub, cosig->sig);
	}
	return HF_ERR_PROOF_WITNESS;
}

/* 409: the witness tells its size. HF_OK: ask again from there. */
static hf_err other_size(const struct hf_log_witness *w, struct hf_logstore *store,
			 const struct hf_httpc_res *res, const struct hf_loghead *head, uint64_t *old_size,
			 struct hf_why *why)
{
	hf_bytes text = hf_buf_bytes(&res->body);
	struct hf_tree_head tree;
	uint64_t size = 0;

	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (!hf_kv_number(text, &size))
		return hf_why_set(why, HF_ERR_LOG_WITNESS, "witness %s:%u: 409 without a size", w->host,
				  w->port);
	hf_logstore_head(store, &tree);
	if (size > tree.size)
		return hf_why_set(why, HF_ERR_LOG_ROLLBACK,
				  "witness %s:%u cosigned size %llu, this log has %llu: it was rolled back",
				  w->host, w->port, (unsigned long long)size, (unsigned long long)tree.size);
	if (size > head->head.size) /* cosigned a newer head already: the next round asks for that */
		return hf_why_set(why, HF_ERR_HTTPC_CLOSED, "witness is ahead of this head");
	*old_size = size;
	return HF_OK;
}

static hf_err make_request(struct hf_logstore *store, const uint8_t log[static HF_ED25519_PUB_LEN],
			   const struct hf_loghead *head, uint64_t old_size, struct hf_buf *out)
{
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	struct hf_buf note HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	size_t n = 0;

	HF_TRY(hf_logstore_consistency(store, old_size, head->head.size, proof, &n));
	HF_TRY(hf_note_put_body(&note, log, &head->head));
	HF_TRY(hf_note_put_log_line(&note, log, head->sig));
	return hf_note_request_write(out, old_size, proof, n, hf_buf_bytes(&note));
}

hf_err hf_log_witness_ask(const struct hf_log_witness *w, struct hf_logstore *store,
			  const uint8_t log[static HF_ED25519_PUB_LEN], const struct hf_loghead *head,
			  uint64_t *old_size, struct hf_log_cosig *cosig, struct hf_why *why)
{
	for (int i = 0; i < TRIES; i++) {
		struct hf_buf request HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_REQUEST_MAX);
		struct hf_httpc_res res = HF_HTTPC_RES(ANSWER_MAX);
		hf_err err = make_request(store, log, head, *old_size, &request);

		if (err == HF_OK)
			err = post(w, hf_buf_bytes(&request), &res, why);
		if (err == HF_OK && res.status == 200) {
			err = take_cosignature(w, log, &head->head, hf_buf_bytes(&res.body), cosig);
			if (err == HF_OK)
				*old_size = head->head.size;
			hf_httpc_res_free(&res);
			return err;
		}
		if (err == HF_OK && res.status == 409)
			err = other_size(w, store, &res, head, old_size, why);
		else if (err == HF_OK)
			err = refused(store, w, res.status, hf_buf_bytes(&request), why);
		hf_httpc_res_free(&res);
		if (err != HF_OK)
			return err;
	}
	return hf_why_set(why, HF_ERR_LOG_WITNESS, "witness %s:%u: its size changes all the time", w->host,
			  w->port);
}
