/* ipc.h -- typed messages between the processes of one program, over a Unix SOCK_SEQPACKET pair.
 * Frame = u32 length of body | u16 type | u16 flags | u32 id | u32 error code, big-endian, then the body.
 * Promise: the length is checked before anything else and each type has its own bounds in a table; a
 * frame that breaks a rule is dropped and counted, an unknown type is answered with an error.
 * The supervisor keeps both ends of each pair open, so a restarted process goes on with the same socket;
 * a request that died with it ends in HF_ERR_IPC_TIMEOUT and may be tried again.
 * Limits: HF_IPC_BODY_MAX. Thread rule: struct hf_ipc may be used from any thread; the rest from one.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_IPC_H
#define HF_IPC_H
#include <holdfast/crypto.h>
#include <hf/loop.h>

enum { HF_IPC_HEAD_LEN = 16, HF_IPC_BODY_MAX = 131072 };
enum { HF_IPC_FLAG_REPLY = 1, HF_IPC_FLAG_ONEWAY = 2 };
/* Types from here on belong to host itself. */
enum { HF_IPC_TYPE_OWN = 0xff00, HF_IPC_KEY_PUB = 0xff01, HF_IPC_KEY_SIGN = 0xff02 };

struct hf_ipc_head {
	uint32_t len;
	uint16_t type;
	uint16_t flags;
	uint32_t id;
	uint32_t err; /* a hf_err in a reply, 0 in a request */
};
/* Read the head of a packet and check it against the packet's length. Errors: HF_ERR_IPC_FRAME. */
HF_MUST_CHECK hf_err hf_ipc_head_read(hf_bytes packet, struct hf_ipc_head *head);
void hf_ipc_head_write(uint8_t out[static HF_IPC_HEAD_LEN], const struct hf_ipc_head *head);

/* A pair of connected close-on-exec sockets. Errors: HF_ERR_IPC_SOCKET. */
HF_MUST_CHECK hf_err hf_ipc_pair(int fds[static 2], struct hf_why *why);

/* ---- the asking side ---- */
struct hf_ipc;
/* Takes over `fd`. Errors: HF_ERR_HOST_MEMORY, HF_ERR_IPC_SOCKET (not a SOCK_SEQPACKET socket). */
HF_MUST_CHECK hf_err hf_ipc_new(int fd, struct hf_ipc **out);
void hf_ipc_free(struct hf_ipc *ipc); /* closes the fd */
/* Ask and wait. The answer replaces reply's content. One call is on its way at a time; others wait
 * their turn inside the same deadline. Errors: what the other side answered; HF_ERR_IPC_TIMEOUT,
 * HF_ERR_IPC_CLOSED, HF_ERR_IPC_SOCKET, HF_ERR_IPC_FRAME; HF_ERR_BASE_NO_ROOM. On error reply->len is 0. */
HF_MUST_CHECK hf_err hf_ipc_call(struct hf_ipc *ipc, uint16_t type, hf_bytes body, uint32_t timeout_ms,
				 struct hf_out *reply);
/* Send without waiting for an answer or for room. Errors: HF_ERR_IPC_BUSY when the queue is full. */
HF_MUST_CHECK hf_err hf_ipc_notify(struct hf_ipc *ipc, uint16_t type, hf_bytes body);

/* ---- the answering side ---- */
struct hf_ipc_op {
	uint16_t type;
	size_t min_len, max_len; /* of the body; checked before handle() is called */
	/* `reply` has HF_IPC_BODY_MAX room. A returned error goes to the asker as its code, without body. */
	hf_err (*handle)(void *ctx, hf_bytes body, struct hf_out *reply);
};
struct hf_ipc_table {
	const struct hf_ipc_op *ops;
	size_t n_ops;
	void *ctx;
};
/* Answer what waits on `fd` (never blocks for more). HF_OK also after a bad frame.
 * Errors: HF_ERR_IPC_CLOSED, HF_ERR_IPC_SOCKET. */
HF_MUST_CHECK hf_err hf_ipc_answer(int fd, const struct hf_ipc_table *table);
/* Same for a process that does nothing else: blocks until the other side closes (HF_ERR_IPC_CLOSED). */
HF_MUST_CHECK hf_err hf_ipc_answer_forever(int fd, const struct hf_ipc_table *table);
/* On a loop: answers whenever something arrives; on_closed(ctx) once when the other side is gone.
 * `table` is borrowed until hf_ipc_serve_stop; the fd stays the caller's. */
struct hf_ipc_serve {
	struct hf_watch watch;
	const struct hf_ipc_table *table;
	void (*on_closed)(void *ctx);
};
HF_MUST_CHECK hf_err hf_ipc_serve_start(struct hf_ipc_serve *s, struct hf_loop *loop, int fd,
					const struct hf_ipc_table *table, void (*on_closed)(void *ctx));
void hf_ipc_serve_stop(struct hf_ipc_serve *s);

/* ---- private keys behind IPC: the asking side gets a struct hf_hwkey, the key never moves ---- */
struct hf_ipc_key {
	struct hf_ipc *ipc;
	uint8_t number; /* which key, agreed between the two programs' sides */
	uint32_t timeout_ms;
	struct hf_hwkey key; /* use this; valid while the struct stays where it is */
};
/* Ask for the public key and fill k->key. Errors: hf_ipc_call's, HF_ERR_IPC_FRAME. */
HF_MUST_CHECK hf_err hf_ipc_key_open(struct hf_ipc_key *k, struct hf_ipc *ipc, uint8_t number,
				     uint32_t timeout_ms);
/* Rows for the table of the key-holding side; `find(ctx, number)` gives the key or NULL. They call it with
 * the table's own ctx, so they need a find function per program:
 *   static hf_err sign(void *ctx, hf_bytes body, struct hf_out *reply)
 *   { return hf_ipc_key_sign(body, find_key, ctx, reply); } */
typedef const struct hf_hwkey *(*hf_ipc_key_find)(void *ctx, uint8_t number);
HF_MUST_CHECK hf_err hf_ipc_key_pub(hf_bytes body, hf_ipc_key_find find, void *ctx, struct hf_out *reply);
HF_MUST_CHECK hf_err hf_ipc_key_sign(hf_bytes body, hf_ipc_key_find find, void *ctx, struct hf_out *reply);
enum { HF_IPC_KEY_PUB_LEN = 1, HF_IPC_KEY_SIGN_MIN = 33, HF_IPC_KEY_SIGN_MAX = 49 };
#endif
