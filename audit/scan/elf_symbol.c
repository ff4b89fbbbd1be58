/* elf_symbol.c -- undefined symbols: what a file takes from others says what it can do and how it was built.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "elf_priv.h"

enum { STT_NOTYPE = 0, STT_FUNC = 2, STT_GNU_IFUNC = 10 };

/* Imports that checks and diffs ask for. Sorted. */
static const char *const watched[] = {
	"accept",
	"accept4",
	"bind",
	"connect",
	"crypt",
	"crypt_r",
	"dlmopen",
	"dlopen",
	"execl",
	"execle",
	"execlp",
	"execv",
	"execve",
	"execvp",
	"execvpe",
	"fexecve",
	"getpass",
	"gets",
	"getspnam",
	"getspnam_r",
	"listen",
	"mktemp",
	"pam_authenticate",
	"pam_start",
	"popen",
	"posix_spawn",
	"posix_spawnp",
	"ptrace",
	"recv",
	"recvfrom",
	"recvmsg",
	"setuid",
	"socket",
	"sprintf",
	"strcpy",
	"system",
	"tmpnam",
	"wordexp",
};
enum { N_WATCHED = sizeof(watched) / sizeof(watched[0]) };
_Static_assert(N_WATCHED <= 64, "one byte for each in struct hf__scan_elf");
static const char *const auth_names[] = { "crypt",      "crypt_r",          "getspnam",
					  "getspnam_r", "pam_authenticate", "pam_start",
					  NULL };

/* Functions of the C library that have a checked twin __NAME_chk. Sorted. */
static const char *const fortifiable[] = {
	"asprintf",       "confstr",        "dprintf",
	"explicit_bzero", "fdelt",          "fgets",
	"fgets_unlocked", "fgetws",         "fgetws_unlocked",
	"fprintf",        "fread",          "fread_unlocked",
	"fwprintf",       "getcwd",         "getdomainname",
	"getgroups",      "gethostname",    "getlogin_r",
	"gets",           "getwd",          "longjmp",
	"mbsnrtowcs",     "mbsrtowcs",      "mbstowcs",
	"memcpy",         "memmove",        "mempcpy",
	"memset",         "obstack_printf", "obstack_vprintf",
	"poll",           "ppoll",          "pread",
	"pread64",        "printf",         "ptsname_r",
	"read",           "readlink",       "readlinkat",
	"realpath",       "recv",           "recvfrom",
	"snprintf",       "sprintf",        "stpcpy",
	"stpncpy",        "strcat",         "strcpy",
	"strncat",        "strncpy",        "swprintf",
	"syslog",         "ttyname_r",      "vasprintf",
	"vdprintf",       "vfprintf",       "vfwprintf",
	"vprintf",        "vsnprintf",      "vsprintf",
	"vswprintf",      "vsyslog",        "vwprintf",
	"wcpcpy",         "wcpncpy",        "wcrtomb",
	"wcscat",         "wcscpy",         "wcsncat",
	"wcsncpy",        "wcsnrtombs",     "wcsrtombs",
	"wcstombs",       "wctomb",         "wmemcpy",
	"wmemmove",       "wmempcpy",       "wmemset",
	"wprintf",
};

static int compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static int find(const char *name, const char *const *table, size_t n)
{
	const char *const *row = bsearch(name, table, n, sizeof(*table), compare);

	return row == NULL ? -1 : (int)(row - table);
}

/* "__memcpy_chk" is the checked memcpy. */
static bool is_checked(const char *name, size_t len)
{
	char plain[32];

	if (len < 7 || len - 6 >= sizeof(plain) || strncmp(name, "__", 2) != 0 ||
	    strcmp(name + len - 4, "_chk") != 0)
		return false;
	memcpy(plain, name + 2, len - 6);
	plain[len - 6] = '\0';
	return find(plain, fortifiable, sizeof(fortifiable) / sizeof(fortifiable[0])) >= 0;
}

static void judge_canary(struct hf__scan_elf *e, const char *name)
{
	if (strcmp(name, "__stack_chk_fail") == 0 || strcmp(name, "__stack_chk_guard") == 0)
		e->canary = true;
	else if (strcmp(name, "__stack_chk_fail_local") == 0)
		e->canary_local = true;
}

static void judge_import(struct hf__scan_elf *e, const char *name, size_t len)
{
	int i;

	e->any_function = true;
	if (name[0] == '_') {
		judge_canary(e, name);
		if (is_checked(name, len)) {
			e->fortified++;
			e->fortifiable++;
		}
		return;
	}
	i = find(name, watched, N_WATCHED);
	if (i >= 0)
		e->watched[i] = 1;
	if (i >= 0 && hf_span_in(HF__TEXT(name), auth_names))
		e->auth = true;
	if (find(name, fortifiable, sizeof(fortifiable) / sizeof(fortifiable[0])) >= 0)
		e->fortifiable++;
}

struct table {
	const uint8_t *symbols;
	uint64_t n;
	hf_bytes strings;
};

static unsigned symbol_size(const struct hf__scan_elf *e)
{
	return e->is64 ? 24 : 16;
}

static void judge_symbol(struct hf__scan_elf *e, const struct table *t, const uint8_t *p, bool imports_only)
{
	uint64_t name = hf__scan_elf_get(e, p, 4);
	unsigned type = p[e->is64 ? 4 : 12] & 15u;
	bool undefined = hf__scan_elf_get(e, p + (e->is64 ? 6 : 14), 2) == 0;
	const uint8_t *end;

	if (name == 0 || name >= t->strings.len || (imports_only && !undefined) ||
	    (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
		return;
	end = memchr(t->strings.ptr + name, 0, t->strings.len - (size_t)name);
	if (end == NULL)
		return;
	if (undefined)
		judge_import(e, (const char *)t->strings.ptr + name, (size_t)(end - (t->strings.ptr + name)));
	else
		judge_canary(e, (const char *)t->strings.ptr + name);
}

/* `imports_only`: a dynamic table; else the full table of an object or a static program, where a canary may
 * be defined inside. */
static void walk_table(struct hf__scan_elf *e, const struct table *t, bool imports_only)
{
	unsigned size = symbol_size(e);

	for (uint64_t i = 1; i < t->n; i++)
		judge_symbol(e, t, t->symbols + i * size, imports_only);
}

/* A table that hashes nothing does not tell how many symbols there are: every one is an import. Then the
 * section tells, or the strings, which linkers put right behind the symbols. */
static uint64_t count_imports(const struct hf__scan_elf *e, uint64_t first)
{
	if (e->has_dynsym)
		return e->dynsym_sec.len / symbol_size(e);
	return e->strtab > e->symtab ? (e->strtab - e->symtab) / symbol_size(e) : first;
}

/* Number of symbols by DT_GNU_HASH: the end of the chain that the highest bucket starts. */
static uint64_t count_gnu(struct hf__scan_elf *e, const struct hf__scan_range *r)
{
	hf_bytes t = hf__scan_view_upto(e->v, r->offset, r->len);
	uint64_t buckets, first, bloom, at, last = 0;

	if (t.len < 16)
		return 0;
	buckets = hf__scan_elf_get(e, t.ptr, 4);
	first = hf__scan_elf_get(e, t.ptr + 4, 4);
	bloom = hf__scan_elf_get(e, t.ptr + 8, 4) * (e->is64 ? 8 : 4);
	if (bloom > t.len || buckets > t.len / 4 || 16 + bloom + buckets * 4 > t.len)
		return 0;
	at = 16 + bloom;
	for (uint64_t i = 0; i < buckets; i++) {
		uint64_t b = hf__scan_elf_get(e, t.ptr + at + 4 * i, 4);

		last = b > last ? b : last;
	}
	if (last < first)
		return count_imports(e, first);
	at += buckets * 4;
	for (; last - first < (t.len - at) / 4 && last < HF__ELF_SYMBOLS_MAX; last++)
		if ((hf__scan_elf_get(e, t.ptr + at + 4 * (last - first), 4) & 1) != 0)
			return last + 1;
	return 0;
}

static uint64_t count_symbols(struct hf__scan_elf *e)
{
	struct hf__scan_range r;

	if (e->hash != 0 && hf__scan_elf_range(e, e->hash, &r)) {
		const uint8_t *p = hf__scan_view_at(e->v, r.offset, 8);

		return p == NULL ? 0 : hf__scan_elf_get(e, p + 4, 4);
	}
	if (e->gnu_hash != 0 && hf__scan_elf_range(e, e->gnu_hash, &r))
		return count_gnu(e, &r);
	return 0;
}

/* The tables are two views at once: one of them is this function's own. */
static void read_table(struct hf__scan_elf *e, uint64_t symbols, uint64_t n, uint64_t strings,
		       uint64_t strings_len, bool imports_only)
{
	struct hf__scan_view own HF_AUTO(hf__scan_view_free) = HF__VIEW(e->v->src);
	struct table t = { .n = n };

	if (n > HF__ELF_SYMBOLS_MAX) {
		e->damaged = true;
		return;
	}
	t.symbols = hf__scan_view_at(&own, symbols, n * symbol_size(e));
	t.strings = hf__scan_view_upto(e->v, strings, strings_len);
	if (t.symbols == NULL || t.strings.len == 0)
		e->damaged = e->damaged || n > 0;
	else
		walk_table(e, &t, imports_only);
}

static bool read_dynamic_symbols(struct hf__scan_elf *e)
{
	struct hf__scan_range symbols, strings;
	uint64_t n;

	if (e->symtab == 0 || !hf__scan_elf_range(e, e->symtab, &symbols) ||
	    !hf__scan_elf_range(e, e->strtab, &strings))
		return false;
	n = count_symbols(e);
	if (n == 0)
		return false;
	read_table(e, symbols.offset, n, strings.offset, e->strsz < strings.len ? e->strsz : strings.len,
		   true);
	return true;
}

void hf__scan_elf_read_symbols(struct hf__scan_elf *e)
{
	if (e->has_dynamic && read_dynamic_symbols(e))
		return;
	if (e->has_dynsym) {
		read_table(e, e->dynsym_sec.offset, e->dynsym_sec.len / symbol_size(e), e->dynsym_str.offset,
			   e->dynsym_str.len, true);
		return;
	}
	/* Without a dynamic table it is an object or a static program. */
	if (e->has_symtab)
		read_table(e, e->symtab_sec.offset, e->symtab_sec.len / symbol_size(e), e->symtab_str.offset,
			   e->symtab_str.len, false);
}

void hf__scan_elf_imports(const struct hf__scan_elf *e, struct hf_out *out)
{
	for (size_t i = 0; i < N_WATCHED; i++) {
		size_t before = out->len;

		if (e->watched[i] == 0)
			continue;
		if ((before > 0 && hf_out_put(out, (hf_bytes){ (const uint8_t *)"", 1 }) != HF_OK) ||
		    hf_out_put(out, HF__TEXT(watched[i])) != HF_OK)
			out->len = before;
	}
}
