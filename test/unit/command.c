/* Unit tests of command.h and receipt.h: the operator's side.
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
	rig_claims(&rig, 0, "relay.set", HF_COMMAND_ACT);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

static void assert_claims_refused(struct rig *r)
{
	r->claims_out.len = 0;
	assert_int_equal(hf_claims_write(&r->claims, &r->claims_out), HF_ERR_COMMAND_CLAIMS);
	assert_int_equal(r->claims_out.len, 0);
}

static void claims_outside_their_limits_are_not_written(void **state)
{
	struct rig *r = *state;
	const struct hf_claims good = r->claims;
	static const uint8_t name[HF_COMMAND_MAX_OP_LEN + 1] = "this.operation.has.33.characters.";

	r->claims.cls = 0;
	assert_claims_refused(r);
	r->claims.cls = 5;
	assert_claims_refused(r);
	r->claims = good;
	r->claims.aud.len = 15;
	assert_claims_refused(r);
	r->claims = good;
	r->claims.op.len = 0;
	assert_claims_refused(r);
	r->claims.op = HF_ARR(name);
	assert_claims_refused(r);
	r->claims = good;
	r->claims.args = HF_STR("\x80"); /* an array */
	assert_claims_refused(r);
	r->claims.args = HF_STR("\xa1\x01"); /* half a map */
	assert_claims_refused(r);
	r->claims.args = HF_STR("\xa2\x02\x00\x01\x00"); /* unsorted */
	assert_claims_refused(r);
	r->claims.args = (hf_bytes){ 0 };
	assert_claims_refused(r);
}

static void every_flipped_bit_of_the_claims_is_refused_or_is_other_claims(void **state)
{
	struct rig *r = *state;
	struct hf_claims c;
	uint8_t mem[512];

	r->claims_out.len = 0;
	assert_int_equal(hf_claims_write(&r->claims, &r->claims_out), HF_OK);
	for (size_t len = 0; len < r->claims_out.len; len++)
		assert_int_equal(hf_claims_read((hf_bytes){ r->claims_mem, len }, &c), HF_ERR_COMMAND_CLAIMS);
	for (size_t i = 0; i < r->claims_out.len * 8; i++) {
		struct hf_out again = HF_OUT(mem);
		hf_err err;

		r->claims_mem[i / 8] ^= (uint8_t)(1 << i % 8);
		err = hf_claims_read(hf_out_bytes(&r->claims_out), &c);
		if (err == HF_OK) { /* one encoding for one set of claims */
			assert_int_equal(hf_claims_write(&c, &again), HF_OK);
			assert_true(hf_bytes_equal(hf_out_bytes(&again), hf_out_bytes(&r->claims_out)));
		} else {
			assert_int_equal(err, HF_ERR_COMMAND_CLAIMS);
			assert_int_equal(c.op.len, 0);
		}
		r->claims_mem[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void only_the_lead_makes_a_command(void **state)
{
	struct rig *r = *state;

	assert_int_equal(hf_claims_write(&r->claims, &r->claims_out), HF_OK);
	assert_int_equal(hf_command_sign(hf_out_bytes(&r->claims_out), &r->op_key[1], true, &r->inner),
			 HF_ERR_COMMAND_SIGNER);
	assert_int_equal(hf_command_sign(HF_STR("no claims"), &r->op_key[0], true, &r->inner),
			 HF_ERR_COMMAND_CLAIMS);
	assert_int_equal(r->inner.len, 0);
}

static void co_signers_see_what_they_sign_and_add_to_the_long_form_only(void **state)
{
	struct rig *r = *state;
	struct hf_command c;
	uint8_t mem[1024];
	struct hf_out out = HF_OUT(mem);
	char code[9];

	rig_sign(r, (size_t[]){ 0, 1, 2 }, 3);
	assert_int_equal(hf_command_read(hf_out_bytes(&r->inner), &c), HF_OK);
	assert_int_equal(c.n, 3);
	assert_false(c.single);
	assert_true(hf_bytes_equal(c.claims.op, HF_STR("relay.set")));
	assert_int_equal(hf_command_code(c.payload, code), HF_OK);
	assert_int_equal(strlen(code), 8);
	rig_sign(r, (size_t[]){ 0 }, 1);
	assert_int_equal(hf_command_cosign(hf_out_bytes(&r->inner), &r->op_key[1], &out),
			 HF_ERR_COMMAND_SHAPE);
	assert_int_equal(hf_command_cosign(HF_STR("nothing"), &r->op_key[1], &out), HF_ERR_COMMAND_SHAPE);
	assert_int_equal(out.len, 0);
}

static void a_signer_who_signs_again_still_counts_once(void **state)
{
	struct rig *r = *state;
	struct hf_command c;

	rig_sign(r, (size_t[]){ 0, 1, 1, 0 }, 4);
	assert_int_equal(hf_command_read(hf_out_bytes(&r->inner), &c), HF_OK);
	assert_int_equal(c.n, 2);
}

static void the_operator_can_ask_whether_a_command_is_ready(void **state)
{
	struct rig *r = *state;
	struct hf_command c;
	hf_key_set signers = 0;

	rig_sign(r, (size_t[]){ 0, 1 }, 2);
	assert_int_equal(hf_command_verify(hf_out_bytes(&r->inner), &r->policy, DEV, &c, &signers), HF_OK);
	assert_int_equal(signers, 0x06);
	assert_true(
		hf_verdict_is_yes(hf_command_quorum_met(&r->policy, HF_COMMAND_DANGER, signers, RIG_NOW)));
	assert_false(hf_verdict_is_yes(hf_command_quorum_met(&r->policy, HF_COMMAND_DANGER, 0x04, RIG_NOW)));
	assert_false(hf_verdict_is_yes(hf_command_quorum_met(&r->policy, 9, signers, RIG_NOW)));
	r->inner.ptr[r->inner.len - 3] ^= 1;
	assert_int_equal(hf_command_verify(hf_out_bytes(&r->inner), &r->policy, DEV, &c, &signers),
			 HF_ERR_COMMAND_SIGNATURE);
	assert_int_equal(signers, 0);
	assert_int_equal(c.n, 0);
}

/* ---- receipts ------------------------------------------------------------------------------------- */

static struct hf_receipt sample(struct rig *r, uint64_t n)
{
	struct hf_receipt out = { .dev = DEV, .n = n, .cls = HF_COMMAND_ACT };

	memcpy(out.cti, r->claims.cti, sizeof(out.cti));
	memcpy(out.rep, r->obey.rep, sizeof(out.rep));
	return out;
}

static hf_bytes signed_receipt(struct rig *r, const struct hf_receipt *what, struct hf_out *out)
{
	uint8_t mem[512];
	struct hf_out payload = HF_OUT(mem);

	out->len = 0;
	assert_int_equal(hf_receipt_write(what, &payload), HF_OK);
	assert_int_equal(hf_receipt_sign(hf_out_bytes(&payload), DEV, &r->device, out), HF_OK);
	return hf_out_bytes(out);
}

static void a_receipt_answers_one_command_only(void **state)
{
	struct rig *r = *state;
	struct hf_receipt rcpt = sample(r, 1);
	uint8_t hash[HF_SHA256_LEN] = { 0 }, cti[HF_COMMAND_CTI_LEN] = { 0 };

	assert_int_equal(hf_receipt_check(&rcpt, r->claims.cti, hash), HF_OK);
	assert_int_equal(hf_receipt_check(&rcpt, cti, hash), HF_ERR_RECEIPT_FOREIGN);
	hash[31] = 1;
	assert_int_equal(hf_receipt_check(&rcpt, r->claims.cti, hash), HF_ERR_RECEIPT_FOREIGN);
}

static void receipts_of_others_are_not_accepted(void **state)
{
	struct rig *r = *state;
	struct hf_receipt rcpt = sample(r, 1), got;
	uint8_t mem[512];
	struct hf_out out = HF_OUT(mem);
	hf_bytes object = signed_receipt(r, &rcpt, &out);

	assert_int_equal(hf_receipt_open(object, r->device.pub, DEV, &got), HF_OK);
	assert_int_equal(hf_receipt_open(object, r->op_key[0].pub, DEV, &got), HF_ERR_RECEIPT_SIGNATURE);
	assert_int_equal(hf_receipt_open(object, r->device.pub, HF_STR("zzzzzzzzzzzzzzzz"), &got),
			 HF_ERR_RECEIPT_SIGNATURE);
	rcpt.dev = HF_STR("zzzzzzzzzzzzzzzz"); /* signed for us, naming another */
	object = signed_receipt(r, &rcpt, &out);
	assert_int_equal(hf_receipt_open(object, r->device.pub, DEV, &got), HF_ERR_RECEIPT_DEV);
	assert_int_equal(got.dev.len, 0);
	assert_int_equal(hf_receipt_open(HF_STR("\xd2\x80"), r->device.pub, DEV, &got), HF_ERR_RECEIPT_SHAPE);
	assert_int_equal(hf_receipt_peek(HF_STR("\xd2\x80"), &got), HF_ERR_RECEIPT_SHAPE);
	rcpt.cls = 0;
	out.len = 0;
	assert_int_equal(hf_receipt_write(&rcpt, &out), HF_ERR_RECEIPT_SHAPE);
}

static void a_result_is_read_by_the_asker_alone(void **state)
{
	struct rig *r = *state;
	struct hf_receipt rcpt = sample(r, 1);
	uint8_t mem[512], plain_mem[64];
	struct hf_out sealed = HF_OUT(mem), plain = HF_OUT(plain_mem);

	assert_int_equal(hf_receipt_open_result(&rcpt, &r->reply, &plain), HF_ERR_RECEIPT_NO_RESULT);
	assert_int_equal(hf_receipt_seal_result(&r->port, HF_STR("23 C"), DEV, r->claims.cti, r->claims.reply,
						&sealed),
			 HF_OK);
	rcpt.result = hf_out_bytes(&sealed);
	assert_int_equal(hf_receipt_open_result(&rcpt, &r->reply, &plain), HF_OK);
	assert_true(hf_bytes_equal(hf_out_bytes(&plain), HF_STR("23 C")));
	assert_int_equal(hf_receipt_open_result(&rcpt, &r->enc[0], &plain), HF_ERR_COSE_DECRYPT);
	rcpt.cti[0] ^= 1;
	assert_int_equal(hf_receipt_open_result(&rcpt, &r->reply, &plain), HF_ERR_COSE_DECRYPT);
	r->claims.reply[0] = 0x05; /* no point begins so */
	assert_int_equal(
		hf_receipt_seal_result(&r->port, HF_STR("x"), DEV, r->claims.cti, r->claims.reply, &sealed),
		HF_ERR_CRYPTO_POINT);
}

static void the_chain_shows_what_is_missing_repeated_or_replaced(void **state)
{
	struct rig *r = *state;
	struct hf_receipt_chain chain = { .n = 0 };
	struct hf_receipt rcpt;
	uint8_t mem[512];
	struct hf_out out = HF_OUT(mem);
	hf_bytes object;

	for (uint64_t n = 1; n <= 3; n++) {
		rcpt = sample(r, n);
		memcpy(rcpt.prev, chain.head, sizeof(rcpt.prev));
		object = signed_receipt(r, &rcpt, &out);
		assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_OK);
		assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_ERR_RECEIPT_REPEAT);
	}
	rcpt = sample(r, 0); /* outside the chain */
	assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_OK);
	assert_int_equal(chain.n, 3);
	rcpt = sample(r, 4); /* prev is not receipt 3 */
	object = signed_receipt(r, &rcpt, &out);
	assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_ERR_RECEIPT_CHAIN);
	assert_int_equal(chain.n, 3);
	rcpt = sample(r, 6); /* 4 and 5 are held back */
	object = signed_receipt(r, &rcpt, &out);
	assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_ERR_RECEIPT_GAP);
	assert_int_equal(chain.n, 6);
	rcpt = sample(r, 1);
	rcpt.rep[0] ^= 1; /* a new epoch counts anew */
	object = signed_receipt(r, &rcpt, &out);
	assert_int_equal(hf_receipt_chain_add(&chain, &rcpt, object), HF_OK);
	assert_int_equal(chain.n, 1);
}

static void state_outside_its_limits_is_not_written(void **state)
{
	struct rig *r = *state;
	struct hf_state s = { .dev = DEV, .version = HF_STR("1") }, got;
	uint8_t mem[HF_STATE_MAX_LEN];
	struct hf_out out = HF_OUT(mem);

	assert_int_equal(hf_state_write(&s, &r->device, &out), HF_OK);
	assert_int_equal(hf_state_open(hf_out_bytes(&out), r->device.pub, DEV, &got), HF_OK);
	assert_int_equal(hf_state_open(hf_out_bytes(&out), r->op_key[0].pub, DEV, &got),
			 HF_ERR_RECEIPT_SIGNATURE);
	assert_int_equal(hf_state_peek(HF_STR("\xd2\x84"), &got), HF_ERR_RECEIPT_SHAPE);
	s.n_rows = HF_STATE_MAX_ROWS + 1;
	assert_int_equal(hf_state_write(&s, &r->device, &out), HF_ERR_RECEIPT_SHAPE);
	s.n_rows = HF_STATE_MAX_ROWS;
	s.version = HF_STR("a version text of thirty-two b..");
	s.has_time = true;
	s.time = s.boot = s.uptime_s = s.policy = s.receipts = UINT64_MAX;
	for (size_t i = 0; i < HF_STATE_MAX_ROWS; i++)
		s.row[i].high = UINT64_MAX;
	out.len = 0;
	assert_int_equal(hf_state_write(&s, &r->device, &out), HF_OK); /* the largest one fits */
}

static void the_largest_receipt_fits(void **state)
{
	struct rig *r = *state;
	struct hf_receipt rcpt = sample(r, UINT64_MAX);
	static uint8_t big[HF_RECEIPT_MAX_RESULT_LEN + 1], sealed_mem[HF_RECEIPT_MAX_SEALED_LEN];
	static uint8_t payload_mem[HF_RECEIPT_MAX_PAYLOAD_LEN], mem[HF_RECEIPT_MAX_LEN];
	struct hf_out sealed = HF_OUT(sealed_mem), payload = HF_OUT(payload_mem), out = HF_OUT(mem);

	assert_int_equal(
		hf_receipt_seal_result(&r->port, HF_ARR(big), DEV, r->claims.cti, r->claims.reply, &sealed),
		HF_ERR_RECEIPT_LIMIT);
	assert_int_equal(hf_receipt_seal_result(&r->port, (hf_bytes){ big, sizeof(big) - 1 }, DEV,
						r->claims.cti, r->claims.reply, &sealed),
			 HF_OK);
	rcpt.result = hf_out_bytes(&sealed);
	rcpt.has_iat = true;
	rcpt.iat = rcpt.high = rcpt.boot = rcpt.uptime_s = UINT64_MAX;
	rcpt.reason = UINT8_MAX;
	assert_int_equal(hf_receipt_write(&rcpt, &payload), HF_OK);
	assert_int_equal(hf_receipt_sign(hf_out_bytes(&payload), DEV, &r->device, &out), HF_OK);
	assert_int_equal(hf_receipt_open(hf_out_bytes(&out), r->device.pub, DEV, &rcpt), HF_OK);
}

static void words_name_every_status_and_reason(void **unused)
{
	(void)unused;
	assert_string_equal(hf_receipt_reason_word(HF_REASON_NO_CLOCK), "no-clock");
	assert_string_equal(hf_receipt_reason_word(HF_REASON_STORAGE), "storage");
	assert_string_equal(hf_receipt_reason_word(14), "other");
	assert_string_equal(hf_receipt_status_word(HF_STATUS_UNKNOWN), "unknown");
	assert_string_equal(hf_receipt_status_word(5), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(claims_outside_their_limits_are_not_written),
		T(every_flipped_bit_of_the_claims_is_refused_or_is_other_claims),
		T(only_the_lead_makes_a_command),
		T(co_signers_see_what_they_sign_and_add_to_the_long_form_only),
		T(a_signer_who_signs_again_still_counts_once),
		T(the_operator_can_ask_whether_a_command_is_ready),
		T(a_receipt_answers_one_command_only),
		T(receipts_of_others_are_not_accepted),
		T(a_result_is_read_by_the_asker_alone),
		T(the_chain_shows_what_is_missing_repeated_or_replaced),
		T(state_outside_its_limits_is_not_written),
		T(the_largest_receipt_fits),
		T(words_name_every_status_and_reason),
	};
	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
