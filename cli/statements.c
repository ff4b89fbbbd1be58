/* statements.c -- signatures of several people over one payload, gathered in any order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "statements.h"

hf_bytes statement_payload(hf_bytes in)
{
	struct hf_statement st;

	return hf_statement_read(in, &st) == HF_OK ? st.sign.payload : in;
}

static hf_err add(struct shelf *s, hf_bytes in, const struct hf_cose_signer *signer, struct hf_out *out)
{
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	struct hf_statement st;
	hf_err err = hf_statement_read(in, &st);

	err = err == HF_OK ? hf_statement_add(in, signer, &scratch, out)
			   : hf_statement_write(in, signer, 1, &scratch, out);
	return err == HF_OK ? HF_OK : shelf_fail(s, err, "statement");
}

hf_err statement_sign(struct shelf *s, hf_bytes in, struct signer *key, struct hf_out *out)
{
	const struct hf_cose_signer me = { .alg = HF_COSE_ED25519, .kid = HF_ARR(key->kid), .hw = &key->key };
	hf_err err = add(s, in, &me, out);

	if (err != HF_OK && key->why.err == err)
		s->why = key->why;
	return err;
}

/* A signer who has signed already: gives the signature it carries. */
static hf_err give(void *ctx, const uint8_t *message, size_t n, uint8_t *sig)
{
	const struct hf_cose_signature *have = ctx;
	(void)message;
	(void)n;

	if (have->signature.len != HF_ED25519_SIG_LEN)
		return HF_ERR_STATEMENT_SIGNATURE;
	memcpy(sig, have->signature.ptr, HF_ED25519_SIG_LEN);
	return HF_OK;
}

static bool is_good(const struct hf_statement *st, size_t i, const struct hf_policy *p)
{
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	int at = p == NULL ? -1 : hf_policy_find(p, st->sign.signature[i].kid);
	struct hf_cose_pub pub;

	if (at < 0)
		return false;
	pub = (struct hf_cose_pub){ p->key[at].alg, p->key[at].pub };
	return hf_cose_sign_verify(&st->sign, i, &pub, st->type, &scratch) == HF_OK;
}

hf_err statement_merge(struct shelf *s, hf_bytes old, hf_bytes more, const struct hf_policy *p,
		       const struct hf_policy *next, size_t *n, struct hf_out *out)
{
	uint8_t mem[2][HF_STATEMENT_MAX_LEN + 512];
	struct hf_statement st;
	hf_bytes sum = old;
	hf_err err = hf_statement_read(more, &st);

	*n = 0;
	if (err == HF_OK && !hf_bytes_equal(st.sign.payload, statement_payload(old)))
		err = HF_ERR_STATEMENT_FORMAT;
	for (size_t i = 0; err == HF_OK && i < st.sign.n; i++) {
		struct hf_hwkey hw = { .sign = give,
				       .ctx = &st.sign.signature[i],
				       .curve = HF_CURVE_ED25519 };
		const struct hf_cose_signer as = { HF_COSE_ED25519, st.sign.signature[i].kid, &hw, NULL };
		struct hf_out copy = { mem[i % 2], sizeof(mem[0]), 0 };

		if (!is_good(&st, i, p) && !is_good(&st, i, next))
			return hf_why_set(&s->why, HF_ERR_STATEMENT_SIGNATURE,
					  "signature %zu is wrong, or by nobody the policy knows", i + 1);
		err = add(s, sum, &as, &copy);
		sum = hf_out_bytes(&copy);
		(*n)++;
	}
	if (err == HF_OK)
		err = hf_out_put(out, sum);
	return err == HF_OK ? HF_OK : shelf_fail(s, err, "statement");
}

void statement_draft_name(uint64_t number, bool signed_, char out[static SHELF_NAME_MAX])
{
	(void)snprintf(out, SHELF_NAME_MAX, "policies/draft-%llu.%s", (unsigned long long)number,
		       signed_ ? "cose" : "cbor");
}

hf_err statement_draft(struct shelf *s, uint64_t number, struct hf_buf *out)
{
	char name[SHELF_NAME_MAX];

	statement_draft_name(number, true, name);
	if (!shelf_has(s, name))
		statement_draft_name(number, false, name);
	return shelf_read(s, name, out);
}

hf_err statement_store_draft(struct shelf *s, uint64_t number, hf_bytes statement)
{
	uint8_t mem[HF_STATEMENT_SCRATCH];
	struct hf_out scratch = HF_OUT(mem);
	char name[SHELF_NAME_MAX];
	struct hf_policy p;

	statement_draft_name(number, true, name);
	HF_TRY(shelf_replace(s, name, statement));
	if (number != 1 || hf_policy_open_first(statement, &scratch, &p) != HF_OK)
		return HF_OK;
	return shelf_replace(s, "policies/policy-1.cose", statement);
}

hf_err revocation_write(const struct revocation *r, struct hf_out *out)
{
	struct hf_cborw w;

	hf_cbor_writer(&w, out);
	hf_cbor_put_map(&w, 4);
	hf_cbor_put_key(&w, 0);
	hf_cbor_put_text(&w, HF_STR("hf/revocation/1"));
	hf_cbor_put_key(&w, 1);
	hf_cbor_put_bytes(&w, r->d);
	hf_cbor_put_key(&w, 2);
	hf_cbor_put_bytes(&w, r->class_id);
	hf_cbor_put_key(&w, 3);
	hf_cbor_put_text(&w, r->reason);
	return hf_cbor_finish(&w);
}

hf_err revocation_read(hf_bytes payload, struct revocation *out)
{
	struct hf_cborr r;

	*out = (struct revocation){ 0 };
	hf_cbor_reader(&r, payload);
	hf_cbor_expect_map(&r, 4);
	hf_cbor_expect_key(&r, 0);
	hf_cbor_expect_text(&r, HF_STR("hf/revocation/1"));
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_bytes(&r, &out->d);
	hf_cbor_expect_key(&r, 2);
	hf_cbor_read_bytes(&r, &out->class_id);
	hf_cbor_expect_key(&r, 3);
	hf_cbor_read_text_max(&r, REVOKE_REASON_MAX, &out->reason);
	if (hf_cbor_done(&r) == HF_OK && out->d.len == HF_SHA256_LEN &&
	    out->class_id.len == HF_POLICY_UUID_LEN)
		return HF_OK;
	*out = (struct revocation){ 0 };
	return HF_ERR_REVOCATION_SHAPE;
}
