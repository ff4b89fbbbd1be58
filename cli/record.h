/* record.h -- release record: where an image comes from, for people and auditors; never sent to devices.
 * Promise: one record has one spelling; the reader refuses every other.
 * Format: doc/protocol/release-record.md. Limits: RECORD_MAX bytes. Pure; what is read borrows its input.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORD_H
#define RECORD_H
#include <holdfast/cbor.h>
#include <holdfast/crypto.h>

enum {
	RECORD_MAX = 16384,
	RECORD_TEXT_MAX = 1024,
	RECORD_LIST_MAX = 64,
	RECORD_CLASSES_MAX = 16,
	RECORD_IMAGES_MAX = 8,
	RECORD_URGENCY_MAX = 3,
};
/* Places of the digests, fields 12 to 16. */
enum { RECORD_SBOM, RECORD_VEX, RECORD_AUDIT, RECORD_CAPABILITIES, RECORD_PROVENANCE, RECORD_DIGESTS };

struct record_image {
	hf_bytes name, hash;
	uint64_t size;
};
struct record {
	hf_bytes product, component, version, repository, commit, build_command;
	hf_bytes tree;      /* 20 or 32 bytes */
	hf_bytes container; /* 32, empty: null */
	hf_bytes previous;  /* 32, empty: null */
	uint64_t source_date_epoch, urgency;
	size_t n_classes, n_environment, n_images, n_advisories;
	hf_bytes class_id[RECORD_CLASSES_MAX]; /* 16 bytes each */
	hf_bytes environment[RECORD_LIST_MAX]; /* NAME=VALUE, ascending */
	hf_bytes advisory[RECORD_LIST_MAX];
	hf_bytes digest[RECORD_DIGESTS]; /* 32 each, empty: null */
	struct record_image image[RECORD_IMAGES_MAX];
};

/* Errors: HF_ERR_RECORD_SHAPE; HF_ERR_BASE_NO_ROOM. */
HF_MUST_CHECK hf_err record_write(const struct record *r, struct hf_out *out);
HF_MUST_CHECK hf_err record_read(hf_bytes in, struct record *r);
#endif
