/* endorse.h -- the device tells its owner, past the server, which keys are its own.
 * Promise: the owner's CLI accepts a device's encryption key only through this chain, so a server cannot
 * put its own key in place. Generation 0 is proven by the claim's Ko (or by the factory key), generation
 * n + 1 by the signing key of generation n. Sent on hf/1/{dev}/-/up/id/endorse; stored by the server.
 *
 *	E      = ["hf-end1", dev, gen, bstr signing point (65), bstr encryption point (65)]
 *	gen 0  = [bstr E, bstr HMAC-SHA-256(Ko, E)]                    ; claim
 *	       | COSE_Sign1(factory key, aad "hf/endorse/1", E)        ; line policy `idevid`
 *	gen n  = COSE_Sign1(signing key of gen n-1, aad "hf/endorse/1", E)
 *
 * Thread rule: pure functions; what a read gives borrows from its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_ENDORSE_H
#define HOLDFAST_ENDORSE_H
#include <holdfast/cose.h>
#include <holdfast/identity.h>

enum {
	HF_ENDORSE_MAX_LEN = 320, /* of any object above */
	HF_ENDORSE_MAX_GEN = 0x7fffffff,
};

struct hf_endorse {
	char dev[HF_DEV_LEN + 1];
	uint32_t gen;
	uint8_t signing[HF_P256_POINT_LEN];
	uint8_t encryption[HF_P256_POINT_LEN];
};

/* Append the object of generation 0 under Ko, or of any generation under a signing key.
 * Errors: HF_ERR_BASE_MISUSE (gen or name), HF_ERR_BASE_NO_ROOM, crypto's, the key's. */
HF_MUST_CHECK hf_err hf_endorse_write_claim(const struct hf_endorse *e, const struct hf_key *ko,
					    struct hf_out *out);
HF_MUST_CHECK hf_err hf_endorse_write_signed(const struct hf_endorse *e, const struct hf_hwkey *signer,
					     struct hf_out *out);

/* Read without a verdict: what does it say? For a server that only files it. Points are not checked.
 * Errors: HF_ERR_ENDORSE_SHAPE. */
HF_MUST_CHECK hf_err hf_endorse_peek(hf_bytes object, struct hf_endorse *e);

/* Owner's side. Start a chain from generation 0, for the device the owner means.
 * Errors: HF_ERR_ENDORSE_SHAPE, _DEV (another device), _GENERATION (not 0), _PROOF; crypto's (points). */
HF_MUST_CHECK hf_err hf_endorse_open_claim(hf_bytes object, hf_bytes dev, const struct hf_key *ko,
					   struct hf_endorse *e);
HF_MUST_CHECK hf_err hf_endorse_open_factory(hf_bytes object, hf_bytes dev,
					     const uint8_t factory[static HF_P256_POINT_LEN],
					     struct hf_endorse *e);
/* One step: `have` is what the owner accepted last. The same generation with the same content is HF_OK and
 * changes nothing; a lower one, a jump, or the same one with another content is HF_ERR_ENDORSE_GENERATION. */
HF_MUST_CHECK hf_err hf_endorse_open_next(hf_bytes object, const struct hf_endorse *have,
					  struct hf_endorse *e);
/* The endorsed signing key must be the certificate's: HF_ERR_ENDORSE_KEY. */
HF_MUST_CHECK hf_err hf_endorse_check_key(const struct hf_endorse *e,
					  const uint8_t spki[static HF_P256_POINT_LEN]);
#endif
