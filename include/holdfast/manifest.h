/* manifest.h -- a release as its signers sign it: SUIT manifest of the release profile and its envelope.
 * Promise: equal input gives equal bytes, and one release has one spelling: the reader refuses everything
 * that the writer would not have written (deterministic CBOR at every level, inside byte strings too; any
 * other command, parameter, component or member). D = SHA-256 over the manifest as envelope member 3 holds
 * it, its byte string head included.
 * Source: draft-ietf-suit-manifest; IANA "SUIT" registries. Format: doc/protocol/manifest.md.
 * No allocation; what is read borrows from its input. Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_MANIFEST_H
#define HOLDFAST_MANIFEST_H
#include <holdfast/cose.h>

enum {
	HF_MANIFEST_MAX_LEN = 2048,
	HF_ENVELOPE_MAX_LEN = 4096, /* without text */
	HF_ENVELOPE_MAX_TEXT_LEN = 4096,
	HF_ENVELOPE_MAX_BLOCKS = 8,
	HF_MANIFEST_MAX_URI_LEN = 255,
	HF_MANIFEST_MAX_VERSION_LEN = 32,
	HF_MANIFEST_MAX_SEGMENTS = 4,
	HF_MANIFEST_MAX_BOARDS = 32,
	HF_MANIFEST_MIN_CHUNK_BITS = 10,
	HF_MANIFEST_MAX_CHUNK_BITS = 20,
	HF_MANIFEST_UUID_LEN = 16,
	HF_RELEASE_MESSAGE_LEN = 65, /* what a release signer with an 8-byte kid signs */
};

/* Conditions that are present, bits of hf_manifest.conditions. */
enum {
	HF_MANIFEST_HAS_BOARDS = 1,
	HF_MANIFEST_HAS_AGENT = 2,
	HF_MANIFEST_HAS_INSTALLED = 4,
	HF_MANIFEST_HAS_DATA = 8,
	HF_MANIFEST_HAS_POLICY = 16,
};

struct hf_manifest {
	uint64_t sequence;         /* security counter, at most 2^63-1 */
	hf_bytes component;        /* encoded id: array of 1 to 4 byte strings; HF_COMPONENT_MAIN */
	hf_bytes vendor, class_id; /* 16 bytes */
	hf_bytes image_digest;     /* 32 */
	uint64_t image_size;
	bool validate, invoke; /* commands for boot loaders */
	unsigned conditions;
	hf_bytes boards;       /* encoded sorted array of uint: hf_boards_write */
	int64_t agent_level;   /* least level of the agent */
	int64_t installed;     /* least installed sequence */
	int64_t data_level;    /* of this image; refused where the data are newer */
	int64_t policy_number; /* least policy number */
	hf_bytes uri;          /* text, 1 to 255 bytes */
	hf_bytes record;       /* SHA-256 of the release record */
	hf_bytes chunk_root;   /* 32 */
	uint8_t chunk_bits;    /* log2 of the chunk size, 10 to 20 */
	hf_bytes version;      /* text for people, at most 32 bytes, empty: absent */
	hf_bytes text_digest;  /* of the severed text member, empty: no text */
};
#define HF_COMPONENT_MAIN HF_STR("\x81\x44main")

/* Manifest, without the byte string head. Errors: HF_ERR_RELEASE_PROFILE, HF_ERR_SUIT_LIMIT.
 * Zero on error. */
HF_MUST_CHECK hf_err hf_manifest_read(hf_bytes manifest, struct hf_manifest *m);
/* Append; read back, so what is written is of the profile. Errors: as above; HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_manifest_write(const struct hf_manifest *m, struct hf_out *out);
/* D of a manifest without its byte string head. */
HF_MUST_CHECK hf_err hf_manifest_digest(hf_bytes manifest, uint8_t d[static HF_SHA256_LEN]);

/* Encoded component id from its segments; encoded board list from ascending numbers (1 to 32). */
HF_MUST_CHECK hf_err hf_component_write(const hf_bytes *segment, size_t n, struct hf_out *out);
HF_MUST_CHECK hf_err hf_boards_write(const uint64_t *board, size_t n, struct hf_out *out);
/* Does the list name this board? */
bool hf_boards_has(hf_bytes boards, uint64_t board);

/* ---- Envelope: 107({2: bstr [bstr digest, bstr COSE_Sign1 x k], 3: bstr manifest, ?23: bstr text}) ---- */

struct hf_envelope {
	uint8_t d[HF_SHA256_LEN]; /* checked against the manifest */
	hf_bytes digest;          /* 36 bytes [-16, D]: what the blocks sign */
	hf_bytes manifest;        /* content */
	hf_bytes member;          /* member 3 with its head: D = SHA-256 of it, the object of the log */
	hf_bytes text;            /* content of member 23, empty when absent; its hash is not checked here */
	size_t n_blocks;
	struct hf_cose_sign1 block[HF_ENVELOPE_MAX_BLOCKS]; /* payload set: ready to verify */
	hf_bytes block_bytes[HF_ENVELOPE_MAX_BLOCKS];
};

/* Errors: HF_ERR_RELEASE_ENVELOPE (shape, determinism, digest), HF_ERR_SUIT_LIMIT. Zero on error. */
HF_MUST_CHECK hf_err hf_envelope_read(hf_bytes in, struct hf_envelope *e);
/* Append an envelope without signatures. `text` empty: none; else deterministic CBOR, and the manifest's
 * text_digest must be that of hf_text_digest. Errors: hf_manifest_read's; HF_ERR_SUIT_DIGEST. */
HF_MUST_CHECK hf_err hf_envelope_write(hf_bytes manifest, hf_bytes text, struct hf_out *out);
/* What hf_manifest.text_digest must be for this text (content of member 23). */
HF_MUST_CHECK hf_err hf_text_digest(hf_bytes text, uint8_t digest[static HF_SHA256_LEN]);
/* Append a copy that carries one more block, made by `signer` (Ed25519, with kid); blocks are sorted by
 * kid, so the order of signing does not show. The older one of the same kid is replaced. */
HF_MUST_CHECK hf_err hf_envelope_sign(hf_bytes in, const struct hf_cose_signer *signer,
				      struct hf_out *scratch, struct hf_out *out);
/* Append a copy that carries also `block`, an encoded COSE_Sign1 of another copy (offline signing).
 * Nothing is verified. Errors: HF_ERR_RELEASE_ENVELOPE, HF_ERR_SUIT_LIMIT, COSE's, HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err hf_envelope_add(hf_bytes in, hf_bytes block, struct hf_out *out);
/* Append a copy without the text: what a bundle carries. */
HF_MUST_CHECK hf_err hf_envelope_strip(hf_bytes in, struct hf_out *out);

/* Which keys of the policy signed, is asked in bundle.h (hf_release_signers). */
#endif
