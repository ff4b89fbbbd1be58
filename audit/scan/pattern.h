/* pattern.h -- regular expressions over small windows that a literal pointed at.
 * Compiled (and turned into machine code) once, before the process is sealed; a match may take 100,000 steps.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PATTERN_H
#define PATTERN_H
#include "scan_priv.h"

HF_MUST_CHECK hf_err hf__scan_patterns_new(struct hf__scan_patterns **out);
void hf__scan_patterns_free(struct hf__scan_patterns *p);
/* Does the pattern `name` match at the start of `window`? *match is then what it matched. No pattern of that
 * name: false. */
bool hf__scan_pattern_match(struct hf__scan_patterns *p, const char *name, hf_bytes window, hf_bytes *match);
#endif
