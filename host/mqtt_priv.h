/* mqtt_priv.h -- shared by the files of host/mqtt.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_MQTT_PRIV_H
#define HF_MQTT_PRIV_H
#include <mosquitto.h>
#include <hf/mqtt.h>
#include "tls_priv.h"

enum { HF_MQTT_STATE_CLOSED = 0, HF_MQTT_STATE_CONNECTING, HF_MQTT_STATE_UP };

struct hf_mqtt {
	struct hf_mqtt_conf conf;
	char *client_id, *host, *user;
	struct mosquitto *lib;
	struct hf_watch watch;
	bool watching;
	struct hf_timer tick;  /* keep-alive, and the limit of a connect */
	struct hf_timer later; /* tells what happened outside the library's callbacks */
	uint64_t connect_until_ms;
	int state;
	bool connack, down, goodbye;
	int reason;          /* of the CONNACK or DISCONNECT; -1 = lost */
	uint8_t asked[8192]; /* one bit per message id whose PUBACK somebody waits for */
};

/* Wait for what the library wants of its socket now. */
void hf__mqtt_look(struct hf_mqtt *m);
#endif
