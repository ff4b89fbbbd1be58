/* Heads and looks on their way to updproc, bundles fetched for it, reports on their way up. A fetch runs in a
 * thread of its own; the server is verified before the device's certificate leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include "upd.h"
#include <hf/httpc.h>
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60000, TOPIC_CAP = 64, STACK = 512 * 1024 };

struct upd_job {
	struct netproc *net;
	uint8_t names[2 * HF_SHA256_LEN]; /* D, content address */
	uint16_t port;
	int slot;
	uint64_t now_s;
	uint8_t cert[HF_RENEW_CERT_CAP];
	size_t cert_len;
	struct hf_buf bundle;
	hf_err err;
};

static void publish(struct netproc *n, hf_bytes report)
{
	char topic[TOPIC_CAP];
	int mid = 0;

	(void)snprintf(topic, sizeof(topic), "hf/1/%s/-/up/upd/report", n->dev);
	if (!n->up || hf_mqtt_publish(n->mqtt, topic, report, 1, 0, &mid) != HF_OK)
		hf_log(HF_LOG_INFO, "net", "report not sent", ""); /* the look comes again after a hello */
}

static void ask(struct netproc *n, uint16_t type, hf_bytes body)
{
	uint8_t mem[UPD_REPORT_CAP];
	struct hf_out reply = HF_OUT(mem);
	hf_err err = hf_ipc_call(n->upd, type, body, AGENT_CALL_MS, &reply);

	if (err != HF_OK)
		hf_log_why(HF_LOG_WARN, "net", "no verdict", err, NULL);
	else if (reply.len > 0)
		publish(n, hf_out_bytes(&reply));
}

/* ---- the fetch, in its thread ---- */

static void close_http(struct hf_httpc **http)
{
	hf_httpc_close(*http);
}

static void free_tls(struct hf_tls **tls)
{
	hf_tls_free(*tls);
}

static hf_err get(struct upd_job *job, struct hf_httpc *http, struct hf_why *why)
{
	struct hf_httpc_res res HF_AUTO(hf_httpc_res_free) = HF_HTTPC_RES(UPD_BUNDLE_MAX);
	char path[32 + 2 * HF_SHA256_LEN] = "/v1/bundles/";
	struct hf_out hex = { (uint8_t *)path + strlen(path), 2 * HF_SHA256_LEN, 0 };
	const struct hf_httpc_req req = { .method = "GET", .path = path };

	HF_TRY(hf_hex_encode((hf_bytes){ job->names + HF_SHA256_LEN, HF_SHA256_LEN }, &hex));
	HF_TRY(hf_httpc_call(http, &req, &res, why));
	if (res.status != 200)
		return hf_why_set(why, HF_ERR_HTTPC_ANSWER, "status %d", res.status);
	return hf_buf_put(&job->bundle, hf_buf_bytes(&res.body));
}

static hf_err fetch(struct upd_job *job, struct hf_why *why)
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
	struct hf_httpc_conf hc = { .host = n->enrol_host, .port = job->port, .timeout_ms = TIMEOUT_MS };

	HF_TRY(hf_ipc_key_open(&key, n->key, (uint8_t)job->slot, AGENT_CALL_MS));
	HF_TRY(hf_tls_client_new(&tc, &tls, why));
	hc.tls = tls;
	HF_TRY(hf_httpc_open(&hc, &http, why));
	return get(job, http, why);
}

/* Back on the loop's thread. */
static void finish(void *ctx)
{
	struct upd_job *job = ctx;
	struct netproc *n = job->net;
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(UPD_BUNDLE_MAX + 256);
	uint8_t *room = NULL;
	struct hf_out out = { NULL, 0, 0 };

	n->upd_job = NULL;
	if (job->err == HF_OK && hf_buf_reserve(&body, job->bundle.len + 128, &room) == HF_OK) {
		out = (struct hf_out){ room, job->bundle.len + 128, 0 };
		if (msg_pair_write(HF_ARR(job->names), hf_buf_bytes(&job->bundle), &out) == HF_OK)
			ask(n, MSG_UPD_VERIFY, hf_out_bytes(&out));
	}
	hf_buf_free(&job->bundle);
	free(job);
}

static void *run(void *ctx)
{
	struct upd_job *job = ctx;
	struct hf_why why = { HF_OK, "" };

	job->err = fetch(job, &why);
	if (job->err != HF_OK)
		hf_log_why(HF_LOG_WARN, "net", "fetch", job->err, &why);
	if (hf_loop_post(job->net->loop, finish, job) != HF_OK)
		abort(); /* without memory for one post the process starts anew */
	return NULL;
}

static void start(struct netproc *n, struct upd_job *job)
{
	pthread_attr_t attr;
	pthread_t thread;

	n->upd_job = job;
	if (pthread_attr_init(&attr) != 0)
		abort();
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK);
	if (pthread_create(&thread, &attr, run, job) != 0) {
		hf_log(HF_LOG_ERR, "net", "no thread", "");
		n->upd_job = NULL;
		free(job);
	}
	(void)pthread_attr_destroy(&attr);
}

/* {1: D, 2: content address, 3: port} */
static bool read_look(hf_bytes payload, struct upd_job *job)
{
	uint64_t port = 0;
	struct hf_cborr r;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 3);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_fixed(&r, job->names, HF_SHA256_LEN);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_fixed(&r, job->names + HF_SHA256_LEN, HF_SHA256_LEN);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_uint_max(&r, UINT16_MAX, &port);
	job->port = (uint16_t)port;
	return hf_cbor_done(&r) == HF_OK && port > 0;
}

static void look(struct netproc *n, hf_bytes payload)
{
	struct upd_job *job = n->upd_job == NULL && n->slot >= 0 ? calloc(1, sizeof(*job)) : NULL;

	if (job == NULL || !read_look(payload, job)) {
		hf_log(HF_LOG_INFO, "net", "look not taken", "");
		free(job);
		return;
	}
	job->net = n;
	job->slot = n->slot;
	job->now_s = n->want.now_s;
	job->cert_len = n->cert_len;
	memcpy(job->cert, n->cert, n->cert_len);
	job->bundle = HF_BUF(UPD_BUNDLE_MAX);
	start(n, job);
}

bool net_upd_takes(struct netproc *n, hf_bytes topic, hf_bytes payload)
{
	if (hf_bytes_equal(topic, HF_STR("upd/look")))
		look(n, payload);
	else if (hf_bytes_equal(topic, HF_STR("upd/head")) && payload.len > 0 &&
		 payload.len <= HF_HEAD_MAX_LEN)
		ask(n, MSG_UPD_HEAD, payload);
	else
		return false;
	return true;
}
