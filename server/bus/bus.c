/* bus.c -- bus.h over Mosquitto: an MQTT client on its Unix socket, and the plugin that asks for rows.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/log.h>
#include <hf/mqtt.h>
#include "feeder.h"

enum { RETRY_MS = 500, TOPIC_CAP = 160, MAX_DN = 16384 };

struct hf_bus {
	struct hf_bus_handler handler;
	struct hf_feeder feeder;
	struct hf_mqtt *mqtt;
	struct hf_timer retry;
	bool up;     /* subscribed */
	bool warned; /* of an absent broker, once until it comes */
};

static void set_up(struct hf_bus *bus, bool up)
{
	if (bus->up == up)
		return;
	bus->up = up;
	hf_log(up ? HF_LOG_INFO : HF_LOG_WARN, "bus", up ? "broker reached" : "broker lost", "");
	bus->handler.on_link(bus->handler.ctx, up);
}

static void try_later(struct hf_bus *bus)
{
	if (hf_timer_start(&bus->retry, RETRY_MS) != HF_OK)
		hf_log(HF_LOG_ERR, "bus", "retry", "");
}

static void connect_now(void *ctx)
{
	struct hf_bus *bus = ctx;
	struct hf_why why = { 0 };
	hf_err err = hf_mqtt_connect(bus->mqtt, &why);

	if (err == HF_OK)
		return;
	if (!bus->warned)
		hf_log_why(HF_LOG_WARN, "bus", "reach the broker", err, &why);
	bus->warned = true;
	try_later(bus);
}

static void on_connack(void *ctx, int reason)
{
	struct hf_bus *bus = ctx;
	int mid = 0;

	if (reason != HF_MQTT_SUCCESS)
		hf_log(HF_LOG_ERR, "bus", "broker refuses us", "reason=%d", reason);
	else if (hf_mqtt_subscribe(bus->mqtt, "hf/1/+/+/up/#", 1, &mid) != HF_OK)
		hf_mqtt_disconnect(bus->mqtt);
}

static void on_suback(void *ctx, int mid, int reason)
{
	struct hf_bus *bus = ctx;

	(void)mid;
	bus->warned = false;
	if (reason < 128)
		set_up(bus, true);
	else
		hf_mqtt_disconnect(bus->mqtt);
}

static void on_down(void *ctx, int reason)
{
	struct hf_bus *bus = ctx;

	(void)reason;
	set_up(bus, false);
	try_later(bus);
}

static void on_message(void *ctx, const struct hf_mqtt_msg *msg)
{
	struct hf_bus *bus = ctx;
	struct hf_bus_up up;

	/* The plugin lets neither pass; should it be missing, nothing is believed. */
	if (!hf__bus_topic_read(msg->topic, &up) || !hf__bus_cert_read(msg->cert, up.cert_sha256)) {
		hf_log(HF_LOG_ERR, "bus", "message without a vouched sender", "");
		return;
	}
	up.payload = msg->payload;
	bus->handler.on_up(bus->handler.ctx, &up);
}

static hf_err open_mqtt(struct hf_bus *bus, struct hf_loop *loop, const struct hf_bus_conf *conf)
{
	struct hf_mqtt_conf c = { .loop = loop,
				  .client_id = "hf-bus",
				  .host = conf->mqtt_socket,
				  .keepalive_s = 60,
				  .user = "hf-bus" };
	struct hf_why why = { 0 };

	c.events = (struct hf_mqtt_events){ .ctx = bus,
					    .on_connack = on_connack,
					    .on_down = on_down,
					    .on_message = on_message,
					    .on_suback = on_suback };
	HF_TRY(hf_mqtt_new(&c, &bus->mqtt, &why));
	HF_TRY(hf_timer_init(&bus->retry, loop, connect_now, bus));
	return hf_timer_start(&bus->retry, 0);
}

hf_err hf_bus_new(struct hf_loop *loop, const struct hf_bus_conf *conf, const struct hf_bus_handler *handler,
		  struct hf_bus **out)
{
	struct hf_bus *bus = calloc(1, sizeof(*bus));
	hf_err err;

	*out = NULL;
	if (bus == NULL)
		return HF_ERR_HOST_MEMORY;
	bus->handler = *handler;
	err = hf__feeder_open(&bus->feeder, loop, conf, handler);
	if (err == HF_OK)
		err = open_mqtt(bus, loop, conf);
	if (err != HF_OK) {
		hf_bus_free(bus);
		return err;
	}
	*out = bus;
	return HF_OK;
}

void hf_bus_free(struct hf_bus *bus)
{
	if (bus == NULL)
		return;
	if (bus->retry.ev != NULL)
		hf_timer_close(&bus->retry);
	if (bus->mqtt != NULL)
		hf_mqtt_free(bus->mqtt);
	hf__feeder_close(&bus->feeder);
	free(bus);
}

void hf_bus_snapshot_begin(struct hf_bus *bus)
{
	hf__feeder_begin(&bus->feeder);
}

void hf_bus_snapshot_end(struct hf_bus *bus)
{
	hf__feeder_end(&bus->feeder);
}

void hf_bus_admit(struct hf_bus *bus, const struct hf_bus_row *row)
{
	hf__feeder_row(&bus->feeder, row);
}

void hf_bus_kick(struct hf_bus *bus, const char *dev)
{
	hf__feeder_kick(&bus->feeder, dev);
}

hf_err hf_bus_publish(struct hf_bus *bus, const char *dev, const char *cls, const char *id, hf_bytes payload)
{
	char topic[TOPIC_CAP];

	if (payload.len > MAX_DN || !hf__bus_topic_write(topic, sizeof(topic), dev, cls, id))
		return HF_ERR_BUS_MESSAGE;
	if (!bus->up)
		return HF_ERR_BUS_DOWN;
	return hf_mqtt_publish(bus->mqtt, topic, payload, 1, 0, NULL) == HF_OK ? HF_OK : HF_ERR_BUS_DOWN;
}

bool hf_bus_is_up(const struct hf_bus *bus)
{
	return bus->up;
}
