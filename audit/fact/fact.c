/* A fact on the wire is short: what is zero or empty at the end of its two lists is left out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/cbor.h>
#include <hf/fact.h>

enum { FACT_ITEMS = 4 }; /* kind, path, numbers, texts */

static size_t numbers_used(const struct hf_fact *fact)
{
	size_t n = HF_FACT_NUMS;

	while (n > 0 && fact->num[n - 1] == 0)
		n--;
	return n;
}

static size_t texts_used(const struct hf_fact *fact)
{
	size_t n = HF_FACT_TEXTS;

	while (n > 0 && fact->text[n - 1].len == 0)
		n--;
	return n;
}

hf_err hf_fact_encode(const struct hf_fact *fact, struct hf_out *out)
{
	size_t n_nums = numbers_used(fact), n_texts = texts_used(fact), begin = out->len;
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, FACT_ITEMS);
	hf_cbor_put_uint(&w, fact->kind);
	hf_cbor_put_bytes(&w, fact->path);
	hf_cbor_put_array(&w, n_nums);
	for (size_t i = 0; i < n_nums; i++)
		hf_cbor_put_uint(&w, fact->num[i]);
	hf_cbor_put_array(&w, n_texts);
	for (size_t i = 0; i < n_texts; i++)
		hf_cbor_put_bytes(&w, fact->text[i]);
	HF_TRY(hf_cbor_finish(&w));
	if (out->len - begin <= HF_FACT_MAX_LEN)
		return HF_OK;
	out->len = begin;
	return HF_ERR_BASE_NO_ROOM;
}

/* Paths are shown to people as they are, so a reader that was taken over must not choose their bytes. */
static bool is_path(hf_bytes path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] < 0x21 || path.ptr[i] > 0x7e)
			return false;
	return path.len <= HF_FACT_PATH_MAX;
}

static hf_err read_fact(hf_bytes bytes, struct hf_fact *fact)
{
	struct hf_cborr r;
	uint64_t kind = 0;
	size_t n = 0;

	hf_cbor_reader(&r, bytes);
	hf_cbor_expect_array(&r, FACT_ITEMS);
	hf_cbor_read_uint_max(&r, HF_FACT_KINDS - 1, &kind);
	hf_cbor_read_bytes(&r, &fact->path);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && i < HF_FACT_NUMS; i++)
		hf_cbor_read_uint(&r, &fact->num[i]);
	hf_cbor_end(&r);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && i < HF_FACT_TEXTS; i++)
		hf_cbor_read_bytes(&r, &fact->text[i]);
	HF_TRY(hf_cbor_done(&r));
	fact->kind = (uint8_t)kind;
	return kind > 0 && is_path(fact->path) ? HF_OK : HF_ERR_FACT_SHAPE;
}

hf_err hf_fact_decode(hf_bytes bytes, struct hf_fact *fact)
{
	hf_err err;

	*fact = (struct hf_fact){ 0 };
	if (bytes.len > HF_FACT_MAX_LEN)
		return HF_ERR_FACT_SHAPE;
	err = read_fact(bytes, fact);
	if (err != HF_OK)
		*fact = (struct hf_fact){ 0 };
	return err;
}
