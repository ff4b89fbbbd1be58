/* judge_priv.h -- shared by the files of audit/judge: memory that is freed at once, and the case.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_JUDGE_PRIV_H
#define HF_JUDGE_PRIV_H
#include <hf/case.h>

/* Memory in blocks that never move, freed together. Zero it, then set the ceiling. */
struct hf__arena {
	struct hf__arena_block *last;
	size_t bytes, ceiling;
};
/* Errors: HF_ERR_MODEL_LIMIT above the ceiling, HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__arena_take(struct hf__arena *a, size_t len, void **out);
HF_MUST_CHECK hf_err hf__arena_copy(struct hf__arena *a, hf_bytes from, hf_bytes *to);
/* A NUL-terminated copy. */
HF_MUST_CHECK hf_err hf__arena_text(struct hf__arena *a, hf_bytes from, const char **to);
void hf__arena_free(struct hf__arena *a);

struct hf_case {
	struct hf_case_opts opts;
	struct hf__arena arena;
	struct hf_outcome outcome;
	size_t findings_cap, unknowns_cap;
	hf_err err; /* the first one; later reports do nothing */
};

/* Does `text` fit `pattern`, in which '*' stands for any bytes? */
bool hf__glob(hf_bytes pattern, hf_bytes text);
/* Sort the findings: severity, id, path, offset, fingerprint; exact repeats go. */
void hf__case_sort(struct hf_case *c);
#endif
