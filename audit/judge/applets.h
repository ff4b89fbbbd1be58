/* applets.h -- which BusyBox applets hold a published fault.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_APPLETS_H
#define HF_APPLETS_H

/* Names, ending in NULL; NULL when the fault is not known to lie in applets only. */
const char *const *hf__applets_of_cve(const char *cve);
#endif
