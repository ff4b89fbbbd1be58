/* Fuzz target: the CBOR reader. Whatever it accepts must come out of the writer byte for byte again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "fuzz.h"

enum { IN_MAX = 4096 };

static void copy_head(struct hf_cborr *r, struct hf_cborw *w)
{
	bool yes = false;
	size_t n = 0;
	uint64_t tag = 0;

	switch (hf_cbor_peek(r)) {
	case HF_CBOR_ARRAY:
		hf_cbor_read_array(r, &n);
		hf_cbor_put_array(w, n);
		return;
	case HF_CBOR_MAP:
		hf_cbor_read_map(r, &n);
		hf_cbor_put_map(w, n);
		return;
	case HF_CBOR_TAG:
		hf_cbor_read_tag(r, &tag);
		hf_cbor_put_tag(w, tag);
		return;
	default:
		if (hf_cbor_try_null(r)) {
			hf_cbor_put_null(w);
			return;
		}
		hf_cbor_read_bool(r, &yes);
		hf_cbor_put_bool(w, yes);
	}
}

static void copy_item(struct hf_cborr *r, struct hf_cborw *w)
{
	hf_bytes b = { 0 };
	uint64_t u = 0;
	int64_t i = 0;

	switch (hf_cbor_peek(r)) {
	case HF_CBOR_UINT:
		hf_cbor_read_uint(r, &u);
		hf_cbor_put_uint(w, u);
		return;
	case HF_CBOR_NINT:
		hf_cbor_read_int(r, &i);
		hf_cbor_put_int(w, i);
		return;
	case HF_CBOR_BYTES:
		hf_cbor_read_bytes(r, &b);
		hf_cbor_put_bytes(w, b);
		return;
	case HF_CBOR_TEXT:
		hf_cbor_read_text(r, &b);
		hf_cbor_put_text(w, b);
		return;
	default:
		copy_head(r, w);
	}
}

static bool copy(struct hf_cborr *r, struct hf_cborw *w)
{
	do {
		copy_item(r, w);
		while (hf_cbor_error(r) == HF_OK && r->depth > 0 && r->level[r->depth - 1].left == 0)
			hf_cbor_end(r);
	} while (hf_cbor_error(r) == HF_OK && r->depth > 0);
	return hf_cbor_done(r) == HF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mem[IN_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_cborr r;
	struct hf_cborw w;
	hf_err whole;

	if (size > IN_MAX)
		return 0;
	whole = hf_cbor_check((hf_bytes){ data, size });
	hf_cbor_reader(&r, (hf_bytes){ data, size });
	hf_cbor_writer(&w, &out);
	if (!copy(&r, &w)) {
		/* Only a negative number below INT64_MIN is well-formed and not readable. */
		if (whole == HF_OK && hf_cbor_error(&r) != HF_ERR_CBOR_RANGE)
			abort();
		return 0;
	}
	if (whole != HF_OK || hf_cbor_finish(&w) != HF_OK)
		abort();
	if (out.len != size || memcmp(mem, data, size) != 0)
		abort();
	return 0;
}
