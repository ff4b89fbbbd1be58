/* bus.h -- the only door between the control plane and whatever broker runs.
 * Promise: nobody behind this header knows MQTT, Mosquitto or the plugin; admission is decided by the
 * rows given to hf_bus_admit and by nothing else. Delivery is never proven by hf_bus_publish: what matters
 * is acknowledged by the application.
 * Thread rule: one event loop, one thread; callbacks run on it and may call every function here.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUS_H
#define HF_BUS_H
#include <holdfast/base.h>

enum {
	HF_BUS_DEV_LEN = 16,    /* base32 characters, the only wire form of an identity */
	HF_BUS_ID_MAX_LEN = 64, /* last topic level */
	HF_BUS_PAYLOAD_MAX = 65536,
};

/* Written in plugin frames; extend only. */
enum hf_bus_state {
	HF_BUS_ISSUED = 1,
	HF_BUS_SEEN = 2,
	HF_BUS_CONFIRMED = 3,
	HF_BUS_SUPERSEDED = 4,
	HF_BUS_VOID = 5,
	HF_BUS_QUARANTINED = 6,
	HF_BUS_REVOKED = 7,
	HF_BUS_EXPIRED = 8,
};
enum hf_bus_budget { HF_BUS_BUDGET_LOW = 1, HF_BUS_BUDGET_NORMAL = 2, HF_BUS_BUDGET_HIGH = 3 };

/* One certificate as the broker sees it: who may connect with it, and until when. */
struct hf_bus_row {
	uint8_t cert_sha256[32];
	char dev[HF_BUS_DEV_LEN + 1];
	uint8_t state;     /* enum hf_bus_state */
	uint8_t budget;    /* enum hf_bus_budget */
	int64_t not_after; /* Unix seconds */
};

/* A message of a device. Every pointer is borrowed for the call. */
struct hf_bus_up {
	char dev[HF_BUS_DEV_LEN + 1];
	char cls[16]; /* channel class: "rcpt", "tele" ... */
	char id[HF_BUS_ID_MAX_LEN + 1];
	uint8_t cert_sha256[32]; /* of the session that sent it, vouched for by the broker */
	hf_bytes payload;
};

struct hf_bus_presence {
	char dev[HF_BUS_DEV_LEN + 1];
	uint8_t cert_sha256[32];
	char address[64]; /* "" when it went down */
	bool up;
};

/* A refusal or suspicion seen by the broker: "superseded", "clone", "flood", ... */
struct hf_bus_alarm {
	char kind[24];
	char dev[HF_BUS_DEV_LEN + 1]; /* "" when no device could be named */
	char address[64];
	char detail[128];
};

struct hf_bus_handler {
	void *ctx;
	void (*on_up)(void *ctx, const struct hf_bus_up *up);
	void (*on_presence)(void *ctx, const struct hf_bus_presence *presence);
	void (*on_alarm)(void *ctx, const struct hf_bus_alarm *alarm);
	/* The broker wants every row again: call hf_bus_admit for each between _begin and _end.
	 * Presence starts empty after this call. */
	void (*on_snapshot)(void *ctx);
	/* Messages flow (true) or the way to the broker was lost (false). */
	void (*on_link)(void *ctx, bool up);
};

struct hf_bus;
struct hf_loop;

struct hf_bus_conf {
	const char *mqtt_socket;   /* the broker's Unix listener */
	const char *plugin_socket; /* we listen here, mode 0660 */
	int plugin_fd;             /* already listening socket, or -1 to make plugin_socket */
};

/* Start to connect; returns at once. Errors: HF_ERR_BUS_*. `handler` is copied, its ctx borrowed. */
HF_MUST_CHECK hf_err hf_bus_new(struct hf_loop *loop, const struct hf_bus_conf *conf,
				const struct hf_bus_handler *handler, struct hf_bus **bus);
void hf_bus_free(struct hf_bus *bus);

/* Frame a snapshot; only rows admitted in between belong to it. */
void hf_bus_snapshot_begin(struct hf_bus *bus);
void hf_bus_snapshot_end(struct hf_bus *bus);
/* Insert or replace one row. A live session whose row turns bad is thrown out within two seconds. */
void hf_bus_admit(struct hf_bus *bus, const struct hf_bus_row *row);
/* Throw the live session of `dev` out; it may come back if its row still allows it. */
void hf_bus_kick(struct hf_bus *bus, const char *dev);

/* Send to hf/1/{dev}/-/dn/{cls}/{id} with QoS 1. Errors: HF_ERR_BUS_DOWN (try again after on_link),
 * HF_ERR_BUS_MESSAGE (name or size outside its limits). HF_OK proves nothing. */
HF_MUST_CHECK hf_err hf_bus_publish(struct hf_bus *bus, const char *dev, const char *cls, const char *id,
				    hf_bytes payload);
bool hf_bus_is_up(const struct hf_bus *bus);
#endif
