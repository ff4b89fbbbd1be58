/* pki_rfc7030.c -- the examples of RFC 7030 appendix A in our readers: another implementation's objects.
 * Their framing is read; what they carry (RSA, SHA-1, no extended key usage) our profile refuses.
 * A.2 (csrattrs) is superseded by RFC 8951, see pki_csrattrs.c; A.4 (serverkeygen) is never offered.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/pki.h>
#include <jansson.h>
#include <string.h>

enum { OBJECT_CAP = 4096 };
#define THEIR_TIME INT64_C(1370000000) /* all of them are valid then */

struct object {
	uint8_t b[OBJECT_CAP];
	size_t len;
};

static json_t *vectors;

static int load(void **unused)
{
	(void)unused;
	vectors = json_load_file(HF_VECTORS "/est-rfc7030.json", 0, NULL);
	return vectors == NULL ? -1 : 0;
}

static int unload(void **unused)
{
	(void)unused;
	json_decref(vectors);
	return 0;
}

/* Base64 in lines, as the RFC prints it. */
static hf_bytes object(const char *name, struct object *o)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const json_t *lines = json_object_get(vectors, name);
	uint32_t v = 0;
	size_t n = 0;

	o->len = 0;
	assert_true(json_array_size(lines) > 0);
	for (size_t i = 0; i < json_array_size(lines); i++)
		for (const char *c = json_string_value(json_array_get(lines, i)); *c != '\0'; c++) {
			if (*c == '=')
				break;
			assert_non_null(strchr(digits, *c));
			v = v << 6 | (uint32_t)(strchr(digits, *c) - digits);
			if (++n % 4 != 1)
				o->b[o->len++] = (uint8_t)(v >> (6 - 2 * ((n - 1) % 4)));
		}
	return (hf_bytes){ o->b, o->len };
}

/* Order and names of A.1: OldWithOld, NewWithOld, OldWithNew, NewWithNew. */
static void the_four_ca_certificates_are_read(void **unused)
{
	static const struct {
		const char *cn;
		bool self_issued, is_ca;
		uint8_t last; /* octet of the serial number */
	} want[] = { { "estExampleCA OwO", true, true, 0x9c },
		     { "estExampleCA NwO", false, false, 0x01 },
		     { "estExampleCA OwN", false, false, 0x02 },
		     { "estExampleCA NwN", true, true, 0x11 } };
	hf_bytes certs[HF_PKI_CERTS_MAX];
	struct hf_pki_cert c;
	struct object o;
	size_t n = 0;

	(void)unused;
	assert_int_equal(hf_pki_certs_only_read(object("cacerts", &o), certs, &n), HF_OK);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(hf_pki_cert_read(certs[i], &c), HF_OK);
		assert_string_equal(c.cn, want[i].cn);
		assert_int_equal(c.self_issued, want[i].self_issued);
		assert_int_equal(c.usage, want[i].is_ca ? HF_PKI_USE_CA : 0);
		assert_int_equal(c.serial[HF_PKI_SERIAL_LEN - 1], want[i].last);
		assert_int_equal(c.curve, 0); /* RSA: no curve of ours */
		assert_true(c.not_before < THEIR_TIME && c.not_after > THEIR_TIME);
	}
}

/* Ours has the same certificates in the same frame; the RFC's carries an empty list of CRLs beside them. */
static void our_writer_frames_them_alike(void **unused)
{
	uint8_t mem[OBJECT_CAP];
	struct hf_out out = HF_OUT(mem);
	hf_bytes certs[HF_PKI_CERTS_MAX], again[HF_PKI_CERTS_MAX];
	struct object o;
	size_t n = 0, m = 0;

	(void)unused;
	assert_int_equal(hf_pki_certs_only_read(object("cacerts", &o), certs, &n), HF_OK);
	assert_int_equal(hf_pki_certs_only_write(certs, n, &out), HF_OK);
	assert_int_equal(out.len, o.len - 2);
	assert_memory_equal(o.b + o.len - 4, "\xa1\x00\x31\x00", 4);
	assert_memory_equal(mem + out.len - 2, "\x31\x00", 2);
	assert_int_equal(hf_pki_certs_only_read(hf_out_bytes(&out), again, &m), HF_OK);
	assert_int_equal(m, n);
	for (size_t i = 0; i < n; i++)
		assert_true(hf_bytes_equal(certs[i], again[i]));
}

static void the_issued_certificate_is_read_and_not_accepted(void **unused)
{
	hf_bytes cas[HF_PKI_CERTS_MAX], leaf[HF_PKI_CERTS_MAX];
	struct hf_pki_cert c;
	struct object list, reply;
	size_t n = 0;

	(void)unused;
	assert_int_equal(hf_pki_certs_only_read(object("cacerts", &list), cas, &n), HF_OK);
	assert_int_equal(hf_pki_certs_only_read(object("simpleenroll-response", &reply), leaf, &n), HF_OK);
	assert_int_equal(n, 1);
	assert_int_equal(hf_pki_cert_read(leaf[0], &c), HF_OK);
	assert_string_equal(c.cn, "demostep4 1368141352");
	assert_int_equal(c.usage, 0);
	assert_int_equal(hf_pki_verify(leaf[0], &cas[3], 1, HF_PKI_USE_CLIENT, THEIR_TIME, NULL),
			 HF_ERR_CRYPTO_CHAIN);
}

static void an_rsa_request_is_refused(void **unused)
{
	struct hf_pki_csr csr;
	struct object o;

	(void)unused;
	assert_int_equal(hf_pki_csr_read(object("simpleenroll-request", &o), &csr), HF_ERR_CRYPTO_CSR);
	assert_string_equal(csr.cn, "");
}

static void every_cut_of_a_reply_is_refused(void **unused)
{
	hf_bytes certs[HF_PKI_CERTS_MAX];
	struct object o;
	size_t n = 0;
	hf_bytes whole = object("simpleenroll-response", &o);

	(void)unused;
	for (size_t len = 0; len < whole.len; len++) {
		assert_int_equal(hf_pki_certs_only_read((hf_bytes){ o.b, len }, certs, &n),
				 HF_ERR_CRYPTO_CERT);
		assert_int_equal(n, 0);
	}
	o.b[whole.len] = 0;
	assert_int_equal(hf_pki_certs_only_read((hf_bytes){ o.b, whole.len + 1 }, certs, &n),
			 HF_ERR_CRYPTO_CERT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_four_ca_certificates_are_read),
		cmocka_unit_test(our_writer_frames_them_alike),
		cmocka_unit_test(the_issued_certificate_is_read_and_not_accepted),
		cmocka_unit_test(an_rsa_request_is_refused),
		cmocka_unit_test(every_cut_of_a_reply_is_refused),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
