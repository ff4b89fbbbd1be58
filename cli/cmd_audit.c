/* cmd_audit.c -- `holdfast audit`: firmware in, verdict out. This file reads the command line, the policy and
 * the baseline, and writes the report; audit/ does the rest, in processes of their own.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <hf/audit.h>
#include <hf/file.h>
#include <hf/gate.h>
#include <hf/render.h>
#include "audit_place.h"
#include "verbs.h"

#define POLICY_NAME "holdfast.audit.toml"
enum { DAY_S = 86400, OUTPUT_MODE = 0644 };
#define READER_MEMORY ((uint64_t)4 << 30)

const struct cli_opt cli_audit_opts[] = {
	{ "policy", "FILE",
	  "what gates, is allowed or waived (default: ./" POLICY_NAME " when there is one)" },
	{ "format", "NAME", "text, json, sarif, html, cyclonedx or spdx (default: text)" },
	{ "o", "FILE", "write the report there (default: -, standard output)" },
	{ "baseline", "FILE", "an earlier JSON report: only what is new gates" },
	{ "feed", "FILE", "vulnerability feed (default: $XDG_DATA_HOME/holdfast/feed.db)" },
	{ "jobs", "N", "readers at work (default: one per processor)" },
	{ 0 },
};
const char cli_audit_text[] = "PATH is an image, a file of one, a root file system, a folder of images, "
			      "compile_commands.json, a build "
			      "log or a SARIF file; its content decides. Nothing is unpacked to disk or run, "
			      "and no process of an audit "
			      "opens a socket. Exit status: 0 passed, 1 findings over the gate, 2 incomplete "
			      "(something was not read, "
			      "or a fresh feed is demanded and absent; wins over 1), 3 error. doc/audit.md "
			      "explains policy and waivers.";

static int cmd_diff(const struct cli_args *args);
static int cmd_recheck(const struct cli_args *args);

const struct cli_verb cli_audit_verbs[] = {
	{ .name = "diff",
	  .run = cmd_diff,
	  .args = "A B",
	  .min_args = 2,
	  .max_args = 2,
	  .opts = cli_audit_opts,
	  .summary = "what a release gained over the one before, and whether a rebuild is the same bytes",
	  .text = "A is what was released, B the candidate. REPRO-001 says where they begin to differ; "
		  "SURF-* what "
		  "B can do that A could not. Exit status as for audit.",
	  .usage = CLI_AUDIT_ERROR },
	{ .name = "recheck",
	  .run = cmd_recheck,
	  .args = "SBOM...",
	  .min_args = 1,
	  .max_args = CLI_MAX_ARGS,
	  .opts = cli_audit_opts,
	  .summary = "match stored bills of materials against today's feed, without their images",
	  .text = "Reads our own JSON reports, CycloneDX up to 1.7 and SPDX 2.3.",
	  .usage = CLI_AUDIT_ERROR },
	{ .name = "feed",
	  .subs = cli_audit_feed_verbs,
	  .summary = "import advisories, or show how old they are" },
	{ 0 },
};

struct run {
	const struct cli_args *args;
	struct hf_audit_opts opts;
	struct hf_audit_result result;
	struct hf_auditpolicy policy;
	struct hf_buf baseline;
	char trust[CLI_PATH_MAX], feed[CLI_PATH_MAX];
	struct hf_why why;
};

static void run_end(struct run *r)
{
	for (size_t i = 0; i < HF_AUDIT_OUTPUTS; i++)
		hf_buf_free(&r->result.output[i]);
	hf_buf_free(&r->baseline);
	hf_auditpolicy_free(&r->policy);
}

/* The statement of those who signed the policy lies beside it. */
static hf_err name_statement(struct run *r, const char *policy)
{
	int n = snprintf(r->trust, sizeof(r->trust), "%s.cose", policy);

	if (n < 0 || (size_t)n >= sizeof(r->trust))
		return hf_why_set(&r->why, HF_ERR_FILE_PATH, "%s", policy);
	if (hf_file_exists(r->trust))
		r->opts.trust = r->trust;
	return HF_OK;
}

static hf_err read_policy(struct run *r)
{
	struct hf_buf file HF_AUTO(hf_buf_free) = HF_BUF(HF_AUDITPOLICY_CEILING);
	const char *name = cli_option(r->args, "policy");

	hf_auditpolicy_builtin(&r->policy);
	if (name == NULL && !hf_file_exists(POLICY_NAME))
		return HF_OK;
	if (name == NULL)
		name = POLICY_NAME;
	HF_TRY(hf_file_read(name, &file, &r->why));
	HF_TRY(hf_auditpolicy_read(name, hf_buf_bytes(&file), r->opts.today, &r->policy, &r->why));
	return name_statement(r, name);
}

hf_err audit_feed_place(const char *named, char out[static CLI_PATH_MAX], struct hf_why *why)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (named != NULL)
		n = snprintf(out, CLI_PATH_MAX, "%s", named);
	else if (data != NULL && data[0] == '/')
		n = snprintf(out, CLI_PATH_MAX, "%s/holdfast/feed.db", data);
	else
		n = snprintf(out, CLI_PATH_MAX, "%s/.local/share/holdfast/feed.db", home != NULL ? home : "");
	return n >= 0 && n < CLI_PATH_MAX ? HF_OK : hf_why_set(why, HF_ERR_FILE_PATH, "path of the feed");
}

/* The feed of this user, when there is one; a file that was named must exist. */
static hf_err name_feed(struct run *r)
{
	const char *named = cli_option(r->args, "feed");

	HF_TRY(audit_feed_place(named, r->feed, &r->why));
	if (named != NULL || hf_file_exists(r->feed))
		r->opts.feed = r->feed;
	return HF_OK;
}

static hf_err read_baseline(struct run *r)
{
	const char *name = cli_option(r->args, "baseline");
	struct hf_baseline b;
	hf_err err;

	if (name == NULL)
		return HF_OK;
	HF_TRY(hf_file_read(name, &r->baseline, &r->why));
	err = hf_baseline_read(hf_buf_bytes(&r->baseline), &b);
	if (err != HF_OK)
		return hf_why_set(&r->why, err, "%s: not a whole JSON report of holdfast audit", name);
	hf_baseline_free(&b);
	r->opts.baseline = hf_buf_bytes(&r->baseline);
	return HF_OK;
}

/* Documents with a time in them can be made again later. Expiry and staleness use the real clock only. */
static uint64_t document_time(uint64_t now)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char *end;
	unsigned long long v;

	if (epoch == NULL)
		return now;
	v = strtoull(epoch, &end, 10);
	return end != epoch && *end == '\0' ? v : now;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static hf_err prepare(struct run *r)
{
	const char *format = cli_option(r->args, "format"), *out = cli_option(r->args, "o");
	uint64_t now = (uint64_t)time(NULL);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), jobs;

	if (format == NULL)
		format = r->args->json ? "json" : "text";
	if (hf_format_find(format) == NULL)
		return hf_why_set(&r->why, HF_ERR_BASE_MISUSE, "--format: there is no format %s", format);
	if (cpus < 1 || cpus > HF_AUDIT_JOBS_MAX)
		cpus = cpus < 1 ? 1 : HF_AUDIT_JOBS_MAX;
	if (!cli_number(r->args, "jobs", 1, HF_AUDIT_JOBS_MAX, cpus, &jobs))
		return HF_ERR_BASE_MISUSE;
	r->opts = (struct hf_audit_opts){ .paths = r->args->args,
					  .n_paths = (size_t)r->args->n_args,
					  .jobs = (unsigned)jobs,
					  .policy = &r->policy,
					  .format = format,
					  .file_name = out != NULL ? base_name(out) : "",
					  .today = now / DAY_S,
					  .now = document_time(now),
					  .reader_memory = READER_MEMORY,
					  .version = HF_VERSION };
	r->opts.companions = out != NULL && strcmp(out, "-") != 0;
	r->baseline = HF_BUF(HF_BASELINE_CEILING);
	HF_TRY(read_policy(r));
	HF_TRY(name_feed(r));
	return read_baseline(r);
}

static hf_err write_outputs(struct run *r)
{
	const struct hf_format *format = hf_format_find(r->opts.format);
	const char *out = cli_option(r->args, "o");
	char companion[CLI_PATH_MAX];
	int n;

	if (!r->opts.companions)
		return hf_fd_write_all(STDOUT_FILENO, hf_buf_bytes(&r->result.output[0]), &r->why);
	HF_TRY(hf_file_replace(out, hf_buf_bytes(&r->result.output[0]), OUTPUT_MODE, &r->why));
	if (format->companion == NULL || r->result.output[1].len == 0)
		return HF_OK;
	n = snprintf(companion, sizeof(companion), "%s%s", out, format->companion);
	if (n < 0 || (size_t)n >= sizeof(companion))
		return hf_why_set(&r->why, HF_ERR_FILE_PATH, "%s", out);
	return hf_file_replace(companion, hf_buf_bytes(&r->result.output[1]), OUTPUT_MODE, &r->why);
}

/* One line for people when the report went to a file. */
static void say_verdict(const struct run *r)
{
	static const char *const words[] = { "passed", "findings over the gate", "incomplete" };

	if (r->opts.companions)
		cli_say(r->args, "holdfast: audit: %s", words[r->result.status % 3]);
}

/* `first` inputs belong to the first side of a comparison. */
static int run(const struct cli_args *args, size_t first, bool recheck)
{
	struct run r = { .args = args };
	hf_err err = prepare(&r);

	r.opts.n_first = first;
	r.opts.recheck = recheck;
	if (err == HF_OK)
		err = hf_audit_run(&r.opts, &r.result, &r.why);
	if (err == HF_OK)
		err = write_outputs(&r);
	if (err == HF_OK)
		say_verdict(&r);
	else if (r.why.text[0] != '\0' || err != HF_ERR_BASE_MISUSE)
		cli_fail("audit: %s", r.why.text[0] != '\0' ? r.why.text : hf_err_text(err));
	run_end(&r);
	return err == HF_OK ? r.result.status : CLI_AUDIT_ERROR;
}

int cli_cmd_audit(const struct cli_args *args)
{
	return run(args, (size_t)args->n_args, false);
}

static int cmd_diff(const struct cli_args *args)
{
	return run(args, 1, false);
}

static int cmd_recheck(const struct cli_args *args)
{
	return run(args, (size_t)args->n_args, true);
}
