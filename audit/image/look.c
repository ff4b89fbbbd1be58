/* look.c -- what lies inside one file, from its first byte to its last: containers, padding, unknown bytes.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/vpath.h>
#include "walk_priv.h"

enum { DENSE_MIN = 64 << 10, CHUNKS_MAX = 10000 };

static bool has_magic(const struct hf_src *src, const struct hf__magic *m)
{
	uint8_t head[16];

	return m->len > 0 && hf_src_read(src, m->at, head, m->len) == HF_OK &&
	       memcmp(head, m->bytes, m->len) == 0;
}

static bool is_format(const struct hf__format *format, const struct hf_src *src)
{
	for (size_t i = 0; i < sizeof(format->magic) / sizeof(format->magic[0]); i++)
		if (has_magic(src, &format->magic[i]))
			return format->probe(src);
	return format->magic[0].len == 0 && format->probe(src);
}

const struct hf__format *hf__recognise(const struct hf_src *src)
{
	for (size_t i = 0; i < hf__n_formats; i++)
		if (is_format(hf__formats[i], src))
			return hf__formats[i];
	return NULL;
}

static hf_err report(struct hf__box *box, hf_err err)
{
	unsigned rule = hf_err_class(err) == HF_CLASS_LIMIT ? 1 : 2;
	char why[HF__WHY_MAX];

	if (box->told)
		return HF_OK;
	(void)snprintf(why, sizeof(why), "%s: %.150s", box->format->name,
		       box->why[0] != '\0' ? box->why : hf_err_text(err));
	return hf__problem(box->place, box->path, rule, box->begin, box->in, why);
}

static hf_err tell_container(const struct hf__box *box, uint64_t used)
{
	struct hf__walk *w = box->walk;
	hf_err err;

	if (w->after.len > 0 || (box->place->common && w->k != 0))
		return HF_OK;
	err = w->visitor->container(w->visitor->ctx, box->path, box->format->name, box->begin, used,
				    box->place->depth + 1);
	if (err != HF_OK)
		w->fatal = err;
	return err;
}

hf_err hf__close_box(struct hf__box *box, hf_err err, uint64_t used)
{
	if (err != HF_OK)
		HF_TRY(report(box, err));
	return tell_container(box, used);
}

static hf_err open_box(struct hf__box *box, uint64_t *used)
{
	hf_err err;

	*used = 0;
	if (box->place->depth >= box->walk->caps->depth)
		return hf__problem(box->place, box->path, 1, box->begin, 0,
				   "depth cap: a container inside is not opened");
	err = box->format->open(box, used);
	hf__spool_free(&box->content);
	if (hf__is_fatal(box->walk, err))
		return err;
	if (*used > box->src.size || *used == 0)
		*used = box->src.size; /* what a damaged container leaves over is reported with it */
	return hf__close_box(box, err, *used);
}

/* `path` is the container's own; `size` what is known of its length. */
static hf_err open_at(struct hf__place *place, const struct hf__format *format, hf_bytes path, uint64_t begin,
		      uint64_t *used)
{
	struct hf__walk *w = place->walk;
	struct hf__box box = { .walk = w, .place = place, .format = format, .path = path, .begin = begin };

	if (place->common && format->access == HF__STREAM) {
		/* Only share 0 knows where a stream ends, so what follows it is share 0's too. */
		place->common = false;
		*used = place->src->size - begin;
		if (w->k != 0)
			return HF_OK;
	}
	HF_TRY(hf_src_cut(&box.part, place->src, begin, place->src->size - begin, &box.src));
	box.in = box.src.size;
	box.common = place->common;
	box.began_s = w->file_began_s = w->visitor->now_s(w->visitor->ctx);
	box.content.walk = w;
	return open_box(&box, used);
}

/* Chunks inside a file are called after their format and counted: "/squashfs", "/squashfs-2". */
struct chunks {
	unsigned n[64];
};

static hf_err open_chunk(struct hf__place *place, const struct hf__chunk *chunk, unsigned number)
{
	uint8_t mem[HF_FACT_PATH_MAX];
	struct hf_out path = HF_OUT(mem);
	struct hf__place inner = *place;
	struct hf_src_slice slice;
	struct hf_src src;
	char name[64];
	int n = number == 1 ? snprintf(name, sizeof(name), "/%s", chunk->format->name)
			    : snprintf(name, sizeof(name), "/%s-%u", chunk->format->name, number);
	uint64_t used;

	if (hf_vpath_join(place->path, (hf_bytes){ (const uint8_t *)name, (size_t)n }, &path) != HF_OK)
		return hf__problem(place, place->path, 1, chunk->begin, chunk->len, "path is too long");
	HF_TRY(hf_src_cut(&slice, place->src, 0, chunk->begin + chunk->len, &src));
	inner.src = &src;
	HF_TRY(open_at(&inner, chunk->format, hf_out_bytes(&path), chunk->begin, &used));
	return HF_OK;
}

static hf_err judge_unknown(struct hf__place *place, uint64_t begin, uint64_t end)
{
	bool dense = false;

	if (end - begin <= DENSE_MIN)
		return HF_OK;
	if (place->common && place->walk->k != 0)
		return HF_OK;
	if (place->entry && begin == 0 && hf__is_known_data(place->src))
		return HF_OK;
	HF_TRY(hf__is_dense(place->src, begin, end - begin, &dense));
	if (!dense)
		return HF_OK;
	return hf__problem(place, place->path, 2, begin, end - begin,
			   "unknown bytes that look encrypted or compressed");
}

static unsigned format_index(const struct hf__format *format)
{
	for (unsigned i = 0; i < hf__n_formats; i++)
		if (hf__formats[i] == format)
			return i;
	return 0;
}

/* Unknown bytes from `at` on: find the whole containers among them. */
static hf_err carve(struct hf__place *place, uint64_t at)
{
	struct chunks chunks = { { 0 } };
	struct hf__chunk chunk = { NULL, 0, 0 };
	unsigned n = 0;

	while (at < place->src->size) {
		uint64_t unknown;
		hf_err err;

		HF_TRY(hf__skip_padding(place->src, at, &at));
		unknown = at;
		err = hf__carve(place, at, &chunk);
		if (err == HF_ERR_IMAGE_CAP)
			return hf__problem(place, place->path, 1, at, place->src->size - at,
					   "time cap of one file, while looking for containers");
		HF_TRY(err);
		if (chunk.format == NULL)
			return judge_unknown(place, unknown, place->src->size);
		HF_TRY(judge_unknown(place, unknown, chunk.begin));
		if (++n > CHUNKS_MAX)
			return hf__problem(place, place->path, 1, chunk.begin, place->src->size - chunk.begin,
					   "too many containers in one file");
		HF_TRY(open_chunk(place, &chunk, ++chunks.n[format_index(chunk.format) % 64]));
		at = chunk.begin + chunk.len;
	}
	return HF_OK;
}

static hf_err look(struct hf__place *place)
{
	const struct hf__format *format = hf__recognise(place->src);
	uint64_t used = 0;

	if (format != NULL)
		HF_TRY(open_at(place, format, place->path, 0, &used));
	return carve(place, used);
}

hf_err hf__look(struct hf__place *place)
{
	struct hf__place own = *place;
	hf_err err = look(&own);

	/* The source itself fails: a disk error, or a damaged container below. */
	if (err != HF_OK && !hf__is_fatal(place->walk, err))
		return hf__problem(&own, own.path, 2, 0, own.src->size, hf_err_text(err));
	return err;
}
