/* enrol_bucket.c -- who is refused too often waits, and nobody else does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "bucket.h"

enum { NOW_MS = 1000000, NEIGHBOURS = 254 };

static int open_rig(void **state)
{
	return hf__buckets_new((struct hf__buckets **)state) == HF_OK ? 0 : -1;
}

static int close_rig(void **state)
{
	hf__buckets_free(*state);
	return 0;
}

static void use_up(struct hf__buckets *b, const char *addr, uint64_t now_ms)
{
	for (int i = 0; i < HF__BUCKET_BURST; i++) {
		assert_true(hf__bucket_open(b, addr, now_ms));
		hf__bucket_take(b, addr, now_ms);
	}
	assert_false(hf__bucket_open(b, addr, now_ms));
}

static void a_source_waits_after_its_burst_and_comes_back(void **state)
{
	use_up(*state, "192.0.2.1", NOW_MS);
	assert_false(hf__bucket_open(*state, "192.0.2.1", NOW_MS + 1000 / HF__BUCKET_PER_S - 1));
	assert_true(hf__bucket_open(*state, "192.0.2.1", NOW_MS + 1000 / HF__BUCKET_PER_S));
	use_up(*state, "192.0.2.1", NOW_MS + 3600000); /* an hour saves up one burst, not more */
}

/* A table this small lets a few of them share; neighbours as such must not. */
static void neighbours_do_not_share_its_fate(void **state)
{
	char addr[32];
	int shut = 0;

	use_up(*state, "192.0.2.1", NOW_MS);
	for (int i = 2; i <= NEIGHBOURS; i++) {
		(void)snprintf(addr, sizeof(addr), "192.0.2.%d", i);
		shut += !hf__bucket_open(*state, addr, NOW_MS);
	}
	assert_true(shut <= 3);
}

static void an_ipv6_source_is_its_network_of_64_bits(void **state)
{
	use_up(*state, "2001:db8:1:2:3:4:5:6", NOW_MS);
	assert_false(hf__bucket_open(*state, "2001:db8:1:2:ffff::1", NOW_MS));
	assert_true(hf__bucket_open(*state, "2001:db8:1:3:3:4:5:6", NOW_MS));
	/* however its text is shortened */
	use_up(*state, "2001:db8::a:b", NOW_MS);
	assert_false(hf__bucket_open(*state, "2001:db8::c:b", NOW_MS));
	assert_false(hf__bucket_open(*state, "2001:db8::b", NOW_MS));
}

static void a_mapped_address_is_its_ipv4_source(void **state)
{
	use_up(*state, "198.51.100.7", NOW_MS);
	assert_false(hf__bucket_open(*state, "::ffff:198.51.100.7", NOW_MS));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_rig, close_rig)
	const struct CMUnitTest tests[] = {
		T(a_source_waits_after_its_burst_and_comes_back),
		T(neighbours_do_not_share_its_fate),
		T(an_ipv6_source_is_its_network_of_64_bits),
		T(a_mapped_address_is_its_ipv4_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
