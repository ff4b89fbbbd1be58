/* suit.h -- a walk through any SUIT envelope that keeps to deterministic CBOR and the registered labels:
 * what it contains, whether its severed parts are the signed ones, and which profile it fits.
 * For tools and tests; a device reads releases with manifest.h.
 * Source: draft-ietf-suit-manifest; IANA "SUIT" registries. Thread rule: pure; borrows its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_SUIT_H
#define HOLDFAST_SUIT_H
#include <holdfast/manifest.h>

struct hf_suit_facts {
	struct hf_envelope envelope;
	uint64_t sequence;
	size_t n_components;
	size_t n_severed; /* parts outside the manifest whose hash was right */
	bool subset;      /* only commands of our subset, one component */
	bool release;     /* subset, install inline, no reference URI, our parameters present */
};

/* Walk `in`. Errors: HF_ERR_RELEASE_ENVELOPE, HF_ERR_SUIT_FORMAT (an unknown label, a value of the wrong
 * kind), HF_ERR_SUIT_DIGEST (severed part), HF_ERR_SUIT_LIMIT. Zero on error. */
HF_MUST_CHECK hf_err hf_suit_walk(hf_bytes in, struct hf_suit_facts *facts);
#endif
