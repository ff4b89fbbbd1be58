/* For a terminal or a build log: the verdict first, then what matters most, then what was not seen.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "report_priv.h"

enum { TOP = 10, WIDTH = 100, INDENT = 10 };

static const char *verdict(int status)
{
	static const char *const words[] = { "PASS", "FAIL", "INCOMPLETE" };

	return status >= 0 && status < 3 ? words[status] : "ERROR";
}

static hf_err put_head(const struct hf_rendering *in, struct hf_buf *out)
{
	const struct hf_gate *g = in->gate;

	HF_TRY(hf_buf_printf(out, "%s  ", verdict(g->status)));
	for (unsigned s = HF_SEV_CRITICAL; s >= HF_SEV_INFO; s--)
		HF_TRY(hf_buf_printf(out, "%s%zu %s", s == HF_SEV_CRITICAL ? "" : ", ", g->open[s],
				     hf_severity_name(s)));
	HF_TRY(hf_buf_printf(out, "; %zu over the gate", g->gating));
	if (g->waived > 0)
		HF_TRY(hf_buf_printf(out, ", %zu waived", g->waived));
	if (g->has_baseline)
		HF_TRY(hf_buf_printf(out, ", %zu known before", g->known));
	HF_TRY(hf_buf_puts(out, "\n"));
	if (g->incomplete)
		HF_TRY(hf_buf_puts(out,
				   "      Parts of the input were not read, so this list promises nothing: "
				   "see SCAN-* below.\n"));
	if (g->feed_missing)
		HF_TRY(hf_buf_puts(out, "      The policy demands a fresh vulnerability feed: "
					"holdfast audit feed status.\n"));
	return HF_OK;
}

/* Words with line ends at blanks, the first line behind `mark`. */
static hf_err put_wrapped(struct hf_buf *out, const char *mark, const char *words)
{
	int indent = INDENT + (int)strlen(mark);
	size_t room = WIDTH - (size_t)indent;

	while (*words != '\0') {
		size_t len = strlen(words), cut = len;

		if (len > room)
			for (cut = room; cut > 0 && words[cut] != ' ';)
				cut--;
		if (cut == 0)
			cut = len < room ? len : room;
		HF_TRY(hf_buf_printf(out, "%*s%.*s\n", indent, mark, (int)cut, words));
		mark = "";
		words += cut;
		while (*words == ' ')
			words++;
	}
	return HF_OK;
}

static hf_err put_finding(struct hf_buf *out, const struct hf_finding *f)
{
	HF_TRY(hf_buf_printf(out, "%-8s  %-9s %s\n", hf_severity_name(f->severity), f->rule->id,
			     f->rule->title));
	HF_TRY(hf_buf_printf(out, "          %.*s\n", (int)f->path.len, (const char *)f->path.ptr));
	HF_TRY(put_wrapped(out, "", f->evidence));
	return put_wrapped(out, "-> ", f->rule->fix);
}

/* What gates comes first, whatever its severity; and of one rule only three, or the list tells one thing. */
static hf_err put_top(const struct hf_rendering *in, struct hf_buf *out, bool gating, size_t *shown)
{
	const struct hf_outcome *o = in->outcome;

	for (size_t i = 0; i < o->n_findings && *shown < TOP; i++) {
		const struct hf_finding *f = &o->findings[i];
		size_t before = 0;

		for (size_t k = i; k > 0 && before < 3 && o->findings[k - 1].rule == f->rule; k--)
			before++;
		if (f->state != HF_STATE_OPEN || f->gates != gating || before >= 3)
			continue;
		HF_TRY(hf_buf_puts(out, "\n"));
		HF_TRY(put_finding(out, f));
		(*shown)++;
	}
	return HF_OK;
}

static hf_err put_findings(const struct hf_rendering *in, struct hf_buf *out)
{
	size_t shown = 0, open = 0;

	for (unsigned s = HF_SEV_INFO; s <= HF_SEV_CRITICAL; s++)
		open += in->gate->open[s];
	HF_TRY(put_top(in, out, true, &shown));
	HF_TRY(put_top(in, out, false, &shown));
	if (open > shown)
		HF_TRY(hf_buf_printf(out, "\n%zu more: --format json or html shows all.\n", open - shown));
	return HF_OK;
}

static hf_err put_unknowns(const struct hf_outcome *o, struct hf_buf *out)
{
	if (o->n_unknowns == 0)
		return HF_OK;
	HF_TRY(hf_buf_printf(out, "  cannot tell (neither good nor bad): "));
	for (size_t i = 0, n; i < o->n_unknowns; i += n) {
		for (n = 1; i + n < o->n_unknowns && o->unknowns[i + n].rule == o->unknowns[i].rule;)
			n++;
		HF_TRY(hf_buf_printf(out, "%s%s %zu", i > 0 ? ", " : "", o->unknowns[i].rule->id, n));
	}
	return hf_buf_puts(out, "\n");
}

static hf_err put_coverage(const struct hf_rendering *in, struct hf_buf *out)
{
	struct hf__counts c = hf__count(in);
	char today[HF__DATE_LEN + 1];

	hf__date(in->today, today);
	HF_TRY(hf_buf_printf(out,
			     "\nRead: %llu files (%llu ELF, %llu.%llu MB) in %llu containers of %llu inputs; "
			     "%llu parts not read.\n",
			     (unsigned long long)c.files, (unsigned long long)c.elfs,
			     (unsigned long long)(c.bytes / 1000000),
			     (unsigned long long)(c.bytes / 100000 % 10), (unsigned long long)c.containers,
			     (unsigned long long)c.inputs, (unsigned long long)c.problems));
	HF_TRY(put_unknowns(in->outcome, out));
	HF_TRY(hf_buf_printf(out, "  %zu rules, policy %s, as of %s, holdfast %s\n", hf_n_rules(),
			     in->policy->given ? "from file" : "built-in", today, in->version));
	return hf_buf_puts(out,
			   "  A static tool cannot prove absence: a fault planted in reviewed code passes. "
			   "Compare releases\n  with holdfast audit diff.\n");
}

hf_err hf__render_text(const struct hf_rendering *in, struct hf_buf *out, struct hf_buf *companion)
{
	(void)companion;
	HF_TRY(put_head(in, out));
	HF_TRY(put_findings(in, out));
	return put_coverage(in, out);
}
