/* Unit tests of port/fake: the tool of the power-cut tests must itself cut where it says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>

struct rig {
	struct hf_port port;
	uint8_t mem[64];
	struct hf_out out;
	jmp_buf power;
};

static int set_up(void **state)
{
	static struct rig r;

	hf_fake_init(&r.port, 7);
	r.out = HF_OUT(r.mem);
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	hf_fake_free(&r->port);
	return 0;
}

static void a_replaced_record_is_read_back(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_port_read(&r->port, HF_REC_BOOT, &r->out), HF_ERR_PORT_ABSENT);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("one")), HF_OK);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("two!")), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_BOOT, &r->out), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("two!")));
	assert_int_equal(r->port.n_writes, 2);
}

static void a_secret_is_created_once_and_destroyed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_CLAIM, HF_STR("s")), HF_OK);
	assert_int_equal(hf_port_create_secret(&r->port, HF_REC_CLAIM, HF_STR("t")), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_CLAIM), HF_OK);
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_CLAIM), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_CLAIM, &r->out), HF_ERR_PORT_ABSENT);
}

static void bad_records_and_lengths_are_misuse(void **state)
{
	static uint8_t big[HF_RECORD_MAX_LEN + 1];
	struct rig *r = *state;

	assert_int_equal(hf_port_replace(&r->port, HF_REC_END, HF_STR("x")), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_ARR(big)), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_port_destroy(&r->port, (enum hf_record)0), HF_ERR_BASE_MISUSE);
}

/* Write old, then new with a cut; say what the next boot finds. */
static hf_err after_cut(struct rig *r, enum hf_fake_cut how)
{
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("old")), HF_OK);
	hf_fake_cut_at(&r->port, 1, how, &r->power);
	if (setjmp(r->power) == 0) {
		(void)!hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("new"));
		fail_msg("power stayed on");
	}
	assert_int_equal(hf_port_read(&r->port, HF_REC_BOOT, &r->out), HF_ERR_PORT_STORAGE);
	hf_fake_reboot(&r->port, 60);
	return hf_port_read(&r->port, HF_REC_BOOT, &r->out);
}

static void a_cut_replace_leaves_the_old_or_the_new_whole(void **state)
{
	struct rig *r = *state;

	assert_int_equal(after_cut(r, HF_FAKE_BEFORE), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("old")));
	assert_int_equal(after_cut(r, HF_FAKE_INSIDE), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("old")));
	assert_int_equal(after_cut(r, HF_FAKE_AFTER), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("new")));
	assert_int_equal(r->port.n_cuts, 3);
	assert_int_equal(r->port.clock.boot_count, 4);
}

static hf_err secret_after_cut(struct rig *r, enum hf_fake_cut how, bool destroy)
{
	hf_fake_cut_at(&r->port, 0, HF_FAKE_NEVER, NULL);
	assert_int_equal(hf_port_destroy(&r->port, HF_REC_KEY0), HF_OK);
	if (destroy)
		assert_int_equal(hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("key")), HF_OK);
	hf_fake_cut_at(&r->port, 1, how, &r->power);
	if (setjmp(r->power) == 0) {
		if (destroy)
			(void)!hf_port_destroy(&r->port, HF_REC_KEY0);
		else
			(void)!hf_port_create_secret(&r->port, HF_REC_KEY0, HF_STR("key"));
		fail_msg("power stayed on");
	}
	hf_fake_reboot(&r->port, 0);
	return hf_port_read(&r->port, HF_REC_KEY0, &r->out);
}

static void a_cut_secret_is_absent_torn_or_whole(void **state)
{
	struct rig *r = *state;

	assert_int_equal(secret_after_cut(r, HF_FAKE_BEFORE, false), HF_ERR_PORT_ABSENT);
	assert_int_equal(secret_after_cut(r, HF_FAKE_INSIDE, false), HF_ERR_PORT_CORRUPT);
	assert_int_equal(secret_after_cut(r, HF_FAKE_AFTER, false), HF_OK);
	assert_int_equal(secret_after_cut(r, HF_FAKE_BEFORE, true), HF_OK);
	assert_int_equal(secret_after_cut(r, HF_FAKE_INSIDE, true), HF_ERR_PORT_CORRUPT);
	assert_int_equal(secret_after_cut(r, HF_FAKE_AFTER, true), HF_ERR_PORT_ABSENT);
	assert_int_equal(r->port.n_cuts, 6);
}

static void a_full_disk_fails_one_write_and_stays_on(void **state)
{
	struct rig *r = *state;

	hf_fake_cut_at(&r->port, 2, HF_FAKE_ERROR, NULL);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("1")), HF_OK);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("2")), HF_ERR_PORT_STORAGE);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_FLOOR, HF_STR("3")), HF_OK);
	assert_int_equal(hf_port_read(&r->port, HF_REC_BOOT, &r->out), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&r->out), HF_STR("1")));
	assert_int_equal(r->port.n_cuts, 1);
}

static void without_a_jump_the_machine_is_off(void **state)
{
	struct rig *r = *state;
	struct hf_clock now;

	hf_fake_cut_at(&r->port, 1, HF_FAKE_BEFORE, NULL);
	assert_int_equal(hf_port_replace(&r->port, HF_REC_BOOT, HF_STR("1")), HF_ERR_PORT_STORAGE);
	assert_int_equal(hf_port_clock(&r->port, &now), HF_ERR_PORT_STORAGE);
	assert_int_equal(hf_port_random(&r->port, r->mem, 4), HF_ERR_PORT_RANDOM);
}

static void randomness_repeats_by_seed_and_can_fail(void **state)
{
	struct rig *r = *state;
	struct hf_port other;
	uint8_t a[16], b[16];

	hf_fake_init(&other, 7);
	assert_int_equal(hf_port_random(&r->port, a, sizeof(a)), HF_OK);
	assert_int_equal(hf_port_random(&other, b, sizeof(b)), HF_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(hf_port_random(&other, b, sizeof(b)), HF_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	r->port.random_fails = true;
	assert_int_equal(hf_port_random(&r->port, a, sizeof(a)), HF_ERR_PORT_RANDOM);
}

static void time_passes_on_all_clocks(void **state)
{
	struct rig *r = *state;
	int64_t unix_s = r->port.clock.unix_s;

	for (int i = 0; i < 4; i++)
		hf_fake_advance(&r->port, 500);
	assert_int_equal(r->port.clock.boot_ms, 3000);
	assert_int_equal(r->port.clock.unix_s, unix_s + 2);
	hf_fake_tear(&r->port, HF_REC_BOOT); /* absent: nothing happens */
	assert_false(hf_fake_has(&r->port, HF_REC_BOOT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_replaced_record_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_secret_is_created_once_and_destroyed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_records_and_lengths_are_misuse, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cut_replace_leaves_the_old_or_the_new_whole, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_cut_secret_is_absent_torn_or_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_fails_one_write_and_stays_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_jump_the_machine_is_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(randomness_repeats_by_seed_and_can_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(time_passes_on_all_clocks, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
