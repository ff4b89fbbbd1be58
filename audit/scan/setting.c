/* setting.c -- the readers of configurations, in order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "setting.h"

hf_err hf__scan_settings(struct hf__scan_job *job)
{
	if (job->text.len == 0) {
		HF_TRY(hf__scan_bundle(job));
		return hf__scan_fit(job);
	}
	HF_TRY(hf__scan_updates(job));
	HF_TRY(hf__scan_secrets(job));
	HF_TRY(hf__scan_listeners(job));
	return hf__scan_boot(job);
}
