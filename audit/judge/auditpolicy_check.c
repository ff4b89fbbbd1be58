/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "auditpolicy_priv.h"

enum { WAIVER_DAYS_MAX = 366, SHA256_DIGITS = 64 };

static hf_bytes text_bytes(const char *text)
{
	return (hf_bytes){ (const uint8_t *)text, strlen(text) };
}

static bool fits_a_rule(const char *pattern)
{
	size_t n = hf_n_rules();

	for (size_t i = 0; i < n; i++)
		if (hf__glob(text_bytes(pattern), text_bytes(hf_rule_at(i)->id)))
			return true;
	return false;
}

static bool is_group(const char *name)
{
	for (size_t i = 0; i < hf_n_groups; i++)
		if (strcmp(hf_groups[i].name, name) == 0)
			return true;
	return false;
}

static bool is_digest(const char *hex)
{
	if (strlen(hex) != SHA256_DIGITS)
		return false;
	for (size_t i = 0; i < SHA256_DIGITS; i++)
		if (strchr("0123456789abcdef", hex[i]) == NULL)
			return false;
	return true;
}

static hf_err refuse(struct hf_why *why, const struct hf_waiver *w, const char *words)
{
	return hf_why_set(why, HF_ERR_AUDITPOLICY_WAIVER, "line %u: waiver %s", w->line, words);
}

static hf_err check_scope(const struct hf_waiver *w, struct hf_why *why)
{
	bool digest = strncmp(w->scope, "sha256:", 7) == 0;

	if (digest && !is_digest(w->scope + 7))
		return refuse(why, w, "has a scope whose sha256 is not 64 small hex digits");
	/* A path could later hold anything, and nobody would look at it again. */
	if (strncmp(w->id, "SCAN-", 5) == 0 && !digest)
		return refuse(why, w, "of SCAN-* needs a scope \"sha256:...\", for these very bytes");
	if (digest || strncmp(w->scope, "path:/", 6) == 0 || strncmp(w->scope, "purl:pkg:", 9) == 0)
		return HF_OK;
	return refuse(why, w, "needs a scope \"path:/...\", \"purl:pkg:...\" or \"sha256:...\"");
}

static bool is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static hf_err check_waiver(const struct hf_waiver *w, uint64_t today, struct hf_why *why)
{
	if (!is_said(w->id) || !is_said(w->scope) || !is_said(w->reason) || !is_said(w->owner) ||
	    !is_said(w->ticket) || w->expires_text == NULL)
		return refuse(why, w, "needs all of id, scope, reason, owner, ticket, expires");
	if (hf_rule_find(w->id) == NULL)
		return refuse(why, w, "names a rule that does not exist");
	if (strncmp(w->id, "GATE-", 5) == 0)
		return refuse(why, w, "cannot waive what the gate says of waivers");
	if (w->expires > today + WAIVER_DAYS_MAX)
		return refuse(why, w, "lasts more than 12 months");
	return check_scope(w, why);
}

static hf_err check_want(const struct hf_want *w, struct hf_why *why)
{
	bool content = w->kind == HF_WANT_CONTENT;
	int patterns = (w->must_match != NULL) + (w->must_not_match != NULL);

	if (w->path == NULL || w->path[0] != '/')
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: path from / is needed", w->line);
	if (content && patterns != 1)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE,
				  "line %u: one of must_match and must_not_match is needed", w->line);
	if (w->kind == HF_WANT_DIR && !w->allow.listed)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: allow is needed", w->line);
	if (w->sha256 != NULL && !is_digest(w->sha256))
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "line %u: sha256: 64 small hex digits",
				  w->line);
	return HF_OK;
}

hf_err hf__auditpolicy_check(const struct hf_auditpolicy *p, uint64_t today, struct hf_why *why)
{
	for (size_t i = 0; i < p->fail_ids.n; i++)
		if (!fits_a_rule(p->fail_ids.at[i]))
			return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "fail_ids: no rule is called %s",
					  p->fail_ids.at[i]);
	for (size_t i = 0; i < p->groups.n; i++)
		if (!is_group(p->groups.at[i]))
			return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE, "groups: no group is called %s",
					  p->groups.at[i]);
	if (p->yara.n > 0)
		return hf_why_set(why, HF_ERR_AUDITPOLICY_VALUE,
				  "[scan] yara: this program was built without YARA; take the line out");
	for (size_t i = 0; i < p->n_waivers; i++)
		HF_TRY(check_waiver(&p->waivers[i], today, why));
	for (size_t i = 0; i < p->n_wants; i++)
		HF_TRY(check_want(&p->wants[i], why));
	return HF_OK;
}
