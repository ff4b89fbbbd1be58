/* policy_read.c -- a policy from JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/pki.h>
#include <hf/openssh.h>
#include <holdfast/cose.h>
#include "policy_text.h"

enum { SPECS_MAX = 64, DELEGATIONS_MAX = 16, CLASSES_MAX = DELEGATIONS_MAX * HF_POLICY_MAX_CLASSES };

struct reader {
	struct hf_why *why;
	struct hf_policy_spec spec;
	uint8_t vendor[HF_POLICY_UUID_LEN];
	size_t n_keys;
	struct hf_policy_key key[HF_POLICY_MAX_KEYS];
	uint8_t pub[HF_POLICY_MAX_KEYS][HF_P256_POINT_LEN];
	size_t n_specs;
	struct hf_quorum_spec pool[SPECS_MAX];
	struct hf_delegation_spec release[DELEGATIONS_MAX], rebuilder[DELEGATIONS_MAX];
	size_t n_classes;
	hf_bytes class_bytes[CLASSES_MAX];
	uint8_t class_id[CLASSES_MAX][HF_POLICY_UUID_LEN];
	struct hf_named_spec named[HF_POLICY_MAX_NAMED];
	struct hf_policy_anchor anchor[HF_POLICY_MAX_ANCHORS];
	uint8_t der[HF_POLICY_MAX_ANCHORS][HF_POLICY_MAX_ANCHOR_LEN];
};

static const char *const roles[] = { "",    "root",    "release",   "rebuilder", "publisher",
				     "log", "witness", "custodian", "named" };
enum { N_ROLES = sizeof(roles) / sizeof(roles[0]) };

static hf_bytes text_of(const char *t)
{
	return (hf_bytes){ (const uint8_t *)t, strlen(t) };
}

static hf_err bad(struct reader *r, const char *what)
{
	return hf_why_set(r->why, HF_ERR_POLICY_TEXT, "%s", what);
}

/* 32 hex digits, or a name under `space`. */
static hf_err read_uuid(struct reader *r, const char *text, const uint8_t *space, uint8_t *out)
{
	struct hf_out hex = { out, HF_POLICY_UUID_LEN, 0 };

	if (text[0] == '\0')
		return bad(r, "vendor or class: a name or 32 hex digits are needed");
	if (strlen(text) == 2 * (size_t)HF_POLICY_UUID_LEN && hf_hex_decode(text_of(text), &hex) == HF_OK)
		return HF_OK;
	return hf_pki_uuid5(space, text_of(text), out);
}

static int role_of(const char *name)
{
	for (int i = 1; i < N_ROLES; i++)
		if (strcmp(roles[i], name) == 0)
			return i;
	return 0;
}

static hf_err read_key(struct reader *r, const struct hf_json *j, size_t i)
{
	const char *holder = hf_json_text(hf_json_get(j, "holder"), "");
	const char *key = hf_json_text(hf_json_get(j, "key"), "");
	struct hf_out point = { r->pub[i], HF_P256_POINT_LEN, 0 };
	int role = role_of(hf_json_text(hf_json_get(j, "role"), ""));
	int64_t end = hf_json_int(hf_json_get(j, "not_after"), -1);
	bool p256 =
		strlen(key) == 2 * (size_t)HF_P256_POINT_LEN && hf_hex_decode(text_of(key), &point) == HF_OK;

	if (role == 0 || holder[0] == '\0' || end < 0)
		return bad(r, "keys: each wants holder, role, key and not_after (0: no end)");
	if (!p256 && hf_openssh_read_public(text_of(key), r->pub[i]) != HF_OK)
		return hf_why_set(r->why, HF_ERR_POLICY_TEXT, "keys: %s: no usable public key", holder);
	r->key[i] =
		(struct hf_policy_key){ .role = role,
					.alg = p256 ? HF_COSE_ES256 : HF_COSE_ED25519,
					.pub = { r->pub[i], p256 ? HF_P256_POINT_LEN : HF_ED25519_PUB_LEN },
					.holder = text_of(holder),
					.not_after = end };
	return HF_OK;
}

static hf_err read_keys(struct reader *r, const struct hf_json *j)
{
	r->n_keys = hf_json_n(j);
	if (r->n_keys == 0 || r->n_keys > HF_POLICY_MAX_KEYS)
		return bad(r, "keys: an array of 1 to 32 keys is needed");
	for (size_t i = 0; i < r->n_keys; i++)
		HF_TRY(read_key(r, hf_json_at(j, i), i));
	return HF_OK;
}

/* A key by its index or by its holder, who must then have one key only. */
static hf_err find_key(struct reader *r, const struct hf_json *j, hf_key_set *set)
{
	int64_t index = hf_json_int(j, -1);
	const char *holder = hf_json_text(j, NULL);
	size_t found = 0;

	for (size_t i = 0; i < r->n_keys; i++) {
		bool is = holder != NULL ? hf_bytes_equal(r->key[i].holder, text_of(holder))
					 : index == (int64_t)i;

		*set |= is ? (hf_key_set)1 << i : 0;
		found += is ? 1 : 0;
	}
	if (found == 1)
		return HF_OK;
	return hf_why_set(r->why, HF_ERR_POLICY_TEXT, "quorum: %s key '%s'",
			  found == 0 ? "no" : "more than one", holder != NULL ? holder : "of this number");
}

/* Depth is bounded by `left`. */
static hf_err read_quorum(struct reader *r, const struct hf_json *j, int left, struct hf_quorum_spec *q)
{
	const struct hf_json *of = hf_json_get(j, "of");
	size_t first, n = 0;

	*q = (struct hf_quorum_spec){ .k = (uint64_t)hf_json_int(hf_json_get(j, "k"), 0) };
	if (hf_json_is_null(j))
		return HF_OK;
	if (q->k == 0 || q->k > HF_POLICY_MAX_KEYS || hf_json_n(of) == 0 || left == 0)
		return bad(r, "a quorum is {\"k\": 2, \"of\": [holder, ...]}, at most three deep");
	for (size_t i = 0; i < hf_json_n(of); i++)
		n += hf_json_get(hf_json_at(of, i), "k") != NULL ? 1 : 0;
	first = r->n_specs;
	if (n > SPECS_MAX - first)
		return bad(r, "quorums: too many");
	r->n_specs += n;
	for (size_t i = 0; i < hf_json_n(of); i++) {
		const struct hf_json *member = hf_json_at(of, i);

		if (hf_json_get(member, "k") == NULL)
			HF_TRY(find_key(r, member, &q->keys));
		else
			HF_TRY(read_quorum(r, member, left - 1, &r->pool[first + q->n_members++]));
	}
	q->member = r->pool + first;
	return HF_OK;
}

static hf_err read_set(struct reader *r, const struct hf_json *j, hf_key_set *set)
{
	for (size_t i = 0; i < hf_json_n(j); i++)
		HF_TRY(find_key(r, hf_json_at(j, i), set));
	return HF_OK;
}

static hf_err read_delegations(struct reader *r, const struct hf_json *j, struct hf_delegation_spec *d,
			       size_t *n)
{
	*n = hf_json_n(j);
	if (*n > DELEGATIONS_MAX)
		return bad(r, "at most 16 delegations");
	for (size_t i = 0; i < *n; i++) {
		const struct hf_json *classes = hf_json_get(hf_json_at(j, i), "classes");

		d[i].classes = r->class_bytes + r->n_classes;
		d[i].n_classes = hf_json_n(classes);
		if (classes == NULL || d[i].n_classes > CLASSES_MAX - r->n_classes)
			return bad(r, "each delegation wants classes ([]: all others) and quorum");
		for (size_t c = 0; c < d[i].n_classes; c++, r->n_classes++) {
			HF_TRY(read_uuid(r, hf_json_text(hf_json_at(classes, c), ""), r->vendor,
					 r->class_id[r->n_classes]));
			r->class_bytes[r->n_classes] = HF_ARR(r->class_id[r->n_classes]);
		}
		HF_TRY(read_quorum(r, hf_json_get(hf_json_at(j, i), "quorum"), HF_POLICY_MAX_DEPTH,
				   &d[i].quorum));
	}
	return HF_OK;
}

/* In bytewise order of their encodings: shorter names first. */
static int by_name(const void *left, const void *right)
{
	const struct hf_named_spec *a = left, *b = right;

	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return memcmp(a->name.ptr, b->name.ptr, a->name.len);
}

static hf_err read_named(struct reader *r, const struct hf_json *j)
{
	r->spec.n_named = hf_json_n(j);
	if (r->spec.n_named > HF_POLICY_MAX_NAMED)
		return bad(r, "named: at most 16");
	for (size_t i = 0; i < r->spec.n_named; i++) {
		r->named[i].name = text_of(hf_json_text(hf_json_get(hf_json_at(j, i), "name"), ""));
		HF_TRY(read_quorum(r, hf_json_get(hf_json_at(j, i), "quorum"), HF_POLICY_MAX_DEPTH,
				   &r->named[i].quorum));
	}
	if (r->spec.n_named > 0)
		qsort(r->named, r->spec.n_named, sizeof(r->named[0]), by_name);
	return HF_OK;
}

static hf_err read_anchors(struct reader *r, const struct hf_json *j)
{
	r->spec.n_anchors = hf_json_n(j);
	if (r->spec.n_anchors > HF_POLICY_MAX_ANCHORS)
		return bad(r, "anchors: at most 2");
	for (size_t i = 0; i < r->spec.n_anchors; i++) {
		struct hf_out der = { r->der[i], sizeof(r->der[i]), 0 };
		int64_t usage = hf_json_int(hf_json_get(hf_json_at(j, i), "usage"), -1);

		if (usage < 0 ||
		    hf_hex_decode(text_of(hf_json_text(hf_json_get(hf_json_at(j, i), "der"), "")), &der) !=
			    HF_OK)
			return bad(r, "anchors: each wants usage and der (hexadecimal)");
		r->anchor[i] = (struct hf_policy_anchor){ (uint64_t)usage, hf_out_bytes(&der) };
	}
	return HF_OK;
}

static hf_err check_members(struct reader *r, const struct hf_json *j)
{
	static const char *const wanted[] = { "vendor",    "keys",        "root",  "release",
					      "rebuilder", "publishers",  "logs",  "witness",
					      "monitor",   "stale_after", "named", "anchors" };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (hf_json_get(j, wanted[i]) == NULL)
			return hf_why_set(r->why, HF_ERR_POLICY_TEXT,
					  "member '%s' is missing (null for none)", wanted[i]);
	return HF_OK;
}

static hf_err read_all(struct reader *r, const struct hf_json *j)
{
	HF_TRY(check_members(r, j));
	HF_TRY(read_uuid(r, hf_json_text(hf_json_get(j, "vendor"), ""), hf_pki_uuid_dns, r->vendor));
	HF_TRY(read_keys(r, hf_json_get(j, "keys")));
	HF_TRY(read_quorum(r, hf_json_get(j, "root"), HF_POLICY_MAX_DEPTH, &r->spec.root));
	HF_TRY(read_delegations(r, hf_json_get(j, "release"), r->release, &r->spec.n_release));
	HF_TRY(read_delegations(r, hf_json_get(j, "rebuilder"), r->rebuilder, &r->spec.n_rebuilder));
	HF_TRY(read_set(r, hf_json_get(j, "publishers"), &r->spec.publishers));
	HF_TRY(read_set(r, hf_json_get(j, "logs"), &r->spec.logs));
	HF_TRY(read_quorum(r, hf_json_get(j, "witness"), HF_POLICY_MAX_DEPTH, &r->spec.witness));
	HF_TRY(read_quorum(r, hf_json_get(j, "monitor"), HF_POLICY_MAX_DEPTH, &r->spec.monitor));
	HF_TRY(read_named(r, hf_json_get(j, "named")));
	r->spec.stale_after_s = (uint64_t)hf_json_int(hf_json_get(j, "stale_after"), 0);
	return read_anchors(r, hf_json_get(j, "anchors"));
}

static void json_free(struct hf_json **j)
{
	hf_json_free(*j);
}

hf_err policy_text_read(hf_bytes json, uint64_t number, const struct hf_policy *previous,
			struct hf_out *payload, struct hf_why *why)
{
	struct reader memory = { 0 }, *r = &memory;
	struct hf_json *j HF_AUTO(json_free) = NULL;
	hf_err err;

	r->why = why;
	HF_TRY(hf_json_parse(json, &j, why));
	HF_TRY(read_all(r, j));
	r->spec.number = number;
	r->spec.previous = previous == NULL ? (hf_bytes){ 0 } : HF_ARR(previous->hash);
	r->spec.vendor = HF_ARR(r->vendor);
	r->spec.key = r->key;
	r->spec.n_keys = r->n_keys;
	r->spec.release = r->release;
	r->spec.rebuilder = r->rebuilder;
	r->spec.named = r->named;
	r->spec.anchor = r->anchor;
	if (previous != NULL && !hf_bytes_equal(r->spec.vendor, previous->vendor))
		return bad(r, "vendor: not the one of the policy before");
	err = hf_policy_write(&r->spec, payload);
	return err == HF_OK ? HF_OK : hf_why_set(why, err, "%s", "");
}
