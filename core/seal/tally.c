/* tally.c -- which counters of a stream were seen: a window of 64 below the highest, as IPsec keeps one
 * against replay (RFC 4303 s3.4.3).
 * SPDX-License-Identifier: Apache-2.0 */
#include "seal_priv.h"

enum { WINDOW = 64 };

static void advance(struct hf_seal_tally *t, uint64_t next)
{
	uint64_t step = next - t->next;

	t->window = step < WINDOW ? t->window << step : 0;
	t->window |= 1;
	t->next = next;
}

static bool was_seen(const struct hf_seal_tally *t, uint64_t age)
{
	return age >= WINDOW || (t->window >> age & 1) != 0;
}

bool hf_seal_tally_add(struct hf_seal_tally *t, uint32_t counter)
{
	uint64_t age;

	if (counter >= t->next) {
		advance(t, (uint64_t)counter + 1);
		t->seen++;
		return true;
	}
	age = t->next - 1 - counter;
	if (was_seen(t, age)) {
		t->repeated++;
		return false;
	}
	t->window |= UINT64_C(1) << age;
	t->seen++;
	return true;
}

uint64_t hf_seal_tally_missing(const struct hf_seal_tally *t)
{
	return t->next - t->seen;
}
