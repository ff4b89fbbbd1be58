/* app.h -- inside appproc: clients of the socket, what they take, and commands under way.
 *	appproc.c  socket, clients, packets
 *	appword.c  the words of the protocol
 *	appop.c    operations and commands
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_AGENT_APP_H
#define HF_AGENT_APP_H
#include "msg.h"
#include <holdfast/cbor.h>
#include <holdfast/obey.h>

enum {
	APP_CLIENTS_MAX = 16,
	APP_CLIENT_OPS_MAX = 8,
	APP_PACKET_CAP = 65536,
	APP_WORD_CAP = 16,
	APP_OPS_AGAIN_MS = 20000, /* key forgets the list when it restarts */
};

struct app_op {
	char name[HF_COMMAND_MAX_OP_LEN + 1];
	uint8_t cls;
};
/* A command that a client is carrying out. */
struct app_job {
	bool busy;
	uint8_t cti[HF_COMMAND_CTI_LEN];
};

struct app;
struct app_client {
	struct app *app;
	struct hf_watch watch;
	int fd; /* -1 = free */
	struct app_op op[APP_CLIENT_OPS_MAX];
	size_t n_ops;
	struct app_job job[HF_OBEY_MAX_JOBS];
};
struct app {
	struct hf_loop *loop;
	struct hf_ipc *key;
	struct hf_ipc_serve from_key;
	struct hf_watch listener;
	struct hf_timer again;
	struct app_client client[APP_CLIENTS_MAX];
	uint8_t in[APP_PACKET_CAP], body[APP_PACKET_CAP + 64];
	uint8_t reply[APP_PACKET_CAP], out[APP_PACKET_CAP + 64];
};

HF_MUST_CHECK hf_err app_ask(struct app *a, uint16_t type, hf_bytes body, struct hf_out *reply);
/* Send one packet; a client that does not read is dropped. */
void app_send(struct app_client *c, hf_bytes packet);

/* Carry out one packet; text of the answer in `reply`. */
HF_MUST_CHECK hf_err app_word(struct app_client *c, hf_bytes packet, struct hf_out *reply);

/* ---- appop.c ---- */
/* The words "ops" and "result"; `r` stands behind the word. */
HF_MUST_CHECK hf_err app_on_ops(struct app_client *c, struct hf_cborr *r, struct hf_out *reply);
HF_MUST_CHECK hf_err app_on_result(struct app_client *c, struct hf_cborr *r, struct hf_out *reply);
/* Tell key what all clients take. */
HF_MUST_CHECK hf_err app_tell_ops(struct app *a);
/* MSG_DELIVER from key. */
hf_err app_on_deliver(void *ctx, hf_bytes body, struct hf_out *reply);
/* The client is gone: its commands end as unknown. */
void app_forget(struct app_client *c);
#endif
