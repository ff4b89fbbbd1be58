/* agent_rig.h -- keyproc's real code on a directory of records, with an identity, a policy of two operators
 * and a person who opens what it publishes. For the tests of the agent's commands, settings and streams.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_RIG_H
#define AGENT_RIG_H
#include "key.h"

#define RIG_DEV "abcdefghijklmnop"

enum { RIG_OPERATORS = 2 };

struct rig {
	char dir[64];
	struct agent agent;
	struct keyproc k;
	int told[3]; /* what main, app and net were told: the other ends of todo, deliver, look */
	struct hf_key root_seed, op_secret[RIG_OPERATORS], reply_secret, owner_secret;
	struct hf_hwkey op_key[RIG_OPERATORS];
	struct hf_ecdhkey reply, owner;
	uint8_t policy_mem[4096], cert[8];
	uint64_t seq;
	/* the last command and its answer */
	struct hf_claims claims;
	uint8_t sealed_mem[HF_COMMAND_MAX_LEN], receipt_mem[HF_RECEIPT_MAX_LEN], result_mem[4096];
	struct hf_out sealed, result;
	struct hf_receipt receipt;
};

/* A provisioned device in its first session. Everything is asserted. */
void rig_begin(struct rig *r);
void rig_end(struct rig *r);
/* The process ends and starts again on the same records, and makes a session. `boots`: reboots between. */
void rig_restart(struct rig *r, unsigned boots);

/* Send a command signed by n operators; `args` is one CBOR map in hexadecimal. */
void rig_send(struct rig *r, const char *op, unsigned cls, size_t n, const char *args);
/* Give the last sealed command once more. */
void rig_repeat(struct rig *r);
/* Take the receipt of the last command out of the queue, opened; fails when there is none. */
void rig_take_receipt(struct rig *r);
/* A command that must end so; its result is in r->result. */
void rig_expect(struct rig *r, const char *op, unsigned cls, size_t n, const char *args, unsigned status,
		unsigned reason);
/* Is "class/id" with this beginning waiting? The newest one, or NULL. */
struct key_up *rig_find(struct rig *r, const char *prefix);
/* Type of the next message to main (0), app (1) or net (2), 0 when there is none; its body in `body`. */
unsigned rig_told(struct rig *r, int who, struct hf_out *body);
/* A message pair to a handler of keyproc. */
hf_err rig_pair(struct rig *r, hf_err (*handle)(void *ctx, hf_bytes body, struct hf_out *reply), hf_bytes a,
		hf_bytes b);
#endif
