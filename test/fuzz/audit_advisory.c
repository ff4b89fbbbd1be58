/* Fuzz target: one document of advisories, of any kind, told apart by content, into a database in memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "feed_store.h"
#include "fuzz.h"

static hf_err on_document(void *ctx, hf_bytes text)
{
	struct hf__store *s = ctx;

	s->kind = NULL;
	return hf__read_advisories(s, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hf_feed_source about;
	static struct hf__store store;
	hf_bytes text = { data, size };
	hf_err err;

	if (store.db == NULL) {
		store = (struct hf__store){ .about = &about, .ranges = HF_BUF(HF__RANGES_MAX) };
		if (hf__store_open(&store, ":memory:") != HF_OK)
			abort();
	}
	if (hf__sql(store.db, "BEGIN") != HF_OK)
		abort();
	err = on_document(&store, text);
	if (err == HF_ERR_FEED_IO)
		abort();
	err = hf__zip_each(text, on_document, &store);
	if (hf__sql(store.db, "ROLLBACK") != HF_OK && hf__sql(store.db, "COMMIT") != HF_OK)
		abort();
	if (hf__sql(store.db, "DELETE FROM affects; DELETE FROM score; DELETE FROM kev; DELETE FROM epss") !=
	    HF_OK)
		abort();
	return err == HF_ERR_BASE_MISUSE;
}
