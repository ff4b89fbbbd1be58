/* release_limits.c -- endless data: every length and count of a bundle at its limit is accepted and one above
 * it is refused; bits flipped, bytes cut off and added; lengths of 64 bits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "release_forge.h"

enum { BOTH = 3u << ROOT0 };

static void every_flipped_bit_is_refused(void **unused)
{
	struct rig *r = forge_good();
	size_t n = 0;
	(void)unused;

	for (size_t bit = 0; bit < r->bundle.len * 8; bit++, n++) {
		hf_err err;

		r->bundle.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		err = rig_verify(r);
		if (err == HF_OK || hf_release_reason(err) == NULL)
			fail_msg("bit %zu", bit);
		r->bundle.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	print_message("# %zu bits of %zu bytes, each refused by a name\n", n, r->bundle.len);
	assert_int_equal(rig_verify(r), HF_OK);
}

static void every_truncation_and_every_added_byte_is_refused(void **unused)
{
	struct rig *r = forge_good();
	size_t len = r->bundle.len;
	(void)unused;

	for (r->bundle.len = 0; r->bundle.len < len; r->bundle.len++)
		assert_int_equal(rig_verify(r), HF_ERR_BUNDLE_FORMAT);
	r->bundle.ptr[len] = 0;
	r->bundle.len = len + 1;
	assert_int_equal(rig_verify(r), HF_ERR_BUNDLE_FORMAT);
	r->bundle.len = len;
	assert_int_equal(rig_verify(r), HF_OK);
}

static void header_is(struct rig *r, size_t at, uint8_t value)
{
	uint8_t was = r->bundle.ptr[at];

	r->bundle.ptr[at] = value;
	assert_int_equal(rig_verify(r), HF_ERR_BUNDLE_FORMAT);
	r->bundle.ptr[at] = was;
}

static void counts_that_promise_more_than_there_is_are_refused(void **unused)
{
	struct rig *r = forge_good();
	size_t proof = HF_BUNDLE_HEADER_LEN + r->envelope.len;
	(void)unused;

	header_is(r, 4, 0);
	header_is(r, 4, 3);
	header_is(r, 5, 1);
	header_is(r, 5, 255);
	header_is(r, 6, 0);
	header_is(r, 6, 2);
	header_is(r, 6, 255);
	header_is(r, 7, 1);
	header_is(r, 8, 0xff); /* object of nearly 4 GiB */
	header_is(r, 8, 0x80);
	header_is(r, proof + 10, 255);
	header_is(r, proof + 11, 255);
	assert_int_equal(rig_verify(r), HF_OK);
}

/* ---- with all their bytes ---- */

/* The bundle of `r` with `n` links of policy 2 and `n_proofs` times its proof. */
static void pile_up(struct rig *r, size_t n, size_t n_proofs)
{
	static uint8_t mem[HF_BUNDLE_MAX_LEN + HF_STATEMENT_MAX_LEN];
	const struct rig_policy *p = &r->policy[2];
	struct hf_out out = HF_OUT(mem);
	uint8_t head[HF_BUNDLE_HEADER_LEN] = { 'H', 'F', 'B', '1', HF_BUNDLE_RELEASE }, len[2];

	head[5] = (uint8_t)n;
	head[6] = (uint8_t)n_proofs;
	hf_put_be32(head + 8, (uint32_t)r->envelope.len);
	assert_int_equal(hf_out_put(&out, HF_ARR(head)), HF_OK);
	hf_put_be16(len, (uint16_t)p->box.len);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(hf_out_put(&out, HF_ARR(len)), HF_OK);
		assert_int_equal(hf_out_put(&out, hf_out_bytes(&p->box)), HF_OK);
		assert_int_equal(hf_out_put(&out, hf_out_bytes(&p->proof)), HF_OK);
	}
	assert_int_equal(hf_out_put(&out, hf_out_bytes(&r->envelope)), HF_OK);
	for (size_t i = 0; i < n_proofs; i++)
		assert_int_equal(hf_out_put(&out, hf_out_bytes(&r->proof)), HF_OK);
	assert_true(out.len <= sizeof(r->bundle_mem));
	r->bundle.len = 0;
	assert_int_equal(hf_out_put(&r->bundle, hf_out_bytes(&out)), HF_OK);
}

static void seventeen_links_or_nine_proofs_are_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	rig_policy(r, 2, BOTH);
	rig_good(r, 2, 2);
	pile_up(r, HF_BUNDLE_MAX_LINKS, HF_BUNDLE_MAX_PROOFS);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.n_links, 1);
	pile_up(r, HF_BUNDLE_MAX_LINKS + 1, HF_BUNDLE_MAX_PROOFS);
	forge_expect(r, HF_ERR_BUNDLE_FORMAT);
	pile_up(r, HF_BUNDLE_MAX_LINKS, HF_BUNDLE_MAX_PROOFS + 1);
	forge_expect(r, HF_ERR_BUNDLE_FORMAT);
}

/* The proof of the bundle with so many hashes and cosignatures, made of what is there. */
static void stretch_proof(struct rig *r, size_t n_path, size_t n_cosigs, hf_err err)
{
	static uint8_t mem[HF_PROOF_MAX_LEN + 2 * HF_COSIG_LEN + 2 * HF_MERKLE_LEN];
	struct hf_out out = HF_OUT(mem);
	size_t used = 0, proof_len = r->proof.len;
	uint8_t kept[HF_PROOF_MAX_LEN];
	struct hf_proof p;

	memcpy(kept, r->proof.ptr, proof_len);
	assert_int_equal(hf_proof_read(hf_out_bytes(&r->proof), &p, &used), HF_OK);
	assert_int_equal(hf_out_put(&out, (hf_bytes){ kept, HF_PROOF_FIXED_LEN }), HF_OK);
	mem[10] = (uint8_t)n_path;
	mem[11] = (uint8_t)n_cosigs;
	for (size_t i = 0; i < n_path; i++)
		assert_int_equal(hf_out_put(&out, (hf_bytes){ p.path.ptr, HF_MERKLE_LEN }), HF_OK);
	for (size_t i = 0; i < n_cosigs; i++)
		assert_int_equal(hf_out_put(&out, (hf_bytes){ p.cosigs.ptr, HF_COSIG_LEN }), HF_OK);
	r->bundle.len = HF_BUNDLE_HEADER_LEN + r->envelope.len;
	assert_int_equal(hf_out_put(&r->bundle, hf_out_bytes(&out)), HF_OK);
	forge_expect(r, err);
	rig_bundle(r, 2, 1);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
}

static void sixty_four_hashes_or_seventeen_cosignatures_are_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	/* At the limit the shape is good, and what is inside is judged. */
	stretch_proof(r, HF_PROOF_MAX_PATH, 2, HF_ERR_PROOF_INCLUSION);
	stretch_proof(r, HF_PROOF_MAX_PATH + 1, 2, HF_ERR_BUNDLE_FORMAT);
	stretch_proof(r, 2, HF_PROOF_MAX_COSIGS, HF_ERR_PROOF_LOG); /* the same hash twice: another root */
	stretch_proof(r, 2, HF_PROOF_MAX_COSIGS + 1, HF_ERR_BUNDLE_FORMAT);
}

static void a_ninth_authentication_block_is_refused(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	forge_manifest(r, hf_out_bytes(&r->manifest_out), HF_ENVELOPE_MAX_BLOCKS - 2);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(r->verdict.envelope.n_blocks, HF_ENVELOPE_MAX_BLOCKS);
	assert_int_equal(rig_device(r, NULL), HF_OK);
	forge_manifest(r, hf_out_bytes(&r->manifest_out), HF_ENVELOPE_MAX_BLOCKS - 1);
	forge_expect(r, HF_ERR_RELEASE_ENVELOPE);
}

/* An object of `len` bytes that is no envelope. */
static void object_is(struct rig *r, size_t len, hf_err err)
{
	memset(r->bundle_mem + HF_BUNDLE_HEADER_LEN, 0x40, len);
	hf_put_be32(r->bundle_mem + 8, (uint32_t)len);
	r->bundle.len = HF_BUNDLE_HEADER_LEN + len;
	assert_int_equal(hf_out_put(&r->bundle, hf_out_bytes(&r->proof)), HF_OK);
	forge_expect(r, err);
}

static void an_object_above_its_limit_is_not_even_opened(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	object_is(r, HF_ENVELOPE_MAX_LEN, HF_ERR_RELEASE_ENVELOPE);
	object_is(r, HF_ENVELOPE_MAX_LEN + 1, HF_ERR_BUNDLE_FORMAT);
}

/* A link of `len` bytes that is no statement. */
static void link_is(struct rig *r, size_t len, hf_err err)
{
	uint8_t *at = r->bundle_mem + HF_BUNDLE_HEADER_LEN;

	memcpy(r->bundle_mem, "HFB1\x02\x01\x00\x00\x00\x00\x00\x00", HF_BUNDLE_HEADER_LEN);
	hf_put_be16(at, (uint16_t)len);
	memset(at + 2, 0x40, len);
	r->bundle.len = HF_BUNDLE_HEADER_LEN + 2 + len;
	assert_int_equal(hf_out_put(&r->bundle, hf_out_bytes(&r->proof)), HF_OK);
	forge_expect(r, err);
}

static void a_link_above_its_limit_is_not_even_opened(void **unused)
{
	struct rig *r = forge_good();
	(void)unused;

	link_is(r, HF_STATEMENT_MAX_LEN, HF_ERR_BUNDLE_CHAIN);
	link_is(r, HF_STATEMENT_MAX_LEN + 1, HF_ERR_BUNDLE_FORMAT);
	link_is(r, UINT16_MAX, HF_ERR_BUNDLE_FORMAT);
	link_is(r, 0, HF_ERR_BUNDLE_FORMAT);
}

/* ---- lengths of 64 bits ---- */

static void cbor_lengths_near_2_to_64_do_not_wrap(void **unused)
{
	static const char *const heads[] = { "\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
					     "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
					     "\x5b\x80\x00\x00\x00\x00\x00\x00\x00",
					     "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
					     "\xbb\xff\xff\xff\xff\xff\xff\xff\xff" };
	(void)unused;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct rig *r = forge_good();

		memcpy(r->envelope.ptr + 4, heads[i], 9); /* in place of member 2: tag, map, key go before */
		rig_bundle(r, 2, 1);
		forge_expect(r, HF_ERR_RELEASE_ENVELOPE);
		memcpy(r->envelope.ptr + 2, heads[i], 9); /* and of the map itself */
		rig_bundle(r, 2, 1);
		forge_expect(r, HF_ERR_RELEASE_ENVELOPE);
	}
}

static void proof_number(struct rig *r, size_t at, uint64_t value, hf_err err)
{
	uint64_t was = hf_get_be64(r->proof.ptr + at);

	hf_put_be64(r->proof.ptr + at, value);
	rig_bundle(r, 2, 1);
	forge_expect(r, err);
	hf_put_be64(r->proof.ptr + at, was);
	rig_bundle(r, 2, 1);
	assert_int_equal(rig_verify(r), HF_OK);
	assert_int_equal(rig_device(r, NULL), HF_OK);
}

static void sizes_and_indices_of_64_bits_are_refused(void **unused)
{
	static const uint64_t values[] = { UINT64_MAX, UINT64_MAX - 1, (uint64_t)INT64_MAX + 1, INT64_MAX,
					   UINT32_MAX, (uint64_t)UINT32_MAX + 1 };
	struct rig *r = forge_good();
	(void)unused;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		proof_number(r, 12, values[i], HF_ERR_PROOF_INCLUSION);
		proof_number(r, 20, values[i], HF_ERR_PROOF_INCLUSION);
	}
	proof_number(r, 12, 0, HF_ERR_PROOF_INCLUSION);
}

/* ---- what a manifest may hold ---- */

static hf_err write_manifest(struct rig *r)
{
	struct hf_out out = HF_OUT(r->manifest_mem);

	return hf_manifest_write(&r->manifest, &out);
}

/* The writer reads back what it wrote, with the device's reader. */
static void texts_and_numbers_of_a_manifest_have_their_limits(void **unused)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct rig *r = forge_good();
	const struct hf_manifest was = r->manifest;
	uint8_t uri[256];
	(void)unused;

	memset(uri, 'x', sizeof(uri));
	r->manifest.uri = (hf_bytes){ uri, HF_MANIFEST_MAX_URI_LEN };
	r->manifest.version = (hf_bytes){ (const uint8_t *)letters, HF_MANIFEST_MAX_VERSION_LEN };
	r->manifest.chunk_bits = HF_MANIFEST_MAX_CHUNK_BITS;
	r->manifest.sequence = INT64_MAX;
	forge_release(r, 3u << REL0);
	assert_int_equal(rig_verify(r), HF_OK);
	r->manifest.uri.len++;
	assert_int_equal(write_manifest(r), HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.version = (hf_bytes){ (const uint8_t *)letters, HF_MANIFEST_MAX_VERSION_LEN + 1 };
	assert_int_equal(write_manifest(r), HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.chunk_bits = HF_MANIFEST_MAX_CHUNK_BITS + 1;
	assert_int_equal(write_manifest(r), HF_ERR_RELEASE_PROFILE);
	r->manifest.chunk_bits = HF_MANIFEST_MIN_CHUNK_BITS - 1;
	assert_int_equal(write_manifest(r), HF_ERR_RELEASE_PROFILE);
	r->manifest = was;
	r->manifest.sequence = (uint64_t)INT64_MAX + 1;
	assert_int_equal(write_manifest(r), HF_ERR_RELEASE_PROFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(every_truncation_and_every_added_byte_is_refused),
		cmocka_unit_test(counts_that_promise_more_than_there_is_are_refused),
		cmocka_unit_test(seventeen_links_or_nine_proofs_are_refused),
		cmocka_unit_test(sixty_four_hashes_or_seventeen_cosignatures_are_refused),
		cmocka_unit_test(a_ninth_authentication_block_is_refused),
		cmocka_unit_test(an_object_above_its_limit_is_not_even_opened),
		cmocka_unit_test(a_link_above_its_limit_is_not_even_opened),
		cmocka_unit_test(cbor_lengths_near_2_to_64_do_not_wrap),
		cmocka_unit_test(sizes_and_indices_of_64_bits_are_refused),
		cmocka_unit_test(texts_and_numbers_of_a_manifest_have_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
