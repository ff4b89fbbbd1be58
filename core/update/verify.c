/* verify.c -- may this device install what the bundle carries? The order of the checks is part of the
 * format: doc/protocol/bundle.md. SPDX-License-Identifier: Apache-2.0 */
#include "update_priv.h"

/* What one verification works on. */
struct work {
	struct hf_trust *t;
	const struct hf_device_facts *device;
	struct hf_out *scratch;
	struct hf_release *r;
	struct hf_bundle bundle;
	hf_bytes release, rebuilder; /* quorums of the class; the second empty when none is asked */
};

/* A failure of the machine is no verdict about the bundle. */
static hf_err refuse(hf_err err, hf_err refusal)
{
	return err == HF_OK || hf_err_class(err) == HF_CLASS_MACHINE ? err : refusal;
}

static hf_err require(struct hf_verdict verdict, hf_err refusal)
{
	return hf_verdict_is_yes(verdict) ? HF_OK : refusal;
}

/* ---- Links ---- */

static hf_err peek_link(hf_bytes statement, uint64_t *number, uint8_t hash[static HF_SHA256_LEN])
{
	struct hf_statement s;
	struct hf_cborr r;
	size_t n = 0;

	HF_TRY(hf_statement_read(statement, &s));
	hf_cbor_reader(&r, s.sign.payload);
	hf_cbor_read_map(&r, &n);
	hf_cbor_skip(&r);
	hf_cbor_skip(&r);
	hf_cbor_expect_key(&r, 1);
	hf_cbor_read_uint(&r, number);
	HF_TRY(hf_cbor_error(&r));
	return hf_crypto_sha256(&s.sign.payload, 1, hash);
}

/* Signers of the link whose key had ended at quorum time do not count, in either policy. */
static hf_err check_root(const struct work *w, hf_bytes statement, const struct hf_policy *policy)
{
	hf_bytes unused = { 0 };
	hf_err err = hf_statement_check(statement, HF_STR("hf/policy/1"), policy, policy->root,
					(int64_t)w->r->proof.quorum_time, w->scratch, &unused);

	return err == HF_ERR_STATEMENT_QUORUM ? HF_ERR_PROOF_EXPIRED : err;
}

static hf_err check_link(const struct work *w, const struct hf_bundle_link *link)
{
	struct hf_trust *t = w->t;

	HF_TRY(hf_policy_open_next(link->statement, &t->policy, w->scratch, &t->next));
	HF_TRY(hf_proof_verify(&link->proof, &t->policy, t->next.hash, w->device->now, &w->r->proof));
	HF_TRY(check_root(w, link->statement, &t->policy));
	return check_root(w, link->statement, &t->next);
}

/* A link of a policy that is in force or was passed tells nothing new; one that claims the number in force
 * for another policy shows a fork. */
static hf_err walk_link(const struct work *w, const struct hf_bundle_link *link)
{
	uint8_t hash[HF_SHA256_LEN];
	uint64_t number = 0;
	hf_err err = peek_link(link->statement, &number, hash);

	if (err == HF_OK && number < w->t->policy.number)
		return HF_OK;
	if (err == HF_OK && number == w->t->policy.number)
		return hf_bytes_equal(HF_ARR(hash), HF_ARR(w->t->policy.hash)) ? HF_OK : HF_ERR_BUNDLE_CHAIN;
	if (err == HF_OK)
		err = check_link(w, link);
	w->r->cause = err;
	HF_TRY(refuse(err, HF_ERR_BUNDLE_CHAIN));
	HF_TRY(hf_trust_commit(w->t, w->t->next.payload, w->r->proof.quorum_time));
	w->r->n_links++;
	return HF_OK;
}

static hf_err walk_links(const struct work *w)
{
	hf_bytes rest = w->bundle.links;
	struct hf_bundle_link link;

	for (unsigned i = 0; i < w->bundle.n_links; i++) {
		HF_TRY(hf_bundle_next_link(&rest, &link));
		HF_TRY(walk_link(w, &link));
	}
	return HF_OK;
}

/* ---- Signatures ---- */

static bool is_repeated(const struct hf_envelope *e, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (e->block[i].kid.len > 0 && hf_bytes_equal(e->block[j].kid, e->block[i].kid))
			return true;
	return false;
}

static hf_err check_block(const struct hf_cose_sign1 *block, const struct hf_policy_key *key,
			  struct hf_out *scratch)
{
	const struct hf_cose_pub pub = { key->alg, key->pub };
	const hf_bytes none = { 0 };

	if (key->role != HF_ROLE_RELEASE && key->role != HF_ROLE_REBUILDER)
		return HF_ERR_RELEASE_SIGNATURE;
	return refuse(hf_cose_sign1_verify(block, &pub, none, scratch), HF_ERR_RELEASE_SIGNATURE);
}

hf_err hf_release_signers(const struct hf_envelope *e, const struct hf_policy *policy, struct hf_out *scratch,
			  hf_key_set *release, hf_key_set *rebuilders)
{
	hf_key_set signers = 0;

	*release = *rebuilders = 0;
	for (size_t i = 0; i < e->n_blocks; i++) {
		int at = hf_policy_find(policy, e->block[i].kid);

		if (is_repeated(e, i))
			return HF_ERR_RELEASE_SIGNATURE;
		if (at < 0)
			continue;
		HF_TRY(check_block(&e->block[i], &policy->key[at], scratch));
		signers |= (hf_key_set)1 << at;
	}
	*release = signers & hf_policy_role(policy, HF_ROLE_RELEASE);
	*rebuilders = signers & hf_policy_role(policy, HF_ROLE_REBUILDER);
	return HF_OK;
}

/* ---- The release ---- */

/* Steps 3 and 4: nothing of the manifest is read before somebody may have signed it. */
static hf_err authenticate(const struct work *w)
{
	struct hf_release *r = w->r;
	const struct hf_policy *policy = &w->t->policy;

	HF_TRY(refuse(hf_envelope_read(w->bundle.object, &r->envelope), HF_ERR_RELEASE_ENVELOPE));
	memcpy(r->d, r->envelope.d, sizeof(r->d));
	if (r->envelope.text.len > 0)
		return HF_ERR_RELEASE_ENVELOPE;
	HF_TRY(hf_release_signers(&r->envelope, policy, w->scratch, &r->signers, &r->rebuilders));
	return require(hf_policy_any_release(policy, r->signers), HF_ERR_RELEASE_QUORUM);
}

/* Step 5. */
static hf_err check_class(struct work *w)
{
	const struct hf_policy *policy = &w->t->policy;
	struct hf_manifest *m = &w->r->manifest;

	HF_TRY(refuse(hf_manifest_read(w->r->envelope.manifest, m), HF_ERR_RELEASE_PROFILE));
	if (!hf_bytes_equal(m->vendor, policy->vendor) || !hf_bytes_equal(m->vendor, w->device->vendor) ||
	    !hf_bytes_equal(m->class_id, w->device->class_id) ||
	    !hf_bytes_equal(m->component, w->device->component))
		return HF_ERR_RELEASE_CLASS;
	HF_TRY(refuse(hf_policy_release(policy, m->class_id, &w->release), HF_ERR_RELEASE_QUORUM));
	return require(hf_quorum_met(policy, w->release, w->r->signers), HF_ERR_RELEASE_QUORUM);
}

static bool is_least(int64_t least, uint64_t value)
{
	return least <= 0 || (uint64_t)least <= value;
}

static bool meets_conditions(const struct work *w)
{
	const struct hf_manifest *m = &w->r->manifest;
	const struct hf_device_facts *d = w->device;
	unsigned has = m->conditions;

	if ((has & HF_MANIFEST_HAS_BOARDS) != 0 && !hf_boards_has(m->boards, d->board))
		return false;
	if ((has & HF_MANIFEST_HAS_AGENT) != 0 && d->agent_level < m->agent_level)
		return false;
	if ((has & HF_MANIFEST_HAS_INSTALLED) != 0 && !is_least(m->installed, d->installed))
		return false;
	if ((has & HF_MANIFEST_HAS_DATA) != 0 && d->data_level > m->data_level)
		return false;
	return (has & HF_MANIFEST_HAS_POLICY) == 0 || is_least(m->policy_number, w->t->policy.number);
}

/* Steps 6 and 7. */
static hf_err check_conditions(struct work *w)
{
	const struct hf_policy *policy = &w->t->policy;
	hf_err err;

	if (w->r->manifest.sequence < w->device->floor)
		return HF_ERR_RELEASE_ROLLBACK;
	if (!meets_conditions(w))
		return HF_ERR_RELEASE_CONDITION;
	err = hf_policy_rebuilder(policy, w->r->manifest.class_id, &w->rebuilder);
	if (err == HF_ERR_POLICY_ABSENT)
		return HF_OK;
	HF_TRY(refuse(err, HF_ERR_RELEASE_REBUILD));
	return require(hf_quorum_met(policy, w->rebuilder, w->r->rebuilders), HF_ERR_RELEASE_REBUILD);
}

/* Step 8: the proof made for the policy in force; one try, no other. */
static hf_err find_proof(const struct work *w, struct hf_proof *proof)
{
	hf_bytes rest = w->bundle.proofs;

	for (unsigned i = 0; i < w->bundle.n_proofs; i++) {
		HF_TRY(hf_bundle_next_proof(&rest, proof));
		if (hf_bytes_equal(proof->policy_ref, HF_ARR(w->t->policy.ref)))
			return HF_OK;
	}
	return HF_ERR_PROOF_NONE;
}

/* Steps 8 to 11: logged, witnessed, and signed by keys that had not ended. */
static hf_err check_proof(const struct work *w)
{
	const struct hf_policy *policy = &w->t->policy;
	struct hf_release *r = w->r;
	struct hf_proof proof;
	hf_key_set live;

	HF_TRY(find_proof(w, &proof));
	HF_TRY(hf_proof_verify(&proof, policy, r->envelope.d, w->device->now, &r->proof));
	live = hf_policy_unexpired(policy, r->signers | r->rebuilders, r->proof.quorum_time);
	HF_TRY(require(hf_quorum_met(policy, w->release, live & r->signers), HF_ERR_PROOF_EXPIRED));
	if (w->rebuilder.len == 0)
		return HF_OK;
	return require(hf_quorum_met(policy, w->rebuilder, live & r->rebuilders), HF_ERR_PROOF_EXPIRED);
}

static hf_err check_release(struct work *w)
{
	HF_TRY(authenticate(w));
	HF_TRY(check_class(w));
	HF_TRY(check_conditions(w));
	return check_proof(w);
}

hf_err hf_bundle_verify(hf_bytes in, struct hf_trust *t, const struct hf_device_facts *device,
			struct hf_out *scratch, struct hf_release *r)
{
	struct work w = { .t = t, .device = device, .scratch = scratch, .r = r };
	const hf_bytes same = { 0 };

	memset(r, 0, sizeof(*r));
	r->install = HF_VERDICT_NO;
	HF_TRY(hf_bundle_read(in, &w.bundle));
	HF_TRY(walk_links(&w));
	if (w.bundle.kind == HF_BUNDLE_POLICY)
		return HF_OK;
	HF_TRY(check_release(&w));
	HF_TRY(hf_trust_commit(t, same, r->proof.quorum_time));
	r->install = HF_VERDICT_YES;
	return HF_OK;
}
