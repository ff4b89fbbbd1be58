/* Fuzz target: offline bundles, taken apart, put together again, and judged by a device.
 * SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

/* The encoded proof that lies before `rest`. */
static hf_bytes before(const uint8_t *start, hf_bytes rest)
{
	return (hf_bytes){ start, (size_t)(rest.ptr - start) };
}

/* What was read is what the writer would have written. */
static void write_again(hf_bytes in, const struct hf_bundle *b)
{
	static uint8_t mem[HF_BUNDLE_MAX_LEN];
	struct hf_bundle_link_spec link[HF_BUNDLE_MAX_LINKS];
	hf_bytes proof[HF_BUNDLE_MAX_PROOFS], links = b->links, proofs = b->proofs;
	struct hf_bundle_spec spec = { link, b->n_links, b->object, proof, b->n_proofs };
	struct hf_out out = HF_OUT(mem);
	struct hf_bundle_link l;

	for (size_t i = 0; i < b->n_links; i++) {
		release_expect(hf_bundle_next_link(&links, &l) == HF_OK);
		link[i].statement = l.statement;
		link[i].proof = before(l.statement.ptr + l.statement.len, links);
	}
	for (size_t i = 0; i < b->n_proofs; i++) {
		const uint8_t *start = proofs.ptr;

		release_expect(hf_bundle_next_proof(&proofs, &l.proof) == HF_OK);
		proof[i] = before(start, proofs);
	}
	release_expect(links.len == 0 && proofs.len == 0);
	release_expect(hf_bundle_write(&spec, &out) == HF_OK && hf_bytes_equal(hf_out_bytes(&out), in));
}

/* Whatever the bytes: nothing that the device knows goes back, and yes comes with HF_OK only. */
static void judge(hf_bytes in, const struct hf_bundle *b)
{
	struct rig *r = release_world();
	uint64_t number = r->trust.policy.number, time = r->trust.quorum_time;
	hf_err err = hf_bundle_verify(in, &r->trust, &r->device, &r->scratch, &r->verdict);
	bool yes = hf_verdict_is_yes(r->verdict.install);

	release_expect(yes == (err == HF_OK && b->kind == HF_BUNDLE_RELEASE));
	release_expect(r->trust.policy.number >= number && r->trust.quorum_time >= time);
	release_expect(err == HF_OK || hf_release_reason(err) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };
	struct hf_bundle b;

	if (hf_bundle_read(in, &b) == HF_OK)
		write_again(in, &b);
	else
		release_expect(b.object.ptr == NULL && b.n_links == 0);
	judge(in, &b);
	return 0;
}
