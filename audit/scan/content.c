/* content.c -- [[content]] of the policy: does a pattern stand in a file. '^' and '$' are those of a line.
 * SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include "content.h"

enum { MATCH_LIMIT = 1000000 };

struct hf__scan_contents {
	const struct hf_scan_content *rows;
	size_t n;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_code *code[];
};

static hf_err compile(struct hf__scan_contents *c)
{
	c->data = pcre2_match_data_create(1, NULL);
	c->context = pcre2_match_context_create(NULL);
	if (c->data == NULL || c->context == NULL)
		return HF_ERR_HOST_MEMORY;
	pcre2_set_match_limit(c->context, MATCH_LIMIT);
	for (size_t i = 0; i < c->n; i++) {
		int error = 0;
		size_t at = 0;

		c->code[i] = pcre2_compile((PCRE2_SPTR)c->rows[i].pattern, PCRE2_ZERO_TERMINATED,
					   PCRE2_MULTILINE | PCRE2_NEVER_UTF, &error, &at, NULL);
		if (c->code[i] == NULL)
			return HF_ERR_AUDITPOLICY_VALUE;
	}
	return HF_OK;
}

hf_err hf__scan_contents_new(const struct hf_scan_opts *opts, struct hf__scan_contents **out)
{
	struct hf__scan_contents *c = calloc(1, sizeof(*c) + opts->n_contents * sizeof(c->code[0]));
	hf_err err = HF_ERR_HOST_MEMORY;

	*out = NULL;
	if (c == NULL)
		return err;
	c->rows = opts->contents;
	c->n = opts->n_contents;
	err = compile(c);
	if (err != HF_OK) {
		hf__scan_contents_free(c);
		return err;
	}
	*out = c;
	return HF_OK;
}

void hf__scan_contents_free(struct hf__scan_contents *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		pcre2_code_free(c->code[i]);
	pcre2_match_data_free(c->data);
	pcre2_match_context_free(c->context);
	free(c);
}

static hf_err look(struct hf__scan_job *job, size_t i)
{
	struct hf__scan_contents *c = job->scan->contents;
	struct hf_fact fact = { .kind = HF_FACT_CONTENT };
	const uint8_t *bytes = hf__scan_view_at(job->view, 0, job->src->size);
	int rc;

	if (bytes == NULL && job->src->size > 0)
		return HF_OK;
	rc = pcre2_match(c->code[i], bytes != NULL ? bytes : (PCRE2_SPTR) "", (size_t)job->src->size, 0, 0,
			 c->data, c->context);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		return HF_OK;
	fact.num[HF_CONTENT_WANT] = c->rows[i].number;
	fact.num[HF_CONTENT_MATCHED] = rc >= 0;
	return hf__scan_put(job, &fact);
}

hf_err hf__scan_contents(struct hf__scan_job *job)
{
	const struct hf__scan_contents *c = job->scan->contents;

	for (size_t i = 0; i < c->n; i++)
		if (job->node->depth > 0 && hf_span_is(job->name, c->rows[i].path))
			HF_TRY(look(job, i));
	return HF_OK;
}
