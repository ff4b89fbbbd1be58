/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_rig.h"
#include <string.h>
#include <hf/factcomp.h>
#include <hf/factscan.h>

/* A comparison of two rigs: facts of `before` and `now`, checks of one group. */
static struct hf_case *compared(struct audit_rig *before, struct audit_rig *now, const char *group)
{
	struct hf_case_opts opts = { .policy = &now->policy, .today = RIG_TODAY };
	struct hf_case *c = NULL;

	assert_int_equal(hf_model_seal(before->model), HF_OK);
	assert_int_equal(hf_model_seal(now->model), HF_OK);
	opts.model = now->model;
	opts.before = before->model;
	assert_int_equal(hf_case_new(&opts, &c), HF_OK);
	assert_int_equal(hf_case_run(c, group), HF_OK);
	now->c = c;
	now->outcome = hf_case_outcome(c);
	return c;
}

#define A(text) HF_STR("a.img!" text)
#define B(text) HF_STR("b.img!" text)

/* One row: a fact before (path empty: none), the fact now, and the rule that must speak. */
struct row {
	struct hf_fact before, now;
	const char *id;
};

static uint64_t states(unsigned property, unsigned state)
{
	return (uint64_t)state << (4 * property);
}

static size_t found_by(const struct row *row, bool swap)
{
	struct audit_rig a = audit_rig_new(), b = audit_rig_new();
	size_t n;

	if ((swap ? row->now : row->before).path.len > 0)
		audit_rig_fact(&a, swap ? &row->now : &row->before);
	if ((swap ? row->before : row->now).path.len > 0)
		audit_rig_fact(&b, swap ? &row->before : &row->now);
	compared(&a, &b, "SURF");
	n = audit_rig_count(&b, row->id);
	audit_rig_end(&a);
	audit_rig_end(&b);
	return n;
}

static void assert_gained(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (found_by(&rows[i], false) != 1 || found_by(&rows[i], true) != 0)
			fail_msg("row %zu, %s", i, rows[i].id);
}

static void new_services_powers_and_keys_are_said_lost_ones_are_not(void **unused)
{
	const struct row rows[] = {
		{ { 0 },
		  { .kind = HF_FACT_SERVICE, .path = B("/etc/inittab"), .text = { HF_STR("telnetd") } },
		  "SURF-001" },
		{ { 0 },
		  { .kind = HF_FACT_LISTENER,
		    .path = B("/etc/x.conf"),
		    .num = { 2323 },
		    .text = { HF_STR("0.0.0.0") } },
		  "SURF-001" },
		{ { .kind = HF_FACT_FILE, .path = A("/bin/x"), .num = { HF_NODE_FILE, 0755 } },
		  { .kind = HF_FACT_FILE, .path = B("/bin/x"), .num = { HF_NODE_FILE, 04755 } },
		  "SURF-002" },
		{ { 0 },
		  { .kind = HF_FACT_ACCOUNT, .path = B("/etc/passwd"), .text = { HF_STR("evil") } },
		  "SURF-002" },
		{ { 0 },
		  { .kind = HF_FACT_KEY,
		    .path = B("/etc/k"),
		    .num = { HF_KEYC_AUTHORIZED },
		    .text = { HF_STR("s") } },
		  "SURF-003" },
	};

	(void)unused;
	assert_gained(rows, sizeof(rows) / sizeof(rows[0]));
}

static void weaker_kernels_programs_and_packages_are_said_better_ones_are_not(void **unused)
{
	const struct row rows[] = {
		{ { .kind = HF_FACT_SETTING,
		    .path = A("/boot/config"),
		    .num = { HF_SUBJECT_KCONFIG },
		    .text = { HF_STR("VMAP_STACK"), HF_STR("y") } },
		  { .kind = HF_FACT_SETTING,
		    .path = B("/boot/config"),
		    .num = { HF_SUBJECT_KCONFIG },
		    .text = { HF_STR("VMAP_STACK"), HF_STR("n") } },
		  "SURF-004" },
		{ { .kind = HF_FACT_SETTING,
		    .path = A("/boot/config"),
		    .num = { HF_SUBJECT_KCONFIG },
		    .text = { HF_STR("KGDB"), HF_STR("n") } },
		  { .kind = HF_FACT_SETTING,
		    .path = B("/boot/config"),
		    .num = { HF_SUBJECT_KCONFIG },
		    .text = { HF_STR("KGDB"), HF_STR("y") } },
		  "SURF-004" },
		{ { .kind = HF_FACT_ELF, .path = A("/bin/x"), .text = { [HF_ELF_IMPORTS] = HF_STR("puts") } },
		  { .kind = HF_FACT_ELF,
		    .path = B("/bin/x"),
		    .text = { [HF_ELF_IMPORTS] = HF_STR("execve\0puts") } },
		  "SURF-005" },
		{ { .kind = HF_FACT_ELF,
		    .path = A("/bin/x"),
		    .text = { [HF_ELF_NEEDED] = HF_STR("libc.so.6") } },
		  { .kind = HF_FACT_ELF,
		    .path = B("/bin/x"),
		    .text = { [HF_ELF_NEEDED] = HF_STR("libc.so.6\0libcurl.so.4") } },
		  "SURF-005" },
		{ { .kind = HF_FACT_ELF,
		    .path = A("/bin/x"),
		    .num = { [HF_ELF_STATES] = states(HF_ELFP_PIE, 1) } },
		  { .kind = HF_FACT_ELF,
		    .path = B("/bin/x"),
		    .num = { [HF_ELF_STATES] = states(HF_ELFP_PIE, 2) } },
		  "SURF-006" },
		{ { .kind = HF_FACT_PACKAGE,
		    .path = A("/var/lib/dpkg/status"),
		    .num = { HF_DB_DPKG },
		    .text = { HF_STR("curl"), HF_STR("1:2") } },
		  { .kind = HF_FACT_PACKAGE,
		    .path = B("/var/lib/dpkg/status"),
		    .num = { HF_DB_DPKG },
		    .text = { HF_STR("curl"), HF_STR("1:1.9") } },
		  "SURF-007" },
	};

	(void)unused;
	assert_gained(rows, sizeof(rows) / sizeof(rows[0]));
}

static void equal_scans_of_two_names_differ_in_nothing(void **unused)
{
	struct audit_rig a = audit_rig_new(), b = audit_rig_new();

	(void)unused;
	audit_rig_file(&a, "a.img!/bin/x", 0104755, 0, 0);
	audit_rig_file(&b, "b.img!/bin/x", 0104755, 0, 0);
	compared(&a, &b, "SURF");
	assert_int_equal(b.outcome->n_findings, 0);
	audit_rig_end(&a);
	audit_rig_end(&b);
}

static void add_program(struct audit_rig *r, const char *path, const char *digest, const char *version)
{
	hf_bytes p = { (const uint8_t *)path, strlen(path) };

	audit_rig_fact(r,
		       &(struct hf_fact){
			       .kind = HF_FACT_FILE,
			       .path = p,
			       .num = { HF_NODE_FILE, [HF_FILE_KIND] = HF_KIND_ELF },
			       .text = { { (const uint8_t *)digest, 32 }, [HF_FILE_TREE] = HF_STR("t") } });
	audit_rig_fact(r, &(struct hf_fact){ .kind = HF_FACT_OWNS,
					     .path = HF_STR("x.img!/var/lib/dpkg/info/tool.list"),
					     .text = { HF_STR("tool"), HF_STR("/bin/tool") } });
	audit_rig_fact(r, &(struct hf_fact){ .kind = HF_FACT_PACKAGE,
					     .path = HF_STR("x.img!/var/lib/dpkg/status"),
					     .num = { HF_DB_DPKG },
					     .text = { HF_STR("tool"),
						       { (const uint8_t *)version, strlen(version) } } });
}

static void a_program_that_changed_alone_is_an_insiders_mark(void **unused)
{
	static const char one[] = "11111111111111111111111111111111",
			  two[] = "22222222222222222222222222222222";
	const struct {
		const char *digest, *version;
		size_t found;
	} rows[] = { { two, "1.0", 1 }, { two, "1.1", 0 }, { one, "1.0", 0 } };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct audit_rig a = audit_rig_new(), b = audit_rig_new();

		add_program(&a, "a.img!/usr/bin/tool", one, "1.0");
		add_program(&b, "b.img!/usr/bin/tool", rows[i].digest, rows[i].version);
		compared(&a, &b, "SURF");
		assert_int_equal(audit_rig_count(&b, "SURF-009"), rows[i].found);
		audit_rig_end(&a);
		audit_rig_end(&b);
	}
}

static void add_node(struct audit_rig *r, const char *path, const char *tree, const char *digest,
		     uint64_t mtime)
{
	audit_rig_fact(
		r, &(struct hf_fact){ .kind = HF_FACT_FILE,
				      .path = { (const uint8_t *)path, strlen(path) },
				      .num = { HF_NODE_FILE, [HF_FILE_MTIME] = mtime },
				      .text = { { (const uint8_t *)digest, 32 },
						[HF_FILE_TREE] = { (const uint8_t *)tree, strlen(tree) } } });
}

static void the_first_difference_of_two_builds_is_named(void **unused)
{
	static const char one[] = "11111111111111111111111111111111",
			  two[] = "22222222222222222222222222222222";
	const struct {
		const char *input, *file;
		uint64_t mtime;
		const char *words;
	} rows[] = {
		{ one, one, 5, NULL },
		{ two, one, 5, "order, packing" },
		{ two, one, 6, "timestamp" },
		{ two, two, 5, "content differs" },
	};

	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		struct audit_rig a = audit_rig_new(), b = audit_rig_new();

		add_node(&a, "a.img", "", one, 0);
		add_node(&a, "a.img!/x", "a.img", one, 5);
		add_node(&b, "b.img", "", rows[i].input, 0);
		add_node(&b, "b.img!/x", "b.img", rows[i].file, rows[i].mtime);
		compared(&a, &b, "REPRO");
		assert_int_equal(audit_rig_count(&b, "REPRO-001"), rows[i].words != NULL);
		if (rows[i].words != NULL)
			assert_non_null(strstr(audit_rig_find(&b, "REPRO-001", 0)->evidence, rows[i].words));
		else
			assert_int_equal(audit_rig_passes(&b, "REPRO-001"), 1);
		audit_rig_end(&a);
		audit_rig_end(&b);
	}
}

static void without_another_side_nothing_is_compared(void **unused)
{
	struct audit_rig r = audit_rig_new();

	(void)unused;
	audit_rig_file(&r, "a.img!/bin/x", 0104755, 0, 0);
	audit_rig_run(&r, "SURF");
	assert_int_equal(r.outcome->n_findings, 0);
	assert_int_equal(audit_rig_passes(&r, "SURF-002"), 0);
	audit_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_services_powers_and_keys_are_said_lost_ones_are_not),
		cmocka_unit_test(weaker_kernels_programs_and_packages_are_said_better_ones_are_not),
		cmocka_unit_test(equal_scans_of_two_names_differ_in_nothing),
		cmocka_unit_test(a_program_that_changed_alone_is_an_insiders_mark),
		cmocka_unit_test(the_first_difference_of_two_builds_is_named),
		cmocka_unit_test(without_another_side_nothing_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
