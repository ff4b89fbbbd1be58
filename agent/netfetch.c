/* One bundle by its content address, in a thread of its own so that the session goes on meanwhile; the server
 * is verified before the device's certificate leaves. What came is judged by updproc, not here.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include "upd.h"
#include <hf/httpc.h>
#include <hf/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60000, STACK = 512 * 1024, STATUS_OK = 200, STATUS_ABSENT = 404 };

struct fetch_job {
	struct netproc *net;
	struct agent_look look;
	int slot;
	uint64_t now_s;
	uint8_t cert[HF_RENEW_CERT_CAP];
	size_t cert_len;
	/* how it ended */
	struct hf_buf bundle;
	int status;
	hf_err err;
};

static void close_http(struct hf_httpc **http)
{
	hf_httpc_close(*http);
}

static void free_tls(struct hf_tls **tls)
{
	hf_tls_free(*tls);
}

static hf_err get(struct fetch_job *job, struct hf_httpc *http, struct hf_why *why)
{
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(UPD_BUNDLE_MAX);
	char path[32 + 2 * HF_SHA256_LEN] = "/v1/bundles/";
	struct hf_out hex = { (uint8_t *)path + strlen(path), 2 * HF_SHA256_LEN, 0 };
	const struct hf_httpc_req req = { .method = "GET", .path = path };

	HF_TRY(hf_hex_encode((hf_bytes){ job->look.names + HF_SHA256_LEN, HF_SHA256_LEN }, &hex));
	HF_TRY(hf_httpc_call(http, &req, &res, why));
	job->status = res.status;
	if (res.status != STATUS_OK)
		return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "status %d", res.status);
	return hf_buf_put(&job->bundle, hf_buf_bytes(&res.body));
}

static hf_err fetch(struct fetch_job *job, struct hf_why *why)
{
	struct netproc *n = job->net;
	struct hf_ipc_key key;
	struct hf_tls *tls HF_AUTO(free_tls) = NULL;
	struct hf_httpc *http HF_AUTO(close_http) = NULL;
	const struct hf_tls_client_conf tc = {
		.anchor = n->provision.server_ca,
		.host = n->enrol_host,
		.key = &key.key,
		.cert = { job->cert, job->cert_len },
		.not_before = (int64_t)job->now_s,
	};
	struct hf_httpc_conf hc = { .host = n->enrol_host, .port = job->look.port, .timeout_ms = TIMEOUT_MS };

	HF_TRY(hf_ipc_key_open(&key, n->key, (uint8_t)job->slot, AGENT_CALL_MS));
	HF_TRY(hf_tls_client_new(&tc, &tls, why));
	hc.tls = tls;
	HF_TRY(hf_httpc_open(&hc, &http, why));
	return get(job, http, why);
}

/* Back on the loop's thread. */
static void finish(void *ctx)
{
	struct fetch_job *job = ctx;

	job->net->fetch = NULL;
	net_upd_fetched(job->net, &job->look, job->err, job->status == STATUS_ABSENT,
			hf_buf_bytes(&job->bundle));
	hf_buf_free(&job->bundle);
	free(job);
}

static void *run(void *ctx)
{
	struct fetch_job *job = ctx;
	struct hf_why why = { HF_OK, "" };

	job->err = fetch(job, &why);
	if (job->err != HF_OK)
		hf_log_why(HF_LOG_WARN, "net", "fetch", job->err, &why);
	if (hf_loop_post(job->net->loop, finish, job) != HF_OK)
		abort(); /* without memory for one post the process starts anew */
	return NULL;
}

static bool start_thread(struct fetch_job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attr) != 0)
		return false;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK);
	started = pthread_create(&thread, &attr, run, job) == 0;
	(void)pthread_attr_destroy(&attr);
	return started;
}

bool net_fetch_start(struct netproc *n, const struct agent_look *look)
{
	struct fetch_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return false;
	job->net = n;
	job->look = *look;
	job->slot = n->slot;
	job->now_s = n->want.now_s;
	job->cert_len = n->cert_len;
	memcpy(job->cert, n->cert, n->cert_len);
	job->bundle = HF_BUF(UPD_BUNDLE_MAX);
	n->fetch = job;
	if (start_thread(job))
		return true;
	n->fetch = NULL;
	free(job);
	return false;
}
