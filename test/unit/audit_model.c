/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <string.h>
#include <hf/factscan.h>

static hf_bytes bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static void a_model_does_not_depend_on_the_order_of_facts(void **unused)
{
	static const char *const paths[] = { "b!/x", "a!/y", "a!/x", "a!/x" };
	struct audit_rig r = audit_rig_new();
	size_t first;

	(void)unused;
	for (size_t i = 0; i < 4; i++)
		audit_rig_fact(&r,
			       &(struct hf_fact){ .kind = 40, .path = bytes(paths[i]), .num = { 4 - i } });
	audit_rig_fact(&r, &(struct hf_fact){ .kind = 40, .path = bytes("a!/x"), .num = { 1 } }); /* repeat */
	assert_int_equal(hf_model_seal(r.model), HF_OK);
	assert_int_equal(hf_model_n(r.model, 40), 4);
	assert_int_equal(hf_model_of(r.model, 40, bytes("a!/x"), &first), 2);
	assert_int_equal(hf_model_at(r.model, 40, first)->num[0], 1);
	assert_int_equal(hf_model_at(r.model, 40, first + 1)->num[0], 2);
	assert_int_equal(hf_model_of(r.model, 40, bytes("a!/z"), &first), 0);
	assert_null(hf_model_at(r.model, 40, 4));
	assert_int_equal(hf_model_n(r.model, 1000), 0);
	audit_rig_end(&r);
}

static void a_model_has_a_ceiling(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	/* The memory is not touched: the ceiling is asked first. */
	assert_int_equal(hf_model_add(r.model, &(struct hf_fact){ .kind = 1,
								  .text = { { (const uint8_t *)&r,
									      HF_MODEL_MAX_BYTES } } }),
			 HF_ERR_MODEL_LIMIT);
	audit_rig_end(&r);
}

static void a_container_that_was_opened_speaks_through_its_files(void **unused)
{
	struct audit_rig r = audit_rig_new();
	static const struct {
		const char *path;
		uint64_t len;
	} files[] = { { "whole.tar", 95 }, { "part.bin", 50 } };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		hf_bytes path = bytes(files[i].path);

		audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_FILE,
						      .path = path,
						      .num = { HF_NODE_FILE, [HF_FILE_SIZE] = 100 } });
		audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_CONTAINER,
						      .path = path,
						      .num = { 0, files[i].len } });
		audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_HIT, .path = path });
	}
	assert_int_equal(hf_model_seal(r.model), HF_OK);
	assert_int_equal(hf_model_n(r.model, HF_FACT_HIT), 1); /* of the one with bytes that nobody opened */
	audit_rig_end(&r);
}

static void a_sealed_model_takes_no_more_facts(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	assert_int_equal(hf_model_add(r.model, &(struct hf_fact){ .kind = 0 }), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_model_add(r.model, &(struct hf_fact){ .kind = HF_FACT_KINDS }),
			 HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_model_seal(r.model), HF_OK);
	assert_int_equal(hf_model_seal(r.model), HF_ERR_BASE_MISUSE);
	assert_int_equal(hf_model_add(r.model, &(struct hf_fact){ .kind = 1 }), HF_ERR_BASE_MISUSE);
	audit_rig_end(&r);
}

static const char *resolved(const struct audit_rig *r, const char *name)
{
	static char path[HF_FACT_PATH_MAX + 1];
	const struct hf_fact *f = hf_model_resolve(r->model, bytes("fw"), bytes(name));

	if (f == NULL)
		return "nothing";
	memcpy(path, f->path.ptr, f->path.len);
	path[f->path.len] = 0;
	return path;
}

static void links_are_followed_inside_the_tree_only(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_file(&r, "fw!/usr/lib/libc.so.6", 0100755, 0, 0);
	audit_rig_file(&r, "fw!/etc/passwd", 0100644, 0, 0);
	audit_rig_file(&r, "other!/secret", 0100644, 0, 0);
	audit_rig_link(&r, "fw!/lib", "usr/lib");
	audit_rig_link(&r, "fw!/usr/lib/libx.so", "../lib/libc.so.6");
	audit_rig_link(&r, "fw!/usr/lib/abs.so", "/lib/libx.so");
	audit_rig_link(&r, "fw!/out", "../../../../etc/passwd");
	audit_rig_link(&r, "fw!/loop", "loop");
	audit_rig_link(&r, "fw!/a", "b/c");
	audit_rig_link(&r, "fw!/b", "a/c");
	audit_rig_link(&r, "fw!/gone", "nowhere");
	assert_int_equal(hf_model_seal(r.model), HF_OK);
	assert_string_equal(resolved(&r, "/lib/libc.so.6"), "fw!/usr/lib/libc.so.6");
	assert_string_equal(resolved(&r, "/lib/libx.so"), "fw!/usr/lib/libc.so.6");
	assert_string_equal(resolved(&r, "/usr/lib/abs.so"), "fw!/usr/lib/libc.so.6");
	assert_string_equal(resolved(&r, "//usr/./lib//../lib/libc.so.6"), "fw!/usr/lib/libc.so.6");
	assert_string_equal(resolved(&r, "/out"), "fw!/etc/passwd"); /* as a root directory would have it */
	assert_string_equal(resolved(&r, "/loop"), "nothing");
	assert_string_equal(resolved(&r, "/a"), "nothing");
	assert_string_equal(resolved(&r, "/gone"), "nothing");
	assert_string_equal(resolved(&r, ""), "nothing");
	assert_null(hf_model_resolve(r.model, bytes("fw"), bytes("/../other!/secret")));
	audit_rig_end(&r);
}

static void problems_become_findings_that_keep_their_fingerprint(void **unused)
{
	struct audit_rig r = audit_rig_new(), s = audit_rig_new();

	(void)unused;
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_PROBLEM,
					      .path = bytes("a.img!/x"),
					      .num = { 1, 100, 5 },
					      .text = { HF_STR("ratio 1000:1 \x1b[31m") } });
	audit_rig_fact(&s, &(struct hf_fact){ .kind = HF_FACT_PROBLEM,
					      .path = bytes("b.img!/x"),
					      .num = { 1, 200, 6 },
					      .text = { HF_STR("ratio 2000:3 \x1b[32m") } });
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_PROBLEM, .path = bytes("a"), .num = { 9 } });
	audit_rig_run(&r, "SCAN");
	audit_rig_run(&s, "SCAN");
	assert_int_equal(audit_rig_count(&r, "SCAN-001"), 1);
	assert_int_equal(audit_rig_count(&r, "SCAN-002"), 1); /* a number nobody knows */
	assert_string_equal(audit_rig_find(&r, "SCAN-001", 0)->evidence, "ratio 1000:1 \\x1b[31m");
	assert_string_equal(audit_rig_find(&r, "SCAN-001", 0)->fingerprint,
			    audit_rig_find(&s, "SCAN-001", 0)->fingerprint);
	assert_string_not_equal(audit_rig_find(&r, "SCAN-001", 0)->fingerprint,
				audit_rig_find(&r, "SCAN-002", 0)->fingerprint);
	audit_rig_end(&r);
	audit_rig_end(&s);
}

static void a_complete_scan_passes_and_an_unknown_is_neither(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_run(&r, "SCAN");
	assert_int_equal(audit_rig_passes(&r, "SCAN-001"), 1);
	assert_int_equal(r.outcome->n_findings, 0);
	hf_unknown(r.c, hf_rule_find("SCAN-002"), bytes("x"), "cannot say\n");
	assert_int_equal(audit_rig_unknowns(&r, "SCAN-002"), 1);
	assert_string_equal(r.outcome->unknowns[0].why, "cannot say\\x0a");
	assert_int_equal(hf_case_run(r.c, "NOSUCH"), HF_ERR_BASE_MISUSE);
	audit_rig_end(&r);
}

static void a_secret_is_redacted(void **unused)
{
	uint8_t room[64];
	struct hf_out out = HF_OUT(room), small = { room, 10, 0 };

	(void)unused;
	assert_int_equal(hf_redact(bytes("hunter2-and-more"), &out), HF_OK);
	assert_int_equal(out.len, 4 + 10 + 8);
	assert_memory_equal(room, "hunt...sha256:", 14);
	out.len = 0;
	assert_int_equal(hf_redact(bytes("abc"), &out), HF_OK);
	assert_memory_equal(room, "a...sha256:", 11);
	assert_int_equal(hf_redact(bytes("hunter2-and-more"), &small), HF_ERR_BASE_NO_ROOM);
	assert_int_equal(small.len, 0);
}

static void every_rule_is_whole(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < hf_n_rules(); i++) {
		const struct hf_rule *rule = hf_rule_at(i);

		assert_ptr_equal(hf_rule_find(rule->id), rule); /* no id stands twice */
		assert_int_equal(hf_rule_number(rule), i);
		assert_in_range(rule->severity, HF_SEV_INFO, HF_SEV_CRITICAL);
		assert_true(strlen(rule->title) > 0 && strlen(rule->fix) > 0);
		assert_non_null(rule->clauses);
	}
	assert_null(hf_rule_at(hf_n_rules()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_does_not_depend_on_the_order_of_facts),
		cmocka_unit_test(a_model_has_a_ceiling),
		cmocka_unit_test(a_container_that_was_opened_speaks_through_its_files),
		cmocka_unit_test(a_sealed_model_takes_no_more_facts),
		cmocka_unit_test(links_are_followed_inside_the_tree_only),
		cmocka_unit_test(problems_become_findings_that_keep_their_fingerprint),
		cmocka_unit_test(a_complete_scan_passes_and_an_unknown_is_neither),
		cmocka_unit_test(a_secret_is_redacted),
		cmocka_unit_test(every_rule_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
