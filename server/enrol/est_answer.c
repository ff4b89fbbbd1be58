/* est_answer.c -- what goes back: one constant body for each refusal, base64 in the form the client reads.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/log.h>
#include <hf/loop.h>
#include "est_priv.h"

void hf__est_refuse(struct hf__est *e, int status)
{
	static const struct hf_http_header ask = { "WWW-Authenticate", "Basic realm=\"estrealm\"" };
	const char *reason = hf_http_reason(status);
	struct hf_http_res res = { .status = status,
				   .type = "text/plain",
				   .body = { (const uint8_t *)reason, strlen(reason) } };

	if (status == 202 || status == 429 || status == 503)
		res.retry_after_s = status == 503 ? 5 : EST_RETRY_S;
	if (status == 401) {
		res.headers = &ask;
		res.n_headers = 1;
	}
	if (status >= 400 && status < 500)
		hf__bucket_take(e->p->buckets, e->http->addr, hf_now_ms());
	hf_http_answer(e->call, &res);
}

static void give(struct hf__est *e, hf_bytes der, const char *type, const char *info)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(65536);
	struct hf_http_header headers[2] = { { "Content-Transfer-Encoding", "base64" },
					     { "Authentication-Info", info } };
	bool wrap = e->http->minor == 0 || e->wrapped || e->line.wrap;
	struct hf_http_res res = {
		.status = 200, .type = type, .headers = headers, .n_headers = info ? 2 : 1
	};

	if (hf__est_encode(der, wrap, &text) != HF_OK) {
		hf__est_refuse(e, 503);
		return;
	}
	res.body = hf_buf_bytes(&text);
	hf_http_answer(e->call, &res);
}

void hf__est_give(struct hf__est *e, hf_bytes der, const char *type)
{
	give(e, der, type, NULL);
}

static hf_err prove(struct hf__est *e, hf_bytes cert, char info[static HF_CLAIM_HEADER_CAP + 1])
{
	uint8_t mac[HF_SHA256_LEN], hash[HF_SHA256_LEN];
	struct hf_out out = { (uint8_t *)info, HF_CLAIM_HEADER_CAP, 0 };
	const struct hf_tls_peer *peer = e->http->peer;

	HF_TRY(hf_crypto_sha256(&cert, 1, hash));
	HF_TRY(hf_ca_claim_answer(e->p->conf.ca, (hf_bytes){ e->kc, e->kc_len }, HF_ARR(e->cid),
				  HF_ARR(peer->x), HF_ARR(hash), mac));
	HF_TRY(hf_claim_write_info(mac, &out));
	info[out.len] = 0;
	return HF_OK;
}

int hf__est_give_cert(struct hf__est *e)
{
	char info[HF_CLAIM_HEADER_CAP + 1] = "";
	uint8_t mem[HF_PKI_CERT_MAX + 256];
	struct hf_out p7 = HF_OUT(mem);
	hf_bytes cert = hf_out_bytes(&e->cert);
	hf_err err = e->has_claim ? prove(e, cert, info) : HF_OK;

	if (err == HF_OK)
		err = hf_pki_certs_only_write(&cert, 1, &p7);
	if (err != HF_OK) {
		hf_log_why(HF_LOG_ERR, "enrol", "answer", err, NULL);
		return 503;
	}
	give(e, hf_out_bytes(&p7), "application/pkcs7-mime; smime-type=certs-only", info[0] ? info : NULL);
	return 0;
}
