/* Unit tests of order.h: production orders, units and lists of units.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <holdfast/order.h>
#include "command_rig.h"

enum { FROM = 1767000000, UNTIL = 1768000000 };

struct plant {
	struct rig rig; /* its operators sign orders, its reply key is the intake key */
	uint8_t policy_mem[1024];
	struct hf_policy policy;
	uint8_t station_hash[HF_SHA256_LEN], ca_hash[HF_SHA256_LEN];
	struct hf_order order;
	uint8_t payload_mem[1024], box_mem[HF_STATEMENT_MAX_LEN], scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out payload, box, scratch;
	uint8_t units_mem[8192], list_mem[8192];
	struct hf_out units, list;
	struct hf_units_row row[8];
	uint8_t sealed_mem[200];
};

/* The same keys under a policy with the quorum "order" (2 of 3), or with nothing. */
static void make_policy(struct plant *p, bool with_order)
{
	struct hf_out out = HF_OUT(p->policy_mem);
	struct hf_policy_key keys[4] = {
		{ .role = HF_ROLE_ROOT,
		  .alg = HF_COSE_ED25519,
		  .pub = HF_ARR(p->rig.root_pub),
		  .holder = HF_STR("r") },
	};
	const struct hf_named_spec named[] = { { HF_STR("order"), { .k = 2, .keys = 0x0e } } };
	struct hf_policy_spec spec = { .number = 1,
				       .vendor = HF_STR("0123456789abcdef"),
				       .key = keys,
				       .n_keys = 4,
				       .root = { .k = 1, .keys = 1 },
				       .named = named,
				       .n_named = with_order ? 1 : 0 };

	for (size_t i = 0; i < 3; i++)
		keys[i + 1] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						      .alg = HF_COSE_ES256,
						      .pub = { p->rig.op_key[i].pub, HF_P256_POINT_LEN },
						      .holder = HF_STR("o") };
	assert_int_equal(hf_policy_write(&spec, &out), HF_OK);
	assert_int_equal(hf_policy_read(hf_out_bytes(&out), &p->policy), HF_OK);
}

static int setup(void **state)
{
	static struct plant p;

	memset(&p, 0, sizeof(p));
	rig_begin(&p.rig);
	make_policy(&p, true);
	memset(p.station_hash, 0x51, sizeof(p.station_hash));
	memset(p.ca_hash, 0xca, sizeof(p.ca_hash));
	p.order = (struct hf_order){ .line = HF_STR("lamp-2"),
				     .quantity = 4,
				     .allowance = hf_order_default_allowance(4),
				     .not_before = FROM,
				     .not_after = UNTIL,
				     .n_stations = 1,
				     .station = { HF_ARR(p.station_hash) },
				     .mode = HF_ORDER_MANIFEST,
				     .commit_timeout_s = HF_ORDER_COMMIT_S,
				     .policy_ref = HF_ARR(p.policy.ref),
				     .ca = HF_ARR(p.ca_hash),
				     .intake = HF_ARR(p.rig.reply.pub) };
	memset(p.order.id, 7, sizeof(p.order.id));
	p.payload = HF_OUT(p.payload_mem);
	p.box = HF_OUT(p.box_mem);
	p.scratch = HF_OUT(p.scratch_mem);
	p.units = HF_OUT(p.units_mem);
	p.list = HF_OUT(p.list_mem);
	for (size_t i = 0; i < 8; i++) {
		p.row[i] = (struct hf_units_row){ .handle = { (const uint8_t *)"aaaaaaaaaaaaaaaaaaaaaaaaaa"
									       "bcdefgh" +
								      i,
							      26 },
						  .kc_sealed = HF_STR("sealed") };
		p.row[i].spki_sha256[0] = (uint8_t)i;
	}
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct plant *p = *state;

	rig_end(&p->rig);
	return 0;
}

static void sign(struct plant *p, size_t n)
{
	struct hf_cose_signer s[3];

	for (size_t i = 0; i < n; i++)
		s[i] = (struct hf_cose_signer){ HF_COSE_ES256, HF_ARR(p->rig.kid[i]), &p->rig.op_key[i],
						NULL };
	p->payload.len = 0;
	p->box.len = 0;
	assert_int_equal(hf_order_write(&p->order, &p->payload), HF_OK);
	assert_int_equal(hf_statement_write(hf_out_bytes(&p->payload), s, n, &p->scratch, &p->box), HF_OK);
}

static hf_err open(struct plant *p, struct hf_order *o)
{
	return hf_order_open(hf_out_bytes(&p->box), &p->policy, (hf_bytes){ 0 }, FROM, &p->scratch, o);
}

static void an_order_signed_by_its_quorum_opens(void **state)
{
	struct plant *p = *state;
	struct hf_order o;

	sign(p, 2);
	assert_int_equal(open(p, &o), HF_OK);
	assert_memory_equal(o.id, p->order.id, sizeof(o.id));
	assert_int_equal(o.quantity, 4);
	assert_int_equal(o.allowance, 1);
	assert_int_equal(o.commit_timeout_s, HF_ORDER_COMMIT_S);
	assert_true(hf_bytes_equal(o.line, HF_STR("lamp-2")));
	assert_int_equal(hf_order_check_station(&o, HF_ARR(p->station_hash)), HF_OK);
}

static void fewer_signatures_than_the_quorum_are_refused(void **state)
{
	struct plant *p = *state;
	struct hf_order o;

	sign(p, 1);
	assert_int_equal(open(p, &o), HF_ERR_STATEMENT_QUORUM);
	assert_int_equal(o.quantity, 0);
}

static void a_policy_without_order_or_release_quorum_takes_no_orders(void **state)
{
	struct plant *p = *state;
	struct hf_order o;

	make_policy(p, false);
	sign(p, 3);
	assert_int_equal(open(p, &o), HF_ERR_POLICY_ABSENT);
}

static void an_order_of_another_policy_is_refused(void **state)
{
	struct plant *p = *state;
	struct hf_order o;

	p->order.policy_ref = HF_STR("12345678");
	sign(p, 2);
	assert_int_equal(open(p, &o), HF_ERR_ORDER_POLICY);
	assert_int_equal(o.quantity, 0);
}

static void an_order_has_its_window_and_its_stations(void **state)
{
	struct plant *p = *state;

	assert_int_equal(hf_order_check_window(&p->order, FROM), HF_OK);
	assert_int_equal(hf_order_check_window(&p->order, UNTIL), HF_OK);
	assert_int_equal(hf_order_check_window(&p->order, FROM - 1), HF_ERR_ORDER_WINDOW);
	assert_int_equal(hf_order_check_window(&p->order, UNTIL + 1), HF_ERR_ORDER_WINDOW);
	assert_int_equal(hf_order_check_station(&p->order, HF_ARR(p->ca_hash)), HF_ERR_ORDER_STATION);
}

static void assert_out_of_range(struct plant *p, struct hf_order bad)
{
	p->payload.len = 0;
	assert_int_equal(hf_order_write(&bad, &p->payload), HF_ERR_ORDER_RANGE);
	assert_int_equal(p->payload.len, 0);
}

static void every_value_has_its_range(void **state)
{
	struct plant *p = *state;
	struct hf_order bad;

#define WITH(change) \
	do { \
		bad = p->order; \
		bad.change; \
		assert_out_of_range(p, bad); \
	} while (0)
	WITH(quantity = 0);
	WITH(quantity = HF_ORDER_MAX_QUANTITY + 1);
	WITH(allowance = HF_ORDER_MAX_QUANTITY + 1);
	WITH(line.len = 0);
	WITH(line.len = HF_ORDER_MAX_LINE_LEN + 1);
	WITH(not_after = FROM);
	WITH(n_stations = 0);
	WITH(n_stations = HF_ORDER_MAX_STATIONS + 1);
	WITH(station[0].len = 31);
	WITH(mode = 2);
	WITH(commit_timeout_s = 0);
	WITH(commit_timeout_s = 31 * 86400);
	WITH(policy_ref.len = 7);
	WITH(ca.len = 31);
	WITH(intake.len = 33);
#undef WITH
}

static void every_truncation_and_every_flipped_bit_is_refused_or_reads_as_another_order(void **state)
{
	struct plant *p = *state;
	struct hf_order o;
	uint8_t again_mem[1024];

	assert_int_equal(hf_order_write(&p->order, &p->payload), HF_OK);
	for (size_t len = 0; len < p->payload.len; len++)
		assert_int_equal(hf_order_read((hf_bytes){ p->payload.ptr, len }, &o), HF_ERR_ORDER_SHAPE);
	for (size_t i = 0; i < p->payload.len * 8; i++) {
		struct hf_out again = HF_OUT(again_mem);
		hf_err err;

		p->payload.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
		err = hf_order_read(hf_out_bytes(&p->payload), &o);
		assert_true(err == HF_OK || err == HF_ERR_ORDER_SHAPE || err == HF_ERR_ORDER_RANGE);
		if (err == HF_OK) { /* one encoding for one order */
			assert_int_equal(hf_order_write(&o, &again), HF_OK);
			assert_true(hf_bytes_equal(hf_out_bytes(&again), hf_out_bytes(&p->payload)));
		}
		p->payload.ptr[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void a_unit_is_signed_by_its_station_for_its_order(void **state)
{
	struct plant *p = *state;
	struct hf_unit u = { .kc_sealed = HF_STR("sealed") }, got;
	struct hf_order other = p->order;
	uint8_t big[HF_UNIT_MAX_SEALED_LEN + 1];

	memcpy(u.order, p->order.id, sizeof(u.order));
	u.cid[3] = 9;
	assert_int_equal(hf_unit_write(&u, &p->rig.device, &p->units), HF_OK);
	assert_int_equal(hf_unit_open(hf_out_bytes(&p->units), p->rig.device.pub, &p->order, &got), HF_OK);
	assert_int_equal(got.cid[3], 9);
	assert_true(hf_bytes_equal(got.kc_sealed, u.kc_sealed));
	other.id[0] ^= 1;
	assert_int_equal(hf_unit_open(hf_out_bytes(&p->units), p->rig.device.pub, &other, &got),
			 HF_ERR_ORDER_UNIT);
	assert_int_equal(hf_unit_open(hf_out_bytes(&p->units), p->rig.op_key[0].pub, &p->order, &got),
			 HF_ERR_COSE_SIGNATURE);
	assert_int_equal(got.kc_sealed.len, 0);
	u.kc_sealed.len = 0;
	assert_int_equal(hf_unit_write(&u, &p->rig.device, &p->units), HF_ERR_ORDER_SHAPE);
	u.kc_sealed = (hf_bytes){ memset(big, 1, sizeof(big)), sizeof(big) };
	assert_int_equal(hf_unit_write(&u, &p->rig.device, &p->units), HF_ERR_ORDER_SHAPE);
}

static hf_err open_list(struct plant *p, size_t n, uint64_t made_at, struct hf_units *u)
{
	p->units.len = 0;
	assert_int_equal(hf_units_write(p->order.id, made_at, p->row, n, &p->rig.device, &p->list, &p->units),
			 HF_OK);
	return hf_units_open(hf_out_bytes(&p->units), p->rig.device.pub, &p->order, u);
}

static void a_list_of_units_is_read_row_by_row(void **state)
{
	struct plant *p = *state;
	struct hf_units u;
	struct hf_units_row row;

	assert_int_equal(open_list(p, 5, FROM, &u), HF_OK); /* quantity + allowance */
	for (size_t i = 0; i < 5; i++) {
		assert_true(hf_units_next(&u, &row));
		assert_true(hf_bytes_equal(row.handle, p->row[i].handle));
	}
	assert_false(hf_units_next(&u, &row));
}

static void a_list_that_does_not_fit_its_order_is_refused_whole(void **state)
{
	struct plant *p = *state;
	struct hf_units u;

	assert_int_equal(open_list(p, 6, FROM, &u), HF_ERR_ORDER_UNIT); /* one too many */
	assert_int_equal(u.n, 0);
	assert_int_equal(open_list(p, 5, UNTIL + 1, &u), HF_ERR_ORDER_WINDOW);
	p->row[1].handle = p->row[0].handle;
	assert_int_equal(open_list(p, 3, FROM, &u), HF_ERR_ORDER_UNIT);
	p->row[1].handle = p->row[6].handle;
	p->row[1].spki_sha256[0] = 0; /* the key of row 0 */
	assert_int_equal(open_list(p, 3, FROM, &u), HF_ERR_ORDER_UNIT);
	p->row[1].spki_sha256[0] = 1;
	p->row[1].handle.len = 25;
	assert_int_equal(open_list(p, 3, FROM, &u), HF_ERR_ORDER_SHAPE);
	p->row[1].handle.len = 26;
	p->order.mode = HF_ORDER_ONLINE;
	assert_int_equal(open_list(p, 3, FROM, &u), HF_ERR_ORDER_UNIT);
	assert_int_equal(hf_units_write(p->order.id, FROM, p->row, 0, &p->rig.device, &p->list, &p->units),
			 HF_ERR_ORDER_SHAPE);
}

static void a_unit_is_no_list_and_a_list_no_unit(void **state)
{
	struct plant *p = *state;
	struct hf_units u;
	struct hf_unit one;

	assert_int_equal(open_list(p, 2, FROM, &u), HF_OK);
	assert_int_equal(hf_unit_open(hf_out_bytes(&p->units), p->rig.device.pub, &p->order, &one),
			 HF_ERR_COSE_SIGNATURE);
}

static void kc_opens_only_for_its_cid_and_with_the_intake_key(void **state)
{
	struct plant *p = *state;
	struct hf_key kc = { .len = 32 }, got = { .len = 0 }, seed = { .len = 16 };
	struct hf_out sealed = HF_OUT(p->sealed_mem);
	uint8_t cid[HF_UNIT_CID_LEN] = { 1 }, other[HF_UNIT_CID_LEN] = { 2 };

	memset(kc.b, 0x6b, sizeof(kc.b));
	assert_int_equal(hf_unit_seal_kc(&p->rig.port, p->order.intake, cid, &kc, &sealed), HF_OK);
	assert_int_equal(hf_unit_open_kc(hf_out_bytes(&sealed), &p->rig.reply, cid, &got), HF_OK);
	assert_memory_equal(got.b, kc.b, 32);
	assert_int_equal(hf_unit_open_kc(hf_out_bytes(&sealed), &p->rig.reply, other, &got),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(got.len, 0);
	assert_int_equal(hf_unit_open_kc(hf_out_bytes(&sealed), &p->rig.enc[0], cid, &got),
			 HF_ERR_COSE_DECRYPT);
	assert_int_equal(hf_unit_seal_kc(&p->rig.port, p->order.intake, cid, &seed, &sealed),
			 HF_ERR_ORDER_SHAPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(an_order_signed_by_its_quorum_opens),
		T(fewer_signatures_than_the_quorum_are_refused),
		T(a_policy_without_order_or_release_quorum_takes_no_orders),
		T(an_order_of_another_policy_is_refused),
		T(an_order_has_its_window_and_its_stations),
		T(every_value_has_its_range),
		T(every_truncation_and_every_flipped_bit_is_refused_or_reads_as_another_order),
		T(a_unit_is_signed_by_its_station_for_its_order),
		T(a_list_of_units_is_read_row_by_row),
		T(a_list_that_does_not_fit_its_order_is_refused_whole),
		T(a_unit_is_no_list_and_a_list_no_unit),
		T(kc_opens_only_for_its_cid_and_with_the_intake_key),
	};
	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
