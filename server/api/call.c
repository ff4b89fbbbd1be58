/* call.c -- one request from authentication to answer. The order is the promise: who is it, may they, was
 * it done before, do it in one transaction, answer.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <hf/fleet.h>
#include <hf/pki.h>
#include "api_priv.h"

enum { KEY_MIN = 16, KEY_MAX = 64, IDEM_LIFE_S = 86400, RETRY_S = 1 };

void api_set_etag(struct api_call *c, uint64_t version)
{
	snprintf(c->etag, sizeof(c->etag), "\"%llu\"", (unsigned long long)version);
}

hf_err api_match(struct api_call *c, uint64_t version)
{
	const char *given = hf_http_header(c->req, "If-Match");
	char want[24];

	snprintf(want, sizeof(want), "\"%llu\"", (unsigned long long)version);
	if (given == NULL)
		return api_refuse(c, API_NO_MATCH, "read the row first and give its ETag back");
	return strcmp(given, want) == 0 ? HF_OK : api_refuse(c, API_STALE, "its ETag is %s now", want);
}

void api_actor(const struct api_call *c, char actor[static HF_STORE_NAME_CAP + 16])
{
	snprintf(actor, HF_STORE_NAME_CAP + 16, "operator:%s", c->who.name);
}

hf_err api_event(struct hf_db *db, struct api_call *c, int level, const char *kind, const char *dev,
		 const char *detail)
{
	char actor[HF_STORE_NAME_CAP + 16] = "";
	struct hf_event_row row = { .level = level,
				    .kind = kind,
				    .account = c->who.account,
				    .dev = dev,
				    .actor = actor,
				    .detail = detail };

	api_actor(c, actor);
	HF_TRY(hf_event_add(db, &row));
	c->audit = row.id;
	return HF_OK;
}

hf_err api_path_bytes(struct api_call *c, int param, bool hex, uint8_t out[static 16])
{
	const char *text = c->req->param[param];
	struct hf_out o = { out, 16, 0 };
	hf_bytes in = { (const uint8_t *)text, strlen(text) };
	hf_err err = hex ? hf_hex_decode(in, &o) : hf_base64url_decode(in, &o);

	return err == HF_OK && o.len == 16 ? HF_OK : api_refuse(c, API_NOT_FOUND, "%s", "");
}

static enum hf_operation operation_of(const struct api_route *route)
{
	if ((route->flags & API_RENEW) != 0)
		return HF_OP_OPERATOR_RENEW;
	if ((route->flags & API_ADMIN) != 0)
		return HF_OP_API_ADMIN;
	return (route->flags & API_WRITE) != 0 ? HF_OP_API_WRITE : HF_OP_API_READ;
}

/* The TLS layer verified the chain once; a resumed session did not, so nothing but the store and the one
 * door of the fleet is believed here, at every request. */
static hf_err find_person(struct hf_db *db, struct api_call *c)
{
	const struct hf_tls_peer *peer = c->req->peer;
	int64_t now = hf_db_now(db);
	struct hf_pki_cert cert = { 0 };
	struct hf_identity who;
	struct hf_shown shown = { .cn = cert.cn, .ou = cert.ou };

	if (!peer->has_cert || hf_pki_cert_read(hf_tls_peer_cert(peer), &cert) != HF_OK)
		return api_refuse(c, API_FORBIDDEN, "an operator's certificate is needed");
	shown.has_cert = true;
	shown.self_signed = (peer->marks & HF_TLS_MARK_SELF_SIGNED) != 0;
	shown.expired = now < cert.not_before || now > cert.not_after;
	shown.not_after = cert.not_after;
	memcpy(shown.sha256, cert.sha256, sizeof(shown.sha256));
	memcpy(shown.spki_sha256, cert.spki_sha256, sizeof(shown.spki_sha256));
	HF_TRY(hf_identify(db, &shown, &who));
	if (who.kind == HF_WHO_OPERATOR && who.expired && (c->route->flags & API_RENEW) == 0)
		return api_refuse(c, API_FORBIDDEN, "the certificate has ended; 'holdfast operator renew'");
	if (hf_authorise(&who, operation_of(c->route), now) != HF_ANSWER_ALLOW)
		return api_refuse(c, API_FORBIDDEN, "%s",
				  who.kind == HF_WHO_OPERATOR ? "this operator may not"
							      : "an operator's certificate is needed");
	c->who = who.person;
	return HF_OK;
}

static bool is_key(const char *key)
{
	size_t n = key == NULL ? 0 : strlen(key);

	if (n < KEY_MIN || n > KEY_MAX)
		return false;
	return strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static hf_err hash_request(struct api_call *c, uint8_t out[static HF_SHA256_LEN])
{
	const char *query = c->req->query;
	const hf_bytes parts[] = { { (const uint8_t *)&c->route->pattern[0], strlen(c->route->pattern) + 1 },
				   { (const uint8_t *)c->req->path, strlen(c->req->path) + 1 },
				   { (const uint8_t *)query, strlen(query) + 1 },
				   c->req->body };

	return hf_crypto_sha256(parts, 4, out);
}

/* First time: note that it runs. Again: the kept answer, or why not. */
static hf_err look_up_key(struct hf_db *db, void *ctx)
{
	struct api_call *c = ctx;
	const char *key = hf_http_header(c->req, "Idempotency-Key");
	struct hf_idem found;
	hf_err err;

	if (!is_key(key))
		return api_refuse(c, API_NO_KEY, "16 to 64 characters of A-Z a-z 0-9 - _ are needed");
	HF_TRY(hash_request(c, c->idem.request));
	HF_TRY(hf_idem_prune(db, hf_db_now(db) - IDEM_LIFE_S));
	memcpy(c->idem.operator_name, c->who.name, sizeof(c->idem.operator_name));
	snprintf(c->idem.key, sizeof(c->idem.key), "%s", key);
	err = hf_idem_get(db, c->who.name, key, &found, &c->body);
	if (err == HF_ERR_STORE_ABSENT)
		return hf_idem_start(db, &c->idem);
	HF_TRY(err);
	if (!hf_bytes_equal(HF_ARR(found.request), HF_ARR(c->idem.request)))
		return api_refuse(c, API_OTHER_BODY, "choose another key");
	if (found.status == 0)
		return api_refuse(c, API_RUNNING, "%s", "");
	c->replayed = true;
	c->status = found.status;
	c->audit = found.audit;
	return HF_OK;
}

static hf_err drop_key(struct hf_db *db, void *ctx)
{
	struct api_call *c = ctx;

	return hf_idem_drop(db, c->who.name, c->idem.key);
}

static hf_err run_route(struct hf_db *db, void *ctx)
{
	struct api_call *c = ctx;

	HF_TRY(c->route->run(db, c));
	if (c->json.depth != 0 || c->json.err != HF_OK)
		return c->json.err != HF_OK ? c->json.err : HF_ERR_BASE_MISUSE;
	if ((c->route->flags & API_ONCE) == 0)
		return HF_OK;
	c->idem.status = c->status;
	c->idem.audit = c->audit;
	snprintf(c->idem.type, sizeof(c->idem.type), "%s", c->type == NULL ? "application/json" : c->type);
	return hf_idem_finish(db, &c->idem, hf_buf_bytes(&c->body));
}

static hf_err find_person_job(struct hf_db *db, void *ctx)
{
	return find_person(db, ctx);
}

static hf_err check_type(struct api_call *c)
{
	const char *type = hf_http_header(c->req, "Content-Type");
	size_t n = c->route->type == NULL ? 0 : strcspn(c->route->type, ";");

	if (c->route->type == NULL)
		return HF_OK;
	if (type == NULL || strncasecmp(type, c->route->type, n) != 0 ||
	    (type[n] != '\0' && type[n] != ';' && type[n] != ' '))
		return api_refuse(c, API_UNSUPPORTED, "%s is wanted", c->route->type);
	return HF_OK;
}

static hf_err execute(struct api_call *c)
{
	struct hf_store *store = c->api->conf.store;

	HF_TRY(hf_store_read(store, find_person_job, c));
	HF_TRY(check_type(c));
	if ((c->route->flags & API_ONCE) != 0)
		HF_TRY(hf_store_write(store, look_up_key, c));
	if (c->replayed)
		return HF_OK;
	if (c->route->prepare != NULL)
		HF_TRY(c->route->prepare(c));
	c->status = 200;
	if (c->route->run == NULL)
		return HF_OK;
	return (c->route->flags & API_WRITE) != 0 ? hf_store_write(store, run_route, c)
						  : hf_store_read(store, run_route, c);
}

static void answer_problem(struct api_call *c)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(4096);
	struct hf_http_res res = { .status = api_problem_status(c->problem),
				   .type = "application/problem+json" };

	if (api_problem_print(c->problem, c->req->path, c->detail, &body) != HF_OK)
		hf_buf_reset(&body);
	if (c->problem == API_BUSY || c->problem == API_TOO_MANY)
		res.retry_after_s = RETRY_S;
	res.body = hf_buf_bytes(&body);
	hf_http_answer(c->http, &res);
}

static void answer_result(struct api_call *c)
{
	char audit[24];
	struct hf_http_header headers[2];
	struct hf_http_res res = { .status = c->status,
				   .type = c->type == NULL ? "application/json" : c->type,
				   .body = hf_buf_bytes(&c->body),
				   .headers = headers };

	if (c->etag[0] != '\0')
		headers[res.n_headers++] = (struct hf_http_header){ "ETag", c->etag };
	if (c->audit != 0) {
		snprintf(audit, sizeof(audit), "%lld", (long long)c->audit);
		headers[res.n_headers++] = (struct hf_http_header){ "Holdfast-Audit", audit };
	}
	hf_http_answer(c->http, &res);
}

void api_execute(struct api_call *c)
{
	hf_err err = execute(c);

	if (err != HF_OK && c->problem == API_OK)
		err = api_refuse_store(c, err);
	/* A refused request did nothing: the same key may be tried again. */
	if (err != HF_OK && c->idem.key[0] != '\0' && c->problem != API_RUNNING &&
	    c->problem != API_OTHER_BODY)
		(void)(hf_store_write(c->api->conf.store, drop_key, c) == HF_OK);
	if (err != HF_OK)
		answer_problem(c);
	else
		answer_result(c);
	hf_buf_free(&c->body);
	hf_buf_free(&c->extra);
	free(c);
}
