/* One EST exchange (RFC 7030, RFC 8951) in a thread of its own, so that the session goes on meanwhile. The
 * server is verified first; only then does a certificate or a proof leave. Secrets stay in keyproc: the
 * thread
 * carries X there and the request, the answer and its proof back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include <hf/httpc.h>
#include <hf/log.h>
#include <hf/pki.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_CAP = 65536, LINE_LEN = 64, TIMEOUT_MS = 60000 };

struct est_job {
	struct netproc *net;
	bool renew, with_cert;
	int key_number;
	uint64_t now_s;
	uint8_t cert[HF_RENEW_CERT_CAP];
	size_t cert_len;
	/* how it ended */
	enum hf_renew_kind end; /* HF_RENEW_CERT: key has the certificate */
	uint64_t retry_after_s;
};

/* base64 wrapped at 64, as some servers want it. */
static hf_err wrap_base64(hf_bytes in, struct hf_buf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.ptr[i] << 16;
		char quad[5] = "====";

		if (left > 1)
			v |= (uint32_t)in.ptr[i + 1] << 8;
		if (left > 2)
			v |= in.ptr[i + 2];
		for (unsigned j = 0; j < 4 && j <= left; j++)
			quad[j] = alphabet[v >> (18u - 6u * j) % 32u & 63];
		HF_TRY(hf_buf_put(out, (hf_bytes){ (const uint8_t *)quad, 4 }));
		column += 4;
		if (column == LINE_LEN || left <= 3) {
			HF_TRY(hf_buf_puts(out, "\n"));
			column = 0;
		}
	}
	return HF_OK;
}

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Four characters to at most three bytes. */
static hf_err put_quad(uint32_t v, unsigned pad, struct hf_out *out)
{
	const uint8_t b[3] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	return hf_out_put(out, (hf_bytes){ b, 3 - pad });
}

/* Both forms of reply: one line or wrapped; blanks are dropped, other foreign bytes refused. */
static hf_err read_base64(hf_bytes in, struct hf_out *out)
{
	uint32_t v = 0;
	unsigned n = 0, pad = 0;

	for (size_t i = 0; i < in.len; i++) {
		int value = value_of(in.ptr[i]);

		if (is_blank(in.ptr[i]))
			continue;
		if (in.ptr[i] == '=' && n >= 2)
			pad++;
		else if (value < 0 || pad > 0)
			return HF_ERR_BASE_TEXT;
		v = v << 6 | (uint32_t)(value < 0 ? 0 : value);
		if (++n < 4)
			continue;
		HF_TRY(put_quad(v, pad, out));
		n = 0;
	}
	return n == 0 ? HF_OK : HF_ERR_BASE_TEXT;
}

/* Give key the leaf, which is the first certificate, and the server's proof. */
static hf_err deliver(struct est_job *job, const struct hf_httpc_res *res)
{
	uint8_t der[REPLY_CAP / 4], mac[HF_SHA256_LEN], body_mem[HF_RENEW_CERT_CAP + 64], none[8];
	struct hf_out out = HF_OUT(der), body = HF_OUT(body_mem), reply = HF_OUT(none);
	const char *info = hf_httpc_header(res, "Authentication-Info");
	hf_bytes certs[HF_PKI_CERTS_MAX], proof = { NULL, 0 };
	size_t n = 0;

	HF_TRY(read_base64(hf_buf_bytes(&res->body), &out));
	HF_TRY(hf_pki_certs_only_read(hf_out_bytes(&out), certs, &n));
	if (n == 0)
		return HF_ERR_CRYPTO_CERT;
	if (info != NULL) {
		HF_TRY(hf_claim_read_info((hf_bytes){ (const uint8_t *)info, strlen(info) }, mac));
		proof = HF_ARR(mac);
	}
	HF_TRY(msg_pair_write(certs[0], proof, &body));
	return hf_ipc_call(job->net->key, MSG_CERT, hf_out_bytes(&body), AGENT_CALL_MS, &reply);
}

static uint64_t retry_after(const struct hf_httpc_res *res)
{
	const char *text = hf_httpc_header(res, "Retry-After");
	char *end = NULL;
	unsigned long long s = text != NULL ? strtoull(text, &end, 10) : 0;

	return text != NULL && end != text && *end == '\0' && s <= 86400 ? s : 0;
}

static hf_err judge(struct est_job *job, const struct hf_httpc_res *res, struct hf_why *why)
{
	switch (res->status) {
	case 200:
		HF_TRY(deliver(job, res));
		job->end = HF_RENEW_CERT;
		return HF_OK;
	case 202:
	case 429:
	case 503:
		job->end = HF_RENEW_WAIT;
		job->retry_after_s = retry_after(res);
		return HF_OK;
	case 400:
	case 401:
	case 403:
	case 404:
		job->end = HF_RENEW_REFUSED;
		return HF_OK;
	default:
		return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "status %d", res->status);
	}
}

static hf_err post(struct est_job *job, struct hf_httpc *http, struct hf_why *why)
{
	uint8_t reply_mem[HF_PKI_CSR_MAX + HF_CLAIM_HEADER_CAP + 16];
	struct hf_out reply = HF_OUT(reply_mem);
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(REPLY_CAP);
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(2 * HF_PKI_CSR_MAX);
	char path[128], proof[HF_CLAIM_HEADER_CAP + 1] = "";
	struct hf_http_header header = { "Authorization", proof };
	struct hf_httpc_req req = { .method = "POST", .path = path, .type = "application/pkcs10" };
	hf_bytes x = { hf_httpc_peer(http)->x, HF_TLS_X_LEN }, csr = { NULL, 0 }, auth = { NULL, 0 };
	const struct hf_provision *p = &job->net->provision;

	HF_TRY(hf_ipc_call(job->net->key, MSG_CSR, x, AGENT_CALL_MS, &reply));
	HF_TRY(msg_pair_read(hf_out_bytes(&reply), &csr, &auth));
	HF_TRY(wrap_base64(csr, &body));
	if (auth.len >= sizeof(proof))
		return HF_ERR_BASE_NO_ROOM;
	if (auth.len > 0)
		memcpy(proof, auth.ptr, auth.len);
	(void)snprintf(path, sizeof(path), "/.well-known/est/%.*s/%s", (int)p->line.len,
		       (const char *)p->line.ptr, job->renew ? "simplereenroll" : "simpleenroll");
	req.body = hf_buf_bytes(&body);
	req.headers = &header;
	req.n_headers = auth.len > 0 ? 1 : 0;
	HF_TRY(hf_httpc_call(http, &req, &res, why));
	return judge(job, &res, why);
}

static void close_http(struct hf_httpc **http)
{
	hf_httpc_close(*http);
}

static void free_tls(struct hf_tls **tls)
{
	hf_tls_free(*tls);
}

static hf_err exchange(struct est_job *job, struct hf_why *why)
{
	struct netproc *n = job->net;
	struct hf_ipc_key key = { .ipc = NULL };
	struct hf_tls *tls HF_AUTO(free_tls) = NULL;
	struct hf_httpc *http HF_AUTO(close_http) = NULL;
	struct hf_tls_client_conf tc = {
		.anchor = n->provision.server_ca,
		.host = n->enrol_host,
		.not_before = (int64_t)job->now_s,
	};
	struct hf_httpc_conf hc = { .host = n->enrol_host,
				    .port = n->provision.enrol_port,
				    .timeout_ms = TIMEOUT_MS };

	if (job->with_cert) {
		HF_TRY(hf_ipc_key_open(&key, n->key, (uint8_t)job->key_number, AGENT_CALL_MS));
		tc.key = &key.key;
		tc.cert = (hf_bytes){ job->cert, job->cert_len };
	}
	HF_TRY(hf_tls_client_new(&tc, &tls, why));
	hc.tls = tls;
	HF_TRY(hf_httpc_open(&hc, &http, why));
	return post(job, http, why);
}

/* Back on the loop's thread: tell key how it ended. */
static void finish(void *ctx)
{
	struct est_job *job = ctx;
	struct netproc *n = job->net;
	const uint64_t end[2] = { (uint64_t)job->end, job->retry_after_s };
	uint8_t mem[32], none[8];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);

	n->est = NULL;
	if (job->end != HF_RENEW_CERT && msg_numbers_write(end, 2, &body) == HF_OK &&
	    hf_ipc_call(n->key, MSG_EST_END, hf_out_bytes(&body), AGENT_CALL_MS, &reply) != HF_OK)
		hf_log(HF_LOG_WARN, "est", "key process does not answer", "");
	free(job);
	net_follow(n);
}

static void *run(void *ctx)
{
	struct est_job *job = ctx;
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	job->end = HF_RENEW_FAILED;
	err = exchange(job, &why);
	if (err != HF_OK)
		hf_log_why(HF_LOG_WARN, "est", job->renew ? "renew" : "enrol", err, &why);
	else
		hf_log(HF_LOG_INFO, "est", job->renew ? "renew" : "enrol", "end=%s retry_after_s=%llu",
		       job->end == HF_RENEW_CERT      ? "certificate"
		       : job->end == HF_RENEW_WAIT    ? "wait"
		       : job->end == HF_RENEW_REFUSED ? "refused"
						      : "failed",
		       (unsigned long long)job->retry_after_s);
	if (hf_loop_post(job->net->loop, finish, job) != HF_OK)
		abort(); /* without memory for one post the process starts anew */
	return NULL;
}

void est_start(struct netproc *n)
{
	struct est_job *job = calloc(1, sizeof(*job));
	pthread_attr_t attr;
	pthread_t thread;

	if (job == NULL || n->est != NULL) {
		free(job);
		return;
	}
	job->net = n;
	job->renew = n->want.renew;
	job->key_number = n->want.request_key;
	job->with_cert = n->want.request_key >= 0 && n->want.request_cert.len > 0;
	job->now_s = n->want.now_s;
	job->cert_len = n->want.request_cert.len;
	if (job->cert_len > 0)
		memcpy(job->cert, n->want.request_cert.ptr, job->cert_len);
	n->est = job;
	if (pthread_attr_init(&attr) != 0)
		abort();
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, 512 * 1024);
	if (pthread_create(&thread, &attr, run, job) != 0) {
		hf_log(HF_LOG_ERR, "est", "no thread", "");
		n->est = NULL;
		free(job);
	}
	(void)pthread_attr_destroy(&attr);
}
