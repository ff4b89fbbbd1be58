/* policy.c -- read a policy and judge it whole, so that nobody later meets a weak key or a dead quorum.
 * SPDX-License-Identifier: Apache-2.0 */
#include "trust_priv.h"

enum { FIELD_COUNT = 16 };

static hf_err check_key(struct hf_policy_key *key)
{
	bool ed25519 = key->alg == HF_COSE_ED25519 && key->pub.len == HF_ED25519_PUB_LEN;
	bool es256 =
		key->alg == HF_COSE_ES256 && key->pub.len == HF_P256_POINT_LEN && key->role == HF_ROLE_NAMED;
	hf_err err;

	if (key->role < HF_ROLE_ROOT || key->role > HF_ROLE_NAMED || (!ed25519 && !es256))
		return HF_ERR_POLICY_KEY;
	err = ed25519 ? hf_crypto_ed25519_check(key->pub.ptr) : hf_crypto_p256_check(key->pub.ptr);
	if (err == HF_ERR_CRYPTO_POINT)
		return HF_ERR_POLICY_KEY;
	HF_TRY(err);
	return hf_crypto_kid(key->pub, key->kid);
}

static hf_err check_keys(struct hf_policy *p)
{
	for (size_t i = 0; i < p->n_keys; i++) {
		HF_TRY(check_key(&p->key[i]));
		for (size_t j = 0; j < i; j++)
			if (hf_bytes_equal(HF_ARR(p->key[i].kid), HF_ARR(p->key[j].kid)))
				return HF_ERR_POLICY_TWICE;
	}
	return HF_OK;
}

static void read_keys(struct hf_cborr *r, struct hf_policy *p)
{
	hf_cbor_read_array(r, &p->n_keys);
	if (p->n_keys == 0 || p->n_keys > HF_POLICY_MAX_KEYS) {
		hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
		p->n_keys = 0;
	}
	for (size_t i = 0; i < p->n_keys; i++) {
		struct hf_policy_key *key = &p->key[i];
		uint64_t role = 0, end = 0;

		hf_cbor_expect_array(r, 5);
		hf_cbor_read_uint_max(r, HF_ROLE_NAMED, &role);
		hf_cbor_read_int(r, &key->alg);
		hf_cbor_read_bytes_max(r, HF_P256_POINT_LEN, &key->pub);
		hf_cbor_read_text_max(r, HF_POLICY_MAX_OPERATOR_LEN, &key->holder);
		hf_cbor_read_uint_max(r, INT64_MAX, &end);
		hf_cbor_end(r);
		key->role = (int)role;
		key->not_after = (int64_t)end;
	}
	hf_cbor_end(r);
}

static void capture_or_null(struct hf_cborr *r, hf_bytes *item)
{
	if (!hf_cbor_try_null(r))
		hf_cbor_capture(r, item);
}

static void read_anchors(struct hf_cborr *r, struct hf_policy *p)
{
	hf_cbor_read_array(r, &p->n_anchors);
	if (p->n_anchors > HF_POLICY_MAX_ANCHORS) {
		hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
		p->n_anchors = 0;
	}
	for (size_t i = 0; i < p->n_anchors; i++) {
		hf_cbor_expect_array(r, 2);
		hf_cbor_read_uint(r, &p->anchor[i].usage);
		hf_cbor_read_bytes_max(r, HF_POLICY_MAX_ANCHOR_LEN, &p->anchor[i].der);
		hf_cbor_end(r);
	}
	hf_cbor_end(r);
}

static void read_head(struct hf_cborr *r, struct hf_policy *p)
{
	hf_cbor_expect_map(r, FIELD_COUNT);
	hf_cbor_expect_key(r, 0);
	hf_cbor_expect_text(r, HF_STR("hf/policy/1"));
	hf_cbor_expect_key(r, 1);
	hf_cbor_read_uint(r, &p->number);
	hf_cbor_expect_key(r, 2);
	if (!hf_cbor_try_null(r)) {
		hf_cbor_read_bytes(r, &p->previous);
		if (p->previous.len != HF_SHA256_LEN)
			hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
	}
	hf_cbor_expect_key(r, 3);
	hf_cbor_read_bytes(r, &p->vendor);
	if (p->number == 0 || p->vendor.len != HF_POLICY_UUID_LEN ||
	    (p->number == 1) != (p->previous.len == 0))
		hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
}

/* Sorted array of key indices; their roles are judged later. */
static void read_set(struct hf_cborr *r, hf_key_set *set)
{
	uint64_t index = 0, least = 0;
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++, least = index + 1) {
		hf_cbor_read_uint_max(r, HF_POLICY_MAX_KEYS - 1, &index);
		if (index < least)
			hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
		*set |= (hf_key_set)1 << index;
	}
	hf_cbor_end(r);
}

static void read_body(struct hf_cborr *r, struct hf_policy *p)
{
	hf_cbor_expect_key(r, 4);
	read_keys(r, p);
	hf_cbor_expect_key(r, 5);
	hf_cbor_capture(r, &p->root);
	hf_cbor_expect_key(r, 6);
	hf_cbor_capture(r, &p->release);
	hf_cbor_expect_key(r, 7);
	capture_or_null(r, &p->rebuilder);
	hf_cbor_expect_key(r, 8);
	read_set(r, &p->publishers);
	hf_cbor_expect_key(r, 9);
	read_set(r, &p->logs);
	hf_cbor_expect_key(r, 10);
	capture_or_null(r, &p->witness);
	hf_cbor_expect_key(r, 11);
	hf_cbor_read_uint(r, &p->stale_after_s);
	hf_cbor_expect_key(r, 12);
	capture_or_null(r, &p->monitor);
	hf_cbor_expect_key(r, 13);
	if (!hf_cbor_try_null(r)) {
		hf_cbor_read_bytes(r, &p->break_glass);
		if (p->break_glass.len != HF_SHA256_LEN)
			hf_cbor_reader_fail(r, HF_ERR_POLICY_FORMAT);
	}
	hf_cbor_expect_key(r, 14);
	hf_cbor_capture(r, &p->named);
	hf_cbor_expect_key(r, 15);
	read_anchors(r, p);
}

/* The next entry of field 14; false at its end, or at an error. */
static bool next_named(struct hf_cborr *r, hf_bytes *name, hf_bytes *quorum)
{
	if (hf_cbor_peek(r) == HF_CBOR_NONE)
		return false;
	hf_cbor_read_text_max(r, HF_POLICY_MAX_OPERATOR_LEN, name);
	hf_cbor_capture(r, quorum);
	return hf_cbor_error(r) == HF_OK;
}

static hf_err check_named(const struct hf_policy *p)
{
	hf_bytes name, quorum;
	struct hf_cborr r;
	size_t n = 0;

	hf_cbor_reader(&r, p->named);
	hf_cbor_read_map(&r, &n);
	if (n > HF_POLICY_MAX_NAMED)
		return HF_ERR_POLICY_FORMAT;
	while (next_named(&r, &name, &quorum))
		HF_TRY(hf__quorum_check(p, quorum, HF_ROLE_NAMED));
	return hf_cbor_done(&r);
}

static hf_err judge(struct hf_policy *p)
{
	HF_TRY(check_keys(p));
	HF_TRY(hf__quorum_check(p, p->root, HF_ROLE_ROOT));
	if ((p->publishers & ~hf_policy_role(p, HF_ROLE_PUBLISHER)) != 0 ||
	    (p->logs & ~hf_policy_role(p, HF_ROLE_LOG)) != 0)
		return HF_ERR_POLICY_QUORUM;
	if (p->witness.len > 0)
		HF_TRY(hf__quorum_check(p, p->witness, HF_ROLE_WITNESS));
	if (p->monitor.len > 0)
		HF_TRY(hf__quorum_check(p, p->monitor, HF_ROLE_WITNESS));
	HF_TRY(hf__policy_check_delegations(p, p->release, HF_ROLE_RELEASE));
	if (p->rebuilder.len > 0)
		HF_TRY(hf__policy_check_delegations(p, p->rebuilder, HF_ROLE_REBUILDER));
	return check_named(p);
}

hf_err hf_policy_read(hf_bytes payload, struct hf_policy *policy)
{
	struct hf_cborr r;
	hf_err err;

	*policy = (struct hf_policy){ .payload = payload };
	hf_cbor_reader(&r, payload);
	read_head(&r, policy);
	read_body(&r, policy);
	err = hf_cbor_done(&r);
	if (err == HF_OK)
		err = judge(policy);
	if (err == HF_OK)
		err = hf_crypto_sha256(&payload, 1, policy->hash);
	if (err != HF_OK) {
		*policy = (struct hf_policy){ 0 };
		return err;
	}
	for (size_t i = 0; i < HF_POLICY_REF_LEN; i++)
		policy->ref[i] = policy->hash[i];
	return HF_OK;
}

hf_key_set hf_policy_role(const struct hf_policy *policy, int role)
{
	hf_key_set keys = 0;

	for (size_t i = 0; i < policy->n_keys; i++)
		if (policy->key[i].role == role)
			keys |= (hf_key_set)1 << i;
	return keys;
}

hf_key_set hf_policy_unexpired(const struct hf_policy *policy, hf_key_set set, uint64_t time)
{
	for (size_t i = 0; i < policy->n_keys; i++)
		if (policy->key[i].not_after != 0 && (uint64_t)policy->key[i].not_after < time)
			set &= ~((hf_key_set)1 << i);
	return set;
}

int hf_policy_find(const struct hf_policy *policy, hf_bytes kid)
{
	for (size_t i = 0; i < policy->n_keys; i++)
		if (hf_bytes_equal(HF_ARR(policy->key[i].kid), kid))
			return (int)i;
	return -1;
}

hf_err hf_policy_named(const struct hf_policy *policy, hf_bytes name, hf_bytes *quorum)
{
	struct hf_cborr r;
	hf_bytes key;
	size_t n = 0;

	hf_cbor_reader(&r, policy->named);
	hf_cbor_read_map(&r, &n);
	while (next_named(&r, &key, quorum))
		if (name.len > 0 && hf_bytes_equal(key, name))
			return HF_OK;
	*quorum = (hf_bytes){ 0 };
	return HF_ERR_POLICY_ABSENT;
}
