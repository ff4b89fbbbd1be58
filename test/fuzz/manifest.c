/* Fuzz target: manifests of the release profile; whatever the reader accepts is then signed and logged as a
 * release, so that the device's judgement of hostile but well-formed manifests is fuzzed too.
 * SPDX-License-Identifier: Apache-2.0 */
#include "release_world.h"

static void write_again(hf_bytes in, const struct hf_manifest *m)
{
	static uint8_t mem[HF_MANIFEST_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	release_expect(hf_manifest_write(m, &out) == HF_OK && hf_bytes_equal(hf_out_bytes(&out), in));
}

static bool is_for(const struct rig *r, const struct hf_manifest *m)
{
	return hf_bytes_equal(m->vendor, r->device.vendor) &&
	       hf_bytes_equal(m->class_id, r->device.class_id) &&
	       hf_bytes_equal(m->component, r->device.component);
}

/* Signed by a quorum and logged: what is left is the manifest's own word. */
static void judge(const struct hf_manifest *m)
{
	struct rig *r = release_world();
	const struct hf_manifest kept = r->manifest;
	uint8_t d[HF_SHA256_LEN];
	hf_err err;

	r->manifest = *m;
	rig_release(r, 3u << REL0);
	release_expect(hf_manifest_digest(hf_out_bytes(&r->manifest_out), d) == HF_OK);
	rig_prove(r, d, 1, &r->proof);
	rig_bundle(r, 2, 1);
	err = rig_verify(r);
	r->manifest = kept;
	if (!is_for(r, m))
		release_expect(err == HF_ERR_RELEASE_CLASS);
	else if (m->sequence < r->device.floor)
		release_expect(err == HF_ERR_RELEASE_ROLLBACK);
	else
		release_expect(err == HF_OK || err == HF_ERR_RELEASE_CONDITION);
	release_expect(m->conditions != 0 || err != HF_ERR_RELEASE_CONDITION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hf_bytes in = { data, size };
	struct hf_manifest m;

	if (hf_manifest_read(in, &m) != HF_OK) {
		release_expect(m.uri.ptr == NULL && m.conditions == 0 && m.image_size == 0);
		return 0;
	}
	write_again(in, &m);
	judge(&m);
	return 0;
}
