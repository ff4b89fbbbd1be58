/* holdfast_mosquitto.c -- the broker's side of the plugin: turns Mosquitto's events into questions for the
 * gate and its answers into return codes. The only file that sees the broker's headers.
 * One broker thread calls everything. init runs after the privilege drop: nothing here needs root.
 * EXT_AUTH is never registered, so a CONNECT with an authentication method is answered 140 by the broker.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <mosquitto.h>
#include <mosquitto_broker.h> /* before mosquitto_plugin.h, or that one does not compile */
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <hf/peer.h>
#include "gate.h"
#include "link.h"

#define HF_EXPORT __attribute__((visibility("default")))

enum { OUT_CAP = 1 << 20, KICKS_PER_TICK = 256 };

struct plugin {
	mosquitto_plugin_id_t *id;
	char *local; /* address of clients on the Unix listener */
	struct hf_link link;
	struct hf_gate gate;
	struct hf_now now; /* of the last tick: at most one turn of the broker's loop old */
	uint8_t out[OUT_CAP];
};

static struct hf_now clocks(void)
{
	struct timespec mono = { 0 }, wall = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct hf_now){ (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000, wall.tv_sec };
}

/* ---- who may connect ---- */

static void fill_connect(const struct plugin *p, const struct mosquitto_evt_basic_auth *ed,
			 struct hf_peer *peer, struct hf_connect *c)
{
	void *x509 = mosquitto_client_certificate(ed->client);

	c->id = mosquitto_client_id(ed->client);
	c->user = ed->username;
	c->address = mosquitto_client_address(ed->client);
	c->version = mosquitto_client_protocol_version(ed->client);
	c->clean_start = mosquitto_client_clean_session(ed->client);
	c->local = x509 == NULL && c->address != NULL && strcmp(c->address, p->local) == 0;
	c->has_cert = x509 != NULL && hf_peer_take(x509, peer) == HF_OK;
	c->cn = peer->cn;
	memcpy(c->hash, peer->sha256, sizeof(c->hash));
}

static int on_basic_auth(int event, void *event_data, void *userdata)
{
	struct mosquitto_evt_basic_auth *ed = event_data;
	struct plugin *p = userdata;
	struct hf_now now = clocks();
	struct hf_peer peer = { 0 };
	struct hf_connect c = { 0 };
	const char *user = NULL;

	(void)event;
	fill_connect(p, ed, &peer, &c);
	switch (hf__gate_connect(&p->gate, ed->client, &c, &now, &user)) {
	case HF_ADMIT:
		/* At SIGHUP the broker drops clients without a user name. */
		return mosquitto_set_username(ed->client, user);
	case HF_REFUSE:
		return MOSQ_ERR_AUTH; /* CONNACK 135 */
	case HF_LATER:
		break;
	}
	return MOSQ_ERR_UNKNOWN; /* closed without CONNACK */
}

static int on_disconnect(int event, void *event_data, void *userdata)
{
	struct mosquitto_evt_disconnect *ed = event_data;
	struct plugin *p = userdata;

	(void)event;
	hf__gate_gone(&p->gate, ed->client);
	return MOSQ_ERR_SUCCESS;
}

/* ---- what a session may do ---- */

static int on_acl_check(int event, void *event_data, void *userdata)
{
	static const int answers[] = {
		[HF_PERMIT] = MOSQ_ERR_SUCCESS,
		[HF_DENY] = MOSQ_ERR_ACL_DENIED,
		[HF_CLOSE] = MOSQ_ERR_UNKNOWN,
	};
	const struct mosquitto_evt_acl_check *ed = event_data;
	struct plugin *p = userdata;
	struct hf_acl_msg m = { ed->topic, ed->payloadlen, ed->qos, ed->retain };

	(void)event;
	return answers[hf__gate_access(&p->gate, ed->client, ed->access, &m, &p->now)];
}

/* No property of a device reaches anybody; the hash of its certificate is ours, so nobody can forge it. */
static int on_message(int event, void *event_data, void *userdata)
{
	struct mosquitto_evt_message *ed = event_data;
	struct plugin *p = userdata;
	const char *hash = hf__gate_cert(&p->gate, ed->client);

	(void)event;
	if (hash == NULL)
		return MOSQ_ERR_SUCCESS; /* the bus: a stranger's message was denied before */
	mosquitto_property_free_all(&ed->properties);
	return mosquitto_property_add_string_pair(&ed->properties, MQTT_PROP_USER_PROPERTY, "hf-cert", hash);
}

/* ---- the bus ---- */

struct reading {
	struct plugin *p;
	struct hf_now now;
};

static bool take_frame(void *ctx, hf_bytes body)
{
	struct reading *r = ctx;

	return hf__gate_frame(&r->p->gate, body, &r->now);
}

static void serve_link(struct plugin *p, const struct hf_now *now)
{
	struct reading r = { p, *now };

	if (p->link.fd < 0)
		p->gate.link_up = false;
	if (hf__link_open(&p->link, now->ms))
		hf__gate_link(&p->gate, now);
	if (p->link.fd < 0)
		return;
	if (!hf__link_read(&p->link, take_frame, &r))
		mosquitto_log_printf(MOSQ_LOG_WARNING, "holdfast: lost the bus");
	else if (p->gate.out_full)
		hf__link_close(&p->link); /* start over: the snapshot brings both sides together again */
	else if (!hf__link_write(&p->link, &p->gate.out))
		mosquitto_log_printf(MOSQ_LOG_WARNING, "holdfast: lost the bus");
}

/* The broker calls this once per turn, far more often than once a millisecond under load. */
static int on_tick(int event, void *event_data, void *userdata)
{
	struct plugin *p = userdata;
	struct hf_now now = clocks();
	char dev[HF_TABLE_DEV_LEN + 1];

	(void)event;
	(void)event_data;
	if (now.ms == p->now.ms)
		return MOSQ_ERR_SUCCESS;
	p->now = now;
	serve_link(p, &now);
	hf__gate_tick(&p->gate, &now);
	for (int i = 0; i < KICKS_PER_TICK && hf__gate_kick(&p->gate, &now, dev); i++)
		mosquitto_kick_client_by_clientid(dev, false);
	return MOSQ_ERR_SUCCESS;
}

/* ---- life ---- */

static const char *option(const struct mosquitto_opt *opts, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(opts[i].key, key) == 0)
			return opts[i].value;
	return NULL;
}

static const struct {
	int event;
	int (*fn)(int event, void *event_data, void *userdata);
} callbacks[] = {
	{ MOSQ_EVT_BASIC_AUTH, on_basic_auth },
	{ MOSQ_EVT_ACL_CHECK, on_acl_check },
	{ MOSQ_EVT_MESSAGE, on_message },
	{ MOSQ_EVT_DISCONNECT, on_disconnect },
	{ MOSQ_EVT_TICK, on_tick },
};

static void destroy(struct plugin *p)
{
	hf__link_close(&p->link);
	hf__gate_free(&p->gate);
	free(p->local);
	free(p);
}

static int prepare(struct plugin *p, const char *bus, const char *local)
{
	uint64_t seed = 0;

	if (!hf__link_init(&p->link, bus) || local == NULL || local[0] != '/') {
		mosquitto_log_printf(MOSQ_LOG_ERR,
				     "holdfast: plugin_opt_bus and plugin_opt_local must be "
				     "absolute paths of at most %d bytes",
				     HF_LINK_PATH_MAX);
		return MOSQ_ERR_INVAL;
	}
	p->local = strdup(local);
	if (p->local == NULL || getrandom(&seed, sizeof(seed), 0) != sizeof(seed) ||
	    hf__gate_init(&p->gate, p->out, sizeof(p->out), seed) != HF_OK)
		return MOSQ_ERR_UNKNOWN;
	return MOSQ_ERR_SUCCESS;
}

HF_EXPORT int mosquitto_plugin_version(int n, const int *versions)
{
	for (int i = 0; i < n; i++)
		if (versions[i] == MOSQ_PLUGIN_VERSION)
			return MOSQ_PLUGIN_VERSION;
	return -1;
}

HF_EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **userdata, struct mosquitto_opt *opts,
				    int n_opts)
{
	struct plugin *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return MOSQ_ERR_NOMEM;
	p->link.fd = -1;
	p->now = clocks();
	p->id = id;
	rc = prepare(p, option(opts, n_opts, "bus"), option(opts, n_opts, "local"));
	for (size_t i = 0; rc == MOSQ_ERR_SUCCESS && i < sizeof(callbacks) / sizeof(callbacks[0]); i++)
		rc = mosquitto_callback_register(id, callbacks[i].event, callbacks[i].fn, NULL, p);
	if (rc != MOSQ_ERR_SUCCESS) {
		destroy(p);
		return rc;
	}
	*userdata = p;
	return MOSQ_ERR_SUCCESS;
}

HF_EXPORT int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *opts, int n_opts)
{
	struct plugin *p = userdata;

	(void)opts;
	(void)n_opts;
	if (p == NULL)
		return MOSQ_ERR_SUCCESS;
	for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++)
		mosquitto_callback_unregister(p->id, callbacks[i].event, callbacks[i].fn, NULL);
	destroy(p);
	return MOSQ_ERR_SUCCESS;
}
