/* shelf.h -- the maker's folder of releases and policies.
 *
 *	objects/HASH            images, records and what records name, by SHA-256 in hexadecimal
 *	releases/D/envelope     manifest and the signatures so far
 *	releases/D/proof-REF    first proof under that policy, with every cosignature; never replaced
 *	releases/D/bundle.hfb   what devices get
 *	releases/D/revoked.cose statement that withdraws it, with the signatures so far
 *	policies/policy-N.cose  statement; policies/policy-N.proof its proof under policy N-1
 *	policies/draft-N.cbor   payload nobody has signed; draft-N.cose with the signatures so far
 *
 * Promise: each file is written beside, flushed and renamed, so a kill leaves the old or the new one; what
 * is stored by content is never replaced. Thread rule: one thread per struct shelf.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SHELF_H
#define SHELF_H
#include <hf/file.h>
#include <holdfast/bundle.h>
#include "cli.h"

enum {
	SHELF_HEX = 2 * HF_SHA256_LEN + 1,
	SHELF_IMAGE_MAX = 1 << 30,
	SHELF_OBJECT_MAX = 16 << 20,
	SHELF_NAME_MAX = 160,
	SHELF_POLICIES_MAX = 4096,
};

struct shelf {
	const struct cli_args *args;
	char dir[CLI_PATH_MAX - SHELF_NAME_MAX];
	struct hf_why why;
};

/* --dir, else $HOLDFAST_RELEASES, else the folder one stands in; it must be there unless `fresh`.
 * shelf_make makes the folders. Errors here and below: file's, with words in s->why. */
HF_MUST_CHECK hf_err shelf_open(const struct cli_args *args, bool fresh, struct shelf *s);
HF_MUST_CHECK hf_err shelf_make(struct shelf *s);
/* Print what went wrong and give the exit status: 3 for machine and absent files, else 1; HF_OK is 0. */
int shelf_end(struct shelf *s, hf_err err);
/* Like hf_why_add on s->why, returns `err`. */
hf_err shelf_fail(struct shelf *s, hf_err err, const char *format, ...) __attribute__((format(printf, 3, 4)));

HF_MUST_CHECK hf_err shelf_read(struct shelf *s, const char *name, struct hf_buf *out);
HF_MUST_CHECK hf_err shelf_replace(struct shelf *s, const char *name, hf_bytes data);
HF_MUST_CHECK hf_err shelf_make_dir(struct shelf *s, const char *name);
bool shelf_has(struct shelf *s, const char *name);

/* Objects. `hash` gets the name; get checks it (HF_ERR_SHELF_DAMAGED). */
HF_MUST_CHECK hf_err shelf_put(struct shelf *s, hf_bytes object, uint8_t hash[static HF_SHA256_LEN]);
HF_MUST_CHECK hf_err shelf_get(struct shelf *s, hf_bytes hash, struct hf_buf *out);

/* "releases/D/NAME"; `d` is 64 hexadecimal digits. */
void shelf_release_name(const char *d, const char *name, char out[static SHELF_NAME_MAX]);
void shelf_hex(hf_bytes b, char *out);
/* The release a person means: D, or its first 8 or more digits, when there is one such. */
HF_MUST_CHECK hf_err shelf_find(struct shelf *s, const char *text, char d[static SHELF_HEX]);

/* Policy that is in force: the chain from policy 1, each link proved under the one before. */
struct shelf_policy {
	struct hf_buf file; /* the statement */
	struct hf_policy p; /* borrows from it */
};
void shelf_policy_end(struct shelf_policy *p);
/* The newest one, at most number `last`. HF_ERR_SHELF_POLICY when there is no policy 1. */
HF_MUST_CHECK hf_err shelf_policy(struct shelf *s, uint64_t last, struct shelf_policy *out);
/* Policy file by name: statement of any number, judged by its own root quorum. */
HF_MUST_CHECK hf_err shelf_policy_file(struct shelf *s, const char *path, struct shelf_policy *out);
/* The envelope of a release, checked against its name. */
HF_MUST_CHECK hf_err shelf_envelope(struct shelf *s, const char *d, struct hf_buf *file,
				    struct hf_envelope *e);
#endif
