/* eol.h -- when versions of widely used components and distributions stop being maintained.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_EOL_H
#define HF_EOL_H
#include <hf/components.h>

/* Is the part past its end on `today` (days since 1970)? *what then says when: ": ended 2023-09-11". What a
 * distribution maintains ends with its distribution, not with its upstream project. */
bool hf__eol_of(const struct hf_part *p, uint64_t today, const char **what);
#endif
