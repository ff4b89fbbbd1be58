/* elf_fact.c -- one ELF file as one fact, and a module as one more.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "elf_priv.h"

unsigned hf__scan_elf_kind(struct hf__scan_view *v)
{
	struct hf__scan_elf e;

	if (!hf__scan_elf_open(&e, v))
		return HF_KIND_ELF;
	if (e.type == ET_REL_) {
		hf__scan_elf_read_sections(&e);
		return e.modinfo.len > 0 ? HF_KIND_MODULE : HF_KIND_ELF;
	}
	return hf__scan_elf_is_mcu(&e) ? HF_KIND_MCU : HF_KIND_ELF;
}

static uint64_t flags_of(struct hf__scan_elf *e)
{
	bool program = hf__scan_elf_is_program(e);
	const struct {
		bool set;
		unsigned flag;
	} flags[] = {
		{ e->is64, HF_ELFF_64 },
		{ e->big, HF_ELFF_BIG },
		{ e->has_dynamic, HF_ELFF_DYNAMIC },
		{ program, HF_ELFF_PROGRAM },
		{ e->type == ET_DYN_ && !program, HF_ELFF_LIBRARY },
		{ e->type == ET_REL_, HF_ELFF_OBJECT },
		{ e->modinfo.len > 0, HF_ELFF_MODULE },
		{ hf__scan_elf_no_glibc(e), HF_ELFF_MUSL },
		{ !e->has_symtab, HF_ELFF_STRIPPED },
		{ e->damaged, HF_ELFF_DAMAGED },
		{ hf__scan_elf_is_mcu(e), HF_ELFF_MCU },
		{ e->auth, HF_ELFF_AUTH },
	};
	uint64_t all = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		all |= flags[i].set ? flags[i].flag : 0;
	return all;
}

/* Append one string of the dynamic table to a list, or nothing. */
static void add_string(struct hf__scan_elf *e, uint64_t offset, struct hf_out *list)
{
	size_t before = list->len;

	if ((before > 0 && hf_out_put(list, (hf_bytes){ (const uint8_t *)"", 1 }) != HF_OK) ||
	    !hf__scan_elf_string(e, offset, list))
		list->len = before;
}

static hf_bytes interp_of(struct hf__scan_elf *e)
{
	hf_bytes text = hf__scan_view_upto(e->v, e->interp.offset, e->interp.len < 256 ? e->interp.len : 256);
	const uint8_t *end = text.len > 0 ? memchr(text.ptr, 0, text.len) : NULL;

	return end == NULL || !e->has_interp ? (hf_bytes){ 0 }
					     : hf_span_upto(text, (size_t)(end - text.ptr));
}

struct rooms {
	uint8_t soname[256], rpath[HF__ELF_TEXT_MAX], needed[HF__ELF_TEXT_MAX], imports[1024], id[64],
		interp[256];
};

/* Views are overwritten by the next one, so each text is copied. */
static void fill_texts(struct hf__scan_elf *e, struct rooms *room, struct hf_fact *fact)
{
	struct hf_out soname = HF_OUT(room->soname), rpath = HF_OUT(room->rpath),
		      needed = HF_OUT(room->needed);
	struct hf_out imports = HF_OUT(room->imports);
	hf_bytes id, interp = interp_of(e);

	memcpy(room->interp, interp.len > 0 ? interp.ptr : room->interp, interp.len);
	if (e->soname > 0 && !hf__scan_elf_string(e, e->soname - 1, &soname))
		soname.len = 0;
	if (e->rpath > 0)
		add_string(e, e->rpath - 1, &rpath);
	if (e->runpath > 0)
		add_string(e, e->runpath - 1, &rpath);
	for (size_t i = 0; i < e->n_needed; i++)
		add_string(e, e->needed[i], &needed);
	hf__scan_elf_imports(e, &imports);
	id = hf__scan_view_upto(e->v, e->buildid.offset, e->buildid.len);
	memcpy(room->id, id.len > 0 ? id.ptr : room->id, id.len);
	fact->text[HF_ELF_INTERP] = (hf_bytes){ room->interp, interp.len };
	fact->text[HF_ELF_SONAME] = hf_out_bytes(&soname);
	fact->text[HF_ELF_RPATH] = hf_out_bytes(&rpath);
	fact->text[HF_ELF_NEEDED] = hf_out_bytes(&needed);
	fact->text[HF_ELF_IMPORTS] = hf_out_bytes(&imports);
	fact->text[HF_ELF_BUILDID] = (hf_bytes){ room->id, id.len };
}

/* "vermagic=6.1.0-18-armmp SMP mod_unload" among NUL-terminated pairs; a signature is appended. */
static hf_err put_module(struct hf__scan_job *job, struct hf__scan_elf *e)
{
	static const char mark[] = "~Module signature appended~\n";
	uint64_t size = job->src->size;
	hf_bytes tail = hf__scan_view_upto(e->v, size - (size < 28 ? size : 28), 28);
	struct hf_fact fact = { .kind = HF_FACT_KERNEL };
	hf_bytes info, part, magic = { 0 };

	fact.num[HF_KERNEL_WHAT] = HF_KERNELW_MODULE;
	fact.num[HF_KERNEL_FLAGS] = hf_span_is(tail, mark) ? HF_KERNELF_SIGNED : 0;
	info = hf__scan_view_upto(e->v, e->modinfo.offset, e->modinfo.len);
	while (hf_span_part(&info, 0, &part))
		if (hf_span_begins(part, "vermagic="))
			magic = hf_span_from(part, 9);
	fact.text[HF_KERNEL_VERMAGIC] = magic;
	if (!hf_span_part(&magic, ' ', &fact.text[HF_KERNEL_VERSION]))
		fact.text[HF_KERNEL_VERSION] = (hf_bytes){ 0 };
	return hf__scan_put(job, &fact);
}

hf_err hf__scan_elf(struct hf__scan_job *job)
{
	struct hf_fact fact = { .kind = HF_FACT_ELF };
	struct rooms room = { 0 };
	struct hf__scan_elf e;

	if (!hf__scan_elf_open(&e, job->view)) {
		fact.num[HF_ELF_FLAGS] = HF_ELFF_DAMAGED;
		return hf__scan_put(job, &fact);
	}
	hf__scan_elf_read_dynamic(&e);
	hf__scan_elf_read_sections(&e);
	hf__scan_elf_read_notes(&e);
	hf__scan_elf_read_symbols(&e);
	job->auth = e.auth;
	fact.num[HF_ELF_TYPE] = e.type;
	fact.num[HF_ELF_MACHINE] = e.machine;
	fact.num[HF_ELF_STATES] = hf__scan_elf_states(&e);
	fact.num[HF_ELF_FLAGS] = flags_of(&e);
	fact.num[HF_ELF_FORTIFIED] = e.fortified;
	fact.num[HF_ELF_FORTIFIABLE] = e.fortifiable;
	fill_texts(&e, &room, &fact);
	HF_TRY(hf__scan_put(job, &fact));
	return e.modinfo.len > 0 ? put_module(job, &e) : HF_OK;
}
