/* Unit tests of seal.h: when a stream key is used up, failures of the machine, and the tally.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/seal.h>

#define DEV HF_STR("abcdefghijklmnop")

static uint8_t big[HF_SEAL_MAX_FRAME_LEN];

struct rig {
	struct hf_port port;
	struct hf_seal seal;
	uint8_t mem[256];
	struct hf_out out;
	uint32_t counter;
};

static int setup(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;

	*r = (struct rig){ 0 };
	hf_fake_init(&r->port, 3);
	r->out = HF_OUT(r->mem);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, HF_STR("s")), HF_OK);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hf_fake_free(&r->port);
	return 0;
}

static hf_err frame(struct rig *r)
{
	r->out.len = 0;
	return hf_seal_frame_write(&r->seal, HF_STR("x"), &r->counter, &r->out);
}

static void a_key_ends_after_a_day(void **state)
{
	struct rig *r = *state;

	hf_fake_advance(&r->port, HF_SEAL_MAX_AGE_MS - 1);
	assert_int_equal(frame(r), HF_OK);
	hf_fake_advance(&r->port, 1);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
	assert_int_equal(r->out.len, 0);
	assert_int_equal(hf_seal_renew(&r->seal), HF_OK);
	assert_int_equal(frame(r), HF_OK);
}

static void a_key_ends_after_its_last_counter(void **state)
{
	struct rig *r = *state;

	r->seal.frames = HF_SEAL_MAX_FRAMES - 1;
	assert_int_equal(frame(r), HF_OK);
	assert_int_equal(r->counter, UINT32_MAX);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
}

static void a_key_ends_after_64_gibibytes(void **state)
{
	struct rig *r = *state;

	r->seal.bytes = HF_SEAL_MAX_BYTES - 1;
	assert_int_equal(frame(r), HF_OK);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
}

static void a_stream_of_another_boot_seals_nothing(void **state)
{
	struct rig *r = *state;

	hf_fake_advance(&r->port, 1000);
	assert_int_equal(hf_seal_renew(&r->seal), HF_OK);
	hf_fake_reboot(&r->port, 5);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
}

static void without_randomness_there_is_no_key(void **state)
{
	struct rig *r = *state;
	uint8_t owner[HF_P256_POINT_LEN] = { 4 };
	struct hf_cose_signer nobody = { HF_COSE_ES256, HF_STR("kid"), NULL, NULL };

	r->port.random_fails = true;
	assert_int_equal(hf_seal_renew(&r->seal), HF_ERR_PORT_RANDOM);
	assert_int_equal(r->seal.key.len, 0);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
	assert_int_equal(hf_seal_key_write(&r->seal, &nobody, owner, &r->out), HF_ERR_SEAL_SPENT);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, HF_STR("s")), HF_ERR_PORT_RANDOM);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
}

static void names_out_of_bounds_are_refused(void **state)
{
	struct rig *r = *state;
	uint8_t long_name[HF_SEAL_MAX_STREAM_LEN + 1];

	memset(long_name, 'n', sizeof(long_name));
	assert_int_equal(hf_seal_start(&r->seal, &r->port, HF_STR("short"), HF_STR("s")), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, (hf_bytes){ 0 }), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, HF_ARR(long_name)), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, HF_STR("\xff")), HF_ERR_CBOR_FORM);
	assert_int_equal(frame(r), HF_ERR_SEAL_SPENT);
	assert_int_equal(
		hf_seal_start(&r->seal, &r->port, DEV, (hf_bytes){ long_name, HF_SEAL_MAX_STREAM_LEN }),
		HF_OK);
}

static void the_longest_stream_key_fits_its_room(void **state)
{
	struct rig *r = *state;
	struct hf_key secret = { 0 };
	struct hf_hwkey hw;
	uint8_t pub[HF_P256_POINT_LEN], mem[HF_SEAL_KEY_CAP];
	struct hf_out out = HF_OUT(mem);
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_STR("ldev-kid"), &hw, NULL };

	assert_int_equal(hf_crypto_p256_generate(&secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&secret, &hw), HF_OK);
	memset(mem, 'n', sizeof(mem));
	assert_int_equal(hf_seal_start(&r->seal, &r->port, DEV, (hf_bytes){ mem, HF_SEAL_MAX_STREAM_LEN }),
			 HF_OK);
	r->port.clock.unix_s = INT64_MAX;
	assert_int_equal(hf_seal_key_write(&r->seal, &signer, pub, &out), HF_OK);
	signer.alg = HF_COSE_ED25519;
	assert_int_equal(hf_seal_key_write(&r->seal, &signer, pub, &out), HF_ERR_BASE_MISUSE);
}

static void the_largest_frame_fits_its_class_and_one_more_byte_does_not(void **state)
{
	static uint8_t out_mem[HF_SEAL_MAX_FRAME_LEN];
	struct rig *r = *state;
	struct hf_out out = HF_OUT(out_mem);

	assert_int_equal(
		hf_seal_frame_write(&r->seal, (hf_bytes){ big, HF_SEAL_MAX_PLAIN_LEN + 1 }, NULL, &out),
		HF_ERR_SEAL_TOO_LARGE);
	assert_int_equal(hf_seal_frame_write(&r->seal, (hf_bytes){ big, HF_SEAL_MAX_PLAIN_LEN }, NULL, &out),
			 HF_OK);
	assert_true(out.len <= HF_SEAL_MAX_PLAIN_LEN + HF_SEAL_FRAME_OVERHEAD);
}

static void a_failed_frame_burns_its_counter(void **state)
{
	struct rig *r = *state;
	struct hf_out none = { r->mem, 10, 0 };

	assert_int_equal(hf_seal_frame_write(&r->seal, HF_STR("x"), &r->counter, &none), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(none.len, 0);
	assert_int_equal(frame(r), HF_OK);
	assert_int_equal(r->counter, 1);
}

static void the_tally_shows_gaps_until_they_are_filled(void **state)
{
	struct hf_seal_tally t = { 0 };
	(void)state;

	assert_true(hf_seal_tally_add(&t, 0));
	assert_true(hf_seal_tally_add(&t, 4));
	assert_int_equal(hf_seal_tally_missing(&t), 3);
	assert_true(hf_seal_tally_add(&t, 2));
	assert_true(hf_seal_tally_add(&t, 1));
	assert_int_equal(hf_seal_tally_missing(&t), 1);
	assert_false(hf_seal_tally_add(&t, 2));
	assert_false(hf_seal_tally_add(&t, 4));
	assert_true(hf_seal_tally_add(&t, 3));
	assert_int_equal(hf_seal_tally_missing(&t), 0);
	assert_int_equal(t.seen, 5);
	assert_int_equal(t.repeated, 2);
}

static void the_tally_drops_what_is_too_old_to_tell(void **state)
{
	struct hf_seal_tally t = { 0 };
	(void)state;

	assert_true(hf_seal_tally_add(&t, 100));
	assert_true(hf_seal_tally_add(&t, 37)); /* 63 below the highest */
	assert_false(hf_seal_tally_add(&t, 36));
	assert_int_equal(hf_seal_tally_missing(&t), 99);
	assert_true(hf_seal_tally_add(&t, 164)); /* a whole window further */
	assert_false(hf_seal_tally_add(&t, 100));
	assert_true(hf_seal_tally_add(&t, 101));
	assert_true(hf_seal_tally_add(&t, UINT32_MAX));
	assert_false(hf_seal_tally_add(&t, UINT32_MAX));
	assert_true(t.next == UINT64_C(1) << 32);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_key_ends_after_a_day),
		CASE(a_key_ends_after_its_last_counter),
		CASE(a_key_ends_after_64_gibibytes),
		CASE(a_stream_of_another_boot_seals_nothing),
		CASE(without_randomness_there_is_no_key),
		CASE(names_out_of_bounds_are_refused),
		CASE(the_longest_stream_key_fits_its_room),
		CASE(the_largest_frame_fits_its_class_and_one_more_byte_does_not),
		CASE(a_failed_frame_burns_its_counter),
		CASE(the_tally_shows_gaps_until_they_are_filled),
		CASE(the_tally_drops_what_is_too_old_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
