/* Unit tests of a release on the device: ordered by two, erased at the next start, the printed code locked
 * until somebody stands at the device. On real records.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent_rig.h"

static int setup(void **state)
{
	static struct rig rig;

	rig_begin(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

static bool has(struct rig *r, enum hf_record rec)
{
	static uint8_t mem[HF_RECORD_MAX_LEN];
	struct hf_out out = HF_OUT(mem);
	hf_err err = hf_port_read(&r->k.port, rec, &out);

	assert_true(err == HF_OK || err == HF_ERR_PORT_ABSENT);
	return err == HF_OK;
}

static const uint8_t secret[16] = "0123456789abcdef";

/* Released and erased, as after keyproc's next start. */
static void release(struct rig *r)
{
	assert_int_equal(hf_port_destroy(&r->k.port, HF_REC_CLAIM), HF_OK);
	assert_int_equal(hf_port_create_secret(&r->k.port, HF_REC_CLAIM, HF_ARR(secret)), HF_OK);
	r->k.has_claim = true;
	assert_true(key_claim_counts(&r->k)); /* the first owner's claim needs nobody at the device */
	rig_expect(r, "release", HF_COMMAND_DANGER, 2, "a0", HF_STATUS_ACCEPTED, HF_REASON_NONE);
	assert_int_equal(key_release_open(&r->k), HF_OK);
}

static void it_needs_two_and_erases_nothing_before_its_receipt(void **state)
{
	struct rig *r = *state;

	rig_expect(r, "release", HF_COMMAND_DANGER, 1, "a0", HF_STATUS_REFUSED, HF_REASON_QUORUM);
	assert_false(has(r, HF_REC_RELEASE));
	rig_expect(r, "release", HF_COMMAND_DANGER, 2, "a0", HF_STATUS_ACCEPTED, HF_REASON_NONE);
	assert_true(has(r, HF_REC_RELEASE) && has(r, HF_REC_KEY0));
	rig_send(r, "ping", HF_COMMAND_READ, 1, "a0"); /* nobody commands it any more */
	assert_null(rig_find(r, "rcpt/"));
}

static void the_next_start_erases_what_was_the_owners(void **state)
{
	struct rig *r = *state;

	rig_expect(r, "config.set", HF_COMMAND_ACT, 1, "a2646e616d6561786576616c75656161", HF_STATUS_DONE,
		   HF_REASON_NONE);
	assert_true(has(r, HF_REC_CONFIG) && has(r, HF_REC_REPLAY) && has(r, HF_REC_KEY0));
	assert_int_equal(hf_port_replace(&r->k.port, HF_REC_OUTBOX_BASE + 3, HF_STR("x")), HF_OK);
	release(r);
	for (int rec = HF_REC_SLOT0; rec < HF_REC_END; rec++)
		if (rec != HF_REC_FLOOR && rec != HF_REC_CLAIM && rec != HF_REC_RELEASE)
			assert_false(has(r, (enum hf_record)rec));
	assert_true(has(r, HF_REC_CLAIM) && has(r, HF_REC_BOOT));
	assert_int_equal(key_release_open(&r->k), HF_OK); /* every later start finds it done */
}

static void the_printed_code_counts_for_an_hour_after_a_reset(void **state)
{
	struct rig *r = *state;

	assert_int_equal(key_release_reset(&r->k.port), HF_ERR_PORT_ABSENT);
	release(r);
	assert_false(key_claim_counts(&r->k));
	assert_int_equal(key_release_reset(&r->k.port), HF_OK);
	assert_false(key_claim_counts(&r->k)); /* from the next start on */
	assert_int_equal(key_release_open(&r->k), HF_OK);
	assert_true(key_claim_counts(&r->k));
	r->k.reset_ms = r->k.reset_ms > KEY_RESET_MS ? r->k.reset_ms - KEY_RESET_MS : UINT64_MAX;
	assert_false(key_claim_counts(&r->k));
	assert_int_equal(key_release_open(&r->k), HF_OK);
	r->k.reset_boot--; /* the hour was of another boot */
	assert_false(key_claim_counts(&r->k));
}

static void a_fresh_secret_ends_the_lock(void **state)
{
	struct hf_claim_secret s = { { 0 } };
	struct rig *r = *state;
	uint8_t mem[16];
	struct hf_out out = HF_OUT(mem);

	assert_int_equal(key_release_fresh(&r->k.port, &s), HF_ERR_PORT_ABSENT);
	release(r);
	assert_int_equal(key_release_fresh(&r->k.port, &s), HF_OK);
	assert_int_equal(hf_port_read(&r->k.port, HF_REC_CLAIM, &out), HF_OK);
	assert_memory_equal(mem, s.b, sizeof(mem));
	assert_memory_not_equal(mem, secret, sizeof(mem));
	assert_int_equal(key_release_open(&r->k), HF_OK);
	assert_true(key_claim_counts(&r->k));
}

static void a_reset_before_the_erasing_is_refused(void **state)
{
	struct hf_claim_secret s = { { 0 } };
	struct rig *r = *state;

	assert_int_equal(key_release_order(&r->k), HF_OK);
	assert_int_equal(key_release_reset(&r->k.port), HF_ERR_AGENT_RELEASED);
	assert_int_equal(key_release_fresh(&r->k.port, &s), HF_ERR_AGENT_RELEASED);
	assert_int_equal(hf_port_replace(&r->k.port, HF_REC_RELEASE, HF_STR("torn")), HF_OK);
	assert_int_equal(key_release_open(&r->k), HF_OK); /* a damaged word is no reason to keep anything */
	assert_false(has(r, HF_REC_KEY0));
	assert_false(key_claim_counts(&r->k));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(it_needs_two_and_erases_nothing_before_its_receipt),
		CASE(the_next_start_erases_what_was_the_owners),
		CASE(the_printed_code_counts_for_an_hour_after_a_reset),
		CASE(a_fresh_secret_ends_the_lock),
		CASE(a_reset_before_the_erasing_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
