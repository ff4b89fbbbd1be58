/* What was covered and what that says about clauses.
 * SPDX-License-Identifier: Apache-2.0 */
#include <hf/compliance.h>
#include "report_priv.h"

static void put_counts(struct hf_json_out *j, const struct hf_rendering *in)
{
	struct hf__counts c = hf__count(in);

	hf_json_put_uint(j, "bytes", c.bytes);
	hf_json_open(j, "containers", '[');
	for (size_t i = 0; i < c.containers; i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_CONTAINER, i);

		hf_json_open(j, NULL, '{');
		hf_json_put_uint(j, "begin", f->num[HF_CONTAINER_BEGIN]);
		hf_json_put_uint(j, "depth", f->num[HF_CONTAINER_DEPTH]);
		hf__json_bytes(j, "format", f->text[HF_CONTAINER_FORMAT]);
		hf_json_put_uint(j, "length", f->num[HF_CONTAINER_LEN]);
		hf__json_bytes(j, "path", f->path);
		hf_json_close(j);
	}
	hf_json_close(j);
	hf_json_put_uint(j, "elf", c.elfs);
	hf_json_put_uint(j, "files", c.files);
}

static void put_passes(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "passed", '[');
	for (size_t i = 0; i < hf_n_rules(); i++) {
		if (in->outcome->passes[i] == 0)
			continue;
		hf_json_open(j, NULL, '{');
		hf_json_put_uint(j, "count", in->outcome->passes[i]);
		hf_json_put_text(j, "id", hf_rule_at(i)->id);
		hf_json_close(j);
	}
	hf_json_close(j);
}

static void put_skipped(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "skipped", '[');
	for (size_t i = 0; i < hf_model_n(in->model, HF_FACT_PROBLEM); i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_PROBLEM, i);

		hf_json_open(j, NULL, '{');
		hf_json_put_uint(j, "length", f->num[HF_PROBLEM_LEN]);
		hf_json_put_uint(j, "offset", f->num[HF_PROBLEM_BEGIN]);
		hf__json_bytes(j, "path", f->path);
		hf__json_bytes(j, "why", f->text[HF_PROBLEM_WHY]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

void hf__json_coverage(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "coverage", '{');
	put_counts(j, in);
	put_passes(j, in);
	put_skipped(j, in);
	hf_json_open(j, "unknown", '[');
	for (size_t i = 0; i < in->outcome->n_unknowns; i++) {
		const struct hf_unknown *u = &in->outcome->unknowns[i];

		hf_json_open(j, NULL, '{');
		hf_json_put_text(j, "id", u->rule->id);
		hf__json_bytes(j, "path", u->path);
		hf_json_put_text(j, "why", u->why);
		hf_json_close(j);
	}
	hf_json_close(j);
	hf_json_close(j);
}

static void put_fingerprints(struct hf_json_out *j, const struct hf_clause *clause,
			     const struct hf_outcome *o)
{
	hf_json_open(j, "fingerprints", '[');
	for (size_t i = 0; i < o->n_findings; i++)
		if (hf_clause_concerns(clause, &o->findings[i]))
			hf_json_put_text(j, NULL, o->findings[i].fingerprint);
	hf_json_close(j);
}

static void put_by(struct hf_json_out *j, uint8_t by)
{
	static const char *const names[] = { "image", "device", "backend", "human" };

	hf_json_open(j, "by", '[');
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((by & 1u << i) != 0)
			hf_json_put_text(j, NULL, names[i]);
	hf_json_close(j);
}

void hf__json_compliance(struct hf_json_out *j, const struct hf_rendering *in)
{
	char words[64];

	hf_json_open(j, "compliance", '[');
	for (size_t i = 0; i < hf_n_clauses; i++) {
		(void)hf_clause_verdict(&hf_clauses[i], in->outcome, !in->gate->incomplete, words);
		hf_json_open(j, NULL, '{');
		put_by(j, hf_clauses[i].by);
		hf_json_put_text(j, "clause", hf_clauses[i].clause);
		put_fingerprints(j, &hf_clauses[i], in->outcome);
		hf_json_put_text(j, "verdict", words);
		hf_json_close(j);
	}
	hf_json_close(j);
}
