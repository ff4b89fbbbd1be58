/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/buf.h>
#include <hf/gate.h>
#include <hf/vpath.h>
#include "judge_priv.h"

enum { SCOPE_CAP = HF_FACT_PATH_MAX, DIGEST_HEX = 64 };

static hf_bytes text_bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "path:/usr/sbin/x" is the file of that name in any tree; "path:/images/r!/etc/x" one place behind the
 * outermost name; "path:/name" an input itself. Scopes are written raw, paths are escaped. */
static bool covers_path(const char *scope, const struct hf_finding *f)
{
	uint8_t room[SCOPE_CAP];
	struct hf_out out = HF_OUT(room);
	hf_bytes raw = text_bytes(scope), whole = hf_vpath_without_input(f->path);

	if (hf_bytes_equal(raw, whole) || hf_bytes_equal(raw, hf_vpath_inner(f->path)))
		return true;
	if (whole.len == 0 && raw.len > 0) /* an input itself: "path:/name" */
		return hf_bytes_equal((hf_bytes){ raw.ptr + 1, raw.len - 1 }, f->path);
	return hf_vpath_escape(raw, &out) == HF_OK &&
	       hf_bytes_equal(hf_out_bytes(&out), hf_vpath_inner(f->path));
}

/* The key of a component's finding begins with its purl without version. */
static bool covers_purl(const char *scope, const struct hf_finding *f)
{
	hf_bytes purl = text_bytes(scope);

	if (f->key.len < purl.len || memcmp(f->key.ptr, purl.ptr, purl.len) != 0)
		return false;
	return f->key.len == purl.len || strchr(" @?#+\t\n", f->key.ptr[purl.len]) != NULL;
}

static bool covers_digest(const char *hex, const struct hf_finding *f)
{
	uint8_t room[DIGEST_HEX];
	struct hf_out out = HF_OUT(room);

	return f->sha256.len > 0 && hf_hex_encode(f->sha256, &out) == HF_OK &&
	       hf_bytes_equal(hf_out_bytes(&out), text_bytes(hex));
}

static bool covers(const struct hf_waiver *w, const struct hf_finding *f)
{
	if (strcmp(w->id, f->rule->id) != 0)
		return false;
	if (starts(w->scope, "sha256:"))
		return covers_digest(w->scope + 7, f);
	if (starts(w->scope, "purl:"))
		return covers_purl(w->scope + 5, f);
	return starts(w->scope, "path:") && covers_path(w->scope + 5, f);
}

/* What the gate says of one waiver. */
static void say(struct hf_case *c, const char *id, const struct hf_waiver *w, const char *words)
{
	const struct hf_rule *rule = hf_rule_find(id);
	struct hf_buf text HF_AUTO(hf_buf_free) = HF_BUF(HF_AUDITPOLICY_CEILING);
	struct hf_buf key HF_AUTO(hf_buf_free) = HF_BUF(HF_AUDITPOLICY_CEILING);

	c->err = hf_buf_printf(&text, "%s %s: %s (owner %s, ticket %s)", w->id, w->scope, words, w->owner,
			       w->ticket);
	if (c->err == HF_OK)
		c->err = hf_buf_printf(&key, "%s %s", w->id, w->scope);
	hf_find(c, rule,
		&(struct hf_report){ .path = HF_STR("holdfast.audit.toml"),
				     .evidence = hf_buf_bytes(&text),
				     .key = hf_buf_bytes(&key),
				     .tree_level = true });
}

static void apply_waiver(struct hf_case *c, const struct hf_waiver *w, size_t n, bool is_signed)
{
	bool expired = c->opts.today > w->expires, grave = false;
	size_t used = 0;

	for (size_t i = 0; i < n && c->err == HF_OK; i++) {
		struct hf_finding *f = &c->outcome.findings[i];

		if (!covers(w, f))
			continue;
		used++;
		if (expired || f->state != HF_STATE_OPEN)
			continue;
		f->state = HF_STATE_WAIVED;
		f->waiver = w;
		f->waiver_signed = is_signed;
		grave = grave || f->severity >= HF_SEV_HIGH;
	}
	if (expired)
		say(c, "GATE-001", w, "expired, so the finding is back in force");
	else if (used == 0)
		say(c, "GATE-002", w, "matches nothing any more");
	else if (grave && !is_signed)
		say(c, "GATE-003", w, "hides a critical or high finding and is not signed");
}

static bool is_incomplete(const struct hf_finding *f)
{
	return starts(f->rule->id, "SCAN-");
}

static int compare_fingerprints(const void *a, const void *b)
{
	return memcmp(a, b, HF_FINGERPRINT_LEN);
}

/* What attackers already use, and what nobody read, is never old news. */
static bool is_known(const struct hf_baseline *b, const struct hf_finding *f)
{
	if (b == NULL || b->n == 0 || is_incomplete(f) || strcmp(f->rule->id, "VULN-002") == 0)
		return false;
	return bsearch(f->fingerprint, b->at, b->n, sizeof(b->at[0]), compare_fingerprints) != NULL;
}

static bool fits(const struct hf_texts *patterns, const char *id)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (hf__glob(text_bytes(patterns->at[i]), text_bytes(id)))
			return true;
	return false;
}

static void count(struct hf_case *c, const struct hf_gate_opts *opts, struct hf_gate *g)
{
	for (size_t i = 0; i < c->outcome.n_findings; i++) {
		struct hf_finding *f = &c->outcome.findings[i];

		if (f->state == HF_STATE_OPEN && is_known(opts->baseline, f))
			f->state = HF_STATE_KNOWN;
		g->waived += f->state == HF_STATE_WAIVED;
		g->known += f->state == HF_STATE_KNOWN;
		if (f->state != HF_STATE_OPEN)
			continue;
		g->open[f->severity]++;
		g->incomplete = g->incomplete || is_incomplete(f);
	}
}

static void decide(struct hf_case *c, struct hf_gate *g)
{
	const struct hf_auditpolicy *p = c->opts.policy;

	g->too_many_medium = g->open[HF_SEV_MEDIUM] > p->max_medium;
	for (size_t i = 0; i < c->outcome.n_findings; i++) {
		struct hf_finding *f = &c->outcome.findings[i];
		bool medium = g->too_many_medium && f->severity == HF_SEV_MEDIUM;

		f->gates = f->state == HF_STATE_OPEN &&
			   (f->severity >= p->fail_on || medium || fits(&p->fail_ids, f->rule->id));
		g->gating += f->gates;
	}
	if (g->incomplete || g->feed_missing)
		g->status = HF_GATE_INCOMPLETE;
	else
		g->status = g->gating > 0 ? HF_GATE_FINDINGS : HF_GATE_PASS;
}

hf_err hf_gate_judge(struct hf_case *c, const struct hf_gate_opts *opts, struct hf_gate *out)
{
	const struct hf_auditpolicy *p = c->opts.policy;
	size_t n = c->outcome.n_findings;

	*out = (struct hf_gate){ .has_baseline = opts->baseline != NULL,
				 .feed_missing = p->require_feed && opts->feed_stale };
	for (size_t i = 0; i < p->n_waivers && c->err == HF_OK; i++)
		apply_waiver(c, &p->waivers[i], n, opts->waivers_signed);
	hf__case_sort(c);
	count(c, opts, out);
	decide(c, out);
	return c->err;
}
