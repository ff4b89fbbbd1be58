/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
	struct hf_src_slice slice;
	uint64_t begin, len;
};

/* Small parts come into memory, as the visitor was promised. */
static hf_err load(void *ctx, struct hf__box *box, struct hf_src *out)
{
	struct range *r = ctx;
	uint8_t *room;

	HF_TRY(hf_src_cut(&r->slice, &box->src, r->begin, r->len, out));
	if (out->mem != NULL || r->len > HF_WALK_WHOLE_MAX)
		return HF_OK;
	hf__spool_reset(&box->content);
	HF_TRY(hf__spool_room(&box->content, 0, (size_t)r->len, &room));
	HF_TRY(hf_src_read(&box->src, r->begin, room, (size_t)r->len));
	*out = hf__spool_src(&box->content);
	return HF_OK;
}

hf_err hf__give_range(struct hf__box *box, const char *name, uint64_t begin, uint64_t len)
{
	struct range r = { .begin = begin, .len = len };
	struct hf__entry entry = { .ctx = &r, .load = load };

	entry.node = (struct hf_node){ .name = { (const uint8_t *)name, strlen(name) },
				       .type = HF_NODE_FILE,
				       .size = len,
				       .offset = begin };
	return hf__give(box, &entry);
}

void hf__gaps_cover(struct hf__gaps *g, uint64_t begin, uint64_t len)
{
	if (g->n == HF__GAPS_MAX)
		return;
	g->part[g->n].begin = begin;
	g->part[g->n++].end = len > UINT64_MAX - begin ? UINT64_MAX : begin + len;
}

/* The first byte at or behind `at` that no part covers. */
static uint64_t behind(const struct hf__gaps *g, uint64_t at)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned i = 0; i < g->n; i++)
			if (g->part[i].begin <= at && g->part[i].end > at) {
				at = g->part[i].end;
				moved = true;
			}
	}
	return at;
}

static uint64_t next_part(const struct hf__gaps *g, uint64_t at)
{
	uint64_t next = g->box->src.size;

	for (unsigned i = 0; i < g->n; i++)
		if (g->part[i].begin > at && g->part[i].begin < next)
			next = g->part[i].begin;
	return next;
}

/* A gap that is padding only is none. */
hf_err hf__gaps_give(struct hf__gaps *g)
{
	uint64_t at = behind(g, g->covered);
	unsigned number = 0;

	while (at < g->box->src.size) {
		uint64_t end = next_part(g, at), begin = at;
		char name[32];

		HF_TRY(hf__skip_padding(&g->box->src, at, &begin));
		if (begin < end) {
			if (++number == 1)
				(void)snprintf(name, sizeof(name), "/gap");
			else
				(void)snprintf(name, sizeof(name), "/gap-%u", number);
			HF_TRY(hf__give_range(g->box, name, begin, end - begin));
		}
		at = behind(g, end);
	}
	return HF_OK;
}

/* ---- a packed part ---- */

struct packed {
	const struct hf__codec *codec;
	uint64_t begin;
};

static hf_err unpack(struct hf__box *box, struct hf__stream *s, uint8_t *block)
{
	size_t got = 1;

	hf__spool_reset(&box->content);
	while (got > 0) {
		HF_TRY(hf__tick(box));
		HF_TRY(hf__stream_read(s, block, HF__WINDOW, &got));
		HF_TRY(hf__spend(box, got));
		HF_TRY(hf__spool_put(&box->content, box->content.len, (hf_bytes){ block, got }));
	}
	return HF_OK;
}

static hf_err load_packed(void *ctx, struct hf__box *box, struct hf_src *out)
{
	const struct packed *p = ctx;
	struct hf__stream s HF_AUTO(hf__stream_close) = { .codec = p->codec };
	struct hf_src_slice slice;
	struct hf_src rest;
	uint8_t *block;
	hf_err err;

	HF_TRY(hf_src_cut(&slice, &box->src, p->begin, box->src.size - p->begin, &rest));
	HF_TRY(hf__stream_open(&s, p->codec, &rest));
	block = malloc(HF__WINDOW);
	if (block == NULL)
		return HF_ERR_HOST_MEMORY;
	err = unpack(box, &s, block);
	free(block);
	*out = hf__spool_src(&box->content);
	return err;
}

hf_err hf__give_unpacked(struct hf__box *box, const struct hf__codec *codec, uint64_t begin, const char *name)
{
	struct packed p = { codec, begin };
	struct hf__entry entry = { .ctx = &p, .load = load_packed };

	entry.node =
		(struct hf_node){ .name = { (const uint8_t *)name, strlen(name) }, .type = HF_NODE_FILE };
	return hf__give(box, &entry);
}
