/* release_bundle.h -- from stored proofs to what leaves the shelf.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RELEASE_BUNDLE_H
#define RELEASE_BUNDLE_H
#include "release.h"

/* "releases/D/proof-REF" under this policy. */
void release_proof_name(const char *d, const struct hf_policy *p, char out[static SHELF_NAME_MAX]);
/* Write releases/D/bundle.hfb (and `out` when not NULL): the policies after `from` (0: as many as fit),
 * the envelope, and a minimal proof under each policy that has one. `d` empty: policies only. */
HF_MUST_CHECK hf_err release_bundle(struct shelf *s, const char *d, uint64_t from, const char *out);
/* Proof under the policy in force, in Sigsum's text, version 2. */
HF_MUST_CHECK hf_err release_sigsum_proof(struct shelf *s, const char *d, const char *out);
#endif
