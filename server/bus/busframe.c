/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/cbor.h>
#include "busframe.h"

/* ---- written ---- */

static hf_err put(struct hf_buf *out, struct hf_cborw *w, struct hf_out *body)
{
	uint8_t head[HF_BUSFRAME_HEAD];

	HF_TRY(hf_cbor_finish(w));
	hf_put_be32(head, (uint32_t)body->len);
	HF_TRY(hf_buf_put(out, HF_ARR(head)));
	return hf_buf_put(out, hf_out_bytes(body));
}

static void start(struct hf_cborw *w, struct hf_out *body, size_t n, uint64_t kind, uint64_t epoch)
{
	hf_cbor_writer(w, body);
	hf_cbor_put_array(w, n);
	hf_cbor_put_uint(w, kind);
	hf_cbor_put_uint(w, epoch);
}

static void put_dev(struct hf_cborw *w, const char *dev)
{
	hf_cbor_put_text(w, (hf_bytes){ (const uint8_t *)dev, strlen(dev) });
}

hf_err hf__busframe_begin(struct hf_buf *out, uint64_t epoch)
{
	uint8_t mem[32];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	start(&w, &body, 2, 1, epoch);
	return put(out, &w, &body);
}

hf_err hf__busframe_row(struct hf_buf *out, uint64_t epoch, const struct hf_bus_row *row)
{
	uint8_t mem[128];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	start(&w, &body, 7, 2, epoch);
	hf_cbor_put_bytes(&w, HF_ARR(row->cert_sha256));
	put_dev(&w, row->dev);
	hf_cbor_put_uint(&w, row->state);
	hf_cbor_put_uint(&w, row->not_after < 0 ? 0 : (uint64_t)row->not_after);
	hf_cbor_put_uint(&w, row->budget);
	return put(out, &w, &body);
}

hf_err hf__busframe_end(struct hf_buf *out, uint64_t epoch, uint64_t rows)
{
	uint8_t mem[32];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	start(&w, &body, 3, 3, epoch);
	hf_cbor_put_uint(&w, rows);
	return put(out, &w, &body);
}

hf_err hf__busframe_kick(struct hf_buf *out, uint64_t epoch, const char *dev)
{
	uint8_t mem[64];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	start(&w, &body, 3, 4, epoch);
	put_dev(&w, dev);
	return put(out, &w, &body);
}

hf_err hf__busframe_beat(struct hf_buf *out, uint64_t epoch, int64_t now)
{
	uint8_t mem[32];
	struct hf_out body = HF_OUT(mem);
	struct hf_cborw w;

	start(&w, &body, 3, 5, epoch);
	hf_cbor_put_uint(&w, now < 0 ? 0 : (uint64_t)now);
	return put(out, &w, &body);
}

/* ---- read ---- */

static void read_string(struct hf_cborr *r, char *out, size_t cap)
{
	hf_bytes text = { 0 };

	hf_cbor_read_text_max(r, cap - 1, &text);
	if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)
		hf_cbor_reader_fail(r, HF_ERR_PLUGIN_FRAME);
	else if (text.len > 0)
		memcpy(out, text.ptr, text.len);
}

static void read_presence(struct hf_cborr *r, struct hf_busframe *f)
{
	read_string(r, f->presence.dev, sizeof(f->presence.dev));
	hf_cbor_read_fixed(r, f->presence.cert_sha256, sizeof(f->presence.cert_sha256));
	f->presence.up = f->kind == HF_BUSFRAME_UP;
	if (f->presence.up)
		read_string(r, f->presence.address, sizeof(f->presence.address));
	if (strlen(f->presence.dev) != HF_BUS_DEV_LEN)
		hf_cbor_reader_fail(r, HF_ERR_PLUGIN_FRAME);
}

static void read_alarm(struct hf_cborr *r, struct hf_bus_alarm *a)
{
	read_string(r, a->kind, sizeof(a->kind));
	read_string(r, a->dev, sizeof(a->dev));
	read_string(r, a->address, sizeof(a->address));
	read_string(r, a->detail, sizeof(a->detail));
}

/* Keys 0, 1, 2 ...; more of them than we know are passed over. */
static void read_counters(struct hf_cborr *r, struct hf_busframe *f)
{
	size_t n = 0;

	hf_cbor_read_map(r, &n);
	for (size_t i = 0; i < n; i++) {
		uint64_t v = 0;

		hf_cbor_expect_key(r, (int64_t)i);
		hf_cbor_read_uint(r, &v);
		if (i < HF_BUSFRAME_COUNTERS)
			f->counter[i] = v;
	}
	f->n_counters = n < HF_BUSFRAME_COUNTERS ? n : HF_BUSFRAME_COUNTERS;
}

static const uint8_t items_of[] = { [HF_BUSFRAME_HELLO] = 3,
				    [HF_BUSFRAME_UP] = 4,
				    [HF_BUSFRAME_DOWN] = 3,
				    [HF_BUSFRAME_ALARM] = 5,
				    [HF_BUSFRAME_COUNT] = 2 };

static void read_rest(struct hf_cborr *r, struct hf_busframe *f)
{
	switch (f->kind) {
	case HF_BUSFRAME_HELLO:
		hf_cbor_expect_uint(r, HF_BUSFRAME_VERSION);
		hf_cbor_read_uint(r, &f->epoch);
		break;
	case HF_BUSFRAME_UP:
	case HF_BUSFRAME_DOWN:
		read_presence(r, f);
		break;
	case HF_BUSFRAME_ALARM:
		read_alarm(r, &f->alarm);
		break;
	case HF_BUSFRAME_COUNT:
		read_counters(r, f);
		break;
	}
}

hf_err hf__busframe_read(hf_bytes body, struct hf_busframe *f)
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
	f->kind = (enum hf_busframe_kind)kind;
	if (hf_cbor_error(&r) == HF_OK)
		read_rest(&r, f);
	if (hf_cbor_done(&r) == HF_OK)
		return HF_OK;
	memset(f, 0, sizeof(*f));
	return HF_ERR_PLUGIN_FRAME;
}

/* ---- topics ---- */

static bool is_dev(const char *s)
{
	return strlen(s) == HF_BUS_DEV_LEN && strspn(s, "abcdefghijklmnopqrstuvwxyz234567") == HF_BUS_DEV_LEN;
}

static bool is_id(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len <= HF_BUS_ID_MAX_LEN &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

static bool is_class(const char *s)
{
	size_t len = strlen(s);

	return len >= 1 && len < sizeof(((struct hf_bus_up *)0)->cls) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz") == len;
}

bool hf__bus_topic_read(const char *topic, struct hf_bus_up *up)
{
	enum { DEV_AT = 5, CLASS_AT = DEV_AT + HF_BUS_DEV_LEN + 6 };
	const char *slash;
	size_t len;

	memset(up, 0, sizeof(*up));
	if (strlen(topic) <= CLASS_AT || strncmp(topic, "hf/1/", DEV_AT) != 0 ||
	    strncmp(topic + DEV_AT + HF_BUS_DEV_LEN, "/-/up/", 6) != 0)
		return false;
	memcpy(up->dev, topic + DEV_AT, HF_BUS_DEV_LEN);
	slash = strchr(topic + CLASS_AT, '/');
	if (slash == NULL)
		return false;
	len = (size_t)(slash - topic) - CLASS_AT;
	if (len >= sizeof(up->cls) || strlen(slash + 1) > HF_BUS_ID_MAX_LEN)
		return false;
	memcpy(up->cls, topic + CLASS_AT, len);
	memcpy(up->id, slash + 1, strlen(slash + 1)); /* *up was zeroed, and there is room for a NUL */
	return is_dev(up->dev) && is_class(up->cls) && is_id(up->id);
}

bool hf__bus_cert_read(const char *hex, uint8_t sha256[static 32])
{
	struct hf_out out = { sha256, 32, 0 };

	if (hex == NULL || strlen(hex) != 64)
		return false;
	return hf_hex_decode((hf_bytes){ (const uint8_t *)hex, 64 }, &out) == HF_OK;
}

bool hf__bus_topic_write(char *out, size_t cap, const char *dev, const char *cls, const char *id)
{
	int n;

	if (!is_dev(dev) || !is_class(cls) || !is_id(id))
		return false;
	n = snprintf(out, cap, "hf/1/%s/-/dn/%s/%s", dev, cls, id);
	return n > 0 && (size_t)n < cap;
}
