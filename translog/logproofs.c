/* logproofs.c -- inclusion, consistency and leaves, of the published tree only.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/lognote.h>
#include "logfront_priv.h"

enum { PROOF_TEXT_MAX = 8192, LEAVES_TEXT_MAX = HF_LOGFRONT_LEAVES_MAX * 300 };

static bool number(const char *text, uint64_t *value)
{
	return hf_kv_number((hf_bytes){ (const uint8_t *)text, strlen(text) }, value);
}

static uint64_t published_size(struct hf_logfront *f)
{
	struct hf_loghead h = { 0 };

	return hf_logseq_published(f->seq, &h) ? h.head.size : 0;
}

static hf_err put_hashes(struct hf_buf *b, const struct hf_merkle_hash *hash, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		HF_TRY(hf_buf_puts(b, "node_hash="));
		HF_TRY(hf_kv_put_hex(b, hash[i].b, HF_MERKLE_LEN));
		HF_TRY(hf_buf_puts(b, "\n"));
	}
	return HF_OK;
}

static hf_err put_inclusion(struct hf_logfront *f, uint64_t index, uint64_t size, struct hf_buf *b)
{
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	size_t n = 0;

	HF_TRY(hf_logstore_inclusion(f->store, index, size, proof, &n));
	HF_TRY(hf_buf_printf(b, "leaf_index=%llu\n", (unsigned long long)index));
	return put_hashes(b, proof, n);
}

void hf__logfront_inclusion(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(PROOF_TEXT_MAX);
	struct hf_merkle_hash leaf;
	uint64_t size, index;

	if (!number(req->param[0], &size) || size < 2 ||
	    !hf_kv_hex((hf_bytes){ (const uint8_t *)req->param[1], strlen(req->param[1]) }, leaf.b,
		       HF_MERKLE_LEN))
		hf__logfront_refuse(call, 400, "a size of at least 2 and a leaf hash are needed\n");
	else if (size > published_size(f) || hf_logstore_find(f->store, &leaf, &index) != HF_OK ||
		 index >= size)
		hf__logfront_refuse(call, 404, "no such leaf in a published tree of this size\n");
	else if (put_inclusion(f, index, size, &body) != HF_OK)
		hf__logfront_refuse(call, 500, "the tree cannot be read\n");
	else
		hf__logfront_say(call, 200, "text/plain", hf_buf_bytes(&body));
}

void hf__logfront_consistency(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(PROOF_TEXT_MAX);
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	uint64_t old, size;
	size_t n = 0;

	if (!number(req->param[0], &old) || !number(req->param[1], &size) || old == 0 || old >= size)
		hf__logfront_refuse(call, 400, "two sizes are needed, 0 < old < new\n");
	else if (size > published_size(f))
		hf__logfront_refuse(call, 404, "no published tree of this size\n");
	else if (hf_logstore_consistency(f->store, old, size, proof, &n) != HF_OK ||
		 put_hashes(&body, proof, n) != HF_OK)
		hf__logfront_refuse(call, 500, "the tree cannot be read\n");
	else
		hf__logfront_say(call, 200, "text/plain", hf_buf_bytes(&body));
}

static hf_err put_leaf(struct hf_logfront *f, uint64_t index, struct hf_buf *b)
{
	uint8_t leaf[HF_LEAF_LEN];

	HF_TRY(hf_logstore_leaf(f->store, index, leaf));
	HF_TRY(hf_buf_puts(b, "leaf="));
	HF_TRY(hf_kv_put_hex(b, leaf, 32));
	HF_TRY(hf_buf_puts(b, " "));
	HF_TRY(hf_kv_put_hex(b, leaf + 32, 64));
	HF_TRY(hf_buf_puts(b, " "));
	HF_TRY(hf_kv_put_hex(b, leaf + 96, 32));
	return hf_buf_puts(b, "\n");
}

void hf__logfront_leaves(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(LEAVES_TEXT_MAX);
	uint64_t start, end, size = published_size(f);
	hf_err err = HF_OK;

	if (!number(req->param[0], &start) || !number(req->param[1], &end) || start >= end) {
		hf__logfront_refuse(call, 400, "a start below the end is needed\n");
		return;
	}
	if (start >= size) {
		hf__logfront_refuse(call, 404, "the published tree is smaller\n");
		return;
	}
	if (end > size)
		end = size;
	if (end - start > HF_LOGFRONT_LEAVES_MAX)
		end = start + HF_LOGFRONT_LEAVES_MAX;
	for (uint64_t i = start; i < end && err == HF_OK; i++)
		err = put_leaf(f, i, &body);
	if (err != HF_OK)
		hf__logfront_refuse(call, 500, "the tree cannot be read\n");
	else
		hf__logfront_say(call, 200, "text/plain", hf_buf_bytes(&body));
}
