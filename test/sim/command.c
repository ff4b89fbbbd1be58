/* Power cuts of commands: one working day (act, read, danger with a restart, an operation nobody knows,
 * erase) is run once and its durable writes are counted; then it is run again for each of them, cut
 * before, inside and after it, or with a failing disk, and a second time while it recovers. The server
 * sends again whatever has no receipt. At every end: no command ran twice, every command has its last
 * receipt, the chain has no gap, and nothing is under way. A test that cuts asserts how often it cut.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

enum { N_COMMANDS = 6, N_RECEIPTS = 32, RECEIPTS_OF_A_DAY = 6 };

static const struct {
	const char *op;
	unsigned cls;
	size_t lead, signers;
} script[N_COMMANDS] = {
	{ "relay.set", HF_COMMAND_ACT, 0, 1 }, { "ping", HF_COMMAND_READ, 1, 1 },
	{ "reboot", HF_COMMAND_DANGER, 1, 2 }, { "make.coffee", HF_COMMAND_ACT, 2, 1 },
	{ "nop", HF_COMMAND_ACT, 0, 1 },       { "erase", HF_COMMAND_ERASE, 0, 2 },
};

/* What the operators know and what happened to the machine; survives every cut. */
struct command {
	bool made;
	uint8_t msg[2048];
	size_t len;
	uint8_t cti[HF_COMMAND_CTI_LEN];
	unsigned ran;
	bool has_last;
	unsigned status, reason;
};
struct world {
	struct rig rig;
	struct command command[N_COMMANDS];
	uint8_t seen[N_RECEIPTS][HF_SHA256_LEN]; /* hash of each chained receipt */
	uint8_t prev[N_RECEIPTS][HF_SHA256_LEN];
	uint64_t newest;
	unsigned boots;
	jmp_buf power;
};
struct plan {
	unsigned at, second_at;
	enum hf_fake_cut how, second_how;
};
struct counts {
	unsigned writes, cuts, boots;
};

static struct world w;

static unsigned recover(void *ctx, const struct hf_obey_job *job)
{
	(void)ctx;
	return job->phase == HF_JOB_ACCEPTED ? HF_STATUS_DONE : HF_STATUS_UNKNOWN;
}

/* The operators' side: verify, note the chain, note the last word on each command. */
static void hear(hf_bytes object)
{
	struct hf_receipt r;
	uint8_t hash[HF_SHA256_LEN];

	assert_int_equal(hf_receipt_open(object, w.rig.device.pub, DEV, &r), HF_OK);
	assert_int_equal(hf_crypto_sha256(&object, 1, hash), HF_OK);
	if (r.n > 0) {
		assert_in_range(r.n, 1, N_RECEIPTS - 1);
		if (r.n <= w.newest) /* sent again: the very same bytes */
			assert_memory_equal(w.seen[r.n], hash, sizeof(hash));
		memcpy(w.seen[r.n], hash, sizeof(hash));
		memcpy(w.prev[r.n], r.prev, sizeof(r.prev));
		w.newest = r.n > w.newest ? r.n : w.newest;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		struct command *c = &w.command[i];

		if (!c->made || memcmp(c->cti, r.cti, sizeof(r.cti)) != 0 || r.status == HF_STATUS_ACCEPTED ||
		    c->has_last)
			continue;
		c->has_last = true;
		c->status = r.status;
		c->reason = r.reason;
	}
}

static void publish(void)
{
	uint64_t n = 0;

	while (hf_obey_next_unacked(&w.rig.obey, &n)) {
		assert_int_equal(hf_obey_receipt(&w.rig.obey, n, &w.rig.receipt), HF_OK);
		hear(hf_out_bytes(&w.rig.receipt));
		hf_obey_acked(&w.rig.obey, n);
	}
}

static void boot(void)
{
	w.rig.receipt.len = 0;
	while (hf_obey_boot(&w.rig.obey, &w.rig.cfg, &w.rig.receipt) != HF_OK)
		assert_int_equal(w.rig.port.cut_how, HF_FAKE_ERROR); /* a full disk: try again */
	publish();
}

static void make(size_t i)
{
	struct command *c = &w.command[i];
	size_t who[2] = { script[i].lead, (script[i].lead + 1) % RIG_OPS };

	rig_claims(&w.rig, script[i].lead, script[i].op, script[i].cls);
	rig_sign(&w.rig, who, script[i].signers);
	rig_seal(&w.rig);
	assert_in_range(w.rig.msg.len, 1, sizeof(c->msg));
	memcpy(c->msg, w.rig.msg.ptr, w.rig.msg.len);
	c->len = w.rig.msg.len;
	memcpy(c->cti, w.rig.claims.cti, sizeof(c->cti));
	c->made = true;
}

static void finish(struct command *c, unsigned status)
{
	while (hf_obey_finish(&w.rig.obey, c->cti, status, HF_REASON_NONE, HF_STR("done"), &w.rig.receipt) !=
	       HF_OK)
		assert_int_equal(w.rig.port.cut_how, HF_FAKE_ERROR);
	hear(hf_out_bytes(&w.rig.receipt));
	publish();
}

static void deliver(size_t i)
{
	struct command *c = &w.command[i];

	do {
		memcpy(w.rig.seal_mem, c->msg, c->len);
	} while (hf_obey_receive(&w.rig.obey, w.rig.seal_mem, c->len, RIG_NOW, &w.rig.task, &w.rig.receipt) !=
		 HF_OK);
	if (w.rig.receipt.len > 0)
		hear(hf_out_bytes(&w.rig.receipt));
	if (!hf_verdict_is_yes(w.rig.task.verdict))
		return;
	c->ran++;
	if (script[i].cls != HF_COMMAND_DANGER) {
		finish(c, HF_STATUS_DONE);
		return;
	}
	finish(c, HF_STATUS_ACCEPTED);
	w.rig.port.clock.boot_count++; /* the device restarts itself; a cut that is planned stays planned */
	w.rig.port.clock.boot_ms = 0;
}

static void day(void)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!w.command[i].made)
			make(i);
		for (unsigned tries = 0; !w.command[i].has_last; tries++) {
			assert_in_range(tries, 0, 3); /* nothing is stuck */
			deliver(i);
			if (script[i].cls == HF_COMMAND_DANGER && !w.command[i].has_last)
				boot();
		}
	}
}

static void check_command(size_t i)
{
	const struct command *c = &w.command[i];

	assert_true(c->has_last);
	if (script[i].cls != HF_COMMAND_READ)
		assert_in_range(c->ran, 0, 1);
	if (c->status == HF_STATUS_DONE)
		assert_in_range(c->ran, 1, 2);
	if (c->status == HF_STATUS_REFUSED)
		assert_int_equal(c->ran, 0);
	if (strcmp(script[i].op, "make.coffee") == 0)
		assert_int_equal(c->reason, HF_REASON_UNKNOWN);
}

static void check(void)
{
	static const uint8_t zero[HF_SHA256_LEN];

	for (size_t i = 0; i < N_COMMANDS; i++)
		check_command(i);
	assert_int_equal(w.newest, w.rig.obey.count);
	for (uint64_t n = 1; n <= w.newest; n++)
		assert_memory_equal(w.prev[n], n == 1 ? zero : w.seen[n - 1], HF_SHA256_LEN);
	assert_false(w.rig.obey.pending);
	for (size_t i = 0; i < HF_OBEY_MAX_JOBS; i++)
		assert_int_equal(w.rig.obey.job[i].phase, HF_JOB_FREE);
}

static struct counts live(const struct plan *p)
{
	struct counts c;

	memset(&w, 0, sizeof(w));
	rig_begin(&w.rig); /* the first table is a write too, but nobody has commands for it yet */
	w.rig.cfg.recover = recover;
	w.rig.obey.cfg.recover = recover;
	hf_fake_cut_at(&w.rig.port, p->at, p->how, &w.power);
	if (setjmp(w.power) != 0) {
		w.boots++;
		hf_fake_reboot(&w.rig.port, 60);
		w.rig.port.clock.quality = HF_CLOCK_TRUSTED;
		if (w.boots == 1 && p->second_at != 0)
			hf_fake_cut_at(&w.rig.port, p->second_at, p->second_how, &w.power);
		boot();
	}
	day();
	check();
	boot(); /* once more: nothing is left to do */
	check();
	c = (struct counts){ w.rig.port.n_writes, w.rig.port.n_cuts, w.boots };
	rig_end(&w.rig);
	return c;
}

static void a_whole_day_writes_little_and_leaves_nothing_open(void **unused)
{
	struct counts c = live(&(struct plan){ .at = 0 });
	(void)unused;

	print_message("# one day: %u commands, %u durable writes, %u receipts in the chain\n",
		      (unsigned)N_COMMANDS, c.writes, (unsigned)w.newest);
	assert_int_equal(c.cuts, 0);
	assert_int_equal(w.newest, RECEIPTS_OF_A_DAY);
	assert_in_range(c.writes, 2 * RECEIPTS_OF_A_DAY, 40);
}

static void power_cut_at_every_write(void **unused)
{
	static const enum hf_fake_cut hows[] = { HF_FAKE_BEFORE, HF_FAKE_INSIDE, HF_FAKE_AFTER,
						 HF_FAKE_ERROR };
	unsigned writes = live(&(struct plan){ .at = 0 }).writes, cuts = 0, planned = 0;
	(void)unused;

	for (unsigned at = 1; at <= writes; at++)
		for (size_t how = 0; how < 4; how++, planned++)
			cuts += live(&(struct plan){ .at = at, .how = hows[how] }).cuts;
	print_message("# %u writes, cut before, inside, after and failed: %u cuts\n", writes, cuts);
	assert_true(cuts > 0);
	assert_int_equal(cuts, planned);
}

static void power_cut_again_while_it_recovers(void **unused)
{
	static const enum hf_fake_cut hows[] = { HF_FAKE_BEFORE, HF_FAKE_AFTER };
	unsigned writes = live(&(struct plan){ .at = 0 }).writes, cuts = 0, planned = 0;
	(void)unused;

	for (unsigned at = 1; at <= writes; at++)
		for (unsigned second = 1; second <= 4 && at + second < writes; second++)
			for (size_t i = 0; i < 4; i++, planned += 2)
				cuts += live(&(struct plan){ .at = at,
							     .how = hows[i % 2],
							     .second_at = second,
							     .second_how = hows[i / 2] })
						.cuts;
	print_message("# twice in one day: %u cuts\n", cuts);
	assert_true(cuts > 0);
	assert_int_equal(cuts, planned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_day_writes_little_and_leaves_nothing_open),
		cmocka_unit_test(power_cut_at_every_write),
		cmocka_unit_test(power_cut_again_while_it_recovers),
	};
	return cmocka_run_group_tests_name("command power cuts", tests, NULL, NULL);
}
