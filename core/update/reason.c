/* reason.c -- the names that people know the refusals of a release by.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/bundle.h>

const char *hf_release_reason(hf_err err)
{
	static const struct {
		hf_err err;
		const char *name;
	} reasons[] = {
		{ HF_ERR_BUNDLE_FORMAT, "E_FORMAT" },        { HF_ERR_BUNDLE_CHAIN, "E_CHAIN" },
		{ HF_ERR_RELEASE_ENVELOPE, "E_ENVELOPE" },   { HF_ERR_RELEASE_SIGNATURE, "E_SIGNATURE" },
		{ HF_ERR_RELEASE_QUORUM, "E_QUORUM" },       { HF_ERR_RELEASE_PROFILE, "E_PROFILE" },
		{ HF_ERR_RELEASE_CLASS, "E_CLASS" },         { HF_ERR_RELEASE_ROLLBACK, "E_ROLLBACK" },
		{ HF_ERR_RELEASE_CONDITION, "E_CONDITION" }, { HF_ERR_RELEASE_REBUILD, "E_REBUILD" },
		{ HF_ERR_PROOF_NONE, "E_NO_PROOF" },         { HF_ERR_PROOF_LEAF, "E_LEAF" },
		{ HF_ERR_PROOF_INCLUSION, "E_INCLUSION" },   { HF_ERR_PROOF_LOG, "E_LOG" },
		{ HF_ERR_PROOF_WITNESS, "E_WITNESS" },       { HF_ERR_PROOF_EXPIRED, "E_EXPIRED" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return reasons[i].name;
	return NULL;
}
