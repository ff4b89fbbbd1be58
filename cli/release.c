/* release.c -- read a release back from the shelf, and who has signed it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "release.h"

struct release *release_new(void)
{
	return calloc(1, sizeof(struct release));
}

void release_free(struct release *r)
{
	if (r == NULL)
		return;
	hf_buf_free(&r->file);
	hf_buf_free(&r->record_file);
	hf_buf_free(&r->capability_file);
	free(r);
}

static hf_err damaged(struct shelf *s, const char *what)
{
	return hf_why_set(&s->why, HF_ERR_SHELF_DAMAGED, "%s is not what the manifest says", what);
}

/* The image on the shelf must be the one that is signed: hash, size, and the tree of its chunks. */
static hf_err check_image(struct shelf *s, const struct release *r)
{
	struct hf_buf image HF_AUTO(hf_buf_free) = HF_BUF(SHELF_IMAGE_MAX);
	const struct hf_manifest *m = &r->manifest;
	uint8_t root[HF_SHA256_LEN];

	HF_TRY(shelf_get(s, m->image_digest, &image));
	HF_TRY(release_chunk_root(hf_buf_bytes(&image), m->chunk_bits, root));
	if (image.len != m->image_size || !hf_bytes_equal(HF_ARR(root), m->chunk_root))
		return damaged(s, "image");
	if (!hf_bytes_equal(r->record.image[0].hash, m->image_digest) || r->record.image[0].size != image.len)
		return damaged(s, "record");
	return HF_OK;
}

static hf_err read_capabilities(struct shelf *s, struct release *r)
{
	hf_bytes digest = r->record.digest[RECORD_CAPABILITIES];

	r->has_capabilities = digest.len > 0;
	if (!r->has_capabilities)
		return HF_OK;
	r->capability_file = HF_BUF(2 * CAPABILITY_MAX);
	HF_TRY(shelf_get(s, digest, &r->capability_file));
	return capability_read(hf_buf_bytes(&r->capability_file), &r->capabilities);
}

hf_err release_load(struct shelf *s, const char *d, struct release *r)
{
	hf_err err;

	memcpy(r->d, d, SHELF_HEX);
	r->file = HF_BUF(HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN);
	r->record_file = HF_BUF(RECORD_MAX);
	HF_TRY(shelf_envelope(s, d, &r->file, &r->envelope));
	err = hf_manifest_read(r->envelope.manifest, &r->manifest);
	if (err != HF_OK)
		return shelf_fail(s, err, "%s", d);
	HF_TRY(shelf_get(s, r->manifest.record, &r->record_file));
	err = record_read(hf_buf_bytes(&r->record_file), &r->record);
	if (err != HF_OK)
		return shelf_fail(s, err, "record of %s", d);
	HF_TRY(check_image(s, r));
	return read_capabilities(s, r);
}

hf_err release_open(struct shelf *s, const char *text, struct shelf_policy *policy, struct release **r)
{
	char d[SHELF_HEX];

	*r = release_new();
	if (*r == NULL)
		return hf_why_set(&s->why, HF_ERR_HOST_MEMORY, "%s", "");
	if (policy != NULL)
		HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, policy));
	HF_TRY(shelf_find(s, text, d));
	return release_load(s, d, *r);
}

hf_err release_previous(struct shelf *s, const struct release *r, struct release **old)
{
	char d[SHELF_HEX];
	hf_err err;

	*old = NULL;
	if (r->record.previous.len == 0)
		return HF_OK;
	shelf_hex(r->record.previous, d);
	*old = release_new();
	if (*old == NULL)
		return hf_why_set(&s->why, HF_ERR_HOST_MEMORY, "%s", "");
	err = release_load(s, d, *old);
	return err == HF_OK ? HF_OK : shelf_fail(s, err, "previous release");
}

hf_err release_names(const struct hf_policy *p, hf_key_set keys, struct hf_buf *out)
{
	const char *comma = "";

	for (size_t i = 0; i < p->n_keys; i++) {
		if ((keys >> i & 1) == 0)
			continue;
		HF_TRY(hf_buf_printf(out, "%s%.*s", comma, (int)p->key[i].holder.len,
				     (const char *)p->key[i].holder.ptr));
		comma = ", ";
	}
	return keys == 0 ? hf_buf_puts(out, "nobody") : HF_OK;
}

hf_err release_signed(struct shelf *s, const struct release *r, const struct hf_policy *p,
		      hf_key_set *signers, hf_key_set *rebuilders)
{
	uint8_t mem[HF_COSE_SCRATCH_OVERHEAD + 128];
	struct hf_out scratch = HF_OUT(mem);
	hf_bytes quorum = { 0 };
	hf_err err = hf_release_signers(&r->envelope, p, &scratch, signers, rebuilders);

	if (err == HF_OK)
		err = hf_policy_release(p, r->manifest.class_id, &quorum);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", r->d);
	if (hf_verdict_is_yes(hf_quorum_met(p, quorum, *signers)))
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_RELEASE_QUORUM, "%s: the release quorum of its class is not met",
			  r->d);
}

hf_err release_signer(struct shelf *s, struct signer *key)
{
	const char *uri = cli_option(s->args, "key"), *text = cli_option(s->args, "public");
	uint8_t pub[HF_ED25519_PUB_LEN];
	hf_err err;

	if (uri == NULL)
		return hf_why_set(&s->why, HF_ERR_SIGNER_URI, "--key SIGNER is needed");
	if (text != NULL)
		HF_TRY(signer_public(text, pub, &s->why));
	err = signer_open(uri, text != NULL ? pub : NULL, (hf_bytes){ 0 }, key);
	if (err != HF_OK)
		s->why = key->why;
	return err;
}
