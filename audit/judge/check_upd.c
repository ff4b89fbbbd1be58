/* check_upd.c -- who may change the software, and back to what.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check_util.h"

extern const struct hf_rule hf_rules_upd[];
extern const size_t hf_n_rules_upd;

static struct hf__chk_where at_setting(const struct hf_fact *f)
{
	return (struct hf__chk_where){ .path = f->path,
				       .offset = f->num[HF_SETTING_OFFSET],
				       .key = f->text[HF_SETTING_NAME] };
}

/* Another file of the same tree says yes for this updater: arguments and configuration count together. */
static bool yes_elsewhere(const struct hf_model *m, const struct hf_fact *f, unsigned subject)
{
	const struct hf_fact *other;

	HF__CHK_EACH(m, HF_FACT_SETTING, other, i)
	if (other->num[HF_SETTING_SUBJECT] == subject && other->num[HF_SETTING_STATE] == HF_STATE_YES &&
	    hf_bytes_equal(other->text[HF_SETTING_NAME], f->text[HF_SETTING_NAME]) &&
	    hf_bytes_equal(hf__chk_tree(other->path), hf__chk_tree(f->path)))
		return true;
	return false;
}

/* One unsigned source of packages is enough for apt: no other line makes it good. */
static bool adds_up(const struct hf_fact *f)
{
	return !hf_span_is(f->text[HF_SETTING_NAME], "apt") && !hf_span_is(f->text[HF_SETTING_NAME], "fit");
}

static void run_subject(struct hf_case *c, const struct hf_rule *rule, unsigned subject, const char *bad,
			const char *unknown)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		struct hf__chk_where at = at_setting(f);

		if (f->num[HF_SETTING_SUBJECT] != subject)
			continue;
		if (f->num[HF_SETTING_STATE] == HF_STATE_YES)
			hf_pass(c, rule);
		else if (f->num[HF_SETTING_STATE] == HF_STATE_UNKNOWN)
			hf_unknown(c, rule, f->path, unknown);
		else if (!adds_up(f) || !yes_elsewhere(m, f, subject))
			hf__chk_report(c, rule, &at, "%.*s: %s%s%.*s",
				       HF__CHK_ARG(f->text[HF_SETTING_NAME], 40u), bad,
				       f->text[HF_SETTING_VALUE].len > 0 ? ": " : "",
				       HF__CHK_ARG(f->text[HF_SETTING_VALUE], 120u));
	}
}

static void run_signed(struct hf_case *c, const struct hf_rule *rule)
{
	run_subject(c, rule, HF_SUBJECT_UPDSIGN, "takes what nobody signed",
		    "the configuration of the updater cannot be read");
}

static void run_url(struct hf_case *c, const struct hf_rule *rule)
{
	run_subject(c, rule, HF_SUBJECT_UPDURL, "fetched without TLS",
		    "the address is put together at run time");
}

static void run_rollback(struct hf_case *c, const struct hf_rule *rule)
{
	run_subject(c, rule, HF_SUBJECT_ROLLBACK, "installs any older release",
		    "whether older releases are refused cannot be seen");
}

static void to_hex(hf_bytes in, char out[static 65])
{
	struct hf_out hex = { (uint8_t *)out, 64, 0 };

	if (in.len != 32 || hf_hex_encode(in, &hex) != HF_OK)
		hex.len = 0;
	out[hex.len] = '\0';
}

/* The certificate or key an updater's anchor file holds must be one of the owner's list. */
static void judge_anchor(struct hf_case *c, const struct hf_rule *rule, const struct hf_fact *setting,
			 const struct hf_fact *file)
{
	const struct hf_model *m = hf_case_model(c);
	size_t first = 0, n = hf_model_of(m, HF_FACT_KEY, file->path, &first), strange = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct hf_fact *key = hf_model_at(m, HF_FACT_KEY, i);
		struct hf__chk_where at = { .path = file->path, .key = setting->text[HF_SETTING_NAME] };
		char hex[65];

		to_hex(key->text[HF_KEY_SPKI], hex);
		if (hf_allows(c, HF_ALLOW_ANCHOR,
			      (hf_bytes){ (const uint8_t *)hex, hex[0] == '\0' ? 0u : 64u }))
			continue;
		strange++;
		hf__chk_report(c, rule, &at, "%.*s trusts %.*s, SPKI SHA-256 %s",
			       HF__CHK_ARG(setting->text[HF_SETTING_NAME], 40u),
			       HF__CHK_ARG(key->text[HF_KEY_NAME], 60u), hex);
	}
	if (n == 0)
		hf_unknown(c, rule, file->path, "no key or certificate could be read from the anchor");
	else if (strange == 0)
		hf_pass(c, rule);
}

static void run_anchors(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_SETTING, f, i)
	{
		const struct hf_fact *file;

		if (f->num[HF_SETTING_SUBJECT] != HF_SUBJECT_ANCHOR)
			continue;
		if (!hf_allow_listed(c, HF_ALLOW_ANCHOR)) {
			hf_unknown(c, rule, f->path, "the policy has no list [allow] anchors");
			continue;
		}
		file = hf_model_resolve(m, hf__chk_tree(f->path), f->text[HF_SETTING_VALUE]);
		if (file == NULL)
			hf_unknown(c, rule, f->path, "the anchor that the updater names is not in the image");
		else
			judge_anchor(c, rule, f, file);
	}
}

static void run_testkeys(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	const struct hf_fact *f;

	HF__CHK_EACH(m, HF_FACT_KEY, f, i)
	{
		struct hf__chk_where at = { .path = f->path,
					    .offset = f->num[HF_KEY_OFFSET],
					    .length = f->num[HF_KEY_LENGTH],
					    .key = f->text[HF_KEY_SPKI] };
		uint64_t class = f->num[HF_KEY_CLASS];

		if (class != HF_KEYC_CERT && class != HF_KEYC_PUBLIC && class != HF_KEYC_PRIVATE)
			continue;
		if (f->text[HF_KEY_SPKI].len == 0)
			hf_unknown(c, rule, f->path, "the kind of key is not known here");
		else if ((f->num[HF_KEY_FLAGS] & HF_KEYF_TEST) == 0)
			hf_pass(c, rule);
		else
			hf__chk_report(c, rule, &at, "a sample key whose private half is published%s%.*s",
				       f->text[HF_KEY_NAME].len > 0 ? ": " : "",
				       HF__CHK_ARG(f->text[HF_KEY_NAME], 80u));
	}
}

static void run_logged(struct hf_case *c, const struct hf_rule *rule)
{
	run_subject(c, rule, HF_SUBJECT_LOGPROOF, "carries no proof of the transparency log",
		    "the bundle is damaged");
}

#define UPDATE "EN303645:5.3-2 EN303645:5.3-9 EN303645:5.3-10 EN18031:SUM IEC62443:EDR3.10"
const struct hf_rule hf_rules_upd[] = {
	{ "UPD-001", HF_SEV_CRITICAL, 347, "an updater installs what nobody signed",
	  "give it the key of your releases and let it refuse the rest; in a FIT image sign the "
	  "configurations, "
	  "not only the images",
	  UPDATE, run_signed },
	{ "UPD-002", HF_SEV_HIGH, 319, "updates are fetched without TLS",
	  "use https: signatures do not keep others from seeing, delaying and withholding updates", UPDATE,
	  run_url },
	{ "UPD-003", HF_SEV_HIGH, 1328, "an updater installs older releases",
	  "set the lowest version or counter it accepts, and raise it with every security fix", UPDATE,
	  run_rollback },
	{ "UPD-004", HF_SEV_HIGH, 345, "an updater trusts a key that is not yours",
	  "leave only your own anchors in its file, and list them in [allow] anchors", UPDATE, run_anchors },
	{ "UPD-005", HF_SEV_CRITICAL, 321, "a published sample key is trusted",
	  "make a key of your own, keep it in an HSM, and replace the sample everywhere", UPDATE,
	  run_testkeys },
	{ "UPD-006", HF_SEV_HIGH, 345, "a release is not in the transparency log",
	  "publish it with `holdfast log publish` and bundle the proof", "EN303645:5.3-10 EN18031:SUM",
	  run_logged },
};
const size_t hf_n_rules_upd = sizeof(hf_rules_upd) / sizeof(hf_rules_upd[0]);
