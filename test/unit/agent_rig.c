/* agent_rig.c -- see agent_rig.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/why.h>
#include "agent_rig.h"

#define DEV HF_STR(RIG_DEV)

static void make_keys(struct rig *r)
{
	uint8_t pub[HF_P256_POINT_LEN];

	for (size_t i = 0; i < RIG_OPERATORS; i++) {
		assert_int_equal(hf_crypto_p256_generate(&r->op_secret[i], pub), HF_OK);
		assert_int_equal(hf_crypto_p256_hwkey(&r->op_secret[i], &r->op_key[i]), HF_OK);
	}
	assert_int_equal(hf_crypto_p256_generate(&r->reply_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->reply_secret, &r->reply), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&r->owner_secret, pub), HF_OK);
	assert_int_equal(hf_crypto_p256_ecdhkey(&r->owner_secret, &r->owner), HF_OK);
}

/* One root; both operators in every quorum, danger needs the two of them. */
static void make_policy(struct rig *r)
{
	uint8_t root[HF_ED25519_PUB_LEN], kid[HF_KID_LEN], payload_mem[2048],
		scratch_mem[HF_STATEMENT_SCRATCH];
	struct hf_out payload = HF_OUT(payload_mem), scratch = HF_OUT(scratch_mem),
		      out = HF_OUT(r->policy_mem);
	struct hf_cose_signer signer = { HF_COSE_ED25519, HF_ARR(kid), NULL, &r->root_seed };
	struct hf_policy_key keys[1 + RIG_OPERATORS] = { { .role = HF_ROLE_ROOT, .alg = HF_COSE_ED25519 } };
	const struct hf_named_spec named[] = {
		{ HF_STR("cmd-act"), { .k = 1, .keys = 6 } },
		{ HF_STR("cmd-read"), { .k = 1, .keys = 6 } },
		{ HF_STR("cmd-danger"), { .k = 2, .keys = 6 } },
	};
	struct hf_policy_spec spec = { .number = 1, .vendor = HF_STR("0123456789abcdef"), .key = keys,
				       .n_keys = 3, .root = { .k = 1, .keys = 1 },
				       .named = named, .n_named = 3 };

	assert_int_equal(hf_crypto_ed25519_generate(&r->root_seed, root), HF_OK);
	assert_int_equal(hf_crypto_kid(HF_ARR(root), kid), HF_OK);
	keys[0].pub = HF_ARR(root);
	keys[0].holder = HF_STR("root");
	for (size_t i = 0; i < RIG_OPERATORS; i++)
		keys[1 + i] = (struct hf_policy_key){ .role = HF_ROLE_NAMED,
						      .alg = HF_COSE_ES256,
						      .pub = { r->op_key[i].pub, HF_P256_POINT_LEN },
						      .holder = HF_STR("operator") };
	assert_int_equal(hf_policy_write(&spec, &payload), HF_OK);
	assert_int_equal(hf_statement_write(hf_out_bytes(&payload), &signer, 1, &scratch, &out), HF_OK);
	r->k.provision.policy = hf_out_bytes(&out);
}

static void open_ipc(struct rig *r)
{
	struct hf_ipc **ends[] = { &r->k.todo, &r->k.deliver, &r->k.look };
	struct hf_why why = { HF_OK, "" };

	for (size_t i = 0; i < 3; i++) {
		int pair[2];

		assert_int_equal(hf_ipc_pair(pair, &why), HF_OK);
		assert_int_equal(hf_ipc_new(pair[0], ends[i]), HF_OK);
		r->told[i] = pair[1];
	}
}

static void nothing(void *ctx)
{
	(void)ctx;
}

/* What keyproc.c does before its loop, without the sandbox. */
static void start(struct rig *r)
{
	struct keyproc *k = &r->k;
	hf_bytes policy = k->provision.policy;

	memset(k, 0, sizeof(*k));
	k->agent = &r->agent;
	k->provision.policy = policy;
	k->provision.line = HF_STR("lamp");
	k->provision.domain = HF_STR("localhost");
	k->provision.enrol = 2;
	k->port = HF_LINUX_PORT_NONE;
	assert_int_equal(hf_loop_new(&k->loop), HF_OK);
	assert_int_equal(hf_timer_init(&k->timer, k->loop, nothing, k), HF_OK);
	open_ipc(r);
	assert_int_equal(hf_linux_open(&k->port, r->dir), HF_OK);
	k->port.clock = HF_LINUX_CLOCK_ALWAYS;
}

static void open_key(struct rig *r)
{
	struct hf_why why = { HF_OK, "" };

	assert_int_equal(key_backend_open(&r->k, &why), HF_OK);
	assert_int_equal(key_identity_open(&r->k, &why), HF_OK);
	assert_int_equal(key_cmd_open(&r->k, &why), HF_OK);
	assert_int_equal(key_up_open(&r->k), HF_OK);
	key_identity_tick(&r->k);
}

static void stop(struct rig *r)
{
	key_up_close(&r->k);
	for (size_t i = 0; i < 2; i++)
		hf_keyuri_close(r->k.slot_key[i].uri);
	hf_keystore_close(r->k.software);
	hf_linux_close(&r->k.port);
	hf_ipc_free(r->k.todo);
	hf_ipc_free(r->k.deliver);
	hf_ipc_free(r->k.look);
	for (size_t i = 0; i < 3; i++)
		(void)close(r->told[i]);
	hf_timer_close(&r->k.timer);
	hf_timer_close(&r->k.cmd.reboot);
	hf_timer_close(&r->k.leave);
	hf_loop_free(r->k.loop);
}

static void enrol(struct rig *r)
{
	struct hf_renew_event ev = { .kind = HF_RENEW_CERT };
	struct hf_leaf leaf = { .dev = RIG_DEV, .der = HF_ARR(r->cert) };

	assert_true(r->k.want.request);
	leaf.serial[0] = 1;
	leaf.not_before = (int64_t)time(NULL) - 60;
	leaf.not_after = leaf.not_before + 90 * 86400;
	memcpy(leaf.pub, r->k.renew.slot[r->k.want.request_slot].signing, sizeof(leaf.pub));
	ev.leaf = &leaf;
	assert_int_equal(hf_renew_step(&r->k.renew, &ev), HF_OK);
	key_identity_tick(&r->k);
}

static void session(struct rig *r)
{
	uint64_t v[3] = { (uint64_t)r->k.want.session, 1, (uint64_t)time(NULL) + 86400 };
	uint8_t mem[64], none[8];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);

	assert_true(r->k.want.session >= 0);
	assert_int_equal(msg_numbers_write(v, 3, &body), HF_OK);
	assert_int_equal(key_on_session(&r->k, hf_out_bytes(&body), &reply), HF_OK);
}

void rig_begin(struct rig *r)
{
	uint8_t secret[16] = "a claim secret!";

	memset(r, 0, sizeof(*r));
	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/hf-agent-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(r->agent.conf.key, sizeof(r->agent.conf.key), "software");
	r->agent.conf.heartbeat_s = 60;
	r->agent.conf.keepalive_s = 300;
	make_keys(r);
	make_policy(r);
	start(r);
	assert_int_equal(hf_port_create_secret(&r->k.port, HF_REC_CLAIM, HF_ARR(secret)), HF_OK);
	open_key(r);
	enrol(r);
	session(r);
	r->sealed = HF_OUT(r->sealed_mem);
}

void rig_end(struct rig *r)
{
	char command[96];

	stop(r);
	(void)snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
}

void rig_restart(struct rig *r, unsigned boots)
{
	stop(r);
	start(r);
	r->k.port.boot_count += boots;
	open_key(r);
	session(r);
}

static void write_claims(struct rig *r, const char *op, unsigned cls, hf_bytes args, struct hf_out *out)
{
	uint64_t now = (uint64_t)time(NULL);

	r->claims = (struct hf_claims){ .aud = DEV,
					.iat = now,
					.exp = now + 600,
					.cls = (uint8_t)cls,
					.seq = ++r->seq,
					.op = { (const uint8_t *)op, strlen(op) },
					.args = args,
					.has_reply = true };
	assert_int_equal(hf_crypto_kid((hf_bytes){ r->op_key[0].pub, HF_P256_POINT_LEN }, r->claims.iss),
			 HF_OK);
	memcpy(r->claims.rep, r->k.cmd.obey.rep, sizeof(r->claims.rep));
	assert_int_equal(hf_port_random(&r->k.port, r->claims.cti, sizeof(r->claims.cti)), HF_OK);
	r->claims.reply[0] = (uint8_t)(2 + (r->reply.pub[64] & 1));
	memcpy(r->claims.reply + 1, r->reply.pub + 1, 32);
	assert_int_equal(hf_claims_write(&r->claims, out), HF_OK);
}

void rig_send(struct rig *r, const char *op, unsigned cls, size_t n, const char *args)
{
	static uint8_t args_mem[4096], mem[3][HF_COMMAND_MAX_LEN];
	struct hf_out map = HF_OUT(args_mem), claims = HF_OUT(mem[0]), inner = HF_OUT(mem[1]),
		      both = HF_OUT(mem[2]);
	static uint8_t pad[HF_COMMAND_MAX_LEN];
	struct hf_out scratch = HF_OUT(pad);

	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)args, strlen(args) }, &map), HF_OK);
	write_claims(r, op, cls, hf_out_bytes(&map), &claims);
	assert_int_equal(hf_command_sign(hf_out_bytes(&claims), &r->op_key[0], n == 1, &inner), HF_OK);
	if (n == 2) {
		assert_int_equal(hf_command_cosign(hf_out_bytes(&inner), &r->op_key[1], &both), HF_OK);
		inner = both;
	}
	r->sealed.len = 0;
	assert_int_equal(hf_command_seal(&r->k.port, hf_out_bytes(&inner),
					 r->k.renew.slot[r->k.renew.active].encryption, DEV, &scratch,
					 &r->sealed),
			 HF_OK);
	rig_repeat(r);
}

void rig_repeat(struct rig *r)
{
	static uint8_t mem[HF_COMMAND_MAX_LEN + 64];
	struct hf_out body = HF_OUT(mem), reply = { NULL, 0, 0 };

	assert_int_equal(msg_pair_write(HF_STR("cmd/x"), hf_out_bytes(&r->sealed), &body), HF_OK);
	assert_int_equal(key_on_down(&r->k, hf_out_bytes(&body), &reply), HF_OK);
}

struct key_up *rig_find(struct rig *r, const char *prefix)
{
	struct key_up *found = NULL;

	for (size_t i = 0; i < KEY_UP_MAX; i++) {
		struct key_up *u = &r->k.up[i];

		if (u->token != 0 && strncmp(u->topic, prefix, strlen(prefix)) == 0 &&
		    (found == NULL || u->token > found->token))
			found = u;
	}
	return found;
}

void rig_take_receipt(struct rig *r)
{
	struct key_up *u = rig_find(r, "rcpt/");
	const uint8_t *signing = r->k.renew.slot[r->k.renew.active].signing;
	uint8_t hash[HF_SHA256_LEN];
	hf_bytes receipt;

	assert_non_null(u);
	assert_true(u->len <= sizeof(r->receipt_mem));
	memcpy(r->receipt_mem, u->data, u->len);
	receipt = (hf_bytes){ r->receipt_mem, u->len };
	assert_int_equal(hf_receipt_open(receipt, signing, DEV, &r->receipt), HF_OK);
	assert_memory_equal(r->receipt.cti, r->claims.cti, HF_COMMAND_CTI_LEN);
	r->result = HF_OUT(r->result_mem);
	if (r->receipt.result.len > 0)
		assert_int_equal(hf_receipt_open_result(&r->receipt, &r->reply, &r->result), HF_OK);
	/* the server files it */
	assert_int_equal(hf_crypto_sha256(&receipt, 1, hash), HF_OK);
	key_up_acked(&r->k, (hf_bytes){ (const uint8_t *)u->topic + 5, strlen(u->topic) - 5 }, HF_ARR(hash));
}

void rig_expect(struct rig *r, const char *op, unsigned cls, size_t n, const char *args, unsigned status,
		unsigned reason)
{
	rig_send(r, op, cls, n, args);
	rig_take_receipt(r);
	assert_int_equal(r->receipt.status, status);
	assert_int_equal(r->receipt.reason, reason);
}

unsigned rig_told(struct rig *r, int who, struct hf_out *body)
{
	static uint8_t mem[HF_IPC_BODY_MAX];
	ssize_t n = recv(r->told[who], mem, sizeof(mem), MSG_DONTWAIT);
	struct hf_ipc_head head;

	if (n < 0)
		return 0;
	assert_int_equal(hf_ipc_head_read((hf_bytes){ mem, (size_t)n }, &head), HF_OK);
	body->len = 0;
	assert_int_equal(hf_out_put(body, (hf_bytes){ mem + HF_IPC_HEAD_LEN, head.len }), HF_OK);
	return head.type;
}

hf_err rig_pair(struct rig *r, hf_err (*handle)(void *ctx, hf_bytes body, struct hf_out *reply), hf_bytes a,
		hf_bytes b)
{
	static uint8_t mem[AGENT_PAYLOAD_CAP + 256], none[64];
	struct hf_out body = HF_OUT(mem), reply = HF_OUT(none);

	assert_int_equal(msg_pair_write(a, b, &body), HF_OK);
	return handle(&r->k, hf_out_bytes(&body), &reply);
}
