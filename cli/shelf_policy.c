/* shelf_policy.c -- the chain of policies on the shelf: nothing is believed that a device would not.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "shelf.h"

static void scratch_free(uint8_t **p)
{
	hf_auto_free((void *)p);
}

static hf_err new_scratch(struct shelf *s, uint8_t **mem, struct hf_out *scratch)
{
	struct hf_buf b = HF_BUF(HF_STATEMENT_SCRATCH);
	hf_err err = hf_buf_reserve(&b, HF_STATEMENT_SCRATCH, mem);

	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", "");
	*scratch = (struct hf_out){ *mem, HF_STATEMENT_SCRATCH, 0 };
	return HF_OK;
}

void shelf_policy_end(struct shelf_policy *p)
{
	hf_buf_free(&p->file);
	p->p = (struct hf_policy){ 0 };
}

/* Is the next policy proved under the current one? */
static hf_err check_proof(struct shelf *s, const char *name, const struct hf_policy *current,
			  const struct hf_policy *next)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_PROOF_MAX_LEN);
	struct hf_proof_result result;
	struct hf_proof proof;
	size_t used = 0;
	hf_err err;

	HF_TRY(shelf_read(s, name, &file));
	err = hf_proof_read(hf_buf_bytes(&file), &proof, &used);
	if (err == HF_OK && used != file.len)
		err = HF_ERR_BUNDLE_FORMAT;
	if (err == HF_OK)
		err = hf_proof_verify(&proof, current, next->hash, 0, &result);
	return err == HF_OK ? HF_OK
			    : hf_why_set(&s->why, err, "%s does not hold under the policy before", name);
}

/* Put policy `n` in the place of the one before it; *more is false when there is none. */
static hf_err step(struct shelf *s, uint64_t n, struct hf_out *scratch, struct shelf_policy *at, bool *more)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_STATEMENT_MAX_LEN);
	char name[SHELF_NAME_MAX], proof[SHELF_NAME_MAX];
	struct hf_policy next;
	hf_err err;

	(void)snprintf(name, sizeof(name), "policies/policy-%llu.cose", (unsigned long long)n);
	(void)snprintf(proof, sizeof(proof), "policies/policy-%llu.proof", (unsigned long long)n);
	*more = shelf_has(s, name) && (n == 1 || shelf_has(s, proof));
	if (!*more)
		return HF_OK;
	HF_TRY(shelf_read(s, name, &file));
	err = n == 1 ? hf_policy_open_first(hf_buf_bytes(&file), scratch, &next)
		     : hf_policy_open_next(hf_buf_bytes(&file), &at->p, scratch, &next);
	if (err != HF_OK)
		return hf_why_set(&s->why, err, "%s", name);
	if (n > 1)
		HF_TRY(check_proof(s, proof, &at->p, &next));
	shelf_policy_end(at);
	at->file = file;
	at->p = next;
	file = HF_BUF(0);
	return HF_OK;
}

hf_err shelf_policy(struct shelf *s, uint64_t last, struct shelf_policy *out)
{
	uint8_t *mem HF_AUTO(scratch_free) = NULL;
	struct hf_out scratch;
	bool more = true;

	*out = (struct shelf_policy){ 0 };
	HF_TRY(new_scratch(s, &mem, &scratch));
	for (uint64_t n = 1; more && n <= last && n <= SHELF_POLICIES_MAX; n++)
		HF_TRY(step(s, n, &scratch, out, &more));
	if (out->p.number == 0)
		return hf_why_set(&s->why, HF_ERR_SHELF_POLICY,
				  "%s/policies: no policy 1; 'holdfast release policy new' makes one",
				  s->dir);
	return HF_OK;
}

hf_err shelf_policy_file(struct shelf *s, const char *path, struct shelf_policy *out)
{
	uint8_t *mem HF_AUTO(scratch_free) = NULL;
	struct hf_statement statement;
	hf_key_set signers = 0;
	struct hf_out scratch;
	hf_err err;

	*out = (struct shelf_policy){ .file = HF_BUF(HF_STATEMENT_MAX_LEN) };
	HF_TRY(hf_file_read(path, &out->file, &s->why));
	HF_TRY(new_scratch(s, &mem, &scratch));
	err = hf_statement_read(hf_buf_bytes(&out->file), &statement);
	if (err == HF_OK && !hf_bytes_equal(statement.type, HF_STR("hf/policy/1")))
		err = HF_ERR_STATEMENT_TYPE;
	if (err == HF_OK)
		err = hf_policy_read(statement.sign.payload, &out->p);
	if (err == HF_OK)
		err = hf_statement_signers(&statement, &out->p, 0, &scratch, &signers);
	if (err == HF_OK && !hf_verdict_is_yes(hf_quorum_met(&out->p, out->p.root, signers)))
		err = HF_ERR_STATEMENT_QUORUM;
	return err == HF_OK ? HF_OK
			    : hf_why_set(&s->why, err, "%s: no policy signed by its own root quorum: %s",
					 path, hf_err_text(err));
}
