/* Unit tests of what a monitor remembers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "monitor.h"

static void new_monitor_state(struct monitor_state *s)
{
	struct monitor_release r = { .sequence = 7, .seen = 8, .rebuild = 2 };

	assert_int_equal(monitor_state_new(s), HF_OK);
	s->begun = true;
	memset(s->log, 1, sizeof(s->log));
	s->size = 5;
	memset(s->node, 2, 2 * sizeof(s->node[0]));
	s->head_time = 1000;
	s->standing = 1u << MONITOR_STALE;
	assert_int_equal(hf_buf_puts(&s->policy[0], "policy"), HF_OK);
	memset(r.image, 9, sizeof(r.image));
	assert_int_equal(monitor_state_add(s, &r), HF_OK);
}

static void a_monitors_state_reads_back_and_every_cut_is_seen(void **unused)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(MONITOR_STATE_MAX);
	struct monitor_state s, b;
	(void)unused;

	new_monitor_state(&s);
	assert_int_equal(monitor_state_new(&b), HF_OK);
	assert_int_equal(monitor_state_write(&s, &text), HF_OK);
	assert_int_equal(monitor_state_read(hf_buf_bytes(&text), &b), HF_OK);
	assert_true(b.begun && b.size == 5 && b.head_time == 1000 && b.standing == s.standing);
	assert_memory_equal(b.node, s.node, 2 * sizeof(s.node[0]));
	assert_int_equal(b.n_releases, 1);
	assert_true(b.release[0].sequence == 7 && b.release[0].seen == 8 && b.release[0].rebuild == 2);
	assert_memory_equal(b.release[0].image, s.release[0].image, HF_SHA256_LEN);
	assert_string_equal(hf_buf_text(&b.policy[0]), "policy");
	for (size_t n = 0; n < text.len; n++)
		assert_int_equal(monitor_state_read((hf_bytes){ text.ptr, n }, &b), HF_ERR_MONITOR_STATE);
	monitor_state_free(&s);
	monitor_state_free(&b);
}

static void a_monitor_says_when_it_can_remember_no_more(void **unused)
{
	const struct monitor_release r = { .sequence = 1 };
	struct monitor_state s;
	(void)unused;

	assert_int_equal(monitor_state_new(&s), HF_OK);
	for (int i = 0; i < MONITOR_RELEASES_MAX; i++)
		assert_int_equal(monitor_state_add(&s, &r), HF_OK);
	assert_int_equal(monitor_state_add(&s, &r), HF_ERR_MONITOR_FULL);
	monitor_state_free(&s);
}

static void a_line_counts_only_whole_and_not_as_a_comment(void **unused)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(100);
	(void)unused;

	assert_int_equal(hf_buf_puts(&file, "#abc\nabcd\n\nlast"), HF_OK);
	assert_true(monitor_has_line(&file, "abcd") && monitor_has_line(&file, "last"));
	assert_false(monitor_has_line(&file, "abc") || monitor_has_line(&file, "#abc") ||
		     monitor_has_line(&file, "las"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_monitors_state_reads_back_and_every_cut_is_seen),
		cmocka_unit_test(a_monitor_says_when_it_can_remember_no_more),
		cmocka_unit_test(a_line_counts_only_whole_and_not_as_a_comment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
