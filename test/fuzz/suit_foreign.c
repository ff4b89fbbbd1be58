/* Fuzz target: SUIT envelopes of others. What the strict reader takes, the walker takes too, and calls it
 * ours when the manifest is of the release profile. SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <holdfast/suit_foreign.h>
#include "fuzz.h"

/* Is it a release to the strict reader, with nothing in it that the manifest does not cover? */
static bool is_release(hf_bytes in, struct hf_manifest *m)
{
	struct hf_envelope e;

	if (hf_envelope_read(in, &e) != HF_OK || hf_manifest_read(e.manifest, m) != HF_OK)
		return false;
	/* The strict reader never looks at text, so it takes one that the manifest does not know. */
	return e.text.ptr == NULL || m->text_digest.len > 0;
}

static void expect_same(const struct hf_suit_foreign *s, const struct hf_manifest *m)
{
	if (!s->in_subset || s->sequence != m->sequence || s->n_components != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_suit_foreign s;
	hf_bytes in = { data, size };
	struct hf_manifest m;
	bool release = is_release(in, &m);
	hf_err err = hf_suit_foreign_read(in, &s);

	if (err != HF_OK && (s.n_commands != 0 || s.envelope.manifest.ptr != NULL || s.in_subset))
		abort();
	if (release && err == HF_OK)
		expect_same(&s, &m);
	else if (release && err != HF_ERR_SUIT_DIGEST)
		abort();
	return 0;
}
