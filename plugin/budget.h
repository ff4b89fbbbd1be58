/* budget.h -- token buckets and the budgets of one device.
 * A bucket keeps what was used, not what is left, so a zeroed struct is a full bucket. Time is monotonic
 * milliseconds and may stand still; going back counts as standing still. Pure, no allocation.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PLUGIN_BUDGET_H
#define HF_PLUGIN_BUDGET_H
#include <holdfast/base.h>

struct hf_bucket_rule {
	int64_t burst;
	int64_t per_minute;
};
struct hf_bucket {
	int64_t used; /* in 1/60000 of a token: one millisecond gives back per_minute of them */
	int64_t at_ms;
};

/* Take `n` tokens if they are there; on false nothing was taken. */
bool hf__bucket_take(struct hf_bucket *b, const struct hf_bucket_rule *rule, int64_t n, int64_t now_ms);
/* Is it full again at `now_ms`? Such a bucket may be forgotten. */
bool hf__bucket_is_full(const struct hf_bucket *b, const struct hf_bucket_rule *rule, int64_t now_ms);

/* Connects: one device, one source network, the whole broker. */
extern const struct hf_bucket_rule hf__connect_device, hf__connect_source, hf__connect_broker;

/* What one device may send; `level` is its budget class 1 low, 2 normal, 3 high. */
struct hf_budget {
	struct hf_bucket messages;
	struct hf_bucket bytes;
	int64_t day_bytes;
	int64_t day_start_ms;
};
/* Charge one message of `len` bytes; false = over budget, nothing charged. */
bool hf__budget_take(struct hf_budget *b, uint8_t level, uint32_t len, int64_t now_ms);
/* Nothing to remember? */
bool hf__budget_is_full(const struct hf_budget *b, int64_t now_ms);

/* Denials within one window; hf__denials_add is true when the limit is reached. */
enum { HF_DENIALS_MAX = 100, HF_DENIALS_WINDOW_MS = 60000, HF_FLOOD_REFUSE_MS = 600000 };
struct hf_denials {
	int64_t start_ms;
	uint32_t count;
};
bool hf__denials_add(struct hf_denials *d, int64_t now_ms);

/* Live takeovers that look like a clone: true when the third falls within one hour. */
enum { HF_CLONE_COUNT = 3, HF_CLONE_WINDOW_MS = 3600000, HF_CLONE_TRAFFIC_MS = 30000 };
struct hf_takeovers {
	int64_t at_ms[HF_CLONE_COUNT];
	uint32_t count; /* ever; index of the next = count mod HF_CLONE_COUNT */
};
bool hf__takeovers_add(struct hf_takeovers *t, int64_t now_ms);
#endif
