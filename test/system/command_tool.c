/* command_tool -- core/trust and core/command on the command line, for tests that compare them with others.
 * usage: command_tool VERB ARGUMENT...   as cose_tool; the device of `obey` lives on port/fake, at its first
 * second, and knows the operations ping (read), relay.set (act, any arguments), reboot (danger), erase.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <holdfast/obey.h>
#include <holdfast/order.h>
#include "cose_tool.h"

enum { MAX_SIGNERS = 8 };

static void report_number(const char *name, uint64_t v)
{
	uint8_t b[8];

	hf_put_be64(b, v);
	report(name, HF_OK, HF_ARR(b));
}

static void fixed(struct args *a, uint8_t *out, size_t len)
{
	hf_bytes b = bytes(a);

	if (b.len != len)
		fail_usage("argument has another length");
	memcpy(out, b.ptr, len);
}

static void read_policy(struct args *a, struct hf_policy *p)
{
	struct hf_out scratch = room();
	hf_err err = hf_policy_open_first(bytes(a), &scratch, p);

	if (err != HF_OK) {
		report("policy", err, (hf_bytes){ 0 });
		exit(0);
	}
}

/* ---- statements ---------------------------------------------------------------------------------- */

static void open_policy(struct args *a)
{
	struct hf_policy p;

	read_policy(a, &p);
	report_number("number", p.number);
	report("ref", HF_OK, HF_ARR(p.ref));
	for (size_t i = 0; i < p.n_keys; i++)
		report("kid", HF_OK, HF_ARR(p.key[i].kid));
}

/* POLICY N, POLICY N + 1. */
static void follow_policy(struct args *a)
{
	static struct hf_policy now, next;
	struct hf_out scratch = room();
	hf_err err;

	read_policy(a, &now);
	err = hf_policy_open_next(bytes(a), &now, &scratch, &next);
	report("ref", err, HF_ARR(next.ref));
}

/* VENDOR, then the seeds of three roots and the secrets of two operators. */
static void write_policy(struct args *a)
{
	static struct hf_key secret[5];
	static uint8_t pub[5][HF_P256_POINT_LEN];
	struct hf_policy_key keys[5];
	struct hf_cose_signer s[3];
	uint8_t kid[3][HF_KID_LEN];
	const struct hf_named_spec named[] = { { HF_STR("order"), { .k = 2, .keys = 0x18 } },
					       { HF_STR("cmd-act"), { .k = 1, .keys = 0x18 } },
					       { HF_STR("cmd-danger"), { .k = 2, .keys = 0x18 } } };
	struct hf_policy_spec spec = { .number = 1,
				       .vendor = bytes(a),
				       .key = keys,
				       .n_keys = 5,
				       .root = { .k = 2, .keys = 7 },
				       .named = named,
				       .n_named = 3 };
	struct hf_out payload = room(), scratch = room(), out = room();
	hf_err err = HF_OK;

	for (size_t i = 0; i < 5 && err == HF_OK; i++) {
		bool root = i < 3;

		secret[i] = key(a);
		err = root ? hf_crypto_ed25519_public(&secret[i], pub[i])
			   : hf_crypto_p256_public(&secret[i], pub[i]);
		keys[i] = (struct hf_policy_key){ .role = root ? HF_ROLE_ROOT : HF_ROLE_NAMED,
						  .alg = root ? HF_COSE_ED25519 : HF_COSE_ES256,
						  .holder = HF_STR("somebody"),
						  .pub = { pub[i],
							   root ? HF_ED25519_PUB_LEN : HF_P256_POINT_LEN } };
		if (root && err == HF_OK)
			err = hf_crypto_kid(keys[i].pub, kid[i]);
		if (root)
			s[i] = (struct hf_cose_signer){ HF_COSE_ED25519, HF_ARR(kid[i]), NULL, &secret[i] };
	}
	if (err == HF_OK)
		err = hf_policy_write(&spec, &payload);
	if (err == HF_OK)
		err = hf_statement_write(hf_out_bytes(&payload), s, 3, &scratch, &out);
	report("policy", err, hf_out_bytes(&out));
}

static void open_order(struct args *a)
{
	struct hf_policy p;
	struct hf_order o;
	struct hf_out scratch = room();
	hf_err err;

	read_policy(a, &p);
	err = hf_order_open(bytes(a), &p, (hf_bytes){ 0 }, 0, &scratch, &o);
	report("line", err, o.line);
	if (err == HF_OK)
		report_number("quantity", o.quantity);
}

/* POLICY, the operators' secrets; the order's values are fixed. */
static void write_order(struct args *a)
{
	static struct signer_keys keys[2];
	static const uint8_t hash[HF_SHA256_LEN] = { 0x51 };
	struct hf_policy p;
	struct hf_order o = { .line = HF_STR("lamp-2"),
			      .quantity = 100,
			      .allowance = 3,
			      .not_before = 1,
			      .not_after = 2,
			      .n_stations = 1,
			      .station = { HF_ARR(hash) },
			      .commit_timeout_s = HF_ORDER_COMMIT_S,
			      .ca = HF_ARR(hash) };
	struct hf_cose_signer s[2];
	struct hf_out payload = room(), scratch = room(), out = room();
	hf_err err;

	read_policy(a, &p);
	o.policy_ref = (hf_bytes){ p.ref, HF_POLICY_REF_LEN };
	for (size_t i = 0; i < 2; i++)
		s[i] = signer(a, &keys[i]);
	o.intake = (hf_bytes){ keys[0].hw.pub, HF_P256_POINT_LEN };
	err = hf_order_write(&o, &payload);
	if (err == HF_OK)
		err = hf_statement_write(hf_out_bytes(&payload), s, 2, &scratch, &out);
	report("order", err, hf_out_bytes(&out));
}

/* ---- commands: the operator ----------------------------------------------------------------------- */

static struct hf_claims claims(struct args *a)
{
	struct hf_claims c = { .aud = bytes(a) };
	hf_bytes reply;

	c.iat = (uint64_t)number(a);
	c.exp = (uint64_t)number(a);
	fixed(a, c.cti, sizeof(c.cti));
	c.cls = (uint8_t)number(a);
	fixed(a, c.rep, sizeof(c.rep));
	c.seq = (uint64_t)number(a);
	c.op = bytes(a);
	c.args = bytes(a);
	reply = bytes(a);
	c.has_reply = reply.len == sizeof(c.reply);
	if (c.has_reply)
		memcpy(c.reply, reply.ptr, reply.len);
	return c;
}

static hf_err sign_command(struct args *a, size_t n, struct hf_claims *c, struct hf_out *text,
			   struct hf_out *inner)
{
	static struct hf_key secret;
	struct hf_hwkey hw;
	hf_err err = HF_OK;

	for (size_t i = 0; i < n && err == HF_OK; i++) {
		struct hf_out more = room();

		secret = key(a);
		if (hf_crypto_p256_hwkey(&secret, &hw) != HF_OK)
			fail_usage("not a P-256 secret");
		if (i > 0) {
			err = hf_command_cosign(hf_out_bytes(inner), &hw, &more);
			*inner = more;
			continue;
		}
		err = hf_crypto_kid((hf_bytes){ hw.pub, HF_P256_POINT_LEN }, c->iss);
		if (err == HF_OK)
			err = hf_claims_write(c, text);
		if (err == HF_OK)
			err = hf_command_sign(hf_out_bytes(text), &hw, n == 1, inner);
	}
	return err;
}

/* DEVICE POINT, claims, number of signers, their secrets. */
static void write_command(struct args *a)
{
	const uint8_t *device = point(a);
	struct hf_claims c = claims(a);
	size_t n = (size_t)number(a);
	struct hf_out text = room(), inner = room(), scratch = room(), out = room();
	char code[9] = "";
	hf_err err;

	if (n == 0 || n > MAX_SIGNERS)
		fail_usage("number of signers");
	err = sign_command(a, n, &c, &text, &inner);
	if (err == HF_OK)
		err = hf_command_code(hf_out_bytes(&text), code);
	if (err == HF_OK)
		err = hf_command_seal(&a->port, hf_out_bytes(&inner), device, c.aud, &scratch, &out);
	report("claims", err, hf_out_bytes(&text));
	report("code", err, (hf_bytes){ (const uint8_t *)code, strlen(code) });
	report("inner", err, hf_out_bytes(&inner));
	report("object", err, hf_out_bytes(&out));
}

/* SIGNING POINT, DEV, REPLY SECRET, RECEIPT. */
static void open_receipt(struct args *a)
{
	const uint8_t *signing = point(a);
	hf_bytes dev = bytes(a);
	struct hf_ecdhkey reply = ecdh_key(a);
	struct hf_receipt r;
	struct hf_out plain = room();
	hf_err err = hf_receipt_open(bytes(a), signing, dev, &r);

	report("cti", err, HF_ARR(r.cti));
	if (err != HF_OK)
		return;
	report("cmd_hash", HF_OK, HF_ARR(r.cmd_hash));
	report_number("n", r.n);
	report_number("status", r.status);
	report_number("reason", r.reason);
	report_number("high", r.high);
	err = hf_receipt_open_result(&r, &reply, &plain);
	report("result", err, hf_out_bytes(&plain));
}

/* SIGNING POINT, DEV, STATE. */
static void open_state(struct args *a)
{
	const uint8_t *signing = point(a);
	hf_bytes dev = bytes(a);
	struct hf_state s;
	hf_err err = hf_state_open(bytes(a), signing, dev, &s);

	report("rep", err, HF_ARR(s.rep));
	for (size_t i = 0; err == HF_OK && i < s.n_rows; i++) {
		report("kid", HF_OK, HF_ARR(s.row[i].kid));
		report_number("high", s.row[i].high);
	}
}

/* ---- commands: the device ------------------------------------------------------------------------- */

static unsigned any(void *ctx, const struct hf_claims *c)
{
	(void)ctx;
	(void)c;
	return HF_REASON_NONE;
}

static const struct hf_op ops[] = {
	{ "ping", HF_COMMAND_READ, NULL },
	{ "relay.set", HF_COMMAND_ACT, any },
	{ "reboot", HF_COMMAND_DANGER, NULL },
	{ "erase", HF_COMMAND_ERASE, NULL },
};

static void obey_one(struct hf_obey *o, hf_bytes object)
{
	uint8_t msg[HF_COMMAND_MAX_LEN] = { 0 }, receipt_mem[HF_RECEIPT_MAX_LEN];
	struct hf_out receipt = HF_OUT(receipt_mem);
	struct hf_task task;
	hf_err err;

	if (object.len > sizeof(msg))
		fail_usage("object is too long");
	memcpy(msg, object.ptr, object.len);
	err = hf_obey_receive(o, msg, object.len, 1767225600, &task, &receipt);
	if (err == HF_OK && hf_verdict_is_yes(task.verdict)) {
		report("op", HF_OK, task.claims.op);
		report("args", HF_OK, task.claims.args);
		err = hf_obey_finish(o, task.claims.cti, HF_STATUS_DONE, 0, task.claims.op, &receipt);
	}
	if (err == HF_OK && task.dropped != HF_OK)
		report("dropped", task.dropped, (hf_bytes){ 0 });
	else
		report("receipt", err, hf_out_bytes(&receipt));
}

/* POLICY, DEV, SIGNING SECRET, ENCRYPTION SECRET, EPOCH, OBJECT...; then the state. */
static void obey(struct args *a)
{
	static uint8_t scratch_mem[HF_OBEY_SCRATCH_LEN], work_mem[HF_RECEIPT_MAX_LEN];
	static struct hf_obey o;
	static struct hf_policy p;
	struct hf_out scratch = HF_OUT(scratch_mem), work = HF_OUT(work_mem), state = room();
	struct hf_obey_config cfg = { .port = &a->port,
				      .policy = &p,
				      .ops = ops,
				      .n_ops = 4,
				      .version = HF_STR("tool"),
				      .scratch = &scratch };
	struct hf_key sign_secret;
	struct hf_hwkey sign;
	struct hf_ecdhkey enc;
	hf_err err;

	read_policy(a, &p);
	cfg.dev = bytes(a);
	sign_secret = key(a);
	enc = ecdh_key(a);
	cfg.open[0] = &enc;
	cfg.sign = &sign;
	err = hf_crypto_p256_hwkey(&sign_secret, &sign);
	if (err == HF_OK)
		err = hf_obey_boot(&o, &cfg, &work);
	if (err != HF_OK)
		fail_usage("the device does not boot");
	fixed(a, o.rep, sizeof(o.rep)); /* tests know the epoch beforehand */
	while (a->n > 0)
		obey_one(&o, bytes(a));
	err = hf_obey_state(&o, &state);
	report("state", err, hf_out_bytes(&state));
}

static const struct {
	const char *name;
	void (*run)(struct args *a);
} verbs[] = {
	{ "open-policy", open_policy },
	{ "follow-policy", follow_policy },
	{ "write-policy", write_policy },
	{ "open-order", open_order },
	{ "write-order", write_order },
	{ "write-command", write_command },
	{ "open-receipt", open_receipt },
	{ "open-state", open_state },
	{ "obey", obey },
};

int main(int argc, char **argv)
{
	struct args a = { .v = argv + 2, .n = argc - 2 };

	if (argc < 2)
		fail_usage("usage: command_tool VERB ARGUMENT...");
	hf_fake_init(&a.port, (uint64_t)getpid());
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			verbs[i].run(&a);
			if (a.n != 0)
				fail_usage("too many arguments");
			hf_fake_free(&a.port);
			return 0;
		}
	fail_usage("unknown verb");
}
