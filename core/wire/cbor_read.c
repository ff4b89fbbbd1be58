/* cbor_read.c -- the reader's vocabulary over the walk: typed reads, keys, limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cbor_priv.h"

static unsigned bit(int major)
{
	return 1u << major;
}

void hf_cbor_read_uint(struct hf_cborr *r, uint64_t *v)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_UINT), &item);
	*v = item.arg;
}

void hf_cbor_read_int(struct hf_cborr *r, int64_t *v)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_UINT) | bit(HF_CBOR_NINT), &item);
	if (item.arg > INT64_MAX) {
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
		item = (struct hf__cbor_item){ 0 };
	}
	*v = item.major == HF_CBOR_NINT ? -1 - (int64_t)item.arg : (int64_t)item.arg;
}

void hf_cbor_read_bytes(struct hf_cborr *r, hf_bytes *b)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_BYTES), &item);
	*b = item.content;
}

void hf_cbor_read_text(struct hf_cborr *r, hf_bytes *t)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_TEXT), &item);
	*t = item.content;
}

void hf_cbor_read_bool(struct hf_cborr *r, bool *v)
{
	struct hf__cbor_item item;

	if (hf__cbor_take(r, bit(HF_CBOR_SIMPLE), &item) && item.info == HF__CBOR_NULL)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_TYPE);
	*v = item.info == HF__CBOR_TRUE;
}

void hf_cbor_read_null(struct hf_cborr *r)
{
	struct hf__cbor_item item;

	if (hf__cbor_take(r, bit(HF_CBOR_SIMPLE), &item) && item.info != HF__CBOR_NULL)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_TYPE);
}

bool hf_cbor_try_null(struct hf_cborr *r)
{
	struct hf__cbor_item item;

	if (hf_cbor_peek(r) != HF_CBOR_SIMPLE || hf__cbor_look(r, &item) != HF_OK ||
	    item.info != HF__CBOR_NULL)
		return false;
	return hf__cbor_take(r, bit(HF_CBOR_SIMPLE), &item);
}

void hf_cbor_read_tag(struct hf_cborr *r, uint64_t *tag)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_TAG), &item);
	*tag = item.arg;
}

void hf_cbor_read_uint_max(struct hf_cborr *r, uint64_t max, uint64_t *v)
{
	hf_cbor_read_uint(r, v);
	if (*v > max) {
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
		*v = 0;
	}
}

static void limit(struct hf_cborr *r, size_t max, hf_bytes *b)
{
	if (b->len > max) {
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
		*b = (hf_bytes){ 0 };
	}
}

void hf_cbor_read_bytes_max(struct hf_cborr *r, size_t max, hf_bytes *b)
{
	hf_cbor_read_bytes(r, b);
	limit(r, max, b);
}

void hf_cbor_read_text_max(struct hf_cborr *r, size_t max, hf_bytes *t)
{
	hf_cbor_read_text(r, t);
	limit(r, max, t);
}

void hf_cbor_read_fixed(struct hf_cborr *r, uint8_t *out, size_t len)
{
	hf_bytes b;

	memset(out, 0, len);
	hf_cbor_read_bytes(r, &b);
	if (r->err == HF_OK && b.len != len)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
	if (r->err == HF_OK && len > 0)
		memcpy(out, b.ptr, len);
}

void hf_cbor_read_array(struct hf_cborr *r, size_t *n)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_ARRAY), &item);
	*n = (size_t)item.arg;
}

void hf_cbor_read_map(struct hf_cborr *r, size_t *n)
{
	struct hf__cbor_item item;

	hf__cbor_take(r, bit(HF_CBOR_MAP), &item);
	*n = (size_t)item.arg;
}

void hf_cbor_expect_array(struct hf_cborr *r, size_t n)
{
	size_t got;

	hf_cbor_read_array(r, &got);
	if (got != n)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_COUNT);
}

void hf_cbor_expect_map(struct hf_cborr *r, size_t n)
{
	size_t got;

	hf_cbor_read_map(r, &got);
	if (got != n)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_COUNT);
}

void hf_cbor_expect_tag(struct hf_cborr *r, uint64_t tag)
{
	uint64_t got;

	hf_cbor_read_tag(r, &got);
	if (got != tag)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
}

size_t hf_cbor_left(const struct hf_cborr *r)
{
	const struct hf_cbor_level *level;

	if (r->err != HF_OK || r->depth == 0)
		return 0;
	level = &r->level[r->depth - 1];
	return level->kind == HF_CBOR_MAP ? (level->left + 1) / 2 : level->left;
}

void hf_cbor_read_key(struct hf_cborr *r, int64_t *key)
{
	bool ended = r->depth > 0 && r->level[r->depth - 1].left == 0;

	if (!hf__cbor_at_key(r))
		hf_cbor_reader_fail(r, ended ? HF_ERR_CBOR_COUNT : HF_ERR_BASE_MISUSE);
	hf_cbor_read_int(r, key);
}

void hf_cbor_expect_key(struct hf_cborr *r, int64_t key)
{
	int64_t got;

	hf_cbor_read_key(r, &got);
	if (got != key)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_KEY);
}

bool hf_cbor_try_key(struct hf_cborr *r, int64_t key)
{
	struct hf__cbor_item item;
	int major = key < 0 ? HF_CBOR_NINT : HF_CBOR_UINT;
	uint64_t arg = key < 0 ? (uint64_t)(-1 - key) : (uint64_t)key;

	if (r->err != HF_OK || !hf__cbor_at_key(r) || hf__cbor_look(r, &item) != HF_OK)
		return false;
	if (item.major != major || item.arg != arg)
		return false;
	return hf__cbor_take(r, bit(major), &item);
}

void hf_cbor_expect_text(struct hf_cborr *r, hf_bytes text)
{
	hf_bytes got;

	hf_cbor_read_text(r, &got);
	if (!hf_bytes_equal(got, text))
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
}

void hf_cbor_expect_uint(struct hf_cborr *r, uint64_t v)
{
	uint64_t got;

	hf_cbor_read_uint(r, &got);
	if (got != v)
		hf_cbor_reader_fail(r, HF_ERR_CBOR_RANGE);
}

void hf_cbor_capture(struct hf_cborr *r, hf_bytes *item)
{
	size_t start = r->at;

	hf_cbor_skip(r);
	*item = r->err == HF_OK ? (hf_bytes){ r->in.ptr + start, r->at - start } : (hf_bytes){ 0 };
}
