/* check_scan.c -- what could not be read. An incomplete scan is never a clean one, so these gate whatever the
 * policy says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/judge.h>

enum { KEY_CAP = 256 };

extern const struct hf_rule hf_rules_scan[];
extern const size_t hf_n_rules_scan;

/* The reason without its numbers: offsets and sizes move from build to build. */
static hf_bytes without_digits(hf_bytes why, uint8_t room[static KEY_CAP])
{
	size_t len = 0;

	for (size_t i = 0; i < why.len && len < KEY_CAP; i++)
		if (why.ptr[i] < '0' || why.ptr[i] > '9')
			room[len++] = why.ptr[i];
	return (hf_bytes){ room, len };
}

static void report_problems(struct hf_case *c, const struct hf_rule *rule)
{
	const struct hf_model *m = hf_case_model(c);
	size_t n = hf_model_n(m, HF_FACT_PROBLEM);

	for (size_t i = 0; i < n; i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_PROBLEM, i);
		uint64_t which = f->num[HF_PROBLEM_RULE];
		uint8_t room[KEY_CAP];
		struct hf_report r = { .path = f->path,
				       .offset = f->num[HF_PROBLEM_BEGIN],
				       .length = f->num[HF_PROBLEM_LEN],
				       .evidence = f->text[HF_PROBLEM_WHY],
				       .key = without_digits(f->text[HF_PROBLEM_WHY], room) };

		/* A number that nobody knows is still a part that nobody read. */
		r.id = which == 1 ? "SCAN-001" : which == 3 ? "SCAN-003" : "SCAN-002";
		hf_find(c, rule, &r);
	}
	if (n == 0)
		hf_pass(c, rule);
}

const struct hf_rule hf_rules_scan[] = {
	{ "SCAN-001", HF_SEV_HIGH, 0, "a limit of the scan was hit",
	  "raise the limit in [scan] if the image is meant to be so large, and look why it is", "",
	  report_problems },
	{ "SCAN-002", HF_SEV_HIGH, 0, "a part of the image is unreadable, encrypted or of an unknown format",
	  "audit the image before it is encrypted, or waive this very file by its sha256", "", NULL },
	{ "SCAN-003", HF_SEV_HIGH, 0, "a reader died or ran out of time on this file",
	  "treat the file as hostile until somebody has looked at it; report it as a bug of the auditor", "",
	  NULL },
};
const size_t hf_n_rules_scan = sizeof(hf_rules_scan) / sizeof(hf_rules_scan[0]);
