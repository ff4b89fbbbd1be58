/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <string.h>

static const char whole[] =
	"trust_policy = \"policy.cose\"   # comment\r\n"
	"[gate]\n"
	"fail_on = \"medium\"\n"
	"fail_ids = [ \"SCAN-*\", # one\n\n  'SCAN-002', ]\n"
	"max_medium = 3\n"
	"[scan]\ngroups = [\"SCAN\"]\nrequire_feed = true\nmax_feed_age_days = 7\nratio = 0x10\n"
	"[allow]\nsuid = [\"/usr/bin/*\"]\nhosts = []\n"
	"[sbom]\ncreator = \"mailto:a\\u00e4@b\"\n"
	"[[file]]\npath = \"/etc/shadow\"\nmode_max = 0o640\nuid = 0\n"
	"[[content]]\npath = \"/etc/x\"\nmust_match = \"yes\"\n"
	"[[dir]]\npath = \"/etc/init.d\"\nallow = [\"a\"]\n"
	"[[waiver]]\nid = \"SCAN-002\"\n"
	"scope = \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n"
	"reason = \"r\"\nowner = \"o\"\nticket = \"t\"\nexpires = 2026-12-01\n";

static hf_err read_text(const char *text, struct hf_auditpolicy *p, struct hf_why *why)
{
	return hf_auditpolicy_read("p.toml", (hf_bytes){ (const uint8_t *)text, strlen(text) }, RIG_TODAY, p,
				   why);
}

static void a_whole_policy_is_read(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_policy(&r, whole);
	assert_string_equal(r.policy.trust_policy, "policy.cose");
	assert_int_equal(r.policy.fail_on, HF_SEV_MEDIUM);
	assert_int_equal(r.policy.fail_ids.n, 2);
	assert_string_equal(r.policy.fail_ids.at[1], "SCAN-002");
	assert_int_equal(r.policy.max_medium, 3);
	assert_true(r.policy.require_feed);
	assert_int_equal(r.policy.caps.ratio, 16);
	assert_true(r.policy.allow[HF_ALLOW_HOST].listed && r.policy.allow[HF_ALLOW_HOST].n == 0);
	assert_false(r.policy.allow[HF_ALLOW_USER].listed);
	assert_string_equal(r.policy.creator, "mailto:a\xc3\xa4@b");
	assert_int_equal(r.policy.n_wants, 3);
	assert_int_equal(r.policy.wants[0].mode_max, 0640);
	assert_int_equal(r.policy.wants[0].gid, -1);
	assert_int_equal(r.policy.n_waivers, 1);
	assert_int_equal(r.policy.waivers[0].expires, 20788);
	assert_string_equal(r.policy.waivers[0].expires_text, "2026-12-01");
	audit_rig_run(&r, "SCAN");
	assert_true(hf_allows(r.c, HF_ALLOW_SUID, HF_STR("/usr/bin/sudo")));
	assert_false(hf_allows(r.c, HF_ALLOW_SUID, HF_STR("/usr/sbin/sudo")));
	assert_false(hf_allows(r.c, HF_ALLOW_USER, HF_STR("root")));
	assert_false(hf_allow_listed(r.c, HF_ALLOW_USER));
	assert_false(hf_allow_listed(r.c, 77));
	audit_rig_end(&r);
}

#define WAIVER "[[waiver]]\nid=\"SCAN-001\"\nreason=\"r\"\nowner=\"o\"\nticket=\"t\"\n"
#define DIGEST "scope=\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n"

static const struct {
	const char *text;
	hf_err err;
	const char *words;
} bad[] = {
	{ "x = 1\n", HF_ERR_AUDITPOLICY_KEY, "p.toml: line 1: unknown key \"x\"" },
	{ "\n[gate]\nfail_onn = \"high\"\n", HF_ERR_AUDITPOLICY_KEY,
	  "line 3: unknown key \"fail_onn\" in table gate" },
	{ "[gates]\n", HF_ERR_AUDITPOLICY_KEY, "unknown table [gates]" },
	{ "[[gate]]\n", HF_ERR_AUDITPOLICY_KEY, "unknown table [[gate]]" },
	{ "[waiver]\n", HF_ERR_AUDITPOLICY_KEY, "unknown table [waiver]" },
	{ "[gate]\n[gate]\n", HF_ERR_TOML_TWICE, "table gate" },
	{ "[gate]\nmax_medium=1\nmax_medium=1\n", HF_ERR_TOML_TWICE, "max_medium" },
	{ "[gate]\nfail_on = \"bad\"\n", HF_ERR_AUDITPOLICY_VALUE, "must be \"critical\"" },
	{ "[gate]\nfail_on = 3\n", HF_ERR_AUDITPOLICY_VALUE, "fail_on" },
	{ "[gate]\nmax_medium = \"3\"\n", HF_ERR_AUDITPOLICY_VALUE, "must be a whole number" },
	{ "[gate]\nfail_ids = [\"CERD-*\"]\n", HF_ERR_AUDITPOLICY_VALUE, "no rule is called CERD-*" },
	{ "[scan]\ngroups = [\"ELV\"]\n", HF_ERR_AUDITPOLICY_VALUE, "no group is called ELV" },
	{ "[scan]\ndepth = 99\n", HF_ERR_AUDITPOLICY_VALUE, "from 0 to 32" },
	{ "[scan]\nrequire_feed = 1\n", HF_ERR_AUDITPOLICY_VALUE, "true or false" },
	{ "[scan\n", HF_ERR_TOML_SYNTAX, "line 1: ] is missing" },
	{ "[scan] x\n", HF_ERR_TOML_SYNTAX, "something follows" },
	{ "[a.b]\n", HF_ERR_TOML_SYNTAX, "" },
	{ "trust_policy\n", HF_ERR_TOML_SYNTAX, "= is missing" },
	{ "trust_policy =\n", HF_ERR_TOML_SYNTAX, "" },
	{ "trust_policy = \"a\n", HF_ERR_TOML_SYNTAX, "does not end" },
	{ "trust_policy = \"a", HF_ERR_TOML_SYNTAX, "does not end" },
	{ "trust_policy = \"\\q\"", HF_ERR_TOML_SYNTAX, "escape" },
	{ "trust_policy = \"\\ud800\"", HF_ERR_TOML_SYNTAX, "escape" },
	{ "trust_policy = \"\\u0000\"", HF_ERR_TOML_SYNTAX, "escape" },
	{ "trust_policy = \"\xff\"", HF_ERR_TOML_SYNTAX, "not UTF-8" },
	{ "trust_policy = 'a' 'b'\n", HF_ERR_TOML_SYNTAX, "something follows" },
	{ "trust_policy = [ 'a' 'b' ]\n", HF_ERR_TOML_SYNTAX, "comma" },
	{ "trust_policy = [ 'a',\n", HF_ERR_TOML_SYNTAX, "list does not end" },
	{ "trust_policy = [ 1 ]\n", HF_ERR_TOML_SYNTAX, "text in quotes" },
	{ "trust_policy = 01\n", HF_ERR_TOML_SYNTAX, "not a value" },
	{ "trust_policy = 1.5\n", HF_ERR_TOML_SYNTAX, "something follows" },
	{ "trust_policy = 99999999999999999999\n", HF_ERR_TOML_SYNTAX, "too large" },
	{ "trust_policy = 2026-02-29\n", HF_ERR_TOML_SYNTAX, "no such date" },
	{ "trust_policy = { a = 1 }\n", HF_ERR_TOML_SYNTAX, "" },
	{ "# \x01\n", HF_ERR_TOML_SYNTAX, "control character" },
	{ "[[waiver]]\nid=\"SCAN-001\"\n", HF_ERR_AUDITPOLICY_WAIVER, "needs all of" },
	{ WAIVER DIGEST, HF_ERR_AUDITPOLICY_WAIVER, "needs all of" },
	{ WAIVER DIGEST "expires=2027-09-06\n", HF_ERR_AUDITPOLICY_WAIVER, "more than 12 months" },
	{ WAIVER "scope=\"path:/x\"\nexpires=2026-12-01\n", HF_ERR_AUDITPOLICY_WAIVER, "these very bytes" },
	{ WAIVER "scope=\"sha256:00\"\nexpires=2026-12-01\n", HF_ERR_AUDITPOLICY_WAIVER, "64 small hex" },
	{ WAIVER "scope=\"x\"\nexpires=2026-12-01\n", HF_ERR_AUDITPOLICY_WAIVER, "SCAN" },
	{ "[[file]]\nmode_max=0o640\n", HF_ERR_AUDITPOLICY_VALUE, "path from /" },
	{ "[[file]]\npath=\"/a\"\nsha256=\"00\"\n", HF_ERR_AUDITPOLICY_VALUE, "64 small hex" },
	{ "[[content]]\npath=\"/a\"\n", HF_ERR_AUDITPOLICY_VALUE, "must_match" },
	{ "[scan]\nyara=[\"x.yar\"]\n", HF_ERR_AUDITPOLICY_VALUE, "without YARA" },
	{ "[[dir]]\npath=\"/a\"\n", HF_ERR_AUDITPOLICY_VALUE, "allow is needed" },
};

static void what_is_not_a_policy_is_refused_with_its_line(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hf_auditpolicy p;
		struct hf_why why = { 0 };

		if (read_text(bad[i].text, &p, &why) != bad[i].err)
			fail_msg("row %zu: %s", i, hf_why_text(&why));
		if (strstr(hf_why_text(&why), bad[i].words) == NULL)
			fail_msg("row %zu says: %s", i, hf_why_text(&why));
		assert_null(p.memory);
		assert_int_equal(p.fail_on, HF_SEV_HIGH);
	}
}

static void an_expired_waiver_is_read_for_the_gate_to_report(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_policy(&r, WAIVER DIGEST "expires=2020-01-01\n");
	assert_int_equal(r.policy.waivers[0].expires, 18262);
	audit_rig_end(&r);
}

static void a_policy_that_is_too_large_is_refused(void **unused)
{
	static uint8_t large[HF_AUDITPOLICY_CEILING + 1], many[16384 * 8 + 64];
	struct hf_auditpolicy p;
	size_t len = 0;

	(void)unused;
	memset(large, '\n', sizeof(large));
	assert_int_equal(hf_auditpolicy_read("l", HF_ARR(large), RIG_TODAY, &p, NULL), HF_ERR_TOML_LIMIT);
	while (len + 8 <= sizeof(many)) {
		memcpy(many + len, "[[dir]]\n", 8);
		len += 8;
	}
	assert_int_equal(hf_auditpolicy_read("m", (hf_bytes){ many, len }, RIG_TODAY, &p, NULL),
			 HF_ERR_TOML_LIMIT);
}

static void groups_that_the_policy_leaves_out_do_not_run(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_policy(&r, "[scan]\ngroups = []\n");
	audit_rig_run(&r, NULL);
	assert_int_equal(audit_rig_passes(&r, "SCAN-001"), 1); /* completeness is always judged */
	audit_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_policy_is_read),
		cmocka_unit_test(what_is_not_a_policy_is_refused_with_its_line),
		cmocka_unit_test(an_expired_waiver_is_read_for_the_gate_to_report),
		cmocka_unit_test(a_policy_that_is_too_large_is_refused),
		cmocka_unit_test(groups_that_the_policy_leaves_out_do_not_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
