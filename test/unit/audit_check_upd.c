/* Each check of PRIV, UPD, BOT and BKD: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"

#define SETTING(subject, state, name, value) \
	{ \
		HF_FACT_SETTING, "fw!/etc/conf", { subject, state, 0, 9 }, \
		{ \
			name, value \
		} \
	}
#define HIT(class, name) \
	{ \
		HF_FACT_HIT, "fw!/bin/p", { class, 7, 4, 1, HF_KIND_ELF }, \
		{ \
			name, name \
		} \
	}
#define PROGRAM(mode, uid, gid) \
	{ \
		HF_FACT_FILE, "fw!/bin/p", FILE_(mode, uid, gid, HF_KIND_ELF), TREE_("fw", "/bin/p") \
	}
#define LOST \
	{ \
		HF_FACT_FILE, "fw!/bin/p", LOST_(HF_KIND_ELF), TREE_("fw", "/bin/p") \
	}
#define UNREAD \
	{ \
		HF_FACT_FILE, "fw!/bin/.p", FILE_(0755, 0, 0, 0), UNREAD_("fw", "/bin/.p") \
	}

static void priv_001_is_about_lent_rights(void **unused)
{
	(void)unused;
	check_says("PRIV-001", GIVEN(PROGRAM(04755, 0, 0)), FINDS);
	check_says("PRIV-001", GIVEN(PROGRAM(0755, 0, 0)), PASSES);
	check_says("PRIV-001", GIVEN(LOST), UNKNOWN);
	check_says_under("[allow]\nsuid = [\"/bin/p\"]\n", "PRIV-001", GIVEN(PROGRAM(04755, 0, 0)), PASSES);
}

static void priv_002_is_about_what_everybody_writes(void **unused)
{
#define DIRECTORY(mode) { HF_FACT_FILE, "fw!/x", DIR_(mode), { "", "", "", "/x", "", "fw" } }
	(void)unused;
	check_says("PRIV-002", GIVEN(PROGRAM(0777, 0, 0)), FINDS);
	check_says("PRIV-002", GIVEN(DIRECTORY(0777)), FINDS);
	check_says("PRIV-002", GIVEN(DIRECTORY(01777)), PASSES);
	check_says("PRIV-002", GIVEN(LOST), UNKNOWN);
}

static void priv_003_is_about_programs_of_services(void **unused)
{
	(void)unused;
	check_says("PRIV-003", GIVEN(PROGRAM(0755, 33, 33)), FINDS);
	check_says("PRIV-003", GIVEN(PROGRAM(0775, 0, 33)), FINDS);
	check_says("PRIV-003", GIVEN(PROGRAM(0755, 0, 33)), PASSES);
	check_says("PRIV-003", GIVEN(LOST), UNKNOWN);
}

static void priv_004_is_about_devices(void **unused)
{
#define DEVICE(name) \
	{ HF_FACT_FILE, \
	  "fw!" name, \
	  { HF_NODE_BLOCK, 0600, 0, 0, 0, 0, HF_KNOWN_OWNER, 0 }, \
	  TREE_("fw", name) }
	(void)unused;
	check_says("PRIV-004", GIVEN(DEVICE("/srv/sda")), FINDS);
	check_says("PRIV-004", GIVEN(DEVICE("/dev/sda")), PASSES);
	check_says("PRIV-004", GIVEN(LOST), UNKNOWN);
}

static void priv_005_is_about_hidden_programs(void **unused)
{
#define HIDDEN(mode, kind) { HF_FACT_FILE, "fw!/bin/.p", FILE_(mode, 0, 0, kind), TREE_("fw", "/bin/.p") }
	(void)unused;
	check_says("PRIV-005", GIVEN(HIDDEN(0755, HF_KIND_ELF)), FINDS);
	check_says("PRIV-005", GIVEN(HIDDEN(0644, HF_KIND_TEXT)), PASSES);
	check_says("PRIV-005", GIVEN(UNREAD), UNKNOWN);
}

static void upd_001_to_003_follow_the_settings(void **unused)
{
	static const struct {
		const char *id;
		unsigned subject;
	} checks[] = { { "UPD-001", HF_SUBJECT_UPDSIGN },
		       { "UPD-002", HF_SUBJECT_UPDURL },
		       { "UPD-003", HF_SUBJECT_ROLLBACK },
		       { "UPD-006", HF_SUBJECT_LOGPROOF } };

	(void)unused;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		check_says(checks[i].id, GIVEN(SETTING(checks[i].subject, HF_STATE_NO, "rauc", "")), FINDS);
		check_says(checks[i].id, GIVEN(SETTING(checks[i].subject, HF_STATE_YES, "rauc", "")), PASSES);
		check_says(checks[i].id, GIVEN(SETTING(checks[i].subject, HF_STATE_UNKNOWN, "rauc", "")),
			   UNKNOWN);
	}
}

static void arguments_and_configuration_count_together(void **unused)
{
	(void)unused;
	check_says("UPD-001",
		   GIVEN(SETTING(HF_SUBJECT_UPDSIGN, HF_STATE_NO, "swupdate", ""),
			 { HF_FACT_SETTING,
			   "fw!/etc/args",
			   { HF_SUBJECT_UPDSIGN, HF_STATE_YES },
			   { "swupdate" } }),
		   PASSES);
	/* One unsigned source of apt is enough, whatever others say. */
	check_says("UPD-001",
		   GIVEN(SETTING(HF_SUBJECT_UPDSIGN, HF_STATE_NO, "apt", ""),
			 { HF_FACT_SETTING, "fw!/etc/b", { HF_SUBJECT_UPDSIGN, HF_STATE_YES }, { "apt" } }),
		   FINDS);
}

#define HEX "3031323334353637383961626364656630313233343536373839616263646566"
#define HEX2 "4031323334353637383961626364656630313233343536373839616263646566"

static void upd_004_is_about_anchors(void **unused)
{
#define ANCHOR \
	SETTING(HF_SUBJECT_ANCHOR, HF_STATE_UNKNOWN, "rauc", "/etc/ca.pem"), \
		{ HF_FACT_FILE, "fw!/etc/ca.pem", FILE_(0644, 0, 0, 8), TREE_("fw", "/etc/ca.pem") }, \
		{ HF_FACT_KEY, "fw!/etc/ca.pem", { HF_KEYC_CERT, 1, 2048 }, { DIGEST_, "CA" } }
	(void)unused;
	check_says_under("[allow]\nanchors = [\"" HEX "\"]\n", "UPD-004", GIVEN(ANCHOR), PASSES);
	check_says_under("[allow]\nanchors = [\"" HEX2 "\"]\n", "UPD-004", GIVEN(ANCHOR), FINDS);
	check_says("UPD-004", GIVEN(ANCHOR), UNKNOWN);
}

static void upd_005_is_about_sample_keys(void **unused)
{
#define PUBLIC(flags, spki) { HF_FACT_KEY, "fw!/k", { HF_KEYC_PUBLIC, 1, 2048, 0, 0, 0, flags }, { spki } }
	(void)unused;
	check_says("UPD-005", GIVEN(PUBLIC(HF_KEYF_TEST, DIGEST_)), FINDS);
	check_says("UPD-005", GIVEN(PUBLIC(0, DIGEST_)), PASSES);
	check_says("UPD-005", GIVEN(PUBLIC(0, "")), UNKNOWN);
}

static void bot_001_is_about_literals(void **unused)
{
	(void)unused;
	check_says("BOT-001", GIVEN(HIT(HF_HITC_BOT, "mirai")), FINDS);
	check_says("BOT-001", GIVEN(HIT(HF_HITC_BOTWEAK, "a")), PASSES);
	check_says("BOT-001", GIVEN(HIT(HF_HITC_BOTWEAK, "a"), HIT(HF_HITC_BOTWEAK, "b")), FINDS);
	check_says("BOT-001", GIVEN(HIT(HF_HITC_BOTXOR, "a"), HIT(HF_HITC_BOTXOR, "b")), PASSES);
	check_says("BOT-001",
		   GIVEN(HIT(HF_HITC_BOTXOR, "a"), HIT(HF_HITC_BOTXOR, "b"), HIT(HF_HITC_BOTXOR, "c")),
		   FINDS);
	check_says("BOT-001", GIVEN(UNREAD), UNKNOWN);
}

static void bot_002_is_about_scanners(void **unused)
{
	(void)unused;
	check_says("BOT-002",
		   GIVEN(HIT(HF_HITC_WATCHDOG, "w"), HIT(HF_HITC_TELSCAN, "a"), HIT(HF_HITC_TELSCAN, "b")),
		   FINDS);
	check_says("BOT-002", GIVEN(HIT(HF_HITC_WATCHDOG, "w")), PASSES);
	check_says("BOT-002", GIVEN(UNREAD), UNKNOWN);
}

static void bot_003_is_about_droppers(void **unused)
{
	(void)unused;
	check_says("BOT-003",
		   GIVEN(SETTING(HF_SUBJECT_MOUNT, HF_STATE_NO, "/tmp", ""),
			 { HF_FACT_FILE, "fw!/bin/wget", FILE_(0755, 0, 0, 1), TREE_("fw", "/bin/wget") }),
		   FINDS);
	check_says("BOT-003", GIVEN(SETTING(HF_SUBJECT_MOUNT, HF_STATE_NO, "/tmp", "")), PASSES);
	check_says("BOT-003", GIVEN(SETTING(HF_SUBJECT_MOUNT, HF_STATE_UNKNOWN, "/tmp", "")), UNKNOWN);
}

#define DAMAGED \
	{ \
		HF_FACT_ELF, "fw!/bin/q", { 3, 62, 0, HF_ELFF_DAMAGED }, \
		{ \
			0 \
		} \
	}

static void bkd_001_is_about_built_in_accounts(void **unused)
{
	(void)unused;
	check_says("BKD-001", GIVEN(HIT(HF_HITC_PASSWORD, "xc3511")), FINDS);
	check_says("BKD-001", GIVEN(HIT(HF_HITC_HASH, "md5")), FINDS);
	check_says("BKD-001", GIVEN({ HF_FACT_ELF, "fw!/bin/p", { 3, 62, 0, HF_ELFF_AUTH }, { "" } }),
		   PASSES);
	check_says("BKD-001", GIVEN(DAMAGED), UNKNOWN);
}

static void bkd_002_is_about_markers(void **unused)
{
	(void)unused;
	check_says("BKD-002", GIVEN(HIT(HF_HITC_BACKDOOR, "tamper-simulator")), FINDS);
	check_says("BKD-002", GIVEN(PROGRAM(0755, 0, 0)), PASSES);
	check_says("BKD-002", GIVEN(UNREAD), UNKNOWN);
}

static void bkd_003_is_about_hosts(void **unused)
{
	(void)unused;
	check_says_under("[allow]\nhosts = [\"a.example\"]\n", "BKD-003",
			 GIVEN(HIT(HF_HITC_HOST, "b.example")), FINDS);
	check_says_under("[allow]\nhosts = [\"a.example\"]\n", "BKD-003",
			 GIVEN(HIT(HF_HITC_HOST, "a.example")), PASSES);
	check_says("BKD-003", GIVEN(PROGRAM(0755, 0, 0)), UNKNOWN);
	check_says("BKD-004", GIVEN(DAMAGED), UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priv_001_is_about_lent_rights),
		cmocka_unit_test(priv_002_is_about_what_everybody_writes),
		cmocka_unit_test(priv_003_is_about_programs_of_services),
		cmocka_unit_test(priv_004_is_about_devices),
		cmocka_unit_test(priv_005_is_about_hidden_programs),
		cmocka_unit_test(upd_001_to_003_follow_the_settings),
		cmocka_unit_test(arguments_and_configuration_count_together),
		cmocka_unit_test(upd_004_is_about_anchors),
		cmocka_unit_test(upd_005_is_about_sample_keys),
		cmocka_unit_test(bot_001_is_about_literals),
		cmocka_unit_test(bot_002_is_about_scanners),
		cmocka_unit_test(bot_003_is_about_droppers),
		cmocka_unit_test(bkd_001_is_about_built_in_accounts),
		cmocka_unit_test(bkd_002_is_about_markers),
		cmocka_unit_test(bkd_003_is_about_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
