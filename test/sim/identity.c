/* Power cuts: one life (enrolment and two renewals) is run once and its durable writes and messages are
 * counted;
 * then it is run again for each of them, cut before, inside and after it, and goes on after a reboot. At
 * every
 * end the device is connected with its newest certificate and nothing looked like a clone (attack 8 and the
 * promise of renew.h). A test that cuts asserts how often it cut.
 * SPDX-License-Identifier: Apache-2.0 */
#include "identity_world.h"

enum { CERTS = 3 };

/* One life; `second` is planned at the first boot after the first cut. Returns how many cuts were made. */
struct plan {
	unsigned write_at, second_write_at, message_at;
	enum hf_fake_cut write_how, second_how;
	enum cut_message message_how;
};
struct counts {
	unsigned writes, messages, write_cuts, message_cuts;
};

static struct counts live(const struct plan *p)
{
	static struct world w; /* survives the jump */
	static volatile unsigned boots;
	struct counts c;

	boots = 0;
	world_open(&w, 99);
	w.message_cut_at = p->message_at;
	w.message_how = p->message_how;
	hf_fake_cut_at(&w.port, p->write_at, p->write_how, &w.power);
	if (setjmp(w.power) != 0) {
		boots++;
		hf_fake_reboot(&w.port, 60);
		w.server.now_s += 60;
		if (boots == 1 && p->second_write_at != 0)
			hf_fake_cut_at(&w.port, p->second_write_at, p->second_how, &w.power);
	}
	world_boot(&w);
	world_run_until(&w, CERTS);
	world_check(&w);
	c = (struct counts){ w.port.n_writes, w.n_messages, w.port.n_cuts, w.message_cuts };
	world_close(&w);
	return c;
}

static struct counts whole(void)
{
	return live(&(struct plan){ .write_at = 0 });
}

static void a_whole_life_writes_and_says_little(void **unused)
{
	struct counts c = whole();
	(void)unused;

	print_message("# one life: %u durable writes, %u messages\n", c.writes, c.messages);
	assert_in_range(c.writes, 10, 200); /* the hourly floor is among them */
	assert_in_range(c.messages, 10, 100);
	assert_int_equal(c.write_cuts, 0);
}

static void power_cut_at_every_durable_write_connects_without_quarantine(void **unused)
{
	unsigned writes = whole().writes, cuts = 0;
	(void)unused;

	for (unsigned n = 1; n <= writes; n++)
		for (int how = HF_FAKE_BEFORE; how <= HF_FAKE_AFTER; how++)
			cuts += live(&(struct plan){ .write_at = n, .write_how = (enum hf_fake_cut)how })
					.write_cuts;
	print_message("# %u cuts at %u durable writes\n", cuts, writes);
	assert_int_equal(cuts, 3 * writes);
	assert_true(cuts > 0);
}

static void power_cut_twice_connects_without_quarantine(void **unused)
{
	unsigned writes = whole().writes, cuts = 0, lives = 0;
	(void)unused;

	for (unsigned n = 1; n <= writes; n++)
		for (unsigned m = 1; m <= 6; m++, lives++)
			cuts += live(&(struct plan){ .write_at = n,
						     .write_how = n % 2 != 0 ? HF_FAKE_INSIDE : HF_FAKE_AFTER,
						     .second_write_at = m,
						     .second_how =
							     m % 2 != 0 ? HF_FAKE_AFTER : HF_FAKE_INSIDE })
					.write_cuts;
	print_message("# %u cuts in %u lives with up to two\n", cuts, lives);
	assert_in_range(cuts, lives + lives / 2, 2 * lives);
}

static void a_full_disk_at_every_durable_write_heals(void **unused)
{
	unsigned writes = whole().writes, errors = 0;
	(void)unused;

	for (unsigned n = 1; n <= writes; n++)
		errors += live(&(struct plan){ .write_at = n, .write_how = HF_FAKE_ERROR }).write_cuts;
	print_message("# %u writes failed\n", errors);
	assert_int_equal(errors, writes);
}

static void power_cut_at_every_message_connects_without_quarantine(void **unused)
{
	unsigned messages = whole().messages, cuts = 0;
	(void)unused;

	for (unsigned n = 1; n <= messages; n++) {
		cuts += live(&(struct plan){ .message_at = n, .message_how = MESSAGE_LOST }).message_cuts;
		cuts += live(&(struct plan){ .message_at = n, .message_how = ANSWER_LOST }).message_cuts;
	}
	print_message("# %u cuts at %u messages\n", cuts, messages);
	assert_int_equal(cuts, 2 * messages);
	assert_true(cuts > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_life_writes_and_says_little),
		cmocka_unit_test(power_cut_at_every_durable_write_connects_without_quarantine),
		cmocka_unit_test(power_cut_twice_connects_without_quarantine),
		cmocka_unit_test(a_full_disk_at_every_durable_write_heals),
		cmocka_unit_test(power_cut_at_every_message_connects_without_quarantine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
