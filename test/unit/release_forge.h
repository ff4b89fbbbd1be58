/* release_forge.h -- what an attacker makes: objects that none of our writers would write, signed and
 * logged as if they were good. Each test of an attack begins with forge_good, which shows that the bundle
 * without the attack is accepted.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RELEASE_FORGE_H
#define RELEASE_FORGE_H
#include "release_rig.h"

enum { FORGE_MAX_BLOCKS = 10 };

/* A device with policy 1 and a bundle that it accepts; the device has not seen it yet. */
struct rig *forge_good(void);
/* Sign r->manifest anew by these keys, log it, bundle it. */
void forge_release(struct rig *r, hf_key_set signers);
/* The bundle is refused with this code, and the device believes what it believed before. */
void forge_expect(struct rig *r, hf_err err);
/* An envelope around any manifest bytes, signed by two release keys and by `strangers` whom no policy knows,
 * logged and bundled. */
void forge_manifest(struct rig *r, hf_bytes manifest, size_t strangers);
/* Policy `n` with any payload, signed by these keys and logged under policy n - 1. */
void forge_policy(struct rig *r, unsigned n, hf_bytes payload, hf_key_set signers);
/* A bundle of policy 2 alone: it comes into force (HF_OK), or the chain breaks for this cause. */
void forge_link_gives(struct rig *r, hf_err cause);
/* Replace the first `from` in `mem` by `to`, both `n` bytes long; it must be there. */
void forge_patch(uint8_t *mem, size_t len, const void *from, const void *to, size_t n);
/* The same in the envelope; bundled again. */
void forge_patch_envelope(struct rig *r, const void *from, const void *to, size_t n);
#endif
