/* codec.c -- the frame around all stream codecs: windows of input, members, the exact end.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "codec.h"
#include "walk_priv.h"

hf_err hf__stream_open(struct hf__stream *s, const struct hf__codec *codec, const struct hf_src *src)
{
	*s = (struct hf__stream){ .codec = codec, .src = src };
	if (src->mem != NULL) {
		s->in = src->mem;
		s->in_len = (size_t)src->size;
		s->at = src->size;
	} else {
		s->window = malloc(HF__WINDOW);
		if (s->window == NULL)
			return HF_ERR_HOST_MEMORY;
	}
	return codec->begin(&s->state);
}

void hf__stream_close(struct hf__stream *s)
{
	if (s->state != NULL)
		s->codec->end(s->state);
	free(s->window);
	*s = (struct hf__stream){ .codec = NULL };
}

uint64_t hf__stream_used(const struct hf__stream *s)
{
	return s->at - s->in_len;
}

/* More input, when the window is empty. */
static hf_err fill(struct hf__stream *s)
{
	uint64_t left = s->src->size - s->at;
	size_t n = left < HF__WINDOW ? (size_t)left : HF__WINDOW;

	if (s->in_len > 0 || n == 0)
		return HF_OK;
	HF_TRY(hf_src_read(s->src, s->at, s->window, n));
	s->in = s->window;
	s->in_len = n;
	s->at += n;
	return HF_OK;
}

/* Does another member follow? Then begin it. */
static hf_err next_member(struct hf__stream *s)
{
	uint64_t at = hf__stream_used(s), size = s->src->size;
	struct hf_src_slice slice;
	struct hf_src rest;
	uint8_t pad[4];

	s->ended = true;
	while (s->codec->align == 4 && size - at >= 4 && hf_src_read(s->src, at, pad, 4) == HF_OK &&
	       hf__le32(pad) == 0)
		at += 4;
	HF_TRY(hf_src_cut(&slice, s->src, at, size - at, &rest));
	if (!s->codec->probe(&rest))
		return HF_OK;
	s->codec->end(s->state);
	s->state = NULL;
	HF_TRY(s->codec->begin(&s->state));
	s->in_len = s->src->mem == NULL ? 0 : (size_t)(size - at);
	s->in = s->src->mem == NULL ? s->window : s->src->mem + at;
	s->at = at + s->in_len;
	s->ended = false;
	return HF_OK;
}

hf_err hf__stream_read(struct hf__stream *s, uint8_t *out, size_t cap, size_t *got)
{
	*got = 0;
	while (*got < cap && !s->ended) {
		struct hf__step step = { .out = out + *got, .out_len = cap - *got };

		HF_TRY(fill(s));
		step.in = s->in;
		step.in_len = s->in_len;
		step.last = s->at == s->src->size;
		HF_TRY(s->codec->step(s->state, &step));
		if (!step.ended && step.in_len == s->in_len && step.out_len == cap - *got)
			return HF_ERR_IMAGE_SHORT; /* no progress: it ends in the middle */
		s->in = step.in;
		s->in_len = step.in_len;
		*got = cap - step.out_len;
		if (step.ended)
			HF_TRY(next_member(s));
	}
	return HF_OK;
}

static hf_err run_out(struct hf__stream *s, uint8_t *sink, uint64_t max)
{
	size_t got = 1;

	for (uint64_t all = 0; got > 0; all += got) {
		if (all > max)
			return HF_ERR_IMAGE_CAP;
		HF_TRY(hf__stream_read(s, sink, HF__WINDOW, &got));
	}
	return HF_OK;
}

hf_err hf__stream_measure(const struct hf__codec *codec, const struct hf_src *src, uint64_t max,
			  uint64_t *used)
{
	struct hf__stream s HF_AUTO(hf__stream_close) = { .codec = codec };
	hf_err err = hf__stream_open(&s, codec, src);
	uint8_t *sink = malloc(HF__WINDOW);

	*used = 0;
	if (sink == NULL)
		return HF_ERR_HOST_MEMORY;
	if (err == HF_OK)
		err = run_out(&s, sink, max);
	free(sink);
	if (err == HF_OK)
		*used = hf__stream_used(&s);
	return err;
}
