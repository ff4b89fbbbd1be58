/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/cbor.h>
#include "acl.h"
#include "frame.h"

/* Items of each array, itself included; 0 = the plugin does not read it. */
static const uint8_t items_of[] = {
	[HF_FRAME_BEGIN] = 2, [HF_FRAME_ROW] = 7,  [HF_FRAME_END] = 3,
	[HF_FRAME_KICK] = 3,  [HF_FRAME_BEAT] = 3,
};

static void read_dev(struct hf_cborr *r, char dev[static HF_TABLE_DEV_LEN])
{
	hf_bytes text = { 0 };

	hf_cbor_read_text(r, &text);
	if (!hf__acl_is_dev(text))
		hf_cbor_reader_fail(r, HF_ERR_PLUGIN_FRAME);
	else
		memcpy(dev, text.ptr, HF_TABLE_DEV_LEN);
}

static void read_row(struct hf_cborr *r, struct hf_row *row)
{
	uint64_t v = 0;

	hf_cbor_read_fixed(r, row->hash, sizeof(row->hash));
	read_dev(r, row->dev);
	hf_cbor_read_uint_max(r, HF_ROW_EXPIRED, &v);
	if (v == 0)
		hf_cbor_reader_fail(r, HF_ERR_PLUGIN_FRAME);
	row->state = (uint8_t)v;
	hf_cbor_read_uint_max(r, INT64_MAX, &v);
	row->not_after = (int64_t)v;
	hf_cbor_read_uint_max(r, 3, &v);
	if (v == 0)
		hf_cbor_reader_fail(r, HF_ERR_PLUGIN_FRAME);
	row->budget = (uint8_t)v;
}

static void read_time(struct hf_cborr *r, int64_t *time)
{
	uint64_t v = 0;

	hf_cbor_read_uint_max(r, INT64_MAX, &v);
	*time = (int64_t)v;
}

static void read_rest(struct hf_cborr *r, struct hf_frame *f)
{
	hf_cbor_read_uint(r, &f->epoch);
	switch (f->kind) {
	case HF_FRAME_ROW:
		read_row(r, &f->row);
		break;
	case HF_FRAME_END:
		hf_cbor_read_uint(r, &f->n_rows);
		break;
	case HF_FRAME_KICK:
		read_dev(r, f->dev);
		break;
	case HF_FRAME_BEAT:
		read_time(r, &f->time);
		break;
	default:
		break;
	}
}

hf_err hf__frame_read(hf_bytes body, struct hf_frame *f)
{
	struct hf_cborr r;
	uint64_t kind = 0;
	size_t n = 0;

	memset(f, 0, sizeof(*f));
	hf_cbor_reader(&r, body);
	hf_cbor_read_array(&r, &n);
	hf_cbor_read_uint_max(&r, sizeof(items_of) - 1, &kind);
	if (n == 0 || n != items_of[kind])
		hf_cbor_reader_fail(&r, HF_ERR_PLUGIN_FRAME);
	f->kind = (enum hf_frame_kind)kind;
	read_rest(&r, f);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	memset(f, 0, sizeof(*f));
	return HF_ERR_PLUGIN_FRAME;
}

/* Room for the head first, its value when the body's length is known. */
static size_t begin(struct hf_out *out, struct hf_cborw *w, struct hf_out *body)
{
	size_t at = out->len;

	*body = (struct hf_out){ out->ptr, out->cap, at + HF_FRAME_HEAD_LEN };
	if (body->len > body->cap)
		body->len = body->cap;
	hf_cbor_writer(w, body);
	return at;
}

static hf_err finish(struct hf_out *out, size_t at, struct hf_cborw *w, const struct hf_out *body)
{
	HF_TRY(hf_cbor_finish(w));
	if (body->len < at + HF_FRAME_HEAD_LEN)
		return HF_ERR_BASE_NO_ROOM;
	hf_put_be32(out->ptr + at, (uint32_t)(body->len - at - HF_FRAME_HEAD_LEN));
	out->len = body->len;
	return HF_OK;
}

static void put_text(struct hf_cborw *w, const char *text)
{
	hf_cbor_put_text(w, (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

hf_err hf__frame_put_hello(struct hf_out *out, uint64_t epoch)
{
	struct hf_cborw w;
	struct hf_out body;
	size_t at = begin(out, &w, &body);

	hf_cbor_put_array(&w, 3);
	hf_cbor_put_uint(&w, HF_FRAME_HELLO);
	hf_cbor_put_uint(&w, HF_FRAME_VERSION);
	hf_cbor_put_uint(&w, epoch);
	return finish(out, at, &w, &body);
}

hf_err hf__frame_put_up(struct hf_out *out, const char *dev, const uint8_t hash[static 32],
			const char *address)
{
	struct hf_cborw w;
	struct hf_out body;
	size_t at = begin(out, &w, &body);

	hf_cbor_put_array(&w, 4);
	hf_cbor_put_uint(&w, HF_FRAME_UP);
	put_text(&w, dev);
	hf_cbor_put_bytes(&w, (hf_bytes){ hash, 32 });
	put_text(&w, address);
	return finish(out, at, &w, &body);
}

hf_err hf__frame_put_down(struct hf_out *out, const char *dev, const uint8_t hash[static 32])
{
	struct hf_cborw w;
	struct hf_out body;
	size_t at = begin(out, &w, &body);

	hf_cbor_put_array(&w, 3);
	hf_cbor_put_uint(&w, HF_FRAME_DOWN);
	put_text(&w, dev);
	hf_cbor_put_bytes(&w, (hf_bytes){ hash, 32 });
	return finish(out, at, &w, &body);
}

hf_err hf__frame_put_alarm(struct hf_out *out, const char *kind, const char *dev, const char *address,
			   const char *detail)
{
	struct hf_cborw w;
	struct hf_out body;
	size_t at = begin(out, &w, &body);

	hf_cbor_put_array(&w, 5);
	hf_cbor_put_uint(&w, HF_FRAME_ALARM);
	put_text(&w, kind);
	put_text(&w, dev);
	put_text(&w, address);
	put_text(&w, detail);
	return finish(out, at, &w, &body);
}

hf_err hf__frame_put_counters(struct hf_out *out, const uint64_t *counters, size_t n)
{
	struct hf_cborw w;
	struct hf_out body;
	size_t at = begin(out, &w, &body);

	hf_cbor_put_array(&w, 2);
	hf_cbor_put_uint(&w, HF_FRAME_COUNTERS);
	hf_cbor_put_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		hf_cbor_put_key(&w, (int64_t)i);
		hf_cbor_put_uint(&w, counters[i]);
	}
	return finish(out, at, &w, &body);
}
