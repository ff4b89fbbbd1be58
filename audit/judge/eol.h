/* eol.h -- when branches of Linux, of widely used components and of distributions stop being maintained.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_EOL_H
#define HF_EOL_H
#include <hf/components.h>

struct hf__eol {
	const char *name, *branch; /* distributions have a '@' before their name */
	uint64_t day;              /* the last day, since 1970 */
	const char *date;          /* the same, "2023-09-11" */
};
/* The row of the longest branch that `version` belongs to; NULL when none is listed. */
const struct hf__eol *hf__eol_find(const char *name, hf_bytes version);
/* The same for a component. What a distribution maintains ends with its distribution, not with its upstream
 * project. */
const struct hf__eol *hf__eol_of(const struct hf_part *p);
#endif
