/* SPDX-License-Identifier: Apache-2.0 */
#include <mqtt_protocol.h>
#include <string.h>
#include "mqtt_priv.h"

static hf_err from_library(struct hf_mqtt *m, int rc)
{
	if (rc == MOSQ_ERR_SUCCESS) {
		hf__mqtt_look(m);
		return HF_OK;
	}
	if (rc == MOSQ_ERR_NO_CONN || rc == MOSQ_ERR_CONN_LOST)
		return HF_ERR_MQTT_DOWN;
	return rc == MOSQ_ERR_PAYLOAD_SIZE || rc == MOSQ_ERR_OVERSIZE_PACKET ? HF_ERR_MQTT_TOO_LARGE
									     : HF_ERR_MQTT_FAILED;
}

hf_err hf_mqtt_subscribe(struct hf_mqtt *m, const char *filter, int qos, int *mid)
{
	if (!hf_mqtt_is_up(m))
		return HF_ERR_MQTT_DOWN;
	return from_library(m, mosquitto_subscribe_v5(m->lib, mid, filter, qos, 0, NULL));
}

hf_err hf_mqtt_publish(struct hf_mqtt *m, const char *topic, hf_bytes payload, int qos, uint32_t expiry_s,
		       int *mid)
{
	mosquitto_property *props = NULL;
	int id = 0, rc = MOSQ_ERR_SUCCESS;

	if (!hf_mqtt_is_up(m))
		return HF_ERR_MQTT_DOWN;
	if (strlen(topic) > HF_MQTT_TOPIC_MAX || payload.len > HF_MQTT_PACKET_MAX - HF_MQTT_TOPIC_MAX - 32)
		return HF_ERR_MQTT_TOO_LARGE;
	if (expiry_s != 0)
		rc = mosquitto_property_add_int32(&props, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expiry_s);
	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_publish_v5(m->lib, &id, topic, (int)payload.len, payload.ptr, qos, false,
					  props);
	mosquitto_property_free_all(&props);
	if (rc == MOSQ_ERR_SUCCESS && qos > 0)
		m->asked[(id & 0xffff) >> 3] = (uint8_t)(m->asked[(id & 0xffff) >> 3] | (1u << (id & 7)));
	if (mid != NULL)
		*mid = id;
	return from_library(m, rc);
}

void hf_mqtt_peer(const struct hf_mqtt *m, struct hf_tls_peer *out)
{
	const SSL *ssl = m->lib != NULL && m->conf.tls != NULL ? mosquitto_ssl_get(m->lib) : NULL;

	*out = (struct hf_tls_peer){ 0 };
	if (ssl != NULL && SSL_is_init_finished(ssl))
		hf__tls_peer(ssl, out);
}
