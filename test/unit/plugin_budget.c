/* Unit tests of the plugin's buckets, sources, denials and takeovers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "source.h"

enum { LOW = 1, NORMAL = 2, HIGH = 3, KI = 1024 };

static int messages_now(struct hf_budget *b, uint8_t level, uint32_t len, int64_t now)
{
	int n = 0;

	while (n < 100000 && hf__budget_take(b, level, len, now))
		n++;
	return n;
}

static void a_device_has_60_messages_then_one_a_second(void **unused)
{
	struct hf_budget b = { 0 };
	(void)unused;

	assert_int_equal(messages_now(&b, NORMAL, 1, 1000), 60);
	assert_int_equal(messages_now(&b, NORMAL, 1, 1999), 0);
	assert_int_equal(messages_now(&b, NORMAL, 1, 2000), 1);
	assert_int_equal(messages_now(&b, NORMAL, 1, 12000), 10);
	assert_int_equal(messages_now(&b, NORMAL, 1, 10000000), 60);
}

static void classes_scale_by_a_quarter_and_eight(void **unused)
{
	struct hf_budget low = { 0 }, high = { 0 };
	(void)unused;

	assert_int_equal(messages_now(&low, LOW, 1, 1), 15);
	assert_int_equal(messages_now(&low, LOW, 1, 4001), 1);
	assert_int_equal(messages_now(&high, HIGH, 1, 1), 480);
}

static void bytes_are_limited_and_a_refusal_costs_nothing(void **unused)
{
	struct hf_budget b = { 0 };
	(void)unused;

	assert_int_equal(messages_now(&b, NORMAL, 64 * KI, 1), 4);
	/* 56 messages are left: the byte refusals did not eat them. */
	assert_int_equal(messages_now(&b, NORMAL, 0, 1), 56);
	assert_int_equal(messages_now(&b, NORMAL, 64 * KI, 60001), 1);
}

static void a_day_ends_at_20_mebibytes(void **unused)
{
	struct hf_budget b = { 0 };
	int64_t now = 1, sent = 0;
	(void)unused;

	while (hf__budget_take(&b, NORMAL, 64 * KI, now)) {
		sent += 64 * KI;
		now += 60001;
	}
	assert_int_equal(sent, 20 * KI * KI);
	assert_false(hf__budget_is_full(&b, now));
	assert_true(hf__budget_take(&b, NORMAL, 64 * KI, 86400001));
}

static void time_that_falls_back_gives_nothing(void **unused)
{
	struct hf_bucket b = { 0 };
	struct hf_bucket_rule rule = { 2, 60 };
	(void)unused;

	assert_true(hf__bucket_take(&b, &rule, 2, 5000));
	assert_false(hf__bucket_take(&b, &rule, 1, 1000));
	assert_false(hf__bucket_take(&b, &rule, 1, 5500));
	assert_true(hf__bucket_take(&b, &rule, 1, 6000));
	assert_false(hf__bucket_is_full(&b, &rule, 6000));
	assert_true(hf__bucket_is_full(&b, &rule, INT64_MAX / 2));
	assert_false(hf__bucket_take(&b, &rule, 3, INT64_MAX / 2));
	assert_false(hf__bucket_take(&b, &rule, -1, INT64_MAX / 2));
}

static void connects_of_a_device_are_five_then_one_in_30_s(void **unused)
{
	struct hf_bucket b = { 0 };
	(void)unused;

	for (int i = 0; i < 5; i++)
		assert_true(hf__bucket_take(&b, &hf__connect_device, 1, 1));
	assert_false(hf__bucket_take(&b, &hf__connect_device, 1, 30000));
	assert_true(hf__bucket_take(&b, &hf__connect_device, 1, 30001));
}

static void networks_are_32_and_64_bits_wide(void **unused)
{
	struct hf_net a = hf__net_of("10.0.0.1"), b = hf__net_of("10.0.0.2"),
		      m = hf__net_of("::ffff:10.0.0.1");
	struct hf_net c = hf__net_of("2001:db8::1"), d = hf__net_of("2001:db8::ffff:1");
	struct hf_net e = hf__net_of("2001:db8:0:1::1"), odd = hf__net_of("nonsense"),
		      null = hf__net_of(NULL);
	(void)unused;

	assert_false(hf__net_equal(&a, &b));
	assert_true(hf__net_equal(&a, &m));
	assert_true(hf__net_equal(&c, &d));
	assert_false(hf__net_equal(&c, &e));
	assert_true(hf__net_equal(&odd, &null));
	assert_false(hf__net_equal(&odd, &a));
}

static struct hf_sources sources; /* too large for a stack */

static void one_source_is_stopped_and_others_are_not(void **unused)
{
	struct hf_net a = hf__net_of("10.0.0.1"), b = hf__net_of("10.0.0.2");
	int n = 0;
	(void)unused;

	memset(&sources, 0, sizeof(sources));
	while (hf__sources_take(&sources, &a, 1))
		n++;
	assert_int_equal(n, 200);
	assert_true(hf__sources_take(&sources, &b, 1));
	assert_false(hf__sources_take(&sources, &a, 10));
	assert_true(hf__sources_take(&sources, &a, 21));
}

static void a_storm_of_sources_does_not_free_the_worst(void **unused)
{
	struct hf_net worst = hf__net_of("10.0.0.1");
	(void)unused;

	memset(&sources, 0, sizeof(sources));
	while (hf__sources_take(&sources, &worst, 1))
		;
	for (uint32_t i = 0; i < 200000; i++) {
		struct hf_net net = { { 4 } };

		hf_put_be32(net.b + 1, 0x0b000000u + i);
		assert_true(hf__sources_take(&sources, &net, 1));
	}
	assert_false(hf__sources_take(&sources, &worst, 1));
}

static void a_hundred_denials_in_a_minute_are_a_flood(void **unused)
{
	struct hf_denials d = { 0 };
	(void)unused;

	for (int i = 1; i < 100; i++)
		assert_false(hf__denials_add(&d, 1000));
	assert_true(hf__denials_add(&d, 60999));
	d = (struct hf_denials){ 0 };
	for (int i = 1; i < 100; i++)
		assert_false(hf__denials_add(&d, 1000));
	assert_false(hf__denials_add(&d, 61000));
}

static void the_third_takeover_in_an_hour_counts(void **unused)
{
	struct hf_takeovers t = { 0 };
	(void)unused;

	assert_false(hf__takeovers_add(&t, 1));
	assert_false(hf__takeovers_add(&t, 2));
	assert_true(hf__takeovers_add(&t, 3600001));
	assert_false(hf__takeovers_add(&t, 7200000));
	assert_false(hf__takeovers_add(&t, 7200003));
	assert_true(hf__takeovers_add(&t, 7200004));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_60_messages_then_one_a_second),
		cmocka_unit_test(classes_scale_by_a_quarter_and_eight),
		cmocka_unit_test(bytes_are_limited_and_a_refusal_costs_nothing),
		cmocka_unit_test(a_day_ends_at_20_mebibytes),
		cmocka_unit_test(time_that_falls_back_gives_nothing),
		cmocka_unit_test(connects_of_a_device_are_five_then_one_in_30_s),
		cmocka_unit_test(networks_are_32_and_64_bits_wide),
		cmocka_unit_test(one_source_is_stopped_and_others_are_not),
		cmocka_unit_test(a_storm_of_sources_does_not_free_the_worst),
		cmocka_unit_test(a_hundred_denials_in_a_minute_are_a_flood),
		cmocka_unit_test(the_third_takeover_in_an_hour_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
