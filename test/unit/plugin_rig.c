/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <holdfast/cbor.h>
#include "plugin_rig.h"

struct hf_gate gate;
uint8_t room[1 << 18];

static void put(uint8_t *mem, size_t cap, struct hf_out *out, const struct hf_row *row, int kind, uint64_t a,
		uint64_t b)
{
	struct hf_cborw w;

	*out = (struct hf_out){ mem, cap, 0 };
	hf_cbor_writer(&w, out);
	hf_cbor_put_array(&w, kind == HF_FRAME_ROW ? 7 : kind == HF_FRAME_BEGIN ? 2 : 3);
	hf_cbor_put_int(&w, kind);
	hf_cbor_put_uint(&w, a);
	if (kind == HF_FRAME_ROW || kind == HF_FRAME_KICK) {
		if (kind == HF_FRAME_ROW)
			hf_cbor_put_bytes(&w, HF_ARR(row->hash));
		hf_cbor_put_text(&w, (hf_bytes){ (const uint8_t *)row->dev, HF_TABLE_DEV_LEN });
	}
	if (kind == HF_FRAME_ROW) {
		hf_cbor_put_uint(&w, row->state);
		hf_cbor_put_int(&w, row->not_after);
		hf_cbor_put_uint(&w, row->budget);
	}
	if (kind == HF_FRAME_END || kind == HF_FRAME_BEAT)
		hf_cbor_put_uint(&w, b);
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
}

bool feed(struct rig *r, const struct hf_row *row, int kind, uint64_t a, uint64_t b)
{
	uint8_t mem[256];
	struct hf_out out;

	put(mem, sizeof(mem), &out, row, kind, a, b);
	return hf__gate_frame(&gate, hf_out_bytes(&out), &r->now);
}

struct hf_row row_of(uint8_t first, uint8_t state)
{
	struct hf_row row = { .not_after = START_S + YEAR, .state = state, .budget = 2 };

	row.hash[0] = first;
	memcpy(row.dev, DEV, HF_TABLE_DEV_LEN);
	return row;
}

void change(struct rig *r, uint8_t first, uint8_t state)
{
	struct hf_row row = row_of(first, state);

	assert_true(feed(r, &row, HF_FRAME_ROW, ++r->epoch, 0));
}

void snapshot(struct rig *r, uint8_t first, uint8_t state)
{
	struct hf_row row = row_of(first, state);

	assert_true(feed(r, NULL, HF_FRAME_BEGIN, r->epoch, 0));
	assert_true(feed(r, &row, HF_FRAME_ROW, r->epoch, 0));
	assert_true(feed(r, NULL, HF_FRAME_END, r->epoch, 1));
}

struct rig new_rig(void)
{
	struct rig r = { .now = { 1000, START_S }, .epoch = 7 };

	hf__gate_free(&gate);
	assert_int_equal(hf__gate_init(&gate, room, sizeof(room), 42), HF_OK);
	hf__gate_link(&gate, &r.now);
	snapshot(&r, 1, HF_ROW_CONFIRMED);
	gate.out.len = 0;
	r.c = (struct hf_connect){ .has_cert = true,
				   .hash = { 1 },
				   .cn = "hf-" DEV,
				   .id = DEV,
				   .address = "10.0.0.1",
				   .version = 5,
				   .clean_start = true };
	return r;
}

enum hf_answer come(struct rig *r, uintptr_t client)
{
	r->user = NULL;
	return hf__gate_connect(&gate, (const void *)client, &r->c, &r->now, &r->user);
}

enum hf_permit may(struct rig *r, uintptr_t client, int access, const char *topic)
{
	struct hf_acl_msg m = { topic, 10, 1, false };

	return hf__gate_access(&gate, (const void *)client, access, &m, &r->now);
}

bool said(const char *text)
{
	size_t n = strlen(text);
	bool found = false;

	for (size_t i = 0; i + n <= gate.out.len; i++)
		found |= memcmp(gate.out.ptr + i, text, n) == 0;
	gate.out.len = 0;
	return found;
}

bool kicks(struct rig *r)
{
	char dev[HF_TABLE_DEV_LEN + 1];

	hf__gate_tick(&gate, &r->now);
	return hf__gate_kick(&gate, &r->now, dev) && strcmp(dev, DEV) == 0;
}
