/* Unit tests of the log's times: a clock that is only a number, so six hours take none.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "logseq_priv.h"

static const uint64_t minute = 60 * 1000, hour = 60 * 60 * 1000;

static void the_first_thing_is_a_head(void **unused)
{
	const struct hf__logseq_view v = { .round = 0 };
	(void)unused;

	assert_int_equal(hf__logseq_next(&v), HF__STEP_BEGIN);
}

static void a_head_without_quorum_is_never_published_however_old(void **unused)
{
	(void)unused;
	for (uint64_t age = 0; age < 48 * hour; age += minute) {
		const struct hf__logseq_view v = { .round = 1, .age_ms = age };

		assert_int_equal(hf__logseq_next(&v), HF__STEP_WAIT);
	}
}

static void late_cosignatures_are_published_too(void **unused)
{
	struct hf__logseq_view v = { .round = 1, .met = true, .age_ms = hour };
	(void)unused;

	assert_int_equal(hf__logseq_next(&v), HF__STEP_PUBLISH);
	v.shown = true;
	assert_int_equal(hf__logseq_next(&v), HF__STEP_WAIT);
}

static void a_grown_tree_waits_for_the_witnesses_five_seconds_at_most(void **unused)
{
	struct hf__logseq_view v = { .round = 1, .grown = true, .age_ms = 4999 };
	(void)unused;

	assert_int_equal(hf__logseq_next(&v), HF__STEP_WAIT);
	v.age_ms = 5000;
	assert_int_equal(hf__logseq_next(&v), HF__STEP_BEGIN);
	v = (struct hf__logseq_view){ .round = 1, .grown = true, .met = true, .shown = true };
	assert_int_equal(hf__logseq_next(&v), HF__STEP_BEGIN);
}

/* A quiet day: what the publisher's loop does, second by second. */
static void a_quiet_log_is_cosigned_again_every_six_hours(void **unused)
{
	struct hf__logseq_view v = { .round = 0 };
	unsigned begun = 0;
	uint64_t began = 0;
	(void)unused;

	for (uint64_t now = 0; now < 24 * hour; now += 1000) {
		v.age_ms = now - began;
		switch (hf__logseq_next(&v)) {
		case HF__STEP_BEGIN:
			assert_true(begun == 0 || v.age_ms == 6 * hour);
			v = (struct hf__logseq_view){ .round = ++begun, .met = true };
			began = now;
			break;
		case HF__STEP_PUBLISH:
			v.shown = true;
			break;
		case HF__STEP_WAIT:
			break;
		}
	}
	assert_int_equal(begun, 4);
}

static void a_silent_witness_is_asked_ever_more_seldom_but_at_least_every_five_minutes(void **unused)
{
	static const uint64_t want[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 };
	uint64_t wait = 0;
	(void)unused;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		wait = hf__logseq_backoff(wait);
		assert_int_equal(wait, want[i] * 1000);
	}
}

static void a_witness_that_refuses_is_an_alarm_at_once_a_silent_one_after_ten_minutes(void **unused)
{
	(void)unused;
	assert_true(hf__logseq_is_alarm(HF_ERR_LOG_WITNESS, 5000, 5000));
	assert_false(hf__logseq_is_alarm(HF_ERR_HTTPC_CONNECT, 5000, 5000 + 10 * minute));
	assert_true(hf__logseq_is_alarm(HF_ERR_HTTPC_CONNECT, 5000, 5001 + 10 * minute));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_thing_is_a_head),
		cmocka_unit_test(a_head_without_quorum_is_never_published_however_old),
		cmocka_unit_test(late_cosignatures_are_published_too),
		cmocka_unit_test(a_grown_tree_waits_for_the_witnesses_five_seconds_at_most),
		cmocka_unit_test(a_quiet_log_is_cosigned_again_every_six_hours),
		cmocka_unit_test(a_silent_witness_is_asked_ever_more_seldom_but_at_least_every_five_minutes),
		cmocka_unit_test(a_witness_that_refuses_is_an_alarm_at_once_a_silent_one_after_ten_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
