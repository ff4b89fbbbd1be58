/* deviceproc.c -- GET of a bundle: who is it, may they, which bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/deviceproc.h>
#include <hf/fleet.h>
#include <hf/log.h>
#include <hf/pki.h>
#include <hf/pool.h>
#include "range.h"

enum { THREADS = 4, QUEUE = 1024, RETRY_S = 5, STOP_GRACE_MS = 2000 };

struct hf_deviceproc {
	struct hf_deviceproc_conf conf;
	struct hf_http *http;
	struct hf_pool *pool;
};

struct fetch {
	struct hf_deviceproc *p;
	const struct hf_http_req *req;
	struct hf_http_call *call;
	struct hf_shown shown;
	struct hf_identity who;
	enum hf_answer answer;
	uint8_t sha256[HF_SHA256_LEN];
	struct hf_buf bytes;
};

static void answer_status(struct hf_http_call *call, int status)
{
	const char *reason = hf_http_reason(status);
	struct hf_http_res res = { .status = status,
				   .type = "text/plain",
				   .retry_after_s = status == 503 ? RETRY_S : 0,
				   .body = { (const uint8_t *)reason, strlen(reason) } };

	hf_http_answer(call, &res);
}

/* ---- who, and which bundle ---- */

static hf_err read_bundle(struct hf_db *db, void *ctx)
{
	struct fetch *f = ctx;
	hf_err err;

	HF_TRY(hf_identify(db, &f->shown, &f->who));
	f->answer = hf_authorise(&f->who, HF_OP_FETCH, hf_db_now(db));
	if (f->answer != HF_ANSWER_ALLOW)
		return HF_OK;
	err = hf_bundle_get(db, f->who.device.owner, f->sha256, &f->bytes);
	return err == HF_ERR_STORE_ABSENT ? HF_OK : err; /* empty: 404 */
}

/* A superseded certificate: somebody kept what the device put away. */
static hf_err spring(struct hf_db *db, void *ctx)
{
	const struct fetch *f = ctx;

	return hf_fleet_quarantine(db, f->who.device.id, "superseded certificate used", "server", NULL);
}

/* 0, or the status that ends it. */
static int look_up(struct fetch *f)
{
	const struct hf_tls_peer *peer = f->req->peer;
	struct hf_pki_cert cert;
	hf_err err;

	if (!peer->has_cert || hf_pki_cert_read(hf_tls_peer_cert(peer), &cert) != HF_OK)
		return 403;
	f->shown = (struct hf_shown){ .has_cert = true,
				      .expired = (peer->marks & HF_TLS_MARK_EXPIRED) != 0,
				      .self_signed = (peer->marks & HF_TLS_MARK_SELF_SIGNED) != 0,
				      .cn = cert.cn,
				      .ou = cert.ou,
				      .not_after = cert.not_after };
	memcpy(f->shown.sha256, peer->cert_sha256, HF_SHA256_LEN);
	memcpy(f->shown.spki_sha256, cert.spki_sha256, HF_SHA256_LEN);
	err = hf_store_read(f->p->conf.store, read_bundle, f);
	if (err == HF_OK && f->answer == HF_ANSWER_TRAP)
		err = hf_store_write(f->p->conf.store, spring, f);
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "device", "store", err, NULL);
		return 503;
	}
	if (f->answer != HF_ANSWER_ALLOW)
		return 403;
	return f->bytes.len > 0 ? 0 : 404;
}

/* ---- the answer ---- */

static void give(struct fetch *f, const char *etag)
{
	hf_bytes whole = hf_buf_bytes(&f->bytes);
	const char *if_range = hf_http_header(f->req, "If-Range");
	const char *wanted = hf_http_header(f->req, "Range");
	char range[64];
	struct hf_http_header headers[4] = { { "ETag", etag },
					     { "Accept-Ranges", "bytes" },
					     { "Cache-Control", "private, max-age=31536000, immutable" } };
	struct hf_http_res res = { .status = 200,
				   .type = "application/vnd.holdfast.bundle",
				   .headers = headers,
				   .n_headers = 3 };
	uint64_t first, last;

	if (hf__etag_listed(hf_http_header(f->req, "If-None-Match"), etag)) {
		res = (struct hf_http_res){ .status = 304, .headers = headers, .n_headers = 3 };
		hf_http_answer(f->call, &res);
		return;
	}
	if (hf_http_header_n(f->req, "Range") > 1 || (if_range != NULL && strcmp(if_range, etag) != 0))
		wanted = NULL;
	switch (hf__range_of(wanted, whole.len, &first, &last)) {
	case HF__RANGE_PART:
		res.status = 206;
		(void)snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%zu", first, last,
			       whole.len);
		headers[res.n_headers++] = (struct hf_http_header){ "Content-Range", range };
		break;
	case HF__RANGE_NONE:
		(void)snprintf(range, sizeof(range), "bytes */%zu", whole.len);
		headers[0] = (struct hf_http_header){ "Content-Range", range };
		res = (struct hf_http_res){ .status = 416, .headers = headers, .n_headers = 2 };
		hf_http_answer(f->call, &res);
		return;
	default:
		break;
	}
	res.body = (hf_bytes){ whole.ptr + first, (size_t)(last - first + 1) };
	hf_http_answer(f->call, &res);
}

static void work(void *ctx)
{
	struct fetch *f = ctx;
	char etag[2 * HF_SHA256_LEN + 3] = "\"";
	struct hf_out hex = { (uint8_t *)etag + 1, 2 * HF_SHA256_LEN, 0 };
	const char *name = f->req->param[0];
	struct hf_out address = HF_OUT(f->sha256);
	int status = 404;

	if (hf_hex_decode((hf_bytes){ (const uint8_t *)name, strlen(name) }, &address) == HF_OK &&
	    address.len == HF_SHA256_LEN)
		status = look_up(f);
	if (status == 0 && hf_hex_encode(HF_ARR(f->sha256), &hex) != HF_OK)
		status = 503;
	etag[2 * HF_SHA256_LEN + 1] = '"';
	if (status == 0)
		give(f, etag);
	else
		answer_status(f->call, status);
	hf_buf_free(&f->bytes);
	free(f);
}

static void on_bundle(void *ctx, const struct hf_http_req *req, struct hf_http_call *call)
{
	struct hf_deviceproc *p = ctx;
	struct fetch *f = calloc(1, sizeof(*f));

	if (f != NULL)
		*f = (struct fetch){
			.p = p, .req = req, .call = call, .bytes = HF_BUF(HF_STORE_BUNDLE_MAX)
		};
	if (f == NULL || hf_pool_run(p->pool, work, f) != HF_OK) {
		free(f);
		answer_status(call, 503);
	}
}

static const struct hf_http_route routes[] = {
	{ HF_HTTP_GET, "/v1/bundles/{address}", 0, on_bundle },
};

hf_err hf_deviceproc_new(const struct hf_deviceproc_conf *conf, struct hf_deviceproc **out,
			 struct hf_why *why)
{
	struct hf_deviceproc *p = calloc(1, sizeof(*p));
	struct hf_http_conf http = { .addr = conf->addr,
				     .port = conf->port,
				     .tls = conf->tls,
				     .workers = conf->workers,
				     .routes = routes,
				     .n_routes = sizeof(routes) / sizeof(routes[0]),
				     .ctx = p };
	hf_err err;

	*out = NULL;
	if (p == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "device");
	p->conf = *conf;
	err = hf_http_new(&http, &p->http, why);
	if (err != HF_OK) {
		hf_deviceproc_free(p);
		return err;
	}
	*out = p;
	return HF_OK;
}

hf_err hf_deviceproc_start(struct hf_deviceproc *p, struct hf_why *why)
{
	hf_err err = hf_pool_new(p->conf.threads ? p->conf.threads : THREADS, QUEUE, &p->pool);

	if (err != HF_OK)
		return hf_why_set(why, err, "device");
	return hf_http_start(p->http, why);
}

uint16_t hf_deviceproc_port(const struct hf_deviceproc *p)
{
	return hf_http_port(p->http);
}

void hf_deviceproc_free(struct hf_deviceproc *p)
{
	if (p == NULL)
		return;
	if (p->http != NULL)
		hf_http_stop(p->http, STOP_GRACE_MS);
	hf_pool_free(p->pool);
	if (p->http != NULL)
		hf_http_free(p->http);
	free(p);
}
