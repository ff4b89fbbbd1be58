/* feed.h -- the table as the bus feeds it: snapshot, changes by one epoch each, beats.
 *
 *	COLD --begin--> LOADING --end, all rows there--> LIVE --begin--> RELOADING --end--> LIVE
 *
 * Invariants: (1) nobody is admitted before the first whole snapshot; (2) the live table is always a
 * whole snapshot plus every change up to `epoch`; (3) a gap never passes in silence: it asks for a
 * snapshot, and a beat shows it at the latest. Sans I/O: frames in, effects out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_FEED_H
#define HF_PLUGIN_FEED_H
#include "frame.h"
#include "table.h"

enum { HF_FEED_STALE_MS = 600000, HF_FEED_ASK_MS = 1000 };

enum hf_feed_state { HF_FEED_COLD, HF_FEED_LOADING, HF_FEED_LIVE, HF_FEED_RELOADING, HF_FEED_STATES };

struct hf_feed {
	enum hf_feed_state state;
	struct hf_table live;
	struct hf_table incoming;
	uint64_t epoch; /* of live */
	uint64_t incoming_epoch;
	int64_t beat_ms; /* when the last beat or snapshot came */
	int64_t time_s;  /* what the last beat said */
	int64_t asked_ms;
	bool asked;
};

enum hf_feed_effect {
	HF_FEED_NOTHING,
	HF_FEED_ASK,     /* send hello */
	HF_FEED_ROW,     /* one row changed: frame.row */
	HF_FEED_SWAPPED, /* every row may have changed */
	HF_FEED_KICK,    /* frame.dev */
	HF_FEED_BROKEN,  /* no memory for the table: start over */
};

void hf__feed_free(struct hf_feed *f);
enum hf_feed_effect hf__feed_frame(struct hf_feed *f, const struct hf_frame *frame, int64_t now_ms);
/* The way to the bus is new and hello is on it: forget what was half loaded, keep what is live. */
void hf__feed_reset(struct hf_feed *f, int64_t now_ms);
/* May new sessions be admitted? */
bool hf__feed_is_usable(const struct hf_feed *f, int64_t now_ms);
#endif
