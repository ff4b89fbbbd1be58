/* table.c -- all groups of checks, in the order of the list in meson.build, which gives HF_GROUPS.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/outcome.h>

#define HF__DECLARE(name, NAME) \
	extern const struct hf_rule hf_rules_##name[]; \
	extern const size_t hf_n_rules_##name;
HF_GROUPS(HF__DECLARE)

#define HF__ROW(name, NAME) { NAME, hf_rules_##name, &hf_n_rules_##name },
const struct hf_group hf_groups[] = { HF_GROUPS(HF__ROW) };
const size_t hf_n_groups = sizeof(hf_groups) / sizeof(hf_groups[0]);

size_t hf_n_rules(void)
{
	size_t n = 0;

	for (size_t i = 0; i < hf_n_groups; i++)
		n += *hf_groups[i].n;
	return n;
}

const struct hf_rule *hf_rule_at(size_t number)
{
	for (size_t i = 0; i < hf_n_groups; i++) {
		if (number < *hf_groups[i].n)
			return &hf_groups[i].rules[number];
		number -= *hf_groups[i].n;
	}
	return NULL;
}

const struct hf_rule *hf_rule_find(const char *id)
{
	for (size_t i = 0; i < hf_n_groups; i++)
		for (size_t k = 0; k < *hf_groups[i].n; k++)
			if (strcmp(hf_groups[i].rules[k].id, id) == 0)
				return &hf_groups[i].rules[k];
	return NULL;
}

size_t hf_rule_number(const struct hf_rule *rule)
{
	size_t before = 0;

	for (size_t i = 0; i < hf_n_groups; i++) {
		const struct hf_rule *first = hf_groups[i].rules;

		if (rule >= first && rule < first + *hf_groups[i].n)
			return before + (size_t)(rule - first);
		before += *hf_groups[i].n;
	}
	return before;
}

const char *hf_severity_name(unsigned severity)
{
	static const char *const names[] = { "none", "info", "low", "medium", "high", "critical" };

	return severity < sizeof(names) / sizeof(names[0]) ? names[severity] : names[0];
}
