/* trust.h -- what this operator believes of a device: the keys it endorsed itself.
 * The server only carries the endorsements; each step is verified here, beginning with the claim code that
 * only the owner has read. Kept in FOLDER/devices/DEV.trust, claims that wait in FOLDER/claims/.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_H
#define TRUST_H
#include <holdfast/claim.h>
#include <holdfast/endorse.h>
#include <holdfast/receipt.h>
#include "session.h"

struct trust {
	char dev[HF_DEV_LEN + 1];
	bool known; /* `e` holds what was accepted last */
	struct hf_endorse e;
	/* My own counter: the last number signed, and in which replay epoch. */
	uint64_t seq;
	uint8_t seq_rep[HF_COMMAND_REP_LEN];
};

/* FOLDER/devices, made when it is not there. */
bool trust_folder(const struct session *s);
/* Remember the owner's part of a claim until the device is heard of. */
bool trust_keep_claim(const struct session *s, const struct hf_claim_keys *keys);
/* From disk; `known` false when nothing is there. */
bool trust_load(const struct session *s, const char *dev, struct trust *t);
bool trust_save(const struct session *s, const struct trust *t);
/* Load, fetch what is new, verify, save. Enough to read what the device signed, also after it was thrown
 * out. */
bool trust_refresh(struct session *s, const char *dev, struct trust *t);
/* The same, and its certificate must show the endorsed key: before anything is sent to it. */
bool trust_update(struct session *s, const char *dev, struct trust *t);
/* Add t->e.signing to them. */
bool trust_keep_signer(const struct session *s, const struct trust *t);
/* Signing keys accepted so far, newest last, from FOLDER/devices/DEV.signers: what was signed before a
 * renewal stays readable. Returns how many. */
enum { TRUST_SIGNERS_MAX = 64 };
size_t trust_signers(const struct session *s, const char *dev,
		     uint8_t points[TRUST_SIGNERS_MAX][HF_P256_POINT_LEN]);
#endif
