/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"

enum { UNITS = 60000, DAY_MS = 86400000, KI = 1024 };

const struct hf_bucket_rule hf__connect_device = { 5, 2 };
const struct hf_bucket_rule hf__connect_source = { 200, 50 * 60 };
const struct hf_bucket_rule hf__connect_broker = { 2000, 400 * 60 };

/* Estimates for a NORMAL device; LOW is a quarter of it, HIGH eight times. */
static const struct hf_bucket_rule messages_normal = { 60, 60 };
static const struct hf_bucket_rule bytes_normal = { 256 * KI, 64 * KI };
static const int64_t day_normal = 20 * KI * (int64_t)KI;

static void refill(struct hf_bucket *b, const struct hf_bucket_rule *rule, int64_t now_ms)
{
	int64_t passed = now_ms - b->at_ms;

	if (passed <= 0)
		return;
	b->at_ms = now_ms;
	/* Division first: a long pause must not overflow. */
	if (b->used / rule->per_minute < passed)
		b->used = 0;
	else
		b->used -= passed * rule->per_minute;
}

bool hf__bucket_take(struct hf_bucket *b, const struct hf_bucket_rule *rule, int64_t n, int64_t now_ms)
{
	refill(b, rule, now_ms);
	if (n < 0 || n > rule->burst || b->used + n * UNITS > rule->burst * UNITS)
		return false;
	b->used += n * UNITS;
	return true;
}

bool hf__bucket_is_full(const struct hf_bucket *b, const struct hf_bucket_rule *rule, int64_t now_ms)
{
	struct hf_bucket copy = *b;

	refill(&copy, rule, now_ms);
	return copy.used == 0;
}

static int64_t scaled(int64_t normal, uint8_t level)
{
	switch (level) {
	case 1:
		return normal / 4;
	case 3:
		return normal * 8;
	default:
		return normal;
	}
}

static struct hf_bucket_rule scaled_rule(const struct hf_bucket_rule *normal, uint8_t level)
{
	return (struct hf_bucket_rule){ scaled(normal->burst, level), scaled(normal->per_minute, level) };
}

bool hf__budget_take(struct hf_budget *b, uint8_t level, uint32_t len, int64_t now_ms)
{
	struct hf_bucket_rule messages = scaled_rule(&messages_normal, level);
	struct hf_bucket_rule bytes = scaled_rule(&bytes_normal, level);
	struct hf_bucket before = b->messages;

	if (now_ms - b->day_start_ms >= DAY_MS) {
		b->day_start_ms = now_ms;
		b->day_bytes = 0;
	}
	if (b->day_bytes + len > scaled(day_normal, level))
		return false;
	if (!hf__bucket_take(&b->messages, &messages, 1, now_ms))
		return false;
	if (!hf__bucket_take(&b->bytes, &bytes, len, now_ms)) {
		b->messages = before;
		return false;
	}
	b->day_bytes += len;
	return true;
}

bool hf__budget_is_full(const struct hf_budget *b, int64_t now_ms)
{
	struct hf_bucket_rule messages = scaled_rule(&messages_normal, 1);
	struct hf_bucket_rule bytes = scaled_rule(&bytes_normal, 1);

	/* The slowest class: a budget that is full for LOW is full for all. */
	return (b->day_bytes == 0 || now_ms - b->day_start_ms >= DAY_MS) &&
	       hf__bucket_is_full(&b->messages, &messages, now_ms) &&
	       hf__bucket_is_full(&b->bytes, &bytes, now_ms);
}

bool hf__denials_add(struct hf_denials *d, int64_t now_ms)
{
	if (d->count == 0 || now_ms - d->start_ms >= HF_DENIALS_WINDOW_MS) {
		d->start_ms = now_ms;
		d->count = 0;
	}
	d->count++;
	return d->count >= HF_DENIALS_MAX;
}

bool hf__takeovers_add(struct hf_takeovers *t, int64_t now_ms)
{
	int64_t oldest;

	t->at_ms[t->count % HF_CLONE_COUNT] = now_ms;
	t->count++;
	if (t->count < HF_CLONE_COUNT)
		return false;
	oldest = t->at_ms[t->count % HF_CLONE_COUNT];
	return now_ms - oldest <= HF_CLONE_WINDOW_MS;
}
