/* Heads and looks on their way to updproc, its reports on their way up (doc/protocol/upd.md). A look is kept
 * until its report went up: a newer one replaces it, a fetch that failed is tried again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include "upd.h"
#include <hf/log.h>
#include <stdio.h>
#include <string.h>

/* A verdict is a matter of milliseconds; a process that hangs must not stop the session. */
enum { TOPIC_CAP = 64, CALL_MS = 2000, TELL_MS = 3600 * 1000, BODY_EXTRA = 128, RETRY_MS = 60000 };

static void publish(struct netproc *n, hf_bytes report, bool unchanged_too)
{
	uint8_t hash[HF_SHA256_LEN];
	char topic[TOPIC_CAP];
	int mid = 0;

	if (!n->up || hf_crypto_sha256(&report, 1, hash) != HF_OK)
		return; /* told in the next session */
	if (!unchanged_too && memcmp(hash, n->told, sizeof(hash)) == 0)
		return;
	(void)snprintf(topic, sizeof(topic), "hf/1/%s/-/up/upd/report", n->dev);
	if (hf_mqtt_publish(n->mqtt, topic, report, 1, 0, &mid) == HF_OK)
		memcpy(n->told, hash, sizeof(hash));
	else
		hf_log(HF_LOG_INFO, "net", "report not sent", "");
}

/* False: upd did not answer. */
static bool ask(struct netproc *n, uint16_t type, hf_bytes body)
{
	uint8_t mem[UPD_REPORT_CAP];
	struct hf_out reply = HF_OUT(mem);
	hf_err err = hf_ipc_call(n->upd, type, body, CALL_MS, &reply);

	if (err != HF_OK)
		hf_log_why(HF_LOG_WARN, "net", "upd does not answer", err, NULL);
	else
		publish(n, hf_out_bytes(&reply), type == MSG_UPD_VERIFY);
	return err == HF_OK;
}

void net_upd_tell(struct netproc *n)
{
	bool told;

	if (!n->up || hf_now_ms() < n->ask_at_ms)
		return;
	told = ask(n, MSG_UPD_HEAD, (hf_bytes){ NULL, 0 });
	n->ask_at_ms = hf_now_ms() + (told ? TELL_MS : RETRY_MS);
}

/* ---- looks ---- */

static void try_later(struct netproc *n)
{
	struct hf_port port = HF_LINUX_PORT_NONE;
	uint64_t ms = RETRY_MS;

	if (hf_backoff_next(&n->look_backoff, &port, HF_WAIT_LINK, 0, &ms) != HF_OK)
		hf_log(HF_LOG_WARN, "net", "no randomness", "");
	if (hf_timer_start(&n->look_again, ms) != HF_OK)
		hf_log(HF_LOG_ERR, "net", "timer", "");
}

static void fetch(struct netproc *n)
{
	if (n->look.port == 0 || n->fetch != NULL)
		return;
	hf_timer_stop(&n->look_again);
	if (n->slot < 0 || !net_fetch_start(n, &n->look))
		try_later(n);
}

void net_upd_again(void *ctx)
{
	fetch(ctx);
}

static void take_look(struct netproc *n, hf_bytes payload)
{
	struct agent_look look;

	if (msg_look_read(payload, &look) != HF_OK) {
		hf_log(HF_LOG_INFO, "net", "look not taken", "");
		return;
	}
	n->look = look;
	n->look_backoff = (struct hf_backoff){ 0, 0, 0 };
	fetch(n);
}

static bool judge(struct netproc *n, const struct agent_look *look, hf_bytes bundle)
{
	struct hf_buf body HF_AUTO(hf_buf_free) = HF_BUF(UPD_BUNDLE_MAX + BODY_EXTRA);
	struct hf_out out = { NULL, bundle.len + BODY_EXTRA, 0 };

	return hf_buf_reserve(&body, out.cap, &out.ptr) == HF_OK &&
	       msg_pair_write(HF_ARR(look->names), bundle, &out) == HF_OK &&
	       ask(n, MSG_UPD_VERIFY, hf_out_bytes(&out));
}

void net_upd_fetched(struct netproc *n, const struct agent_look *look, hf_err err, bool gone, hf_bytes bundle)
{
	bool ended = gone || (err == HF_OK && judge(n, look, bundle));
	bool newest = n->look.port == look->port &&
		      memcmp(n->look.names, look->names, sizeof(look->names)) == 0;

	if (newest && ended)
		n->look.port = 0;
	else if (newest)
		try_later(n);
	else
		fetch(n); /* another one came meanwhile */
}

bool net_upd_takes(struct netproc *n, hf_bytes topic, hf_bytes payload)
{
	if (hf_bytes_equal(topic, HF_STR("upd/look")))
		take_look(n, payload);
	else if (hf_bytes_equal(topic, HF_STR("upd/head")) && payload.len > 0 &&
		 payload.len <= HF_HEAD_MAX_LEN)
		(void)ask(n, MSG_UPD_HEAD, payload);
	else
		return false;
	return true;
}
