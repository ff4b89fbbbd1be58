/* elf_state.c -- from tables to verdicts: yes, no, does not apply, or cannot be told.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "elf_priv.h"

enum { DF_BIND_NOW = 8, DF_1_NOW = 1, DF_1_PIE = 0x08000000 };

static unsigned yes_no(bool yes)
{
	return yes ? HF_STATE_YES : HF_STATE_NO;
}

bool hf__scan_elf_is_program(const struct hf__scan_elf *e)
{
	return e->type == ET_EXEC_ || (e->type == ET_DYN_ && (e->has_interp || (e->flags_1 & DF_1_PIE) != 0));
}

/* A program of a chip without an operating system: Linux programs have at least a note or GNU_STACK. */
bool hf__scan_elf_is_mcu(const struct hf__scan_elf *e)
{
	static const uint16_t chips[] = { EM_ARM_, EM_RISCV_, EM_XTENSA_, EM_AVR_ };

	if (e->machine == EM_AVR_)
		return true;
	if (e->type != ET_EXEC_ || e->is64 || e->has_dynamic || e->has_interp || e->has_stack || e->has_tls ||
	    e->n_notes > 0)
		return false;
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++)
		if (e->machine == chips[i])
			return true;
	return false;
}

static unsigned state_nx(const struct hf__scan_elf *e)
{
	if (e->has_stack)
		return yes_no(!e->exec_stack);
	if (e->n_loads == 0)
		return HF_STATE_UNKNOWN;
	if (e->machine == EM_386_ || e->machine == EM_X86_64_ || e->machine == EM_ARM_ ||
	    e->machine == EM_MIPS_)
		return HF_STATE_NO; /* the kernel then makes the stack executable */
	return HF_STATE_UNKNOWN;
}

static unsigned state_pie(const struct hf__scan_elf *e)
{
	if (e->type == ET_EXEC_)
		return HF_STATE_NO;
	return hf__scan_elf_is_program(e) ? HF_STATE_YES : HF_STATE_NA;
}

static unsigned state_relro(const struct hf__scan_elf *e)
{
	if (e->n_loads == 0)
		return HF_STATE_UNKNOWN;
	return yes_no(e->has_relro);
}

static unsigned state_bind(const struct hf__scan_elf *e)
{
	if (!e->has_dynamic)
		return e->type == ET_EXEC_ ? HF_STATE_NA : HF_STATE_UNKNOWN;
	return yes_no(e->bind_now || (e->flags & DF_BIND_NOW) != 0 || (e->flags_1 & DF_1_NOW) != 0);
}

static unsigned state_canary(const struct hf__scan_elf *e)
{
	if (e->canary)
		return HF_STATE_YES;
	if (e->canary_local || !e->has_dynamic || !e->any_function || e->damaged)
		return HF_STATE_UNKNOWN; /* static, stripped, or it calls nobody */
	return HF_STATE_NO;
}

bool hf__scan_elf_no_glibc(struct hf__scan_elf *e)
{
	static const char *const other[] = { "libc.musl-x86_64.so.1", "libc.so.0", "libc.so", "libc.so.1",
					     NULL };
	hf_bytes interp = e->has_interp ? hf__scan_view_upto(e->v, e->interp.offset, 16) : (hf_bytes){ 0 };

	if (hf_span_begins(interp, "/lib/ld-musl"))
		return true;
	for (size_t i = 0; i < e->n_needed; i++) {
		uint8_t room[1024];
		struct hf_out name = HF_OUT(room);

		if (hf__scan_elf_string(e, e->needed[i], &name) &&
		    (hf_span_in(hf_out_bytes(&name), other) ||
		     hf_span_begins(hf_out_bytes(&name), "libc.musl")))
			return true;
	}
	return false;
}

static unsigned state_fortify(struct hf__scan_elf *e)
{
	if (e->fortified > 0)
		return HF_STATE_YES;
	if (!e->has_dynamic || e->damaged)
		return HF_STATE_UNKNOWN;
	if (hf__scan_elf_no_glibc(e) || e->fortifiable == 0)
		return HF_STATE_NA;
	return HF_STATE_NO;
}

/* A probe of each page: sub rsp,0x1000; or qword ptr [rsp],0 -- gcc writes it for large frames only, so its
 * absence says nothing. */
static bool has_probe(const struct hf__scan_elf *e, const struct hf__scan_load *l)
{
	static const uint8_t probe64[] = { 0x48, 0x81, 0xec, 0, 0x10, 0, 0, 0x48, 0x83, 0x0c, 0x24, 0 };
	static const uint8_t probe32[] = { 0x81, 0xec, 0, 0x10, 0, 0, 0x83, 0x0c, 0x24, 0 };
	const struct hf_src *src = e->v->src;

	if ((l->flags & 1) == 0 || src->mem == NULL || l->offset > src->size ||
	    l->len > src->size - l->offset)
		return false;
	return e->machine == EM_X86_64_
		       ? memmem(src->mem + l->offset, (size_t)l->len, probe64, sizeof(probe64)) != NULL
		       : memmem(src->mem + l->offset, (size_t)l->len, probe32, sizeof(probe32)) != NULL;
}

/* gcc -frecord-gcc-switches keeps -f flags. */
static unsigned state_clash(struct hf__scan_elf *e)
{
	hf_bytes flags = hf__scan_view_upto(e->v, e->command_line.offset, e->command_line.len);

	if (e->command_line.len > 0 && hf_span_find(flags, "-fstack-clash-protection") != SIZE_MAX)
		return HF_STATE_YES;
	if (e->command_line.len > 0 && hf_span_find(flags, "-fno-stack-clash-protection") != SIZE_MAX)
		return HF_STATE_NO;
	if (e->machine == EM_X86_64_ || e->machine == EM_386_)
		for (size_t i = 0; i < e->n_loads; i++)
			if (has_probe(e, &e->load[i]))
				return HF_STATE_YES;
	return HF_STATE_UNKNOWN;
}

static unsigned state_cfi(const struct hf__scan_elf *e)
{
	if (e->machine == EM_X86_64_ || e->machine == EM_386_)
		return yes_no((e->x86_features & 3) == 3);
	if (e->machine == EM_AARCH64_)
		return yes_no((e->arm_features & 3) == 3);
	return HF_STATE_NA;
}

uint64_t hf__scan_elf_states(struct hf__scan_elf *e)
{
	bool linked = e->type == ET_EXEC_ || e->type == ET_DYN_, mcu = hf__scan_elf_is_mcu(e);
	unsigned s[HF_ELFP_COUNT] = { 0 };
	uint64_t packed = 0;

	s[HF_ELFP_NODEBUG] = yes_no(!e->has_debug);
	if (linked && !mcu) {
		s[HF_ELFP_NX] = state_nx(e);
		s[HF_ELFP_PIE] = state_pie(e);
		s[HF_ELFP_RELRO] = state_relro(e);
		s[HF_ELFP_BINDNOW] = state_bind(e);
		s[HF_ELFP_FORTIFY] = state_fortify(e);
		s[HF_ELFP_CFI] = state_cfi(e);
		s[HF_ELFP_CLASH] = state_clash(e);
		s[HF_ELFP_BUILDID] = yes_no(e->buildid.len > 0);
		s[HF_ELFP_WX] = e->n_loads == 0 ? HF_STATE_UNKNOWN : yes_no(!e->wx);
	}
	if (linked)
		s[HF_ELFP_CANARY] = state_canary(e);
	for (unsigned i = 0; i < HF_ELFP_COUNT; i++)
		packed |= (uint64_t)s[i] << (4 * i);
	return packed;
}
