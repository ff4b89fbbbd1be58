/* check_elf_libs.c -- where programs look for libraries, and whether they are there.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "check_elf.h"

enum { PATH_CAP = 4096 };

/* Folders that anybody may write to in every system. */
static const char *const loose[] = { "/tmp",      "/var/tmp", "/dev/shm", "/home",
				     "/run/user", "/mnt",     "/media",   NULL };

static bool is_loose(hf_bytes dir)
{
	for (size_t i = 0; loose[i] != NULL; i++) {
		size_t n = strlen(loose[i]);

		if (hf_span_begins(dir, loose[i]) && (dir.len == n || dir.ptr[n] == '/'))
			return true;
	}
	return false;
}

static const char *what_is_wrong(const struct hf_case *c, hf_bytes path, hf_bytes dir, bool setuid)
{
	const struct hf_fact *f;

	if (dir.len == 0)
		return "an empty element means the current folder";
	if (hf_span_begins(dir, "$ORIGIN") || hf_span_begins(dir, "${ORIGIN}"))
		return setuid ? "$ORIGIN in a setuid file" : NULL;
	if (dir.ptr[0] != '/')
		return "relative";
	if (is_loose(dir))
		return "anybody may write there";
	f = hf_model_resolve(hf_case_model(c), hf__chk_tree(path), dir);
	if (f != NULL && (f->num[HF_FILE_KNOWN] & HF_KNOWN_MODE) != 0 && (f->num[HF_FILE_MODE] & 0002) != 0)
		return "world-writable folder";
	return NULL;
}

static void judge_rpath(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f,
			hf_bytes rpath)
{
	const struct hf_fact *file = hf_model_file(hf_case_model(c), f->path);
	bool setuid = file != NULL && (file->num[HF_FILE_MODE] & 06000) != 0, bad = false;

	for (size_t at = 0; at <= rpath.len && !bad;) {
		const uint8_t *end = at < rpath.len ? memchr(rpath.ptr + at, ':', rpath.len - at) : NULL;
		size_t n = end == NULL ? rpath.len - at : (size_t)(end - (rpath.ptr + at));
		hf_bytes dir = { rpath.ptr + at, n };
		const char *why = what_is_wrong(c, f->path, dir, setuid);
		struct hf__chk_where where = { .path = f->path, .key = dir };

		if (why != NULL) {
			hf__chk_report(c, rule, &where, "\"%.*s\": %s", HF__CHK_ARG(dir, 150u), why);
			bad = true;
		}
		at += n + 1;
	}
	if (!bad)
		hf_pass(c, rule);
}

void hf__chk_run_rpath(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		hf_bytes list = f->text[HF_ELF_RPATH], one;

		if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
			hf_unknown(c, rule, f->path, "tables of the file are damaged");
		if (list.len == 0)
			hf_pass(c, rule);
		while (hf_span_part(&list, 0, &one))
			judge_rpath(c, rule, f, one);
	}
}

/* Where the loaders of common systems look. */
static const char *const folders[] = { "/lib/",
				       "/usr/lib/",
				       "/lib64/",
				       "/usr/lib64/",
				       "/usr/local/lib/",
				       "/lib32/",
				       "/usr/lib32/",
				       "/lib/x86_64-linux-gnu/",
				       "/usr/lib/x86_64-linux-gnu/",
				       "/lib/aarch64-linux-gnu/",
				       "/usr/lib/aarch64-linux-gnu/",
				       "/lib/arm-linux-gnueabihf/",
				       "/usr/lib/arm-linux-gnueabihf/",
				       "/lib/arm-linux-gnueabi/",
				       "/usr/lib/arm-linux-gnueabi/",
				       "/lib/i386-linux-gnu/",
				       "/usr/lib/i386-linux-gnu/",
				       "/lib/riscv64-linux-gnu/",
				       "/usr/lib/riscv64-linux-gnu/",
				       "/lib/mipsel-linux-gnu/",
				       "/usr/lib/mipsel-linux-gnu/",
				       "/lib/mips64el-linux-gnuabi64/",
				       "/usr/lib/mips64el-linux-gnuabi64/",
				       "/lib/powerpc64le-linux-gnu/",
				       "/usr/lib/powerpc64le-linux-gnu/",
				       NULL };

static bool is_at(const struct hf_model *m, hf_bytes tree, hf_bytes dir, hf_bytes name)
{
	uint8_t room[PATH_CAP];
	struct hf_out path = HF_OUT(room);

	if (hf_out_put(&path, dir) != HF_OK ||
	    (dir.len > 0 && dir.ptr[dir.len - 1] != '/' && hf_out_put(&path, HF_STR("/")) != HF_OK) ||
	    hf_out_put(&path, name) != HF_OK)
		return false;
	return hf_model_resolve(m, tree, hf_out_bytes(&path)) != NULL;
}

static bool in_folders(const struct hf_model *m, hf_bytes tree, hf_bytes name)
{
	for (size_t i = 0; folders[i] != NULL; i++)
		if (is_at(m, tree, (hf_bytes){ (const uint8_t *)folders[i], strlen(folders[i]) }, name))
			return true;
	return false;
}

/* A folder of its own, named by ld.so.conf, by dlopen or by a program that loads both: not seen from here. */
static bool somewhere(const struct hf_model *m, hf_bytes tree, hf_bytes name)
{
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	if (hf_bytes_equal(f->text[HF_FILE_TREE], tree) &&
	    hf_bytes_equal(hf_span_base(f->text[HF_FILE_NAME]), name))
		return true;
	return false;
}

static void judge_needed(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f,
			 hf_bytes name)
{
	const struct hf_model *m = hf_case_model(c);
	hf_bytes tree = hf__chk_tree(f->path), own = hf__chk_name(c, f->path);
	struct hf__chk_where at = { .path = f->path, .key = name };

	own.len -= hf_span_base(own).len;
	if (in_folders(m, tree, name) || is_at(m, tree, own, name))
		hf_pass(c, rule);
	else if (somewhere(m, tree, name))
		hf_unknown(c, rule, f->path, "a needed library lies outside the usual folders");
	else
		hf__chk_report(c, rule, &at, "%.*s", HF__CHK_ARG(name, 120u));
}

/* Only a whole root tree can miss a library: a lone file is not installed anywhere. */
static bool is_root_tree(const struct hf_model *m, hf_bytes tree)
{
	return hf_model_resolve(m, tree, HF_STR("/etc")) != NULL &&
	       (hf_model_resolve(m, tree, HF_STR("/lib")) != NULL ||
		hf_model_resolve(m, tree, HF_STR("/usr/lib")) != NULL);
}

void hf__chk_run_needed(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		hf_bytes list = f->text[HF_ELF_NEEDED], one;

		if (list.len == 0)
			continue;
		if (!is_root_tree(m, hf__chk_tree(f->path))) {
			hf_unknown(c, rule, f->path, "not in a root tree: its libraries are elsewhere");
			continue;
		}
		while (hf_span_part(&list, 0, &one))
			judge_needed(c, rule, f, one);
	}
}
