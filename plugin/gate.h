/* gate.h -- the plugin's decisions: who is admitted, what each session may do, who is thrown out.
 * Knows nothing of Mosquitto: facts in, answers and plugin frames out. The glue calls every function from
 * the broker's one thread.
 *
 * Invariants: (1) a pointer without a session may do nothing, nor may a session that a newer one of the
 * same device has overtaken, so wills (checked after the disconnect, or in a takeover before it) are
 * denied; (2) every check reads the table as it is now, never a copy made at admission; (3) kicks are only
 * queued here and run in the tick, because a kick inside a callback would pull the client from under the
 * broker; (4) a known pointer that authenticates again (SIGHUP) costs no token and raises no alarm.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_GATE_H
#define HF_PLUGIN_GATE_H
#include "acl.h"
#include "feed.h"
#include "session.h"
#include "source.h"

struct hf_now {
	int64_t ms;     /* monotonic */
	int64_t unix_s; /* wall clock */
};

/* Order = keys of the counters frame; extend only. */
enum hf_counter {
	HF_COUNT_SESSIONS,
	HF_COUNT_ROWS,
	HF_COUNT_ADMITTED,
	HF_COUNT_REFUSED,
	HF_COUNT_THROTTLED,
	HF_COUNT_LATER,  /* no usable table */
	HF_COUNT_DENIED, /* by ACL or budget */
	HF_COUNT_FLOODS,
	HF_COUNT_KICKS,
	HF_COUNT_SNAPSHOTS,
	HF_COUNT_BAD_FRAMES,
	HF_COUNT_ALARMS_LOST,
	HF_COUNT_LINKS, /* connections to the bus, ever */
	HF_COUNTERS,
};

struct hf_gate {
	struct hf_feed feed;
	struct hf_sessions sessions;
	struct hf_sources sources;
	struct hf_bucket connects; /* whole broker */
	struct hf_bucket alarms;
	uint64_t count[HF_COUNTERS];
	bool link_up;  /* frames for the bus are worth writing */
	bool out_full; /* one did not fit: the glue starts the link over */
	struct hf_out out;
	size_t sweep_at;  /* next slot of the session map to look at */
	size_t forget_at; /* same for devices */
	int64_t sweep_ms;
	size_t resync_at; /* next slot whose sessions the bus must hear of again */
	size_t resync_cap;
	bool resync;
	int64_t counters_ms;
};

enum hf_answer {
	HF_ADMIT,
	HF_REFUSE, /* CONNACK 135: do not come again soon */
	HF_LATER,  /* closed without a word: back off and come again */
};

/* A CONNECT as the broker shows it. */
struct hf_connect {
	bool local; /* Unix listener, no certificate possible */
	bool has_cert;
	uint8_t hash[32]; /* SHA-256 of the certificate */
	const char *cn;   /* of its subject, "" when unreadable */
	const char *id;
	const char *user; /* may be NULL */
	const char *address;
	int version; /* of MQTT: 5 */
	bool clean_start;
};

/* `out` gives the room for frames; `seed` is random. */
HF_MUST_CHECK hf_err hf__gate_init(struct hf_gate *g, uint8_t *out, size_t out_cap, uint64_t seed);
void hf__gate_free(struct hf_gate *g);

/* On HF_ADMIT `user` receives the user name to set: the dev, or hf-bus. */
enum hf_answer hf__gate_connect(struct hf_gate *g, const void *client, const struct hf_connect *c,
				const struct hf_now *now, const char **user);
void hf__gate_gone(struct hf_gate *g, const void *client);

enum hf_access {
	HF_ACCESS_READ = 1,
	HF_ACCESS_WRITE = 2,
	HF_ACCESS_SUBSCRIBE = 4,
	HF_ACCESS_UNSUBSCRIBE = 8
};
enum hf_permit { HF_PERMIT, HF_DENY, HF_CLOSE };
enum hf_permit hf__gate_access(struct hf_gate *g, const void *client, int access, const struct hf_acl_msg *m,
			       const struct hf_now *now);
/* Certificate hash of a device session in hex, NULL for the bus and strangers. */
const char *hf__gate_cert(struct hf_gate *g, const void *client);

/* One frame of the bus. False: the link is of no use any more, start it over. */
bool hf__gate_frame(struct hf_gate *g, hf_bytes body, const struct hf_now *now);
/* The link is new: says hello. */
void hf__gate_link(struct hf_gate *g, const struct hf_now *now);
/* A slice of the periodic work; cheap at any rate of calls. */
void hf__gate_tick(struct hf_gate *g, const struct hf_now *now);
/* Whom to kick now; false when nobody. */
bool hf__gate_kick(struct hf_gate *g, const struct hf_now *now, char dev[static HF_TABLE_DEV_LEN + 1]);
#endif
