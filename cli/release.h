/* release.h -- shared by the verbs of `holdfast release`.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RELEASE_H
#define RELEASE_H
#include "capability.h"
#include "record.h"
#include "shelf.h"
#include "signer.h"

#define OPT_DIR \
	{ \
		"dir", "DIR", "folder of releases (default: $HOLDFAST_RELEASES, else here)" \
	}
#define OPT_KEY \
	{ \
		"key", "SIGNER", "file:PATH, agent:SHA256:PRINT or exec:PROGRAM" \
	}
#define OPT_PUBLIC \
	{ \
		"public", "KEY", "public key the signer stands for: file, or 64 hex digits; exec: needs it" \
	}

/* A release read from the shelf, everything checked against its hashes. About 100 KiB: keep it static or
 * on the heap. */
struct release {
	char d[SHELF_HEX];
	struct hf_buf file, record_file, capability_file;
	struct hf_envelope envelope;
	struct hf_manifest manifest;
	struct record record;
	bool has_capabilities;
	struct capability_set capabilities;
};
struct release *release_new(void);
void release_free(struct release *r);
static inline void release_drop(struct release **r)
{
	release_free(*r);
}
/* Recomputes D from the stored manifest, and the image's hash, size and chunk root from the stored image.
 * `envelope` empty: the one on the shelf. Errors: shelf's, manifest's; HF_ERR_SHELF_DAMAGED. */
HF_MUST_CHECK hf_err release_load(struct shelf *s, const char *d, struct release *r);
/* The release that a person names, and (unless NULL) the policy in force to judge it by.
 * Errors: the above; shelf_find's, shelf_policy's; HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err release_open(struct shelf *s, const char *text, struct shelf_policy *policy,
				  struct release **r);

/* release_spec.c: make a release from its description and image; gives D. */
HF_MUST_CHECK hf_err release_make(struct shelf *s, const char *spec_file, const char *image_file,
				  char d[static SHELF_HEX]);
/* Chunk root of an image. */
HF_MUST_CHECK hf_err release_chunk_root(hf_bytes image, unsigned bits, uint8_t root[static HF_SHA256_LEN]);

/* release_page.c: the what-changed page; `old` may be NULL. Capabilities that `r` has and `old` has not. */
HF_MUST_CHECK hf_err release_page(struct shelf *s, const struct release *old, const struct release *r,
				  const struct hf_policy *p, struct hf_buf *out);
size_t release_additions(const struct release *old, const struct release *r, struct capability_set *out);
/* The previous release by the record; NULL when it names none. */
HF_MUST_CHECK hf_err release_previous(struct shelf *s, const struct release *r, struct release **old);

/* Signers by name, "alice, bob", or "nobody". */
HF_MUST_CHECK hf_err release_names(const struct hf_policy *p, hf_key_set keys, struct hf_buf *out);
/* Who signed validly, and is the quorum of the release's class met? HF_ERR_RELEASE_QUORUM when not. */
HF_MUST_CHECK hf_err release_signed(struct shelf *s, const struct release *r, const struct hf_policy *p,
				    hf_key_set *signers, hf_key_set *rebuilders);
/* --key and --public. Prints nothing; words in s->why. */
HF_MUST_CHECK hf_err release_signer(struct shelf *s, struct signer *key);
/* The same, and it must be a publisher of the policy (release_prove.c). */
HF_MUST_CHECK hf_err release_publisher(struct shelf *s, const struct hf_policy *p, struct signer *key);
/* --digest, or what the person types, are the first 8 or more digits of `d`. */
HF_MUST_CHECK hf_err release_typed(struct shelf *s, const char *d);
hf_bytes release_text(const char *text);

/* release_prove.c: submit D to --log, wait for the cosigned head, give the proof under `p`, with every
 * cosignature that is valid. */
HF_MUST_CHECK hf_err release_prove(struct shelf *s, const struct hf_policy *p, const uint8_t *d,
				   struct hf_out *proof);
/* The proof with as few cosignatures as the policy's quorum needs. */
HF_MUST_CHECK hf_err release_minimal(struct shelf *s, const struct hf_policy *p, const uint8_t *d,
				     hf_bytes proof, struct hf_out *out);

/* release_objects.c: hand these objects to --log, signed by the publisher's --key; nothing with --late. A log
 * that keeps no objects (a foreign one) is no error. Errors: HF_ERR_LOG_REFUSED; signer's; httpc's. */
HF_MUST_CHECK hf_err release_give(struct shelf *s, const struct hf_policy *p, const hf_bytes *object,
				  size_t n);

extern const struct cli_verb cli_release_verbs[], cli_release_policy_verbs[];
extern const struct cli_opt release_sign_opts[], release_add_opts[], release_publish_opts[],
	release_bundle_opts[], release_export_opts[], release_revoke_opts[];
int cmd_release_sign(const struct cli_args *args);
int cmd_release_add(const struct cli_args *args);
int cmd_release_revoke(const struct cli_args *args);
int cmd_release_publish(const struct cli_args *args);
int cmd_release_bundle(const struct cli_args *args);
int cmd_release_export(const struct cli_args *args);
#endif
