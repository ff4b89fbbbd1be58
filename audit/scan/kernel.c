/* kernel.c -- the configuration of a kernel, told by its heading: the options that checks ask for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "setting.h"

/* Without CONFIG_; the judge knows which must be on and which off. */
static const char *const wanted[] = {
	"STRICT_KERNEL_RWX",
	"STRICT_MODULE_RWX",
	"STACKPROTECTOR_STRONG",
	"RANDOMIZE_BASE",
	"HARDENED_USERCOPY",
	"FORTIFY_SOURCE",
	"SLAB_FREELIST_RANDOM",
	"SLAB_FREELIST_HARDENED",
	"VMAP_STACK",
	"SECCOMP_FILTER",
	"STRICT_DEVMEM",
	"SECURITY_DMESG_RESTRICT",
	"INIT_ON_ALLOC_DEFAULT_ON",
	"PROC_KCORE",
	"DEBUG_FS",
	"KGDB",
	"MAGIC_SYSRQ",
	"LEGACY_TIOCSTI",
	"KEXEC",
	"KEXEC_SIG",
	"KEXEC_SIG_FORCE",
	"MODULES",
	"MODULE_SIG",
	"MODULE_SIG_FORCE",
	"DEBUG_KERNEL",
	"KALLSYMS_ALL",
	"PROVE_LOCKING",
	"DEVMEM",
	"BPF_UNPRIV_DEFAULT_OFF",
	"EARLY_PRINTK",
	"KPROBES",
	"DEBUG_FS_ALLOW_NONE",
	"DEBUG_FS_ALLOW_ALL",
};
enum { N_WANTED = sizeof(wanted) / sizeof(wanted[0]), HEADING = 512 };

/* "# Linux/arm 6.1.38 Kernel Configuration" */
static bool read_heading(hf_bytes text, hf_bytes *version)
{
	hf_bytes head = hf_span_upto(text, HEADING), rest, arch;
	size_t at = hf_span_find(head, "# Linux/"), end = hf_span_find(head, " Kernel Configuration");

	*version = (hf_bytes){ 0 };
	if (at == SIZE_MAX || end == SIZE_MAX || end < at)
		return false;
	rest = (hf_bytes){ head.ptr + at + 2, end - at - 2 };
	return hf__scan_word(&rest, &arch) && hf__scan_word(&rest, version) && version->len >= 3;
}

static void keep_option(hf_bytes line, hf_bytes value[N_WANTED])
{
	hf_bytes name, v;

	if (hf_span_begins(line, "# CONFIG_") && hf_span_ends(line, " is not set")) {
		name = hf_span_from(hf_span_upto(line, line.len - 11), 9);
		v = HF_STR("n");
	} else if (hf_span_begins(line, "CONFIG_") && hf__scan_pair(line, '=', &name, &v)) {
		name = hf_span_from(name, 7);
	} else {
		return;
	}
	for (size_t i = 0; i < N_WANTED; i++)
		if (hf_span_is(name, wanted[i]))
			value[i] = hf__scan_unquote(v);
}

hf_err hf__scan_kernel(struct hf__scan_job *job)
{
	struct hf_fact fact = { .kind = HF_FACT_KERNEL };
	hf_bytes value[N_WANTED] = { 0 }, rest = job->text, line;

	if (rest.len < HEADING || !read_heading(rest, &fact.text[HF_KERNEL_VERSION]))
		return HF_OK;
	fact.num[HF_KERNEL_WHAT] = HF_KERNELW_CONFIG;
	HF_TRY(hf__scan_put(job, &fact));
	for (unsigned n = 0; n < HF__LINES_MAX && hf_span_line(&rest, &line); n++)
		keep_option(line, value);
	for (size_t i = 0; i < N_WANTED; i++)
		HF_TRY(hf__scan_put_setting(
			job, HF_SUBJECT_KCONFIG, HF_STATE_UNKNOWN, HF__TEXT(wanted[i]), value[i],
			hf__scan_offset_of(job, value[i].len == 1 && value[i].ptr[0] == 'n' ? (hf_bytes){ 0 }
											    : value[i])));
	return HF_OK;
}
