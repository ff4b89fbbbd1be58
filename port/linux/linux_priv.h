/* linux_priv.h -- shared by the files of port/linux.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_LINUX_PRIV_H
#define HF_LINUX_PRIV_H
#include <hf/linux.h>

enum { HF__LINUX_NAME_CAP = 24 };

/* File name of a record; HF_ERR_BASE_MISUSE for a number outside the table. */
hf_err hf__linux_name(enum hf_record rec, char name[static HF__LINUX_NAME_CAP]);
#endif
