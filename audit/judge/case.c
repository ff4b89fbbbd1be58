/* What a check says is copied, escaped and given its fingerprint here, so that no check can forget it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <holdfast/crypto.h>
#include <hf/vpath.h>
#include "judge_priv.h"

enum { FIRST = 64, ESCAPED_MAX = 4 * HF_EVIDENCE_MAX + 1, WHY_MAX = 200 };
#define CASE_BYTES ((size_t)1 << 30)

hf_err hf_case_new(const struct hf_case_opts *opts, struct hf_case **out)
{
	struct hf_case *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (c == NULL)
		return HF_ERR_HOST_MEMORY;
	c->opts = *opts;
	c->arena.ceiling = CASE_BYTES;
	c->outcome.passes = calloc(hf_n_rules() + 1, sizeof(uint64_t));
	if (c->outcome.passes == NULL) {
		hf_case_free(c);
		return HF_ERR_HOST_MEMORY;
	}
	*out = c;
	return HF_OK;
}

void hf_case_free(struct hf_case *c)
{
	if (c == NULL)
		return;
	free(c->outcome.findings);
	free(c->outcome.unknowns);
	free(c->outcome.passes);
	hf__arena_free(&c->arena);
	free(c);
}

/* Room for one more element; NULL after an error, which the case keeps. */
static void *grow(struct hf_case *c, void *array, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap == 0 ? FIRST : *cap * 2;
	void *p;

	if (n < *cap)
		return array;
	p = want > HF_CASE_MAX ? NULL : reallocarray(array, want, size);
	if (p == NULL) {
		c->err = want > HF_CASE_MAX ? HF_ERR_MODEL_LIMIT : HF_ERR_HOST_MEMORY;
		return NULL;
	}
	*cap = want;
	return p;
}

size_t hf_escape_byte(uint8_t c, char out[static 5])
{
	if (c == '\\')
		return (size_t)snprintf(out, 5, "\\\\");
	if (c < 0x20 || c > 0x7e)
		return (size_t)snprintf(out, 5, "\\x%02x", c);
	out[0] = (char)c;
	return 1;
}

/* Text for any terminal or page: printable ASCII only, so no control or bidi character gets through. */
static hf_err keep_printable(struct hf_case *c, hf_bytes text, size_t max, const char **out)
{
	char escaped[ESCAPED_MAX], one[5];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t n = hf_escape_byte(text.ptr[i], one);

		if (len + n > max)
			break;
		memcpy(escaped + len, one, n);
		len += n;
	}
	return hf__arena_text(&c->arena, (hf_bytes){ (const uint8_t *)escaped, len }, out);
}

static hf_bytes text_bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

/* hf-audit-fp/1, id, path without the outermost file name, key; joined by NUL. */
static hf_err fingerprint(struct hf_finding *f)
{
	static const uint8_t nul[1] = { 0 };
	hf_bytes parts[] = { HF_STR("hf-audit-fp/1"),
			     HF_ARR(nul),
			     text_bytes(f->rule->id),
			     HF_ARR(nul),
			     hf_vpath_without_input(f->path),
			     HF_ARR(nul),
			     f->key };
	struct hf_out hex = { (uint8_t *)f->fingerprint, HF_FINGERPRINT_LEN, 0 };
	uint8_t digest[HF_SHA256_LEN];

	HF_TRY(hf_crypto_sha256(parts, sizeof(parts) / sizeof(parts[0]), digest));
	f->fingerprint[HF_FINGERPRINT_LEN] = 0;
	return hf_hex_encode((hf_bytes){ digest, HF_FINGERPRINT_LEN / 2 }, &hex);
}

static hf_err fill(struct hf_case *c, const struct hf_report *r, struct hf_finding *f)
{
	const struct hf_fact *file = r->tree_level ? NULL : hf_model_file(c->opts.model, r->path);

	f->severity = r->severity != 0 ? r->severity : f->rule->severity;
	f->tree_level = r->tree_level;
	f->offset = r->offset;
	f->length = r->length;
	if (file != NULL)
		f->sha256 = file->text[HF_FILE_SHA256];
	HF_TRY(hf__arena_copy(&c->arena, r->path, &f->path));
	HF_TRY(hf__arena_copy(&c->arena, r->key, &f->key));
	HF_TRY(keep_printable(c, r->evidence, HF_EVIDENCE_MAX, &f->evidence));
	return fingerprint(f);
}

void hf_find(struct hf_case *c, const struct hf_rule *rule, const struct hf_report *report)
{
	struct hf_finding f = { .rule = report->id != NULL ? hf_rule_find(report->id) : rule };
	void *p;

	if (c->err != HF_OK)
		return;
	p = grow(c, c->outcome.findings, c->outcome.n_findings, &c->findings_cap, sizeof(f));
	if (p == NULL)
		return;
	c->outcome.findings = p;
	c->err = f.rule == NULL ? HF_ERR_BASE_MISUSE : fill(c, report, &f);
	if (c->err == HF_OK)
		c->outcome.findings[c->outcome.n_findings++] = f;
}

void hf_unknown(struct hf_case *c, const struct hf_rule *rule, hf_bytes path, const char *why)
{
	struct hf_unknown u = { .rule = rule };
	void *p;

	if (c->err != HF_OK)
		return;
	p = grow(c, c->outcome.unknowns, c->outcome.n_unknowns, &c->unknowns_cap, sizeof(u));
	if (p == NULL)
		return;
	c->outcome.unknowns = p;
	c->err = hf__arena_copy(&c->arena, path, &u.path);
	if (c->err == HF_OK)
		c->err = keep_printable(c, text_bytes(why), WHY_MAX, &u.why);
	if (c->err == HF_OK)
		c->outcome.unknowns[c->outcome.n_unknowns++] = u;
}

void hf_pass(struct hf_case *c, const struct hf_rule *rule)
{
	c->outcome.passes[hf_rule_number(rule)]++;
}

const struct hf_model *hf_case_model(const struct hf_case *c)
{
	return c->opts.model;
}

struct hf_feed *hf_case_feed(const struct hf_case *c)
{
	return c->opts.feed;
}

const struct hf_auditpolicy *hf_case_policy(const struct hf_case *c)
{
	return c->opts.policy;
}

uint64_t hf_case_today(const struct hf_case *c)
{
	return c->opts.today;
}

struct hf_outcome *hf_case_outcome(struct hf_case *c)
{
	return &c->outcome;
}

static bool is_wanted(const struct hf_case *c, const struct hf_group *group)
{
	const struct hf_texts *wanted = &c->opts.policy->groups;

	if (!wanted->listed || strcmp(group->name, "SCAN") == 0)
		return true; /* how complete a scan is, no policy leaves out */
	for (size_t i = 0; i < wanted->n; i++)
		if (strcmp(wanted->at[i], group->name) == 0)
			return true;
	return false;
}

static void run_group(struct hf_case *c, const struct hf_group *group)
{
	for (size_t i = 0; i < *group->n; i++)
		if (group->rules[i].run != NULL)
			group->rules[i].run(c, &group->rules[i]);
}

hf_err hf_case_run(struct hf_case *c, const char *group)
{
	bool found = group == NULL;

	for (size_t i = 0; i < hf_n_groups; i++) {
		bool named = group != NULL && strcmp(hf_groups[i].name, group) == 0;

		found = found || named;
		if (named || (group == NULL && is_wanted(c, &hf_groups[i])))
			run_group(c, &hf_groups[i]);
	}
	hf__case_sort(c);
	return found ? c->err : HF_ERR_BASE_MISUSE;
}
