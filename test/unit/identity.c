/* Unit tests of identity.h and claim.h: names, waits, time floor, claim code and proofs.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/fake.h>
#include <holdfast/claim.h>
#include <holdfast/identity.h>

static const struct hf_claim_secret vector_secret = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
							15 } };
static const char vector_text[] = "HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LK";

static void assert_hex(const uint8_t *p, size_t n, const char *hex)
{
	uint8_t want[64];
	struct hf_out out = HF_OUT(want);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)hex, strlen(hex) }, &out), HF_OK);
	assert_int_equal(out.len, n);
	assert_memory_equal(p, want, n);
}

static hf_bytes text(const char *s)
{
	return (hf_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- names ---- */

static void names_are_lower_case_base32_of_the_exact_length(void **unused)
{
	static const char *const bad[] = {
		"",
		"aaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaa",
		"Aaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaa0",
		"aaaaaaaaaaaaaaa=",
		"aaaaaaaa-aaaaaaa",
		"aaaaaaaaaaaaaaa\n",
	};
	(void)unused;

	assert_int_equal(hf_identity_check_dev(text("abcdefghij234567")), HF_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_identity_check_dev(text(bad[i])), HF_ERR_IDENTITY_NAME);
	assert_int_equal(hf_identity_check_handle(text("aaaaaaaaaaaaaaaaaaaaaaaaaa")), HF_OK);
	assert_int_equal(hf_identity_check_handle(text("aaaaaaaaaaaaaaaaaaaaaaaaab")), HF_ERR_IDENTITY_NAME);
}

static void fresh_names_pass_their_own_check_and_differ(void **unused)
{
	char dev[2][HF_DEV_LEN + 1], handle[HF_HANDLE_LEN + 1];
	struct hf_port port;
	(void)unused;

	hf_fake_init(&port, 1);
	assert_int_equal(hf_identity_new_dev(&port, dev[0]), HF_OK);
	assert_int_equal(hf_identity_new_dev(&port, dev[1]), HF_OK);
	assert_int_equal(hf_identity_new_handle(&port, handle), HF_OK);
	assert_int_equal(hf_identity_check_dev(text(dev[0])), HF_OK);
	assert_int_equal(hf_identity_check_handle(text(handle)), HF_OK);
	assert_string_not_equal(dev[0], dev[1]);
	port.random_fails = true;
	assert_int_equal(hf_identity_new_dev(&port, dev[0]), HF_ERR_PORT_RANDOM);
	assert_int_equal(dev[0][0], 0);
}

/* ---- waits ---- */

static void waits_double_to_their_ceiling_and_stay_there(void **unused)
{
	(void)unused;
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_LINK, 0), 1000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_LINK, 5), 32000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_LINK, 9), 300000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_LINK, 4000000000u), 300000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_REFUSED, 0), 900000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_REFUSED, 4), 14400000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_REFUSED, 5), 21600000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_REFUSED, 255), 21600000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_CLAIM, 0), 60000);
	assert_int_equal(hf_backoff_bound_ms(HF_WAIT_CLAIM, 6), 3600000);
}

static void a_device_backs_off_for_ever_and_never_gives_up(void **unused)
{
	struct hf_backoff b = { 0, 0, 0 };
	uint64_t wait = 0, longest = 0;
	struct hf_port port;
	(void)unused;

	hf_fake_init(&port, 2);
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_LINK, 0, &wait), HF_OK);
		assert_true(wait <= 300000);
		longest = wait > longest ? wait : longest;
	}
	assert_true(longest > 290000); /* the ceiling is really used */
	for (int i = 0; i < 100; i++)
		assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_REFUSED, 0, &wait), HF_OK);
	assert_int_equal(wait, 21600000);
}

static void retry_after_only_lengthens_and_is_capped_at_a_day(void **unused)
{
	struct hf_backoff b = { 0, 0, 0 };
	struct hf_port port;
	uint64_t wait = 0;
	(void)unused;

	hf_fake_init(&port, 3);
	assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_CLAIM, 1, &wait), HF_OK);
	assert_int_equal(wait, 60000);
	assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_CLAIM, 600, &wait), HF_OK);
	assert_int_equal(wait, 600000);
	assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_CLAIM, UINT64_MAX, &wait), HF_OK);
	assert_int_equal(wait, 86400000);
	port.random_fails = true;
	assert_int_equal(hf_backoff_next(&b, &port, HF_WAIT_LINK, 0, &wait), HF_ERR_PORT_RANDOM);
	assert_int_equal(wait, 60000);
}

/* ---- time floor ---- */

static void the_floor_never_falls_and_goes_on_with_the_machine(void **unused)
{
	struct hf_port port;
	struct hf_floor f;
	(void)unused;

	hf_fake_init(&port, 4);
	port.clock.unix_s = 100; /* boot in 1970 */
	assert_int_equal(hf_floor_load(&f, &port, 1000000), HF_OK);
	assert_int_equal(hf_floor_now(&f, &port.clock), 1000000);
	hf_fake_advance(&port, 50000);
	assert_int_equal(hf_floor_now(&f, &port.clock), 1000050);
	assert_int_equal(hf_floor_raise(&f, &port, 2000000, 3000000), HF_OK);
	assert_int_equal(hf_floor_raise(&f, &port, 1500000, 3000000), HF_OK); /* lower: nothing */
	assert_int_equal(hf_floor_now(&f, &port.clock), 2000000);
	port.clock.unix_s = 5000000; /* a clock that runs ahead is believed */
	assert_int_equal(hf_floor_now(&f, &port.clock), 5000000);
	port.clock.unix_s = 100;
	hf_fake_reboot(&port, 0);
	assert_int_equal(hf_floor_load(&f, &port, 1000000), HF_OK);
	assert_int_equal(hf_floor_now(&f, &port.clock), 2000000);
	hf_fake_free(&port);
}

static void a_lying_server_cannot_raise_the_floor_past_its_certificate(void **unused)
{
	struct hf_port port;
	struct hf_floor f;
	(void)unused;

	hf_fake_init(&port, 5);
	assert_int_equal(hf_floor_load(&f, &port, 1000), HF_OK);
	assert_int_equal(hf_floor_raise(&f, &port, INT64_MAX, 9000), HF_OK);
	assert_int_equal(f.floor_s, 9000);
	hf_fake_free(&port);
}

static void the_floor_is_stored_at_most_once_an_hour(void **unused)
{
	struct hf_port port;
	struct hf_floor f;
	(void)unused;

	hf_fake_init(&port, 6);
	assert_int_equal(hf_floor_load(&f, &port, 0), HF_OK);
	for (int64_t t = 4000; t < 4000 + 7200; t += 60)
		assert_int_equal(hf_floor_raise(&f, &port, t, INT64_MAX), HF_OK);
	assert_int_equal(port.n_writes, 2);
	assert_int_equal(hf_port_replace(&port, HF_REC_FLOOR, HF_STR("damaged")), HF_OK);
	assert_int_equal(hf_floor_load(&f, &port, 77), HF_OK);
	assert_int_equal(f.floor_s, 77);
	hf_fake_free(&port);
}

/* ---- claim ---- */

static void the_claim_code_matches_the_published_vector(void **unused)
{
	char printed[HF_CLAIM_TEXT_LEN + 1];
	struct hf_claim_keys keys;
	uint8_t x[32], hash[32], mac[32];
	(void)unused;

	memset(x, 0xaa, sizeof(x));
	memset(hash, 0xbb, sizeof(hash));
	assert_int_equal(hf_claim_print(&vector_secret, printed), HF_OK);
	assert_string_equal(printed, vector_text);
	assert_int_equal(hf_claim_derive(&vector_secret, &keys), HF_OK);
	assert_hex(keys.cid, 16, "931000bf434bd83654e18727e573dc4b");
	assert_hex(keys.kc.b, 32, "69dedf6cd3017bac31be08a0148ddd8031a35602b8cf60040d0fdfa40dcae519");
	assert_int_equal(hf_claim_mac(&keys.kc, HF_CLAIM_DEVICE, x, hash, mac), HF_OK);
	assert_hex(mac, 32, "7f0029d9882f637247081d791844e0e43e4313fc8cdc2bde10f6d3ef5e0a275a");
	assert_memory_not_equal(keys.ko.b, keys.kc.b, 32);
}

static void a_typed_code_is_read_in_any_spelling(void **unused)
{
	static const char *const spellings[] = {
		"HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LK",
		"hf1:aaaqeayeaudaocajbifqydiob4lk",
		" HFI:AAAQ EAYE-AUDA OCAJ\tBIFQ YDIO B4LK\r\n",
		"AAAQEAYEAUDAOCAJBIFQYDIOB4LK",
		"H F 1 : AAAQEAYEAUDA0CAJ81FQYD10B4LK",
	};
	struct hf_claim_secret s;
	(void)unused;

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		assert_int_equal(hf_claim_parse(text(spellings[i]), &s), HF_OK);
		assert_memory_equal(s.b, vector_secret.b, sizeof(s.b));
	}
}

static void every_single_slip_in_a_code_is_noticed_or_refused(void **unused)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char code[sizeof(vector_text)];
	struct hf_claim_secret s;
	unsigned missed = 0, tried = 0;
	(void)unused;

	for (size_t at = 4; at < 32; at++)
		for (size_t c = 0; c < 32; c++) {
			memcpy(code, vector_text, sizeof(code));
			if (code[at] == alphabet[c])
				continue;
			code[at] = alphabet[c];
			tried++;
			if (hf_claim_parse(text(code), &s) == HF_OK)
				missed++;
		}
	assert_int_equal(tried, 28 * 31);
	assert_true(missed <= 4); /* 10 check bits: one in 1024 passes */
}

static void codes_that_are_none_are_refused_and_leave_zero(void **unused)
{
	static const char *const bad[] = {
		"",
		"HF1:",
		"HF1:AAAQ",
		"HF2:AAAQEAYEAUDAOCAJBIFQYDIOB4LK",
		"HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LKA",
		"HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4L",
		"HF1:AAAQEAYEAUDAOCAJBIFQYDIO94LK",
		"HF1:AAAQEAYEAUDAOCAJBIFQYDIOB5LK", /* unused bits set */
		"HF1:HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LK",
		"https://x/AAAQEAYEAUDAOCAJBIFQYDIOB4LK",
	};
	struct hf_claim_secret s, zero = { { 0 } };
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&s, 1, sizeof(s));
		assert_int_equal(hf_claim_parse(text(bad[i]), &s), HF_ERR_CLAIM_CODE);
		assert_memory_equal(s.b, zero.b, sizeof(s.b));
	}
	assert_int_equal(hf_claim_parse(HF_STR("HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4LL"), &s), HF_ERR_CLAIM_CHECK);
	assert_int_equal(hf_claim_parse(HF_STR("HF1:AAAQEAYEAUDAOCAJBIFQYDIOB4L9"), &s), HF_ERR_CLAIM_CHECK);
	assert_memory_equal(s.b, zero.b, sizeof(s.b));
}

static void a_proof_holds_for_its_side_channel_and_hash_only(void **unused)
{
	uint8_t x[32] = { 1 }, other[32] = { 2 }, hash[32] = { 3 }, mac[32];
	struct hf_claim_keys keys;
	hf_bytes m = HF_ARR(mac);
	(void)unused;

	assert_int_equal(hf_claim_derive(&vector_secret, &keys), HF_OK);
	assert_int_equal(hf_claim_mac(&keys.kc, HF_CLAIM_SERVER, x, hash, mac), HF_OK);
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_SERVER, x, hash, m), HF_OK);
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_DEVICE, x, hash, m), HF_ERR_CLAIM_MAC);
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_SERVER, other, hash, m), HF_ERR_CLAIM_MAC);
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_SERVER, x, other, m), HF_ERR_CLAIM_MAC);
	assert_int_equal(hf_claim_check(&keys.ko, HF_CLAIM_SERVER, x, hash, m), HF_ERR_CLAIM_MAC);
	m.len = 31;
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_SERVER, x, hash, m), HF_ERR_CLAIM_MAC);
	mac[31] ^= 1;
	assert_int_equal(hf_claim_check(&keys.kc, HF_CLAIM_SERVER, x, hash, HF_ARR(mac)), HF_ERR_CLAIM_MAC);
}

static void header_values_survive_a_round_trip(void **unused)
{
	uint8_t mem[HF_CLAIM_HEADER_CAP], cid[16], mac[32], back_cid[16], back_mac[32];
	struct hf_out out = HF_OUT(mem), small = { mem, 20, 0 };
	(void)unused;

	memset(cid, 0xfe, sizeof(cid));
	memset(mac, 0xf3, sizeof(mac));
	assert_int_equal(hf_claim_write_authorization(cid, mac, &out), HF_OK);
	assert_int_equal(hf_claim_read_authorization(hf_out_bytes(&out), back_cid, back_mac), HF_OK);
	assert_memory_equal(cid, back_cid, sizeof(cid));
	assert_memory_equal(mac, back_mac, sizeof(mac));
	out.len = 0;
	assert_int_equal(hf_claim_write_info(mac, &out), HF_OK);
	memset(back_mac, 0, sizeof(back_mac));
	assert_int_equal(hf_claim_read_info(hf_out_bytes(&out), back_mac), HF_OK);
	assert_memory_equal(mac, back_mac, sizeof(mac));
	assert_int_equal(hf_claim_write_authorization(cid, mac, &small), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(small.len, 0);
}

#define ID "AAAAAAAAAAAAAAAAAAAAAA"
#define MAC "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void header_values_are_read_strictly(void **unused)
{
	static const char *const good[] = {
		"HF-Claim id=" ID ", mac=" MAC,
		"hf-claim mac=" MAC " ,id=" ID,
		"HF-CLAIM  ID=" ID ",MAC=" MAC "  ",
	};
	static const char *const bad[] = {
		"",
		"Basic id=" ID ", mac=" MAC,
		"HF-Claim",
		"HF-Claim id=" ID,
		"HF-Claim mac=" MAC,
		"HF-Claim id=" ID " mac=" MAC,
		"HF-Claim id=" ID ", id=" ID ", mac=" MAC,
		"HF-Claim id=" ID ", mac=" MAC ", mac=" MAC,
		"HF-Claim id=" ID ", mac=" MAC ",",
		"HF-Claim id=" ID ", mac=" MAC ", x=y",
		"HF-Claim id=" ID "A, mac=" MAC,
		"HF-Claim id=, mac=" MAC,
		"HF-Claim id=" ID ", mac=" MAC "=",
		"HF-Claim id=\"" ID "\", mac=" MAC,
		"HF-Claimid=" ID ", mac=" MAC,
	};
	uint8_t cid[16], mac[32];
	(void)unused;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(hf_claim_read_authorization(text(good[i]), cid, mac), HF_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_claim_read_authorization(text(bad[i]), cid, mac), HF_ERR_CLAIM_HEADER);
	assert_int_equal(hf_claim_read_info(text("id=" ID ", mac=" MAC), mac), HF_ERR_CLAIM_HEADER);
	assert_int_equal(hf_claim_read_info(text(" mac=" MAC), mac), HF_OK);
	assert_int_equal(hf_claim_read_info(text(""), mac), HF_ERR_CLAIM_HEADER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_lower_case_base32_of_the_exact_length),
		cmocka_unit_test(fresh_names_pass_their_own_check_and_differ),
		cmocka_unit_test(waits_double_to_their_ceiling_and_stay_there),
		cmocka_unit_test(a_device_backs_off_for_ever_and_never_gives_up),
		cmocka_unit_test(retry_after_only_lengthens_and_is_capped_at_a_day),
		cmocka_unit_test(the_floor_never_falls_and_goes_on_with_the_machine),
		cmocka_unit_test(a_lying_server_cannot_raise_the_floor_past_its_certificate),
		cmocka_unit_test(the_floor_is_stored_at_most_once_an_hour),
		cmocka_unit_test(the_claim_code_matches_the_published_vector),
		cmocka_unit_test(a_typed_code_is_read_in_any_spelling),
		cmocka_unit_test(every_single_slip_in_a_code_is_noticed_or_refused),
		cmocka_unit_test(codes_that_are_none_are_refused_and_leave_zero),
		cmocka_unit_test(a_proof_holds_for_its_side_channel_and_hash_only),
		cmocka_unit_test(header_values_survive_a_round_trip),
		cmocka_unit_test(header_values_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
