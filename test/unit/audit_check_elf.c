/* Each check of ELF and KRN: what it finds, what it finds good, and what it cannot tell.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "check_rig.h"

#define ONE(property, state) ((uint64_t)(state) << (4 * (property)))
#define PROGRAM(states, flags, interp, rpath, needed, imports) \
	{ \
		HF_FACT_ELF, "fw!/bin/p", { 3, 62, states, flags, 0, 3 }, \
		{ \
			interp, "", rpath, needed, imports, "id" \
		} \
	}
#define STATE(property, state) PROGRAM(ONE(property, state), 0, "", "", "", "")

static void properties_are_found_passed_and_unknown(void **unused)
{
	static const struct {
		const char *id;
		unsigned property;
	} checks[] = { { "ELF-001", HF_ELFP_NX },      { "ELF-002", HF_ELFP_PIE },
		       { "ELF-003", HF_ELFP_RELRO },   { "ELF-004", HF_ELFP_CANARY },
		       { "ELF-005", HF_ELFP_FORTIFY }, { "ELF-007", HF_ELFP_CLASH },
		       { "ELF-009", HF_ELFP_WX } };

	(void)unused;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		check_says(checks[i].id, GIVEN(STATE(checks[i].property, HF_STATE_NO)), FINDS);
		check_says(checks[i].id, GIVEN(STATE(checks[i].property, HF_STATE_YES)), PASSES);
		check_says(checks[i].id, GIVEN(STATE(checks[i].property, HF_STATE_UNKNOWN)), UNKNOWN);
	}
}

static void marks_of_a_damaged_file_are_unknown(void **unused)
{
	static const struct {
		const char *id;
		unsigned property;
	} checks[] = { { "ELF-008", HF_ELFP_CFI },
		       { "ELF-012", HF_ELFP_BUILDID },
		       { "ELF-013", HF_ELFP_NODEBUG } };

	(void)unused;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		check_says(checks[i].id, GIVEN(STATE(checks[i].property, HF_STATE_NO)), FINDS);
		check_says(checks[i].id, GIVEN(STATE(checks[i].property, HF_STATE_YES)), PASSES);
		check_says(checks[i].id, GIVEN(PROGRAM(0, HF_ELFF_DAMAGED, "", "", "", "")), UNKNOWN);
	}
}

static void partial_relro_weighs_less(void **unused)
{
	(void)unused;
	assert_int_equal(check_severity("ELF-003", GIVEN(PROGRAM(ONE(HF_ELFP_RELRO, HF_STATE_YES) |
									 ONE(HF_ELFP_BINDNOW, HF_STATE_NO),
								 0, "", "", "", ""))),
			 HF_SEV_LOW);
}

static void elf_006_is_about_search_paths(void **unused)
{
	static const char *const bad[] = { "/tmp/lib", "lib", "/usr/lib:", "/opt/x:/var/tmp/lib",
					   ":/usr/lib" };

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_says("ELF-006", GIVEN(PROGRAM(0, 0, "", bad[i], "", "")), FINDS);
	check_says("ELF-006", GIVEN(PROGRAM(0, 0, "", "/usr/lib/x:$ORIGIN/../lib", "", "")), PASSES);
	check_says("ELF-006", GIVEN(PROGRAM(0, HF_ELFF_DAMAGED, "", "", "", "")), UNKNOWN);
	check_says("ELF-006",
		   GIVEN(PROGRAM(0, 0, "", "/opt/w", "", ""),
			 { HF_FACT_FILE, "fw!/opt/w", DIR_(0777), { "", "", "", "/opt/w", "", "fw" } }),
		   FINDS);
}

static void elf_010_is_about_calls(void **unused)
{
	(void)unused;
	check_says("ELF-010", GIVEN(PROGRAM(0, 0, "", "", "", "gets")), FINDS);
	check_says("ELF-010", GIVEN(PROGRAM(0, 0, "", "", "", "socket")), PASSES);
	check_says("ELF-010", GIVEN(PROGRAM(0, 0, "", "", "", "system")), UNKNOWN);
	check_says(
		"ELF-010",
		GIVEN(PROGRAM(0, 0, "", "", "", "system"),
		      { HF_FACT_FILE, "fw!/bin/p", FILE_(04755, 0, 0, HF_KIND_ELF), TREE_("fw", "/bin/p") }),
		FINDS);
	check_says(
		"ELF-010",
		GIVEN(PROGRAM(0, 0, "", "", "", "system"),
		      { HF_FACT_FILE, "fw!/bin/p", FILE_(0755, 0, 0, HF_KIND_ELF), TREE_("fw", "/bin/p") }),
		PASSES);
}

static void elf_011_is_about_missing_libraries(void **unused)
{
#define ROOT_ \
	{ HF_FACT_FILE, "fw!/etc", DIR_(0755), { "", "", "", "/etc", "", "fw" } }, \
		{ HF_FACT_FILE, "fw!/lib", DIR_(0755), { "", "", "", "/lib", "", "fw" } }
	(void)unused;
	check_says("ELF-011", GIVEN(ROOT_, PROGRAM(0, 0, "", "", "libx.so.1", "")), FINDS);
	check_says("ELF-011",
		   GIVEN(ROOT_, PROGRAM(0, 0, "", "", "libx.so.1", ""),
			 { HF_FACT_FILE, "fw!/lib/libx.so.1", FILE_(0755, 0, 0, 1),
			   TREE_("fw", "/lib/libx.so.1") }),
		   PASSES);
	check_says("ELF-011",
		   GIVEN(ROOT_, PROGRAM(0, 0, "", "", "libx.so.1", ""),
			 { HF_FACT_FILE, "fw!/opt/libx.so.1", FILE_(0755, 0, 0, 1),
			   TREE_("fw", "/opt/libx.so.1") }),
		   UNKNOWN);
	check_says("ELF-011", GIVEN(PROGRAM(0, 0, "", "", "libx.so.1", "")), UNKNOWN);
}

#define KERNEL(what, version) \
	{ \
		HF_FACT_KERNEL, "fw!/boot/k", { what }, \
		{ \
			version, version \
		} \
	}
#define OPTION(name, value) \
	{ \
		HF_FACT_SETTING, "fw!/boot/k", { HF_SUBJECT_KCONFIG }, \
		{ \
			name, value \
		} \
	}

static void krn_001_is_about_old_branches(void **unused)
{
	(void)unused;
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "4.19.1")), FINDS);
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.12.1")), PASSES);
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "5.4.1-acme")), FINDS);
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "5.19.17")), FINDS); /* by its first number */
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.120.1")), UNKNOWN);
	check_says("KRN-001", GIVEN(KERNEL(HF_KERNELW_IMAGE, "9.1.1")), UNKNOWN);
}

static void krn_002_is_about_protections(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	check_says("KRN-002", GIVEN(KERNEL(HF_KERNELW_CONFIG, "6.1"), OPTION("KGDB", "y")), FINDS);
	check_says("KRN-002", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.1")), UNKNOWN);
	/* All that must be on are, nothing else is: no finding. */
	{
		static const char *const on[] = { "STRICT_KERNEL_RWX",       "STRICT_MODULE_RWX",
						  "STACKPROTECTOR_STRONG",   "HARDENED_USERCOPY",
						  "FORTIFY_SOURCE",          "SLAB_FREELIST_RANDOM",
						  "SLAB_FREELIST_HARDENED",  "SECCOMP_FILTER",
						  "SECURITY_DMESG_RESTRICT", "INIT_ON_ALLOC_DEFAULT_ON",
						  "RANDOMIZE_BASE",          "VMAP_STACK" };
		struct hf_fact k = { .kind = HF_FACT_KERNEL,
				     .path = HF_STR("c"),
				     .num = { HF_KERNELW_CONFIG } };

		audit_rig_fact(&r, &k);
		for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
			struct hf_fact f = { .kind = HF_FACT_SETTING,
					     .path = HF_STR("c"),
					     .num = { HF_SUBJECT_KCONFIG },
					     .text = { { (const uint8_t *)on[i], strlen(on[i]) },
						       HF_STR("y") } };

			audit_rig_fact(&r, &f);
		}
	}
	audit_rig_run(&r, "KRN");
	assert_int_equal(audit_rig_count(&r, "KRN-002"), 0);
	assert_true(audit_rig_passes(&r, "KRN-002") > 0);
	audit_rig_end(&r);
}

static void krn_003_is_about_unsigned_modules(void **unused)
{
	(void)unused;
	check_says("KRN-003", GIVEN(KERNEL(HF_KERNELW_CONFIG, "6.1"), OPTION("MODULES", "y")), FINDS);
	check_says("KRN-003",
		   GIVEN(KERNEL(HF_KERNELW_CONFIG, "6.1"), OPTION("MODULES", "y"),
			 OPTION("MODULE_SIG_FORCE", "y")),
		   PASSES);
	check_says("KRN-003", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.1")), UNKNOWN);
}

static void krn_004_is_about_foreign_modules(void **unused)
{
#define MODULE(version) { HF_FACT_KERNEL, "fw!/lib/m.ko", { HF_KERNELW_MODULE }, { version, version " SMP" } }
	(void)unused;
	check_says("KRN-004", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.1.2"), MODULE("6.1.1")), FINDS);
	check_says("KRN-004", GIVEN(KERNEL(HF_KERNELW_IMAGE, "6.1.2"), MODULE("6.1.2")), PASSES);
	check_says("KRN-004", GIVEN(MODULE("6.1.1")), UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_found_passed_and_unknown),
		cmocka_unit_test(marks_of_a_damaged_file_are_unknown),
		cmocka_unit_test(partial_relro_weighs_less),
		cmocka_unit_test(elf_006_is_about_search_paths),
		cmocka_unit_test(elf_010_is_about_calls),
		cmocka_unit_test(elf_011_is_about_missing_libraries),
		cmocka_unit_test(krn_001_is_about_old_branches),
		cmocka_unit_test(krn_002_is_about_protections),
		cmocka_unit_test(krn_003_is_about_unsigned_modules),
		cmocka_unit_test(krn_004_is_about_foreign_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
