/* SPDX-License-Identifier: Apache-2.0 */
#include "check_rig.h"
#include <string.h>

static void add(struct audit_rig *r, const struct given *g)
{
	struct hf_fact f = { .kind = (uint8_t)g->kind };

	f.path = (hf_bytes){ (const uint8_t *)g->path, strlen(g->path) };
	memcpy(f.num, g->num, sizeof(f.num));
	for (int i = 0; i < HF_FACT_TEXTS; i++)
		if (g->text[i] != NULL)
			f.text[i] = (hf_bytes){ (const uint8_t *)g->text[i], strlen(g->text[i]) };
	audit_rig_fact(r, &f);
}

static void run(struct audit_rig *r, const char *policy, const char *id, const struct given *facts)
{
	char group[16] = "";
	size_t n = strcspn(id, "-");

	memcpy(group, id, n < sizeof(group) ? n : 0);
	if (policy != NULL)
		audit_rig_policy(r, policy);
	for (; facts->kind != 0; facts++)
		add(r, facts);
	audit_rig_run(r, group);
}

void check_says_under(const char *policy, const char *id, const struct given *facts, int want)
{
	struct audit_rig r = audit_rig_new();
	size_t findings, unknowns;
	uint64_t passes;

	run(&r, policy, id, facts);
	findings = audit_rig_count(&r, id);
	unknowns = audit_rig_unknowns(&r, id);
	passes = audit_rig_passes(&r, id);
	audit_rig_end(&r);
	if (want == FINDS && findings == 0)
		fail_msg("%s finds nothing", id);
	if (want != FINDS && findings > 0)
		fail_msg("%s finds something", id);
	if (want == UNKNOWN && unknowns == 0)
		fail_msg("%s does not say that it cannot tell", id);
	if (want == PASSES && (unknowns > 0 || passes == 0))
		fail_msg("%s does not say that it looked and found it good", id);
}

void check_says(const char *id, const struct given *facts, int want)
{
	check_says_under(NULL, id, facts, want);
}

unsigned check_severity(const char *id, const struct given *facts)
{
	struct audit_rig r = audit_rig_new();
	unsigned severity;

	run(&r, NULL, id, facts);
	assert_int_equal(audit_rig_count(&r, id), 1);
	severity = audit_rig_find(&r, id, 0)->severity;
	audit_rig_end(&r);
	return severity;
}
