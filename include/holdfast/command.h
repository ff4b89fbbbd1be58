/* command.h -- the command object: what operators sign and seal, and what a device opens.
 *
 *	claims  = {1: iss, 3: aud, 4: exp, 6: iat, 7: cti,
 *	           -65537: [class, rep, seq, deadline, op, args, reply]}
 *	inner   = COSE_Sign1 (one signer) or COSE_Sign (k of n) over claims
 *	plain   = [bstr inner, bstr zeros]
 *	command = COSE_Encrypt to the device's encryption key over plain
 *
 * "hf/cmd/1/{dev}" is the external_aad of every layer, so nothing can be moved to another device or class.
 * Promise: the readers take only what the writers make; broker and server see neither operation, nor class,
 * nor how many signed. Deciding is obey.h's, answers are receipt.h's. Format: doc/protocol/command.md.
 * Limits: 16 KiB sealed, 8 signatures. No allocation, no globals; what is read borrows from its input.
 * Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_COMMAND_H
#define HOLDFAST_COMMAND_H
#include <holdfast/cose.h>
#include <holdfast/policy.h>

enum {
	HF_COMMAND_MAX_LEN = 16384,
	HF_COMMAND_MAX_INNER_LEN = 16384 - 200, /* leaves room for sealing and padding heads */
	HF_COMMAND_DEV_LEN = 16,
	HF_COMMAND_ISS_LEN = 13, /* base32 of a kid */
	HF_COMMAND_CTI_LEN = 16,
	HF_COMMAND_REP_LEN = 8,
	HF_COMMAND_MAX_OP_LEN = 32,
	HF_COMMAND_MAX_SKEW_S = 300,       /* iat may lie this far ahead */
	HF_COMMAND_MAX_LIFE_S = 24 * 3600, /* exp - iat of all classes but erase */
	HF_COMMAND_MAX_ERASE_LIFE_S = 400 * 24 * 3600,
	HF_COMMAND_MAX_JUMP = 1 << 20, /* seq may exceed the last one by this much */
	HF_COMMAND_AAD_LEN = 9 + HF_COMMAND_DEV_LEN,
};

/* Exactly what the device's own table says of the operation; see obey.h. */
enum hf_command_class {
	HF_COMMAND_READ = 1,
	HF_COMMAND_ACT = 2,
	HF_COMMAND_DANGER = 3,
	HF_COMMAND_ERASE = 4,
};

struct hf_claims {
	uint8_t iss[HF_KID_LEN]; /* lead signer, owner of the counter */
	hf_bytes aud;            /* dev */
	uint64_t exp, iat;       /* Unix seconds */
	uint8_t cti[HF_COMMAND_CTI_LEN];
	uint8_t cls;
	uint8_t rep[HF_COMMAND_REP_LEN];
	uint64_t seq;
	bool has_deadline; /* device time, for devices without a clock */
	uint64_t deadline_boot, deadline_s;
	hf_bytes op;
	hf_bytes args; /* one CBOR map */
	bool has_reply;
	uint8_t reply[HF_P256_COMPRESSED_LEN]; /* results are sealed to this one-time point */
};

/* A signed command, parsed and not judged. */
struct hf_command {
	hf_bytes inner;
	hf_bytes payload; /* the claims' bytes */
	struct hf_claims claims;
	bool single; /* tag 18: one signer, no room for another */
	size_t n;    /* signatures */
	hf_bytes kid[HF_COSE_MAX_SIGNATURES];
};

/* Append the claims. Errors: HF_ERR_COMMAND_CLAIMS (a value outside its limits), HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_claims_write(const struct hf_claims *c, struct hf_out *out);
/* Errors: HF_ERR_COMMAND_CLAIMS. *c is empty then. */
HF_MUST_CHECK hf_err hf_claims_read(hf_bytes in, struct hf_claims *c);

/* "hf/cmd/1/{dev}" into aad; dev has HF_COMMAND_DEV_LEN characters. */
void hf_command_aad(hf_bytes dev, uint8_t aad[static HF_COMMAND_AAD_LEN]);

/* Append a command signed by its lead: `single` gives the short form for quorums of one, else a COSE_Sign
 * that co-signers add to. The kid is the signer's, as the policy names its key.
 * Errors: HF_ERR_COMMAND_SIGNER (iss is not the signer), HF_ERR_COMMAND_CLAIMS; the key's; no room. */
HF_MUST_CHECK hf_err hf_command_sign(hf_bytes claims, const struct hf_hwkey *lead, bool single,
				     struct hf_out *out);
/* Append a copy of `inner` with one signature more. Show the claims to a person first (hf_command_read,
 * hf_command_code). Errors: HF_ERR_COMMAND_SHAPE (a single form, or no command); the key's; no room. */
HF_MUST_CHECK hf_err hf_command_cosign(hf_bytes inner, const struct hf_hwkey *signer, struct hf_out *out);

/* Parse a signed command, without a verdict. Errors: HF_ERR_COMMAND_SHAPE, _CLAIMS. *c is empty then. */
HF_MUST_CHECK hf_err hf_command_read(hf_bytes inner, struct hf_command *c);
/* First 8 hex digits of SHA-256(claims), with NUL: what a co-signer types to show that they looked. */
HF_MUST_CHECK hf_err hf_command_code(hf_bytes claims, char code[static 9]);
/* SHA-256(inner): a receipt names the command by it. It covers signatures that no server has seen. */
HF_MUST_CHECK hf_err hf_command_hash(hf_bytes inner, uint8_t hash[static HF_SHA256_LEN]);

/* Parse and verify: every signature by a key that the policy knows must be right, and there is at least
 * one. `signers` are the policy keys of HF_ROLE_NAMED that signed, in any number. Nothing else is judged.
 * Errors: HF_ERR_COMMAND_SHAPE, _CLAIMS, _SIGNATURE; crypto's. */
HF_MUST_CHECK hf_err hf_command_verify(hf_bytes inner, const struct hf_policy *p, hf_bytes dev,
				       struct hf_command *c, hf_key_set *signers);
/* Is the quorum of this class ("cmd-read", "cmd-act", "cmd-danger", "cmd-erase") met by the signers that
 * are live at `at`? False when the policy has no such quorum. */
struct hf_verdict hf_command_quorum_met(const struct hf_policy *p, unsigned cls, hf_key_set signers,
					uint64_t at);

/* Append the sealed command: to the device's endorsed encryption point, padded so that class and number of
 * signers do not show. `scratch` takes the padded plain text: inner.len + 1,100 bytes do; it is wiped.
 * Errors: HF_ERR_COMMAND_LIMIT; the COSE sealing functions'; HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_command_seal(struct hf_port *port, hf_bytes inner,
				     const uint8_t device[static HF_P256_POINT_LEN], hf_bytes dev,
				     struct hf_out *scratch, struct hf_out *out);
/* Append the plain text of a sealed command and give its inner part. `keys` are the current and the
 * previous decryption key, entries may be NULL. `out` may begin where the ciphertext lies, see
 * hf_cose_encrypt_open. Errors: HF_ERR_COMMAND_LIMIT, _SHAPE, _KEY (kid is none of ours), _PADDING;
 * HF_ERR_COSE_POINT, _DECRYPT. */
HF_MUST_CHECK hf_err hf_command_unseal(hf_bytes sealed, const struct hf_ecdhkey *const keys[static 2],
				       hf_bytes dev, struct hf_out *out, hf_bytes *inner);
#endif
