/* policy_print.c -- policies for people, for programs, and for Sigsum's tools; and whether one locks out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <holdfast/proof.h>
#include "policy_text.h"

enum { GROUP_NAME = 24 };

static const char *const roles[] = { "?",   "root",    "release",   "rebuilder", "publisher",
				     "log", "witness", "custodian", "named" };

struct printer {
	const struct hf_policy *p;
	struct hf_buf *out;
	struct hf_cborr r;
	bool json;
	unsigned n_groups; /* of a Sigsum file */
	hf_err err;        /* sticky */
};

static void __attribute__((format(printf, 2, 3))) put(struct printer *x, const char *format, ...)
{
	va_list ap;

	if (x->err != HF_OK)
		return;
	va_start(ap, format);
	x->err = hf_buf_vprintf(x->out, format, ap);
	va_end(ap);
}

/* Names are other people's words: control characters would let them draw over the page, quotes leave their
 * place in the JSON that the next policy is made of. */
static void put_name(struct printer *x, hf_bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];

		if (c < 0x20 || c == 0x7f)
			put(x, "%s", x->json ? "" : "?");
		else
			put(x, x->json && (c == '"' || c == '\\') ? "\\%c" : "%c", c);
	}
}

static void put_member(struct printer *x, uint64_t index)
{
	const struct hf_policy_key *key = &x->p->key[index < x->p->n_keys ? index : 0];

	if (x->json)
		put(x, "%llu", (unsigned long long)index);
	else
		put_name(x, key->holder);
}

/* The quorum was judged when the policy was read, so its depth is bounded. */
static void put_members(struct printer *x)
{
	uint64_t k = 0;
	size_t n = 0;

	if (hf_cbor_peek(&x->r) == HF_CBOR_UINT) {
		hf_cbor_read_uint(&x->r, &k);
		put_member(x, k);
		return;
	}
	hf_cbor_read_array(&x->r, &n);
	hf_cbor_read_uint(&x->r, &k);
	put(x, x->json ? "{\"k\":%llu,\"of\":[" : "%llu of (", (unsigned long long)k);
	for (size_t i = 1; i < n && hf_cbor_error(&x->r) == HF_OK; i++) {
		put(x, "%s", i == 1 ? "" : x->json ? "," : ", ");
		put_members(x);
	}
	hf_cbor_end(&x->r);
	put(x, "%s", x->json ? "]}" : ")");
}

static void put_quorum(struct printer *x, hf_bytes quorum)
{
	if (quorum.len == 0) {
		put(x, "%s", x->json ? "null" : "nobody");
		return;
	}
	/* A lone key is 1 of itself. */
	if (x->json && (quorum.ptr[0] >> 5) == HF_CBOR_UINT)
		put(x, "{\"k\":1,\"of\":[");
	hf_cbor_reader(&x->r, quorum);
	put_members(x);
	if (x->json && (quorum.ptr[0] >> 5) == HF_CBOR_UINT)
		put(x, "]}");
}

static void put_hex(struct printer *x, hf_bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		put(x, "%02x", b.ptr[i]);
}

static void put_classes(struct printer *x, struct hf_cborr *r)
{
	size_t n = 0;

	hf_cbor_read_array(r, &n);
	if (n == 0 && !x->json)
		put(x, "all others");
	for (size_t i = 0; i < n && hf_cbor_error(r) == HF_OK; i++) {
		hf_bytes id = { 0 };

		hf_cbor_read_bytes(r, &id);
		put(x, "%s%s", i == 0 ? "" : x->json ? "," : " ", x->json ? "\"" : "");
		put_hex(x, id);
		put(x, "%s", x->json ? "\"" : "");
	}
	hf_cbor_end(r);
}

static void put_delegation(struct printer *x, const char *name, struct hf_cborr *r)
{
	hf_bytes quorum = { 0 };

	if (x->json)
		put(x, "{\"classes\":[");
	else
		put(x, "%-12s", name);
	hf_cbor_expect_array(r, 2);
	put_classes(x, r);
	hf_cbor_capture(r, &quorum);
	hf_cbor_end(r);
	put(x, "%s", x->json ? "],\"quorum\":" : ": ");
	put_quorum(x, quorum);
	put(x, "%s", x->json ? "}" : "\n");
}

static void put_delegations(struct printer *x, const char *name, hf_bytes list)
{
	struct hf_cborr r;
	size_t n = 0;

	if (x->json)
		put(x, ",\n \"%s\":%s", name, list.len == 0 ? "null" : "[");
	if (list.len == 0)
		return;
	hf_cbor_reader(&r, list);
	hf_cbor_read_array(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		put(x, "%s", x->json && i > 0 ? "," : "");
		put_delegation(x, name, &r);
	}
	if (x->json)
		put(x, "]");
}

static void put_named(struct printer *x)
{
	struct hf_cborr r;
	size_t n = 0;

	if (x->json)
		put(x, ",\n \"named\":[");
	hf_cbor_reader(&r, x->p->named);
	hf_cbor_read_map(&r, &n);
	for (size_t i = 0; i < n && hf_cbor_error(&r) == HF_OK; i++) {
		hf_bytes name = { 0 }, quorum = { 0 };

		hf_cbor_read_text(&r, &name);
		hf_cbor_capture(&r, &quorum);
		put(x, x->json ? "%s{\"name\":\"" : "%s", x->json && i > 0 ? "," : "");
		put_name(x, name);
		if (x->json)
			put(x, "%s", "\",\"quorum\":");
		else
			put(x, "%*s ", name.len < 11 ? 11 - (int)name.len : 0, "");
		put_quorum(x, quorum);
		put(x, "%s", x->json ? "}" : "\n");
	}
	if (x->json)
		put(x, "]");
}

static void put_set(struct printer *x, const char *name, hf_key_set set)
{
	const char *comma = "";

	put(x, x->json ? ",\n \"%s\":[" : "%-12s", name);
	for (size_t i = 0; i < x->p->n_keys; i++)
		if (set >> i & 1) {
			put(x, "%s", comma);
			put_member(x, i);
			comma = x->json ? "," : ", ";
		}
	put(x, "%s", x->json ? "]" : "\n");
}

static void put_keys(struct printer *x)
{
	for (size_t i = 0; i < x->p->n_keys; i++) {
		const struct hf_policy_key *k = &x->p->key[i];

		put(x, x->json ? "%s\n  {\"holder\":\"" : "key         %s", x->json && i > 0 ? "," : "");
		put_name(x, k->holder);
		put(x, x->json ? "\",\"role\":\"%s\",\"not_after\":%lld,\"key\":\"" : ", %s, until %lld, ",
		    roles[k->role], (long long)k->not_after);
		put_hex(x, k->pub);
		put(x, "%s", x->json ? "\"}" : "\n");
	}
}

static void put_one(struct printer *x, const char *name, hf_bytes quorum)
{
	put(x, x->json ? ",\n \"%s\":" : "%-12s", name);
	put_quorum(x, quorum);
	put(x, "%s", x->json ? "" : "\n");
}

static void put_rest(struct printer *x)
{
	put_one(x, "root", x->p->root);
	put_delegations(x, "release", x->p->release);
	put_delegations(x, "rebuilder", x->p->rebuilder);
	put_set(x, "publishers", x->p->publishers);
	put_set(x, "logs", x->p->logs);
	put_one(x, "witness", x->p->witness);
	put_one(x, "monitor", x->p->monitor);
	put(x, x->json ? ",\n \"stale_after\":%llu" : "stale after %llu s\n",
	    (unsigned long long)x->p->stale_after_s);
	put_named(x);
}

hf_err policy_text_json(const struct hf_policy *p, struct hf_buf *out)
{
	struct printer x = { .p = p, .out = out, .json = true };

	put(&x, "{\"vendor\":\"");
	put_hex(&x, p->vendor);
	put(&x, "\",\n \"keys\":[");
	put_keys(&x);
	put(&x, "]");
	put_rest(&x);
	put(&x, ",\n \"anchors\":[");
	for (size_t i = 0; i < p->n_anchors; i++) {
		put(&x, "%s{\"usage\":%llu,\"der\":\"", i > 0 ? "," : "",
		    (unsigned long long)p->anchor[i].usage);
		put_hex(&x, p->anchor[i].der);
		put(&x, "\"}");
	}
	put(&x, "]}\n");
	return x.err;
}

hf_err policy_text_print(const struct hf_policy *p, struct hf_buf *out)
{
	struct printer x = { .p = p, .out = out };

	put(&x, "policy      %llu\nhash        ", (unsigned long long)p->number);
	put_hex(&x, HF_ARR(p->hash));
	put(&x, "\nbefore it   %s", p->previous.len == 0 ? "none" : "");
	put_hex(&x, p->previous);
	put(&x, "\nvendor      ");
	put_hex(&x, p->vendor);
	put(&x, "\n");
	put_keys(&x);
	put_rest(&x);
	return x.err;
}

/* ---- Sigsum ---------------------------------------------------------------------------------------- */

/* Groups must be defined before they are named: members first. `name` is what the quorum is called. */
static void put_group(struct printer *x, char name[static GROUP_NAME])
{
	char member[HF_POLICY_MAX_KEYS][GROUP_NAME];
	uint64_t k = 0;
	size_t n = 0;

	if (hf_cbor_peek(&x->r) == HF_CBOR_UINT) {
		hf_cbor_read_uint(&x->r, &k);
		(void)snprintf(name, GROUP_NAME, "w%u", (unsigned)k);
		return;
	}
	hf_cbor_read_array(&x->r, &n);
	hf_cbor_read_uint(&x->r, &k);
	for (size_t i = 1; i < n && i <= HF_POLICY_MAX_KEYS && hf_cbor_error(&x->r) == HF_OK; i++)
		put_group(x, member[i - 1]);
	hf_cbor_end(&x->r);
	(void)snprintf(name, GROUP_NAME, "q%u", x->n_groups++);
	put(x, "group %s %llu", name, (unsigned long long)k);
	for (size_t i = 1; i < n && i <= HF_POLICY_MAX_KEYS; i++)
		put(x, " %s", member[i - 1]);
	put(x, "\n");
}

hf_err policy_text_sigsum(const struct hf_policy *p, const char *url, struct hf_buf *out)
{
	struct printer x = { .p = p, .out = out };
	char name[GROUP_NAME] = "";

	if (p->logs == 0 || p->witness.len == 0)
		return HF_ERR_POLICY_ABSENT;
	for (size_t i = 0; i < p->n_keys; i++) {
		if (p->key[i].role == HF_ROLE_WITNESS)
			put(&x, "witness w%zu ", i);
		else if ((p->logs >> i & 1) != 0)
			put(&x, "log ");
		else
			continue;
		put_hex(&x, p->key[i].pub);
		put(&x, p->key[i].role == HF_ROLE_WITNESS ? "%s\n" : " %s\n",
		    p->key[i].role == HF_ROLE_WITNESS ? "" : url);
	}
	hf_cbor_reader(&x.r, p->witness);
	put_group(&x, name);
	put(&x, "quorum %s\n", name);
	return x.err;
}

/* ---- lock-out -------------------------------------------------------------------------------------- */

hf_err policy_lockout(const struct hf_policy *p, int64_t now, struct hf_why *why)
{
	hf_key_set live = hf_policy_unexpired(p, (hf_key_set)-1, (uint64_t)now);
	const char *what = NULL;

	if (!hf_verdict_is_yes(hf_quorum_met(p, p->root, live)))
		what = "too few root keys have not ended: nobody could make the policy after it";
	else if ((p->publishers & live) == 0)
		what = "no publisher: nothing could be logged, not even the policy after it";
	else if ((p->logs & live) == 0)
		what = "no log: neither a release nor the policy after it could be proved";
	else if (!hf_verdict_is_yes(hf_quorum_met(p, p->witness, live)))
		what = "no witness quorum: neither a release nor the policy after it could be proved";
	else if (!hf_verdict_is_yes(hf_policy_any_release(p, live)))
		what = "no release quorum can be met: nobody could release";
	return what == NULL ? HF_OK : hf_why_set(why, HF_ERR_POLICY_LOCKOUT, "%s", what);
}
