/* check_started.h -- is a service that the image holds also started?
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_STARTED_H
#define CHECK_STARTED_H
#include "check_util.h"

/* HF_STATE_YES, _NO, or _UNKNOWN when nothing in the tree says what is enabled. */
unsigned hf__chk_started(const struct hf_case *c, const struct hf_fact *service);
#endif
