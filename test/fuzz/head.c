/* Fuzz target: head messages. SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

static void write_again(hf_bytes in, const struct hf_head *h)
{
	uint8_t mem[HF_HEAD_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	release_expect(hf_head_write(h, &out) == HF_OK && hf_bytes_equal(hf_out_bytes(&out), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig *r = release_world();
	hf_bytes in = { data, size };
	uint64_t time = r->trust.quorum_time;
	struct hf_head h;

	if (hf_head_read(in, &h) == HF_OK)
		write_again(in, &h);
	else
		release_expect(h.cosigs.ptr == NULL && h.head.size == 0);
	if (hf_trust_hear(&r->trust, in, 0) != HF_OK) {
		release_expect(r->trust.newest.time == 0 && r->trust.quorum_time == time);
		return 0;
	}
	release_expect(r->trust.newest.head.size == h.head.size && r->trust.quorum_time >= time);
	release_expect(hf_trust_hear(&r->trust, in, 0) == HF_OK); /* heard twice is no fault */
	return 0;
}
