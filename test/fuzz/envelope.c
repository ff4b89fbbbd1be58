/* Fuzz target: SUIT envelopes of the release profile, and who signed them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

enum { IN_MAX = HF_ENVELOPE_MAX_LEN + HF_ENVELOPE_MAX_TEXT_LEN };

/* The same envelope out of its parts. */
static void write_again(hf_bytes in, const struct hf_envelope *e)
{
	static uint8_t mem[IN_MAX + 64];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborw w;

	hf_cbor_writer(&w, &out);
	hf_cbor_put_tag(&w, 107);
	hf_cbor_put_map(&w, e->text.ptr != NULL ? 3 : 2);
	hf_cbor_put_key(&w, 2);
	hf_cbor_begin_bytes(&w);
	hf_cbor_put_array(&w, 1 + e->n_blocks);
	hf_cbor_put_bytes(&w, e->digest);
	for (size_t i = 0; i < e->n_blocks; i++)
		hf_cbor_put_bytes(&w, e->block_bytes[i]);
	hf_cbor_end_bytes(&w);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_bytes(&w, e->manifest);
	if (e->text.ptr != NULL) {
		hf_cbor_put_key(&w, 23);
		hf_cbor_put_bytes(&w, e->text);
	}
	release_expect(hf_cbor_finish(&w) == HF_OK && hf_bytes_equal(hf_out_bytes(&out), in));
}

static void check_strip(hf_bytes in, const struct hf_envelope *e)
{
	static uint8_t mem[HF_ENVELOPE_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	struct hf_envelope bare;
	uint8_t d[HF_SHA256_LEN];

	release_expect(hf_envelope_strip(in, &out) == HF_OK);
	release_expect(hf_envelope_read(hf_out_bytes(&out), &bare) == HF_OK && bare.text.len == 0);
	release_expect(hf_manifest_digest(e->manifest, d) == HF_OK);
	release_expect(hf_bytes_equal(HF_ARR(d), HF_ARR(bare.d)) && hf_bytes_equal(HF_ARR(d), HF_ARR(e->d)));
	release_expect(bare.n_blocks == e->n_blocks);
}

static void check_signers(const struct hf_envelope *e)
{
	struct rig *r = release_world();
	const struct hf_policy *policy = &r->trust.policy;
	hf_key_set release = 0, rebuilders = 0;

	if (hf_release_signers(e, policy, &r->scratch, &release, &rebuilders) != HF_OK) {
		release_expect(release == 0 && rebuilders == 0);
		return;
	}
	release_expect((release & ~hf_policy_role(policy, HF_ROLE_RELEASE)) == 0);
	release_expect((rebuilders & ~hf_policy_role(policy, HF_ROLE_REBUILDER)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };
	struct hf_envelope e;

	if (hf_envelope_read(in, &e) != HF_OK) {
		release_expect(e.n_blocks == 0 && e.manifest.ptr == NULL);
		return 0;
	}
	write_again(in, &e);
	check_strip(in, &e);
	check_signers(&e);
	return 0;
}
