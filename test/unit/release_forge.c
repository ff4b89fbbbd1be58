/* release_forge.c -- see release_forge.h. SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "release_forge.h"

static struct rig memory; /* too large for a stack */

struct rig *forge_good(void)
{
	struct rig *r = &memory;

	rig_start(r);
	rig_good(r, 2, 1);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	return r;
}

void forge_release(struct rig *r, hf_key_set signers)
{
	uint8_t d[32];

	rig_release(r, signers);
	assert_int_equal(hf_manifest_digest(hf_out_bytes(&r->manifest_out), d), HF_OK);
	rig_prove(r, d, 1, &r->proof);
	rig_bundle(r, 2, 1);
}

void forge_expect(struct rig *r, hf_err err)
{
	uint64_t time = r->trust.quorum_time, number = r->trust.policy.number;

	assert_int_equal(rig_verify(r), err);
	assert_int_equal(r->trust.quorum_time, time);
	assert_int_equal(r->trust.policy.number, number);
}

/* ---- envelopes ---- */

static void put_block(struct rig *r, struct hf_cborw *w, const struct hf_cose_signer *s, hf_bytes digest)
{
	uint8_t mem[128];
	struct hf_out block = HF_OUT(mem);

	assert_int_equal(hf_cose_sign1_write(s, (hf_bytes){ 0 }, digest, true, &r->scratch, &block), HF_OK);
	hf_cbor_put_bytes(w, hf_out_bytes(&block));
}

static void put_stranger(struct rig *r, struct hf_cborw *w, size_t i, hf_bytes digest)
{
	uint8_t pub[HF_ED25519_PUB_LEN], kid[HF_KID_LEN];
	struct hf_key seed = { .len = 32 };
	struct hf_cose_signer s = { HF_COSE_ED25519, HF_ARR(kid), NULL, &seed };

	memset(seed.b, (int)(0x70 + i), 32);
	assert_int_equal(hf_crypto_ed25519_public(&seed, pub), HF_OK);
	assert_int_equal(hf_crypto_kid(HF_ARR(pub), kid), HF_OK);
	put_block(r, w, &s, digest);
}

void forge_manifest(struct rig *r, hf_bytes manifest, size_t strangers)
{
	uint8_t d[32], digest[36] = { 0x82, 0x2f, 0x58, 0x20 };
	struct hf_out *out = &r->envelope;
	struct hf_cborw w;

	assert_int_equal(hf_manifest_digest(manifest, d), HF_OK);
	memcpy(digest + 4, d, 32);
	*out = HF_OUT(r->envelope_mem[0]);
	hf_cbor_writer(&w, out);
	hf_cbor_put_tag(&w, 107);
	hf_cbor_put_map(&w, 2);
	hf_cbor_put_key(&w, 2);
	hf_cbor_begin_bytes(&w);
	hf_cbor_put_array(&w, 3 + strangers);
	hf_cbor_put_bytes(&w, HF_ARR(digest));
	for (size_t i = 0; i < 2; i++) {
		struct hf_cose_signer s = rig_signer(r, REL0 + i);

		put_block(r, &w, &s, HF_ARR(digest));
	}
	for (size_t i = 0; i < strangers; i++)
		put_stranger(r, &w, i, HF_ARR(digest));
	hf_cbor_end_bytes(&w);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, manifest);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	rig_prove(r, d, 1, &r->proof);
	rig_bundle(r, 2, 1);
}

void forge_patch(uint8_t *mem, size_t len, const void *from, const void *to, size_t n)
{
	for (size_t i = 0; i + n <= len; i++)
		if (memcmp(mem + i, from, n) == 0) {
			memcpy(mem + i, to, n);
			return;
		}
	fail_msg("nothing to replace");
}

void forge_patch_envelope(struct rig *r, const void *from, const void *to, size_t n)
{
	forge_patch(r->envelope.ptr, r->envelope.len, from, to, n);
	rig_bundle(r, 2, 1);
}

/* ---- policies ---- */

void forge_policy(struct rig *r, unsigned n, hf_bytes payload, hf_key_set signers)
{
	struct rig_policy *p = &r->policy[n];
	struct hf_cose_signer list[N_KEYS];
	size_t count = 0;

	p->box = HF_OUT(p->mem);
	p->proof = HF_OUT(p->proof_mem);
	assert_int_equal(hf_crypto_sha256(&payload, 1, p->read.hash), HF_OK);
	for (size_t i = 0; i < N_KEYS; i++)
		if (signers >> i & 1)
			list[count++] = rig_signer(r, i);
	assert_int_equal(hf_statement_write(payload, list, count, &r->scratch, &p->box), HF_OK);
	rig_prove(r, p->read.hash, n - 1, &p->proof);
}

void forge_link_gives(struct rig *r, hf_err cause)
{
	r->envelope.len = 0; /* no release: policies only */
	rig_bundle(r, 2, 2);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	assert_int_equal(rig_verify(r), cause == HF_OK ? HF_OK : HF_ERR_BUNDLE_CHAIN);
	assert_int_equal(r->verdict.cause, cause);
	assert_int_equal(r->trust.policy.number, cause == HF_OK ? 2 : 1);
}
