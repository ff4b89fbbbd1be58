/* Unit tests of cli/ledger.c: receipts in any order, missing, repeated, foreign, of another epoch.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ledger.h"

#define DEV HF_STR("abcdefghijklmnop")
enum { N = 12 }; /* receipts 1 to N */

struct object {
	uint8_t mem[512];
	size_t len;
	uint8_t hash[HF_SHA256_LEN];
	char name[LEDGER_NAME_CAP];
};
struct rig {
	struct hf_key secret, thief_secret;
	struct hf_hwkey device, thief;
	struct object o[N + 1]; /* o[n] is receipt n */
	struct ledger l;
	unsigned heard;
};

static void sign(const struct hf_hwkey *key, const struct hf_receipt *r, struct object *o)
{
	uint8_t mem[400];
	struct hf_out payload = HF_OUT(mem), out = HF_OUT(o->mem), name = { (uint8_t *)o->name, 22, 0 };
	hf_bytes object;

	assert_int_equal(hf_receipt_write(r, &payload), HF_OK);
	assert_int_equal(hf_receipt_sign(hf_out_bytes(&payload), DEV, key, &out), HF_OK);
	o->len = out.len;
	object = hf_out_bytes(&out);
	assert_int_equal(hf_crypto_sha256(&object, 1, o->hash), HF_OK);
	memset(o->name, 0, sizeof(o->name));
	assert_int_equal(hf_base64url_encode(HF_ARR(r->cti), &name), HF_OK);
}

static struct hf_receipt receipt(uint64_t n, uint8_t epoch, uint64_t boot, const struct object *before)
{
	struct hf_receipt r = { .dev = DEV, .n = n, .cls = HF_COMMAND_ACT, .boot = boot };

	r.cti[0] = (uint8_t)n;
	r.cti[1] = epoch;
	memset(r.rep, epoch, sizeof(r.rep));
	if (before != NULL)
		memcpy(r.prev, before->hash, sizeof(r.prev));
	return r;
}

static void chain(struct rig *r, struct object *o, uint8_t epoch, uint64_t boot)
{
	for (uint64_t n = 1; n <= N; n++) {
		struct hf_receipt one = receipt(n, epoch, boot, n > 1 ? &o[n - 1] : NULL);

		sign(&r->device, &one, &o[n]);
	}
}

static int setup(void **state)
{
	static struct rig rig;
	uint8_t pub[HF_P256_POINT_LEN];

	rig = (struct rig){ 0 };
	ledger_drop(&rig.l);
	assert_int_equal(hf_crypto_p256_generate(&rig.thief_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&rig.thief_secret, &rig.thief), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&rig.secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&rig.secret, &rig.device), HF_OK);
	memcpy(rig.l.dev, DEV.ptr, DEV.len);
	memcpy(rig.l.signer[0], pub, sizeof(pub));
	rig.l.n_signers = 1;
	chain(&rig, rig.o, 1, 5);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	ledger_drop(&r->l);
	return 0;
}

static void hear(void *ctx, hf_bytes object)
{
	struct rig *r = ctx;

	(void)object;
	r->heard++;
}

static void enter(struct rig *r, const struct object *o)
{
	ledger_enter(&r->l, o->name, (hf_bytes){ o->mem, o->len }, hear, r);
}

static void new_pass(struct rig *r)
{
	hf_buf_free(&r->l.seen);
	r->l.seen = HF_BUF(LEDGER_SEEN_CEILING);
	r->l.foreign = r->l.repeated = 0;
}

static void receipts_in_order_make_a_whole_book(void **state)
{
	struct rig *r = *state;

	for (size_t n = 1; n <= N; n++)
		enter(r, &r->o[n]);
	assert_true(ledger_is_whole(&r->l));
	assert_int_equal(r->l.chain.n, N);
	assert_int_equal(r->heard, N);
	new_pass(r); /* the same list read again is no repetition */
	for (size_t n = 1; n <= N; n++)
		enter(r, &r->o[n]);
	assert_true(ledger_is_whole(&r->l));
}

static void every_order_of_arrival_ends_in_the_same_book(void **state)
{
	static const uint8_t orders[][N] = { { 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 },
					     { 12, 1, 6, 3, 9, 2, 11, 4, 10, 5, 8, 7 },
					     { 2, 4, 6, 8, 10, 12, 1, 3, 5, 7, 9, 11 } };
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		uint8_t signer[HF_P256_POINT_LEN];

		memcpy(signer, r->l.signer[0], sizeof(signer));
		ledger_drop(&r->l);
		memcpy(r->l.dev, DEV.ptr, DEV.len);
		memcpy(r->l.signer[0], signer, sizeof(signer));
		r->l.n_signers = 1;
		for (size_t k = 0; k < N; k++) {
			assert_int_equal(ledger_is_whole(&r->l), k == 0);
			enter(r, &r->o[orders[i][k]]);
		}
		assert_true(ledger_is_whole(&r->l));
		assert_int_equal(r->l.chain.n, N);
		assert_memory_equal(r->l.chain.head, r->o[N].hash, HF_SHA256_LEN);
	}
}

static void what_is_missing_is_counted_and_named(void **state)
{
	struct rig *r = *state;

	enter(r, &r->o[1]);
	enter(r, &r->o[5]);
	enter(r, &r->o[9]);
	assert_int_equal(ledger_missing(&r->l), 6);
	assert_int_equal(ledger_first_missing(&r->l), 2);
	enter(r, &r->o[7]); /* splits a gap */
	assert_int_equal(r->l.n_gaps, 3);
	assert_int_equal(ledger_missing(&r->l), 5);
	ledger_accept(&r->l);
	assert_true(ledger_is_whole(&r->l));
	assert_int_equal(ledger_first_missing(&r->l), 0);
	enter(r, &r->o[10]);
	assert_true(ledger_is_whole(&r->l));
}

static void a_repeat_within_one_list_is_noticed(void **state)
{
	struct rig *r = *state;

	enter(r, &r->o[1]);
	enter(r, &r->o[2]);
	enter(r, &r->o[1]);
	assert_int_equal(r->l.repeated, 1);
	assert_int_equal(r->l.conflict, 0);
	assert_false(ledger_is_whole(&r->l));
}

static void two_receipts_with_one_number_are_a_conflict(void **state)
{
	struct rig *r = *state;
	struct hf_receipt twin = receipt(3, 1, 6, &r->o[2]);
	struct object o;

	twin.high = 99;
	sign(&r->device, &twin, &o);
	for (size_t n = 1; n <= 3; n++)
		enter(r, &r->o[n]);
	new_pass(r);
	enter(r, &o); /* the newest one, replaced */
	assert_int_equal(r->l.conflict, 3);
	r->l.conflict = 0;
	new_pass(r);
	enter(r, &r->o[3]);
	enter(r, &o); /* both in one list */
	assert_int_equal(r->l.conflict, 3);
	assert_memory_equal(r->l.chain.head, r->o[3].hash, HF_SHA256_LEN);
}

static void a_receipt_that_does_not_follow_is_not_entered(void **state)
{
	struct rig *r = *state;
	struct hf_receipt wrong = receipt(2, 1, 5, &r->o[7]);
	struct object o;

	sign(&r->device, &wrong, &o);
	enter(r, &r->o[1]);
	enter(r, &o);
	assert_int_equal(r->l.conflict, 2);
	assert_int_equal(r->l.chain.n, 1);
}

static void a_gap_takes_only_what_fits_at_both_ends(void **state)
{
	struct rig *r = *state;
	struct hf_receipt left = receipt(2, 1, 5, &r->o[9]), right = receipt(3, 1, 5, &r->o[2]);
	struct object o;

	enter(r, &r->o[1]);
	enter(r, &r->o[4]);
	sign(&r->device, &left, &o); /* does not follow receipt 1 */
	enter(r, &o);
	assert_int_equal(r->l.conflict, 2);
	r->l.conflict = 0;
	right.high = 99;
	sign(&r->device, &right, &o); /* is not what receipt 4 names */
	enter(r, &o);
	assert_int_equal(r->l.conflict, 3);
	assert_int_equal(ledger_missing(&r->l), 2);
	new_pass(r);
	enter(r, &r->o[2]);
	enter(r, &r->o[3]);
	assert_int_equal(ledger_missing(&r->l), 0);
}

static void what_the_device_did_not_sign_is_foreign(void **state)
{
	struct rig *r = *state;
	struct hf_receipt one = receipt(1, 1, 5, NULL);
	struct object o;

	sign(&r->thief, &one, &o);
	enter(r, &o);
	assert_int_equal(r->l.foreign, 1);
	assert_int_equal(r->l.chain.n, 0);
	o = r->o[1];
	o.mem[o.len - 1] ^= 1;
	enter(r, &o);
	ledger_enter(&r->l, "", (hf_bytes){ NULL, 0 }, hear, r);
	assert_int_equal(r->l.foreign, 3);
	assert_int_equal(r->heard, 0);
	ledger_enter(&r->l, r->o[2].name, (hf_bytes){ r->o[1].mem, r->o[1].len }, hear, r);
	assert_int_equal(r->l.foreign, 4); /* it is real, but under another command's name */
	assert_int_equal(r->l.chain.n, 1);
}

static void a_new_epoch_begins_a_chain_and_an_old_one_does_not_come_back(void **state)
{
	static struct object later[N + 1];
	struct rig *r = *state;

	chain(r, later, 2, 6);
	enter(r, &r->o[1]);
	enter(r, &r->o[4]);
	enter(r, &later[1]);
	assert_int_equal(r->l.chain.n, 1);
	assert_int_equal(r->l.lost, 2); /* nobody can show them any more */
	enter(r, &r->o[2]);             /* of the epoch before */
	enter(r, &r->o[5]);
	assert_int_equal(r->l.chain.n, 1);
	assert_memory_equal(r->l.chain.head, later[1].hash, HF_SHA256_LEN);
	enter(r, &later[2]);
	assert_int_equal(r->l.chain.n, 2);
}

static void an_epoch_of_an_earlier_boot_is_not_believed(void **state)
{
	static struct object earlier[N + 1];
	struct rig *r = *state;

	chain(r, earlier, 3, 4);
	enter(r, &r->o[1]);
	enter(r, &earlier[1]);
	assert_memory_equal(r->l.chain.head, r->o[1].hash, HF_SHA256_LEN);
}

static void too_many_gaps_are_counted_as_lost(void **state)
{
	struct rig *r = *state;

	for (uint64_t n = 1; n <= 2 * LEDGER_GAPS_MAX + 3; n += 2) {
		struct hf_receipt one = receipt(n, 1, 5, n > 1 ? &r->o[1] : NULL);
		struct object o;

		sign(&r->device, &one, &o);
		enter(r, &o);
	}
	assert_int_equal(r->l.n_gaps, LEDGER_GAPS_MAX);
	assert_int_equal(ledger_missing(&r->l), LEDGER_GAPS_MAX + 1);
}

static void hashes_of_the_list_are_known(void **state)
{
	static const uint8_t none[HF_SHA256_LEN];
	struct rig *r = *state;

	enter(r, &r->o[1]);
	enter(r, &r->o[2]);
	assert_true(ledger_knows(&r->l, none));
	assert_true(ledger_knows(&r->l, r->o[1].hash));
	assert_true(ledger_knows(&r->l, r->o[2].hash));
	assert_false(ledger_knows(&r->l, r->o[3].hash));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(receipts_in_order_make_a_whole_book),
		CASE(every_order_of_arrival_ends_in_the_same_book),
		CASE(what_is_missing_is_counted_and_named),
		CASE(a_repeat_within_one_list_is_noticed),
		CASE(two_receipts_with_one_number_are_a_conflict),
		CASE(a_receipt_that_does_not_follow_is_not_entered),
		CASE(a_gap_takes_only_what_fits_at_both_ends),
		CASE(what_the_device_did_not_sign_is_foreign),
		CASE(a_new_epoch_begins_a_chain_and_an_old_one_does_not_come_back),
		CASE(an_epoch_of_an_earlier_boot_is_not_believed),
		CASE(too_many_gaps_are_counted_as_lost),
		CASE(hashes_of_the_list_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
