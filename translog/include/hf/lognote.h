/* lognote.h -- checkpoints as text (C2SP signed notes): what the log publishes and witnesses are asked with.
 * Promise: no extension lines; readers pass over signature lines of keys they do not know and refuse the
 * note when the line of a known key is wrong (the caller verifies with holdfast/checkpoint.h).
 * Limits: HF_NOTE_MAX bytes, HF_NOTE_LINES_MAX signature lines. Thread rule: pure; what is read borrows.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LOGNOTE_H
#define HF_LOGNOTE_H
#include <holdfast/checkpoint.h>
#include <hf/buf.h>

enum { HF_NOTE_MAX = 16384, HF_NOTE_LINES_MAX = 32, HF_NOTE_NAME_MAX = 128, HF_NOTE_PAYLOAD_MAX = 72 };
enum { HF_NOTE_LOG = 1, HF_NOTE_COSIGNATURE = 4 }; /* key types of key IDs */

struct hf_note_line {
	hf_bytes name;
	uint8_t id[4];
	uint8_t payload[HF_NOTE_PAYLOAD_MAX]; /* signature 64, or time 8 and signature 64 */
	size_t payload_len;                   /* 0: longer than any kind we know */
};
struct hf_note {
	hf_bytes origin;
	struct hf_tree_head head;
	size_t n_lines;
	struct hf_note_line line[HF_NOTE_LINES_MAX];
};
/* Errors: HF_ERR_LOG_NOTE. */
HF_MUST_CHECK hf_err hf_note_read(hf_bytes text, struct hf_note *note);

/* SHA-256(name, 0A, type, key)[0:4]. */
HF_MUST_CHECK hf_err hf_note_key_id(hf_bytes name, int type, const uint8_t pub[static HF_ED25519_PUB_LEN],
				    uint8_t id[static 4]);
/* "sigsum.org/v1/witness/<hex SHA-256(key)>", our witness's own name. */
HF_MUST_CHECK hf_err hf_note_witness_name(const uint8_t pub[static HF_ED25519_PUB_LEN], struct hf_out *out);
/* Append the body and the empty line; then one signature line each. */
HF_MUST_CHECK hf_err hf_note_put_body(struct hf_buf *b, const uint8_t log[static HF_ED25519_PUB_LEN],
				      const struct hf_tree_head *head);
HF_MUST_CHECK hf_err hf_note_put_log_line(struct hf_buf *b, const uint8_t log[static HF_ED25519_PUB_LEN],
					  const uint8_t sig[static HF_ED25519_SIG_LEN]);
HF_MUST_CHECK hf_err hf_note_put_cosignature(struct hf_buf *b,
					     const uint8_t witness[static HF_ED25519_PUB_LEN], uint64_t time,
					     const uint8_t sig[static HF_ED25519_SIG_LEN]);
/* The line by which this key cosigned (its own name whatever it is): NULL when there is none. */
const struct hf_note_line *hf_note_find(const struct hf_note *note, int type,
					const uint8_t pub[static HF_ED25519_PUB_LEN]);

/* One signature line by itself, as a witness answers it. Errors: HF_ERR_LOG_NOTE. */
HF_MUST_CHECK hf_err hf_note_read_line(hf_bytes *rest, struct hf_note_line *line);

/* ---- add-checkpoint request (C2SP tlog-witness) ---- */
struct hf_note_request {
	uint64_t old_size;
	size_t n_proof;
	struct hf_merkle_hash proof[HF_MERKLE_PROOF_MAX];
	struct hf_note note;
};
enum { HF_NOTE_REQUEST_MAX = 32768 };
HF_MUST_CHECK hf_err hf_note_request_read(hf_bytes body, struct hf_note_request *r);
HF_MUST_CHECK hf_err hf_note_request_write(struct hf_buf *b, uint64_t old_size,
					   const struct hf_merkle_hash *proof, size_t n, hf_bytes note);

/* ---- key=value bodies (Sigsum v1) ---- */
/* Take "key=value\n" from the front. False when the next line is not of this key. */
bool hf_kv_take(hf_bytes *rest, const char *key, hf_bytes *value);
bool hf_kv_number(hf_bytes text, uint64_t *value); /* 0|[1-9][0-9]*, at most 2^63-1 */
/* Exactly `n` bytes as hexadecimal. */
bool hf_kv_hex(hf_bytes text, uint8_t *out, size_t n);
HF_MUST_CHECK hf_err hf_kv_put_hex(struct hf_buf *b, const uint8_t *data, size_t n);
/* The word up to a space or the end. */
hf_bytes hf_kv_word(hf_bytes *rest);
#endif
