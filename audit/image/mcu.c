/* mcu.c -- images for microcontrollers: Intel hex, MCUboot, wolfBoot.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wrap.h"

/* ---- Intel hex: text records {length, address, type, bytes, checksum} ---- */

enum { RECORD_MAX = 255, LINE_MAX = 1 + 2 * (5 + RECORD_MAX), SEGMENTS_MAX = 256 };
enum { R_DATA, R_END, R_SEGMENT, R_START_SEGMENT, R_LINEAR, R_START_LINEAR };

struct hex {
	const struct hf_src *src;
	uint64_t at; /* of the next line */
	uint32_t base;
	bool ended;
};
struct record {
	uint8_t type;
	uint32_t address;
	uint8_t bytes[5 + RECORD_MAX];
	size_t len; /* of the data, which begins at bytes[4] */
};

static bool is_space(uint8_t c)
{
	return c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

static hf_err decode_line(const uint8_t *line, size_t n, struct record *r)
{
	struct hf_out out = HF_OUT(r->bytes);
	uint8_t sum = 0;

	HF_TRY(hf_hex_decode((hf_bytes){ line, n }, &out));
	if (out.len < 5 || out.len != r->bytes[0] + 5u)
		return HF_ERR_IMAGE_FORMAT;
	for (size_t i = 0; i < out.len; i++)
		sum = (uint8_t)(sum + r->bytes[i]);
	r->len = r->bytes[0];
	r->type = r->bytes[3];
	return sum == 0 ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

/* Addresses of data records are absolute when this returns. */
static hf_err apply(struct hex *x, struct record *r)
{
	r->address = x->base + hf_get_be16(r->bytes + 1);
	if (r->type == R_END)
		x->ended = true;
	if (r->type == R_SEGMENT && r->len == 2)
		x->base = (uint32_t)hf_get_be16(r->bytes + 4) << 4;
	if (r->type == R_LINEAR && r->len == 2)
		x->base = (uint32_t)hf_get_be16(r->bytes + 4) << 16;
	return r->type <= R_START_LINEAR ? HF_OK : HF_ERR_IMAGE_FORMAT;
}

static hf_err next_record(struct hex *x, struct record *r)
{
	uint8_t line[LINE_MAX];
	uint64_t left = x->src->size - x->at;
	size_t n = left < sizeof(line) ? (size_t)left : sizeof(line), len = 1, end;

	HF_TRY(hf_src_read(x->src, x->at, line, n));
	if (n == 0 || line[0] != ':')
		return HF_ERR_IMAGE_FORMAT;
	while (len < n && !is_space(line[len]))
		len++;
	if (decode_line(line + 1, len - 1, r) != HF_OK)
		return HF_ERR_IMAGE_FORMAT;
	for (end = len; end < n && is_space(line[end]); end++)
		;
	x->at += end;
	return apply(x, r);
}

/* Two whole records. */
static bool hex_probe(const struct hf_src *src)
{
	struct hex x = { .src = src };
	struct record r;

	return next_record(&x, &r) == HF_OK && (x.ended || next_record(&x, &r) == HF_OK);
}

static hf_err hex_measure(const struct hf_src *src, uint64_t *len)
{
	struct hex x = { .src = src };
	struct record r;

	while (!x.ended)
		HF_TRY(next_record(&x, &r));
	*len = x.at;
	return HF_OK;
}

struct segment {
	struct hex from; /* where its first record stands */
	uint32_t address;
	uint64_t len;
};

static hf_err put_segment(struct hf__box *box, const struct segment *g)
{
	struct hex x = g->from;
	struct record r;

	hf__spool_reset(&box->content);
	while (box->content.len < g->len) {
		HF_TRY(next_record(&x, &r));
		if (r.type == R_DATA)
			HF_TRY(hf__spool_put(&box->content, box->content.len,
					     (hf_bytes){ r.bytes + 4, r.len }));
	}
	return HF_OK;
}

static hf_err load_segment(void *ctx, struct hf__box *box, struct hf_src *out)
{
	HF_TRY(put_segment(box, ctx));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

static hf_err give_segment(struct hf__box *box, struct segment *g)
{
	struct hf__entry entry = { .ctx = g, .load = load_segment };
	char name[32];

	(void)snprintf(name, sizeof(name), "/0x%08x", g->address);
	entry.node = (struct hf_node){ .name = { (const uint8_t *)name, strlen(name) },
				       .type = HF_NODE_FILE,
				       .size = g->len };
	return g->len == 0 ? HF_OK : hf__give(box, &entry);
}

/* Records that follow each other without a hole are one segment. */
static hf_err hex_open(struct hf__box *box, uint64_t *used)
{
	struct hex x = { .src = &box->src };
	struct segment g = { .len = 0 };
	struct record r;
	unsigned n = 0;

	while (!x.ended) {
		struct hex before = x;

		if (next_record(&x, &r) != HF_OK)
			return hf__fail(box, HF_ERR_IMAGE_FORMAT, "a record at %llu is damaged",
					(unsigned long long)x.at);
		if (r.type != R_DATA || r.len == 0)
			continue;
		if (g.len > 0 && r.address == g.address + g.len) {
			g.len += r.len;
			continue;
		}
		if (++n > SEGMENTS_MAX)
			return hf__fail(box, HF_ERR_IMAGE_CAP, "too many segments");
		HF_TRY(give_segment(box, &g));
		g = (struct segment){ before, r.address, r.len };
	}
	*used = x.at;
	return give_segment(box, &g);
}

const struct hf__format hf__format_hex = { "hex",     HF__WRAPPER, { { ":", 1, 0 } },
					   hex_probe, hex_measure, hex_open };

/* ---- MCUboot: 32-byte header, image, up to two lists of TLVs ---- */

enum { MCUBOOT_HEAD = 32, TLV_INFO = 0x6907, TLV_INFO_PROTECTED = 0x6908 };

struct mcuboot {
	uint64_t head, image, end;
};

static hf_err read_mcuboot(const struct hf_src *src, struct mcuboot *m)
{
	uint8_t h[MCUBOOT_HEAD], t[4];
	uint64_t protected_len;

	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	m->head = hf__le16(h + 8);
	protected_len = hf__le16(h + 10);
	m->image = hf__le32(h + 12);
	m->end = m->head + m->image + protected_len;
	if (m->head < MCUBOOT_HEAD || m->image == 0 || m->end > src->size)
		return HF_ERR_IMAGE_FORMAT;
	if (protected_len > 0) {
		HF_TRY(hf_src_read(src, m->head + m->image, t, sizeof(t)));
		if (hf__le16(t) != TLV_INFO_PROTECTED || hf__le16(t + 2) != protected_len)
			return HF_ERR_IMAGE_FORMAT;
	}
	if (hf_src_read(src, m->end, t, sizeof(t)) == HF_OK && hf__le16(t) == TLV_INFO)
		m->end += hf__le16(t + 2);
	return m->end <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static bool mcuboot_probe(const struct hf_src *src)
{
	struct mcuboot m;

	return read_mcuboot(src, &m) == HF_OK;
}

static hf_err mcuboot_measure(const struct hf_src *src, uint64_t *len)
{
	struct mcuboot m;

	HF_TRY(read_mcuboot(src, &m));
	*len = m.end;
	return HF_OK;
}

static hf_err mcuboot_open(struct hf__box *box, uint64_t *used)
{
	struct mcuboot m;

	HF_TRY(read_mcuboot(&box->src, &m));
	*used = box->in = m.end;
	return hf__give_range(box, "/image", m.head, m.image);
}

const struct hf__format hf__format_mcuboot = {
	"mcuboot", HF__WRAPPER, { { "\x3d\xb8\xf3\x96", 4, 0 } }, mcuboot_probe, mcuboot_measure, mcuboot_open
};

/* ---- wolfBoot: "WOLF", size of the image, TLVs up to 256 bytes ---- */

enum { WOLFBOOT_HEAD = 256 };

static hf_err wolfboot_measure(const struct hf_src *src, uint64_t *len)
{
	uint8_t h[12];

	HF_TRY(hf_src_read(src, 0, h, sizeof(h)));
	*len = (uint64_t)WOLFBOOT_HEAD + hf__le32(h + 4);
	/* the first TLV of every header is the version: type 1, length 4 */
	if (hf__le16(h + 8) != 1 || hf__le16(h + 10) != 4 || hf__le32(h + 4) == 0)
		return HF_ERR_IMAGE_FORMAT;
	return *len <= src->size ? HF_OK : HF_ERR_IMAGE_SHORT;
}

static bool wolfboot_probe(const struct hf_src *src)
{
	uint64_t len;

	return wolfboot_measure(src, &len) == HF_OK;
}

static hf_err wolfboot_open(struct hf__box *box, uint64_t *used)
{
	HF_TRY(wolfboot_measure(&box->src, used));
	box->in = *used;
	return hf__give_range(box, "/image", WOLFBOOT_HEAD, *used - WOLFBOOT_HEAD);
}

const struct hf__format hf__format_wolfboot = { "wolfboot",     HF__WRAPPER,      { { "WOLF", 4, 0 } },
						wolfboot_probe, wolfboot_measure, wolfboot_open };
