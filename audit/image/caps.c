/* caps.c -- what a walk may spend; every cap that is hit is reported, none is silent.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_priv.h"

const struct hf_walk_caps hf_walk_caps_default = {
	.depth = 10,
	.files = 1000000,
	.bytes = (uint64_t)16 << 30,
	.file_bytes = (uint64_t)4 << 30,
	.ratio = 1000,
	.seconds = 600,
	.container_seconds = 120,
	.file_seconds = 10,
};

bool hf__is_fatal(const struct hf__walk *w, hf_err err)
{
	if (err == HF_OK)
		return false;
	return w->fatal != HF_OK || err == HF_ERR_HOST_MEMORY;
}

hf_err hf__fail(struct hf__box *box, hf_err err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(box->why, sizeof(box->why), fmt, ap);
	va_end(ap);
	return err;
}

static hf_err say(struct hf__walk *w, hf_bytes path, unsigned rule, uint64_t begin, uint64_t len,
		  const char *why)
{
	hf_err err = w->visitor->problem(w->visitor->ctx, rule, path, begin, len, why);

	if (err != HF_OK)
		w->fatal = err;
	return err;
}

hf_err hf__problem(const struct hf__place *place, hf_bytes path, unsigned rule, uint64_t begin, uint64_t len,
		   const char *why)
{
	struct hf__walk *w = place->walk;

	if (w->after.len > 0 || (place->common && w->k != 0))
		return HF_OK; /* another share says it, or it was said before a reader was lost */
	return say(w, path, rule, begin, len, why);
}

/* Time and memory differ between shares, so each says for itself which cap it hit. */
hf_err hf__cap_box(struct hf__box *box, const char *why)
{
	if (!box->told) {
		box->told = true;
		HF_TRY(say(box->walk, box->path, 1, box->begin, box->in, why));
	}
	return HF_ERR_IMAGE_CAP;
}

hf_err hf__cap_walk(struct hf__box *box, const char *why)
{
	hf_err err = hf__cap_box(box, why);

	if (box->walk->fatal == HF_OK)
		box->walk->fatal = HF_ERR_IMAGE_CAP;
	return err;
}

hf_err hf__tick(struct hf__box *box)
{
	struct hf__walk *w = box->walk;
	uint64_t now = w->visitor->now_s(w->visitor->ctx);

	if (w->fatal != HF_OK)
		return w->fatal;
	if (now - w->began_s > w->caps->seconds)
		return hf__cap_walk(box, "time cap of the whole scan");
	if (now - box->began_s > w->caps->container_seconds)
		return hf__cap_box(box, "time cap of one container");
	if (now - w->file_began_s > w->caps->file_seconds)
		return hf__fail(box, HF_ERR_IMAGE_CAP, "time cap of one file");
	return HF_OK;
}

hf_err hf__spend(struct hf__box *box, uint64_t n)
{
	struct hf__walk *w = box->walk;

	if (n > w->caps->bytes - w->bytes)
		return hf__cap_walk(box, "byte cap of the whole scan");
	w->bytes += n;
	box->out += n;
	if (box->out > HF__RATIO_FREE && box->out / w->caps->ratio > box->in)
		return hf__cap_box(box, "ratio cap: content is too large for its container");
	return HF_OK;
}

/* ---- paths given so far: hashes only; a clash merely gives a file a number that it did not need ---- */

struct hf__seen {
	size_t n, cap;
	uint64_t hash[];
};

static struct hf__seen *seen_new(size_t cap)
{
	struct hf__seen *s = calloc(1, sizeof(*s) + cap * sizeof(s->hash[0]));

	if (s != NULL)
		s->cap = cap;
	return s;
}

static bool seen_put(struct hf__seen *s, uint64_t hash)
{
	size_t i = (size_t)hash & (s->cap - 1);

	while (s->hash[i] != 0) {
		if (s->hash[i] == hash)
			return false;
		i = (i + 1) & (s->cap - 1);
	}
	s->hash[i] = hash;
	s->n++;
	return true;
}

static hf_err seen_grow(struct hf__walk *w)
{
	struct hf__seen *old = w->seen, *grown;

	if (old != NULL && old->n < old->cap / 2)
		return HF_OK;
	grown = seen_new(old == NULL ? 1024 : old->cap * 2);
	if (grown == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; old != NULL && i < old->cap; i++)
		if (old->hash[i] != 0)
			(void)seen_put(grown, old->hash[i]);
	free(old);
	w->seen = grown;
	return HF_OK;
}

hf_err hf__seen_add(struct hf__walk *w, hf_bytes path, bool *first)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	*first = false;
	HF_TRY(seen_grow(w));
	for (size_t i = 0; i < path.len; i++)
		hash = (hash ^ path.ptr[i]) * 0x100000001b3u;
	*first = seen_put(w->seen, hash == 0 ? 1 : hash);
	return HF_OK;
}

void hf__seen_free(struct hf__walk *w)
{
	free(w->seen);
	w->seen = NULL;
}
