/* log_ask.c -- a connection for each question: a log is asked seldom.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/deploy.h>
#include <hf/file.h>
#include <hf/httpc.h>
#include <hf/pki.h>
#include "log_ask.h"

enum { ASK_MS = 30000, CA_FILE_MAX = 65536 };

/* Nothing that could end a request line. */
static bool is_prefix(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

	return strlen(text) < LOG_URL_MAX && strspn(text, allowed) == strlen(text);
}

static hf_err read_scheme(const char **url, const char *ca, struct log_client *c)
{
	bool tls = strncmp(*url, "https://", 8) == 0;

	if (!tls && strncmp(*url, "http://", 7) != 0)
		return hf_why_set(c->why, HF_ERR_LOG_URL, "'%.200s' is no log: http://HOST:PORT[/PREFIX]",
				  *url);
	if (tls != (ca != NULL))
		return hf_why_set(c->why, HF_ERR_LOG_URL, "%s",
				  tls ? "https:// needs --log-ca FILE" : "--log-ca is for https:// only");
	c->ca = ca;
	*url += tls ? 8 : 7;
	return HF_OK;
}

hf_err log_client_open(const char *url, const char *ca, struct hf_why *why, struct log_client *c)
{
	char host[HF_DEPLOY_HOST_MAX + 8], name[HF_DEPLOY_HOST_MAX];
	size_t len;

	*c = (struct log_client){ .why = why };
	HF_TRY(read_scheme(&url, ca, c));
	len = strcspn(url, "/");
	if (len >= sizeof(host) || !is_prefix(url + len))
		return hf_why_set(why, HF_ERR_LOG_URL, "host or prefix of the log is too long or strange");
	memcpy(host, url, len);
	host[len] = '\0';
	if (!hf_deploy_split_listen(host, name, &c->port) || c->port == 0)
		return hf_why_set(why, HF_ERR_LOG_URL, "'%s' is no HOST:PORT", host);
	(void)snprintf(c->host, sizeof(c->host), "%s", name);
	(void)snprintf(c->prefix, sizeof(c->prefix), "%s", url + len);
	len = strlen(c->prefix);
	if (len > 0 && c->prefix[len - 1] == '/')
		c->prefix[len - 1] = '\0';
	return HF_OK;
}

static void close_client(struct hf_httpc **c)
{
	hf_httpc_close(*c);
}

static void free_tls(struct hf_tls **tls)
{
	hf_tls_free(*tls);
}

static hf_err make_tls(const struct log_client *c, struct hf_tls **tls)
{
	struct hf_buf pem HF_AUTO(hf_buf_free) = HF_BUF(CA_FILE_MAX);
	uint8_t mem[HF_TLS_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	struct hf_tls_client_conf conf = { .host = c->host };
	hf_err err;

	HF_TRY(hf_file_read(c->ca, &pem, c->why));
	err = hf_pki_pem_read("CERTIFICATE", hf_buf_bytes(&pem), &der);
	if (err != HF_OK)
		return hf_why_set(c->why, err, "--log-ca %.200s: no certificate", c->ca);
	conf.anchor = hf_out_bytes(&der);
	return hf_tls_client_new(&conf, tls, c->why);
}

hf_err log_client_ask(struct log_client *c, const char *path, hf_bytes body, int *status,
		      struct hf_buf *answer)
{
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(LOG_ANSWER_MAX);
	struct hf_httpc_conf conf = { .host = c->host, .port = c->port, .timeout_ms = ASK_MS };
	struct hf_tls *tls HF_AUTO(free_tls) = NULL;
	struct hf_httpc *http HF_AUTO(close_client) = NULL;
	char full[2 * LOG_URL_MAX];
	const struct hf_httpc_req req = { .method = body.len > 0 ? "POST" : "GET",
					  .path = full,
					  .type = body.len > 0 ? "text/plain" : NULL,
					  .body = body };

	(void)snprintf(full, sizeof(full), "%s/%s", c->prefix, path);
	hf_buf_reset(answer);
	if (c->ca != NULL)
		HF_TRY(make_tls(c, &tls));
	conf.tls = tls;
	conf.plain = tls == NULL;
	HF_TRY(hf_httpc_open(&conf, &http, c->why));
	HF_TRY(hf_httpc_call(http, &req, &res, c->why));
	*status = res.status;
	return hf_buf_put(answer, hf_buf_bytes(&res.body));
}
