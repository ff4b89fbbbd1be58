/* release_refused.c -- readers and writers of the release path at their edges: lengths, counts, shapes
 * that the writers never make, and what is left behind after an error.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hf/fake.h>
#include "release_rig.h"

static struct rig rig_mem; /* too large for a stack */

static struct rig *good(void)
{
	struct rig *r = &rig_mem;

	rig_start(r);
	rig_good(r, 2, 1);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	return r;
}

/* ---- statements and trust ---- */

static void statements_keep_their_length_and_their_type(void **unused)
{
	static uint8_t big[HF_STATEMENT_MAX_LEN + 1], mem[2 * HF_STATEMENT_MAX_LEN];
	struct rig *r = good();
	const struct hf_cose_signer signer = { HF_COSE_ED25519, HF_ARR(r->kid[0]), NULL, &r->seed[0] };
	uint8_t scratch_mem[2 * HF_STATEMENT_MAX_LEN];
	struct hf_out out = HF_OUT(mem), scratch = HF_OUT(scratch_mem);
	struct hf_statement s;
	struct hf_policy p;
	(void)unused;

	assert_int_equal(hf_statement_read(HF_ARR(big), &s), HF_ERR_STATEMENT_FORMAT);
	memcpy(big, "\xa2\x00\x61\x78\x01\x59\x10\x00", 8); /* {0: "x", 1: 4,096 bytes} */
	big[6] = 0x0f;
	assert_int_equal(hf_statement_write((hf_bytes){ big, 8 + 0xf00 }, &signer, 1, &scratch, &out), HF_OK);
	assert_int_equal(hf_statement_read(hf_out_bytes(&out), &s), HF_OK);
	assert_int_equal(hf_policy_open_first(hf_out_bytes(&out), &scratch, &p), HF_ERR_STATEMENT_TYPE);
	memcpy(big + 6, "\x0f\xf0", 2);
	out.len = 7;
	assert_int_equal(hf_statement_write((hf_bytes){ big, 8 + 0xff0 }, &signer, 1, &scratch, &out),
			 HF_ERR_STATEMENT_FORMAT);
	assert_int_equal(out.len, 7);
	assert_int_equal(hf_statement_write(HF_STR("\xa1\x00\x60"), &signer, 1, &scratch, &out),
			 HF_ERR_STATEMENT_FORMAT); /* no type */
}

static void signatures_of_a_statement_are_sorted(void **unused)
{
	struct rig *r = good();
	struct hf_statement s;
	uint8_t *box = r->policy[1].mem, first[HF_COSE_SIGN_EACH], second[HF_COSE_SIGN_EACH];
	size_t len, at = 0;
	(void)unused;

	assert_int_equal(hf_statement_read(hf_out_bytes(&r->policy[1].box), &s), HF_OK);
	assert_int_equal(s.sign.n, 2);
	at = (size_t)(s.sign.signature[0].protected_header.ptr - box) - 2; /* array and byte string heads */
	len = (size_t)(s.sign.signature[1].protected_header.ptr - s.sign.signature[0].protected_header.ptr);
	assert_true(len <= sizeof(first));
	memcpy(first, box + at, len);
	memcpy(second, box + at + len, len);
	memcpy(box + at, second, len);
	memcpy(box + at + len, first, len);
	assert_int_equal(hf_statement_read(hf_out_bytes(&r->policy[1].box), &s), HF_ERR_STATEMENT_FORMAT);
}

static void a_failed_store_leaves_what_was_known(void **unused)
{
	static uint8_t big[HF_TRUST_POLICY_MAX + 1];
	struct rig *r = good();
	uint8_t mem[HF_HEAD_MAX_LEN];
	struct hf_out head = HF_OUT(mem);
	struct hf_port port;
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(rig_device(r, &port), HF_OK);
	rig_head(r, 1, &head);
	hf_fake_cut_at(&port, 1, HF_FAKE_ERROR, NULL);
	assert_int_equal(hf_err_class(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0)), HF_CLASS_MACHINE);
	assert_int_equal(r->trust.newest.time, 0);
	assert_int_equal(r->trust.quorum_time, 0);
	hf_fake_cut_at(&port, 1000, HF_FAKE_NEVER, NULL);
	assert_int_equal(hf_trust_hear(&r->trust, hf_out_bytes(&head), 0), HF_OK);
	assert_int_equal(hf_trust_commit(&r->trust, HF_ARR(big), 0), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_trust_commit(&r->trust, (hf_bytes){ 0 }, 1), HF_OK); /* an older time: nothing */
	assert_int_equal(r->trust.quorum_time, T0 + 1);
	hf_fake_free(&port);
}

/* ---- proofs and heads ---- */

static void writers_of_proofs_and_heads_check_lengths_and_room(void **unused)
{
	struct rig *r = good();
	uint8_t mem[HF_PROOF_MAX_LEN], head_mem[HF_HEAD_MAX_LEN];
	struct hf_out out = HF_OUT(mem), none = { mem, 10, 0 }, bytes = HF_OUT(head_mem);
	struct hf_proof p;
	struct hf_head h;
	size_t used = 0;
	(void)unused;

	assert_int_equal(hf_proof_read(hf_out_bytes(&r->proof), &p, &used), HF_OK);
	assert_int_equal(hf_proof_write(&p, &none), HF_ERR_BASE_NO_ROOM);
	p.path.len--;
	assert_int_equal(hf_proof_write(&p, &out), HF_ERR_BUNDLE_FORMAT);
	p.path.len++;
	p.cosigs.len += HF_COSIG_LEN * (size_t)HF_PROOF_MAX_COSIGS;
	assert_int_equal(hf_proof_write(&p, &out), HF_ERR_BUNDLE_FORMAT);
	rig_head(r, 1, &bytes);
	assert_int_equal(hf_head_read(hf_out_bytes(&bytes), &h), HF_OK);
	assert_int_equal(hf_head_write(&h, &none), HF_ERR_BASE_NO_ROOM);
	h.cosigs.len--;
	assert_int_equal(hf_head_write(&h, &out), HF_ERR_HEAD_FORMAT);
	assert_int_equal(out.len + none.len, 0);
}

/* What a monitor asks with a quorum of its own. */
static void witnesses_can_be_asked_about_a_head_alone(void **unused)
{
	struct rig *r = good();
	const struct hf_policy *policy = &r->trust.policy;
	uint8_t mem[HF_HEAD_MAX_LEN];
	struct hf_out bytes = HF_OUT(mem);
	struct hf_proof_result result;
	struct hf_head h;
	(void)unused;

	rig_head(r, 1, &bytes);
	assert_int_equal(hf_head_read(hf_out_bytes(&bytes), &h), HF_OK);
	result = (struct hf_proof_result){ .head = h.head };
	assert_int_equal(hf_witness_verify(policy, policy->monitor, LOG0, h.cosigs, 0, &result), HF_OK);
	assert_int_equal(result.witnesses, 7u << WIT0);
	assert_int_equal(result.quorum_time, T0); /* three of three: the earliest */
	h.cosigs.len -= HF_COSIG_LEN;
	assert_int_equal(hf_witness_verify(policy, policy->monitor, LOG0, h.cosigs, 0, &result),
			 HF_ERR_PROOF_WITNESS);
	assert_int_equal(hf_witness_verify(policy, policy->witness, LOG0, h.cosigs, 0, &result), HF_OK);
	assert_int_equal(hf_witness_verify(policy, (hf_bytes){ 0 }, LOG0, h.cosigs, 0, &result),
			 HF_ERR_PROOF_WITNESS);
	assert_int_equal(hf_witness_verify(policy, policy->witness, REL0, h.cosigs, 0, &result),
			 HF_ERR_PROOF_LOG);
}

/* ---- bundles ---- */

static void writers_of_bundles_keep_the_limits_of_readers(void **unused)
{
	static uint8_t big[HF_STATEMENT_MAX_LEN + 1];
	struct rig *r = good();
	hf_bytes proof = hf_out_bytes(&r->proof);
	struct hf_bundle_link_spec link[HF_BUNDLE_MAX_LINKS + 1] = { { HF_ARR(big), { 0 } } };
	struct hf_bundle_spec spec = { link, 1, hf_out_bytes(&r->envelope), &proof, 1 };
	struct hf_out small = { r->bundle_mem, HF_BUNDLE_HEADER_LEN + 4, 3 };
	(void)unused;

	link[0].proof = proof;
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_ERR_BUNDLE_FORMAT); /* statement too long */
	link[0].statement.len = 0;
	r->bundle.len = 0;
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_ERR_BUNDLE_FORMAT); /* none at all */
	assert_int_equal(r->bundle.len, 0);
	spec.n_links = HF_BUNDLE_MAX_LINKS + 1;
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_ERR_BUNDLE_FORMAT);
	spec.n_links = 0;
	assert_int_equal(hf_bundle_write(&spec, &small), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(small.len, 3);
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_OK);
}

static void links_are_read_to_their_last_byte(void **unused)
{
	uint8_t mem[16] = "HFB1\2\1"; /* policies only, one link, no object */
	struct hf_bundle b;
	(void)unused;

	for (size_t len = HF_BUNDLE_HEADER_LEN; len <= sizeof(mem); len++)
		assert_int_equal(hf_bundle_read((hf_bytes){ mem, len }, &b), HF_ERR_BUNDLE_FORMAT);
	mem[HF_BUNDLE_HEADER_LEN + 1] = 1; /* a statement of one byte, and no proof */
	assert_int_equal(hf_bundle_read(HF_ARR(mem), &b), HF_ERR_BUNDLE_FORMAT);
	mem[HF_BUNDLE_HEADER_LEN] = 0x10; /* a statement of 4,097 bytes */
	assert_int_equal(hf_bundle_read(HF_ARR(mem), &b), HF_ERR_BUNDLE_FORMAT);
	assert_null(b.links.ptr);
}

static void a_bundle_carries_no_text(void **unused)
{
	struct rig *r = good();
	const hf_bytes text = HF_STR("\xa0");
	uint8_t digest[HF_SHA256_LEN], mem[HF_ENVELOPE_MAX_LEN];
	struct hf_out with = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_text_digest(text, digest), HF_OK);
	r->manifest.text_digest = HF_ARR(digest);
	rig_release(r, 0);
	assert_int_equal(hf_envelope_write(hf_out_bytes(&r->manifest_out), text, &with), HF_OK);
	r->envelope = with;
	rig_bundle(r, 2, 1);
	assert_int_equal(rig_verify(r), HF_ERR_RELEASE_ENVELOPE);
}

/* ---- envelopes ---- */

static void texts_have_a_limit(void **unused)
{
	static uint8_t text[70000], mem[HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN + 8];
	struct rig *r = good();
	uint8_t digest[HF_SHA256_LEN];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_text_digest(HF_ARR(text), digest), HF_ERR_SUIT_LIMIT);
	memcpy(text, "\x59\x0f\xfe", 3); /* one byte string, 4,097 bytes with its head */
	assert_int_equal(hf_text_digest((hf_bytes){ text, 4097 }, digest), HF_OK);
	r->manifest.text_digest = HF_ARR(digest);
	rig_release(r, 0);
	assert_int_equal(hf_envelope_write(hf_out_bytes(&r->manifest_out), (hf_bytes){ text, 4097 }, &out),
			 HF_ERR_SUIT_LIMIT);
	assert_int_equal(out.len, 0);
}

static void an_envelope_is_bounded_without_its_text(void **unused)
{
	static uint8_t mem[HF_ENVELOPE_MAX_LEN + 64], zeros[4095];
	struct hf_out out = HF_OUT(mem);
	struct hf_envelope e;
	struct hf_cborw w;
	(void)unused;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_tag(&w, 107);
	hf_cbor_put_map(&w, 2);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_bytes(&w, HF_STR("\x80"));
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, HF_ARR(zeros));
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	assert_int_equal(hf_envelope_read(hf_out_bytes(&out), &e), HF_ERR_SUIT_LIMIT);
}

static void blocks_are_detached_have_a_kid_and_are_eight(void **unused)
{
	struct rig *r = good();
	const struct hf_cose_signer nobody = { HF_COSE_ED25519, { 0 }, NULL, &r->seed[0] };
	struct hf_cose_signer signer = { HF_COSE_ED25519, HF_ARR(r->kid[0]), NULL, &r->seed[0] };
	const hf_bytes none = { 0 }, digest = HF_STR("\x82\x2f\x40");
	uint8_t mem[2][HF_ENVELOPE_MAX_LEN], block_mem[256];
	struct hf_out block = HF_OUT(block_mem), out = HF_OUT(mem[0]);
	(void)unused;

	assert_int_equal(hf_cose_sign1_write(&signer, none, digest, false, &r->scratch, &block), HF_OK);
	assert_int_equal(hf_envelope_add(hf_out_bytes(&r->envelope), hf_out_bytes(&block), &out),
			 HF_ERR_RELEASE_ENVELOPE); /* it brings a payload of its own */
	block.len = 0;
	assert_int_equal(hf_cose_sign1_write(&nobody, none, digest, true, &r->scratch, &block), HF_OK);
	assert_int_equal(hf_envelope_add(hf_out_bytes(&r->envelope), hf_out_bytes(&block), &out),
			 HF_ERR_RELEASE_ENVELOPE);
	rig_release(r, 0xffu);
	signer.kid = HF_ARR(r->kid[8]);
	assert_int_equal(hf_envelope_sign(hf_out_bytes(&r->envelope), &signer, &r->scratch, &out),
			 HF_ERR_SUIT_LIMIT);
	signer.alg = HF_COSE_ES256;
	assert_int_equal(hf_envelope_sign(hf_out_bytes(&r->envelope), &signer, &r->scratch, &out),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(out.len, 0);
}

static void a_block_with_a_payload_is_no_block(void **unused)
{
	struct rig *r = good();
	struct hf_envelope e;
	uint8_t *at;
	(void)unused;

	assert_int_equal(hf_envelope_read(hf_out_bytes(&r->envelope), &e), HF_OK);
	at = r->envelope.ptr + (e.block[0].signature.ptr - r->envelope.ptr) - 3; /* null, then 58 40 */
	assert_int_equal(at[0], 0xf6);
	at[0] = 0x40; /* an empty payload */
	assert_int_equal(hf_envelope_read(hf_out_bytes(&r->envelope), &e), HF_ERR_RELEASE_ENVELOPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_keep_their_length_and_their_type),
		cmocka_unit_test(signatures_of_a_statement_are_sorted),
		cmocka_unit_test(a_failed_store_leaves_what_was_known),
		cmocka_unit_test(writers_of_proofs_and_heads_check_lengths_and_room),
		cmocka_unit_test(witnesses_can_be_asked_about_a_head_alone),
		cmocka_unit_test(writers_of_bundles_keep_the_limits_of_readers),
		cmocka_unit_test(links_are_read_to_their_last_byte),
		cmocka_unit_test(a_bundle_carries_no_text),
		cmocka_unit_test(texts_have_a_limit),
		cmocka_unit_test(an_envelope_is_bounded_without_its_text),
		cmocka_unit_test(blocks_are_detached_have_a_kid_and_are_eight),
		cmocka_unit_test(a_block_with_a_payload_is_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
