/* cbor_write.c -- the writer. It keeps the same account of open containers as the reader, so that what
 * it finishes is what the reader accepts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "wire_priv.h"

int hf__wire_compare(hf_bytes a, hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	if (order != 0 || a.len == b.len)
		return order;
	return a.len < b.len ? -1 : 1;
}

size_t hf__cbor_head(uint8_t head[static HF__CBOR_HEAD_CAP], int major, uint64_t arg)
{
	size_t n = arg < 24 ? 0 : arg <= 0xff ? 1 : arg <= 0xffff ? 2 : arg <= 0xffffffff ? 4 : 8;
	unsigned info = n == 0 ? (unsigned)arg : n == 1 ? 24 : n == 2 ? 25 : n == 4 ? 26 : 27;

	head[0] = (uint8_t)((unsigned)major << 5 | info);
	for (size_t i = n; i > 0; i--) {
		head[i] = (uint8_t)arg;
		arg >>= 8;
	}
	return 1 + n;
}

void hf_cbor_writer(struct hf_cborw *w, struct hf_out *out)
{
	*w = (struct hf_cborw){ .out = out, .start = out->len };
}

void hf_cbor_writer_fail(struct hf_cborw *w, hf_err err)
{
	if (w->err == HF_OK)
		w->err = err;
}

static struct hf_cbor_level *top(struct hf_cborw *w)
{
	return w->depth == 0 ? NULL : &w->level[w->depth - 1];
}

static bool at_key(struct hf_cborw *w)
{
	return w->depth > 0 && top(w)->kind == HF_CBOR_MAP && top(w)->left % 2 == 0;
}

static void put(struct hf_cborw *w, hf_bytes b)
{
	if (w->err == HF_OK)
		w->err = hf_out_put(w->out, b);
}

static void put_head(struct hf_cborw *w, int major, uint64_t arg)
{
	uint8_t head[HF__CBOR_HEAD_CAP];

	put(w, (hf_bytes){ head, hf__cbor_head(head, major, arg) });
}

static void check_key(struct hf_cborw *w, size_t start)
{
	struct hf_cbor_level *level = top(w);
	hf_bytes last = { w->out->ptr + level->key, level->key_len };
	hf_bytes key = { w->out->ptr + start, w->out->len - start };

	if (level->key_len > 0 && hf__wire_compare(last, key) >= 0)
		hf_cbor_writer_fail(w, HF_ERR_BASE_MISUSE);
	level->key = start;
	level->key_len = key.len;
}

/* Count one written item that begins at `start`. A container is counted when its head is written. */
static void count(struct hf_cborw *w, size_t start, int major)
{
	if (w->err != HF_OK || w->depth == 0 || top(w)->kind == HF_CBOR_BYTES)
		return;
	if (at_key(w) && major > HF_CBOR_TEXT) {
		w->err = HF_ERR_BASE_MISUSE;
		return;
	}
	if (at_key(w))
		check_key(w, start);
	top(w)->left--;
}

static void close_full(struct hf_cborw *w)
{
	while (w->depth > 0 && top(w)->kind != HF_CBOR_BYTES && top(w)->left == 0)
		w->depth--;
}

static void open_level(struct hf_cborw *w, int kind, size_t left, size_t key)
{
	if (w->err == HF_OK && w->depth == HF_CBOR_MAX_DEPTH)
		w->err = HF_ERR_CBOR_DEPTH;
	if (w->err == HF_OK)
		w->level[w->depth++] =
			(struct hf_cbor_level){ .kind = (uint8_t)kind, .left = left, .key = key };
}

static void put_scalar(struct hf_cborw *w, int major, uint64_t arg, hf_bytes content)
{
	size_t start = w->out->len;

	put_head(w, major, arg);
	put(w, content);
	count(w, start, major);
	close_full(w);
}

static void put_container(struct hf_cborw *w, int major, uint64_t arg, size_t left)
{
	size_t start = w->out->len;

	put_head(w, major, arg);
	count(w, start, major);
	open_level(w, major, left, 0);
	close_full(w);
}

void hf_cbor_put_uint(struct hf_cborw *w, uint64_t v)
{
	put_scalar(w, HF_CBOR_UINT, v, (hf_bytes){ 0 });
}

void hf_cbor_put_int(struct hf_cborw *w, int64_t v)
{
	if (v >= 0)
		put_scalar(w, HF_CBOR_UINT, (uint64_t)v, (hf_bytes){ 0 });
	else
		put_scalar(w, HF_CBOR_NINT, (uint64_t)(-1 - v), (hf_bytes){ 0 });
}

void hf_cbor_put_key(struct hf_cborw *w, int64_t key)
{
	if (!at_key(w))
		hf_cbor_writer_fail(w, HF_ERR_BASE_MISUSE);
	hf_cbor_put_int(w, key);
}

void hf_cbor_put_bytes(struct hf_cborw *w, hf_bytes b)
{
	put_scalar(w, HF_CBOR_BYTES, b.len, b);
}

void hf_cbor_put_text(struct hf_cborw *w, hf_bytes t)
{
	if (!hf__wire_is_utf8(t))
		hf_cbor_writer_fail(w, HF_ERR_CBOR_FORM);
	put_scalar(w, HF_CBOR_TEXT, t.len, t);
}

void hf_cbor_put_null(struct hf_cborw *w)
{
	put_scalar(w, HF_CBOR_SIMPLE, 22, (hf_bytes){ 0 });
}

void hf_cbor_put_bool(struct hf_cborw *w, bool v)
{
	put_scalar(w, HF_CBOR_SIMPLE, v ? 21 : 20, (hf_bytes){ 0 });
}

void hf_cbor_put_array(struct hf_cborw *w, size_t n)
{
	put_container(w, HF_CBOR_ARRAY, n, n);
}

void hf_cbor_put_map(struct hf_cborw *w, size_t n)
{
	if (n > SIZE_MAX / 2)
		hf_cbor_writer_fail(w, HF_ERR_BASE_MISUSE);
	put_container(w, HF_CBOR_MAP, n, n * 2);
}

void hf_cbor_put_tag(struct hf_cborw *w, uint64_t tag)
{
	put_container(w, HF_CBOR_TAG, tag, 1);
}

void hf_cbor_put_raw(struct hf_cborw *w, hf_bytes item)
{
	size_t start = w->out->len;

	if (w->err == HF_OK)
		w->err = hf__cbor_check_at(item, w->depth);
	put(w, item);
	if (w->err == HF_OK)
		count(w, start, item.ptr[0] >> 5);
	close_full(w);
}

uint8_t *hf__cbor_put_space(struct hf_cborw *w, size_t len)
{
	size_t start = w->out->len;
	uint8_t *space;

	put_head(w, HF_CBOR_BYTES, len);
	if (w->err == HF_OK && len > w->out->cap - w->out->len)
		w->err = HF_ERR_BASE_NO_ROOM;
	if (w->err != HF_OK)
		return NULL;
	space = w->out->ptr + w->out->len;
	w->out->len += len;
	count(w, start, HF_CBOR_BYTES);
	close_full(w);
	return space;
}

void hf_cbor_begin_bytes(struct hf_cborw *w)
{
	if (at_key(w))
		hf_cbor_writer_fail(w, HF_ERR_BASE_MISUSE);
	count(w, w->out->len, HF_CBOR_BYTES);
	open_level(w, HF_CBOR_BYTES, 0, w->out->len);
}

void hf_cbor_end_bytes(struct hf_cborw *w)
{
	uint8_t head[HF__CBOR_HEAD_CAP];
	uint8_t *content;
	size_t len, head_len;

	if (w->err == HF_OK && (w->depth == 0 || top(w)->kind != HF_CBOR_BYTES))
		w->err = HF_ERR_BASE_MISUSE;
	if (w->err != HF_OK)
		return;
	len = w->out->len - top(w)->key;
	head_len = hf__cbor_head(head, HF_CBOR_BYTES, len);
	if (head_len > w->out->cap - w->out->len) {
		w->err = HF_ERR_BASE_NO_ROOM;
		return;
	}
	content = w->out->ptr + top(w)->key;
	memmove(content + head_len, content, len);
	memcpy(content, head, head_len);
	w->out->len += head_len;
	w->depth--;
	close_full(w);
}

hf_err hf_cbor_finish(struct hf_cborw *w)
{
	if (w->depth > 0)
		hf_cbor_writer_fail(w, HF_ERR_BASE_MISUSE);
	if (w->err != HF_OK)
		w->out->len = w->start;
	return w->err;
}
