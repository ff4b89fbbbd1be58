/* The published vectors of doc/protocol/identity.md, made by another implementation (Python), read by ours.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/claim.h>
#include <holdfast/endorse.h>
#include <holdfast/hello.h>
#include <jansson.h>

struct hex {
	uint8_t b[512];
	struct hf_out out;
};

static json_t *vectors;

static int load(void **unused)
{
	(void)unused;
	vectors = json_load_file(HF_VECTORS "/identity.json", 0, NULL);
	return vectors == NULL ? -1 : 0;
}

static int unload(void **unused)
{
	(void)unused;
	json_decref(vectors);
	return 0;
}

static const char *text(const char *group, const char *name)
{
	const char *s = json_string_value(json_object_get(json_object_get(vectors, group), name));

	assert_non_null(s);
	return s;
}

static hf_bytes hex(struct hex *h, const char *group, const char *name)
{
	const char *s = text(group, name);

	h->out = HF_OUT(h->b);
	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)s, strlen(s) }, &h->out), HF_OK);
	return hf_out_bytes(&h->out);
}

static void assert_hex(const uint8_t *p, size_t n, const char *group, const char *name)
{
	struct hex h;
	hf_bytes want = hex(&h, group, name);

	assert_int_equal(want.len, n);
	assert_memory_equal(p, want.ptr, n);
}

static hf_bytes dev(void)
{
	return (hf_bytes){ (const uint8_t *)json_string_value(json_object_get(vectors, "dev")), HF_DEV_LEN };
}

static void claim_vector_is_reproduced(void **unused)
{
	struct hf_claim_secret s;
	struct hf_claim_keys keys;
	uint8_t mac[HF_SHA256_LEN], mem[HF_CLAIM_HEADER_CAP];
	struct hf_out header = HF_OUT(mem);
	struct hex x, hash;
	const char *code = text("claim", "code");
	(void)unused;

	assert_int_equal(hf_claim_parse((hf_bytes){ (const uint8_t *)code, strlen(code) }, &s), HF_OK);
	assert_hex(s.b, sizeof(s.b), "claim", "secret");
	assert_int_equal(hf_claim_derive(&s, &keys), HF_OK);
	assert_hex(keys.cid, sizeof(keys.cid), "claim", "cid");
	assert_hex(keys.kc.b, 32, "claim", "kc");
	assert_hex(keys.ko.b, 32, "claim", "ko");
	(void)hex(&x, "claim", "binding");
	(void)hex(&hash, "claim", "hash");
	assert_int_equal(hf_claim_mac(&keys.kc, HF_CLAIM_SERVER, x.b, hash.b, mac), HF_OK);
	assert_hex(mac, sizeof(mac), "claim", "server_mac");
	assert_int_equal(hf_claim_mac(&keys.kc, HF_CLAIM_DEVICE, x.b, hash.b, mac), HF_OK);
	assert_hex(mac, sizeof(mac), "claim", "device_mac");
	assert_int_equal(hf_claim_write_authorization(keys.cid, mac, &header), HF_OK);
	assert_int_equal(header.len, strlen(text("claim", "authorization")));
	assert_memory_equal(mem, text("claim", "authorization"), header.len);
}

static void endorsement_vectors_form_a_chain(void **unused)
{
	struct hf_endorse first, factory, next;
	struct hf_key ko = { { 0 }, HF_KEY_CAP };
	struct hex object, h;
	uint8_t mem[HF_ENDORSE_MAX_LEN];
	struct hf_out again = HF_OUT(mem);
	(void)unused;

	memcpy(ko.b, hex(&h, "claim", "ko").ptr, HF_KEY_CAP);
	assert_int_equal(hf_endorse_open_claim(hex(&object, "endorse", "claim_object"), dev(), &ko, &first),
			 HF_OK);
	assert_hex(first.signing, 65, "endorse", "signing0");
	assert_hex(first.encryption, 65, "endorse", "encryption0");
	assert_int_equal(hf_endorse_write_claim(&first, &ko, &again), HF_OK);
	assert_hex(mem, again.len, "endorse", "claim_object"); /* deterministic, so the same bytes */
	(void)hex(&h, "endorse", "factory_public");
	assert_int_equal(
		hf_endorse_open_factory(hex(&object, "endorse", "factory_object"), dev(), h.b, &factory),
		HF_OK);
	assert_int_equal(hf_endorse_open_next(hex(&object, "endorse", "next_object"), &first, &next), HF_OK);
	assert_int_equal(next.gen, 1);
	assert_hex(next.signing, 65, "endorse", "signing1");
}

static void hello_vector_and_its_answer_are_read(void **unused)
{
	struct hex pub, object, answer;
	struct hf_hello h;
	uint64_t now = 0;
	(void)unused;

	(void)hex(&pub, "hello", "public");
	(void)hex(&object, "hello", "object");
	assert_int_equal(hf_hello_open(hf_out_bytes(&object.out), pub.b, &h), HF_OK);
	assert_hex(h.serial, sizeof(h.serial), "hello", "serial");
	assert_int_equal(h.boot_count, 77);
	assert_true(h.promoted);
	assert_int_equal(hf_hello_ack_read(hex(&answer, "hello", "answer"), hf_out_bytes(&object.out), &now),
			 HF_OK);
	assert_int_equal(now, 1767225600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_vector_is_reproduced),
		cmocka_unit_test(endorsement_vectors_form_a_chain),
		cmocka_unit_test(hello_vector_and_its_answer_are_read),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
