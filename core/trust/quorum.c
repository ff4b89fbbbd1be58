/* quorum.c -- Q = key index | [k, Q, Q, ...], at most three levels deep, each key at most once.
 * Quorums stay encoded; validity was settled when the policy was read, so evaluation only walks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

struct walk {
	const struct hf_policy *policy;
	struct hf_cborr r;
	hf_key_set signers;
	hf_key_set seen;
	int role; /* 0: any */
};

static bool walk_key(struct walk *w)
{
	uint64_t index = 0;
	hf_key_set bit;

	hf_cbor_read_uint_max(&w->r, HF_POLICY_MAX_KEYS - 1, &index);
	bit = (hf_key_set)1 << index;
	if (index >= w->policy->n_keys || (w->seen & bit) != 0 ||
	    (w->role != 0 && w->policy->key[index].role != w->role)) {
		hf_cbor_reader_fail(&w->r, HF_ERR_POLICY_QUORUM);
		return false;
	}
	w->seen |= bit;
	return (w->signers & bit) != 0;
}

/* Recursion is bounded by HF_POLICY_MAX_DEPTH. */
static bool walk_quorum(struct walk *w, int depth)
{
	size_t n = 0, met = 0;
	uint64_t k = 0;

	if (hf_cbor_peek(&w->r) == HF_CBOR_UINT)
		return walk_key(w);
	if (depth == HF_POLICY_MAX_DEPTH) {
		hf_cbor_reader_fail(&w->r, HF_ERR_POLICY_QUORUM);
		return false;
	}
	hf_cbor_read_array(&w->r, &n);
	hf_cbor_read_uint_max(&w->r, HF_POLICY_MAX_KEYS, &k);
	if (n < 2 || k == 0 || k > n - 1)
		hf_cbor_reader_fail(&w->r, HF_ERR_POLICY_QUORUM);
	for (size_t i = 1; i < n && hf_cbor_error(&w->r) == HF_OK; i++)
		met += walk_quorum(w, depth + 1) ? 1 : 0;
	hf_cbor_end(&w->r);
	return hf_cbor_error(&w->r) == HF_OK && met >= k;
}

/* Walk the whole; `met` says whether the signers satisfy it. */
static hf_err walk(struct walk *w, hf_bytes quorum, bool *met)
{
	hf_cbor_reader(&w->r, quorum);
	*met = walk_quorum(w, 0);
	return hf_cbor_done(&w->r) == HF_OK ? HF_OK : HF_ERR_POLICY_QUORUM;
}

hf_err hf__quorum_check(const struct hf_policy *policy, hf_bytes quorum, int role)
{
	struct walk w = { .policy = policy, .role = role };
	bool unused;

	return walk(&w, quorum, &unused);
}

hf_err hf_quorum_keys(const struct hf_policy *policy, hf_bytes quorum, hf_key_set *keys)
{
	struct walk w = { .policy = policy };
	bool unused;

	*keys = 0;
	HF_TRY(walk(&w, quorum, &unused));
	*keys = w.seen;
	return HF_OK;
}

struct hf_verdict hf_quorum_met(const struct hf_policy *policy, hf_bytes quorum, hf_key_set signers)
{
	struct walk w = { .policy = policy, .signers = signers };
	struct hf_verdict verdict = HF_VERDICT_NO;
	bool met;

	if (walk(&w, quorum, &met) == HF_OK && met)
		verdict = HF_VERDICT_YES;
	return verdict;
}
