/* Clause numbers and own words only. I = image, D = device, B = backend, H = human.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/compliance.h>
#include "judge_priv.h"

enum { I = HF_BY_IMAGE, D = HF_BY_DEVICE, B = HF_BY_BACKEND, H = HF_BY_HUMAN };

const struct hf_clause hf_clauses[] = {
	{ "EN303645:5.1-1 EN303645:5.1-2 PSTI:1 CRA:I.1 EN18031:AUM", I | D | B, "CRED-*" },
	{ "EN303645:5.1-3 EN303645:5.3-7 EN303645:5.5-1 EN18031:CRY", I | D, "CRED-004 KEY-004 VULN-003" },
	{ "EN303645:5.1-5", D, "" },
	{ "EN303645:5.2-1 PSTI:2", B | I, "" },
	{ "EN303645:5.3-13 PSTI:3", B, "" },
	{ "EN303645:5.3-1 EN303645:5.3-2 EN303645:5.3-4 EN303645:5.3-5 EN303645:5.3-9 EN303645:5.3-10 "
	  "EN18031:SUM IEC62443-4-2:EDR3.10",
	  I | D | B, "UPD-*" },
	{ "EN303645:5.3-8 CRA:II.1 CRA:II.2 CRA:II.8 EN18031:GEC-1 IEC62443-4-1:SVV-3 IEC62443-4-1:SM-9",
	  I | B, "SBOM-* VULN-*" },
	{ "EN303645:5.3-16 EN303645:5.4-2", D | B, "" },
	{ "EN303645:5.4-1 EN303645:5.4-3 EN303645:5.4-4 EN18031:CCK EN18031:SSM", I | B, "KEY-*" },
	{ "EN303645:5.6-1 EN303645:5.6-2 EN303645:5.6-3 EN303645:5.6-4 EN303645:5.6-5 EN303645:5.6-6 "
	  "EN303645:5.6-7 EN303645:5.6-8 EN303645:5.6-9 EN18031:ACM",
	  I | D, "SVC-* DBG-* PRIV-* ELF-* SURF-*" },
	{ "EN303645:5.7-1 EN303645:5.7-2 IEC62443-4-2:EDR3.11", I | D | B, "UPD-001 UPD-004 KRN-003" },
	{ "EN303645:5.5-5 EN303645:5.5-7 EN303645:5.5-8 EN303645:5.10-1 EN303645:5.11-1 EN18031:LGM "
	  "EN18031:DLM",
	  D | B, "" },
	{ "EN303645:5.8-1 EN303645:5.12-1", H, "" },
};
const size_t hf_n_clauses = sizeof(hf_clauses) / sizeof(hf_clauses[0]);

/* Does `id` fit one of the patterns, which blanks separate? */
static bool fits(const char *patterns, const char *id)
{
	while (*patterns != '\0') {
		size_t len = strcspn(patterns, " ");

		if (hf__glob((hf_bytes){ (const uint8_t *)patterns, len },
			     (hf_bytes){ (const uint8_t *)id, strlen(id) }))
			return true;
		patterns += len + (patterns[len] == ' ' ? 1 : 0);
	}
	return false;
}

/* Information and low findings do not break a clause; waived ones do: a waiver is a decision, no evidence. */
bool hf_clause_concerns(const struct hf_clause *clause, const struct hf_finding *f)
{
	return f->severity >= HF_SEV_MEDIUM && fits(clause->ids, f->rule->id);
}

static bool is_looked_at(const struct hf_clause *clause, const struct hf_outcome *o)
{
	for (size_t i = 0; i < hf_n_rules(); i++)
		if (o->passes[i] > 0 && fits(clause->ids, hf_rule_at(i)->id))
			return true;
	for (size_t i = 0; i < o->n_findings; i++)
		if (fits(clause->ids, o->findings[i].rule->id))
			return true;
	return false;
}

static bool is_unknown(const struct hf_clause *clause, const struct hf_outcome *o)
{
	for (size_t i = 0; i < o->n_unknowns; i++)
		if (o->unknowns[i].rule->severity >= HF_SEV_HIGH &&
		    fits(clause->ids, o->unknowns[i].rule->id))
			return true;
	return false;
}

static void name_others(uint8_t by, char words[static 64])
{
	static const char *const names[] = { "image", "device", "backend", "human" };
	size_t len = (size_t)snprintf(words, 64, "NEEDS-STATEMENT(");
	const char *comma = "";

	for (unsigned i = 1; i < 4; i++)
		if ((by & 1u << i) != 0) {
			len += (size_t)snprintf(words + len, 64 - len, "%s%s", comma, names[i]);
			comma = ", ";
		}
	(void)snprintf(words + len, 64 - len, ")");
}

unsigned hf_clause_verdict(const struct hf_clause *clause, const struct hf_outcome *o, bool complete,
			   char words[static 64])
{
	uint8_t others = clause->by & (uint8_t)~HF_BY_IMAGE;

	for (size_t i = 0; i < o->n_findings; i++)
		if (hf_clause_concerns(clause, &o->findings[i])) {
			(void)snprintf(words, 64, "FAIL");
			return HF_VERDICT_FAIL;
		}
	if (others != 0) {
		name_others(others, words);
		return HF_VERDICT_NEEDS_STATEMENT;
	}
	if (!complete || is_unknown(clause, o)) {
		(void)snprintf(words, 64, "NEEDS-STATEMENT(human)");
		return HF_VERDICT_NEEDS_STATEMENT;
	}
	if (!is_looked_at(clause, o)) {
		(void)snprintf(words, 64, "NOT-APPLICABLE(nothing of this kind in the image)");
		return HF_VERDICT_NOT_APPLICABLE;
	}
	(void)snprintf(words, 64, "PASS");
	return HF_VERDICT_PASS;
}
