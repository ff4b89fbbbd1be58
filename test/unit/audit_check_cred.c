/* Each check: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"

#define SHADOW(state, scheme, known) \
	{ \
		HF_FACT_ACCOUNT, "fw!/etc/shadow", { HF_ACCOUNTS_SHADOW, 0, 0, 0, 9, state, scheme, known }, \
		{ \
			"ops" \
		} \
	}
#define PASSWD(name, uid, offset, state, shell) \
	{ \
		HF_FACT_ACCOUNT, "fw!/etc/passwd", { HF_ACCOUNTS_PASSWD, uid, 0, offset, 9, state }, \
		{ \
			name, "/", shell \
		} \
	}

static void cred_001_is_about_usable_hashes(void **unused)
{
	(void)unused;
	check_says("CRED-001", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_SHA512, HF_KNOWNPW_NO)), FINDS);
	check_says("CRED-001", GIVEN(SHADOW(HF_PASSWORD_LOCKED, 0, 0)), PASSES);
	check_says("CRED-001", GIVEN(PASSWD("root", 0, 0, HF_PASSWORD_SHADOWED, "/bin/sh")), UNKNOWN);
	/* One finding an account: the worse rule speaks. */
	check_says("CRED-001",
		   GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_MD5, HF_KNOWNPW_YES),
			 SHADOW(HF_PASSWORD_LOCKED, 0, 0)),
		   PASSES);
}

static void cred_002_is_about_public_passwords(void **unused)
{
	(void)unused;
	check_says("CRED-002", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_MD5, HF_KNOWNPW_YES)), FINDS);
	check_says("CRED-002", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_MD5, HF_KNOWNPW_NO)), PASSES);
	check_says("CRED-002", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_BCRYPT, HF_KNOWNPW_COSTLY)),
		   UNKNOWN);
}

static void cred_003_is_about_no_password(void **unused)
{
	(void)unused;
	check_says("CRED-003", GIVEN(SHADOW(HF_PASSWORD_EMPTY, 0, 0)), FINDS);
	check_says("CRED-003", GIVEN(PASSWD("d", 2, 0, HF_PASSWORD_EMPTY, "/usr/sbin/nologin")), PASSES);
	check_says("CRED-003",
		   GIVEN(SHADOW(HF_PASSWORD_EMPTY, 0, 0),
			 PASSWD("ops", 1, 0, HF_PASSWORD_SHADOWED, "/bin/false")),
		   PASSES);
	check_says("CRED-003", GIVEN(PASSWD("d", 2, 0, HF_PASSWORD_SHADOWED, "/bin/sh")), UNKNOWN);
}

static void cred_004_is_about_weak_hashes(void **unused)
{
	(void)unused;
	check_says("CRED-004", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_DES, HF_KNOWNPW_NO)), FINDS);
	check_says("CRED-004", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_YESCRYPT, HF_KNOWNPW_NO)), PASSES);
	check_says("CRED-004", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_OTHER, HF_KNOWNPW_NO)), UNKNOWN);
}

static void cred_005_is_about_a_second_root(void **unused)
{
	(void)unused;
	check_says("CRED-005",
		   GIVEN(PASSWD("root", 0, 0, HF_PASSWORD_SHADOWED, "/bin/sh"),
			 PASSWD("svc", 0, 40, HF_PASSWORD_SHADOWED, "/bin/sh")),
		   FINDS);
	check_says("CRED-005",
		   GIVEN(PASSWD("root", 0, 0, HF_PASSWORD_SHADOWED, "/bin/sh"),
			 PASSWD("svc", 7, 40, HF_PASSWORD_SHADOWED, "/bin/sh")),
		   PASSES);
	check_says("CRED-005", GIVEN(SHADOW(HF_PASSWORD_LOCKED, 0, 0)), UNKNOWN);
}

static void cred_006_is_about_authorized_keys(void **unused)
{
	static const char path[] = "fw!/ro"
				   "ot/.ssh/authorized_keys",
			  name[] = "/ro"
				   "ot/.ssh/authorized_keys";

	(void)unused;
	check_says("CRED-006",
		   GIVEN({ HF_FACT_KEY, path, { HF_KEYC_AUTHORIZED }, { "", "ops@x", "abcd...sha256:01" } }),
		   FINDS);
	check_says("CRED-006",
		   GIVEN({ HF_FACT_FILE, path, FILE_(0600, 0, 0, HF_KIND_EMPTY), TREE_("fw", name) }),
		   PASSES);
	check_says("CRED-006", GIVEN({ HF_FACT_FILE, path, FILE_(0600, 0, 0, 0), UNREAD_("fw", name) }),
		   UNKNOWN);
}

static void cred_007_is_about_secrets_of_configurations(void **unused)
{
	(void)unused;
	check_says("CRED-007",
		   GIVEN({ HF_FACT_HIT,
			   "fw!/etc/wpa_supplicant.conf",
			   { HF_HITC_SECRET },
			   { "wifi-psk", "abcd" } }),
		   FINDS);
	check_says("CRED-007",
		   GIVEN({ HF_FACT_ACCOUNT,
			   "fw!/www/.htpasswd",
			   { HF_ACCOUNTS_HTPASSWD, 0, 0, 0, 9, HF_PASSWORD_LOCKED },
			   { "x" } }),
		   UNKNOWN);
}

static void evidence_of_a_known_password_is_critical(void **unused)
{
	(void)unused;
	assert_int_equal(
		check_severity("CRED-002", GIVEN(SHADOW(HF_PASSWORD_USABLE, HF_SCHEME_MD5, HF_KNOWNPW_YES))),
		HF_SEV_CRITICAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cred_001_is_about_usable_hashes),
		cmocka_unit_test(cred_002_is_about_public_passwords),
		cmocka_unit_test(cred_003_is_about_no_password),
		cmocka_unit_test(cred_004_is_about_weak_hashes),
		cmocka_unit_test(cred_005_is_about_a_second_root),
		cmocka_unit_test(cred_006_is_about_authorized_keys),
		cmocka_unit_test(cred_007_is_about_secrets_of_configurations),
		cmocka_unit_test(evidence_of_a_known_password_is_critical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
