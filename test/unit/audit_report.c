/* Every document is made of one hostile outcome: names and evidence full of markup and control characters.
 * SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <string.h>
#include <hf/json.h>
#include <hf/render.h>

#define EVIL "<script>alert(1)</script>\x1b[2J\xe2\x80\xae\"';\\\n"

static struct hf_buf render(const char *format, const char *toml)
{
	struct audit_rig r = audit_rig_new();
	struct hf_buf out = HF_BUF(1 << 20);
	struct hf_rendering in = { .today = RIG_TODAY, .version = "0.1.0" };
	struct hf_gate gate;

	audit_rig_policy(&r, toml);
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_FILE,
					      .path = HF_STR("fw.tar"),
					      .num = { HF_NODE_FILE },
					      .text = { HF_STR("01234567890123456789012345678901") } });
	audit_rig_file(&r, "fw.tar!/bin/%3Csu%3E", 0104755, 0, 0);
	audit_rig_file(&r, "fw.tar!/etc/x", 0100777, 0, 0);
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_PROBLEM,
					      .path = HF_STR("fw.tar!/<b>'&"),
					      .num = { 2, 5, 7 },
					      .text = { HF_STR(EVIL) } });
	audit_rig_fact(&r, &(struct hf_fact){ .kind = HF_FACT_CONTAINER,
					      .path = HF_STR("fw.tar"),
					      .text = { HF_STR("tar") } });
	audit_rig_run(&r, NULL);
	hf_unknown(r.c, hf_rule_find("POL-001"), HF_STR("fw.tar!/y"), EVIL);
	assert_int_equal(hf_gate_judge(r.c, &(struct hf_gate_opts){ 0 }, &gate), HF_OK);
	in.model = r.model;
	in.outcome = r.outcome;
	in.gate = &gate;
	in.policy = &r.policy;
	assert_non_null(hf_format_find(format));
	assert_int_equal(hf_format_find(format)->render(&in, &out, NULL), HF_OK);
	audit_rig_end(&r);
	return out;
}

#define POLICY "[scan]\ngroups=[\"POL\"]\n[[file]]\npath=\"/etc/x\"\nmode_max=0o644\n"
#define WAIVED \
	POLICY "[[waiver]]\nid=\"POL-001\"\nscope=\"path:/etc/" \
	       "x\"\nreason=\"<i>&\"\nowner=\"o\"\nticket=\"t\"\n" \
	       "expires=2026-12-01\n"

static void every_document_is_printable(void **unused)
{
	static const char *const formats[] = { "text", "json", "sarif", "html" };

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		struct hf_buf out = render(formats[i], WAIVED);

		assert_true(out.len > 100);
		for (size_t k = 0; k < out.len; k++)
			assert_true(out.ptr[k] == '\n' || (out.ptr[k] >= 0x20 && out.ptr[k] < 0x7f));
		hf_buf_free(&out);
	}
	assert_null(hf_format_find("pdf"));
}

/* Members of every object in order: so that two reports can be compared line by line. */
static void assert_sorted(const char *text)
{
	char last[32][64] = { { 0 } };

	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t depth = strspn(line, " "), len;

		if (line[depth] == '}' || line[depth] == ']' || line[depth] == '{')
			last[depth / 2 + 1][0] = '\0';
		if (line[depth] != '"' || strchr(line + depth + 1, '"')[1] != ':')
			continue;
		len = strcspn(line + depth + 1, "\"");
		assert_true(depth / 2 < 31 && len < 64);
		assert_true(strncmp(last[depth / 2], line + depth + 1, 63) < 0 || last[depth / 2][0] == '\0');
		memcpy(last[depth / 2], line + depth + 1, len);
		last[depth / 2][len] = '\0';
		last[depth / 2 + 1][0] = '\0';
	}
}

static void the_json_report_is_sorted_and_whole(void **unused)
{
	struct hf_buf out = render("json", WAIVED);
	struct hf_json *tree = NULL;
	const struct hf_json *f;

	(void)unused;
	assert_sorted(hf_buf_text(&out));
	assert_int_equal(hf_json_parse(hf_buf_bytes(&out), &tree, NULL), HF_OK);
	assert_string_equal(hf_json_text(hf_json_get(tree, "schema"), ""), "holdfast-audit/1");
	assert_string_equal(hf_json_text(hf_json_get(tree, "as_of"), ""), "2026-09-04");
	assert_string_equal(hf_json_text(hf_json_get(hf_json_get(tree, "gate"), "status"), ""), "incomplete");
	f = hf_json_at(hf_json_get(tree, "findings"), 0);
	assert_string_equal(hf_json_text(hf_json_get(f, "id"), ""), "SCAN-002");
	assert_int_equal(hf_json_int(hf_json_get(f, "offset"), 0), 5);
	assert_true(strstr(hf_json_text(hf_json_get(f, "evidence"), ""), "\\x1b[2J") != NULL);
	f = hf_json_at(hf_json_get(tree, "suppressed"), 0);
	assert_string_equal(hf_json_text(hf_json_get(hf_json_get(f, "waiver"), "ticket"), ""), "t");
	assert_int_equal(hf_json_n(hf_json_get(hf_json_get(tree, "inventory"), "privileged")), 1);
	hf_json_free(tree);
	hf_buf_free(&out);
}

static void a_report_is_a_baseline_of_the_next(void **unused)
{
	struct hf_buf out = render("json", WAIVED);
	struct hf_baseline b;

	(void)unused;
	assert_int_equal(hf_baseline_read(hf_buf_bytes(&out), &b), HF_OK);
	assert_int_equal(b.n, 3); /* SCAN-002, GATE-003, and the waived POL-001 */
	hf_baseline_free(&b);
	hf_buf_free(&out);
}

static void the_page_holds_no_script_and_no_foreign_markup(void **unused)
{
	struct hf_buf out = render("html", WAIVED);
	const char *page = hf_buf_text(&out);

	(void)unused;
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<b>'"));
	assert_null(strstr(page, "<i>&"));
	assert_non_null(strstr(page, "default-src 'none'"));
	assert_null(strstr(page, "http:"));
	assert_null(strstr(page, "https:"));
	hf_buf_free(&out);
}

static void the_text_begins_with_the_verdict(void **unused)
{
	struct hf_buf out = render("text", POLICY);

	(void)unused;
	assert_memory_equal(out.ptr, "INCOMPLETE  0 critical, 2 high", 30);
	assert_non_null(strstr(hf_buf_text(&out), "POL-001 1"));
	hf_buf_free(&out);
}

static void sarif_paths_are_uris(void **unused)
{
	struct hf_buf out = render("sarif", POLICY);

	(void)unused;
	assert_non_null(strstr(hf_buf_text(&out), "\"uri\": \"fw.tar!/%3Cb%3E'&\""));
	hf_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_is_printable),
		cmocka_unit_test(the_json_report_is_sorted_and_whole),
		cmocka_unit_test(a_report_is_a_baseline_of_the_next),
		cmocka_unit_test(the_page_holds_no_script_and_no_foreign_markup),
		cmocka_unit_test(the_text_begins_with_the_verdict),
		cmocka_unit_test(sarif_paths_are_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
