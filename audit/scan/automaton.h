/* automaton.h -- one pass over the bytes that finds every literal of data/audit/literals.txt.
 * Aho-Corasick as a dense table; where it stands at its root, bytes that begin no literal are skipped by
 * pairs.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATON_H
#define AUTOMATON_H
#include "scan_priv.h"

/* What a literal asks for: an HF_HITC_* (said as it is), or one of these (the bytes around it decide). */
enum {
	HF__ACT_PEM = 32,
	HF__ACT_DER,
	HF__ACT_TOKEN,
	HF__ACT_BANNER,
	HF__ACT_UBOOT,
	HF__ACT_BOOTDELAY,
	HF__ACT_BOOTARGS,
	HF__ACT_BOOTSTOP,
	HF__ACT_HASH,
	HF__ACT_DATE,
	HF__ACT_PATH,
	HF__ACT_URL,
};
enum { HF__ALONE_NUL = 1, HF__ALONE_22 = 2 };
enum { HF__DISGUISE = 0xa5 };
struct hf__scan_literal {
	uint8_t action, alone, len;
	const char *name;
	const uint8_t *bytes; /* each XOR HF__DISGUISE */
};
size_t hf__scan_n_literals(void);
const struct hf__scan_literal *hf__scan_literal(size_t i);

HF_MUST_CHECK hf_err hf__scan_automaton_new(struct hf__scan_automaton **out);
void hf__scan_automaton_free(struct hf__scan_automaton *a);
/* Go on in `state` (0 at the start of a file) over a block that lies at `offset`; the new state is returned.
 * Of each literal the first HF__HITS_EACH hits of a file are kept, of keys and tokens HF__SECRETS_EACH; when
 * one of those was dropped, hits->lost is set. */
enum { HF__HITS_EACH = 32, HF__SECRETS_EACH = 1024 };
uint32_t hf__scan_automaton_run(struct hf__scan_automaton *a, uint32_t state, hf_bytes block, uint64_t offset,
				struct hf__scan_hits *hits);
#endif
