/* One page without scripts, pictures or requests: it can be mailed, archived and opened anywhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/compliance.h>
#include "report_priv.h"

/* Names of classes are the severities'. Colours are told apart without colour too: the word stands there. */
static const char head[] =
	"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	"'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>Firmware audit</title>\n<style>\n"
	"body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:68rem;padding:1.5rem;color:#1c2430;"
	"background:#fff}\n"
	"h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}\n"
	".verdict{display:inline-block;padding:.1rem "
	".7rem;border-radius:.3rem;color:#fff;background:#1b7340}\n"
	".verdict.findings{background:#b3261e}.verdict.incomplete{background:#8a4b00}\n"
	".counts{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0;list-style:none}\n"
	".counts li{border:1px solid #ccd3dc;border-radius:.3rem;padding:.3rem .8rem}.counts "
	"b{font-size:1.2rem}\n"
	"details{border:1px solid #ccd3dc;border-left-width:.35rem;border-radius:.25rem;margin:.4rem 0;"
	"padding:.45rem .8rem}\n"
	"summary{cursor:pointer}summary code{color:#5a6675}\n"
	".critical{border-left-color:#8c1d18}.high{border-left-color:#d1442e}.medium{border-left-color:#"
	"c98a00}"
	".low{border-left-color:#4d7ea8}.info{border-left-color:#9aa5b1}\n"
	"code{font:14px ui-monospace,monospace;overflow-wrap:anywhere}\n"
	"dl{display:grid;grid-template-columns:8rem 1fr;gap:.15rem .8rem;margin:.5rem 0 0}"
	"dt{color:#5a6675}dd{margin:0}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem .25rem 0;"
	"border-bottom:1px solid #e3e7ec;vertical-align:top}\n"
	"p.note{color:#5a6675}\n"
	"@media(prefers-color-scheme:dark){body{background:#14181d;color:#dde3ea}"
	"details,.counts li,td,th{border-color:#39424d}summary code,dt,p.note{color:#9aa5b1}}\n"
	"</style></head><body>\n";

static hf_err put_text(struct hf_buf *out, hf_bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' || c < 0x20 || c > 0x7e)
			HF_TRY(hf_buf_printf(out, "&#%u;", c < 0x20 || c > 0x7e ? 0xfffdu : c));
		else
			HF_TRY(hf_buf_put(out, (hf_bytes){ &c, 1 }));
	}
	return HF_OK;
}

static hf_err put_words(struct hf_buf *out, const char *text)
{
	return put_text(out, (hf_bytes){ (const uint8_t *)text, strlen(text) });
}

static hf_err put_row(struct hf_buf *out, const char *name, const char *value)
{
	if (value[0] == '\0')
		return HF_OK;
	HF_TRY(hf_buf_printf(out, "<dt>%s</dt><dd>", name));
	HF_TRY(put_words(out, value));
	return hf_buf_puts(out, "</dd>\n");
}

static hf_err put_head(const struct hf_rendering *in, struct hf_buf *out)
{
	static const char *const words[] = { "PASS", "FAIL", "INCOMPLETE" };
	const struct hf_gate *g = in->gate;
	char today[HF__DATE_LEN + 1];

	hf__date(in->today, today);
	HF_TRY(hf_buf_puts(out, head));
	HF_TRY(hf_buf_printf(out, "<h1>Firmware audit <span class=\"verdict %s\">%s</span></h1>\n<p>",
			     hf__status_name(g->status), words[g->status % 3]));
	for (size_t i = 0; i < hf_model_n(in->model, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(in->model, HF_FACT_FILE, i);

		if (f->text[HF_FILE_TREE].len > 0)
			continue;
		HF_TRY(hf_buf_puts(out, "<code>"));
		HF_TRY(put_text(out, f->path));
		HF_TRY(hf_buf_puts(out, "</code> "));
	}
	HF_TRY(hf_buf_printf(out, "as of %s, holdfast %s</p>\n<ul class=\"counts\">\n", today, in->version));
	for (unsigned s = HF_SEV_CRITICAL; s >= HF_SEV_INFO; s--)
		HF_TRY(hf_buf_printf(out, "<li><b>%zu</b> %s</li>\n", g->open[s], hf_severity_name(s)));
	HF_TRY(hf_buf_printf(out, "<li><b>%zu</b> over the gate</li>\n<li><b>%zu</b> waived</li>\n",
			     g->gating, g->waived));
	if (g->has_baseline)
		HF_TRY(hf_buf_printf(out, "<li><b>%zu</b> known before</li>\n", g->known));
	HF_TRY(hf_buf_puts(out, "</ul>\n"));
	if (g->incomplete)
		HF_TRY(hf_buf_puts(out, "<p>Parts of the input were not read, so this list promises nothing. "
					"Look at SCAN-* first.</p>\n"));
	return HF_OK;
}

static hf_err put_details(struct hf_buf *out, const struct hf_finding *f)
{
	char cwe[16] = "";

	if (f->rule->cwe != 0)
		(void)snprintf(cwe, sizeof(cwe), "CWE-%u", f->rule->cwe);
	HF_TRY(hf_buf_puts(out, "<dl>\n<dt>path</dt><dd><code>"));
	HF_TRY(put_text(out, f->path));
	HF_TRY(hf_buf_puts(out, "</code></dd>\n"));
	HF_TRY(put_row(out, "evidence", f->evidence));
	HF_TRY(put_row(out, "what to do", f->rule->fix));
	HF_TRY(put_row(out, "weakness", cwe));
	HF_TRY(put_row(out, "clauses", f->rule->clauses));
	HF_TRY(put_row(out, "fingerprint", f->fingerprint));
	if (f->waiver != NULL) {
		HF_TRY(put_row(out, "waived", f->waiver->reason));
		HF_TRY(put_row(out, "owner", f->waiver->owner));
		HF_TRY(put_row(out, "ticket", f->waiver->ticket));
		HF_TRY(put_row(out, "until", f->waiver->expires_text));
	}
	return hf_buf_puts(out, "</dl></details>\n");
}

static hf_err put_finding(struct hf_buf *out, const struct hf_finding *f)
{
	HF_TRY(hf_buf_printf(out, "<details class=\"%s\"><summary>%s <b>%s</b> ",
			     hf_severity_name(f->severity), hf_severity_name(f->severity), f->rule->id));
	HF_TRY(put_words(out, f->rule->title));
	HF_TRY(hf_buf_puts(out, " <code>"));
	HF_TRY(put_text(out, f->path));
	HF_TRY(hf_buf_printf(out, "</code>%s</summary>\n", f->gates ? " (over the gate)" : ""));
	return put_details(out, f);
}

static hf_err put_findings(const struct hf_rendering *in, struct hf_buf *out, const char *title,
			   bool suppressed)
{
	const struct hf_outcome *o = in->outcome;
	bool any = false;

	for (size_t i = 0; i < o->n_findings; i++) {
		if ((o->findings[i].state != HF_STATE_OPEN) != suppressed)
			continue;
		if (!any)
			HF_TRY(hf_buf_printf(out, "<h2>%s</h2>\n", title));
		any = true;
		HF_TRY(put_finding(out, &o->findings[i]));
	}
	return any || suppressed ? HF_OK : hf_buf_puts(out, "<h2>Findings</h2>\n<p>None.</p>\n");
}

static hf_err put_compliance(const struct hf_rendering *in, struct hf_buf *out)
{
	char words[64];

	HF_TRY(hf_buf_puts(out,
			   "<h2>Clauses</h2>\n<p class=\"note\">What this image says about them. It is no "
			   "statement of conformity.</p>\n"
			   "<table><tr><th>clauses</th><th>verdict</th></tr>\n"));
	for (size_t i = 0; i < hf_n_clauses; i++) {
		(void)hf_clause_verdict(&hf_clauses[i], in->outcome, !in->gate->incomplete, words);
		HF_TRY(hf_buf_printf(out, "<tr><td>%s</td><td>%s</td></tr>\n", hf_clauses[i].clause, words));
	}
	return hf_buf_puts(out, "</table>\n");
}

static hf_err put_coverage(const struct hf_rendering *in, struct hf_buf *out)
{
	struct hf__counts c = hf__count(in);

	HF_TRY(hf_buf_printf(
		out,
		"<h2>Coverage</h2>\n<p>%llu files (%llu ELF) in %llu containers; %llu parts were not "
		"read. %zu verdicts are unknown.</p>\n",
		(unsigned long long)c.files, (unsigned long long)c.elfs, (unsigned long long)c.containers,
		(unsigned long long)c.problems, in->outcome->n_unknowns));
	return hf_buf_puts(
		out, "<p class=\"note\">A static tool cannot prove absence: a fault planted in reviewed "
		     "code passes. Compare releases with <code>holdfast audit diff</code>.</p>\n"
		     "</body></html>\n");
}

hf_err hf__render_html(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	(void)companion;
	HF_TRY(put_head(in, out));
	HF_TRY(put_findings(in, out, "Findings", false));
	HF_TRY(put_findings(in, out, "Waived, or known before", true));
	HF_TRY(put_compliance(in, out));
	return put_coverage(in, out);
}
