/* signature.h -- versions inside programs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SIGNATURE_H
#define HF_SIGNATURE_H
#include "comp_priv.h"

/* The search of all literals at once: Wu and Manber, blocks of two bytes. */
struct hf__search {
	uint8_t shift[1 << 16];
	int16_t first[1 << 16]; /* by block: index of the first pattern that ends its window so; -1 = none */
};
void hf__search_init(struct hf__search *s);
/* Versions, and the applet table when it is a BusyBox, of one file. */
HF_MUST_CHECK hf_err hf__read_versions(const struct hf__search *s, const struct hf__file *f);
/* Parts of an ELF file that are loaded; false when it is no ELF, or shows none. */
enum { HF__RANGES_CAP = 64 };
struct hf__ranges {
	size_t n;
	struct {
		size_t begin, len;
	} at[HF__RANGES_CAP];
};
bool hf__elf_ranges(hf_bytes file, struct hf__ranges *out);
#endif
