/* Messages through the session: up in key's order with a window, down to key.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include <hf/log.h>
#include <holdfast/cbor.h>
#include <stdio.h>
#include <string.h>

enum { FULL_TOPIC_CAP = AGENT_TOPIC_CAP + 32, N_BEAT = 5 };

static void tell_sent(struct netproc *n, uint64_t token, uint64_t reason)
{
	const uint64_t v[2] = { token, reason };
	uint8_t mem[32], none[8];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);

	if (msg_numbers_write(v, 2, &body) != HF_OK ||
	    hf_ipc_call(n->key, MSG_SENT, hf_out_bytes(&body), AGENT_CALL_MS, &reply) != HF_OK)
		hf_log(HF_LOG_WARN, "net", "key process does not answer", "");
}

/* Publish one message; false when it could not be handed to the library. */
static bool publish(struct netproc *n, const struct agent_up *up)
{
	char topic[FULL_TOPIC_CAP];
	int mid = 0;
	hf_err err;

	(void)snprintf(topic, sizeof(topic), "hf/1/%s/-/up/%s", n->dev, up->topic);
	err = hf_mqtt_publish(n->mqtt, topic, up->payload, up->qos, up->expiry_s, &mid);
	if (err != HF_OK) {
		hf_log_why(HF_LOG_DEBUG, "net", "publish", err, NULL);
		return false;
	}
	if (up->qos == 0) {
		tell_sent(n, up->token, 0);
		return true;
	}
	n->window[n->n_window].mid = mid;
	n->window[n->n_window].token = up->token;
	n->n_window++;
	return true;
}

void net_pump(struct netproc *n)
{
	static uint8_t mem[NET_BODY_CAP];
	struct agent_up up;

	while (n->up && n->n_window < NET_WINDOW) {
		struct hf_out reply = HF_OUT(mem);
		hf_err err = hf_ipc_call(n->key, MSG_PULL, (hf_bytes){ NULL, 0 }, AGENT_CALL_MS, &reply);

		if (err == HF_OK)
			err = msg_up_read(hf_out_bytes(&reply), &up);
		if (err != HF_OK)
			return; /* nothing waits, or key is away and will say "look" */
		if (!publish(n, &up)) {
			tell_sent(n, up.token, HF_MQTT_NO_SUBSCRIBER);
			return;
		}
	}
}

void net_on_puback(void *ctx, int mid, int reason)
{
	struct netproc *n = ctx;

	for (unsigned i = 0; i < n->n_window; i++) {
		uint64_t token = n->window[i].token;

		if (n->window[i].mid != mid)
			continue;
		n->window[i] = n->window[--n->n_window];
		tell_sent(n, token, (uint64_t)reason);
		break;
	}
	net_pump(n);
}

/* Hints of the broker's side: {1: spread s}. Unsigned, so they only change how long we wait. */
static void read_cfg(struct netproc *n, hf_bytes payload)
{
	uint64_t spread_s = 0;
	struct hf_cborr r;

	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 1);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_uint_max(&r, 3600, &spread_s);
	if (hf_cbor_done(&r) == HF_OK)
		n->spread_ms = spread_s * 1000;
}

void net_on_message(void *ctx, const struct hf_mqtt_msg *msg)
{
	static uint8_t mem[NET_BODY_CAP];
	struct netproc *n = ctx;
	struct hf_out body = HF_OUT(mem);
	uint8_t none[8];
	struct hf_out reply = HF_OUT(none);
	char prefix[FULL_TOPIC_CAP];
	hf_bytes topic;
	size_t len;

	(void)snprintf(prefix, sizeof(prefix), "hf/1/%s/-/dn/", n->dev);
	len = strlen(prefix);
	if (strncmp(msg->topic, prefix, len) != 0 || strlen(msg->topic) - len >= AGENT_TOPIC_CAP)
		return;
	topic = (hf_bytes){ (const uint8_t *)msg->topic + len, strlen(msg->topic) - len };
	if (topic.len > 4 && memcmp(topic.ptr, "cfg/", 4) == 0) {
		read_cfg(n, msg->payload);
		return;
	}
	if (net_upd_takes(n, topic, msg->payload))
		return;
	if (msg_pair_write(topic, msg->payload, &body) != HF_OK ||
	    hf_ipc_call(n->key, MSG_DOWN, hf_out_bytes(&body), AGENT_CALL_MS, &reply) != HF_OK)
		hf_log(HF_LOG_WARN, "net", "message not taken", "topic=%s", HF_LOG_TEXT(topic));
	net_pump(n);
}

/* {1 boot counter, 2 state, 3 epoch, 4 armed instances, 5 ring sequence, 6 policy version} */
hf_err net_on_heartbeat(void *ctx, hf_bytes body, struct hf_out *reply)
{
	struct netproc *n = ctx;
	uint64_t v[1 + N_BEAT] = { n->want.boot_count };
	char topic[FULL_TOPIC_CAP];
	uint8_t mem[64];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	reply->len = 0;
	HF_TRY(msg_numbers_read(body, v + 1, N_BEAT));
	/* A second early is in time: the beats of the tamper process drift a little. */
	if (!n->up || hf_now_ms() + 1000 < n->beat_ms + n->want.heartbeat_s * 1000)
		return HF_OK;
	n->beat_ms = hf_now_ms();
	hf_cbor_writer(&w, &out);
	hf_cbor_put_map(&w, 1 + N_BEAT);
	for (int i = 0; i <= N_BEAT; i++) {
		hf_cbor_put_key(&w, i + 1);
		hf_cbor_put_uint(&w, v[i]);
	}
	HF_TRY(hf_cbor_finish(&w));
	(void)snprintf(topic, sizeof(topic), "hf/1/%s/-/up/hb/now", n->dev);
	return hf_mqtt_publish(n->mqtt, topic, hf_out_bytes(&out), 0, 0, NULL);
}
