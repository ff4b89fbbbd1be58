/* check_elf.h -- checks of group ELF that look beyond one file.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_ELF_H
#define CHECK_ELF_H
#include "check_util.h"

void hf__chk_run_rpath(struct hf_case *c, const struct hf_rule *rule);
void hf__chk_run_needed(struct hf_case *c, const struct hf_rule *rule);
#endif
