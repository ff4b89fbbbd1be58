/* boot.c -- command lines of kernels, and what is mounted how.
 * SPDX-License-Identifier: Apache-2.0 */
#include "setting.h"

static hf_err put_line(struct hf__scan_job *job, hf_bytes value)
{
	return hf__scan_put_setting(job, HF_SUBJECT_CMDLINE, HF_STATE_UNKNOWN, HF_STR("cmdline"),
				    hf__scan_unquote(value), hf__scan_offset_of(job, value));
}

/* Where boot loaders keep it: the word before it. */
static hf_err scan_cmdline(struct hf__scan_job *job)
{
	static const char *const words[] = { "append ",
					     "APPEND ",
					     "linux ",
					     "linux\t",
					     "bootargs=",
					     "optargs=",
					     "GRUB_CMDLINE_LINUX=",
					     "GRUB_CMDLINE_LINUX_DEFAULT=",
					     NULL };
	hf_bytes rest = job->text, line;

	if (hf_span_is(job->base, "cmdline.txt") || hf_span_ends(job->name, "/etc/kernel/cmdline"))
		return hf_span_line(&rest, &line) ? put_line(job, line) : HF_OK;
	for (unsigned n = 0; n < HF__LINES_MAX && hf_span_line(&rest, &line); n++) {
		line = hf_span_trim(line);
		for (size_t i = 0; words[i] != NULL; i++)
			if (hf_span_begins(line, words[i])) {
				size_t len = 0;

				while (words[i][len] != '\0')
					len++;
				HF_TRY(put_line(job, hf_span_trim(hf_span_from(line, len))));
				break;
			}
	}
	return HF_OK;
}

static bool has_option(hf_bytes options, const char *name)
{
	hf_bytes one;

	while (hf_span_part(&options, ',', &one))
		if (hf_span_is(one, name))
			return true;
	return false;
}

static hf_err put_mount(struct hf__scan_job *job, hf_bytes line)
{
	hf_bytes left = hf_span_trim(line), word[4];

	if (left.len == 0 || left.ptr[0] == '#')
		return HF_OK;
	for (int i = 0; i < 4; i++)
		if (!hf__scan_word(&left, &word[i]))
			return HF_OK;
	if (word[1].len == 0 || word[1].ptr[0] != '/')
		return HF_OK;
	return hf__scan_put_setting(job, HF_SUBJECT_MOUNT,
				    has_option(word[3], "noexec") || has_option(word[3], "ro") ? HF_STATE_YES
											       : HF_STATE_NO,
				    word[1], word[3], hf__scan_offset_of(job, line));
}

/* device, place, type, options */
static hf_err scan_fstab(struct hf__scan_job *job)
{
	hf_bytes rest = job->text, line;

	for (unsigned n = 0; n < HF__LINES_MAX && hf_span_line(&rest, &line); n++)
		HF_TRY(put_mount(job, line));
	return HF_OK;
}

hf_err hf__scan_boot(struct hf__scan_job *job)
{
	static const char *const loaders[] = { "cmdline.txt", "extlinux.conf", "uEnv.txt", "armbianEnv.txt",
					       "grub.cfg",    "grub",          "cmdline",  NULL };

	if (hf_span_ends(job->name, "/etc/fstab"))
		return scan_fstab(job);
	if (hf_span_in(job->base, loaders) && job->kind == HF_KIND_TEXT &&
	    (hf_span_find(job->name, "/boot/") != SIZE_MAX || hf_span_begins(job->name, "/etc/") ||
	     job->name.len == job->base.len + 1))
		return scan_cmdline(job);
	return HF_OK;
}
