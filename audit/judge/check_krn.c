/* check_krn.c -- the kernel: is it maintained, is it hardened, may it load what it likes?
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "check_util.h"
#include "eol.h"

extern const struct hf_rule hf_rules_krn[];
extern const size_t hf_n_rules_krn;

static void run_eol(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	{
		hf_bytes version = f->text[HF_KERNEL_VERSION];
		const struct hf__eol *end = hf__eol_find("linux", version);
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_KERNEL_OFFSET],
					    .key = HF_STR("linux") };

		if (f->num[HF_KERNEL_WHAT] == HF_KERNELW_MODULE)
			continue; /* its kernel speaks for it */
		if (end == NULL)
			hf_unknown(c, rule, f->path, "the branch is not in the table of end-of-life dates");
		else if (end->day < hf_case_today(c))
			hf__chk_report(c, rule, &at, "Linux %.*s, unmaintained for %llu days",
				       HF__CHK_ARG(version, 60u),
				       (unsigned long long)(hf_case_today(c) - end->day));
		else
			hf_pass(c, rule);
	}
}

/* The value of an option in one configuration; NULL when that file is none. */
static const hf_bytes *option(const struct hf_model *m, hf_bytes path, const char *name)
{
	size_t first = 0, n = hf_model_of(m, HF_FACT_SETTING, path, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_SETTING, i);

		if (f->num[HF_SETTING_SUBJECT] == HF_SUBJECT_KCONFIG &&
		    hf_span_is(f->text[HF_SETTING_NAME], name))
			return &f->text[HF_SETTING_VALUE];
	}
	return NULL;
}

static bool is_on(const hf_bytes *value)
{
	return value != NULL && (hf_span_is(*value, "y") || hf_span_is(*value, "m"));
}

static const char *const must_be_on[] = { "STRICT_KERNEL_RWX",
					  "STRICT_MODULE_RWX",
					  "STACKPROTECTOR_STRONG",
					  "HARDENED_USERCOPY",
					  "FORTIFY_SOURCE",
					  "SLAB_FREELIST_RANDOM",
					  "SLAB_FREELIST_HARDENED",
					  "SECCOMP_FILTER",
					  "SECURITY_DMESG_RESTRICT",
					  "INIT_ON_ALLOC_DEFAULT_ON",
					  NULL };
/* Not every processor has them: absent is fine, switched off is not. */
static const char *const on_where_known[] = { "RANDOMIZE_BASE", "VMAP_STACK", NULL };
static const char *const must_be_off[] = { "PROC_KCORE",  "DEBUG_FS",       "KGDB",
					   "MAGIC_SYSRQ", "LEGACY_TIOCSTI", NULL };

struct judging {
	struct hf_case *c;
	const struct hf_rule *rule;
	hf_bytes path;
};

static void say(const struct judging *j, const char *name, const char *is)
{
	struct hf__chk_where at = { .path = j->path };
	size_t n = 0;

	while (name[n] != '\0')
		n++;
	at.key = (hf_bytes){ (const uint8_t *)name, n };
	hf__chk_report(j->c, j->rule, &at, "CONFIG_%s %s", name, is);
}

/* A protection that guards modules is not missed where there are none. */
static bool is_needed(const struct judging *j, const struct hf_model *m, const char *name)
{
	return strcmp(name, "STRICT_MODULE_RWX") != 0 || is_on(option(m, j->path, "MODULES"));
}

static void judge_on(const struct judging *j, const struct hf_model *m)
{
	for (size_t i = 0; must_be_on[i] != NULL; i++)
		if (is_on(option(m, j->path, must_be_on[i])) || !is_needed(j, m, must_be_on[i]))
			hf_pass(j->c, j->rule);
		else
			say(j, must_be_on[i], "is not on");
	for (size_t i = 0; on_where_known[i] != NULL; i++) {
		const hf_bytes *value = option(m, j->path, on_where_known[i]);

		if (value != NULL && hf_span_is(*value, "n"))
			say(j, on_where_known[i], "is off");
		else if (is_on(value))
			hf_pass(j->c, j->rule);
	}
}

static void judge_options(const struct judging *j, const struct hf_model *m)
{
	judge_on(j, m);
	for (size_t i = 0; must_be_off[i] != NULL; i++)
		if (is_on(option(m, j->path, must_be_off[i])))
			say(j, must_be_off[i], "is on");
		else
			hf_pass(j->c, j->rule);
	if (is_on(option(m, j->path, "DEVMEM")) && !is_on(option(m, j->path, "STRICT_DEVMEM")))
		say(j, "STRICT_DEVMEM", "is not on");
	if (is_on(option(m, j->path, "KEXEC")) && !is_on(option(m, j->path, "KEXEC_SIG")))
		say(j, "KEXEC", "is on without signatures");
}

static void run_config(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;
	bool config = false;

	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	if (f->num[HF_KERNEL_WHAT] == HF_KERNELW_CONFIG) {
		struct judging j = { c, rule, f->path };

		config = true;
		judge_options(&j, m);
	}
	if (config)
		return;
	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	if (f->num[HF_KERNEL_WHAT] == HF_KERNELW_IMAGE)
		hf_unknown(c, rule, f->path, "the configuration of the kernel is not in the image");
}

static void run_signed_modules(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;
	bool config = false;

	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	{
		struct hf__chk_where at = { .path = f->path, .key = HF_STR("MODULE_SIG_FORCE") };

		if (f->num[HF_KERNEL_WHAT] != HF_KERNELW_CONFIG)
			continue;
		config = true;
		if (!is_on(option(m, f->path, "MODULES")) || is_on(option(m, f->path, "MODULE_SIG_FORCE")))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "modules load without a valid signature");
	}
	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	if (!config && f->num[HF_KERNEL_WHAT] == HF_KERNELW_IMAGE)
		hf_unknown(c, rule, f->path, "the configuration of the kernel is not in the image");
}

/* Some kernel of the same input has this version. */
static bool has_kernel(const struct hf_model *m, const struct hf_fact *module, bool *any)
{
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	{
		if (f->num[HF_KERNEL_WHAT] != HF_KERNELW_IMAGE ||
		    !hf_bytes_equal(hf__chk_input(f->path), hf__chk_input(module->path)))
			continue;
		*any = true;
		if (hf_bytes_equal(f->text[HF_KERNEL_VERSION], module->text[HF_KERNEL_VERSION]))
			return true;
	}
	return false;
}

static void run_vermagic(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KERNEL, f, i)
	{
		struct hf__chk_where at = { .path = f->path, .key = HF_STR("vermagic") };
		bool any = false;

		if (f->num[HF_KERNEL_WHAT] != HF_KERNELW_MODULE)
			continue;
		if (has_kernel(m, f, &any))
			hf_pass(c, rule);
		else if (!any)
			hf_unknown(c, rule, f->path, "no kernel is among the inputs");
		else
			hf__chk_report(c, rule, &at, "built for %.*s",
				       HF__CHK_ARG(f->text[HF_KERNEL_VERMAGIC], 120u));
	}
}

#define HARDENED "EN303645:5.6-6 CRA:I.2k EN18031:GEC"
const struct hf_rule hf_rules_krn[] = {
	{ "KRN-001", HF_SEV_HIGH, 1104, "the kernel is past the end of its maintenance",
	  "move to a branch that kernel.org or your vendor still maintains", "EN303645:5.3-8 CRA:II.2",
	  run_eol },
	{ "KRN-002", HF_SEV_MEDIUM, 693, "the kernel is built without a protection",
	  "set the option in the kernel's configuration and build it again", HARDENED, run_config },
	{ "KRN-003", HF_SEV_MEDIUM, 347, "the kernel loads modules that nobody signed",
	  "set CONFIG_MODULE_SIG_FORCE=y, or CONFIG_MODULES=n", "EN303645:5.7-1 IEC62443:EDR3.10",
	  run_signed_modules },
	{ "KRN-004", HF_SEV_LOW, 0, "a module is built for another kernel",
	  "remove modules of older builds from the image", "", run_vermagic },
};
const size_t hf_n_rules_krn = sizeof(hf_rules_krn) / sizeof(hf_rules_krn[0]);
