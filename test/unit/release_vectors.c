/* release_vectors.c -- the published vectors of doc/protocol/manifest.md, proof.md, bundle.md and head.md
 * (test/vectors/release.json), which another implementation wrote: ours writes the same bytes, and accepts
 * them.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hf/pki.h>
#include <jansson.h>
#include "release_rig.h"

struct hex {
	uint8_t b[4096];
	struct hf_out out;
};

static struct rig rig_mem; /* too large for a stack */
static json_t *vectors;

static int load(void **unused)
{
	(void)unused;
	vectors = json_load_file(HF_VECTORS "/release.json", 0, NULL);
	return vectors == NULL ? -1 : 0;
}

static int unload(void **unused)
{
	(void)unused;
	json_decref(vectors);
	return 0;
}

static hf_bytes unhex(struct hex *h, const json_t *value)
{
	const char *s = json_string_value(value);

	assert_non_null(s);
	h->out = HF_OUT(h->b);
	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)s, strlen(s) }, &h->out), HF_OK);
	return hf_out_bytes(&h->out);
}

static hf_bytes vector(struct hex *h, const char *name)
{
	return unhex(h, json_object_get(vectors, name));
}

static void assert_vector(const char *name, hf_bytes ours)
{
	struct hex h;
	hf_bytes theirs = vector(&h, name);

	assert_int_equal(ours.len, theirs.len);
	assert_memory_equal(ours.ptr, theirs.ptr, ours.len);
}

/* The world of the vectors is that of the unit tests: the same seeds, the same release, fourth in its log. */
static struct rig *world(void)
{
	struct rig *r = &rig_mem;

	rig_start(r);
	rig_good(r, 2, 1);
	return r;
}

/* A bundle of the vectors, shown to a device that holds policy 1. */
static hf_err show(struct rig *r, const char *name)
{
	struct hex h;
	hf_bytes bundle = vector(&h, name);

	memcpy(r->bundle.ptr, bundle.ptr, bundle.len);
	r->bundle.len = bundle.len;
	assert_int_equal(rig_device(r, NULL), HF_OK);
	return rig_verify(r);
}

static void keys_and_names_are_the_same(void **unused)
{
	const json_t *publics = json_object_get(vectors, "public"), *kids = json_object_get(vectors, "kid");
	const char *domain = json_string_value(json_object_get(vectors, "uuid_domain"));
	const char *model = json_string_value(json_object_get(vectors, "uuid_model"));
	uint8_t vendor[HF_PKI_UUID_LEN], class_id[HF_PKI_UUID_LEN];
	struct rig *r = world();
	struct hex h;
	(void)unused;

	assert_int_equal(json_array_size(publics), N_KEYS);
	for (size_t i = 0; i < N_KEYS; i++) {
		assert_true(hf_bytes_equal(unhex(&h, json_array_get(publics, i)), HF_ARR(r->pub[i])));
		assert_true(hf_bytes_equal(unhex(&h, json_array_get(kids, i)), HF_ARR(r->kid[i])));
	}
	assert_non_null(domain);
	assert_non_null(model);
	assert_int_equal(
		hf_pki_uuid5(hf_pki_uuid_dns, (hf_bytes){ (const uint8_t *)domain, strlen(domain) }, vendor),
		HF_OK);
	assert_vector("uuid_vendor", HF_ARR(vendor));
	assert_int_equal(hf_pki_uuid5(vendor, (hf_bytes){ (const uint8_t *)model, strlen(model) }, class_id),
			 HF_OK);
	assert_vector("uuid_class", HF_ARR(class_id));
}

static void manifest_and_envelope_have_exactly_these_bytes(void **unused)
{
	struct rig *r = world();
	struct hf_envelope e;
	(void)unused;

	assert_vector("policy_1", hf_out_bytes(&r->policy[1].box));
	assert_vector("policy_1_ref", HF_ARR(r->policy[1].read.ref));
	assert_vector("manifest", hf_out_bytes(&r->manifest_out));
	assert_vector("envelope", hf_out_bytes(&r->envelope));
	assert_int_equal(hf_envelope_read(hf_out_bytes(&r->envelope), &e), HF_OK);
	assert_vector("member", e.member);
	assert_vector("d", HF_ARR(e.d));
	rig_release(r, 0);
	assert_vector("envelope_unsigned", hf_out_bytes(&r->envelope));
}

static void the_smallest_manifest_and_a_text_are_read(void **unused)
{
	struct rig *r = world();
	struct hex inside, text, whole;
	struct hf_manifest m;
	struct hf_envelope e;
	uint8_t digest[HF_SHA256_LEN], mem[HF_MANIFEST_MAX_LEN], envelope_mem[2][HF_ENVELOPE_MAX_LEN];
	struct hf_out again = HF_OUT(mem), bare = HF_OUT(envelope_mem[0]),
		      signed_one = HF_OUT(envelope_mem[1]);
	const struct hf_cose_signer signer = { HF_COSE_ED25519, HF_ARR(r->kid[REL0]), NULL, &r->seed[REL0] };
	(void)unused;

	assert_int_equal(hf_manifest_read(vector(&inside, "smallest_manifest"), &m), HF_OK);
	assert_true(m.validate && m.invoke && m.conditions == 0 && m.version.len == 0);
	assert_int_equal(hf_manifest_write(&m, &again), HF_OK);
	assert_vector("smallest_manifest", hf_out_bytes(&again));
	assert_int_equal(hf_text_digest(vector(&text, "text"), digest), HF_OK);
	assert_true(hf_bytes_equal(HF_ARR(digest), m.text_digest));
	assert_int_equal(hf_envelope_write(hf_out_bytes(&again), hf_out_bytes(&text.out), &bare), HF_OK);
	assert_int_equal(hf_envelope_sign(hf_out_bytes(&bare), &signer, &r->scratch, &signed_one), HF_OK);
	assert_vector("envelope_with_text", hf_out_bytes(&signed_one));
	assert_int_equal(hf_envelope_read(vector(&whole, "envelope_with_text"), &e), HF_OK);
	assert_true(hf_bytes_equal(e.text, hf_out_bytes(&text.out)));
}

static void signed_messages_have_exactly_these_bytes(void **unused)
{
	struct rig *r = world();
	uint8_t checksum[HF_SHA256_LEN], leaf[HF_LEAF_MESSAGE_LEN], mem[HF_CHECKPOINT_CAP];
	struct hf_out text = HF_OUT(mem);
	struct hex message, block;
	struct hf_envelope e;
	struct hf_proof p;
	size_t used = 0, at;
	(void)unused;

	assert_int_equal(hf_envelope_read(vector(&block, "envelope"), &e), HF_OK);
	(void)vector(&message, "release_message");
	assert_int_equal(message.out.len, HF_RELEASE_MESSAGE_LEN);
	at = hf_bytes_equal(e.block[0].kid, HF_ARR(r->kid[REL0])) ? 0 : 1;
	assert_true(hf_bytes_equal(e.block[at].kid, HF_ARR(r->kid[REL0])));
	assert_int_equal(
		hf_crypto_ed25519_verify(r->pub[REL0], hf_out_bytes(&message.out), e.block[at].signature.ptr),
		HF_OK);
	assert_int_equal(hf_leaf_checksum(e.d, checksum), HF_OK);
	hf_leaf_message(checksum, leaf);
	assert_vector("leaf_message", HF_ARR(leaf));
	assert_int_equal(hf_proof_read(hf_out_bytes(&r->proof), &p, &used), HF_OK);
	assert_vector("log_signature", p.log_sig);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(hf_checkpoint_body(r->pub[LOG0], &r->verdict.proof.head, &text), HF_OK);
	assert_vector("checkpoint", hf_out_bytes(&text));
	text.len = 0;
	assert_int_equal(hf_cosignature_message(r->pub[LOG0], &r->verdict.proof.head, T0, &text), HF_OK);
	assert_vector("cosignature_message", hf_out_bytes(&text));
}

static void proof_bundle_and_head_have_exactly_these_bytes(void **unused)
{
	struct rig *r = world();
	uint8_t mem[HF_HEAD_MAX_LEN];
	struct hf_out head = HF_OUT(mem);
	(void)unused;

	assert_vector("proof", hf_out_bytes(&r->proof));
	assert_vector("bundle", hf_out_bytes(&r->bundle));
	rig_head(r, 1, &head);
	assert_vector("head", hf_out_bytes(&head));
	assert_int_equal(show(r, "bundle"), HF_OK);
	assert_int_equal(r->verdict.signers, 3u << REL0);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
}

static void a_link_has_exactly_these_bytes_and_leads_on(void **unused)
{
	struct rig *r = world();
	uint8_t d[HF_SHA256_LEN];
	(void)unused;

	r->spec.stale_after_s = 1002;
	rig_policy(r, 2, 3u << ROOT0);
	assert_vector("policy_2", hf_out_bytes(&r->policy[2].box));
	assert_vector("link_proof", hf_out_bytes(&r->policy[2].proof));
	assert_int_equal(hf_manifest_digest(hf_out_bytes(&r->manifest_out), d), HF_OK);
	rig_prove(r, d, 2, &r->proof);
	rig_bundle(r, 2, 2);
	assert_vector("bundle_with_link", hf_out_bytes(&r->bundle));
	assert_int_equal(show(r, "bundle_with_link"), HF_OK);
	assert_int_equal(r->trust.policy.number, 2);
	assert_int_equal(show(r, "bundle_for_both"), HF_OK);
	assert_int_equal(show(r, "bundle_of_policies"), HF_OK);
	assert_int_equal(r->trust.policy.number, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_names_are_the_same),
		cmocka_unit_test(manifest_and_envelope_have_exactly_these_bytes),
		cmocka_unit_test(the_smallest_manifest_and_a_text_are_read),
		cmocka_unit_test(signed_messages_have_exactly_these_bytes),
		cmocka_unit_test(proof_bundle_and_head_have_exactly_these_bytes),
		cmocka_unit_test(a_link_has_exactly_these_bytes_and_leads_on),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
