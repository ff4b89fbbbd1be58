/* statement.c -- k of n signatures over a typed payload.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

static hf_err read_type(hf_bytes payload, hf_bytes *type)
{
	struct hf_cborr r;
	size_t n = 0;

	HF_TRY(hf_cbor_check(payload));
	hf_cbor_reader(&r, payload);
	hf_cbor_read_map(&r, &n);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_read_text_max(&r, HF_STATEMENT_MAX_TYPE_LEN, type);
	return hf_cbor_error(&r) == HF_OK && type->len > 0 ? HF_OK : HF_ERR_STATEMENT_FORMAT;
}

hf_err hf_statement_read(hf_bytes in, struct hf_statement *s)
{
	hf_err err;

	*s = (struct hf_statement){ 0 };
	if (in.len > HF_STATEMENT_MAX_LEN)
		return HF_ERR_STATEMENT_FORMAT;
	err = hf_cose_sign_read(in, &s->sign);
	if (err == HF_OK && !hf_cose_sign_is_sorted(&s->sign))
		err = HF_ERR_STATEMENT_FORMAT;
	if (err == HF_OK)
		err = read_type(s->sign.payload, &s->type);
	if (err != HF_OK)
		*s = (struct hf_statement){ 0 };
	return err;
}

static bool has_ended(const struct hf_policy_key *key, int64_t now)
{
	return now != 0 && key->not_after != 0 && key->not_after < now;
}

hf_err hf_statement_signers(const struct hf_statement *s, const struct hf_policy *policy, int64_t now,
			    struct hf_out *scratch, hf_key_set *signers)
{
	hf_key_set valid = 0;

	*signers = 0;
	for (size_t i = 0; i < s->sign.n; i++) {
		int at = hf_policy_find(policy, s->sign.signature[i].kid);
		const struct hf_policy_key *key = at < 0 ? NULL : &policy->key[at];
		struct hf_cose_pub pub;
		hf_err err;

		if (key == NULL || has_ended(key, now))
			continue;
		pub = (struct hf_cose_pub){ key->alg, key->pub };
		err = hf_cose_sign_verify(&s->sign, i, &pub, s->type, scratch);
		if (err == HF_ERR_COSE_SIGNATURE || err == HF_ERR_COSE_ALG)
			return HF_ERR_STATEMENT_SIGNATURE;
		HF_TRY(err);
		valid |= (hf_key_set)1 << at;
	}
	*signers = valid;
	return HF_OK;
}

hf_err hf_statement_check(hf_bytes in, hf_bytes type, const struct hf_policy *policy, hf_bytes quorum,
			  int64_t now, struct hf_out *scratch, hf_bytes *payload)
{
	struct hf_statement s;
	hf_key_set signers = 0;

	*payload = (hf_bytes){ 0 };
	HF_TRY(hf_statement_read(in, &s));
	if (!hf_bytes_equal(s.type, type))
		return HF_ERR_STATEMENT_TYPE;
	HF_TRY(hf_statement_signers(&s, policy, now, scratch, &signers));
	if (!hf_verdict_is_yes(hf_quorum_met(policy, quorum, signers)))
		return HF_ERR_STATEMENT_QUORUM;
	*payload = s.sign.payload;
	return HF_OK;
}

hf_err hf_statement_write(hf_bytes payload, const struct hf_cose_signer *signers, size_t n,
			  struct hf_out *scratch, struct hf_out *out)
{
	size_t start = out->len;
	hf_bytes type = { 0 };

	HF_TRY(read_type(payload, &type));
	HF_TRY(hf_cose_sign_write(signers, n, type, payload, scratch, out));
	if (out->len - start <= HF_STATEMENT_MAX_LEN)
		return HF_OK;
	out->len = start;
	return HF_ERR_STATEMENT_FORMAT;
}

hf_err hf_statement_add(hf_bytes in, const struct hf_cose_signer *signer, struct hf_out *scratch,
			struct hf_out *out)
{
	struct hf_statement s;

	HF_TRY(hf_statement_read(in, &s));
	return hf_cose_sign_add(in, signer, s.type, scratch, out);
}

static hf_err open_policy(hf_bytes statement, struct hf_statement *s, struct hf_policy *policy)
{
	*policy = (struct hf_policy){ 0 };
	HF_TRY(hf_statement_read(statement, s));
	if (!hf_bytes_equal(s->type, HF_STR("hf/policy/1")))
		return HF_ERR_STATEMENT_TYPE;
	return hf_policy_read(s->sign.payload, policy);
}

static hf_err check_root(const struct hf_statement *s, const struct hf_policy *policy, struct hf_out *scratch)
{
	hf_key_set signers = 0;

	HF_TRY(hf_statement_signers(s, policy, 0, scratch, &signers));
	return hf_verdict_is_yes(hf_quorum_met(policy, policy->root, signers)) ? HF_OK
									       : HF_ERR_STATEMENT_QUORUM;
}

hf_err hf_policy_open_first(hf_bytes statement, struct hf_out *scratch, struct hf_policy *policy)
{
	struct hf_statement s;
	hf_err err = open_policy(statement, &s, policy);

	if (err == HF_OK && policy->number != 1)
		err = HF_ERR_POLICY_ORDER;
	if (err == HF_OK)
		err = check_root(&s, policy, scratch);
	if (err != HF_OK)
		*policy = (struct hf_policy){ 0 };
	return err;
}

hf_err hf_policy_open_next(hf_bytes statement, const struct hf_policy *current, struct hf_out *scratch,
			   struct hf_policy *next)
{
	struct hf_statement s;
	hf_err err = open_policy(statement, &s, next);

	if (err == HF_OK &&
	    (next->number != current->number + 1 || !hf_bytes_equal(next->previous, HF_ARR(current->hash)) ||
	     !hf_bytes_equal(next->vendor, current->vendor)))
		err = HF_ERR_POLICY_ORDER;
	if (err == HF_OK)
		err = check_root(&s, current, scratch);
	if (err == HF_OK)
		err = check_root(&s, next, scratch);
	if (err != HF_OK)
		*next = (struct hf_policy){ 0 };
	return err;
}
