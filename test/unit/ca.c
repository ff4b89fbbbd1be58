/* ca.c -- the ca process asked over its real sockets: what each asker may have, and what nobody gets.
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <holdfast/cbor.h>
#include <holdfast/claim.h>
#include <hf/ca.h>
#include <hf/file.h>
#include <hf/loop.h>
#include <hf/pki.h>

struct rig {
	char dir[64];
	int enrol[2], api[2], door[2];
	struct hf_caproc *proc;
	struct hf_loop *loop;
	pthread_t thread;
	struct hf_ca as_enrol, as_api, as_device;
	struct hf_key device;
	uint8_t pub[HF_P256_POINT_LEN];
};

static void put(struct rig *r, const char *name, hf_bytes data)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	assert_int_equal(hf_file_create(path, data, 0600, NULL), HF_OK);
}

static void put_dir(struct rig *r, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* An own root for each CA is enough here: the ca process looks at its own certificate only. */
static void put_key(struct rig *r, const char *name, bool cert)
{
	uint8_t serial[HF_PKI_SERIAL_LEN] = { 0x41 }, mem[4096], der_mem[HF_PKI_CERT_MAX];
	struct hf_pki_key *root = NULL, *key = NULL;
	struct hf_hwkey root_hw, hw;
	struct hf_out pem = HF_OUT(mem), der = HF_OUT(der_mem), ca = HF_OUT(der_mem);
	char file[64];

	assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P256, &key), HF_OK);
	assert_int_equal(hf_pki_key_write(key, (hf_bytes){ NULL, 0 }, &pem), HF_OK);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	put(r, file, hf_out_bytes(&pem));
	if (cert) {
		uint8_t root_mem[HF_PKI_CERT_MAX];
		struct hf_out root_der = HF_OUT(root_mem);
		struct hf_pki_spec spec = { .profile = HF_PKI_ROOT,
					    .curve = HF_CURVE_P384,
					    .pub = root_hw.pub,
					    .serial = serial,
					    .not_before = 1,
					    .not_after = HF_PKI_FOREVER,
					    .cn = "Root" };

		assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P384, &root), HF_OK);
		assert_int_equal(hf_pki_key_hwkey(root, &root_hw), HF_OK);
		assert_int_equal(hf_pki_key_hwkey(key, &hw), HF_OK);
		assert_int_equal(hf_pki_issue(&spec, (hf_bytes){ NULL, 0 }, &root_hw, &root_der), HF_OK);
		spec = (struct hf_pki_spec){ .profile = HF_PKI_SUB_CA,
					     .curve = HF_CURVE_P256,
					     .pub = hw.pub,
					     .serial = serial,
					     .not_before = 1,
					     .not_after = HF_PKI_FOREVER,
					     .cn = name };
		assert_int_equal(hf_pki_issue(&spec, hf_out_bytes(&root_der), &root_hw, &ca), HF_OK);
		der = ca;
		pem.len = 0;
		assert_int_equal(hf_pki_pem_write("CERTIFICATE", hf_out_bytes(&der), &pem), HF_OK);
		(void)snprintf(file, sizeof(file), "%s.crt", name);
		put(r, file, hf_out_bytes(&pem));
	}
	hf_pki_key_free(root);
	hf_pki_key_free(key);
}

static void *serve(void *ctx)
{
	struct rig *r = ctx;
	return hf_loop_run(r->loop) == HF_OK ? NULL : r;
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct hf_why why = { 0 };

	strcpy(r->dir, "/tmp/hf-ca-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	put_dir(r, "ca");
	put_dir(r, "tls");
	put_dir(r, "products");
	put(r, "holdfast.conf", HF_STR("domain = fleet.example\nhost = server.fleet.example\n"));
	put(r, "products/lamp.conf", HF_STR("line = lamp\n"));
	put_key(r, "ca/op", true);
	put_key(r, "ca/station", true);
	put_key(r, "tls/enrol", false);
	put_key(r, "tls/api", false);
	assert_int_equal(hf_caproc_make_intake(r->dir, (hf_bytes){ NULL, 0 }, &why), HF_OK);
	assert_int_equal(hf_ipc_pair(r->enrol, &why), HF_OK);
	assert_int_equal(hf_ipc_pair(r->api, &why), HF_OK);
	assert_int_equal(hf_ipc_pair(r->door, &why), HF_OK);
	struct hf_caproc_conf conf = { .dir = r->dir,
				       .enrol_fd = r->enrol[1],
				       .api_fd = r->api[1],
				       .device_fd = r->door[1] };
	if (hf_caproc_new(&conf, &r->proc, &why) != HF_OK)
		fail_msg("%s", hf_why_text(&why));
	assert_int_equal(hf_loop_new(&r->loop), HF_OK);
	assert_int_equal(hf_caproc_start(r->proc, r->loop), HF_OK);
	assert_int_equal(hf_ipc_new(r->enrol[0], &r->as_enrol.ipc), HF_OK);
	assert_int_equal(hf_ipc_new(r->api[0], &r->as_api.ipc), HF_OK);
	assert_int_equal(hf_ipc_new(r->door[0], &r->as_device.ipc), HF_OK);
	assert_int_equal(hf_crypto_p256_generate(&r->device, r->pub), HF_OK);
	assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	char cmd[96];

	hf_loop_stop(r->loop);
	pthread_join(r->thread, NULL);
	hf_ipc_free(r->as_enrol.ipc);
	hf_ipc_free(r->as_api.ipc);
	hf_ipc_free(r->as_device.ipc);
	hf_caproc_free(r->proc);
	hf_loop_free(r->loop);
	(void)close(r->enrol[1]);
	(void)close(r->api[1]);
	(void)close(r->door[1]);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", r->dir);
	assert_int_equal(system(cmd), 0);
	free(r);
	return 0;
}

static hf_err issue(struct hf_ca *ca, struct rig *r, int profile, const char *name, const char *line,
		    int64_t life_s, struct hf_pki_cert *cert)
{
	uint8_t mem[HF_PKI_CERT_MAX];
	struct hf_out der = HF_OUT(mem);
	struct hf_ca_issued issued;
	struct hf_ca_order o = {
		.profile = profile, .pub = r->pub, .name = name, .line = line, .life_s = life_s
	};

	HF_TRY(hf_ca_issue(ca, &o, &issued, &der));
	HF_TRY(hf_pki_cert_read(hf_out_bytes(&der), cert));
	/* What is said of a certificate is what it says itself. */
	assert_memory_equal(issued.serial, cert->serial, sizeof(issued.serial));
	assert_true(issued.not_before == cert->not_before && issued.not_after == cert->not_after);
	return HF_OK;
}

enum { DAY = 86400 };

static void a_device_certificate_holds_what_the_server_says(void **state)
{
	struct rig *r = *state;
	struct hf_pki_cert c;

	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp", 90 * DAY, &c),
		HF_OK);
	assert_string_equal(c.cn, "hf-abcdefghijklmnop");
	assert_string_equal(c.uri, "spiffe://fleet.example/d/abcdefghijklmnop");
	assert_int_equal(c.usage, HF_PKI_USE_CLIENT);
	assert_memory_equal(c.pub, r->pub, sizeof(r->pub));
	assert_int_equal(c.not_after - c.not_before, 90 * DAY + 300);
	assert_in_range(c.serial[0], 0x40, 0x7f);
}

static void each_asker_gets_its_own_profiles_only(void **state)
{
	struct rig *r = *state;
	struct hf_pki_cert c;

	assert_int_equal(issue(&r->as_api, r, HF_CA_PROFILE_OPERATOR, "alice", "", 0, &c), HF_OK);
	assert_int_equal(issue(&r->as_api, r, HF_CA_PROFILE_STATION, "st1", "", 0, &c), HF_OK);
	assert_string_equal(c.ou, "station");
	assert_int_equal(issue(&r->as_enrol, r, HF_CA_PROFILE_OPERATOR, "alice", "", 0, &c),
			 HF_ERR_CA_PROFILE);
	assert_int_equal(issue(&r->as_api, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp", 90 * DAY, &c),
			 HF_ERR_CA_PROFILE);
	for (int profile = 0; profile <= 20; profile++)
		if (profile != HF_CA_PROFILE_LDEVID && profile != HF_CA_PROFILE_IDEVID)
			assert_int_equal(
				issue(&r->as_enrol, r, profile, "abcdefghijklmnop", "lamp", 90 * DAY, &c),
				HF_ERR_CA_PROFILE);
}

static void the_device_door_gets_handshakes_signed_and_nothing_else(void **state)
{
	struct rig *r = *state;
	uint8_t pub[HF_P256_POINT_LEN];
	struct hf_key key = { 0 };
	struct hf_ipc_key tls;
	struct hf_pki_cert c;

	assert_int_equal(hf_ipc_key_open(&tls, r->as_device.ipc, HF_CA_TLS_ENROL, 5000), HF_OK);
	assert_int_not_equal(hf_ipc_key_open(&tls, r->as_device.ipc, HF_CA_TLS_API, 5000), HF_OK);
	assert_int_not_equal(issue(&r->as_device, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp",
				   30 * 86400, &c),
			     HF_OK);
	assert_int_not_equal(hf_ca_mac_key(&r->as_device, "cursor", &key), HF_OK);
	assert_int_not_equal(hf_ca_intake_pub(&r->as_device, pub), HF_OK);
}

static void names_lives_and_lines_outside_the_rules_are_refused(void **state)
{
	static const char *const names[] = { "ABCDEFGHIJKLMNOP", "abcdefghijklmno", "abcdefghijklmnopq",
					     "abcdefghijklmno1", "abc/efghijklmnop" };
	struct rig *r = *state;
	struct hf_pki_cert c;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, names[i], "lamp", 90 * DAY, &c),
				 HF_ERR_CA_REQUEST);
	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp", 7 * DAY - 1, &c),
		HF_ERR_CA_REQUEST);
	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp", 398 * DAY + 1, &c),
		HF_ERR_CA_REQUEST);
	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "other", 90 * DAY, &c),
		HF_ERR_CA_REQUEST);
	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_IDEVID, "abcdefghijklmnopqrstuvwxyz", "lamp", 0, &c),
		HF_ERR_CA_KEY); /* the line has no Device-ID CA */
	r->pub[40] ^= 1;
	assert_int_equal(
		issue(&r->as_enrol, r, HF_CA_PROFILE_LDEVID, "abcdefghijklmnop", "lamp", 90 * DAY, &c),
		HF_ERR_CRYPTO_POINT);
}

static void a_claim_is_checked_without_its_key_leaving(void **state)
{
	struct rig *r = *state;
	uint8_t cid[16] = { 1 }, x[32] = { 2 }, hash[32] = { 3 }, mac[32], answer[32], want[32], mem[96];
	struct hf_key kc = { .b = { 9, 9 }, .len = 32 };
	struct hf_out sealed = HF_OUT(mem);
	hf_bytes none = { NULL, 0 };

	assert_int_equal(hf_ca_seal_kc(&r->as_api, HF_ARR(cid), HF_ARR(kc.b), &sealed), HF_OK);
	hf_bytes s = hf_out_bytes(&sealed);
	assert_int_equal(hf_claim_mac(&kc, HF_CLAIM_DEVICE, x, hash, mac), HF_OK);
	assert_int_equal(
		hf_ca_claim_check(&r->as_enrol, s, HF_ARR(cid), HF_ARR(x), HF_ARR(hash), HF_ARR(mac)), HF_OK);
	assert_int_equal(hf_ca_claim_answer(&r->as_enrol, s, HF_ARR(cid), HF_ARR(x), HF_ARR(hash), answer),
			 HF_OK);
	assert_int_equal(hf_claim_mac(&kc, HF_CLAIM_SERVER, x, hash, want), HF_OK);
	assert_memory_equal(answer, want, 32);
	assert_int_equal(hf_ca_same_kc(&r->as_api, s, HF_ARR(cid), HF_ARR(kc.b)), HF_OK);
	/* unknown claim, wrong MAC, other claim, wrong Kc */
	assert_int_equal(
		hf_ca_claim_check(&r->as_enrol, none, HF_ARR(cid), HF_ARR(x), HF_ARR(hash), HF_ARR(mac)),
		HF_ERR_CLAIM_MAC);
	mac[0] ^= 1;
	assert_int_equal(
		hf_ca_claim_check(&r->as_enrol, s, HF_ARR(cid), HF_ARR(x), HF_ARR(hash), HF_ARR(mac)),
		HF_ERR_CLAIM_MAC);
	kc.b[0] ^= 1;
	assert_int_equal(hf_ca_same_kc(&r->as_api, s, HF_ARR(cid), HF_ARR(kc.b)), HF_ERR_CLAIM_MAC);
	cid[0] ^= 1;
	assert_int_equal(
		hf_ca_claim_check(&r->as_enrol, s, HF_ARR(cid), HF_ARR(x), HF_ARR(hash), HF_ARR(mac)),
		HF_ERR_CRYPTO_TAG);
}

static void what_is_not_in_the_table_is_not_answered(void **state)
{
	struct rig *r = *state;
	uint8_t cid[16] = { 1 }, kc[32] = { 2 }, mem[256];
	struct hf_out out = HF_OUT(mem);
	struct hf_key key;

	assert_int_equal(hf_ca_seal_kc(&r->as_enrol, HF_ARR(cid), HF_ARR(kc), &out), HF_ERR_IPC_TYPE);
	assert_int_equal(hf_ca_mac_key(&r->as_enrol, "cursor", &key), HF_ERR_IPC_TYPE);
	assert_int_equal(hf_ca_mac_key(&r->as_api, "cursor", &key), HF_OK);
	struct hf_ipc_key other;
	assert_int_equal(hf_ipc_key_open(&other, r->as_enrol.ipc, HF_CA_TLS_API, 1000), HF_ERR_IPC_KEY);
	assert_int_equal(hf_ipc_key_open(&other, r->as_enrol.ipc, HF_CA_TLS_ENROL, 1000), HF_OK);
	static const uint8_t junk[80] = { 0x85, 0x01 };
	out.len = 0;
	assert_int_equal(hf_ipc_call(r->as_enrol.ipc, HF_CA_ISSUE, HF_ARR(junk), 1000, &out),
			 HF_ERR_CA_REQUEST);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_device_certificate_holds_what_the_server_says),
		T(each_asker_gets_its_own_profiles_only),
		T(the_device_door_gets_handshakes_signed_and_nothing_else),
		T(names_lives_and_lines_outside_the_rules_are_refused),
		T(a_claim_is_checked_without_its_key_leaving),
		T(what_is_not_in_the_table_is_not_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
