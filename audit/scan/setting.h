/* setting.h -- readers of configurations, one for each subject; each looks at the name first.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SETTING_H
#define SETTING_H
#include "scan_priv.h"

enum { HF__LINES_MAX = 65536 };
HF_MUST_CHECK hf_err
hf__scan_updates(struct hf__scan_job *job); /* RAUC, SWUpdate, Mender, opkg, apt, our agent */
HF_MUST_CHECK hf_err
hf__scan_secrets(struct hf__scan_job *job); /* PSK, SNMP community, credentials in URLs */
HF_MUST_CHECK hf_err
hf__scan_listeners(struct hf__scan_job *job);                   /* addresses in configurations of servers */
HF_MUST_CHECK hf_err hf__scan_boot(struct hf__scan_job *job);   /* command lines, fstab */
HF_MUST_CHECK hf_err hf__scan_fit(struct hf__scan_job *job);    /* FIT images and device trees */
HF_MUST_CHECK hf_err hf__scan_bundle(struct hf__scan_job *job); /* our own releases */
static inline uint64_t hf__scan_offset_of(const struct hf__scan_job *job, hf_bytes part)
{
	return part.ptr == NULL || job->text.ptr == NULL ? 0 : (uint64_t)(part.ptr - job->text.ptr);
}
#endif
