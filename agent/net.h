/* net.h -- inside netproc: what its files share.
 *	netproc.c  loop, what key wants, the MQTT session
 *	netpump.c  messages up and down through that session
 *	netupd.c   heads and looks for updproc, its reports
 *	netfetch.c one bundle over HTTPS, in a thread of its own
 *	est.c      one enrolment or renewal over HTTPS, in a thread of its own
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_NET_H
#define HF_AGENT_NET_H
#include "msg.h"
#include <hf/deploy.h>
#include <hf/linux.h>
#include <hf/mqtt.h>
#include <holdfast/claim.h>
#include <holdfast/identity.h>
#include <pthread.h>

enum { NET_WINDOW = 16, NET_BODY_CAP = AGENT_PAYLOAD_CAP + AGENT_TOPIC_CAP + 64 };

struct est_job; /* a request under way */
struct fetch_job;


struct netproc {
	const struct agent *agent;
	struct hf_loop *loop;
	struct hf_ipc *key, *upd;
	struct hf_ipc_serve from_key, from_tamper;
	struct hf_buf provision_file;
	struct hf_provision provision;
	char enrol_host[AGENT_HOST_CAP], broker_host[AGENT_HOST_CAP];

	struct agent_want want; /* its bytes point into want_mem */
	uint8_t want_mem[2 * HF_RENEW_CERT_CAP + 128];
	struct hf_timer again; /* ask key again */

	struct est_job *est;

	/* class upd */
	struct agent_look look;     /* the newest that has no report yet; port 0: none */
	struct fetch_job *fetch;    /* a bundle on its way, or NULL */
	struct hf_timer look_again; /* a fetch that failed is tried again */
	struct hf_backoff look_backoff;
	uint64_t ask_at_ms;          /* upd is asked what it believes from then on; 0: now */
	uint8_t told[HF_SHA256_LEN]; /* SHA-256 of the report that went up last */

	/* the MQTT session */
	struct hf_mqtt *mqtt;
	struct hf_tls *tls;
	struct hf_ipc_key tls_key;
	struct hf_timer reconnect;
	struct hf_backoff backoff;
	int slot; /* whose certificate the context holds, -1 = none */
	char dev[HF_DEV_LEN + 1];
	uint8_t cert[HF_RENEW_CERT_CAP];
	size_t cert_len;
	int sub_mid;
	bool connecting, up, leaving; /* up: subscribed and told to key */
	unsigned silent;              /* connections in a row that ended without a CONNACK */
	uint64_t beat_ms;   /* when the last heartbeat went up */
	unsigned early;               /* refusals of this certificate before its first session */
	bool known;                   /* this certificate had a session */
	uint64_t spread_ms;           /* wait at most this after a lost session; from cfg */

	/* messages on their way: mid to token */
	struct {
		int mid;
		uint64_t token;
	} window[NET_WINDOW];
	unsigned n_window;
};

/* Ask key what it wants, and follow. */
void net_follow(struct netproc *n);
/* netpump.c */
void net_pump(struct netproc *n);
void net_on_message(void *ctx, const struct hf_mqtt_msg *msg);
void net_on_puback(void *ctx, int mid, int reason);
hf_err net_on_heartbeat(void *ctx, hf_bytes body, struct hf_out *reply);
/* netupd.c: a message of class upd; false = not ours. */
bool net_upd_takes(struct netproc *n, hf_bytes topic, hf_bytes payload);
/* Once in each session and then hourly: tell the server what upd believes, when that has changed. */
void net_upd_tell(struct netproc *n);
/* The timer of a fetch that failed. */
void net_upd_again(void *ctx);
/* A fetch has ended; `gone`: the server has no such bundle. */
void net_upd_fetched(struct netproc *n, const struct agent_look *look, hf_err err, bool gone,
		     hf_bytes bundle);
/* netfetch.c: fetch the bundle of this look; net_upd_fetched follows. False: it could not be begun. */
bool net_fetch_start(struct netproc *n, const struct agent_look *look);
/* est.c: begin a request for net's want; net_follow comes again when it has ended. */
void est_start(struct netproc *n);
#endif
