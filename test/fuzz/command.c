/* Fuzz target: what a device does with bytes from a hostile server and from a hostile operator. The first
 * byte chooses: 0 the sealed object, 1 its plain text (sealed properly), 2 the claims (signed and sealed
 * properly), 3 the table of a device that boots. What is read is written back the same, and nothing runs
 * that was not signed.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/fake.h>
#include <holdfast/obey.h>
#include "fuzz.h"

#define DEV HF_STR("abcdefghijklmnop")
#define AAD HF_STR("hf/cmd/1/abcdefghijklmnop")

enum { IN_MAX = 8192, NOW = 1767225600 };

static const struct hf_key secret = { .b = "0123456789abcdef0123456789abcde", .len = 32 };
static struct hf_hwkey hw;
static struct hf_ecdhkey enc;
static struct hf_policy policy;
static uint8_t kid[HF_KID_LEN], mem[3][HF_COMMAND_MAX_LEN], scratch_mem[HF_OBEY_SCRATCH_LEN];
static uint8_t receipt_mem[HF_RECEIPT_MAX_LEN], last_mem[HF_RECEIPT_MAX_LEN];

static unsigned any(void *ctx, const struct hf_claims *c)
{
	(void)ctx;
	(void)c;
	return HF_REASON_NONE;
}

static const struct hf_op ops[] = { { "ping", HF_COMMAND_READ, any }, { "set", HF_COMMAND_ACT, any } };

/* The secret of this test is operator, signing key and decryption key in one. */
static void prepare(void)
{
	static const uint8_t one_of_one[] = { 0xa2, 0x67, 'c', 'm', 'd', '-', 'a', 'c', 't', 0x00,
					      0x68, 'c',  'm', 'd', '-', 'r', 'e', 'a', 'd', 0x00 };

	if (hw.sign != NULL)
		return;
	if (hf_crypto_p256_hwkey(&secret, &hw) != HF_OK || hf_crypto_p256_ecdhkey(&secret, &enc) != HF_OK ||
	    hf_crypto_kid(HF_ARR(enc.pub), kid) != HF_OK)
		abort();
	policy = (struct hf_policy){ .number = 1, .n_keys = 1, .named = HF_ARR(one_of_one) };
	policy.key[0] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						.alg = HF_COSE_ES256,
						.pub = { enc.pub, HF_P256_POINT_LEN } };
	memcpy(policy.key[0].kid, kid, sizeof(kid));
}

static void boot(struct hf_obey *o, struct hf_port *port, struct hf_out *scratch, struct hf_out *last)
{
	struct hf_out work = HF_OUT(receipt_mem);
	struct hf_obey_config cfg = { .port = port,
				      .policy = &policy,
				      .dev = DEV,
				      .version = HF_STR("fuzz"),
				      .sign = &hw,
				      .open = { &enc, NULL },
				      .ops = ops,
				      .n_ops = 2,
				      .scratch = scratch,
				      .last = last };

	if (hf_obey_boot(o, &cfg, &work) != HF_OK)
		abort(); /* whatever the record holds, the device comes up */
	memset(o->rep, 0x11, sizeof(o->rep));
}

/* A receipt, if there is one, is sound and ours. */
static void check_receipt(const struct hf_out *receipt)
{
	struct hf_receipt r;

	if (receipt->len > 0 && hf_receipt_open(hf_out_bytes(receipt), hw.pub, DEV, &r) != HF_OK)
		abort();
}

static void give(struct hf_obey *o, hf_bytes object)
{
	struct hf_out receipt = HF_OUT(receipt_mem);
	struct hf_task task;

	if (object.len > sizeof(mem[0]))
		return;
	memcpy(mem[0], object.ptr, object.len);
	if (hf_obey_receive(o, mem[0], object.len, NOW, &task, &receipt) != HF_OK)
		abort(); /* this machine never fails */
	check_receipt(&receipt);
	if (!hf_verdict_is_yes(task.verdict))
		return;
	if (!hf_verdict_is_yes(hf_obey_recheck(task.inner, &policy, DEV, task.op, NOW)) ||
	    task.op->cls != task.claims.cls || receipt.len != 0)
		abort();
	if (hf_obey_finish(o, task.claims.cti, HF_STATUS_DONE, 0, HF_STR("result"), &receipt) != HF_OK)
		return; /* the reply point may be none */
	check_receipt(&receipt);
	memcpy(mem[0], object.ptr, object.len);
	if (hf_obey_receive(o, mem[0], object.len, NOW, &task, &receipt) != HF_OK ||
	    hf_verdict_is_yes(task.verdict))
		abort(); /* twice */
}

static void seal_and_give(struct hf_obey *o, struct hf_port *port, hf_bytes plain)
{
	struct hf_out out = HF_OUT(mem[1]);

	if (hf_cose_encrypt_write(port, enc.pub, HF_ARR(kid), AAD, plain, &out) == HF_OK)
		give(o, hf_out_bytes(&out));
}

static void sign_and_give(struct hf_obey *o, struct hf_port *port, hf_bytes claims)
{
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_ARR(kid), &hw, NULL };
	struct hf_out inner = HF_OUT(mem[2]), scratch = HF_OUT(mem[0]), out = HF_OUT(mem[1]);
	struct hf_claims c;

	if (hf_claims_read(claims, &c) == HF_OK) { /* one encoding for one set of claims */
		if (hf_claims_write(&c, &inner) != HF_OK || !hf_bytes_equal(hf_out_bytes(&inner), claims))
			abort();
		inner.len = 0;
	}
	if (hf_cose_sign1_write(&signer, AAD, claims, false, NULL, &inner) == HF_OK &&
	    hf_command_seal(port, hf_out_bytes(&inner), enc.pub, DEV, &scratch, &out) == HF_OK)
		give(o, hf_out_bytes(&out));
}

static void try_one(struct hf_port *port, uint8_t kind, hf_bytes in)
{
	struct hf_out scratch = HF_OUT(scratch_mem), last = HF_OUT(last_mem);
	static struct hf_obey o;
	struct hf_command c;

	if (kind == 3 && hf_port_replace(port, HF_REC_REPLAY, in) != HF_OK)
		abort();
	boot(&o, port, &scratch, &last);
	if (kind == 0)
		give(&o, in);
	else if (kind == 1)
		seal_and_give(&o, port, in);
	else if (kind == 2)
		sign_and_give(&o, port, in);
	if (hf_command_read(in, &c) == HF_OK && (c.n == 0 || c.n > HF_COSE_MAX_SIGNATURES))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_port port;

	if (size == 0 || size > IN_MAX)
		return 0;
	prepare();
	hf_fake_init(&port, 1);
	try_one(&port, data[0] & 3, (hf_bytes){ data + 1, size - 1 });
	hf_fake_free(&port);
	return 0;
}
