/* app.h -- for a program beside the agent: the messages of its socket STATE/app.sock, one packet each.
 * A program gives readings that only the data owners can open, and carries out commands whose signatures,
 * time and counter the agent has judged. Format: doc/protocol/app-socket.md; example:
 * examples/thermometer.c.
 * No I/O here: connect a SOCK_SEQPACKET socket, send what a writer appended to `out`, give what was received
 * to hf_app_read. Writers append exactly one message. Thread rule: pure functions; what is read borrows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_APP_H
#define HOLDFAST_APP_H
#include <holdfast/cbor.h>

enum {
	HF_APP_MAX_LEN = 65536,       /* a packet */
	HF_APP_MAX_DATA_LEN = 16000,  /* one reading */
	HF_APP_MAX_RESULT_LEN = 4096, /* of a command */
	HF_APP_MAX_STREAM_LEN = 32,
	HF_APP_MAX_OPS = 8,
	HF_APP_CTI_LEN = 16,
};
/* Classes of operations: how many operators must sign is decided by them. */
enum { HF_APP_READ = 1, HF_APP_ACT = 2, HF_APP_DANGER = 3 };

/* An operation that this program carries out. */
struct hf_app_op {
	const char *name;
	unsigned cls;
};

/* Seal `data` to the data owners and send it; `stream` names what it is.
 * Errors: HF_ERR_APP_LIMIT, HF_ERR_BASE_NO_ROOM, HF_ERR_CBOR_FORM (not UTF-8). */
HF_MUST_CHECK hf_err hf_app_data(const char *stream, hf_bytes data, struct hf_out *out);
/* The operations this program takes, replacing what it said before. Errors: as above. */
HF_MUST_CHECK hf_err hf_app_ops(const struct hf_app_op *ops, size_t n, struct hf_out *out);
/* A command has ended; `result` may be empty. Errors: as above. */
HF_MUST_CHECK hf_err hf_app_result(const uint8_t cti[static HF_APP_CTI_LEN], bool failed, hf_bytes result,
				   struct hf_out *out);

enum hf_app_kind {
	HF_APP_OK = 1,      /* the answer to a message of ours, in their order; `text` what it brought */
	HF_APP_REFUSED = 2, /* the same, refused: `code` and `text` for people */
	HF_APP_COMMAND = 3, /* carry out `op` with `args`, one CBOR map, then say hf_app_result */
};
struct hf_app_message {
	enum hf_app_kind kind;
	hf_bytes text, code, op, args;
	uint8_t cti[HF_APP_CTI_LEN];
};
/* Errors: HF_ERR_APP_SHAPE; *m is empty then. */
HF_MUST_CHECK hf_err hf_app_read(hf_bytes packet, struct hf_app_message *m);
/* The value of one argument of a command: `args` must be a map with this member alone, of this type.
 * Errors: HF_ERR_APP_ARGS; the value is false or 0 then. For more arguments read the map with cbor.h. */
HF_MUST_CHECK hf_err hf_app_arg_bool(const struct hf_app_message *m, const char *name, bool *value);
HF_MUST_CHECK hf_err hf_app_arg_uint(const struct hf_app_message *m, const char *name, uint64_t *value);
#endif
