/* release_rig.h -- a maker with all its keys, a log with its witnesses, and a device, in memory.
 * Keys come from fixed seeds, so every run makes the same bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RELEASE_RIG_H
#define RELEASE_RIG_H
#include <holdfast/bundle.h>

enum {
	ROOT0 = 0, /* three roots, 2 needed */
	REL0 = 3,  /* three release keys, 2 needed for any class but the second */
	REB0 = 6,  /* two rebuilders */
	PUBLISHER = 8,
	LOG0 = 9,   /* the log in use, and one more */
	WIT0 = 11,  /* three witnesses, 2 needed */
	OTHER = 14, /* a release key that alone may release the second class */
	N_KEYS = 15,
	MAX_POLICIES = 6,
	MAX_LEAVES = 64,
	LEVELS = 7,
	T0 = 1800000000, /* first cosignature */
};

struct rig_log {
	struct hf_merkle_hash node[LEVELS][MAX_LEAVES];
	uint64_t size;
};
struct rig_policy {
	uint8_t mem[HF_STATEMENT_MAX_LEN], payload_mem[HF_STATEMENT_MAX_LEN];
	struct hf_out box, payload; /* signed, and what was signed */
	struct hf_policy read;
	uint8_t proof_mem[HF_PROOF_MAX_LEN];
	struct hf_out proof; /* under the policy before */
};
struct rig {
	struct hf_key seed[N_KEYS];
	uint8_t pub[N_KEYS][HF_ED25519_PUB_LEN];
	uint8_t kid[N_KEYS][HF_KID_LEN];
	struct hf_policy_key key[N_KEYS];
	struct hf_policy_spec spec;
	struct hf_delegation_spec release[2], rebuilder[1];
	hf_bytes second_class;
	struct rig_policy policy[MAX_POLICIES + 1]; /* by number */
	struct rig_log log;
	/* What proofs are made of; a test changes them before rig_prove. */
	uint8_t publisher, log_key;
	uint64_t time[3];   /* of each witness */
	unsigned witnesses; /* bits */
	struct hf_manifest manifest;
	uint8_t manifest_mem[HF_MANIFEST_MAX_LEN], boards_mem[16];
	struct hf_out manifest_out, boards;
	uint8_t envelope_mem[2][HF_ENVELOPE_MAX_LEN];
	struct hf_out envelope;
	uint8_t proof_mem[HF_PROOF_MAX_LEN];
	struct hf_out proof;
	uint8_t bundle_mem[HF_BUNDLE_MAX_LEN];
	struct hf_out bundle;
	uint8_t scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch;
	struct hf_device_facts device;
	struct hf_trust trust;
	struct hf_release verdict;
};

extern const uint8_t rig_vendor[16], rig_class[16], rig_second[16], rig_hash[32];

/* Everything made, policy 1 signed, three leaves logged. */
void rig_start(struct rig *r);
struct hf_cose_signer rig_signer(struct rig *r, size_t i);
/* Write and sign policy `n` by these keys (bits) from r->spec, and log it under policy n - 1. */
void rig_policy(struct rig *r, unsigned n, hf_key_set signers);
hf_err rig_try_policy(struct rig *r, unsigned n, hf_key_set signers);
/* Manifest, envelope signed by these keys. */
void rig_release(struct rig *r, hf_key_set signers);
/* Log `d` and append its proof under the policy with this number. */
void rig_prove(struct rig *r, const uint8_t d[32], unsigned policy, struct hf_out *proof);
/* Proof of a leaf already logged, at the present size. */
void rig_prove_at(struct rig *r, const uint8_t d[32], uint64_t index, unsigned policy, struct hf_out *proof);
/* Bundle of links first..last (none if last < first), the envelope and r->proof. */
void rig_bundle(struct rig *r, unsigned first, unsigned last);
/* rig_release by REL0 and REL0 + 1, logged under `policy`, bundled with links from `first`. */
void rig_good(struct rig *r, unsigned first, unsigned policy);
/* Head message of the log as it stands. */
void rig_head(struct rig *r, unsigned policy, struct hf_out *out);
/* A device that holds policy 1; port may be NULL. */
hf_err rig_device(struct rig *r, struct hf_port *port);
/* hf_bundle_verify of r->bundle, with the verdict checked to fit. */
hf_err rig_verify(struct rig *r);
#endif
