/* Unit tests of hf/pki.h: what is issued says what its profile says, what is foreign is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hf/pki.h>

enum { NOW = 1800000000, DAY = 86400 };

struct rig {
	struct hf_pki_key *root_key, *ca_key, *leaf_key;
	struct hf_hwkey root, ca, leaf;
	uint8_t mem[3][HF_PKI_CERT_MAX];
	struct hf_out root_cert, ca_cert, leaf_cert;
	uint8_t serial[HF_PKI_SERIAL_LEN];
};

static void issue(struct rig *r, const struct hf_pki_spec *spec, const struct hf_out *issuer,
		  const struct hf_hwkey *key, struct hf_out *out)
{
	struct hf_pki_spec s = *spec;

	s.serial = r->serial;
	r->serial[15]++;
	out->len = 0;
	assert_int_equal(hf_pki_issue(&s, issuer == NULL ? (hf_bytes){ 0 } : hf_out_bytes(issuer), key, out),
			 HF_OK);
}

static void start(struct rig *r, enum hf_pki_profile ca_profile)
{
	memset(r, 0, sizeof(*r));
	memset(r->serial, 0x41, sizeof(r->serial));
	r->root_cert = HF_OUT(r->mem[0]);
	r->ca_cert = HF_OUT(r->mem[1]);
	r->leaf_cert = HF_OUT(r->mem[2]);
	assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P384, &r->root_key), HF_OK);
	assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P256, &r->ca_key), HF_OK);
	assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P256, &r->leaf_key), HF_OK);
	assert_int_equal(hf_pki_key_hwkey(r->root_key, &r->root), HF_OK);
	assert_int_equal(hf_pki_key_hwkey(r->ca_key, &r->ca), HF_OK);
	assert_int_equal(hf_pki_key_hwkey(r->leaf_key, &r->leaf), HF_OK);
	issue(r,
	      &(struct hf_pki_spec){ .profile = HF_PKI_ROOT,
				     .curve = HF_CURVE_P384,
				     .pub = r->root.pub,
				     .not_before = NOW - DAY,
				     .not_after = NOW + 7300 * (int64_t)DAY,
				     .cn = "Test Root" },
	      NULL, &r->root, &r->root_cert);
	issue(r,
	      &(struct hf_pki_spec){ .profile = ca_profile,
				     .curve = HF_CURVE_P256,
				     .pub = r->ca.pub,
				     .not_before = NOW - DAY,
				     .not_after = NOW + 1000 * DAY,
				     .cn = "Test CA",
				     .domain = "fleet.example" },
	      &r->root_cert, &r->root, &r->ca_cert);
}

static void end(struct rig *r)
{
	hf_pki_key_free(r->root_key);
	hf_pki_key_free(r->ca_key);
	hf_pki_key_free(r->leaf_key);
}

static const struct hf_pki_spec device = { .profile = HF_PKI_LDEVID,
					   .curve = HF_CURVE_P256,
					   .not_before = NOW - 300,
					   .not_after = NOW + 90 * DAY,
					   .cn = "hf-aaaaaaaaaaaaaaaa",
					   .uri = "spiffe://fleet.example/d/aaaaaaaaaaaaaaaa" };

static void issue_leaf(struct rig *r, struct hf_pki_spec spec)
{
	spec.pub = r->leaf.pub;
	issue(r, &spec, &r->ca_cert, &r->ca, &r->leaf_cert);
}

static void a_device_certificate_says_what_its_profile_says(void **unused)
{
	struct rig r;
	struct hf_pki_cert cert;
	hf_bytes anchor;
	unsigned marks = 9;
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	issue_leaf(&r, device);
	assert_int_equal(hf_pki_cert_read(hf_out_bytes(&r.leaf_cert), &cert), HF_OK);
	assert_string_equal(cert.cn, "hf-aaaaaaaaaaaaaaaa");
	assert_string_equal(cert.uri, "spiffe://fleet.example/d/aaaaaaaaaaaaaaaa");
	assert_int_equal(cert.usage, HF_PKI_USE_CLIENT);
	assert_int_equal(cert.not_before, NOW - 300);
	assert_int_equal(cert.not_after, NOW + 90 * DAY);
	assert_int_equal(cert.serial_len, 16);
	assert_memory_equal(cert.pub, r.leaf.pub, 65);
	anchor = hf_out_bytes(&r.ca_cert);
	assert_int_equal(
		hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_CLIENT, NOW, &marks), HF_OK);
	assert_int_equal(marks, 0);
	assert_int_equal(
		hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_SERVER, NOW, &marks),
		HF_ERR_CRYPTO_CHAIN);
	end(&r);
}

static void expiry_alone_is_marked_and_nothing_else_is_forgiven(void **unused)
{
	struct rig r, other;
	hf_bytes anchor;
	unsigned marks = 0;
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	start(&other, HF_PKI_SUB_CA);
	issue_leaf(&r, device);
	anchor = hf_out_bytes(&r.ca_cert);
	assert_int_equal(hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_CLIENT,
				       NOW + 91 * DAY, &marks),
			 HF_OK);
	assert_int_equal(marks, HF_PKI_EXPIRED);
	assert_int_equal(hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_CLIENT,
				       NOW + 91 * DAY, NULL),
			 HF_ERR_CRYPTO_CHAIN);
	anchor = hf_out_bytes(&other.ca_cert); /* same names, other key */
	assert_int_equal(hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_CLIENT,
				       NOW + 91 * DAY, &marks),
			 HF_ERR_CRYPTO_CHAIN);
	assert_int_equal(marks, 0);
	end(&r);
	end(&other);
}

static void a_server_ca_cannot_speak_for_other_domains(void **unused)
{
	struct rig r;
	hf_bytes anchor;
	struct hf_pki_cert cert;
	struct hf_pki_spec spec = { .profile = HF_PKI_SERVER,
				    .curve = HF_CURVE_P256,
				    .not_before = NOW - 300,
				    .not_after = NOW + 90 * DAY,
				    .cn = "broker",
				    .host = "broker.fleet.example" };
	(void)unused;

	start(&r, HF_PKI_SERVER_CA);
	issue_leaf(&r, spec);
	anchor = hf_out_bytes(&r.ca_cert);
	assert_int_equal(hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_SERVER, NOW, NULL),
			 HF_OK);
	assert_int_equal(hf_pki_cert_read(hf_out_bytes(&r.leaf_cert), &cert), HF_OK);
	assert_string_equal(cert.dns, "broker.fleet.example");
	assert_int_equal(cert.usage, HF_PKI_USE_SERVER | HF_PKI_USE_RA);
	spec.host = "bank.example";
	issue_leaf(&r, spec);
	assert_int_equal(hf_pki_verify(hf_out_bytes(&r.leaf_cert), &anchor, 1, HF_PKI_USE_SERVER, NOW, NULL),
			 HF_ERR_CRYPTO_CHAIN);
	end(&r);
}

static void a_factory_certificate_names_its_module(void **unused)
{
	struct rig r;
	struct hf_pki_cert cert;
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	issue_leaf(&r, (struct hf_pki_spec){ .profile = HF_PKI_IDEVID,
					     .curve = HF_CURVE_P256,
					     .not_before = NOW,
					     .not_after = HF_PKI_FOREVER,
					     .cn = "abcdefghijklmnopqrstuvwxy2",
					     .oid = "1.3.6.1.4.1.99999.1" });
	assert_int_equal(hf_pki_cert_read(hf_out_bytes(&r.leaf_cert), &cert), HF_OK);
	assert_string_equal(cert.handle, "abcdefghijklmnopqrstuvwxy2");
	assert_int_equal(cert.not_after, HF_PKI_FOREVER);
	end(&r);
}

static void an_issuer_that_does_not_fit_is_refused(void **unused)
{
	struct rig r;
	struct hf_pki_spec spec = device;
	uint8_t low[HF_PKI_SERIAL_LEN] = { 0 };
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	spec.pub = r.leaf.pub;
	spec.serial = r.serial;
	assert_int_equal(hf_pki_issue(&spec, hf_out_bytes(&r.ca_cert), &r.leaf, &r.leaf_cert),
			 HF_ERR_CRYPTO_CERT);
	assert_int_equal(hf_pki_issue(&spec, HF_STR("junk"), &r.ca, &r.leaf_cert), HF_ERR_CRYPTO_CERT);
	assert_int_equal(hf_pki_issue(&spec, (hf_bytes){ 0 }, &r.ca, &r.leaf_cert), HF_ERR_BASE_MISUSE);
	spec.serial = low;
	assert_int_not_equal(hf_pki_issue(&spec, hf_out_bytes(&r.ca_cert), &r.ca, &r.leaf_cert), HF_OK);
	hf_pki_serial_fix(low);
	assert_int_equal(low[0], 0x40);
	assert_int_equal(r.leaf_cert.len, 0);
	end(&r);
}

static void a_request_round_trips_and_every_damaged_one_is_refused(void **unused)
{
	struct rig r;
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_pki_csr csr;
	const struct hf_pki_csr_spec spec = { .cn = "hf-a",
					      .uri = "spiffe://x/d/a",
					      .challenge = "q83vEjRWeJA=" };
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	assert_int_equal(hf_pki_csr_write(&spec, &r.leaf, &out), HF_OK);
	assert_int_equal(hf_pki_csr_read(hf_out_bytes(&out), &csr), HF_OK);
	assert_string_equal(csr.cn, "hf-a");
	assert_string_equal(csr.uri, "spiffe://x/d/a");
	assert_string_equal(csr.challenge, "q83vEjRWeJA=");
	assert_true(csr.plain_names && csr.has_subject && csr.has_san);
	assert_memory_equal(csr.pub, r.leaf.pub, 65);
	mem[out.len] = 0;
	assert_int_equal(hf_pki_csr_read((hf_bytes){ mem, out.len + 1 }, &csr), HF_ERR_CRYPTO_CSR);
	for (size_t i = 0; i < out.len; i++) {
		mem[i] ^= 1;
		assert_int_not_equal(hf_pki_csr_read(hf_out_bytes(&out), &csr), HF_OK);
		mem[i] ^= 1;
		assert_int_not_equal(hf_pki_csr_read((hf_bytes){ mem, i }, &csr), HF_OK);
	}
	end(&r);
}

static void a_request_with_another_curve_is_refused(void **unused)
{
	struct rig r;
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out out = HF_OUT(mem);
	struct hf_pki_csr csr;
	const struct hf_pki_csr_spec spec = { 0 };
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	assert_int_equal(hf_pki_csr_write(&spec, &r.root, &out), HF_OK);
	assert_int_equal(hf_pki_csr_read(hf_out_bytes(&out), &csr), HF_ERR_CRYPTO_CSR);
	end(&r);
}

static void certs_only_objects_round_trip(void **unused)
{
	struct rig r;
	uint8_t mem[4096];
	struct hf_out out = HF_OUT(mem);
	hf_bytes certs[HF_PKI_CERTS_MAX];
	size_t n = 0;
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	certs[0] = hf_out_bytes(&r.ca_cert);
	certs[1] = hf_out_bytes(&r.root_cert);
	assert_int_equal(hf_pki_certs_only_write(certs, 2, &out), HF_OK);
	assert_int_equal(hf_pki_certs_only_read(hf_out_bytes(&out), certs, &n), HF_OK);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < out.len; i++)
		assert_int_equal(hf_pki_certs_only_read((hf_bytes){ mem, i }, certs, &n), HF_ERR_CRYPTO_CERT);
	assert_int_equal(hf_pki_certs_only_read(HF_STR("0\x80"), certs, &n), HF_ERR_CRYPTO_CERT);
	end(&r);
}

static void an_encrypted_key_opens_with_its_passphrase_only(void **unused)
{
	struct hf_pki_key *key = NULL, *back = NULL;
	uint8_t mem[4096];
	struct hf_out pem = HF_OUT(mem);
	(void)unused;

	for (int kind = HF_PKI_KIND_P256; kind <= HF_PKI_KIND_ED25519; kind++) {
		pem.len = 0;
		assert_int_equal(hf_pki_key_generate(kind, &key), HF_OK);
		assert_int_equal(hf_pki_key_write(key, HF_STR("correct horse"), &pem), HF_OK);
		assert_non_null(memmem(mem, pem.len, "ENCRYPTED", 9));
		assert_int_equal(hf_pki_key_read(hf_out_bytes(&pem), HF_STR("wrong"), &back),
				 HF_ERR_CRYPTO_KEY);
		assert_null(back);
		assert_int_equal(hf_pki_key_read(hf_out_bytes(&pem), (hf_bytes){ 0 }, &back),
				 HF_ERR_CRYPTO_KEY);
		assert_int_equal(hf_pki_key_read(hf_out_bytes(&pem), HF_STR("correct horse"), &back), HF_OK);
		assert_int_equal(hf_pki_key_kind(back), kind);
		hf_pki_key_free(back);
		hf_pki_key_free(key);
	}
	assert_int_equal(hf_pki_key_generate(4, &key), HF_ERR_BASE_MISUSE);
}

static void pem_finds_its_label_and_no_other(void **unused)
{
	uint8_t mem[256], back[64];
	struct hf_out pem = HF_OUT(mem), der = HF_OUT(back);
	(void)unused;

	assert_int_equal(hf_pki_pem_write("CERTIFICATE", HF_STR("abc"), &pem), HF_OK);
	assert_int_equal(hf_pki_pem_read("X509 CRL", hf_out_bytes(&pem), &der), HF_ERR_CRYPTO_CERT);
	assert_int_equal(hf_pki_pem_read("CERTIFICATE", hf_out_bytes(&pem), &der), HF_OK);
	assert_memory_equal(back, "abc", 3);
}

static void a_revocation_list_and_attributes_are_der(void **unused)
{
	struct rig r;
	uint8_t mem[1024], attrs[128];
	struct hf_out out = HF_OUT(mem), a = HF_OUT(attrs);
	struct hf_pki_revoked revoked = { .when = NOW };
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	memcpy(revoked.serial, r.serial, sizeof(revoked.serial));
	assert_int_equal(
		hf_pki_crl_write(hf_out_bytes(&r.ca_cert), &r.ca, 7, NOW, NOW + DAY, &revoked, 1, &out),
		HF_OK);
	assert_non_null(memmem(mem, out.len, r.serial, sizeof(r.serial)));
	assert_int_equal(hf_pki_crl_write(HF_STR("junk"), &r.ca, 7, NOW, NOW + DAY, NULL, 0, &out),
			 HF_ERR_CRYPTO_CERT);
	assert_int_equal(hf_pki_csrattrs_write(&a), HF_OK);
	assert_int_equal(attrs[1], a.len - 2);
	end(&r);
}

static hf_err no_signature(void *ctx, const uint8_t *digest, size_t n, uint8_t *rs)
{
	(void)ctx;
	(void)digest;
	(void)n;
	(void)rs;
	return HF_ERR_PORT_KEY;
}

static void a_key_that_cannot_sign_makes_nothing(void **unused)
{
	const struct hf_pki_csr_spec spec = { .cn = "hf-a" };
	uint8_t mem[HF_PKI_CSR_MAX];
	struct hf_out out = HF_OUT(mem);
	struct rig r;
	(void)unused;

	start(&r, HF_PKI_SUB_CA);
	r.leaf.sign = no_signature;
	assert_int_equal(hf_pki_csr_write(&spec, &r.leaf, &out), HF_ERR_CRYPTO_FAILED);
	assert_int_equal(out.len, 0);
	end(&r);
}

/* RFC 9562 appendix A.4: www.example.com in the DNS namespace. */
static void a_vendor_has_the_uuid_of_its_domain(void **unused)
{
	static const uint8_t want[] = { 0x2e, 0xd6, 0x65, 0x7d, 0xe9, 0x27, 0x56, 0x8b,
					0x95, 0xe1, 0x26, 0x65, 0xa8, 0xae, 0xa6, 0xa2 };
	uint8_t got[HF_PKI_UUID_LEN];
	(void)unused;

	assert_int_equal(hf_pki_uuid5(hf_pki_uuid_dns, HF_STR("www.example.com"), got), HF_OK);
	assert_memory_equal(got, want, sizeof(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_certificate_says_what_its_profile_says),
		cmocka_unit_test(expiry_alone_is_marked_and_nothing_else_is_forgiven),
		cmocka_unit_test(a_server_ca_cannot_speak_for_other_domains),
		cmocka_unit_test(a_factory_certificate_names_its_module),
		cmocka_unit_test(an_issuer_that_does_not_fit_is_refused),
		cmocka_unit_test(a_request_round_trips_and_every_damaged_one_is_refused),
		cmocka_unit_test(a_request_with_another_curve_is_refused),
		cmocka_unit_test(certs_only_objects_round_trip),
		cmocka_unit_test(an_encrypted_key_opens_with_its_passphrase_only),
		cmocka_unit_test(pem_finds_its_label_and_no_other),
		cmocka_unit_test(a_key_that_cannot_sign_makes_nothing),
		cmocka_unit_test(a_vendor_has_the_uuid_of_its_domain),
		cmocka_unit_test(a_revocation_list_and_attributes_are_der),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
