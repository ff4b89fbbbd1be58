/* content.h -- patterns that an owner's policy wants looked for in single files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_H
#define CONTENT_H
#include "scan_priv.h"

/* Compile all of opts->contents. Errors: HF_ERR_AUDITPOLICY_VALUE (no regular expression),
 * HF_ERR_HOST_MEMORY. */
HF_MUST_CHECK hf_err hf__scan_contents_new(const struct hf_scan_opts *opts, struct hf__scan_contents **out);
void hf__scan_contents_free(struct hf__scan_contents *c);
/* HF_FACT_CONTENT for each row that names this file. No fact when the file is too large or the match
 * costs too much: the judge then cannot tell. */
HF_MUST_CHECK hf_err hf__scan_contents(struct hf__scan_job *job);
#endif
