/* build.c -- what a build leaves: compile_commands.json, its printed log, and SARIF of other analysers.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <hf/json.h>
#include "flags.h"
#include "jsonwalk.h"

enum { RESULTS_MAX = 10000, COMMAND_MAX = 65536, RUNS_MAX = 64, LINES_MAX = 1000000 };

/* Large enough to be no guest of the stack. */
struct bench {
	struct hf__scan_flags flags;
	hf_bytes words[HF__WORDS_MAX];
	uint8_t room[COMMAND_MAX];
};

static void count_command(struct bench *b, hf_bytes command)
{
	struct hf_out room = HF_OUT(b->room);
	size_t n = hf__scan_shell_words(command, &room, b->words);

	hf__scan_flags_count(&b->flags, b->words, n);
}

static void count_arguments(struct bench *b, const struct hf_json *arguments)
{
	size_t n = hf_json_n(arguments);

	if (n > HF__WORDS_MAX)
		n = HF__WORDS_MAX;
	for (size_t i = 0; i < n; i++) {
		const char *text = hf_json_text(hf_json_at(arguments, i), "");

		b->words[i] = HF__TEXT(text);
	}
	hf__scan_flags_count(&b->flags, b->words, n);
}

/* One element: {"directory", "file", "command" or "arguments"}. */
static void count_entry(struct bench *b, hf_bytes entry)
{
	struct hf_json *root = NULL;
	struct hf_why why = { 0 };
	const char *command;

	if (hf_json_parse(entry, &root, &why) != HF_OK)
		return;
	command = hf_json_text(hf_json_get(root, "command"), "");
	if (command[0] != '\0')
		count_command(b, HF__TEXT(command));
	else
		count_arguments(b, hf_json_get(root, "arguments"));
	hf_json_free(root);
}

static hf_err scan_commands(struct hf__scan_job *job, struct bench *b, hf_bytes all)
{
	struct hf__scan_json_walk w;
	hf_bytes name, entry;

	if (!hf__scan_json_open(all, &w))
		return HF_OK;
	while (hf__scan_json_next(&w, &name, &entry))
		count_entry(b, entry);
	return hf__scan_flags_put(job, &b->flags);
}

static hf_err scan_log(struct hf__scan_job *job, struct bench *b, hf_bytes all)
{
	hf_bytes line;

	for (unsigned n = 0; n < LINES_MAX && hf_span_line(&all, &line); n++) {
		size_t at = hf_span_find(line, "] "); /* "[12/40] cc -c ..." of ninja */

		if (line.len < COMMAND_MAX)
			count_command(b, line.len > 0 && line.ptr[0] == '[' && at != SIZE_MAX
						 ? hf_span_from(line, at + 2)
						 : line);
	}
	return hf__scan_flags_put(job, &b->flags);
}

/* ---- SARIF 2.1.0 ---- */

static unsigned level_of(const char *level)
{
	static const char *const names[] = { "none", "note", "warning", "error" };

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(level, names[i]) == 0)
			return i;
	return HF_LEVEL_WARNING; /* the default of the format */
}

static hf_err put_result(struct hf__scan_job *job, hf_bytes tool, const struct hf_json *r)
{
	const struct hf_json *place =
		hf_json_get(hf_json_at(hf_json_get(r, "locations"), 0), "physicalLocation");
	const char *rule = hf_json_text(hf_json_get(r, "ruleId"), "");
	const char *message = hf_json_text(hf_json_get(hf_json_get(r, "message"), "text"), "");
	const char *uri = hf_json_text(hf_json_get(hf_json_get(place, "artifactLocation"), "uri"), "");
	int64_t line = hf_json_int(hf_json_get(hf_json_get(place, "region"), "startLine"), 0);
	struct hf_fact fact = { .kind = HF_FACT_RESULT };

	if (hf_json_n(hf_json_get(r, "suppressions")) > 0)
		return HF_OK;
	fact.num[HF_RESULT_LEVEL] = level_of(hf_json_text(hf_json_get(r, "level"), "warning"));
	fact.num[HF_RESULT_LINE] = line > 0 ? (uint64_t)line : 0;
	fact.text[HF_RESULT_TOOL] = tool;
	fact.text[HF_RESULT_RULE] = HF__TEXT(rule);
	fact.text[HF_RESULT_URI] = HF__TEXT(uri);
	fact.text[HF_RESULT_MESSAGE] = hf_span_upto(HF__TEXT(message), 512);
	return hf__scan_put(job, &fact);
}

static hf_err scan_result(struct hf__scan_job *job, hf_bytes tool, hf_bytes text)
{
	struct hf_json *root = NULL;
	struct hf_why why = { 0 };
	hf_err err;

	if (hf_json_parse(text, &root, &why) != HF_OK)
		return hf__scan_put_problem(job, 2, "a result in the SARIF file is damaged or too deep");
	err = put_result(job, tool, root);
	hf_json_free(root);
	return err;
}

static hf_err scan_run(struct hf__scan_job *job, hf_bytes run, unsigned *n)
{
	hf_bytes tool, driver, name = { 0 }, results, key, one;
	struct hf__scan_json_walk w;

	if (hf__scan_json_member(run, "tool", &tool) && hf__scan_json_member(tool, "driver", &driver) &&
	    hf__scan_json_member(driver, "name", &name))
		name = hf__scan_unquote(name);
	if (!hf__scan_json_member(run, "results", &results) || !hf__scan_json_open(results, &w))
		return HF_OK;
	while (hf__scan_json_next(&w, &key, &one)) {
		if (++*n > RESULTS_MAX)
			return hf__scan_put_problem(job, 1, "more than 10,000 results in one SARIF file");
		HF_TRY(scan_result(job, name, one));
	}
	return HF_OK;
}

static hf_err scan_sarif(struct hf__scan_job *job, hf_bytes all)
{
	struct hf__scan_json_walk w;
	hf_bytes runs, key, run, whole, rest = all;
	unsigned n = 0;

	if (!hf__scan_json_value(&rest, &whole) || rest.len > 0 ||
	    !hf__scan_json_member(whole, "runs", &runs) || !hf__scan_json_open(runs, &w))
		return hf__scan_put_problem(job, 2, "SARIF file does not parse");
	for (unsigned i = 0; i < RUNS_MAX && hf__scan_json_next(&w, &key, &run); i++)
		HF_TRY(scan_run(job, run, &n));
	return HF_OK;
}

hf_err hf__scan_build(struct hf__scan_job *job)
{
	hf_bytes all = job->src->mem != NULL ? (hf_bytes){ job->src->mem, (size_t)job->src->size }
					     : hf__scan_view_upto(job->view, 0, HF__VIEW_MAX);
	struct bench *b;
	hf_err err = HF_OK;

	if (job->kind == HF_KIND_SARIF)
		return scan_sarif(job, all);
	if (job->kind != HF_KIND_COMMANDS && job->kind != HF_KIND_BUILDLOG)
		return HF_OK;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return HF_ERR_HOST_MEMORY;
	err = job->kind == HF_KIND_COMMANDS ? scan_commands(job, b, all) : scan_log(job, b, all);
	free(b);
	return err;
}
