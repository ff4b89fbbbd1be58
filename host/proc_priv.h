/* proc_priv.h -- shared by the files of host/proc.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_PROC_PRIV_H
#define HF_PROC_PRIV_H
#include <hf/proc.h>

/* fork, place descriptors, exec; HF_OK only when the program really runs. */
HF_MUST_CHECK hf_err hf__proc_spawn(const struct hf_proc_row *row, pid_t *pid, struct hf_why *why);
#endif
