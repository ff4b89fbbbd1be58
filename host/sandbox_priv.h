/* sandbox_priv.h -- shared by the files of host/sandbox.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HF_SANDBOX_PRIV_H
#define HF_SANDBOX_PRIV_H
#include <hf/sandbox.h>

HF_MUST_CHECK hf_err hf__sandbox_landlock(const struct hf_sandbox *s, struct hf_why *why);
HF_MUST_CHECK hf_err hf__sandbox_seccomp(unsigned powers, struct hf_why *why);
#endif
