/* busframe.h -- the bus's side of the plugin socket: frames written and read; doc/protocol/plugin-socket.md.
 * Pure, no allocation beyond the caller's buffer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_BUSFRAME_H
#define HF_BUSFRAME_H
#include <hf/buf.h>
#include <hf/bus.h>

enum { HF_BUSFRAME_MAX = 4096, HF_BUSFRAME_HEAD = 4, HF_BUSFRAME_VERSION = 1, HF_BUSFRAME_COUNTERS = 32 };

/* Append one frame. Errors: hf_buf_put's. */
HF_MUST_CHECK hf_err hf__busframe_begin(struct hf_buf *out, uint64_t epoch);
HF_MUST_CHECK hf_err hf__busframe_row(struct hf_buf *out, uint64_t epoch, const struct hf_bus_row *row);
HF_MUST_CHECK hf_err hf__busframe_end(struct hf_buf *out, uint64_t epoch, uint64_t rows);
HF_MUST_CHECK hf_err hf__busframe_kick(struct hf_buf *out, uint64_t epoch, const char *dev);
HF_MUST_CHECK hf_err hf__busframe_beat(struct hf_buf *out, uint64_t epoch, int64_t now);

enum hf_busframe_kind {
	HF_BUSFRAME_HELLO = 32,
	HF_BUSFRAME_UP = 33,
	HF_BUSFRAME_DOWN = 34,
	HF_BUSFRAME_ALARM = 35,
	HF_BUSFRAME_COUNT = 36,
};
struct hf_busframe {
	enum hf_busframe_kind kind;
	uint64_t epoch;                  /* HELLO */
	struct hf_bus_presence presence; /* UP, DOWN */
	struct hf_bus_alarm alarm;
	size_t n_counters;
	uint64_t counter[HF_BUSFRAME_COUNTERS];
};
/* `body` without the length. Errors: HF_ERR_PLUGIN_FRAME. */
HF_MUST_CHECK hf_err hf__busframe_read(hf_bytes body, struct hf_busframe *f);

/* "hf/1/{dev}/-/up/{cls}/{id}" into its parts; false for anything else. */
bool hf__bus_topic_read(const char *topic, struct hf_bus_up *up);
/* 64 hex digits to 32 bytes. */
bool hf__bus_cert_read(const char *hex, uint8_t sha256[static 32]);
/* Writes the topic for `dev`; false when a part is not well formed or it does not fit. */
bool hf__bus_topic_write(char *out, size_t cap, const char *dev, const char *cls, const char *id);
#endif
