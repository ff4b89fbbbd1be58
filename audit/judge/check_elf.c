/* check_elf.c -- how programs are built: what an attacker with one mistake in them can do.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "check_elf.h"

extern const struct hf_rule hf_rules_elf[];
extern const size_t hf_n_rules_elf;

static void report(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f, unsigned severity,
		   const char *evidence)
{
	struct hf__chk_where at = { .path = f->path, .severity = (uint8_t)severity };

	hf__chk_report(c, rule, &at, "%s", evidence);
}

/* One property of every linked file. */
static void run_property(struct hf_case *c, const struct hf_rule *rule, unsigned property, const char *bad,
			 const char *unknown)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	switch (hf_elf_state(f->num[HF_ELF_STATES], property)) {
	case HF_STATE_NO:
		report(c, rule, f, 0, bad);
		break;
	case HF_STATE_YES:
		hf_pass(c, rule);
		break;
	case HF_STATE_UNKNOWN:
		hf_unknown(c, rule, f->path, unknown);
		break;
	default:
		break;
	}
}

static void run_nx(struct hf_case *c, const struct hf_rule *rule)
{
	run_property(c, rule, HF_ELFP_NX, "stack is executable", "no GNU_STACK: the machine decides");
}

static void run_pie(struct hf_case *c, const struct hf_rule *rule)
{
	run_property(c, rule, HF_ELFP_PIE, "fixed address", "type of file is not known");
}

/* Without the segment nothing is protected; with it but without binding at once, the PLT stays writable. */
static void run_relro(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		unsigned relro = hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_RELRO);
		unsigned now = hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_BINDNOW);

		if (relro == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, "no program headers");
		else if (relro == HF_STATE_NO)
			report(c, rule, f, 0, "no RELRO");
		else if (relro == HF_STATE_YES && now == HF_STATE_NO)
			report(c, rule, f, HF_SEV_LOW, "partial RELRO: not bound at once");
		else if (relro == HF_STATE_YES)
			hf_pass(c, rule);
	}
}

static void run_canary(struct hf_case *c, const struct hf_rule *rule)
{
	run_property(c, rule, HF_ELFP_CANARY, "no stack canary", "static or stripped: symbols are gone");
}

static void run_fortify(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		unsigned state = hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_FORTIFY);
		char text[64];

		if (state == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, "static or damaged: imports are not seen");
		else if (state == HF_STATE_YES)
			hf_pass(c, rule);
		else if (state == HF_STATE_NO) {
			(void)snprintf(text, sizeof(text), "0 of %llu functions fortified",
				       (unsigned long long)f->num[HF_ELF_FORTIFIABLE]);
			report(c, rule, f, 0, text);
		}
	}
}

static void run_clash(struct hf_case *c, const struct hf_rule *rule)
{
	run_property(c, rule, HF_ELFP_CLASH, "built with -fno-stack-clash-protection",
		     "seen from outside only where a large frame is probed");
}

static void run_cfi(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		unsigned state = hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_CFI);

		if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
			hf_unknown(c, rule, f->path, "tables of the file are damaged");
		else if (state == HF_STATE_NO)
			report(c, rule, f, 0, "not marked for CET or BTI/PAC");
		else if (state == HF_STATE_YES)
			hf_pass(c, rule);
	}
}

static void run_wx(struct hf_case *c, const struct hf_rule *rule)
{
	run_property(c, rule, HF_ELFP_WX, "a segment is writable and executable", "no program headers");
}

static bool is_setuid(const struct hf_model *m, hf_bytes path, bool *known)
{
	const struct hf_fact *file = hf_model_file(m, path);

	*known = file != NULL && (file->num[HF_FILE_KNOWN] & HF_KNOWN_OWNER) != 0;
	return file != NULL && (file->num[HF_FILE_MODE] & 06000) != 0;
}

static void run_calls(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		hf_bytes imports = f->text[HF_ELF_IMPORTS];
		bool shell = hf__chk_list_has(imports, "system") || hf__chk_list_has(imports, "popen");
		struct hf__chk_where at = { .path = f->path, .key = HF_STR("gets") };
		bool known, setuid = is_setuid(m, f->path, &known);

		if (hf__chk_list_has(imports, "gets"))
			hf__chk_report(c, rule, &at, "calls gets()");
		else if (shell && setuid) {
			at.key = HF_STR("system");
			hf__chk_report(c, rule, &at, "setuid or setgid, and calls system() or popen()");
		} else if (shell && !known)
			hf_unknown(c, rule, f->path, "calls system(); whether it is setuid is not told");
		else
			hf_pass(c, rule);
	}
}

static void run_buildid(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
			hf_unknown(c, rule, f->path, "tables of the file are damaged");
		else if (hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_BUILDID) == HF_STATE_NO)
			report(c, rule, f, 0, "no build-id");
		else
			hf_pass(c, rule);
	}
}

static void run_debug(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
			hf_unknown(c, rule, f->path, "tables of the file are damaged");
		else if (hf_elf_state(f->num[HF_ELF_STATES], HF_ELFP_NODEBUG) == HF_STATE_NO)
			report(c, rule, f, 0, "has .debug_info");
		else
			hf_pass(c, rule);
	}
}

#define BUILD "EN303645:5.6-8 CRA:I.2k EN18031:GEC"
const struct hf_rule hf_rules_elf[] = {
	{ "ELF-001", HF_SEV_HIGH, 693, "the stack of a program is executable",
	  "link with -Wl,-z,noexecstack and mark assembly files with .note.GNU-stack", BUILD, run_nx },
	{ "ELF-002", HF_SEV_MEDIUM, 693, "a program is not position-independent",
	  "compile with -fPIE and link with -pie, so that its addresses differ from run to run", BUILD,
	  run_pie },
	{ "ELF-003", HF_SEV_MEDIUM, 693, "relocations stay writable", "link with -Wl,-z,relro,-z,now", BUILD,
	  run_relro },
	{ "ELF-004", HF_SEV_MEDIUM, 693, "no stack canaries", "compile with -fstack-protector-strong", BUILD,
	  run_canary },
	{ "ELF-005", HF_SEV_MEDIUM, 693, "functions of the C library are not fortified",
	  "compile with -O2 -D_FORTIFY_SOURCE=3 against glibc", BUILD, run_fortify },
	{ "ELF-006", HF_SEV_HIGH, 426, "libraries are searched where others may write",
	  "take DT_RPATH and DT_RUNPATH out (-Wl,-rpath), or use absolute folders of the system", BUILD,
	  hf__chk_run_rpath },
	{ "ELF-007", HF_SEV_LOW, 693, "large stack frames may jump over the guard page",
	  "compile with -fstack-clash-protection", BUILD, run_clash },
	{ "ELF-008", HF_SEV_LOW, 693, "no control-flow protection by the processor",
	  "compile with -fcf-protection=full (x86) or -mbranch-protection=standard (aarch64)", BUILD,
	  run_cfi },
	{ "ELF-009", HF_SEV_HIGH, 693, "a segment is writable and executable",
	  "find the linker script or -Wl,-N that joins them; data must not be code", BUILD, run_wx },
	{ "ELF-010", HF_SEV_HIGH, 242, "a program calls what cannot be called safely",
	  "use fgets() instead of gets(); a setuid program runs programs with execve() and a clean "
	  "environment",
	  BUILD, run_calls },
	{ "ELF-011", HF_SEV_LOW, 426, "a needed library is not in the image",
	  "ship the library or remove the program: it cannot start, and whoever places the file is run",
	  BUILD, hf__chk_run_needed },
	{ "ELF-012", HF_SEV_INFO, 0, "no build-id",
	  "link with -Wl,--build-id, so that a file can be tied to the build it came from", "", run_buildid },
	{ "ELF-013", HF_SEV_LOW, 215, "debug information is shipped",
	  "strip the file and keep its debug information at home", BUILD, run_debug },
};
const size_t hf_n_rules_elf = sizeof(hf_rules_elf) / sizeof(hf_rules_elf[0]);
