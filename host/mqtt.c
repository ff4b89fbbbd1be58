/* libmosquitto without its threads: the loop tells it when its socket is ready. A fresh handle per
 * connection, because an old one would send again what our callers keep and send again themselves.
 * The library's callbacks only note what happened; our own are called when it has returned, so they may
 * connect again or free everything.
 * SPDX-License-Identifier: Apache-2.0 */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "mqtt_priv.h"

enum { KEEPALIVE_S = 300, CONNECT_MS = 30000, TICK_MS = 1000, INFLIGHT = 20 };

static pthread_once_t lib_once = PTHREAD_ONCE_INIT;

static void lib_init(void)
{
	(void)mosquitto_lib_init();
}

void hf__mqtt_look(struct hf_mqtt *m)
{
	unsigned what = HF_WATCH_READ;

	if (!m->watching)
		return;
	if (mosquitto_want_write(m->lib))
		what |= HF_WATCH_WRITE;
	if (hf_watch_set(&m->watch, what) != HF_OK)
		m->down = true;
}

static void note_down(struct hf_mqtt *m, int rc)
{
	/* Codes of MQTT start at 128, those of the library end far below. */
	if (m->reason <= 0)
		m->reason = rc >= 128 ? rc : m->goodbye && rc == 0 ? 0 : -1;
	m->down = true;
}

static void on_connect(struct mosquitto *lib, void *obj, int rc, int flags, const mosquitto_property *props)
{
	struct hf_mqtt *m = obj;

	(void)lib;
	(void)flags;
	(void)props;
	m->connack = true;
	m->reason = rc;
	if (rc == 0)
		m->state = HF_MQTT_STATE_UP;
}

static void on_disconnect(struct mosquitto *lib, void *obj, int rc, const mosquitto_property *props)
{
	(void)lib;
	(void)props;
	note_down(obj, rc);
}

/* The first user property with this name; free() it. */
static char *user_property(const mosquitto_property *props, const char *wanted)
{
	bool again = false;

	for (;;) {
		char *name = NULL, *value = NULL;
		bool found;

		props = mosquitto_property_read_string_pair(props, MQTT_PROP_USER_PROPERTY, &name, &value,
							    again);
		if (props == NULL)
			return NULL;
		found = strcmp(name, wanted) == 0;
		free(name);
		if (found)
			return value;
		free(value);
		again = true;
	}
}

static void on_message(struct mosquitto *lib, void *obj, const struct mosquitto_message *msg,
		       const mosquitto_property *props)
{
	struct hf_mqtt *m = obj;
	char *cert = user_property(props, "hf-cert");
	struct hf_mqtt_msg out = { .topic = msg->topic, .qos = msg->qos, .cert = cert };

	(void)lib;
	out.payload = (hf_bytes){ msg->payload, (size_t)msg->payloadlen };
	if (m->conf.events.on_message != NULL)
		m->conf.events.on_message(m->conf.events.ctx, &out);
	free(cert);
}

static void on_publish(struct mosquitto *lib, void *obj, int mid, int reason, const mosquitto_property *props)
{
	struct hf_mqtt *m = obj;
	uint8_t *byte = &m->asked[(mid & 0xffff) >> 3], bit = (uint8_t)(1u << (mid & 7));

	(void)lib;
	(void)props;
	/* The library also reports QoS 0, when it was written. */
	if ((*byte & bit) == 0)
		return;
	*byte = (uint8_t)(*byte & ~bit);
	if (m->conf.events.on_puback != NULL)
		m->conf.events.on_puback(m->conf.events.ctx, mid, reason);
}

static void on_subscribe(struct mosquitto *lib, void *obj, int mid, int n, const int *granted,
			 const mosquitto_property *props)
{
	struct hf_mqtt *m = obj;

	(void)lib;
	(void)props;
	if (n > 0 && m->conf.events.on_suback != NULL)
		m->conf.events.on_suback(m->conf.events.ctx, mid, granted[0]);
}

/* Before the library closes its socket nobody may wait on it any more. */
static void close_watch(struct hf_mqtt *m)
{
	if (m->watching)
		hf_watch_close(&m->watch);
	m->watching = false;
}

static void tell(void *ctx)
{
	struct hf_mqtt *m = ctx;
	const struct hf_mqtt_events *e = &m->conf.events;
	int reason = m->reason;
	bool down = m->down;

	if (m->connack) {
		m->connack = false;
		if (e->on_connack != NULL)
			e->on_connack(e->ctx, reason);
		if (!down)
			return;
	}
	if (!down || m->state == HF_MQTT_STATE_CLOSED)
		return;
	m->down = false;
	m->state = HF_MQTT_STATE_CLOSED;
	close_watch(m);
	hf_timer_stop(&m->tick);
	if (e->on_down != NULL)
		e->on_down(e->ctx, reason); /* the last thing: it may free m */
}

static void after_library(struct hf_mqtt *m, int rc)
{
	if (mosquitto_socket(m->lib) < 0)
		close_watch(m);
	if (rc != MOSQ_ERR_SUCCESS && !m->down)
		note_down(m, -1);
	if (!m->down)
		hf__mqtt_look(m);
	if (m->down || m->connack)
		tell(m);
}

/* The library overlooks a connection that ends before the TLS handshake does, and would spin on it. */
static bool is_dead(int fd)
{
	struct pollfd p = { .fd = fd };
	char c;

	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0)
		return true;
	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_ready(void *ctx, int fd, unsigned what)
{
	struct hf_mqtt *m = ctx;
	int rc = MOSQ_ERR_SUCCESS;

	if (m->state == HF_MQTT_STATE_CONNECTING && is_dead(fd)) {
		note_down(m, -1);
		after_library(m, rc);
		return;
	}
	if ((what & HF_WATCH_WRITE) != 0)
		rc = mosquitto_loop_write(m->lib, 1);
	if (rc == MOSQ_ERR_SUCCESS && (what & HF_WATCH_READ) != 0 && mosquitto_socket(m->lib) >= 0)
		rc = mosquitto_loop_read(m->lib, 1);
	after_library(m, rc);
}

static void on_tick(void *ctx)
{
	struct hf_mqtt *m = ctx;
	int rc = mosquitto_loop_misc(m->lib);

	if (m->state == HF_MQTT_STATE_CONNECTING && hf_now_ms() >= m->connect_until_ms)
		note_down(m, -1);
	if (hf_timer_start(&m->tick, TICK_MS) != HF_OK)
		note_down(m, -1);
	after_library(m, rc);
}

static hf_err new_handle(struct hf_mqtt *m, struct hf_why *why)
{
	bool ok;

	if (m->lib != NULL)
		mosquitto_destroy(m->lib);
	m->lib = mosquitto_new(m->client_id, true, m);
	if (m->lib == NULL)
		return hf_why_set(why, HF_ERR_MQTT_FAILED, "MQTT handle");
	ok = mosquitto_int_option(m->lib, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5) == MOSQ_ERR_SUCCESS &&
	     mosquitto_int_option(m->lib, MOSQ_OPT_TCP_NODELAY, 1) == MOSQ_ERR_SUCCESS;
	if (ok && m->conf.tls != NULL) {
		hf__tls_prepare(m->conf.tls);
		ok = mosquitto_int_option(m->lib, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) == MOSQ_ERR_SUCCESS &&
		     mosquitto_void_option(m->lib, MOSQ_OPT_SSL_CTX, m->conf.tls->ctx) == MOSQ_ERR_SUCCESS;
	}
	if (ok && m->user != NULL)
		ok = mosquitto_username_pw_set(m->lib, m->user, NULL) == MOSQ_ERR_SUCCESS;
	if (!ok)
		return hf_why_set(why, HF_ERR_MQTT_FAILED, "MQTT options");
	(void)mosquitto_max_inflight_messages_set(m->lib, INFLIGHT);
	mosquitto_connect_v5_callback_set(m->lib, on_connect);
	mosquitto_disconnect_v5_callback_set(m->lib, on_disconnect);
	mosquitto_message_v5_callback_set(m->lib, on_message);
	mosquitto_publish_v5_callback_set(m->lib, on_publish);
	mosquitto_subscribe_v5_callback_set(m->lib, on_subscribe);
	return HF_OK;
}

static bool conf_is_valid(const struct hf_mqtt_conf *c)
{
	/* Without TLS only on this machine. */
	return c->loop != NULL && c->client_id != NULL && c->host != NULL &&
	       (c->tls != NULL ? c->port != 0 : c->port == 0 && c->host[0] == '/');
}

hf_err hf_mqtt_new(const struct hf_mqtt_conf *c, struct hf_mqtt **out, struct hf_why *why)
{
	struct hf_mqtt *m;
	hf_err err;

	*out = NULL;
	if (!conf_is_valid(c))
		return hf_why_set(why, HF_ERR_MQTT_CONF, "");
	(void)pthread_once(&lib_once, lib_init);
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return hf_why_set(why, HF_ERR_HOST_MEMORY, "");
	m->conf = *c;
	m->client_id = strdup(c->client_id);
	m->host = strdup(c->host);
	m->user = c->user != NULL ? strdup(c->user) : NULL;
	err = m->client_id == NULL || m->host == NULL || (c->user != NULL && m->user == NULL)
		      ? HF_ERR_HOST_MEMORY
		      : HF_OK;
	if (err == HF_OK)
		err = hf_timer_init(&m->tick, c->loop, on_tick, m);
	if (err == HF_OK)
		err = hf_timer_init(&m->later, c->loop, tell, m);
	if (err == HF_OK)
		err = new_handle(m, why);
	if (err != HF_OK) {
		hf_mqtt_free(m);
		return err;
	}
	*out = m;
	return HF_OK;
}

void hf_mqtt_free(struct hf_mqtt *m)
{
	if (m == NULL)
		return;
	close_watch(m);
	hf_timer_close(&m->tick);
	hf_timer_close(&m->later);
	if (m->lib != NULL)
		mosquitto_destroy(m->lib);
	free(m->client_id);
	free(m->host);
	free(m->user);
	free(m);
}

void hf_mqtt_set_tls(struct hf_mqtt *m, struct hf_tls *tls)
{
	m->conf.tls = tls;
}

static hf_err failed(struct hf_mqtt *m, struct hf_why *why, int rc)
{
	close_watch(m);
	hf_timer_stop(&m->tick);
	m->state = HF_MQTT_STATE_CLOSED;
	m->down = m->connack = false;
	if (rc == MOSQ_ERR_ERRNO)
		return hf_why_errno(why, HF_ERR_MQTT_CONNECT, "%s", m->host);
	return hf_why_set(why, HF_ERR_MQTT_CONNECT, "%s: %s", m->host, mosquitto_strerror(rc));
}

hf_err hf_mqtt_connect(struct hf_mqtt *m, struct hf_why *why)
{
	unsigned keepalive = m->conf.keepalive_s != 0 ? m->conf.keepalive_s : KEEPALIVE_S;
	int rc;

	if (m->state != HF_MQTT_STATE_CLOSED)
		return hf_why_set(why, HF_ERR_MQTT_CONNECT, "connected already");
	HF_TRY(new_handle(m, why));
	m->connack = m->down = m->goodbye = false;
	m->reason = -1;
	memset(m->asked, 0, sizeof(m->asked));
	m->state = HF_MQTT_STATE_CONNECTING;
	m->connect_until_ms = hf_now_ms() + CONNECT_MS;
	rc = mosquitto_connect_async(m->lib, m->host, m->conf.port, (int)keepalive);
	if (rc != MOSQ_ERR_SUCCESS || mosquitto_socket(m->lib) < 0)
		return failed(m, why, rc);
	if (hf_watch_open(&m->watch, m->conf.loop, mosquitto_socket(m->lib), HF_WATCH_READ | HF_WATCH_WRITE,
			  on_ready, m) != HF_OK)
		return failed(m, why, MOSQ_ERR_NOMEM);
	m->watching = true;
	return hf_timer_start(&m->tick, TICK_MS);
}

void hf_mqtt_disconnect(struct hf_mqtt *m)
{
	if (m->state == HF_MQTT_STATE_CLOSED)
		return;
	m->goodbye = true;
	m->reason = 0;
	if (m->state == HF_MQTT_STATE_UP)
		(void)mosquitto_disconnect_v5(m->lib, 0, NULL);
	m->down = true;
	close_watch(m);
	if (hf_timer_start(&m->later, 0) != HF_OK)
		tell(m);
}

bool hf_mqtt_is_up(const struct hf_mqtt *m)
{
	return m->state == HF_MQTT_STATE_UP && !m->down;
}
