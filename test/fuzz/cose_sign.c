/* Fuzz target: the readers of COSE_Sign1 and COSE_Sign, strict and foreign. The input is the object. What
 * the strict readers accept, the writers would write: the same object comes out of its parts again.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <holdfast/cose_foreign.h>
#include "fuzz.h"

enum { IN_MAX = 16384 };

static uint8_t again[IN_MAX + 64];

/* A sticky writer over `again`; signatures are put where they were. */
static void put_start(struct hf_cborw *w, struct hf_out *out, uint64_t tag, hf_bytes header)
{
	*out = HF_OUT(again);
	hf_cbor_writer(w, out);
	hf_cbor_put_tag(w, tag);
	hf_cbor_put_array(w, 4);
	hf_cbor_put_bytes(w, header);
	hf_cbor_put_map(w, 0);
}

static void expect_same(struct hf_cborw *w, hf_bytes in)
{
	if (hf_cbor_finish(w) != HF_OK || !hf_bytes_equal(hf_out_bytes(w->out), in))
		abort();
}

static void try_sign1(hf_bytes in)
{
	struct hf_cose_sign1 s, foreign;
	struct hf_cborw w;
	struct hf_out out;

	if (hf_cose_sign1_read(in, &s) != HF_OK) {
		if (s.signature.ptr != NULL || s.payload.ptr != NULL)
			abort(); /* a failed read gives nothing */
		(void)!hf_cose_foreign_sign1_read(in, &foreign);
		return;
	}
	put_start(&w, &out, HF_COSE_TAG_SIGN1, s.protected_header);
	if (s.detached)
		hf_cbor_put_null(&w);
	else
		hf_cbor_put_bytes(&w, s.payload);
	hf_cbor_put_bytes(&w, s.signature);
	expect_same(&w, in);
	if (hf_cose_foreign_sign1_read(in, &foreign) != HF_OK || foreign.alg != s.alg)
		abort(); /* strict is a part of foreign */
}

static void try_sign(hf_bytes in)
{
	struct hf_cose_sign s, foreign;
	struct hf_cborw w;
	struct hf_out out;

	if (hf_cose_sign_read(in, &s) != HF_OK) {
		if (s.n != 0 || s.payload.ptr != NULL)
			abort();
		(void)!hf_cose_foreign_sign_read(in, &foreign);
		return;
	}
	put_start(&w, &out, HF_COSE_TAG_SIGN, (hf_bytes){ 0 });
	hf_cbor_put_bytes(&w, s.payload);
	hf_cbor_put_array(&w, s.n);
	for (size_t i = 0; i < s.n; i++) {
		hf_cbor_put_array(&w, 3);
		hf_cbor_put_bytes(&w, s.signature[i].protected_header);
		hf_cbor_put_map(&w, 0);
		hf_cbor_put_bytes(&w, s.signature[i].signature);
	}
	expect_same(&w, in);
	if (hf_cose_foreign_sign_read(in, &foreign) != HF_OK || foreign.n != s.n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > IN_MAX)
		return 0;
	try_sign1((hf_bytes){ data, size });
	try_sign((hf_bytes){ data, size });
	return 0;
}
