/* delta.h -- the same thing in two scans: facts of one kind, found again by path without the input's name, so
 * that fw-1.0.img and fw-1.1.img can be compared.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_DELTA_H
#define HF_DELTA_H
#include "judge_priv.h"

struct hf__side {
	const struct hf_fact **at; /* sorted by path without input, then by text `by` */
	size_t n;
	unsigned by;
};
enum { HF__BY_PATH_ONLY = HF_FACT_TEXTS };
/* Errors: HF_ERR_HOST_MEMORY. Free with hf__side_free. */
HF_MUST_CHECK hf_err hf__side_new(const struct hf_model *m, unsigned kind, unsigned by, struct hf__side *out);
void hf__side_free(struct hf__side *s);
/* The fact of `side` that corresponds to `fact`; NULL when there is none. */
const struct hf_fact *hf__side_find(const struct hf__side *side, const struct hf_fact *fact);
/* For each fact of `kind` now: the one before, or NULL. Stops at the first error, which the case keeps. */
void hf__delta(struct hf_case *c, unsigned kind, unsigned by,
	       void (*each)(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *before,
			    const struct hf_fact *now),
	       const struct hf_rule *rule);
/* Does a NUL-separated list hold this item? */
bool hf__list_has(hf_bytes list, hf_bytes item);
#endif
