/* holdfast-audit/1. Members are sorted by name, numbers are integers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <hf/feed.h>
#include "report_priv.h"

static void put_clauses(struct hf_json_out *j, const char *clauses)
{
	hf_json_open(j, "clauses", '[');
	while (*clauses != '\0') {
		size_t len = strcspn(clauses, " ");

		hf__json_bytes(j, NULL, (hf_bytes){ (const uint8_t *)clauses, len });
		clauses += len + (clauses[len] == ' ' ? 1 : 0);
	}
	hf_json_close(j);
}

static void put_waiver(struct hf_json_out *j, const struct hf_finding *f)
{
	const struct hf_waiver *w = f->waiver;

	if (w == NULL)
		return;
	hf_json_open(j, "waiver", '{');
	hf_json_put_text(j, "expires", w->expires_text);
	hf_json_put_text(j, "owner", w->owner);
	hf_json_put_text(j, "reason", w->reason);
	hf_json_put_text(j, "scope", w->scope);
	hf_json_put_bool(j, "signed", f->waiver_signed);
	hf_json_put_text(j, "ticket", w->ticket);
	hf_json_close(j);
}

static void put_place(struct hf_json_out *j, const struct hf_finding *f)
{
	if (f->tree_level)
		hf_json_put_null(j, "length");
	else
		hf_json_put_uint(j, "length", f->length);
	if (f->tree_level)
		hf_json_put_null(j, "offset");
	else
		hf_json_put_uint(j, "offset", f->offset);
	hf__json_bytes(j, "path", f->path);
	hf_json_put_text(j, "severity", hf_severity_name(f->severity));
	if (f->sha256.len > 0)
		hf_json_put_hex(j, "sha256", f->sha256);
	else
		hf_json_put_null(j, "sha256");
}

static void put_finding(struct hf_json_out *j, const struct hf_finding *f)
{
	static const char *const states[] = { "open", "waived", "known" };

	hf_json_open(j, NULL, '{');
	put_clauses(j, f->rule->clauses);
	if (f->rule->cwe != 0)
		hf_json_put_uint(j, "cwe", f->rule->cwe);
	else
		hf_json_put_null(j, "cwe");
	hf_json_put_text(j, "evidence", f->evidence);
	hf_json_put_text(j, "fingerprint", f->fingerprint);
	hf_json_put_text(j, "fix", f->rule->fix);
	hf_json_put_bool(j, "gates", f->gates);
	hf_json_put_text(j, "id", f->rule->id);
	put_place(j, f);
	hf_json_put_text(j, "state", states[f->state]);
	hf_json_put_text(j, "title", f->rule->title);
	put_waiver(j, f);
	hf_json_close(j);
}

static void put_findings(struct hf_json_out *j, const char *name, const struct hf_outcome *o, bool suppressed)
{
	hf_json_open(j, name, '[');
	for (size_t i = 0; i < o->n_findings; i++)
		if ((o->findings[i].state != HF_STATE_OPEN) == suppressed)
			put_finding(j, &o->findings[i]);
	hf_json_close(j);
}

static void put_gate(struct hf_json_out *j, const struct hf_rendering *in)
{
	const struct hf_gate *g = in->gate;

	hf_json_open(j, "gate", '{');
	hf_json_put_bool(j, "baseline", g->has_baseline);
	hf_json_put_uint(j, "critical", g->open[HF_SEV_CRITICAL]);
	hf_json_put_text(j, "fail_on", hf_severity_name(in->policy->fail_on));
	hf_json_put_bool(j, "feed_missing", g->feed_missing);
	hf_json_put_uint(j, "gating", g->gating);
	hf_json_put_uint(j, "high", g->open[HF_SEV_HIGH]);
	hf_json_put_uint(j, "info", g->open[HF_SEV_INFO]);
	hf_json_put_uint(j, "known", g->known);
	hf_json_put_uint(j, "low", g->open[HF_SEV_LOW]);
	hf_json_put_uint(j, "medium", g->open[HF_SEV_MEDIUM]);
	hf_json_put_text(j, "status", hf__status_name(g->status));
	hf_json_put_bool(j, "too_many_medium", g->too_many_medium);
	hf_json_put_uint(j, "waived", g->waived);
	hf_json_close(j);
}

static void put_inputs(struct hf_json_out *j, const struct hf_model *m)
{
	hf_json_open(j, "inputs", '[');
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len > 0)
			continue;
		hf_json_open(j, NULL, '{');
		hf__json_bytes(j, "path", f->path);
		if (f->text[HF_FILE_SHA256].len > 0)
			hf_json_put_hex(j, "sha256", f->text[HF_FILE_SHA256]);
		else
			hf_json_put_null(j, "sha256");
		hf_json_put_uint(j, "size", f->num[HF_FILE_SIZE]);
		hf_json_close(j);
	}
	hf_json_close(j);
}

static void put_policy(struct hf_json_out *j, const struct hf_rendering *in)
{
	const struct hf_auditpolicy *p = in->policy;

	hf_json_open(j, "policy", '{');
	hf_json_put_text(j, "name", p->given ? "holdfast.audit.toml" : "built-in");
	if (p->given)
		hf_json_put_hex(j, "sha256", HF_ARR(p->sha256));
	else
		hf_json_put_null(j, "sha256");
	hf_json_put_bool(j, "signed", in->waivers_signed);
	hf_json_put_uint(j, "waivers", p->n_waivers);
	hf_json_close(j);
}

static void put_tool(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "tool", '{');
	hf_json_put_text(j, "name", "holdfast audit");
	hf_json_put_uint(j, "rules", hf_n_rules());
	hf_json_put_text(j, "version", in->version);
	hf_json_close(j);
}

void hf_render_source(struct hf_json_out *j, const struct hf_feed_source *s, bool stale)
{
	hf_json_open(j, NULL, '{');
	hf_json_put_uint(j, "count", s->count);
	hf_json_put_text(j, "kind", s->kind);
	hf_json_put_text(j, "name", s->name);
	hf_json_put_text(j, "newest", s->newest);
	hf_json_put_hex(j, "sha256", HF_ARR(s->sha256));
	hf_json_put_text(j, "shrink", s->shrink);
	hf_json_put_text(j, "signer", s->signer);
	hf_json_put_bool(j, "stale", stale);
	hf_json_close(j);
}

static void put_feed(struct hf_json_out *j, const struct hf_rendering *in)
{
	hf_json_open(j, "feed", '[');
	for (size_t i = 0; i < hf_feed_n_sources(in->feed); i++) {
		const struct hf_feed_source *s = hf_feed_source(in->feed, i);

		hf_render_source(j, s, hf_feed_is_stale(s, in->today, in->policy->max_feed_age_days));
	}
	hf_json_close(j);
}

static hf_err put_document(struct hf_json_out *j, const struct hf_rendering *in)
{
	char today[HF__DATE_LEN + 1];

	hf__date(in->today, today);
	hf_json_open(j, NULL, '{');
	hf_json_put_text(j, "as_of", today);
	hf__json_compliance(j, in);
	HF_TRY(hf__json_components(j, in));
	hf__json_coverage(j, in);
	put_feed(j, in);
	put_findings(j, "findings", in->outcome, false);
	put_gate(j, in);
	hf_json_put_bool(j, "incomplete", in->gate->incomplete);
	put_inputs(j, in->model);
	hf__json_inventory(j, in);
	put_policy(j, in);
	hf_json_put_text(j, "schema", "holdfast-audit/1");
	put_findings(j, "suppressed", in->outcome, true);
	put_tool(j, in);
	HF_TRY(hf__json_vex(j, in));
	hf_json_close(j);
	return HF_OK;
}

hf_err hf__render_json(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	struct hf_buf compact HF_AUTO(hf_buf_free) = HF_BUF(HF__COMPACT_CEILING);
	struct hf_json_out j = { .buf = &compact };

	(void)companion;
	HF_TRY(put_document(&j, in));
	HF_TRY(hf_json_end(&j));
	return hf__pretty(hf_buf_bytes(&compact), out);
}
