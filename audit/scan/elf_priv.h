/* elf_priv.h -- what the files of the ELF reader share. Everything is read through bounded views; a table
 * that lies sets `damaged` and is left out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ELF_PRIV_H
#define ELF_PRIV_H
#include "scan_priv.h"

enum {
	HF__ELF_LOADS_MAX = 32,
	HF__ELF_SEGMENTS_MAX = 512,
	HF__ELF_SECTIONS_MAX = 4096,
	HF__ELF_DYNAMIC_MAX = 4096,
	HF__ELF_NEEDED_MAX = 256,
	HF__ELF_SYMBOLS_MAX = 1 << 20,
	HF__ELF_NOTES_MAX = 16,
	HF__ELF_TEXT_MAX = 4096, /* bytes of one list in the fact */
};
enum { ET_REL_ = 1, ET_EXEC_ = 2, ET_DYN_ = 3 };
enum {
	EM_386_ = 3,
	EM_MIPS_ = 8,
	EM_PPC_ = 20,
	EM_ARM_ = 40,
	EM_X86_64_ = 62,
	EM_AVR_ = 83,
	EM_XTENSA_ = 94,
	EM_AARCH64_ = 183,
	EM_RISCV_ = 243,
};
struct hf__scan_range {
	uint64_t offset, len;
};
struct hf__scan_load {
	uint64_t vaddr, offset, len;
	uint32_t flags;
};
struct hf__scan_elf {
	struct hf__scan_view *v;
	bool is64, big, damaged;
	uint16_t type, machine;
	uint64_t phoff, shoff;
	uint16_t phnum, shnum, phentsize, shentsize, shstrndx;

	/* program headers */
	struct hf__scan_load load[HF__ELF_LOADS_MAX];
	size_t n_loads;
	struct hf__scan_range notes[HF__ELF_NOTES_MAX];
	size_t n_notes;
	struct hf__scan_range dynamic, interp;
	bool has_dynamic, has_interp, has_phdr, has_stack, has_relro, has_tls, exec_stack, wx;

	/* PT_DYNAMIC; addresses are virtual */
	uint64_t strtab, strsz, symtab, hash, gnu_hash, flags, flags_1;
	uint64_t soname, rpath, runpath; /* offsets in the string table + 1; 0 = absent */
	uint64_t needed[HF__ELF_NEEDED_MAX];
	size_t n_needed;
	bool bind_now;

	/* sections, when they are sane */
	struct hf__scan_range symtab_sec, symtab_str, dynsym_sec, dynsym_str, modinfo, command_line;
	bool has_symtab, has_dynsym, has_debug;

	/* notes */
	struct hf__scan_range buildid;
	uint32_t x86_features, arm_features;

	/* symbols */
	bool canary, canary_local, any_function, auth;
	unsigned fortified, fortifiable;
	uint8_t watched[64]; /* a bit for each watched name that is imported */
};

uint64_t hf__scan_elf_get(const struct hf__scan_elf *e, const uint8_t *p, unsigned size);
/* A word of the file's class. */
static inline uint64_t hf__scan_elf_word(const struct hf__scan_elf *e, const uint8_t *p)
{
	return hf__scan_elf_get(e, p, e->is64 ? 8 : 4);
}
/* Header and program headers; false when it is no ELF that can be read. */
bool hf__scan_elf_open(struct hf__scan_elf *e, struct hf__scan_view *v);
void hf__scan_elf_read_dynamic(struct hf__scan_elf *e);
void hf__scan_elf_read_sections(struct hf__scan_elf *e);
void hf__scan_elf_read_notes(struct hf__scan_elf *e);
void hf__scan_elf_read_symbols(struct hf__scan_elf *e);
/* The file range behind a virtual address, to the end of its segment; false when none holds it. */
bool hf__scan_elf_range(const struct hf__scan_elf *e, uint64_t vaddr, struct hf__scan_range *out);
/* A string of the dynamic string table, copied into `out`; false when it is not there. */
bool hf__scan_elf_string(struct hf__scan_elf *e, uint64_t offset, struct hf_out *out);
/* Append the watched names that are imported, separated by NUL. */
void hf__scan_elf_imports(const struct hf__scan_elf *e, struct hf_out *out);
bool hf__scan_elf_is_mcu(const struct hf__scan_elf *e);
uint64_t hf__scan_elf_states(struct hf__scan_elf *e);
bool hf__scan_elf_is_program(const struct hf__scan_elf *e);
bool hf__scan_elf_no_glibc(struct hf__scan_elf *e); /* musl, uClibc: nothing to fortify with */
#endif
