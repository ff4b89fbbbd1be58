/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

typedef enum hf_feed_effect (*action)(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms);

void hf__feed_free(struct hf_feed *f)
{
	hf__table_free(&f->live);
	hf__table_free(&f->incoming);
}

static bool has_live(const struct hf_feed *f)
{
	return f->state == HF_FEED_LIVE || f->state == HF_FEED_RELOADING;
}

static void drop_incoming(struct hf_feed *f)
{
	hf__table_free(&f->incoming);
	f->state = has_live(f) ? HF_FEED_LIVE : HF_FEED_COLD;
}

void hf__feed_reset(struct hf_feed *f, int64_t now_ms)
{
	drop_incoming(f);
	f->asked = true;
	f->asked_ms = now_ms;
}

bool hf__feed_is_usable(const struct hf_feed *f, int64_t now_ms)
{
	return has_live(f) && now_ms - f->beat_ms <= HF_FEED_STALE_MS;
}

static enum hf_feed_effect ask(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	(void)frame;
	drop_incoming(f);
	if (f->asked && now_ms - f->asked_ms < HF_FEED_ASK_MS)
		return HF_FEED_NOTHING;
	f->asked = true;
	f->asked_ms = now_ms;
	return HF_FEED_ASK;
}

static enum hf_feed_effect begin(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	(void)now_ms;
	hf__table_free(&f->incoming);
	f->incoming_epoch = frame->epoch;
	f->state = has_live(f) ? HF_FEED_RELOADING : HF_FEED_LOADING;
	f->asked = false;
	return HF_FEED_NOTHING;
}

static enum hf_feed_effect load_row(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	if (frame->epoch != f->incoming_epoch)
		return ask(f, frame, now_ms);
	return hf__table_put(&f->incoming, &frame->row) == HF_OK ? HF_FEED_NOTHING : HF_FEED_BROKEN;
}

static enum hf_feed_effect change_row(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	if (frame->epoch != f->epoch + 1)
		return ask(f, frame, now_ms);
	if (hf__table_put(&f->live, &frame->row) != HF_OK)
		return HF_FEED_BROKEN;
	f->epoch = frame->epoch;
	return HF_FEED_ROW;
}

static enum hf_feed_effect end(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	if (frame->epoch != f->incoming_epoch || frame->n_rows != f->incoming.n)
		return ask(f, frame, now_ms);
	hf__table_free(&f->live);
	f->live = f->incoming;
	f->incoming = (struct hf_table){ 0 };
	f->epoch = f->incoming_epoch;
	f->state = HF_FEED_LIVE;
	f->beat_ms = now_ms;
	return HF_FEED_SWAPPED;
}

static enum hf_feed_effect kick(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	(void)f;
	(void)frame;
	(void)now_ms;
	return HF_FEED_KICK;
}

static enum hf_feed_effect wait(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	f->beat_ms = now_ms;
	f->time_s = frame->time;
	return HF_FEED_NOTHING;
}

static enum hf_feed_effect beat(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	wait(f, frame, now_ms);
	return frame->epoch == f->epoch ? HF_FEED_NOTHING : ask(f, frame, now_ms);
}

static const action actions[HF_FEED_STATES][HF_FRAME_BEAT + 1] = {
	[HF_FEED_COLD] = { 0, begin, ask, ask, kick, ask },
	[HF_FEED_LOADING] = { 0, begin, load_row, end, kick, wait },
	[HF_FEED_LIVE] = { 0, begin, change_row, ask, kick, beat },
	[HF_FEED_RELOADING] = { 0, begin, load_row, end, kick, wait },
};

enum hf_feed_effect hf__feed_frame(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms)
{
	/* hf__frame_read lets no other kind pass. */
	if (frame->kind < HF_FRAME_BEGIN || frame->kind > HF_FRAME_BEAT)
		return HF_FEED_BROKEN;
	return actions[f->state][frame->kind](f, frame, now_ms);
}
