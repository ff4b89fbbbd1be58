/* release_bundle.c -- bundles and Sigsum proofs from what is stored.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log_text.h"
#include "release_bundle.h"

struct parts {
	struct hf_bundle_link_spec link[HF_BUNDLE_MAX_LINKS];
	struct hf_buf statement[HF_BUNDLE_MAX_LINKS];
	uint8_t link_proof[HF_BUNDLE_MAX_LINKS][HF_PROOF_MAX_LEN];
	hf_bytes proof[HF_BUNDLE_MAX_PROOFS];
	uint8_t proof_mem[HF_BUNDLE_MAX_PROOFS][HF_PROOF_MAX_LEN];
	uint8_t object[HF_ENVELOPE_MAX_LEN];
	uint8_t out[HF_BUNDLE_MAX_LEN];
	struct hf_bundle_spec spec;
};

static void parts_free(struct parts **p)
{
	if (*p == NULL)
		return;
	for (size_t i = 0; i < HF_BUNDLE_MAX_LINKS; i++)
		hf_buf_free(&(*p)->statement[i]);
	free(*p);
}

void release_proof_name(const char *d, const struct hf_policy *p, char out[static SHELF_NAME_MAX])
{
	char name[64] = "proof-";

	shelf_hex(HF_ARR(p->ref), name + 6);
	shelf_release_name(d, name, out);
}

/* Policy n and its proof under policy n-1. */
static hf_err add_link(struct shelf *s, struct parts *b, uint64_t n)
{
	struct shelf_policy before HF_AUTO(shelf_policy_end) = { 0 };
	struct shelf_policy p HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf proof HF_AUTO(hf_buf_free) = HF_BUF(HF_PROOF_MAX_LEN);
	size_t i = b->spec.n_links;
	struct hf_out minimal = HF_OUT(b->link_proof[i]);
	char name[SHELF_NAME_MAX];

	HF_TRY(shelf_policy(s, n - 1, &before));
	HF_TRY(shelf_policy(s, n, &p));
	(void)snprintf(name, sizeof(name), "policies/policy-%llu.proof", (unsigned long long)n);
	HF_TRY(shelf_read(s, name, &proof));
	HF_TRY(release_minimal(s, &before.p, p.p.hash, hf_buf_bytes(&proof), &minimal));
	b->statement[i] = p.file;
	p.file = HF_BUF(0);
	b->link[i] = (struct hf_bundle_link_spec){ hf_buf_bytes(&b->statement[i]), hf_out_bytes(&minimal) };
	b->spec.n_links++;
	return HF_OK;
}

static hf_err add_links(struct shelf *s, struct parts *b, uint64_t from, uint64_t last, bool only)
{
	uint64_t end = last;

	if (from == 0)
		from = !only && last > HF_BUNDLE_MAX_LINKS ? last - HF_BUNDLE_MAX_LINKS : 1;
	if (end > from + HF_BUNDLE_MAX_LINKS && only)
		end = from + HF_BUNDLE_MAX_LINKS;
	if (end > from + HF_BUNDLE_MAX_LINKS)
		return hf_why_set(
			&s->why, HF_ERR_BUNDLE_FORMAT,
			"--from: at most %d policies fit; 'release bundle policies' carries the earlier ones",
			HF_BUNDLE_MAX_LINKS);
	for (uint64_t n = from + 1; n <= end; n++)
		HF_TRY(add_link(s, b, n));
	return HF_OK;
}

static hf_err add_proofs(struct shelf *s, struct parts *b, const char *d, const uint8_t *digest,
			 uint64_t last)
{
	for (uint64_t n = last; n > 0 && b->spec.n_proofs < HF_BUNDLE_MAX_PROOFS; n--) {
		struct shelf_policy p HF_AUTO(shelf_policy_end) = { 0 };
		struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROOF_MAX_LEN);
		struct hf_out minimal = HF_OUT(b->proof_mem[b->spec.n_proofs]);
		char name[SHELF_NAME_MAX];

		HF_TRY(shelf_policy(s, n, &p));
		release_proof_name(d, &p.p, name);
		if (!shelf_has(s, name))
			continue;
		HF_TRY(shelf_read(s, name, &file));
		HF_TRY(release_minimal(s, &p.p, digest, hf_buf_bytes(&file), &minimal));
		b->proof[b->spec.n_proofs++] = hf_out_bytes(&minimal);
	}
	if (b->spec.n_proofs > 0)
		return HF_OK;
	return hf_why_set(&s->why, HF_ERR_PROOF_NONE, "%s was never published", d);
}

static hf_err add_object(struct shelf *s, struct parts *b, const char *d,
			 uint8_t digest[static HF_SHA256_LEN])
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN);
	struct hf_out object = HF_OUT(b->object);
	struct hf_envelope e;

	HF_TRY(shelf_envelope(s, d, &file, &e));
	memcpy(digest, e.d, HF_SHA256_LEN);
	HF_TRY(hf_envelope_strip(hf_buf_bytes(&file), &object));
	b->spec.object = hf_out_bytes(&object);
	return HF_OK;
}

hf_err release_bundle(struct shelf *s, const char *d, uint64_t from, const char *out)
{
	struct shelf_policy now HF_AUTO(shelf_policy_end) = { 0 };
	struct parts *b HF_AUTO(parts_free) = calloc(1, sizeof(*b));
	uint8_t digest[HF_SHA256_LEN];
	char name[SHELF_NAME_MAX];
	struct hf_out bundle;
	hf_err err;

	if (b == NULL)
		return hf_why_set(&s->why, HF_ERR_HOST_MEMORY, "%s", "");
	b->spec.link = b->link;
	b->spec.proof = b->proof;
	bundle = HF_OUT(b->out);
	HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, &now));
	HF_TRY(add_links(s, b, from, now.p.number, d[0] == '\0'));
	if (d[0] != '\0') {
		HF_TRY(add_object(s, b, d, digest));
		HF_TRY(add_proofs(s, b, d, digest, now.p.number));
	}
	err = hf_bundle_write(&b->spec, &bundle);
	if (err != HF_OK)
		return shelf_fail(s, err, "bundle");
	if (d[0] != '\0') {
		shelf_release_name(d, "bundle.hfb", name);
		HF_TRY(shelf_replace(s, name, hf_out_bytes(&bundle)));
	}
	return out == NULL ? HF_OK : hf_file_replace(out, hf_out_bytes(&bundle), 0644, &s->why);
}

/* ---- Sigsum's text ---------------------------------------------------------------------------------- */

static hf_err put_line(struct hf_buf *text, const char *name, hf_bytes value)
{
	char hex[2 * HF_ED25519_SIG_LEN + 1];

	shelf_hex(value, hex);
	return hf_buf_printf(text, "%s%s", name, hex);
}

static hf_err put_key_hash(struct hf_buf *text, const char *name, hf_bytes key)
{
	uint8_t hash[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(&key, 1, hash));
	return put_line(text, name, HF_ARR(hash));
}

static hf_err put_cosignatures(const struct hf_proof *p, const struct hf_policy *policy, struct hf_buf *text)
{
	for (size_t at = 0; at + HF_COSIG_LEN <= p->cosigs.len; at += HF_COSIG_LEN) {
		const uint8_t *c = p->cosigs.ptr + at;

		HF_TRY(put_key_hash(text, "cosignature=", policy->key[c[0]].pub));
		HF_TRY(hf_buf_printf(text, " %llu", (unsigned long long)hf_get_be64(c + 1)));
		HF_TRY(put_line(text, " ", (hf_bytes){ c + 9, HF_ED25519_SIG_LEN }));
		HF_TRY(hf_buf_puts(text, "\n"));
	}
	return HF_OK;
}

static hf_err put_proof(const struct hf_proof *p, const struct hf_proof_result *r,
			const struct hf_policy *policy, struct hf_buf *text)
{
	HF_TRY(put_key_hash(text, "version=2\nlog=", policy->key[p->log].pub));
	HF_TRY(put_key_hash(text, "\nleaf=", policy->key[p->publisher].pub));
	HF_TRY(put_line(text, " ", p->leaf_sig));
	HF_TRY(hf_buf_printf(text, "\n\nsize=%llu", (unsigned long long)p->size));
	HF_TRY(put_line(text, "\nroot_hash=", HF_ARR(r->head.root.b)));
	HF_TRY(put_line(text, "\nsignature=", p->log_sig));
	HF_TRY(hf_buf_puts(text, "\n"));
	HF_TRY(put_cosignatures(p, policy, text));
	if (p->size == 1)
		return HF_OK;
	HF_TRY(hf_buf_printf(text, "\nleaf_index=%llu\n", (unsigned long long)p->index));
	for (size_t at = 0; at < p->path.len; at += HF_MERKLE_LEN) {
		HF_TRY(put_line(text, "node_hash=", (hf_bytes){ p->path.ptr + at, HF_MERKLE_LEN }));
		HF_TRY(hf_buf_puts(text, "\n"));
	}
	return HF_OK;
}

hf_err release_sigsum_proof(struct shelf *s, const char *d, const char *out)
{
	struct shelf_policy now HF_AUTO(shelf_policy_end) = { 0 };
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROOF_MAX_LEN);
	struct hf_buf envelope HF_AUTO(hf_buf_free) = HF_BUF(HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN);
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(LOG_TEXT_MAX);
	struct hf_proof_result result;
	struct hf_envelope e;
	struct hf_proof proof;
	char name[SHELF_NAME_MAX];
	size_t used = 0;
	hf_err err;

	HF_TRY(shelf_policy(s, SHELF_POLICIES_MAX, &now));
	release_proof_name(d, &now.p, name);
	HF_TRY(shelf_read(s, name, &file));
	HF_TRY(shelf_envelope(s, d, &envelope, &e));
	err = hf_proof_read(hf_buf_bytes(&file), &proof, &used);
	if (err == HF_OK)
		err = hf_proof_verify(&proof, &now.p, e.d, 0, &result);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", name);
	HF_TRY(put_proof(&proof, &result, &now.p, &text));
	return hf_file_replace(out, hf_buf_bytes(&text), 0644, &s->why);
}
