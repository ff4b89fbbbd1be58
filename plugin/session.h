/* session.h -- live sessions by the broker's client pointer, and what is remembered of each device.
 * Everything is keyed by pointer, never by client id: in a takeover two pointers have one id.
 * A device outlives its sessions as long as it has a used bucket, a refusal or takeovers to remember.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_SESSION_H
#define HF_PLUGIN_SESSION_H
#include "budget.h"
#include "map.h"
#include "source.h"
#include "table.h"

enum { HF_ADDRESS_LEN = 48 };

struct hf_session;

struct hf_device {
	struct hf_node node; /* first: a node is a device */
	char dev[HF_TABLE_DEV_LEN + 1];
	bool kick_pending;
	bool kick_forced; /* the bus asked for it, whatever the row says */
	struct hf_device *next_kick;
	struct hf_session *sessions; /* newest first: the newest holds the client id */
	struct hf_bucket connects;
	struct hf_budget budget;
	struct hf_denials denials;
	struct hf_takeovers takeovers;
	int64_t refuse_until_ms;
	int64_t quiet_until_ms; /* no second alarm of this kind before */
	const char *quiet_kind;
};

struct hf_session {
	struct hf_node node; /* first: a node is a session */
	const void *client;
	struct hf_device *device; /* NULL: the bus */
	struct hf_session *next;  /* of the same device */
	uint8_t hash[32];
	char hex[65];     /* the same as text: every message carries it */
	bool quarantined; /* admitted as such */
	struct hf_net net;
	char address[HF_ADDRESS_LEN];
	int64_t traffic_ms;
};

struct hf_sessions {
	struct hf_map by_client;
	struct hf_map by_dev;
	struct hf_session *last; /* found last: the broker asks several times for one message */
	uint64_t seed;
	struct hf_device *kicks; /* waiting for the next tick */
};

void hf__sessions_free(struct hf_sessions *s);
struct hf_session *hf__session_find(struct hf_sessions *s, const void *client);
/* NULL without memory. `dev` NULL: the bus. */
struct hf_session *hf__session_add(struct hf_sessions *s, const void *client, struct hf_device *device);
void hf__session_drop(struct hf_sessions *s, struct hf_session *session);

/* `dev` has 16 characters. */
struct hf_device *hf__device_find(const struct hf_sessions *s, const char *dev);
struct hf_device *hf__device_get(struct hf_sessions *s, const char *dev); /* makes it; NULL without memory */
/* Free it if nothing has to be remembered of it. */
void hf__device_forget(struct hf_sessions *s, struct hf_device *device, int64_t now_ms);

/* Kicks wait here until the next tick, each device once. */
void hf__kick_add(struct hf_sessions *s, struct hf_device *device);
/* Take one; false when none waits. `dev` receives the name. */
bool hf__kick_take(struct hf_sessions *s, char dev[static HF_TABLE_DEV_LEN + 1]);
#endif
