/* cbor_walk.c -- the core of the reader: one head at a time, with the account of open containers.
 * Everything that makes an encoding refused is decided in this file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cbor_priv.h"

static void fail(struct hf_cborr *r, hf_err err)
{
	if (r->err == HF_OK)
		r->err = err;
}

void hf_cbor_reader_fail(struct hf_cborr *r, hf_err err)
{
	fail(r, err);
}

void hf_cbor_reader(struct hf_cborr *r, hf_bytes in)
{
	*r = (struct hf_cborr){ .in = in };
}

static struct hf_cbor_level *top(struct hf_cborr *r)
{
	return r->depth == 0 ? NULL : &r->level[r->depth - 1];
}

bool hf__cbor_at_key(const struct hf_cborr *r)
{
	const struct hf_cbor_level *level = r->depth == 0 ? NULL : &r->level[r->depth - 1];

	return level != NULL && level->kind == HF_CBOR_MAP && level->left > 0 && level->left % 2 == 0;
}

/* Argument bytes that follow the first byte, for additional information 24 to 27. */
static hf_err read_argument(const uint8_t *p, size_t len, struct hf__cbor_item *item)
{
	size_t n = (size_t)1 << (item->info - 24);
	uint64_t least = n == 1 ? 24 : (uint64_t)1 << (n * 4); /* smallest value that needs this length */

	if (len < n)
		return HF_ERR_CBOR_SHORT;
	item->arg = 0;
	for (size_t i = 0; i < n; i++)
		item->arg = item->arg << 8 | p[i];
	item->head_len = 1 + n;
	return item->arg < least ? HF_ERR_CBOR_FORM : HF_OK;
}

/* Decode the head at the reader's place, consuming nothing. */
hf_err hf__cbor_look(const struct hf_cborr *r, struct hf__cbor_item *item)
{
	size_t len = r->in.len - r->at;
	const uint8_t *p;

	*item = (struct hf__cbor_item){ .major = HF_CBOR_NONE };
	if (len == 0)
		return HF_ERR_CBOR_SHORT;
	p = r->in.ptr + r->at;
	item->major = (uint8_t)(p[0] >> 5);
	item->info = p[0] & 0x1f;
	item->arg = item->info;
	item->head_len = 1;
	if (item->major == HF_CBOR_SIMPLE)
		return item->info >= HF__CBOR_FALSE && item->info <= HF__CBOR_NULL ? HF_OK : HF_ERR_CBOR_TYPE;
	if (item->info < 24)
		return HF_OK;
	if (item->info > 27)
		return HF_ERR_CBOR_FORM; /* reserved, or indefinite length */
	return read_argument(p + 1, len - 1, item);
}

/* Strings must be there in full; a container cannot have more items than there are bytes. */
static hf_err check_extent(const struct hf_cborr *r, const struct hf__cbor_item *item)
{
	size_t rest = r->in.len - r->at - item->head_len;

	switch (item->major) {
	case HF_CBOR_BYTES:
	case HF_CBOR_TEXT:
	case HF_CBOR_ARRAY:
		return item->arg > rest ? HF_ERR_CBOR_SHORT : HF_OK;
	case HF_CBOR_MAP:
		return item->arg > rest / 2 ? HF_ERR_CBOR_SHORT : HF_OK;
	default:
		return HF_OK;
	}
}

static hf_err check_key(struct hf_cborr *r, size_t start)
{
	struct hf_cbor_level *level = top(r);
	hf_bytes last = { r->in.ptr + level->key, level->key_len };
	hf_bytes key = { r->in.ptr + start, r->at - start };
	int order = level->key_len == 0 ? -1 : hf__wire_compare(last, key);

	level->key = start;
	level->key_len = key.len;
	if (order == 0 || (order > 0 && !r->any_order))
		return HF_ERR_CBOR_FORM;
	return HF_OK;
}

/* A tag is full with its one item; nobody closes it by hand. */
static void settle(struct hf_cborr *r)
{
	while (r->depth > 0 && top(r)->kind == HF_CBOR_TAG && top(r)->left == 0)
		r->depth--;
}

static hf_err open_level(struct hf_cborr *r, uint8_t kind, size_t left)
{
	if (r->depth == HF_CBOR_MAX_DEPTH)
		return HF_ERR_CBOR_DEPTH;
	r->level[r->depth++] = (struct hf_cbor_level){ .kind = kind, .left = left };
	return HF_OK;
}

static hf_err consume(struct hf_cborr *r, struct hf__cbor_item *item)
{
	size_t start = r->at;
	bool key = hf__cbor_at_key(r);

	HF_TRY(check_extent(r, item));
	r->at += item->head_len;
	if (r->depth > 0)
		top(r)->left--;
	if (item->major == HF_CBOR_BYTES || item->major == HF_CBOR_TEXT) {
		item->content = (hf_bytes){ r->in.ptr + r->at, (size_t)item->arg };
		r->at += item->content.len;
	}
	if (item->major == HF_CBOR_TEXT && !hf__wire_is_utf8(item->content))
		return HF_ERR_CBOR_FORM;
	if (key)
		HF_TRY(check_key(r, start));
	if (item->major == HF_CBOR_ARRAY)
		return open_level(r, HF_CBOR_ARRAY, (size_t)item->arg);
	if (item->major == HF_CBOR_MAP)
		return open_level(r, HF_CBOR_MAP, (size_t)item->arg * 2);
	if (item->major == HF_CBOR_TAG)
		return open_level(r, HF_CBOR_TAG, 1);
	settle(r);
	return HF_OK;
}

static hf_err next(struct hf_cborr *r, unsigned wanted, struct hf__cbor_item *item)
{
	if (r->depth > 0 && top(r)->left == 0)
		return HF_ERR_CBOR_COUNT;
	HF_TRY(hf__cbor_look(r, item));
	if ((wanted & 1u << item->major) == 0)
		return HF_ERR_CBOR_TYPE;
	if (hf__cbor_at_key(r) && item->major > HF_CBOR_TEXT)
		return HF_ERR_CBOR_TYPE;
	return consume(r, item);
}

bool hf__cbor_take(struct hf_cborr *r, unsigned wanted, struct hf__cbor_item *item)
{
	if (r->err == HF_OK)
		r->err = next(r, wanted, item);
	if (r->err != HF_OK)
		*item = (struct hf__cbor_item){ .major = HF_CBOR_NONE };
	return r->err == HF_OK;
}

int hf_cbor_peek(const struct hf_cborr *r)
{
	struct hf__cbor_item item;

	if (r->err != HF_OK || (r->depth > 0 && r->level[r->depth - 1].left == 0))
		return HF_CBOR_NONE;
	return hf__cbor_look(r, &item) == HF_OK ? item.major : HF_CBOR_NONE;
}

void hf_cbor_end(struct hf_cborr *r)
{
	if (r->err != HF_OK)
		return;
	if (r->depth == 0) {
		fail(r, HF_ERR_BASE_MISUSE);
		return;
	}
	if (top(r)->left > 0) {
		fail(r, HF_ERR_CBOR_COUNT);
		return;
	}
	r->depth--;
	settle(r);
}

void hf_cbor_skip(struct hf_cborr *r)
{
	uint8_t depth = r->depth;
	struct hf__cbor_item item;

	do {
		hf__cbor_take(r, HF__CBOR_ANY, &item);
		while (r->err == HF_OK && r->depth > depth && top(r)->left == 0)
			hf_cbor_end(r);
	} while (r->err == HF_OK && r->depth > depth);
}

hf_err hf_cbor_error(const struct hf_cborr *r)
{
	return r->err;
}

hf_err hf_cbor_done(struct hf_cborr *r)
{
	for (uint8_t i = 0; i < r->depth; i++)
		if (r->level[i].left > 0)
			fail(r, HF_ERR_CBOR_COUNT);
	if (r->at != r->in.len)
		fail(r, HF_ERR_CBOR_TRAILING);
	return r->err;
}

hf_err hf__cbor_check_at(hf_bytes item, uint8_t depth)
{
	struct hf_cborr r;

	hf_cbor_reader(&r, item);
	r.depth = depth;
	if (depth > 0)
		r.level[depth - 1] = (struct hf_cbor_level){ .kind = HF_CBOR_ARRAY, .left = 1 };
	hf_cbor_skip(&r);
	return hf_cbor_done(&r);
}

hf_err hf_cbor_check(hf_bytes item)
{
	return hf__cbor_check_at(item, 0);
}
