/* Each check of BLD and MCU: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"

#define FLAG(state) \
	{ \
		HF_FACT_FLAG, "compile_commands.json", { 1, 2, state }, \
		{ \
			"-fPIE", "a.c" \
		} \
	}
#define RESULT(level) \
	{ \
		HF_FACT_RESULT, "a.sarif", { level, 3 }, \
		{ \
			"gcc", "-Wleak", "a.c", "leak" \
		} \
	}
#define KEY(class, kind) \
	{ \
		HF_FACT_KEY, "src!/k.pem", { class, 3, 256, 0, 9, 0, 0, kind }, \
		{ \
			DIGEST_, "name", "...sha256:01" \
		} \
	}
#define SOURCE \
	{ \
		HF_FACT_FILE, "src!/.git/HEAD", FILE_(0644, 0, 0, HF_KIND_TEXT), TREE_("src", "/.git/HEAD") \
	}

static void bld_001_is_about_flags(void **unused)
{
	(void)unused;
	check_says("BLD-001", GIVEN(FLAG(HF_STATE_NO)), FINDS);
	check_says("BLD-001", GIVEN(FLAG(HF_STATE_YES)), PASSES);
	check_says("BLD-001", GIVEN(FLAG(HF_STATE_UNKNOWN)), UNKNOWN);
}

static void bld_002_is_about_results_of_others(void **unused)
{
	(void)unused;
	check_says("BLD-002", GIVEN(RESULT(HF_LEVEL_ERROR)), FINDS);
	assert_int_equal(check_severity("BLD-002", GIVEN(RESULT(HF_LEVEL_ERROR))), HF_SEV_HIGH);
	assert_int_equal(check_severity("BLD-002", GIVEN(RESULT(HF_LEVEL_NOTE))), HF_SEV_LOW);
	check_says("BLD-002", GIVEN(RESULT(HF_LEVEL_NONE)), PASSES);
	check_says("BLD-002",
		   GIVEN({ HF_FACT_FILE, "a.sarif", FILE_(0644, 0, 0, HF_KIND_SARIF), TREE_("", "a.sarif") },
			 { HF_FACT_PROBLEM, "a.sarif", { 2 }, { "SARIF file does not parse" } }),
		   UNKNOWN);
}

static void bld_003_is_about_secrets_in_sources(void **unused)
{
	(void)unused;
	check_says("BLD-003", GIVEN(SOURCE, KEY(HF_KEYC_PRIVATE, HF_KIND_TEXT)), FINDS);
	check_says("BLD-003", GIVEN(SOURCE, KEY(HF_KEYC_CERT, HF_KIND_TEXT)), PASSES);
	check_says("BLD-003", GIVEN(SOURCE, KEY(HF_KEYC_ENCRYPTED, HF_KIND_TEXT)), UNKNOWN);
}

static void bld_004_is_about_traces(void **unused)
{
	(void)unused;
	check_says("BLD-004",
		   GIVEN({ HF_FACT_HIT, "fw!/bin/p", { HF_HITC_DATE, 7, 11 }, { "date", "Jan  1 2024" } }),
		   FINDS);
	check_says("BLD-004", GIVEN({ HF_FACT_ELF, "fw!/bin/p", { 3 }, { "" } }), PASSES);
	check_says("BLD-004", GIVEN({ HF_FACT_ELF, "fw!/bin/p", { 3, 0, 0, HF_ELFF_DAMAGED }, { "" } }),
		   UNKNOWN);
}

static void mcu_001_is_about_signatures(void **unused)
{
#define SIGN(state) { HF_FACT_SETTING, "app.bin", { HF_SUBJECT_MCUSIGN, state }, { "mcuboot" } }
	(void)unused;
	check_says("MCU-001", GIVEN(SIGN(HF_STATE_NO)), FINDS);
	check_says("MCU-001", GIVEN(SIGN(HF_STATE_YES)), PASSES);
	check_says("MCU-001", GIVEN({ HF_FACT_ELF, "app.elf", { 2, 40, 0, HF_ELFF_MCU }, { "" } }), UNKNOWN);
}

static void mcu_002_is_about_debug_commands(void **unused)
{
#define IMAGE { HF_FACT_FILE, "app.bin", FILE_(0644, 0, 0, HF_KIND_MCU), TREE_("", "app.bin") }
#define WORD(name) \
	{ \
		HF_FACT_HIT, "app.bin", { HF_HITC_MCUDEBUG, 7, 4 }, \
		{ \
			name, name \
		} \
	}
	(void)unused;
	check_says("MCU-002", GIVEN(IMAGE, WORD("peek"), WORD("poke")), FINDS);
	check_says("MCU-002", GIVEN(IMAGE), PASSES);
	check_says("MCU-002", GIVEN(IMAGE, WORD("peek")), UNKNOWN);
}

static void mcu_003_is_about_keys_in_chips(void **unused)
{
	(void)unused;
	check_says("MCU-003", GIVEN(KEY(HF_KEYC_PRIVATE, HF_KIND_MCU)), FINDS);
	check_says("MCU-003", GIVEN(KEY(HF_KEYC_PUBLIC, HF_KIND_MCU)), PASSES);
	check_says("MCU-003", GIVEN(KEY(HF_KEYC_ENCRYPTED, HF_KIND_MCU)), UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bld_001_is_about_flags),
		cmocka_unit_test(bld_002_is_about_results_of_others),
		cmocka_unit_test(bld_003_is_about_secrets_in_sources),
		cmocka_unit_test(bld_004_is_about_traces),
		cmocka_unit_test(mcu_001_is_about_signatures),
		cmocka_unit_test(mcu_002_is_about_debug_commands),
		cmocka_unit_test(mcu_003_is_about_keys_in_chips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
