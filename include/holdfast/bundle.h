/* bundle.h -- everything a device needs to decide, without network, that it may install a release:
 * policy links, the signed manifest, and a proof from a witnessed log.
 * Promise: hf_release.install is yes only when every check of the list held, in this order, under the
 * policy in force; the first failure ends it. Links are stored one by one before what follows them is read.
 * Format: doc/protocol/bundle.md. No allocation; the input must not change meanwhile. One thread per
 * struct hf_trust.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_BUNDLE_H
#define HOLDFAST_BUNDLE_H
#include <holdfast/manifest.h>
#include <holdfast/trust.h>

enum {
	HF_BUNDLE_HEADER_LEN = 12,
	HF_BUNDLE_MAX_LINKS = 16,
	HF_BUNDLE_MAX_PROOFS = 8,
	HF_BUNDLE_RELEASE = 1,
	HF_BUNDLE_POLICY = 2,
	HF_BUNDLE_MAX_LEN = HF_BUNDLE_HEADER_LEN +
			    HF_BUNDLE_MAX_LINKS * (2 + HF_STATEMENT_MAX_LEN + HF_PROOF_MAX_LEN) +
			    HF_ENVELOPE_MAX_LEN + HF_BUNDLE_MAX_PROOFS * HF_PROOF_MAX_LEN,
};

/* Parts of a bundle; every length is checked when it was opened. */
struct hf_bundle {
	uint8_t kind, n_links, n_proofs;
	hf_bytes links;  /* n_links of them, one after another */
	hf_bytes object; /* SUIT envelope, empty in a HF_BUNDLE_POLICY */
	hf_bytes proofs;
};
struct hf_bundle_link {
	hf_bytes statement;
	struct hf_proof proof;
};

/* Errors: HF_ERR_BUNDLE_FORMAT, for any length, count or byte too much or too few. */
HF_MUST_CHECK hf_err hf_bundle_read(hf_bytes in, struct hf_bundle *b);
/* Take the first link or proof off `rest`. Errors: HF_ERR_BUNDLE_FORMAT. */
HF_MUST_CHECK hf_err hf_bundle_next_link(hf_bytes *rest, struct hf_bundle_link *link);
HF_MUST_CHECK hf_err hf_bundle_next_proof(hf_bytes *rest, struct hf_proof *proof);

/* Writer: `statement` and `proof` are encoded, `object` has its text stripped. Errors: HF_ERR_BUNDLE_FORMAT,
 * HF_ERR_BASE_NO_ROOM. Read back, nothing verified. */
struct hf_bundle_link_spec {
	hf_bytes statement, proof;
};
struct hf_bundle_spec {
	const struct hf_bundle_link_spec *link;
	size_t n_links;
	hf_bytes object; /* empty: HF_BUNDLE_POLICY */
	const hf_bytes *proof;
	size_t n_proofs;
};
HF_MUST_CHECK hf_err hf_bundle_write(const struct hf_bundle_spec *spec, struct hf_out *out);

/* What the device is, for vendor, class and conditions. */
struct hf_device_facts {
	hf_bytes vendor, class_id;
	hf_bytes component; /* encoded id, HF_COMPONENT_MAIN */
	uint64_t floor;     /* lowest sequence accepted */
	uint64_t installed; /* sequence of the image that is confirmed */
	uint64_t board;
	int64_t agent_level, data_level;
	uint64_t now; /* Unix seconds of a trusted clock, 0 without one */
};

struct hf_release {
	struct hf_verdict install;
	uint8_t d[HF_SHA256_LEN];
	struct hf_envelope envelope; /* borrows from the bundle, as does: */
	struct hf_manifest manifest;
	hf_key_set signers, rebuilders;
	struct hf_proof_result proof;
	unsigned n_links; /* policies that were new to the device, and are now in force */
	hf_err cause;     /* of HF_ERR_BUNDLE_CHAIN: which check the link failed */
};

/* Verify a bundle and bring `t` up to date. Links of policies already passed are skipped.
 * In order: HF_ERR_BUNDLE_FORMAT, _CHAIN, HF_ERR_RELEASE_ENVELOPE, _SIGNATURE, _QUORUM, _PROFILE, _CLASS,
 * _QUORUM (of the class), _ROLLBACK, _CONDITION, _REBUILD, HF_ERR_PROOF_NONE, _LEAF, _INCLUSION, _LOG,
 * _WITNESS, _EXPIRED; storage errors of the port; crypto's.
 * On error r->install is no and the policy links committed so far stay: that is their purpose.
 * A HF_BUNDLE_POLICY ends after the links with HF_OK and r->install no. `scratch`: HF_STATEMENT_SCRATCH. */
HF_MUST_CHECK hf_err hf_bundle_verify(hf_bytes in, struct hf_trust *t, const struct hf_device_facts *device,
				      struct hf_out *scratch, struct hf_release *r);

/* Valid signers of an envelope: release keys and rebuilder keys of the policy.
 * Errors: HF_ERR_RELEASE_SIGNATURE (kid twice, key of another role, bad signature); crypto's. */
HF_MUST_CHECK hf_err hf_release_signers(const struct hf_envelope *e, const struct hf_policy *policy,
					struct hf_out *scratch, hf_key_set *release, hf_key_set *rebuilders);

/* "E_QUORUM" and its like for the errors above, NULL for others: what tools print. */
const char *hf_release_reason(hf_err err);
#endif
