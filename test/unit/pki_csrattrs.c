/* pki_csrattrs.c -- CsrAttrs against the corrected example of RFC 8951 section 4 (67 bytes). An encoder of
 * AttrOrOID rows, written for this test alone, must first make the RFC's bytes; then its bytes for our rows
 * must be what the server sends.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <hf/pki.h>
#include <string.h>

#define CHALLENGE_PASSWORD "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"
#define EXTENSION_REQUEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define MAC_ADDRESS "\x06\x07\x2b\x06\x01\x01\x01\x01\x16"
#define EC_PUBLIC_KEY "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define SECP256R1 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define SECP384R1 "\x06\x05\x2b\x81\x04\x00\x22"
#define ECDSA_SHA256 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define ECDSA_SHA384 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"

/* RFC 8951 s4: challengePassword, ecPublicKey {secp384r1}, extensionRequest {macAddress}, ECDSA SHA-384. */
static const uint8_t rfc8951[] = {
	0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07, 0x30, 0x12, 0x06, 0x07,
	0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x30,
	0x16, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e, 0x31, 0x09, 0x06, 0x07, 0x2b,
	0x06, 0x01, 0x01, 0x01, 0x01, 0x16, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03,
};

/* An OID alone, or Attribute { type, SET { value } }; both are whole TLVs. */
struct attr {
	const char *type, *value;
};

static void put_tlv(struct hf_out *out, uint8_t tag, hf_bytes a, hf_bytes b)
{
	const uint8_t head[] = { tag, (uint8_t)(a.len + b.len) };

	assert_true(a.len + b.len < 0x80);
	assert_int_equal(hf_out_put(out, HF_ARR(head)), HF_OK);
	assert_int_equal(hf_out_put(out, a), HF_OK);
	assert_int_equal(hf_out_put(out, b), HF_OK);
}

static hf_bytes tlv(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, 2 + (size_t)(uint8_t)text[1] };
}

static void encode(const struct attr *a, size_t n, struct hf_out *out)
{
	const hf_bytes none = { NULL, 0 };
	uint8_t rows_mem[128], set_mem[64];
	struct hf_out rows = HF_OUT(rows_mem);

	for (size_t i = 0; i < n; i++) {
		struct hf_out set = HF_OUT(set_mem);

		if (a[i].value == NULL) {
			assert_int_equal(hf_out_put(&rows, tlv(a[i].type)), HF_OK);
			continue;
		}
		put_tlv(&set, 0x31, tlv(a[i].value), none);
		put_tlv(&rows, 0x30, tlv(a[i].type), hf_out_bytes(&set));
	}
	put_tlv(out, 0x30, hf_out_bytes(&rows), none);
}

static void our_attributes_have_the_form_of_rfc_8951s_corrected_example(void **unused)
{
	static const struct attr example[] = { { CHALLENGE_PASSWORD, NULL },
					       { EC_PUBLIC_KEY, SECP384R1 },
					       { EXTENSION_REQUEST, MAC_ADDRESS },
					       { ECDSA_SHA384, NULL } };
	static const struct attr ours[] = { { EC_PUBLIC_KEY, SECP256R1 },
					    { ECDSA_SHA256, NULL },
					    { CHALLENGE_PASSWORD, NULL } };
	uint8_t mem[3][128];
	struct hf_out theirs = HF_OUT(mem[0]), want = HF_OUT(mem[1]), sent = HF_OUT(mem[2]);
	(void)unused;

	assert_int_equal(sizeof(rfc8951), 67);
	encode(example, 4, &theirs);
	assert_int_equal(theirs.len, sizeof(rfc8951));
	assert_memory_equal(theirs.ptr, rfc8951, sizeof(rfc8951));

	encode(ours, 3, &want);
	assert_int_equal(hf_pki_csrattrs_write(&sent), HF_OK);
	assert_int_equal(sent.len, want.len);
	assert_memory_equal(sent.ptr, want.ptr, want.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_attributes_have_the_form_of_rfc_8951s_corrected_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
