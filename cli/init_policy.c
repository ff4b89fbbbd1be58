/* init_policy.c -- policy 1 of a deployment, put together as the JSON that `release policy new` reads too:
 * one reader judges both. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "init_policy.h"
#include "policy_text.h"

static const char *const theirs[] = { "keys", "release", "rebuilder", "publishers",
				      "logs", "witness", "monitor",   "stale_after" };
static const char *const ours[] = { "vendor", "root", "named", "anchors" };
static const char *const roles[] = { "release", "rebuilder", "publisher", "log", "witness" };

static void json_drop(struct hf_json **j)
{
	hf_json_free(*j);
}

static bool is_role(const char *role)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i], role) == 0)
			return true;
	return false;
}

static hf_err check_members(const struct hf_json *j, struct hf_why *why)
{
	const struct hf_json *keys = hf_json_get(j, "keys");

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (hf_json_get(j, ours[i]) != NULL)
			return hf_why_set(why, HF_ERR_POLICY_TEXT, "member '%s': init decides that itself",
					  ours[i]);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if (hf_json_get(j, theirs[i]) == NULL)
			return hf_why_set(why, HF_ERR_POLICY_TEXT, "member '%s' is missing (null for none)",
					  theirs[i]);
	for (size_t i = 0; i < hf_json_n(keys); i++)
		if (!is_role(hf_json_text(hf_json_get(hf_json_at(keys, i), "role"), "")))
			return hf_why_set(why, HF_ERR_POLICY_TEXT,
					  "keys: only release, rebuilder, publisher, log and witness");
	return HF_OK;
}

hf_err init_policy_check(hf_bytes text, struct hf_why *why)
{
	struct hf_json *j HF_AUTO(json_drop) = NULL;

	HF_TRY(hf_json_parse(text, &j, why));
	return check_members(j, why);
}

static void put_key(struct hf_json_out *out, const struct hf_policy_key *key)
{
	char holder[HF_POLICY_MAX_OPERATOR_LEN + 1];

	(void)snprintf(holder, sizeof(holder), "%.*s", (int)key->holder.len, (const char *)key->holder.ptr);
	hf_json_open(out, NULL, '{');
	hf_json_put_text(out, "holder", holder);
	hf_json_put_text(out, "role", key->role == HF_ROLE_ROOT ? "root" : "named");
	hf_json_put_uint(out, "not_after", 0);
	hf_json_put_hex(out, "key", key->pub);
	hf_json_close(out);
}

static void put_quorum(struct hf_json_out *out, const char *name, uint64_t k, size_t from, size_t to)
{
	hf_json_open(out, name, '{');
	hf_json_put_uint(out, "k", k);
	hf_json_open(out, "of", '[');
	for (size_t i = from; i < to; i++)
		hf_json_put_uint(out, NULL, i);
	hf_json_close(out);
	hf_json_close(out);
}

static void put_raw(struct hf_json_out *out, const char *name, const struct hf_json *value)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);

	if (out->err == HF_OK)
		out->err = hf_json_print(value, &text);
	hf_json_put_raw(out, name, hf_buf_bytes(&text));
}

static void put_keys(struct hf_json_out *out, const struct init_policy *in, const struct hf_json *release)
{
	const struct hf_json *keys = hf_json_get(release, "keys");

	hf_json_open(out, "keys", '[');
	for (size_t i = 0; i < in->n_keys; i++)
		put_key(out, &in->key[i]);
	for (size_t i = 0; i < hf_json_n(keys); i++)
		put_raw(out, NULL, hf_json_at(keys, i));
	hf_json_close(out);
}

/* With one operator nobody could be the second, so what needs two is left out: absent means nobody. */
static void put_named(struct hf_json_out *out, const struct init_policy *in)
{
	static const struct {
		const char *name;
		uint64_t k;
	} named[] = {
		{ "order", 2 }, { "cmd-act", 1 }, { "cmd-read", 1 }, { "cmd-erase", 2 }, { "cmd-danger", 2 }
	};

	hf_json_open(out, "named", '[');
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (named[i].k > in->n_keys - in->n_roots)
			continue;
		hf_json_open(out, NULL, '{');
		hf_json_put_text(out, "name", named[i].name);
		put_quorum(out, "quorum", named[i].k, in->n_roots, in->n_keys);
		hf_json_close(out);
	}
	hf_json_close(out);
}

/* Whom to believe about releases: what the file says, or nobody. */
static void put_release(struct hf_json_out *out, const struct hf_json *release)
{
	for (size_t i = 1; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if (release != NULL)
			put_raw(out, theirs[i], hf_json_get(release, theirs[i]));
		else if (strcmp(theirs[i], "stale_after") == 0)
			hf_json_put_uint(out, theirs[i], HF_POLICY_STALE_S);
		else
			hf_json_put_null(out, theirs[i]);
}

static hf_err put_all(const struct init_policy *in, const struct hf_json *release, struct hf_buf *text)
{
	struct hf_json_out out = { .buf = text };

	hf_json_open(&out, NULL, '{');
	hf_json_put_hex(&out, "vendor", in->vendor);
	put_keys(&out, in, release);
	put_quorum(&out, "root", in->root_quorum, 0, in->n_roots);
	put_named(&out, in);
	put_release(&out, release);
	hf_json_open(&out, "anchors", '[');
	hf_json_close(&out);
	hf_json_close(&out);
	return hf_json_end(&out);
}

hf_err init_policy_payload(const struct init_policy *in, struct hf_out *payload, struct hf_why *why)
{
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_JSON_CEILING);
	struct hf_json *release HF_AUTO(json_drop) = NULL;
	struct hf_policy p;

	if (in->release.len > 0) {
		HF_TRY(hf_json_parse(in->release, &release, why));
		HF_TRY(check_members(release, why));
	}
	HF_TRY(put_all(in, release, &text));
	HF_TRY(policy_text_read(hf_buf_bytes(&text), 1, NULL, payload, why));
	if (release == NULL)
		return HF_OK;
	HF_TRY(hf_policy_read(hf_out_bytes(payload), &p));
	return policy_lockout(&p, (int64_t)time(NULL), why);
}
