/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <stdio.h>
#include <string.h>
#include <hf/compliance.h>
#include <hf/gate.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TAIL "reason=\"vendor blob\"\nowner=\"radio\"\nticket=\"HW-77\"\n"
#define WAIVER "[[waiver]]\nid=\"POL-001\"\nscope=\"path:/etc/x\"\n" TAIL

static void add_problem(struct audit_rig *r, const char *path, uint64_t rule, const char *why)
{
	struct hf_fact f = { .kind = HF_FACT_PROBLEM,
			     .path = { (const uint8_t *)path, strlen(path) },
			     .num = { rule },
			     .text = { { (const uint8_t *)why, strlen(why) } } };

	audit_rig_fact(r, &f);
}

static struct hf_gate judged(struct audit_rig *r, const struct hf_gate_opts *opts)
{
	struct hf_gate g;

	assert_int_equal(hf_gate_judge(r->c, opts, &g), HF_OK);
	return g;
}

/* A file that breaks [[file]], so that there is a high finding whose id is not SCAN. */
static void breach(struct audit_rig *r, const char *more)
{
	char toml[2048] = "[scan]\ngroups=[\"POL\"]\n[[file]]\npath=\"/etc/x\"\nmode_max=0o644\n";

	*r = audit_rig_new();
	strcat(toml, more);
	audit_rig_policy(r, toml);
	audit_rig_file(r, "fw!/etc/x", 0100777, 0, 0);
	audit_rig_run(r, NULL);
}

static void a_high_finding_gates_and_a_clean_scan_passes(void **unused)
{
	struct audit_rig r, clean = audit_rig_new();
	struct hf_gate g;

	(void)unused;
	breach(&r, "");
	g = judged(&r, &(struct hf_gate_opts){ 0 });
	assert_int_equal(g.status, HF_GATE_FINDINGS);
	assert_int_equal(g.gating, 1);
	assert_int_equal(g.open[HF_SEV_HIGH], 1);
	assert_true(audit_rig_find(&r, "POL-001", 0)->gates);
	audit_rig_run(&clean, NULL);
	assert_int_equal(judged(&clean, &(struct hf_gate_opts){ 0 }).status, HF_GATE_PASS);
	audit_rig_end(&r);
	audit_rig_end(&clean);
}

static void an_incomplete_scan_is_worse_than_findings(void **unused)
{
	struct audit_rig r = audit_rig_new();
	struct hf_gate g;

	(void)unused;
	audit_rig_policy(&r, "[gate]\nfail_on=\"none\"\n");
	add_problem(&r, "fw!/x", 1, "cap");
	audit_rig_run(&r, NULL);
	g = judged(&r, &(struct hf_gate_opts){ 0 });
	assert_true(g.incomplete);
	assert_int_equal(g.gating, 0);
	assert_int_equal(g.status, HF_GATE_INCOMPLETE); /* whatever the policy lets pass */
	audit_rig_end(&r);
}

static void a_waiver_hides_what_it_names_until_it_expires(void **unused)
{
	struct audit_rig r, old;
	struct hf_gate g;

	(void)unused;
	breach(&r, WAIVER "expires=2026-12-01\n");
	breach(&old, WAIVER "expires=2026-09-03\n");
	g = judged(&r, &(struct hf_gate_opts){ 0 });
	assert_int_equal(g.status, HF_GATE_PASS);
	assert_int_equal(g.waived, 1);
	assert_int_equal(audit_rig_count(&r, "GATE-003"), 1); /* not signed */
	assert_string_equal(audit_rig_find(&r, "POL-001", 0)->waiver->ticket, "HW-77");
	g = judged(&old, &(struct hf_gate_opts){ .waivers_signed = true });
	assert_int_equal(g.status, HF_GATE_FINDINGS);
	assert_int_equal(audit_rig_count(&old, "GATE-001"), 1);
	assert_int_equal(g.gating, 2); /* the finding, and the waiver that is over */
	audit_rig_end(&r);
	audit_rig_end(&old);
}

static void a_signed_waiver_is_not_complained_about(void **unused)
{
	struct audit_rig r;

	(void)unused;
	breach(&r, WAIVER "expires=2026-12-01\n");
	(void)judged(&r, &(struct hf_gate_opts){ .waivers_signed = true });
	assert_int_equal(audit_rig_count(&r, "GATE-003"), 0);
	assert_true(audit_rig_find(&r, "POL-001", 0)->waiver_signed);
	audit_rig_end(&r);
}

static void a_waiver_that_matches_nothing_is_said(void **unused)
{
	static const char *const scopes[] = { "path:/etc/y", "path:/etc", ("sha256:" DIGEST),
					      "purl:pkg:deb/x" };

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		char toml[512] = "[[waiver]]\nid=\"POL-001\"\nexpires=2026-12-01\n" TAIL "scope=\"";
		struct audit_rig r;

		strcat(toml, scopes[i]);
		strcat(toml, "\"\n");
		breach(&r, toml);
		assert_int_equal(judged(&r, &(struct hf_gate_opts){ 0 }).status, HF_GATE_FINDINGS);
		assert_int_equal(audit_rig_count(&r, "GATE-002"), 1);
		audit_rig_end(&r);
	}
}

static void scan_findings_are_waived_by_digest_only(void **unused)
{
	struct audit_rig r = audit_rig_new();
	char toml[512] = "[[waiver]]\nid=\"SCAN-002\"\nexpires=2026-12-01\n" TAIL "scope=\"sha256:", hex[65];
	struct hf_out out = { (uint8_t *)hex, 64, 0 };
	const struct hf_fact *file;

	(void)unused;
	audit_rig_file(&r, "fw!/blob", 0100644, 0, 0);
	add_problem(&r, "fw!/blob", 2, "encrypted");
	assert_int_equal(hf_model_seal(r.model), HF_OK);
	file = hf_model_file(r.model, HF_STR("fw!/blob"));
	assert_int_equal(hf_hex_encode(file->text[HF_FILE_SHA256], &out), HF_OK);
	hex[64] = '\0';
	strcat(toml, hex);
	strcat(toml, "\"\n");
	hf_model_free(r.model);
	assert_int_equal(hf_model_new(&r.model), HF_OK);
	audit_rig_file(&r, "fw!/blob", 0100644, 0, 0);
	add_problem(&r, "fw!/blob", 2, "encrypted");
	audit_rig_policy(&r, toml);
	audit_rig_run(&r, NULL);
	assert_int_equal(judged(&r, &(struct hf_gate_opts){ 0 }).status, HF_GATE_PASS);
	audit_rig_end(&r);
}

static void a_baseline_hides_old_findings_but_no_gap_in_the_scan(void **unused)
{
	struct audit_rig r, gap = audit_rig_new();
	char json[256];
	struct hf_baseline b;
	struct hf_gate g;

	(void)unused;
	breach(&r, "");
	(void)snprintf(json, sizeof(json),
		       "{\n  \"findings\": [\n      \"fingerprint\": \"%s\",\n  ],\n"
		       "  \"schema\": \"holdfast-audit/1\"\n}\n",
		       audit_rig_find(&r, "POL-001", 0)->fingerprint);
	assert_int_equal(hf_baseline_read((hf_bytes){ (const uint8_t *)json, strlen(json) }, &b), HF_OK);
	assert_int_equal(b.n, 1);
	g = judged(&r, &(struct hf_gate_opts){ .baseline = &b });
	assert_int_equal(g.status, HF_GATE_PASS);
	assert_int_equal(g.known, 1);
	add_problem(&gap, "fw!/x", 2, "unread");
	audit_rig_run(&gap, NULL);
	memcpy(b.at[0], gap.outcome->findings[0].fingerprint, HF_FINGERPRINT_LEN);
	assert_int_equal(judged(&gap, &(struct hf_gate_opts){ .baseline = &b }).status, HF_GATE_INCOMPLETE);
	hf_baseline_free(&b);
	audit_rig_end(&r);
	audit_rig_end(&gap);
}

static void what_is_no_whole_report_is_no_baseline(void **unused)
{
	static const char *const bad[] = {
		"",
		"{}\n",
		"{\n}\n",
		"{\n  \"schema\": \"holdfast-audit/2\"\n}\n",
		"{\n  \"schema\": \"holdfast-audit/1\",\n",
		("{\n  \"schema\": \"holdfast-audit/1\",\n  \"fingerprint\": "
		 "\"0123456789abcdef0123456789abcdeX\"\n}\n"),
	};
	struct hf_baseline b;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(hf_baseline_read((hf_bytes){ (const uint8_t *)bad[i], strlen(bad[i]) }, &b),
				 HF_ERR_AUDIT_REPORT);
		assert_null(b.at);
	}
}

static void the_policy_sets_the_bars(void **unused)
{
	struct audit_rig named = audit_rig_new(), feed = audit_rig_new();

	(void)unused;
	audit_rig_policy(&named, "[gate]\nfail_on=\"none\"\nfail_ids=[\"POL-*\"]\n"
				 "[[file]]\npath=\"/x\"\nabsent=true\n");
	audit_rig_file(&named, "fw!/x", 0100644, 0, 0);
	audit_rig_run(&named, NULL);
	assert_int_equal(judged(&named, &(struct hf_gate_opts){ 0 }).status, HF_GATE_FINDINGS);
	audit_rig_policy(&feed, "[scan]\nrequire_feed=true\n");
	audit_rig_run(&feed, NULL);
	assert_int_equal(judged(&feed, &(struct hf_gate_opts){ .feed_stale = true }).status,
			 HF_GATE_INCOMPLETE);
	assert_int_equal(judged(&feed, &(struct hf_gate_opts){ 0 }).status, HF_GATE_PASS);
	audit_rig_end(&named);
	audit_rig_end(&feed);
}

static void too_many_medium_findings_gate(void **unused)
{
	struct audit_rig r;
	struct hf_gate g;

	(void)unused;
	breach(&r, "[gate]\nmax_medium=0\n" WAIVER "expires=2026-12-01\n");
	g = judged(&r, &(struct hf_gate_opts){ 0 });
	assert_true(g.too_many_medium); /* GATE-003 is one */
	assert_int_equal(g.status, HF_GATE_FINDINGS);
	audit_rig_end(&r);
}

static void files_contents_and_directories_are_held_to_the_policy(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_policy(&r, "[[file]]\npath=\"/a\"\nuid=0\n[[file]]\npath=\"/gone\"\nuid=0\n"
			     "[[file]]\npath=\"/d\"\nsha256=\"" DIGEST "\"\n"
			     "[[content]]\npath=\"/c\"\nmust_match=\"x\"\n"
			     "[[content]]\npath=\"/a\"\nmust_not_match=\"x\"\n"
			     "[[dir]]\npath=\"/etc/init.d/\"\nallow=[\"S??net\",\"S*\"]\n");
	audit_rig_file(&r, "fw!/a", 0100644, 7, 0);
	audit_rig_file(&r, "fw!/c", 0100644, 0, 0);
	audit_rig_file(&r, "fw!/d", 0100644, 0, 0);
	audit_rig_file(&r, "fw!/etc/init.d/S10x", 0100644, 0, 0);
	audit_rig_file(&r, "fw!/etc/init.d/evil", 0100644, 0, 0);
	audit_rig_file(&r, "fw!/etc/init.d/sub/evil", 0100644, 0, 0);
	audit_rig_fact(
		&r, &(struct hf_fact){ .kind = HF_FACT_CONTENT, .path = HF_STR("fw!/c"), .num = { 3, 0 } });
	audit_rig_run(&r, "POL");
	assert_int_equal(audit_rig_count(&r, "POL-001"), 2);
	assert_int_equal(audit_rig_count(&r, "POL-002"), 1);
	assert_int_equal(audit_rig_unknowns(&r, "POL-002"), 1); /* nobody matched /a */
	assert_int_equal(audit_rig_passes(&r, "POL-002"), 0);
	assert_int_equal(audit_rig_count(&r, "POL-003"), 1);
	assert_int_equal(audit_rig_unknowns(&r, "POL-001"), 1); /* /gone */
	audit_rig_end(&r);
}

static void clauses_never_pass_by_an_image_alone(void **unused)
{
	struct audit_rig r = audit_rig_new();
	char words[64];

	(void)unused;
	audit_rig_run(&r, "SCAN");
	for (size_t i = 0; i < hf_n_clauses; i++) {
		unsigned v = hf_clause_verdict(&hf_clauses[i], r.outcome, true, words);

		assert_int_not_equal(v, HF_VERDICT_FAIL);
		if ((hf_clauses[i].by & (HF_BY_DEVICE | HF_BY_BACKEND | HF_BY_HUMAN)) != 0)
			assert_int_equal(v, HF_VERDICT_NEEDS_STATEMENT);
	}
	(void)hf_clause_verdict(&(struct hf_clause){ "X", HF_BY_IMAGE, "POL-*" }, r.outcome, true, words);
	assert_string_equal(words, "NOT-APPLICABLE(nothing of this kind in the image)");
	(void)hf_clause_verdict(&(struct hf_clause){ "X", HF_BY_IMAGE, "SCAN-*" }, r.outcome, true, words);
	assert_string_equal(words, "PASS");
	(void)hf_clause_verdict(&(struct hf_clause){ "X", HF_BY_IMAGE, "SCAN-*" }, r.outcome, false, words);
	assert_string_equal(words, "NEEDS-STATEMENT(human)");
	audit_rig_end(&r);
	breach(&r, "");
	assert_int_equal(hf_clause_verdict(&(struct hf_clause){ "X", HF_BY_IMAGE, "A POL-001" }, r.outcome,
					   true, words),
			 HF_VERDICT_FAIL);
	audit_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_high_finding_gates_and_a_clean_scan_passes),
		cmocka_unit_test(an_incomplete_scan_is_worse_than_findings),
		cmocka_unit_test(a_waiver_hides_what_it_names_until_it_expires),
		cmocka_unit_test(a_signed_waiver_is_not_complained_about),
		cmocka_unit_test(a_waiver_that_matches_nothing_is_said),
		cmocka_unit_test(scan_findings_are_waived_by_digest_only),
		cmocka_unit_test(a_baseline_hides_old_findings_but_no_gap_in_the_scan),
		cmocka_unit_test(what_is_no_whole_report_is_no_baseline),
		cmocka_unit_test(the_policy_sets_the_bars),
		cmocka_unit_test(too_many_medium_findings_gate),
		cmocka_unit_test(files_contents_and_directories_are_held_to_the_policy),
		cmocka_unit_test(clauses_never_pass_by_an_image_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
