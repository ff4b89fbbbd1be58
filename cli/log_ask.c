/* log_ask.c -- a connection for each question: a log is asked seldom.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <hf/deploy.h>
#include <hf/httpc.h>
#include "log_ask.h"

enum { ASK_MS = 30000 };

hf_err log_client_open(const char *url, struct hf_why *why, struct log_client *c)
{
	char host[HF_DEPLOY_HOST_MAX + 8], name[HF_DEPLOY_HOST_MAX];
	size_t len;

	*c = (struct log_client){ .why = why };
	if (strncmp(url, "http://", 7) != 0 || strlen(url) >= LOG_URL_MAX)
		return hf_why_set(why, HF_ERR_LOG_URL, "'%s' is no log: http://HOST:PORT[/PREFIX]", url);
	url += 7;
	len = strcspn(url, "/");
	if (len >= sizeof(host))
		return hf_why_set(why, HF_ERR_LOG_URL, "host is too long");
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

hf_err log_client_ask(struct log_client *c, const char *path, hf_bytes body, int *status,
		      struct hf_buf *answer)
{
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(LOG_ANSWER_MAX);
	const struct hf_httpc_conf conf = {
		.host = c->host, .port = c->port, .plain = true, .timeout_ms = ASK_MS
	};
	struct hf_httpc *http HF_AUTO(close_client) = NULL;
	char full[2 * LOG_URL_MAX];
	const struct hf_httpc_req req = { .method = body.len > 0 ? "POST" : "GET",
					  .path = full,
					  .type = body.len > 0 ? "text/plain" : NULL,
					  .body = body };

	(void)snprintf(full, sizeof(full), "%s/%s", c->prefix, path);
	hf_buf_reset(answer);
	HF_TRY(hf_httpc_open(&conf, &http, c->why));
	HF_TRY(hf_httpc_call(http, &req, &res, c->why));
	*status = res.status;
	return hf_buf_put(answer, hf_buf_bytes(&res.body));
}
