/* policy.h -- the trust policy object: which keys exist, what each may do, and how many must agree.
 * Promise: a policy that parsed is valid: no key or kid stands twice, no key is weak, every quorum names
 * existing keys of its own role, each once, and can be satisfied. One evaluator serves every quorum.
 * Format: doc/protocol/statement.md. No allocation; a parsed policy borrows its bytes, which must outlive it.
 * Thread rule: pure; a policy may be read from many threads.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_POLICY_H
#define HOLDFAST_POLICY_H
#include <holdfast/cbor.h>
#include <holdfast/crypto.h>

enum {
	HF_POLICY_MAX_KEYS = 32,
	HF_POLICY_MAX_OPERATOR_LEN = 32,
	HF_POLICY_MAX_DEPTH = 3, /* of a quorum: members of members of members */
	HF_POLICY_MAX_NAMED = 16,
	HF_POLICY_MAX_ANCHORS = 2,
	HF_POLICY_MAX_ANCHOR_LEN = 600,
	HF_POLICY_REF_LEN = 8,
	HF_POLICY_STALE_S = 1209600,
	HF_POLICY_MAX_CLASSES = 16, /* in one delegation */
	HF_POLICY_UUID_LEN = 16,    /* vendor, class */
};
enum hf_role {
	HF_ROLE_ROOT = 1,
	HF_ROLE_RELEASE = 2,
	HF_ROLE_REBUILDER = 3,
	HF_ROLE_PUBLISHER = 4,
	HF_ROLE_LOG = 5,
	HF_ROLE_WITNESS = 6,
	HF_ROLE_CUSTODIAN = 7,
	HF_ROLE_NAMED = 8, /* operators and others of field 14; these alone may use ES256 */
};

struct hf_policy_key {
	int role;
	int64_t alg; /* HF_COSE_ED25519 (-19), for role 8 also HF_COSE_ES256 (-7) */
	hf_bytes pub;
	hf_bytes holder;   /* text, who holds it */
	int64_t not_after; /* 0: no end */
	uint8_t kid[HF_KID_LEN];
};
struct hf_policy_anchor {
	uint64_t usage;
	hf_bytes der;
};
/* Set of key indices, bit i = key i. */
typedef uint32_t hf_key_set;

struct hf_policy {
	hf_bytes payload;
	uint8_t hash[HF_SHA256_LEN];    /* SHA-256(payload) */
	uint8_t ref[HF_POLICY_REF_LEN]; /* its first 8 bytes */
	uint64_t number;
	hf_bytes previous; /* SHA-256 of the policy before, empty in the first */
	hf_bytes vendor;   /* 16 bytes, UUIDv5 of the vendor's domain */
	size_t n_keys;
	struct hf_policy_key key[HF_POLICY_MAX_KEYS];
	/* Encoded quorums, empty when null; ask hf_quorum_met. */
	hf_bytes root, witness, monitor;
	hf_bytes release;   /* encoded list [[classes, Q], ...] */
	hf_bytes rebuilder; /* the same, empty when null */
	hf_bytes named;     /* encoded map {text: Q} */
	hf_key_set publishers, logs;
	hf_bytes break_glass; /* SHA-256 of the break-glass policy, empty when null */
	uint64_t stale_after_s;
	size_t n_anchors;
	struct hf_policy_anchor anchor[HF_POLICY_MAX_ANCHORS];
};

/* Parse and judge a payload (the content of a policy statement).
 * Errors: CBOR's; HF_ERR_POLICY_FORMAT, _KEY (weak, foreign algorithm), _TWICE (key or kid), _QUORUM. */
HF_MUST_CHECK hf_err hf_policy_read(hf_bytes payload, struct hf_policy *policy);

/* Index of the key with this kid, or -1. */
int hf_policy_find(const struct hf_policy *policy, hf_bytes kid);

/* Encoded quorum by name (field 14). Errors: HF_ERR_POLICY_ABSENT: nobody may do it. */
HF_MUST_CHECK hf_err hf_policy_named(const struct hf_policy *policy, hf_bytes name, hf_bytes *quorum);
/* Release quorum of a class (16 bytes): the delegation that names it, else the one for all others. */
HF_MUST_CHECK hf_err hf_policy_release(const struct hf_policy *policy, hf_bytes class_id, hf_bytes *quorum);

/* Rebuilder quorum of a class, in the same manner. Errors: HF_ERR_POLICY_ABSENT: none is asked for. */
HF_MUST_CHECK hf_err hf_policy_rebuilder(const struct hf_policy *policy, hf_bytes class_id, hf_bytes *quorum);
/* Do `signers` satisfy at least one release delegation, whatever its classes? For a verifier that must not
 * read the object yet. */
struct hf_verdict hf_policy_any_release(const struct hf_policy *policy, hf_key_set signers);
/* The keys of one role. */
hf_key_set hf_policy_role(const struct hf_policy *policy, int role);
/* Those of `set` whose not-after has not passed at `time`. */
hf_key_set hf_policy_unexpired(const struct hf_policy *policy, hf_key_set set, uint64_t time);

/* Do the keys in `signers` satisfy `quorum` of this policy? A no for an empty quorum. */
struct hf_verdict hf_quorum_met(const struct hf_policy *policy, hf_bytes quorum, hf_key_set signers);
/* Keys a quorum names, whatever their number must be. */
HF_MUST_CHECK hf_err hf_quorum_keys(const struct hf_policy *policy, hf_bytes quorum, hf_key_set *keys);

/* ---- Writing, for the tools that make policies ---- */

/* k of the keys with these indices and of `member`, quorums that count as one each; k = 0 writes null.
 * Or `encoded`, a quorum as a policy that was read holds it; then the rest is not looked at. */
struct hf_quorum_spec {
	uint64_t k;
	hf_key_set keys;
	const struct hf_quorum_spec *member;
	size_t n_members;
	hf_bytes encoded;
};
/* Whom to ask for a class: n_classes = 0 speaks for every class not named elsewhere. */
struct hf_delegation_spec {
	const hf_bytes *classes; /* 16 bytes each */
	size_t n_classes;
	struct hf_quorum_spec quorum;
};
struct hf_named_spec {
	hf_bytes name;
	struct hf_quorum_spec quorum;
};
struct hf_policy_spec {
	uint64_t number;
	hf_bytes previous; /* empty: null */
	hf_bytes vendor;
	const struct hf_policy_key *key; /* kid is not read */
	size_t n_keys;
	struct hf_quorum_spec root;
	const struct hf_named_spec *named; /* in bytewise order of their CBOR encoding: shorter names first */
	size_t n_named;
	const struct hf_policy_anchor *anchor;
	size_t n_anchors;
	const struct hf_delegation_spec *release;
	size_t n_release;
	const struct hf_delegation_spec *rebuilder; /* n_rebuilder = 0: null */
	size_t n_rebuilder;
	hf_key_set publishers, logs;
	struct hf_quorum_spec witness, monitor;
	uint64_t stale_after_s; /* 0: HF_POLICY_STALE_S */
	hf_bytes break_glass;   /* empty: null */
};
/* Append the payload; it is read back, so what is written is valid. Errors: as hf_policy_read. */
HF_MUST_CHECK hf_err hf_policy_write(const struct hf_policy_spec *spec, struct hf_out *out);
#endif
