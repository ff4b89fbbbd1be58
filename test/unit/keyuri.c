/* Unit tests of keyuri.h: which URIs are keys, and keys in files and in the software store.
 * What needs a TPM or a token is tried in test/system/test_keys*.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <hf/keyuri.h>

static const hf_bytes none = { NULL, 0 };

/* ---- text ---- */

static void good_uris_are_keys(void **unused)
{
	static const char *const good[] = {
		"file:/etc/op.key",
		"file:///etc/op.key",
		"file:op.key",
		"file:a?b",
		"file:%41",
		"tpm2:/var/op.tpm",
		"tpm2:op",
		"tpm2:op?tcti=device:/dev/tpmrm0",
		"tpm2:op?tcti=swtpm:host=127.0.0.1,port=2321",
		"pkcs11:object=a?module-path=/m.so",
		"pkcs11:type=private;id=%01?module-path=/m.so",
		"pkcs11:token=T%20one;object=a%2Fb;id=%00%ff?module-path=/m.so&pin-source=file:/p",
		"pkcs11:manufacturer=m;model=o;serial=1;slot-id=0;object=a?module-path=/m.so&pin-source=/p",
		"pkcs11:object=a:[]@!$'()*+,=&-._~?module-path=/a/b%3Fc|d",
	};
	struct hf_keyuri_why why;
	(void)unused;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (hf_keyuri_check(good[i], &why) != HF_OK)
			fail_msg("%s: %s", good[i], why.text);
}

static void bad_uris_are_refused_with_words(void **unused)
{
	static const char *const bad[] = {
		"",
		"file",
		"file:",
		"file://host/key",
		"tpm2:",
		"tpm2:?tcti=device:/dev/tpm0",
		"tpm2:a?tcti=",
		"tpm2:a?other=1",
		"tpm2:a?tcti",
		"pkcs11:",
		"pkcs11:?module-path=/m.so",
		"pkcs11:token=t?module-path=/m.so",
		"pkcs11:object=a;?module-path=/m.so",
		"pkcs11:;object=a?module-path=/m.so",
		"pkcs11:object=a;object=b?module-path=/m.so",
		"pkcs11:object=?module-path=/m.so",
		"pkcs11:object?module-path=/m.so",
		"pkcs11:=a?module-path=/m.so",
		"pkcs11:object=a%?module-path=/m.so",
		"pkcs11:object=a%4?module-path=/m.so",
		"pkcs11:object=a%4g?module-path=/m.so",
		"pkcs11:object=a%00b?module-path=/m.so",
		"pkcs11:id=?module-path=/m.so",
		"pkcs11:object=a;type=public?module-path=/m.so",
		"pkcs11:object=a;x-vendor=1?module-path=/m.so",
		"pkcs11:object=a;slot-id=?module-path=/m.so",
		"pkcs11:object=a;slot-id=-1?module-path=/m.so",
		"pkcs11:object=a;slot-id=9999999999?module-path=/m.so",
		"pkcs11:object=a;pin-source=file:/p?module-path=/m.so",
		"pkcs11:object=a?module-path=/m.so&pin-source=",
		"pkcs11:object=a?module-path=/m.so&pin-source=file:",
		"pkcs11:object=a?module-path=/m.so&pin-source=|ask",
		"pkcs11:object=a?module-path=/m.so&",
		"pkcs11:object=a?module-path=/m.so&module-path=/n.so",
		"pkcs11:object=a?module-path=/m.so?pin-source=/p",
		"pkcs11:object=a?module-path=/m.so&module-name=n",
	};
	struct hf_keyuri_why why;
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (hf_keyuri_check(bad[i], &why) != HF_ERR_KEYURI_SYNTAX)
			fail_msg("taken: %s", bad[i]);
		assert_true(why.text[0] != '\0');
	}
}

static void raw_characters_of_pkcs11_are_those_of_the_rfc(void **unused)
{
	char uri[] = "pkcs11:object=aXb?module-path=/m.so";
	(void)unused;

	for (int c = 1; c < 256; c++) {
		bool raw = strchr("-._~:[]@!$'()*+,=&", c) != NULL || (c >= '0' && c <= '9') ||
			   (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == ';' || c == '?' || c == '%')
			continue;
		uri[15] = (char)c;
		assert_int_equal(hf_keyuri_check(uri, NULL), raw ? HF_OK : HF_ERR_KEYURI_SYNTAX);
	}
}

static void other_schemes_are_no_kind_of_ours(void **unused)
{
	static const char *const other[] = {
		"engine:a", "FILE:a", "files:a", "fil:a", ":a", "http://a/b", "/etc/key:a",
	};
	(void)unused;

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_int_equal(hf_keyuri_check(other[i], NULL), HF_ERR_KEYURI_KIND);
}

static void a_pin_in_the_uri_is_refused_and_not_repeated(void **unused)
{
	struct hf_keyuri_why why;
	(void)unused;

	assert_int_equal(hf_keyuri_check("pkcs11:object=a?module-path=/m.so&pin-value=9876", &why),
			 HF_ERR_KEYURI_SYNTAX);
	assert_null(strstr(why.text, "9876"));
	assert_non_null(strstr(why.text, "pin-source"));
	assert_int_equal(hf_keyuri_check("pkcs11:object=a;pin-value=9876", &why), HF_ERR_KEYURI_SYNTAX);
	assert_null(strstr(why.text, "9876"));
}

static void too_long_is_refused_at_every_place(void **unused)
{
	char uri[HF_KEYURI_MAX + 2] = "file:";
	(void)unused;

	memset(uri + 5, 'a', HF_KEYURI_MAX - 5);
	assert_int_equal(hf_keyuri_check(uri, NULL), HF_OK);
	uri[HF_KEYURI_MAX] = 'a';
	assert_int_equal(hf_keyuri_check(uri, NULL), HF_ERR_KEYURI_SYNTAX);
	memset(uri, 0, sizeof(uri));
	memcpy(uri, "pkcs11:object=", 14);
	memset(uri + 14, 'a', 65); /* one more than a label has */
	assert_int_equal(hf_keyuri_check(uri, NULL), HF_ERR_KEYURI_SYNTAX);
}

/* ---- files ---- */

struct rig {
	char folder[64], path[96], uri[128];
	struct hf_keyuri *key;
	struct hf_keyuri_why why;
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	*state = r;
	if (r == NULL)
		return -1;
	strcpy(r->folder, "/tmp/hf-keyuri-XXXXXX");
	if (mkdtemp(r->folder) == NULL)
		return -1;
	(void)snprintf(r->path, sizeof(r->path), "%s/k.pem", r->folder);
	(void)snprintf(r->uri, sizeof(r->uri), "file:%s", r->path);
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	hf_keyuri_close(r->key);
	(void)unlink(r->path);
	(void)rmdir(r->folder);
	free(r);
	return 0;
}

static hf_err make(struct rig *r, int curve, hf_bytes passphrase)
{
	hf_keyuri_close(r->key);
	return hf_keyuri_generate(r->uri, curve, passphrase, &r->key, &r->why);
}

static hf_err reopen(struct rig *r, hf_bytes passphrase)
{
	hf_keyuri_close(r->key);
	return hf_keyuri_open(r->uri, passphrase, &r->key, &r->why);
}

static void a_key_signs_after_it_was_read_back(void **state)
{
	struct rig *r = *state;
	uint8_t digest[HF_SHA256_LEN] = { 1 }, rs[HF_P256_SIG_LEN], pub[HF_P256_POINT_LEN];
	const struct hf_hwkey *key;

	assert_int_equal(make(r, HF_CURVE_P256, none), HF_OK);
	memcpy(pub, hf_keyuri_hwkey(r->key)->pub, sizeof(pub));
	assert_int_equal(reopen(r, none), HF_OK);
	key = hf_keyuri_hwkey(r->key);
	assert_memory_equal(key->pub, pub, sizeof(pub));
	assert_int_equal(key->sign(key->ctx, digest, sizeof(digest), rs), HF_OK);
	assert_int_equal(hf_crypto_p256_verify(pub, digest, rs), HF_OK);
	for (size_t n = 0; n <= 64; n++)
		if (n != sizeof(digest))
			assert_int_equal(key->sign(key->ctx, rs, n, rs), HF_ERR_BASE_MISUSE);
}

static void a_key_is_never_replaced(void **state)
{
	struct rig *r = *state;

	assert_int_equal(make(r, HF_CURVE_P384, none), HF_OK);
	assert_int_equal(make(r, HF_CURVE_P256, none), HF_ERR_KEYURI_EXISTS);
	assert_null(r->key);
	assert_int_equal(reopen(r, none), HF_OK);
	assert_int_equal(hf_keyuri_hwkey(r->key)->curve, HF_CURVE_P384);
	assert_int_equal(make(r, 3, none), HF_ERR_KEYURI_KIND);
}

static void the_passphrase_opens_and_is_not_repeated(void **state)
{
	struct rig *r = *state;

	assert_int_equal(make(r, HF_CURVE_P256, HF_STR("correct horse")), HF_OK);
	assert_int_equal(reopen(r, HF_STR("battery staple")), HF_ERR_KEYURI_PASSPHRASE);
	assert_null(r->key);
	assert_null(strstr(r->why.text, "battery"));
	assert_int_equal(reopen(r, none), HF_ERR_KEYURI_PASSPHRASE);
	assert_int_equal(reopen(r, HF_STR("correct horse")), HF_OK);
}

static void every_torn_file_is_refused(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(make(r, HF_CURVE_P256, none), HF_OK);
	assert_int_equal(stat(r->path, &st), 0);
	for (off_t n = st.st_size - 2; n >= 0; n--) { /* the last byte is the line end */
		assert_int_equal(truncate(r->path, n), 0);
		assert_int_equal(reopen(r, none), HF_ERR_CRYPTO_KEY);
		assert_null(r->key);
	}
}

static void a_torn_encrypted_file_is_not_a_wrong_passphrase(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(make(r, HF_CURVE_P256, HF_STR("one")), HF_OK);
	assert_int_equal(stat(r->path, &st), 0);
	assert_int_equal(truncate(r->path, st.st_size / 2), 0);
	assert_int_equal(reopen(r, HF_STR("one")), HF_ERR_CRYPTO_KEY);
}

static void a_file_that_others_reach_is_refused(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0602, 0610, 0601 };
	struct rig *r = *state;

	assert_int_equal(make(r, HF_CURVE_P256, none), HF_OK);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(r->path, modes[i]), 0);
		assert_int_equal(reopen(r, none), HF_ERR_KEYURI_MODE);
		assert_non_null(strstr(r->why.text, r->path));
	}
	assert_int_equal(chmod(r->path, 0400), 0);
	assert_int_equal(reopen(r, none), HF_OK);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
	struct rig *r = *state;

	assert_int_equal(reopen(r, none), HF_ERR_KEYURI_ABSENT);
	assert_int_equal(mkfifo(r->path, 0600), 0);
	assert_int_equal(reopen(r, none), HF_ERR_KEYURI_FILE);
	assert_int_equal(unlink(r->path), 0);
	assert_int_equal(mkdir(r->path, 0700), 0);
	assert_int_equal(reopen(r, none), HF_ERR_KEYURI_FILE);
	assert_int_equal(rmdir(r->path), 0);
	assert_int_equal(symlink("nowhere", r->path), 0);
	assert_int_equal(make(r, HF_CURVE_P256, none), HF_ERR_KEYURI_EXISTS);
}

/* ---- the software store ---- */

static void a_store_opens_what_it_made_and_nothing_else(void **state)
{
	struct rig *r = *state;
	struct hf_keystore *store = NULL;
	uint8_t mem[HF_KEYSTORE_BLOB_MAX], pub[HF_P256_POINT_LEN], zero[32] = { 0 };
	struct hf_out blob = HF_OUT(mem);

	assert_int_equal(hf_keystore_open("software", &store, &r->why), HF_OK);
	assert_int_equal(hf_keystore_make(store, &blob, pub, &r->why), HF_OK);
	assert_int_equal(hf_keystore_load(store, hf_out_bytes(&blob), &r->key, &r->why), HF_OK);
	assert_memory_equal(hf_keyuri_hwkey(r->key)->pub, pub, sizeof(pub));
	hf_keyuri_close(r->key);
	blob.len--;
	assert_int_equal(hf_keystore_load(store, hf_out_bytes(&blob), &r->key, &r->why), HF_ERR_KEYURI_BLOB);
	assert_int_equal(hf_keystore_load(store, HF_ARR(zero), &r->key, &r->why), HF_ERR_KEYURI_BLOB);
	memset(zero, 0xff, sizeof(zero)); /* not below the group's order */
	assert_int_equal(hf_keystore_load(store, HF_ARR(zero), &r->key, &r->why), HF_ERR_KEYURI_BLOB);
	assert_null(r->key);
	hf_keystore_close(store);
}

static void a_full_blob_is_told(void **state)
{
	struct rig *r = *state;
	struct hf_keystore *store = NULL;
	uint8_t mem[31], pub[HF_P256_POINT_LEN];
	struct hf_out blob = HF_OUT(mem);

	assert_int_equal(hf_keystore_open("software", &store, &r->why), HF_OK);
	assert_int_equal(hf_keystore_make(store, &blob, pub, &r->why), HF_ERR_BASE_NO_ROOM);
	hf_keystore_close(store);
	assert_int_equal(hf_keystore_open("hardware", &store, &r->why), HF_ERR_KEYURI_KIND);
	assert_int_equal(hf_keystore_open("tpm2:path", &store, &r->why), HF_ERR_KEYURI_SYNTAX);
	assert_int_equal(hf_keystore_open("tpm2:?tcti=device:/no", &store, &r->why), HF_ERR_KEYURI_TPM);
	assert_null(store);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_uris_are_keys),
		cmocka_unit_test(bad_uris_are_refused_with_words),
		cmocka_unit_test(raw_characters_of_pkcs11_are_those_of_the_rfc),
		cmocka_unit_test(other_schemes_are_no_kind_of_ours),
		cmocka_unit_test(a_pin_in_the_uri_is_refused_and_not_repeated),
		cmocka_unit_test(too_long_is_refused_at_every_place),
		ON_DISK(a_key_signs_after_it_was_read_back),
		ON_DISK(a_key_is_never_replaced),
		ON_DISK(the_passphrase_opens_and_is_not_repeated),
		ON_DISK(every_torn_file_is_refused),
		ON_DISK(a_torn_encrypted_file_is_not_a_wrong_passphrase),
		ON_DISK(a_file_that_others_reach_is_refused),
		ON_DISK(what_is_no_file_is_refused_without_waiting),
		ON_DISK(a_store_opens_what_it_made_and_nothing_else),
		ON_DISK(a_full_blob_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
