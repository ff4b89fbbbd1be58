/* conn.h -- one device's connection: TCP, TLS, CONNECT, SUBSCRIBE, then live.
 *
 *	IDLE --open--> TCP --writable--> TLS --done, CONNECT sent--> ASKED --CONNACK 0--> LIVE
 *	any --closed, refused--> IDLE, with a time to try again
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SWARM_CONN_H
#define HF_SWARM_CONN_H
#include "device.h"
#include "packet.h"

enum conn_state { CONN_IDLE, CONN_TCP, CONN_TLS, CONN_ASKED, CONN_LIVE };

struct swarm; /* the worker */

struct conn {
	struct swarm *swarm;
	struct device *device;
	uint32_t index;  /* of the device in the whole swarm: also its source address */
	uint32_t source; /* clones come from elsewhere */
	enum conn_state state;
	int fd;
	SSL *ssl;
	struct packet_reader reader;
	uint8_t *out; /* what TLS has not taken yet */
	size_t out_len, out_cap;
	int64_t retry_us; /* IDLE: not before */
	int64_t ping_us;  /* LIVE: when to ping */
	uint32_t tries;
	uint16_t mid;
	uint16_t outstanding;
	bool deaf;                         /* never reads */
	bool closing;                      /* our own end: not a loss */
	int64_t sent_us[SWARM_WINDOW_MAX]; /* by mid */
};

struct swarm {
	const struct swarm_opts *o;
	struct swarm_shared *shared;
	struct swarm_worker_shared *mine;
	SSL_CTX *ctx;
	int epoll;
	bool publishing;
	uint64_t random;
};

void conn_open(struct conn *c);
/* Something happened on the socket. */
void conn_event(struct conn *c, uint32_t events);
/* DISCONNECT and close_notify, so that the TLS session stays usable. */
void conn_leave(struct conn *c);
/* RST, as a link that dies. */
void conn_cut(struct conn *c);
/* Publish until the window is full. */
void conn_fill(struct conn *c);
void conn_ping(struct conn *c, int64_t now_us);
#endif
