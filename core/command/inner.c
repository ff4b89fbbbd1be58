/* inner.c -- the signed object: one signer or several over the claims, and what their signatures amount to.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command_priv.h"

/* Both forms, parsed. */
struct form {
	bool single;
	union {
		struct hf_cose_sign1 one;
		struct hf_cose_sign many;
	} u;
};

struct hf__aad hf__command_aad(hf_bytes prefix, hf_bytes dev)
{
	struct hf__aad aad = { { 0 }, 0 };
	struct hf_out out = { aad.b, sizeof(aad.b), 0 };

	if (hf_out_put(&out, prefix) == HF_OK && hf_out_put(&out, dev) == HF_OK)
		aad.len = out.len;
	return aad;
}

void hf_command_aad(hf_bytes dev, uint8_t aad[static HF_COMMAND_AAD_LEN])
{
	struct hf__aad a = hf__command_aad(HF_STR("hf/cmd/1/"), dev);

	memcpy(aad, a.b, HF_COMMAND_AAD_LEN);
}

hf_err hf__command_kid(const uint8_t pub[static HF_P256_POINT_LEN], uint8_t kid[static HF_KID_LEN])
{
	return hf_crypto_kid((hf_bytes){ pub, HF_P256_POINT_LEN }, kid);
}

hf_err hf__command_sign1(hf_bytes payload, hf_bytes aad, const struct hf_hwkey *key, struct hf_out *out)
{
	uint8_t kid[HF_KID_LEN];
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_ARR(kid), key, NULL };

	HF_TRY(hf__command_kid(key->pub, kid));
	return hf_cose_sign1_write(&signer, aad, payload, false, NULL, out);
}

hf_err hf_command_sign(hf_bytes claims, const struct hf_hwkey *lead, bool single, struct hf_out *out)
{
	uint8_t kid[HF_KID_LEN];
	struct hf_cose_signer signer = { HF_COSE_ES256, HF_ARR(kid), lead, NULL };
	struct hf_claims c;
	struct hf__aad aad;

	HF_TRY(hf_claims_read(claims, &c));
	HF_TRY(hf__command_kid(lead->pub, kid));
	if (!hf_bytes_equal(HF_ARR(kid), HF_ARR(c.iss)))
		return HF_ERR_COMMAND_SIGNER;
	aad = hf__command_aad(HF_STR("hf/cmd/1/"), c.aud);
	if (single)
		return hf_cose_sign1_write(&signer, hf__aad_bytes(&aad), claims, false, NULL, out);
	return hf_cose_sign_write(&signer, 1, hf__aad_bytes(&aad), claims, NULL, out);
}

hf_err hf_command_cosign(hf_bytes inner, const struct hf_hwkey *signer, struct hf_out *out)
{
	uint8_t kid[HF_KID_LEN];
	struct hf_cose_signer one = { HF_COSE_ES256, HF_ARR(kid), signer, NULL };
	struct hf_command c;
	struct hf__aad aad;

	HF_TRY(hf_command_read(inner, &c));
	if (c.single)
		return HF_ERR_COMMAND_SHAPE;
	HF_TRY(hf__command_kid(signer->pub, kid));
	aad = hf__command_aad(HF_STR("hf/cmd/1/"), c.claims.aud);
	return hf_cose_sign_add(inner, &one, hf__aad_bytes(&aad), NULL, out);
}

static hf_err read_form(hf_bytes inner, struct form *f)
{
	hf_err err;

	if (inner.len == 0 || inner.len > HF_COMMAND_MAX_INNER_LEN)
		return HF_ERR_COMMAND_SHAPE;
	f->single = inner.ptr[0] == (0xc0 | HF_COSE_TAG_SIGN1);
	if (f->single)
		err = hf_cose_sign1_read(inner, &f->u.one);
	else
		err = hf_cose_sign_read(inner, &f->u.many);
	if (err != HF_OK || (f->single && (f->u.one.detached || f->u.one.kid.len == 0)))
		return HF_ERR_COMMAND_SHAPE;
	return HF_OK;
}

static hf_err fill(hf_bytes inner, const struct form *f, struct hf_command *c)
{
	c->inner = inner;
	c->single = f->single;
	c->payload = f->single ? f->u.one.payload : f->u.many.payload;
	c->n = f->single ? 1 : f->u.many.n;
	for (size_t i = 0; i < c->n; i++)
		c->kid[i] = f->single ? f->u.one.kid : f->u.many.signature[i].kid;
	return hf_claims_read(c->payload, &c->claims);
}

static hf_err parse(hf_bytes inner, struct form *f, struct hf_command *c)
{
	hf_err err;

	*c = (struct hf_command){ 0 };
	HF_TRY(read_form(inner, f));
	err = fill(inner, f, c);
	if (err != HF_OK)
		*c = (struct hf_command){ 0 };
	return err;
}

hf_err hf_command_read(hf_bytes inner, struct hf_command *c)
{
	struct form f;

	return parse(inner, &f, c);
}

static hf_err verify_one(const struct form *f, size_t i, const struct hf_policy_key *key, hf_bytes aad)
{
	struct hf_cose_pub pub = { key->alg, key->pub };
	hf_err err;

	if (f->single)
		err = hf_cose_sign1_verify(&f->u.one, &pub, aad, NULL);
	else
		err = hf_cose_sign_verify(&f->u.many, i, &pub, aad, NULL);
	return err == HF_ERR_COSE_SIGNATURE || err == HF_ERR_COSE_ALG ? HF_ERR_COMMAND_SIGNATURE : err;
}

/* Only a P-256 key of role named may command; any other kid is foreign to us and passed over. */
static int find_signer(const struct hf_policy *p, hf_bytes kid)
{
	int at = hf_policy_find(p, kid);

	if (at < 0 || p->key[at].role != HF_ROLE_NAMED || p->key[at].alg != HF_COSE_ES256)
		return -1;
	return at;
}

/* A set holds each key once, however often it signed; two signatures of one key count as one. */
static hf_err verify_all(const struct form *f, const struct hf_command *c, const struct hf_policy *p,
			 hf_bytes aad, hf_key_set *signers)
{
	hf_key_set valid = 0;

	for (size_t i = 0; i < c->n; i++) {
		int at = find_signer(p, c->kid[i]);

		if (at < 0)
			continue;
		HF_TRY(verify_one(f, i, &p->key[at], aad));
		valid |= (hf_key_set)1 << at;
	}
	*signers = valid;
	return valid == 0 ? HF_ERR_COMMAND_SIGNATURE : HF_OK;
}

hf_err hf_command_verify(hf_bytes inner, const struct hf_policy *p, hf_bytes dev, struct hf_command *c,
			 hf_key_set *signers)
{
	struct hf__aad aad = hf__command_aad(HF_STR("hf/cmd/1/"), dev);
	struct form f;
	hf_err err;

	*signers = 0;
	HF_TRY(parse(inner, &f, c));
	err = verify_all(&f, c, p, hf__aad_bytes(&aad), signers);
	if (err != HF_OK)
		*c = (struct hf_command){ 0 };
	return err;
}

static bool has_ended(const struct hf_policy_key *key, uint64_t at)
{
	return key->not_after != 0 && (uint64_t)key->not_after < at;
}

static hf_key_set live(const struct hf_policy *p, hf_key_set keys, uint64_t at)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if (has_ended(&p->key[i], at))
			keys &= ~((hf_key_set)1 << i);
	return keys;
}

hf_err hf__command_lead(const struct hf_policy *p, const struct hf_claims *c, hf_key_set signers, uint64_t at)
{
	int lead = hf_policy_find(p, HF_ARR(c->iss));

	if (lead < 0 || (live(p, signers, at) >> lead & 1) == 0)
		return HF_ERR_COMMAND_SIGNATURE;
	return HF_OK;
}

struct hf_verdict hf_command_quorum_met(const struct hf_policy *p, unsigned cls, hf_key_set signers,
					uint64_t at)
{
	hf_bytes quorum = { 0 };
	hf_err err = HF_ERR_POLICY_ABSENT;

	if (cls == HF_COMMAND_READ)
		err = hf_policy_named(p, HF_STR("cmd-read"), &quorum);
	else if (cls == HF_COMMAND_ACT)
		err = hf_policy_named(p, HF_STR("cmd-act"), &quorum);
	else if (cls == HF_COMMAND_DANGER)
		err = hf_policy_named(p, HF_STR("cmd-danger"), &quorum);
	else if (cls == HF_COMMAND_ERASE)
		err = hf_policy_named(p, HF_STR("cmd-erase"), &quorum);
	return err == HF_OK ? hf_quorum_met(p, quorum, live(p, signers, at)) : HF_VERDICT_NO;
}

hf_err hf_command_code(hf_bytes claims, char code[static 9])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[HF_SHA256_LEN];

	code[0] = '\0';
	HF_TRY(hf_crypto_sha256(&claims, 1, hash));
	for (size_t i = 0; i < 4; i++) {
		code[2 * i] = digits[hash[i] >> 4];
		code[2 * i + 1] = digits[hash[i] & 15];
	}
	code[8] = '\0';
	return HF_OK;
}

hf_err hf_command_hash(hf_bytes inner, uint8_t hash[static HF_SHA256_LEN])
{
	return hf_crypto_sha256(&inner, 1, hash);
}
