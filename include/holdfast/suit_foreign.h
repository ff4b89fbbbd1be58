/* suit_foreign.h -- walk the SUIT envelopes of others: every label that IANA has registered for manifests,
 * trust domains and update management is known, severed members are held against their digests, and the
 * verdict says whether the commands are of the subset that releases use. For tools, and for tests with the
 * examples of the draft; no device asks this.
 * Promise: deterministic CBOR at every level that is walked; unknown labels and integrated payloads refuse
 * the envelope. Nothing is authenticated: verify `envelope.block`. Text (member 23) is for people: its
 * hash is checked, its content is not looked at.
 * Source: draft-ietf-suit-manifest, -trust-domains, -update-management; IANA "SUIT" registries.
 * No allocation; what is read borrows from its input; recursion is bounded by HF_SUIT_MAX_NESTING. Thread
 * rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_SUIT_FOREIGN_H
#define HOLDFAST_SUIT_FOREIGN_H
#include <holdfast/manifest.h>

enum {
	HF_SUIT_FOREIGN_MAX_LEN = 16384,
	HF_SUIT_MAX_NESTING = 4, /* command sequences within command sequences */
	HF_SUIT_MAX_SEVERED = 7, /* labels that may be severed */
};

struct hf_suit_severed {
	int64_t label;
	hf_bytes member, content; /* with and without its byte string head */
};
struct hf_suit_foreign {
	struct hf_envelope envelope; /* d, digest, manifest, member, blocks */
	uint64_t sequence;
	size_t n_components, n_commands;
	size_t n_severed; /* members that stand in the envelope, each with the digest of the manifest */
	struct hf_suit_severed severed[HF_SUIT_MAX_SEVERED];
	bool in_subset; /* one component, and only sections, commands and parameters that releases use */
};

/* Errors: HF_ERR_RELEASE_ENVELOPE (shape, determinism, digest of the manifest, a label that nobody
 * registered, a custom label in the shared sequence, a severed member without a digest),
 * HF_ERR_SUIT_DIGEST (a severed member has another hash), HF_ERR_SUIT_LIMIT. Zero on error. */
HF_MUST_CHECK hf_err hf_suit_foreign_read(hf_bytes in, struct hf_suit_foreign *s);
#endif
