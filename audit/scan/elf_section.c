/* elf_section.c -- sections and notes: what the loader does not need, and strip may have taken.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "elf_priv.h"

enum { SHT_SYMTAB = 2, SHT_NOTE = 7, SHT_NOBITS = 8, SHT_DYNSYM = 11 };
enum { NT_GNU_BUILD_ID = 3, NT_GNU_PROPERTY = 5 };
#define PROPERTY_AARCH64 0xc0000000u
#define PROPERTY_X86 0xc0000002u

struct section {
	uint32_t name, type, link;
	struct hf__scan_range range;
};

static bool section_at(struct hf__scan_elf *e, unsigned i, struct section *s)
{
	const uint8_t *p = hf__scan_view_at(e->v, e->shoff + (uint64_t)i * e->shentsize, e->is64 ? 64 : 40);

	*s = (struct section){ 0 };
	if (p == NULL)
		return false;
	s->name = (uint32_t)hf__scan_elf_get(e, p, 4);
	s->type = (uint32_t)hf__scan_elf_get(e, p + 4, 4);
	s->range.offset = hf__scan_elf_word(e, p + (e->is64 ? 24 : 16));
	s->range.len = hf__scan_elf_word(e, p + (e->is64 ? 32 : 20));
	s->link = (uint32_t)hf__scan_elf_get(e, p + (e->is64 ? 40 : 24), 4);
	return s->type == SHT_NOBITS ||
	       (s->range.offset <= e->v->src->size && s->range.len <= e->v->src->size - s->range.offset);
}

/* The symbols and the strings they name, which the section's link says. */
static void keep_symbols(struct hf__scan_elf *e, const struct section *s)
{
	struct section strings;

	if (s->link >= e->shnum || !section_at(e, s->link, &strings))
		return;
	if (s->type == SHT_SYMTAB) {
		e->has_symtab = true;
		e->symtab_sec = s->range;
		e->symtab_str = strings.range;
	} else {
		e->has_dynsym = true;
		e->dynsym_sec = s->range;
		e->dynsym_str = strings.range;
	}
}

static void keep_named(struct hf__scan_elf *e, const struct section *s, hf_bytes name)
{
	if (s->type == SHT_NOBITS || s->range.len == 0)
		return;
	if (hf_span_is(name, ".debug_info") || hf_span_is(name, ".zdebug_info"))
		e->has_debug = true;
	else if (hf_span_is(name, ".modinfo"))
		e->modinfo = s->range;
	else if (hf_span_is(name, ".GCC.command.line"))
		e->command_line = s->range;
}

static hf_bytes name_at(struct hf__scan_elf *e, const struct hf__scan_range *names, uint32_t offset)
{
	hf_bytes text;
	const uint8_t *end;

	if (offset >= names->len)
		return (hf_bytes){ 0 };
	text = hf__scan_view_upto(e->v, names->offset + offset, 32);
	end = text.len > 0 ? memchr(text.ptr, 0, text.len) : NULL;
	return end == NULL ? (hf_bytes){ 0 } : hf_span_upto(text, (size_t)(end - text.ptr));
}

static void keep_section(struct hf__scan_elf *e, const struct section *s, const struct section *names)
{
	if (s->type == SHT_SYMTAB || s->type == SHT_DYNSYM)
		keep_symbols(e, s);
	else if (s->type == SHT_NOTE && e->n_loads == 0 && e->n_notes < HF__ELF_NOTES_MAX)
		e->notes[e->n_notes++] = s->range; /* objects have no segments */
	else
		keep_named(e, s, name_at(e, &names->range, s->name));
}

static bool has_sections(const struct hf__scan_elf *e)
{
	return e->shnum > 0 && e->shoff > 0 && e->shentsize >= (e->is64 ? 64 : 40) &&
	       e->shoff <= e->v->src->size && e->shstrndx < e->shnum;
}

void hf__scan_elf_read_sections(struct hf__scan_elf *e)
{
	unsigned n = e->shnum < HF__ELF_SECTIONS_MAX ? e->shnum : HF__ELF_SECTIONS_MAX;
	struct section names, s;

	if (!has_sections(e) || !section_at(e, e->shstrndx, &names))
		return;
	for (unsigned i = 1; i < n; i++)
		if (section_at(e, i, &s))
			keep_section(e, &s, &names);
}

/* pr_type, pr_datasz, data; each is padded to the word of the class. */
static void read_properties(struct hf__scan_elf *e, hf_bytes data)
{
	size_t align = e->is64 ? 8 : 4;

	while (data.len >= 8) {
		uint32_t type = (uint32_t)hf__scan_elf_get(e, data.ptr, 4);
		uint64_t len = hf__scan_elf_get(e, data.ptr + 4, 4);

		if (len > data.len - 8)
			return;
		if (len >= 4 && type == PROPERTY_X86)
			e->x86_features = (uint32_t)hf__scan_elf_get(e, data.ptr + 8, 4);
		if (len >= 4 && type == PROPERTY_AARCH64)
			e->arm_features = (uint32_t)hf__scan_elf_get(e, data.ptr + 8, 4);
		data = hf_span_from(data, 8 + (((size_t)len + align - 1) & ~(align - 1)));
	}
}

static size_t pad4(uint64_t n)
{
	return (size_t)((n + 3) & ~(uint64_t)3);
}

struct note {
	uint32_t type;
	hf_bytes desc;
	uint64_t offset; /* of desc in the file */
};

static void keep_gnu_note(struct hf__scan_elf *e, const struct note *note)
{
	if (note->type == NT_GNU_BUILD_ID && note->desc.len > 0 && note->desc.len <= 64)
		e->buildid = (struct hf__scan_range){ note->offset, note->desc.len };
	if (note->type == NT_GNU_PROPERTY)
		read_properties(e, note->desc);
}

static void read_notes(struct hf__scan_elf *e, const struct hf__scan_range *range)
{
	hf_bytes rest = hf__scan_view_upto(e->v, range->offset, range->len < 65536 ? range->len : 65536);
	uint64_t at = range->offset;

	while (rest.len >= 12) {
		uint64_t namesz = hf__scan_elf_get(e, rest.ptr, 4),
			 descsz = hf__scan_elf_get(e, rest.ptr + 4, 4);
		uint64_t desc = 12 + (uint64_t)pad4(namesz);
		struct note note = { .type = (uint32_t)hf__scan_elf_get(e, rest.ptr + 8, 4),
				     .offset = at + desc };

		if (namesz > rest.len || desc > rest.len || descsz > rest.len - desc)
			return;
		note.desc = hf_span_upto(hf_span_from(rest, (size_t)desc), (size_t)descsz);
		if (namesz == 4 && memcmp(rest.ptr + 12, "GNU", 4) == 0)
			keep_gnu_note(e, &note);
		at += desc + pad4(descsz);
		rest = hf_span_from(rest, (size_t)desc + pad4(descsz));
	}
}

void hf__scan_elf_read_notes(struct hf__scan_elf *e)
{
	for (size_t i = 0; i < e->n_notes; i++)
		read_notes(e, &e->notes[i]);
}
