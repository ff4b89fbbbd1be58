/* ed25519_edges.c -- keys and signatures at the edges of Ed25519 (test/vectors/ed25519.json): the
 * cryptography port and the loader of policies follow one rule, so that no two programs disagree about one
 * object.
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <holdfast/policy.h>

static json_t *vectors;

static int load(void **unused)
{
	(void)unused;
	vectors = json_load_file(HF_VECTORS "/ed25519.json", 0, NULL);
	return vectors == NULL ? -1 : 0;
}

static int unload(void **unused)
{
	(void)unused;
	json_decref(vectors);
	return 0;
}

static hf_bytes unhex(const json_t *row, const char *name, uint8_t *mem, size_t cap)
{
	const char *s = json_string_value(json_object_get(row, name));
	struct hf_out out = { mem, cap, 0 };

	assert_non_null(s);
	assert_int_equal(hf_hex_decode((hf_bytes){ (const uint8_t *)s, strlen(s) }, &out), HF_OK);
	return hf_out_bytes(&out);
}

static bool flag(const json_t *row, const char *name)
{
	assert_true(json_is_boolean(json_object_get(row, name)));
	return json_is_true(json_object_get(row, name));
}

static void explain(const json_t *row, hf_err err, hf_err want)
{
	if (err != want)
		fail_msg("%s: %#x", json_string_value(json_object_get(row, "name")), (unsigned)err);
}

static void every_strange_key_is_refused(void **unused)
{
	const json_t *rows = json_object_get(vectors, "keys"), *row;
	size_t i, good = 0;
	uint8_t pub[HF_ED25519_PUB_LEN];
	(void)unused;

	json_array_foreach(rows, i, row)
	{
		assert_int_equal(unhex(row, "key", pub, sizeof(pub)).len, sizeof(pub));
		good += flag(row, "good") ? 1 : 0;
		explain(row, hf_crypto_ed25519_check(pub), flag(row, "good") ? HF_OK : HF_ERR_CRYPTO_POINT);
	}
	assert_int_equal(good, 8);      /* an ordinary key, alone and with each point of small order added */
	assert_int_equal(i - good, 52); /* 8 of small order, 2 + 38 spelled otherwise, 4 on no point */
}

/* A policy of two keys; the second, a witness, is the one in question. */
static hf_err write_policy(hf_bytes pub)
{
	struct hf_key seed = { .b = { 7 }, .len = 32 };
	uint8_t root[HF_ED25519_PUB_LEN], mem[512];
	struct hf_out out = HF_OUT(mem);
	const struct hf_policy_key key[] = {
		{ .role = HF_ROLE_ROOT, .alg = -19, .pub = HF_ARR(root), .holder = HF_STR("root") },
		{ .role = HF_ROLE_WITNESS, .alg = -19, .pub = pub, .holder = HF_STR("witness") },
	};
	const struct hf_policy_spec spec = { .number = 1,
					     .vendor = HF_STR("sixteen bytes...") /* as UUIDs have */,
					     .key = key,
					     .n_keys = 2,
					     .root = { .k = 1, .keys = 1 },
					     .witness = { .k = 1, .keys = 2 } };

	assert_int_equal(hf_crypto_ed25519_public(&seed, root), HF_OK);
	return hf_policy_write(&spec, &out);
}

static void no_policy_holds_a_strange_key(void **unused)
{
	const json_t *rows = json_object_get(vectors, "keys"), *row;
	uint8_t pub[HF_ED25519_PUB_LEN];
	size_t i;
	(void)unused;

	json_array_foreach(rows, i, row) explain(row, write_policy(unhex(row, "key", pub, sizeof(pub))),
						 flag(row, "good") ? HF_OK : HF_ERR_POLICY_KEY);
	assert_true(i > 0);
}

static hf_err verdict(const json_t *row)
{
	uint8_t pub[HF_ED25519_PUB_LEN], sig[HF_ED25519_SIG_LEN], message[32];
	hf_bytes text = unhex(row, "message", message, sizeof(message));

	assert_int_equal(unhex(row, "key", pub, sizeof(pub)).len, sizeof(pub));
	assert_int_equal(unhex(row, "signature", sig, sizeof(sig)).len, sizeof(sig));
	return hf_crypto_ed25519_verify(pub, text, sig);
}

static void signatures_are_judged_without_the_cofactor(void **unused)
{
	const json_t *rows = json_object_get(vectors, "signatures"), *row;
	size_t i, good = 0, would_pass = 0;
	(void)unused;

	json_array_foreach(rows, i, row)
	{
		hf_err want = flag(row, "key_good") ? HF_ERR_CRYPTO_SIGNATURE : HF_ERR_CRYPTO_POINT;

		explain(row, verdict(row), flag(row, "good") ? HF_OK : want);
		good += flag(row, "good") ? 1 : 0;
		would_pass += flag(row, "lax") && !flag(row, "good") ? 1 : 0;
	}
	assert_int_equal(good, 3);
	assert_int_equal(would_pass, 26); /* these divide implementations: the attack is real elsewhere */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_strange_key_is_refused),
		cmocka_unit_test(no_policy_holds_a_strange_key),
		cmocka_unit_test(signatures_are_judged_without_the_cofactor),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
