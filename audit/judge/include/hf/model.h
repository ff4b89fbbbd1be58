/* model.h -- all facts of one scan, in an order that does not depend on who found them when.
 * Facts are added in any order, then the model is sealed: sorted by path, then by their content, within a
 * kind; exact repeats are kept once. So one reader or eight give one model.
 * Limits: HF_MODEL_MAX_BYTES of facts. Thread rule: one thread until sealed, then any may read.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_MODEL_H
#define HF_MODEL_H
#include <hf/judge.h>

#define HF_MODEL_MAX_BYTES ((size_t)2 << 30)

HF_MUST_CHECK hf_err hf_model_new(struct hf_model **out);
/* Copies. Errors: HF_ERR_MODEL_LIMIT, HF_ERR_HOST_MEMORY, HF_ERR_BASE_MISUSE (sealed already, bad kind). */
HF_MUST_CHECK hf_err hf_model_add(struct hf_model *m, const struct hf_fact *fact);
/* From now on the functions of judge.h may ask it. Errors: HF_ERR_BASE_MISUSE: sealed already. */
HF_MUST_CHECK hf_err hf_model_seal(struct hf_model *m);
void hf_model_free(struct hf_model *m);
#endif
