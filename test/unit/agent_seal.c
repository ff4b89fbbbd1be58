/* Unit tests of the agent's streams: application data reaches the owner and nobody else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent_rig.h"

#define CLIMATE HF_STR("climate")

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

/* owners.set {"keys": [the owner's point]} */
static void set_owner(struct rig *r)
{
	char args[256] = "a1646b657973815841";
	struct hf_out hex = { (uint8_t *)args + strlen(args), sizeof(args) - 1 - strlen(args), 0 };

	assert_int_equal(hf_hex_encode(HF_ARR(r->owner.pub), &hex), HF_OK);
	rig_expect(r, "owners.set", HF_COMMAND_DANGER, 2, args, HF_STATUS_DONE, HF_REASON_NONE);
}

static hf_err data(struct rig *r, hf_bytes stream, hf_bytes payload)
{
	return rig_pair(r, key_on_app_data, stream, payload);
}

static void open_key(struct rig *r, struct hf_seal_key *key)
{
	const uint8_t *signing = r->k.renew.slot[r->k.renew.active].signing;
	struct hf_cose_pub device = { HF_COSE_ES256, { signing, HF_P256_POINT_LEN } };
	struct key_up *u = rig_find(r, "seal/k-");
	uint8_t kid[HF_KID_LEN];
	hf_bytes object;

	assert_non_null(u);
	assert_int_equal(hf_crypto_kid(HF_ARR(r->owner.pub), kid), HF_OK);
	assert_int_equal(hf_seal_key_find((hf_bytes){ u->data, u->len }, kid, &object), HF_OK);
	assert_int_equal(hf_seal_key_open(object, &r->owner, &device, HF_STR(RIG_DEV), key), HF_OK);
}

static void without_an_owner_nothing_is_taken(void **state)
{
	struct rig *r = *state;

	assert_int_equal(data(r, CLIMATE, HF_STR("21.5")), HF_ERR_AGENT_OWNER);
	assert_null(rig_find(r, "seal/"));
}

static void the_owner_reads_what_the_application_gave(void **state)
{
	struct rig *r = *state;
	struct hf_seal_key key;
	uint8_t mem[64];

	set_owner(r);
	for (uint32_t i = 0; i < 3; i++) {
		struct hf_out plain = HF_OUT(mem);
		struct key_up *u;
		uint32_t counter;

		assert_int_equal(data(r, CLIMATE, HF_STR("21.5")), HF_OK);
		open_key(r, &key);
		u = rig_find(r, "seal/f-");
		assert_non_null(u);
		assert_true(u->app_ack && u->record >= 0); /* durable until the server has filed it */
		assert_int_equal(hf_seal_frame_open((hf_bytes){ u->data, u->len }, &key, HF_STR(RIG_DEV),
						    &counter, &plain),
				 HF_OK);
		assert_int_equal(counter, i);
		assert_true(hf_bytes_equal(hf_out_bytes(&plain), HF_STR("21.5")));
	}
	assert_int_equal(r->k.n_streams, 1);
}

static void topics_carry_kid_and_counter(void **state)
{
	struct rig *r = *state;
	char want[64], hex[17] = "";
	struct hf_out out = { (uint8_t *)hex, 16, 0 };

	set_owner(r);
	assert_int_equal(data(r, CLIMATE, HF_STR("")), HF_OK);
	assert_int_equal(hf_hex_encode(HF_ARR(r->k.stream[0].kid), &out), HF_OK);
	(void)snprintf(want, sizeof(want), "seal/k-%s", hex);
	assert_string_equal(rig_find(r, "seal/k-")->topic, want);
	(void)snprintf(want, sizeof(want), "seal/f-%s-0", hex);
	assert_string_equal(rig_find(r, "seal/f-")->topic, want);
}

static void a_restart_keeps_owners_and_the_spool_but_no_key(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];

	set_owner(r);
	assert_int_equal(data(r, CLIMATE, HF_STR("1")), HF_OK);
	memcpy(kid, r->k.stream[0].kid, sizeof(kid));
	rig_restart(r, 0);
	assert_int_equal(r->k.settings.n_owners, 1);
	assert_int_equal(r->k.n_streams, 0);
	assert_non_null(rig_find(r, "seal/k-"));
	assert_non_null(rig_find(r, "seal/f-"));
	assert_int_equal(data(r, CLIMATE, HF_STR("2")), HF_OK);
	assert_memory_not_equal(kid, r->k.stream[0].kid, sizeof(kid));
}

static void a_spent_key_is_replaced_without_the_application_noticing(void **state)
{
	struct rig *r = *state;
	uint8_t kid[HF_KID_LEN];

	set_owner(r);
	assert_int_equal(data(r, CLIMATE, HF_STR("1")), HF_OK);
	memcpy(kid, r->k.stream[0].kid, sizeof(kid));
	r->k.stream[0].frames = HF_SEAL_MAX_FRAMES;
	assert_int_equal(data(r, CLIMATE, HF_STR("2")), HF_OK);
	assert_memory_not_equal(kid, r->k.stream[0].kid, sizeof(kid));
	assert_int_equal(r->k.stream[0].frames, 1);
}

static void new_owners_end_every_stream(void **state)
{
	struct rig *r = *state;

	set_owner(r);
	assert_int_equal(data(r, CLIMATE, HF_STR("1")), HF_OK);
	rig_expect(r, "owners.set", HF_COMMAND_DANGER, 2, "a1646b65797380", HF_STATUS_DONE, HF_REASON_NONE);
	assert_int_equal(r->k.n_streams, 0);
	assert_int_equal(data(r, CLIMATE, HF_STR("2")), HF_ERR_AGENT_OWNER);
}

static void owner_keys_that_are_no_points_are_refused(void **state)
{
	static const char *const bad[] = {
		"a0",
		"a1646b65797381"
		"4100",
		"a1646b657973"
		"00",
		"a1646b657973854040404040",
		"a1646b65797381"
		"5841"
		"04"
		"0000000000000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000000000000000000000000000",
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		rig_expect(r, "owners.set", HF_COMMAND_DANGER, 2, bad[i], HF_STATUS_REFUSED,
			   HF_REASON_UNKNOWN);
	set_owner(r);
	rig_expect(r, "owners.set", HF_COMMAND_DANGER, 1, "a1646b65797380", HF_STATUS_REFUSED,
		   HF_REASON_QUORUM);
	assert_int_equal(r->k.settings.n_owners, 1);
}

static void limits_of_the_socket_are_kept(void **state)
{
	static uint8_t big[16001];
	struct rig *r = *state;
	uint8_t name[33];
	hf_err err = HF_OK;

	set_owner(r);
	memset(name, 'n', sizeof(name));
	assert_int_equal(data(r, HF_ARR(name), HF_STR("1")), HF_ERR_AGENT_APP);
	assert_int_equal(data(r, (hf_bytes){ NULL, 0 }, HF_STR("1")), HF_ERR_AGENT_APP);
	assert_int_equal(data(r, CLIMATE, HF_ARR(big)), HF_ERR_SEAL_TOO_LARGE);
	assert_int_equal(data(r, CLIMATE, (hf_bytes){ big, 16000 }), HF_OK);
	for (int i = 0; i < 200 && err == HF_OK; i++)
		err = data(r, CLIMATE, HF_STR("1"));
	assert_int_equal(err, HF_ERR_AGENT_FULL); /* the store of what waits has an end, and says so */
	assert_int_equal(data(r, HF_STR("another"), HF_STR("1")), HF_ERR_AGENT_FULL);
	assert_int_equal(r->k.n_streams, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(without_an_owner_nothing_is_taken),
		CASE(the_owner_reads_what_the_application_gave),
		CASE(topics_carry_kid_and_counter),
		CASE(a_restart_keeps_owners_and_the_spool_but_no_key),
		CASE(a_spent_key_is_replaced_without_the_application_noticing),
		CASE(new_owners_end_every_stream),
		CASE(owner_keys_that_are_no_points_are_refused),
		CASE(limits_of_the_socket_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
