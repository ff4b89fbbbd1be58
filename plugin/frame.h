/* frame.h -- one CBOR frame of the plugin socket, both directions; doc/protocol/plugin-socket.md.
 * On the wire: u32 big-endian length (1 to HF_FRAME_MAX_LEN), then one deterministic CBOR array.
 * The reader accepts nothing it does not know. Pure, no allocation.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_FRAME_H
#define HF_PLUGIN_FRAME_H
#include <holdfast/base.h>
#include "table.h"

enum { HF_FRAME_MAX_LEN = 4096, HF_FRAME_HEAD_LEN = 4, HF_FRAME_VERSION = 1 };

enum hf_frame_kind {
	/* to the plugin */
	HF_FRAME_BEGIN = 1,
	HF_FRAME_ROW = 2,
	HF_FRAME_END = 3,
	HF_FRAME_KICK = 4,
	HF_FRAME_BEAT = 5,
	/* from the plugin */
	HF_FRAME_HELLO = 32,
	HF_FRAME_UP = 33,
	HF_FRAME_DOWN = 34,
	HF_FRAME_ALARM = 35,
	HF_FRAME_COUNTERS = 36,
};

/* What the plugin reads. */
struct hf_frame {
	enum hf_frame_kind kind;
	uint64_t epoch;
	struct hf_row row;              /* ROW */
	uint64_t n_rows;                /* END */
	int64_t time;                   /* BEAT, Unix seconds */
	char dev[HF_TABLE_DEV_LEN + 1]; /* KICK */
};
/* `body` without the length. Errors: HF_ERR_PLUGIN_FRAME. */
HF_MUST_CHECK hf_err hf__frame_read(hf_bytes body, struct hf_frame *f);

/* What it writes: each appends head and body. Errors: HF_ERR_BASE_NO_ROOM, and then nothing was added. */
HF_MUST_CHECK hf_err hf__frame_put_hello(struct hf_out *out, uint64_t epoch);
HF_MUST_CHECK hf_err hf__frame_put_up(struct hf_out *out, const char *dev, const uint8_t hash[static 32],
				      const char *address);
HF_MUST_CHECK hf_err hf__frame_put_down(struct hf_out *out, const char *dev, const uint8_t hash[static 32]);
/* `dev`, `address` and `detail` may be "". */
HF_MUST_CHECK hf_err hf__frame_put_alarm(struct hf_out *out, const char *kind, const char *dev,
					 const char *address, const char *detail);
HF_MUST_CHECK hf_err hf__frame_put_counters(struct hf_out *out, const uint64_t *counters, size_t n);
#endif
