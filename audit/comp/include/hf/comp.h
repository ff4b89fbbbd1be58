/* comp.h -- what one file of an image says about components: package databases and version signatures.
 * Promise: hostile databases end in an HF_FACT_PROBLEM or in fewer facts, never in a crash or endless work.
 * Nothing is opened, no clock is read; memory has named ceilings. Everything that needs a table or a library
 * is set up by hf_comp_new, before a process is sealed.
 * Thread rule: one struct hf_comp per thread.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_COMP_H
#define HF_COMP_H
#include <hf/factcomp.h>
#include <hf/src.h>
#include <hf/walk.h>

struct hf_comp;
/* Errors: HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf_comp_new(struct hf_comp **out);
void hf_comp_free(struct hf_comp *comp);
/* One regular file. `src` NULL (a node without content) gives nothing.
 * Errors: the sink's, HF_ERR_HOST_MEMORY; what a file does wrong is a problem fact, not an error. */
HF_MUST_CHECK hf_err hf_comp_file(struct hf_comp *comp, const struct hf_node *node, const struct hf_src *src,
				  const struct hf_fact_sink *sink);
/* "vendor:product" of a component that a signature knows by this name; empty when none does. */
hf_bytes hf_comp_known_cpe(hf_bytes name);
#endif
