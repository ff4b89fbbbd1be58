/* command_priv.h -- what the files of this room share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_COMMAND_PRIV_H
#define HOLDFAST_COMMAND_PRIV_H
#include <holdfast/obey.h>

/* Freestanding: compilers emit calls to these, so a port supplies them and core may use them. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int c, size_t n);

enum {
	HF__CLAIM_ISS = 1, /* RFC 8392 s3.1 */
	HF__CLAIM_AUD = 3,
	HF__CLAIM_EXP = 4,
	HF__CLAIM_IAT = 6,
	HF__CLAIM_CTI = 7,
	HF__CLAIM_BODY = -65537, /* private use */
	HF__AAD_CAP = 48,
};

/* `prefix` then dev, as the external_aad of one kind of object. */
struct hf__aad {
	uint8_t b[HF__AAD_CAP];
	size_t len;
};
struct hf__aad hf__command_aad(hf_bytes prefix, hf_bytes dev);
static inline hf_bytes hf__aad_bytes(const struct hf__aad *aad)
{
	return (hf_bytes){ aad->b, aad->len };
}
/* The kid of a P-256 point is the hash of its 65 bytes. */
HF_MUST_CHECK hf_err hf__command_kid(const uint8_t pub[static HF_P256_POINT_LEN],
				     uint8_t kid[static HF_KID_LEN]);
/* Append a COSE_Sign1 by `key`, named by its kid; and open one by `pub`, whose kid must stand in it. */
HF_MUST_CHECK hf_err hf__command_sign1(hf_bytes payload, hf_bytes aad, const struct hf_hwkey *key,
				       struct hf_out *out);
HF_MUST_CHECK hf_err hf__receipt_open1(hf_bytes object, const uint8_t pub[static HF_P256_POINT_LEN],
				       hf_bytes aad, hf_bytes *payload);
/* hf_command_unseal after the outer object was read. */
HF_MUST_CHECK hf_err hf__command_open(const struct hf_cose_encrypt *e,
				      const struct hf_ecdhkey *const keys[static 2], hf_bytes dev,
				      struct hf_out *out, hf_bytes *inner);
/* Is the lead (iss) among the signers that are live at `at`? HF_ERR_COMMAND_SIGNATURE if not. */
HF_MUST_CHECK hf_err hf__command_lead(const struct hf_policy *p, const struct hf_claims *c,
				      hf_key_set signers, uint64_t at);

/* ---- Device ---- */

/* Table record <-> struct. Decoding judges every bound; a foreign record is HF_ERR_PORT_CORRUPT.
 * `payload` is the receipt that waits for its signature, empty when none does. */
HF_MUST_CHECK hf_err hf__obey_encode(const struct hf_obey *o, hf_bytes payload, struct hf_out *out);
HF_MUST_CHECK hf_err hf__obey_decode(struct hf_obey *o, hf_bytes record, hf_bytes *payload);
/* Make the table durable, with or without a waiting receipt. */
HF_MUST_CHECK hf_err hf__obey_persist(struct hf_obey *o, hf_bytes payload);
/* Read the table into cfg.scratch and give what waits in it. */
HF_MUST_CHECK hf_err hf__obey_waiting(struct hf_obey *o, hf_bytes *payload);
/* An empty table with a fresh epoch, in RAM. */
HF_MUST_CHECK hf_err hf__obey_fresh(struct hf_obey *o);

struct hf_obey_row *hf__obey_row(struct hf_obey *o, const uint8_t kid[static HF_KID_LEN]);
/* The signer's row, made if need be; NULL when the table is full of signers that the policy knows. */
struct hf_obey_row *hf__obey_take_row(struct hf_obey *o, const uint8_t kid[static HF_KID_LEN]);
/* Forget signers that the policy no longer knows: a stolen key's row goes with it. */
void hf__obey_prune(struct hf_obey *o);
/* The job of this command; of cti NULL: a free one. NULL when there is none. */
struct hf_obey_job *hf__obey_job(struct hf_obey *o, const uint8_t *cti);

/* Who and to whom. `op` is the device's own row for the operation, NULL when it knows none. */
unsigned hf__obey_judge_signers(const struct hf_policy *policy, hf_bytes dev, const struct hf_op *op,
				const struct hf_claims *c, hf_key_set signers, uint64_t floor_s);
/* Epoch and counter; nothing is changed. */
unsigned hf__obey_judge_counter(struct hf_obey *o, const struct hf_claims *c);
/* Time, then device state and arguments. A refusal from here burns the counter. */
unsigned hf__obey_judge_moment(struct hf_obey *o, const struct hf_op *op, const struct hf_claims *c,
			       const struct hf_clock *clock, uint64_t floor_s);
const struct hf_op *hf__obey_op(const struct hf_obey *o, hf_bytes name);

/* What a receipt answers. `result` is plain and sealed to `reply`, if both are there. */
struct hf__answer {
	const uint8_t *cti;
	const uint8_t *reply; /* NULL = none asked for */
	uint8_t cls;
	const uint8_t *hash;
	uint64_t high;
	unsigned status, reason;
	hf_bytes result;
};
/* A receipt outside the chain: signed, stored nowhere. */
HF_MUST_CHECK hf_err hf__obey_answer_loose(struct hf_obey *o, const struct hf__answer *a,
					   struct hf_out *receipt);
/* Receipt number count + 1, stored with the table, which says so already: unsigned first, then signed. When
 * it fails with o->pending false, nothing was written that counts. */
HF_MUST_CHECK hf_err hf__obey_answer_chained(struct hf_obey *o, const struct hf__answer *a,
					     struct hf_out *receipt);
/* Sign and store the receipt that waits in the table, if one does; `receipt` then holds it. */
HF_MUST_CHECK hf_err hf__obey_settle(struct hf_obey *o, struct hf_out *receipt);
/* The last word (or, accepted, the first) on a job that is under way. */
struct hf__answer hf__obey_answer_for(const struct hf_obey_job *job, unsigned status, unsigned reason);
HF_MUST_CHECK hf_err hf__obey_finish_job(struct hf_obey *o, struct hf_obey_job *job,
					 const struct hf__answer *a, struct hf_out *receipt);
/* Keep a receipt outside the chain, so that a repeated command gets it again. */
void hf__obey_remember(struct hf_obey *o, const uint8_t hash[static HF_SHA256_LEN], hf_bytes receipt);
#endif
