/* vouch.h -- an operator tells the others which keys of a device it has accepted.
 * The owner proves a device's keys by the claim code, which only one person has read (endorse.h). With a
 * vouch the other operators of the same trust policy believe the same keys, past a hostile server.
 *
 *	vouch = COSE_Sign1 (alg -7, kid = the operator's key), aad "hf/vouch/1/" dev, of
 *	        ["hf-vouch1", dev, gen, signing point, encryption point, time, [earlier signing points]]
 *
 * The earlier points, oldest first, let the reader open what the device signed before it renewed its keys.
 * Promise: an opened vouch was signed by a live role-8 key of the policy, for the device it names.
 * Format: doc/protocol/identity.md. Thread rule: pure functions.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_VOUCH_H
#define HOLDFAST_VOUCH_H
#include <holdfast/endorse.h>
#include <holdfast/policy.h>

enum {
	HF_VOUCH_MAX_EARLIER = 63,
	HF_VOUCH_MAX_LEN = 4800,
};

struct hf_vouch {
	struct hf_endorse e;
	uint64_t time; /* when it was signed, Unix seconds */
	size_t n_earlier;
	uint8_t earlier[HF_VOUCH_MAX_EARLIER][HF_P256_POINT_LEN];
	int signer; /* index of its key in the policy; set by hf_vouch_open */
};

/* Append the object. Errors: HF_ERR_BASE_MISUSE (name, generation, count), no room, the key's. */
HF_MUST_CHECK hf_err hf_vouch_write(const struct hf_vouch *v, const struct hf_hwkey *signer,
				    struct hf_out *out);
/* Read and verify at time `now`. Errors: HF_ERR_VOUCH_SHAPE, _SIGNER (no such operator in the policy, or its
 * key has ended), _SIGNATURE; crypto's (points). *v is empty then. */
HF_MUST_CHECK hf_err hf_vouch_open(hf_bytes object, const struct hf_policy *policy, uint64_t now,
				   struct hf_vouch *v);
#endif
