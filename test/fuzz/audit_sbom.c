/* Fuzz target: stored bills of materials.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <hf/recheck.h>
#include "fuzz.h"

static hf_err put(void *ctx, const struct hf_fact *fact)
{
	size_t total = 0;

	(void)ctx;
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		total += fact->text[i].len;
	if (fact->kind != HF_FACT_PACKAGE || total > HF_FACT_MAX_LEN)
		abort();
	return HF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_fact_sink sink = { NULL, put };
	hf_bytes text = { data, size };
	hf_err err = hf_sbom_read(text, HF_STR("x"), &sink, NULL);

	if (err != HF_OK && err != HF_ERR_SBOM_FORMAT)
		abort();
	return 0;
}
