/* elf.c -- header, program headers and PT_DYNAMIC: what the loader sees. Sections come second, for they may
 * be absent or lie.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "elf_priv.h"

enum {
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	PT_NOTE = 4,
	PT_PHDR = 6,
	PT_TLS = 7,
	PF_X = 1,
	PF_W = 2,
};
#define PT_GNU_STACK 0x6474e551u
#define PT_GNU_RELRO 0x6474e552u
#define PT_GNU_PROPERTY 0x6474e553u

uint64_t hf__scan_elf_get(const struct hf__scan_elf *e, const uint8_t *p, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)p[e->big ? size - 1 - i : i] << (8 * i);
	return v;
}

static bool read_header(struct hf__scan_elf *e)
{
	const uint8_t *p = hf__scan_view_at(e->v, 0, 52);

	if (p == NULL || memcmp(p, "\177ELF", 4) != 0 || p[4] < 1 || p[4] > 2 || p[5] < 1 || p[5] > 2)
		return false;
	e->is64 = p[4] == 2;
	e->big = p[5] == 2;
	p = hf__scan_view_at(e->v, 0, e->is64 ? 64 : 52);
	if (p == NULL)
		return false;
	e->type = (uint16_t)hf__scan_elf_get(e, p + 16, 2);
	e->machine = (uint16_t)hf__scan_elf_get(e, p + 18, 2);
	e->phoff = hf__scan_elf_word(e, p + (e->is64 ? 32 : 28));
	e->shoff = hf__scan_elf_word(e, p + (e->is64 ? 40 : 32));
	p += e->is64 ? 54 : 42;
	e->phentsize = (uint16_t)hf__scan_elf_get(e, p, 2);
	e->phnum = (uint16_t)hf__scan_elf_get(e, p + 2, 2);
	e->shentsize = (uint16_t)hf__scan_elf_get(e, p + 4, 2);
	e->shnum = (uint16_t)hf__scan_elf_get(e, p + 6, 2);
	e->shstrndx = (uint16_t)hf__scan_elf_get(e, p + 8, 2);
	return true;
}

static void keep_load(struct hf__scan_elf *e, const struct hf__scan_load *load)
{
	if ((load->flags & (PF_W | PF_X)) == (PF_W | PF_X))
		e->wx = true;
	if (e->n_loads < HF__ELF_LOADS_MAX)
		e->load[e->n_loads++] = *load;
	else
		e->damaged = true;
}

static void keep_note(struct hf__scan_elf *e, const struct hf__scan_load *seg)
{
	if (e->n_notes < HF__ELF_NOTES_MAX)
		e->notes[e->n_notes++] = (struct hf__scan_range){ seg->offset, seg->len };
}

static void keep_segment(struct hf__scan_elf *e, uint32_t type, const struct hf__scan_load *seg)
{
	struct hf__scan_range range = { seg->offset, seg->len };

	switch (type) {
	case PT_LOAD:
		keep_load(e, seg);
		break;
	case PT_DYNAMIC:
		e->has_dynamic = true;
		e->dynamic = range;
		break;
	case PT_INTERP:
		e->has_interp = true;
		e->interp = range;
		break;
	case PT_NOTE:
		keep_note(e, seg);
		break;
	case PT_PHDR:
		e->has_phdr = true;
		break;
	case PT_TLS:
		e->has_tls = true;
		break;
	case PT_GNU_STACK:
		e->has_stack = true;
		e->exec_stack = (seg->flags & PF_X) != 0;
		break;
	case PT_GNU_RELRO:
		e->has_relro = true;
		break;
	default:
		break;
	}
}

static void read_segment(struct hf__scan_elf *e, const uint8_t *p)
{
	struct hf__scan_load seg;

	seg.offset = hf__scan_elf_word(e, p + (e->is64 ? 8 : 4));
	seg.vaddr = hf__scan_elf_word(e, p + (e->is64 ? 16 : 8));
	seg.len = hf__scan_elf_word(e, p + (e->is64 ? 32 : 16));
	seg.flags = (uint32_t)hf__scan_elf_get(e, p + (e->is64 ? 4 : 24), 4);
	if (seg.offset > e->v->src->size || seg.len > e->v->src->size - seg.offset)
		e->damaged = true;
	keep_segment(e, (uint32_t)hf__scan_elf_get(e, p, 4), &seg);
}

static void read_segments(struct hf__scan_elf *e)
{
	unsigned want = e->is64 ? 56 : 32;
	unsigned n = e->phnum < HF__ELF_SEGMENTS_MAX ? e->phnum : HF__ELF_SEGMENTS_MAX;
	const uint8_t *p;

	if (n == 0)
		return;
	p = e->phentsize >= want ? hf__scan_view_at(e->v, e->phoff, (uint64_t)n * e->phentsize) : NULL;
	if (p == NULL) {
		e->damaged = true;
		return;
	}
	for (unsigned i = 0; i < n; i++, p += e->phentsize)
		read_segment(e, p);
}

bool hf__scan_elf_open(struct hf__scan_elf *e, struct hf__scan_view *v)
{
	memset(e, 0, sizeof(*e));
	e->v = v;
	if (!read_header(e))
		return false;
	read_segments(e);
	return true;
}

bool hf__scan_elf_range(const struct hf__scan_elf *e, uint64_t vaddr, struct hf__scan_range *out)
{
	for (size_t i = 0; i < e->n_loads; i++) {
		const struct hf__scan_load *l = &e->load[i];

		if (vaddr >= l->vaddr && vaddr - l->vaddr < l->len &&
		    l->offset <= UINT64_MAX - (vaddr - l->vaddr)) {
			*out = (struct hf__scan_range){ l->offset + (vaddr - l->vaddr),
							l->len - (vaddr - l->vaddr) };
			return true;
		}
	}
	*out = (struct hf__scan_range){ 0 };
	return false;
}

static void keep_needed(struct hf__scan_elf *e, uint64_t value)
{
	if (e->n_needed < HF__ELF_NEEDED_MAX)
		e->needed[e->n_needed++] = value;
	else
		e->damaged = true;
}

enum {
	DT_NEEDED = 1,
	DT_HASH = 4,
	DT_STRTAB = 5,
	DT_SYMTAB = 6,
	DT_STRSZ = 10,
	DT_SONAME = 14,
	DT_RPATH = 15,
	DT_BIND_NOW = 24,
	DT_RUNPATH = 29,
	DT_FLAGS = 30,
	DT_GNU_HASH = 0x6ffffef5,
	DT_FLAGS_1 = 0x6ffffffb,
};

/* Where the value of a tag is kept; NULL for tags that are kept otherwise or not at all. */
static uint64_t *slot_of(struct hf__scan_elf *e, uint64_t tag)
{
	const struct {
		uint64_t tag;
		uint64_t *slot;
	} slots[] = { { DT_STRTAB, &e->strtab },  { DT_STRSZ, &e->strsz },       { DT_SYMTAB, &e->symtab },
		      { DT_HASH, &e->hash },      { DT_GNU_HASH, &e->gnu_hash }, { DT_FLAGS, &e->flags },
		      { DT_FLAGS_1, &e->flags_1 } };

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (slots[i].tag == tag)
			return slots[i].slot;
	return NULL;
}

static void keep_tag(struct hf__scan_elf *e, uint64_t tag, uint64_t value)
{
	uint64_t *slot = slot_of(e, tag);

	if (slot != NULL)
		*slot = value;
	else if (tag == DT_NEEDED)
		keep_needed(e, value);
	else if (tag == DT_SONAME)
		e->soname = value + 1;
	else if (tag == DT_RPATH)
		e->rpath = value + 1;
	else if (tag == DT_RUNPATH)
		e->runpath = value + 1;
	else if (tag == DT_BIND_NOW)
		e->bind_now = true;
}

void hf__scan_elf_read_dynamic(struct hf__scan_elf *e)
{
	unsigned entry = e->is64 ? 16 : 8;
	uint64_t n = e->dynamic.len / entry;
	const uint8_t *p;

	if (!e->has_dynamic)
		return;
	if (n > HF__ELF_DYNAMIC_MAX)
		n = HF__ELF_DYNAMIC_MAX;
	p = hf__scan_view_at(e->v, e->dynamic.offset, n * entry);
	if (p == NULL || n == 0) {
		e->damaged = true;
		return;
	}
	for (uint64_t i = 0; i < n; i++, p += entry) {
		uint64_t tag = hf__scan_elf_word(e, p);

		if (tag == 0)
			return;
		keep_tag(e, tag, hf__scan_elf_word(e, p + entry / 2));
	}
}

bool hf__scan_elf_string(struct hf__scan_elf *e, uint64_t offset, struct hf_out *out)
{
	struct hf__scan_range table;
	hf_bytes text;
	const uint8_t *end;

	if (offset >= e->strsz || !hf__scan_elf_range(e, e->strtab, &table) || offset >= table.len)
		return false;
	text = hf__scan_view_upto(e->v, table.offset + offset, 1024);
	end = text.len > 0 ? memchr(text.ptr, 0, text.len) : NULL;
	return end != NULL && hf_out_put(out, hf_span_upto(text, (size_t)(end - text.ptr))) == HF_OK;
}
