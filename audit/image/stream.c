/* stream.c -- files that are one compressed stream: what is inside goes straight into an archive reader when
 * it is a tar or cpio, else it is held in memory and looked into.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "archive.h"

struct inflow {
	struct hf__box *box;
	struct hf__stream *stream;
	struct hf__spool spool;
	uint8_t *block;
};

static void inflow_free(struct inflow *in)
{
	hf__spool_free(&in->spool);
	free(in->block);
	in->block = NULL;
}

/* One block more into the spool; `got` 0 at the end. */
static hf_err spool_block(struct inflow *in, size_t *got)
{
	struct hf__box *box = in->box;
	hf_err err;

	/* This is a container's time, not a file's. */
	box->walk->file_began_s = box->walk->visitor->now_s(box->walk->visitor->ctx);
	HF_TRY(hf__tick(box));
	err = hf__stream_read(in->stream, in->block, HF__STREAM_BLOCK, got);
	if (err != HF_OK)
		return hf__fail(box, err, "stream is damaged or cut: %s", hf_err_text(err));
	box->in = hf__stream_used(in->stream);
	HF_TRY(hf__spend(box, *got));
	err = hf__spool_put(&in->spool, in->spool.len, (hf_bytes){ in->block, *got });
	if (err == HF_ERR_IMAGE_CAP)
		return hf__fail(box, err, "content is too large to be held in memory");
	return err;
}

static hf_err spool_all(struct inflow *in)
{
	size_t got = 1;

	while (got > 0)
		HF_TRY(spool_block(in, &got));
	return HF_OK;
}

/* What came out of a damaged stream is looked into all the same; the damage is reported. */
static hf_err look_at_spool(struct inflow *in, hf_err err)
{
	struct hf_src src = hf__spool_src(&in->spool);
	hf_err inner = HF_OK;

	if (hf__is_fatal(in->box->walk, err))
		return err;
	if (src.size > 0) {
		char why[HF__WHY_MAX];

		memcpy(why, in->box->why, sizeof(why));
		in->box->walk->bytes -= src.size; /* it is counted once more when it is given */
		in->box->out -= src.size;
		inner = hf__give_bare(in->box, &src);
		memcpy(in->box->why, why, sizeof(why));
	}
	return inner != HF_OK ? inner : err;
}

/* Bytes that follow an archive inside the stream: an initramfs may be several archives. */
static hf_err look_behind(struct inflow *in, struct hf__feed *feed, uint64_t end)
{
	size_t behind = feed->at - end < feed->last_len ? (size_t)(feed->at - end) : feed->last_len;
	struct hf__place place = {
		in->box->walk, NULL, in->box->path, in->box->place->depth + 1, false, false
	};
	struct hf__spool head HF_AUTO(hf__spool_free) = in->spool; /* feed->last may lie in it */
	uint64_t begin = 0;
	struct hf_src src;

	(void)head;
	in->spool = (struct hf__spool){ .walk = in->box->walk };
	HF_TRY(hf__spool_put(&in->spool, 0, (hf_bytes){ feed->last + feed->last_len - behind, behind }));
	HF_TRY(spool_all(in));
	src = hf__spool_src(&in->spool);
	HF_TRY(hf__skip_padding(&src, 0, &begin));
	src = hf_src_memory((hf_bytes){ src.mem + begin, (size_t)(src.size - begin) });
	place.src = &src;
	return hf__look(&place);
}

static hf_err into_archive(struct inflow *in, const struct hf__format *format)
{
	struct hf__walk *w = in->box->walk;
	struct hf__place place = { w, NULL, in->box->path, in->box->place->depth + 1, false, false };
	struct hf__box inner = { .walk = w,
				 .place = &place,
				 .format = format,
				 .path = in->box->path,
				 .began_s = in->box->began_s,
				 .content = { .walk = w } };
	struct hf__feed feed = { .outer = in->box, .stream = in->stream, .block = in->block };
	uint64_t end = 0;
	hf_err err;

	feed.head = hf__spool_src(&in->spool);
	place.src = &feed.head;
	if (place.depth >= w->caps->depth)
		return hf__problem(&place, place.path, 1, 0, 0,
				   "depth cap: a container inside is not opened");
	err = hf__archive_read(&inner, &feed, &end);
	hf__spool_free(&inner.content);
	if (hf__is_fatal(w, err))
		return err;
	HF_TRY(hf__close_box(&inner, err, end));
	return err == HF_OK ? look_behind(in, &feed, end) : feed.err;
}

static hf_err read_stream(struct inflow *in)
{
	const struct hf__format *format;
	size_t got = 0;
	struct hf_src head;
	hf_err err = spool_block(in, &got);

	head = hf__spool_src(&in->spool);
	format = head.size > 0 ? hf__recognise(&head) : NULL;
	if (err == HF_OK && format != NULL && hf__archive_streams(format))
		return into_archive(in, format);
	if (err == HF_OK)
		err = spool_all(in);
	return look_at_spool(in, err);
}

static hf_err open_stream(struct hf__box *box, const struct hf__codec *codec, uint64_t *used)
{
	struct hf__stream s HF_AUTO(hf__stream_close) = { .codec = codec };
	struct inflow in = { .box = box, .stream = &s, .spool = { .walk = box->walk } };
	hf_err err = hf__stream_open(&s, codec, &box->src);

	in.block = malloc(HF__STREAM_BLOCK);
	if (in.block == NULL)
		return HF_ERR_HOST_MEMORY;
	if (err == HF_OK)
		err = read_stream(&in);
	inflow_free(&in);
	*used = err == HF_OK ? hf__stream_used(&s) : box->src.size;
	return err;
}

/* One format per codec: same open, same measure. */
#define HF__STREAM_FORMAT(id, text, ...) \
	static bool id##_begins(const struct hf_src *src) \
	{ \
		return hf__codec_##id.probe(src); \
	} \
	static hf_err id##_open(struct hf__box *box, uint64_t *used) \
	{ \
		return open_stream(box, &hf__codec_##id, used); \
	} \
	static hf_err id##_measure(const struct hf_src *src, uint64_t *len) \
	{ \
		return hf__stream_measure(&hf__codec_##id, src, HF__HELD_MAX, len); \
	} \
	const struct hf__format hf__format_##id = { text,        HF__STREAM,   { __VA_ARGS__ }, \
						    id##_begins, id##_measure, id##_open };

HF__STREAM_FORMAT(gzip, "gzip", { "\x1f\x8b\x08", 3, 0 })
HF__STREAM_FORMAT(bzip2, "bzip2", { "BZh", 3, 0 })
HF__STREAM_FORMAT(xz, "xz",
		  { "\xfd"
		    "7zXZ\0",
		    6, 0 })
HF__STREAM_FORMAT(zstd, "zstd", { "\x28\xb5\x2f\xfd", 4, 0 })
HF__STREAM_FORMAT(lz4, "lz4", { "\x04\x22\x4d\x18", 4, 0 })
HF__STREAM_FORMAT(lz4_legacy, "lz4-legacy", { "\x02\x21\x4c\x18", 4, 0 })
HF__STREAM_FORMAT(lzop, "lzop", { "\x89LZO\0", 5, 0 })

/* lzma has no magic, so its first bytes only count when a good piece of it decodes. */
static bool lzma_begins(const struct hf_src *src)
{
	struct hf__stream s HF_AUTO(hf__stream_close) = { .codec = &hf__codec_lzma };
	uint8_t some[4096];
	size_t got = 0;

	return hf__lzma_probe(src) && hf__stream_open(&s, &hf__codec_lzma, src) == HF_OK &&
	       hf__stream_read(&s, some, sizeof(some), &got) == HF_OK && got > 0;
}

static hf_err lzma_open(struct hf__box *box, uint64_t *used)
{
	return open_stream(box, &hf__codec_lzma, used);
}

static hf_err lzma_measure(const struct hf_src *src, uint64_t *len)
{
	return hf__stream_measure(&hf__codec_lzma, src, HF__HELD_MAX, len);
}

const struct hf__format hf__format_lzma = {
	"lzma",
	HF__STREAM,
	{ { "\x5d\0\0", 3, 0 }, { "\x6d\0\0", 3, 0 }, { "\x5e\0\0", 3, 0 }, { "\x6e\0\0", 3, 0 } },
	lzma_begins,
	lzma_measure,
	lzma_open
};
