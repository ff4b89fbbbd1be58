/* Unit tests of hf/deploy.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/deploy.h>
#include <holdfast/crypto.h>
#include <hf/file.h>

struct rig {
	char dir[64];
	struct hf_why why;
};

static struct rig new_rig(void)
{
	struct rig r = { .dir = "/tmp/hf-unit-deploy-XXXXXX" };

	assert_non_null(mkdtemp(r.dir));
	return r;
}

static void put(struct rig *r, const char *name, const char *text, char path[static HF_DEPLOY_PATH_MAX])
{
	hf_bytes data = { (const uint8_t *)text, strlen(text) };

	assert_int_equal(hf_deploy_path(path, r->dir, name, &r->why), HF_OK);
	assert_int_equal(hf_file_replace(path, data, 0600, &r->why), HF_OK);
}

static void end(struct rig *r, const char *path)
{
	unlink(path);
	rmdir(r->dir);
}

static void names_hosts_and_addresses_are_judged(void **unused)
{
	char host[HF_DEPLOY_HOST_MAX];
	uint16_t port = 0;
	(void)unused;

	assert_true(hf_deploy_is_name("lamp-2"));
	assert_false(hf_deploy_is_name(""));
	assert_false(hf_deploy_is_name("../lamp"));
	assert_false(hf_deploy_is_name("Lamp"));
	assert_false(hf_deploy_is_name("2lamp"));
	assert_false(hf_deploy_is_name("lamp-"));
	assert_true(hf_deploy_is_host("fleet.example"));
	assert_false(hf_deploy_is_host("127.0.0.1"));
	assert_false(hf_deploy_is_host("fleet..example"));
	assert_false(hf_deploy_is_host("fleet.example."));
	assert_false(hf_deploy_is_host("-a.example"));
	assert_true(hf_deploy_split_listen("[::1]:8443", host, &port));
	assert_string_equal(host, "::1");
	assert_int_equal(port, 8443);
	assert_false(hf_deploy_split_listen("::1:8443", host, &port));
	assert_false(hf_deploy_split_listen("localhost", host, &port));
	assert_false(hf_deploy_split_listen("localhost:0", host, &port));
	assert_false(hf_deploy_split_listen("localhost:65536", host, &port));
	assert_false(hf_deploy_split_listen("localhost:+1", host, &port));
}

static void a_folder_without_configuration_is_no_deployment(void **unused)
{
	struct rig r = new_rig();
	struct hf_deploy d;
	(void)unused;

	assert_int_equal(hf_deploy_read(r.dir, &d, &r.why), HF_ERR_DEPLOY_NOT_ONE);
	assert_non_null(strstr(r.why.text, "holdfast init"));
	rmdir(r.dir);
}

static void standard_values_are_filled_in(void **unused)
{
	struct rig r = new_rig();
	char path[HF_DEPLOY_PATH_MAX];
	struct hf_deploy d;
	(void)unused;

	put(&r, "holdfast.conf", "domain = fleet.example\nhost = server.fleet.example\n", path);
	assert_int_equal(hf_deploy_read(r.dir, &d, &r.why), HF_OK);
	assert_string_equal(d.est_listen, "0.0.0.0:8443");
	assert_string_equal(d.op_ca_key, "file:ca/op.key");
	assert_int_equal(d.compat_tls, 0);
	end(&r, path);
}

static void a_host_outside_the_domain_is_refused(void **unused)
{
	static const char *const hosts[] = { "localhost", "notfleet.example", "example",
					     "fleet.example.org" };
	struct rig r = new_rig();
	struct hf_deploy d;
	char path[HF_DEPLOY_PATH_MAX], text[128];
	(void)unused;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		(void)snprintf(text, sizeof(text), "domain = fleet.example\nhost = %s\n", hosts[i]);
		put(&r, "holdfast.conf", text, path);
		assert_int_equal(hf_deploy_read(r.dir, &d, &r.why), HF_ERR_DEPLOY_VALUE);
		assert_non_null(strstr(r.why.text, "inside the domain"));
	}
	put(&r, "holdfast.conf", "domain = fleet.example\nhost = fleet.example\n", path);
	assert_int_equal(hf_deploy_read(r.dir, &d, &r.why), HF_OK);
	end(&r, path);
}

static void a_bad_address_is_named(void **unused)
{
	struct rig r = new_rig();
	char path[HF_DEPLOY_PATH_MAX];
	struct hf_deploy d;
	(void)unused;

	put(&r, "holdfast.conf",
	    "domain = fleet.example\nhost = server.fleet.example\napi-listen = nowhere\n", path);
	assert_int_equal(hf_deploy_read(r.dir, &d, &r.why), HF_ERR_DEPLOY_VALUE);
	assert_non_null(strstr(r.why.text, "api-listen"));
	end(&r, path);
}

static void a_line_whose_life_is_too_short_for_its_silence_is_refused(void **unused)
{
	struct rig r = new_rig();
	char path[HF_DEPLOY_PATH_MAX];
	struct hf_deploy_line line;
	(void)unused;

	put(&r, "lamp.conf", "line = lamp\nlife = 30d\noffline = 20d\n", path);
	assert_int_equal(hf_deploy_line_read(path, &line, &r.why), HF_ERR_DEPLOY_VALUE);
	put(&r, "lamp.conf", "line = lamp\nlife = 7300d\n", path);
	assert_int_equal(hf_deploy_line_read(path, &line, &r.why), HF_ERR_CONF_VALUE);
	put(&r, "lamp.conf", "line = lamp\nlife = 90d\noffline = 30d\n", path);
	assert_int_equal(hf_deploy_line_read(path, &line, &r.why), HF_OK);
	assert_int_equal(line.enrol, HF_ENROL_CLAIM);
	assert_true(line.pop_required);
	end(&r, path);
}

static void relative_keys_are_found_beside_their_file(void **unused)
{
	struct hf_why why;
	char out[HF_DEPLOY_PATH_MAX];
	(void)unused;

	assert_int_equal(hf_deploy_uri(out, "/d", "file:ca/op.key", &why), HF_OK);
	assert_string_equal(out, "file:/d/ca/op.key");
	assert_int_equal(hf_deploy_uri(out, "/d", "operator.crt", &why), HF_OK);
	assert_string_equal(out, "/d/operator.crt");
	assert_int_equal(hf_deploy_uri(out, "/d", "pkcs11:token=x", &why), HF_OK);
	assert_string_equal(out, "pkcs11:token=x");
	assert_int_equal(hf_deploy_uri(out, "/d", "file:/k", &why), HF_OK);
	assert_string_equal(out, "file:/k");
}

static struct hf_provision sample(void)
{
	return (struct hf_provision){ .line = HF_STR("lamp"),
				      .enrol_host = HF_STR("localhost"),
				      .broker_host = HF_STR("localhost"),
				      .domain = HF_STR("fleet.example"),
				      .server_ca = HF_STR("cert"),
				      .policy = HF_STR("policy"),
				      .enrol_port = 8443,
				      .broker_port = 8883,
				      .enrol = 2,
				      .op_ca = { HF_STR("op") },
				      .n_op_ca = 1 };
}

static void a_provisioning_file_survives_a_round_trip(void **unused)
{
	uint8_t mem[512];
	struct hf_out out = HF_OUT(mem);
	struct hf_provision p = sample(), back;
	(void)unused;

	assert_int_equal(hf_provision_write(&p, &out), HF_OK);
	assert_int_equal(hf_provision_read(hf_out_bytes(&out), &back), HF_OK);
	assert_true(hf_bytes_equal(back.domain, HF_STR("fleet.example")));
	assert_int_equal(back.broker_port, 8883);
	assert_int_equal(back.n_op_ca, 1);
	for (size_t n = 0; n < out.len; n++) {
		assert_int_not_equal(hf_provision_read((hf_bytes){ mem, n }, &back), HF_OK);
		assert_int_equal(back.line.len, 0);
	}
}

static void a_provisioning_file_with_empty_or_zero_fields_is_refused(void **unused)
{
	uint8_t mem[512];
	struct hf_out out = HF_OUT(mem);
	struct hf_provision p = sample(), back;
	(void)unused;

	p.enrol_port = 0;
	assert_int_equal(hf_provision_write(&p, &out), HF_OK);
	assert_int_equal(hf_provision_read(hf_out_bytes(&out), &back), HF_ERR_DEPLOY_PROVISION);
	p = sample();
	p.policy.len = 0;
	out.len = 0;
	assert_int_equal(hf_provision_write(&p, &out), HF_OK);
	assert_int_equal(hf_provision_read(hf_out_bytes(&out), &back), HF_ERR_DEPLOY_PROVISION);
}

/* What holders of root keys are shown before they sign. */
static void a_change_of_the_operational_ca_is_read_exactly(void **unused)
{
	static const uint8_t now[HF_SHA256_LEN] = { 1 }, before[HF_SHA256_LEN] = { 2 };
	static const uint8_t ref[HF_KID_LEN] = { 3 };
	struct hf_deploy_op_change c = { 2, HF_ARR(now), HF_ARR(before), HF_ARR(ref) }, back;
	uint8_t mem[256];
	struct hf_out out = HF_OUT(mem);
	(void)unused;

	assert_int_equal(hf_deploy_op_payload(&c, &out), HF_OK);
	assert_int_equal(hf_deploy_op_read(hf_out_bytes(&out), &back), HF_OK);
	assert_int_equal(back.generation, 2);
	assert_true(hf_bytes_equal(back.spki_sha256, c.spki_sha256));
	assert_true(hf_bytes_equal(back.before_spki_sha256, c.before_spki_sha256));
	assert_true(hf_bytes_equal(back.policy_ref, c.policy_ref));
	for (size_t n = 0; n < out.len; n++)
		assert_int_equal(hf_deploy_op_read((hf_bytes){ mem, n }, &back), HF_ERR_DEPLOY_VALUE);
	mem[out.len] = 0;
	assert_int_equal(hf_deploy_op_read((hf_bytes){ mem, out.len + 1 }, &back), HF_ERR_DEPLOY_VALUE);
	for (unsigned bad = 0; bad < 4; bad++) {
		struct hf_deploy_op_change wrong = c;

		wrong.generation = bad == 0 ? 1 : bad == 1 ? HF_DEPLOY_OP_MAX + 1 : 2;
		wrong.spki_sha256.len -= bad == 2;
		wrong.policy_ref.len -= bad == 3;
		out.len = 0;
		assert_int_equal(hf_deploy_op_payload(&wrong, &out), HF_OK);
		assert_int_equal(hf_deploy_op_read(hf_out_bytes(&out), &back), HF_ERR_DEPLOY_VALUE);
		assert_int_equal(back.generation, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_hosts_and_addresses_are_judged),
		cmocka_unit_test(a_folder_without_configuration_is_no_deployment),
		cmocka_unit_test(standard_values_are_filled_in),
		cmocka_unit_test(a_host_outside_the_domain_is_refused),
		cmocka_unit_test(a_bad_address_is_named),
		cmocka_unit_test(a_line_whose_life_is_too_short_for_its_silence_is_refused),
		cmocka_unit_test(relative_keys_are_found_beside_their_file),
		cmocka_unit_test(a_provisioning_file_survives_a_round_trip),
		cmocka_unit_test(a_provisioning_file_with_empty_or_zero_fields_is_refused),
		cmocka_unit_test(a_change_of_the_operational_ca_is_read_exactly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
