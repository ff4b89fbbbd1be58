/* obey.h -- the device's side of commands: whether to obey, exactly once, and the proof of it.
 *
 *	bytes ──► hf_obey_receive ──► verdict yes: act, then hf_obey_finish ──► receipt: publish
 *	                         └──► verdict no: a receipt to publish, or nothing at all
 *
 * Promise, also through power cuts at any write and with hostile broker, server and clock:
 *  1. a task is given out only for a command that its quorum signed for this device, this replay epoch and
 *     this moment, of the class that the device's own table says;
 *  2. a command of class act, danger or erase is given out at most once, for ever: that it was started is
 *     durable before the verdict is yes;
 *  3. what was refused after its counter was touched stays refused;
 *  4. every started command ends in a stored receipt: done, failed, or unknown when power was lost
 *     meanwhile;
 *  5. bytes that no known signer signed change nothing and get no answer.
 * A read writes nothing; after a restart it may run once more. Where nothing can be stored (`no_storage`)
 * each boot is a new epoch and danger is refused.
 * Limits: 16 signers, 4 commands under way, the last 64 receipts. About 2.5 KiB of state, 8 KiB of scratch
 * from the caller, stack below 2 KiB (crypto not counted). No allocation, no globals.
 * Thread rule: one thread per struct hf_obey; it keeps pointers to everything in its configuration.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_OBEY_H
#define HOLDFAST_OBEY_H
#include <holdfast/port.h>
#include <holdfast/receipt.h>

enum {
	HF_OBEY_MAX_SIGNERS = HF_STATE_MAX_ROWS,
	HF_OBEY_MAX_JOBS = 4,
	HF_OBEY_RING = 64,
	/* Room of `scratch`: the table and one unsigned receipt. */
	HF_OBEY_TABLE_LEN = 2048,
	HF_OBEY_SCRATCH_LEN = HF_OBEY_TABLE_LEN + HF_RECEIPT_MAX_PAYLOAD_LEN,
	/* Refusals that are signed although nothing is stored for them: a relay that repeats an old command
	 * must not keep the key busy. Beyond it they are only counted. */
	HF_OBEY_REFUSALS = 32,
	HF_OBEY_REFUSAL_MS = 1000, /* one more after this long */
};

/* One operation the device knows. `check` looks at device state and arguments before anything is stored; it
 * answers HF_REASON_NONE, HF_REASON_STATE or HF_REASON_UNKNOWN. NULL: no arguments, any state. */
struct hf_op {
	const char *name;
	uint8_t cls;
	unsigned (*check)(void *ctx, const struct hf_claims *c);
};

/* A command that is under way, as stored. */
struct hf_obey_job {
	uint8_t kid[HF_KID_LEN];
	uint64_t high;
	uint8_t hash[HF_SHA256_LEN];
	uint8_t cti[HF_COMMAND_CTI_LEN];
	uint8_t cls;
	uint8_t phase; /* 0 free, 1 started, 2 accepted */
	uint8_t op_len;
	char op[HF_COMMAND_MAX_OP_LEN];
	bool has_reply;
	uint8_t reply[HF_P256_COMPRESSED_LEN];
};
enum { HF_JOB_FREE = 0, HF_JOB_STARTED = 1, HF_JOB_ACCEPTED = 2 };

struct hf_obey_row {
	uint8_t kid[HF_KID_LEN];
	uint64_t high;
	uint8_t hash[HF_SHA256_LEN]; /* of the command at high */
	uint64_t n;                  /* its newest receipt, 0 = none in the ring */
};

struct hf_obey_config {
	struct hf_port *port;
	const struct hf_policy *policy;
	hf_bytes dev;
	hf_bytes version; /* of the agent, for `state` */
	const struct hf_hwkey *sign;
	const struct hf_ecdhkey *open[2]; /* current and previous, NULL = none */
	const struct hf_op *ops;
	size_t n_ops;
	void *ctx;
	/* At boot, for each job that a power cut left: what became of it? HF_STATUS_DONE, _FAILED,
	 * _UNKNOWN, or HF_STATUS_ACCEPTED to leave it open: it goes on, and hf_obey_finish will be called.
	 * NULL: unknown. */
	unsigned (*recover)(void *ctx, const struct hf_obey_job *job);
	struct hf_out *scratch; /* HF_OBEY_SCRATCH_LEN */
	struct hf_out
		*last; /* keeps the newest receipt outside the chain in RAM; HF_RECEIPT_MAX_LEN, or NULL */
	bool no_storage;
};

struct hf_obey {
	struct hf_obey_config
		cfg; /* policy, sign and open may be exchanged between calls (rotation, renewal) */
	uint8_t rep[HF_COMMAND_REP_LEN];
	uint64_t count;              /* receipts in the chain */
	uint8_t head[HF_SHA256_LEN]; /* hash of receipt `count`; not yet known while pending */
	bool pending;                /* receipt `count` is stored unsigned in the table, still to be signed */
	uint64_t acked;              /* bit n mod 64 */
	size_t n_rows;
	struct hf_obey_row row[HF_OBEY_MAX_SIGNERS];
	struct hf_obey_job job[HF_OBEY_MAX_JOBS];
	uint8_t last_hash[HF_SHA256_LEN]; /* command whose answer lies in cfg.last */
	uint64_t refusal_ms;
	unsigned refusals;
	uint64_t n_dropped; /* bytes that got no answer */
};

/* What to do. Borrows from the message until it is overwritten. */
struct hf_task {
	struct hf_verdict verdict; /* ask hf_verdict_is_yes at the last moment before acting */
	const struct hf_op *op;
	struct hf_claims claims;
	hf_bytes inner;  /* the signed command, for hf_obey_recheck in the process that acts */
	unsigned reason; /* HF_REASON_*, when refused */
	hf_err dropped;  /* why there is neither verdict yes nor receipt, for the log only */
};

/* Load the table, or make an empty one with a fresh epoch when there is none or it is damaged; finish a
 * receipt that a power cut left unsigned; answer for every job that was under way (see `recover`).
 * Afterwards publish what hf_obey_next_unacked gives. `work`: room for HF_RECEIPT_MAX_LEN, empty afterwards.
 * Errors: port's, the key's; then call it again: nothing is lost. */
HF_MUST_CHECK hf_err hf_obey_boot(struct hf_obey *o, const struct hf_obey_config *cfg, struct hf_out *work);

/* Judge one message in place (`msg` is overwritten by its plain text). `floor_s`: time the device may rely
 * on without a clock, see identity.h. HF_OK with verdict yes: act, then hf_obey_finish with the task's cti.
 * HF_OK with verdict no: publish `receipt` if it is not empty. `receipt`: room for HF_RECEIPT_MAX_LEN.
 * Errors (nothing was decided, the message may be given again): port's and the key's. A receipt that failed
 * earlier may have been settled on the way: after an error publish what hf_obey_next_unacked gives. */
HF_MUST_CHECK hf_err hf_obey_receive(struct hf_obey *o, uint8_t *msg, size_t len, uint64_t floor_s,
				     struct hf_task *task, struct hf_out *receipt);

/* The command `cti` is done (or failed, or accepted: then call again later). `result` (may be empty) is
 * sealed to the asker; without a reply key it is left out. Errors: HF_ERR_OBEY_NO_JOB, HF_ERR_RECEIPT_LIMIT
 * (give a shorter one); port's and the key's: call again. */
HF_MUST_CHECK hf_err hf_obey_finish(struct hf_obey *o, const uint8_t cti[static HF_COMMAND_CTI_LEN],
				    unsigned status, unsigned reason, hf_bytes result,
				    struct hf_out *receipt);

/* For the process that acts on danger and erase: the same signatures, audience, class and quorum, judged
 * again on `task.inner` without the device's keys or table. */
struct hf_verdict hf_obey_recheck(hf_bytes inner, const struct hf_policy *policy, hf_bytes dev,
				  const struct hf_op *op, uint64_t floor_s);

/* Append the signed `state` object, to be published after every hello. */
HF_MUST_CHECK hf_err hf_obey_state(struct hf_obey *o, struct hf_out *out);

/* Stored receipts. next_unacked gives the lowest number above *n that waits for the server's ack, or false.
 * Acks are stored with the next write of the table; a forged one hides nothing, the receipt stays in the
 * ring. */
bool hf_obey_next_unacked(const struct hf_obey *o, uint64_t *n);
/* Errors: HF_ERR_OBEY_NO_RECEIPT (not among the last 64, or damaged); port's. */
HF_MUST_CHECK hf_err hf_obey_receipt(struct hf_obey *o, uint64_t n, struct hf_out *out);
void hf_obey_acked(struct hf_obey *o, uint64_t n);

/* Forget all counters and begin a new epoch: first claim, new owner, erase of that class. Errors: port's.
 * */
HF_MUST_CHECK hf_err hf_obey_reset(struct hf_obey *o);
#endif
