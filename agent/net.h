/* net.h -- inside netproc: what its two files share.
 *	netproc.c  loop, what key wants, the MQTT session
 *	netpump.c  messages up and down through that session
 *	netupd.c   heads and bundles for updproc, its reports
 *	est.c      one enrolment or renewal over HTTPS, in a thread of its own
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_NET_H
#define HF_AGENT_NET_H
#include "msg.h"
#include <hf/deploy.h>
#include <hf/linux.h>
#include <hf/mqtt.h>
#include <holdfast/claim.h>
#include <pthread.h>

enum { NET_WINDOW = 16, NET_BODY_CAP = AGENT_PAYLOAD_CAP + AGENT_TOPIC_CAP + 64 };

struct upd_job;
struct est_job; /* a request under way */

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
	struct upd_job *upd_job; /* a bundle on its way, or NULL */

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
/* est.c: begin a request for net's want; net_follow comes again when it has ended. */
void est_start(struct netproc *n);
#endif
