/* check_bld.c -- how the software was built, and what other analysers said of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_bld[];
extern const size_t hf_n_rules_bld;

static void run_flags(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_FLAG, f, i)
	{
		struct hf__chk_where at = { .path = f->path, .key = f->text[HF_FLAG_NAME] };
		hf_bytes first = f->text[HF_FLAG_FIRST];

		if (f->num[HF_FLAG_STATE] == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, "a wanted flag that not every compiler has is not used");
		else if (f->num[HF_FLAG_STATE] == HF_STATE_YES)
			hf_pass(c, rule);
		else if (f->num[HF_FLAG_STATE] == HF_STATE_NO)
			hf__chk_report(c, rule, &at, "%.*s is missing in %llu of %llu commands%s%.*s",
				       HF__CHK_ARG(f->text[HF_FLAG_NAME], 60u),
				       (unsigned long long)f->num[HF_FLAG_MISSING],
				       (unsigned long long)f->num[HF_FLAG_TOTAL],
				       first.len > 0 ? ", first " : "", HF__CHK_ARG(first, 100u));
	}
}

static uint8_t severity_of(uint64_t level)
{
	return level == HF_LEVEL_ERROR ? HF_SEV_HIGH : level == HF_LEVEL_WARNING ? HF_SEV_MEDIUM : HF_SEV_LOW;
}

static void run_results(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_RESULT, f, i)
	{
		hf_bytes id = f->text[HF_RESULT_RULE], uri = f->text[HF_RESULT_URI];
		struct hf__chk_where at = { .path = f->path,
					    .severity = severity_of(f->num[HF_RESULT_LEVEL]) };
		uint8_t room[512];
		struct hf_out key = HF_OUT(room);

		if (f->num[HF_RESULT_LEVEL] == HF_LEVEL_NONE) {
			hf_pass(c, rule);
			continue;
		}
		/* Rule and file, not the line: lines move. */
		if (hf_out_put(&key, (hf_bytes){ id.ptr, id.len < 200 ? id.len : 200 }) != HF_OK ||
		    hf_out_put(&key, HF_STR(" ")) != HF_OK ||
		    hf_out_put(&key, (hf_bytes){ uri.ptr, uri.len < 300 ? uri.len : 300 }) != HF_OK)
			key.len = 0;
		at.key = hf_out_bytes(&key);
		hf__chk_report(c, rule, &at, "%.*s %.*s: %.*s:%llu: %.*s",
			       HF__CHK_ARG(f->text[HF_RESULT_TOOL], 20u), HF__CHK_ARG(id, 40u),
			       HF__CHK_ARG(uri, 60u), (unsigned long long)f->num[HF_RESULT_LINE],
			       HF__CHK_ARG(f->text[HF_RESULT_MESSAGE], 100u));
	}
	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	{
		size_t first = 0;

		if (f->num[HF_FILE_KIND] == HF_KIND_SARIF &&
		    hf_model_of(m, HF_FACT_PROBLEM, f->path, &first) > 0)
			hf_unknown(c, rule, f->path, "the SARIF file could not be read whole");
	}
}

static bool is_source(const struct hf_case *c, hf_bytes path)
{
	return hf_model_resolve(hf_case_model(c), hf__chk_tree(path), HF_STR("/.git/HEAD")) != NULL;
}

static void run_secrets(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		uint64_t class = f->num[HF_KEY_CLASS];
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_KEY_OFFSET],
					    .length = f->num[HF_KEY_LENGTH],
					    .key = f->text[HF_KEY_NAME] };

		if (!is_source(c, f->path))
			continue;
		if (class == HF_KEYC_ENCRYPTED)
			hf_unknown(c, rule, f->path,
				   "a key with a passphrase: how good it is cannot be seen");
		else if (class == HF_KEYC_PRIVATE || class == HF_KEYC_TOKEN)
			hf__chk_report(c, rule, &at, "%s %.*s %.*s",
				       class == HF_KEYC_TOKEN ? "token" : "private key",
				       HF__CHK_ARG(f->text[HF_KEY_NAME], 60u),
				       HF__CHK_ARG(f->text[HF_KEY_EVIDENCE], 40u));
		else
			hf_pass(c, rule);
	}
}

static void run_traces(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_HIT_OFFSET],
					    .length = f->num[HF_HIT_LENGTH],
					    .key = f->text[HF_HIT_NAME] };

		if (f->num[HF_HIT_CLASS] == HF_HITC_DATE || f->num[HF_HIT_CLASS] == HF_HITC_BUILDPATH)
			hf__chk_report(c, rule, &at, "%.*s", HF__CHK_ARG(f->text[HF_HIT_EVIDENCE], 150u));
	}
	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	{
		size_t first = 0;

		if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
			hf_unknown(c, rule, f->path, "tables of the file are damaged");
		else if (hf_model_of(m, HF_FACT_HIT, f->path, &first) == 0)
			hf_pass(c, rule);
	}
}

const struct hf_rule hf_rules_bld[] = {
	{ "BLD-001", HF_SEV_MEDIUM, 693, "a build lacks a hardening flag",
	  "add the flag to CFLAGS or LDFLAGS of the whole build; the guide of OpenSSF says what each does",
	  "EN303645:5.6-8 CRA:I.2k", run_flags },
	{ "BLD-002", HF_SEV_MEDIUM, 0, "another analyser reports a fault",
	  "mend it, or suppress it in that tool with a reason", "IEC62443:SVV-3", run_results },
	{ "BLD-003", HF_SEV_HIGH, 540, "a secret lies in the source tree",
	  "revoke it first, then remove it from the tree and its history", "EN303645:5.4-3", run_secrets },
	{ "BLD-004", HF_SEV_LOW, 0, "a program tells when or where it was built",
	  "leave __DATE__ out, set SOURCE_DATE_EPOCH, and use -ffile-prefix-map: then others can rebuild it",
	  "", run_traces },
};
const size_t hf_n_rules_bld = sizeof(hf_rules_bld) / sizeof(hf_rules_bld[0]);
