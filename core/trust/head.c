/* head.c -- head messages: the newest cosigned head, read, written and verified.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/head.h>
#include "trust_priv.h"

/* "HFH1", u8 log, u8 n_cosigs, u16 0, policy_ref 8, u64 size, root 32, log signature 64. */
enum { AT_LOG = 4, AT_N_COSIGS = 5, AT_REF = 8, AT_SIZE = 16, AT_ROOT = 24, AT_SIG = 56 };

hf_err hf_head_read(hf_bytes in, struct hf_head *h)
{
	*h = (struct hf_head){ .log = 0 };
	if (in.len < HF_HEAD_FIXED_LEN || !hf_bytes_equal((hf_bytes){ in.ptr, AT_LOG }, HF_STR("HFH1")) ||
	    hf_get_be16(in.ptr + AT_N_COSIGS + 1) != 0 || in.ptr[AT_N_COSIGS] > HF_PROOF_MAX_COSIGS ||
	    in.len - HF_HEAD_FIXED_LEN != in.ptr[AT_N_COSIGS] * (size_t)HF_COSIG_LEN)
		return HF_ERR_HEAD_FORMAT;
	h->log = in.ptr[AT_LOG];
	h->policy_ref = (hf_bytes){ in.ptr + AT_REF, HF_POLICY_REF_LEN };
	h->head.size = hf_get_be64(in.ptr + AT_SIZE);
	memcpy(h->head.root.b, in.ptr + AT_ROOT, HF_MERKLE_LEN);
	h->log_sig = (hf_bytes){ in.ptr + AT_SIG, HF_ED25519_SIG_LEN };
	h->cosigs = (hf_bytes){ in.ptr + HF_HEAD_FIXED_LEN, in.len - HF_HEAD_FIXED_LEN };
	return HF_OK;
}

hf_err hf_head_write(const struct hf_head *h, struct hf_out *out)
{
	uint8_t fixed[HF_HEAD_FIXED_LEN] = { 'H', 'F', 'H', '1' };
	size_t n = h->cosigs.len / HF_COSIG_LEN;

	if (h->policy_ref.len != HF_POLICY_REF_LEN || h->log_sig.len != HF_ED25519_SIG_LEN ||
	    h->cosigs.len % HF_COSIG_LEN != 0 || n > HF_PROOF_MAX_COSIGS)
		return HF_ERR_HEAD_FORMAT;
	if (out->cap - out->len < HF_HEAD_FIXED_LEN + h->cosigs.len)
		return HF_ERR_BASE_NO_ROOM;
	fixed[AT_LOG] = h->log;
	fixed[AT_N_COSIGS] = (uint8_t)n;
	memcpy(fixed + AT_REF, h->policy_ref.ptr, HF_POLICY_REF_LEN);
	hf_put_be64(fixed + AT_SIZE, h->head.size);
	memcpy(fixed + AT_ROOT, h->head.root.b, HF_MERKLE_LEN);
	memcpy(fixed + AT_SIG, h->log_sig.ptr, HF_ED25519_SIG_LEN);
	HF_TRY(hf_out_put(out, HF_ARR(fixed)));
	return hf_out_put(out, h->cosigs);
}

hf_err hf_head_verify(const struct hf_head *h, const struct hf_policy *policy, uint64_t now,
		      struct hf_proof_result *result)
{
	hf_err err;

	*result = (struct hf_proof_result){ .head = h->head };
	err = hf_bytes_equal(h->policy_ref, HF_ARR(policy->ref)) ? HF_OK : HF_ERR_PROOF_NONE;
	if (err == HF_OK)
		err = hf__proof_check_head(policy, h->log, h->log_sig, h->cosigs, now, result);
	if (err != HF_OK)
		*result = (struct hf_proof_result){ .quorum_time = 0 };
	return err;
}
