/* release_rig.c -- see release_rig.h. SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "release_rig.h"

const uint8_t rig_vendor[16] = "vendor vendor v", rig_class[16] = "class class cla",
	      rig_second[16] = "second class se";
const uint8_t rig_hash[32] = "thirty-two bytes of some hash..";

static int role_of(size_t i)
{
	static const int roles[N_KEYS] = { 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 2 };

	return roles[i];
}

static void make_keys(struct rig *r)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		r->seed[i].len = 32;
		memset(r->seed[i].b, (int)(i + 1), 32);
		assert_int_equal(hf_crypto_ed25519_public(&r->seed[i], r->pub[i]), HF_OK);
		assert_int_equal(hf_crypto_kid(HF_ARR(r->pub[i]), r->kid[i]), HF_OK);
		r->key[i] = (struct hf_policy_key){ .role = role_of(i),
						    .alg = HF_COSE_ED25519,
						    .pub = HF_ARR(r->pub[i]),
						    .holder = HF_STR("someone") };
	}
}

static void make_spec(struct rig *r)
{
	r->second_class = HF_ARR(rig_second);
	r->release[0] = (struct hf_delegation_spec){ .quorum = { .k = 2, .keys = 7u << REL0 } };
	r->release[1] = (struct hf_delegation_spec){ &r->second_class, 1, { .k = 1, .keys = 1u << OTHER } };
	r->rebuilder[0] = (struct hf_delegation_spec){ &r->second_class, 1, { .k = 1, .keys = 3u << REB0 } };
	r->spec = (struct hf_policy_spec){ .number = 1,
					   .vendor = HF_ARR(rig_vendor),
					   .key = r->key,
					   .n_keys = N_KEYS,
					   .root = { .k = 2, .keys = 7u << ROOT0 },
					   .release = r->release,
					   .n_release = 2,
					   .rebuilder = r->rebuilder,
					   .n_rebuilder = 1,
					   .publishers = 1u << PUBLISHER,
					   .logs = 3u << LOG0,
					   .witness = { .k = 2, .keys = 7u << WIT0 },
					   .monitor = { .k = 3, .keys = 7u << WIT0 } };
}

static void make_manifest(struct rig *r)
{
	static const uint64_t boards[] = { 1, 2, 7 };

	r->boards = HF_OUT(r->boards_mem);
	assert_int_equal(hf_boards_write(boards, 3, &r->boards), HF_OK);
	r->manifest = (struct hf_manifest){ .sequence = 7,
					    .component = HF_COMPONENT_MAIN,
					    .vendor = HF_ARR(rig_vendor),
					    .class_id = HF_ARR(rig_class),
					    .image_digest = HF_ARR(rig_hash),
					    .image_size = 123456,
					    .conditions = 31,
					    .boards = hf_out_bytes(&r->boards),
					    .agent_level = 1,
					    .installed = 3,
					    .data_level = 2,
					    .policy_number = 1,
					    .uri = HF_STR("hf:0123456789abcdef"),
					    .record = HF_ARR(rig_hash),
					    .chunk_root = HF_ARR(rig_hash),
					    .chunk_bits = 12,
					    .version = HF_STR("1.2.3") };
	r->device = (struct hf_device_facts){ .vendor = HF_ARR(rig_vendor),
					      .class_id = HF_ARR(rig_class),
					      .component = HF_COMPONENT_MAIN,
					      .floor = 5,
					      .installed = 5,
					      .board = 2,
					      .agent_level = 1,
					      .data_level = 2,
					      .now = T0 + 100 };
}

static hf_err get(void *ctx, unsigned level, uint64_t index, struct hf_merkle_hash *out)
{
	*out = ((struct rig_log *)ctx)->node[level][index];
	return HF_OK;
}

static hf_err put(void *ctx, unsigned level, uint64_t index, const struct hf_merkle_hash *hash)
{
	((struct rig_log *)ctx)->node[level][index] = *hash;
	return HF_OK;
}

static void leaf_of(struct rig *r, const uint8_t d[32], uint8_t sig[64], uint8_t leaf[HF_LEAF_LEN])
{
	uint8_t checksum[32], message[HF_LEAF_MESSAGE_LEN];

	assert_int_equal(hf_leaf_checksum(d, checksum), HF_OK);
	hf_leaf_message(checksum, message);
	assert_int_equal(hf_crypto_ed25519_sign(&r->seed[r->publisher], HF_ARR(message), sig), HF_OK);
	assert_int_equal(hf_leaf_write(checksum, sig, r->pub[r->publisher], leaf), HF_OK);
}

static uint64_t append(struct rig *r, const uint8_t d[32])
{
	struct hf_merkle_nodes nodes = { &r->log, get, put };
	uint8_t sig[64], leaf[HF_LEAF_LEN];
	struct hf_merkle_hash hash;

	leaf_of(r, d, sig, leaf);
	assert_int_equal(hf_merkle_leaf((hf_bytes){ leaf, HF_LEAF_LEN }, &hash), HF_OK);
	assert_int_equal(hf_merkle_append(&nodes, r->log.size, &hash), HF_OK);
	return r->log.size++;
}

static void head_of(struct rig *r, struct hf_tree_head *head, uint8_t sig[64], struct hf_out *cosigs)
{
	struct hf_merkle_nodes nodes = { &r->log, get, put };
	uint8_t mem[HF_CHECKPOINT_CAP], cosig[64];
	struct hf_out text = HF_OUT(mem);

	head->size = r->log.size;
	assert_int_equal(hf_merkle_root(&nodes, head->size, &head->root), HF_OK);
	assert_int_equal(hf_checkpoint_body(r->pub[r->log_key], head, &text), HF_OK);
	assert_int_equal(hf_crypto_ed25519_sign(&r->seed[r->log_key], hf_out_bytes(&text), sig), HF_OK);
	for (uint8_t i = 0; i < 3; i++) {
		if ((r->witnesses >> i & 1) == 0)
			continue;
		text.len = 0;
		assert_int_equal(hf_cosignature_message(r->pub[r->log_key], head, r->time[i], &text), HF_OK);
		assert_int_equal(hf_crypto_ed25519_sign(&r->seed[WIT0 + i], hf_out_bytes(&text), cosig),
				 HF_OK);
		assert_int_equal(hf_cosig_put((uint8_t)(WIT0 + i), r->time[i], cosig, cosigs), HF_OK);
	}
}

void rig_prove_at(struct rig *r, const uint8_t d[32], uint64_t index, unsigned policy, struct hf_out *proof)
{
	struct hf_merkle_nodes nodes = { &r->log, get, put };
	struct hf_merkle_hash path[HF_MERKLE_PROOF_MAX];
	uint8_t leaf_sig[64], log_sig[64], leaf[HF_LEAF_LEN], cosig_mem[3 * HF_COSIG_LEN];
	struct hf_out cosigs = HF_OUT(cosig_mem);
	struct hf_tree_head head;
	struct hf_proof p;
	size_t n = 0;

	leaf_of(r, d, leaf_sig, leaf);
	head_of(r, &head, log_sig, &cosigs);
	assert_int_equal(hf_merkle_inclusion(&nodes, index, head.size, path, &n), HF_OK);
	p = (struct hf_proof){ .policy_ref = HF_ARR(r->policy[policy].read.ref),
			       .log = r->log_key,
			       .publisher = r->publisher,
			       .size = head.size,
			       .index = index,
			       .leaf_sig = HF_ARR(leaf_sig),
			       .log_sig = HF_ARR(log_sig),
			       .path = { path[0].b, n * HF_MERKLE_LEN },
			       .cosigs = hf_out_bytes(&cosigs) };
	proof->len = 0;
	assert_int_equal(hf_proof_write(&p, proof), HF_OK);
}

void rig_prove(struct rig *r, const uint8_t d[32], unsigned policy, struct hf_out *proof)
{
	rig_prove_at(r, d, append(r, d), policy, proof);
}

struct hf_cose_signer rig_signer(struct rig *r, size_t i)
{
	return (struct hf_cose_signer){ HF_COSE_ED25519, HF_ARR(r->kid[i]), NULL, &r->seed[i] };
}

hf_err rig_try_policy(struct rig *r, unsigned n, hf_key_set signers)
{
	struct rig_policy *p = &r->policy[n];
	struct hf_cose_signer list[N_KEYS];
	size_t count = 0;

	p->box = HF_OUT(p->mem);
	p->payload = HF_OUT(p->payload_mem);
	p->proof = HF_OUT(p->proof_mem);
	r->spec.number = n;
	r->spec.previous = n == 1 ? (hf_bytes){ 0 } : HF_ARR(r->policy[n - 1].read.hash);
	HF_TRY(hf_policy_write(&r->spec, &p->payload));
	HF_TRY(hf_policy_read(hf_out_bytes(&p->payload), &p->read));
	for (size_t i = 0; i < N_KEYS; i++)
		if (signers >> i & 1)
			list[count++] = rig_signer(r, i);
	HF_TRY(hf_statement_write(hf_out_bytes(&p->payload), list, count, &r->scratch, &p->box));
	if (n > 1)
		rig_prove(r, p->read.hash, n - 1, &p->proof);
	return HF_OK;
}

void rig_policy(struct rig *r, unsigned n, hf_key_set signers)
{
	assert_int_equal(rig_try_policy(r, n, signers), HF_OK);
}

void rig_start(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->scratch = HF_OUT(r->scratch_mem);
	r->bundle = HF_OUT(r->bundle_mem);
	r->proof = HF_OUT(r->proof_mem);
	r->publisher = PUBLISHER;
	r->log_key = LOG0;
	r->witnesses = 7;
	for (unsigned i = 0; i < 3; i++)
		r->time[i] = T0 + i;
	make_keys(r);
	make_spec(r);
	make_manifest(r);
	rig_policy(r, 1, 3u << ROOT0);
	for (unsigned i = 0; i < 3; i++)
		(void)append(r, rig_hash);
}

void rig_release(struct rig *r, hf_key_set signers)
{
	unsigned side = 0;

	r->manifest_out = HF_OUT(r->manifest_mem);
	assert_int_equal(hf_manifest_write(&r->manifest, &r->manifest_out), HF_OK);
	r->envelope = HF_OUT(r->envelope_mem[side]);
	assert_int_equal(hf_envelope_write(hf_out_bytes(&r->manifest_out), (hf_bytes){ 0 }, &r->envelope),
			 HF_OK);
	for (size_t i = 0; i < N_KEYS; i++) {
		struct hf_cose_signer s = rig_signer(r, i);
		struct hf_out next = HF_OUT(r->envelope_mem[side ^ 1]);

		if ((signers >> i & 1) == 0)
			continue;
		assert_int_equal(hf_envelope_sign(hf_out_bytes(&r->envelope), &s, &r->scratch, &next), HF_OK);
		r->envelope = next;
		side ^= 1;
	}
}

void rig_bundle(struct rig *r, unsigned first, unsigned last)
{
	struct hf_bundle_link_spec link[MAX_POLICIES];
	hf_bytes proof = hf_out_bytes(&r->proof);
	struct hf_bundle_spec spec = { .link = link, .object = hf_out_bytes(&r->envelope) };

	for (unsigned i = first; i <= last; i++)
		link[spec.n_links++] = (struct hf_bundle_link_spec){ hf_out_bytes(&r->policy[i].box),
								     hf_out_bytes(&r->policy[i].proof) };
	if (r->envelope.len > 0) {
		spec.proof = &proof;
		spec.n_proofs = 1;
	}
	r->bundle.len = 0;
	assert_int_equal(hf_bundle_write(&spec, &r->bundle), HF_OK);
}

void rig_good(struct rig *r, unsigned first, unsigned policy)
{
	uint8_t d[32];

	rig_release(r, 3u << REL0);
	assert_int_equal(hf_manifest_digest(hf_out_bytes(&r->manifest_out), d), HF_OK);
	rig_prove(r, d, policy, &r->proof);
	rig_bundle(r, first, policy);
}

void rig_head(struct rig *r, unsigned policy, struct hf_out *out)
{
	uint8_t sig[64], cosig_mem[3 * HF_COSIG_LEN];
	struct hf_out cosigs = HF_OUT(cosig_mem);
	struct hf_head h = { .policy_ref = HF_ARR(r->policy[policy].read.ref), .log = r->log_key };

	head_of(r, &h.head, sig, &cosigs);
	h.log_sig = HF_ARR(sig);
	h.cosigs = hf_out_bytes(&cosigs);
	out->len = 0;
	assert_int_equal(hf_head_write(&h, out), HF_OK);
}

hf_err rig_device(struct rig *r, struct hf_port *port)
{
	return hf_trust_start(&r->trust, port, hf_out_bytes(&r->policy[1].box), &r->scratch);
}

hf_err rig_verify(struct rig *r)
{
	hf_err err =
		hf_bundle_verify(hf_out_bytes(&r->bundle), &r->trust, &r->device, &r->scratch, &r->verdict);
	bool release = r->bundle.len > 4 && r->bundle.ptr[4] == HF_BUNDLE_RELEASE;

	assert_true(hf_verdict_is_yes(r->verdict.install) == (err == HF_OK && release));
	return err;
}
