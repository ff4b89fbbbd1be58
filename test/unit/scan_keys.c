/* Keys and tokens: only what decodes is one. All keys are made here, none lies in the tree.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scan_rig.h"
#include <stdio.h>
#include <stdlib.h>
#include <hf/pki.h>

static struct scan_rig *r;

static const struct hf_fact *first_key(void)
{
	return scan_rig_at(r, HF_FACT_KEY, 0);
}

static hf_bytes pem_of(int kind, const char *passphrase, uint8_t room[static 4096])
{
	struct hf_pki_key *key = NULL;
	struct hf_out out = { room, 4096, 0 };

	assert_int_equal(hf_pki_key_generate(kind, &key), HF_OK);
	assert_int_equal(
		hf_pki_key_write(key, (hf_bytes){ (const uint8_t *)passphrase, strlen(passphrase) }, &out),
		HF_OK);
	hf_pki_key_free(key);
	return hf_out_bytes(&out);
}

static void private_keys_are_decoded_and_measured(void **unused)
{
	uint8_t room[4096];
	hf_bytes pem = pem_of(HF_PKI_KIND_P256, "", room);

	(void)unused;
	scan_rig_bytes(r, "/etc/ssl/server.key", pem);
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_PRIVATE);
	assert_int_equal(first_key()->num[HF_KEY_ALG], HF_KEYALG_EC);
	assert_int_equal(first_key()->num[HF_KEY_BITS], 256);
	assert_int_equal(first_key()->text[HF_KEY_SPKI].len, 32);
	/* In the middle of a file that is not in memory. */
	scan_rig_read(r, "/opt/app.bin", pem);
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
}

static void a_key_in_a_c_string_is_found(void **unused)
{
	uint8_t room[4096], text[8192];
	hf_bytes pem = pem_of(HF_PKI_KIND_ED25519, "", room);
	struct hf_out out = HF_OUT(text);

	(void)unused;
	for (size_t i = 0; i < pem.len; i++) {
		hf_bytes one = { pem.ptr + i, 1 };

		assert_int_equal(hf_out_put(&out, pem.ptr[i] == '\n' ? HF_STR("\\n\"\n\t\"") : one), HF_OK);
	}
	scan_rig_bytes(r, "/src/key.c", hf_out_bytes(&out));
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	assert_int_equal(first_key()->num[HF_KEY_ALG], HF_KEYALG_EDDSA);
}

static void an_encrypted_key_is_one_of_another_class(void **unused)
{
	uint8_t room[4096];

	(void)unused;
	scan_rig_bytes(r, "/etc/k.pem", pem_of(HF_PKI_KIND_P256, "long phrase", room));
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_ENCRYPTED);
}

static void a_header_alone_is_no_key(void **unused)
{
	uint8_t room[4096], cut[4096];
	hf_bytes pem = pem_of(HF_PKI_KIND_P256, "", room);

	(void)unused;
	scan_rig_text(r, "/usr/lib/libssl.so",
		      "-----BEGIN "
		      "PRIVATE KEY-----\n-----END "
		      "PRIVATE KEY-----\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
	scan_rig_text(r, "/usr/share/doc/x",
		      "-----BEGIN "
		      "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END "
		      "RSA PRIVATE KEY-----\n");
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
	/* One changed byte of the body, or a cut end. */
	memcpy(cut, pem.ptr, pem.len);
	cut[40] = cut[40] == 'A' ? 'B' : 'A';
	scan_rig_bytes(r, "/etc/k.pem", (hf_bytes){ cut, pem.len - 20 });
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
}

static size_t put_string(uint8_t *p, hf_bytes s)
{
	hf_put_be32(p, (uint32_t)s.len);
	if (s.len > 0)
		memcpy(p + 4, s.ptr, s.len);
	return s.len + 4;
}

/* kind and public half, as RFC 8709 has it */
static size_t put_public(uint8_t *p, const uint8_t pub[static 32])
{
	size_t n = put_string(p, HF_STR("ssh-ed25519"));

	return n + put_string(p + n, (hf_bytes){ pub, 32 });
}

static void ssh_host_keys_are_told_by_name_and_form(void **unused)
{
	uint8_t pub[32], both[64] = { 0 }, file[256];
	struct hf_key seed;
	size_t n;

	(void)unused;
	assert_int_equal(hf_crypto_ed25519_generate(&seed, pub), HF_OK);
	memcpy(both, seed.b, 32);
	memcpy(both + 32, pub, 32);
	n = put_string(file, HF_STR("ssh-ed25519"));
	n += put_string(file + n, HF_ARR(both));
	scan_rig_bytes(r, "/etc/dropbear/dropbear_ed25519_host_key", (hf_bytes){ file, n });
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_PRIVATE);
	assert_int_equal(first_key()->num[HF_KEY_FLAGS] & HF_KEYF_HOST, HF_KEYF_HOST);
	/* The public half alone is no secret. */
	n = put_public(file, pub);
	scan_rig_bytes(r, "/etc/dropbear/x", (hf_bytes){ file, n });
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
}

static void authorized_keys_are_read_line_by_line(void **unused)
{
	uint8_t pub[32], blob[64], text[400];
	struct hf_out line = HF_OUT(text);
	struct hf_key seed;
	char url[128] = "";
	struct hf_out b64 = { (uint8_t *)url, sizeof(url), 0 };

	(void)unused;
	assert_int_equal(hf_crypto_ed25519_generate(&seed, pub), HF_OK);
	assert_int_equal(hf_base64url_encode((hf_bytes){ blob, put_public(blob, pub) }, &b64), HF_OK);
	for (size_t i = 0; i < b64.len; i++)
		url[i] = url[i] == '-' ? '+' : url[i] == '_' ? '/' : url[i];
	assert_int_equal(hf_out_put(&line, HF_STR("# who\nrestrict,command=\"a b\" ssh-ed25519 ")), HF_OK);
	assert_int_equal(hf_out_put(&line, hf_out_bytes(&b64)), HF_OK);
	assert_int_equal(hf_out_put(&line, HF_STR(" ops@example\nssh-rsa AAAAbroken x\n")), HF_OK);
	scan_rig_bytes(r,
		       "/ro"
		       "ot/.ssh/authorized_keys",
		       hf_out_bytes(&line));
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_AUTHORIZED);
	assert_true(scan_rig_is(first_key()->text[HF_KEY_NAME], "ops@example"));
}

static void certificates_tell_their_end_and_subject(void **unused)
{
	struct hf_pki_key *key = NULL;
	struct hf_hwkey hw;
	uint8_t der[HF_PKI_CERT_MAX], serial[HF_PKI_SERIAL_LEN] = { 1 };
	struct hf_out out = HF_OUT(der);
	struct hf_pki_spec spec = { .profile = HF_PKI_ROOT,
				    .curve = HF_CURVE_P384,
				    .serial = serial,
				    .not_before = 1000000000,
				    .not_after = 1100000000,
				    .cn = "Old Root" };

	(void)unused;
	assert_int_equal(hf_pki_key_generate(HF_PKI_KIND_P384, &key), HF_OK);
	assert_int_equal(hf_pki_key_hwkey(key, &hw), HF_OK);
	hf_pki_serial_fix(serial);
	spec.pub = hw.pub;
	assert_int_equal(hf_pki_issue(&spec, (hf_bytes){ 0 }, &hw, &out), HF_OK);
	scan_rig_bytes(r, "/etc/ssl/root.der", hf_out_bytes(&out));
	hf_pki_key_free(key);
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_CERT);
	assert_int_equal(first_key()->num[HF_KEY_NOT_AFTER], 1100000000);
	assert_int_equal(first_key()->num[HF_KEY_FLAGS], HF_KEYF_CA | HF_KEYF_SELF);
	assert_true(scan_rig_is(first_key()->text[HF_KEY_NAME], "Old Root"));
	der[out.len - 1] = 0;
	scan_rig_bytes(r, "/etc/ssl/root.der", (hf_bytes){ der, out.len - 1 });
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
}

static void published_sample_keys_are_recognised(void **unused)
{
	static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
					   0x00, 0xd4, 0xb3, 0x1b, 0xa4, 0x9a, 0x3a, 0xdd, 0x3f, 0x82, 0x5d,
					   0x10, 0xca, 0x7f, 0x31, 0xb5, 0x0b, 0x0d, 0xe8, 0x7f, 0x37, 0xcc,
					   0xc4, 0x9f, 0x1a, 0x40, 0x3a, 0x5c, 0x13, 0x20, 0xff, 0xb4, 0xe0 };
	char text[300] = "";
	struct hf_out out = { (uint8_t *)text, sizeof(text) - 1, 0 };

	(void)unused;
	assert_int_equal(hf_pki_pem_write("PUBLIC KEY", HF_ARR(ed25519), &out), HF_OK);
	scan_rig_bytes(r, "/etc/update/key.pem", hf_out_bytes(&out));
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_PUBLIC);
	assert_int_equal(first_key()->num[HF_KEY_FLAGS] & HF_KEYF_TEST, HF_KEYF_TEST);
}

static void a_bare_key_in_a_chip_is_found(void **unused)
{
	uint8_t room[4096], image[1024] = { 0 };
	struct hf_out der = { image + 200, sizeof(image) - 200, 0 };
	static const uint8_t vectors[] = { 0, 0x80, 0, 0x20, 1, 1, 0, 8, 1, 2, 0, 8, 1, 3, 0, 8 };

	(void)unused;
	memcpy(image, vectors, sizeof(vectors));
	assert_int_equal(hf_pki_pem_read("PRIVATE KEY", pem_of(HF_PKI_KIND_P256, "", room), &der), HF_OK);
	scan_rig_bytes(r, "/app.bin", HF_ARR(image));
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_PRIVATE);
	assert_int_equal(first_key()->num[HF_KEY_KIND], HF_KIND_MCU);
	assert_int_equal(first_key()->num[HF_KEY_OFFSET], 200);
	image[206] ^= 1;
	scan_rig_bytes(r, "/app.bin", HF_ARR(image));
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
}

static void tokens_have_their_form_and_no_more(void **unused)
{
	(void)unused;
	/* Each is put together here, so that this file holds none. */
	scan_rig_text(r, "/etc/app.env",
		      "KEY=AKIA"
		      "Q7ZK3MNPLX2RT5VW\n");
	assert_int_equal(first_key()->num[HF_KEY_CLASS], HF_KEYC_TOKEN);
	assert_true(scan_rig_is(first_key()->text[HF_KEY_NAME], "aws-access-key"));
	assert_true(first_key()->text[HF_KEY_EVIDENCE].len < 24);
	scan_rig_text(r, "/usr/bin/x",
		      "token=ghp_"
		      "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5\"");
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 1);
	/* Documentation, repetition, a longer word, a shorter one. */
	scan_rig_text(r, "/a",
		      "AKIAIOSFODNN7EXAMPLE ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx "
		      "xAKIA"
		      "Q7ZK3MNPLX2RT5VW AKIA"
		      "Q7ZK3MNPLX2RT5VWW AKIA"
		      "Q7ZK3MNPLX2RT5");
	assert_int_equal(scan_rig_n(r, HF_FACT_KEY), 0);
}

static void too_many_tokens_are_said_not_dropped(void **unused)
{
	size_t n = 1100, len = 30 * n;
	char *text = malloc(len + 1);

	(void)unused;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		(void)snprintf(text + 30 * i, 31, "AKIA%sZK3MNPLX2R%04zuAB        ", "Q7", i);
	scan_rig_bytes(r, "/a", (hf_bytes){ (const uint8_t *)text, len });
	free(text);
	assert_int_equal(scan_rig_at(r, HF_FACT_PROBLEM, 0)->num[HF_PROBLEM_RULE], 1);
}

int main(void)
{
#define T(f) SCAN_RIG_TEST(f, &r)
	const struct CMUnitTest tests[] = {
		T(private_keys_are_decoded_and_measured),
		T(a_key_in_a_c_string_is_found),
		T(an_encrypted_key_is_one_of_another_class),
		T(a_header_alone_is_no_key),
		T(ssh_host_keys_are_told_by_name_and_form),
		T(authorized_keys_are_read_line_by_line),
		T(certificates_tell_their_end_and_subject),
		T(published_sample_keys_are_recognised),
		T(a_bare_key_in_a_chip_is_found),
		T(tokens_have_their_form_and_no_more),
		T(too_many_tokens_are_said_not_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
