/* Unit tests of openssh.h, with keys that ssh-keygen made for this test and nothing else.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hf/openssh.h>

static const char plain[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
			    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
			    "QyNTUxOQAAACAcvtd7QeOaiGTHlzQZ9U6c0O1LAbeHX4F9hA3V17xGcQAAAIjddUvf3XVL\n"
			    "3wAAAAtzc2gtZWQyNTUxOQAAACAcvtd7QeOaiGTHlzQZ9U6c0O1LAbeHX4F9hA3V17xGcQ\n"
			    "AAAEBIo7dFb1By5fNMGujULjSzgltNlnBxe1a4jhevd5KD/By+13tB45qIZMeXNBn1TpzQ\n"
			    "7UsBt4dfgX2EDdXXvEZxAAAABHNlZWQB\n"
			    "-----END OPENSSH PRIVATE KEY-----\n";
static const char locked[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
			     "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAwyg/eOG\n"
			     "J4Ocvq0WszzTKsAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIE5aw0iRSljZwQYu\n"
			     "YqtabqM7AIP68tsqTQ7Co0uuchsnAAAAkGTfmgBfh71ted1sTOXM0J+NaFHig0gQFZvGbR\n"
			     "F2bb6DK2XyWaH/tl0GRhAgxBYq/Ab+cGKTQ3Xd7oKzIDrShx3NWwedhlHEKEgvfVgRGKVn\n"
			     "+Df56E3L9M/pb3v8VRx5VdKP55Rxs7S7F1sygZF+cNj4cyiX+EvCJIHHuxRlIomI3pl6LU\n"
			     "PrZk3DOvVV+wk39A==\n"
			     "-----END OPENSSH PRIVATE KEY-----\n";
static const char p256[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
			   "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n"
			   "1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSML4ZdLgU1+lAxLhSfBCEGmvf1Sb/u\n"
			   "zGIb+Slou7PCP2A/sWABbWocaTs8sOLncwbFHwvoKinGz+aSUGY1IBE3AAAAoF11Cr1ddQ\n"
			   "q9AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIwvhl0uBTX6UDEu\n"
			   "FJ8EIQaa9/VJv+7MYhv5KWi7s8I/YD+xYAFtahxpOzyw4udzBsUfC+gqKcbP5pJQZjUgET\n"
			   "cAAAAgYzG5H53h3Tj+OPI9BUv9MvA5/IaajMj2XQLRnfMAgoUAAAABcAECAwQFBgc=\n"
			   "-----END OPENSSH PRIVATE KEY-----\n";
static const char line[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBy+13tB45qIZMeXNBn1TpzQ7UsBt4dfgX"
			   "2EDdXXvEZx seed";
static const char p256_line[] = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAA"
				"BBBIwvhl0uBTX6UDEuFJ8EIQaa9/VJv+7MYhv5KWi7s8I/YD+xYAFtahxpOzyw4udzBsUf"
				"C+gqKcbP5pJQZjUgETc= p";

static hf_bytes bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static void private_and_public_file_hold_the_same_key(void **unused)
{
	uint8_t a[HF_ED25519_PUB_LEN], b[HF_ED25519_PUB_LEN], c[HF_ED25519_PUB_LEN];
	struct hf_key seed = { 0 };
	(void)unused;

	assert_int_equal(hf_openssh_read_private(bytes(plain), &seed, a), HF_OK);
	assert_int_equal(hf_openssh_read_public(bytes(line), b), HF_OK);
	assert_int_equal(hf_crypto_ed25519_public(&seed, c), HF_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_equal(a, c, sizeof(a));
}

static void a_written_line_reads_back(void **unused)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF(HF_OPENSSH_MAX);
	uint8_t pub[HF_ED25519_PUB_LEN];
	(void)unused;

	assert_int_equal(hf_openssh_read_public(bytes(line), pub), HF_OK);
	assert_int_equal(hf_openssh_write_public(pub, "seed", &out), HF_OK);
	assert_memory_equal(out.ptr, line, strlen(line));
	assert_int_equal(out.len, strlen(line) + 1);
}

static void a_written_private_file_reads_back_and_a_changed_one_is_never_another_key(void **unused)
{
	struct hf_buf out HF_AUTO(hf_buf_free) = HF_BUF_SECRET(HF_OPENSSH_MAX);
	uint8_t pub[HF_ED25519_PUB_LEN];
	struct hf_key seed = { 0 }, back = { 0 };
	(void)unused;

	assert_int_equal(hf_openssh_read_private(bytes(plain), &seed, pub), HF_OK);
	assert_int_equal(hf_openssh_write_private(&seed, &out), HF_OK);
	assert_int_equal(hf_openssh_read_private(hf_buf_bytes(&out), &back, pub), HF_OK);
	assert_memory_equal(back.b, seed.b, HF_KEY_CAP);
	for (size_t i = 1; i < out.len; i += 7) {
		uint8_t was = out.ptr[i];

		out.ptr[i] = was == 'A' ? 'B' : 'A';
		if (hf_openssh_read_private(hf_buf_bytes(&out), &back, pub) == HF_OK)
			assert_memory_equal(back.b, seed.b, HF_KEY_CAP); /* comment or check words */
		out.ptr[i] = was;
	}
}

static void the_fingerprint_is_that_of_ssh_keygen(void **unused)
{
	uint8_t pub[HF_ED25519_PUB_LEN], blob[HF_OPENSSH_BLOB_LEN], again[HF_ED25519_PUB_LEN];
	char print[HF_OPENSSH_PRINT_LEN + 1];
	(void)unused;

	assert_int_equal(hf_openssh_read_public(bytes(line), pub), HF_OK);
	hf_openssh_blob(pub, blob);
	assert_int_equal(hf_openssh_print(HF_ARR(blob), print), HF_OK);
	assert_string_equal(print, "SHA256:BCvCj6zzSAbTKvfrXSoqU7wIkJZCzznffBoXEullMZk");
	assert_int_equal(hf_openssh_read_blob(HF_ARR(blob), again), HF_OK);
	assert_int_equal(hf_openssh_read_blob((hf_bytes){ blob, 50 }, again), HF_ERR_SSHKEY_FORMAT);
}

static void keys_of_other_kinds_are_refused(void **unused)
{
	uint8_t pub[HF_ED25519_PUB_LEN];
	struct hf_key seed = { 0 };
	(void)unused;

	assert_int_equal(hf_openssh_read_private(bytes(locked), &seed, pub), HF_ERR_SSHKEY_LOCKED);
	assert_int_equal(hf_openssh_read_private(bytes(p256), &seed, pub), HF_ERR_SSHKEY_KIND);
	assert_int_equal(hf_openssh_read_public(bytes(p256_line), pub), HF_ERR_SSHKEY_KIND);
	assert_int_equal(hf_openssh_read_public(bytes("sk-ssh-ed25519@openssh.com AAAA x"), pub),
			 HF_ERR_SSHKEY_KIND);
}

static void weak_public_keys_are_refused(void **unused)
{
	char zero[65];
	uint8_t pub[HF_ED25519_PUB_LEN];
	(void)unused;

	memset(zero, '0', 64);
	zero[64] = 0;
	assert_int_equal(hf_openssh_read_public(bytes(zero), pub), HF_ERR_CRYPTO_POINT);
}

/* Every prefix and every changed character of the private file: never a key, or the very same one. */
static void damaged_files_give_no_other_key(void **unused)
{
	char text[sizeof(plain)];
	uint8_t pub[HF_ED25519_PUB_LEN], right[HF_ED25519_PUB_LEN];
	struct hf_key seed = { 0 };
	(void)unused;

	assert_int_equal(hf_openssh_read_public(bytes(line), right), HF_OK);
	for (size_t i = 0; i < strlen(plain); i++)
		assert_int_not_equal(
			hf_openssh_read_private((hf_bytes){ (const uint8_t *)plain, i }, &seed, pub), HF_OK);
	for (size_t i = 0; i < strlen(plain); i++) {
		memcpy(text, plain, sizeof(plain));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		if (hf_openssh_read_private(bytes(text), &seed, pub) == HF_OK)
			assert_memory_equal(pub, right, sizeof(right));
		else
			assert_int_equal(seed.len, 0);
	}
}

static void text_that_is_no_public_key_is_refused(void **unused)
{
	static const char *const bad[] = { "",
					   "\n",
					   "ssh-ed25519",
					   "ssh-ed25519 ",
					   "ssh-ed25519 AAAA",
					   "ssh-ed25519 ????",
					   "00",
					   "ssh-ed25519 AAA\nAAA" };
	uint8_t pub[HF_ED25519_PUB_LEN];
	(void)unused;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hf_openssh_read_public(bytes(bad[i]), pub), HF_ERR_SSHKEY_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_and_public_file_hold_the_same_key),
		cmocka_unit_test(a_written_line_reads_back),
		cmocka_unit_test(a_written_private_file_reads_back_and_a_changed_one_is_never_another_key),
		cmocka_unit_test(the_fingerprint_is_that_of_ssh_keygen),
		cmocka_unit_test(keys_of_other_kinds_are_refused),
		cmocka_unit_test(weak_public_keys_are_refused),
		cmocka_unit_test(damaged_files_give_no_other_key),
		cmocka_unit_test(text_that_is_no_public_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
