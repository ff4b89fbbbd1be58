/* proof.c -- leaf, path, head, witnesses: the proof of the offline bundle, read, written and verified.
 * SPDX-License-Identifier: Apache-2.0 */
#include <holdfast/proof.h>
#include "trust_priv.h"

/* policy_ref 8, u8 log, u8 publisher, u8 n_path, u8 n_cosigs, u64 size, u64 index, two signatures. */
enum {
	AT_LOG = 8,
	AT_PUBLISHER = 9,
	AT_N_PATH = 10,
	AT_N_COSIGS = 11,
	AT_SIZE = 12,
	AT_INDEX = 20,
	AT_LEAF_SIG = 28,
	AT_LOG_SIG = 92,
	AT_COSIG_TIME = 1,
	AT_COSIG_SIG = 9,
};

hf_err hf_proof_read(hf_bytes in, struct hf_proof *p, size_t *used)
{
	size_t path_len, cosigs_len;

	*used = 0;
	memset(p, 0, sizeof(*p));
	if (in.len < HF_PROOF_FIXED_LEN || in.ptr[AT_N_PATH] > HF_PROOF_MAX_PATH ||
	    in.ptr[AT_N_COSIGS] > HF_PROOF_MAX_COSIGS)
		return HF_ERR_BUNDLE_FORMAT;
	path_len = in.ptr[AT_N_PATH] * (size_t)HF_MERKLE_LEN;
	cosigs_len = in.ptr[AT_N_COSIGS] * (size_t)HF_COSIG_LEN;
	if (in.len - HF_PROOF_FIXED_LEN < path_len + cosigs_len)
		return HF_ERR_BUNDLE_FORMAT;
	p->policy_ref = (hf_bytes){ in.ptr, HF_POLICY_REF_LEN };
	p->log = in.ptr[AT_LOG];
	p->publisher = in.ptr[AT_PUBLISHER];
	p->size = hf_get_be64(in.ptr + AT_SIZE);
	p->index = hf_get_be64(in.ptr + AT_INDEX);
	p->leaf_sig = (hf_bytes){ in.ptr + AT_LEAF_SIG, HF_ED25519_SIG_LEN };
	p->log_sig = (hf_bytes){ in.ptr + AT_LOG_SIG, HF_ED25519_SIG_LEN };
	p->path = (hf_bytes){ in.ptr + HF_PROOF_FIXED_LEN, path_len };
	p->cosigs = (hf_bytes){ in.ptr + HF_PROOF_FIXED_LEN + path_len, cosigs_len };
	*used = HF_PROOF_FIXED_LEN + path_len + cosigs_len;
	return HF_OK;
}

static bool has_good_lengths(const struct hf_proof *p)
{
	return p->policy_ref.len == HF_POLICY_REF_LEN && p->leaf_sig.len == HF_ED25519_SIG_LEN &&
	       p->log_sig.len == HF_ED25519_SIG_LEN && p->path.len % HF_MERKLE_LEN == 0 &&
	       p->path.len / HF_MERKLE_LEN <= HF_PROOF_MAX_PATH && p->cosigs.len % HF_COSIG_LEN == 0 &&
	       p->cosigs.len / HF_COSIG_LEN <= HF_PROOF_MAX_COSIGS;
}

hf_err hf_proof_write(const struct hf_proof *p, struct hf_out *out)
{
	uint8_t fixed[HF_PROOF_FIXED_LEN];

	if (!has_good_lengths(p))
		return HF_ERR_BUNDLE_FORMAT;
	if (out->cap - out->len < HF_PROOF_FIXED_LEN + p->path.len + p->cosigs.len)
		return HF_ERR_BASE_NO_ROOM;
	memcpy(fixed, p->policy_ref.ptr, HF_POLICY_REF_LEN);
	fixed[AT_LOG] = p->log;
	fixed[AT_PUBLISHER] = p->publisher;
	fixed[AT_N_PATH] = (uint8_t)(p->path.len / HF_MERKLE_LEN);
	fixed[AT_N_COSIGS] = (uint8_t)(p->cosigs.len / HF_COSIG_LEN);
	hf_put_be64(fixed + AT_SIZE, p->size);
	hf_put_be64(fixed + AT_INDEX, p->index);
	memcpy(fixed + AT_LEAF_SIG, p->leaf_sig.ptr, HF_ED25519_SIG_LEN);
	memcpy(fixed + AT_LOG_SIG, p->log_sig.ptr, HF_ED25519_SIG_LEN);
	HF_TRY(hf_out_put(out, HF_ARR(fixed)));
	HF_TRY(hf_out_put(out, p->path));
	return hf_out_put(out, p->cosigs);
}

hf_err hf_cosig_put(uint8_t witness, uint64_t time, const uint8_t sig[static HF_ED25519_SIG_LEN],
		    struct hf_out *out)
{
	uint8_t record[HF_COSIG_LEN];

	record[0] = witness;
	hf_put_be64(record + AT_COSIG_TIME, time);
	memcpy(record + AT_COSIG_SIG, sig, HF_ED25519_SIG_LEN);
	return hf_out_put(out, HF_ARR(record));
}

/* The public key of an index that must be in `set`, or NULL. */
static const uint8_t *key_of(const struct hf_policy *policy, hf_key_set set, uint8_t index)
{
	if (index >= policy->n_keys || (set >> index & 1) == 0)
		return NULL;
	return policy->key[index].pub.ptr;
}

/* Has the key with this index not ended at `time`? */
static bool is_live(const struct hf_policy *policy, uint8_t index, uint64_t time)
{
	int64_t end = policy->key[index].not_after;

	return end == 0 || (uint64_t)end >= time;
}

static bool counts(const struct hf_policy *policy, uint8_t witness, uint64_t time, uint64_t now)
{
	bool ahead = now != 0 && time > now && time - now > HF_PROOF_CLOCK_SLACK_S;

	return !ahead && is_live(policy, witness, time);
}

/* Largest t such that the counted witnesses with time >= t satisfy the quorum. */
static hf_err find_quorum_time(const struct hf_policy *policy, hf_bytes quorum, hf_bytes cosigs,
			       struct hf_proof_result *result)
{
	bool met = false;

	for (size_t i = 0; i < cosigs.len; i += HF_COSIG_LEN) {
		uint64_t least = hf_get_be64(cosigs.ptr + i + AT_COSIG_TIME);
		hf_key_set later = 0;

		for (size_t j = 0; j < cosigs.len; j += HF_COSIG_LEN)
			if (hf_get_be64(cosigs.ptr + j + AT_COSIG_TIME) >= least)
				later |= (hf_key_set)1 << cosigs.ptr[j];
		if (!hf_verdict_is_yes(hf_quorum_met(policy, quorum, later & result->witnesses)))
			continue;
		if (least > result->quorum_time)
			result->quorum_time = least;
		met = true;
	}
	return met ? HF_OK : HF_ERR_PROOF_WITNESS;
}

static hf_err check_witnesses(const struct hf_policy *policy, hf_bytes quorum, const uint8_t *log_key,
			      hf_bytes cosigs, uint64_t now, struct hf_proof_result *result)
{
	hf_key_set seen = 0;

	result->witnesses = 0;
	result->quorum_time = 0;
	for (size_t i = 0; i < cosigs.len; i += HF_COSIG_LEN) {
		const uint8_t *at = cosigs.ptr + i;
		const uint8_t *pub = key_of(policy, ~seen, at[0]);
		uint64_t time = hf_get_be64(at + AT_COSIG_TIME);

		if (pub == NULL || policy->key[at[0]].role != HF_ROLE_WITNESS) /* none, or the same again */
			return HF_ERR_PROOF_WITNESS;
		seen |= (hf_key_set)1 << at[0];
		HF_TRY(hf_cosignature_verify(log_key, &result->head, time, pub, at + AT_COSIG_SIG));
		if (counts(policy, at[0], time, now))
			result->witnesses |= (hf_key_set)1 << at[0];
	}
	return find_quorum_time(policy, quorum, cosigs, result);
}

hf_err hf_witness_verify(const struct hf_policy *policy, hf_bytes quorum, uint8_t log, hf_bytes cosigs,
			 uint64_t now, struct hf_proof_result *result)
{
	const uint8_t *key = key_of(policy, policy->logs, log);

	if (key == NULL)
		return HF_ERR_PROOF_LOG;
	return check_witnesses(policy, quorum, key, cosigs, now, result);
}

static hf_err check_leaf(const struct hf_proof *p, const struct hf_policy *policy,
			 const uint8_t d[static HF_SHA256_LEN], struct hf_merkle_hash *leaf)
{
	const uint8_t *publisher = key_of(policy, policy->publishers, p->publisher);
	uint8_t checksum[HF_SHA256_LEN], entry[HF_LEAF_LEN];

	if (publisher == NULL)
		return HF_ERR_PROOF_LEAF;
	HF_TRY(hf_leaf_checksum(d, checksum));
	HF_TRY(hf_leaf_verify(checksum, publisher, p->leaf_sig.ptr));
	HF_TRY(hf_leaf_write(checksum, p->leaf_sig.ptr, publisher, entry));
	return hf_merkle_leaf(HF_ARR(entry), leaf);
}

static hf_err climb(const struct hf_proof *p, const struct hf_merkle_hash *leaf, struct hf_tree_head *head)
{
	hf_err err;

	head->size = p->size;
	if (p->size > HF_CHECKPOINT_MAX_NUMBER)
		return HF_ERR_PROOF_INCLUSION;
	err = hf_merkle_climb(leaf, p->index, p->size, p->path.ptr, p->path.len / HF_MERKLE_LEN, &head->root);
	return err == HF_ERR_MERKLE_RANGE || err == HF_ERR_MERKLE_PROOF ? HF_ERR_PROOF_INCLUSION : err;
}

hf_err hf__proof_check_head(const struct hf_policy *policy, uint8_t log, hf_bytes sig, hf_bytes cosigs,
			    uint64_t now, struct hf_proof_result *result)
{
	const uint8_t *key = key_of(policy, policy->logs, log);

	if (key == NULL)
		return HF_ERR_PROOF_LOG;
	HF_TRY(hf_checkpoint_verify(key, &result->head, sig.ptr));
	HF_TRY(check_witnesses(policy, policy->witness, key, cosigs, now, result));
	return is_live(policy, log, result->quorum_time) ? HF_OK : HF_ERR_PROOF_EXPIRED;
}

static hf_err verify(const struct hf_proof *p, const struct hf_policy *policy,
		     const uint8_t d[static HF_SHA256_LEN], uint64_t now, struct hf_proof_result *result)
{
	struct hf_merkle_hash leaf;

	if (!hf_bytes_equal(p->policy_ref, HF_ARR(policy->ref)))
		return HF_ERR_PROOF_NONE;
	HF_TRY(check_leaf(p, policy, d, &leaf));
	HF_TRY(climb(p, &leaf, &result->head));
	HF_TRY(hf__proof_check_head(policy, p->log, p->log_sig, p->cosigs, now, result));
	return is_live(policy, p->publisher, result->quorum_time) ? HF_OK : HF_ERR_PROOF_EXPIRED;
}

hf_err hf_proof_verify(const struct hf_proof *p, const struct hf_policy *policy,
		       const uint8_t d[static HF_SHA256_LEN], uint64_t now, struct hf_proof_result *result)
{
	hf_err err;

	memset(result, 0, sizeof(*result));
	err = verify(p, policy, d, now, result);
	if (err != HF_OK)
		memset(result, 0, sizeof(*result));
	return err;
}
