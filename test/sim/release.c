/* Power cuts of what a device believes about releases: it hears a head, walks three policies and accepts a
 * release from one bundle, hears a newer head, and is shown the old head and the bundle again. The durable
 * writes of that day are counted; then it is lived again for each of them, cut before, inside and after it,
 * or with a failing disk, and a second time while it recovers. At every start the policy's number, the
 * quorum time and the newest head are at least what the device had acknowledged; every end is as without a
 * cut.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <hf/fake.h>
#include "release_rig.h"

enum {
	BOTH = 3u << ROOT0,
	LAST = 4,       /* newest policy */
	LATER_S = 1000, /* between first head, release and second head */
	N_STEPS = 6,
	WRITES_OF_A_DAY = 7, /* pin; head; three links; the release's time; head */
};

struct belief {
	uint64_t number, time, head_size, head_time;
};
struct plan {
	unsigned at, second_at;
	enum hf_fake_cut how, second_how;
};
struct counts {
	unsigned writes, cuts, boots;
};

static struct {
	struct rig rig; /* made once: the maker does not see the cuts */
	struct hf_port port;
	uint8_t head_mem[2][HF_HEAD_MAX_LEN];
	struct hf_out head[2];
	jmp_buf power;
	unsigned boots;
	struct belief acknowledged, end;
} w;

static int make_world(void **unused)
{
	struct rig *r = &w.rig;
	(void)unused;

	rig_start(r);
	w.head[0] = HF_OUT(w.head_mem[0]);
	w.head[1] = HF_OUT(w.head_mem[1]);
	rig_head(r, 1, &w.head[0]);
	for (unsigned n = 2; n <= LAST; n++) {
		r->spec.stale_after_s = 1000 + n;
		rig_policy(r, n, BOTH);
	}
	for (unsigned i = 0; i < 3; i++)
		r->time[i] += LATER_S;
	rig_good(r, 2, LAST);
	for (unsigned i = 0; i < 3; i++)
		r->time[i] += LATER_S;
	rig_head(r, LAST, &w.head[1]);
	r->device.now = 0;
	return 0;
}

static struct belief now(void)
{
	const struct hf_trust *t = &w.rig.trust;

	return (struct belief){ t->policy.number, t->quorum_time, t->newest.head.size, t->newest.time };
}

static void nothing_went_back(void)
{
	struct belief b = now();

	assert_true(b.number >= w.acknowledged.number);
	assert_true(b.time >= w.acknowledged.time);
	assert_true(b.head_size >= w.acknowledged.head_size);
	assert_true(b.head_time >= w.acknowledged.head_time);
	w.acknowledged = b;
}

static void boot(void)
{
	hf_err err;

	while ((err = rig_device(&w.rig, &w.port)) != HF_OK)
		assert_int_equal(err, HF_ERR_PORT_STORAGE); /* a full disk: try again */
	nothing_went_back();
}

static hf_err hear(size_t i)
{
	hf_err err = hf_trust_hear(&w.rig.trust, hf_out_bytes(&w.head[i]), 0);

	/* After a restart the first head comes again, to a device that may have a later policy or head. */
	if (i == 0 && (err == HF_ERR_PROOF_NONE || err == HF_ERR_HEAD_OLD))
		return HF_OK;
	return err;
}

static hf_err step(unsigned i)
{
	static const size_t heads[N_STEPS] = { 0, 0, 0, 1, 0, 1 };

	return i == 1 || i == 2 ? rig_verify(&w.rig) : hear(heads[i]);
}

static void day(void)
{
	for (unsigned i = 0; i < N_STEPS; i++) {
		hf_err err;

		while ((err = step(i)) != HF_OK)
			assert_int_equal(err, HF_ERR_PORT_STORAGE);
		nothing_went_back();
	}
}

static struct counts live(const struct plan *p)
{
	struct counts c;

	w.boots = 0;
	w.acknowledged = (struct belief){ .number = 0 };
	hf_fake_init(&w.port, 1);
	hf_fake_cut_at(&w.port, p->at, p->how, &w.power);
	if (setjmp(w.power) != 0) {
		w.boots++;
		hf_fake_reboot(&w.port, 60);
		if (w.boots == 1 && p->second_at != 0)
			hf_fake_cut_at(&w.port, p->second_at, p->second_how, &w.power);
		boot();
	}
	boot();
	day();
	boot(); /* what is on the disk is what was acknowledged */
	w.end = now();
	c = (struct counts){ w.port.n_writes, w.port.n_cuts, w.boots };
	hf_fake_free(&w.port);
	return c;
}

static const struct plan uncut = { .at = 0 };

static void a_day_writes_once_for_each_thing_learnt(void **unused)
{
	struct counts c = live(&uncut);
	(void)unused;

	print_message("# one day: %u durable writes\n", c.writes);
	assert_int_equal(c.writes, WRITES_OF_A_DAY);
	assert_int_equal(c.cuts, 0);
	assert_int_equal(w.end.number, LAST);
	assert_int_equal(w.end.time, T0 + 1 + 2 * LATER_S);
	assert_int_equal(w.end.head_time, T0 + 1 + 2 * LATER_S);
	assert_int_equal(w.end.head_size, w.rig.log.size);
}

static unsigned cut_once(const struct plan *p, const struct belief *end)
{
	struct counts c = live(p);

	assert_memory_equal(&w.end, end, sizeof(*end));
	return c.cuts;
}

static void power_cut_at_every_write(void **unused)
{
	static const enum hf_fake_cut hows[] = { HF_FAKE_BEFORE, HF_FAKE_INSIDE, HF_FAKE_AFTER,
						 HF_FAKE_ERROR };
	unsigned writes = live(&uncut).writes, cuts = 0, planned = 0;
	struct belief end = w.end;
	(void)unused;

	for (unsigned at = 1; at <= writes; at++)
		for (size_t how = 0; how < 4; how++, planned++)
			cuts += cut_once(&(struct plan){ .at = at, .how = hows[how] }, &end);
	print_message("# %u writes, cut before, inside, after and failed: %u cuts\n", writes, cuts);
	assert_true(cuts > 0);
	assert_int_equal(cuts, planned);
}

static void power_cut_again_while_it_recovers(void **unused)
{
	static const enum hf_fake_cut hows[] = { HF_FAKE_BEFORE, HF_FAKE_INSIDE, HF_FAKE_AFTER };
	unsigned writes = live(&uncut).writes, cuts = 0, planned = 0;
	struct belief end = w.end;
	(void)unused;

	for (unsigned at = 1; at <= writes; at++)
		for (unsigned second = 1; at + second <= writes; second++)
			for (size_t i = 0; i < 9; i++, planned += 2)
				cuts += cut_once(&(struct plan){ .at = at,
								 .how = hows[i % 3],
								 .second_at = second,
								 .second_how = hows[i / 3] },
						 &end);
	print_message("# twice in one day: %u cuts\n", cuts);
	assert_true(cuts > 0);
	assert_int_equal(cuts, planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_writes_once_for_each_thing_learnt),
		cmocka_unit_test(power_cut_at_every_write),
		cmocka_unit_test(power_cut_again_while_it_recovers),
	};
	return cmocka_run_group_tests_name("release power cuts", tests, make_world, NULL);
}
