/* flags.c -- which flags are wanted where, and who lacks them. A later flag overrides an earlier one of the
 * same family, as compilers have it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "flags.h"

enum {
	C = 1,      /* compilations of C */
	CXX = 2,    /* compilations of C++ */
	LINK = 4,   /* commands that link */
	NEW = 8,    /* not every compiler in use has it: lacking is unknown, not missing */
	GCC = 16,   /* clang has none of it */
	X86 = 32,   /* only when the command says x86-64, or nothing of a target */
	ARM64 = 64, /* only when it says aarch64 */
};
static const struct {
	const char *name;
	unsigned where;
	const char *any[4]; /* prefixes that satisfy it; the name itself when empty */
	const char *off;    /* a later word of this kind takes it back */
} wanted[] = {
	{ "-O2", C | CXX, { "-O1", "-O2", "-O3", "-Os" }, "-O0" },
	{ "-Wall", C | CXX, { 0 }, "-w" },
	{ "-Wformat=2", C | CXX, { 0 }, NULL },
	{ "-Wconversion", C | CXX, { 0 }, "-Wno-conversion" },
	{ "-Wimplicit-fallthrough",
	  C | CXX,
	  { "-Wimplicit-fallthrough", "-Wextra" },
	  "-Wno-implicit-fallthrough" },
	{ "-Werror=format-security", C | CXX, { "-Werror=format-security" }, "-Wno-error=format-security" },
	{ "-D_FORTIFY_SOURCE=3",
	  C | CXX,
	  { "-D_FORTIFY_SOURCE=3", "-D_FORTIFY_SOURCE=2", "-Wp,-D_FORTIFY_SOURCE=" },
	  "-U_FORTIFY_SOURCE" },
	{ "-fstrict-flex-arrays=3", C | CXX | NEW, { "-fstrict-flex-arrays" }, NULL },
	{ "-fstack-clash-protection", C | CXX, { 0 }, "-fno-stack-clash-protection" },
	{ "-fstack-protector-strong",
	  C | CXX,
	  { "-fstack-protector-strong", "-fstack-protector-all" },
	  "-fno-stack-protector" },
	{ "-Wtrampolines", C | CXX | GCC, { 0 }, NULL },
	{ "-Wbidi-chars=any", C | CXX | GCC | NEW, { "-Wbidi-chars" }, NULL },
	{ "-fcf-protection=full", C | CXX | X86, { "-fcf-protection" }, "-fcf-protection=none" },
	{ "-mbranch-protection=standard",
	  C | CXX | ARM64,
	  { "-mbranch-protection=" },
	  "-mbranch-protection=none" },
	{ "-fno-delete-null-pointer-checks", C | CXX, { 0 }, NULL },
	{ "-fno-strict-overflow", C | CXX, { "-fno-strict-overflow", "-fwrapv" }, "-fstrict-overflow" },
	{ "-fno-strict-aliasing", C | CXX, { 0 }, "-fstrict-aliasing" },
	{ "-ftrivial-auto-var-init=zero", C | CXX | NEW, { "-ftrivial-auto-var-init=" }, NULL },
	{ "-Werror=implicit", C, { "-Werror=implicit" }, NULL },
	{ "-Werror=incompatible-pointer-types", C, { 0 }, NULL },
	{ "-Werror=int-conversion", C, { 0 }, NULL },
	{ "-D_GLIBCXX_ASSERTIONS", CXX, { "-D_GLIBCXX_ASSERTIONS" }, NULL },
	{ "-fPIE", C | CXX, { "-fPIE", "-fPIC", "-fpie", "-fpic" }, "-fno-pie" },
	{ "-Wl,-z,noexecstack", LINK, { "-Wl,-z,noexecstack", "noexecstack" }, NULL },
	{ "-Wl,-z,relro", LINK, { "-Wl,-z,relro", "relro" }, "-Wl,-z,norelro" },
	{ "-Wl,-z,now", LINK, { "-Wl,-z,now", "now" }, "-Wl,-z,lazy" },
	{ "-Wl,-z,nodlopen", LINK | NEW, { "-Wl,-z,nodlopen", "nodlopen" }, NULL },
	{ "-Wl,--as-needed", LINK, { "-Wl,--as-needed", "--as-needed" }, NULL },
	{ "-Wl,--no-copy-dt-needed-entries", LINK | NEW, { "-Wl,--no-copy-dt-needed-entries" }, NULL },
};
enum { N_WANTED = sizeof(wanted) / sizeof(wanted[0]) };
_Static_assert((size_t)N_WANTED <= (size_t)HF__FLAGS_MAX, "room for each");

static bool satisfies(hf_bytes word, size_t i)
{
	if (wanted[i].any[0] == NULL)
		return hf_span_is(word, wanted[i].name);
	for (size_t k = 0; k < 4 && wanted[i].any[k] != NULL; k++) {
		size_t len = strlen(wanted[i].any[k]);

		/* "-Wl,-z,relro,-z,now" holds both; "now" alone is the word behind -z. */
		if (hf_span_begins(word, wanted[i].any[k]) ||
		    (wanted[i].any[k][0] != '-' && hf_span_begins(word, "-Wl,") && word.len > len &&
		     hf_span_find(word, wanted[i].any[k]) != SIZE_MAX))
			return true;
	}
	return false;
}

/* clang's value 3 and gcc's 2 are both better than none. */
static bool has_flag(const hf_bytes *words, size_t n, size_t i)
{
	bool has = false;

	for (size_t k = 0; k < n; k++)
		if (wanted[i].off != NULL && hf_span_is(words[k], wanted[i].off))
			has = false;
		else if (satisfies(words[k], i))
			has = true;
	return has;
}

struct command {
	unsigned where;
	bool clang, arm64, other_chip;
	hf_bytes source;
};

static bool is_compiler(hf_bytes base)
{
	static const char *const ends[] = { "cc", "gcc", "clang", "c++", "g++", "clang++", NULL };

	/* gcc-12, arm-linux-gnueabihf-gcc-12 */
	while (base.len > 3 && base.ptr[base.len - 1] >= '0' && base.ptr[base.len - 1] <= '9')
		base.len--;
	while (base.len > 0 && (base.ptr[base.len - 1] == '-' || base.ptr[base.len - 1] == '.'))
		base.len--;
	for (size_t i = 0; ends[i] != NULL; i++)
		if (hf_span_is(base, ends[i]) ||
		    (hf_span_ends(base, ends[i]) && base.len > strlen(ends[i]) &&
		     base.ptr[base.len - strlen(ends[i]) - 1] == '-'))
			return true;
	return false;
}

static void note_source(struct command *c, hf_bytes word)
{
	if (hf_span_ends(word, ".c")) {
		c->where |= C;
		c->source = word;
	} else if (hf_span_ends(word, ".cc") || hf_span_ends(word, ".cpp") || hf_span_ends(word, ".cxx") ||
		   hf_span_ends(word, ".C")) {
		c->where |= CXX;
		c->source = word;
	}
}

static bool names_other_chip(hf_bytes word)
{
	static const char *const chips[] = { "arm-", "mips", "riscv", "powerpc", "xtensa", "avr-", NULL };

	for (size_t i = 0; chips[i] != NULL; i++)
		if (hf_span_find(word, chips[i]) != SIZE_MAX)
			return true;
	return false;
}

/* The word that is the compiler: first, or behind ccache, env and the like. */
static size_t find_compiler(const hf_bytes *words, size_t n)
{
	for (size_t i = 0; i < n && i < 4; i++)
		if (is_compiler(hf_span_base(words[i])))
			return i;
	return n;
}

static bool only_looks(hf_bytes word)
{
	static const char *const options[] = { "-E", "-M", "-MM", "--version", "-v", "-dumpmachine", NULL };

	return hf_span_in(word, options);
}

static bool understand(const hf_bytes *words, size_t n, struct command *c)
{
	size_t first = find_compiler(words, n);
	bool compiles = false;

	*c = (struct command){ 0 };
	if (first == n)
		return false;
	c->clang = hf_span_find(hf_span_base(words[first]), "clang") != SIZE_MAX;
	c->arm64 = hf_span_find(words[first], "aarch64") != SIZE_MAX;
	c->other_chip = names_other_chip(words[first]);
	for (size_t i = first + 1; i < n; i++) {
		if (only_looks(words[i]))
			return false;
		compiles = compiles || hf_span_is(words[i], "-c") || hf_span_is(words[i], "-S");
		if (words[i].len > 0 && words[i].ptr[0] != '-')
			note_source(c, words[i]);
	}
	if (!compiles)
		c->where |= LINK;
	return true;
}

static bool applies(const struct command *c, size_t i)
{
	unsigned where = wanted[i].where;

	if ((where & c->where & (C | CXX | LINK)) == 0 || ((where & GCC) != 0 && c->clang))
		return false;
	if ((where & X86) != 0)
		return !c->arm64 && !c->other_chip;
	return (where & ARM64) == 0 || c->arm64;
}

void hf__scan_flags_count(struct hf__scan_flags *f, const hf_bytes *words, size_t n)
{
	struct command c;

	if (!understand(words, n, &c))
		return;
	for (size_t i = 0; i < N_WANTED; i++) {
		if (!applies(&c, i))
			continue;
		f->at[i].total++;
		if (has_flag(words, n, i))
			continue;
		if (f->at[i].missing++ == 0) {
			f->at[i].first_len = c.source.len < sizeof(f->at[i].first) ? c.source.len : 0;
			if (f->at[i].first_len > 0)
				memcpy(f->at[i].first, c.source.ptr, f->at[i].first_len);
		}
	}
}

hf_err hf__scan_flags_put(const struct hf__scan_job *job, const struct hf__scan_flags *f)
{
	for (size_t i = 0; i < N_WANTED; i++) {
		struct hf_fact fact = { .kind = HF_FACT_FLAG };

		fact.num[HF_FLAG_MISSING] = f->at[i].missing;
		fact.num[HF_FLAG_TOTAL] = f->at[i].total;
		fact.num[HF_FLAG_STATE] = f->at[i].total == 0            ? HF_STATE_NA
					  : f->at[i].missing == 0        ? HF_STATE_YES
					  : (wanted[i].where & NEW) != 0 ? HF_STATE_UNKNOWN
									 : HF_STATE_NO;
		fact.text[HF_FLAG_NAME] = HF__TEXT(wanted[i].name);
		fact.text[HF_FLAG_FIRST] = (hf_bytes){ f->at[i].first, f->at[i].first_len };
		HF_TRY(hf__scan_put(job, &fact));
	}
	return HF_OK;
}

struct splitter {
	struct hf_out *room;
	size_t begin;
	uint8_t quote;
	bool open; /* inside a word, perhaps an empty one */
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A quote that opens or closes is no part of the word. */
static bool take_quote(struct splitter *s, uint8_t c)
{
	if (s->quote != 0 && c == s->quote)
		s->quote = 0;
	else if (s->quote == 0 && (c == '"' || c == '\''))
		s->quote = c;
	else
		return false;
	return true;
}

static bool end_word(struct splitter *s, hf_bytes *word)
{
	bool had = s->open;

	*word = (hf_bytes){ s->room->ptr + s->begin, s->room->len - s->begin };
	s->begin = s->room->len;
	s->open = false;
	return had;
}

size_t hf__scan_shell_words(hf_bytes command, struct hf_out *room, hf_bytes words[HF__WORDS_MAX])
{
	struct splitter s = { .room = room, .begin = room->len };
	size_t n = 0;

	for (size_t i = 0; i < command.len && n < HF__WORDS_MAX; i++) {
		uint8_t c = command.ptr[i];

		if (s.quote == 0 && is_blank(c)) {
			n += end_word(&s, &words[n]);
			continue;
		}
		s.open = true;
		if (take_quote(&s, c))
			continue;
		if (c == '\\' && s.quote != '\'' && i + 1 < command.len)
			c = command.ptr[++i];
		if (hf_out_put(room, (hf_bytes){ &c, 1 }) != HF_OK)
			return n;
	}
	if (n < HF__WORDS_MAX)
		n += end_word(&s, &words[n]);
	return n;
}
