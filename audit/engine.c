/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "engine.h"

enum { SORT_LEN = 4096 };

/* What a policy that names groups needs of the scanner. Groups without a row here need no content. */
static const struct {
	const char *group;
	unsigned scans;
} needs[] = {
	{ "ELF", HF_SCAN_ELF },
	{ "PRIV", HF_SCAN_ELF },
	{ "CRED", HF_SCAN_TEXTS },
	{ "SVC", HF_SCAN_TEXTS | HF_SCAN_LITERALS },
	{ "KRN", HF_SCAN_TEXTS },
	{ "UPD", HF_SCAN_TEXTS },
	{ "BLD", HF_SCAN_ELF | HF_SCAN_TEXTS | HF_SCAN_LITERALS },
	{ "KEY", HF_SCAN_LITERALS | HF_SCAN_TEXTS },
	{ "DBG", HF_SCAN_ELF | HF_SCAN_TEXTS | HF_SCAN_LITERALS },
	{ "BOT", HF_SCAN_LITERALS },
	{ "BKD", HF_SCAN_ELF | HF_SCAN_LITERALS },
	{ "MCU", HF_SCAN_ELF | HF_SCAN_LITERALS },
};

static unsigned wanted(const struct hf_texts *groups)
{
	unsigned scans = 0;

	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
			if (strcmp(groups->at[i], needs[k].group) == 0)
				scans |= needs[k].scans;
	return scans;
}

static bool names(const struct hf_texts *groups, const char *group)
{
	for (size_t i = 0; i < groups->n; i++)
		if (strcmp(groups->at[i], group) == 0)
			return true;
	return !groups->listed;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 1);
}

/* The first long sort of a process asks how much memory the machine has, which a sealed one may not. The C
 * library keeps the answer, and children inherit it. */
static void sort_once(void)
{
	static uint8_t bytes[SORT_LEN];

	qsort(bytes, sizeof(bytes), 1, compare);
}

/* Once in a process: it loads what stays. */
static hf_err prepare(void)
{
	static bool ready;

	if (ready)
		return HF_OK;
	sort_once();
	HF_TRY(hf_walk_prepare());
	ready = true;
	return HF_OK;
}

/* The [[content]] rows of the policy, as the scanner wants them. */
static hf_err want_contents(const struct hf_auditpolicy *p, struct hf__engine *e, struct hf_scan_opts *opts)
{
	if (p->n_wants == 0 || !names(&p->groups, "POL"))
		return HF_OK;
	e->contents = calloc(p->n_wants, sizeof(*e->contents));
	if (e->contents == NULL)
		return HF_ERR_HOST_MEMORY;
	for (size_t i = 0; i < p->n_wants; i++) {
		const struct hf_want *w = &p->wants[i];

		if (w->kind == HF_WANT_CONTENT)
			e->contents[opts->n_contents++] = (struct hf_scan_content){
				w->path, w->must_match != NULL ? w->must_match : w->must_not_match, i
			};
	}
	opts->contents = e->contents;
	return HF_OK;
}

hf_err hf__engine_new(const struct hf_auditpolicy *policy, bool sboms, struct hf__engine *out,
		      struct hf_why *why)
{
	struct hf_scan_opts opts = { .only = wanted(&policy->groups),
				     .hosts = policy->allow[HF_ALLOW_HOST].listed };
	hf_err err;

	*out = (struct hf__engine){ .sboms = sboms };
	HF_TRY(prepare());
	HF_TRY(want_contents(policy, out, &opts));
	err = hf_scan_new(&opts, &out->scan);
	if (err == HF_ERR_AUDITPOLICY_VALUE)
		return hf_why_set(why, err, "[[content]]: a pattern is no regular expression (PCRE2)");
	HF_TRY(err);
	if (names(&policy->groups, "VULN") || names(&policy->groups, "SBOM"))
		return hf_comp_new(&out->comp);
	return HF_OK;
}

void hf__engine_free(struct hf__engine *e)
{
	hf_scan_free(e->scan);
	hf_comp_free(e->comp);
	free(e->contents);
	*e = (struct hf__engine){ 0 };
}
