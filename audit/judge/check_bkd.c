/* check_bkd.c -- doors that somebody built in. A static tool cannot prove that there is none.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_bkd[];
extern const size_t hf_n_rules_bkd;

static struct hf__chk_where at_hit(const struct hf_fact *f)
{
	return (struct hf__chk_where){ .path = f->path,
				       .offset = f->num[HF_HIT_OFFSET],
				       .length = f->num[HF_HIT_LENGTH],
				       .key = f->text[HF_HIT_NAME] };
}

/* Programs that check passwords, each: does one hold a password or hash as a string of its own? */
static void run_accounts(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		struct hf__chk_where at = at_hit(f);

		if (f->num[HF_HIT_CLASS] == HF_HITC_PASSWORD || f->num[HF_HIT_CLASS] == HF_HITC_HASH)
			hf__chk_report(c, rule, &at, "%s \"%.*s\" in a program that checks passwords",
				       f->num[HF_HIT_CLASS] == HF_HITC_HASH ? "hash" : "password",
				       HF__CHK_ARG(f->text[HF_HIT_EVIDENCE], 60u));
	}
	HF__CHK_EACH(m, HF_FACT_ELF, f, i)
	if ((f->num[HF_ELF_FLAGS] & HF_ELFF_AUTH) != 0)
		hf_pass(c, rule);
	else if ((f->num[HF_ELF_FLAGS] & HF_ELFF_DAMAGED) != 0)
		hf_unknown(c, rule, f->path, "imports of the program cannot be read");
}

static void run_markers(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		struct hf__chk_where at = at_hit(f);

		if (f->num[HF_HIT_CLASS] == HF_HITC_BACKDOOR)
			hf__chk_report(c, rule, &at, "%.*s", HF__CHK_ARG(f->text[HF_HIT_NAME], 80u));
	}
	HF__CHK_EACH(m, HF_FACT_FILE, f, i)
	if (f->text[HF_FILE_SHA256].len > 0)
		hf_pass(c, rule);
	else if (f->num[HF_FILE_TYPE] == HF_NODE_FILE)
		hf_unknown(c, rule, f->path, "the content could not be read");
}

static void run_hosts(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	if (!hf_allow_listed(c, HF_ALLOW_HOST)) {
		if (hf_model_n(m, HF_FACT_FILE) > 0)
			hf_unknown(c, rule, (hf_bytes){ 0 }, "the policy has no list [allow] hosts");
		return;
	}
	HF__CHK_EACH(m, HF_FACT_HIT, f, i)
	{
		struct hf__chk_where at = at_hit(f);

		if (f->num[HF_HIT_CLASS] != HF_HITC_HOST)
			continue;
		at.key = f->text[HF_HIT_EVIDENCE];
		if (hf_allows(c, HF_ALLOW_HOST, f->text[HF_HIT_EVIDENCE]))
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "%.*s", HF__CHK_ARG(f->text[HF_HIT_EVIDENCE], 120u));
	}
}

/* One image alone cannot tell what is new in it: two can. */
static void run_undeclared(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);

	if (hf_model_n(m, HF_FACT_ELF) + hf_model_n(m, HF_FACT_SERVICE) > 0)
		hf_unknown(c, rule, (hf_bytes){ 0 },
			   "needs the released image beside it: holdfast audit diff RELEASED CANDIDATE");
}

const struct hf_rule hf_rules_bkd[] = {
	{ "BKD-001", HF_SEV_HIGH, 798, "a program that checks passwords carries one in itself",
	  "take the account out of the program; service access needs a key or a signed command",
	  "EN303645:5.1-1 EN303645:5.6-4 PSTI:1 EN18031:AUM", run_accounts },
	{ "BKD-002", HF_SEV_CRITICAL, 912, "a file carries the marker of a published back door",
	  "do not ship the image; find out how the file came into the build", "EN303645:5.6-4 EN303645:5.7-1",
	  run_markers },
	{ "BKD-003", HF_SEV_MEDIUM, 912, "a program names a host that the policy does not",
	  "add the host to [allow] hosts when the product needs it, or remove what talks to it",
	  "EN303645:5.6-4", run_hosts },
	{ "BKD-004", HF_SEV_MEDIUM, 912, "a program, module or hook is there that the released image had not",
	  "find the change that brought it in; if it is meant, release it with k-of-n signatures",
	  "EN303645:5.6-4", run_undeclared },
};
const size_t hf_n_rules_bkd = sizeof(hf_rules_bkd) / sizeof(hf_rules_bkd[0]);
