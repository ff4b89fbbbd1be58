/* Unit tests of obey.h: what a device obeys and what it answers. Refusals are named by the attack.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

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

static void a_signed_command_is_obeyed_once_and_answered(void **state)
{
	struct rig *r = *state;
	struct hf_receipt rcpt;
	uint8_t mem[64];
	struct hf_out plain = HF_OUT(mem);

	assert_int_equal(rig_send(r, 0, "relay.set", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_obeyed(r);
	rcpt = rig_receipt(r);
	assert_int_equal(rcpt.n, 1);
	assert_int_equal(hf_receipt_open_result(&rcpt, &r->reply, &plain), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&plain), HF_STR("ok")));
	assert_string_equal((const char *)r->task.op->name, "relay.set");
}

static void each_class_needs_its_quorum_and_no_more(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "ping", HF_COMMAND_READ, 1), HF_OK);
	rig_assert_obeyed(r);
	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	rig_assert_obeyed(r);
	assert_int_equal(rig_send(r, 0, "erase", HF_COMMAND_ERASE, 2), HF_OK);
	rig_assert_obeyed(r);
}

static void one_signature_of_two_is_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
	assert_int_equal(rig_send(r, 0, "erase", HF_COMMAND_ERASE, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
}

/* Append the first signature of a COSE_Sign once more: 98([h'', {}, claims, [sig]]) becomes [sig, sig]. */
static void double_signature(struct rig *r)
{
	struct hf_cose_sign s;
	struct hf_cborw w;
	uint8_t mem[2048];
	struct hf_out out = HF_OUT(mem);

	assert_int_equal(hf_cose_sign_read(hf_out_bytes(&r->inner), &s), HF_OK);
	hf_cbor_writer(&w, &out);
	hf_cbor_put_tag(&w, HF_COSE_TAG_SIGN);
	hf_cbor_put_array(&w, 4);
	hf_cbor_put_bytes(&w, (hf_bytes){ 0 });
	hf_cbor_put_map(&w, 0);
	hf_cbor_put_bytes(&w, s.payload);
	hf_cbor_put_array(&w, 2);
	for (size_t i = 0; i < 2; i++) {
		hf_cbor_put_array(&w, 3);
		hf_cbor_put_bytes(&w, s.signature[0].protected_header);
		hf_cbor_put_map(&w, 0);
		hf_cbor_put_bytes(&w, s.signature[0].signature);
	}
	assert_int_equal(hf_cbor_finish(&w), HF_OK);
	memcpy(r->inner.ptr, mem, out.len);
	r->inner.len = out.len;
}

static void one_signer_twice_counts_once(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 0, 1 }, 2);
	r->inner.len = 0;
	assert_int_equal(hf_cose_sign_write(&(struct hf_cose_signer){ HF_COSE_ES256, HF_ARR(r->kid[0]),
								      &r->op_key[0], NULL },
					    1, HF_STR("hf/cmd/1/abcdefghijklmnop"),
					    hf_out_bytes(&r->claims_out), NULL, &r->inner),
			 HF_OK);
	double_signature(r);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
}

static void lead_that_did_not_sign_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_cose_signer s[2];

	for (size_t i = 0; i < 2; i++)
		s[i] = (struct hf_cose_signer){ HF_COSE_ES256, HF_ARR(r->kid[i + 1]), &r->op_key[i + 1],
						NULL };
	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER); /* operator 0 leads, 1 and 2 sign */
	rig_sign(r, (size_t[]){ 0 }, 1);
	r->inner.len = 0;
	assert_int_equal(hf_cose_sign_write(s, 2, HF_STR("hf/cmd/1/abcdefghijklmnop"),
					    hf_out_bytes(&r->claims_out), NULL, &r->inner),
			 HF_OK);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_SIGNER);
}

static void signatures_in_any_order_are_one_command(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 2, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 2, 0, 1 }, 3);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
}

static void a_key_that_has_ended_leads_nothing_and_counts_for_nothing(void **state)
{
	struct rig *r = *state;

	rig_claims(r, RIG_ENDED, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ RIG_ENDED }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_SIGNER);
	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 0, RIG_ENDED }, 2);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
}

static void unknown_kid_alone_gets_no_answer(void **state)
{
	struct rig *r = *state;
	unsigned writes = r->port.n_writes;

	rig_claims(r, RIG_FOREIGN, "nop", HF_COMMAND_ACT);
	rig_sign(r, (size_t[]){ RIG_FOREIGN }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_SIGNATURE);
	assert_int_equal(r->port.n_writes, writes);
	assert_int_equal(r->obey.n_dropped, 1);
}

static void unknown_kid_beside_known_ones_is_passed_over(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 0, 1, RIG_FOREIGN }, 3);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_obeyed(r);
	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 0, RIG_FOREIGN }, 2);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
}

static void one_wrong_signature_of_a_known_key_spoils_the_command(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "reboot", HF_COMMAND_DANGER);
	rig_sign(r, (size_t[]){ 0, 1, 2 }, 3);
	r->inner.ptr[r->inner.len - 1] ^= 1;
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_SIGNATURE);
}

static void class_lowered_or_raised_is_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_READ, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_CLASS);
	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_CLASS);
	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_ERASE, 2), HF_OK); /* for its long life */
	rig_assert_refused(r, HF_REASON_CLASS);
}

static void signed_for_another_audience_is_refused(void **state)
{
	struct rig *r = *state;
	struct hf_cose_signer s = { HF_COSE_ES256, HF_ARR(r->kid[0]), &r->op_key[0], NULL };

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.aud = HF_STR("zzzzzzzzzzzzzzzz");
	rig_sign(r, (size_t[]){ 0 }, 1);
	r->inner.len = 0; /* the frame is for this device, the claim is not */
	assert_int_equal(hf_cose_sign1_write(&s, HF_STR("hf/cmd/1/abcdefghijklmnop"),
					     hf_out_bytes(&r->claims_out), false, NULL, &r->inner),
			 HF_OK);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_AUDIENCE);
}

static void command_of_another_device_sealed_again_is_dropped(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.aud = HF_STR("zzzzzzzzzzzzzzzz");
	rig_sign(r, (size_t[]){ 0 }, 1); /* properly signed, with that device's aad */
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_dropped(r, HF_ERR_COMMAND_SIGNATURE);
}

static void other_epoch_is_refused(void **state)
{
	struct rig *r = *state;

	rig_claims(r, 0, "nop", HF_COMMAND_ACT);
	r->claims.rep[0] ^= 1;
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_EPOCH);
	assert_memory_equal(rig_receipt(r).rep, r->obey.rep, HF_COMMAND_REP_LEN); /* all the signer needs */
}

static void policy_without_the_quorum_takes_no_such_commands(void **state)
{
	struct rig *r = *state;

	r->policy.named = (hf_bytes){ (const uint8_t *)"\xa0", 1 };
	assert_int_equal(rig_send(r, 0, "ping", HF_COMMAND_READ, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_QUORUM);
}

static void unknown_operation_burns_its_counter(void **state)
{
	struct rig *r = *state;

	assert_int_equal(rig_send(r, 0, "make.coffee", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_UNKNOWN);
	assert_int_equal(rig_receipt(r).n, 1);
	assert_int_equal(rig_receipt(r).high, 1);
	assert_int_equal(rig_receive(r), HF_OK); /* again: the same answer, nothing new */
	rig_assert_refused(r, HF_REASON_UNKNOWN);
	assert_int_equal(rig_receipt(r).n, 1);
}

static void arguments_the_device_does_not_know_are_refused(void **state)
{
	struct rig *r = *state;
	static const uint8_t off[] = { 0xa1, 0x62, 'o', 'n', 0x18, 0x40 };

	rig_claims(r, 0, "relay.set", HF_COMMAND_ACT);
	r->claims.args = HF_ARR(off);
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_UNKNOWN);
	rig_claims(r, 0, "nop", HF_COMMAND_ACT); /* takes none at all */
	r->claims.args = HF_ARR(off);
	rig_sign(r, (size_t[]){ 0 }, 1);
	rig_seal(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_UNKNOWN);
}

static void refused_for_its_state_then_delivered_again_does_not_run(void **state)
{
	struct rig *r = *state;

	r->op_state = HF_REASON_STATE;
	assert_int_equal(rig_send(r, 0, "relay.set", HF_COMMAND_ACT, 1), HF_OK);
	rig_assert_refused(r, HF_REASON_STATE);
	r->op_state = HF_REASON_NONE; /* the moment the relay waited for */
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_STATE);
	rig_boot(r);
	assert_int_equal(rig_receive(r), HF_OK);
	rig_assert_refused(r, HF_REASON_STATE);
}

static void a_process_that_acts_asks_again(void **state)
{
	struct rig *r = *state;
	const struct hf_op *reboot;
	struct hf_op other = { "nop", HF_COMMAND_DANGER, NULL };
	uint8_t mem[2048];
	hf_bytes inner = { mem, 0 };

	assert_int_equal(rig_send(r, 0, "reboot", HF_COMMAND_DANGER, 2), HF_OK);
	reboot = r->task.op;
	inner.len = r->task.inner.len;
	memcpy(mem, r->task.inner.ptr, inner.len);
	assert_true(hf_verdict_is_yes(hf_obey_recheck(inner, &r->policy, DEV, reboot, RIG_NOW)));
	assert_false(hf_verdict_is_yes(hf_obey_recheck(inner, &r->policy, DEV, &other, RIG_NOW)));
	assert_false(hf_verdict_is_yes(hf_obey_recheck(inner, &r->policy, DEV, NULL, RIG_NOW)));
	assert_false(hf_verdict_is_yes(
		hf_obey_recheck(inner, &r->policy, HF_STR("zzzzzzzzzzzzzzzz"), reboot, RIG_NOW)));
	mem[inner.len - 1] ^= 1;
	assert_false(hf_verdict_is_yes(hf_obey_recheck(inner, &r->policy, DEV, reboot, RIG_NOW)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_signed_command_is_obeyed_once_and_answered),
		T(each_class_needs_its_quorum_and_no_more),
		T(one_signature_of_two_is_refused),
		T(one_signer_twice_counts_once),
		T(lead_that_did_not_sign_is_refused),
		T(signatures_in_any_order_are_one_command),
		T(a_key_that_has_ended_leads_nothing_and_counts_for_nothing),
		T(unknown_kid_alone_gets_no_answer),
		T(unknown_kid_beside_known_ones_is_passed_over),
		T(one_wrong_signature_of_a_known_key_spoils_the_command),
		T(class_lowered_or_raised_is_refused),
		T(signed_for_another_audience_is_refused),
		T(command_of_another_device_sealed_again_is_dropped),
		T(other_epoch_is_refused),
		T(policy_without_the_quorum_takes_no_such_commands),
		T(unknown_operation_burns_its_counter),
		T(arguments_the_device_does_not_know_are_refused),
		T(refused_for_its_state_then_delivered_again_does_not_run),
		T(a_process_that_acts_asks_again),
	};
	return cmocka_run_group_tests_name("obey", tests, NULL, NULL);
}
