/* command_rig.h -- one device, three operators and the policy they share, for the tests of commands.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_RIG_H
#define COMMAND_RIG_H
#include <hf/fake.h>
#include <holdfast/obey.h>
#include <holdfast/statement.h>

#define DEV HF_STR("abcdefghijklmnop")

enum {
	RIG_OPS = 3, /* operators in the quorums; the fourth is foreign, the fifth's key has ended */
	RIG_FOREIGN = 3,
	RIG_ENDED = 4,
	RIG_KEYS = 5,
	RIG_NOW = 1767225600, /* the fake clock's first second */
};

struct rig {
	struct hf_port port;
	struct hf_key secret[RIG_KEYS];
	struct hf_hwkey op_key[RIG_KEYS];
	uint8_t kid[RIG_KEYS][HF_KID_LEN];
	struct hf_key root_seed;
	uint8_t root_pub[HF_ED25519_PUB_LEN];
	uint8_t policy_mem[2048];
	struct hf_policy policy;
	struct hf_key device_secret, enc_secret[2], reply_secret;
	struct hf_hwkey device;
	struct hf_ecdhkey enc[2], reply;
	struct hf_obey obey;
	struct hf_obey_config cfg;
	uint8_t scratch_mem[HF_OBEY_SCRATCH_LEN], last_mem[HF_RECEIPT_MAX_LEN];
	struct hf_out scratch, last;
	/* the command in the making */
	struct hf_claims claims;
	uint8_t claims_mem[HF_COMMAND_MAX_LEN], inner_mem[HF_COMMAND_MAX_LEN], seal_mem[HF_COMMAND_MAX_LEN];
	uint8_t msg_mem[HF_COMMAND_MAX_LEN + 64], receipt_mem[HF_RECEIPT_MAX_LEN];
	struct hf_out claims_out, inner, msg, receipt;
	struct hf_task task;
	/* what the operations saw */
	unsigned op_state; /* answer of the check of "relay.set" */
};

/* A fresh device that has booted once. Everything is asserted. */
void rig_begin(struct rig *r);
void rig_end(struct rig *r);
/* A configuration as a device would make it; boot it again by hf_obey_boot. */
void rig_boot(struct rig *r);

/* Claims by operator `lead`, valid now, with the next sequence number the device's table asks for. */
void rig_claims(struct rig *r, size_t lead, const char *op, unsigned cls);
/* Sign r->claims by these operators, the lead first: short form for one, long form for more. */
void rig_sign(struct rig *r, const size_t *who, size_t n);
/* Seal r->inner to the device's current key into r->msg. */
void rig_seal(struct rig *r);
/* Give a copy of r->msg to the device. */
hf_err rig_receive(struct rig *r);
/* claims + sign by n operators from `lead` on + seal + receive. */
hf_err rig_send(struct rig *r, size_t lead, const char *op, unsigned cls, size_t n);

/* The receipt of the last call, opened as the operator would. */
struct hf_receipt rig_receipt(struct rig *r);
/* The last message was refused for this reason, with a receipt. */
void rig_assert_refused(struct rig *r, unsigned reason);
/* The last message was dropped for this error: no verdict, no receipt, nothing written. */
void rig_assert_dropped(struct rig *r, hf_err err);
/* The last message is a yes; finish it. */
void rig_assert_obeyed(struct rig *r);
#endif
