/* recheck.h -- components of a stored bill of materials, so that it can be judged again without its image.
 * Reads our own JSON reports (holdfast-audit/1), CycloneDX JSON up to 1.7 and SPDX 2.3 JSON.
 * Promise: hostile documents are refused; depth is limited, nothing is opened, memory is bounded.
 * Thread rule: pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_RECHECK_H
#define HF_RECHECK_H
#include <hf/factcomp.h>
#include <hf/why.h>

/* One HF_FACT_PACKAGE (DB = HF_DB_SBOM) for each component that has a version; `path` is the document's.
 * Errors, with words: HF_ERR_SBOM_FORMAT (none of the three, another version, damaged, nested too deep),
 * the sink's. */
HF_MUST_CHECK hf_err hf_sbom_read(hf_bytes text, hf_bytes path, const struct hf_fact_sink *sink,
				  struct hf_why *why);
/* Does it look like one of the three? For telling inputs apart. */
bool hf_sbom_is(hf_bytes text);
#endif
