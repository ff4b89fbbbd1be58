/* mission.h -- one command on its way: claims, signatures, sealing, and the receipt that ends it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef MISSION_H
#define MISSION_H
#include "ledger.h"

enum {
	MISSION_ARGS_MAX = 4096,
	MISSION_INNER_MAX = 8192,
	MISSION_CTI_TEXT = 23, /* base64url of 16 bytes and NUL */
};

/* An operation that agents know by themselves; applications add theirs, see `command run --class`. */
struct mission_op {
	const char *name;
	unsigned cls;
	const char *arg[2]; /* "name:type" with type text, uint or points; NULL = no more */
};
const struct mission_op *mission_find_op(const char *name);
extern const struct mission_op mission_ops[]; /* ends with a row without name */
/* "read", "act", "danger", "erase" to a class, 0 = none of them; and back. */
unsigned mission_class(const char *word);
const char *mission_class_word(unsigned cls);
/* NAME=VALUE words to one CBOR map. Prints the usage error. */
bool mission_args(const struct mission_op *op, const char *const words[], int n, struct hf_out *out);

struct mission {
	struct session *s;
	struct trust t;
	/* What the device last said of itself. */
	uint64_t boot, uptime_s, high;
	uint8_t clock, rep[HF_COMMAND_REP_LEN];
	/* Its chain of receipts, as far as it has said and as far as we have seen. */
	struct ledger book;
	uint64_t told;
	bool renewed; /* looked for a newer key of the device */
	uint8_t told_rep[HF_COMMAND_REP_LEN];
	/* The command. */
	unsigned cls;
	struct hf_key reply;
	uint8_t cti[HF_COMMAND_CTI_LEN];
	uint8_t inner_mem[MISSION_INNER_MAX];
	struct hf_out inner;
	bool has_deadline;
	uint64_t deadline_boot, deadline_s;
};
/* Know the device: trusted keys, replay state. */
bool mission_begin(struct session *s, const char *dev, struct mission *m);
void mission_end(struct mission *m);
/* Sign as the lead; `single` for quorums of one. Life in seconds. */
bool mission_sign(struct mission *m, const char *op, unsigned cls, hf_bytes args, long life_s, bool single);
/* Act and danger on a device without a trusted clock need a moment of its own time: ask by a ping. */
bool mission_deadline(struct mission *m, unsigned cls, long life_s, long wait_s);
/* Can I alone give commands of this class? */
bool mission_alone(const struct session *s, unsigned cls);
struct mission_outcome;
/* Alone: sign, send, wait. Once more when the device had seen a higher number of mine (another workstation of
 * the same operator); not for danger, which somebody should look at first. */
bool mission_order(struct mission *m, const char *op, unsigned cls, hf_bytes args, long life_s, long wait_s,
		   struct mission_outcome *out);
/* Seal to the endorsed key and queue. */
bool mission_send(struct mission *m);

struct mission_outcome {
	bool found;
	struct hf_receipt r; /* borrows from mem */
	uint8_t mem[HF_RECEIPT_MAX_LEN];
	char result[8192]; /* JSON text, "" = none */
};
/* Wait for the receipt of this very command and verify it; enters all others in the book, too. False after an
 * error; found tells. */
bool mission_wait(struct mission *m, long wait_s, struct mission_outcome *out);
/* Look once; out NULL: only the book. */
bool mission_look(struct mission *m, struct mission_outcome *out);
/* Print it; the exit status that belongs to it. */
int mission_report(const struct mission *m, const struct mission_outcome *out, long wait_s);
void mission_cti_text(const uint8_t cti[static HF_COMMAND_CTI_LEN], char out[static MISSION_CTI_TEXT]);
#endif
