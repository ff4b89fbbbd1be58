/* check_dbg.c -- doors that developers left open.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_started.h"

extern const struct hf_rule hf_rules_dbg[];
extern const size_t hf_n_rules_dbg;

static void run_tools(struct hf_case *c, const struct hf_rule *rule)
{
	static const char *const tools[] = { "gdb",  "gdbserver", "strace",   "ltrace",  "tcpdump",
					     "gcc",  "cc",        "g++",      "clang",   "tcc",
					     "cpp",  "as",        "ld",       "objdump", "perf",
					     "nmap", "valgrind",  "bpftrace", "lldb",    NULL };
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		hf_bytes base = hf_span_base(f->text[HF_FILE_NAME]);
		struct hf__chk_where at = { .path = f->path, .key = base };

		if (!hf_span_in(base, tools) || !hf_span_has(f->text[HF_FILE_NAME], "bin/"))
			continue;
		if (f->num[HF_FILE_TYPE] == HF_NODE_LINK)
			continue; /* what it leads to is named itself, or is an applet */
		if (f->num[HF_FILE_KIND] == HF_KIND_ELF || f->num[HF_FILE_KIND] == HF_KIND_SCRIPT)
			hf__chk_report(c, rule, &at, "%.*s", HF__CHK_ARG(base, 60u));
		else if (f->text[HF_FILE_SHA256].len == 0)
			hf_unknown(c, rule, f->path, "called a debugging tool, but could not be read");
		else
			hf_pass(c, rule);
	}
}

static const char *open_shell_option(hf_bytes line)
{
	static const char *const options[] = {
		"init=/bin/sh",        "init=/bin/bash", "init=/bin/ash", "systemd.debug_shell",
		"systemd.debug-shell", "rd.break",       "single ",       NULL
	};

	for (size_t i = 0; options[i] != NULL; i++)
		if (hf_span_has(line, options[i]))
			return options[i];
	return NULL;
}

static void run_shells(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SERVICE, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_SERVICE_OFFSET],
					    .length = f->num[HF_SERVICE_LENGTH],
					    .key = f->text[HF_SERVICE_UNIT] };
		unsigned started;

		if ((f->num[HF_SERVICE_FLAGS] & HF_SERVICEF_SHELL) == 0) {
			if (f->num[HF_SERVICE_SOURCE] == HF_SOURCE_INITTAB)
				hf_pass(c, rule);
			continue;
		}
		started = hf__chk_started(c, f);
		if (started == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path,
				   "an open shell is shipped, and nothing says whether it runs");
		else if (started == HF_STATE_YES)
			hf__chk_report(c, rule, &at, "%.*s: %.*s", HF__CHK_ARG(f->text[HF_SERVICE_UNIT], 40u),
				       HF__CHK_ARG(f->text[HF_SERVICE_COMMAND], 150u));
	}
	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		const char *option = open_shell_option(f->text[HF_SETTING_VALUE]);
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_SETTING_OFFSET],
					    .key = HF_STR("cmdline") };

		if (f->num[HF_SETTING_SUBJECT] == HF_SUBJECT_CMDLINE && option != NULL)
			hf__chk_report(c, rule, &at, "kernel command line: %s", option);
	}
}

/* A key or hash that stops the countdown is as good as none for strangers. */
static bool has_keyed_stop(const struct hf_model *m, hf_bytes path)
{
	size_t first = 0, n = hf_model_of(m, HF_FACT_SETTING, path, &first);

	for (size_t i = first; i < first + n; i++)
		if (hf_span_is(hf_model_at(m, HF_FACT_SETTING, i)->text[HF_SETTING_NAME], "bootstopkey"))
			return true;
	return false;
}

static void run_uboot(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_SETTING_OFFSET],
					    .key = f->text[HF_SETTING_NAME] };

		if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_UBOOT ||
		    !hf_span_is(f->text[HF_SETTING_NAME], "bootdelay"))
			continue;
		if (hf_span_is(f->text[HF_SETTING_VALUE], "-2") || has_keyed_stop(m, f->path))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "bootdelay=%.*s",
				       HF__CHK_ARG(f->text[HF_SETTING_VALUE], 20u));
	}
	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		size_t first = 0;

		if (f->num[HF_FILE_KIND] == HF_KIND_BOOTLOADER &&
		    hf_model_of(m, HF_FACT_SETTING, f->path, &first) == 0)
			hf_unknown(c, rule, f->path, "the boot loader names no bootdelay");
	}
}

static const char *debug_option(hf_bytes line)
{
	static const char *const options[] = { "kgdboc",  "kgdbwait",        "earlyprintk",
					       "nokaslr", "mitigations=off", "slub_debug",
					       "ftrace=", "ignore_loglevel", "nosmep",
					       "nopti",   "iomem=relaxed",   NULL };

	for (size_t i = 0; options[i] != NULL; i++)
		if (hf_span_has(line, options[i]))
			return options[i];
	return NULL;
}

static void judge_kernel_setting(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f)
{
	static const char *const off[] = { "KGDB", "PROVE_LOCKING", "EARLY_PRINTK", NULL };
	struct hf__chk_where at = { .path = f->path,
				    .offset = f->num[HF_SETTING_OFFSET],
				    .key = f->text[HF_SETTING_NAME] };

	if (f->num[HF_SETTING_SUBJECT] == HF_SUBJECT_CMDLINE) {
		const char *option = debug_option(f->text[HF_SETTING_VALUE]);

		if (option != NULL)
			hf__chk_report(c, rule, &at, "kernel command line: %s", option);
		else if (hf_span_has(f->text[HF_SETTING_VALUE], "${"))
			hf_unknown(c, rule, f->path, "the command line is put together at the start");
		else
			hf_pass(c, rule);
		return;
	}
	if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_KCONFIG || !hf_span_in(f->text[HF_SETTING_NAME], off))
		return;
	if (hf_span_is(f->text[HF_SETTING_VALUE], "y"))
		hf__chk_report(c, rule, &at, "CONFIG_%.*s=y", HF__CHK_ARG(f->text[HF_SETTING_NAME], 60u));
	else
		hf_pass(c, rule);
}

static void run_kernel(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	judge_kernel_setting(c, rule, f);
}

#define SURFACE "EN303645:5.6-4 EN303645:5.6-5 EN18031:ACM IEC62443:EDR3.11"
const struct hf_rule hf_rules_dbg[] = {
	{ "DBG-001", HF_SEV_MEDIUM, 489, "a debugger, tracer, sniffer or compiler is in the image",
	  "leave it out of the product image; build a second image for developers", SURFACE, run_tools },
	{ "DBG-002", HF_SEV_HIGH, 306, "a console gives a shell without a login",
	  "start getty with a login there, or nothing at all", SURFACE, run_shells },
	{ "DBG-003", HF_SEV_MEDIUM, 489, "the console of U-Boot can be reached by a key press",
	  "set bootdelay=-2 and CONFIG_AUTOBOOT_KEYED with a stop key whose hash only you know", SURFACE,
	  run_uboot },
	{ "DBG-004", HF_SEV_MEDIUM, 489, "the kernel is set up for debugging",
	  "take the option out of the configuration or the command line of the product", SURFACE,
	  run_kernel },
};
const size_t hf_n_rules_dbg = sizeof(hf_rules_dbg) / sizeof(hf_rules_dbg[0]);
