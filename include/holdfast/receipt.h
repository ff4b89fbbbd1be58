/* receipt.h -- what a device answers: a receipt for each command, and its replay state after each hello.
 * Both are COSE_Sign1 by the device's LDevID key; results inside are sealed to the one who asked.
 *
 *	receipt = {1: dev, ?6: iat, 7: cti, -65537: [n, prev, cmd_hash, class, status, reason, rep, high,
 *	           boot counter, uptime s, result]}                                      aad hf/rcpt/1/{dev}
 *	state   = {1: dev, ?6: time, -65537: [boot counter, uptime s, clock, rep, [[kid, high], ...],
 *	           policy number, version, receipts]}                                    aad hf/state/1/{dev}
 *
 * n counts from 1 in each replay epoch (rep), and prev is the hash of receipt n-1: a receipt that is held
 * back shows as a gap. n = 0 stands outside the chain: refusals that touched nothing, and answers to reads;
 * prev is then the hash of the newest chained receipt.
 * Promise: an opened receipt or state was signed by the key given, for the device given. Format:
 * doc/protocol/command.md. No allocation, no globals; what is read borrows. Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_RECEIPT_H
#define HOLDFAST_RECEIPT_H
#include <holdfast/command.h>

enum {
	HF_RECEIPT_MAX_RESULT_LEN = 4096, /* plain */
	HF_RECEIPT_MAX_SEALED_LEN = HF_RECEIPT_MAX_RESULT_LEN + HF_COSE_ENCRYPT_OVERHEAD,
	HF_RECEIPT_MAX_PAYLOAD_LEN = HF_RECEIPT_MAX_SEALED_LEN + 192,
	HF_RECEIPT_MAX_LEN = HF_RECEIPT_MAX_PAYLOAD_LEN + HF_COSE_SIGN1_OVERHEAD,
	HF_STATE_MAX_ROWS = 16,
	HF_STATE_MAX_VERSION_LEN = 32,
	HF_STATE_MAX_LEN = 640,
};

enum hf_receipt_status {
	HF_STATUS_DONE = 0,
	HF_STATUS_ACCEPTED = 1, /* a second receipt follows */
	HF_STATUS_REFUSED = 2,
	HF_STATUS_FAILED = 3,
	HF_STATUS_UNKNOWN = 4, /* power was lost between start and end */
};

/* Why a command was refused. Extend only. */
enum hf_receipt_reason {
	HF_REASON_NONE = 0,
	HF_REASON_FAILED = 1, /* with HF_STATUS_FAILED: the operation itself */
	HF_REASON_AUDIENCE = 2,
	HF_REASON_SIGNER = 3,
	HF_REASON_CLASS = 4,
	HF_REASON_QUORUM = 5,
	HF_REASON_EPOCH = 6,
	HF_REASON_REPLAY = 7,
	HF_REASON_JUMP = 8,
	HF_REASON_EXPIRED = 9,
	HF_REASON_NO_CLOCK = 10,
	HF_REASON_STATE = 11,
	HF_REASON_UNKNOWN = 12,
	HF_REASON_STORAGE = 13,
};
/* "replay", "no-clock": one word, for people and JSON. */
const char *hf_receipt_reason_word(unsigned reason);
const char *hf_receipt_status_word(unsigned status);

struct hf_receipt {
	hf_bytes dev;
	bool has_iat;
	uint64_t iat;
	uint8_t cti[HF_COMMAND_CTI_LEN];
	uint64_t n;
	uint8_t prev[HF_SHA256_LEN];
	uint8_t cmd_hash[HF_SHA256_LEN];
	uint8_t cls, status, reason;
	uint8_t rep[HF_COMMAND_REP_LEN];
	uint64_t high; /* the lead signer's counter after this command */
	uint64_t boot, uptime_s;
	hf_bytes result; /* COSE_Encrypt, or empty */
};

/* ---- Device ------------------------------------------------------------------------------------- */

/* Append the payload; sign it. Errors: HF_ERR_RECEIPT_SHAPE (a value outside its limits), no room, the
 * key's. */
HF_MUST_CHECK hf_err hf_receipt_write(const struct hf_receipt *r, struct hf_out *out);
HF_MUST_CHECK hf_err hf_receipt_sign(hf_bytes payload, hf_bytes dev, const struct hf_hwkey *key,
				     struct hf_out *out);
/* Append `result` sealed to the reply point of command `cti`. Errors: HF_ERR_RECEIPT_LIMIT,
 * HF_ERR_CRYPTO_POINT (the point is none); the COSE sealing functions. */
HF_MUST_CHECK hf_err hf_receipt_seal_result(struct hf_port *port, hf_bytes result, hf_bytes dev,
					    const uint8_t cti[static HF_COMMAND_CTI_LEN],
					    const uint8_t reply[static HF_P256_COMPRESSED_LEN],
					    struct hf_out *out);

/* ---- Operator ----------------------------------------------------------------------------------- */

/* Read a payload, or what a receipt says without verifying it (server: filing, acknowledging).
 * Errors: HF_ERR_RECEIPT_SHAPE. */
HF_MUST_CHECK hf_err hf_receipt_read(hf_bytes payload, struct hf_receipt *r);
HF_MUST_CHECK hf_err hf_receipt_peek(hf_bytes object, struct hf_receipt *r);
/* Read and verify. `signing` is the device's endorsed signing key.
 * Errors: HF_ERR_RECEIPT_SHAPE, _SIGNATURE, _DEV. *r is empty then. */
HF_MUST_CHECK hf_err hf_receipt_open(hf_bytes object, const uint8_t signing[static HF_P256_POINT_LEN],
				     hf_bytes dev, struct hf_receipt *r);
/* Is it the answer to this very command? Errors: HF_ERR_RECEIPT_FOREIGN. */
HF_MUST_CHECK hf_err hf_receipt_check(const struct hf_receipt *r,
				      const uint8_t cti[static HF_COMMAND_CTI_LEN],
				      const uint8_t cmd_hash[static HF_SHA256_LEN]);
/* Append the result in plain. `reply` is the one-time key of the command. Errors: HF_ERR_RECEIPT_NO_RESULT,
 * HF_ERR_COSE_DECRYPT, ... */
HF_MUST_CHECK hf_err hf_receipt_open_result(const struct hf_receipt *r, const struct hf_ecdhkey *reply,
					    struct hf_out *out);

/* The chain as one reader has seen it; all zero = nothing yet. Store it as it is, per device. */
struct hf_receipt_chain {
	uint8_t rep[HF_COMMAND_REP_LEN];
	uint64_t n;                  /* highest receipt in it */
	uint8_t head[HF_SHA256_LEN]; /* its hash */
};
/* Enter a verified receipt (`object` = its bytes). Receipts with n = 0 change nothing. A new rep begins a
 * new chain. Errors: HF_ERR_RECEIPT_REPEAT (this n or a later one was seen), _GAP (receipts before it are
 * missing; it was entered all the same, so that the next one fits), _CHAIN (its prev is another receipt
 * than the one seen: forged or replaced; not entered). */
HF_MUST_CHECK hf_err hf_receipt_chain_add(struct hf_receipt_chain *chain, const struct hf_receipt *r,
					  hf_bytes object);

/* ---- State -------------------------------------------------------------------------------------- */

struct hf_state_row {
	uint8_t kid[HF_KID_LEN];
	uint64_t high;
};
struct hf_state {
	hf_bytes dev;
	bool has_time;
	uint64_t time;
	uint64_t boot, uptime_s;
	uint8_t clock; /* HF_CLOCK_* */
	uint8_t rep[HF_COMMAND_REP_LEN];
	size_t n_rows;
	struct hf_state_row row[HF_STATE_MAX_ROWS];
	uint64_t policy;
	hf_bytes version;
	uint64_t receipts; /* chained so far */
};
/* Append the signed state; read and verify one. An old state can only make a command fail: see the
 * receipt's high. Errors: HF_ERR_RECEIPT_SHAPE, _SIGNATURE, _DEV; no room; the key's. */
HF_MUST_CHECK hf_err hf_state_write(const struct hf_state *s, const struct hf_hwkey *key, struct hf_out *out);
HF_MUST_CHECK hf_err hf_state_open(hf_bytes object, const uint8_t signing[static HF_P256_POINT_LEN],
				   hf_bytes dev, struct hf_state *s);
HF_MUST_CHECK hf_err hf_state_peek(hf_bytes object, struct hf_state *s);
/* The counter of a signer, 0 when the device has never heard of it: the next command takes one more. */
uint64_t hf_state_high(const struct hf_state *s, const uint8_t kid[static HF_KID_LEN]);
#endif
