/* Fuzz target: proofs of the offline bundle. SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

static void write_again(hf_bytes in, const struct hf_proof *p)
{
	uint8_t mem[HF_PROOF_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	release_expect(hf_proof_write(p, &out) == HF_OK && hf_bytes_equal(hf_out_bytes(&out), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig *r = release_world();
	struct hf_proof_result result;
	struct hf_proof p;
	size_t used = 0;

	if (hf_proof_read((hf_bytes){ data, size }, &p, &used) != HF_OK) {
		release_expect(used == 0 && p.path.ptr == NULL && p.policy_ref.ptr == NULL);
		return 0;
	}
	release_expect(used <= size && used >= HF_PROOF_FIXED_LEN);
	write_again((hf_bytes){ data, used }, &p);
	if (hf_proof_verify(&p, &r->trust.policy, r->verdict.d, 0, &result) != HF_OK) {
		release_expect(result.witnesses == 0 && result.quorum_time == 0);
		return 0;
	}
	/* The log signed one head that holds this release. */
	release_expect(result.head.size == r->log.size && result.quorum_time >= T0 &&
		       result.quorum_time < T0 + 3);
	return 0;
}
