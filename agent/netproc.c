/* netproc: the only process that sees the network; it holds no key. It asks keyproc what is wanted and
 * follows:
 * an EST request, an MQTT session with the certificate of one slot, messages. Every wait backs off and none
 * ever ends the trying.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include <hf/file.h>
#include <hf/log.h>
#include <hf/proc.h>
#include <hf/sandbox.h>
#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 30000, SILENT_IS_REFUSED = 10 };

static void tell_session(struct netproc *n, bool accepted)
{
	int64_t cap_s = n->tls != NULL ? hf_tls_server_not_after(n->tls) : 0;
	const uint64_t v[3] = { (uint64_t)n->slot, accepted, cap_s > 0 ? (uint64_t)cap_s : 0 };
	uint8_t mem[64], none[8];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);
	hf_err err;

	if (msg_numbers_write(v, 3, &body) != HF_OK)
		return;
	err = hf_ipc_call(n->key, MSG_SESSION, hf_out_bytes(&body), AGENT_CALL_MS, &reply);
	if (err != HF_OK)
		hf_log_why(HF_LOG_WARN, "net", "session not taken", err, NULL);
}

static void tell_session_end(struct netproc *n)
{
	uint8_t none[8];
	struct hf_out reply = HF_OUT(none);

	if (hf_ipc_call(n->key, MSG_SESSION_END, (hf_bytes){ NULL, 0 }, AGENT_CALL_MS, &reply) != HF_OK)
		hf_log(HF_LOG_WARN, "net", "key process does not answer", "");
}

static void wait_and_reconnect(struct netproc *n, enum hf_wait why)
{
	struct hf_port port = HF_LINUX_PORT_NONE;
	uint64_t ms = 60000;

	if (hf_backoff_next(&n->backoff, &port, why, 0, &ms) != HF_OK)
		hf_log(HF_LOG_WARN, "net", "no randomness", "");
	hf_log(HF_LOG_INFO, "net", "wait", "ms=%llu", (unsigned long long)ms);
	if (hf_timer_start(&n->reconnect, ms) != HF_OK)
		hf_log(HF_LOG_ERR, "net", "timer", "");
}

/* A whole fleet loses its sessions at once when its broker restarts: come back somewhere in the time that the
 * server asked for, not in one storm of cold handshakes. */
static void wait_spread(struct netproc *n)
{
	struct hf_port port = HF_LINUX_PORT_NONE;
	uint8_t raw[8] = { 0 };

	if (hf_port_random(&port, raw, sizeof(raw)) != HF_OK ||
	    hf_timer_start(&n->reconnect, hf_get_be64(raw) % (n->spread_ms + 1)) != HF_OK)
		hf_log(HF_LOG_ERR, "net", "spread", "");
}

/* Follow soon, but not inside a callback of the MQTT client, which may be about to be freed. */
static void follow_soon(struct netproc *n)
{
	if (hf_timer_start(&n->again, 0) != HF_OK)
		hf_log(HF_LOG_ERR, "net", "timer", "");
}

/* ---- events of the MQTT client -------------------------------------------------------------------- */

static void on_connack(void *ctx, int reason)
{
	struct netproc *n = ctx;
	char filter[64];

	n->silent = 0;
	if (reason != HF_MQTT_SUCCESS) {
		hf_log(HF_LOG_WARN, "net", "refused", "reason=%d", reason);
		return; /* on_down follows */
	}
	(void)snprintf(filter, sizeof(filter), "hf/1/%s/+/dn/#", n->dev);
	if (hf_mqtt_subscribe(n->mqtt, filter, 1, &n->sub_mid) != HF_OK)
		hf_mqtt_disconnect(n->mqtt);
}

static void on_suback(void *ctx, int mid, int reason)
{
	struct netproc *n = ctx;

	if (mid != n->sub_mid)
		return;
	if (reason >= 128) {
		hf_log(HF_LOG_WARN, "net", "subscription refused", "reason=%d", reason);
		hf_mqtt_disconnect(n->mqtt);
		return;
	}
	n->up = true;
	n->known = true;
	n->backoff = (struct hf_backoff){ 0, 0, 0 };
	hf_log(HF_LOG_INFO, "net", "session", "slot=%d", n->slot);
	tell_session(n, true);
	follow_soon(n);
}

/* A connection that ends before any CONNACK may be a full broker, or one that refuses our certificate in the
 * handshake. One such end says nothing; many in a row, or a certificate that has run out, count as refused.
 * */
static bool counts_as_refused(const struct netproc *n, int reason)
{
	return reason == HF_MQTT_NOT_AUTHORIZED || n->silent >= SILENT_IS_REFUSED;
}

/* A certificate a few milliseconds old may reach the broker before its row does: the first refusals of one
 * that
 * never had a session are met with the short waits. */
static enum hf_wait after_refusal(struct netproc *n)
{
	return !n->known && n->early++ < HF_RENEW_PROOFS - 1 ? HF_WAIT_LINK : HF_WAIT_REFUSED;
}

static void on_down(void *ctx, int reason)
{
	struct netproc *n = ctx;
	bool was_up = n->up, left = n->leaving;

	n->up = false;
	n->connecting = false;
	n->leaving = false;
	n->n_window = 0;
	n->ask_at_ms = 0;
	hf_log(HF_LOG_INFO, "net", "down", "reason=%d", reason);
	if (was_up)
		tell_session_end(n);
	if (left) {
		follow_soon(n);
		return;
	}
	if (!was_up && reason < 0)
		n->silent++;
	if (counts_as_refused(n, reason)) {
		n->silent = 0;
		tell_session(n, false);
		wait_and_reconnect(n, after_refusal(n));
		follow_soon(n);
		return;
	}
	if (was_up && n->spread_ms > 0)
		wait_spread(n);
	else
		wait_and_reconnect(n, HF_WAIT_LINK);
}

/* ---- the session that key wants -------------------------------------------------------------------- */

static void close_session(struct netproc *n)
{
	if (n->mqtt != NULL)
		hf_mqtt_free(n->mqtt);
	hf_tls_free(n->tls);
	n->mqtt = NULL;
	n->tls = NULL;
	n->slot = -1;
	n->cert_len = 0;
	n->up = n->connecting = n->leaving = false;
	n->silent = 0;
	n->early = 0;
	n->known = false;
	n->n_window = 0;
	hf_timer_stop(&n->reconnect);
}

static hf_err open_session(struct netproc *n, struct hf_why *why)
{
	struct hf_tls_client_conf tc = {
		.anchor = n->provision.server_ca,
		.host = n->broker_host,
		.key = &n->tls_key.key,
		.not_before = (int64_t)n->want.now_s,
	};
	struct hf_mqtt_conf mc = {
		.loop = n->loop,
		.client_id = n->dev,
		.host = n->broker_host,
		.port = n->provision.broker_port,
		.keepalive_s = (unsigned)n->want.keepalive_s,
		.events = { n, on_connack, on_down, net_on_message, net_on_puback, on_suback },
	};

	n->slot = n->want.session;
	memcpy(n->dev, n->want.dev, sizeof(n->dev));
	n->cert_len = n->want.session_cert.len;
	memcpy(n->cert, n->want.session_cert.ptr, n->cert_len);
	tc.cert = (hf_bytes){ n->cert, n->cert_len };
	HF_TRY(hf_ipc_key_open(&n->tls_key, n->key, (uint8_t)n->slot, AGENT_CALL_MS));
	HF_TRY(hf_tls_client_new(&tc, &n->tls, why));
	mc.tls = n->tls;
	return hf_mqtt_new(&mc, &n->mqtt, why);
}

static bool session_is_the_wanted(const struct netproc *n)
{
	return n->slot == n->want.session && n->cert_len == n->want.session_cert.len &&
	       memcmp(n->cert, n->want.session_cert.ptr, n->cert_len) == 0;
}

static void connect_now(struct netproc *n)
{
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	if (n->up || n->connecting || hf_timer_running(&n->reconnect))
		return;
	hf_tls_set_floor(n->tls, (int64_t)n->want.now_s);
	n->connecting = true;
	err = hf_mqtt_connect(n->mqtt, &why);
	if (err == HF_OK)
		return;
	n->connecting = false;
	hf_log_why(HF_LOG_INFO, "net", "connect", err, &why);
	wait_and_reconnect(n, HF_WAIT_LINK);
}

static void follow_session(struct netproc *n)
{
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	if (n->leaving)
		return;
	if (n->slot >= 0 && !session_is_the_wanted(n)) {
		if (n->up || n->connecting) { /* leave politely; on_down comes back here */
			n->leaving = true;
			hf_mqtt_disconnect(n->mqtt);
			return;
		}
		close_session(n);
	}
	if (n->want.session < 0)
		return;
	if (n->slot < 0) {
		err = open_session(n, &why);
		if (err != HF_OK) {
			hf_log_why(HF_LOG_WARN, "net", "session", err, &why);
			close_session(n);
			return; /* the timer asks again */
		}
	}
	connect_now(n);
}

static hf_err ask_want(struct netproc *n)
{
	struct hf_out reply = HF_OUT(n->want_mem);

	HF_TRY(hf_ipc_call(n->key, MSG_WANT, (hf_bytes){ NULL, 0 }, AGENT_CALL_MS, &reply));
	return msg_want_read(hf_out_bytes(&reply), &n->want);
}

void net_follow(struct netproc *n)
{
	if (hf_timer_start(&n->again, AGAIN_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "net", "timer", "");
	if (ask_want(n) != HF_OK) {
		memset(&n->want, 0, sizeof(n->want));
		return; /* key is starting; its look or the timer comes */
	}
	if (n->up && !n->want.in_session && n->slot == n->want.session) /* key was started anew */
		tell_session(n, true);
	if (!n->up && n->want.in_session) /* we were */
		tell_session_end(n);
	if (n->want.request && n->est == NULL)
		est_start(n);
	follow_session(n);
	net_pump(n);
	net_upd_tell(n);
}

static void on_timer(void *ctx)
{
	net_follow(ctx);
}

static hf_err on_look(void *ctx, hf_bytes body, struct hf_out *reply)
{
	(void)body;
	reply->len = 0;
	net_follow(ctx);
	return HF_OK;
}

/* ---- start ---------------------------------------------------------------------------------------- */

static hf_err copy_host(char out[static AGENT_HOST_CAP], hf_bytes host)
{
	if (host.len >= AGENT_HOST_CAP)
		return HF_ERR_BASE_NO_ROOM;
	memcpy(out, host.ptr, host.len);
	out[host.len] = '\0';
	return HF_OK;
}

static hf_err open_all(struct netproc *n, struct hf_why *why)
{
	char path[AGENT_PATH_CAP];
	hf_err err;

	n->provision_file = HF_BUF(HF_PROVISION_CEILING);
	HF_TRY(hf_path_join(path, sizeof(path), n->agent->dir, "provision.hfp"));
	HF_TRY(hf_file_read(path, &n->provision_file, why));
	err = hf_provision_read(hf_buf_bytes(&n->provision_file), &n->provision);
	if (err != HF_OK)
		return hf_why_add(why, err, "%s", path);
	HF_TRY(copy_host(n->enrol_host, n->provision.enrol_host));
	HF_TRY(copy_host(n->broker_host, n->provision.broker_host));
	HF_TRY(hf_loop_new(&n->loop));
	HF_TRY(hf_timer_init(&n->again, n->loop, on_timer, n));
	HF_TRY(hf_timer_init(&n->reconnect, n->loop, on_timer, n));
	HF_TRY(hf_timer_init(&n->look_again, n->loop, net_upd_again, n));
	HF_TRY(hf_ipc_new(NET_FD_UPD, &n->upd));
	return hf_ipc_new(NET_FD_KEY, &n->key);
}

static hf_err enter_sandbox(const struct netproc *n, struct hf_why *why)
{
	/* What name look-ups read. */
	static const struct hf_sandbox_path paths[] = { { "/etc", false },
							{ "/run/systemd/resolve", false } };
	const struct hf_sandbox s = {
		.powers = HF_SANDBOX_AGENT_NET | HF_POWER_THREADS,
		.user = n->agent->conf.user[0] != '\0' ? n->agent->conf.user : NULL,
		.paths = paths,
		.n_paths = 2,
		.max_fds = 64,
	};

	return hf_sandbox_enter(&s, why);
}

static void on_closed(void *ctx)
{
	(void)ctx; /* the supervisor keeps the other ends */
}

static hf_err serve(struct netproc *n, struct hf_why *why)
{
	static const struct hf_ipc_op look_ops[] = { { MSG_LOOK, 0, 0, on_look } };
	static const struct hf_ipc_op beat_ops[] = { { MSG_HEARTBEAT, 1, 64, net_on_heartbeat } };
	const struct hf_ipc_table look = { look_ops, 1, n }, beat = { beat_ops, 1, n };

	HF_TRY(open_all(n, why));
	HF_TRY(enter_sandbox(n, why));
	HF_TRY(hf_ipc_serve_start(&n->from_key, n->loop, NET_FD_LOOK, &look, on_closed));
	HF_TRY(hf_ipc_serve_start(&n->from_tamper, n->loop, NET_FD_TAMPER, &beat, on_closed));
	net_follow(n);
	return hf_loop_run(n->loop);
}

int agent_netproc(const struct agent *a)
{
	static struct netproc n;
	struct hf_why why = { HF_OK, "" };
	hf_err err;

	n.agent = a;
	n.slot = -1;
	err = serve(&n, &why);
	hf_log_why(HF_LOG_ERR, "net", "stopped", err, &why);
	return 1;
}
