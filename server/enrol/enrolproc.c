/* enrolproc.c -- routes of the EST listener; each request becomes one work of the pool.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <hf/log.h>
#include <hf/loop.h>
#include "est_priv.h"

enum { THREADS = 16, QUEUE = 4096 };

static int public_line(struct hf__est *e, const char *label)
{
	return !label && !e->p->conf.default_line[0] ? 0 : hf__est_line(e, label);
}

static int cacerts(struct hf__est *e)
{
	const struct hf_enrolproc_conf *c = &e->p->conf;
	uint8_t mem[HF_PKI_CERTS_MAX * HF_PKI_CERT_MAX + 256];
	struct hf_out out = HF_OUT(mem);
	int status = public_line(e, e->http->param[0]);

	if (status)
		return status;
	if (hf_pki_certs_only_write(c->cacerts, c->n_cacerts, &out) != HF_OK)
		return 503;
	hf__est_give(e, hf_out_bytes(&out), "application/pkcs7-mime; smime-type=certs-only");
	return 0;
}

static int csrattrs(struct hf__est *e)
{
	uint8_t mem[256];
	struct hf_out out = HF_OUT(mem);
	int status = public_line(e, e->http->param[0]);

	if (status)
		return status;
	if (hf_pki_csrattrs_write(&out) != HF_OK)
		return 503;
	hf__est_give(e, hf_out_bytes(&out), "application/csrattrs");
	return 0;
}

static bool is_pkcs10(const char *type)
{
	size_t n = strlen("application/pkcs10");

	return type && strncasecmp(type, "application/pkcs10", n) == 0 &&
	       (type[n] == 0 || type[n] == ';' || type[n] == ' ');
}

static int enrolling(struct hf__est *e)
{
	int status = hf__est_line(e, e->http->param[0]);
	hf_bytes csr;

	if (status)
		return status;
	if (!is_pkcs10(hf_http_header(e->http, "Content-Type")))
		return 415;
	e->csr = HF_OUT(e->csr_der);
	if (hf__est_decode(e->http->body, &e->csr, &e->wrapped) != HF_OK || e->csr.len == 0)
		return 400;
	csr = hf_out_bytes(&e->csr);
	if (hf_crypto_sha256(&csr, 1, e->csr_sha256) != HF_OK)
		return 503;
	status = hf__est_proofs(e);
	return status ? status : hf__est_enroll(e);
}

static int simpleenroll(struct hf__est *e)
{
	return enrolling(e);
}

static int simplereenroll(struct hf__est *e)
{
	e->renew = true;
	return enrolling(e);
}

static int crl(struct hf__est *e)
{
	struct hf_buf der HF_AUTO(hf_buf_free) = HF_BUF(HF_IPC_BODY_MAX);
	hf_err err = hf_ca_make_crl(e->p->conf.ca, e->p->conf.store, &der);
	struct hf_http_res res = { .status = 200, .type = "application/pkix-crl" };

	if (err != HF_OK)
		return hf__est_status(err);
	res.body = hf_buf_bytes(&der);
	hf_http_answer(e->call, &res);
	return 0;
}

static void work(void *ctx)
{
	struct hf__est *e = ctx;
	int status = e->run(e);

	if (status)
		hf__est_refuse(e, status);
	free(e);
}

static void refuse_early(struct hf_http_call *call, int status, unsigned retry)
{
	const char *reason = hf_http_reason(status);
	struct hf_http_res res = { .status = status,
				   .type = "text/plain",
				   .retry_after_s = retry,
				   .body = { (const uint8_t *)reason, strlen(reason) } };
	hf_http_answer(call, &res);
}

static void begin(void *ctx, const struct hf_http_req *req, struct hf_http_call *call,
		  int (*run)(struct hf__est *e))
{
	struct hf_enrolproc *p = ctx;

	if (!hf__bucket_open(p->buckets, req->addr, hf_now_ms())) {
		refuse_early(call, 429, 10);
		return;
	}
	struct hf__est *e = calloc(1, sizeof(*e));
	if (e) {
		e->p = p;
		e->http = req;
		e->call = call;
		e->run = run;
	}
	if (!e || hf_pool_run(p->pool, work, e) != HF_OK) {
		free(e);
		refuse_early(call, 503, 5);
	}
}

#define HANDLER(name) \
	static void on_##name(void *ctx, const struct hf_http_req *req, struct hf_http_call *call) \
	{ \
		begin(ctx, req, call, name); \
	}
HANDLER(cacerts)
HANDLER(csrattrs)
HANDLER(simpleenroll)
HANDLER(simplereenroll)
HANDLER(crl)
static int commit(struct hf__est *e)
{
	return hf__est_commit(e);
}
HANDLER(commit)

#define EST "/.well-known/est/"
static const struct hf_http_route routes[] = {
	{ HF_HTTP_GET, EST "cacerts", 0, on_cacerts },
	{ HF_HTTP_GET, EST "csrattrs", 0, on_csrattrs },
	{ HF_HTTP_POST, EST "simpleenroll", EST_BODY_MAX, on_simpleenroll },
	{ HF_HTTP_POST, EST "simplereenroll", EST_BODY_MAX, on_simplereenroll },
	{ HF_HTTP_GET, EST "{line}/cacerts", 0, on_cacerts },
	{ HF_HTTP_GET, EST "{line}/csrattrs", 0, on_csrattrs },
	{ HF_HTTP_POST, EST "{line}/simpleenroll", EST_BODY_MAX, on_simpleenroll },
	{ HF_HTTP_POST, EST "{line}/simplereenroll", EST_BODY_MAX, on_simplereenroll },
	{ HF_HTTP_GET, "/v1/crl", 0, on_crl },
	{ HF_HTTP_POST, "/v1/order/{order}/commit", 4096, on_commit },
};

hf_err hf_enrolproc_new(const struct hf_enrolproc_conf *conf, struct hf_enrolproc **out, struct hf_why *why)
{
	struct hf_enrolproc *p = calloc(1, sizeof(*p));
	struct hf_http_conf http = { .addr = conf->addr,
				     .port = conf->port,
				     .tls = conf->tls,
				     .workers = conf->workers,
				     .body_max = EST_BODY_MAX,
				     .routes = routes,
				     .n_routes = sizeof(routes) / sizeof(routes[0]),
				     .ctx = p };

	*out = NULL;
	if (!p)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	p->conf = *conf;
	hf_err err = hf__buckets_new(&p->buckets);
	if (err == HF_OK)
		err = hf_http_new(&http, &p->http, why);
	if (err != HF_OK) {
		hf_enrolproc_free(p);
		return err;
	}
	*out = p;
	return HF_OK;
}

hf_err hf_enrolproc_start(struct hf_enrolproc *p, struct hf_why *why)
{
	hf_err err = hf_pool_new(p->conf.threads ? p->conf.threads : THREADS, QUEUE, &p->pool);

	if (err != HF_OK)
		return hf_why_set(why, err, "");
	return hf_http_start(p->http, why);
}

uint16_t hf_enrolproc_port(const struct hf_enrolproc *p)
{
	return hf_http_port(p->http);
}

void hf_enrolproc_free(struct hf_enrolproc *p)
{
	if (!p)
		return;
	if (p->http)
		hf_http_stop(p->http, 3000);
	hf_pool_free(p->pool);
	if (p->http)
		hf_http_free(p->http);
	hf__buckets_free(p->buckets);
	free(p);
}
