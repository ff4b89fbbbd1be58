/* bundle.c -- our own releases: does the bundle carry what a device needs to see that the release was logged?
 * Whether the proof is good is asked where the trust policy is: on the device, and by `holdfast log verify`.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/bundle.h>
#include "setting.h"

hf_err hf__scan_bundle(struct hf__scan_job *job)
{
	hf_bytes all = hf__scan_view_upto(job->view, 0, HF_BUNDLE_MAX_LEN + 1);
	struct hf_bundle bundle;
	unsigned state = HF_STATE_NO;

	if (job->kind != HF_KIND_BUNDLE)
		return HF_OK;
	if (!hf_span_begins(all, "HFB1")) /* a bare envelope has no room for a proof */
		return hf__scan_put_setting(job, HF_SUBJECT_LOGPROOF, state, HF_STR("envelope"),
					    (hf_bytes){ 0 }, 0);
	if (hf_bundle_read(all, &bundle) != HF_OK)
		state = HF_STATE_UNKNOWN;
	else if (bundle.kind == HF_BUNDLE_POLICY || bundle.n_proofs > 0)
		state = HF_STATE_YES;
	return hf__scan_put_setting(job, HF_SUBJECT_LOGPROOF, state, HF_STR("bundle"), (hf_bytes){ 0 }, 0);
}
