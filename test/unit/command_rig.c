/* command_rig.c -- see command_rig.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "command_rig.h"

static unsigned relay_check(void *ctx, const struct hf_claims *c)
{
	const struct rig *r = ctx;
	static const uint8_t on[] = { 0xa1, 0x62, 'o', 'n', 0xf5 };

	if (r->op_state != HF_REASON_NONE)
		return r->op_state;
	return hf_bytes_equal(c->args, HF_ARR(on)) ? HF_REASON_NONE : HF_REASON_UNKNOWN;
}

static const struct hf_op ops[] = {
	{ "ping", HF_COMMAND_READ, NULL },
	{ "nop", HF_COMMAND_ACT, NULL },
	{ "relay.set", HF_COMMAND_ACT, relay_check },
	{ "reboot", HF_COMMAND_DANGER, NULL },
	{ "erase", HF_COMMAND_ERASE, NULL },
};

static void make_keys(struct rig *r)
{
	for (size_t i = 0; i < RIG_KEYS; i++) {
		uint8_t pub[HF_P256_POINT_LEN];

		assert_int_equal(hf_crypto_p256_generate(&r->secret[i], pub), HF_OK);
		assert_int_equal(hf_crypto_p256_hwkey(&r->secret[i], &r->op_key[i]), HF_OK);
		assert_int_equal(hf_crypto_kid(HF_ARR(pub), r->kid[i]), HF_OK);
	}
	assert_int_equal(hf_crypto_ed25519_generate(&r->root_seed, r->root_pub), HF_OK);
}

static void make_policy(struct rig *r)
{
	struct hf_out out = HF_OUT(r->policy_mem);
	struct hf_policy_key keys[5] = {
		{ .role = HF_ROLE_ROOT,
		  .alg = HF_COSE_ED25519,
		  .pub = HF_ARR(r->root_pub),
		  .holder = HF_STR("root") },
	};
	const struct hf_named_spec named[] = {
		{ HF_STR("cmd-act"), { .k = 1, .keys = 0x1e } },
		{ HF_STR("cmd-read"), { .k = 1, .keys = 0x1e } },
		{ HF_STR("cmd-erase"), { .k = 2, .keys = 0x0e } },
		{ HF_STR("cmd-danger"), { .k = 2, .keys = 0x1e } },
	};
	const size_t who[] = { 0, 1, 2, RIG_ENDED };
	struct hf_policy_spec spec = { .number = 1,
				       .vendor = HF_STR("0123456789abcdef"),
				       .key = keys,
				       .n_keys = 5,
				       .root = { .k = 1, .keys = 1 },
				       .named = named,
				       .n_named = 4 };

	for (size_t i = 0; i < 4; i++)
		keys[i + 1] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						      .alg = HF_COSE_ES256,
						      .pub = { r->op_key[who[i]].pub, HF_P256_POINT_LEN },
						      .holder = HF_STR("somebody"),
						      .not_after = who[i] == RIG_ENDED ? RIG_NOW - 1 : 0 };
	assert_int_equal(hf_policy_write(&spec, &out), HF_OK);
	assert_int_equal(hf_policy_read(hf_out_bytes(&out), &r->policy), HF_OK);
}

static void make_device(struct rig *r)
{
	uint8_t pub[HF_P256_POINT_LEN];

	assert_int_equal(hf_crypto_p256_generate(&r->device_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_hwkey(&r->device_secret, &r->device), HF_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(hf_crypto_p256_generate(&r->enc_secret[i], pub), HF_OK);
		assert_int_equal(hf_crypto_p256_ecdhkey(&r->enc_secret[i], &r->enc[i]), HF_OK);
	}
	assert_int_equal(hf_crypto_p256_generate(&r->reply_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->reply_secret, &r->reply), HF_OK);
}

void rig_boot(struct rig *r)
{
	r->receipt.len = 0;
	assert_int_equal(hf_obey_boot(&r->obey, &r->cfg, &r->receipt), HF_OK);
}

void rig_begin(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	hf_fake_init(&r->port, 7);
	make_keys(r);
	make_policy(r);
	make_device(r);
	r->scratch = HF_OUT(r->scratch_mem);
	r->last = HF_OUT(r->last_mem);
	r->claims_out = HF_OUT(r->claims_mem);
	r->inner = HF_OUT(r->inner_mem);
	r->msg = HF_OUT(r->msg_mem);
	r->receipt = HF_OUT(r->receipt_mem);
	r->cfg = (struct hf_obey_config){ .port = &r->port,
					  .policy = &r->policy,
					  .dev = DEV,
					  .version = HF_STR("0.1.0"),
					  .sign = &r->device,
					  .open = { &r->enc[0], &r->enc[1] },
					  .ops = ops,
					  .n_ops = sizeof(ops) / sizeof(ops[0]),
					  .ctx = r,
					  .scratch = &r->scratch,
					  .last = &r->last };
	rig_boot(r);
}

void rig_end(struct rig *r)
{
	hf_fake_free(&r->port);
}

static uint64_t high_of(const struct rig *r, size_t lead)
{
	for (size_t i = 0; i < r->obey.n_rows; i++)
		if (memcmp(r->obey.row[i].kid, r->kid[lead], HF_KID_LEN) == 0)
			return r->obey.row[i].high;
	return 0;
}

void rig_claims(struct rig *r, size_t lead, const char *op, unsigned cls)
{
	static const uint8_t none[] = { 0xa0 }, on[] = { 0xa1, 0x62, 'o', 'n', 0xf5 };
	uint64_t now = (uint64_t)r->port.clock.unix_s;

	r->claims = (struct hf_claims){ .aud = DEV,
					.iat = now,
					.exp = now + 600,
					.cls = (uint8_t)cls,
					.seq = high_of(r, lead) + 1,
					.op = { (const uint8_t *)op, strlen(op) },
					.args = HF_ARR(none),
					.has_reply = true };
	if (strcmp(op, "relay.set") == 0)
		r->claims.args = HF_ARR(on);
	memcpy(r->claims.iss, r->kid[lead], HF_KID_LEN);
	memcpy(r->claims.rep, r->obey.rep, sizeof(r->claims.rep));
	assert_int_equal(hf_port_random(&r->port, r->claims.cti, sizeof(r->claims.cti)), HF_OK);
	r->claims.reply[0] = (uint8_t)(2 + (r->reply.pub[64] & 1));
	memcpy(r->claims.reply + 1, r->reply.pub + 1, 32);
}

void rig_sign(struct rig *r, const size_t *who, size_t n)
{
	uint8_t mem[HF_COMMAND_MAX_LEN];

	r->claims_out.len = 0;
	r->inner.len = 0;
	assert_int_equal(hf_claims_write(&r->claims, &r->claims_out), HF_OK);
	assert_int_equal(hf_command_sign(hf_out_bytes(&r->claims_out), &r->op_key[who[0]], n == 1, &r->inner),
			 HF_OK);
	for (size_t i = 1; i < n; i++) {
		memcpy(mem, r->inner.ptr, r->inner.len);
		hf_bytes before = { mem, r->inner.len };

		r->inner.len = 0;
		assert_int_equal(hf_command_cosign(before, &r->op_key[who[i]], &r->inner), HF_OK);
	}
}

void rig_seal(struct rig *r)
{
	struct hf_out scratch = HF_OUT(r->seal_mem);

	r->msg.len = 0;
	assert_int_equal(
		hf_command_seal(&r->port, hf_out_bytes(&r->inner), r->enc[0].pub, DEV, &scratch, &r->msg),
		HF_OK);
}

hf_err rig_receive(struct rig *r)
{
	memcpy(r->seal_mem, r->msg.ptr, r->msg.len);
	r->receipt.len = 0;
	return hf_obey_receive(&r->obey, r->seal_mem, r->msg.len, RIG_NOW, &r->task, &r->receipt);
}

hf_err rig_send(struct rig *r, size_t lead, const char *op, unsigned cls, size_t n)
{
	size_t who[HF_COSE_MAX_SIGNATURES];

	for (size_t i = 0; i < n; i++)
		who[i] = lead + i;
	rig_claims(r, lead, op, cls);
	rig_sign(r, who, n);
	rig_seal(r);
	return rig_receive(r);
}

struct hf_receipt rig_receipt(struct rig *r)
{
	struct hf_receipt rcpt;

	assert_int_equal(hf_receipt_open(hf_out_bytes(&r->receipt), r->device.pub, DEV, &rcpt), HF_OK);
	return rcpt;
}

void rig_assert_refused(struct rig *r, unsigned reason)
{
	struct hf_receipt rcpt = rig_receipt(r);
	uint8_t hash[HF_SHA256_LEN];

	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(rcpt.status, HF_STATUS_REFUSED);
	assert_int_equal(rcpt.reason, reason);
	assert_int_equal(hf_command_hash(hf_out_bytes(&r->inner), hash), HF_OK);
	assert_int_equal(hf_receipt_check(&rcpt, r->claims.cti, hash), HF_OK);
}

void rig_assert_dropped(struct rig *r, hf_err err)
{
	assert_false(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(r->receipt.len, 0);
	assert_int_equal(r->task.dropped, err);
}

void rig_assert_obeyed(struct rig *r)
{
	struct hf_receipt rcpt;

	assert_true(hf_verdict_is_yes(r->task.verdict));
	assert_int_equal(hf_obey_finish(&r->obey, r->claims.cti, HF_STATUS_DONE, HF_REASON_NONE, HF_STR("ok"),
					&r->receipt),
			 HF_OK);
	rcpt = rig_receipt(r);
	assert_int_equal(rcpt.status, HF_STATUS_DONE);
	assert_int_equal(rcpt.high, r->claims.seq);
}
