/* check_key.c -- key material that lies in the image.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_key[];
extern const size_t hf_n_rules_key;

enum { DAY = 86400, PAIRS_MAX = 4096 };

static struct hf__chk_where at_key(const struct hf_fact *f)
{
	hf_bytes key = f->text[HF_KEY_SPKI].len > 0 ? f->text[HF_KEY_SPKI] : f->text[HF_KEY_NAME];

	return (struct hf__chk_where){
		.path = f->path, .offset = f->num[HF_KEY_OFFSET], .length = f->num[HF_KEY_LENGTH], .key = key
	};
}

static const char *alg_name(uint64_t alg)
{
	static const char *const names[] = { "unknown", "RSA", "DSA", "EC", "EdDSA" };

	return alg < sizeof(names) / sizeof(names[0]) ? names[alg] : names[0];
}

/* Keys in a source tree and in chips have rules of their own, BLD-003 and MCU-003. */
static bool is_source(const struct hf_case *c, hf_bytes path)
{
	return hf_model_resolve(hf_case_model(c), hf__chk_tree(path), HF_STR("/.git/HEAD")) != NULL;
}

static bool is_private(const struct hf_fact *f)
{
	return f->num[HF_KEY_CLASS] == HF_KEYC_PRIVATE || f->num[HF_KEY_CLASS] == HF_KEYC_ENCRYPTED;
}

static bool is_host(const struct hf_fact *f)
{
	return (f->num[HF_KEY_FLAGS] & HF_KEYF_HOST) != 0;
}

static void report_private(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f)
{
	struct hf__chk_where at = at_key(f);
	bool sealed = f->num[HF_KEY_CLASS] == HF_KEYC_ENCRYPTED;

	at.severity = sealed ? HF_SEV_MEDIUM : 0;
	if ((f->num[HF_KEY_FLAGS] & HF_KEYF_SELFTEST) != 0)
		at.severity = HF_SEV_INFO;
	hf__chk_report(c, rule, &at, "%s%s %u bit, %.*s", sealed ? "encrypted " : "",
		       alg_name(f->num[HF_KEY_ALG]), (unsigned)f->num[HF_KEY_BITS],
		       HF__CHK_ARG(f->text[HF_KEY_EVIDENCE], 40u));
}

static void run_private(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		if (!is_private(f) || is_host(f) || f->num[HF_KEY_KIND] == HF_KIND_MCU ||
		    is_source(c, f->path)) {
			if (!is_private(f))
				hf_pass(c, rule);
			continue;
		}
		if (f->num[HF_KEY_CLASS] == HF_KEYC_ENCRYPTED && f->num[HF_KEY_ALG] == HF_KEYALG_OTHER)
			hf_unknown(c, rule, f->path, "encrypted: what kind of key it is cannot be read");
		report_private(c, rule, f);
	}
}

static bool other_input(const struct hf_fact *a, const struct hf_fact *b)
{
	return !hf_bytes_equal(hf__chk_input(a->path), hf__chk_input(b->path));
}

/* The first of the same key in each other input is named. */
static void find_twin(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *f, size_t from)
{
	const struct hf_model *m = hf_case_model(c);

	for (size_t k = 0; k < from; k++) {
		const struct hf_fact *other = hf_model_at(m, HF_FACT_KEY, k);
		struct hf__chk_where at = at_key(f);

		if (!is_private(other) || !other_input(f, other) ||
		    !hf_bytes_equal(f->text[HF_KEY_SPKI], other->text[HF_KEY_SPKI]))
			continue;
		hf__chk_report(c, rule, &at, "the same %s key as %.*s", alg_name(f->num[HF_KEY_ALG]),
			       HF__CHK_ARG(other->path, 160u));
		return;
	}
	hf_pass(c, rule);
}

static void run_reuse(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		if (!is_private(f) || (f->num[HF_KEY_FLAGS] & HF_KEYF_SELFTEST) != 0)
			continue;
		if (f->text[HF_KEY_SPKI].len == 0)
			hf_unknown(c, rule, f->path, "the public half of the key cannot be read");
		else if (i < PAIRS_MAX)
			find_twin(c, rule, f, i);
	}
}

static void run_host(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	if (is_private(f) && is_host(f))
		report_private(c, rule, f);
	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		hf_bytes base = hf_span_base(f->text[HF_FILE_NAME]);
		size_t first = 0;
		bool named = (hf_span_begins(base, "ssh_host_") && hf_span_ends(base, "_key")) ||
			     (hf_span_begins(base, "dropbear_") && hf_span_ends(base, "_host_key"));

		if (!named || f->num[HF_FILE_TYPE] != HF_NODE_FILE)
			continue;
		if (f->num[HF_FILE_SIZE] == 0)
			hf_pass(c, rule); /* made at the first start */
		else if (hf_model_of(m, HF_FACT_KEY, f->path, &first) == 0)
			hf_unknown(c, rule, f->path, "called a host key, but it does not decode");
	}
}

static const char *weakness(const struct hf_fact *f, uint64_t today)
{
	uint64_t alg = f->num[HF_KEY_ALG], bits = f->num[HF_KEY_BITS];

	if (f->num[HF_KEY_NOT_AFTER] / DAY < today && f->num[HF_KEY_NOT_AFTER] > 0)
		return "expired";
	if (alg == HF_KEYALG_RSA && bits < 2048)
		return "RSA below 2048 bit";
	if (alg == HF_KEYALG_DSA)
		return "DSA";
	if (alg == HF_KEYALG_EC && bits < 224)
		return "elliptic curve below 224 bit";
	return (f->num[HF_KEY_FLAGS] & HF_KEYF_WEAKSIG) != 0 ? "signed with MD5 or SHA-1" : NULL;
}

static void run_certs(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		struct hf__chk_where at = at_key(f);
		const char *weak = weakness(f, hf_case_today(c));

		if (f->num[HF_KEY_CLASS] != HF_KEYC_CERT)
			continue;
		at.severity = (f->num[HF_KEY_FLAGS] & HF_KEYF_BUNDLE) != 0 ? HF_SEV_INFO : 0;
		if (weak != NULL)
			hf__chk_report(c, rule, &at, "%.*s: %s", HF__CHK_ARG(f->text[HF_KEY_NAME], 80u),
				       weak);
		else if (f->num[HF_KEY_ALG] == HF_KEYALG_OTHER || f->num[HF_KEY_NOT_AFTER] == 0)
			hf_unknown(c, rule, f->path, "key or end date of the certificate cannot be read");
		else
			hf_pass(c, rule);
	}
}

static void run_tokens(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_PROBLEM, f, i)
	if (hf_span_has(f->text[HF_PROBLEM_WHY], "key or token"))
		hf_unknown(c, rule, f->path, "more keys and tokens than are looked at in one file");
	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		struct hf__chk_where at = at_key(f);

		if (f->num[HF_KEY_CLASS] != HF_KEYC_TOKEN)
			hf_pass(c, rule);
		else if (!is_source(c, f->path))
			hf__chk_report(c, rule, &at, "%.*s %.*s", HF__CHK_ARG(f->text[HF_KEY_NAME], 40u),
				       HF__CHK_ARG(f->text[HF_KEY_EVIDENCE], 40u));
	}
}

#define STORED "EN303645:5.4-1 EN303645:5.4-3 EN18031:CCK EN18031:SSM"
const struct hf_rule hf_rules_key[] = {
	{ "KEY-001", HF_SEV_CRITICAL, 321, "a private key lies in the image",
	  "take it out and replace it everywhere: whoever has one image has the key; make keys on the device",
	  STORED, run_private },
	{ "KEY-002", HF_SEV_CRITICAL, 1394, "the same private key lies in another product",
	  "give each product and each device keys of their own, and revoke this one", STORED, run_reuse },
	{ "KEY-003", HF_SEV_HIGH, 321, "an SSH host key lies in the image",
	  "delete it from the image and let the server make one at the first start", STORED, run_host },
	{ "KEY-004", HF_SEV_MEDIUM, 295, "a certificate has expired or is weak",
	  "issue it anew: RSA from 2048 bit or P-256, SHA-256, and a date that outlives the support period",
	  "EN303645:5.1-3 EN303645:5.3-7 EN303645:5.5-1 EN18031:CRY", run_certs },
	{ "KEY-005", HF_SEV_HIGH, 798, "a token of an online service lies in the image",
	  "revoke the token at its issuer, then take it out; devices get short-lived ones of their own",
	  STORED, run_tokens },
};
const size_t hf_n_rules_key = sizeof(hf_rules_key) / sizeof(hf_rules_key[0]);
