/* logfront.c -- submitting a leaf, and reading heads, tiles and objects.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/file.h>
#include <hf/logfront.h>
#include <hf/lognote.h>
#include "logfront_priv.h"

void hf__logfront_say(struct hf_http_call *call, int status, const char *type, hf_bytes body)
{
	const struct hf_http_res res = { .status = status, .type = type, .body = body };

	hf_http_answer(call, &res);
}

void hf__logfront_refuse(struct hf_http_call *call, int status, const char *text)
{
	hf__logfront_say(call, status, "text/plain", (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

/* ---- add-leaf ---- */

hf_err hf_log_submission_read(hf_bytes body, struct hf_log_submission *s)
{
	hf_bytes message, sig, pub, rest = body;

	if (!hf_kv_take(&rest, "message", &message) || !hf_kv_take(&rest, "signature", &sig) ||
	    !hf_kv_take(&rest, "public_key", &pub) || rest.len != 0 ||
	    !hf_kv_hex(message, s->message, sizeof(s->message)) || !hf_kv_hex(sig, s->sig, sizeof(s->sig)) ||
	    !hf_kv_hex(pub, s->pub, sizeof(s->pub)))
		return HF_ERR_LOG_REQUEST;
	return HF_OK;
}

bool hf__logfront_is_publisher(const struct hf_policy *policy, const uint8_t *pub)
{
	for (size_t i = 0; i < policy->n_keys; i++)
		if (policy->key[i].role == HF_ROLE_PUBLISHER &&
		    hf_bytes_equal(policy->key[i].pub, (hf_bytes){ pub, HF_ED25519_PUB_LEN }))
			return true;
	return false;
}

static bool is_frozen(const struct hf_logfront *f)
{
	char path[HF_LOG_PATH_MAX];

	return hf_path_join(path, sizeof(path), hf_logstore_dir(f->store), "frozen") != HF_OK ||
	       hf_file_exists(path);
}

/* 200 has no body at all: Sigsum's submitter takes any for an error. */
static void on_done(void *arg, int status)
{
	if (status == 200)
		hf__logfront_say(arg, 200, NULL, (hf_bytes){ NULL, 0 });
	else if (status == 202)
		hf__logfront_refuse(arg, 202, "not yet in a published head, send again\n");
	else
		hf__logfront_refuse(arg, 500, "the log cannot store, its operator was told\n");
}

static void on_add(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_log_submission s;
	uint8_t checksum[HF_SHA256_LEN], leaf[HF_LEAF_LEN];

	if (hf_log_submission_read(req->body, &s) != HF_OK) {
		hf__logfront_refuse(call, 400, "three lines are needed: message, signature, public_key\n");
		return;
	}
	if (!hf__logfront_is_publisher(f->policy, s.pub) || is_frozen(f)) {
		hf__logfront_refuse(call, 403,
				    "key is not a publisher of the policy, or the log is frozen\n");
		return;
	}
	if (hf_leaf_checksum(s.message, checksum) != HF_OK ||
	    hf_leaf_verify(checksum, s.pub, s.sig) != HF_OK) {
		hf__logfront_refuse(call, 403, "signature does not verify\n");
		return;
	}
	if (hf_leaf_write(checksum, s.sig, s.pub, leaf) != HF_OK ||
	    hf_logseq_submit(f->seq, leaf, on_done, call) != HF_OK)
		hf__logfront_refuse(call, 429, "too many leaves wait, send again\n");
}

/* ---- heads ---- */

static hf_err put_cosignature(struct hf_buf *b, const struct hf_policy *policy, const struct hf_log_cosig *c)
{
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&policy->key[c->key].pub, 1, hash));
	HF_TRY(hf_buf_puts(b, "cosignature="));
	HF_TRY(hf_kv_put_hex(b, hash, sizeof(hash)));
	HF_TRY(hf_buf_printf(b, " %llu ", (unsigned long long)c->time));
	HF_TRY(hf_kv_put_hex(b, c->sig, sizeof(c->sig)));
	return hf_buf_puts(b, "\n");
}

static hf_err put_tree_head(struct hf_buf *b, const struct hf_policy *policy, const struct hf_loghead *h)
{
	HF_TRY(hf_buf_printf(b, "size=%llu\nroot_hash=", (unsigned long long)h->head.size));
	HF_TRY(hf_kv_put_hex(b, h->head.root.b, HF_MERKLE_LEN));
	HF_TRY(hf_buf_puts(b, "\nsignature="));
	HF_TRY(hf_kv_put_hex(b, h->sig, sizeof(h->sig)));
	HF_TRY(hf_buf_puts(b, "\n"));
	for (size_t i = 0; i < h->n; i++)
		HF_TRY(put_cosignature(b, policy, &h->cosig[i]));
	return HF_OK;
}

static void on_head(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	struct hf_loghead h;

	(void)req;
	if (!hf_logseq_published(f->seq, &h))
		hf__logfront_refuse(call, 404, "no head has a witness quorum yet\n");
	else if (put_tree_head(&body, f->policy, &h) != HF_OK)
		hf__logfront_refuse(call, 500, "no memory\n");
	else
		hf__logfront_say(call, 200, "text/plain", hf_buf_bytes(&body));
}

static void on_checkpoint(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(HF_NOTE_MAX);
	struct hf_loghead h;

	(void)req;
	if (!hf_logseq_published(f->seq, &h))
		hf__logfront_refuse(call, 404, "no head has a witness quorum yet\n");
	else if (hf_loghead_write(&h, f->pub, f->policy, &body) != HF_OK)
		hf__logfront_refuse(call, 500, "no memory\n");
	else
		hf__logfront_say(call, 200, "text/plain; charset=utf-8", hf_buf_bytes(&body));
}

/* ---- files ---- */

static void send_file(struct hf_logfront *f, const char *name, size_t most, struct hf_http_call *call)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(most);
	char path[HF_LOG_PATH_MAX];

	if (hf_path_join(path, sizeof(path), hf_logstore_dir(f->store), name) == HF_OK &&
	    hf_file_read(path, &body, NULL) == HF_OK)
		hf__logfront_say(call, 200, "application/octet-stream", hf_buf_bytes(&body));
	else
		hf__logfront_refuse(call, 404, "not here\n");
}

static void on_tile(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_logfront *f = ctx;
	const char *text = req->param[0] != NULL ? req->param[0] : "";
	struct hf_loghead h = { 0 };
	uint64_t n;
	unsigned width;
	int level;
	char name[96];

	(void)hf_logseq_published(f->seq, &h);
	if (hf_log_tile_read_name((hf_bytes){ (const uint8_t *)text, strlen(text) }, &level, &n, &width) !=
		    HF_OK ||
	    !hf_log_tile_exists(h.head.size, level, n, width) ||
	    hf_log_tile_name(level, n, width, name) != HF_OK)
		hf__logfront_refuse(call, 404, "no such tile in the published tree\n");
	else
		send_file(f, name, HF_LOG_TILE * HF_LOG_ENTRY_LEN, call);
}

static void send_named(struct hf_logfront *f, const char *folder, const char *hash, struct hf_http_call *call)
{
	uint8_t value[HF_SHA256_LEN];
	char name[80];
	size_t len = strlen(folder);

	if (!hf_kv_hex((hf_bytes){ (const uint8_t *)hash, strlen(hash) }, value, sizeof(value))) {
		hf__logfront_refuse(call, 404, "not a hash\n");
		return;
	}
	memcpy(name, folder, len);
	for (size_t i = 0; i < sizeof(value); i++) /* files have lower-case names */
		(void)snprintf(name + len + 2 * i, 3, "%02x", value[i]);
	send_file(f, name, HF_LOGFRONT_OBJECT_MAX, call);
}

static void on_object(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	send_named(ctx, "object/", req->param[0], call);
}

static void on_leafobj(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	send_named(ctx, "leafobj/", req->param[0], call);
}

const struct hf_http_route hf_logfront_routes[] = {
	{ HF_HTTP_POST, "/add-leaf", HF_LOGFRONT_LEAF_MAX, on_add },
	{ HF_HTTP_POST, "/add-object/{key}/{signature}", HF_LOGFRONT_BODY_MAX, hf__logfront_object },
	{ HF_HTTP_GET, "/get-tree-head", 0, on_head },
	{ HF_HTTP_GET, "/get-inclusion-proof/{size}/{hash}", 0, hf__logfront_inclusion },
	{ HF_HTTP_GET, "/get-consistency-proof/{old}/{new}", 0, hf__logfront_consistency },
	{ HF_HTTP_GET, "/get-leaves/{start}/{end}", 0, hf__logfront_leaves },
	{ HF_HTTP_GET, "/checkpoint", 0, on_checkpoint },
	{ HF_HTTP_GET, "/tile/{*}", 0, on_tile },
	{ HF_HTTP_GET, "/object/{hash}", 0, on_object },
	{ HF_HTTP_GET, "/leafobj/{checksum}", 0, on_leafobj },
};
const size_t hf_logfront_n_routes = sizeof(hf_logfront_routes) / sizeof(hf_logfront_routes[0]);
