/* mqtt.h -- MQTT 5 client for the agent (TLS) and the bus (Unix socket), on a loop, never blocking it
 * longer than a name look-up. QoS 0 and 1, clean start, no will, no retained messages.
 * Reconnecting is the caller's affair: it knows the back-off its role needs.
 * Limits: packets of 70,000 bytes. Thread rule: everything on the loop's thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_MQTT_H
#define HF_MQTT_H
#include <hf/loop.h>
#include <hf/tls.h>

enum { HF_MQTT_PACKET_MAX = 70000, HF_MQTT_TOPIC_MAX = 200 };
/* Reason codes of the MQTT 5 standard that we act on. */
enum {
	HF_MQTT_SUCCESS = 0,
	HF_MQTT_NO_SUBSCRIBER = 16, /* PUBACK: the server is absent, keep it */
	HF_MQTT_NOT_AUTHORIZED = 135,
	HF_MQTT_PACKET_TOO_LARGE = 149,
	HF_MQTT_ADMINISTRATIVE = 152, /* DISCONNECT: kicked */
};

struct hf_mqtt_msg {
	const char *topic;
	hf_bytes payload;
	int qos;
	const char *cert; /* user property `hf-cert` that the plugin adds; NULL when absent */
};
struct hf_mqtt_events {
	void *ctx;
	/* CONNACK: 0 = connected. After any other code on_down follows. */
	void (*on_connack)(void *ctx, int reason);
	/* The connection ended or never came; once per hf_mqtt_connect. `reason`: MQTT code of the broker's
	 * CONNACK or DISCONNECT when there was one, 0 after our own hf_mqtt_disconnect, -1 = lost. */
	void (*on_down)(void *ctx, int reason);
	void (*on_message)(void *ctx, const struct hf_mqtt_msg *msg);
	/* QoS 1 publish `mid` was answered. */
	void (*on_puback)(void *ctx, int mid, int reason);
	void (*on_suback)(void *ctx, int mid, int reason); /* 0, 1 = granted; >= 128 refused */
};
struct hf_mqtt_conf {
	struct hf_loop *loop;
	const char *client_id;
	const char *host;   /* name, address, or path of a Unix socket with port 0 */
	uint16_t port;
	struct hf_tls *tls; /* client context, borrowed; NULL only with a Unix socket */
	unsigned keepalive_s; /* 0 = 300 */
	const char *user;     /* NULL = none */
	struct hf_mqtt_events events;
};
struct hf_mqtt;
/* Errors: HF_ERR_MQTT_CONF (no TLS on a TCP port), HF_ERR_HOST_MEMORY, HF_ERR_MQTT_FAILED. */
HF_MUST_CHECK hf_err hf_mqtt_new(const struct hf_mqtt_conf *c, struct hf_mqtt **out, struct hf_why *why);
void hf_mqtt_free(struct hf_mqtt *m);
/* Use another TLS context from the next connect on (a new certificate). */
void hf_mqtt_set_tls(struct hf_mqtt *m, struct hf_tls *tls);
/* Begin to connect; on_connack or on_down tells the end. Errors: HF_ERR_MQTT_CONNECT, then no callback. */
HF_MUST_CHECK hf_err hf_mqtt_connect(struct hf_mqtt *m, struct hf_why *why);
/* DISCONNECT, close_notify, then on_down(0). Keeps the broker's TLS session alive for resumption. */
void hf_mqtt_disconnect(struct hf_mqtt *m);
bool hf_mqtt_is_up(const struct hf_mqtt *m);
HF_MUST_CHECK hf_err hf_mqtt_subscribe(struct hf_mqtt *m, const char *filter, int qos, int *mid);
/* `expiry_s` 0 = none. `mid` may be NULL. Errors: HF_ERR_MQTT_DOWN, _TOO_LARGE, _FAILED. */
HF_MUST_CHECK hf_err hf_mqtt_publish(struct hf_mqtt *m, const char *topic, hf_bytes payload, int qos,
				     uint32_t expiry_s, int *mid);
/* What the TLS layer knows of the broker; has_cert false without TLS or before it is up. */
void hf_mqtt_peer(const struct hf_mqtt *m, struct hf_tls_peer *out);
#endif
