/* Each check: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"

#define KEY(path, class, alg, bits, not_after, flags, kind, spki) \
	{ \
		HF_FACT_KEY, path, { class, alg, bits, 0, 9, not_after, flags, kind }, \
		{ \
			spki, "name", "...sha256:01" \
		} \
	}
#define PRIVATE(path, flags, spki) KEY(path, HF_KEYC_PRIVATE, HF_KEYALG_EC, 256, 0, flags, HF_KIND_TEXT, spki)
#define CERT(bits, not_after, flags) \
	KEY("fw!/etc/c.pem", HF_KEYC_CERT, HF_KEYALG_RSA, bits, not_after, flags, HF_KIND_TEXT, DIGEST_)

static void key_001_is_about_private_keys(void **unused)
{
	(void)unused;
	check_says("KEY-001", GIVEN(PRIVATE("fw!/etc/k", 0, DIGEST_)), FINDS);
	check_says("KEY-001", GIVEN(CERT(2048, 4000000000, 0)), PASSES);
	assert_int_equal(check_severity("KEY-001", GIVEN(PRIVATE("fw!/etc/k", 0, DIGEST_))), HF_SEV_CRITICAL);
	assert_int_equal(check_severity("KEY-001", GIVEN(PRIVATE("fw!/l.so", HF_KEYF_SELFTEST, DIGEST_))),
			 HF_SEV_INFO);
}

static void key_001_weighs_encrypted_keys_less(void **unused)
{
	struct audit_rig r = audit_rig_new();
	struct hf_fact f = { .kind = HF_FACT_KEY, .path = HF_STR("fw!/etc/k"), .num = { HF_KEYC_ENCRYPTED } };

	(void)unused;
	audit_rig_fact(&r, &f);
	audit_rig_run(&r, "KEY");
	assert_int_equal(audit_rig_find(&r, "KEY-001", 0)->severity, HF_SEV_MEDIUM);
	assert_int_equal(audit_rig_unknowns(&r, "KEY-001"), 1);
	audit_rig_end(&r);
}

static void key_002_is_about_the_same_key_elsewhere(void **unused)
{
	(void)unused;
	check_says("KEY-002", GIVEN(PRIVATE("a.img!/k", 0, DIGEST_), PRIVATE("b.img!/k", 0, DIGEST_)), FINDS);
	check_says("KEY-002", GIVEN(PRIVATE("a.img!/k", 0, DIGEST_), PRIVATE("a.img!/l", 0, DIGEST_)),
		   PASSES);
	check_says("KEY-002", GIVEN(PRIVATE("a.img!/k", 0, "")), UNKNOWN);
}

static void key_003_is_about_ssh_host_keys(void **unused)
{
	static const char path[] = "fw!/etc/ssh/ssh_host_rsa_key", name[] = "/etc/ssh/ssh_host_rsa_key";

	(void)unused;
	check_says("KEY-003", GIVEN(PRIVATE(path, HF_KEYF_HOST, DIGEST_)), FINDS);
	check_says("KEY-001", GIVEN(PRIVATE(path, HF_KEYF_HOST, DIGEST_), CERT(2048, 4000000000, 0)), PASSES);
	check_says("KEY-003", GIVEN({ HF_FACT_FILE, path, { HF_NODE_FILE, 0600 }, TREE_("fw", name) }),
		   PASSES);
	check_says("KEY-003",
		   GIVEN({ HF_FACT_FILE, path, FILE_(0600, 0, 0, HF_KIND_OTHER), TREE_("fw", name) }),
		   UNKNOWN);
}

static void key_004_is_about_old_and_weak_certificates(void **unused)
{
	(void)unused;
	check_says("KEY-004", GIVEN(CERT(2048, 1000000000, 0)), FINDS);
	check_says("KEY-004", GIVEN(CERT(1024, 4000000000, 0)), FINDS);
	check_says("KEY-004", GIVEN(CERT(2048, 4000000000, HF_KEYF_WEAKSIG)), FINDS);
	check_says("KEY-004", GIVEN(CERT(2048, 4000000000, 0)), PASSES);
	check_says("KEY-004", GIVEN(CERT(2048, 0, 0)), UNKNOWN);
	assert_int_equal(check_severity("KEY-004", GIVEN(CERT(1024, 4000000000, HF_KEYF_BUNDLE))),
			 HF_SEV_INFO);
}

static void key_005_is_about_tokens(void **unused)
{
	(void)unused;
	check_says("KEY-005", GIVEN(KEY("fw!/app", HF_KEYC_TOKEN, 0, 0, 0, 0, HF_KIND_TEXT, "")), FINDS);
	check_says("KEY-005", GIVEN(CERT(2048, 4000000000, 0)), PASSES);
	check_says("KEY-005",
		   GIVEN({ HF_FACT_PROBLEM,
			   "fw!/app",
			   { 1 },
			   { "more than 1,024 of one kind of key or token in one file" } }),
		   UNKNOWN);
}

static void keys_of_a_source_tree_belong_to_bld(void **unused)
{
	(void)unused;
	check_says("KEY-001",
		   GIVEN({ HF_FACT_FILE, "src!/.git/HEAD", FILE_(0644, 0, 0, HF_KIND_TEXT),
			   TREE_("src", "/.git/HEAD") },
			 PRIVATE("src!/t/k.pem", 0, DIGEST_),
			 KEY("src!/c", HF_KEYC_CERT, HF_KEYALG_RSA, 2048, 4000000000, 0, 8, DIGEST_)),
		   PASSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_001_is_about_private_keys),
		cmocka_unit_test(key_001_weighs_encrypted_keys_less),
		cmocka_unit_test(key_002_is_about_the_same_key_elsewhere),
		cmocka_unit_test(key_003_is_about_ssh_host_keys),
		cmocka_unit_test(key_004_is_about_old_and_weak_certificates),
		cmocka_unit_test(key_005_is_about_tokens),
		cmocka_unit_test(keys_of_a_source_tree_belong_to_bld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
