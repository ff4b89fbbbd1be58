/* eol.h -- until when a branch of Linux is maintained.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EOL_H
#define EOL_H
#include "scan_priv.h"

/* Days since 1970 of the last day; 0 when the branch of `version` ("6.1.38-v7l") is not listed. */
uint64_t hf__scan_eol_of(hf_bytes version);
#endif
