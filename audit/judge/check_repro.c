/* check_repro.c -- are two builds the same bytes, and if not, where do they begin to differ and why? Runs in
 * `audit diff` only.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <hf/factscan.h>
#include <hf/vpath.h>
#include "delta.h"

extern const struct hf_rule hf_rules_repro[];
extern const size_t hf_n_rules_repro;

struct first {
	const struct hf_fact *file;
	const char *cause;
};

static bool same(const struct hf_fact *a, const struct hf_fact *b, unsigned text)
{
	return hf_bytes_equal(a->text[text], b->text[text]);
}

static const struct hf_fact *elf_at(const struct hf_model *m, hf_bytes path)
{
	size_t first;

	return hf_model_of(m, HF_FACT_ELF, path, &first) > 0 ? hf_model_at(m, HF_FACT_ELF, first) : NULL;
}

static const char *content_cause(const struct hf_case *c, const struct hf_fact *before,
				 const struct hf_fact *now)
{
	const struct hf_fact *a = elf_at(c->opts.before, before->path), *b = elf_at(c->opts.model, now->path);

	if (a != NULL && b != NULL && !same(a, b, HF_ELF_BUILDID))
		return "build-id differs, so code or flags do";
	if (before->num[HF_FILE_SIZE] == now->num[HF_FILE_SIZE])
		return "content differs at equal size: a timestamp, path or order inside";
	return "content differs";
}

static const char *cause_of(const struct hf_case *c, const struct hf_fact *before, const struct hf_fact *now)
{
	if (before == NULL)
		return "is new";
	if (!same(before, now, HF_FILE_SHA256))
		return content_cause(c, before, now);
	if (!same(before, now, HF_FILE_LINK))
		return "link leads elsewhere";
	if (before->num[HF_FILE_MODE] != now->num[HF_FILE_MODE] ||
	    before->num[HF_FILE_UID] != now->num[HF_FILE_UID] ||
	    before->num[HF_FILE_GID] != now->num[HF_FILE_GID])
		return "mode or owner differs";
	return NULL;
}

static const char *time_cause(const struct hf_case *c, const struct hf_fact *before,
			      const struct hf_fact *now)
{
	(void)c;
	return before != NULL && before->num[HF_FILE_MTIME] != now->num[HF_FILE_MTIME] ? "timestamp differs"
										       : NULL;
}

typedef const char *cause_fn(const struct hf_case *c, const struct hf_fact *before,
			     const struct hf_fact *now);

/* Inputs themselves differ whenever anything does, so what lies inside is asked. */
static hf_err find_first(struct hf_case *c, cause_fn *cause, struct first *out)
{
	struct hf__side side HF_AUTO(hf__side_free) = { 0 };
	const struct hf_model *m = c->opts.model;

	HF_TRY(hf__side_new(c->opts.before, HF_FACT_FILE, HF__BY_PATH_ONLY, &side));
	for (size_t i = 0; i < hf_model_n(m, HF_FACT_FILE) && out->cause == NULL; i++) {
		out->file = hf_model_at(m, HF_FACT_FILE, i);
		if (out->file->text[HF_FILE_TREE].len > 0)
			out->cause = cause(c, hf__side_find(&side, out->file), out->file);
	}
	return HF_OK;
}

static bool inputs_differ(const struct hf_case *c, const struct hf_fact **input)
{
	const struct hf_model *m = c->opts.model;

	for (size_t i = 0; i < hf_model_n(m, HF_FACT_FILE); i++) {
		const struct hf_fact *f = hf_model_at(m, HF_FACT_FILE, i);
		bool found = false;

		if (f->text[HF_FILE_TREE].len > 0)
			continue;
		*input = f;
		for (size_t k = 0; k < hf_model_n(c->opts.before, HF_FACT_FILE) && !found; k++) {
			const struct hf_fact *b = hf_model_at(c->opts.before, HF_FACT_FILE, k);

			found = b->text[HF_FILE_TREE].len == 0 && same(f, b, HF_FILE_SHA256);
		}
		if (!found || f->text[HF_FILE_SHA256].len == 0)
			return true;
	}
	return false;
}

static void run_repro(struct hf_case *c, const struct hf_rule *rule)
{
	struct first first = { NULL, NULL };
	const struct hf_fact *input = NULL;
	bool differ;

	if (c->opts.before == NULL || c->err != HF_OK)
		return;
	differ = inputs_differ(c, &input);
	c->err = find_first(c, cause_of, &first);
	if (c->err == HF_OK && first.cause == NULL) /* a time says less than a content */
		c->err = find_first(c, time_cause, &first);
	if (c->err != HF_OK)
		return;
	if (first.cause == NULL && (!differ || input->text[HF_FILE_SHA256].len == 0)) {
		hf_pass(c, rule);
		return;
	}
	if (first.cause == NULL)
		first = (struct first){ input, "every file is equal: order, packing or padding differs" };
	hf_find(c, rule,
		&(struct hf_report){ .path = first.file->path,
				     .evidence = { (const uint8_t *)first.cause, strlen(first.cause) },
				     .key = HF_STR("not byte-equal") });
}

const struct hf_rule hf_rules_repro[] = {
	{ "REPRO-001", HF_SEV_MEDIUM, 0, "the two are not byte-equal; this is where they begin to differ",
	  "for a rebuild: find the cause and fix it, diffoscope shows the detail; between releases it is "
	  "expected",
	  "", run_repro },
};
const size_t hf_n_rules_repro = sizeof(hf_rules_repro) / sizeof(hf_rules_repro[0]);
