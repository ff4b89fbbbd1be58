/* Time: late, wrong and jumping clocks, long absences (attacks 7, 9 and 10 of identity.md s14).
 * SPDX-License-Identifier: Apache-2.0 */
#include "identity_world.h"

enum { YEAR = 365 * DAY };

static struct world *enrolled(void)
{
	static struct world w;

	world_open(&w, 7);
	world_boot(&w);
	world_run_until(&w, 1);
	return &w;
}

static const struct hf_leaf *leaf(const struct world *w)
{
	return &w->renew.slot[w->session].leaf;
}

/* Live on for `s` seconds in turns of at most an hour. */
static void live_for(struct world *w, int64_t s)
{
	int64_t end = w->server.now_s + s;

	while (w->server.now_s < end)
		world_turn(w, HOUR);
	if (w->server.quarantined)
		fail_msg("quarantined: %s", w->server.why);
}

static void renewal_starts_at_60_to_70_percent_and_retries_within_4(void **unused)
{
	struct world *w = enrolled();
	int64_t begin = leaf(w)->not_before, life = w->server.life_s;
	struct server *s = &w->server;
	(void)unused;

	s->n_tries = 0;
	while (s->now_s < begin + life / 10 * 5)
		world_turn(w, HOUR);
	assert_int_equal(s->n_tries, 0);
	/* EST answers "refused" for a while: the device asks again and again, never less often than 4 %. */
	while (s->n_tries < 1)
		world_turn(w, HOUR);
	assert_in_range(s->tries[0], begin + life / 10 * 6, begin + life / 10 * 7 + HOUR);
	world_close(w);
}

static void retries_of_a_renewal_are_at_most_4_percent_apart(void **unused)
{
	struct world *w = enrolled();
	int64_t end = leaf(w)->not_after, last = 0, widest = 0;
	unsigned n = 0;
	(void)unused;

	w->server.est_down = true;
	while (w->server.now_s < end) {
		unsigned before = w->n_messages;
		bool asked;

		world_turn(w, HOUR);
		asked = w->n_messages != before; /* the session stands, so every message is a request */
		if (asked && last != 0 && w->server.now_s - last > widest)
			widest = w->server.now_s - last;
		if (asked) {
			last = w->server.now_s;
			n++;
		}
	}
	assert_true(n >= 25);
	assert_true(widest <= w->server.life_s / 25 + HOUR && widest <= DAY + HOUR);
	w->server.est_down = false;
	world_run_until(w, 2);
	world_check(w);
	world_close(w);
}

static void expired_for_29_days_renews(void **unused)
{
	struct world *w = enrolled();
	(void)unused;

	w->server.network_down = true;
	live_for(w, leaf(w)->not_after + 29 * DAY - w->server.now_s);
	w->server.network_down = false;
	world_run_until(w, 2);
	world_check(w);
	assert_int_equal(w->server.rows[1].parent, 0); /* the same lineage */
	world_close(w);
}

static void expired_for_31_days_is_refused_then_the_factory_identity_recovers(void **unused)
{
	struct world *w = enrolled();
	(void)unused;

	w->server.network_down = true;
	live_for(w, leaf(w)->not_after + 31 * DAY - w->server.now_s);
	w->server.network_down = false;
	live_for(w, 2 * DAY);
	assert_int_equal(w->renew.state, HF_RENEW_STABLE);
	assert_true(w->session >= 0);
	assert_int_equal(w->server.rows[w->server.n_rows - 1].parent, -1); /* a new lineage */
	world_close(w);
}

/* The device runs all the time: its timers must not end after 25 or 50 days. */
static void offline_for_days(int days)
{
	struct world *w = enrolled();

	w->server.network_down = true;
	live_for(w, (int64_t)days * DAY);
	assert_true(w->port.clock.boot_ms > (uint64_t)days * DAY * 1000);
	w->server.network_down = false;
	live_for(w, 3 * DAY);
	assert_true(w->session >= 0);
	assert_int_equal(w->renew.state, HF_RENEW_STABLE);
	assert_true(leaf(w)->not_after > w->server.now_s);
	world_close(w);
}

static void offline_for_26_days_comes_back(void **unused)
{
	(void)unused;
	offline_for_days(26);
}

static void offline_for_400_days_comes_back(void **unused)
{
	(void)unused;
	offline_for_days(400);
}

static void boot_in_1970_connects_and_renews_in_time(void **unused)
{
	static struct world w;
	(void)unused;

	world_open(&w, 70);
	w.port.clock.unix_s = 0;
	w.port.clock.quality = HF_CLOCK_NONE;
	world_boot(&w);
	world_run_until(&w, 1);
	for (int week = 0; week < 52; week++) { /* no battery: every boot is 1970 again */
		live_for(&w, 6 * DAY + 20 * HOUR);
		w.server.now_s += 4 * HOUR;
		hf_fake_reboot(&w.port, 0);
		w.port.clock.unix_s = 0;
		world_boot(&w);
		live_for(&w, HOUR);
		assert_true(w.session >= 0);
		assert_true(leaf(&w)->not_after > w.server.now_s);
	}
	assert_true(world_confirmed(&w) >= 5); /* a year of 90 days each, renewed at 60 to 70 % */
	world_close(&w);
}

/* A clock that jumps by `jump` at each quarter of a life, and back a day later. */
static void jumping_clock(int64_t jump)
{
	struct world *w = enrolled();

	for (int i = 0; i < 16; i++) {
		live_for(w, w->server.life_s / 4);
		w->port.clock.unix_s += jump;
		live_for(w, DAY);
		w->port.clock.unix_s -= jump;
		live_for(w, HOUR);
		assert_true(w->session >= 0);
		assert_true(leaf(w)->not_after > w->server.now_s);
	}
	assert_true(world_confirmed(w) >= 5);
	world_close(w);
}

static void a_clock_10_years_ahead_skips_no_renewal(void **unused)
{
	(void)unused;
	jumping_clock((int64_t)10 * YEAR);
}

static void a_clock_10_years_behind_skips_no_renewal(void **unused)
{
	(void)unused;
	jumping_clock(-(int64_t)10 * YEAR);
}

static void every_credential_is_renewed_for_ten_years(void **unused)
{
	struct world *w = enrolled();
	(void)unused;

	w->server.life_s = 398 * (int64_t)DAY;
	live_for(w, (int64_t)10 * YEAR);
	assert_true(w->session >= 0);
	assert_in_range(world_confirmed(w), 12, 18);
	world_check(w);
	world_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renewal_starts_at_60_to_70_percent_and_retries_within_4),
		cmocka_unit_test(retries_of_a_renewal_are_at_most_4_percent_apart),
		cmocka_unit_test(expired_for_29_days_renews),
		cmocka_unit_test(expired_for_31_days_is_refused_then_the_factory_identity_recovers),
		cmocka_unit_test(offline_for_26_days_comes_back),
		cmocka_unit_test(offline_for_400_days_comes_back),
		cmocka_unit_test(boot_in_1970_connects_and_renews_in_time),
		cmocka_unit_test(a_clock_10_years_ahead_skips_no_renewal),
		cmocka_unit_test(a_clock_10_years_behind_skips_no_renewal),
		cmocka_unit_test(every_credential_is_renewed_for_ten_years),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
